/* SPDX-License-Identifier: MIT */
/* kcmp.c - do two processes share a kernel object? Ref: kcmp(2). Tests: selftests/abi/misc.c */
#include <compat/syscalls.h>

#include <kernel/file.h>
#include <kernel/handle.h>
#include <kernel/peek.h>
#include <kernel/random.h>
#include <kernel/task.h>

enum {
	KCMP_FILE,
	KCMP_VM,
	KCMP_FILES,
	KCMP_FS,
	KCMP_SIGHAND,
	KCMP_IO,
	KCMP_SYSVSEM,
	KCMP_EPOLL_TFD
};

/* An order of addresses that tells nothing about them: a secret one-to-one map. 0 equal, 1 less, 2
 * greater. */
static long compare(const void *a, const void *b)
{
	static u64 secret[2];		/* drawn once */
	u64 x, y;

	if (!__atomic_load_n(&secret[1], __ATOMIC_ACQUIRE)) {
		u64 fresh[2];

		random_bytes(fresh, sizeof(fresh));
		__atomic_store_n(&secret[0], fresh[0], __ATOMIC_RELAXED);
		__atomic_store_n(&secret[1], fresh[1] | 1, __ATOMIC_RELEASE);
	}
	x = ((u64)a ^ secret[0]) * secret[1];
	y = ((u64)b ^ secret[0]) * secret[1];
	return x < y ? 1 : x > y ? 2 : 0;
}

static struct file *file_of(struct task *t, u64 fd)
{
	struct handle_table *h = task_get_handles(t);
	struct file *f = NULL;
	u32 rights;

	if (!h)
		return NULL;
	if (fd > S32_MAX || handle_peek(h, (int)fd, &f, &rights, NULL))
		f = NULL;
	handle_table_put(h);
	return f;
}

static long compare_files(struct task *a, u64 fd_a, struct task *b, u64 fd_b)
{
	struct file *x = file_of(a, fd_a), *y = file_of(b, fd_b);
	long ret = x && y ? compare(x, y) : -EBADF;

	if (x)
		file_put(x);
	if (y)
		file_put(y);
	return ret;
}

static long compare_tasks(struct task *a, struct task *b, s32 type, u64 idx1, u64 idx2)
{
	if (task_may_inspect(a) || task_may_inspect(b))
		return -EPERM;
	switch (type) {
	case KCMP_FILE:	   return compare_files(a, idx1, b, idx2);
	case KCMP_VM:	   return compare(READ_ONCE(a->as), READ_ONCE(b->as));
	case KCMP_FILES:   return compare(READ_ONCE(a->handles), READ_ONCE(b->handles));
	case KCMP_FS:	   return compare(READ_ONCE(a->fs), READ_ONCE(b->fs));
	case KCMP_SIGHAND: return a->proc && b->proc ? compare(READ_ONCE(a->proc->sighand), READ_ONCE(b->proc->sighand)) : -ESRCH;
	case KCMP_IO:
	case KCMP_SYSVSEM: return 0;		/* nobody has either, and Linux finds two of none equal */
	case KCMP_EPOLL_TFD: return -EOPNOTSUPP;
	}
	return -EINVAL;
}

long sys_kcmp(pid_t pid1, pid_t pid2, s32 type, u64 idx1, u64 idx2)
{
	struct task *a = task_find(pid1), *b = task_find(pid2);
	long ret = a && b ? compare_tasks(a, b, type, idx1, idx2) : -ESRCH;

	if (a)
		task_put(a);
	if (b)
		task_put(b);
	return ret;
}
