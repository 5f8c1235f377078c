/* SPDX-License-Identifier: MIT */
/* ldisc.h - the line discipline: what typing means. Pure: the terminal that owns it locks, sleeps
 * and signals. */
#pragma once

#include <drivers/tty/termios.h>
#include <kernel/lib/bitmap.h>

#define LDISC_SIZE 4096u	/* input kept for readers: the longest line is one less */
#define LDISC_ECHO 2048u

struct ldisc;

/* What the owner does. All called with its lock held. */
struct ldisc_host {
	/* bytes that put() takes now; 0 while stopped */
	usize (*room)(struct ldisc *l);
	void (*put)(struct ldisc *l, const u8 *s, usize n);	/* n <= room */
	void (*signal)(struct ldisc *l, int sig);		/* to the foreground group */
	/* output not yet sent is to be dropped */
	void (*flushed)(struct ldisc *l);
	void (*flow)(struct ldisc *l, bool stop);		/* output stops, or goes on */
};

struct ldisc {
	struct termios_k t;
	const struct ldisc_host *host;
	/* Counters that only grow; a byte's place is the counter modulo LDISC_SIZE. */
	/* next to read; end of the complete lines; next to be stored */
	u64 tail, canon, head;
	u64 line_ends[BITMAP_WORDS(LDISC_SIZE)];
	u64 special[4];			/* characters that are not simply stored */
	u32 column, line_column;	/* of the cursor; where the input line begins */
	u32 sent_column;		/* of the cursor when all echo had been sent last */
	u32 echo_head, echo_tail;
	bool lnext, erasing, stopped, pushed;
	bool held;			/* stopped by a program: no key lets it go on */
	bool raw;			/* bytes are stored as they come */
	u8 buf[LDISC_SIZE];
	u8 echo[LDISC_ECHO];		/* processed echo that did not fit the output yet */
};

void ldisc_init(struct ldisc *l, const struct ldisc_host *host, const struct termios_k *t);
void ldisc_set_termios(struct ldisc *l, const struct termios_k *t);

/* Input from the line; returns how much was taken, the rest must come again when there is room. */
usize ldisc_receive(struct ldisc *l, const u8 *s, usize n);
void ldisc_receive_break(struct ldisc *l);

/*
 * Canonical mode: up to n bytes of the first line; *line_done when its end was reached (0 bytes:
 * end of file). Else what is there.
 */
usize ldisc_read(struct ldisc *l, u8 *dst, usize n, bool *line_done);
/* A reader would find something: a line, or in raw mode least bytes. */
bool ldisc_readable(const struct ldisc *l, u32 least);
usize ldisc_count(const struct ldisc *l);	/* FIONREAD */
/* Room for input that is not a line's end. */
bool ldisc_has_room(const struct ldisc *l);

/* Output by a program, processed; returns how much of s was taken. */
usize ldisc_write(struct ldisc *l, const u8 *s, usize n);
/* Output has room again. */
void ldisc_flush_echo(struct ldisc *l);
void ldisc_flush_input(struct ldisc *l);
void ldisc_set_stopped(struct ldisc *l, bool stop);	/* by a key */
void ldisc_hold(struct ldisc *l, bool hold);		/* by a program: TCOOFF, TCOON */

/* ldisc_out.c, for ldisc.c: characters onto the screen. raw: as a control character's meaning, not
 * its picture. */
void ldisc_echo_raw(struct ldisc *l, u8 c);
void ldisc_echo_char(struct ldisc *l, u8 c);
void ldisc_echo_tab_erase(struct ldisc *l, u32 chars, bool after_tab);
void ldisc_drop_echo(struct ldisc *l);
void ldisc_echo_move_back(struct ldisc *l);

/* Readers get lines. EXTPROC: the other side of a pty edits them. */
static inline bool ldisc_is_canonical(const struct ldisc *l)
{
	return (l->t.lflag & (ICANON | EXTPROC)) == ICANON;
}

static inline bool ldisc_is_control(u8 c)
{
	return c < 0x20 || c == 0x7f;
}

/* Not the first byte of a UTF-8 character. */
static inline bool ldisc_is_continuation(const struct ldisc *l, u8 c)
{
	return (l->t.iflag & IUTF8) && (c & 0xc0) == 0x80;
}
