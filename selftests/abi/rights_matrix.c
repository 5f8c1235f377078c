/* SPDX-License-Identifier: MIT */
/* libc: glibc; musl 1.2.3 has not all of the constants. */
/* The rights of handles: system call x right x kind of object. Each row is called once with all
 * rights, where it must do what Linux does, and once for each right it needs with that right taken
 * away (ashlar_handle_narrow): it must fail with the errno of kernel/handle.c and leave everything
 * as it was. On Linux, which has no rights, the first half alone is tested.
 * selftests/rights_mutants holds this table against compat/syscalls.def, and proves that each row
 * notices a missing check. */
#include "../harness.h"
#include "../../include/ashlar.h"

#include <dirent.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>

/* kernel/rights.h */
enum {
	READ = 1 << 0,
	WRITE = 1 << 1,
	SEEK = 1 << 3,
	EXEC = 1 << 4,
	MAP_R = 1 << 5,
	MAP_W = 1 << 6,
	MAP_X = 1 << 7,
	STAT = 1 << 8,
	SETATTR = 1 << 9,
	LOOKUP = 1 << 10,
	CREATE = 1 << 11,
	REMOVE = 1 << 12,
	LINK = 1 << 13,
	IOCTL = 1 << 14,
	SIGNAL = 1 << 20,
	BIND = 1 << 15,
	CONNECT = 1 << 16,
	LISTEN = 1 << 17,
	ACCEPT = 1 << 18,
	SEND_FD = 1 << 19,
	APPEND = 1 << 2,
	EVERY = (1 << 24) - 1,
	POLLED = READ | WRITE | APPEND | STAT | 1 << 18, /* any of these */
};

/* The kinds of objects. */
#define KINDS(K) K(REG) K(DIRECTORY) K(PIPER) K(PIPEW) K(EVENT) K(EPOLL) K(TIMER) K(SIGFD) K(MEM) K(PTM) K(PTS) K(ZERO) K(PIDFD) K(INOT) \
	K(SOCK) K(LISTENER) K(DGRAM)
#define NUMBER(k) N_##k,
#define MASK(k)	  k = 1 << N_##k,
#define NAME(k)	  #k,
enum { KINDS(NUMBER) NR_KINDS };
enum { KINDS(MASK) ALL = (1 << NR_KINDS) - 1 };
static const char *const kind_name[] = { KINDS(NAME) };
#define FILES (REG | MEM)

struct row {
	const char *call, *what;
	unsigned need;
	int error;		/* without it */
	int kinds;		/* where it succeeds with all rights */
	int refusing, refusal;	/* where Linux says no with all rights, and how */
	long (*fn)(int fd);
};

static struct row rows[200];
static int nr_rows;

#define ROW_OR(call, what, need, error, kinds, refusing, refusal, expr)                            \
	static long do_##call##_##what(int fd) { return (expr); }                                 \
	__attribute__((constructor)) static void add_##call##_##what(void)                        \
	{                                                                                         \
		rows[nr_rows++] = (struct row){ #call, #what, need, error, kinds, refusing, refusal, do_##call##_##what }; \
	}
#define ROW(call, what, need, error, kinds, expr) ROW_OR(call, what, need, error, kinds, 0, 0, expr)

/* ---- the objects ---- */

/* helpers with all rights: a filled pipe, an empty one, a file, an eventfd */
static int rd, wr, file, event;
static int spare[8], nr_spare;
static char buf[256];
static struct iovec iov = { buf, 4 };
static pid_t child;
static loff_t zero_off;

static int keep(int fd)
{
	spare[nr_spare++] = fd;
	return fd;
}

static int put_file(const char *name, const char *text)
{
	int fd = open(name, O_CREAT | O_RDWR, 0644);

	write(fd, text, strlen(text));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static int make_pipe(int end, const char *text)
{
	int p[2];

	pipe2(p, O_NONBLOCK);
	write(p[1], text, strlen(text));
	keep(p[!end]);
	return p[end];
}

static int make_pty(int slave)
{
	int m = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK), s;

	unlockpt(m);
	s = open(ptsname(m), O_RDWR | O_NOCTTY | O_NONBLOCK);
	write(slave ? m : s, "hi\n", 3);
	keep(slave ? m : s);
	return slave ? s : m;
}

static const struct sockaddr_un listener_name = { AF_UNIX, "\0rights-listener" },
				helper_name = { AF_UNIX, "\0rights-helper" };
static const struct sockaddr_un new_name = { AF_UNIX, "\0rights-new" };

static int make_socket(int kind)
{
	int s[2] = { -1, -1 };

	switch (kind) {
	case N_SOCK:
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s);
		write(s[1], "abcd", 4);
		keep(s[1]);
		return s[0];
	case N_LISTENER:
		s[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		bind(s[0], (void *)&listener_name, sizeof(listener_name));
		listen(s[0], 5);
		s[1] = keep(socket(AF_UNIX, SOCK_STREAM, 0));
		connect(s[1], (void *)&listener_name, sizeof(listener_name));
		return s[0];
	}
	s[0] = keep(socket(AF_UNIX, SOCK_DGRAM, 0));
	bind(s[0], (void *)&helper_name, sizeof(helper_name));
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
}

static int make(int kind)
{
	static const struct itimerspec soon = { { 0, 0 }, { 0, 1 } };
	struct epoll_event e = { EPOLLIN, { .u64 = 1 } };
	sigset_t usr1;
	int fd;

	switch (kind) {
	case N_REG:
		return put_file("f", "0123456789");
	case N_DIRECTORY:
		return open("d", O_RDONLY | O_DIRECTORY);
	case N_PIPER:
	case N_PIPEW:
		return make_pipe(kind == N_PIPEW, kind == N_PIPEW ? "" : "abcd");
	case N_EVENT:
		return eventfd(5, EFD_NONBLOCK);
	case N_EPOLL:
		fd = epoll_create1(0);
		epoll_ctl(fd, EPOLL_CTL_ADD, event, &e);
		return fd;
	case N_TIMER:
		fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
		timerfd_settime(fd, 0, &soon, NULL);
		poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 1000);
		return fd;
	case N_SIGFD:
		sigemptyset(&usr1);
		sigaddset(&usr1, SIGUSR1);
		sigprocmask(SIG_BLOCK, &usr1, NULL);
		kill(getpid(), SIGUSR1);
		return signalfd(-1, &usr1, SFD_NONBLOCK);
	case N_MEM:
		fd = memfd_create("m", MFD_ALLOW_SEALING);
		write(fd, "0123456789", 10);
		lseek(fd, 0, SEEK_SET);
		return fd;
	case N_PTM:
	case N_PTS:
		return make_pty(kind == N_PTS);
	case N_ZERO:
		return open("/dev/zero", O_RDWR);
	case N_PIDFD:
		return syscall(SYS_pidfd_open, child, 0);
	case N_SOCK:
	case N_LISTENER:
	case N_DGRAM:
		return make_socket(kind);
	}
	fd = inotify_init1(IN_NONBLOCK);
	inotify_add_watch(fd, "d/x", IN_ALL_EVENTS);
	close(open("d/x", O_RDONLY));
	return fd;
}

