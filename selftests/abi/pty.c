/* SPDX-License-Identifier: MIT */
/* termios(3), pty(7), ioctl_tty(2), in short: what the line discipline does between a master and
 * its slave. */
#include "../harness.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;

static void open_pty(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0)
		SKIP("no /dev/ptmx");
	unlockpt(master);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ASSERT_TRUE(slave >= 0);
}

static void set(int off, int on)
{
	struct termios t;

	tcgetattr(slave, &t);
	t.c_lflag = (t.c_lflag & ~off) | on;
	EXPECT_EQ(0, tcsetattr(slave, TCSANOW, &t));
}

/* What can be read until nothing more comes. */
static const char *from(int fd)
{
	static char buf[2][300];
	static int i;
	char *b = buf[i++ & 1];
	struct pollfd p = { fd, POLLIN, 0 };
	int n = 0, r;

	while (poll(&p, 1, n ? 20 : 500) > 0 && (r = read(fd, b + n, 299 - n)) > 0)
		n += r;
	b[n] = 0;
	return b;
}

static int waiting(int fd)
{
	int n = -1;

	ioctl(fd, FIONREAD, &n);
	return n;
}

TEST(a_new_terminal_is_sane)
{
	struct termios t;

	open_pty();
	EXPECT_EQ(1, isatty(slave));
	EXPECT_EQ(0, tcgetattr(slave, &t));
	EXPECT_EQ(ICANON | ECHO | ISIG | IEXTEN, t.c_lflag & (ICANON | ECHO | ISIG | IEXTEN));
	EXPECT_EQ(ICRNL | IXON, t.c_iflag & (ICRNL | IXON));
	EXPECT_EQ(OPOST | ONLCR, t.c_oflag & (OPOST | ONLCR));
	EXPECT_EQ(3, t.c_cc[VINTR]);
	EXPECT_EQ(4, t.c_cc[VEOF]);
	EXPECT_EQ(127, t.c_cc[VERASE]);
	EXPECT_EQ(21, t.c_cc[VKILL]);
	EXPECT_ERRNO(ENOTTY, tcgetattr(open("/dev/null", O_RDONLY), &t));
}

TEST(a_locked_slave_is_eio)
{
	int m = posix_openpt(O_RDWR | O_NOCTTY);

	EXPECT_ERRNO(EIO, open(ptsname(m), O_RDWR | O_NOCTTY));
	EXPECT_ERRNO(ENOENT, open("/dev/pts/999", O_RDWR | O_NOCTTY));
}

TEST(output_gets_carriage_returns)
{
	open_pty();
	EXPECT_EQ(4, write(slave, "a\nb\n", 4));
	EXPECT_STREQ("a\r\nb\r\n", from(master));
}

TEST(canonical_input_comes_by_the_line)
{
	open_pty();
	write(master, "abc", 3);
	EXPECT_EQ(0, poll(&(struct pollfd){ slave, POLLIN, 0 }, 1, 10));
	write(master, "d\rnext", 6);
	EXPECT_STREQ("abcd\n", from(slave));
	EXPECT_STREQ("abcd\r\nnext", from(master));	/* the echo */
}

TEST(erase_kill_and_word_erase_edit_the_line)
{
	open_pty();
	write(master, "abx\177c\n", 6);
	EXPECT_STREQ("abc\n", from(slave));
	write(master, "wrong\025right\n", 12);
	EXPECT_STREQ("right\n", from(slave));
	write(master, "one two\027three\n", 14);
	EXPECT_STREQ("one three\n", from(slave));
	write(master, "a\026\003b\n", 5);		/* literal next */
	EXPECT_STREQ("a\003b\n", from(slave));
}

TEST(end_of_file_ends_a_read)
{
	char buf[10];

	open_pty();
	write(master, "ab\004", 3);
	EXPECT_EQ(2, read(slave, buf, 10));
	write(master, "\004", 1);
	EXPECT_EQ(0, read(slave, buf, 10));
}

TEST(a_short_read_leaves_the_rest_of_the_line)
{
	char buf[3] = "";

	open_pty();
	write(master, "abcd\n", 5);
	from(master);
	EXPECT_EQ(2, read(slave, buf, 2));
	EXPECT_STREQ("ab", buf);
	EXPECT_EQ(3, waiting(slave));
	EXPECT_STREQ("cd\n", from(slave));
}

