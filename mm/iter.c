/* SPDX-License-Identifier: MIT */
/* iter.c - walks user segments or kernel memory and copies in bulk. With kernel/futex.c the only
 * place outside compat/ that touches user memory. Every user byte is read or written once.
 *
 * Invariants: (1) left = bytes from the position to the end; (2) skip < seg->len unless left is 0;
 * (3) a short copy means that the next byte faulted (or, in the _nofault forms, that it is not
 * mapped now).
 * Ref: readv(2), process_vm_readv(2). Tests: selftests/unit/iter_test.c, selftests/abi/file.c
 */
#include <mm/iter.h>

#include <arch/page.h>
#include <arch/thread.h>
#include <arch/uaccess.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

int iter_user(struct iter *it, uaddr_t base, usize len)
{
	if (unlikely(base.va > USER_RANGE_MAX || len > USER_RANGE_MAX - base.va))
		return -EFAULT;
	it->kind = ITER_USER;
	it->one.base = base;
	it->one.len = min(len, MAX_RW_COUNT);
	it->seg = &it->one;
	it->nr = 1;
	it->skip = 0;
	it->left = it->one.len;
	it->done = 0;
	it->append = ITER_APPEND_AS_OPENED;
	return 0;
}

int iter_user_vec(struct iter *it, const struct user_iovec *vec, u32 nr)
{
	usize total = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		if ((ssize_t)vec[i].len < 0)
			return -EINVAL;
		if (vec[i].base.va > USER_RANGE_MAX || vec[i].len > USER_RANGE_MAX - vec[i].base.va)
			return -EFAULT;
		total = min(total + min(vec[i].len, MAX_RW_COUNT), MAX_RW_COUNT);
	}
	*it = (struct iter){ .kind = ITER_USER, .seg = vec, .nr = nr, .left = total };
	while (it->nr && it->seg->len == 0) {
		it->seg++;
		it->nr--;
	}
	return 0;
}

void iter_kernel(struct iter *it, void *buf, usize len)
{
	*it = (struct iter){ .kind = ITER_KERNEL, .kbuf = buf, .left = len };
}

void iter_advance(struct iter *it, usize n)
{
	it->left -= n;
	it->done += n;
	if (it->kind == ITER_KERNEL) {
		it->kbuf += n;
		return;
	}
	it->skip += n;
	while (it->nr > 1 && it->skip >= it->seg->len) {
		it->skip -= it->seg->len;
		it->seg++;
		it->nr--;
	}
}

void iter_revert(struct iter *it, usize n)
{
	it->left += n;
	it->done -= n;
	if (it->kind == ITER_KERNEL) {
		it->kbuf -= n;
		return;
	}
	while (n > it->skip) {
		n -= it->skip;
		it->seg--;
		it->nr++;
		it->skip = it->seg->len;
	}
	it->skip -= n;
}

enum copy_how { COPY_PUT, COPY_TAKE, COPY_ZERO };

/* One stretch of user memory: how many bytes were done. */
static usize copy_user(uaddr_t at, void *mem, usize n, enum copy_how how)
{
	switch (how) {
	case COPY_PUT:	return n - uaccess_copy_out(at, mem, n);
	case COPY_TAKE: return n - uaccess_copy_in(mem, at, n);
	case COPY_ZERO: return n - uaccess_clear(at, n);
	}
	unreachable();
}

static void copy_kernel(u8 *at, void *mem, usize n, enum copy_how how)
{
	switch (how) {
	case COPY_PUT:	memcpy(at, mem, n); break;
	case COPY_TAKE: memcpy(mem, at, n); break;
	case COPY_ZERO: memset(at, 0, n); break;
	}
}

static inline usize copy(struct iter *it, void *mem, usize n, enum copy_how how)
{
	usize total = 0;

	n = min(n, it->left);
	if (it->kind == ITER_KERNEL) {
		copy_kernel(it->kbuf, mem, n, how);
		iter_advance(it, n);
		return n;
	}
	while (n) {
		usize part = min(n, it->seg->len - it->skip), got;

		got = copy_user(UADDR(it->seg->base.va + it->skip), mem, part, how);
		iter_advance(it, got);
		total += got;
		if (got < part)
			break;
		mem = (u8 *)mem + got;
		n -= got;
	}
	return total;
}

usize iter_put(struct iter *it, const void *src, usize n)
{
	return copy(it, (void *)src, n, COPY_PUT);
}

usize iter_take(struct iter *it, void *dst, usize n)
{
	return copy(it, dst, n, COPY_TAKE);
}

usize iter_put_zero(struct iter *it, usize n)
{
	return copy(it, NULL, n, COPY_ZERO);
}

usize iter_put_nofault(struct iter *it, const void *src, usize n)
{
	current_head()->fault_disabled++;
	n = copy(it, (void *)src, n, COPY_PUT);
	current_head()->fault_disabled--;
	return n;
}

usize iter_take_nofault(struct iter *it, void *dst, usize n)
{
	current_head()->fault_disabled++;
	n = copy(it, dst, n, COPY_TAKE);
	current_head()->fault_disabled--;
	return n;
}

/* Touches one byte of a page, for reading or (read and write back) for writing. */
static int touch(uaddr_t at, bool for_write)
{
	u32 word, old;

	at.va = ALIGN_DOWN(at.va, 4);
	if (for_write)
		return uaccess_rmw_u32(at, UACCESS_OR, 0, &old);
	return uaccess_get_u32(&word, at);
}

int iter_fault_in(struct iter *it, usize n, bool for_write)
{
	const struct user_iovec *seg = it->seg;
	usize skip = it->skip;
	bool any = false;

	if (it->kind == ITER_KERNEL)
		return 0;
	n = min(n, it->left);
	while (n) {
		usize part = min(n, seg->len - skip);
		u64 at = seg->base.va + skip, end = at + part;

		for (; at < end; at = ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE) {
			if (touch(UADDR(at), for_write))
				return any ? 0 : -EFAULT;
			any = true;
		}
		n -= part;
		seg++;
		skip = 0;
	}
	return 0;
}
