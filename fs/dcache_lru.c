/* SPDX-License-Identifier: MIT */
/* dcache_lru.c - which names the cache forgets: the oldest that nobody looked up since the list
 * went round, when there are too many or memory is short. Not those of files with something to
 * write: letting go of one would mean to write it first.
 *
 * Invariant: a dentry is on the list from dentry_add() until it leaves the cache, unless the cache
 * is its directory (SB_DCACHE_IS_DIR).
 *
 * Locks: lru_lock [RANK_DCACHE], no other inside. Tests: selftests/unit/dcache_test.c
 */
#include <fs/dcache.h>

#include <fs/vfs.h>
#include <fs/vnode.h>
#include <mm/page.h>
#include <mm/vmo.h>

#include "dcache_int.h"

static struct spinlock lru_lock;
/* [lru_lock] of those the cache may forget; oldest first */
static struct list lru;
static u64 nr_lru, max_lru;			/* [lru_lock], set at boot */

void dcache_lru_init(u64 total_pages)
{
	spin_init(&lru_lock, RANK_DCACHE);
	list_init(&lru);
	max_lru = max(total_pages, (u64)4096);	/* with their inodes about a third of memory */
}

void dcache_lru_add(struct dentry *d)
{
	bool too_many;

	spin_lock(&lru_lock);
	list_add_tail(&lru, &d->lru);
	too_many = ++nr_lru > max_lru;
	spin_unlock(&lru_lock);
	if (unlikely(too_many))
		dcache_shrink(64);
}

void dcache_lru_del(struct dentry *d)
{
	if (list_empty_racy(&d->lru))
		return;
	spin_lock(&lru_lock);
	if (!list_empty(&d->lru)) {
		list_del_init(&d->lru);
		nr_lru--;
	}
	spin_unlock(&lru_lock);
}

/* The oldest on the list with a reference, moved to the young end; NULL: none. */
static struct dentry *lru_next(void)
{
	struct dentry *d;

	spin_lock(&lru_lock);
	d = list_first_or_null(&lru, struct dentry, lru);
	if (d) {
		list_move_tail(&lru, &d->lru);
		if (!dentry_tryget(d))
			d = NULL;
	}
	spin_unlock(&lru_lock);
	return d;
}

/* Letting go of it now would mean to write it first. */
static bool is_dirty(const struct dentry *d)
{
	const struct super_ops *ops = d->vnode ? d->sb->ops : NULL;

	return ops && ops->dirty && ops->dirty(d->vnode);
}

u32 dcache_shrink(u32 n)
{
	u64 tries, most = min(4ull * n, 2 * dcache_unused() + 2);	/* twice around */
	u32 freed = 0;

	for (tries = 0; freed < n && tries < most; tries++) {
		struct dentry *d = lru_next();
		bool used;

		if (!d)
			break;
		used = d->referenced;
		d->referenced = false;
		if (used || is_dirty(d) || !dentry_forget(d))
			dentry_put(d);
		else
			freed++;
	}
	return freed;
}

u64 dcache_unused(void)
{
	return READ_ONCE(nr_lru);
}

static u64 shrink(u64 n)
{
	return dcache_shrink((u32)min(n, (u64)U32_MAX / 4));
}

SHRINKER(dcache, shrink);
