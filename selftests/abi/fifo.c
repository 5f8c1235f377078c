/* SPDX-License-Identifier: MIT */
/* fifo(7): a pipe with a name. */
#include "../harness.h"

#include <poll.h>
#include <sys/stat.h>

#define F "/tmp/fifo"

static void make(void)
{
	unlink(F);
	ASSERT_EQ(0, mkfifo(F, 0600));
}

TEST(an_open_waits_for_the_other_side)
{
	int fd;

	make();
	IN_CHILD({ sleep_ms(20); open(F, O_WRONLY); sleep_ms(100); });
	EXPECT_BLOCKS_AT_LEAST_MS(15, fd = open(F, O_RDONLY));
	EXPECT_TRUE(fd >= 0);
	make();
	IN_CHILD({ sleep_ms(20); open(F, O_RDONLY); sleep_ms(100); });
	EXPECT_BLOCKS_AT_LEAST_MS(15, fd = open(F, O_WRONLY));
	EXPECT_TRUE(fd >= 0);
}

TEST(nonblocking_opens)
{
	int r, w;

	make();
	EXPECT_ERRNO(ENXIO, open(F, O_WRONLY | O_NONBLOCK));
	r = open(F, O_RDONLY | O_NONBLOCK);
	EXPECT_TRUE(r >= 0);
	w = open(F, O_WRONLY | O_NONBLOCK);
	EXPECT_TRUE(w >= 0);
	close(r);
	EXPECT_ERRNO(ENXIO, open(F, O_WRONLY | O_NONBLOCK));
}

TEST(read_and_write_opens_at_once)
{
	char c[4];
	int fd;

	make();
	fd = open(F, O_RDWR);
	EXPECT_EQ(3, write(fd, "abc", 3));
	EXPECT_EQ(3, read(fd, c, 4));
	EXPECT_EQ(1, poll(&(struct pollfd){ fd, POLLIN | POLLOUT, 0 }, 1, 0));
}

TEST(an_interrupted_open)
{
	make();
	on_signal(SIGALRM, 0);
	alarm_ms(15);
	EXPECT_ERRNO(EINTR, open(F, O_RDONLY));
	on_signal(SIGALRM, SA_RESTART);
	alarm_ms(15);
	IN_CHILD({ sleep_ms(40); open(F, O_WRONLY); sleep_ms(100); });
	EXPECT_TRUE(open(F, O_RDONLY) >= 0);
}

TEST(end_of_file_and_no_writer_yet)
{
	struct pollfd p;
	char c;
	int r, w;

	make();
	r = open(F, O_RDONLY | O_NONBLOCK);
	p = (struct pollfd){ r, POLLIN, 0 };
	EXPECT_EQ(0, read(r, &c, 1));
	EXPECT_EQ(0, poll(&p, 1, 0));		/* nobody ever wrote: no hang-up */
	w = open(F, O_WRONLY);
	EXPECT_ERRNO(EAGAIN, read(r, &c, 1));
	write(w, "x", 1);
	close(w);
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLIN | POLLHUP, p.revents);
	EXPECT_EQ(1, read(r, &c, 1));
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLHUP, p.revents);
	EXPECT_EQ(0, read(r, &c, 1));
	/* a new writer: the reader is not at the end any more */
	w = open(F, O_WRONLY);
	EXPECT_EQ(0, poll(&p, 1, 0));
	EXPECT_ERRNO(EAGAIN, read(r, &c, 1));
}

TEST(a_write_without_reader_is_sigpipe)
{
	int r, w;

	make();
	r = open(F, O_RDONLY | O_NONBLOCK);
	w = open(F, O_WRONLY);
	close(r);
	on_signal(SIGPIPE, 0);
	EXPECT_ERRNO(EPIPE, write(w, "x", 1));
	EXPECT_EQ(1, signals_seen);
}

TEST(what_is_unread_goes_with_the_last_descriptor)
{
	int r, w;
	char c;

	make();
	r = open(F, O_RDWR);
	write(r, "old", 3);
	close(r);
	r = open(F, O_RDONLY | O_NONBLOCK);
	w = open(F, O_WRONLY);
	EXPECT_ERRNO(EAGAIN, read(r, &c, 1));
	close(w);
}