TEST(control_characters_echo_with_a_caret)
{
	open_pty();
	write(master, "\001\n", 2);
	EXPECT_STREQ("^A\r\n", from(master));
	set(ECHO, 0);
	write(master, "quiet\n", 6);
	EXPECT_EQ(0, waiting(master));
}

TEST(raw_input_comes_at_once)
{
	struct termios t;

	open_pty();
	tcgetattr(slave, &t);
	cfmakeraw(&t);
	EXPECT_EQ(0, tcsetattr(slave, TCSANOW, &t));
	write(master, "a\003\r", 3);
	EXPECT_STREQ("a\003\r", from(slave));
	write(slave, "x\n", 2);
	EXPECT_STREQ("x\n", from(master));
}

TEST(vmin_and_vtime)
{
	struct termios t;
	char buf[10];

	open_pty();
	tcgetattr(slave, &t);
	cfmakeraw(&t);
	t.c_cc[VMIN] = 0;
	t.c_cc[VTIME] = 0;
	tcsetattr(slave, TCSANOW, &t);
	EXPECT_EQ(0, read(slave, buf, 10));
	t.c_cc[VTIME] = 1;
	tcsetattr(slave, TCSANOW, &t);
	EXPECT_BLOCKS_AT_LEAST_MS(80, read(slave, buf, 10));
	t.c_cc[VMIN] = 3;
	t.c_cc[VTIME] = 0;
	tcsetattr(slave, TCSANOW, &t);
	IN_CHILD({ write(master, "a", 1); sleep_ms(10); write(master, "bc", 2); });
	EXPECT_EQ(3, read(slave, buf, 10));
}

TEST(the_window_size_is_kept_and_announced)
{
	struct winsize w = { 25, 80, 0, 0 }, got;

	open_pty();
	EXPECT_EQ(0, ioctl(master, TIOCSWINSZ, &w));
	EXPECT_EQ(0, ioctl(slave, TIOCGWINSZ, &got));
	EXPECT_EQ(25, got.ws_row);
	EXPECT_EQ(80, got.ws_col);
	EXPECT_EQ(0, exit_status(IN_CHILD({
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		on_signal(SIGWINCH, 0);
		w.ws_row = 30;
		ioctl(slave, TIOCSWINSZ, &w);
		EXPECT_EQ(1, signals_seen);
		ioctl(slave, TIOCSWINSZ, &w);		/* no change, no signal */
		EXPECT_EQ(1, signals_seen);
	})));
}

TEST(a_closed_slave_is_eio_for_the_master)
{
	char c;

	open_pty();
	write(slave, "x", 1);
	close(slave);
	EXPECT_EQ(1, read(master, &c, 1));
	EXPECT_ERRNO(EIO, read(master, &c, 1));
	EXPECT_TRUE(poll(&(struct pollfd){ master, POLLIN, 0 }, 1, 0) == 1);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	EXPECT_EQ(1, write(slave, "y", 1));
	EXPECT_STREQ("y", from(master));
}

TEST(a_closed_master_hangs_up_the_slave)
{
	char c;
	struct pollfd p;

	open_pty();
	close(master);
	EXPECT_EQ(0, read(slave, &c, 1));
	EXPECT_ERRNO(EIO, write(slave, "x", 1));
	p = (struct pollfd){ slave, POLLIN, 0 };
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_TRUE(p.revents & POLLHUP);
}

TEST(packet_mode_puts_a_byte_before)
{
	char buf[10];

	open_pty();
	EXPECT_EQ(0, ioctl(master, TIOCPKT, &(int){ 1 }));
	write(slave, "ab", 2);
	EXPECT_EQ(3, read(master, buf, 10));
	EXPECT_EQ(TIOCPKT_DATA, buf[0]);
	tcflush(slave, TCIFLUSH);
	EXPECT_EQ(1, read(master, buf, 10));
	EXPECT_TRUE(buf[0] & TIOCPKT_FLUSHREAD);
	write(master, "\3", 1);			/* ^C: both queues */
	EXPECT_EQ(1, read(master, buf, 10));
	EXPECT_EQ(TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE, buf[0] & 3);
}

