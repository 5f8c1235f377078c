/* SPDX-License-Identifier: MIT */
/* pty.c - pseudo terminals: a terminal (slave) whose line is another file (master).
 *
 * What the slave sends lies in a ring that the master reads; what the master writes is the slave's
 * input. The pair is one allocation that lives as long as either side: it is the slave's object, on
 * which the master's holds a reference.
 *
 * States:  LOCKED --TIOCSPTLCK--> READY --open slave--> OPEN --last close--> CLOSED (master: EIO
 * once empty, HUP) --open--> OPEN
 *          any --close master--> DEAD (slave: hung up, open gives EIO; the number is free)
 * Locks: tty.lock for ring, packet state and flags; numbers are devpts's (fs/devfs.c).
 * Ref: pty(7), ioctl_tty(2) TIOCPKT, TIOCGPTN, TIOCSPTLCK, TIOCGPTPEER. Tests: selftests/abi/pty.c
 */
#include <drivers/tty/tty.h>

#include <fs/chrdev.h>
#include <fs/devfs.h>
#include <kernel/file.h>
#include <kernel/lib/fmt.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/iter.h>
#include <mm/slab.h>

#define PTY_RING    8192u
#define PTY_ARRIVED (LDISC_SIZE - 1)	/* of them no flush drops */
#define PTS_MAJOR   136u
#define CHUNK	    512u

/* TIOCPKT status bits. */
#define PKT_FLUSHREAD  0x01
#define PKT_FLUSHWRITE 0x02
#define PKT_STOP       0x04
#define PKT_START      0x08
#define PKT_NOSTOP     0x10
#define PKT_DOSTOP     0x20
#define PKT_IOCTL      0x40

/* Locks: t  tty.lock   I  immutable */
struct pty {
	struct tty tty;			/* first: the slave */
	struct object master;
	struct pts_slot slot;		/* [I] its number */
	bool locked;			/* [t] */
	bool packet;			/* [t] */
	bool held;			/* [t] TCOOFF: the master's writes wait */
	u8 packet_status;		/* [t] */
	bool slave_closed;		/* [t] it was open and is not any more */
	u8 *ring;			/* [I] what the slave sent */
	u32 head, tail;			/* [t] */
};

static struct pty *to_pty(struct tty *t)
{
	return container_of(t, struct pty, tty);
}

static struct pty *master_of(struct file *f)
{
	return container_of(f->obj, struct pty, master);
}

static bool get_slave(struct pts_slot *s)
{
	return object_tryget(&container_of(s, struct pty, slot)->tty.obj);
}

/* ---- the slave's line ---- */

static usize slave_room(struct tty *t)
{
	return PTY_RING - (to_pty(t)->head - to_pty(t)->tail);
}

static void slave_put(struct tty *t, const u8 *s, usize n)
{
	struct pty *p = to_pty(t);

	for (usize i = 0; i < n; i++)
		p->ring[p->head++ % PTY_RING] = s[i];
	if (n)
		object_wake(&p->master, EPOLLIN | EPOLLRDNORM);
}

static void packet_event(struct pty *p, u8 clear, u8 set)
{
	if (!p->packet)
		return;
	p->packet_status = (u8)((p->packet_status & ~clear) | set);
	object_wake(&p->master, EPOLLIN | EPOLLPRI);
}

/* What fits the master's own line discipline on Linux has arrived there, and stays: the last words
 * before ^C are seen. */
static void slave_flush_output(struct tty *t)
{
	struct pty *p = to_pty(t);

	p->head = p->tail + min(p->head - p->tail, PTY_ARRIVED);
	packet_event(p, 0, PKT_FLUSHWRITE);
}

static void slave_input_flushed(struct tty *t)
{
	packet_event(to_pty(t), 0, PKT_FLUSHREAD);
}

static void slave_flow(struct tty *t, bool stop)
{
	packet_event(to_pty(t), stop ? PKT_START : PKT_STOP, stop ? PKT_STOP : PKT_START);
}

static void slave_input_room(struct tty *t)
{
	object_wake(&to_pty(t)->master, EPOLLOUT | EPOLLWRNORM);
}

static bool slave_drained(struct tty *t)
{
	return true;	/* what reached the ring is sent */
}

static bool has_xon(const struct termios_k *t)
{
	return (t->iflag & IXON) && t->cc[VSTOP] == 19 && t->cc[VSTART] == 17;
}

static void slave_set_termios(struct tty *t, const struct termios_k *old)
{
	bool now = has_xon(&t->ld.t);

	spin_lock(&t->lock);
	if (now != has_xon(old))
		packet_event(to_pty(t), PKT_DOSTOP | PKT_NOSTOP, now ? PKT_DOSTOP : PKT_NOSTOP);
	if ((old->lflag | t->ld.t.lflag) & EXTPROC)
		packet_event(to_pty(t), 0, PKT_IOCTL);
	spin_unlock(&t->lock);
}

