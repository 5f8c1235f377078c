/* SPDX-License-Identifier: MIT */
/* ldisc.c - the input half of the line discipline: editing, signals, lines for readers. Pure.
 *
 * Invariants, in counters that only grow:
 *  (1) tail <= canon <= head <= tail + LDISC_SIZE. In canonical mode [tail, canon) are complete
 *      lines and [canon, head) is being edited.
 *  (2) a bit in line_ends marks a byte that ends a line; an end-of-file mark is such a byte with
 *      value 0, not given to readers.
 *  (3) a line may always be ended: the last place of the ring is overwritten by further typing,
 *      never filled for good.
 *
 * Ref: termios(3); Linux's n_tty where the page is silent (4095 bytes a line, what is echoed, what
 * a signal flushes).
 * Tests: selftests/unit/ldisc_test.c, selftests/fuzz/ldisc_fuzz.c, selftests/abi/tty.c
 */
#include <drivers/tty/ldisc.h>

#include <kernel/lib/string.h>
#include <kernel/uapi.h>

#define CC(l, i) ((l)->t.cc[i])

static bool has(const struct ldisc *l, u32 lflag)
{
	return (l->t.lflag & lflag) == lflag;
}

/* c is the character for index i, which is not switched off (0). */
static bool is_cc(const struct ldisc *l, u8 c, enum termios_cc i)
{
	return CC(l, i) && c == CC(l, i);
}

static u8 at(const struct ldisc *l, u64 pos)
{
	return l->buf[pos % LDISC_SIZE];
}

static void store(struct ldisc *l, u8 c)
{
	l->buf[l->head % LDISC_SIZE] = c;
	bitmap_clear(l->line_ends, l->head % LDISC_SIZE);
	l->head++;
}

static void end_line(struct ldisc *l, u8 c)
{
	store(l, c);
	bitmap_set(l->line_ends, (l->head - 1) % LDISC_SIZE);
	l->canon = l->head;
}

/* ---- settings ---- */

static void mark_special(struct ldisc *l, u8 c)
{
	bitmap_set(l->special, c);
}

static void find_special(struct ldisc *l)
{
	static const u8 canonical[] = {
		VERASE, VKILL, VEOF, VEOL, VWERASE, VLNEXT, VREPRINT, VEOL2
	};

	memset(l->special, 0, sizeof(l->special));
	if (l->t.iflag & (IGNCR | ICRNL))
		mark_special(l, '\r');
	if (l->t.iflag & INLCR)
		mark_special(l, '\n');
	if (l->t.iflag & PARMRK)
		mark_special(l, 0xff);
	if (l->t.iflag & IXON) {
		mark_special(l, CC(l, VSTART));
		mark_special(l, CC(l, VSTOP));
	}
	if (has(l, ISIG)) {
		mark_special(l, CC(l, VINTR));
		mark_special(l, CC(l, VQUIT));
		mark_special(l, CC(l, VSUSP));
	}
	if (has(l, ICANON)) {
		mark_special(l, '\n');
		for (u32 i = 0; i < sizeof(canonical); i++)
			mark_special(l, CC(l, canonical[i]));
	}
	if (!has(l, ICANON))
		bitmap_clear(l->special, 0);	/* switched off characters are 0 */
	l->raw = has(l, EXTPROC) ||
		 (!(l->t.iflag & (ISTRIP | IUCLC | INLCR | IGNCR | ICRNL | IXON | PARMRK)) &&
		  !(l->t.lflag & (ISIG | ICANON | ECHO | ECHONL)));
}

void ldisc_init(struct ldisc *l, const struct ldisc_host *host, const struct termios_k *t)
{
	l->host = host;
	l->t = *t;
	find_special(l);
}

/* What was typed so far stays readable: in raw mode as it is; in canonical mode as a line, although
 * none was ended. */
static void change_mode(struct ldisc *l)
{
	memset(l->line_ends, 0, sizeof(l->line_ends));
	l->canon = l->tail;
	l->pushed = false;
	if (!has(l, ICANON) || l->head == l->tail)
		return;
	bitmap_set(l->line_ends, (l->head - 1) % LDISC_SIZE);
	l->canon = l->head;
	l->pushed = true;
}

void ldisc_set_termios(struct ldisc *l, const struct termios_k *t)
{
	u32 changed = (l->t.lflag ^ t->lflag) & (ICANON | EXTPROC);
	bool ixon_off = (l->t.iflag & IXON) && !(t->iflag & IXON);

	l->t = *t;
	if (changed) {
		change_mode(l);
		l->erasing = false;
		l->lnext = false;
	}
	find_special(l);
	if (ixon_off)
		ldisc_set_stopped(l, false);
}

