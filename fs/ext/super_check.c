/* SPDX-License-Identifier: MIT */
/* super_check.c - may this super block be believed, and can we do what it asks? Every number is
 * checked here once; the rest of the core divides by them and indexes with them.
 *
 * Features: an unknown incompatible one is refused by name; one that only forbids writing makes the
 * mount read-only, by name.
 *
 * Ref: ext4/super.rst, group_descr.rst ("meta block groups", "sparse super"). Tests:
 * selftests/unit/ext_super_test.c, fuzz/ext_fuzz.c
 */
#define LOG_TAG "ext4"
#include <fs/ext/ext.h>

#include <fs/blkdev.h>
#include <kernel/lib/crc.h>
#include <kernel/lib/fmt.h>
#include <kernel/printk.h>

struct feature {
	u32 bit;
	const char *name;
};

/* Those that we cannot do. */
static const struct feature unknown_incompat[] = {
	{ 0x1, "compression" },
	{ 0x8, "journal_dev" },
	{ 0x100, "mmp" },
	{ 0x1000, "dirdata" },
	{ 0x10000, "encrypt" },
	{ 0x20000, "casefold" },
	{ 0, NULL },
};
static const struct feature unknown_ro[] = {
	{ 0x80, "snapshot" },
	{ 0x100, "quota" },
	{ 0x200, "bigalloc" },
	{ 0x800, "replica" },
	{ 0x1000, "read-only" },
	{ 0x2000, "project" },
	{ 0x4000, "shared_blocks" },
	{ 0x8000, "verity" },
	{ 0, NULL },
};

#define KNOWN_INCOMPAT \
	(INCOMPAT_FILETYPE | INCOMPAT_RECOVER | INCOMPAT_META_BG | INCOMPAT_EXTENTS | INCOMPAT_64BIT | INCOMPAT_FLEX_BG | \
	 INCOMPAT_EA_INODE | INCOMPAT_CSUM_SEED | INCOMPAT_LARGEDIR | INCOMPAT_INLINE_DATA)
#define KNOWN_RO \
	(RO_SPARSE_SUPER | RO_LARGE_FILE | RO_BTREE_DIR | RO_HUGE_FILE | RO_GDT_CSUM | RO_DIR_NLINK | RO_EXTRA_ISIZE | \
	 RO_METADATA_CSUM | RO_ORPHAN_PRESENT)

static void name_features(const char *device, u32 bits, const struct feature *f, const char *then)
{
	for (u32 i = 0; i < 32; i++) {
		const struct feature *at = f;

		if (!(bits & BIT(i)))
			continue;
		while (at->name && at->bit != BIT(i))
			at++;
		if (at->name)
			pr_err("%s: feature %s: %s", device, at->name, then);
		else
			pr_err("%s: unknown feature bit %u: %s", device, i, then);
	}
}

static int check_features(struct ext_fs *fs, bool *read_only)
{
	u32 bad = fs->incompat & ~KNOWN_INCOMPAT, ro = fs->ro_compat & ~KNOWN_RO;

	if (bad) {
		name_features(fs->name, bad, unknown_incompat, "not supported, mount refused");
		return -EINVAL;
	}
	if (ro) {
		if (!*read_only)
			name_features(fs->name, ro, unknown_ro,
				      "cannot be written, mounted read-only");
		*read_only = true;
	}
	return 0;
}

static int refuse(const struct ext_fs *fs, const char *what, u64 n)
{
	pr_err("%s: super block: %s %lu", fs->name, what, n);
	return -EINVAL;
}

static bool is_pow2(u32 n)
{
	return n && !(n & (n - 1));
}

