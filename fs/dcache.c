/* SPDX-License-Identifier: MIT */
/* dcache.c - the name cache: (directory, name) -> vnode.
 *
 * One hash table over (parent, name). A walk reads it under RCU and writes nothing; only what it
 * ends at gets a reference. A dentry lives while somebody has a reference, and the cache has one,
 * so whatever is found under RCU can be taken unless it is just being forgotten. On file systems
 * with SB_DCACHE_IS_DIR the names here are the directory and are never forgotten.
 *
 * States of a dentry:
 *
 *	      dentry_alloc()          dentry_add()            dentry_drop(), shrink       last dentry_put()
 *	(none) ------------> UNHASHED ------------> HASHED ----------------------> UNHASHED
 *	---------------> freed after a grace period
 *	                                 vnode NULL: negative; dentry_instantiate() makes it
 *	                                 positive
 *
 * Invariants:
 *  (1) HASHED means: in its bucket, in parent->children, one reference belongs to the cache.
 *      Whoever clears the flag (under d->lock) takes it out of both and disposes of that reference.
 *  (2) key, name, parent change only between seq odd and seq even; a reader that saw an even seq
 *      before and the same after its comparison compared one state.
 *  (3) a chain is changed under its bucket lock. A reader without it can be led into another chain
 *      by a move and miss what is there: a miss counts only when dcache_rename_seq() was even and
 *      did not change, or the bucket lock is held.
 *  (4) vnode changes once, from NULL; it is put when the dentry is freed.
 *
 * Which names are forgotten, and when: dcache_lru.c.
 *
 * Locks: rename_mutex [RANK_SLEEP_LEAF] > one of d->lock, bucket lock [RANK_DCACHE], never two.
 * Barriers: (A) seq odd before the fields change, (B) readers load seq, fields, seq. Ref:
 * path_resolution(7).
 * Tests: selftests/unit/dcache_test.c
 */
#include <fs/dcache.h>

#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/page.h>
#include <mm/slab.h>

#include "dcache_int.h"

#define NR_BUCKET_LOCKS 256u
#define MAX_HASH_ORDER	10u	/* 4 MiB of buckets */

static struct slab_cache *dentry_cache __ro_after_init;
static struct hlist *buckets __ro_after_init;
static u32 bucket_shift __ro_after_init;		/* 64 - log2(number of buckets) */
static struct spinlock bucket_locks[NR_BUCKET_LOCKS];
/* one change of names at a time in the whole machine */
static struct mutex rename_mutex;
static u32 rename_seq;				/* [rename_mutex] odd: under way */
static atomic64_t nr_dentries;			/* statistic */

void dcache_init(void)
{
	struct mem_stats mem;
	u32 order = 0, i;

	dentry_cache = slab_cache_create("dentry", sizeof(struct dentry), 64);
	mem_stats_get(&mem);
	while (order < MAX_HASH_ORDER &&
	       (PAGE_SIZE << order) / sizeof(struct hlist) < mem.total / 2)
		order++;
	buckets = pages_alloc_virt(order, PAGE_KERNEL | PAGE_ZEROED);
	assert(buckets);
	bucket_shift = 64 - (PAGE_SHIFT - 3 + order);
	for (i = 0; i < NR_BUCKET_LOCKS; i++)
		spin_init(&bucket_locks[i], RANK_DCACHE);
	mutex_init(&rename_mutex, RANK_SLEEP_LEAF);
	dcache_lru_init(mem.total);
}

/* ---- names ---- */

#define ONES  0x0101010101010101ul
#define HIGHS 0x8080808080808080ul
#define HASH_MULT 0x9e3779b97f4a7c15ul

static inline u64 load_word(const char *s)
{
	u64 w;

	__builtin_memcpy(&w, s, sizeof(w));
	return w;
}

static inline u64 zero_bytes(u64 w)
{
	/* the lowest set bit is exact; those above may be false */
	return (w - ONES) & ~w & HIGHS;
}

static inline u64 hash_step(u64 h, u64 w)
{
	h = (h ^ w) * HASH_MULT;
	return h ^ (h >> 32);
}

struct name name_scan(const char *s)
{
	u64 h = 0, len = 0, w, end;

	for (;;) {
		w = load_word(s + len);
		end = zero_bytes(w) | zero_bytes(w ^ (ONES * '/'));
		if (end)
			break;
		h = hash_step(h, w);
		len += 8;
	}
	end = (u64)__builtin_ctzl(end) & ~7ul;		/* bits before the end */
	if (end) {
		h = hash_step(h, w & (BIT(end) - 1));
		len += end / 8;
	}
	return (struct name){ s, h << 32 | (u32)len };
}