/* ---- editing ---- */

static void finish_erasing(struct ldisc *l)
{
	if (!l->erasing)
		return;
	ldisc_echo_raw(l, '/');
	l->erasing = false;
}

static void echo_first_column(struct ldisc *l)
{
	if (l->canon == l->head)
		l->line_column = l->column;
}

/* An ordinary character: shown and stored. A newline that a return was made of is one on the
 * screen, too. */
static void type(struct ldisc *l, u8 c, bool translated)
{
	if (has(l, ECHO)) {
		finish_erasing(l);
		if (c == '\n' && translated) {
			ldisc_echo_raw(l, '\n');
		} else {
			echo_first_column(l);
			ldisc_echo_char(l, c);
		}
	}
	if (c == 0xff && (l->t.iflag & PARMRK))
		store(l, c);
	store(l, c);
}

/* Columns a tab at l->head took, from the tab or line start before it. */
static void echo_erase_tab(struct ldisc *l)
{
	u32 chars = 0;
	bool after_tab = false;

	for (u64 pos = l->head; pos != l->canon && !after_tab;) {
		u8 c = at(l, --pos);

		if (c == '\t')
			after_tab = true;
		else if (ldisc_is_control(c))
			chars += has(l, ECHOCTL) ? 2 : 0;
		else if (!ldisc_is_continuation(l, c))
			chars++;
	}
	ldisc_echo_tab_erase(l, chars, after_tab);
}

static void echo_back(struct ldisc *l)
{
	ldisc_echo_raw(l, '\b');
	ldisc_echo_raw(l, ' ');
	ldisc_echo_raw(l, '\b');
}

/* ECHOPRT, for paper: what is erased is printed between \ and /. */
static void echo_erased_print(struct ldisc *l, u64 from, u64 end)
{
	if (!l->erasing) {
		ldisc_echo_raw(l, '\\');
		l->erasing = true;
	}
	ldisc_echo_char(l, at(l, from));
	while (++from < end) {
		ldisc_echo_raw(l, at(l, from));
		ldisc_echo_move_back(l);
	}
}

/* The character [l->head, end) is gone from the line; the screen follows. by: the key that did
 * it. */
static void echo_erased(struct ldisc *l, u64 end, enum termios_cc by)
{
	u8 c = at(l, l->head);

	if (!has(l, ECHO))
		return;
	if (has(l, ECHOPRT)) {
		echo_erased_print(l, l->head, end);
	} else if (by == VERASE && !has(l, ECHOE)) {
		ldisc_echo_char(l, CC(l, VERASE));
	} else if (c == '\t') {
		echo_erase_tab(l);
	} else {
		if (ldisc_is_control(c) && has(l, ECHOCTL))
			echo_back(l);
		if (!ldisc_is_control(c) || has(l, ECHOCTL))
			echo_back(l);
	}
}

static bool is_word(u8 c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c >= 0xc0;
}

/* VKILL without a screen to erase it from: the line is dropped, the key shown. */
static void kill_plain(struct ldisc *l)
{
	l->head = l->canon;
	if (!has(l, ECHO))
		return;
	finish_erasing(l);
	ldisc_echo_char(l, CC(l, VKILL));
	if (has(l, ECHOK))
		ldisc_echo_raw(l, '\n');
}

static void erase(struct ldisc *l, enum termios_cc by)
{
	bool seen_word = false;

	if (l->head == l->canon)
		return;
	if (by == VKILL && !has(l, ECHO | ECHOK | ECHOKE | ECHOE)) {
		kill_plain(l);
		return;
	}
	while (l->head != l->canon) {
		u64 first = l->head, end = l->head;

		do {
			first--;
		} while (first != l->canon && ldisc_is_continuation(l, at(l, first)));
		if (ldisc_is_continuation(l, at(l, first)))
			break;		/* not a whole character */
		if (by == VWERASE) {
			if (is_word(at(l, first)))
				seen_word = true;
			else if (seen_word)
				break;
		}
		l->head = first;
		echo_erased(l, end, by);
		if (by == VERASE)
			break;
	}
	if (l->head == l->canon && has(l, ECHO))
		finish_erasing(l);
}

static void reprint(struct ldisc *l, u8 key)
{
	finish_erasing(l);
	ldisc_echo_char(l, key);
	ldisc_echo_raw(l, '\n');
	for (u64 pos = l->canon; pos != l->head; pos++)
		ldisc_echo_char(l, at(l, pos));
}

