/* SPDX-License-Identifier: MIT */
/* journal_log.c - the log as a file of blocks: where it lies, its super block, headers and
 * checksums.
 * Locks: none; callers hold commit_lock. Ref: Linux Documentation/filesystems/ext4/journal.rst.
 * Tests: selftests/unit/journal_test.c */
#include "journal_int.h"

#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>

u64 journal_map(const struct journal *j, u32 n)
{
	for (u32 i = 0; i < j->nr_ext; i++) {
		if (n < j->ext[i].len)
			return j->ext[i].block + n;
		n -= j->ext[i].len;
	}
	panic("journal: block %u lies outside the log", n);
}

struct bio *journal_log_bio(struct journal *j, enum bio_op op, u32 log_block, struct page *p,
			    struct bio_group *g)
{
	struct bio *b = bio_for_page(j->dev, op,
				     journal_map(j, log_block) * (j->block_size / SECTOR_SIZE), p,
				     0, j->block_size);

	b->flags = BIO_META;
	b->end = bio_end_in_group;
	bio_group_add(g, b);
	return b;
}

int journal_log_io(struct journal *j, enum bio_op op, u32 log_block, struct page *p, u32 flags)
{
	return blkdev_page_wait(j->dev, op,
				journal_map(j, log_block) * (j->block_size / SECTOR_SIZE), p, 0,
				j->block_size, flags | BIO_META);
}

/* ---- checksums ---- */

bool journal_has_csum(const struct journal *j)
{
	return j->incompat & (LOG_INCOMPAT_CSUM_V2 | LOG_INCOMPAT_CSUM_V3);
}

u32 journal_csum(const struct journal *j, const void *p, u32 n)
{
	return crc32c(j->csum_seed, p, n);
}

u32 journal_data_csum(const struct journal *j, u32 seq, const void *data)
{
	u8 s[4];

	put_be32(s, seq);
	return crc32c(crc32c(j->csum_seed, s, 4), data, j->block_size);
}

u32 journal_tag_bytes(const struct journal *j)
{
	u32 wide = j->incompat & LOG_INCOMPAT_64BIT ? 4 : 0;

	if (j->incompat & LOG_INCOMPAT_CSUM_V3)
		return 16;
	return 8 + wide + (j->incompat & LOG_INCOMPAT_CSUM_V2 ? 2 : 0);
}

void journal_set_header(void *block, enum log_block_type type, u32 seq)
{
	put_be32(block, LOG_MAGIC);
	put_be32((u8 *)block + 4, type);
	put_be32((u8 *)block + 8, seq);
}

void journal_set_tail(const struct journal *j, u8 *block)
{
	u8 *tail = block + j->block_size - 4;

	if (!journal_has_csum(j))
		return;
	put_be32(tail, 0);
	put_be32(tail, journal_csum(j, block, j->block_size));
}

bool journal_tail_good(const struct journal *j, u8 *block)
{
	u8 *tail = block + j->block_size - 4;
	u32 want = get_be32(tail), is;

	if (!journal_has_csum(j))
		return true;
	put_be32(tail, 0);
	is = journal_csum(j, block, j->block_size);
	put_be32(tail, want);
	return is == want;
}

/* ---- the super block ---- */

static u32 super_csum(u8 *s)
{
	u32 kept = get_be32(s + LS_CHECKSUM), sum;

	put_be32(s + LS_CHECKSUM, 0);
	sum = crc32c(~0u, s, LS_BYTES);
	put_be32(s + LS_CHECKSUM, kept);
	return sum;
}

static int check_features(struct journal *j, const u8 *s)
{
	u32 unknown = j->incompat & ~LOG_INCOMPAT_KNOWN;

	if (unknown) {
		pr_err("%s: the journal uses %s (0x%x), which this kernel does not know",
		       j->dev->name,
		       unknown & LOG_INCOMPAT_FAST ? "fast_commit" : "an incompatible feature",
		       unknown);
		return -EOPNOTSUPP;
	}
	if (journal_has_csum(j) && s[LS_CHECKSUM_TYPE] != LOG_CHECKSUM_CRC32C) {
		pr_err("%s: the journal's checksum type %u is unknown", j->dev->name,
		       s[LS_CHECKSUM_TYPE]);
		return -EOPNOTSUPP;
	}
	if ((j->incompat & LOG_INCOMPAT_CSUM_V2) && (j->incompat & LOG_INCOMPAT_CSUM_V3))
		return -EINVAL;
	return 0;
}

static u32 log_length(const struct journal *j)
{
	u64 n = 0;

	for (u32 i = 0; i < j->nr_ext; i++)
		n += j->ext[i].len;
	return (u32)min(n, (u64)U32_MAX);
}

int journal_read_super(struct journal *j)
{
	u8 *s = page_to_virt(j->super_page);
	u32 type;
	int err = journal_log_io(j, BIO_READ, 0, j->super_page, 0);

	if (err)
		return err;
	type = get_be32(s + 4);
	if (get_be32(s) != LOG_MAGIC || (type != LOG_SUPER_V1 && type != LOG_SUPER_V2) ||
	    get_be32(s + LS_BLOCK_SIZE) != j->block_size) {
		pr_err("%s: there is no journal where the super block says", j->dev->name);
		return -EINVAL;
	}
	j->maxlen = get_be32(s + LS_MAXLEN);
	j->first = get_be32(s + LS_FIRST);
	if (type == LOG_SUPER_V2) {
		j->compat = get_be32(s + LS_COMPAT);
		j->incompat = get_be32(s + LS_INCOMPAT);
	}
	err = check_features(j, s);
	if (err)
		return err;
	if (journal_has_csum(j) && super_csum(s) != get_be32(s + LS_CHECKSUM)) {
		pr_err("%s: the journal's super block has a wrong checksum", j->dev->name);
		return -EINVAL;
	}
	memcpy(j->uuid, s + LS_UUID, 16);
	j->csum_seed = crc32c(~0u, j->uuid, 16);
	j->tail = get_be32(s + LS_START);
	j->tail_seq = get_be32(s + LS_SEQUENCE);
	if (j->maxlen > log_length(j) || j->first == 0 || j->first >= j->maxlen ||
	    j->maxlen - j->first < 64 ||
	    (j->tail && (j->tail < j->first || j->tail >= j->maxlen)) ||
	    get_be32(s + LS_NR_USERS) > 1) {
		pr_err("%s: the journal's super block contradicts itself", j->dev->name);
		return -EINVAL;
	}
	j->needs_recovery = j->tail != 0;
	return 0;
}

int journal_write_super(struct journal *j, u32 start, u32 seq)
{
	u8 *s = page_to_virt(j->super_page);
	int err;

	put_be32(s + LS_START, start);
	put_be32(s + LS_SEQUENCE, seq);
	put_be32(s + LS_ERRNO, (u32)j->error);
	if (get_be32(s + 4) == LOG_SUPER_V2) {
		put_be32(s + LS_COMPAT, j->compat);
		put_be32(s + LS_INCOMPAT, j->incompat);
	}
	if (journal_has_csum(j)) {
		s[LS_CHECKSUM_TYPE] = LOG_CHECKSUM_CRC32C;
		put_be32(s + LS_CHECKSUM, super_csum(s));
	}
	err = journal_log_io(j, BIO_WRITE, 0, j->super_page,
			     flush_flag(FLUSH_TAIL_HOME, BIO_PREFLUSH) |
				     flush_flag(FLUSH_TAIL, BIO_FUA));
	if (!err)
		j->empty = start == 0;
	return err;
}