static void remove_all(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[600];

	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || !unlink(path))
			continue;
		if (rmdir(path)) {
			remove_all(path);
			rmdir(path);
		}
	}
	if (d)
		closedir(d);
}

static void setup(void)
{
	static const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };

	chdir("/tmp");
	mkdir("/tmp/rights", 0777);
	remove_all("/tmp/rights");
	chdir("/tmp/rights");
	mkdir("d", 0755);
	mkdir("d/sub", 0755);
	close(put_file("d/x", "xyz"));
	close(put_file("d/script", "#!/nowhere\n"));
	chmod("d/script", 0755);
	symlink("x", "d/ln");
	file = keep(put_file("g", "9876543210"));
	close(put_file("f", "0123456789"));
	setxattr("f", "user.k", "v", 1, 0);
	setxattr("d", "user.k", "v", 1, 0);
	utimensat(AT_FDCWD, "f", old, 0);
	utimensat(AT_FDCWD, "d", old, 0);
	utimensat(AT_FDCWD, "d/x", old, 0);
	rd = keep(make_pipe(0, "pqrs"));
	wr = keep(make_pipe(1, ""));
	event = keep(eventfd(1, EFD_NONBLOCK));
	zero_off = 0;
}

static void teardown(void)
{
	sigset_t usr1;

	while (nr_spare)
		close(spare[--nr_spare]);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigtimedwait(&usr1, NULL, &(struct timespec){});
	syscall(SYS_close_range, 3, 99, 0);
}

/* ---- what may not change ---- */

static int state_len;
static char *state_at;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	state_len += vsnprintf(state_at + state_len, 4096 - state_len, format, args);
	va_end(args);
}

static void note_stat(const char *name, const struct stat *st)
{
	note("%s %o %lld %d %ld %ld\n", name, st->st_mode, (long long)st->st_size, st->st_uid,
	     (long)st->st_nlink, (long)st->st_mtime);
}

static void note_tree(const char *dir)
{
	struct dirent **list;
	int n = scandir(dir, &list, NULL, alphasort);
	struct stat st;
	char path[600];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		if (list[i]->d_name[0] != '.' && !lstat(path, &st))
			note("%s %o %lld %ld %d\n", path, st.st_mode, (long long)st.st_size,
			     (long)st.st_nlink, st.st_uid);
		free(list[i]);
	}
	free(list);
}

/* All that a call on @fd could have changed. @fd has all rights. */
static void snapshot(char *out, int fd)
{
	char text[1024];
	struct stat st;
	int n = -1, info;

	state_at = out;
	state_len = 0;
	if (!fstat(fd, &st))
		note_stat("object", &st);
	snprintf(text, sizeof(text), "/proc/self/fdinfo/%d", fd);
	info = open(text, O_RDONLY);
	n = read(info, text, sizeof(text) - 1);
	close(info);
	note("%.*s", n > 0 ? n : 0, text);
	n = pread(fd, text, 32, 0);
	if (n > 0 && S_ISREG(st.st_mode))
		note("holds %.*s\n", n, text);
	n = -1;
	ioctl(fd, FIONREAD, &n);
	note("ready %d poll %d pipe %d seals %d own %d cwd %s\n", n,
	     poll(&(struct pollfd){ fd, POLLIN | POLLOUT, 0 }, 1, 0), fcntl(fd, F_GETPIPE_SZ),
	     fcntl(fd, F_GET_SEALS), fcntl(fd, F_GETOWN), getcwd(text, sizeof(text)));
	n = fgetxattr(fd, "user.k", text, sizeof(text));
	note("xattr %.*s %d\n", n > 0 ? n : 0, text, (int)flistxattr(fd, NULL, 0));
	ioctl(rd, FIONREAD, &n);
	note("rd %d file %d event %d\n", n, (int)lseek(file, 0, SEEK_CUR),
	     poll(&(struct pollfd){ event, POLLIN, 0 }, 1, 0));
	n = pread(file, text, 32, 0);
	note("%.*s\n", n, text);
	note_tree(".");
	note_tree("d");
}

