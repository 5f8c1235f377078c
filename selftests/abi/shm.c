/* SPDX-License-Identifier: MIT */
/* System V shared memory: shmget(2), shmop(2), shmctl(2), /proc/sysvipc/shm,
 * /proc/sys/kernel/shm*. */
#include "../harness.h"

#include <grp.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "textfile.h"

#define PAGE 4096ul
#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif
#ifndef SHM_EXEC
#define SHM_EXEC 0100000
#endif

static int made[64], nr_made;

static void remove_all(void)
{
	for (int n = 0; n < nr_made; n++)
		shmctl(made[n], IPC_RMID, NULL);
}

/* A segment that goes with the test, unless it dies. */
static int segment(key_t key, size_t size, int flags)
{
	int id = shmget(key, size, flags);

	if (id < 0)
		return id;
	if (!nr_made)
		atexit(remove_all);
	made[nr_made++] = id;
	return id;
}

static key_t some_key(int n)
{
	return 0x51000000 + (getpid() << 4 & 0xfffff0) + n;
}

static struct shmid_ds stat_of(int id)
{
	struct shmid_ds ds = { 0 };

	EXPECT_EQ(0, shmctl(id, IPC_STAT, &ds));
	return ds;
}

static char *attach(int id, const void *where, int flags)
{
	char *p = shmat(id, where, flags);

	ASSERT_TRUE(p != (char *)-1);
	return p;
}

static int in_child(void (*fn)(int), int arg)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		fn(arg);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* An address with n free pages. */
static char *room(size_t n)
{
	char *p = mmap(NULL, n * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p, n * PAGE);
	return p;
}

TEST(a_segment_is_made_and_told_about)
{
	time_t before = time(NULL);
	int id = segment(IPC_PRIVATE, 10000, 0640);
	struct shmid_ds ds;

	ASSERT_TRUE(id >= 0);
	ds = stat_of(id);
	EXPECT_EQ(10000, ds.shm_segsz);
	EXPECT_EQ(0640, ds.shm_perm.mode);
	EXPECT_EQ(IPC_PRIVATE, ds.shm_perm.__key);
	EXPECT_EQ(geteuid(), ds.shm_perm.uid);
	EXPECT_EQ(geteuid(), ds.shm_perm.cuid);
	EXPECT_EQ(getegid(), ds.shm_perm.gid);
	EXPECT_EQ(getegid(), ds.shm_perm.cgid);
	EXPECT_EQ(id >> 15, ds.shm_perm.__seq);
	EXPECT_EQ(getpid(), ds.shm_cpid);
	EXPECT_EQ(0, ds.shm_lpid);
	EXPECT_EQ(0, ds.shm_nattch);
	EXPECT_EQ(0, ds.shm_atime);
	EXPECT_EQ(0, ds.shm_dtime);
	EXPECT_TRUE(ds.shm_ctime >= before - 1 && ds.shm_ctime <= time(NULL));
}

TEST(keys)
{
	key_t key = some_key(1);
	int id;

	EXPECT_ERRNO(ENOENT, shmget(key, 100, 0));
	id = segment(key, 5000, IPC_CREAT | IPC_EXCL | 0600);
	ASSERT_TRUE(id >= 0);
	EXPECT_EQ(id, shmget(key, 5000, 0));
	EXPECT_EQ(id, shmget(key, 0, 0));
	EXPECT_EQ(id, shmget(key, 1, IPC_CREAT | 0600));
	EXPECT_EQ(id, shmget(key, 1, IPC_EXCL | 0600));
	EXPECT_ERRNO(EEXIST, shmget(key, 5000, IPC_CREAT | IPC_EXCL));
	EXPECT_ERRNO(EINVAL, shmget(key, 5001, 0));
	EXPECT_ERRNO(EINVAL, shmget(key, 8192, IPC_CREAT));
	EXPECT_TRUE(segment(IPC_PRIVATE, 1, 0) != segment(IPC_PRIVATE, 1, IPC_CREAT | IPC_EXCL));
	EXPECT_EQ(0, shmctl(id, IPC_RMID, NULL));
	EXPECT_ERRNO(ENOENT, shmget(key, 100, 0));
	EXPECT_ERRNO(EINVAL, shmctl(id, IPC_RMID, NULL));
}

