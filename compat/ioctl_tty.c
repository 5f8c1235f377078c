/* SPDX-License-Identifier: MIT */
/* ioctl_tty.c - ioctl(2) on terminals: layouts in and out, one call down each.
 *
 * On a pty's master settings, size and groups are the slave's, as on Linux; what asks whose
 * terminal it is, is answered for anybody.
 * Ref: ioctl_tty(2). Tests: selftests/abi/tty.c, selftests/abi/pty.c
 */
#include <compat/abi/tty.h>
#include <compat/user.h>
#include <drivers/tty/tty.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/handle.h>
#include <kernel/lib/string.h>
#include <kernel/rights.h>

#define NCC_OLD 8

/* ---- settings ---- */

static u32 speed_of(u32 bits)
{
	static const u32 low[] = { 0,	50,   75,   110,  134,	150,  200,   300,
				   600, 1200, 1800, 2400, 4800, 9600, 19200, 38400 };
	static const u32 high[] = { 0,	     57600,   115200,  230400,	460800,	 500000,
				    576000,  921600,  1000000, 1152000, 1500000, 2000000,
				    2500000, 3000000, 3500000, 4000000 };

	bits &= CBAUD;
	return bits & BOTHER ? high[bits & 15] : low[bits];
}

static void settle_speed(struct termios_k *k, u32 ispeed, u32 ospeed)
{
	u32 out = k->cflag & CBAUD, in = k->cflag >> 16 & CBAUD;

	k->ospeed = out == BOTHER ? ospeed : speed_of(out);
	k->ispeed = in == BOTHER ? ispeed : in ? speed_of(in) : k->ospeed;
}

static void from_abi(struct termios_k *k, const struct abi_termios *a)
{
	k->iflag = a->iflag;
	k->oflag = a->oflag;
	k->cflag = a->cflag;
	k->lflag = a->lflag;
	k->line = a->line;
	memcpy(k->cc, a->cc, sizeof(k->cc));
}

static void to_abi(struct abi_termios *a, const struct termios_k *k)
{
	*a = (struct abi_termios){ k->iflag, k->oflag, k->cflag, k->lflag, k->line, {} };
	memcpy(a->cc, k->cc, sizeof(a->cc));
}

static long get_termios(struct tty *t, uaddr_t arg, bool two)
{
	struct termios_k k;
	struct abi_termios2 a = {};

	tty_get_termios(t, &k);
	to_abi(&a.t, &k);
	a.ispeed = k.ispeed;
	a.ospeed = k.ospeed;
	return copy_to_user(arg, &a, two ? sizeof(a) : sizeof(a.t));
}

static long set_termios(struct tty *t, uaddr_t arg, bool two, enum tty_when when)
{
	struct abi_termios2 a = {};
	struct termios_k k;

	if (copy_from_user(&a, arg, two ? sizeof(a) : sizeof(a.t)))
		return -EFAULT;
	tty_get_termios(t, &k);
	from_abi(&k, &a.t);
	settle_speed(&k, two ? a.ispeed : k.ispeed, two ? a.ospeed : k.ospeed);
	return tty_set_termios(t, &k, when);
}

static long get_termio(struct tty *t, uaddr_t arg)
{
	struct termios_k k;
	struct abi_termio a = {};

	tty_get_termios(t, &k);
	a.iflag = (u16)k.iflag;
	a.oflag = (u16)k.oflag;
	a.cflag = (u16)k.cflag;
	a.lflag = (u16)k.lflag;
	a.line = k.line;
	memcpy(a.cc, k.cc, NCC_OLD);
	return copy_to_user(arg, &a, sizeof(a));
}

/* The upper halves stay. */
static long set_termio(struct tty *t, uaddr_t arg, enum tty_when when)
{
	struct abi_termio a;
	struct termios_k k;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	tty_get_termios(t, &k);
	k.iflag = (k.iflag & 0xffff0000u) | a.iflag;
	k.oflag = (k.oflag & 0xffff0000u) | a.oflag;
	k.cflag = (k.cflag & 0xffff0000u) | a.cflag;
	k.lflag = (k.lflag & 0xffff0000u) | a.lflag;
	k.line = a.line;
	memcpy(k.cc, a.cc, NCC_OLD);
	settle_speed(&k, k.ispeed, k.ospeed);
	return tty_set_termios(t, &k, when);
}