/* ---- bytes ---- */

ROW_OR(read, plain, READ, EBADF, FILES | PIPER | EVENT | TIMER | INOT | PTM | PTS | ZERO,
       EPOLL | PIDFD, EINVAL, read(fd, buf, 64))
ROW(read, signal, READ, EBADF, SIGFD, read(fd, buf, 128))
ROW_OR(read, directory, READ, EBADF, 0, DIRECTORY, EISDIR, read(fd, buf, 4))
ROW(readv, plain, READ, EBADF, FILES | PIPER | PTM | PTS | ZERO, readv(fd, &iov, 1))
ROW(pread64, plain, READ, EBADF, FILES, pread(fd, buf, 4, 1))
ROW(pread64, seek, SEEK, ESPIPE, FILES, pread(fd, buf, 4, 1))
ROW(preadv, plain, READ, EBADF, FILES, preadv(fd, &iov, 1, 1))
ROW(preadv, seek, SEEK, ESPIPE, FILES, preadv(fd, &iov, 1, 1))
ROW(preadv2, plain, READ, EBADF, FILES | PIPER, preadv2(fd, &iov, 1, -1, 0))
ROW(preadv2, seek, SEEK, ESPIPE, FILES, preadv2(fd, &iov, 1, 1, 0))
ROW(write, plain, WRITE | APPEND, EBADF, FILES | PIPEW | PTM | PTS | ZERO, write(fd, "ab\n", 3))
ROW(write, event, WRITE | APPEND, EBADF, EVENT, write(fd, &(uint64_t){ 7 }, 8))
ROW(writev, plain, WRITE | APPEND, EBADF, FILES | PIPEW | PTM | PTS | ZERO, writev(fd, &iov, 1))
ROW(pwrite64, plain, WRITE | APPEND, EBADF, FILES, pwrite(fd, "ab", 2, 1))
ROW(pwrite64, seek, SEEK, ESPIPE, FILES, pwrite(fd, "ab", 2, 1))
ROW(pwritev, plain, WRITE | APPEND, EBADF, FILES, pwritev(fd, &iov, 1, 1))
ROW(pwritev, seek, SEEK, ESPIPE, FILES, pwritev(fd, &iov, 1, 1))
ROW(pwritev2, plain, WRITE | APPEND, EBADF, FILES | PIPEW, pwritev2(fd, &iov, 1, -1, 0))
ROW(pwritev2, seek, SEEK, ESPIPE, FILES, pwritev2(fd, &iov, 1, 1, 0))
ROW(lseek, plain, SEEK, ESPIPE, FILES | DIRECTORY, lseek(fd, 5, SEEK_SET))
ROW(getdents64, plain, READ, EBADF, DIRECTORY, syscall(SYS_getdents64, fd, buf, 256))
ROW(readahead, plain, READ, EBADF, REG, readahead(fd, 0, 4))
ROW(ftruncate, plain, WRITE, EINVAL, FILES, ftruncate(fd, 3))
ROW(ftruncate, stat, STAT, EACCES, FILES, ftruncate(fd, 3))
ROW(fallocate, plain, WRITE, EBADF, FILES, fallocate(fd, 0, 0, 100))
ROW(mmap, private, MAP_R, EACCES, FILES | ZERO,
    (long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0))
ROW(mmap, shared, MAP_W, EACCES, FILES | ZERO,
    (long)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0))
ROW(mmap, code, MAP_X, EACCES, FILES,
    (long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0))

/* ---- from one to the other ---- */