TEST(sizes)
{
	EXPECT_ERRNO(EINVAL, segment(IPC_PRIVATE, 0, 0600));
	EXPECT_ERRNO(EINVAL, segment(IPC_PRIVATE, SIZE_MAX, 0600));
	EXPECT_ERRNO(ENOMEM, segment(IPC_PRIVATE, 1ul << 44, 0600));
	EXPECT_TRUE(segment(IPC_PRIVATE, 1ul << 44, 0600 | SHM_NORESERVE) >= 0);
	EXPECT_ERRNO(ENOMEM, segment(IPC_PRIVATE, PAGE, 0600 | SHM_HUGETLB));
}

TEST(bytes_are_shared)
{
	int id = segment(IPC_PRIVATE, 3 * PAGE, 0600);
	char *a = attach(id, NULL, 0), *b = attach(id, NULL, 0), *c;

	EXPECT_TRUE(a != b);
	for (size_t n = 0; n < 3 * PAGE; n++)
		if (a[n])
			FAIL("byte %zu is %d", n, a[n]);
	strcpy(a + PAGE - 3, "across pages");
	EXPECT_STREQ("across pages", b + PAGE - 3);
	c = attach(id, NULL, SHM_RDONLY);
	EXPECT_STREQ("across pages", c + PAGE - 3);
	EXPECT_EQ(3, stat_of(id).shm_nattch);
	EXPECT_EQ(0, shmdt(a));
	EXPECT_EQ(0, shmdt(b));
	EXPECT_EQ(0, shmdt(c));
	EXPECT_EQ(0, stat_of(id).shm_nattch);
	a = attach(id, NULL, 0);
	EXPECT_STREQ("across pages", a + PAGE - 3);
}

static void touch(int id)
{
	char *p = attach(id, NULL, 0);

	EXPECT_STREQ("from the parent", p);
	strcpy(p, "from the child");
}

TEST(another_process_attaches_by_identifier)
{
	int id = segment(IPC_PRIVATE, 100, 0600);
	char *p = attach(id, NULL, 0);

	strcpy(p, "from the parent");
	EXPECT_EQ(0, in_child(touch, id));
	EXPECT_STREQ("from the child", p);
	EXPECT_EQ(1, stat_of(id).shm_nattch);
}

TEST(times_and_processes)
{
	int id = segment(IPC_PRIVATE, 100, 0600), status;
	time_t before = time(NULL) - 1;
	struct shmid_ds ds;
	char *p = attach(id, NULL, 0);
	pid_t pid;

	ds = stat_of(id);
	EXPECT_TRUE(ds.shm_atime >= before && !ds.shm_dtime);
	EXPECT_EQ(getpid(), ds.shm_lpid);
	pid = fork();
	if (!pid)
		_exit(stat_of(id).shm_nattch != 2 || stat_of(id).shm_lpid != getppid());
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	ds = stat_of(id);
	EXPECT_EQ(1, ds.shm_nattch);
	EXPECT_EQ(pid, ds.shm_lpid);
	EXPECT_TRUE(ds.shm_dtime >= before);
	EXPECT_EQ(getpid(), ds.shm_cpid);
	EXPECT_EQ(0, shmdt(p));
	EXPECT_EQ(getpid(), stat_of(id).shm_lpid);
}

static void exec_it(int id)
{
	attach(id, NULL, 0);
	execl("/proc/self/exe", "shm", "-l", NULL);
	_exit(9);
}

TEST(exec_and_exit_detach)
{
	int id = segment(IPC_PRIVATE, 100, 0600), null = open("/dev/null", O_WRONLY), out = dup(1),
	    status;

	fflush(stdout);
	dup2(null, 1);
	status = in_child(exec_it, id);
	dup2(out, 1);
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, stat_of(id).shm_nattch);
}

