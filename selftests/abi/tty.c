/* SPDX-License-Identifier: MIT */
/* libc: glibc; musl 1.2.3 has not all of the constants. */
/* Terminals, on a pty: line editing, modes, sizes, packet mode, hang-up, job control. */
#include "../harness.h"

#include <asm/termbits.h>
#include <poll.h>
#include <sys/ioctl.h>

static int master, slave;

static void open_pair(void)
{
	char name[32];
	int n, zero = 0;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
	ASSERT_TRUE(master >= 0);
	ASSERT_EQ(0, ioctl(master, TIOCGPTN, &n));
	ASSERT_EQ(0, ioctl(master, TIOCSPTLCK, &zero));
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	slave = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
	ASSERT_TRUE(slave >= 0);
}

static struct termios get(void)
{
	struct termios t;

	ASSERT_EQ(0, ioctl(slave, TCGETS, &t));
	return t;
}

static void put(struct termios *t)
{
	ASSERT_EQ(0, ioctl(slave, TCSETS, t));
}

static void set_lflag(unsigned on, unsigned off)
{
	struct termios t = get();

	t.c_lflag = (t.c_lflag | on) & ~off;
	put(&t);
}

static void raw_mode(int vmin, int vtime)
{
	struct termios t = get();

	t.c_iflag = t.c_oflag = 0;
	t.c_lflag = 0;
	t.c_cc[VMIN] = vmin;
	t.c_cc[VTIME] = vtime;
	put(&t);
}

static void type(const char *s)
{
	ASSERT_EQ(strlen(s), write(master, s, strlen(s)));
	usleep(20000);
}

/* What is readable now, as a string; errors as "errno N". */
static const char *text(int fd)
{
	static char buf[2][10000];
	static int which;
	char *b = buf[which ^= 1];
	int n = read(fd, b, sizeof(buf[0]) - 1);

	if (n < 0)
		snprintf(b, 30, "errno %d", errno);
	else
		b[n] = 0;
	return b;
}

#define SLAVE_READS(s)	EXPECT_STREQ(s, text(slave))
/* Linux delivers from a worker */
#define MASTER_READS(s) do { usleep(10000); EXPECT_STREQ(s, text(master)); } while (0)
#define NOTHING		"errno 11"

TEST(a_new_terminal_is_sane)
{
	struct termios t;

	open_pair();
	t = get();
	EXPECT_EQ(ICRNL | IXON, t.c_iflag);
	EXPECT_EQ(OPOST | ONLCR, t.c_oflag);
	EXPECT_EQ(B38400 | CS8 | CREAD, t.c_cflag);
	EXPECT_EQ(ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN, t.c_lflag);
	EXPECT_EQ(3, t.c_cc[VINTR]);
	EXPECT_EQ(127, t.c_cc[VERASE]);
	EXPECT_EQ(4, t.c_cc[VEOF]);
	EXPECT_EQ(1, t.c_cc[VMIN]);
	EXPECT_EQ(0, t.c_line);
}

TEST(lines_and_echo)
{
	open_pair();
	SLAVE_READS(NOTHING);
	type("abc");
	SLAVE_READS(NOTHING);
	MASTER_READS("abc");
	type("d\r");
	SLAVE_READS("abcd\n");
	MASTER_READS("d\r\n");
	type("one\ntwo\n");
	SLAVE_READS("one\n");
	SLAVE_READS("two\n");
	SLAVE_READS(NOTHING);
}