TEST(stat_and_seek)
{
	struct stat st;
	char c;
	int fd;

	make();
	fd = open(F, O_RDWR);
	write(fd, "abc", 3);
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(S_IFIFO | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_size);
	EXPECT_ERRNO(ESPIPE, lseek(fd, 0, SEEK_SET));
	EXPECT_ERRNO(ESPIPE, pread(fd, &c, 1, 0));
	EXPECT_ERRNO(EINVAL, ftruncate(fd, 0));
	EXPECT_ERRNO(EINVAL, truncate(F, 0));
	EXPECT_EQ(65536, fcntl(fd, F_GETPIPE_SZ));
	EXPECT_ERRNO(ENOTDIR, open(F "/x", O_RDONLY));
	EXPECT_ERRNO(ENOTDIR, open(F, O_RDONLY | O_DIRECTORY));
	EXPECT_ERRNO(EINVAL, fsync(fd));
}

TEST(o_trunc_and_o_creat_are_ignored)
{
	int fd;

	make();
	fd = open(F, O_RDWR | O_TRUNC | O_CREAT, 0600);
	EXPECT_TRUE(fd >= 0);
	EXPECT_ERRNO(EEXIST, open(F, O_RDWR | O_CREAT | O_EXCL, 0600));
}

TEST(permissions_hold)
{
	make();
	chmod(F, 0200);
	EXPECT_EQ(0, exit_status(IN_CHILD({
		chown(F, 1000, 1000);
		setresuid(1000, 1000, 1000);
		EXPECT_ERRNO(EACCES, open(F, O_RDONLY | O_NONBLOCK));
		EXPECT_ERRNO(ENXIO, open(F, O_WRONLY | O_NONBLOCK));
	})));
}

TEST(an_unlinked_one_lives_on)
{
	int r, w;
	char c;

	make();
	r = open(F, O_RDONLY | O_NONBLOCK);
	w = open(F, O_WRONLY);
	unlink(F);
	write(w, "x", 1);
	EXPECT_EQ(1, read(r, &c, 1));
	EXPECT_ERRNO(ENOENT, open(F, O_RDONLY | O_NONBLOCK));
}

TEST(links_are_the_same_fifo)
{
	int r, w;
	char c;

	make();
	unlink("/tmp/fifo2");
	EXPECT_EQ(0, link(F, "/tmp/fifo2"));
	r = open(F, O_RDONLY | O_NONBLOCK);
	w = open("/tmp/fifo2", O_WRONLY | O_NONBLOCK);
	EXPECT_TRUE(w >= 0);
	write(w, "x", 1);
	EXPECT_EQ(1, read(r, &c, 1));
	unlink("/tmp/fifo2");
}

TEST(many_writers_keep_their_lines_whole)
{
	char line[600];
	int r, n = 0;

	make();
	r = open(F, O_RDONLY | O_NONBLOCK);
	for (int k = 0; k < 4; k++)
		IN_CHILD({
			int w = open(F, O_WRONLY);

			memset(line, 'a' + k, sizeof(line));
			for (int i = 0; i < 200; i++)
				write(w, line, sizeof(line));
		});
	fcntl(r, F_SETFL, 0);
	sleep_ms(30);
	for (;;) {
		size_t have = 0;

		while (have < sizeof(line)) {
			ssize_t got = read(r, line + have, sizeof(line) - have);

			if (got <= 0)
				break;
			have += (size_t)got;
		}
		if (have < sizeof(line))
			break;
		for (size_t i = 1; i < sizeof(line); i++)
			if (line[i] != line[0])
				ASSERT_EQ(line[0], line[i]);
		n++;
	}
	EXPECT_EQ(800, n);
}

TEST(sharing_one_end_between_openers)
{
	int a, b, w;
	char c;

	make();
	a = open(F, O_RDONLY | O_NONBLOCK);
	b = open(F, O_RDONLY | O_NONBLOCK);
	w = open(F, O_WRONLY);
	write(w, "xy", 2);
	EXPECT_EQ(1, read(a, &c, 1));
	EXPECT_EQ(1, read(b, &c, 1));
	EXPECT_EQ('y', c);
	close(a);
	EXPECT_EQ(1, write(w, "z", 1));
	close(b);
	signal(SIGPIPE, SIG_IGN);
	EXPECT_ERRNO(EPIPE, write(w, "z", 1));
}

MAIN