TEST(where_it_is_attached)
{
	int id = segment(IPC_PRIVATE, 2 * PAGE, 0600);
	char *at = room(8), *p = attach(id, at + PAGE, 0);

	EXPECT_TRUE(p == at + PAGE);
	EXPECT_ERRNO(EINVAL, (long)shmat(id, at, 0));			/* would lie over it */
	EXPECT_ERRNO(EINVAL, (long)shmat(id, at + 2 * PAGE, 0));
	EXPECT_ERRNO(EINVAL, (long)shmat(id, at + 5 * PAGE + 1, 0));
	EXPECT_TRUE(attach(id, at + 5 * PAGE + 1, SHM_RND) == at + 5 * PAGE);
	strcpy(p, "one");
	EXPECT_TRUE(attach(id, at + 2 * PAGE, SHM_REMAP) == at + 2 * PAGE);
	EXPECT_STREQ("one", at + 2 * PAGE);
	EXPECT_EQ(3, stat_of(id).shm_nattch);
	EXPECT_ERRNO(EINVAL, (long)shmat(id, NULL, SHM_REMAP));
	EXPECT_ERRNO(EINVAL, (long)shmat(id, (void *)1, SHM_RND | SHM_REMAP));
	EXPECT_TRUE(attach(id, (void *)1, SHM_RND) == NULL);		/* for those who may */
	EXPECT_ERRNO(EINVAL, (long)shmat(id, (void *)-PAGE, 0));
	EXPECT_ERRNO(ENOMEM, (long)shmat(id, (void *)(1ul << 50), 0));
}

TEST(detaching)
{
	int id = segment(IPC_PRIVATE, 3 * PAGE, 0600);
	char *p = attach(id, NULL, 0),
	     *other = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	EXPECT_ERRNO(EINVAL, shmdt(p + 1));
	EXPECT_ERRNO(EINVAL, shmdt(p + PAGE));
	EXPECT_ERRNO(EINVAL, shmdt(other));
	EXPECT_ERRNO(EINVAL, shmdt(room(1)));
	/* without its first page it still began here */
	EXPECT_EQ(0, munmap(p, PAGE));
	EXPECT_EQ(1, stat_of(id).shm_nattch);
	EXPECT_EQ(0, shmdt(p));
	EXPECT_EQ(0, stat_of(id).shm_nattch);
	EXPECT_ERRNO(EINVAL, shmdt(p));
}

