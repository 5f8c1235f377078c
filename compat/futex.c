/* SPDX-License-Identifier: MIT */
/* futex.c - futex(2) and its successors. Ref: futex(2), set_robust_list(2), futex_waitv(2). Tests:
 * selftests/abi/futex.c */
#include <compat/abi/time.h>
#include <compat/syscalls.h>

#include <kernel/clock.h>
#include <kernel/cred.h>
#include <kernel/futex.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/slab.h>

#define ROBUST_HEAD_SIZE 24
#define FUTEX2_SIZE_MASK 3u
#define FUTEX2_SIZE_U32	 2u
#define FUTEX2_PRIVATE	 FUTEX_PRIVATE_FLAG
#define FUTEX_WAITV_LIMIT 128

/* FUTEX_WAIT counts from now, FUTEX_WAIT_BITSET names a time on a clock. */
static int futex_deadline(u32 op, uaddr_t timeout, ktime_t *deadline)
{
	ktime_t ns;
	int err;

	*deadline = WAIT_FOREVER;
	if (uaddr_null(timeout))
		return 0;
	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT)
		return deadline_from_user(timeout, deadline);
	err = timespec_get(timeout, &ns);
	if (!err)
		*deadline = deadline_on_clock(
			op & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC, ns);
	return err;
}

/* args: word, flags, value, deadline, bitset */
static long wait_restart(struct task *t)
{
	const u64 *a = t->restart.arg;
	int err = futex_wait(UADDR(a[0]), a[1], (u32)a[2], (u32)a[4], (ktime_t)a[3]);

	if (err == -ERESTARTSYS) {
		t->restart.fn = wait_restart;
		return -ERESTART_RESTARTBLOCK;
	}
	return err;
}

static long do_wait(u32 op, uaddr_t word, bool shared, u32 val, uaddr_t timeout, u32 bitset)
{
	struct task *t = current();
	ktime_t deadline;
	int err = futex_deadline(op, timeout, &deadline);

	if (err)
		return err;
	err = futex_wait(word, shared, val, bitset, deadline);
	if (err != -ERESTARTSYS || uaddr_null(timeout))
		return err;
	t->restart.arg[0] = word.va;
	t->restart.arg[1] = shared;
	t->restart.arg[2] = val;
	t->restart.arg[3] = (u64)deadline;
	t->restart.arg[4] = bitset;
	t->restart.fn = wait_restart;
	return -ERESTART_RESTARTBLOCK;
}

long sys_futex(uaddr_t word, s32 op_flags, u32 val, uaddr_t timeout, uaddr_t word2, u32 val3)
{
	u32 op = (u32)op_flags, cmd = op & FUTEX_CMD_MASK, val2 = (u32)timeout.va;
	bool shared = !(op & FUTEX_PRIVATE_FLAG);

	if ((op & FUTEX_CLOCK_REALTIME) && cmd != FUTEX_WAIT_BITSET &&
	    cmd != FUTEX_WAIT_REQUEUE_PI && cmd != FUTEX_LOCK_PI2)
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:	return do_wait(op, word, shared, val, timeout, FUTEX_BITSET_ALL);
	case FUTEX_WAIT_BITSET: return do_wait(op, word, shared, val, timeout, val3);
	case FUTEX_WAKE:	return futex_wake(word, shared, max(val, 1u), FUTEX_BITSET_ALL);
	case FUTEX_WAKE_BITSET: return futex_wake(word, shared, max(val, 1u), val3);
	case FUTEX_REQUEUE:	return futex_requeue(word, shared, word2, shared, val, val2, false, 0);
	case FUTEX_CMP_REQUEUE: return futex_requeue(word, shared, word2, shared, val, val2, true, val3);
	case FUTEX_WAKE_OP:	return futex_wake_op(word, word2, shared, max(val, 1u), val2, val3);
	}
	return -ENOSYS;
}

long sys_set_robust_list(uaddr_t head, usize len)
{
	if (len != ROBUST_HEAD_SIZE)
		return -EINVAL;
	current()->robust_list = head;
	return 0;
}

