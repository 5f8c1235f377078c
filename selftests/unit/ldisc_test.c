/* SPDX-License-Identifier: MIT */
/* modules: drivers/tty/ldisc.c drivers/tty/ldisc_out.c kernel/lib/bitmap.c */
/* ldisc: what is typed, what the reader gets, what the screen shows. Expectations are those of
 * Linux's n_tty. */
#include <drivers/tty/ldisc.h>

#include <kernel/lib/string.h>
#include <kernel/uapi.h>

#include "unit.h"

static char screen[8192];
static usize shown, space;
static int last_signal;
static bool flow_stopped;

static usize room(struct ldisc *l)
{
	return l->stopped ? 0 : space;
}

static void put(struct ldisc *l, const u8 *s, usize n)
{
	memcpy(screen + shown, s, n);
	shown += n;
	screen[shown] = '\0';
}

static void on_signal(struct ldisc *l, int sig)
{
	last_signal = sig;
}

static void flushed(struct ldisc *l)
{
}

static void flow(struct ldisc *l, bool stop)
{
	flow_stopped = stop;
}

static const struct ldisc_host host = {
	.room = room, .put = put, .signal = on_signal, .flushed = flushed, .flow = flow
};
static struct ldisc l;

static void start(u32 lflag_off, u32 iflag_on)
{
	struct termios_k t = TERMIOS_DEFAULT;

	memset(&l, 0, sizeof(l));
	t.lflag &= ~lflag_off;
	t.iflag |= iflag_on;
	shown = 0;
	screen[0] = '\0';
	space = 4096;
	last_signal = 0;
	ldisc_init(&l, &host, &t);
}

static void type(const char *s)
{
	EXPECT_EQ(strlen(s), ldisc_receive(&l, (const u8 *)s, strlen(s)));
}

/* Reads up to n bytes as a string. */
static const char *read_up_to(usize n, bool *done)
{
	static char buf[5000];

	buf[ldisc_read(&l, (u8 *)buf, n, done)] = '\0';
	return buf;
}

static const char *line(void)
{
	bool done;

	return read_up_to(4999, &done);
}

TEST(a_line_is_readable_when_it_is_complete)
{
	start(0, 0);
	type("ab");
	EXPECT_TRUE(!ldisc_readable(&l, 1));
	type("c\r");
	EXPECT_TRUE(ldisc_readable(&l, 1));
	EXPECT_STREQ("abc\n", line());
	EXPECT_STREQ("abc\r\n", screen);
	EXPECT_TRUE(!ldisc_readable(&l, 1));
}

TEST(one_line_a_read)
{
	bool done;

	start(0, 0);
	type("one\ntwo\n");
	EXPECT_STREQ("on", read_up_to(2, &done));
	EXPECT_TRUE(!done);
	EXPECT_STREQ("e\n", read_up_to(100, &done));
	EXPECT_TRUE(done);
	EXPECT_STREQ("two\n", line());
}

TEST(erase_word_and_kill_clean_the_screen)
{
	start(0, 0);
	type("ab\177\n");
	EXPECT_STREQ("a\n", line());
	EXPECT_STREQ("ab\b \b\r\n", screen);
	start(0, 0);
	type("foo bar  \027x\n");
	EXPECT_STREQ("foo x\n", line());
	start(0, 0);
	type("abc\025d\n");
	EXPECT_STREQ("d\n", line());
	EXPECT_STREQ("abc\b \b\b \b\b \bd\r\n", screen);
}

TEST(a_tab_is_erased_to_where_it_began)
{
	start(0, 0);
	type("ab\t\177");
	EXPECT_STREQ("ab\t\b\b\b\b\b\b", screen);
	start(0, 0);
	ldisc_write(&l, (const u8 *)"$ ", 2);
	type("\t\177");
	EXPECT_STREQ("$ \t\b\b\b\b\b\b", screen);
}

TEST(utf8_characters_are_erased_whole)
{
	start(0, IUTF8);
	type("a\xc3\xa4\177\n");
	EXPECT_STREQ("a\n", line());
	EXPECT_STREQ("a\xc3\xa4\b \b\r\n", screen);
}

TEST(control_characters_are_shown_as_pictures)
{
	start(0, 0);
	type("\001\177");
	EXPECT_STREQ("^A\b \b\b \b", screen);
	start(0, 0);
	type("\026\003\n");
	EXPECT_STREQ("\003\n", line());
	EXPECT_STREQ("^\b^C\r\n", screen);
	EXPECT_EQ(0, last_signal);
}

