/* SPDX-License-Identifier: MIT */
/* pl011.c - Arm PrimeCell UART: early console (polled), console, and terminal (interrupts both
 * ways).
 *
 * Reception: the interrupt moves bytes into the terminal's input ring as long as there is room;
 * without, it masks itself, so the FIFO fills and the sender is held off by the line (or, in QEMU,
 * by the host); input_room() unmasks. Transmission: put() fills the FIFO and leaves the rest in a
 * ring that the transmit interrupt empties. Console output is polled and goes before what the ring
 * holds.
 *
 * Locks: u  uart.lock (RANK_UART, interrupts off): registers that are read, changed and written,
 * and the ring. The receiving half of the interrupt takes it only to mask itself: pushing input
 * takes tty.in_lock, which ranks before.
 * Ref: Arm DDI0183 s3.3 (registers), s2.8 (interrupts); Linux Documentation/admin-guide/devices.txt
 * (204:64 ttyAMA0).
 * Tests: selftests/app/run (a_paste_of_64_kib_loses_nothing)
 */
#include <arch/mmu.h>
#include <drivers/driver.h>
#include <drivers/serial/pl011.h>
#include <drivers/tty/tty.h>
#include <fs/chrdev.h>
#include <kernel/cmdline.h>
#include <kernel/lib/fdt.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#define DR     0x00
#define FR     0x18
#define LCRH   0x2c
#define CR     0x30
#define IFLS   0x34
#define IMSC   0x38
#define MIS    0x40
#define ICR    0x44
#define FR_BUSY BIT(3)
#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define LCRH_8BIT_FIFO 0x70u
#define CR_ENABLE      0x301u	/* UARTEN TXE RXE */
#define CR_MODEM       0xc00u	/* DTR RTS */
#define INT_RX	       0x50u	/* RX and receive time-out */
#define INT_TX	       0x20u
#define INT_ALL	       0x7ffu
#define DR_ERRORS      0xf00u
#define DR_BREAK       0x400u

#define TX_RING	   4096u
#define RX_BATCH   64u
#define IXOFF_ROOM 128u	/* XOFF when less room is left for input, XON when all but this is free */
#define TTY_MAJOR  204
#define TTY_MINOR  64
#define MAX_UARTS  4u

/* Early mapping: a page above the arena of kvmap, which is not there yet. */
#define EARLY_VA KVMAP_END

struct uart {
	volatile u8 *regs;
	struct tty tty;
	struct console console;
	struct chrdev node;
	struct spinlock lock;
	u32 mask;			/* [u] IMSC */
	u32 head, tail;			/* [u] of ring */
	bool stopped;			/* [u] */
	bool xoff_sent;			/* [u] IXOFF: we asked the other side to stop */
	/* [u] XON or XOFF to go out before the ring, even while stopped; 0: none */
	u8 x_char;
	u8 ring[TX_RING];		/* [u] */
};

static volatile u8 *early_regs __ro_after_init;
static u32 nr_uarts;

static struct uart *to_uart(struct tty *t)
{
	return container_of(t, struct uart, tty);
}

static void put_polled(volatile u8 *regs, char c)
{
	while (mmio_read32(regs + FR) & FR_TXFF)
		;
	mmio_write32(regs + DR, (u8)c);
}

static void write_polled(volatile u8 *regs, const char *s, usize n)
{
	for (; n; s++, n--) {
		if (*s == '\n')
			put_polled(regs, '\r');
		put_polled(regs, *s);
	}
}

/* ---- early console ---- */

static void early_write(struct console *c, const char *s, usize n)
{
	write_polled(early_regs, s, n);
}

static struct console early_console = { .name = "earlycon", .write = early_write, .boot = true };

static void early_console_at(int node)
{
	paddr_t pa;
	u64 size;

	if (early_regs || node < 0 || !fdt_node_is(node, "arm,pl011") ||
	    fdt_node_reg(node, 0, &pa, &size))
		return;
	if (mmu_kmap(EARLY_VA, pa & PAGE_MASK, PAGE_SIZE, KPROT_DEVICE))
		return;
	early_regs = (volatile u8 *)(EARLY_VA + (pa & ~PAGE_MASK));
	console_register(&early_console);
}

void pl011_early_console(void)
{
	early_console_at(fdt_stdout_node());
}

void pl011_any_console(void)
{
	early_console_at(fdt_next_compatible(-1, "arm,pl011"));
}

/* ---- console ---- */

