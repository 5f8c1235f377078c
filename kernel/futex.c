/* SPDX-License-Identifier: MIT */
/* futex.c - sleep on a user word until somebody wakes it.
 *
 * A word is known by its key: (address space, address) when private or in private memory, (vmo,
 * page, offset) when shared. Waiters hang in hash buckets.
 *
 *	waiter					waker
 *	lock bucket				*word = new value (user space)
 *	read *word; differs: -EAGAIN		FUTEX_WAKE: lock bucket		(B)
 *	queue, unlock			(A)	take waiters off, unlock
 *	sleep					wake their tasks
 *
 * The bucket's lock orders (A) and (B): either the waiter sees the new value, or the waker finds
 * the waiter.
 *
 * Invariants: (1) a waiter is queued iff w->task is set; the waker clears it last, with release,
 * and touches the waiter no more; (2) a queued waiter on a shared key holds a reference to its vmo;
 * (3) the user word is read with faults off under the lock; a fault is resolved without it and
 * everything starts again.
 * Locks: bucket.lock [RANK_FUTEX]; two in address order. Ref: futex(2), set_robust_list(2). Tests:
 * selftests/abi/futex.c
 */
#include <kernel/futex.h>

#include <arch/thread.h>
#include <arch/uaccess.h>
#include <kernel/lib/list.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <mm/aspace.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define BUCKETS_PER_CPU 256
#define WAKE_BATCH	16
#define ROBUST_LIMIT	2048	/* Linux: ROBUST_LIST_LIMIT */

struct key {
	u64 object;	/* struct aspace * or struct vmo * */
	u64 where;	/* address, or page index << 12 | offset */
	bool is_vmo;
};

struct waiter {
	struct list link;
	struct task *task;	/* (1) */
	struct key key;
	u32 bitset;
	struct bucket *bucket;	/* changes under requeue, with both locks */
};

struct bucket {
	struct spinlock lock;
	struct list waiters;
} __aligned(64);

static struct bucket *buckets;
static u64 nr_buckets;

void futex_init(void)
{
	u64 i;

	nr_buckets = BUCKETS_PER_CPU;
	while (nr_buckets < (u64)BUCKETS_PER_CPU * nr_cpus)
		nr_buckets *= 2;
	buckets = kmalloc(nr_buckets * sizeof(*buckets), PAGE_KERNEL);
	for (i = 0; i < nr_buckets; i++) {
		spin_init(&buckets[i].lock, RANK_FUTEX);
		list_init(&buckets[i].waiters);
	}
}

static int key_get(uaddr_t word, bool shared, struct key *k)
{
	struct aspace *as = current()->as;
	struct vmo *vmo;
	u64 index;
	int err;

	if (word.va & 3)
		return -EINVAL;
	if (word.va >= TASK_SIZE)
		return -EFAULT;
	k->object = (u64)as;
	k->where = word.va;
	k->is_vmo = false;
	if (!shared)
		return 0;
	err = aspace_futex_key(as, word.va & PAGE_MASK, &vmo, &index);
	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	k->object = (u64)vmo;
	k->where = index << PAGE_SHIFT | (word.va & ~PAGE_MASK);
	k->is_vmo = true;
	return 0;
}

static void key_put(const struct key *k)
{
	if (k->is_vmo)
		vmo_put((struct vmo *)k->object);
}

static bool key_eq(const struct key *a, const struct key *b)
{
	return a->where == b->where && a->object == b->object;
}

static struct bucket *bucket_of(const struct key *k)
{
	u64 h = (k->object >> 4) * 0x9e3779b97f4a7c15ul ^ (k->where >> 2) * 0xc2b2ae3d27d4eb4ful;

	return &buckets[(h >> 32) & (nr_buckets - 1)];
}

static int read_word(uaddr_t word, u32 *v)
{
	int err;

	current_head()->fault_disabled++;
	err = uaccess_get_u32(v, word);
	current_head()->fault_disabled--;
	return err;
}

/* Makes the word readable, sleeping if it must. */
static int fault_in(uaddr_t word)
{
	u32 v;

	return uaccess_get_u32(&v, word);
}

