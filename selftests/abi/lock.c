/* SPDX-License-Identifier: MIT */
/* fcntl(2) record locks, open file description locks, flock(2): who holds what, until when. */
#include "../harness.h"

#include <sys/file.h>

static char name[64];

static int lock_file(void)
{
	int fd;

	snprintf(name, sizeof(name), "/tmp/lock.XXXXXX");
	fd = mkstemp(name);
	ASSERT_TRUE(fd >= 0);
	return fd;
}

static int lock(int fd, int cmd, int type, off_t start, off_t len)
{
	return fcntl(
		fd, cmd,
		&(struct flock){
			.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len });
}

/* What would keep a child from a lock of @type. */
static struct flock conflict(int fd, int cmd, int type, off_t start, off_t len)
{
	struct flock fl = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };

	EXPECT_EQ(0, fcntl(fd, cmd, &fl));
	return fl;
}

#define ELSEWHERE(...) EXPECT_EQ(0, exit_status(IN_CHILD({ __VA_ARGS__; })))

TEST(posix_write_locks_exclude_other_processes)
{
	int fd = lock_file();
	pid_t me = getpid();

	EXPECT_EQ(0, lock(fd, F_SETLK, F_WRLCK, 10, 10));
	EXPECT_EQ(0, lock(fd, F_SETLK, F_RDLCK, 10, 10));	/* one's own are replaced */
	EXPECT_EQ(0, lock(fd, F_SETLK, F_WRLCK, 10, 10));
	ELSEWHERE({
		EXPECT_ERRNO(EAGAIN, lock(fd, F_SETLK, F_RDLCK, 19, 1));
		EXPECT_EQ(0, lock(fd, F_SETLK, F_WRLCK, 20, 1));
		EXPECT_EQ(0, lock(fd, F_SETLK, F_WRLCK, 0, 10));
		struct flock fl = conflict(fd, F_GETLK, F_RDLCK, 0, 0);
		EXPECT_EQ(F_WRLCK, fl.l_type);
		EXPECT_EQ(me, fl.l_pid);
		EXPECT_EQ(10, fl.l_start);
		EXPECT_EQ(10, fl.l_len);
		EXPECT_EQ(F_UNLCK, conflict(fd, F_GETLK, F_RDLCK, 30, 1).l_type);
	});
	unlink(name);
}

TEST(posix_read_locks_are_shared)
{
	int fd = lock_file();

	EXPECT_EQ(0, lock(fd, F_SETLK, F_RDLCK, 0, 0));
	ELSEWHERE({
		EXPECT_EQ(0, lock(fd, F_SETLK, F_RDLCK, 0, 0));
		EXPECT_ERRNO(EAGAIN, lock(fd, F_SETLK, F_WRLCK, 5, 1));
	});
	unlink(name);
}

TEST(unlocking_the_middle_splits)
{
	int fd = lock_file();

	lock(fd, F_SETLK, F_WRLCK, 0, 30);
	lock(fd, F_SETLK, F_UNLCK, 10, 10);
	ELSEWHERE({
		EXPECT_EQ(0, lock(fd, F_SETLK, F_WRLCK, 10, 10));
		EXPECT_ERRNO(EAGAIN, lock(fd, F_SETLK, F_WRLCK, 9, 1));
		EXPECT_ERRNO(EAGAIN, lock(fd, F_SETLK, F_WRLCK, 20, 1));
	});
	lock(fd, F_SETLK, F_WRLCK, 5, 20);
	/* merged again */
	ELSEWHERE({ EXPECT_EQ(30, conflict(fd, F_GETLK, F_WRLCK, 0, 0).l_len); });
	unlink(name);
}

TEST(closing_any_descriptor_drops_the_posix_locks)
{
	int fd = lock_file();

	lock(fd, F_SETLK, F_WRLCK, 0, 0);
	close(open(name, O_RDONLY));
	ELSEWHERE({ EXPECT_EQ(0, lock(fd, F_SETLK, F_WRLCK, 0, 0)); });
	unlink(name);
}

TEST(posix_locks_are_not_inherited_and_end_with_the_process)
{
	int fd = lock_file();

	exit_status(IN_CHILD({ lock(fd, F_SETLK, F_WRLCK, 0, 0); }));
	EXPECT_EQ(0, lock(fd, F_SETLK, F_WRLCK, 0, 0));
	ELSEWHERE({ EXPECT_ERRNO(EAGAIN, lock(fd, F_SETLK, F_WRLCK, 0, 0)); });
	unlink(name);
}

TEST(f_setlkw_waits)
{
	int fd = lock_file(), p[2];
	char c;

	pipe(p);
	IN_CHILD({ lock(fd, F_SETLK, F_WRLCK, 0, 0); write(p[1], "x", 1); sleep_ms(25); });
	read(p[0], &c, 1);
	EXPECT_BLOCKS_AT_LEAST_MS(15, lock(fd, F_SETLKW, F_WRLCK, 0, 0));
	unlink(name);
}

TEST(f_setlkw_is_interrupted)
{
	int fd = lock_file();

	lock(fd, F_SETLK, F_WRLCK, 0, 0);
	ELSEWHERE({
		on_signal(SIGALRM, 0);
		alarm_ms(15);
		EXPECT_ERRNO(EINTR, lock(fd, F_SETLKW, F_WRLCK, 0, 0));
	});
	unlink(name);
}

