/* SPDX-License-Identifier: MIT */
/* journal_recover.c - after a crash: every transaction with a commit record is written home once
 * more, everything behind is forgotten.
 *
 * Three passes over the log from its tail: how far it is good; which blocks were revoked, and by
 * which transaction; then the blocks themselves, but for those that a later or the same transaction
 * revoked. Running it twice, or again after a crash in the middle, gives the
 * same: the log is marked empty only when all of it is on the medium.
 *
 * The log is from a disk: every number is checked against the log's and the device's bounds, and no
 * pass goes further than the log is long. It is read past the page cache, as it is written.
 *
 * Locks: none, nobody else has the journal yet. Ref: Linux
 * Documentation/filesystems/ext4/journal.rst.
 * Tests: selftests/unit/journal_test.c
 */
#include "journal_int.h"

#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>
#include <kernel/lib/xarray.h>
#include <kernel/printk.h>
#include <mm/vmo.h>

enum pass { SCAN, REVOKE, REPLAY };

#define WINDOW 64u

struct recovery {
	struct journal *j;
	u32 window, nr;			/* log blocks in j->pages: window, window + 1, ... */
	u32 end_seq;			/* first sequence that is not committed */
	struct xarray revoked;		/* block -> coded sequence */
	u32 crc;			/* of the old commit checksum */
	u64 replayed, revokes, skipped;
};

static void *code(u32 seq) { return (void *)((u64)seq << 2 | 1); }
static u32 decode(const void *p) { return (u32)((u64)p >> 2); }

/* ---- reading the log ---- */

static int load(struct recovery *r, u32 first)
{
	struct journal *j = r->j;
	struct bio_group g;
	struct blk_plug plug;
	u32 n = min(WINDOW, j->maxlen - first);
	int err;

	bio_group_begin(&g);
	blk_plug_begin(&plug);
	for (u32 i = 0; i < n; i++)
		blkdev_submit(journal_log_bio(j, BIO_READ, first + i, j->pages[i], &g));
	blk_plug_end(&plug);
	err = bio_group_wait(&g);
	r->window = first;
	r->nr = err ? 0 : n;
	return err;
}

/* The bytes of a log block, good until the next call. */
static int log_block(struct recovery *r, u32 n, u8 **out)
{
	int err = 0;

	if (n < r->window || n >= r->window + r->nr)
		err = load(r, n);
	*out = err ? NULL : page_to_virt(r->j->pages[n - r->window]);
	return err;
}

/* ---- tags ---- */

struct tag {
	u64 block;
	u32 flags, csum;
};

/* The tag at *at, which moves on; false: the block ends. */
static bool next_tag(const struct journal *j, const u8 *d, u32 *at, struct tag *t)
{
	u32 end = j->block_size - (journal_has_csum(j) ? 4 : 0), bytes = journal_tag_bytes(j);
	const u8 *p = d + *at;

	if (*at + bytes > end)
		return false;
	t->block = get_be32(p);
	if (j->incompat & LOG_INCOMPAT_CSUM_V3) {
		t->flags = get_be32(p + 4);
		t->csum = get_be32(p + 12);
		if (j->incompat & LOG_INCOMPAT_64BIT)
			t->block |= (u64)get_be32(p + 8) << 32;
	} else {
		t->csum = get_be16(p + 4);
		t->flags = get_be16(p + 6);
		if (j->incompat & LOG_INCOMPAT_64BIT)
			t->block |= (u64)get_be32(p + 8) << 32;
	}
	*at += bytes + (t->flags & TAG_SAME_UUID ? 0 : 16);
	if (t->flags & TAG_LAST)
		*at = j->block_size;
	return true;
}

static u32 count_tags(const struct journal *j, const u8 *d)
{
	u32 at = LOG_HEADER, n = 0;
	struct tag t;

	while (next_tag(j, d, &at, &t))
		n++;
	return n;
}

/* ---- the passes ---- */

static bool csum_matches(const struct journal *j, u32 seq, const struct tag *t, const u8 *data)
{
	u32 is;

	if (!journal_has_csum(j))
		return true;
	is = journal_data_csum(j, seq, data);
	return j->incompat & LOG_INCOMPAT_CSUM_V3 ? is == t->csum : (is & 0xffff) == t->csum;
}

static int replay_block(struct recovery *r, u32 seq, const struct tag *t, u8 *data)
{
	struct journal *j = r->j;
	void *rev = xa_load(&r->revoked, t->block);
	struct buf *b;
	int err;

	if (rev && !journal_tid_after(seq, decode(rev))) {
		r->skipped++;
		return 0;
	}
	if (!csum_matches(j, seq, t, data)) {
		pr_err("%s: the journal's copy of block %lu has a wrong checksum", j->dev->name,
		       t->block);
		return -EIO;
	}
	err = buf_new(j->dev, t->block, &b);
	if (err) {
		pr_err("%s: the journal names block %lu", j->dev->name, t->block);
		return err;
	}
	memcpy(b->data, data, j->block_size);
	if (t->flags & TAG_ESCAPED)
		put_be32(b->data, LOG_MAGIC);
	buf_dirty(b);
	buf_put(b);
	r->replayed++;
	return 0;
}

