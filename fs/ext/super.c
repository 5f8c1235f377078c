/* SPDX-License-Identifier: MIT */
/* super.c - mounting, unmounting, the super block while mounted, and what happens when something is
 * found damaged.
 *
 *	ext_mount: super block -> descriptors read -> journal opened, replayed -> super block and
 *	descriptors checked again
 *		-> marked as in use -> (caller) ext_orphan_cleanup
 *	ext_unmount: journal closed -> counters, marked clean
 *
 * Invariant: while mounted for writing the super block on the disk says so (RECOVER with a journal,
 * not STATE_VALID without). Its copies in other groups are not touched: the tools do that.
 *
 * Locks: the super block's bytes change under orphan_lock. Ref: ext4/super.rst. Tests:
 * selftests/unit/ext_super_test.c
 */
#define LOG_TAG "ext4"
#include <fs/ext/ext.h>

#include <fs/blkdev.h>
#include <fs/flushpoint.h>
#include <kernel/clock.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/crc.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <mm/slab.h>

struct ext_time ext_now(void)
{
	s64 ns = clock_realtime();

	return (struct ext_time){ ns / NSEC_PER_SEC, (u32)(ns % NSEC_PER_SEC) };
}

/* ---- errors ---- */

static void store_error(struct ext_super_disk *sb, const struct ext_error *e, bool first)
{
	if (first) {
		sb->first_error_time = (u32)e->time;
		sb->first_error_time_hi = (u8)(e->time >> 32);
		sb->first_error_ino = e->ino;
		sb->first_error_block = e->block;
		sb->first_error_line = e->line;
		memcpy(sb->first_error_func, e->func, sizeof(e->func));
		sb->first_error_code = 2; /* EXT4_ERR_EIO's neighbour: corrupted */
	}
	sb->last_error_time = (u32)e->time;
	sb->last_error_time_hi = (u8)(e->time >> 32);
	sb->last_error_ino = e->ino;
	sb->last_error_block = e->block;
	sb->last_error_line = e->line;
	memcpy(sb->last_error_func, e->func, sizeof(e->func));
	sb->last_error_code = 2;
}

/* [orphan_lock] or nobody else there. */
static void fill_super(struct ext_fs *fs)
{
	struct ext_super_disk *sb = fs->sb;
	u64 free = atomic_read(&fs->free_blocks), now = (u64)ext_now().sec;

	sb->wtime = (u32)now;
	sb->wtime_hi = (u8)(now >> 32);
	sb->free_blocks_lo = (u32)free;
	if (fs->incompat & INCOMPAT_64BIT)
		sb->free_blocks_hi = (u32)(free >> 32);
	sb->free_inodes = (u32)atomic_read(&fs->free_inodes);
	spin_lock(&fs->spin);
	if (fs->last_error.count) {
		sb->state |= STATE_ERROR;
		if (!sb->error_count)
			store_error(sb, &fs->first_error, true);
		store_error(sb, &fs->last_error, false);
		sb->error_count += fs->last_error.count;
		fs->last_error.count = 0;
	}
	spin_unlock(&fs->spin);
	ext_super_checksum(fs);
}

/*
 * The super block is two sectors, and a power cut may leave only one of them written. All that
 * changes while it is in use lies in the first, but the checksum over both is at the end of the
 * second. So it is the checksum that stays as it is: the last bytes of last_mounted, behind the end
 * of that text, are chosen so that it is right. Either sector goes with either version of the other
 * then.
 */
#define FILLER 60u	/* in last_mounted */

/* The register that becomes crc by one bit of zeros: the inverse of a step of CRC-32C. */
static u32 step_back(u32 crc)
{
	return crc & 0x80000000u ? (crc ^ 0x82f63b78u) << 1 | 1 : crc << 1;
}

/* What the filler must be for each bit of the checksum that has to change. It is linear, and bit k
 * + 1 is one step back from bit k. */
