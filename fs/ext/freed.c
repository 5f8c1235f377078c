/* SPDX-License-Identifier: MIT */
/* freed.c - blocks whose freeing is not yet on the medium: a crash would bring their old owner
 * back, so nobody else may write to them.
 *
 * Invariant: a block in ext_group.freed is free in the bitmap and set in ext_group.busy. Both
 * forget it once journal_committed() says so; that is looked at when the group is next allocated
 * from.
 *
 * Locks: the group's. Ref: ext4/journal.rst ("revocation"). Tests: selftests/unit/ext_name_test.c
 */
#include <fs/ext/ext.h>

#include <kernel/lib/bitmap.h>
#include <mm/slab.h>

int ext_freed_add(struct ext_fs *fs, struct ext_group *g, u32 start, u32 len, u32 tid)
{
	struct ext_freed *last = list_empty(&g->freed)
					 ? NULL
					 : list_last(&g->freed, struct ext_freed, link),
			 *f;

	if (!fs->j)
		return 0;
	if (!g->busy)
		g->busy = kzalloc(fs->block_size);
	if (!g->busy)
		return -ENOMEM;
	if (last && last->tid == tid && last->start + last->len == start) {
		last->len += len;
	} else {
		f = knew(struct ext_freed);
		if (!f)
			return -ENOMEM;
		*f = (struct ext_freed){ .start = start, .len = len, .tid = tid };
		list_add_tail(&g->freed, &f->link);
	}
	bitmap_set_range(g->busy, start, len);
	return 0;
}

void ext_freed_settle(struct ext_fs *fs, u32 nr)
{
	struct ext_group *g = ext_group(fs, nr);

	while (!list_empty(&g->freed)) {
		struct ext_freed *f = list_first(&g->freed, struct ext_freed, link);

		if (!journal_committed(fs->j, f->tid))
			return;
		bitmap_clear_range(g->busy, f->start, f->len);
		g->first_free = min(g->first_free, f->start);
		g->max_run = U32_MAX;
		if (fs->hooks.discard)
			fs->hooks.discard(fs, ext_group_first(fs, nr) + f->start, f->len);
		list_del(&f->link);
		kfree(f);
	}
	kfree(g->busy);
	g->busy = NULL;
}

void ext_freed_drop(struct ext_group *g)
{
	while (!list_empty(&g->freed)) {
		struct ext_freed *f = list_first(&g->freed, struct ext_freed, link);

		list_del(&f->link);
		kfree(f);
	}
	kfree(g->busy);
	g->busy = NULL;
}
