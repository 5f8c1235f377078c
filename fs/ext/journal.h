/* SPDX-License-Identifier: MIT */
/* journal.h - changes of metadata that happen together or not at all: a log in the format of jbd2.
 *
 *	h = journal_start(j, credits)		at most credits blocks will change under this handle
 *	journal_get_write(h, b)			before b->data changes
 *	...
 *	journal_dirty(h, b)			after
 *	journal_stop(h)
 *
 * Handles of all threads join the running transaction. It is closed and committed when it is old
 * (journal_set_interval()), when it is large, or when somebody waits for it (fsync): the blocks go
 * to the log, the device's cache is flushed, a commit record follows. From then on they may be
 * written home, which frees their part of the log (checkpoint).
 *
 *	RUNNING --(age, size, wait)--> LOCKED --(handles end)--> FLUSH --(data of ordered files is
 *	out)--> LOG
 *	        --(blocks are in the log, cache flushed)--> COMMIT --(record is on the medium)-->
 *	        FINISHED --(all home)--> gone
 *
 * Without a log (no has_journal feature: j == NULL) the same calls mark buffers dirty and promise
 * no order.
 *
 * A handle belongs to its thread. Starting one while the thread has one gives the same, counted;
 * its credits were part of the first. Order: journal handle, then page lock, then inode.map_lock. A
 * thread that holds a page lock or a spinlock never starts one.
 *
 * Ref: Linux Documentation/filesystems/ext4/journal.rst (format). Tests:
 * selftests/unit/journal_test.c
 */
#pragma once

#include <kernel/lib/compiler.h>

struct blkdev;
struct buf;
struct journal;
struct journal_handle;

/* Where the log lies on the device: consecutive pieces, in order. */
struct journal_extent {
	u64 block; /* of the device, in its block size */
	u32 len;
};

struct journal_ops {
	/* A transaction is about to commit: writes out the data that its files must not be without
	 * (ordered mode) and waits. */
	int (*flush_data)(void *owner);
	/* The log is broken from here on (first error only): remount read-only, panic or go on, as
	 * the super block says. */
	void (*aborted)(void *owner, int err);
	void *owner;
};

struct journal_stats {
	u64 transactions, blocks_logged, revokes, waits_for_space;
};

/*
 * Opens the log in extents, replays what is in it unless read_only, and
 * starts its thread. fast_commit, external devices, unknown features: -EOPNOTSUPP with the name in
 * the log. Not a journal, or damaged: -EINVAL, -EIO. uuid: the file system's. *out NULL and 0 never
 * happens. May sleep.
 */
int __must_check journal_open(struct blkdev *dev, const struct journal_extent *ext, u32 nr,
			      const struct journal_ops *ops, bool read_only, struct journal **out);
/* Checksums of version 3 and block numbers of 64 bits, before the first handle of a log that is
 * empty. -EBUSY. */
int __must_check journal_set_features(struct journal *j, bool checksums, bool wide);
/* A transaction is committed when it is that old; five seconds until somebody says otherwise. The
 * running one included. */
void journal_set_interval(struct journal *j, u64 ns);
/* Does the log hold something to replay? For read-only mounts of a device that cannot be written.
 */
bool journal_needs_recovery(const struct journal *j);
/* Commits, checkpoints everything, marks the log empty, stops the thread. 0 or the error that the
 * log has seen. */
int __must_check journal_close(struct journal *j);

/* j NULL: a handle that logs nothing. -EROFS after an abort, -ENOMEM, -ENOSPC when credits exceed
 * what the log can hold. May sleep. */
int __must_check journal_start(struct journal *j, struct blkdev *dev, u32 credits,
			       struct journal_handle **out);
/* The handle this thread has open, or NULL. */
struct journal_handle *journal_current(void);
/* More credits without ending: 0, or 1 when the transaction has no room (then journal_restart() at
 * a point where things are consistent). */
int __must_check journal_extend(struct journal_handle *h, u32 credits);
/* Ends the transaction's part and begins another, with all nesting kept. Locks on pages and inodes'
 * maps must not be held. */
int __must_check journal_restart(struct journal_handle *h, u32 credits);
u32 journal_credits(const struct journal_handle *h); /* what is left */
/* fsync of an O_SYNC caller: the transaction is waited for when the handle stops. */
void journal_set_sync(struct journal_handle *h);
/* 0, or the error with which the log was aborted meanwhile. */
int __must_check journal_stop(struct journal_handle *h);

/* b will change: a copy is kept if a committing transaction still needs the old bytes. May sleep.
 */
int __must_check journal_get_write(struct journal_handle *h, struct buf *b);
/* b is a block that was free until now: its old bytes are nobody's. */
int __must_check journal_get_create(struct journal_handle *h, struct buf *b);
/* b has changed: it is part of the transaction. */
int __must_check journal_dirty(struct journal_handle *h, struct buf *b);
/* The metadata block is freed: it leaves the transaction, and a revoke record keeps older copies
 * from being replayed over what comes. Takes over the reference to b; b may be NULL when the block
 * is not cached. */
int __must_check journal_forget(struct journal_handle *h, struct buf *b, u64 block);

/* The transaction that the handle is part of, and the last that is on the medium. Comparison wraps:
 * journal_tid_after(). */
u32 journal_tid(const struct journal_handle *h);
static inline bool journal_tid_after(u32 a, u32 b)
{
	return (s32)(a - b) > 0;
}
/* Waits until tid is on the medium, starting its commit if need be. tid 0: the running one. 0 or
 * -errno. May sleep. */
int __must_check journal_commit(struct journal *j, u32 tid);
/* Starts it and does not wait. */
void journal_commit_start(struct journal *j, u32 tid);
bool journal_committed(struct journal *j, u32 tid);
/* Everything to its home, the log empty (freeze, read-only remount, journal_close). */
int __must_check journal_flush(struct journal *j);
/* Stops everything: nothing is written any more. */
void journal_abort(struct journal *j, int err);
int journal_error(const struct journal *j);
void journal_get_stats(struct journal *j, struct journal_stats *out);
/* May the block be given out again? False while its freeing is in a transaction that is not
 * committed. (Kept by fs/ext/alloc.c with journal_tid(): a freed block is reusable for data once
 * journal_committed().) */