static void prepare_checksum(struct ext_fs *fs)
{
	u32 bytes = offsetof(struct ext_super_disk, checksum) -
		    offsetof(struct ext_super_disk, last_mounted) - FILLER,
	    x = 1;

	for (u32 n = 0; n < bytes * 8; n++)
		x = step_back(x);
	for (u32 k = 0; k < 32; k++, x = step_back(x))
		fs->csum_bits[k] = x;
}

void ext_super_checksum(struct ext_fs *fs)
{
	struct ext_super_disk *sb = fs->sb;
	u32 wrong, filler = 0;

	if (!fs->csum)
		return;
	if (!memchr(sb->last_mounted, 0, FILLER)) {
		sb->checksum = crc32c(~0u, sb, offsetof(struct ext_super_disk, checksum));
		return;
	}
	put_le32(sb->last_mounted + FILLER, 0);
	wrong = crc32c(~0u, sb, offsetof(struct ext_super_disk, checksum)) ^ sb->checksum;
	for (; wrong; wrong &= wrong - 1)
		filler ^= fs->csum_bits[__builtin_ctz(wrong)];
	put_le32(sb->last_mounted + FILLER, filler);
}

static int write_super_now(struct ext_fs *fs)
{
	int err;

	fill_super(fs);
	err = buf_write(&fs->sb_buf, 1,
			BIO_META | flush_flag(FLUSH_SUPER_BEFORE, BIO_PREFLUSH) |
				flush_flag(FLUSH_SUPER, BIO_FUA));
	if (err)
		pr_err("%s: the super block cannot be written: %d", fs->name, err);
	return err;
}

static void go_read_only(struct ext_fs *fs)
{
	if (atomic_xchg(&fs->read_only, 1))
		return;
	pr_err("%s: remounted read-only", fs->name);
	if (fs->j)
		journal_abort(fs->j, -EIO);
	(void)!write_super_now(fs);	/* it may be this that cannot be written */
	if (fs->hooks.went_read_only)
		fs->hooks.went_read_only(fs);
}

int ext_corrupt_at(struct ext_fs *fs, const char *func, u32 line, u32 ino, u64 block,
		   const char *fmt, ...)
{
	struct ext_error e = {
		.time = (u64)ext_now().sec, .block = block, .ino = ino, .line = line
	};
	char text[160];
	va_list args;

	va_start(args, fmt);
	fmt_vprint(text, sizeof(text), fmt, args);
	va_end(args);
	str_copy(e.func, func, sizeof(e.func));
	pr_err("%s: damaged: inode %u, block %lu: %s", fs->name, ino, block, text);
	spin_lock(&fs->spin);
	e.count = fs->last_error.count + 1;
	if (!fs->first_error.time)
		fs->first_error = e;
	fs->last_error = e;
	spin_unlock(&fs->spin);
	if (!fs->sb_buf || ext_is_read_only(fs))
		return -EUCLEAN;
	if (fs->errors == ERRORS_PANIC)
		panic("%s: damaged, and mounted with errors=panic", fs->name);
	if (fs->errors == ERRORS_RO)
		go_read_only(fs);
	return -EUCLEAN;
}

void ext_io_error(struct ext_fs *fs, int err, const char *what)
{
	pr_err("%s: %s: %d", fs->name, what, err);
	if (fs->errors == ERRORS_RO)
		go_read_only(fs);
}

/* The log is broken: nothing can be changed any more, whatever errors= says. */
static void journal_aborted(void *owner, int err)
{
	struct ext_fs *fs = owner;

	pr_err("%s: the journal was aborted: %d", fs->name, err);
	if (fs->errors == ERRORS_PANIC)
		panic("%s: the journal was aborted, and mounted with errors=panic", fs->name);
	go_read_only(fs);
}

static int flush_data(void *owner)
{
	struct ext_fs *fs = owner;

	return fs->hooks.flush_data ? fs->hooks.flush_data(fs->hooks.owner) : 0;
}

