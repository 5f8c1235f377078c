/* SPDX-License-Identifier: MIT */
/* iter.h - where the bytes of a read or write go to or come from: user segments or kernel memory.
 * The only bulk copy path. */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/uapi.h>

struct page;

/* As Linux lays out struct iovec. */
struct user_iovec {
	uaddr_t base;
	usize len;
};

enum { ITER_APPEND_AS_OPENED, ITER_APPEND, ITER_NO_APPEND };

enum iter_kind { ITER_USER, ITER_KERNEL };

/* Stack object, used by one thread. left counts down, done counts up; seg/nr/skip walk the
 * segments. */
struct iter {
	enum iter_kind kind;
	u32 nr;				/* segments from seg on */
	const struct user_iovec *seg;
	usize skip;			/* bytes used of *seg */
	usize left;
	usize done;
	/* ITER_APPEND_*: pwritev2(2) overrides the description's O_APPEND */
	u8 append;
	struct user_iovec one;		/* the single-segment case */
	u8 *kbuf;			/* ITER_KERNEL: next byte */
};

/* A range that ends behind this is refused before anything is copied, as Linux built for 52-bit
 * addresses does: devices that never look at the bytes take more than there can be. What is copied
 * is checked against TASK_SIZE by uaccess. */
#define USER_RANGE_MAX (1ul << 52)

/* One user buffer; len is clamped to MAX_RW_COUNT. -EFAULT when it does not lie in user space. */
int __must_check iter_user(struct iter *it, uaddr_t base, usize len);
/* nr segments already copied in by compat/; the total is clamped. -EINVAL when a length is negative
 * or the sum overflows. */
int __must_check iter_user_vec(struct iter *it, const struct user_iovec *vec, u32 nr);
void iter_kernel(struct iter *it, void *buf, usize len);

static inline usize iter_left(const struct iter *it) { return it->left; }

/* Copies n bytes (at most left) into / out of the iterator's memory and advances. Returns bytes
 * copied; less than asked: a fault. */
usize __must_check iter_put(struct iter *it, const void *src, usize n);
usize __must_check iter_take(struct iter *it, void *dst, usize n);
usize __must_check iter_put_zero(struct iter *it, usize n);
void iter_advance(struct iter *it, usize n);
void iter_revert(struct iter *it, usize n);	/* takes back the last n bytes */

/* Same as put/take with user faults off: may copy less although the memory exists. For copies under
 * a page or file-system lock; on a short copy drop the lock, iter_fault_in(), and try again. */
usize __must_check iter_put_nofault(struct iter *it, const void *src, usize n);
usize __must_check iter_take_nofault(struct iter *it, void *dst, usize n);
/* Touches up to n bytes ahead so that they are mapped (for_write: writable by us). -EFAULT when not
 * even the first byte is. */
int __must_check iter_fault_in(struct iter *it, usize n, bool for_write);

#define MAX_RW_COUNT 0x7ffff000ul