TEST(a_deadlock_is_edeadlk)
{
	int fd = lock_file(), p[2];
	char c;
	pid_t pid;

	pipe(p);
	lock(fd, F_SETLK, F_WRLCK, 0, 1);
	pid = IN_CHILD({
		lock(fd, F_SETLK, F_WRLCK, 1, 1);
		write(p[1], "x", 1);
		lock(fd, F_SETLKW, F_WRLCK, 0, 1);
	});
	read(p[0], &c, 1);
	sleep_ms(30);
	EXPECT_ERRNO(EDEADLK, lock(fd, F_SETLKW, F_WRLCK, 1, 1));
	kill(pid, SIGKILL);
	unlink(name);
}

TEST(posix_lock_errors)
{
	int fd = lock_file(), ro = open(name, O_RDONLY), wo = open(name, O_WRONLY);

	EXPECT_ERRNO(EBADF, lock(ro, F_SETLK, F_WRLCK, 0, 0));
	EXPECT_ERRNO(EBADF, lock(wo, F_SETLK, F_RDLCK, 0, 0));
	EXPECT_ERRNO(EINVAL, lock(fd, F_SETLK, 99, 0, 0));
	EXPECT_ERRNO(EINVAL, lock(fd, F_SETLK, F_RDLCK, -1, 1));
	EXPECT_ERRNO(EINVAL, lock(fd, F_GETLK, F_UNLCK, 0, 1));
	EXPECT_EQ(0, lock(fd, F_SETLK, F_WRLCK, 10, -5));	/* 5 to 9 */
	ELSEWHERE({ EXPECT_EQ(5, conflict(fd, F_GETLK, F_WRLCK, 0, 0).l_start); });
	EXPECT_ERRNO(EFAULT, fcntl(fd, F_SETLK, (void *)8));
	unlink(name);
}

TEST(ofd_locks_belong_to_the_open_file)
{
	int fd = lock_file(), other = open(name, O_RDWR);

	EXPECT_EQ(0, lock(fd, F_OFD_SETLK, F_WRLCK, 0, 10));
	EXPECT_ERRNO(EAGAIN, lock(other, F_OFD_SETLK, F_WRLCK, 5, 1));
	EXPECT_EQ(-1, conflict(other, F_OFD_GETLK, F_WRLCK, 0, 0).l_pid);
	EXPECT_EQ(0, lock(dup(fd), F_OFD_SETLK, F_WRLCK, 5, 1));
	close(open(name, O_RDONLY));
	EXPECT_ERRNO(EAGAIN, lock(other, F_OFD_SETLK, F_WRLCK, 5, 1));
	/* a child shares it */
	ELSEWHERE({ EXPECT_EQ(0, lock(fd, F_OFD_SETLK, F_RDLCK, 0, 10)); });
	EXPECT_EQ(0, lock(other, F_OFD_SETLK, F_RDLCK, 5, 1));
	EXPECT_ERRNO(EINVAL,
		     fcntl(fd, F_OFD_SETLK, &(struct flock){ .l_type = F_WRLCK, .l_pid = 1 }));
	unlink(name);
}

TEST(ofd_and_posix_locks_conflict)
{
	int fd = lock_file();

	EXPECT_EQ(0, lock(fd, F_OFD_SETLK, F_WRLCK, 0, 0));
	EXPECT_ERRNO(EAGAIN, lock(fd, F_SETLK, F_WRLCK, 0, 0));
	unlink(name);
}

TEST(flock_belongs_to_the_open_file)
{
	int fd = lock_file(), other = open(name, O_RDONLY);

	EXPECT_EQ(0, flock(fd, LOCK_EX));
	EXPECT_ERRNO(EWOULDBLOCK, flock(other, LOCK_SH | LOCK_NB));
	EXPECT_EQ(0, flock(dup(fd), LOCK_SH));		/* converts */
	EXPECT_EQ(0, flock(other, LOCK_SH | LOCK_NB));
	EXPECT_ERRNO(EWOULDBLOCK, flock(fd, LOCK_EX | LOCK_NB));
	EXPECT_EQ(0, flock(other, LOCK_UN));
	EXPECT_EQ(0, lock(fd, F_SETLK, F_WRLCK, 0, 0));	/* the kinds do not see each other */
	EXPECT_ERRNO(EINVAL, flock(fd, 77));
	EXPECT_ERRNO(EBADF, flock(999, LOCK_SH));
	unlink(name);
}

TEST(flock_ends_with_the_last_copy)
{
	int fd = lock_file(), other = open(name, O_RDONLY), p[2];
	char c;
	pid_t pid;

	pipe(p);
	flock(fd, LOCK_EX);
	pid = IN_CHILD({ read(p[0], &c, 1); });
	close(fd);
	EXPECT_ERRNO(EWOULDBLOCK, flock(other, LOCK_EX | LOCK_NB));
	write(p[1], "x", 1);
	exit_status(pid);
	EXPECT_EQ(0, flock(other, LOCK_EX | LOCK_NB));
	unlink(name);
}

TEST(flock_waits)
{
	int fd = lock_file();

	flock(fd, LOCK_EX);
	IN_CHILD({ sleep_ms(25); flock(fd, LOCK_UN); });
	EXPECT_BLOCKS_AT_LEAST_MS(15, flock(open(name, O_RDONLY), LOCK_EX));
	unlink(name);
}

MAIN
