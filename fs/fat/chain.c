/* SPDX-License-Identifier: MIT */
/* chain.c - the clusters of a file: walked once, kept as runs.
 *
 * Invariant: runs cover clusters 0 to known - 1 of the file without a gap; complete: the table ends
 * the chain there.
 * Locks: M. Ref: the specification, section 4. Tests: selftests/unit/fat_core_test.c,
 * fuzz/fat_fuzz.c
 */
#include <fs/blkdev.h>
#include <fs/fat/fat.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

void fat_chain_forget(struct fat_chain *c)
{
	kfree(c->runs);
	*c = (struct fat_chain){ .start = c->start };
}

static int append(struct fat_chain *c, u32 disk)
{
	struct fat_run *last = c->nr_runs ? &c->runs[c->nr_runs - 1] : NULL, *more;

	if (last && last->disk + last->len == disk) {
		last->len++;
	} else {
		if (!c->runs || c->nr_runs == c->max_runs) {
			more = krealloc(c->runs,
					(c->max_runs + c->max_runs / 2 + 4) * sizeof(*more));
			if (!more)
				return -ENOMEM;
			c->runs = more;
			c->max_runs += c->max_runs / 2 + 4;
		}
		c->runs[c->nr_runs++] = (struct fat_run){ c->known, disk, 1 };
	}
	c->known++;
	return 0;
}

static u32 last_cluster(const struct fat_chain *c)
{
	const struct fat_run *r = &c->runs[c->nr_runs - 1];

	return r->disk + r->len - 1;
}

/* One cluster further along the table. */
static int step(struct fat_fs *fs, struct fat_chain *c)
{
	u32 next = c->start;
	int err;

	if (c->known) {
		err = fat_get(fs, last_cluster(c), &next);
		if (err)
			return err;
	}
	if (next == FAT_END || (!next && !c->known)) {
		c->complete = true;
		return 0;
	}
	if (next < FAT_FIRST_CLUSTER || next >= fs->max_cluster)
		return fat_corrupt(fs, "invalid cluster chain (start %u): %u follows", c->start,
				   next);
	if (c->known >= fs->max_cluster)
		return fat_corrupt(fs, "detected the cluster chain loop (start %u)", c->start);
	return append(c, next);
}

static int walk_to(struct fat_fs *fs, struct fat_chain *c, u32 n)
{
	int err = 0;

	while (c->known < n && !c->complete && !err)
		err = step(fs, c);
	return err;
}

/* The run that has cluster at, which is known. */
static const struct fat_run *run_of(const struct fat_chain *c, u32 at)
{
	u32 low = 0, high = c->nr_runs;

	while (high - low > 1) {
		u32 mid = low + (high - low) / 2;

		if (c->runs[mid].first <= at)
			low = mid;
		else
			high = mid;
	}
	return &c->runs[low];
}

int fat_chain_map(struct fat_fs *fs, struct fat_chain *c, u32 at, u32 *disk, u32 *len)
{
	const struct fat_run *r;
	int err = walk_to(fs, c, at + 1);

	if (err)
		return err;
	*disk = *len = 0;
	if (at >= c->known)
		return 0;
	r = run_of(c, at);
	*disk = r->disk + (at - r->first);
	*len = r->len - (at - r->first);
	return 0;
}

int fat_chain_length(struct fat_fs *fs, struct fat_chain *c, u32 *n)
{
	int err = walk_to(fs, c, U32_MAX);

	*n = c->known;
	return err;
}

static int grow_one(struct fat_fs *fs, struct fat_chain *c)
{
	u32 cluster;
	int err = fat_alloc(fs, &cluster);

	if (err)
		return err;
	if (c->known)
		err = fat_set(fs, last_cluster(c), cluster);
	else
		c->start = cluster;
	return err ? err : append(c, cluster);
}

int fat_chain_grow(struct fat_fs *fs, struct fat_chain *c, u32 n)
{
	int err = walk_to(fs, c, n), err2;
	u32 old = c->known;

	if (!err && n > old)
		err = fat_count_free(fs);
	if (!err && n > old && n - old > fs->nr_free)
		return -ENOSPC;
	while (!err && c->known < n)
		err = grow_one(fs, c);
	if (err && c->known > old) {
		err2 = fat_chain_cut(fs, c, old);
		return err2 ? err2 : err;
	}
	return err;
}

int fat_chain_cut(struct fat_fs *fs, struct fat_chain *c, u32 n)
{
	int err = walk_to(fs, c, U32_MAX);

	if (err || c->known <= n)
		return err;
	if (n) {
		const struct fat_run *r = run_of(c, n - 1);

		err = fat_set(fs, r->disk + (n - 1 - r->first), FAT_END);
	} else {
		c->start = 0;
	}
	while (!err && c->known > n) {
		struct fat_run *r = &c->runs[c->nr_runs - 1];
		u32 keep = r->first < n ? n - r->first : 0;

		err = fat_free_run(fs, r->disk + keep, r->len - keep);
		c->known = r->first + keep;
		r->len = keep;
		if (!keep)
			c->nr_runs--;
	}
	return err;
}