static int check_sizes(struct ext_fs *fs, const struct ext_super_disk *sb)
{
	bool bigalloc = fs->ro_compat & 0x200u;

	if (sb->log_block_size > 2)
		return refuse(fs, "blocks larger than 4096 bytes: 1024 <<", sb->log_block_size);
	fs->block_bits = 10 + sb->log_block_size;
	fs->block_size = 1u << fs->block_bits;
	if (!bigalloc && sb->log_cluster_size != sb->log_block_size)
		return refuse(fs, "cluster size", sb->log_cluster_size);
	fs->inode_size = sb->rev_level ? sb->inode_size : EXT_GOOD_INODE_SIZE;
	fs->first_ino = sb->rev_level ? sb->first_ino : 11;
	if (fs->inode_size < EXT_GOOD_INODE_SIZE || !is_pow2(fs->inode_size) ||
	    fs->inode_size > fs->block_size)
		return refuse(fs, "inode size", fs->inode_size);
	fs->desc_size = EXT_DESC_MIN;
	if (fs->incompat & INCOMPAT_64BIT)
		fs->desc_size = sb->desc_size;
	if (fs->desc_size < ((fs->incompat & INCOMPAT_64BIT) ? 64 : 32) ||
	    !is_pow2(fs->desc_size) || fs->desc_size > 1024)
		return refuse(fs, "descriptor size", fs->desc_size);
	fs->inodes_per_block = fs->block_size / fs->inode_size;
	fs->descs_per_block = fs->block_size / fs->desc_size;
	if (fs->inode_size > EXT_GOOD_INODE_SIZE) {
		u32 room = fs->inode_size - EXT_GOOD_INODE_SIZE;

		fs->want_extra_isize = min(room, (u32)sizeof(struct ext_inode_disk) -
							 EXT_GOOD_INODE_SIZE);
		if ((fs->ro_compat & RO_EXTRA_ISIZE) &&
		    (u32)max(sb->want_extra_isize, sb->min_extra_isize) > fs->want_extra_isize)
			fs->want_extra_isize = min(
				room & ~3u,
				(u32)max(sb->want_extra_isize, sb->min_extra_isize) & ~3u);
	}
	return 0;
}

static int check_groups(struct ext_fs *fs, const struct ext_super_disk *sb)
{
	u32 bits = fs->block_size * 8, per_group = sb->blocks_per_group;
	u64 groups;

	/* bigalloc: a bit is a cluster; blocks of a group may be more */
	if (fs->ro_compat & 0x200u)
		bits <<= min(sb->log_cluster_size - sb->log_block_size, 16u);
	if (!per_group || per_group > bits || per_group % 8)
		return refuse(fs, "blocks in a group", per_group);
	if (sb->inodes_per_group < fs->inodes_per_block ||
	    sb->inodes_per_group > fs->block_size * 8 || sb->inodes_per_group % 8)
		return refuse(fs, "inodes in a group", sb->inodes_per_group);
	fs->blocks = sb->blocks_lo | (fs->incompat & INCOMPAT_64BIT ? (u64)sb->blocks_hi << 32 : 0);
	fs->first_block = sb->first_data_block;
	if (fs->first_block != (fs->block_size == 1024 && !(fs->ro_compat & 0x200u)))
		return refuse(fs, "first data block", fs->first_block);
	if (fs->blocks <= fs->first_block + 1 ||
	    fs->blocks > blkdev_bytes(fs->dev) >> fs->block_bits)
		return refuse(fs, "more blocks than the device has:", fs->blocks);
	groups = DIV_ROUND_UP(fs->blocks - fs->first_block, (u64)per_group);
	if (groups > U32_MAX / sb->inodes_per_group)
		return refuse(fs, "groups", groups);
	fs->blocks_per_group = per_group;
	fs->inodes_per_group = sb->inodes_per_group;
	fs->nr_groups = (u32)groups;
	fs->inodes = sb->inodes_count;
	if (fs->inodes != fs->nr_groups * fs->inodes_per_group)
		return refuse(fs, "inodes", fs->inodes);
	if (fs->first_ino < 11 || fs->first_ino > fs->inodes_per_group)
		return refuse(fs, "first inode", fs->first_ino);
	fs->itable_blocks = DIV_ROUND_UP(fs->inodes_per_group, fs->inodes_per_block);
	if (fs->itable_blocks >= fs->blocks || sb->reserved_gdt_blocks > fs->block_size / 4)
		return refuse(fs, "inode table and reserved blocks", sb->reserved_gdt_blocks);
	fs->nr_desc_blocks = DIV_ROUND_UP(fs->nr_groups, fs->descs_per_block);
	if ((fs->incompat & INCOMPAT_META_BG) && sb->first_meta_bg > fs->nr_desc_blocks)
		return refuse(fs, "first meta group", sb->first_meta_bg);
	if (!(fs->incompat & INCOMPAT_META_BG) &&
	    fs->first_block + 1 + fs->nr_desc_blocks >= fs->blocks)
		return refuse(fs, "blocks of descriptors", fs->nr_desc_blocks);
	if (sb->log_groups_per_flex > 31)
		return refuse(fs, "groups in a flex group: 1 <<", sb->log_groups_per_flex);
	fs->log_flex = fs->incompat & INCOMPAT_FLEX_BG ? sb->log_groups_per_flex : 0;
	return 0;
}