TEST(areas_are_counted)
{
	int id = segment(IPC_PRIVATE, 4 * PAGE, 0600);
	char *p = attach(id, NULL, 0), *q;

	EXPECT_EQ(0, mprotect(p + PAGE, PAGE, PROT_READ));
	EXPECT_EQ(3, stat_of(id).shm_nattch);
	EXPECT_EQ(0, mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(3, stat_of(id).shm_nattch);
	EXPECT_EQ(0, munmap(p + 3 * PAGE, PAGE));
	EXPECT_EQ(3, stat_of(id).shm_nattch);
	q = mremap(p + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room(2));
	EXPECT_TRUE(q != MAP_FAILED);
	EXPECT_EQ(3, stat_of(id).shm_nattch);
	strcpy(q, "moved");
	EXPECT_EQ(0, shmdt(p));				/* what has moved does not belong there */
	EXPECT_EQ(1, stat_of(id).shm_nattch);
	EXPECT_STREQ("moved", q);
	EXPECT_EQ(0, munmap(q, PAGE));
	EXPECT_EQ(0, stat_of(id).shm_nattch);
}

static void write_to(int id)
{
	*attach(id, NULL, SHM_RDONLY) = 1;
}

TEST(to_read_only)
{
	int id = segment(IPC_PRIVATE, PAGE, 0600), status = in_child(write_to, id);
	char *p = attach(id, NULL, SHM_RDONLY);

	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	EXPECT_ERRNO(EACCES, mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, mprotect(p, PAGE, PROT_READ | PROT_EXEC));
}

TEST(to_execute)
{
	static const unsigned code[] = { 0x52800540, 0xd65f03c0 };	/* mov w0, #42; ret */
	int id = segment(IPC_PRIVATE, PAGE, 0700);
	char *w = attach(id, NULL, 0), *x = attach(id, NULL, SHM_RDONLY | SHM_EXEC);

	memcpy(w, code, sizeof(code));
	__builtin___clear_cache(x, x + sizeof(code));
#ifdef __aarch64__
	EXPECT_EQ(42, ((int (*)(void))x)());
#endif
}

TEST(removed_while_attached)
{
	key_t key = some_key(2);
	int id = segment(key, PAGE, IPC_CREAT | 0600);
	char *p = attach(id, NULL, 0), *q;
	struct shmid_ds ds;

	strcpy(p, "still here");
	EXPECT_EQ(0, shmctl(id, IPC_RMID, NULL));
	ds = stat_of(id);
	EXPECT_EQ(SHM_DEST | 0600, ds.shm_perm.mode);
	EXPECT_EQ(IPC_PRIVATE, ds.shm_perm.__key);
	EXPECT_ERRNO(ENOENT, shmget(key, 1, 0));
	q = attach(id, NULL, 0);
	EXPECT_EQ(0, shmdt(p));
	EXPECT_STREQ("still here", q);
	EXPECT_EQ(0, shmctl(id, IPC_RMID, NULL));
	EXPECT_EQ(0, shmdt(q));
	EXPECT_ERRNO(EINVAL, shmctl(id, IPC_STAT, &ds));
	EXPECT_ERRNO(EINVAL, (long)shmat(id, NULL, 0));
}

TEST(identifiers_are_not_used_again)
{
	struct shmid_ds ds;
	int first = segment(IPC_PRIVATE, 1, 0600), id = first, index = first & 0x7fff;

	EXPECT_EQ(0, shmctl(first, IPC_RMID, NULL));
	for (int n = 0; n < 40000 && (id == first || (id & 0x7fff) != index); n++) {
		id = shmget(IPC_PRIVATE, 1, 0600);
		ASSERT_TRUE(id >= 0 && id != first);
		if ((id & 0x7fff) != index)
			shmctl(id, IPC_RMID, NULL);
	}
	EXPECT_EQ(index, id & 0x7fff);
	EXPECT_ERRNO(EINVAL, shmctl(first, IPC_STAT, &ds));
	EXPECT_ERRNO(EINVAL, (long)shmat(first, NULL, 0));
	EXPECT_EQ(0, shmctl(id, IPC_RMID, NULL));
	EXPECT_ERRNO(EINVAL, shmctl(first, IPC_STAT, &ds));
}

TEST(arguments_of_shmctl)
{
	int id = segment(IPC_PRIVATE, PAGE, 0600);
	struct shmid_ds ds;

	EXPECT_ERRNO(EINVAL, shmctl(-1, IPC_STAT, &ds));
	EXPECT_ERRNO(EINVAL, shmctl(id, 77, &ds));
	EXPECT_ERRNO(EINVAL, shmctl(id, -1, &ds));
	EXPECT_ERRNO(EFAULT, shmctl(id, IPC_STAT, (void *)8));
	EXPECT_ERRNO(EFAULT, shmctl(id, IPC_SET, (void *)8));
	EXPECT_ERRNO(EFAULT, shmctl(0x7fffffff, IPC_SET, (void *)8));
	EXPECT_ERRNO(EFAULT, shmctl(0, IPC_INFO, (void *)8));
	EXPECT_ERRNO(EFAULT, shmctl(0, SHM_INFO, (void *)8));
	EXPECT_ERRNO(EINVAL, (long)shmat(-1, NULL, 0));
}

TEST(a_new_owner)
{
	int id = segment(IPC_PRIVATE, PAGE, 0600);
	struct shmid_ds ds = stat_of(id);
	time_t changed = ds.shm_ctime;

	sleep_ms(1100);
	ds.shm_perm.uid = 1234;
	ds.shm_perm.gid = 5678;
	ds.shm_perm.mode = 0xffffffff;
	ds.shm_segsz = 1;
	EXPECT_EQ(0, shmctl(id, IPC_SET, &ds));
	ds = stat_of(id);
	EXPECT_EQ(1234, ds.shm_perm.uid);
	EXPECT_EQ(5678, ds.shm_perm.gid);
	EXPECT_EQ(0777, ds.shm_perm.mode);
	EXPECT_EQ(PAGE, ds.shm_segsz);
	EXPECT_EQ(geteuid(), ds.shm_perm.cuid);
	EXPECT_TRUE(ds.shm_ctime > changed);
	ds.shm_perm.uid = (uid_t)-1;
	EXPECT_ERRNO(EINVAL, shmctl(id, IPC_SET, &ds));
	ds.shm_perm.uid = 0;
	ds.shm_perm.gid = (gid_t)-1;
	EXPECT_ERRNO(EINVAL, shmctl(id, IPC_SET, &ds));
	EXPECT_EQ(1234, stat_of(id).shm_perm.uid);
}

static void other_user(int id)
{
	struct shmid_ds ds = { 0 };

	setresgid(7, 7, 7);
	setresuid(7, 7, 7);
	EXPECT_EQ(0, shmctl(id, IPC_STAT, &ds));		/* 0604: to read */
	EXPECT_TRUE(shmat(id, NULL, SHM_RDONLY) != (void *)-1);
	EXPECT_ERRNO(EACCES, (long)shmat(id, NULL, 0));
	EXPECT_ERRNO(EACCES, (long)shmat(id, NULL, SHM_RDONLY | SHM_EXEC));
	EXPECT_ERRNO(EPERM, shmctl(id, IPC_SET, &ds));
	EXPECT_ERRNO(EPERM, shmctl(id, IPC_RMID, NULL));
	EXPECT_ERRNO(EPERM, shmctl(id, SHM_LOCK, NULL));
	EXPECT_ERRNO(EPERM, shmctl(id, SHM_UNLOCK, NULL));
	EXPECT_EQ(id, shmget(ds.shm_perm.__key, 0, 0));
	EXPECT_EQ(id, shmget(ds.shm_perm.__key, 0, 0004));
	EXPECT_ERRNO(EACCES, shmget(ds.shm_perm.__key, 0, 0002));
	EXPECT_ERRNO(EACCES, shmget(ds.shm_perm.__key, 0, 0600));
}

static void other_group(int id)
{
	gid_t group = 9;

	setgroups(1, &group);
	setresgid(7, 7, 7);
	setresuid(7, 7, 7);
	EXPECT_TRUE(shmat(id, NULL, 0) != (void *)-1);
	EXPECT_EQ(id, shmget(stat_of(id).shm_perm.__key, 0, 0060));
}

static void no_access(int id)
{
	struct shmid_ds ds;

	setresgid(7, 7, 7);
	setresuid(7, 7, 7);
	EXPECT_ERRNO(EACCES, shmctl(id, IPC_STAT, &ds));
	EXPECT_ERRNO(EACCES, shmctl(id & 0x7fff, SHM_STAT, &ds));
	EXPECT_EQ(id, shmctl(id & 0x7fff, SHM_STAT_ANY, &ds));
	EXPECT_ERRNO(EACCES, (long)shmat(id, NULL, SHM_RDONLY));
}

static void as_owner(int id)
{
	struct shmid_ds ds;

	setresgid(7, 7, 7);
	setresuid(1234, 1234, 1234);
	EXPECT_TRUE(shmat(id, NULL, 0) != (void *)-1);
	ds = stat_of(id);
	ds.shm_perm.mode = 0400;
	EXPECT_EQ(0, shmctl(id, IPC_SET, &ds));
	EXPECT_ERRNO(EACCES, (long)shmat(id, NULL, 0));
	EXPECT_EQ(0, shmctl(id, IPC_RMID, NULL));
}

TEST(permissions)
{
	int id = segment(some_key(3), PAGE, IPC_CREAT | 0604);
	struct shmid_ds ds = stat_of(id);

	EXPECT_EQ(0, in_child(other_user, id));
	ds.shm_perm.gid = 9;
	ds.shm_perm.mode = 0060;
	EXPECT_EQ(0, shmctl(id, IPC_SET, &ds));
	EXPECT_EQ(0, in_child(other_group, id));
	ds.shm_perm.mode = 0600;
	EXPECT_EQ(0, shmctl(id, IPC_SET, &ds));
	EXPECT_EQ(0, in_child(no_access, id));
	ds.shm_perm.uid = 1234;
	EXPECT_EQ(0, shmctl(id, IPC_SET, &ds));
	EXPECT_EQ(0, in_child(as_owner, id));
	EXPECT_ERRNO(EINVAL, shmctl(id, IPC_STAT, &ds));
}

static void lock_it(int id)
{
	struct rlimit none = { 0, 0 }, page = { PAGE, PAGE };
	int own;

	setresgid(7, 7, 7);
	setresuid(7, 7, 7);
	own = shmget(IPC_PRIVATE, PAGE, 0600);
	EXPECT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &page));
	EXPECT_EQ(0, shmctl(own, SHM_LOCK, NULL));
	EXPECT_EQ(0, shmctl(own, SHM_LOCK, NULL));
	EXPECT_EQ(SHM_LOCKED | 0600, stat_of(own).shm_perm.mode);
	EXPECT_ERRNO(ENOMEM, shmctl(id, SHM_LOCK, NULL));
	EXPECT_EQ(0, shmctl(own, SHM_UNLOCK, NULL));
	EXPECT_EQ(0, shmctl(own, SHM_UNLOCK, NULL));
	EXPECT_EQ(0600, stat_of(own).shm_perm.mode);
	EXPECT_EQ(0, shmctl(id, SHM_LOCK, NULL));
	EXPECT_EQ(0, shmctl(id, SHM_UNLOCK, NULL));
	EXPECT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &none));
	EXPECT_ERRNO(EPERM, shmctl(own, SHM_LOCK, NULL));
	EXPECT_EQ(0, shmctl(own, IPC_RMID, NULL));
}

