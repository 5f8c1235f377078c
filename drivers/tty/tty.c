/* SPDX-License-Identifier: MIT */
/* tty.c - terminals as files: reading, writing, polling, opening, hanging up.
 *
 * Input takes two steps: the device puts bytes into the input ring (any context), then a thread (a
 * worker, a reader that made room, or a pty's writer) feeds them to the line discipline under
 * tty->lock. A device whose ring is full stops reading and is told when there is room: what does
 * not fit stays with the sender.
 *
 * A description remembers how many hang-ups there had been when it was opened; after another one it
 * is dead: reads end, the rest is -EIO.
 *
 * Locks: ctl > lock > in_lock; signals and wake-ups happen under lock at most. Nobody sleeps under
 * lock.
 * Ref: termios(3) (MIN and TIME), ioctl_tty(2), tty(4). Tests: selftests/abi/tty.c
 */
#include <drivers/tty/tty.h>

#include <arch/cpu.h>
#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/sigio.h>
#include <kernel/task.h>
#include <mm/iter.h>

#define CHUNK 512u
#define VTIME_NS (100 * NSEC_PER_MSEC)

static struct tty *to_tty(struct ldisc *l)
{
	return container_of(l, struct tty, ld);
}

static usize host_room(struct ldisc *l)
{
	return l->stopped ? 0 : to_tty(l)->drv->room(to_tty(l));
}

static void host_put(struct ldisc *l, const u8 *s, usize n)
{
	to_tty(l)->drv->put(to_tty(l), s, n);
}

static void host_signal(struct ldisc *l, int sig)
{
	tty_signal(to_tty(l), sig);
}

static void host_flushed(struct ldisc *l)
{
	to_tty(l)->drv->flush_output(to_tty(l));
	if (to_tty(l)->drv->input_flushed)
		to_tty(l)->drv->input_flushed(to_tty(l));
}

static void host_flow(struct ldisc *l, bool stop)
{
	to_tty(l)->drv->flow(to_tty(l), stop);
	if (!stop)
		object_wake(&to_tty(l)->obj, EPOLLOUT);
}

static const struct ldisc_host host = {
	.room = host_room,
	.put = host_put,
	.signal = host_signal,
	.flushed = host_flushed,
	.flow = host_flow,
};

/* ---- input ---- */

static void input_worker(struct work *w)
{
	tty_input_run(container_of(w, struct tty, input_work));
}

void tty_init(struct tty *t, const struct tty_driver *drv, const struct termios_k *settings)
{
	object_init(&t->obj, &tty_ops);
	t->drv = drv;
	mutex_init(&t->ctl, RANK_TTY_CTL);
	spin_init(&t->lock, RANK_TTY);
	spin_init(&t->in_lock, RANK_DRIVER);
	work_setup(&t->input_work, input_worker);
	ldisc_init(&t->ld, &host, settings);
}

usize tty_input_space(struct tty *t)
{
	irqflags_t irq = spin_lock_irq(&t->in_lock);
	usize n = TTY_INPUT - (t->in_head - t->in_tail);

	spin_unlock_irq(&t->in_lock, irq);
	return n;
}

usize tty_input_push(struct tty *t, const u8 *s, usize n)
{
	irqflags_t irq = spin_lock_irq(&t->in_lock);

	n = min(n, (usize)(TTY_INPUT - (t->in_head - t->in_tail)));
	for (usize i = 0; i < n; i++)
		t->in[t->in_head++ % TTY_INPUT] = s[i];
	spin_unlock_irq(&t->in_lock, irq);
	return n;
}

void tty_input_kick(struct tty *t)
{
	work_queue(&t->input_work);
}

void tty_input_break(struct tty *t)
{
	irqflags_t irq = spin_lock_irq(&t->in_lock);

	if (t->in_head - t->in_tail < TTY_INPUT)
		bitmap_set(t->in_breaks, t->in_head++ % TTY_INPUT);
	spin_unlock_irq(&t->in_lock, irq);
}

/* The bytes in one piece at the ring's tail, up to a break; or one break. Only the holder of
 * t->lock moves the tail. */
