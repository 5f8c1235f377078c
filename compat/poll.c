/* SPDX-License-Identifier: MIT */
/* poll.c - poll and select. Ref: poll(2), select(2). Tests: selftests/abi/poll.c */
#include <compat/abi/time.h>
#include <compat/syscalls.h>
#include <kernel/clock.h>
#include <kernel/handle.h>
#include <kernel/lib/string.h>
#include <kernel/pollset.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/slab.h>

#include "poll_int.h"

#define FAST_SLOTS 32u

/* ---- timeouts and masks ---- */

int wait_time_get(uaddr_t ts, ktime_t *deadline)
{
	ktime_t ns;
	int err;

	*deadline = WAIT_FOREVER;
	if (uaddr_null(ts))
		return 0;
	err = timespec_get(ts, &ns);
	if (err)
		return err;
	if (!ns)
		*deadline = 0;
	else if (add_of(clock_monotonic(), ns, deadline))
		*deadline = WAIT_FOREVER;
	return 0;
}

/* What is left goes back to the caller, as Linux does; a fault there is not worth losing the result
 * for. */
static void put_remaining(uaddr_t ts, ktime_t deadline)
{
	struct abi_timespec left;
	ktime_t now;

	if (uaddr_null(ts))
		return;
	now = deadline ? clock_monotonic() : 0;
	left = timespec_of(deadline > now ? deadline - now : 0);
	if (copy_to_user(ts, &left, sizeof(left)))
		return;
}

int wait_mask_set(uaddr_t mask, usize size)
{
	sigset_k set;

	if (uaddr_null(mask))
		return 0;
	if (size != sizeof(set))
		return -EINVAL;
	if (get_user(&set, mask))
		return -EFAULT;
	signal_set_temp_mask(set);
	return 0;
}

/* ---- poll ---- */

static long poll_array(struct poll_slot *s, uaddr_t fds, u32 n, ktime_t deadline)
{
	long ready;

	if (copy_from_user(s, fds, n * sizeof(*s)))
		return -EFAULT;
	ready = poll_slots(s, n, POLLERR | POLLHUP, deadline);
	if (ready >= 0 && copy_to_user(fds, s, n * sizeof(*s)))
		return -EFAULT;
	return ready;
}

long sys_ppoll(uaddr_t fds, u32 nfds, uaddr_t timeout, uaddr_t sigmask, usize sigsetsize)
{
	struct poll_slot fast[FAST_SLOTS], *s = fast;
	ktime_t deadline;
	long ready;
	int err = wait_time_get(timeout, &deadline);

	if (!err && nfds > rlimit(RLIMIT_NOFILE))
		err = -EINVAL;
	if (!err)
		err = wait_mask_set(sigmask, sigsetsize);
	if (err)
		return err;
	if (nfds > FAST_SLOTS)
		s = kmalloc(nfds * sizeof(*s), PAGE_KERNEL);
	ready = s ? poll_array(s, fds, nfds, deadline) : -ENOMEM;
	if (s != fast)
		kfree(s);
	signal_restore_temp_mask(ready == -ERESTARTNOHAND);
	put_remaining(timeout, deadline);
	return ready;
}

/* ---- select ---- */

#define IN_WANT	 (POLLIN | POLLRDNORM | POLLRDBAND)
#define OUT_WANT (POLLOUT | POLLWRNORM | POLLWRBAND)
#define EX_WANT	 POLLPRI
#define IN_GOT	 (IN_WANT | POLLHUP | POLLERR)
#define OUT_GOT	 (OUT_WANT | POLLERR)
#define FAST_WORDS 8u	/* of each set: 512 descriptors */

/* The three sets side by side, words words each. */
struct fd_sets {
	u32 n, words;
	u64 *bits;		/* in, out, ex */
	u64 fast[3 * FAST_WORDS];
	struct poll_slot *slots;	/* one for each descriptor that stands in a set */
};

static int sets_get(struct fd_sets *f, const uaddr_t user[3])
{
	u32 i;

	memset(f->bits, 0, 3ul * f->words * sizeof(u64));
	for (i = 0; i < 3; i++)
		if (!uaddr_null(user[i]) &&
		    copy_from_user(f->bits + i * f->words, user[i], f->words * sizeof(u64)))
			return -EFAULT;
	return 0;
}

/* At most so many slots. */
static u32 sets_count(const struct fd_sets *f)
{
	u32 w, n = 0;

	for (w = 0; w < 3 * f->words; w++)
		for (u64 left = f->bits[w]; left; left &= left - 1)
			n++;
	return min(n, f->n);
}