ROW(sendfile, in, READ, EBADF, FILES, sendfile(file, fd, NULL, 4))
ROW(sendfile, in_seek, SEEK, ESPIPE, FILES, sendfile(file, fd, &zero_off, 4))
ROW(sendfile, out, WRITE, EBADF, FILES | PIPEW, sendfile(fd, file, NULL, 4))
ROW(copy_file_range, in, READ, EBADF, REG, copy_file_range(fd, NULL, file, NULL, 4, 0))
ROW(copy_file_range, in_seek, SEEK, ESPIPE, REG, copy_file_range(fd, &zero_off, file, NULL, 4, 0))
ROW(copy_file_range, out, WRITE, EBADF, REG, copy_file_range(file, NULL, fd, NULL, 4, 0))
ROW(copy_file_range, out_seek, SEEK, ESPIPE, REG, copy_file_range(file, NULL, fd, &zero_off, 4, 0))
ROW(splice, in, READ, EBADF, FILES, splice(fd, NULL, wr, NULL, 4, 0))
ROW(splice, in_seek, SEEK, ESPIPE, FILES, splice(fd, &zero_off, wr, NULL, 4, 0))
ROW(splice, in_pipe, READ, EBADF, PIPER, splice(fd, NULL, file, NULL, 4, 0))
ROW(splice, out, WRITE, EBADF, FILES, splice(rd, NULL, fd, NULL, 4, 0))
ROW(splice, out_seek, SEEK, ESPIPE, FILES, splice(rd, NULL, fd, &zero_off, 4, 0))
ROW(splice, out_pipe, WRITE, EBADF, PIPEW, splice(file, NULL, fd, NULL, 4, 0))
ROW(tee, in, READ, EBADF, PIPER, tee(fd, wr, 4, 0))
ROW(tee, out, WRITE, EBADF, PIPEW, tee(rd, fd, 4, 0))
ROW(vmsplice, out, WRITE, EBADF, PIPEW, vmsplice(fd, &iov, 1, 0))
ROW(vmsplice, in, READ, EBADF, PIPER, vmsplice(fd, &iov, 1, 0))

/* ---- about the object ---- */

static struct stat st;
static struct statfs sfs;
static struct statx stx;
static struct flock rlock = { F_RDLCK, SEEK_SET, 0, 1, 0 }, wlock = { F_WRLCK, SEEK_SET, 0, 1, 0 },
		    glock;

static struct flock *get_lock(void)
{
	glock = wlock;
	return &glock;
}

ROW(fstat, plain, STAT, EACCES, ALL, syscall(SYS_fstat, fd, &st))
ROW(newfstatat, empty, STAT, EACCES, ALL, fstatat(fd, "", &st, AT_EMPTY_PATH))
ROW(statx, empty, STAT, EACCES, ALL, statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx))
ROW(fstatfs, plain, STAT, EACCES, ALL, fstatfs(fd, &sfs))
ROW(fsync, plain, STAT, EACCES, FILES | DIRECTORY, fsync(fd))
ROW(fdatasync, plain, STAT, EACCES, FILES | DIRECTORY, fdatasync(fd))
ROW(syncfs, plain, STAT, EACCES, FILES | DIRECTORY, syncfs(fd))
ROW(sync_file_range, plain, STAT, EACCES, REG, sync_file_range(fd, 0, 0, 0))
ROW(fadvise64, plain, STAT, EACCES, FILES, posix_fadvise(fd, 0, 0, 0) ? (errno = EACCES, -1) : 0)
ROW(flock, plain, STAT, EACCES, FILES | DIRECTORY, flock(fd, LOCK_EX | LOCK_NB))
ROW(ioctl, nonblock, IOCTL, EACCES, ALL,
    ioctl(fd, FIONBIO, &(int){ !(fcntl(fd, F_GETFL) & O_NONBLOCK) }))
ROW(ioctl, ready, IOCTL, EACCES, FILES | PIPER | PTM | PTS | INOT, ioctl(fd, FIONREAD, buf))
ROW(fcntl, setfl, SETATTR, EPERM, ALL, fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) ^ O_NONBLOCK))
ROW(fcntl, setown, SETATTR, EPERM, ALL, fcntl(fd, F_SETOWN, getpid()))
ROW(fcntl, pipe_size, SETATTR, EPERM, PIPER | PIPEW, fcntl(fd, F_SETPIPE_SZ, 8192))
ROW(fcntl, seal, SETATTR, EPERM, MEM, fcntl(fd, F_ADD_SEALS, F_SEAL_GROW))
ROW(fcntl, read_lock, READ, EBADF, FILES, fcntl(fd, F_SETLK, &rlock))
ROW(fcntl, write_lock, WRITE, EBADF, FILES, fcntl(fd, F_SETLK, &wlock))
ROW(fcntl, get_lock, STAT, EACCES, FILES, fcntl(fd, F_GETLK, get_lock()))
ROW(fcntl, get_pipe_size, STAT, EACCES, PIPER | PIPEW, fcntl(fd, F_GETPIPE_SZ))
ROW(fcntl, get_seals, STAT, EACCES, MEM, fcntl(fd, F_GET_SEALS))
ROW(fchmod, plain, SETATTR, EPERM, FILES | DIRECTORY, fchmod(fd, 0700))
ROW(fchown, plain, SETATTR, EPERM, FILES | DIRECTORY, fchown(fd, 5, 5))
ROW(utimensat, fd, SETATTR, EPERM, FILES | DIRECTORY, syscall(SYS_utimensat, fd, NULL, NULL, 0))
ROW(fsetxattr, plain, SETATTR, EPERM, REG | DIRECTORY, fsetxattr(fd, "user.k", "w", 1, 0))
ROW(fremovexattr, plain, SETATTR, EPERM, REG | DIRECTORY, fremovexattr(fd, "user.k"))
ROW(fgetxattr, plain, STAT, EACCES, REG | DIRECTORY, fgetxattr(fd, "user.k", buf, 9))
ROW(flistxattr, plain, STAT, EACCES, REG | DIRECTORY, flistxattr(fd, buf, 99))

/* ---- events, processes ---- */

static struct epoll_event ev = { EPOLLIN, { .u64 = 3 } }, got[2];
static const struct itimerspec later = { { 0, 0 }, { 1000, 0 } };
static struct itimerspec timer;
static sigset_t set;
static siginfo_t info;