static void enqueue(struct bucket *b, struct waiter *w) MUST_HOLD(b->lock)
{
	w->task = current();
	w->bucket = b;
	list_add_tail(&b->waiters, &w->link);
}

/* Takes w off unless a waker did; true: it was still queued. */
static bool dequeue(struct waiter *w)
{
	struct bucket *b;
	bool was;

	if (!__atomic_load_n(&w->task, __ATOMIC_ACQUIRE))
		return false;
	for (;;) {
		b = READ_ONCE(w->bucket);
		spin_lock(&b->lock);
		if (b == w->bucket)
			break;
		spin_unlock(&b->lock);
	}
	was = w->task != NULL;
	if (was) {
		list_del(&w->link);
		w->task = NULL;
	}
	spin_unlock(&b->lock);
	return was;
}

/* Looks at the word and queues w: 0 queued, -EAGAIN, -EFAULT. */
static int check_and_queue(struct waiter *w, uaddr_t word, u32 expected)
{
	struct bucket *b = bucket_of(&w->key);
	u32 v;

	for (;;) {
		spin_lock(&b->lock);
		if (likely(read_word(word, &v) == 0))
			break;
		spin_unlock(&b->lock);
		if (fault_in(word))
			return -EFAULT;
	}
	if (v == expected)
		enqueue(b, w);	/* (A) */
	spin_unlock(&b->lock);
	return v == expected ? 0 : -EAGAIN;
}

int futex_wait(uaddr_t word, bool shared, u32 expected, u32 bitset, ktime_t deadline)
{
	struct waiter w;
	int err;

	if (!bitset)
		return -EINVAL;
	err = key_get(word, shared, &w.key);
	if (err)
		return err;
	w.bitset = bitset;
	err = check_and_queue(&w, word, expected);
	if (!err) {
		err = task_wait(!__atomic_load_n(&w.task, __ATOMIC_ACQUIRE), WAIT_INTERRUPTIBLE,
				deadline);
		if (!dequeue(&w))
			err = 0;	/* woken after all */
	}
	key_put(&w.key);
	return err;
}

/* Takes w off and hands out its task, to be woken after the lock is dropped (preemption stays off:
 * RCU keeps the task). */
static struct task *take(struct waiter *w)
{
	struct task *t = w->task;

	list_del(&w->link);
	__atomic_store_n(&w->task, NULL, __ATOMIC_RELEASE);	/* (1) */
	return t;
}

static long wake_key(const struct key *k, u32 nr, u32 bitset)
{
	struct bucket *b = bucket_of(k);
	struct task *batch[WAKE_BATCH];
	struct waiter *w, *next;
	u32 n, i;
	long total = 0;

	do {
		n = 0;
		spin_lock(&b->lock);	/* (B) */
		list_for_each_entry_safe(w, next, &b->waiters, link) {
			if (n == WAKE_BATCH || total == nr)
				break;
			if (!key_eq(&w->key, k) || !(w->bitset & bitset))
				continue;
			batch[n++] = take(w);
			total++;
		}
		preempt_disable();
		spin_unlock(&b->lock);
		for (i = 0; i < n; i++)
			sched_wake(batch[i]);
		preempt_enable();
	} while (n == WAKE_BATCH && total < nr);
	return total;
}

long futex_wake(uaddr_t word, bool shared, u32 nr, u32 bitset)
{
	struct key k;
	long ret;

	if (!bitset)
		return -EINVAL;
	ret = key_get(word, shared, &k);
	if (ret)
		return ret;
	ret = wake_key(&k, nr, bitset);
	key_put(&k);
	return ret;
}

void futex_wake_user(uaddr_t word, u32 nr)
{
	futex_wake(word, true, nr, FUTEX_BITSET_ALL);
}

/* ---- requeue, wake_op ---- */

/* Moves w to another key; both buckets locked. */
static void move(struct waiter *w, const struct key *to, struct bucket *b)
{
	struct key old = w->key;

	if (to->is_vmo)
		vmo_get((struct vmo *)to->object);
	w->key = *to;
	if (b != w->bucket) {
		/* else the walk over this list would meet it again, for ever */
		list_del(&w->link);
		list_add_tail(&b->waiters, &w->link);
		WRITE_ONCE(w->bucket, b);
	}
	if (old.is_vmo)	/* not the last: the mapping that the caller looked up through holds one */
		key_put(&old);
}

