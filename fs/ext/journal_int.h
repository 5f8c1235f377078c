/* SPDX-License-Identifier: MIT */
/* journal_int.h - what the files of the journal share: the format on disk, transactions, blocks in
 * them. */
#pragma once

#include <fs/blkdev.h>
#include <fs/buf.h>
#include <fs/ext/journal.h>
#include <fs/flushpoint.h>
#include <kernel/bh_timer.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/list.h>
#include <kernel/mutex.h>
#include <kernel/spinlock.h>
#include <kernel/uapi.h>
#include <kernel/waitq.h>
#include <kernel/workq.h>
#include <mm/page.h>

/* ---- the format: big endian; Linux Documentation/filesystems/ext4/journal.rst ---- */

#define LOG_MAGIC 0xc03b3998u

enum log_block_type {
	LOG_DESCRIPTOR = 1,
	LOG_COMMIT = 2,
	LOG_SUPER_V1 = 3,
	LOG_SUPER_V2 = 4,
	LOG_REVOKE = 5
};

/* Every block that is not data begins like this: magic, type, sequence. */
#define LOG_HEADER 12u

/* Offsets in the log's super block. */
enum {
	LS_BLOCK_SIZE = 12,
	LS_MAXLEN = 16,
	LS_FIRST = 20,
	LS_SEQUENCE = 24,
	LS_START = 28,
	LS_ERRNO = 32,
	LS_COMPAT = 36,
	LS_INCOMPAT = 40,
	LS_RO_COMPAT = 44,
	LS_UUID = 48,
	LS_NR_USERS = 64,
	LS_CHECKSUM_TYPE = 80,
	LS_CHECKSUM = 252,
	LS_BYTES = 1024,
};

#define LOG_COMPAT_CHECKSUM   0x01u
#define LOG_INCOMPAT_REVOKE   0x01u
#define LOG_INCOMPAT_64BIT    0x02u
#define LOG_INCOMPAT_ASYNC    0x04u
#define LOG_INCOMPAT_CSUM_V2  0x08u
#define LOG_INCOMPAT_CSUM_V3  0x10u
#define LOG_INCOMPAT_FAST     0x20u
#define LOG_INCOMPAT_KNOWN    (LOG_INCOMPAT_REVOKE | LOG_INCOMPAT_64BIT | LOG_INCOMPAT_ASYNC | LOG_INCOMPAT_CSUM_V2 | LOG_INCOMPAT_CSUM_V3)

#define LOG_CHECKSUM_CRC32C 4u

#define TAG_ESCAPED   1u	/* the block began with LOG_MAGIC, which was taken out */
#define TAG_SAME_UUID 2u
#define TAG_DELETED   4u
#define TAG_LAST      8u

/* Offsets in a commit block. */
enum {
	LC_CHECKSUM_TYPE = 12,
	LC_CHECKSUM_SIZE = 13,
	LC_CHECKSUM = 16,
	LC_SECONDS = 48,
	LC_NANOSECONDS = 56
};

#define LR_COUNT 12u		/* in a revoke block: bytes in use, this header of 16 included */
#define LR_FIRST 16u

/* ---- in memory ---- */

enum transaction_state { TX_RUNNING, TX_LOCKED, TX_FLUSH, TX_LOG, TX_FINISHED };

#define REVOKES_PER_CHUNK 500u
struct revoke_chunk {
	struct revoke_chunk *next;
	u32 nr;
	u64 block[REVOKES_PER_CHUNK];
};

/* Locks: j  journal.lock */
struct transaction {
	u32 tid;			/* [I] */
	u32 seq;			/* of its records in the log; given when it commits */
	enum transaction_state state;	/* [j] */
	u32 updates;			/* [j] open handles */
	u32 credits;			/* [j] blocks that open handles may still add */
	u32 nr_bufs;			/* [j] on bufs, forgotten ones not counted */
	struct list bufs;		/* [j] journal_buf.link */
	/* [j] journal_buf.home_link: in the log, not yet written home */
	struct list homeless;
	struct revoke_chunk *revokes;	/* [j] */
	u32 nr_revokes;			/* [j] */
	u32 log_start;			/* first block in the log */
	ktime_t started, committed;
	struct list link;		/* [j] journal.homeless */
};