static void console_write(struct console *c, const char *s, usize n)
{
	struct uart *u = container_of(c, struct uart, console);
	irqflags_t irq;

	if (panic_in_progress()) {
		write_polled(u->regs, s, n);
		return;
	}
	irq = spin_lock_irq(&u->lock);
	write_polled(u->regs, s, n);
	spin_unlock_irq(&u->lock, irq);
}

/* ---- terminal ---- */

static void set_mask_locked(struct uart *u, u32 mask)
{
	if (mask == u->mask)
		return;
	u->mask = mask;
	mmio_write32(u->regs + IMSC, mask);
}

static void set_rx(struct uart *u, bool on)
{
	irqflags_t irq = spin_lock_irq(&u->lock);

	set_mask_locked(u, on ? u->mask | INT_RX : u->mask & ~INT_RX);
	spin_unlock_irq(&u->lock, irq);
}

/* Ring to FIFO; the transmit interrupt stays on while the ring has more. */
static void transmit_locked(struct uart *u)
{
	if (u->x_char && !(mmio_read32(u->regs + FR) & FR_TXFF)) {
		mmio_write32(u->regs + DR, u->x_char);
		u->x_char = 0;
	}
	while (!u->stopped && u->tail != u->head && !(mmio_read32(u->regs + FR) & FR_TXFF))
		mmio_write32(u->regs + DR, u->ring[u->tail++ % TX_RING]);
	set_mask_locked(u, u->x_char || (!u->stopped && u->tail != u->head) ? u->mask | INT_TX
									    : u->mask & ~INT_TX);
}

/* IXOFF: tells the other side to stop or to go on. */
static void hold_sender(struct uart *u, bool hold)
{
	const struct termios_k *k = &u->tty.ld.t;
	irqflags_t irq = spin_lock_irq(&u->lock);

	if (hold != u->xoff_sent && (!hold || READ_ONCE(k->iflag) & IXOFF)) {
		u->xoff_sent = hold;
		u->x_char = READ_ONCE(k->cc[hold ? VSTOP : VSTART]);
		transmit_locked(u);
	}
	spin_unlock_irq(&u->lock, irq);
}

static usize uart_pending(struct tty *t)
{
	return READ_ONCE(to_uart(t)->head) - READ_ONCE(to_uart(t)->tail);
}

static usize uart_room(struct tty *t)
{
	struct uart *u = to_uart(t);

	return TX_RING - (READ_ONCE(u->head) - READ_ONCE(u->tail));
}

static void uart_put(struct tty *t, const u8 *s, usize n)
{
	struct uart *u = to_uart(t);
	irqflags_t irq = spin_lock_irq(&u->lock);

	for (usize i = 0; i < n; i++)
		u->ring[u->head++ % TX_RING] = s[i];
	transmit_locked(u);
	spin_unlock_irq(&u->lock, irq);
}

static void uart_flush_output(struct tty *t)
{
	struct uart *u = to_uart(t);
	irqflags_t irq = spin_lock_irq(&u->lock);

	u->tail = u->head;
	transmit_locked(u);
	spin_unlock_irq(&u->lock, irq);
}

static void uart_flow(struct tty *t, bool stop)
{
	struct uart *u = to_uart(t);
	irqflags_t irq = spin_lock_irq(&u->lock);

	u->stopped = stop;
	transmit_locked(u);
	spin_unlock_irq(&u->lock, irq);
}

static void uart_input_room(struct tty *t)
{
	if (!READ_ONCE(t->opens))
		return;
	set_rx(to_uart(t), true);
	if (READ_ONCE(to_uart(t)->xoff_sent) && tty_input_space(t) >= TTY_INPUT - IXOFF_ROOM)
		hold_sender(to_uart(t), false);
}

static bool uart_drained(struct tty *t)
{
	return uart_room(t) == TX_RING;
}

static void uart_opened(struct tty *t)
{
	set_rx(to_uart(t), true);
}

static void uart_closed(struct tty *t)
{
	set_rx(to_uart(t), false);
}

static const struct tty_driver uart_driver = {
	.room = uart_room,
	.put = uart_put,
	.flush_output = uart_flush_output,
	.flow = uart_flow,
	.pending = uart_pending,
	.input_room = uart_input_room,
	.drained = uart_drained,
	.opened = uart_opened,
	.closed = uart_closed,
};