static usize input_piece(struct tty *t, const u8 **s, bool *is_break)
{
	irqflags_t irq = spin_lock_irq(&t->in_lock);
	u32 at = t->in_tail % TTY_INPUT;
	usize n = min(t->in_head - t->in_tail, TTY_INPUT - at);
	u64 stop = n ? bitmap_find_set(t->in_breaks, at + n, at) : BITMAP_NONE;

	spin_unlock_irq(&t->in_lock, irq);
	*is_break = stop == at;
	*s = t->in + at;
	return *is_break ? 1 : stop == BITMAP_NONE ? n : stop - at;
}

static void input_consume(struct tty *t, usize n, bool is_break)
{
	irqflags_t irq = spin_lock_irq(&t->in_lock);

	if (is_break)
		bitmap_clear(t->in_breaks, t->in_tail % TTY_INPUT);
	t->in_tail += (u32)n;
	spin_unlock_irq(&t->in_lock, irq);
}

/* One step: false when nothing moved. */
static bool feed_ldisc(struct tty *t, bool *readable)
{
	bool is_break;
	const u8 *s;
	usize n;

	spin_lock(&t->lock);
	n = input_piece(t, &s, &is_break);
	if (is_break)
		ldisc_receive_break(&t->ld);
	else if (n)
		n = ldisc_receive(&t->ld, s, n);
	if (n)
		input_consume(t, n, is_break);
	*readable |= ldisc_readable(&t->ld, 1);
	spin_unlock(&t->lock);
	return n > 0;
}

void tty_input_run(struct tty *t)
{
	bool moved = false, readable = false;

	spin_lock(&t->lock);
	ldisc_flush_echo(&t->ld);
	spin_unlock(&t->lock);
	while (feed_ldisc(t, &readable))
		moved = true;
	if (readable)
		object_wake(&t->obj, EPOLLIN | EPOLLRDNORM);
	if (moved)
		t->drv->input_room(t);
}

void tty_output_ready(struct tty *t)
{
	if (READ_ONCE(t->ld.echo_tail) != READ_ONCE(t->ld.echo_head))
		tty_input_kick(t);	/* echo was waiting, and we may be in an interrupt */
	object_wake(&t->obj, EPOLLOUT | EPOLLWRNORM);
}

/* ---- reading ---- */

/* file.private of /dev/console: init keeps it for its last words, so no hangup ends it, as on
 * Linux */
#define UNDYING U64_MAX

static bool is_dead(struct file *f, struct tty *t)
{
	return (u64)f->private != UNDYING && (u64)f->private != READ_ONCE(t->hangups);
}

bool tty_is_hung_up(struct file *f)
{
	return is_dead(f, container_of(f->obj, struct tty, obj));
}

static bool readable(struct tty *t, u32 least)
{
	bool yes;

	spin_lock(&t->lock);
	yes = ldisc_readable(&t->ld, least);
	spin_unlock(&t->lock);
	return yes;
}

/* How a read in the present mode waits. */
struct read_plan {
	bool canonical;
	u32 least;		/* MIN */
	/* TIME: before the first byte when MIN is 0, else between bytes; 0: none */
	ktime_t gap;
};

static struct read_plan plan_read(struct tty *t)
{
	struct read_plan p;

	spin_lock(&t->lock);
	p.canonical = ldisc_is_canonical(&t->ld);
	p.least = t->ld.t.lflag & ICANON ? 1 : t->ld.t.cc[VMIN];
	p.gap = t->ld.t.lflag & ICANON ? 0 : t->ld.t.cc[VTIME] * VTIME_NS;
	spin_unlock(&t->lock);
	return p;
}

/* Waits for input, a hang-up or the plan's end: 0, or what the read returns when it has nothing (1
 * for "nothing, no error"). */