int ext_super_write(struct ext_fs *fs)
{
	struct journal_handle *h;
	int err, err2;

	if (ext_is_read_only(fs))
		return 0;
	err = journal_start(fs->j, fs->dev, 1, &h);
	if (err)
		return err;
	mutex_lock(&fs->orphan_lock);
	err = journal_get_write(h, fs->sb_buf);
	if (!err) {
		fill_super(fs);
		err = journal_dirty(h, fs->sb_buf);
	}
	mutex_unlock(&fs->orphan_lock);
	err2 = journal_stop(h);
	return err ? err : err2;
}

/* ---- mounting ---- */

/* The first look: at 1 KiB, or what the device can do. */
static int peek_super(struct ext_fs *fs, u64 where, bool *read_only)
{
	auto_kfree struct ext_super_disk *sb = knew(struct ext_super_disk);
	auto_buf struct buf *b = NULL;
	u32 size = 1024;
	int err;

	if (!sb)
		return -ENOMEM;
	while ((err = blkdev_set_block_size(fs->dev, size)) == -EINVAL && size < PAGE_SIZE)
		size *= 2;
	if (!err)
		err = buf_read(fs->dev, where / size, &b);
	if (err)
		return err;
	memcpy(sb, b->data + where % size, sizeof(*sb));
	return ext_super_check(fs, sb, read_only);
}

static int open_super(struct ext_fs *fs, u64 sb_block, bool *read_only)
{
	u64 where = sb_block ? sb_block * 1024 : EXT_SUPER_OFFSET; /* sb= counts in KiB */
	int err = peek_super(fs, where, read_only);

	if (!err)
		err = blkdev_set_block_size(fs->dev, fs->block_size);
	if (!err)
		err = buf_read(fs->dev, where >> fs->block_bits, &fs->sb_buf);
	if (err)
		return err;
	fs->sb = (struct ext_super_disk *)(fs->sb_buf->data + (where & (fs->block_size - 1)));
	prepare_checksum(fs);
	return ext_super_check(fs, fs->sb, read_only);
}

/* The log's pieces, in order. */
static int journal_pieces(struct ext_inode *i, struct journal_extent **out, u32 *nr)
{
	u64 blocks = i->size >> i->fs->block_bits, at = 0;
	struct journal_extent *e = NULL, *more;
	struct ext_mapping m;
	u32 n = 0;

	*out = NULL;
	while (at < blocks) {
		int err = ext_map(i, NULL, at, (u32)min(blocks - at, (u64)EXT_INIT_MAX), 0, &m);

		if (!err && (m.state != EXT_MAPPED || n == 65536))
			err = ext_corrupt(i->fs, i->ino, at,
					  "the journal has a hole, or is in pieces");
		if (err) {
			kfree(e);
			return err;
		}
		if (n % 16 == 0) {
			more = krealloc(e, (n + 16) * sizeof(*e));
			if (!more) {
				kfree(e);
				return -ENOMEM;
			}
			e = more;
		}
		if (n && e[n - 1].block + e[n - 1].len == m.pblk &&
		    (u64)e[n - 1].len + m.len <= U32_MAX)
			e[n - 1].len += m.len;
		else
			e[n++] = (struct journal_extent){ m.pblk, m.len };
		at += m.len;
	}
	*out = e;
	*nr = n;
	return 0;
}

static int open_journal(struct ext_fs *fs, bool read_only)
{
	struct journal_ops ops = { .flush_data = flush_data,
				   .aborted = journal_aborted,
				   .owner = fs };
	struct ext_inode *i;
	u32 nr = 0;
	int err;

	if (fs->sb->journal_dev || !fs->sb->journal_inum) {
		pr_err("%s: a journal on another device is not supported", fs->name);
		return -EINVAL;
	}
	i = knew(struct ext_inode);
	if (!i)
		return -ENOMEM;
	err = ext_inode_read(fs, fs->sb->journal_inum, i);
	if (!err && (!ext_is_reg(i) || !i->nlink))
		err = -EUCLEAN;
	if (!err)
		err = journal_pieces(i, &fs->journal_pieces, &nr);
	if (!err)
		err = journal_open(fs->dev, fs->journal_pieces, nr, &ops, read_only, &fs->j);
	if (err)
		pr_err("%s: the journal (inode %u) cannot be used: %d", fs->name,
		       fs->sb->journal_inum, err);
	fs->journal_inode = i;
	return err;
}