static long requeue_locked(const struct key *from, const struct key *to, u32 nr_wake,
			   u32 nr_requeue, struct task **batch, u32 *n)
{
	struct bucket *a = bucket_of(from), *b = bucket_of(to);
	struct waiter *w, *next;
	long total = 0;
	u32 moved = 0;

	list_for_each_entry_safe(w, next, &a->waiters, link) {
		if (!key_eq(&w->key, from))
			continue;
		if ((u32)total < nr_wake) {
			if (*n == WAKE_BATCH)
				break;
			batch[(*n)++] = take(w);
		} else if (moved < nr_requeue) {
			move(w, to, b);
			moved++;
		} else {
			break;
		}
		total++;
	}
	return total;
}

static long requeue_keys(const struct key *from, const struct key *to, uaddr_t word, u32 nr_wake,
			 u32 nr_requeue, bool cmp, u32 expected)
{
	struct bucket *a = bucket_of(from), *b = bucket_of(to);
	struct task *batch[WAKE_BATCH];
	u32 v, n = 0, i;
	long total = 0;

	while (nr_wake > WAKE_BATCH) {		/* broadcast by wake only: in batches */
		long got = wake_key(from, nr_wake - WAKE_BATCH, FUTEX_BITSET_ALL);

		nr_wake -= (u32)got < nr_wake ? (u32)got : nr_wake;
		total += got;
		if (got == 0)
			break;
	}
	for (;;) {
		spin_lock_two(&a->lock, &b->lock);
		if (!cmp || read_word(word, &v) == 0)
			break;
		spin_unlock_two(&a->lock, &b->lock);
		if (fault_in(word))
			return -EFAULT;
	}
	if (cmp && v != expected) {
		spin_unlock_two(&a->lock, &b->lock);
		return -EAGAIN;
	}
	preempt_disable();
	total += requeue_locked(from, to, nr_wake, nr_requeue, batch, &n);
	spin_unlock_two(&a->lock, &b->lock);
	for (i = 0; i < n; i++)
		sched_wake(batch[i]);
	preempt_enable();
	return total;
}

long futex_requeue(uaddr_t from, bool from_shared, uaddr_t to, bool to_shared, u32 nr_wake,
		   u32 nr_requeue, bool cmp, u32 expected)
{
	struct key a, b;
	long ret;

	if ((s32)nr_wake < 0 || (s32)nr_requeue < 0)
		return -EINVAL;
	ret = key_get(from, from_shared, &a);
	if (ret)
		return ret;
	ret = key_get(to, to_shared, &b);
	if (!ret) {
		ret = requeue_keys(&a, &b, from, nr_wake, nr_requeue, cmp, expected);
		key_put(&b);
	}
	key_put(&a);
	return ret;
}

static bool wake_op_holds(u32 encoded, u32 old)
{
	s32 cmparg = (s32)(encoded << 20) >> 20, v = (s32)old;

	switch ((encoded >> 24) & 15) {
	case FUTEX_OP_CMP_EQ: return v == cmparg;
	case FUTEX_OP_CMP_NE: return v != cmparg;
	case FUTEX_OP_CMP_LT: return v < cmparg;
	case FUTEX_OP_CMP_GE: return v >= cmparg;
	case FUTEX_OP_CMP_LE: return v <= cmparg;
	case FUTEX_OP_CMP_GT: return v > cmparg;
	}
	return false;
}