static void set_slave_closed(struct tty *t, bool closed)
{
	spin_lock(&t->lock);
	to_pty(t)->slave_closed = closed;
	spin_unlock(&t->lock);
	if (closed)
		object_wake(&to_pty(t)->master, EPOLLIN | EPOLLHUP | WAKE_QUIET);
}

static void slave_opened(struct tty *t)
{
	set_slave_closed(t, false);
}

static void slave_closed(struct tty *t)
{
	set_slave_closed(t, true);
}

static void slave_release(struct tty *t)
{
	kfree(to_pty(t)->ring);
	kfree(to_pty(t));
}

static const struct tty_driver slave_driver = {
	.room = slave_room,
	.put = slave_put,
	.flush_output = slave_flush_output,
	.flow = slave_flow,
	.input_flushed = slave_input_flushed,
	.input_room = slave_input_room,
	.drained = slave_drained,
	.set_termios = slave_set_termios,
	.opened = slave_opened,
	.closed = slave_closed,
	.release = slave_release,
};

/* ---- the master ---- */

static bool master_readable(struct pty *p)
{
	return p->head != p->tail || p->packet_status || p->slave_closed;
}

static bool master_has_something(struct pty *p)
{
	bool yes;

	spin_lock(&p->tty.lock);
	yes = master_readable(p);
	spin_unlock(&p->tty.lock);
	return yes;
}

/* Up to n bytes as the master reads them: a status byte first in packet mode. -EIO: the slave is
 * closed and nothing is left. */
static ssize_t take_output(struct pty *p, u8 *buf, usize n)
{
	usize got = 0;
	ssize_t result;

	spin_lock(&p->tty.lock);
	if (p->packet && p->packet_status) {
		buf[got++] = p->packet_status;
		p->packet_status = 0;
	} else if (p->head != p->tail) {
		if (p->packet)
			buf[got++] = 0;
		while (got < n && p->tail != p->head)
			buf[got++] = p->ring[p->tail++ % PTY_RING];
	}
	result = got ? (ssize_t)got : p->slave_closed ? -EIO : 0;
	spin_unlock(&p->tty.lock);
	return result;
}

static ssize_t master_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct pty *p = master_of(f);
	u8 buf[CHUNK];
	ssize_t total = 0, n = 0;
	int err;

	while (iter_left(to)) {
		n = take_output(p, buf, min((usize)CHUNK, iter_left(to)));
		if (n > 0) {
			total += n;
			if (iter_put(to, buf, (usize)n) < (usize)n)
				return -EFAULT;
			if (READ_ONCE(p->packet))
				break;
			continue;
		}
		if (total || n < 0)
			break;
		err = file_wait(f, &p->master.readers, master_has_something(p));
		if (err)
			return err;
	}
	if (total)
		tty_output_ready(&p->tty);
	return total ? total : n;
}

static bool master_may_write(struct pty *p)
{
	return !READ_ONCE(p->held) && tty_input_space(&p->tty) > 0;
}

static ssize_t master_write(struct file *f, struct iter *from, loff_t *pos)
{
	struct pty *p = master_of(f);
	u8 buf[CHUNK];
	ssize_t total = 0;

	while (iter_left(from)) {
		usize n = iter_take(from, buf, min((usize)CHUNK, iter_left(from))), done;
		int err;

		if (!n)
			return total ? total : -EFAULT;
		done = READ_ONCE(p->held) ? 0 : tty_input_push(&p->tty, buf, n);
		iter_revert(from, n - done);
		total += (ssize_t)done;
		if (done)
			tty_input_run(&p->tty);
		if (done == n)
			continue;
		err = file_wait(f, &p->master.writers, master_may_write(p));
		if (err)
			return total ? total : err;
	}
	return total;
}

static u32 master_poll(struct file *f)
{
	struct pty *p = master_of(f);
	u32 bits = 0;

	spin_lock(&p->tty.lock);
	if (p->head != p->tail)
		bits |= EPOLLIN | EPOLLRDNORM;
	if (p->packet_status)
		bits |= EPOLLIN | EPOLLRDNORM | EPOLLPRI;
	if (p->slave_closed)
		bits |= EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	spin_unlock(&p->tty.lock);
	if (master_may_write(p))
		bits |= EPOLLOUT | EPOLLWRNORM;
	return bits;
}

static void master_file_release(struct file *f)
{
	struct pty *p = master_of(f);

	devpts_leave(&p->slot);
	spin_lock(&p->tty.lock);
	p->tty.other_closed = true;
	spin_unlock(&p->tty.lock);
	tty_vhangup(&p->tty);
}

static void master_release(struct object *o)
{
	object_put(&container_of(o, struct pty, master)->tty.obj);
}

static const struct object_ops master_ops = {
	.name = "ptmx",
	.type = OBJ_TTY,
	.async = true,
	.read = master_read,
	.write = master_write,
	.poll = master_poll,
	.ioctl = tty_ioctl,
	.file_release = master_file_release,
	.release = master_release,
};