/* With has_journal: open and replay it; the device may say something else afterwards. */
static int load_journal(struct ext_fs *fs, const struct ext_params *p, bool *read_only)
{
	bool device_ro = fs->dev->read_only, recover = fs->incompat & INCOMPAT_RECOVER;
	int err;

	if (!(fs->compat & COMPAT_HAS_JOURNAL)) {
		if (!recover)
			return 0;
		pr_err("%s: feature needs_recovery without has_journal", fs->name);
		return -EINVAL;
	}
	if (p->no_load) {
		if (recover && !*read_only) {
			pr_err("%s: noload: the journal must be replayed before writing", fs->name);
			return -EINVAL;
		}
		return 0;
	}
	if (recover && device_ro) {
		pr_err("%s: the journal must be replayed and the device is read-only: try noload",
		       fs->name);
		return -EROFS;
	}
	err = open_journal(fs, device_ro);
	if (err || !recover)
		return err;
	if (!device_ro)
		pr_info("%s: recovery complete", fs->name);
	return ext_super_check(fs, fs->sb, read_only);
}

static u64 count_overhead(const struct ext_fs *fs)
{
	u64 n = fs->first_block;

	for (u32 g = 0; g < fs->nr_groups; g++)
		n += ext_group_base_blocks(fs, g);
	n += (u64)fs->nr_groups * (2 + fs->itable_blocks);
	if (fs->journal_inode)
		n += fs->journal_inode->size >> fs->block_bits;
	return min(n, fs->blocks);
}

/* From now on a crash is one. */
static int begin_writing(struct ext_fs *fs)
{
	struct ext_super_disk *sb = fs->sb;
	u64 now = (u64)ext_now().sec;
	int err;

	if (fs->j) {
		err = journal_set_features(fs->j, fs->csum, fs->incompat & INCOMPAT_64BIT);
		if (err && err != -EBUSY)
			return err;
	}
	if (!(sb->state & STATE_VALID))
		pr_warn("%s: was not unmounted cleanly: e2fsck is recommended", fs->name);
	else if (sb->state & STATE_ERROR)
		pr_warn("%s: has errors: e2fsck is recommended", fs->name);
	fs->was_clean = sb->state & STATE_VALID;
	if (fs->j)
		sb->incompat |= INCOMPAT_RECOVER;
	else
		sb->state &= (u16)~STATE_VALID;
	if (fs->compat & COMPAT_ORPHAN_FILE)
		sb->ro_compat |= RO_ORPHAN_PRESENT;
	sb->mtime = (u32)now;
	sb->mtime_hi = (u8)(now >> 32);
	sb->mnt_count++;
	return write_super_now(fs);
}

static int end_writing(struct ext_fs *fs)
{
	struct ext_super_disk *sb = fs->sb;

	sb->incompat &= ~INCOMPAT_RECOVER;
	if (list_empty(&fs->orphans))
		sb->ro_compat &= ~RO_ORPHAN_PRESENT;
	if (fs->was_clean)
		sb->state |= STATE_VALID;
	return write_super_now(fs);
}

static void free_fs(struct ext_fs *fs)
{
	ext_orphan_close(fs);
	ext_groups_free(fs);
	buf_putp(&fs->sb_buf);
	kfree(fs->journal_inode);
	kfree(fs->journal_pieces);
	kfree(fs);
}