TEST(editing)
{
	open_pair();
	type("abx\177c\n");
	SLAVE_READS("abc\n");
	MASTER_READS("abx\b \bc\r\n");
	type("foo bar\027baz\n");
	SLAVE_READS("foo baz\n");
	MASTER_READS("foo bar\b \b\b \b\b \bbaz\r\n");
	type("wrong\025right\n");
	SLAVE_READS("right\n");
	MASTER_READS("wrong\b \b\b \b\b \b\b \b\b \bright\r\n");
	type("a\026\003b\n");
	SLAVE_READS("a\003b\n");
	MASTER_READS("a^\b^Cb\r\n");
	type("ab\022c\n");
	SLAVE_READS("abc\n");
	MASTER_READS("ab^R\r\nabc\r\n");
	type("\t\177x\n");
	SLAVE_READS("x\n");
	MASTER_READS("\t\b\b\b\b\b\b\b\bx\r\n");
	type("\001\177\n");
	SLAVE_READS("\n");
	MASTER_READS("^A\b \b\b \b\r\n");
}

TEST(end_of_file)
{
	open_pair();
	type("ab\004");
	SLAVE_READS("ab");
	SLAVE_READS(NOTHING);
	type("\004");
	SLAVE_READS("");
	SLAVE_READS(NOTHING);
	type("x\004\004");
	SLAVE_READS("x");
	SLAVE_READS("");
}

TEST(a_short_read_leaves_the_rest_of_the_line)
{
	char c[4] = "";

	open_pair();
	type("hello\n");
	EXPECT_EQ(2, read(slave, c, 2));
	EXPECT_STREQ("he", c);
	SLAVE_READS("llo\n");
	type("ab\004");
	EXPECT_EQ(2, read(slave, c, 2));
	SLAVE_READS(NOTHING);
}

TEST(utf8_is_erased_by_characters)
{
	struct termios t;

	open_pair();
	t = get();
	t.c_iflag |= IUTF8;
	put(&t);
	type("a\xc3\xa4\177\n");
	SLAVE_READS("a\n");
	MASTER_READS("a\xc3\xa4\b \b\r\n");
}

TEST(echo_variants)
{
	open_pair();
	set_lflag(0, ECHO);
	type("secret\n");
	MASTER_READS(NOTHING);
	SLAVE_READS("secret\n");
	set_lflag(ECHONL, 0);
	type("x\n");
	MASTER_READS("\r\n");
	SLAVE_READS("x\n");
	set_lflag(ECHO, ECHOCTL | ECHONL);
	type("\001\n");
	MASTER_READS("\001\r\n");
	SLAVE_READS("\001\n");
	set_lflag(0, ECHOKE);
	type("abc\025\n");
	MASTER_READS("abc\025\r\n\r\n");
	SLAVE_READS("\n");
	set_lflag(ECHOPRT | ECHOCTL, 0);
	type("abc\177\177d\n");
	MASTER_READS("abc\\cb/d\r\n");
	SLAVE_READS("ad\n");
}

TEST(input_and_output_translation)
{
	struct termios t;

	open_pair();
	t = get();
	t.c_iflag = INLCR | IGNCR;
	t.c_lflag &= ~(ICANON | ECHO);
	put(&t);
	type("a\nb\rc");
	SLAVE_READS("a\rbc");
	t.c_iflag = ISTRIP;
	put(&t);
	type("\xe1");
	SLAVE_READS("a");
	t.c_iflag = PARMRK;
	put(&t);
	type("\xff");
	SLAVE_READS("\xff\xff");
	t.c_oflag = OPOST | OCRNL | XTABS;
	put(&t);
	EXPECT_EQ(5, write(slave, "a\rb\tc", 5));
	MASTER_READS("a\nb      c");
	t.c_oflag = OPOST | ONOCR | ONLRET;
	put(&t);
	EXPECT_EQ(4, write(slave, "\n\rx\r", 4));
	MASTER_READS("\nx\r");
	t.c_oflag = 0;
	put(&t);
	EXPECT_EQ(2, write(slave, "a\n", 2));
	MASTER_READS("a\n");
}