static void next_is_literal(struct ldisc *l)
{
	l->lnext = true;
	if (!has(l, ECHO))
		return;
	finish_erasing(l);
	if (has(l, ECHOCTL)) {
		ldisc_echo_raw(l, '^');
		ldisc_echo_raw(l, '\b');
	}
}

static void end_of_line_key(struct ldisc *l, u8 c)
{
	if (has(l, ECHO)) {
		echo_first_column(l);
		ldisc_echo_char(l, c);
	}
	if (c == 0xff && (l->t.iflag & PARMRK))
		store(l, c);
	end_line(l, c);
}

/* Keys of canonical mode; false: an ordinary character. */
static bool edit(struct ldisc *l, u8 c)
{
	bool ext = has(l, IEXTEN);

	if (is_cc(l, c, VERASE)) {
		erase(l, VERASE);
	} else if (is_cc(l, c, VKILL)) {
		erase(l, VKILL);
	} else if (ext && is_cc(l, c, VWERASE)) {
		erase(l, VWERASE);
	} else if (ext && is_cc(l, c, VLNEXT)) {
		next_is_literal(l);
	} else if (ext && has(l, ECHO) && is_cc(l, c, VREPRINT)) {
		reprint(l, c);
	} else if (c == '\n') {
		if (l->t.lflag & (ECHO | ECHONL))
			ldisc_echo_raw(l, '\n');
		end_line(l, '\n');
	} else if (is_cc(l, c, VEOF)) {
		end_line(l, 0);		/* (2) */
	} else if (is_cc(l, c, VEOL) || (ext && is_cc(l, c, VEOL2))) {
		end_of_line_key(l, c);
	} else {
		return false;
	}
	return true;
}

/* ---- signals and flow ---- */

void ldisc_flush_input(struct ldisc *l)
{
	l->tail = l->canon = l->head;
	memset(l->line_ends, 0, sizeof(l->line_ends));
	l->erasing = false;
	l->lnext = false;
	l->pushed = false;
}

static void send_signal(struct ldisc *l, int sig)
{
	if (!has(l, NOFLSH)) {
		ldisc_drop_echo(l);
		l->host->flushed(l);
		ldisc_flush_input(l);
	}
	l->host->signal(l, sig);
}

static bool signal_key(struct ldisc *l, u8 c)
{
	int sig = is_cc(l, c, VINTR)   ? SIGINT
		  : is_cc(l, c, VQUIT) ? SIGQUIT
		  : is_cc(l, c, VSUSP) ? SIGTSTP
				       : 0;

	if (!sig || !has(l, ISIG))
		return false;
	send_signal(l, sig);
	if (l->t.iflag & IXON)
		ldisc_set_stopped(l, false);
	if (has(l, ECHO))
		ldisc_echo_char(l, c);
	return true;
}

static bool flow_key(struct ldisc *l, u8 c)
{
	if (!(l->t.iflag & IXON) || !(is_cc(l, c, VSTART) || is_cc(l, c, VSTOP)))
		return false;
	ldisc_set_stopped(l, !is_cc(l, c, VSTART));
	if (!l->stopped)
		ldisc_flush_echo(l);
	return true;
}

/* ---- input ---- */

static void receive_special(struct ldisc *l, u8 c)
{
	if (flow_key(l, c) || signal_key(l, c))
		return;
	if (c == '\r') {
		if (l->t.iflag & IGNCR)
			return;
		if (l->t.iflag & ICRNL)
			c = '\n';
	} else if (c == '\n' && (l->t.iflag & INLCR)) {
		c = '\r';
	}
	if (has(l, ICANON) && edit(l, c))
		return;
	type(l, c, true);
}

/* Letters of Latin-1, as Linux's. */
static u8 to_lower(u8 c)
{
	bool is_upper = (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);

	return is_upper ? c + ('a' - 'A') : c;
}

static u8 fold(const struct ldisc *l, u8 c)
{
	if (l->t.iflag & ISTRIP)
		c &= 0x7f;
	return (l->t.iflag & IUCLC) && has(l, IEXTEN) ? to_lower(c) : c;
}

static void receive_one(struct ldisc *l, u8 c)
{
	c = fold(l, c);
	if (l->lnext) {
		l->lnext = false;
		type(l, c, false);
		return;
	}
	if (l->stopped && (l->t.iflag & (IXON | IXANY)) == (IXON | IXANY) && !is_cc(l, c, VSTOP) &&
	    !is_cc(l, c, VSTART))
		ldisc_set_stopped(l, false);
	if (bitmap_test(l->special, c))
		receive_special(l, c);
	else
		type(l, c, false);
}