TEST(end_of_file_gives_what_is_there_or_nothing)
{
	bool done;

	start(0, 0);
	type("ab\004");
	EXPECT_STREQ("ab", read_up_to(2, &done));
	EXPECT_TRUE(done);
	EXPECT_TRUE(!ldisc_readable(&l, 1));
	type("\004");
	EXPECT_TRUE(ldisc_readable(&l, 1));
	EXPECT_EQ(0, ldisc_count(&l));
	EXPECT_STREQ("", read_up_to(10, &done));
	EXPECT_TRUE(done);
}

TEST(signals_flush_input_unless_noflsh)
{
	start(0, 0);
	type("abc");
	type("\003");
	EXPECT_EQ(SIGINT, last_signal);
	EXPECT_STREQ("abc^C", screen);
	type("\n");
	EXPECT_STREQ("\n", line());
	start(0, 0);
	l.t.lflag |= NOFLSH;
	type("abc\034d\n");
	EXPECT_EQ(SIGQUIT, last_signal);
	EXPECT_STREQ("abcd\n", line());
}

TEST(stop_and_start_hold_output)
{
	start(0, 0);
	type("\023");
	EXPECT_TRUE(flow_stopped);
	EXPECT_EQ(0, ldisc_write(&l, (const u8 *)"x", 1));
	type("ab");
	EXPECT_STREQ("", screen);
	type("\021");
	EXPECT_STREQ("ab", screen);
	EXPECT_EQ(1, ldisc_write(&l, (const u8 *)"x", 1));
}

TEST(any_key_starts_with_ixany)
{
	start(0, IXANY);
	type("\023a");
	EXPECT_STREQ("a", screen);
}

TEST(raw_mode_gives_bytes_as_they_come)
{
	start(ICANON | ECHO | ISIG, 0);
	l.t.iflag = 0;
	ldisc_set_termios(&l, &l.t);
	EXPECT_TRUE(l.raw);
	type("\003\r\177");
	EXPECT_TRUE(ldisc_readable(&l, 3));
	EXPECT_TRUE(!ldisc_readable(&l, 4));
	EXPECT_STREQ("\003\r\177", line());
	EXPECT_STREQ("", screen);
}

TEST(a_line_keeps_4095_bytes_and_its_end)
{
	bool done;

	start(ECHO, 0);
	for (u32 i = 0; i < 5000; i++)
		type("x");
	type("\n");
	EXPECT_EQ(4096, strlen(read_up_to(4999, &done)));
	EXPECT_TRUE(done);
}

TEST(full_lines_hold_the_sender_back)
{
	start(ECHO, 0);
	for (u32 i = 0; i < 63; i++)
		type("0123456789012345678901234567890123456789012345678901234567890123\n");
	EXPECT_EQ(0, ldisc_receive(&l, (const u8 *)"y", 1));
	EXPECT_STREQ("0123456789012345678901234567890123456789012345678901234567890123\n", line());
	EXPECT_EQ(1, ldisc_receive(&l, (const u8 *)"y", 1));
}

TEST(output_is_processed)
{
	start(0, 0);
	ldisc_write(&l, (const u8 *)"a\nb", 3);
	EXPECT_STREQ("a\r\nb", screen);
	l.t.oflag |= XTABS;
	shown = 0;
	ldisc_write(&l, (const u8 *)"\tc", 2);
	EXPECT_STREQ("       c", screen);
	l.t.oflag = 0;
	shown = 0;
	ldisc_write(&l, (const u8 *)"a\n", 2);
	EXPECT_STREQ("a\n", screen);
}

TEST(typed_text_becomes_a_line_when_the_mode_changes)
{
	struct termios_k t;

	start(ICANON | ECHO, 0);
	type("abc");
	t = l.t;
	t.lflag |= ICANON;
	ldisc_set_termios(&l, &t);
	EXPECT_TRUE(ldisc_readable(&l, 1));
	EXPECT_STREQ("abc", line());
}

TEST(reprint_shows_the_line_again)
{
	start(0, 0);
	type("ab\022");
	EXPECT_STREQ("ab^R\r\nab", screen);
}

TEST(parmrk_doubles_ff)
{
	start(ICANON | ECHO, PARMRK);
	type("\xff");
	EXPECT_STREQ("\xff\xff", line());
}

static void set(u32 iflag, u32 oflag, u32 lflag)
{
	struct termios_k t = l.t;

	t.iflag = iflag;
	t.oflag = oflag;
	t.lflag = lflag;
	ldisc_set_termios(&l, &t);
}

#define COOKED (ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN | ISIG)