TEST(raw_mode_waits_for_min_bytes_or_time)
{
	struct pollfd p = { .events = POLLIN };

	open_pair();
	raw_mode(1, 0);
	SLAVE_READS(NOTHING);
	type("\003\r\004");
	SLAVE_READS("\003\r\004");
	raw_mode(0, 0);
	SLAVE_READS("");
	raw_mode(3, 0);
	p.fd = slave;
	type("ab");
	EXPECT_EQ(0, poll(&p, 1, 0));
	type("c");
	EXPECT_EQ(1, poll(&p, 1, 0));
	SLAVE_READS("abc");
	fcntl(slave, F_SETFL, 0);
	raw_mode(0, 1);
	SLAVE_READS("");
	raw_mode(5, 1);
	type("xy");
	SLAVE_READS("xy");
}

TEST(a_line_keeps_4095_bytes_and_its_end)
{
	static char line[4500];

	open_pair();
	set_lflag(0, ECHO);
	memset(line, 'x', 4400);
	for (int i = 0; i < 4400; i += 400)
		EXPECT_EQ(400, write(master, line + i, 400));
	type("\n");
	EXPECT_EQ(4096, strlen(text(slave)));
	SLAVE_READS(NOTHING);
}

TEST(flow_control_by_keys_and_by_calls)
{
	open_pair();
	type("\023");
	EXPECT_ERRNO(EAGAIN, write(slave, "x", 1));
	MASTER_READS(NOTHING);
	type("\021");
	EXPECT_EQ(1, write(slave, "x", 1));
	MASTER_READS("x");
	EXPECT_EQ(0, ioctl(slave, TCXONC, TCOOFF));
	EXPECT_ERRNO(EAGAIN, write(slave, "y", 1));
	EXPECT_EQ(0, ioctl(slave, TCXONC, TCOON));
	EXPECT_EQ(1, write(slave, "y", 1));
	MASTER_READS("y");
	EXPECT_ERRNO(EINVAL, ioctl(slave, TCXONC, 9));
}

TEST(queues_are_counted_and_flushed)
{
	int n;

	open_pair();
	type("abc");
	EXPECT_EQ(0, ioctl(slave, FIONREAD, &n));
	EXPECT_EQ(0, n);
	type("\nde\n");
	EXPECT_EQ(0, ioctl(slave, FIONREAD, &n));
	EXPECT_EQ(7, n);
	EXPECT_EQ(0, ioctl(slave, TCFLSH, TCIFLUSH));
	SLAVE_READS(NOTHING);
	EXPECT_ERRNO(EINVAL, ioctl(slave, TCFLSH, 3));
	EXPECT_EQ(0, ioctl(slave, TCSBRK, 1));
	EXPECT_EQ(0, ioctl(slave, TIOCOUTQ, &n));
	EXPECT_EQ(0, n);
}

TEST(line_mode_to_raw_keeps_what_was_typed)
{
	open_pair();
	set_lflag(0, ECHO);
	type("abc");
	SLAVE_READS(NOTHING);
	set_lflag(0, ICANON);
	SLAVE_READS("abc");
	type("de");
	set_lflag(ICANON, 0);
	SLAVE_READS("de");
}

TEST(termios2_and_termio)
{
	struct termios2 t2;
	struct termio t1;

	open_pair();
	EXPECT_EQ(0, ioctl(slave, TCGETS2, &t2));
	EXPECT_EQ(38400, t2.c_ospeed);
	t2.c_cflag = (t2.c_cflag & ~CBAUD) | B115200;
	EXPECT_EQ(0, ioctl(slave, TCSETS2, &t2));
	EXPECT_EQ(0, ioctl(slave, TCGETS2, &t2));
	EXPECT_EQ(115200, t2.c_ospeed);
	EXPECT_EQ(0, ioctl(slave, TCGETA, &t1));
	EXPECT_EQ(ICRNL | IXON, t1.c_iflag);
	EXPECT_ERRNO(EFAULT, ioctl(slave, TCGETS, 8));
	EXPECT_ERRNO(EFAULT, ioctl(slave, TCSETS, 8));
	EXPECT_ERRNO(ENOTTY, ioctl(slave, 0x54ff, 0));
}

