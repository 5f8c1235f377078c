/* SPDX-License-Identifier: MIT */
/* Every allocation fails once: each scenario runs in a child whose 1st, 2nd, 3rd ... allocation in
 * the kernel fails, until there is none left to fail. Any error is fine; a crash, a hang, a call
 * that succeeds halfway and a leak are not. Afterwards memory, tasks and descriptors are back where
 * they were, but for SLACK_KB. Skipped on Linux and on kernels without
 * CONFIG_DEBUG_FAULT_INJECT. */
#include "../harness.h"
#include "../../include/ashlar.h"

#include <dirent.h>
#include <linux/futex.h>
#include <poll.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#define SLACK_KB 512	/* caches of slabs, per-CPU lists of pages, names remembered */
#define MAX_N	 400
#define HANG_S	 10
/* exit status of this program run again by exec_armed: the failure came on the way here */
#define STRUCK	 3

/* ---- a child with a failure in it ---- */

static void (*body)(void);
static int *struck;	/* shared: the failure came */
static bool may_die;	/* the failure may come when there is no way back: exec, page faults */
static long slack_per_run;

static void arm(unsigned n)
{
	ashlar_debug_fail_nth(n);
}

/* The child's exit status or 128 + signal; -1: it did not end. */
static int run_child(unsigned n)
{
	sigset_t chld;
	int status;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	*struck = 0;
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		alarm(HANG_S);
		arm(n);
		body();
		*struck = ashlar_debug_fail_nth(0) == 0;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	kill(-pid, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == STRUCK)
		*struck = 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- what is in use ---- */

static long meminfo(const char *what)
{
	static char text[4096];
	int fd = open("/proc/meminfo", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	char *at;

	close(fd);
	text[n > 0 ? n : 0] = 0;
	at = strstr(text, what);
	return at ? atol(at + strlen(what) + 1) : 0;
}

struct level {
	long free_kb, tasks, files;
};

static struct level measure(void)
{
	struct level l = { .free_kb = meminfo("MemFree") };
	int fd = open("/proc/sys/fs/file-nr", O_RDONLY);
	char text[64] = "";
	struct dirent *e;
	DIR *d;

	read(fd, text, sizeof(text) - 1);
	close(fd);
	l.files = atol(text);
	d = opendir("/proc");
	while (d && (e = readdir(d)))
		l.tasks += e->d_name[0] >= '1' && e->d_name[0] <= '9';
	closedir(d);
	return l;
}

static void clean_up(void);

/* What is freed after a grace period, or by a worker, comes late: looks again for a second. */
static struct level settle(const struct level *before)
{
	struct level l;

	clean_up();
	for (int i = 0; i < 20; i++) {
		l = measure();
		if (l.tasks <= before->tasks && l.files <= before->files &&
		    l.free_kb + SLACK_KB >= before->free_kb)
			break;
		sleep_ms(50);
	}
	return l;
}

static void sweep(const char *name, void (*fn)(void))
{
	unsigned n, runs = 0;
	struct level before, after;
	int status;

	errno = 0;
	if (ashlar_debug_fail_nth(0) < 0)
		SKIP("no CONFIG_DEBUG_FAULT_INJECT");
	struck = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	chdir("/tmp");
	mkdir("/tmp/nomem", 0755);
	chdir("/tmp/nomem");
	body = fn;
	for (int i = 0; i < 3; i++)
		run_child(0);
	run_child(1);
	clean_up();
	before = measure();
	before = settle(&before);
	for (n = 1; n < MAX_N; n++, runs++) {
		status = run_child(n);
		if (status == 128 + SIGALRM)
			FAIL("%s hangs when allocation %u fails", name, n);
		else if (status > 128 && !may_die)
			FAIL("%s is killed by signal %d when allocation %u fails", name,
			     status - 128, n);
		else if (status > 128 && status != 128 + SIGKILL && status != 128 + SIGSEGV &&
			 status != 128 + SIGBUS)
			FAIL("%s is killed by signal %d when allocation %u fails", name,
			     status - 128, n);
		if (status == 0 && !*struck)
			break;
	}
	after = settle(&before);
	printf("# %s: %u allocations failed; %+ld kB, %+ld tasks, %+ld files\n", name, runs,
	       before.free_kb - after.free_kb, after.tasks - before.tasks,
	       after.files - before.files);
	if (n >= MAX_N)
		FAIL("%s: still allocating after %d", name, MAX_N);
	if (after.free_kb + SLACK_KB + slack_per_run * runs < before.free_kb)
		FAIL("%s leaks memory: %ld kB of %u runs", name, before.free_kb - after.free_kb,
		     runs);
	if (after.tasks != before.tasks)
		FAIL("%s leaks tasks: %ld, was %ld", name, after.tasks, before.tasks);
	if (after.files > before.files)
		FAIL("%s leaks open files: %ld, was %ld", name, after.files, before.files);
}

#define SCENARIO(name) SCENARIO_WITH(name, false, 0)
#define SCENARIO_WITH(name, die, slack)                                                           \
	static void do_##name(void);                                                              \
	TEST_TIMEOUT(name, 120)                                                                   \
	{                                                                                         \
		may_die = die;                                                                    \
		slack_per_run = slack;                                                            \
		sweep(#name, do_##name);                                                          \
	}                                                                                         \
	static void do_##name(void)

/* ---- the scenarios: errors are ignored, what one call made the next may use ---- */

static char buf[8192];

static void clean_up(void)
{
	umount2("/tmp/nomem/m", MNT_DETACH);
	system("rm -rf /tmp/nomem/*");
}

SCENARIO(pipes)
{
	int p[2] = { -1, -1 };

	pipe2(p, O_NONBLOCK);
	for (int i = 0; i < 4; i++)
		write(p[1], buf, 5000);
	fcntl(p[0], F_SETPIPE_SZ, 1 << 18);
	read(p[0], buf, 5000);
	tee(p[0], p[1], 100, 0);
}

SCENARIO(files_and_names)
{
	int fd = open("a", O_CREAT | O_RDWR, 0644);

	write(fd, buf, sizeof(buf));
	pwrite(fd, buf, 100, 1 << 20);
	ftruncate(fd, 5000);
	rename("a", "b");
	link("b", "c");
	mkdir("d", 0755);
	rename("b", "d/b");
	unlink("d/b");
	unlink("c");
	rmdir("d");
	close(fd);
	mknod("fifo", S_IFIFO | 0600, 0);
	close(open("fifo", O_RDWR | O_NONBLOCK));
	unlink("fifo");
	setxattr(".", "user.x", "v", 1, 0);
	removexattr(".", "user.x");
	fallocate(open(".", O_TMPFILE | O_RDWR, 0600), 0, 0, 20000);
}

SCENARIO(links_and_directories)
{
	char name[300];

	memset(name, 'x', 250);
	name[250] = 0;
	symlink(name, "l1");
	symlink("l1", "l2");
	symlink("l2", "l3");
	open("l3", O_RDONLY);
	readlink("l1", buf, sizeof(buf));
	stat("l3/y/z", &(struct stat){});
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	closedir(opendir("."));
	for (int fd = open(".", O_RDONLY), n = 9; n-- && syscall(SYS_getdents64, fd, buf, 512) > 0;)
		;
	getcwd(buf, sizeof(buf));
}

SCENARIO(mappings)
{
	char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     *q;
	int fd;

	if (p != MAP_FAILED) {
		read(open("/dev/zero", O_RDONLY), p, 20000);
		mprotect(p + 8192, 4096, PROT_READ);
		munmap(p + 65536, 4096);
		mremap(p + (1 << 19), 1 << 19, 1 << 21, MREMAP_MAYMOVE);
		madvise(p, 8192, MADV_DONTNEED);
	}
	q = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (q != MAP_FAILED)
		mlock(q, 1 << 16);
	fd = open("f", O_CREAT | O_RDWR, 0600);
	ftruncate(fd, 1 << 16);
	q = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (q != MAP_FAILED)
		mlock(q, 1 << 16);
	q = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (q != MAP_FAILED)
		mlock(q, 1 << 16);
	msync(q, 1 << 16, MS_SYNC);
	brk((char *)sbrk(0) + (1 << 16));
}

/* The failure may hit a touch of our own memory, where Linux kills for lack of memory; so does
 * ours. */
SCENARIO_WITH(page_faults, true, 0)
{
	char *p = mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; p != MAP_FAILED && i < 1 << 22; i += 1 << 18)
		p[i] = 1;
}

SCENARIO(forking)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	pid = vfork();
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

SCENARIO(exec)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/bin/true", "true", "an argument", NULL);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* The whole of exec and the start of the new program, which is this one (see main). */
SCENARIO_WITH(exec_armed, true, 0)
{
	char *const argv[] = { "nomem", "was-it-struck", NULL };

	execve("/proc/self/exe", argv, argv + 2);
}

static int thread(void *arg)
{
	(void)arg;
	syscall(SYS_exit, 0);
	return 0;
}

SCENARIO(threads)
{
	static char stack[16384] __attribute__((aligned(16)));
	pid_t tid = 0;

	if (clone(thread, stack + sizeof(stack),
		  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
			  CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
		  NULL, &tid, NULL, &tid) > 0)
		for (int i = 0; i < 1000 && __atomic_load_n(&tid, __ATOMIC_RELAXED); i++)
			sched_yield();
}

SCENARIO(epoll)
{
	int ep = epoll_create1(0), ep2 = epoll_create1(0), e = eventfd(1, 0);
	struct epoll_event ev = { EPOLLIN, { .fd = 1 } }, got[8];

	epoll_ctl(ep, EPOLL_CTL_ADD, e, &ev);
	epoll_ctl(ep2, EPOLL_CTL_ADD, ep, &ev);
	for (int i = 0; i < 20; i++)
		epoll_ctl(ep, EPOLL_CTL_ADD, dup(e), &ev);
	epoll_wait(ep2, got, 8, 0);
	epoll_wait(ep, got, 8, 0);
	epoll_ctl(ep, EPOLL_CTL_DEL, e, NULL);
	close(ep);
}

/* What a socket that got no descriptor left behind would meet the packets of the last. */
SCENARIO(sockets_that_listen_at_once)
{
	static const struct sockaddr_in discard = { AF_INET, 0x0900, { 0x0100007f }, { 0 } };
	int p = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0x0300),
	    d = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0x0008);
	int r = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP),
	    n = socket(AF_NETLINK, SOCK_RAW, 0), u;

	for (int i = 0; i < 3; i++) {
		u = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		sendto(u, buf, 4000, 0, (const void *)&discard, sizeof(discard));
		recv(i ? d : p, buf, sizeof(buf), 0);
		recv(r, buf, sizeof(buf), 0);
	}
	close(n);
	close(r);
	close(p);
}