TEST(carriage_returns_and_newlines_are_swapped_as_told)
{
	start(0, 0);
	set(IGNCR, 0, COOKED);
	type("a\rb\n");
	EXPECT_STREQ("ab\n", line());
	set(INLCR, 0, ICANON);
	type("a\n");
	EXPECT_TRUE(!ldisc_readable(&l, 1));		/* the newline became an ordinary \r */
	set(INLCR | ICRNL, 0, ICANON);
	type("b\r");
	EXPECT_STREQ("a\rb\n", line());
}

TEST(input_is_stripped_and_made_lower_case)
{
	start(0, 0);
	set(ISTRIP | IUCLC, 0, ICANON | IEXTEN);
	type("\xc1" "Bc\n");
	EXPECT_STREQ("abc\n", line());
}

TEST(erasing_on_paper)
{
	start(0, 0);
	set(ICRNL, 0, (COOKED & ~ECHOE) | ECHOPRT);
	type("abc\177\177d\n");
	EXPECT_STREQ("abc\\cb/d\n", screen);
	EXPECT_STREQ("ad\n", line());
}

TEST(erasing_without_a_picture_shows_the_key)
{
	start(0, 0);
	set(ICRNL, 0, ICANON | ECHO);
	type("ab\177");
	EXPECT_STREQ("ab\177", screen);
	/* VKILL: the key, no newline without ECHOK */
	type("\025x\n");
	EXPECT_STREQ("x\n", line());
	start(0, 0);
	set(ICRNL, 0, ICANON | ECHO | ECHOK);
	type("ab\025");
	EXPECT_STREQ("ab\025\n", screen);
}

TEST(without_echo_nothing_is_shown)
{
	start(0, 0);
	set(ICRNL, OPOST | ONLCR, COOKED & ~ECHO);
	type("abc\177\027\025de\026\003\n");
	EXPECT_STREQ("", screen);
	EXPECT_STREQ("de\003\n", line());
	set(ICRNL, OPOST | ONLCR, (COOKED & ~ECHO) | ECHONL);
	type("x\n");
	EXPECT_STREQ("\r\n", screen);
}

TEST(a_tab_is_erased_behind_other_things)
{
	start(0, 0);
	type("\001\t\177");				/* ^A, a tab of six, back over it */
	EXPECT_STREQ("^A\t\b\b\b\b\b\b", screen);
	start(0, 0);
	type("\ta\t\177");
	EXPECT_STREQ("\ta\t\b\b\b\b\b\b\b", screen);
	start(0, IUTF8);
	type("\xc3\xa4\t\177");			/* one column, two bytes */
	EXPECT_STREQ("\xc3\xa4\t\b\b\b\b\b\b\b", screen);
}

TEST(half_a_character_is_not_erased)
{
	start(0, IUTF8);
	type("\xa4\177\n");
	EXPECT_STREQ("\xa4\n", line());
}

TEST(keys_that_end_a_line)
{
	start(0, 0);
	l.t.cc[VEOL] = 'x';
	l.t.cc[VEOL2] = 'y';
	set(ICRNL, OPOST | ONLCR, COOKED);
	type("abxcdy");
	EXPECT_STREQ("abx", line());
	EXPECT_STREQ("cdy", line());
	EXPECT_STREQ("abxcdy", screen);
	l.t.cc[VEOL] = 0xff;
	set(ICRNL | PARMRK, OPOST | ONLCR, ICANON);
	type("a\xff");
	EXPECT_STREQ("a\xff\xff", line());
}

TEST(raw_and_stopped_bytes_wait)
{
	bool done;
	u32 i;

	start(0, 0);
	set(0, 0, 0);
	for (i = 0; i < 5000; i++)
		if (ldisc_receive(&l, (const u8 *)"x", 1) == 0)
			break;
	EXPECT_EQ(4095, i);
	EXPECT_TRUE(!ldisc_has_room(&l));
	EXPECT_EQ(4095, ldisc_count(&l));
	read_up_to(100, &done);
	EXPECT_TRUE(ldisc_has_room(&l));
	ldisc_flush_input(&l);
	EXPECT_EQ(0, ldisc_count(&l));
}

TEST(what_waits_when_xon_is_switched_off_goes_on)
{
	start(0, 0);
	type("\023");
	EXPECT_TRUE(flow_stopped);
	set(ICRNL, OPOST, COOKED);
	EXPECT_TRUE(!flow_stopped);
}

TEST(going_raw_keeps_what_was_typed)
{
	bool done;

	start(0, 0);
	type("line\nab");
	set(0, 0, 0);
	EXPECT_STREQ("line\nab", read_up_to(100, &done));
	type("xy");
	/* a line that nobody ended; its bytes may be 0 */
	set(ICRNL, 0, ICANON);
	EXPECT_TRUE(ldisc_readable(&l, 1));
	EXPECT_EQ(2, ldisc_count(&l));
	EXPECT_STREQ("xy", line());
}