/* *done is left alone when cmd is none of these. */
static long ioctl_settings(struct tty *t, u32 cmd, uaddr_t arg, bool *done)
{
	*done = true;
	switch (cmd) {
	case ABI_TCGETS:
		return get_termios(t, arg, false);
	case ABI_TCGETS2:
		return get_termios(t, arg, true);
	case ABI_TCSETS:
		return set_termios(t, arg, false, TTY_NOW);
	case ABI_TCSETSW:
		return set_termios(t, arg, false, TTY_DRAIN);
	case ABI_TCSETSF:
		return set_termios(t, arg, false, TTY_FLUSH);
	case ABI_TCSETS2:
		return set_termios(t, arg, true, TTY_NOW);
	case ABI_TCSETSW2:
		return set_termios(t, arg, true, TTY_DRAIN);
	case ABI_TCSETSF2:
		return set_termios(t, arg, true, TTY_FLUSH);
	case ABI_TCGETA:
		return get_termio(t, arg);
	case ABI_TCSETA:
		return set_termio(t, arg, TTY_NOW);
	case ABI_TCSETAW:
		return set_termio(t, arg, TTY_DRAIN);
	case ABI_TCSETAF:
		return set_termio(t, arg, TTY_FLUSH);
	default:
		*done = false;
		return 0;
	}
}

/* ---- line ---- */

static long get_size(struct tty *t, uaddr_t arg)
{
	struct winsize_k k;
	struct abi_winsize a;

	tty_get_size(t, &k);
	a = (struct abi_winsize){ k.rows, k.cols, k.xpixel, k.ypixel };
	return copy_to_user(arg, &a, sizeof(a));
}

static long set_size(struct tty *t, uaddr_t arg)
{
	struct abi_winsize a;
	struct winsize_k k;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	k = (struct winsize_k){ a.row, a.col, a.xpixel, a.ypixel };
	tty_set_size(t, &k);
	return 0;
}

static long flush(struct file *f, struct tty *t, u64 queue)
{
	int err;

	if (pty_is_master(f))
		return pty_master_flush(t, queue);
	err = tty_check_change(t);
	if (err)
		return err;
	if (queue > 2)
		return -EINVAL;
	tty_flush(t, queue != 1, queue != 0);
	return 0;
}

/* tcdrain(3) is TCSBRK with 1. Breaks are not sent: no device of ours has a line that could hold
 * one. */
static long drain(struct tty *t)
{
	int err = tty_check_change(t);

	return err ? err : tty_drain(t);
}

static long count_input(struct file *f, struct tty *t, uaddr_t arg)
{
	usize n;

	if (pty_is_master(f)) {
		n = pty_master_count(t);
	} else {
		spin_lock(&t->lock);
		n = ldisc_count(&t->ld);
		spin_unlock(&t->lock);
	}
	return put_user(arg, (s32)n);
}

/* As with dev.tty.legacy_tiocsti = 0, which 6.12 defaults to: only the administrator types for
 * others. */
static long type_one(struct file *f, struct tty *t, uaddr_t arg)
{
	u8 c;

	if (!capable(CAP_SYS_ADMIN))
		return -EIO;
	if (get_user(&c, arg))
		return -EFAULT;
	if (pty_is_master(f)) {
		tty_send_char(t, c);
	} else {
		if (tty_input_push(t, &c, 1))
			tty_input_run(t);
	}
	return 0;
}

static long set_exclusive(struct tty *t, bool on)
{
	mutex_lock(&t->ctl);
	t->exclusive = on;
	mutex_unlock(&t->ctl);
	return 0;
}

/* There is one line discipline, N_TTY: 0. */
static long set_discipline(uaddr_t arg)
{
	s32 which;

	if (get_user(&which, arg))
		return -EFAULT;
	return which ? -EINVAL : 0;
}

/* CLOCAL by another name. */
static long get_softcar(struct tty *t, uaddr_t arg)
{
	struct termios_k k;

	tty_get_termios(t, &k);
	return put_user(arg, (s32)(k.cflag & CLOCAL) != 0);
}

static long set_softcar(struct tty *t, uaddr_t arg)
{
	struct termios_k k;
	s32 on;

	if (get_user(&on, arg))
		return -EFAULT;
	tty_get_termios(t, &k);
	k.cflag = on ? k.cflag | CLOCAL : k.cflag & ~(u32)CLOCAL;
	return tty_set_termios(t, &k, TTY_NOW);
}

