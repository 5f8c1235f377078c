/* SPDX-License-Identifier: MIT */
/* extdev.c - a disk for tests of fs/ext: an image in memory, bufs over it, and a journal that
 * writes nothing but checks its callers: bytes change only between journal_get_write() and
 * journal_dirty(), a handle stays within its credits, no buf stays held.
 */
#include "extdev.h"

#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <mm/slab.h>

struct host_buf {
	struct buf b;
	u8 *shadow;  /* as last marked dirty or read */
	u32 writer;  /* handle that may change it */
	u32 charged; /* handle that paid a credit for it */
	bool dirty, fresh, is_touched;
	struct host_buf *touched; /* next of those that were looked at in this transaction */
};

struct journal_handle {
	u32 id, depth, credits, used;
	bool sync;
};

struct journal {
	struct journal_ops ops;
	int error;
};

struct blkdev ext_dev = { .name = "vdt", .block_size = 1024 };
bool disk_quiet, disk_hold_commits;
u32 disk_most_credits, disk_fail_reads;
void (*disk_commit_hook)(void);
struct ext_hooks disk_hooks;

static u8 *image;
static u64 image_bytes;
static struct host_buf **bufs;
static u64 nr_bufs;
static struct journal the_journal;
static struct journal_handle handle;
static u32 next_tid = 1, committed;
static struct host_buf *touched;

/* ---- the disk ---- */

static void forget(void)
{
	for (u64 n = 0; n < nr_bufs; n++) {
		if (!bufs[n])
			continue;
		if (atomic_read(&bufs[n]->b.refs))
			FAIL("block %lu is held while its disk goes", n);
		host_free(bufs[n]->b.data);
		host_free(bufs[n]);
	}
	host_free(bufs);
	touched = NULL;
	bufs = NULL;
	nr_bufs = 0;
}

static void write_back(void)
{
	for (u64 n = 0; n < nr_bufs; n++) {
		if (!bufs[n] || !bufs[n]->dirty)
			continue;
		memcpy(image + n * ext_dev.block_size, bufs[n]->shadow, ext_dev.block_size);
		bufs[n]->dirty = false;
	}
}

/* In a child that goes on from a snapshot: whoever holds bufs is the parent. */
void disk_forget_all(void)
{
	for (u64 n = 0; n < nr_bufs; n++)
		if (bufs[n])
			atomic_set(&bufs[n]->b.refs, 0);
	forget();
}

void disk_use(const void *bytes, u64 size)
{
	forget();
	host_free(image);
	image = host_alloc(size, 16, false);
	memcpy(image, bytes, size);
	image_bytes = size;
	ext_dev.nr_sectors = size >> SECTOR_SHIFT;
	ext_dev.block_size = 1024;
	the_journal = (struct journal){ 0 };
	memset(&handle, 0, sizeof(handle));
}

void disk_load(const char *path)
{
	usize size;
	void *p = host_read_file(path, &size);

	ASSERT_TRUE(p);
	disk_use(p, size);
	host_free(p);
}

void disk_save(const char *path)
{
	write_back();
	ASSERT_TRUE(host_write_file(path, image, image_bytes));
}

u8 *disk_bytes(u64 *size)
{
	*size = image_bytes;
	return image;
}

u8 *disk_snapshot(void)
{
	u8 *copy = host_alloc(image_bytes, 16, false);

	memcpy(copy, image, image_bytes);
	for (u64 n = 0; n < nr_bufs; n++)
		if (bufs[n] && bufs[n]->dirty)
			memcpy(copy + n * ext_dev.block_size, bufs[n]->shadow, ext_dev.block_size);
	return copy;
}

static void check_one(const struct host_buf *h, const char *where)
{
	if (!disk_quiet && !h->fresh && memcmp(h->b.data, h->shadow, ext_dev.block_size))
		FAIL("%s: block %lu was changed and not marked dirty", where, h->b.block);
}

void disk_check_idle(const char *where)
{
	for (u64 n = 0; n < nr_bufs; n++)
		if (bufs[n])
			check_one(bufs[n], where);
}

static void check_touched(void)
{
	struct host_buf *h;

	while ((h = touched)) {
		check_one(h, "the end of a transaction");
		touched = h->touched;
		h->is_touched = false;
	}
}

static void touch(struct host_buf *h)
{
	if (h->is_touched)
		return;
	h->is_touched = true;
	h->touched = touched;
	touched = h;
}

int blkdev_set_block_size(struct blkdev *d, u32 size)
{
	write_back();
	forget();
	d->block_size = size;
	return 0;
}

/* ---- bufs ---- */