/* ---- opening ---- */

int pty_open_peer(struct tty *slave, u32 flags, struct file **out)
{
	if (READ_ONCE(slave->other_closed) || READ_ONCE(to_pty(slave)->locked))
		return -EIO;
	return tty_open(slave, flags, true, out);
}

static int slave_open_node(const struct path *at, u32 minor, u32 flags, struct file **out)
{
	struct pts_slot *s = devpts_find(at, minor, get_slave);
	struct tty *t;
	int err;

	if (!s)
		return -EIO;
	t = &container_of(s, struct pty, slot)->tty;
	err = pty_open_peer(t, flags, out);
	object_put(&t->obj);
	return err;
}

static struct chrdev pts_devices = {
	.major = PTS_MAJOR,
	.minor = 0,
	.nr_minors = DEV_MINORS,
	.driver = "pts",
	.mode = 0620,
	.open_at = slave_open_node,
};

static struct pty *pty_create(void)
{
	static const struct termios_k settings = TERMIOS_DEFAULT;
	struct pty *p = knew(struct pty);

	if (!p)
		return NULL;
	p->ring = kmalloc(PTY_RING, PAGE_KERNEL);
	if (!p->ring) {
		kfree(p);
		return NULL;
	}
	tty_init(&p->tty, &slave_driver, &settings);
	object_init(&p->master, &master_ops);
	p->locked = true;
	p->tty.is_pty = true;
	return p;
}

int pty_open_master(const struct path *at, u32 minor, u32 flags, struct file **out)
{
	struct pty *p = pty_create();
	int err = p ? devpts_take(at, &p->slot) : -ENOMEM;

	if (err) {
		if (p)
			object_put(&p->master);
		return err;
	}
	p->tty.dev = dev_make(PTS_MAJOR, p->slot.index);
	fmt_print(p->tty.name, sizeof(p->tty.name), "pts/%u", p->slot.index);
	object_get(&p->tty.obj);	/* file_create() drops the master when it fails */
	err = file_create(&p->master, flags, out);
	if (err)
		devpts_leave(&p->slot);
	else
		devpts_publish(&p->slot, p->tty.dev);
	object_put(&p->tty.obj);
	return err;
}

void pty_init(void)
{
	if (chrdev_register(&pts_devices))
		panic("pty: major %u is taken", PTS_MAJOR);
}

/* ---- for compat/ioctl_tty.c ---- */

bool pty_is_master(struct file *f)
{
	return f->obj->ops == &master_ops;
}

struct tty *pty_slave(struct file *f)
{
	return &master_of(f)->tty;
}

u32 pty_number(struct tty *slave)
{
	return to_pty(slave)->slot.index;
}

void pty_set_lock(struct tty *slave, bool locked)
{
	WRITE_ONCE(to_pty(slave)->locked, locked);
}

bool pty_get_lock(struct tty *slave)
{
	return READ_ONCE(to_pty(slave)->locked);
}

int pty_set_packet(struct tty *slave, bool on)
{
	spin_lock(&slave->lock);
	if (on != to_pty(slave)->packet)
		to_pty(slave)->packet_status = 0;
	to_pty(slave)->packet = on;
	spin_unlock(&slave->lock);
	return 0;
}

bool pty_get_packet(struct tty *slave)
{
	return READ_ONCE(to_pty(slave)->packet);
}

usize pty_master_count(struct tty *slave)
{
	usize n;

	spin_lock(&slave->lock);
	n = to_pty(slave)->head - to_pty(slave)->tail;
	spin_unlock(&slave->lock);
	return n;
}

int pty_master_flush(struct tty *slave, u64 queue)
{
	struct pty *p = to_pty(slave);

	if (queue > 2)
		return -EINVAL;
	spin_lock(&slave->lock);
	if (queue != 1)
		p->tail += min(p->head - p->tail, PTY_ARRIVED);
	if (queue != 0)
		tty_drop_input(slave);
	spin_unlock(&slave->lock);
	if (queue != 1)
		tty_output_ready(slave);
	if (queue != 0)
		slave_input_room(slave);
	return 0;
}

static void set_held(struct pty *p, bool held)
{
	spin_lock(&p->tty.lock);
	p->held = held;
	spin_unlock(&p->tty.lock);
	if (!held)
		slave_input_room(&p->tty);
}

int pty_master_flow(struct tty *slave, u32 action)
{
	/* a master's settings cannot be changed */
	static const struct termios_k own = TERMIOS_DEFAULT;

	switch (action) {
	case TCOOFF:
	case TCOON:
		set_held(to_pty(slave), action == TCOOFF);
		return 0;
	case TCIOFF:
	case TCION:
		if (!READ_ONCE(to_pty(slave)->held) &&
		    tty_input_push(slave, &own.cc[action == TCIOFF ? VSTOP : VSTART], 1))
			tty_input_run(slave);
		return 0;
	default:
		return -EINVAL;
	}
}