TEST(locking)
{
	int id = segment(IPC_PRIVATE, PAGE, 0600);
	struct shmid_ds ds = stat_of(id);

	ds.shm_perm.uid = 7;
	EXPECT_EQ(0, shmctl(id, IPC_SET, &ds));
	EXPECT_EQ(0, in_child(lock_it, id));
	EXPECT_EQ(0, shmctl(id, SHM_LOCK, NULL));
	EXPECT_EQ(SHM_LOCKED | 0600, stat_of(id).shm_perm.mode);
}

static unsigned long number_in(const char *path)
{
	unsigned long v = 0;
	FILE *f = fopen(path, "r");

	if (!f || fscanf(f, "%lu", &v) != 1)
		FAIL("%s", path);
	if (f)
		fclose(f);
	return v;
}

TEST(limits_and_totals)
{
	struct shminfo info;
	struct shm_info was, is;
	struct shmid_ds ds;
	int id, last;

	EXPECT_TRUE(shmctl(0, IPC_INFO, (void *)&info) >= 0);
	EXPECT_EQ(18446744073692774399ul, info.shmmax);
	EXPECT_EQ(18446744073692774399ul, info.shmall);
	EXPECT_EQ(1, info.shmmin);
	EXPECT_EQ(4096, info.shmmni);
	EXPECT_EQ(4096, info.shmseg);
	EXPECT_EQ(info.shmmax, number_in("/proc/sys/kernel/shmmax"));
	EXPECT_EQ(info.shmall, number_in("/proc/sys/kernel/shmall"));
	EXPECT_EQ(info.shmmni, number_in("/proc/sys/kernel/shmmni"));
	EXPECT_TRUE(shmctl(0, SHM_INFO, (void *)&was) >= 0);
	id = segment(IPC_PRIVATE, 5 * PAGE - 10, 0600);
	memset(attach(id, NULL, 0), 1, 2 * PAGE);
	last = shmctl(0, SHM_INFO, (void *)&is);
	EXPECT_TRUE(last >= (id & 0x7fff));
	EXPECT_EQ(was.used_ids + 1, is.used_ids);
	EXPECT_EQ(was.shm_tot + 5, is.shm_tot);
	EXPECT_EQ(was.shm_rss + 2, is.shm_rss);
	EXPECT_EQ(id, shmctl(id & 0x7fff, SHM_STAT, &ds));
	EXPECT_EQ(5 * PAGE - 10, ds.shm_segsz);
	EXPECT_ERRNO(EINVAL, shmctl(last + 1, SHM_STAT, &ds));
	EXPECT_ERRNO(EINVAL, shmctl(last + 1, SHM_STAT_ANY, &ds));
}