long sys_get_robust_list(pid_t pid, uaddr_t head_ptr, uaddr_t len_ptr)
{
	struct task *t = pid ? task_find(pid) : current();
	u64 head;
	int err = 0;

	if (!t)
		return -ESRCH;
	head = t->robust_list.va;
	if (pid) {
		if (t->proc != current_proc() && !capable(CAP_SYS_PTRACE))
			err = -EPERM;
		task_put(t);
	}
	if (!err)
		err = put_user(len_ptr, (u64)ROBUST_HEAD_SIZE);
	return err ? err : put_user(head_ptr, head);
}

struct abi_futex_waitv {
	u64 val, uaddr;
	u32 flags, reserved;
};

static int read_waitv(struct futex_waitv_k *v, uaddr_t src, u32 nr)
{
	struct abi_futex_waitv a;
	u32 i;

	for (i = 0; i < nr; i++) {
		if (get_user(&a, uaddr_add(src, i * sizeof(a))))
			return -EFAULT;
		if ((a.flags & ~(FUTEX2_SIZE_MASK | (u32)FUTEX2_PRIVATE)) || a.reserved ||
		    (a.flags & FUTEX2_SIZE_MASK) != FUTEX2_SIZE_U32 || a.val > U32_MAX)
			return -EINVAL;
		v[i] = (struct futex_waitv_k){ UADDR(a.uaddr), (u32)a.val,
					       !(a.flags & FUTEX2_PRIVATE) };
	}
	return 0;
}

long sys_futex_waitv(uaddr_t waiters, u32 nr, u32 flags, uaddr_t timeout, s32 clock)
{
	auto_kfree struct futex_waitv_k *v = NULL;
	ktime_t deadline = WAIT_FOREVER, ns;
	int err;

	if (flags || nr == 0 || nr > FUTEX_WAITV_LIMIT || uaddr_null(waiters))
		return -EINVAL;
	if (!uaddr_null(timeout)) {
		if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
			return -EINVAL;
		err = timespec_get(timeout, &ns);
		if (err)
			return err;
		deadline = deadline_on_clock(clock, ns);
	}
	v = kcalloc(nr, sizeof(*v));
	if (!v)
		return -ENOMEM;
	err = read_waitv(v, waiters, nr);
	return err ? err : futex_wait_multiple(v, nr, deadline);
}

static int futex2_flags(u32 flags)
{
	return (flags & ~(FUTEX2_SIZE_MASK | (u32)FUTEX2_PRIVATE)) ||
			       (flags & FUTEX2_SIZE_MASK) != FUTEX2_SIZE_U32
		       ? -EINVAL
		       : 0;
}

long sys_futex_wake(uaddr_t word, u64 mask, s32 nr, u32 flags)
{
	if (futex2_flags(flags) || mask > U32_MAX)
		return -EINVAL;
	return nr <= 0 ? 0 : futex_wake(word, !(flags & FUTEX2_PRIVATE), (u32)nr, (u32)mask);
}

long sys_futex_wait(uaddr_t word, u64 val, u64 mask, u32 flags, uaddr_t timeout, s32 clock)
{
	ktime_t deadline = WAIT_FOREVER, ns;
	int err;

	if (futex2_flags(flags) || mask > U32_MAX || val > U32_MAX)
		return -EINVAL;
	if (!uaddr_null(timeout)) {
		if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
			return -EINVAL;
		err = timespec_get(timeout, &ns);
		if (err)
			return err;
		deadline = deadline_on_clock(clock, ns);
	}
	return futex_wait(word, !(flags & FUTEX2_PRIVATE), (u32)val, (u32)mask, deadline);
}

long sys_futex_requeue(uaddr_t waiters, u32 flags, s32 nr_wake, s32 nr_requeue)
{
	struct futex_waitv_k v[2];
	int err;

	if (flags || nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	err = read_waitv(v, waiters, 2);
	return err ? err
		   : futex_requeue(v[0].word, v[0].shared, v[1].word, v[1].shared, (u32)nr_wake,
				   (u32)nr_requeue, true, v[0].value);
}