/* What one byte of input may become. */
static usize bytes_at_most(const struct ldisc *l)
{
	return l->t.iflag & PARMRK ? 2 : 1;
}

/* Bytes of input that may be stored, keeping one place to end a line in. */
static usize room(const struct ldisc *l)
{
	usize used = l->head - l->tail;

	return used >= LDISC_SIZE - 1 ? 0 : (LDISC_SIZE - 1 - used) / bytes_at_most(l);
}

bool ldisc_has_room(const struct ldisc *l)
{
	return room(l) > 0 || (has(l, ICANON) && l->canon == l->tail);
}

static usize receive_raw(struct ldisc *l, const u8 *s, usize n)
{
	n = min(n, room(l));
	for (usize i = 0; i < n; i++)
		l->buf[l->head++ % LDISC_SIZE] = fold(l, s[i]);
	return n;
}

usize ldisc_receive(struct ldisc *l, const u8 *s, usize n)
{
	usize done = 0;

	if (l->raw)
		return receive_raw(l, s, n);
	for (; done < n; done++) {
		if (!room(l)) {
			/* (3): a line too long to be kept loses its last bytes, unless readers can
			 * make room */
			if (!has(l, ICANON) || l->canon != l->tail)
				break;
			while (l->head - l->tail + bytes_at_most(l) > LDISC_SIZE)
				l->head--;
		}
		receive_one(l, s[done]);
	}
	ldisc_flush_echo(l);
	return done;
}

void ldisc_receive_break(struct ldisc *l)
{
	if (l->t.iflag & IGNBRK)
		return;
	if (l->t.iflag & BRKINT) {
		send_signal(l, SIGINT);
		return;
	}
	if (LDISC_SIZE - (l->head - l->tail) < 4)
		return;
	if (l->t.iflag & PARMRK) {
		store(l, 0xff);
		store(l, 0);
	}
	store(l, 0);
}

/* ---- readers ---- */

static usize copy_out(struct ldisc *l, u8 *dst, usize n)
{
	usize first = l->tail % LDISC_SIZE, head = min(n, LDISC_SIZE - first);

	memcpy(dst, l->buf + first, head);
	memcpy(dst + head, l->buf, n - head);
	l->tail += n;
	return n;
}

/* The end of the first line: the counter behind its last byte; l->canon when none is marked. */
static u64 first_end(const struct ldisc *l, bool *found)
{
	u64 start = l->tail % LDISC_SIZE, bit = bitmap_find_set(l->line_ends, LDISC_SIZE, start),
	    pos;

	*found = false;
	if (bit == BITMAP_NONE)
		bit = bitmap_find_set(l->line_ends, start, 0);
	if (bit == BITMAP_NONE)
		return l->canon;
	pos = l->tail + (bit - start) % LDISC_SIZE;
	if (pos >= l->canon)
		return l->canon;
	*found = true;
	return pos + 1;
}

static usize read_line(struct ldisc *l, u8 *dst, usize n, bool *line_done)
{
	bool found;
	u64 end = first_end(l, &found);
	usize len = end - l->tail;
	bool is_eof = found && at(l, end - 1) == 0 && !l->pushed;

	*line_done = false;
	if (is_eof)
		len--;
	if (len > n)
		return copy_out(l, dst, n);
	copy_out(l, dst, len);
	if (is_eof)
		l->tail++;
	if (found)
		bitmap_clear(l->line_ends, (end - 1) % LDISC_SIZE);
	if (l->tail == l->canon)
		l->pushed = false;
	*line_done = found;
	return len;
}

usize ldisc_read(struct ldisc *l, u8 *dst, usize n, bool *line_done)
{
	if (ldisc_is_canonical(l))
		return read_line(l, dst, n, line_done);
	*line_done = false;
	n = copy_out(l, dst, min(n, (usize)(l->head - l->tail)));
	if (l->canon < l->tail)
		l->canon = l->tail;
	return n;
}

bool ldisc_readable(const struct ldisc *l, u32 least)
{
	if (ldisc_is_canonical(l))
		return l->canon != l->tail;
	return l->head - l->tail >= (least ? least : 1);
}

usize ldisc_count(const struct ldisc *l)
{
	usize n;

	if (!ldisc_is_canonical(l))
		return l->head - l->tail;
	n = l->canon - l->tail;
	for (u64 pos = l->tail; pos != l->canon; pos++)
		if (at(l, pos) == 0 && bitmap_test(l->line_ends, pos % LDISC_SIZE))
			n--;
	return n;
}