TEST(breaks)
{
	start(0, 0);
	set(IGNBRK, 0, 0);
	ldisc_receive_break(&l);
	EXPECT_EQ(0, ldisc_count(&l));
	set(0, 0, 0);
	ldisc_receive_break(&l);
	EXPECT_EQ(1, ldisc_count(&l));
	set(PARMRK, 0, 0);
	ldisc_receive_break(&l);
	EXPECT_EQ(4, ldisc_count(&l));
	set(BRKINT, 0, ISIG);
	ldisc_receive_break(&l);
	EXPECT_EQ(SIGINT, last_signal);
	EXPECT_EQ(0, ldisc_count(&l));
	set(0, 0, 0);
	while (ldisc_receive(&l, (const u8 *)"x", 1))
		;
	ldisc_receive_break(&l);			/* no room: lost */
	EXPECT_EQ(4095, ldisc_count(&l));
}

TEST(susp_stops_and_flow_goes_on)
{
	start(0, 0);
	type("\023\032");
	EXPECT_EQ(SIGTSTP, last_signal);
	EXPECT_TRUE(!flow_stopped);
}

static void write_all(const char *s)
{
	shown = 0;
	screen[0] = '\0';
	EXPECT_EQ(strlen(s), ldisc_write(&l, (const u8 *)s, strlen(s)));
}

TEST(every_output_flag)
{
	start(0, 0);
	set(0, OPOST | OCRNL, 0);
	write_all("a\rb");
	EXPECT_STREQ("a\nb", screen);
	set(0, OPOST | ONOCR | ONLCR, 0);
	write_all("\n\rx\r");				/* at column 0 a return is left out */
	EXPECT_STREQ("\r\nx\r", screen);
	set(0, OPOST | OLCUC, 0);
	write_all("aB\001\b");
	EXPECT_STREQ("AB\001\b", screen);
	set(0, OPOST | ONLRET | XTABS, 0);
	write_all("ab\n\tc");
	EXPECT_STREQ("ab\n        c", screen);
	set(0, OPOST | OCRNL | ONLRET, 0);
	write_all("ab\r\tc");
	EXPECT_STREQ("ab\n\tc", screen);
}

TEST(echo_waits_for_room_and_what_is_too_much_is_lost)
{
	u32 i;

	start(0, 0);
	space = 0;
	for (i = 0; i < 3000; i++)
		type(i % 70 == 69 ? "\025" : "x");
	EXPECT_STREQ("", screen);
	EXPECT_EQ(0, ldisc_write(&l, (const u8 *)"y", 1));
	space = 100;
	ldisc_flush_echo(&l);
	EXPECT_TRUE(shown >= 100 && shown <= 2048);
	space = 0;
	set(0, 0, 0);
	EXPECT_EQ(0, ldisc_write(&l, (const u8 *)"y", 1));
}

TEST(what_a_program_stops_no_key_starts)
{
	start(0, IXANY);
	ldisc_hold(&l, true);
	EXPECT_TRUE(flow_stopped);
	ldisc_hold(&l, true);
	type("\021ab");
	EXPECT_TRUE(flow_stopped && l.stopped);
	EXPECT_STREQ("", screen);
	ldisc_hold(&l, false);
	EXPECT_TRUE(!flow_stopped && !l.stopped);
	EXPECT_TRUE(strstr(screen, "ab") != NULL);
}

TEST(the_cursor_is_where_the_echo_that_was_dropped_never_put_it)
{
	start(0, 0);
	type("ab\023cd\003"); /* held back, then dropped by the signal */
	EXPECT_EQ(SIGINT, last_signal);
	type("\021\n\t\177");
	EXPECT_TRUE(strstr(screen, "cd") == NULL);
	EXPECT_TRUE(strstr(screen, "\t\b\b\b\b\b\b\b\b") != NULL);
}

TEST(bytes_beyond_the_characters)
{
	start(0, 0);
	type("a\377b\177\n");
	EXPECT_STREQ("a\377\n", line());
	EXPECT_STREQ("a\377b\b \b\r\n", screen);
	start(0, IUTF8); /* on paper a character of two bytes takes one place */
	set(ICRNL | IUTF8, OPOST | ONLCR, ICANON | ECHO | ECHOE | ECHOPRT);
	type("x\303\244\177\n");
	EXPECT_STREQ("x\n", line());
	EXPECT_STREQ("x\303\244\\\303\244\r\n", screen);
}