/* The blocks behind a descriptor, whose bytes are in d. *at: the descriptor, then the block behind
 * its last. */
static int do_descriptor(struct recovery *r, enum pass pass, u32 seq, u8 *d, u32 *at)
{
	struct journal *j = r->j;
	u32 pos = LOG_HEADER, nr = count_tags(j, d);
	u8 *tags = NULL, *data;
	struct tag t;
	int err = 0;

	if (pass == SCAN && (j->compat & LOG_COMPAT_CHECKSUM) && !journal_has_csum(j))
		r->crc = crc32_be(r->crc, d, j->block_size);
	if (pass == REVOKE || (pass == SCAN && !(j->compat & LOG_COMPAT_CHECKSUM))) {
		for (; nr; nr--)
			*at = journal_next_block(j, *at);
		*at = journal_next_block(j, *at);
		return 0;
	}
	tags = page_to_virt(j->pages[WINDOW]);	/* the window moves on under it */
	memcpy(tags, d, j->block_size);
	while (!err && next_tag(j, tags, &pos, &t)) {
		*at = journal_next_block(j, *at);
		err = log_block(r, *at, &data);
		if (err)
			break;
		if (pass == SCAN)
			r->crc = crc32_be(r->crc, data, j->block_size);
		else
			err = replay_block(r, seq, &t, data);
	}
	*at = journal_next_block(j, *at);
	return err;
}

static int do_revoke(struct recovery *r, u32 seq, u8 *d)
{
	struct journal *j = r->j;
	u32 bytes = j->incompat & LOG_INCOMPAT_64BIT ? 8 : 4, end = get_be32(d + LR_COUNT), at;

	if (!journal_tail_good(j, d) || end > j->block_size - (journal_has_csum(j) ? 4 : 0))
		return -EIO;
	for (at = LR_FIRST; at + bytes <= end; at += bytes) {
		u64 block = bytes == 8 ? get_be64(d + at) : get_be32(d + at);
		void *old = xa_load(&r->revoked, block);

		if (old && !journal_tid_after(seq, decode(old)))
			continue;
		if (xa_store(&r->revoked, block, code(seq), NULL))
			return -ENOMEM;
		r->revokes++;
	}
	return 0;
}

static bool commit_good(struct recovery *r, u8 *d)
{
	struct journal *j = r->j;
	u32 want = get_be32(d + LC_CHECKSUM), is;

	if (journal_has_csum(j)) {
		put_be32(d + LC_CHECKSUM, 0);
		is = journal_csum(j, d, j->block_size);
		put_be32(d + LC_CHECKSUM, want);
		return is == want;
	}
	if (!(j->compat & LOG_COMPAT_CHECKSUM) || !d[LC_CHECKSUM_TYPE])
		return true;
	return want == r->crc;
}

/* One pass. SCAN finds end_seq and where the log could go on. */
static int run_pass(struct recovery *r, enum pass pass)
{
	struct journal *j = r->j;
	u32 seq = j->tail_seq, at = j->tail, from, walked = 0;
	int err = 0;

	r->crc = ~0u;
	r->nr = 0;
	while (!err && (pass == SCAN || seq != r->end_seq)) {
		u8 *d;
		u32 type;

		err = log_block(r, at, &d);
		if (err || get_be32(d) != LOG_MAGIC || get_be32(d + 8) != seq ||
		    walked >= j->maxlen - j->first)
			break;
		from = at;
		type = get_be32(d + 4);
		if (type == LOG_DESCRIPTOR) {
			if (!journal_tail_good(j, d))
				break;
			err = do_descriptor(r, pass, seq, d, &at);
		} else if (type == LOG_REVOKE) {
			if (pass == REVOKE)
				err = do_revoke(r, seq, d);
			at = journal_next_block(j, at);
		} else if (type == LOG_COMMIT) {
			if (pass == SCAN && !commit_good(r, d))
				break;
			r->crc = ~0u;
			seq++;
			at = journal_next_block(j, at);
		} else {
			break;
		}
		walked += at > from ? at - from : at + (j->maxlen - j->first) - from;
	}
	if (pass == SCAN)
		r->end_seq = seq;
	return err;
}

int journal_recover(struct journal *j)
{
	struct recovery r = { .j = j };
	int err;

	xa_init(&r.revoked, &vmo_xa_mem);
	err = run_pass(&r, SCAN);
	if (!err)
		err = run_pass(&r, REVOKE);
	if (!err)
		err = run_pass(&r, REPLAY);
	xa_destroy(&r.revoked);
	if (!err)
		err = buf_sync(j->dev);
	if (err) {
		pr_err("%s: the journal could not be replayed: error %d", j->dev->name, -err);
		return err;
	}
	pr_info("%s: journal replayed: %u transactions, %lu blocks, %lu revoked", j->dev->name,
		r.end_seq - j->tail_seq, r.replayed, r.skipped);
	j->tail_seq = r.end_seq + 1;	/* what lies behind in the log must not be taken for ours */
	j->needs_recovery = false;
	return journal_write_super(j, 0, j->tail_seq);	/* behind a flush */
}