SCENARIO(event_descriptors)
{
	static const struct itimerspec soon = { { 0, 1000000 }, { 0, 1000000 } };
	int e = eventfd(3, EFD_NONBLOCK), t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), s, m;
	sigset_t usr1;

	read(e, buf, 8);
	timerfd_settime(t, 0, &soon, NULL);
	poll(&(struct pollfd){ t, POLLIN, 0 }, 1, 20);
	read(t, buf, 8);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	s = signalfd(-1, &usr1, SFD_NONBLOCK);
	sigqueue(getpid(), SIGUSR1, (union sigval){ 1 });
	read(s, buf, 128);
	m = memfd_create("m", MFD_ALLOW_SEALING);
	write(m, buf, sizeof(buf));
	fcntl(m, F_ADD_SEALS, F_SEAL_GROW);
}

SCENARIO(shared_segments)
{
	int id = shmget(0x6e6f6d65, 5 * sizeof(buf), IPC_CREAT | 0600),
	    other = shmget(IPC_PRIVATE, 1, 0600);
	char *p = shmat(id, NULL, 0), *q = shmat(id, NULL, SHM_RDONLY);
	struct shmid_ds ds;

	shmctl(id, IPC_STAT, &ds);
	if (p != (char *)-1) {
		mprotect(p + 4096, 4096, PROT_READ);
		mremap(p + 8192, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, p + 4096);
		write(open("/dev/null", O_WRONLY), p, 3 * 4096);
	}
	shmctl(id, IPC_RMID, NULL);
	shmctl(other, IPC_RMID, NULL);
	shmdt(p);
	shmdt(q);
}