static struct host_buf *to_host(struct buf *b)
{
	return container_of(b, struct host_buf, b);
}

static int get(u64 block, bool read, struct buf **out)
{
	u32 size = ext_dev.block_size;
	struct host_buf *h;

	if (!bufs) {
		bufs = host_alloc(image_bytes / size * sizeof(*bufs), 0, true);
		if (!bufs)
			return -ENOMEM;
		nr_bufs = image_bytes / size;
	}
	if (block >= nr_bufs)
		return -EIO;
	if (read && disk_fail_reads && --disk_fail_reads == 0)
		return -EIO;
	h = bufs[block];
	if (!h) {
		h = host_alloc(sizeof(*h) + size, 16, true);
		if (!h)
			return -ENOMEM;
		h->shadow = (u8 *)(h + 1);
		h->b = (struct buf){ .dev = &ext_dev,
				     .block = block,
				     .size = size,
				     .data = host_alloc(size, 16, false) };
		if (!h->b.data) {
			host_free(h);
			return -ENOMEM;
		}
		memcpy(h->b.data, image + block * size, size);
		memcpy(h->shadow, h->b.data, size);
		bufs[block] = h;
	}
	touch(h);
	ref_get(&h->b.refs);
	*out = &h->b;
	return 0;
}

int buf_read(struct blkdev *dev, u64 block, struct buf **out)
{
	return host_allocation_fails() ? -ENOMEM : get(block, true, out);
}

int buf_new(struct blkdev *dev, u64 block, struct buf **out)
{
	int err = host_allocation_fails() ? -ENOMEM : get(block, false, out);

	if (!err) {
		memset((*out)->data, 0, (*out)->size);
		atomic_set(&(*out)->flags, 0);
		to_host(*out)->fresh = true;
	}
	return err;
}

struct buf *buf_find(struct blkdev *dev, u64 block)
{
	if (block >= nr_bufs || !bufs[block])
		return NULL;
	touch(bufs[block]);
	ref_get(&bufs[block]->b.refs);
	return &bufs[block]->b;
}

void buf_readahead(struct blkdev *dev, u64 block, u32 n)
{
}

void buf_put(struct buf *b)
{
	if (!atomic_read(&b->refs))
		panic("buf_put: nobody holds block %lu", b->block);
	atomic_dec(&b->refs);
}

static void mark_dirty(struct host_buf *h)
{
	memcpy(h->shadow, h->b.data, h->b.size);
	h->dirty = true;
	h->fresh = false;
}

void buf_dirty(struct buf *b)
{
	mark_dirty(to_host(b));
}

void buf_clean(struct buf *b)
{
	to_host(b)->dirty = false;
}

int buf_write(struct buf **b, u32 n, u32 flags)
{
	for (u32 i = 0; i < n; i++) {
		mark_dirty(to_host(b[i]));
		memcpy(image + b[i]->block * b[i]->size, b[i]->data, b[i]->size);
	}
	return 0;
}

int buf_sync(struct blkdev *dev)
{
	disk_check_idle("sync");
	write_back();
	return 0;
}

/* ---- the journal ---- */

int journal_open(struct blkdev *dev, const struct journal_extent *ext, u32 nr,
		 const struct journal_ops *ops, bool read_only, struct journal **out)
{
	EXPECT_TRUE(nr > 0);
	the_journal = (struct journal){ .ops = *ops };
	*out = &the_journal;
	return 0;
}

int journal_set_features(struct journal *j, bool checksums, bool wide)
{
	return 0;
}

int journal_close(struct journal *j)
{
	disk_check_idle("journal_close");
	write_back();
	return j->error;
}

int journal_flush(struct journal *j)
{
	write_back();
	return j->error;
}

int journal_start(struct journal *j, struct blkdev *dev, u32 credits, struct journal_handle **out)
{
	if (j && j->error)
		return -EROFS;
	*out = &handle;
	if (handle.depth++)
		return 0;
	if (credits > 1024) {
		FAIL("a handle of %u credits", credits);
		handle.depth--;
		return -ENOSPC;
	}
	handle.id = next_tid++;
	handle.credits = credits;
	handle.used = 0;
	return 0;
}

struct journal_handle *journal_current(void)
{
	return handle.depth ? &handle : NULL;
}

u32 journal_credits(const struct journal_handle *h)
{
	return h->credits - h->used;
}

int journal_extend(struct journal_handle *h, u32 credits)
{
	if (host_random() & 1)
		return 1;
	h->credits += credits;
	return 0;
}

static void end(struct journal_handle *h)
{
	check_touched();
	disk_most_credits = max(disk_most_credits, h->used);
	if (!disk_hold_commits)
		committed = h->id;
	if (disk_commit_hook)
		disk_commit_hook();
}

