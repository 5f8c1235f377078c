/* SPDX-License-Identifier: MIT */
/* futex.h - sleeping on a word of user memory. */
#pragma once

#include <kernel/lib/compiler.h>

struct task;

#define FUTEX_BITSET_ALL U32_MAX

/* shared: FUTEX_PRIVATE_FLAG was not given. 0, -EAGAIN (the word differs), -ETIMEDOUT,
 * -ERESTARTSYS, -EFAULT, -EINVAL. deadline on CLOCK_MONOTONIC. */
int __must_check futex_wait(uaddr_t word, bool shared, u32 expected, u32 bitset, ktime_t deadline);
/* How many were woken, or -errno. */
long futex_wake(uaddr_t word, bool shared, u32 nr, u32 bitset);
/* cmp: *word must equal expected. Woken plus requeued, or -errno. */
long futex_requeue(uaddr_t from, bool from_shared, uaddr_t to, bool to_shared, u32 nr_wake,
		   u32 nr_requeue, bool cmp, u32 expected);
long futex_wake_op(uaddr_t a, uaddr_t b, bool shared, u32 nr_wake, u32 nr_wake2, u32 encoded_op);
/* One of several: the index of the one that was woken. */
struct futex_waitv_k {
	uaddr_t word;
	u32 value;
	bool shared;
};
long futex_wait_multiple(const struct futex_waitv_k *v, u32 nr, ktime_t deadline);

/* exit: wakes shared and private waiters on the clear-tid word. */
void futex_wake_user(uaddr_t word, u32 nr);
void futex_exit_robust(struct task *t);
void futex_init(void);
