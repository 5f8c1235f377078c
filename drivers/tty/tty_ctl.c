/* SPDX-License-Identifier: MIT */
/* tty_ctl.c - settings, draining, flushing, size: the operations behind ioctl_tty(2). Locks:
 * tty->lock.
 * Tests: selftests/abi/tty.c, jobctl.c */
#include <drivers/tty/tty.h>

#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <kernel/uapi.h>

void tty_get_termios(struct tty *t, struct termios_k *out)
{
	spin_lock(&t->lock);
	*out = t->ld.t;
	spin_unlock(&t->lock);
}

static bool is_drained(struct tty *t)
{
	bool yes;

	spin_lock(&t->lock);
	yes = t->drv->drained(t);
	spin_unlock(&t->lock);
	return yes;
}

int tty_drain(struct tty *t)
{
	return waitq_wait(&t->obj.writers, is_drained(t), WAIT_INTERRUPTIBLE, WAIT_FOREVER);
}

int tty_set_termios(struct tty *t, const struct termios_k *new_settings, enum tty_when when)
{
	struct termios_k old;
	int err;

	err = tty_check_change(t);
	if (err)
		return err;
	if (when != TTY_NOW) {
		err = tty_drain(t);
		if (err)
			return err;
	}
	if (when == TTY_FLUSH)
		tty_flush(t, true, false);
	mutex_lock(&t->ctl);
	spin_lock(&t->lock);
	old = t->ld.t;
	ldisc_set_termios(&t->ld, new_settings);
	spin_unlock(&t->lock);
	if (t->drv->set_termios)
		t->drv->set_termios(t, &old);
	mutex_unlock(&t->ctl);
	tty_input_run(t);
	object_wake(&t->obj, EPOLLIN);		/* what is readable depends on the mode */
	return 0;
}

void tty_drop_input(struct tty *t)
{
	irqflags_t irq = spin_lock_irq(&t->in_lock);

	t->in_tail = t->in_head;
	memset(t->in_breaks, 0, sizeof(t->in_breaks));
	spin_unlock_irq(&t->in_lock, irq);
}

void tty_flush(struct tty *t, bool input, bool output)
{
	spin_lock(&t->lock);
	if (input) {
		ldisc_flush_input(&t->ld);
		tty_drop_input(t);
		if (t->drv->input_flushed)
			t->drv->input_flushed(t);
	}
	if (output) {
		t->drv->flush_output(t);
	}
	spin_unlock(&t->lock);
	if (input)
		t->drv->input_room(t);
	if (output)
		tty_output_ready(t);
}

void tty_get_size(struct tty *t, struct winsize_k *out)
{
	spin_lock(&t->lock);
	*out = t->size;
	spin_unlock(&t->lock);
}

void tty_set_size(struct tty *t, const struct winsize_k *size)
{
	bool changed;

	spin_lock(&t->lock);
	changed = memcmp(&t->size, size, sizeof(*size)) != 0;
	t->size = *size;
	spin_unlock(&t->lock);
	if (changed)
		tty_signal(t, SIGWINCH);
}

void tty_send_char(struct tty *t, u8 c)
{
	spin_lock(&t->lock);
	if (c && t->drv->room(t))
		t->drv->put(t, &c, 1);
	spin_unlock(&t->lock);
}

/* It overtakes what ^S stopped, not what a program stopped. */
static void send_flow_char(struct tty *t, u8 c)
{
	spin_lock(&t->lock);
	if (t->ld.stopped && !t->ld.held)
		t->drv->flow(t, false);
	if (c && !t->ld.held && t->drv->room(t))
		t->drv->put(t, &c, 1);
	if (t->ld.stopped && !t->ld.held)
		t->drv->flow(t, true);
	spin_unlock(&t->lock);
}

int tty_flow_action(struct tty *t, u32 action)
{
	int err = tty_check_change(t);

	if (err)
		return err;
	switch (action) {
	case TCOOFF:
	case TCOON:
		spin_lock(&t->lock);
		ldisc_hold(&t->ld, action == TCOOFF);
		spin_unlock(&t->lock);
		return 0;
	case TCIOFF:
	case TCION:
		send_flow_char(t, t->ld.t.cc[action == TCIOFF ? VSTOP : VSTART]);
		return 0;
	default:
		return -EINVAL;
	}
}
