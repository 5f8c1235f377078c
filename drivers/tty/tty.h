/* SPDX-License-Identifier: MIT */
/* tty.h - terminals: what devices implement, what compat/ioctl_tty.c asks for. */
#pragma once

#include <drivers/tty/ldisc.h>
#include <kernel/mutex.h>
#include <kernel/object.h>
#include <kernel/workq.h>

struct path;
struct file;
struct pgrp;
struct session;
struct tty;

/* A device's half. put and room are called with tty->lock held; the others may sleep unless they
 * say otherwise. */
struct tty_driver {
	usize (*room)(struct tty *t);
	void (*put)(struct tty *t, const u8 *s, usize n);
	/* drops what put() took and did not send; tty->lock held */
	void (*flush_output)(struct tty *t);
	void (*flow)(struct tty *t, bool stop);		/* tty->lock held */
	/* NULL, or: input was dropped; tty->lock held */
	void (*input_flushed)(struct tty *t);
	/* NULL: none; bytes put() took and that are not on the line yet */
	usize (*pending)(struct tty *t);
	/* the input ring has room again; no lock held */
	void (*input_room)(struct tty *t);
	bool (*drained)(struct tty *t);			/* all output is on the line */
	/* NULL: nothing to do */
	void (*set_termios)(struct tty *t, const struct termios_k *old);
	void (*opened)(struct tty *t);			/* NULL, or each open, tty->ctl held */
	void (*closed)(struct tty *t);			/* NULL, or the last close, tty->ctl held */
	void (*release)(struct tty *t);			/* NULL: static */
};

struct winsize_k {
	u16 rows, cols, xpixel, ypixel;
};

#define TTY_INPUT 4096u

/* Locks: c  tty.ctl (RANK_TTY_CTL)   t  tty.lock (RANK_TTY)   i  tty.in_lock (RANK_DRIVER,
 * interrupts off)   P  pids_lock   I  immutable */
struct tty {
	struct object obj;		/* readers: input; writers: output room, and TCSADRAIN */
	const struct tty_driver *drv;	/* [I] */
	void *priv;			/* [I] the driver's */
	char name[16];			/* [I] as below /dev */
	u32 dev;			/* [I] */
	bool is_pty;			/* [I] */
	struct mutex ctl;
	struct spinlock lock;
	struct ldisc ld;		/* [t] */
	struct winsize_k size;		/* [t] */
	u32 opens;			/* [c] */
	/* [c] of those: as /dev/console, which a hangup leaves alive */
	u32 consoles;
	u64 hangups;			/* [t] descriptions opened before the last one are dead */
	bool exclusive;			/* [c] TIOCEXCL */
	bool other_closed;		/* [t] ptys: nobody holds the other side */
	struct session *session;	/* [P] whose controlling terminal it is: a reference */
	struct pgrp *pgrp;		/* [P] foreground: a reference */
	struct work input_work;
	struct spinlock in_lock;
	u32 in_head, in_tail;		/* [i] written; in_tail also [t] */
	u8 in[TTY_INPUT];		/* between the device and the line discipline */
	u64 in_breaks[BITMAP_WORDS(TTY_INPUT)];	/* [i] these places hold no byte but a break */
};

void tty_init(struct tty *t, const struct tty_driver *drv, const struct termios_k *settings);

/* ---- from the device ---- */
/* Input from the line: returns how much fit. Any context; then tty_input_kick() or, in thread
 * context, tty_input_run(). */
usize tty_input_push(struct tty *t, const u8 *s, usize n);
usize tty_input_space(struct tty *t);
void tty_input_kick(struct tty *t);
void tty_input_run(struct tty *t);
void tty_input_break(struct tty *t);		/* between the bytes pushed before and after it */
/* Output has room again. Any context. */
void tty_output_ready(struct tty *t);