TEST(window_size)
{
	struct winsize w = { 1, 2, 3, 4 };

	open_pair();
	EXPECT_EQ(0, ioctl(slave, TIOCGWINSZ, &w));
	EXPECT_EQ(0, w.ws_row | w.ws_col | w.ws_xpixel | w.ws_ypixel);
	w = (struct winsize){ 24, 80, 5, 6 };
	EXPECT_EQ(0, ioctl(master, TIOCSWINSZ, &w));
	w = (struct winsize){};
	EXPECT_EQ(0, ioctl(slave, TIOCGWINSZ, &w));
	EXPECT_EQ(24, w.ws_row);
	EXPECT_EQ(80, w.ws_col);
	EXPECT_EQ(5, w.ws_xpixel);
}

TEST(the_slave_is_locked_until_unlocked)
{
	char name[32];
	int n, one = 1, v = -1;

	open_pair();
	EXPECT_EQ(0, ioctl(master, TIOCGPTN, &n));
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	EXPECT_EQ(0, ioctl(master, TIOCSPTLCK, &one));
	EXPECT_EQ(0, ioctl(master, TIOCGPTLCK, &v));
	EXPECT_EQ(1, v);
	EXPECT_ERRNO(EIO, open(name, O_RDWR | O_NOCTTY));
	EXPECT_ERRNO(ENOTTY, ioctl(slave, TIOCGPTN, &n));
}

TEST(peer_opens_the_slave)
{
	int fd, zero = 0;

	open_pair();
	EXPECT_EQ(0, ioctl(master, TIOCSPTLCK, &zero));
	fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	ASSERT_TRUE(fd >= 0);
	EXPECT_EQ(2, write(fd, "hi", 2));
	MASTER_READS("hi");
}

TEST(masters_see_the_slaves_last_close)
{
	struct pollfd p = { .events = POLLIN | POLLOUT };

	open_pair();
	p.fd = master;
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLOUT, p.revents);
	EXPECT_EQ(3, write(slave, "bye", 3));
	close(slave);
	usleep(20000);
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT | POLLHUP, p.revents);
	MASTER_READS("bye");
	MASTER_READS("errno 5");
}

TEST(slaves_see_the_masters_close)
{
	struct pollfd p = { .events = POLLIN | POLLOUT };
	struct termios t;

	open_pair();
	close(master);
	usleep(20000);
	p.fd = slave;
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT | POLLERR | POLLHUP, p.revents);
	SLAVE_READS("");
	EXPECT_ERRNO(EIO, write(slave, "x", 1));
	EXPECT_ERRNO(EIO, ioctl(slave, TCGETS, &t));
}

TEST(packet_mode_tells_of_flow_and_flush)
{
	int one = 1, v = 0;
	char buf[10];

	open_pair();
	EXPECT_EQ(0, ioctl(master, TIOCPKT, &one));
	EXPECT_EQ(0, ioctl(master, TIOCGPKT, &v));
	EXPECT_EQ(1, v);
	EXPECT_EQ(2, write(slave, "ab", 2));
	EXPECT_EQ(3, read(master, buf, 10));
	EXPECT_EQ(TIOCPKT_DATA, buf[0]);
	EXPECT_EQ('a', buf[1]);
	EXPECT_EQ(0, ioctl(slave, TCXONC, TCOOFF));
	EXPECT_EQ(1, read(master, buf, 10));
	EXPECT_EQ(TIOCPKT_STOP, buf[0]);
	EXPECT_EQ(0, ioctl(slave, TCXONC, TCOON));
	EXPECT_EQ(1, read(master, buf, 10));
	EXPECT_EQ(TIOCPKT_START, buf[0]);
	EXPECT_ERRNO(EAGAIN, read(master, buf, 10));
}

TEST(what_arrived_at_the_master_no_flush_takes)
{
	open_pair();
	set_lflag(0, ECHO);
	EXPECT_EQ(5, write(slave, "last\n", 5));
	usleep(20000);
	EXPECT_EQ(0, ioctl(slave, TCFLSH, TCOFLUSH));
	type("\003");
	MASTER_READS("last\r\n");
}

