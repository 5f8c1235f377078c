/* SPDX-License-Identifier: MIT */
/* buf.h - one block of a block device in memory: how file systems see their metadata.
 *
 * The bytes are those of the device's page cache (blkdev.vmo), so that a program that reads the
 * device sees what the file system wrote, and the other way round. A buf adds a count, a place in
 * the journal and its own state. Its block size is the device's (blkdev_set_block_size()), a power
 * of two from 512 to PAGE_SIZE.
 *
 *	struct buf *b;
 *	err = buf_read(dev, block, &b);		up to date, a reference
 *	journal_get_write(h, b);		fs/ext/journal.h: before the bytes change
 *	... change b->data ...
 *	journal_dirty(h, b);
 *	buf_put(b);
 *
 * Changes without a journal: buf_dirty(), and the device's writeback brings them home. A buf that
 * nobody holds stays cached until memory is wanted; one that a journal still needs is held by the
 * journal.
 *
 * Locks: J  the journal's   a  atomic   I  immutable
 */
#pragma once

#include <arch/atomic.h>
#include <kernel/lib/compiler.h>
#include <kernel/rcu.h>

struct blkdev;
struct journal_buf;
struct page;

#define BUF_IO		BIT(0)	/* being written by buf_write_start(): the bytes must not change */
#define BUF_WRITE_ERROR BIT(1)	/* the last write of it failed */
/* the file system has checked it (checksum, structure) since it was read */
#define BUF_VERIFIED	BIT(2)
#define BUF_USED	BIT(3)	/* since the last look for memory */
#define BUF_FS0		BIT(8)	/* from here on: the file system's own */

struct buf {
	atomic_t refs;			/* [a] users; 0: only cached; BUF_DEAD: going */
	atomic_t flags;			/* [a] BUF_* */
	struct blkdev *dev;		/* [I] */
	u64 block;			/* [I] in units of size */
	u32 size;			/* [I] bytes */
	u8 *data;			/* [I] size bytes inside page */
	struct page *page;		/* [I] a reference */
	/* [J] NULL: in no transaction and waiting for no checkpoint */
	struct journal_buf *journal;
	struct rcu_head rcu;
};

static inline bool buf_flag(const struct buf *b, u32 f) { return atomic_read(&b->flags) & f; }
static inline void buf_flag_set(struct buf *b, u32 f) { atomic_or(&b->flags, f); }
static inline void buf_flag_clear(struct buf *b, u32 f) { atomic_and(&b->flags, ~f); }

/* The block with its contents: a reference. -EIO (also beyond the device's end), -ENOMEM. May
 * sleep. */
int __must_check buf_read(struct blkdev *dev, u64 block, struct buf **out);
/* The same for a block whose old contents do not matter: filled with zeros. -EIO, -ENOMEM. May
 * sleep. */
int __must_check buf_new(struct blkdev *dev, u64 block, struct buf **out);
/* What is cached: a reference, or NULL. */
struct buf *buf_find(struct blkdev *dev, u64 block);
/* Starts reading n blocks from block on and does not wait. Errors show when they are read. */
void buf_readahead(struct blkdev *dev, u64 block, u32 n);

static inline void buf_get(struct buf *b) { atomic_inc(&b->refs); }	/* of one that is held */
void buf_put(struct buf *b);			/* any context */
static inline void buf_putp(struct buf **b)
{
	if (*b)
		buf_put(*b);
}
#define auto_buf __cleanup(buf_putp)

/* The bytes are newer than the device: written by buf_sync(), or in time. */
void buf_dirty(struct buf *b);
/* Its block was freed: what was dirty need not be written. */
void buf_clean(struct buf *b);
/* Writes n bufs now, whatever their state, and waits: 0 or the first -errno. flags: BIO_FUA,
 * BIO_PREFLUSH, BIO_META. May sleep. */
int __must_check buf_write(struct buf **bufs, u32 n, u32 flags);
/* Until nobody writes it (BUF_IO). May sleep. */
void buf_wait_io(struct buf *b);
/* Writes all dirty bufs of dev and waits for them; no flush of the device's cache. 0 or the first
 * -errno. May sleep. */
int __must_check buf_sync(struct blkdev *dev);
/* Throws away what nobody holds. False: somebody holds one, which is a bug at unmounting. May
 * sleep. */
bool buf_forget_all(struct blkdev *dev);
void buf_init(void);