TEST(what_waits_to_be_sent_is_counted)
{
	int n = 99;

	open_pty();
	EXPECT_EQ(0, ioctl(slave, TIOCOUTQ, &n));
	EXPECT_EQ(0, n);
	write(slave, "abc", 3);
	EXPECT_EQ(0, ioctl(slave, TIOCOUTQ, &n));	/* on a pty nothing waits: it has arrived */
	EXPECT_EQ(0, n);
}

TEST(flushing_drops_input)
{
	open_pty();
	write(master, "abc\n", 4);
	from(master);
	EXPECT_EQ(0, tcflush(slave, TCIFLUSH));
	EXPECT_EQ(0, poll(&(struct pollfd){ slave, POLLIN, 0 }, 1, 0));
	EXPECT_ERRNO(EINVAL, tcflush(slave, 77));
}

TEST(a_terminal_that_is_only_written_becomes_nobodys)
{
	open_pty();
	IN_CHILD({
		setsid();
		EXPECT_TRUE(open(ptsname(master), O_WRONLY) >= 0);
		EXPECT_ERRNO(ENXIO, open("/dev/tty", O_RDWR));
		/* the slave's, through the master */
		EXPECT_EQ(0, ioctl(master, TIOCSCTTY, 0));
		EXPECT_TRUE(open("/dev/tty", O_RDWR) >= 0);
	});
}

TEST(a_reader_that_sleeps_when_the_master_closes_gets_eio)
{
	int go[2];
	char c = 0;
	pid_t pid;

	open_pty();
	pipe(go);
	pid = fork();
	if (!pid) {
		close(master);
		write(go[1], "r", 1);
		_exit(read(slave, &c, 1) < 0 ? errno : 99);
	}
	read(go[0], &c, 1);
	usleep(100000);
	close(master);
	EXPECT_EQ(EIO << 8, ({ int st = 0; waitpid(pid, &st, 0); st; }));
	EXPECT_EQ(0, read(slave, &c, 1));
}

/* telnetd holds the slave open while login(1) hangs it up and opens it again. */
TEST(a_slave_that_was_hung_up_is_open_until_its_last_descriptor_closes)
{
	char c;
	int again;

	if (getuid())
		SKIP("not root");
	open_pty();
	fcntl(master, F_SETFL, O_NONBLOCK);
	EXPECT_EQ(0, ioctl(slave, TIOCVHANGUP, 0));
	EXPECT_ERRNO(EAGAIN, read(master, &c, 1));
	EXPECT_EQ(0, poll(&(struct pollfd){ master, POLLIN, 0 }, 1, 0));
	again = open(ptsname(master), O_RDWR | O_NOCTTY);
	close(slave);
	EXPECT_ERRNO(EAGAIN, read(master, &c, 1));
	EXPECT_EQ(1, write(again, "y", 1));
	EXPECT_STREQ("y", from(master));
	close(again);
	EXPECT_ERRNO(EIO, read(master, &c, 1));
}

TEST(a_hangup_is_no_sigio)
{
	open_pty();
	on_signal(SIGIO, 0);
	signals_seen = 0;
	EXPECT_EQ(0, ioctl(slave, FIOASYNC, &(int){ 1 }));
	EXPECT_EQ(0, ioctl(master, FIOASYNC, &(int){ 1 }));
	close(master);
	usleep(20000);
	EXPECT_EQ(0, signals_seen);
}

TEST(the_carrier_flag_the_discipline_and_breaks)
{
	struct termios t;
	int v = -1;

	open_pty();
	tcgetattr(slave, &t);
	EXPECT_EQ(0, ioctl(slave, TIOCGSOFTCAR, &v));
	EXPECT_EQ(!!(t.c_cflag & CLOCAL), v);
	EXPECT_EQ(0, ioctl(slave, TIOCSSOFTCAR, &(int){ !v }));
	tcgetattr(slave, &t);
	EXPECT_EQ(!v, !!(t.c_cflag & CLOCAL));
	EXPECT_EQ(0, ioctl(slave, TIOCSETD, &(int){ 0 }));
	EXPECT_ERRNO(EINVAL, ioctl(slave, TIOCSETD, &(int){ 0x1010101 }));
	EXPECT_ERRNO(EFAULT, ioctl(slave, TIOCSETD, NULL));
	EXPECT_EQ(0, ioctl(slave, TIOCSBRK, 0));
	EXPECT_EQ(0, ioctl(slave, TIOCCBRK, 0));
}

MAIN