static int mount_parts(struct ext_fs *fs, const struct ext_params *p)
{
	bool read_only = p->read_only;
	int err;

	if (fs->dev->read_only)
		read_only = true;
	err = open_super(fs, p->sb_block, &read_only);
	if (err)
		return err;
	if (p->may_incompat && ((fs->incompat & ~p->may_incompat) || (fs->ro_compat & ~p->may_ro) ||
				(fs->compat & p->must_compat) != p->must_compat)) {
		pr_err("%s: has features that this type of file system does not: mount it as ext4",
		       fs->name);
		return -EINVAL;
	}
	atomic_set(&fs->read_only, 1); /* until it is whole, errors change nothing */
	err = ext_gdt_read(fs);
	if (!err)
		err = load_journal(fs, p, &read_only);
	if (!err)
		err = ext_groups_load(fs);
	if (!err)
		err = ext_orphan_open(fs);
	if (err)
		return err;
	fs->overhead = fs->sb->overhead_clusters && fs->sb->overhead_clusters < fs->blocks
			       ? fs->sb->overhead_clusters
			       : count_overhead(fs);
	fs->errors = p->errors ? p->errors : fs->sb->errors;
	if (fs->errors < ERRORS_CONTINUE || fs->errors > ERRORS_PANIC)
		fs->errors = ERRORS_CONTINUE;
	if (read_only)
		return 0;
	err = begin_writing(fs);
	if (!err)
		atomic_set(&fs->read_only, 0);
	return err;
}

int ext_mount(struct blkdev *dev, const struct ext_params *p, struct ext_fs **out)
{
	struct ext_fs *fs = knew(struct ext_fs);
	int err;

	if (!fs)
		return -ENOMEM;
	fs->dev = dev;
	if (p->hooks)
		fs->hooks = *p->hooks;
	str_copy(fs->name, dev->name, sizeof(fs->name));
	spin_init(&fs->spin, RANK_EXT_SPIN);
	mutex_init(&fs->orphan_lock, RANK_EXT_ORPHAN);
	list_init(&fs->orphans);
	atomic_set(&fs->next_generation, (u32)random_u64());
	err = mount_parts(fs, p);
	if (err) {
		if (fs->j && journal_close(fs->j))
			pr_err("%s: the journal cannot be closed", fs->name);
		free_fs(fs);
		return err;
	}
	*out = fs;
	return 0;
}

int ext_unmount(struct ext_fs *fs)
{
	bool writing = !ext_is_read_only(fs);
	int err = 0, err2;

	if (fs->j)
		err = journal_close(fs->j);
	else if (writing)
		err = buf_sync(fs->dev);
	fs->j = NULL;
	if (writing && !err && !ext_is_read_only(fs)) {
		err2 = end_writing(fs);
		err = err ? err : err2;
	}
	free_fs(fs);
	return err;
}

int ext_remount(struct ext_fs *fs, bool read_only)
{
	bool forbidden = fs->dev->read_only;
	int err;

	if (read_only == ext_is_read_only(fs))
		return 0;
	if (read_only) {
		err = fs->j ? journal_flush(fs->j) : buf_sync(fs->dev);
		if (!err)
			err = end_writing(fs);
		atomic_set(&fs->read_only, 1);
		return err;
	}
	if (fs->first_error.time || journal_error(fs->j))
		forbidden = true; /* its structures are damaged, or its log was aborted */
	if (!forbidden)
		err = ext_super_check(fs, fs->sb, &forbidden);
	else
		err = -EROFS;
	if (!err && (forbidden || ((fs->compat & COMPAT_HAS_JOURNAL) && !fs->j)))
		err = -EROFS;
	if (!err)
		err = begin_writing(fs);
	if (!err)
		atomic_set(&fs->read_only, 0);
	return err;
}

/* ---- statfs ---- */

/* What stays free for the blocks that describe where delayed data goes: as Linux, 2 %, at most
 * 4096. */
static u64 kept_back(const struct ext_fs *fs)
{
	return ext_has_extents(fs) ? min(fs->blocks / 50, 4096ul) : 0;
}

void ext_statfs(struct ext_fs *fs, struct ext_statfs *out)
{
	u64 free = atomic_read(&fs->free_blocks), used = atomic_read(&fs->delayed),
	    kept = fs->reserved + kept_back(fs);

	free = free > used ? free - used : 0;
	*out = (struct ext_statfs){
		.blocks = fs->blocks - fs->overhead,
		.free = free,
		.available = free > kept ? free - kept : 0,
		.inodes = fs->inodes,
		.free_inodes = atomic_read(&fs->free_inodes),
		.fsid = get_le64(fs->sb->uuid) ^ get_le64(fs->sb->uuid + 8),
	};
}