int journal_restart(struct journal_handle *h, u32 credits)
{
	end(h);
	h->id = next_tid++;
	h->credits = credits;
	h->used = 0;
	return 0;
}

int journal_stop(struct journal_handle *h)
{
	if (!h->depth)
		panic("journal_stop: no handle");
	if (--h->depth)
		return 0;
	end(h);
	return 0;
}

void journal_set_sync(struct journal_handle *h)
{
	h->sync = true;
}

int journal_get_write(struct journal_handle *h, struct buf *b)
{
	struct host_buf *hb = to_host(b);

	if (!disk_quiet && hb->writer != h->id && !hb->fresh &&
	    memcmp(b->data, hb->shadow, b->size))
		FAIL("block %lu changed before journal_get_write()", b->block);
	hb->writer = h->id;
	if (hb->charged != h->id && h->used++ >= h->credits && !disk_quiet)
		FAIL("handle out of its %u credits", h->credits);
	hb->charged = h->id;
	return host_allocation_fails() ? -ENOMEM : 0;
}

int journal_get_create(struct journal_handle *h, struct buf *b)
{
	to_host(b)->fresh = true;
	return journal_get_write(h, b);
}

int journal_dirty(struct journal_handle *h, struct buf *b)
{
	if (!disk_quiet && to_host(b)->writer != h->id)
		FAIL("block %lu is dirty without journal_get_write()", b->block);
	mark_dirty(to_host(b));
	return 0;
}

int journal_forget(struct journal_handle *h, struct buf *b, u64 block)
{
	struct host_buf *hb;

	if (!b)
		return 0;
	hb = to_host(b);
	memcpy(hb->b.data, hb->shadow, b->size);
	hb->writer = 0;
	buf_put(b);
	return 0;
}

u32 journal_tid(const struct journal_handle *h)
{
	return h->id;
}

bool journal_committed(struct journal *j, u32 tid)
{
	return !journal_tid_after(tid, committed);
}

int journal_commit(struct journal *j, u32 tid)
{
	committed = next_tid - 1;
	return 0;
}

void journal_commit_start(struct journal *j, u32 tid)
{
}

void journal_abort(struct journal *j, int err)
{
	j->error = err;
}

int journal_error(const struct journal *j)
{
	return j->error;
}

/* ---- the rest of the kernel ---- */

ktime_t clock_realtime(void)
{
	static s64 ticks;

	return 1700000000l * NSEC_PER_SEC + ticks++ * 1000;
}

/* ---- stock tools ---- */

void ext_mkfs(const char *options, const char *size)
{
	const char *path = host_temp("image");
	char out[2000];

	if (host_shell(out, sizeof(out),
		       "rm -f %s; PATH=$PATH:/sbin:/usr/sbin mkfs.ext4 -q -F %s %s %s 2>&1", path,
		       options, path, size)) {
		FAIL("mkfs.ext4 %s: %s", options, out);
		host_end_test();
	}
	disk_load(path);
}

struct ext_fs *ext_test_mount(void)
{
	struct ext_params p = { .hooks = &disk_hooks };
	struct ext_fs *fs = NULL;
	u32 deleted, truncated;

	ASSERT_EQ(0, ext_mount(&ext_dev, &p, &fs));
	if (!ext_is_read_only(fs))
		ASSERT_EQ(0, ext_orphan_cleanup(fs, &deleted, &truncated));
	return fs;
}

void ext_test_unmount(struct ext_fs *fs)
{
	EXPECT_EQ(0, ext_unmount(fs));
	for (u64 n = 0; n < nr_bufs; n++)
		if (bufs[n] && atomic_read(&bufs[n]->b.refs))
			FAIL("block %lu is still held by %u", n, atomic_read(&bufs[n]->b.refs));
}

void ext_fsck(const char *what)
{
	const char *path = host_temp("fsck");
	static char out[6000];
	int st;

	disk_save(path);
	st = host_shell(out, sizeof(out), "PATH=$PATH:/sbin:/usr/sbin e2fsck -fn %s 2>&1", path);
	if (st)
		FAIL("e2fsck after %s: status %d\n%s", what, st, out);
}

void ext_debugfs(const char *commands, char *out, usize size)
{
	const char *path = host_temp("image"), *script = host_temp("script");

	disk_save(path);
	ASSERT_TRUE(host_write_file(script, commands, strlen(commands)));
	EXPECT_EQ(0, host_shell(out, size, "PATH=$PATH:/sbin:/usr/sbin debugfs -w -f %s %s 2>&1",
				script, path));
	disk_load(path);
}