TEST(what_a_program_stopped_no_key_starts)
{
	open_pair();
	EXPECT_EQ(0, ioctl(slave, TCXONC, TCOOFF));
	type("\021");
	EXPECT_ERRNO(EAGAIN, write(slave, "x", 1));
	EXPECT_EQ(0, ioctl(slave, TCXONC, TCION));
	MASTER_READS(NOTHING);
	EXPECT_EQ(0, ioctl(slave, TCXONC, TCOON));
	EXPECT_EQ(1, write(slave, "y", 1));
	type("\023");
	EXPECT_EQ(0, ioctl(slave, TCXONC, TCOON));
	EXPECT_ERRNO(EAGAIN, write(slave, "z", 1));
	EXPECT_EQ(0, ioctl(slave, TCXONC, TCIOFF));
	MASTER_READS("y\023");
}

TEST(a_master_flushes_and_stops_its_own_side)
{
	struct pollfd p = { .events = POLLIN | POLLOUT };

	open_pair();
	set_lflag(0, ECHO);
	p.fd = master;
	EXPECT_EQ(3, write(slave, "abc", 3));
	type("line\n");
	EXPECT_EQ(0, ioctl(master, TCFLSH, TCIFLUSH));
	MASTER_READS(NOTHING);
	EXPECT_EQ(0, ioctl(master, TCXONC, TCOOFF));
	EXPECT_ERRNO(EAGAIN, write(master, "x", 1));
	EXPECT_EQ(0, poll(&p, 1, 0));
	EXPECT_EQ(1, write(slave, "d", 1));
	MASTER_READS("d");
	EXPECT_EQ(0, ioctl(master, TCXONC, TCOON));
	type("x\n");
	SLAVE_READS("line\n");
	SLAVE_READS("x\n");
	EXPECT_EQ(0, ioctl(master, TCXONC, TCIOFF));
	usleep(20000);
	EXPECT_ERRNO(EAGAIN, write(slave, "x", 1));
	EXPECT_EQ(0, ioctl(master, TCXONC, TCION));
	usleep(20000);
	EXPECT_EQ(1, write(slave, "x", 1));
	EXPECT_ERRNO(EINVAL, ioctl(master, TCXONC, 4));
	EXPECT_ERRNO(EINVAL, ioctl(master, TCFLSH, 3));
}

TEST(extproc_leaves_editing_to_the_other_side)
{
	int one = 1, n;

	open_pair();
	EXPECT_EQ(0, ioctl(master, TIOCPKT, &one));
	set_lflag(EXTPROC, 0);
	MASTER_READS("\x40");
	type("ab\177\003\r");
	EXPECT_EQ(0, ioctl(slave, FIONREAD, &n));
	EXPECT_EQ(5, n);
	SLAVE_READS("ab\177\003\r");
	MASTER_READS(NOTHING);
	EXPECT_EQ(2, write(slave, "a\n", 2));
	usleep(20000);
	EXPECT_EQ(4, read(master, (char[10]){}, 10));
	type("cd");
	set_lflag(0, EXTPROC);
	MASTER_READS("\x40");
	SLAVE_READS("cd");
}

TEST(the_administrator_types_for_others)
{
	open_pair();
	set_lflag(0, ECHO);
	EXPECT_ERRNO(EFAULT, ioctl(slave, TIOCSTI, NULL));
	EXPECT_EQ(0, ioctl(slave, TIOCSTI, "h"));
	EXPECT_EQ(0, ioctl(slave, TIOCSTI, "\n"));
	usleep(20000);
	SLAVE_READS("h\n");
	EXPECT_EQ(0, ioctl(master, TIOCSTI, "m"));
	MASTER_READS("m");
	IN_CHILD({
		EXPECT_EQ(0, setuid(1000));
		EXPECT_ERRNO(EIO, ioctl(slave, TIOCSTI, "h"));
	});
}

