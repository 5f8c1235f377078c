/* SPDX-License-Identifier: MIT */
/* buf.c - blocks of devices, found by number without locks.
 *
 *	(none) --buf_read(), buf_new()--> held <--> cached, refs 0 --shrink: refs = BUF_DEAD-->
 *	erased --grace period--> freed
 *
 * A buf keeps its page in the cache; clean bufs that nobody holds go when memory is wanted, and
 * their pages after them.
 *
 * Invariants:
 *  (1) one buf for each block: it is entered under bufs_lock, and lookups that meet a dead one look
 *      again.
 *  (2) who raised refs from a value that is not BUF_DEAD owns a reference; only shrinking stores
 *      BUF_DEAD, from 0.
 *  (3) b->data is up to date as long as b exists.
 *
 * Locks: blkdev.bufs_lock [RANK_BUF]; lookups under RCU. Ref: none. Tests:
 * selftests/unit/bio_test.c, journal_test.c
 */
#include <fs/buf.h>

#include <fs/blkdev.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define BUF_DEAD U32_MAX

static struct slab_cache *cache;

/* (2) False: it is going. */
static bool try_get(struct buf *b)
{
	u32 n = atomic_read(&b->refs);

	while (n != BUF_DEAD)
		if (atomic_cmpxchg(&b->refs, &n, n + 1))
			return true;
	return false;
}

struct buf *buf_find(struct blkdev *dev, u64 block)
{
	struct buf *b;

	rcu_read_lock();
	do
		b = xa_load(&dev->bufs, block);
	while (b && !try_get(b));
	rcu_read_unlock();
	if (b && !buf_flag(b, BUF_USED))
		buf_flag_set(b, BUF_USED);
	return b;
}

void buf_put(struct buf *b)
{
	debug_assert(atomic_read(&b->refs) && atomic_read(&b->refs) != BUF_DEAD);
	atomic_dec(&b->refs);
}

static void free_buf(struct buf *b)
{
	page_put(b->page);
	slab_free(cache, b);
}

static void free_rcu(struct rcu_head *h)
{
	free_buf(container_of(h, struct buf, rcu));
}

/* Enters a new buf over page, whose reference it takes; or the one that somebody else was faster
 * with. */
static int enter(struct blkdev *dev, u64 block, struct page *page, struct buf **out)
{
	struct buf *b = slab_alloc(cache, PAGE_KERNEL | PAGE_ZEROED), *old = NULL;
	int err = 0;

	if (!b) {
		page_put(page);
		return -ENOMEM;
	}
	atomic_set(&b->refs, 1);
	atomic_set(&b->flags, BUF_USED);
	b->dev = dev;
	b->block = block;
	b->size = dev->block_size;
	b->page = page;
	b->data = (u8 *)page_to_virt(page) + (block * b->size & ~PAGE_MASK);
	do {
		spin_lock(&dev->bufs_lock);
		old = xa_load(&dev->bufs, block);
		if (!old)
			err = xa_store(&dev->bufs, block, b, NULL);
		spin_unlock(&dev->bufs_lock);
	} while (old && !try_get(old));
	if (old || err)
		free_buf(b);
	*out = old ? old : b;
	return err;
}

static bool beyond(const struct blkdev *dev, u64 block)
{
	return block >= blkdev_bytes(dev) / dev->block_size;
}

int buf_read(struct blkdev *dev, u64 block, struct buf **out)
{
	struct buf *b = buf_find(dev, block);
	struct page *p;
	int err;

	if (likely(b)) {
		*out = b;
		return 0;
	}
	if (beyond(dev, block))
		return -EIO;
	err = vmo_page(dev->vmo, block * dev->block_size >> PAGE_SHIFT, VMO_FAULT, &p);
	return err ? err == -ENOMEM ? err : -EIO : enter(dev, block, p, out);
}

int buf_new(struct blkdev *dev, u64 block, struct buf **out)
{
	struct buf *b = buf_find(dev, block);
	struct page *p;
	int err = 0;

	if (!b) {
		u64 index = block * dev->block_size >> PAGE_SHIFT;

		if (beyond(dev, block))
			return -EIO;
		err = dev->block_size == PAGE_SIZE ? vmo_page_unread(dev->vmo, index, &p)
						   : vmo_page(dev->vmo, index, VMO_FAULT, &p);
		if (!err)
			err = enter(dev, block, p, &b);
	}
	if (err)
		return err == -ENOMEM ? err : -EIO;
	buf_wait_io(b);
	memset(b->data, 0, b->size);
	buf_flag_clear(b, (u32)~(BUF_USED | BUF_IO));
	*out = b;
	return 0;
}