/* ---- opening ---- */
/* A description of t: becomes the controlling terminal unless O_NOCTTY or may_ctty is false. */
int __must_check tty_open(struct tty *t, u32 flags, bool may_ctty, struct file **out);
int __must_check tty_open_console(struct tty *t, u32 flags, struct file **out);
/* The current session's terminal with a reference on its object, or NULL. */
struct tty *tty_of_current(void);
/* The terminal behind a file, or NULL: not one, or hung up. */
struct tty *tty_of_file(struct file *f);
bool tty_is_hung_up(struct file *f);
void tty_set_console(struct tty *t);		/* /dev/console */
void tty_init_devices(void);			/* /dev/tty, /dev/console, /dev/ptmx; boot */

/* ---- control (tty_ctl.c, tty_job.c): 0 or -errno ---- */
enum tty_when { TTY_NOW, TTY_DRAIN, TTY_FLUSH };
void tty_get_termios(struct tty *t, struct termios_k *out);
int __must_check tty_set_termios(struct tty *t, const struct termios_k *new_settings,
				 enum tty_when when);
int __must_check tty_drain(struct tty *t);
void tty_flush(struct tty *t, bool input, bool output);
void tty_get_size(struct tty *t, struct winsize_k *out);
void tty_set_size(struct tty *t, const struct winsize_k *size);
enum { TCOOFF, TCOON, TCIOFF, TCION };		/* actions of TCXONC */
int __must_check tty_flow_action(struct tty *t, u32 action);
/* c goes onto the line, past OPOST; 0: nothing */
void tty_send_char(struct tty *t, u8 c);
/* what the line discipline has not seen yet; t->lock held */
void tty_drop_input(struct tty *t);
void tty_hangup(struct tty *t);			/* descriptions only */
void tty_vhangup(struct tty *t);		/* and the session: SIGHUP, SIGCONT */
void tty_vhangup_current(void);			/* vhangup(2) */

/* May the current process change t, or write with TOSTOP? Background: SIGTTOU and -ERESTARTSYS, or
 * -EIO. */
int __must_check tty_check_change(struct tty *t);
int __must_check tty_check_read(struct tty *t);
int tty_take_ctty(struct tty *t, bool readable, bool steal);
int __must_check tty_drop_ctty(struct tty *t);
int __must_check tty_get_pgrp(struct tty *t, bool any, pid_t *out);
int __must_check tty_set_pgrp(struct tty *t, pid_t pgid);
int __must_check tty_get_sid(struct tty *t, bool any, pid_t *out);
void tty_signal(struct tty *t, int sig);		/* to the foreground group */
void tty_session_exit(struct session *s);		/* session_exit_hook */

/* ---- pseudo terminals (pty.c) ---- */
void pty_init(void);
int __must_check pty_open_master(const struct path *at, u32 minor, u32 flags, struct file **out);
bool pty_is_master(struct file *f);
/* The slave behind a master's description. */
struct tty *pty_slave(struct file *f);
u32 pty_number(struct tty *slave);
void pty_set_lock(struct tty *slave, bool locked);
bool pty_get_lock(struct tty *slave);
int __must_check pty_set_packet(struct tty *slave, bool on);
bool pty_get_packet(struct tty *slave);
int __must_check pty_open_peer(struct tty *slave, u32 flags, struct file **out);
usize pty_master_count(struct tty *slave);
/* TCFLSH and TCXONC on a master: its own queues, not the slave's. */
int __must_check pty_master_flush(struct tty *slave, u64 queue);
int __must_check pty_master_flow(struct tty *slave, u32 action);

/* For /proc/PID/stat: the terminal of s; pids_lock held. */
void tty_of_session(struct session *s, u32 *dev, pid_t *foreground);
/* ioctl(2) on a terminal: compat/ioctl_tty.c. */
long tty_ioctl(struct file *f, u32 cmd, uaddr_t arg);

/* What tty.c and pty.c share. */
extern const struct object_ops tty_ops;
u32 tty_poll_bits(struct tty *t);