TEST(odd_echo_and_case)
{
	struct termios t;

	open_pair();
	type("\026\n\377\n");
	MASTER_READS("^\b^J\377\r\n");
	t = get();
	t.c_oflag |= OLCUC;
	t.c_iflag |= IUCLC;
	put(&t);
	type("A\300\n");
	SLAVE_READS("\n\377\n");
	SLAVE_READS("a\340\n");
	MASTER_READS("A\300\r\n");
}

/* A child that leads a session with the slave as its controlling terminal. */
#define SESSION(body) IN_CHILD({						\
	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0))			\
		_exit(90);						\
	body;								\
})

static volatile int got;

static void note(int sig)
{
	got = sig;
}

TEST(controlling_terminals)
{
	pid_t id;

	open_pair();
	EXPECT_ERRNO(ENOTTY, ioctl(slave, TIOCGPGRP, &id));
	EXPECT_ERRNO(ENOTTY, ioctl(slave, TIOCGSID, &id));
	SESSION({
		int fd;

		EXPECT_EQ(0, ioctl(slave, TIOCGPGRP, &id));
		EXPECT_EQ(getpid(), id);
		EXPECT_EQ(0, ioctl(slave, TIOCGSID, &id));
		EXPECT_EQ(getpid(), id);
		EXPECT_EQ(0, ioctl(master, TIOCGPGRP, &id));
		EXPECT_EQ(getpid(), id);
		fd = open("/dev/tty", O_RDWR);
		EXPECT_TRUE(fd >= 0);
		EXPECT_EQ(2, write(fd, "ok", 2));
		MASTER_READS("ok");
		signal(SIGHUP, SIG_IGN);
		EXPECT_EQ(0, ioctl(slave, TIOCNOTTY));
		EXPECT_ERRNO(ENXIO, open("/dev/tty", O_RDWR));
	});
	usleep(100000);
}

TEST(opening_without_noctty_takes_the_terminal)
{
	int n;
	char name[32];

	open_pair();
	ioctl(master, TIOCGPTN, &n);
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	IN_CHILD({
		pid_t id = 0;

		setsid();
		EXPECT_TRUE(open(name, O_RDWR) >= 0);
		EXPECT_EQ(0, ioctl(slave, TIOCGPGRP, &id));
		EXPECT_EQ(getpid(), id);
	});
	usleep(100000);
}

TEST(keys_send_signals_to_the_foreground)
{
	open_pair();
	SESSION({
		signal(SIGINT, note);
		signal(SIGQUIT, note);
		signal(SIGWINCH, note);
		type("\003");
		EXPECT_EQ(SIGINT, got);
		MASTER_READS("^C");
		type("\034");
		EXPECT_EQ(SIGQUIT, got);
		EXPECT_EQ(0, ioctl(master, TIOCSWINSZ, &(struct winsize){ 9, 9, 0, 0 }));
		usleep(20000);
		EXPECT_EQ(SIGWINCH, got);
	});
	usleep(200000);
}

TEST(a_master_sends_the_signals_of_keys)
{
	open_pair();
	SESSION({
		signal(SIGINT, note);
		EXPECT_EQ(0, ioctl(master, TIOCSIG, SIGINT));
		EXPECT_EQ(SIGINT, got);
		EXPECT_ERRNO(EINVAL, ioctl(master, TIOCSIG, SIGTERM));
		EXPECT_ERRNO(ENOTTY, ioctl(slave, TIOCSIG, SIGINT));
	});
	usleep(200000);
}

TEST(a_signal_flushes_what_was_typed)
{
	open_pair();
	SESSION({
		signal(SIGINT, note);
		type("abc");
		type("\003");
		type("d\n");
		SLAVE_READS("d\n");
		set_lflag(NOFLSH, 0);
		type("abc");
		type("\003");
		type("d\n");
		SLAVE_READS("abcd\n");
	});
	usleep(300000);
}