static int sets_put(const struct fd_sets *f, const uaddr_t user[3])
{
	u32 i;

	for (i = 0; i < 3; i++)
		if (!uaddr_null(user[i]) &&
		    copy_to_user(user[i], f->bits + i * f->words, f->words * sizeof(u64)))
			return -EFAULT;
	return 0;
}

/* Sets to slots. How many. */
static u32 to_slots(struct fd_sets *f)
{
	const u64 *in = f->bits, *out = in + f->words, *ex = out + f->words;
	u32 w, n = 0;

	for (w = 0; w < f->words; w++) {
		u64 left = in[w] | out[w] | ex[w];

		if (f->n < (w + 1) * 64)
			left &= BIT(f->n % 64) - 1;
		for (; left; left &= left - 1) {
			u32 b = (u32)__builtin_ctzl(left);
			u64 bit = BIT(b);
			u32 want = (in[w] & bit ? IN_GOT : 0) | (out[w] & bit ? OUT_GOT : 0) |
				   (ex[w] & bit ? EX_WANT : 0);

			f->slots[n++] = (struct poll_slot){ (s32)(w * 64 + b), (u16)want, 0 };
		}
	}
	return n;
}

/* Slots to sets. The number of bits, or -EBADF. */
static long from_slots(struct fd_sets *f, u32 n)
{
	u64 *in = f->bits, *out = in + f->words, *ex = out + f->words;
	long count = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		u32 w = (u32)f->slots[i].fd / 64, got = f->slots[i].got;
		u64 bit = BIT((u32)f->slots[i].fd % 64);

		if (got & POLLNVAL)
			return -EBADF;
		if (!(got & IN_GOT))
			in[w] &= ~bit;
		if (!(got & OUT_GOT))
			out[w] &= ~bit;
		if (!(got & EX_WANT))
			ex[w] &= ~bit;
		count += !!(in[w] & bit) + !!(out[w] & bit) + !!(ex[w] & bit);
	}
	return count;
}

static long select_sets(struct fd_sets *f, const uaddr_t user[3], ktime_t deadline)
{
	long ready;
	u32 n = to_slots(f);
	int err;

	ready = poll_slots(f->slots, n, 0, deadline);
	if (ready < 0)
		return ready;
	if (ready)
		ready = from_slots(f, n);
	if (ready < 0)
		return ready;
	if (ready == 0)
		memset(f->bits, 0, 3ul * f->words * sizeof(u64));
	err = sets_put(f, user);
	return err ? err : ready;
}

static long do_select(s32 nfds, const uaddr_t user[3], ktime_t deadline)
{
	auto_kfree void *slow = NULL;
	auto_kfree void *slots = NULL;
	struct poll_slot fast[FAST_SLOTS];
	struct fd_sets f;
	u32 nr_slots;
	int err;

	f.n = min((u32)nfds, handle_table_size(current()->handles));
	f.words = DIV_ROUND_UP(f.n, 64u);
	f.bits = f.fast;
	f.slots = fast;
	if (f.words > FAST_WORDS) {
		f.bits = slow = kmalloc(3ul * f.words * sizeof(u64), PAGE_KERNEL);
		if (!slow)
			return -ENOMEM;
	}
	err = sets_get(&f, user);
	if (err)
		return err;
	nr_slots = sets_count(&f);
	if (nr_slots > FAST_SLOTS) {
		f.slots = slots = kmalloc(nr_slots * sizeof(struct poll_slot), PAGE_KERNEL);
		if (!slots)
			return -ENOMEM;
	}
	return select_sets(&f, user, deadline);
}

struct abi_sigmask_arg {
	uaddr_t mask;
	usize size;
};

long sys_pselect6(s32 nfds, uaddr_t readfds, uaddr_t writefds, uaddr_t exceptfds, uaddr_t timeout,
		  uaddr_t sigmask)
{
	const uaddr_t user[3] = { readfds, writefds, exceptfds };
	struct abi_sigmask_arg arg = {};
	ktime_t deadline;
	long ready;
	int err = uaddr_null(sigmask) ? 0 : get_user(&arg, sigmask);

	if (!err)
		err = wait_time_get(timeout, &deadline);
	if (!err && nfds < 0)
		err = -EINVAL;
	if (!err)
		err = wait_mask_set(arg.mask, arg.size);
	if (err)
		return err;
	ready = do_select(nfds, user, deadline);
	signal_restore_temp_mask(ready == -ERESTARTNOHAND);
	put_remaining(timeout, deadline);
	return ready;
}