/* A buf that a journal cares about; holds a reference to it. Locks: j  journal.lock */
struct journal_buf {
	struct buf *b;			/* [I] */
	struct transaction *t;		/* [j] the running or the committing one; NULL: none */
	struct transaction *next;	/* [j] the running one, while t is committing */
	struct transaction *home;	/* [j] the committed one whose version must get home */
	u8 *frozen;			/* [j] the bytes for t, when next has changed them */
	bool modified, forgotten;	/* [j] in t */
	bool next_modified, next_forgotten; /* [j] in next */
	bool logged;			/* [j] t has copied what it needs */
	bool writing;			/* [j] on its way home */
	struct list link, home_link;	/* [j] */
};

#define LOG_PAGES 128u

struct journal {
	struct blkdev *dev;
	struct journal_extent *ext;	/* [I] */
	u32 nr_ext;
	struct journal_ops ops;
	u32 block_size;
	u32 first, maxlen;		/* [I] log blocks first .. maxlen - 1 */
	u32 incompat, compat;		/* written with the next super block */
	u32 csum_seed;
	u32 max_transaction;		/* blocks */
	bool read_only, needs_recovery;
	u8 uuid[16];

	struct spinlock lock;		/* RANK_JOURNAL */
	struct transaction *running, *committing; /* [lock] */
	struct list homeless;		/* [lock] committed transactions, oldest first */
	u32 next_tid, committed_tid;	/* [lock] */
	u32 head, tail, free;		/* [lock] log blocks */
	u32 next_seq, tail_seq;		/* [commit_lock] */
	/* [commit_lock] the super block says that nothing is to be replayed */
	bool empty;
	int error;			/* [lock] why it stopped */
	/* who wants to start a handle while the running one is locked */
	struct waitq unlocked;
	struct waitq quiet;		/* the committer waits for handles */
	struct waitq written;		/* who waits for a buf that is on its way home */
	struct mutex commit_lock;	/* one commit at a time */
	struct mutex home_lock;		/* one checkpoint at a time; before commit_lock */
	u64 interval;			/* [lock] ns, age at which a transaction is committed */
	struct bh_timer timer;
	struct work work;
	struct page *pages[LOG_PAGES];	/* [commit_lock] what the log is written from */
	struct page *super_page;	/* [commit_lock] the log's super block */
	struct journal_stats stats;
};

struct journal_handle {
	struct journal *j;		/* NULL: no log */
	struct transaction *t;
	u32 credits;
	u32 depth;			/* nested starts */
	bool sync;
	u32 sync_tid;
};

/* journal.c */
/* not of any transaction any more; lock held */
void journal_free_buf(struct journal_buf *jb);
void journal_free_transaction(struct transaction *t);

/* journal_commit.c */
int __must_check journal_commit_running(struct journal *j);	/* commit_lock held */

/* journal_home.c */
/* Writes the oldest committed transaction home: 0, -ENOENT when there is none. */
int __must_check journal_write_home(struct journal *j);
/* The log's tail moves to the oldest that is still needed. */
int __must_check journal_move_tail(struct journal *j, bool empty);

/* journal_recover.c */
int __must_check journal_recover(struct journal *j);

/* journal_log.c */
u64 journal_map(const struct journal *j, u32 log_block);
static inline u32 journal_next_block(const struct journal *j, u32 n)
{
	return n + 1 == j->maxlen ? j->first : n + 1;
}
u32 journal_tag_bytes(const struct journal *j);
bool journal_has_csum(const struct journal *j);
u32 journal_csum(const struct journal *j, const void *p, u32 n);
u32 journal_data_csum(const struct journal *j, u32 seq, const void *data);
void journal_set_header(void *block, enum log_block_type type, u32 seq);
/* Checksum in the last four bytes of descriptor and revoke blocks. */
void journal_set_tail(const struct journal *j, u8 *block);
bool journal_tail_good(const struct journal *j, u8 *block);
int __must_check journal_read_super(struct journal *j);
int __must_check journal_write_super(struct journal *j, u32 start, u32 seq);
/* A bio for one block of the log, in the group, to be submitted. */
struct bio *journal_log_bio(struct journal *j, enum bio_op op, u32 log_block, struct page *p,
			    struct bio_group *g);
/* One block of the log from or to a page, and wait. */
int __must_check journal_log_io(struct journal *j, enum bio_op op, u32 log_block, struct page *p,
				u32 flags);