TEST(limits_are_kept)
{
	char text[32];
	struct shm_info is;

	EXPECT_EQ(5, text_write("/proc/sys/kernel/shmmax", "8192\n"));
	EXPECT_TRUE(segment(IPC_PRIVATE, 8192, 0600) >= 0);
	EXPECT_ERRNO(EINVAL, segment(IPC_PRIVATE, 8193, 0600));
	text_write("/proc/sys/kernel/shmmax", "18446744073692774399\n");
	shmctl(0, SHM_INFO, (void *)&is);
	snprintf(text, sizeof(text), "%lu\n", is.shm_tot + 3);
	text_write("/proc/sys/kernel/shmall", text);
	EXPECT_TRUE(segment(IPC_PRIVATE, 3 * PAGE, 0600) >= 0);
	EXPECT_ERRNO(ENOSPC, segment(IPC_PRIVATE, 1, 0600));
	text_write("/proc/sys/kernel/shmall", "18446744073692774399\n");
	snprintf(text, sizeof(text), "%d\n", is.used_ids + 2);
	text_write("/proc/sys/kernel/shmmni", text);
	EXPECT_TRUE(segment(IPC_PRIVATE, 1, 0600) >= 0);
	EXPECT_ERRNO(ENOSPC, segment(IPC_PRIVATE, 1, 0600));
	text_write("/proc/sys/kernel/shmmni", "4096\n");
	EXPECT_TRUE(segment(IPC_PRIVATE, 1, 0600) >= 0);
	EXPECT_ERRNO(EINVAL, text_write("/proc/sys/kernel/shmmni", "40000\n"));
}

