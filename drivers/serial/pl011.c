/* SPDX-License-Identifier: MIT */
/* pl011.c - Arm PrimeCell UART: the early console (polled) and the console proper. Ref: Arm DDI0183 s3.3. */
#include <arch/mmu.h>
#include <drivers/driver.h>
#include <drivers/serial/pl011.h>
#include <kernel/lib/fdt.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>

#define DR	0x00
#define FR	0x18
#define FR_TXFF BIT(5)

/* Early mapping: a page above the arena of kvmap, which is not there yet. */
#define EARLY_VA KVMAP_END

static volatile u8 *early_regs __ro_after_init;

static void put(volatile u8 *regs, char c)
{
	while (mmio_read32(regs + FR) & FR_TXFF)
		;
	mmio_write32(regs + DR, (u8)c);
}

static void write_polled(volatile u8 *regs, const char *s, usize n)
{
	for (; n; s++, n--) {
		if (*s == '\n')
			put(regs, '\r');
		put(regs, *s);
	}
}

static void early_write(struct console *c, const char *s, usize n)
{
	write_polled(early_regs, s, n);
}

static struct console early_console = { .name = "earlycon", .write = early_write, .boot = true };

void pl011_early_console(void)
{
	int node = fdt_stdout_node();
	paddr_t pa;
	u64 size;

	if (node < 0 || !fdt_node_is(node, "arm,pl011") || fdt_node_reg(node, 0, &pa, &size))
		return;
	if (mmu_kmap(EARLY_VA, pa & PAGE_MASK, PAGE_SIZE, KPROT_DEVICE))
		return;
	early_regs = (volatile u8 *)(EARLY_VA + (pa & ~PAGE_MASK));
	console_register(&early_console);
}