SCENARIO(poll_of_many)
{
	struct pollfd p[100];
	fd_set r;
	int e = eventfd(0, 0);

	FD_ZERO(&r);
	for (int i = 0; i < 100; i++) {
		p[i] = (struct pollfd){ i < 50 ? e : dup(e), POLLIN, 0 };
		if (p[i].fd >= 0)
			FD_SET(p[i].fd, &r);
	}
	poll(p, 100, 1);
	select(120, &r, NULL, NULL, &(struct timeval){ 0, 1000 });
}

SCENARIO(descriptor_table)
{
	for (int i = 0; i < 140; i++)
		dup(1);
	dup2(1, 1000);
	fcntl(1, F_DUPFD, 900);
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	syscall(SYS_close_range, 3, 2000, 0);
}

SCENARIO(mounting)
{
	mkdir("m", 0755);
	mount("t", "m", "tmpfs", 0, "size=64k");
	close(open("m/f", O_CREAT | O_RDWR, 0600));
	statfs("m", &(struct statfs){});
	mkdir("m/b", 0755);
	mount("m", "m/b", "", MS_BIND, 0);
	umount2("m/b", 0);
	umount2("m", MNT_DETACH);
	rmdir("m");
}

SCENARIO(identity)
{
	gid_t groups[100];

	for (int i = 0; i < 100; i++)
		groups[i] = (gid_t)i;
	syscall(SYS_setgroups, 100, groups);
	syscall(SYS_setgroups, 3, groups);
	syscall(SYS_setresuid, 0, 5, 0);
	syscall(SYS_setresuid, 0, 0, 0);
	prlimit(0, RLIMIT_NOFILE, &(struct rlimit){ 100, 200 }, NULL);
	prlimit(getppid(), RLIMIT_NOFILE, NULL, &(struct rlimit){});
	setsid();
	sched_setaffinity(0, sizeof(cpu_set_t), &(cpu_set_t){ { 1 } });
}

