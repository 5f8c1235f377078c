/* SPDX-License-Identifier: MIT */
/* ldisc_out.c - the output half of the line discipline: OPOST, columns, echo. Pure.
 *
 * Everything that reaches the screen passes process(), which keeps the cursor's column: tabs and
 * their erasure depend on it. Echo is processed when it happens and kept in a ring until the device
 * has room; a program's output waits until that ring is empty, so that the screen shows things in
 * the order they happened. Echo that does not fit the ring is lost, as on Linux.
 * Ref: termios(3) c_oflag, c_lflag. Tests: selftests/unit/ldisc_test.c, selftests/abi/tty.c
 */
#include <drivers/tty/ldisc.h>

#define TAB 8u
#define MAX_OUT 8u	/* one character becomes at most a tab of spaces */

static u32 put_tab(struct ldisc *l, u8 *out)
{
	u32 spaces = TAB - (l->column & (TAB - 1));

	l->column += spaces;
	if ((l->t.oflag & TABDLY) != XTABS) {
		out[0] = '\t';
		return 1;
	}
	for (u32 i = 0; i < spaces; i++)
		out[i] = ' ';
	return spaces;
}

static u32 put_newline(struct ldisc *l, u8 *out)
{
	if (l->t.oflag & ONLRET)
		l->column = 0;
	if (l->t.oflag & ONLCR) {
		l->column = 0;
		l->line_column = 0;
		out[0] = '\r';
		out[1] = '\n';
		return 2;
	}
	l->line_column = l->column;
	out[0] = '\n';
	return 1;
}

static u32 put_return(struct ldisc *l, u8 *out)
{
	if ((l->t.oflag & ONOCR) && l->column == 0)
		return 0;
	out[0] = '\r';
	if (l->t.oflag & OCRNL) {
		out[0] = '\n';
		if (!(l->t.oflag & ONLRET))
			return 1;
	}
	l->column = 0;
	l->line_column = 0;
	return 1;
}

/* Letters of Latin-1, as Linux's: a byte in the middle of a UTF-8 character is changed, too. */
static u8 to_upper(u8 c)
{
	bool is_lower = (c >= 'a' && c <= 'z') || (c >= 0xdf && c != 0xf7);

	return is_lower ? c - ('a' - 'A') : c;
}

/* One character through OPOST into out; returns how many it became. */
static u32 process(struct ldisc *l, u8 c, u8 *out)
{
	switch (c) {
	case '\n':
		return put_newline(l, out);
	case '\r':
		return put_return(l, out);
	case '\t':
		return put_tab(l, out);
	case '\b':
		if (l->column)
			l->column--;
		break;
	default:
		if (ldisc_is_control(c))
			break;
		if (l->t.oflag & OLCUC)
			c = to_upper(c);
		if (!ldisc_is_continuation(l, c))
			l->column++;
		break;
	}
	out[0] = c;
	return 1;
}

static void echo_store(struct ldisc *l, const u8 *s, u32 n)
{
	if (l->echo_head - l->echo_tail + n > LDISC_ECHO)
		return;
	while (n--)
		l->echo[l->echo_head++ % LDISC_ECHO] = *s++;
}

void ldisc_echo_raw(struct ldisc *l, u8 c)
{
	u8 out[MAX_OUT];

	if (l->t.oflag & OPOST) {
		echo_store(l, out, process(l, c, out));
		return;
	}
	echo_store(l, &c, 1);
}

void ldisc_echo_char(struct ldisc *l, u8 c)
{
	if ((l->t.lflag & ECHOCTL) && ldisc_is_control(c) && c != '\t') {
		u8 picture[2] = { '^', c ^ 0x40 };

		echo_store(l, picture, 2);
		l->column += 2;
		return;
	}
	if (c == 0xff) {	/* past OPOST, as on Linux, whose own mark this byte is */
		echo_store(l, &c, 1);
		l->column++;
		return;
	}
	ldisc_echo_raw(l, c);
}

/* chars: columns since the tab before, or since the line began, where the cursor was not at a tab
 * stop. */
void ldisc_echo_tab_erase(struct ldisc *l, u32 chars, bool after_tab)
{
	u32 backs;

	if (!after_tab)
		chars += l->line_column;
	for (backs = TAB - (chars & (TAB - 1)); backs; backs--) {
		echo_store(l, (const u8 *)"\b", 1);
		if (l->column)
			l->column--;
	}
}

void ldisc_echo_move_back(struct ldisc *l)
{
	if (l->column)
		l->column--;
}

void ldisc_flush_echo(struct ldisc *l)
{
	while (l->echo_tail != l->echo_head) {
		u32 at = l->echo_tail % LDISC_ECHO;
		usize n = min(l->echo_head - l->echo_tail, LDISC_ECHO - at);

		n = min(n, l->host->room(l));
		if (!n)
			return;
		l->host->put(l, l->echo + at, n);
		l->echo_tail += (u32)n;
	}
	l->sent_column = l->column;
}

/* The cursor never went where it would have gone. */
void ldisc_drop_echo(struct ldisc *l)
{
	if (l->echo_tail != l->echo_head)
		l->column = l->sent_column;
	l->echo_tail = l->echo_head;
}

usize ldisc_write(struct ldisc *l, const u8 *s, usize n)
{
	usize done = 0, room;

	ldisc_flush_echo(l);
	room = l->echo_tail == l->echo_head ? l->host->room(l) : 0;
	if (!(l->t.oflag & OPOST)) {
		done = min(n, room);
		l->host->put(l, s, done);
		return done;
	}
	while (done < n && room >= MAX_OUT) {
		u8 out[256];
		u32 used = 0;

		while (done < n && used + MAX_OUT <= min(room, sizeof(out)))
			used += process(l, s[done++], out + used);
		l->host->put(l, out, used);
		room = l->host->room(l);
	}
	l->sent_column = l->column;
	return done;
}

void ldisc_set_stopped(struct ldisc *l, bool stop)
{
	if (l->stopped == stop || l->held)
		return;
	l->stopped = stop;
	l->host->flow(l, stop);
	if (!stop)
		ldisc_flush_echo(l);
}

void ldisc_hold(struct ldisc *l, bool hold)
{
	if (l->held == hold)
		return;
	l->held = false;
	ldisc_set_stopped(l, hold);
	l->held = hold;
}