/* name: stored, zero-padded to 8 bytes; n: readable 8 bytes beyond its end. Keys, and so lengths,
 * are equal. */
static inline bool same_name(const char *stored, const struct name *n)
{
	u32 len = name_len(n), i;
	u64 diff;

	for (i = 0; i + 8 <= len; i += 8)
		if (load_word(stored + i) != load_word(n->s + i))
			return false;
	if (i == len)
		return true;
	diff = load_word(stored + i) ^ load_word(n->s + i);
	return !(diff << (64 - 8 * (len - i)));
}

/* Names that are one name to the file system have one hash, though not one length. */
static inline u64 bucket_index(const struct dentry *parent, u64 key)
{
	if (unlikely(parent->flags & DENTRY_FOLDED))
		key &= ~(u64)U32_MAX;
	return ((key ^ (u64)parent >> 6) * HASH_MULT) >> bucket_shift;
}

static u64 folded_key(const struct super *sb, const struct name *n)
{
	return (u64)sb->ops->name_hash(sb, n->s, name_len(n)) << 32 | name_len(n);
}

static struct spinlock *bucket_lock(u64 index)
{
	return &bucket_locks[index % NR_BUCKET_LOCKS];
}

/* ---- finding ---- */

u32 dcache_rename_seq(void)
{
	return smp_load_acquire(&rename_seq);
}

static struct dentry *find_folded(const struct hlist *bucket, const struct dentry *parent,
				  const struct name *n, struct vnode **vnode)
{
	struct dentry *d;
	u32 seq;

	hlist_for_each_entry(d, bucket, hash) {
		const char *stored = READ_ONCE(d->name);

		if ((d->key ^ n->key) >> 32 || d->parent != parent)
			continue;
		/* (B); the length may be another name's, the NUL is this one's */
		seq = smp_load_acquire(&d->seq);
		if (!d->sb->ops->name_same(d->sb, stored, (u32)strlen(stored), n->s, name_len(n)))
			continue;
		*vnode = rcu_deref(d->vnode);
		smp_rmb();
		if (seq == READ_ONCE(d->seq) && !(seq & 1))
			return d;
	}
	return NULL;
}

static inline struct dentry *find(const struct hlist *bucket, const struct dentry *parent,
				  const struct name *n, struct vnode **vnode)
{
	struct dentry *d;
	u32 seq;

	if (unlikely(parent->flags & DENTRY_FOLDED))
		return find_folded(bucket, parent, n, vnode);
	hlist_for_each_entry(d, bucket, hash) {
		if (d->key != n->key || d->parent != parent)
			continue;
		/* (B): pairs with (A) in change_begin() */
		seq = smp_load_acquire(&d->seq);
		if (unlikely(!same_name(READ_ONCE(d->name), n)))
			continue;
		*vnode = rcu_deref(d->vnode);
		smp_rmb();
		if (likely(seq == READ_ONCE(d->seq) && !(seq & 1)))
			return d;
	}
	return NULL;
}

struct dentry *dentry_find_rcu(struct dentry *parent, const struct name *n, struct vnode **vnode)
{
	struct name folded;

	if (unlikely(parent->flags & DENTRY_FOLDED)) {
		folded = (struct name){ n->s, folded_key(parent->sb, n) };
		n = &folded;
	}
	return find(&buckets[bucket_index(parent, n->key)], parent, n, vnode);
}

struct dentry *dentry_find(struct dentry *parent, const struct name *n)
{
	struct name folded = *n;
	struct vnode *vnode;
	struct dentry *d;
	u64 b;

	if (unlikely(parent->flags & DENTRY_FOLDED))
		folded.key = folded_key(parent->sb, n);
	n = &folded;
	b = bucket_index(parent, n->key);
	rcu_read_lock();
	d = find(&buckets[b], parent, n, &vnode);
	if (!d || !dentry_tryget(d)) {
		spin_lock(bucket_lock(b));			/* (3) */
		d = find(&buckets[b], parent, n, &vnode);
		if (d && !dentry_tryget(d))
			d = NULL;
		spin_unlock(bucket_lock(b));
	}
	rcu_read_unlock();
	if (d)
		d->referenced = true;
	return d;
}

struct dentry *dentry_find_vnode(struct dentry *parent, const struct vnode *v)
{
	struct dentry *d, *found = NULL;