static long ioctl_line(struct file *f, struct tty *t, u32 cmd, uaddr_t arg, bool *done)
{
	*done = true;
	switch (cmd) {
	case ABI_TIOCGWINSZ:
		return get_size(t, arg);
	case ABI_TIOCSWINSZ:
		return set_size(t, arg);
	case ABI_TCFLSH:
		return flush(f, t, arg.va);
	case ABI_TCXONC:
		return pty_is_master(f) ? pty_master_flow(t, (u32)arg.va)
					: tty_flow_action(t, (u32)arg.va);
	case ABI_TCSBRK:
	case ABI_TCSBRKP:
		return drain(t);
	case ABI_TIOCSBRK:
	case ABI_TIOCCBRK:
		return tty_check_change(t);
	case ABI_FIONREAD:
		return count_input(f, t, arg);
	case ABI_TIOCOUTQ:
		return put_user(
			arg, (s32)(!pty_is_master(f) && t->drv->pending ? t->drv->pending(t) : 0));
	case ABI_TIOCEXCL:
		return set_exclusive(t, true);
	case ABI_TIOCNXCL:
		return set_exclusive(t, false);
	case ABI_TIOCGEXCL:
		return put_user(arg, (s32)t->exclusive);
	case ABI_TIOCGETD:
		return put_user(arg, (s32)0);
	case ABI_TIOCSETD:
		return set_discipline(arg);
	case ABI_TIOCGSOFTCAR:
		return get_softcar(t, arg);
	case ABI_TIOCSSOFTCAR:
		return set_softcar(t, arg);
	case ABI_TIOCGDEV:
		return put_user(arg, t->dev);
	case ABI_TIOCSTI:
		return type_one(f, t, arg);
	case ABI_TIOCVHANGUP:
		if (!capable(CAP_SYS_ADMIN))
			return -EPERM;
		tty_vhangup(t);
		return 0;
	default:
		*done = false;
		return 0;
	}
}

/* ---- sessions ---- */

static long get_id(int (*get)(struct tty *t, bool any, pid_t *out), struct tty *t, bool any,
		   uaddr_t arg)
{
	pid_t id;
	int err = get(t, any, &id);

	return err ? err : put_user(arg, id);
}

static long set_pgrp(struct tty *t, uaddr_t arg)
{
	pid_t id;

	if (get_user(&id, arg))
		return -EFAULT;
	return tty_set_pgrp(t, id);
}

static long ioctl_session(struct file *f, struct tty *t, u32 cmd, uaddr_t arg, bool *done)
{
	bool master = pty_is_master(f);

	*done = true;
	switch (cmd) {
	case ABI_TIOCGPGRP:
		return get_id(tty_get_pgrp, t, master, arg);
	case ABI_TIOCGSID:
		return get_id(tty_get_sid, t, master, arg);
	case ABI_TIOCSPGRP:
		return set_pgrp(t, arg);
	case ABI_TIOCSCTTY:
		return tty_take_ctty(t, f->mode & FMODE_READ, arg.va == 1);
	case ABI_TIOCNOTTY:
		return tty_drop_ctty(t);
	default:
		*done = false;
		return 0;
	}
}

/* ---- masters ---- */

static long set_flag(struct tty *slave, uaddr_t arg, bool lock)
{
	s32 v;

	if (get_user(&v, arg))
		return -EFAULT;
	if (!lock)
		return pty_set_packet(slave, v != 0);
	pty_set_lock(slave, v != 0);
	return 0;
}

static long open_peer(struct tty *slave, u32 flags)
{
	auto_file struct file *f = NULL;
	int err = pty_open_peer(slave, flags, &f);

	return err ? err : handle_install(f, file_rights(f), flags);
}

static long send_key_signal(struct tty *slave, int sig)
{
	if (sig != SIGINT && sig != SIGQUIT && sig != SIGTSTP)
		return -EINVAL;
	tty_signal(slave, sig);
	return 0;
}

static long ioctl_master(struct tty *slave, u32 cmd, uaddr_t arg)
{
	switch (cmd) {
	case ABI_TIOCGPTN:
		return put_user(arg, pty_number(slave));
	case ABI_TIOCSPTLCK:
		return set_flag(slave, arg, true);
	case ABI_TIOCGPTLCK:
		return put_user(arg, (s32)pty_get_lock(slave));
	case ABI_TIOCPKT:
		return set_flag(slave, arg, false);
	case ABI_TIOCGPKT:
		return put_user(arg, (s32)pty_get_packet(slave));
	case ABI_TIOCSIG:
		return send_key_signal(slave, (int)arg.va);
	case ABI_TIOCGPTPEER:
		return open_peer(slave, (u32)arg.va);
	default:
		return -ENOTTY;
	}
}

long tty_ioctl(struct file *f, u32 cmd, uaddr_t arg)
{
	struct tty *t = pty_is_master(f) ? pty_slave(f) : tty_of_file(f);
	bool done;
	long r;

	if (!t)
		return cmd == ABI_TIOCSPGRP ? -ENOTTY : -EIO;
	r = ioctl_settings(t, cmd, arg, &done);
	if (!done)
		r = ioctl_line(f, t, cmd, arg, &done);
	if (!done)
		r = ioctl_session(f, t, cmd, arg, &done);
	if (!done)
		r = pty_is_master(f) ? ioctl_master(t, cmd, arg) : -ENOTTY;
	return r;
}