long futex_wake_op(uaddr_t a, uaddr_t b, bool shared, u32 nr_wake, u32 nr_wake2, u32 encoded)
{
	u32 op = (encoded >> 28) & 7, arg = (encoded >> 12) & 0xfff, old;
	struct key k;
	long ret, more = 0;

	if (op > UACCESS_XOR)
		return -ENOSYS;
	if (encoded & ((u32)FUTEX_OP_OPARG_SHIFT << 28))
		arg = 1u << (arg & 31);
	else
		arg = (u32)((s32)(arg << 20) >> 20);
	ret = key_get(b, shared, &k);
	if (ret)
		return ret;
	key_put(&k);
	ret = uaccess_rmw_u32(b, (enum uaccess_rmw)op, arg, &old);
	if (!ret && ((encoded >> 24) & 15) > FUTEX_OP_CMP_GE)
		ret = -ENOSYS;	/* found out only after the operation, as on Linux */
	if (ret)
		return ret;
	ret = futex_wake(a, shared, nr_wake, FUTEX_BITSET_ALL);
	if (ret >= 0 && wake_op_holds(encoded, old))
		more = futex_wake(b, shared, nr_wake2, FUTEX_BITSET_ALL);
	return ret < 0 ? ret : more < 0 ? more : ret + more;
}

/* ---- waiting for one of several ---- */

static long first_woken(struct waiter *w, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (!__atomic_load_n(&w[i].task, __ATOMIC_ACQUIRE))
			return i;
	return -1;
}

/* Takes the first n off again; the index of one that was woken meanwhile, or -1. */
static long unqueue_all(struct waiter *w, u32 n)
{
	long woken = -1;
	u32 i;

	for (i = 0; i < n; i++) {
		if (!dequeue(&w[i]))
			woken = i;
		key_put(&w[i].key);
	}
	return woken;
}

long futex_wait_multiple(const struct futex_waitv_k *v, u32 nr, ktime_t deadline)
{
	struct waiter *w = kcalloc(nr, sizeof(*w));
	long woken, err = 0;
	u32 i;

	if (!w)
		return -ENOMEM;
	for (i = 0; i < nr && !err; i++) {
		w[i].bitset = FUTEX_BITSET_ALL;
		err = key_get(v[i].word, v[i].shared, &w[i].key);
		if (err)
			break;
		err = check_and_queue(&w[i], v[i].word, v[i].value);
		if (err) {
			key_put(&w[i].key);
			break;
		}
	}
	if (!err)
		err = task_wait(first_woken(w, nr) >= 0, WAIT_INTERRUPTIBLE, deadline);
	woken = unqueue_all(w, i);
	kfree(w);
	return woken >= 0 ? woken : err;
}

/* ---- robust lists ---- */

/* The owner died holding this lock: says so in the word and wakes one waiter. */
static int handle_dead(struct task *t, uaddr_t word, bool pending)
{
	u32 v, old;

	if (word.va & 3)
		return -EINVAL;
	for (;;) {
		if (uaccess_get_u32(&v, word))
			return -EFAULT;
		if (pending && !v) {
			futex_wake(word, true, 1, FUTEX_BITSET_ALL);
			return 0;
		}
		if ((v & FUTEX_TID_MASK) != (u32)t->tid)
			return 0;
		if (uaccess_cmpxchg_u32(word, v, (v & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &old))
			return -EFAULT;
		if (old == v)
			break;
	}
	if (v & FUTEX_WAITERS)
		futex_wake(word, true, 1, FUTEX_BITSET_ALL);
	return 0;
}

void futex_exit_robust(struct task *t)
{
	u64 head = t->robust_list.va, entry, next, offset, pending;
	u32 n;

	if (!head || !t->as)
		return;
	t->robust_list = UADDR_NULL;
	if (uaccess_get_u64(&entry, UADDR(head)) || uaccess_get_u64(&offset, UADDR(head + 8)) ||
	    uaccess_get_u64(&pending, UADDR(head + 16)))
		return;
	pending &= ~1ul;	/* bit 0 marks a priority-inheritance futex */
	for (n = 0; n < ROBUST_LIMIT && (entry & ~1ul) != head; n++) {
		int bad = uaccess_get_u64(&next, UADDR(entry & ~1ul));

		if ((entry & ~1ul) != pending &&
		    handle_dead(t, UADDR((entry & ~1ul) + offset), false))
			return;
		if (bad)
			return;
		entry = next;
	}
	if (pending)
		handle_dead(t, UADDR(pending + offset), true);
}