	spin_lock(&parent->lock);
	list_for_each_entry(d, &parent->children, sibling) {
		if (READ_ONCE(d->vnode) == v && dentry_tryget(d)) {
			found = d;
			break;
		}
	}
	spin_unlock(&parent->lock);
	return found;
}

/* ---- making ---- */

static void free_rcu(struct rcu_head *head)
{
	struct dentry *d = container_of(head, struct dentry, rcu);

	if (d->name != d->inline_name)
		kfree(d->name);
	slab_free(dentry_cache, d);
}

static bool set_name(struct dentry *d, const struct name *n)
{
	u32 len = name_len(n);
	char *s = d->inline_name;

	if (len >= DENTRY_INLINE_NAME)
		s = kmalloc(ALIGN_UP(len + 8, 8u), PAGE_KERNEL | PAGE_ZEROED);
	if (!s)
		return false;
	memcpy(s, n->s, len);
	d->name = s;
	d->key = n->key;
	return true;
}

static struct dentry *alloc(struct super *sb, const struct name *n)
{
	struct dentry *d = slab_alloc(dentry_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!d)
		return NULL;
	if (!set_name(d, n)) {
		slab_free(dentry_cache, d);
		return NULL;
	}
	if (unlikely(sb->ops && sb->ops->name_hash)) {
		d->flags = DENTRY_FOLDED;
		d->key = folded_key(sb, n);
	}
	ref_init(&d->refs, 1);
	spin_init(&d->lock, RANK_DCACHE);
	d->sb = sb;
	list_init(&d->children);
	list_init(&d->sibling);
	list_init(&d->lru);
	atomic_inc(&nr_dentries);
	return d;
}

struct dentry *dentry_alloc(struct dentry *parent, const struct name *n)
{
	struct dentry *d = alloc(parent->sb, n);

	if (!d)
		return NULL;
	dentry_get(parent);
	d->parent = parent;
	return d;
}

struct dentry *dentry_alloc_root(struct super *sb, struct vnode *v)
{
	static const char slash[16] = "/";
	struct name n = { slash, 1 };
	struct dentry *d = alloc(sb, &n);

	if (!d) {
		vnode_put(v);
		return NULL;
	}
	d->parent = d;
	d->vnode = v;
	return d;
}

static void link_hash(struct dentry *d)
{
	u64 b = bucket_index(d->parent, d->key);

	spin_lock(bucket_lock(b));
	hlist_add(&buckets[b], &d->hash);
	spin_unlock(bucket_lock(b));
}

static void unlink_hash(struct dentry *d)
{
	u64 b = bucket_index(d->parent, d->key);

	spin_lock(bucket_lock(b));
	hlist_del(&d->hash);
	spin_unlock(bucket_lock(b));
}

static void link_sibling(struct dentry *d)
{
	spin_lock(&d->parent->lock);
	list_add_tail(&d->parent->children, &d->sibling);
	spin_unlock(&d->parent->lock);
}

static void unlink_sibling(struct dentry *d)
{
	spin_lock(&d->parent->lock);
	list_del_init(&d->sibling);
	spin_unlock(&d->parent->lock);
}

void dentry_add(struct dentry *d, struct vnode *v)
{
	dentry_get(d);
	rcu_assign(d->vnode, v);
	if (v && v->ops->revalidate)
		d->flags |= DENTRY_REVALIDATE;
	d->flags |= DENTRY_HASHED;
	link_sibling(d);
	link_hash(d);
	if (!(d->sb->flags & SB_DCACHE_IS_DIR))
		dcache_lru_add(d);
}

/* seq goes odd before the fields change; pairs with (B) in find(). */
static void change_begin(struct dentry *d)
{
	WRITE_ONCE(d->seq, d->seq + 1);
	smp_wmb();					/* (A) */
}

static void change_end(struct dentry *d)
{
	smp_store_release(&d->seq, d->seq + 1);
}

void dentry_instantiate(struct dentry *d, struct vnode *v)
{
	change_begin(d);
	rcu_assign(d->vnode, v);
	change_end(d);
}

/* ---- forgetting ---- */

static void free_dentry(struct dentry *d)
{
	atomic_dec(&nr_dentries);
	if (d->vnode)
		vnode_put(d->vnode);
	call_rcu(&d->rcu, free_rcu);
}

void dentry_put(struct dentry *d)
{
	while (ref_put(&d->refs)) {
		struct dentry *parent = d->parent;

		free_dentry(d);
		if (parent == d)
			return;
		d = parent;
	}
}