static int wait_input(struct file *f, struct tty *t, const struct read_plan *p, usize got)
{
	ktime_t deadline = WAIT_FOREVER;
	int err;

	if (READ_ONCE(t->other_closed))
		return -EIO;	/* who slept through a hangup; later reads end */
	if (is_dead(f, t))
		return 1;
	if (!p->canonical && !p->least && !p->gap)
		return 1;
	if (file_nonblock(f))
		return -EAGAIN;
	if (!p->canonical && p->gap && (!p->least || got))
		deadline = clock_monotonic() + p->gap;
	err = waitq_wait(&t->obj.readers,
			 readable(t, 1) || is_dead(f, t) || READ_ONCE(t->other_closed),
			 WAIT_INTERRUPTIBLE, deadline);
	return err == -ETIMEDOUT ? 1 : err;
}

/* A piece of input to the program. *done: a line ended. */
static ssize_t read_piece(struct tty *t, struct iter *to, bool *done)
{
	u8 buf[CHUNK];
	usize n;

	spin_lock(&t->lock);
	n = ldisc_read(&t->ld, buf, min((usize)CHUNK, iter_left(to)), done);
	spin_unlock(&t->lock);
	if (iter_put(to, buf, n) < n)
		return -EFAULT;
	if (n && t->in_head != READ_ONCE(t->in_tail))
		tty_input_run(t);
	return (ssize_t)n;
}

static ssize_t read_some(struct file *f, struct tty *t, struct iter *to)
{
	usize got = 0;
	bool done = false;

	while (iter_left(to)) {
		struct read_plan p = plan_read(t);
		ssize_t n;
		int err;

		n = read_piece(t, to, &done);
		if (n < 0)
			return got ? (ssize_t)got : n;
		got += (usize)n;
		if (done || (p.canonical && got && !n) ||
		    (!p.canonical && !n && got >= max(p.least, 1u)))
			break;
		if (n)
			continue;
		err = wait_input(f, t, &p, got);
		if (err)
			return got || err > 0 ? (ssize_t)got : err;
	}
	return (ssize_t)got;
}

static ssize_t tty_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct tty *t = container_of(f->obj, struct tty, obj);
	int err;

	if (is_dead(f, t))
		return 0;
	err = tty_check_read(t);
	return err ? err : read_some(f, t, to);
}

/* ---- writing ---- */

static bool writable(struct tty *t)
{
	bool yes;

	spin_lock(&t->lock);
	yes = !t->ld.stopped && t->drv->room(t) >= 8;
	spin_unlock(&t->lock);
	return yes;
}

static ssize_t write_piece(struct tty *t, struct iter *from)
{
	u8 buf[CHUNK];
	usize n = iter_take(from, buf, min((usize)CHUNK, iter_left(from))), done;

	if (!n)
		return -EFAULT;
	spin_lock(&t->lock);
	done = ldisc_write(&t->ld, buf, n);
	spin_unlock(&t->lock);
	iter_revert(from, n - done);
	return (ssize_t)done;
}

static int wait_output(struct file *f, struct tty *t)
{
	if (file_nonblock(f))
		return -EAGAIN;
	return waitq_wait(&t->obj.writers,
			  writable(t) || is_dead(f, t) || READ_ONCE(t->other_closed),
			  WAIT_INTERRUPTIBLE, WAIT_FOREVER);
}

static ssize_t tty_write(struct file *f, struct iter *from, loff_t *pos)
{
	struct tty *t = container_of(f->obj, struct tty, obj);
	ssize_t written = 0, n;
	int err;

	if (READ_ONCE(t->ld.t.lflag) & TOSTOP) {
		err = tty_check_change(t);
		if (err)
			return err;
	}
	while (iter_left(from)) {
		if (is_dead(f, t) || READ_ONCE(t->other_closed))
			return written ? written : -EIO;
		n = write_piece(t, from);
		if (n < 0)
			return written ? written : n;
		written += n;
		if (n)
			continue;
		err = wait_output(f, t);
		if (err)
			return written ? written : err;
	}
	return written;
}

/* ---- polling ---- */

