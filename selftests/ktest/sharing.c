/* SPDX-License-Identifier: MIT */
/* sharing.c - read, stat and descriptor look-ups on different files write no common cache line,
 * though the threads share handle table,

 * root and working directory. Struct pages are half a line each: two files whose pages are
 * neighbours in memory share one by chance, which is not counted. Lines are those written by locks,
 * reference counts and atomics (CONFIG_DEBUG_LOCKS counts them). */
#include <kernel/ktest.h>

#ifdef CONFIG_DEBUG_LOCKS
#include <arch/cpu.h>
#include <fs/namei.h>
#include <fs/vnode.h>
#include <fs/vfs.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/handle.h>
#include <kernel/object.h>
#include <kernel/sched.h>
#include <kernel/spinlock.h>
#include <kernel/task.h>
#include <mm/iter.h>

#define NR 4
static char names[NR][32] = { "/ktest.d/file0", "/ktest.d/file1", "/ktest.d/file2",
			      "/ktest.d/file3" };
static int fds[NR];
static struct write_log logs[NR];
static struct task *boss;
static u32 turn;
static void (*op)(void *);

static void do_get(void *arg)
{
	struct handle h = {};

	EXPECT_EQ(0, handle_get(fds[(u64)arg], RIGHT_READ, &h));
	handle_put(&h);
}

static void do_read(void *arg)
{
	struct handle h = {};
	struct iter it;
	char buf[16];
	loff_t pos = 0;

	EXPECT_EQ(0, handle_get(fds[(u64)arg], RIGHT_READ, &h));
	iter_kernel(&it, buf, sizeof(buf));
	EXPECT_EQ(5, h.file->obj->ops->read(h.file, &it, &pos));
	handle_put(&h);
}

static void do_stat(void *arg)
{
	struct kstat st;
	u32 flags;

	EXPECT_EQ(0, path_getattr(AT_FDCWD, names[(u64)arg], LOOKUP_FOLLOW, &st, &flags));
}

static void in_turn(u64 i)
{
	struct task *t = current();

	t->handles = boss->handles;		/* as a thread made by clone() */
	handle_table_get(t->handles);
	t->fs = boss->fs;
	t->ns = boss->ns;
	op((void *)i);				/* names and pages are cached from here on */
	while (smp_load_acquire(&turn) != i)
		schedule();
	write_log(op, (void *)i, &logs[i]);
	smp_store_release(&turn, (u32)i + 1);
	handle_table_put(t->handles);
	t->handles = NULL;
	t->fs = NULL;
}

static void compare(const char *what, void (*fn)(void *), u32 least, u32 most)
{
	op = fn;
	turn = 0;
	ktest_in_threads(NR, in_turn);
	for (u32 i = 0; i < NR; i++) {
		if (logs[i].nr < least || logs[i].nr > most)
			FAIL("%s writes %u lines", what, logs[i].nr);
		for (u32 j = 0; j < i; j++)
			for (u32 a = 0; a < logs[i].nr; a++)
				for (u32 b = 0; b < logs[j].nr; b++)
					if (logs[i].line[a] == logs[j].line[b])
						FAIL("%s of files %u and %u: both write to line "
						     "%lx",
						     what, j, i, logs[i].line[a]);
	}
}

TEST(readers_of_different_files_share_no_written_line)
{
	struct open_request req = { .flags = O_CREAT | O_RDWR, .mode = 0600 };
	static const char dir[32] = "/ktest.d";
	struct file *f;
	struct iter it;

	boss = current();
	EXPECT_EQ(0, vfs_mknod(AT_FDCWD, dir, S_IFDIR | 0700, 0));
	for (u32 i = 0; i < NR; i++) {
		loff_t pos = 0;

		ASSERT_TRUE(vfs_open(AT_FDCWD, names[i], &req, &f) == 0);
		iter_kernel(&it, "hello", 5);
		EXPECT_EQ(5, f->obj->ops->write(f, &it, &pos));
		fds[i] = handle_install(f, RIGHTS_ALL, 0);
		EXPECT_TRUE(fds[i] >= 0);
		file_put(f);
	}
	compare("a look-up", do_get, 1, 1);	/* the file's reference count */
	compare("read", do_read, 1, 3);
	compare("stat", do_stat, 0, 1);
	for (u32 i = 0; i < NR; i++) {
		EXPECT_EQ(0, handle_close(fds[i]));
		EXPECT_EQ(0, vfs_unlink(AT_FDCWD, names[i]));
	}
	EXPECT_EQ(0, vfs_rmdir(AT_FDCWD, dir));
}
#endif