static void take_out(struct dentry *d)
{
	unlink_hash(d);
	unlink_sibling(d);
	dcache_lru_del(d);
}

void dentry_drop(struct dentry *d)
{
	bool was_hashed;

	spin_lock(&d->lock);
	was_hashed = d->flags & DENTRY_HASHED;
	d->flags &= ~DENTRY_HASHED;
	spin_unlock(&d->lock);
	if (!was_hashed)
		return;
	take_out(d);
	dentry_put(d);
}

/* Takes over the references of the cache and of the caller, if nobody else has one. */
static bool try_forget(struct dentry *d)
{
	bool mine = false;
	u32 two = 2;

	spin_lock(&d->lock);
	if ((d->flags & DENTRY_HASHED) && atomic_cmpxchg(&d->refs, &two, 0)) {
		d->flags &= ~DENTRY_HASHED;
		mine = true;
	}
	spin_unlock(&d->lock);
	return mine;
}

bool dentry_forget(struct dentry *d)
{
	struct dentry *parent;

	if (!try_forget(d))
		return false;
	parent = d->parent;
	take_out(d);
	free_dentry(d);
	dentry_put(parent);
	return true;
}

/* The first cached child with a reference, or NULL. */
static struct dentry *first_child(struct dentry *d)
{
	struct dentry *c;

	spin_lock(&d->lock);
	list_for_each_entry(c, &d->children, sibling) {
		if (dentry_tryget(c)) {
			spin_unlock(&d->lock);
			return c;
		}
	}
	spin_unlock(&d->lock);
	return NULL;
}

void dentry_prune(struct dentry *top)
{
	struct dentry *d = top, *next;

	dentry_get(d);
	for (;;) {
		next = first_child(d);
		if (!next) {
			if (d == top)
				break;
			next = d->parent;
			dentry_get(next);
			dentry_drop(d);
		}
		dentry_put(d);
		d = next;
	}
	dentry_put(top);
}

/* ---- renaming ---- */

static void swap_names(struct dentry *a, struct dentry *b)
{
	bool a_inline = a->name == a->inline_name, b_inline = b->name == b->inline_name;
	char tmp[DENTRY_INLINE_NAME];

	memcpy(tmp, a->inline_name, sizeof(tmp));
	memcpy(a->inline_name, b->inline_name, sizeof(tmp));
	memcpy(b->inline_name, tmp, sizeof(tmp));
	swap(a->name, b->name);
	if (b_inline)
		a->name = a->inline_name;
	if (a_inline)
		b->name = b->inline_name;
	swap(a->key, b->key);
}

/* Trades names and places. A walk that misses one of them meanwhile does not trust the miss:
 * (3). */
static void trade(struct dentry *a, struct dentry *b, bool drop_b)
{
	bool b_hashed;

	mutex_lock(&rename_mutex);
	smp_store_release(&rename_seq, rename_seq + 1);
	smp_wmb();
	if (drop_b)
		dentry_drop(b);
	b_hashed = dentry_hashed(b);
	change_begin(a);
	change_begin(b);
	unlink_hash(a);
	unlink_sibling(a);
	if (b_hashed) {
		unlink_hash(b);
		unlink_sibling(b);
	}
	swap_names(a, b);
	swap(a->parent, b->parent);
	link_sibling(a);
	link_hash(a);
	if (b_hashed) {
		link_sibling(b);
		link_hash(b);
	}
	change_end(b);
	change_end(a);
	smp_store_release(&rename_seq, rename_seq + 1);
	mutex_unlock(&rename_mutex);
}

void dentry_move(struct dentry *d, struct dentry *target)
{
	trade(d, target, true);
}

void dentry_exchange(struct dentry *a, struct dentry *b)
{
	trade(a, b, false);
}

bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d)
{
	for (;;) {
		const struct dentry *parent;

		if (a == d)
			return true;
		parent = READ_ONCE(d->parent);
		if (parent == d)
			return false;
		d = parent;
	}
}

void dentry_set_flag(struct dentry *d, u32 flag)
{
	spin_lock(&d->lock);
	WRITE_ONCE(d->flags, d->flags | flag);
	spin_unlock(&d->lock);
}

void dentry_clear_flag(struct dentry *d, u32 flag)
{
	spin_lock(&d->lock);
	WRITE_ONCE(d->flags, d->flags & ~flag);
	spin_unlock(&d->lock);
}

u64 dcache_count(void)
{
	return atomic_read(&nr_dentries);
}