TEST(as_proc_shows_it)
{
	int id = segment(some_key(4), 3 * PAGE, IPC_CREAT | 0640), found = 0;
	char *p = attach(id, NULL, 0), line[400], want[400], *q = p;
	FILE *f = fopen("/proc/sysvipc/shm", "r");
	struct shmid_ds ds = stat_of(id);

	ASSERT_TRUE(f);
	*p = 1;
	ASSERT_TRUE(fgets(line, sizeof(line), f));
	EXPECT_STREQ("       key      shmid perms                  size  cpid  lpid nattch   uid   "
		     "gid  cuid  cgid      atime      dtime      ctime"
		     "                   rss                  swap\n",
		     line);
	snprintf(want, sizeof(want),
		 "%10d %10d  %4o %21lu %5u %5u  %5lu %5u %5u %5u %5u %10lu %10lu %10lu %21lu "
		 "%21lu\n",
		 some_key(4), id, 0640, 3 * PAGE, getpid(), getpid(), 1ul, geteuid(), getegid(),
		 geteuid(), getegid(), ds.shm_atime, 0ul, ds.shm_ctime, PAGE, 0ul);
	while (fgets(line, sizeof(line), f))
		found += !strcmp(want, line);
	EXPECT_EQ(1, found);
	fclose(f);
	f = fopen("/proc/self/maps", "r");
	found = 0;
	while (fgets(line, sizeof(line), f))
		if (strtoul(line, NULL, 16) == (unsigned long)q) {
			snprintf(want, sizeof(want), "/SYSV%08x (deleted)\n", some_key(4));
			EXPECT_STREQ(want, strchr(line, '/'));
			found = strtol(strstr(line, ":") + 3, NULL, 10) == id &&
				strstr(line, "rw-s 00000000");
		}
	EXPECT_EQ(1, found);
	fclose(f);
}

static void *churn(void *arg)
{
	int id = (int)(long)arg;

	for (int n = 0; n < 400; n++) {
		char *p = shmat(id, NULL, 0);

		if (p == (char *)-1)
			return (void *)1;
		__atomic_add_fetch((int *)p, 1, __ATOMIC_RELAXED);
		if (shmdt(p))
			return (void *)1;
		p = shmat(shmget(IPC_PRIVATE, 2 * PAGE, 0600), NULL, 0);
		if (p != (char *)-1)
			p[PAGE] = 1, shmdt(p);
	}
	return NULL;
}

TEST_TIMEOUT(many_at_once, 30)
{
	int id = segment(IPC_PRIVATE, PAGE, 0600);
	struct shm_info is;
	struct shmid_ds ds;
	pthread_t t[4];
	void *bad;

	for (int n = 0; n < 4; n++)
		pthread_create(&t[n], NULL, churn, (void *)(long)id);
	for (int n = 0; n < 4; n++) {
		pthread_join(t[n], &bad);
		EXPECT_TRUE(!bad);
	}
	EXPECT_EQ(1600, *(int *)attach(id, NULL, SHM_RDONLY));
	for (int n = shmctl(0, SHM_INFO, (void *)&is); n >= 0; n--) {
		int other = shmctl(n, SHM_STAT, &ds);

		if (other >= 0 && other != id && ds.shm_cpid == getpid())
			EXPECT_EQ(0, shmctl(other, IPC_RMID, NULL));
	}
}

MAIN