TEST(background_processes_stop_when_they_read)
{
	open_pair();
	fcntl(slave, F_SETFL, 0);
	SESSION({
		int status;
		pid_t p = fork();

		if (p == 0) {
			char c;

			setpgid(0, 0);
			read(slave, &c, 1);
			_exit(7);
		}
		EXPECT_EQ(p, waitpid(p, &status, WUNTRACED));
		EXPECT_TRUE(WIFSTOPPED(status));
		EXPECT_EQ(SIGTTIN, WSTOPSIG(status));
		EXPECT_EQ(0, ioctl(slave, TIOCSPGRP, &p));
		write(master, "x\n", 2);
		kill(p, SIGCONT);
		EXPECT_EQ(p, waitpid(p, &status, 0));
		EXPECT_TRUE(WIFEXITED(status));
		EXPECT_EQ(7, WEXITSTATUS(status));
	});
	usleep(300000);
}

TEST(background_writers_stop_only_with_tostop)
{
	open_pair();
	SESSION({
		int status;
		pid_t p = fork();

		if (p == 0) {
			struct termios t;

			setpgid(0, 0);
			if (write(slave, "x", 1) != 1)
				_exit(1);
			signal(SIGTTOU, SIG_IGN);
			set_lflag(TOSTOP, 0);
			if (write(slave, "x", 1) != 1)
				_exit(2);
			signal(SIGTTOU, SIG_DFL);
			ioctl(slave, TCGETS, &t);
			write(slave, "y", 1);
			_exit(3);
		}
		EXPECT_EQ(p, waitpid(p, &status, WUNTRACED));
		EXPECT_TRUE(WIFSTOPPED(status));
		EXPECT_EQ(SIGTTOU, WSTOPSIG(status));
		kill(p, SIGKILL);
	});
	usleep(300000);
}

TEST(an_orphaned_background_reader_gets_eio)
{
	open_pair();
	fcntl(slave, F_SETFL, 0);
	SESSION({
		signal(SIGHUP, SIG_IGN);
		signal(SIGTTIN, SIG_IGN);
		IN_CHILD({
			char c;

			setpgid(0, 0);
			EXPECT_ERRNO(EIO, read(slave, &c, 1));
		});
		usleep(100000);
	});
	usleep(300000);
}

TEST(groups_of_other_sessions_cannot_be_foreground)
{
	pid_t outside = getpgrp();

	open_pair();
	SESSION({
		EXPECT_ERRNO(EPERM, ioctl(slave, TIOCSPGRP, &outside));
		EXPECT_ERRNO(ESRCH, ioctl(slave, TIOCSPGRP, &(pid_t){ 999999 }));
		EXPECT_ERRNO(EINVAL, ioctl(slave, TIOCSPGRP, &(pid_t){ -1 }));
	});
	usleep(100000);
}

TEST(closing_the_master_hangs_up_the_session)
{
	int fds[2];
	char c = 0;

	open_pair();
	pipe(fds);
	SESSION({
		close(master);
		signal(SIGHUP, note);
		write(fds[1], "r", 1);
		while (!got)
			usleep(1000);
		write(fds[1], got == SIGHUP ? "h" : "?", 1);
	});
	read(fds[0], &c, 1);
	close(master);
	EXPECT_EQ(1, read(fds[0], &c, 1));
	EXPECT_EQ('h', c);
}

TEST(the_leaders_exit_signals_the_foreground)
{
	int ready[2], fds[2];
	char c = 0;

	open_pair();
	pipe(ready);
	pipe(fds);
	SESSION({
		if (fork() == 0) {
			signal(SIGHUP, note);
			write(ready[1], "r", 1);
			while (!got)
				usleep(1000);
			write(fds[1], got == SIGHUP ? "h" : "?", 1);
			_exit(0);
		}
		read(ready[0], &c, 1);
	});
	EXPECT_EQ(1, read(fds[0], &c, 1));
	EXPECT_EQ('h', c);
}

MAIN