u32 tty_poll_bits(struct tty *t)
{
	u32 bits = 0, least;

	spin_lock(&t->lock);
	least = t->ld.t.cc[VTIME] == 0 ? t->ld.t.cc[VMIN] : 1;
	if (ldisc_readable(&t->ld, least))
		bits |= EPOLLIN | EPOLLRDNORM;
	if (t->other_closed)
		bits |= EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	if (!t->ld.stopped && t->drv->room(t) >= 8)
		bits |= EPOLLOUT | EPOLLWRNORM;
	spin_unlock(&t->lock);
	return bits;
}

static u32 tty_poll(struct file *f)
{
	struct tty *t = container_of(f->obj, struct tty, obj);

	if (is_dead(f, t))
		return EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDNORM | EPOLLWRNORM;
	return tty_poll_bits(t);
}

/* ---- open, close ---- */

static int open_tty(struct tty *t, u32 flags, bool console, struct file **out)
{
	int err = 0;

	mutex_lock(&t->ctl);
	if (t->exclusive && !capable(CAP_SYS_ADMIN))
		err = -EBUSY;
	if (!err) {
		object_get(&t->obj);
		err = file_create(&t->obj, flags, out);
	}
	if (!err) {
		(*out)->private = (void *)(console ? UNDYING : t->hangups);
		t->opens++;
		t->consoles += console;
		if (t->drv->opened)
			t->drv->opened(t);
	}
	mutex_unlock(&t->ctl);
	return err;
}

int tty_open_console(struct tty *t, u32 flags, struct file **out)
{
	return open_tty(t, flags, true, out);
}

int tty_open(struct tty *t, u32 flags, bool may_ctty, struct file **out)
{
	int err = open_tty(t, flags, false, out);

	if (!err && may_ctty && !(flags & O_NOCTTY) && ((*out)->mode & FMODE_READ))
		tty_take_ctty(t, true, false);
	return err;
}

static void tty_file_release(struct file *f)
{
	struct tty *t = container_of(f->obj, struct tty, obj);

	mutex_lock(&t->ctl);
	t->consoles -= (u64)f->private == UNDYING;
	if ((t->is_pty || !is_dead(f, t)) && --t->opens == 0) {
		t->exclusive = false;
		if (t->drv->closed)
			t->drv->closed(t);
	}
	mutex_unlock(&t->ctl);
}

static void tty_release(struct object *o)
{
	struct tty *t = container_of(o, struct tty, obj);

	if (t->drv->release)
		t->drv->release(t);
}

/* Whoever asks for signals and names nobody gets them for the foreground group, or for itself. */
static int tty_flags_changed(struct file *f, u32 old_flags)
{
	struct tty *t = container_of(f->obj, struct tty, obj);
	irqflags_t irq;
	pid_t pgrp;

	if (!(file_flags(f) & ~old_flags & O_ASYNC))
		return 0;
	irq = spin_lock_irq(&pids_lock);
	pgrp = t->pgrp ? t->pgrp->pid->nr : 0;
	spin_unlock_irq(&pids_lock, irq);
	return pgrp ? sigio_set_owner(f, F_OWNER_PGRP, pgrp, true)
		    : sigio_set_owner(f, F_OWNER_PID, proc_pid(current_proc()), true);
}

const struct object_ops tty_ops = {
	.name = "tty",
	.type = OBJ_TTY,
	.async = true,
	.flags_changed = tty_flags_changed,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
	.file_release = tty_file_release,
	.release = tty_release,
};

struct tty *tty_of_file(struct file *f)
{
	struct tty *t;

	if (f->obj->ops != &tty_ops)
		return NULL;
	t = container_of(f->obj, struct tty, obj);
	return is_dead(f, t) ? NULL : t;
}

void tty_hangup(struct tty *t)
{
	mutex_lock(&t->ctl);
	spin_lock(&t->lock);
	t->hangups++;
	ldisc_flush_input(&t->ld);
	t->drv->flush_output(t);
	spin_unlock(&t->lock);
	if (!t->is_pty) {	/* a master learns of it when the dead descriptions close */
		if (t->opens && !t->consoles && t->drv->closed)
			t->drv->closed(t);
		t->opens = t->consoles;
	}
	mutex_unlock(&t->ctl);
	object_wake(&t->obj, EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLERR | WAKE_QUIET);
}