static long watch(int fd)
{
	int ep = keep(epoll_create1(0));

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

static long poll_one(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	long n = poll(&p, 1, 0);

	errno = EBADF;
	return p.revents & POLLNVAL ? -1 : n;
}

static long select_one(int fd)
{
	fd_set fds;

	FD_ZERO(&fds);
	FD_SET(fd, &fds);
	return select(fd + 1, &fds, NULL, NULL, &(struct timeval){});
}

ROW(epoll_ctl, add, WRITE, EBADF, EPOLL, epoll_ctl(fd, EPOLL_CTL_ADD, rd, &ev))
ROW(epoll_ctl, target, POLLED, EBADF,
    PIPER | PIPEW | EVENT | EPOLL | TIMER | SIGFD | PTM | PTS | INOT | SOCK | LISTENER | DGRAM,
    watch(fd))
ROW(ppoll, plain, POLLED, EBADF, ALL, poll_one(fd))
ROW(pselect6, plain, POLLED, EBADF, ALL, select_one(fd))
ROW(epoll_ctl, del, WRITE, EBADF, EPOLL, epoll_ctl(fd, EPOLL_CTL_DEL, event, NULL))
ROW(epoll_pwait, plain, READ, EBADF, EPOLL, epoll_wait(fd, got, 2, 0))
ROW(epoll_pwait2, plain, READ, EBADF, EPOLL,
    syscall(SYS_epoll_pwait2, fd, got, 2, &(struct timespec){}, NULL, 8))
ROW(timerfd_settime, plain, WRITE, EBADF, TIMER, timerfd_settime(fd, 0, &later, NULL))
ROW(timerfd_gettime, plain, READ, EBADF, TIMER, timerfd_gettime(fd, &timer))
ROW(signalfd4, mask, WRITE, EBADF, SIGFD, signalfd(fd, &set, 0))
ROW(inotify_add_watch, plain, READ, EBADF, INOT, inotify_add_watch(fd, "f", IN_MODIFY))
ROW(inotify_rm_watch, plain, READ, EBADF, INOT, inotify_rm_watch(fd, 1))
ROW(pidfd_send_signal, plain, SIGNAL, EPERM, PIDFD,
    syscall(SYS_pidfd_send_signal, fd, SIGCONT, NULL, 0))
ROW(waitid, pidfd, READ, EBADF, PIDFD, waitid(3, fd, &info, WEXITED | WNOHANG))

/* ---- sockets ---- */

static struct sockaddr_un name;
static socklen_t name_len;
static struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
static struct mmsghdr mmsg = { { .msg_iov = &iov, .msg_iovlen = 1 }, 0 };

static socklen_t *room(void)
{
	name_len = sizeof(name);
	return &name_len;
}

static long send_descriptor(int fd)
{
	union { char space[CMSG_SPACE(sizeof(int))]; struct cmsghdr h; } u = {};
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u)
	};
	int s[2];
	long n;

	u.h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&u.h), &fd, sizeof(fd));
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	n = sendmsg(s[0], &m, 0);
	close(s[0]);
	close(s[1]);
	return n;
}

ROW(read, socket, READ, EBADF, SOCK, read(fd, buf, 2))
ROW(write, socket, WRITE | APPEND, EBADF, SOCK, write(fd, buf, 2))
ROW(bind, plain, BIND, EACCES, DGRAM, bind(fd, (void *)&new_name, sizeof(new_name)))
ROW(connect, plain, CONNECT, EACCES, DGRAM, connect(fd, (void *)&helper_name, sizeof(helper_name)))
ROW(listen, plain, LISTEN, EACCES, LISTENER, listen(fd, 7))
ROW(accept, plain, ACCEPT, EACCES, LISTENER, accept(fd, NULL, NULL))
ROW(accept4, plain, ACCEPT, EACCES, LISTENER, accept4(fd, NULL, NULL, 0))
ROW(getsockname, plain, STAT, EACCES, SOCK | LISTENER | DGRAM,
    getsockname(fd, (void *)&name, room()))
ROW(getpeername, plain, STAT, EACCES, SOCK, getpeername(fd, (void *)&name, room()))
ROW(getsockopt, plain, STAT, EACCES, SOCK | LISTENER | DGRAM,
    getsockopt(fd, SOL_SOCKET, SO_TYPE, buf, room()))
ROW(setsockopt, plain, SETATTR, EPERM, SOCK | LISTENER | DGRAM,
    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){ 1 }, sizeof(int)))
ROW(shutdown, plain, SETATTR, EPERM, SOCK, shutdown(fd, SHUT_WR))
ROW(sendto, plain, WRITE, EBADF, SOCK, send(fd, buf, 3, 0))
ROW(sendto, address, WRITE, EBADF, DGRAM,
    sendto(fd, buf, 3, 0, (void *)&helper_name, sizeof(helper_name)))