void buf_readahead(struct blkdev *dev, u64 block, u32 n)
{
	u64 first = block * dev->block_size >> PAGE_SHIFT,
	    last = ((block + n) * dev->block_size - 1) >> PAGE_SHIFT;

	if (n)
		vmo_read_ahead(dev->vmo, first, (u32)(last - first + 1));
}

/* ---- dirty, without a journal ---- */

static u32 offset_of(const struct buf *b)
{
	return (u32)((u64)b->data & ~PAGE_MASK);
}

void buf_dirty(struct buf *b)
{
	vmo_dirty(b->dev->vmo, b->page, offset_of(b), offset_of(b) + b->size);
}

void buf_clean(struct buf *b)
{
	vmo_undirty(b->dev->vmo, b->page, offset_of(b), offset_of(b) + b->size);
}

int buf_sync(struct blkdev *dev)
{
	u32 before = READ_ONCE(dev->vmo->errors.seq);
	int err = vmo_sync(dev->vmo, 0, U64_MAX);

	/* not "heard": that is for who has the device open */
	if (!err && READ_ONCE(dev->vmo->errors.seq) != before)
		err = READ_ONCE(dev->vmo->errors.err);
	return err;
}

/* ---- writing now ---- */

static void write_end(struct bio *bio)
{
	struct bio_group *g = bio->group;
	struct buf *b = bio->private;
	int error = bio->error;

	if (error)
		buf_flag_set(b, BUF_WRITE_ERROR);
	buf_flag_clear(b, BUF_IO);
	page_wake(b->page);
	bio_free(bio);
	bio_group_done(g, error);
}

static void start(struct buf *b, struct bio_group *g, u32 flags)
{
	struct bio *bio = bio_for_page(b->dev, BIO_WRITE, b->block * (b->size / SECTOR_SIZE),
				       b->page, offset_of(b), b->size);

	buf_wait_io(b);
	buf_flag_set(b, BUF_IO);
	buf_flag_clear(b, BUF_WRITE_ERROR);
	buf_clean(b);
	bio->flags = flags | BIO_META;
	bio->private = b;
	bio->end = write_end;
	bio_group_add(g, bio);
	blkdev_submit(bio);
}

int buf_write(struct buf **bufs, u32 n, u32 flags)
{
	struct bio_group g;
	struct blk_plug plug;
	u32 i;

	bio_group_begin(&g);
	blk_plug_begin(&plug);
	for (i = 0; i < n; i++)
		start(bufs[i], &g, flags);
	blk_plug_end(&plug);
	return bio_group_wait(&g);
}

void buf_wait_io(struct buf *b)
{
	page_wait_clear(b->page, &b->flags, BUF_IO);
}

/* ---- memory ---- */

/* (2) Out with b if nobody holds it. bufs_lock held. */
static bool kill(struct blkdev *dev, struct buf *b)
{
	u32 none = 0;

	if (b->journal || !atomic_cmpxchg(&b->refs, &none, BUF_DEAD))
		return false;
	xa_erase(&dev->bufs, b->block);
	call_rcu(&b->rcu, free_rcu);
	return true;
}

static u64 shrink_device(struct blkdev *dev, u64 want, bool all)
{
	u64 freed = 0, look = all ? U64_MAX : 4 * want, index = all ? 0 : dev->bufs_hand;
	struct buf *b;

	spin_lock(&dev->bufs_lock);
	for (; look-- && freed < want && (b = xa_find(&dev->bufs, &index, U64_MAX)); index++) {
		if (!all && buf_flag(b, BUF_USED))
			buf_flag_clear(b, BUF_USED);
		else
			freed += kill(dev, b);
	}
	dev->bufs_hand = freed < want ? 0 : index;
	spin_unlock(&dev->bufs_lock);
	return freed;
}

bool buf_forget_all(struct blkdev *dev)
{
	u64 index = 0;
	struct buf *b;

	shrink_device(dev, U64_MAX, true);
	rcu_read_lock();
	b = xa_find(&dev->bufs, &index, U64_MAX);
	if (b)
		pr_warn("%s: block %lu is still held (%u)", dev->name, b->block,
			atomic_read(&b->refs));
	rcu_read_unlock();
	return !b;
}

struct shrinking {
	u64 want, freed;
};

static void shrink_one(struct blkdev *d, void *arg)
{
	struct shrinking *s = arg;

	if (s->freed < s->want)
		s->freed += shrink_device(d, s->want - s->freed, false);
}

static u64 shrink_bufs(u64 n)
{
	struct shrinking s = { n, 0 };

	blkdev_try_for_each(shrink_one, &s);
	return s.freed;
}

SHRINKER(bufs, shrink_bufs);

void buf_init(void)
{
	cache = slab_cache_create("buf", sizeof(struct buf), 16);
}