/* What the FIFO has, as far as the input ring has room. */
static void receive(struct uart *u)
{
	usize space = tty_input_space(&u->tty), n = 0;
	u8 buf[RX_BATCH];
	bool some = false;

	while (n < min(space, (usize)RX_BATCH) && !(mmio_read32(u->regs + FR) & FR_RXFE)) {
		u32 v = mmio_read32(u->regs + DR);

		if (!(v & DR_BREAK)) {
			buf[n++] = (u8)v;
			continue;
		}
		tty_input_push(&u->tty, buf, n);
		tty_input_break(&u->tty);
		space = space > n ? space - n - 1 : 0;
		n = 0;
		some = true;
	}
	tty_input_push(&u->tty, buf, n);
	if (n || some)
		tty_input_kick(&u->tty);
	if (space - n < IXOFF_ROOM)
		hold_sender(u, true);
	if (n == space)
		set_rx(u, false);
}

static void on_interrupt(u32 irq, void *arg)
{
	struct uart *u = arg;
	u32 status = mmio_read32(u->regs + MIS);
	irqflags_t flags;
	bool roomy;

	mmio_write32(u->regs + ICR, status & ~INT_RX);
	if (status & INT_RX)
		receive(u);
	if (!(status & INT_TX))
		return;
	flags = spin_lock_irq(&u->lock);
	transmit_locked(u);
	roomy = u->head - u->tail <= TX_RING / 2;
	spin_unlock_irq(&u->lock, flags);
	if (roomy)
		tty_output_ready(&u->tty);
}

/* ---- set-up ---- */

static void start_device(struct uart *u)
{
	while (mmio_read32(u->regs + FR) & FR_BUSY)
		;
	mmio_write32(u->regs + IMSC, 0);
	mmio_write32(u->regs + ICR, INT_ALL);
	mmio_write32(u->regs + LCRH, LCRH_8BIT_FIFO);	/* the firmware's speed stays */
	mmio_write32(u->regs + CR, CR_ENABLE | CR_MODEM);
}

static int node_open(struct chrdev *c, u32 minor, u32 flags, struct file **out)
{
	return tty_open(&container_of(c, struct uart, node)->tty, flags, true, out);
}

/* console=ttyAMA0,115200 names us; without any console= stdout-path decides. */
static bool is_console(struct device *d, const char *name)
{
	const char *arg = cmdline_get("console");
	usize n = strlen(name);

	if (!arg)
		return fdt_stdout_node() == d->fdt_node;
	return strncmp(arg, name, n) == 0 && (!arg[n] || arg[n] == ',');
}

CMDLINE(console, NULL);

static int make_tty(struct uart *u, struct device *d)
{
	static const struct termios_k settings = TERMIOS_DEFAULT;
	int err;

	tty_init(&u->tty, &uart_driver, &settings);
	u->tty.ld.t.cflag = B38400 | CS8 | CREAD | HUPCL | CLOCAL;
	u->tty.ld.t.ispeed = u->tty.ld.t.ospeed = 38400;
	fmt_print(u->tty.name, sizeof(u->tty.name), "ttyAMA%u", nr_uarts);
	u->tty.dev = dev_make(TTY_MAJOR, TTY_MINOR + nr_uarts);
	u->node = (struct chrdev){ .major = TTY_MAJOR,
				   .minor = TTY_MINOR + nr_uarts,
				   .nr_minors = 1,
				   .name = u->tty.name,
				   .driver = "ttyAMA",
				   .mode = 0620,
				   .open = node_open };
	err = chrdev_register(&u->node);
	if (err)
		return err;
	if (is_console(d, u->tty.name)) {
		u->console = (struct console){ .name = u->tty.name, .write = console_write };
		console_register(&u->console);
		tty_set_console(&u->tty);
	}
	nr_uarts++;
	return 0;
}

static int pl011_probe(struct device *d)
{
	struct uart *u = nr_uarts < MAX_UARTS ? knew(struct uart) : NULL;
	enum irq_trigger trigger;
	volatile void *p;
	u32 irq;
	int err;

	if (!u)
		return -ENOMEM;
	err = dev_map(d, 0, &p);
	if (!err)
		err = dev_irq(d, 0, &irq, &trigger);
	if (!err) {
		u->regs = p;
		spin_init(&u->lock, RANK_UART);
		start_device(u);
		err = irq_request(irq, trigger, "uart-pl011", on_interrupt, u);
	}
	if (!err)
		err = make_tty(u, d);
	if (err)
		kfree(u);
	return err;
}

DRIVER(pl011, .compatible = COMPATIBLE("arm,pl011"), .probe = pl011_probe);
