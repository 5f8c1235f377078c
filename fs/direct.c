/* SPDX-License-Identifier: MIT */
/* direct.c - O_DIRECT: user pages are held and given to the device as they are.
 *
 * The cache is written out before, and what is cached of a written range is dropped before and
 * after: a reader that brought it back meanwhile had old bytes. A page that somebody has mapped and
 * keeps busy stays; the two then differ, as on Linux.
 * Locks: none of its own. Ref: open(2) O_DIRECT. Tests: selftests/boot/run (disk)
 */
#include <fs/direct.h>

#include <kernel/budget.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <mm/aspace.h>
#include <mm/iter.h>
#include <mm/page.h>
#include <mm/vmo.h>

#define BATCH 64u		/* user pages at a time */

/* Pages [first..) of one run to consecutive sectors. */
static void send_run(const struct direct_io *io, struct bio_group *g, const struct direct_run *r,
		     struct page **pages, u32 off)
{
	u64 sector = r->sector;
	usize left = r->len;
	struct bio *b = NULL;

	while (left) {
		u32 n = (u32)min(left, PAGE_SIZE - off);

		if (b && !bio_add(b, *pages, off, n)) {
			blkdev_submit(b);
			b = NULL;
		}
		if (!b) {
			b = bio_alloc(r->dev, io->op, sector, BATCH + 1, PAGE_KERNEL);
			b->end = bio_end_in_group;
			bio_group_add(g, b);
			if (!bio_add(b, *pages, off, n))
				panic("a device that takes no page");
		}
		sector += n >> SECTOR_SHIFT;
		left -= n;
		off = 0;
		pages++;
	}
	if (b)
		blkdev_submit(b);
}

/* At most a batch of one user segment. Bytes or -errno. */
static ssize_t step(const struct direct_io *io, struct iter *it, u64 pos)
{
	struct bio_group g;
	struct page *pages[BATCH];
	struct direct_run r;
	u32 off, i;
	usize len;
	ssize_t n;
	u64 va;
	int err;

	iter_advance(it, 0);		/* past empty segments */
	va = it->seg->base.va + it->skip;
	off = (u32)(va & ~PAGE_MASK);
	len = min(min(it->seg->len - it->skip, it->left), (usize)BATCH * PAGE_SIZE - off);
	err = io->map(io->arg, pos, len, &r);
	if (err)
		return err;
	len = r.len = min(r.len, len);
	if (r.hole) {
		usize got = iter_put_zero(it, len);

		return got ? (ssize_t)got : -EFAULT;
	}
	n = aspace_pin(current()->as, va & PAGE_MASK, (u32)DIV_ROUND_UP(off + len, PAGE_SIZE),
		       io->op == BIO_READ, pages);
	if (n < 0)
		return n;
	r.len = len = min(len, (usize)n * PAGE_SIZE - off);
	bio_group_begin(&g);
	send_run(io, &g, &r, pages, off);
	err = bio_group_wait(&g);
	for (i = 0; i < (u32)n; i++)
		page_put(pages[i]);
	if (err)
		return err;
	if (io->op == BIO_WRITE)
		budget_count_io(BUDGET_DISK_WRITTEN, len);
	iter_advance(it, len);
	return (ssize_t)len;
}

static bool aligned(const struct direct_io *io, const struct iter *it, u64 pos)
{
	u64 bits = pos | it->left | it->skip;

	for (u32 i = 0; i < it->nr; i++)
		bits |= it->seg[i].base.va | it->seg[i].len;
	return !(bits & (io->block - 1));
}

ssize_t direct_io(struct direct_io *io, struct iter *it, loff_t pos)
{
	u64 first = (u64)pos >> PAGE_SHIFT, last = ((u64)pos + it->left - 1) >> PAGE_SHIFT;
	ssize_t total = 0, n = 0;
	int err;

	if (!it->left)
		return 0;
	if (!aligned(io, it, (u64)pos))
		return -EINVAL;
	err = vmo_sync(io->vmo, first, last);
	if (err)
		return err;
	if (io->op == BIO_WRITE)
		(void)!vmo_invalidate(io->vmo, first, last);
	while (it->left && (n = step(io, it, (u64)pos + (u64)total)) > 0)
		total += n;
	if (io->op == BIO_WRITE)
		(void)!vmo_invalidate(io->vmo, first, last);
	return total ? total : n;
}