ROW(sendmsg, plain, WRITE, EBADF, SOCK, sendmsg(fd, &msg, 0))
ROW(sendmsg, rights, SEND_FD, EACCES, ALL, send_descriptor(fd))
ROW(sendmmsg, plain, WRITE, EBADF, SOCK, sendmmsg(fd, &mmsg, 1, 0))
ROW(recvfrom, plain, READ, EBADF, SOCK, recv(fd, buf, 3, 0))
ROW(recvmsg, plain, READ, EBADF, SOCK, recvmsg(fd, &msg, 0))
ROW(recvmmsg, plain, READ, EBADF, SOCK, recvmmsg(fd, &mmsg, 1, 0, NULL))

/* ---- paths that begin at a directory ---- */

static struct open_how how = { .flags = O_WRONLY };

/* What lacking LOOKUP says, and whatever else the call needs of the directory. */
#define AT(call, what, need, error, expr)		      \
	ROW(call, what, need, error, DIRECTORY, expr)	      \
	ROW(call, what##_lookup, LOOKUP, EACCES, DIRECTORY, expr)

AT(openat, read, READ, EACCES, openat(fd, "x", O_RDONLY))
AT(openat, write, WRITE, EACCES, openat(fd, "x", O_WRONLY))
AT(openat, create, CREATE, EACCES, openat(fd, "new", O_CREAT | O_RDONLY, 0600))
AT(openat, truncate, WRITE, EACCES, openat(fd, "x", O_RDWR | O_TRUNC))
AT(openat, tmpfile, CREATE, EACCES, openat(fd, ".", O_TMPFILE | O_RDWR, 0600))
AT(openat2, write, WRITE, EACCES, syscall(SYS_openat2, fd, "x", &how, sizeof(how)))
AT(mkdirat, plain, CREATE, EACCES, mkdirat(fd, "new", 0700))
AT(mknodat, plain, CREATE, EACCES, mknodat(fd, "new", S_IFIFO | 0600, 0))
AT(symlinkat, plain, CREATE, EACCES, symlinkat("x", fd, "new"))
AT(linkat, from, LINK, EACCES, linkat(fd, "x", AT_FDCWD, "new", 0))
AT(linkat, to, CREATE, EACCES, linkat(AT_FDCWD, "f", fd, "new", 0))
AT(unlinkat, plain, REMOVE, EACCES, unlinkat(fd, "x", 0))
AT(unlinkat, dir, REMOVE, EACCES, unlinkat(fd, "sub", AT_REMOVEDIR))
AT(renameat, from, REMOVE, EACCES, syscall(SYS_renameat, fd, "x", AT_FDCWD, "new"))
AT(renameat, to, CREATE, EACCES, syscall(SYS_renameat, AT_FDCWD, "f", fd, "new"))
AT(renameat2, from, REMOVE, EACCES, syscall(SYS_renameat2, fd, "x", AT_FDCWD, "new", 0))
AT(renameat2, over, REMOVE, EACCES, syscall(SYS_renameat2, AT_FDCWD, "f", fd, "x", 0))
AT(readlinkat, plain, STAT, EACCES, readlinkat(fd, "ln", buf, 99))
AT(newfstatat, path, STAT, EACCES, fstatat(fd, "x", &st, 0))
AT(statx, path, STAT, EACCES, statx(fd, "x", 0, STATX_BASIC_STATS, &stx))
ROW(faccessat, plain, LOOKUP, EACCES, DIRECTORY, syscall(SYS_faccessat, fd, "x", R_OK))
ROW(faccessat2, plain, LOOKUP, EACCES, DIRECTORY, syscall(SYS_faccessat2, fd, "x", R_OK, 0))
AT(fchmodat, plain, SETATTR, EPERM, syscall(SYS_fchmodat, fd, "x", 0700))
AT(fchmodat2, plain, SETATTR, EPERM, syscall(452, fd, "x", 0700, 0))
AT(fchownat, plain, SETATTR, EPERM, fchownat(fd, "x", 5, 5, 0))
AT(utimensat, path, SETATTR, EPERM, utimensat(fd, "x", NULL, 0))
ROW(fchdir, plain, LOOKUP, EACCES, DIRECTORY, fchdir(fd))

static char *const no_words[] = { "x", NULL };
ROW_OR(execveat, plain, EXEC, EACCES, 0, DIRECTORY, ENOENT,
       syscall(SYS_execveat, fd, "script", no_words, no_words + 1, 0))
ROW_OR(execveat, lookup, LOOKUP, EACCES, 0, DIRECTORY, ENOENT,
       syscall(SYS_execveat, fd, "script", no_words, no_words + 1, 0))

/* ---- the runs ---- */

static void run_full(const struct row *r, int kind)
{
	int fd;
	long got;

	setup();
	fd = make(kind);
	errno = 0;
	got = r->fn(fd);
	if (r->refusing & 1 << kind ? got != -1 || errno != r->refusal : got < 0)
		FAIL("%s (%s) of %s with all rights: %ld %s", r->call, r->what, kind_name[kind],
		     got, got < 0 ? strerror(errno) : "");
	teardown();
}

static void run_narrowed(const struct row *r, int kind)
{
	static char before[4096], after[4096];
	int fd, witness, error;
	long got;

	setup();
	fd = make(kind);
	witness = dup(fd);
	snapshot(before, witness);
	ASSERT_EQ(0, ashlar_handle_narrow(fd, EVERY & ~r->need));
	errno = 0;
	got = r->fn(fd);
	error = errno;
	if (got != -1 || error != r->error)
		FAIL("%s (%s) of %s without its right %#x: %ld %s, not -1 %s", r->call, r->what,
		     kind_name[kind], r->need, got, got < 0 ? strerror(error) : "",
		     strerror(r->error));
	snapshot(after, witness);
	if (strcmp(before, after))
		FAIL("%s (%s) of %s without its right %#x: refused, but changed\n%sto\n%s", r->call,
		     r->what, kind_name[kind], r->need, before, after);
	teardown();
}

static void run_all(void (*run)(const struct row *, int))
{
	child = IN_CHILD({ for (;;) pause(); });
	for (int i = 0; i < nr_rows; i++)
		for (int kind = 0; kind < NR_KINDS; kind++)
			if ((rows[i].kinds | rows[i].refusing) & 1 << kind)
				run(&rows[i], kind);
	kill(child, SIGKILL);
}

TEST_TIMEOUT(with_all_rights, 60)
{
	run_all(run_full);
}

TEST_TIMEOUT(without_the_right, 60)
{
	NEEDS(ashlar_handle_narrow(0, EVERY));
	run_all(run_narrowed);
}

TEST(calls_about_the_number_need_no_right)
{
	int fd;

	NEEDS(ashlar_handle_narrow(0, EVERY));
	setup();
	for (int kind = 0; kind < NR_KINDS - 2; kind++) {
		if (kind == N_PIDFD)
			continue;
		fd = make(kind);
		ASSERT_EQ(0, ashlar_handle_narrow(fd, 0));
		EXPECT_TRUE(fcntl(fd, F_DUPFD, 50) >= 50);
		EXPECT_TRUE(fcntl(fd, F_GETFL) >= 0);
		EXPECT_EQ(0, fcntl(fd, F_SETFD, FD_CLOEXEC));
		EXPECT_EQ(1, fcntl(fd, F_GETFD));
		EXPECT_EQ(90, dup3(fd, 90, 0));
		EXPECT_TRUE(dup(fd) >= 0);
		EXPECT_EQ(0, syscall(SYS_close_range, 90, 90, 0));
		EXPECT_EQ(0, close(fd));
	}
}

/* ---- rights only shrink, whichever way the handle goes ---- */

static int narrowed(int need)
{
	int fd;

	setup();
	fd = make(N_REG);
	ASSERT_EQ(0, ashlar_handle_narrow(fd, EVERY & ~need));
	return fd;
}

TEST(what_is_gone_does_not_come_back)
{
	int fd;

	NEEDS(ashlar_handle_narrow(0, EVERY));
	fd = narrowed(WRITE);
	EXPECT_EQ(0, ashlar_handle_narrow(fd, EVERY));
	EXPECT_ERRNO(EBADF, write(fd, "x", 1));
	EXPECT_ERRNO(EBADF, write(dup(fd), "x", 1));
	EXPECT_ERRNO(EBADF, write(dup3(fd, 77, 0), "x", 1));
	EXPECT_ERRNO(EBADF, write(fcntl(fd, F_DUPFD, 80), "x", 1));
	EXPECT_EQ(0, exit_status(IN_CHILD({ EXPECT_ERRNO(EBADF, write(fd, "x", 1)); })));
	EXPECT_EQ(4, read(fd, buf, 4));
}

TEST(opening_it_anew_through_proc_does_not_widen)
{
	char name[64];
	int fd;

	NEEDS(ashlar_handle_narrow(0, EVERY));
	fd = narrowed(WRITE);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	EXPECT_ERRNO(EACCES, open(name, O_RDWR));
	EXPECT_ERRNO(EACCES, open(name, O_WRONLY | O_TRUNC));
	EXPECT_ERRNO(EACCES, truncate(name, 0));
	EXPECT_TRUE(open(name, O_RDONLY) >= 0);
	fd = narrowed(SETATTR);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	EXPECT_ERRNO(EPERM, chmod(name, 0700));
	EXPECT_ERRNO(EPERM, setxattr(name, "user.k", "w", 1, 0));
}

TEST(what_is_opened_below_a_directory_has_no_more_than_it)
{
	int dir, sub, fd;

	NEEDS(ashlar_handle_narrow(0, EVERY));
	setup();
	dir = make(N_DIRECTORY);
	ASSERT_EQ(0, ashlar_handle_narrow(dir, EVERY & ~(SETATTR | WRITE | MAP_X)));
	fd = openat(dir, "x", O_RDONLY);
	EXPECT_TRUE(fd >= 0);
	EXPECT_ERRNO(EPERM, fchmod(fd, 0700));
	EXPECT_ERRNO(EACCES, (long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0));
	sub = openat(dir, "sub", O_RDONLY | O_DIRECTORY);
	EXPECT_ERRNO(EBADF, write(openat(sub, "new", O_CREAT | O_RDWR, 0600), "x", 1));
	EXPECT_ERRNO(EACCES, openat(sub, "../x", O_WRONLY));
	fd = openat(dir, ".", O_PATH);
	EXPECT_ERRNO(EACCES, openat(fd, "x", O_WRONLY));
	EXPECT_EQ(0, fchdir(dir));
	EXPECT_ERRNO(EACCES, open("x", O_WRONLY));
}

TEST(an_o_path_descriptor_narrowed_leads_to_less)
{
	int fd;

	NEEDS(ashlar_handle_narrow(0, EVERY));
	setup();
	fd = open("d", O_PATH);
	ASSERT_EQ(0, ashlar_handle_narrow(fd, EVERY & ~(CREATE | REMOVE)));
	EXPECT_ERRNO(EACCES, mkdirat(fd, "new", 0700));
	EXPECT_ERRNO(EACCES, unlinkat(fd, "x", 0));
	EXPECT_TRUE(openat(fd, "x", O_RDONLY) >= 0);
}

TEST(a_shared_mapping_without_the_right_to_write_stays_read_only)
{
	char *p;
	int fd;

	NEEDS(ashlar_handle_narrow(0, EVERY));
	fd = narrowed(MAP_W | MAP_X);
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_TRUE(p != MAP_FAILED);
	EXPECT_ERRNO(EACCES, mprotect(p, 4096, PROT_READ | PROT_WRITE));
	EXPECT_ERRNO(EACCES, mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

/* ---- the right to append alone ---- */

TEST(append_alone_writes_at_the_end_only)
{
	char text[64];
	int fd, p[2];

	NEEDS(ashlar_handle_narrow(0, EVERY));
	setup();
	fd = open("f", O_RDWR | O_APPEND);
	ASSERT_EQ(0, ashlar_handle_narrow(fd, EVERY & ~WRITE));
	EXPECT_EQ(2, write(fd, "AA", 2));
	EXPECT_EQ(2, pwrite(fd, "BB", 2, 0));		/* O_APPEND goes first, as on Linux */
	EXPECT_ERRNO(EBADF, pwritev2(fd, &iov, 1, 0, 0x20));
	EXPECT_EQ(14, pread(fd, text, 64, 0));
	EXPECT_EQ(0, memcmp(text, "0123456789AABB", 14));
	EXPECT_ERRNO(EINVAL, ftruncate(fd, 0));
	EXPECT_EQ(0, fcntl(fd, F_SETFL, 0));
	EXPECT_ERRNO(EBADF, write(fd, "CC", 2));
	EXPECT_EQ(4, pwritev2(fd, &iov, 1, 0, RWF_APPEND));
	EXPECT_EQ(18, lseek(fd, 0, SEEK_END));
	pipe(p);
	ASSERT_EQ(0, ashlar_handle_narrow(p[1], EVERY & ~WRITE));
	/* without a position all writes are at the end */
	EXPECT_EQ(2, write(p[1], "xy", 2));
}

TEST(append_alone_goes_down_a_directory)
{
	int dir, fd;

	NEEDS(ashlar_handle_narrow(0, EVERY));
	setup();
	dir = open("d", O_RDONLY | O_DIRECTORY);
	ASSERT_EQ(0, ashlar_handle_narrow(dir, EVERY & ~WRITE));
	EXPECT_ERRNO(EACCES, openat(dir, "x", O_WRONLY));
	EXPECT_ERRNO(EACCES, openat(dir, "x", O_WRONLY | O_APPEND | O_TRUNC));
	fd = openat(dir, "x", O_WRONLY | O_APPEND);
	EXPECT_TRUE(fd >= 0);
	EXPECT_EQ(1, write(fd, "!", 1));
	fcntl(fd, F_SETFL, 0);
	EXPECT_ERRNO(EBADF, write(fd, "?", 1));
}

/* ---- O_PATH: what is opened below or again ---- */

TEST(a_path_descriptor_carries_less)
{
	char name[64];
	int dir, copy, x;

	NEEDS(ashlar_handle_narrow(0, EVERY));
	setup();
	dir = open("d", O_PATH);
	copy = dup(dir);
	ASSERT_EQ(0, ashlar_handle_narrow(dir, EVERY & ~(WRITE | APPEND | SETATTR)));
	EXPECT_ERRNO(EACCES, openat(dir, "x", O_WRONLY));
	EXPECT_ERRNO(EACCES, openat(dir, "x", O_WRONLY | O_APPEND));
	EXPECT_ERRNO(EPERM, fchmodat(dir, "x", 0700, 0));
	EXPECT_TRUE(openat(dir, "x", O_RDONLY) >= 0);
	EXPECT_TRUE(openat(copy, "x", O_WRONLY) >= 0);		/* the dup keeps its rights */
	x = openat(dir, "x", O_PATH);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", x);
	EXPECT_ERRNO(EACCES, open(name, O_WRONLY));
	EXPECT_TRUE(open(name, O_RDONLY) >= 0);
	ASSERT_EQ(0, ashlar_handle_narrow(x, EVERY & ~READ));
	EXPECT_ERRNO(EACCES, open(name, O_RDONLY));
	ASSERT_EQ(0, ashlar_handle_narrow(x, EVERY));		/* nothing comes back */
	EXPECT_ERRNO(EACCES, open(name, O_RDONLY));
	EXPECT_ERRNO(EBADF, read(x, buf, 1));
	EXPECT_EQ(0, fchdir(dir));
	EXPECT_ERRNO(EACCES, open("x", O_WRONLY));
}

TEST(poll_of_a_path_descriptor)
{
	struct pollfd p = { open("/tmp", O_PATH), POLLIN, 0 };

	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLNVAL, p.revents);
}

MAIN