SCENARIO(timers_and_signals)
{
	struct sigevent se = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	int id = -1;
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGALRM);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if (!syscall(SYS_timer_create, CLOCK_MONOTONIC, &se, &id)) {
		syscall(SYS_timer_settime, id, 0, &(struct itimerspec){ { 0, 0 }, { 0, 100 } },
			NULL);
		syscall(SYS_timer_delete, id);
	}
	for (int i = 0; i < 20; i++)
		sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ i });
	kill(getpid(), SIGUSR2);
	setitimer(ITIMER_VIRTUAL, &(struct itimerval){ { 0, 0 }, { 1, 0 } }, NULL);
	for (int i = 0; i < 3; i++)
		sigtimedwait(&all, NULL, &(struct timespec){ 0, 0 });
}

SCENARIO(futexes)
{
	struct {
		uint64_t val, uaddr;
		uint32_t flags, reserved;
	} w[20];
	static uint32_t word;

	for (int i = 0; i < 20; i++) {
		w[i].val = 0;
		w[i].uaddr = (uintptr_t)&word;
		w[i].flags = 2 | 128;
		w[i].reserved = 0;
	}
	syscall(449, w, 20, 0, &(struct timespec){ 0, 1 }, CLOCK_MONOTONIC);
	syscall(SYS_futex, &word, FUTEX_WAIT, 0, &(struct timespec){ 0, 1000 }, NULL, 0);
}

SCENARIO(terminals)
{
	int m = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK), n = -1, s;

	ioctl(m, TIOCSPTLCK, &(int){ 0 });
	ioctl(m, TIOCGPTN, &n);
	snprintf(buf, 100, "/dev/pts/%d", n);
	s = open(buf, O_RDWR | O_NOCTTY | O_NONBLOCK);
	write(s, "hello\n", 6);
	write(m, "hello\n", 6);
	read(s, buf, 100);
	close(m);
	close(s);
}

SCENARIO(inotify)
{
	int fd = inotify_init1(IN_NONBLOCK);

	inotify_add_watch(fd, ".", IN_ALL_EVENTS);
	close(open("i", O_CREAT | O_RDWR, 0600));
	inotify_add_watch(fd, "i", IN_ALL_EVENTS);
	rename("i", "j");
	read(fd, buf, sizeof(buf));
	unlink("j");
}

SCENARIO(locks)
{
	int a = open("k", O_CREAT | O_RDWR, 0600), b = open("k", O_RDWR);
	struct flock l = { F_WRLCK, SEEK_SET, 0, 100, 0 };

	flock(a, LOCK_EX);
	flock(b, LOCK_SH | LOCK_NB);
	fcntl(a, F_SETLK, &l);
	l = (struct flock){ F_UNLCK, SEEK_SET, 10, 10, 0 };
	fcntl(a, F_SETLK, &l);
	l = (struct flock){ F_RDLCK, SEEK_SET, 200, 10, 0 };
	fcntl(b, F_OFD_SETLK, &l);
}

/* Slack: the cache keeps the names below /proc/PID of the dead until it wants the room. */
SCENARIO_WITH(proc_files, false, 12)
{
	static const char *const names[] = { "maps", "status", "stat",	  "smaps",
					     "fd",   "mounts", "environ", "fdinfo/0",
					     "exe",  "cwd",    "limits" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char name[64] = "/proc/self/";
		int fd;

		strcat(name, names[i]);
		readlink(name, buf, sizeof(buf));
		fd = open(name, O_RDONLY);
		read(fd, buf, sizeof(buf));
		syscall(SYS_getdents64, fd, buf, sizeof(buf));
		close(fd);
	}
}

SCENARIO(vectors_and_copies)
{
	struct iovec iov[200];
	int a = open("v", O_CREAT | O_RDWR, 0600), b = open("w", O_CREAT | O_RDWR, 0600),
	    p[2] = { -1, -1 };

	for (int i = 0; i < 200; i++)
		iov[i] = (struct iovec){ buf, 10 };
	writev(a, iov, 200);
	preadv(a, iov, 200, 0);
	copy_file_range(a, &(loff_t){ 0 }, b, NULL, 2000, 0);
	pipe2(p, O_NONBLOCK);
	splice(a, &(loff_t){ 0 }, p[1], NULL, 2000, 0);
	/* the pipe is empty when the write before failed */
	splice(p[0], NULL, b, NULL, 2000, SPLICE_F_NONBLOCK);
	vmsplice(p[1], iov, 200, SPLICE_F_NONBLOCK);
	process_vm_readv(getpid(), iov, 100, iov, 100, 0);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "was-it-struck"))
		return ashlar_debug_fail_nth(0) == 0 ? STRUCK : 0;
	return harness_main(argc, argv);
}