static int check_checksum(struct ext_fs *fs, const struct ext_super_disk *sb)
{
	fs->csum = fs->ro_compat & RO_METADATA_CSUM;
	fs->gdt_csum = !fs->csum && (fs->ro_compat & RO_GDT_CSUM);
	if (!fs->csum)
		return 0;
	if (sb->checksum_type != 1)
		return refuse(fs, "unknown checksum of kind", sb->checksum_type);
	if (crc32c(~0u, sb, offsetof(struct ext_super_disk, checksum)) != sb->checksum) {
		pr_err("%s: super block: wrong checksum", fs->name);
		return -EUCLEAN;
	}
	fs->csum_seed = fs->incompat & INCOMPAT_CSUM_SEED ? sb->checksum_seed
							  : crc32c(~0u, sb->uuid, sizeof(sb->uuid));
	return 0;
}

static void set_hash(struct ext_fs *fs, const struct ext_super_disk *sb)
{
	fs->hash_version = sb->def_hash_version;
	if (fs->hash_version > DX_HASH_TEA)
		fs->hash_version = DX_HASH_HALF_MD4;
	/* Neither flag: written before they were invented, by a machine of either kind. Linux
	 * decides by its own char: arm64's has no sign. */
	fs->hash_unsigned = !(sb->flags & SFLAG_SIGNED_HASH);
}

int ext_super_check(struct ext_fs *fs, const struct ext_super_disk *sb, bool *read_only)
{
	int err;

	if (sb->magic != EXT_MAGIC)
		return -EINVAL;
	if (sb->rev_level > 1)
		return refuse(fs, "revision", sb->rev_level);
	if (sb->rev_level) {
		fs->compat = sb->compat;
		fs->incompat = sb->incompat;
		fs->ro_compat = sb->ro_compat;
	} else {
		fs->compat = fs->incompat = fs->ro_compat = 0;
	}
	err = check_checksum(fs, sb);
	if (!err)
		err = check_features(fs, read_only);
	if (!err)
		err = check_sizes(fs, sb);
	if (!err)
		err = check_groups(fs, sb);
	if (err)
		return err;
	set_hash(fs, sb);
	fs->reserved = sb->r_blocks_lo |
		       (fs->incompat & INCOMPAT_64BIT ? (u64)sb->r_blocks_hi << 32 : 0);
	fs->reserved = min(fs->reserved, fs->blocks);
	return 0;
}

/* ---- where the copies are ---- */

static bool is_power_of(u32 n, u32 base)
{
	u64 p = base;

	while (p < n)
		p *= base;
	return p == n;
}

bool ext_group_has_super(const struct ext_fs *fs, u32 g)
{
	if (g == 0)
		return true;
	if (fs->compat & COMPAT_SPARSE_SUPER2)
		return g == fs->sb->backup_bgs[0] || g == fs->sb->backup_bgs[1];
	if (g == 1 || !(fs->ro_compat & RO_SPARSE_SUPER))
		return true;
	return (g & 1) && (is_power_of(g, 3) || is_power_of(g, 5) || is_power_of(g, 7));
}

u32 ext_group_base_blocks(const struct ext_fs *fs, u32 g)
{
	u32 n = ext_group_has_super(fs, g), meta = g / fs->descs_per_block,
	    in = g % fs->descs_per_block;

	if ((fs->incompat & INCOMPAT_META_BG) && meta >= fs->sb->first_meta_bg)
		return n + (in == 0 || in == 1 || in == fs->descs_per_block - 1);
	if (!n)
		return 0;
	return 1 + (fs->incompat & INCOMPAT_META_BG ? fs->sb->first_meta_bg : fs->nr_desc_blocks) +
	       fs->sb->reserved_gdt_blocks;
}

u64 ext_desc_block(const struct ext_fs *fs, u32 nr)
{
	u32 g = nr * fs->descs_per_block;

	if (!(fs->incompat & INCOMPAT_META_BG) || nr < fs->sb->first_meta_bg)
		return (EXT_SUPER_OFFSET >> fs->block_bits) + 1 + nr;
	return ext_group_first(fs, g) + ext_group_has_super(fs, g);
}
