/* SPDX-License-Identifier: MIT */
/* format.h - ext2, ext3 and ext4 on the disk: structures and numbers, all little-endian.
 *
 * Ref: Linux Documentation/filesystems/ext4/ (super.rst, group_descr.rst, inodes.rst, ifork.rst,
 * directory.rst, attributes.rst, orphan.rst, checksums.rst).
 */
#pragma once

#include <kernel/lib/compiler.h>

#define EXT_SUPER_OFFSET 1024u
#define EXT_MAGIC 0xef53u

#define EXT_BAD_INO 1u
#define EXT_ROOT_INO 2u
#define EXT_RESIZE_INO 7u
#define EXT_JOURNAL_INO 8u

/* ---- features ---- */

#define COMPAT_HAS_JOURNAL 0x4u
#define COMPAT_EXT_ATTR 0x8u
#define COMPAT_RESIZE_INODE 0x10u
#define COMPAT_DIR_INDEX 0x20u
#define COMPAT_SPARSE_SUPER2 0x200u
#define COMPAT_FAST_COMMIT 0x400u
#define COMPAT_ORPHAN_FILE 0x1000u

#define INCOMPAT_FILETYPE 0x2u
#define INCOMPAT_RECOVER 0x4u
#define INCOMPAT_JOURNAL_DEV 0x8u
#define INCOMPAT_META_BG 0x10u
#define INCOMPAT_EXTENTS 0x40u
#define INCOMPAT_64BIT 0x80u
#define INCOMPAT_FLEX_BG 0x200u
#define INCOMPAT_EA_INODE 0x400u
#define INCOMPAT_CSUM_SEED 0x2000u
#define INCOMPAT_LARGEDIR 0x4000u
#define INCOMPAT_INLINE_DATA 0x8000u

#define RO_SPARSE_SUPER 0x1u
#define RO_LARGE_FILE 0x2u
#define RO_BTREE_DIR 0x4u
#define RO_HUGE_FILE 0x8u
#define RO_GDT_CSUM 0x10u
#define RO_DIR_NLINK 0x20u
#define RO_EXTRA_ISIZE 0x40u
#define RO_METADATA_CSUM 0x400u
#define RO_READONLY 0x1000u
#define RO_ORPHAN_PRESENT 0x10000u

#define STATE_VALID 0x1u /* unmounted cleanly */
#define STATE_ERROR 0x2u
#define STATE_ORPHANS 0x4u

#define ERRORS_CONTINUE 1u
#define ERRORS_RO 2u
#define ERRORS_PANIC 3u

#define SFLAG_SIGNED_HASH 0x1u
#define SFLAG_UNSIGNED_HASH 0x2u

#define DEFM_ACL 0x8u /* super.default_mount_opts: EXT4_DEFM_ACL */
#define DEFM_XATTR 0x4u
#define DEFM_JMODE 0x60u
#define DEFM_DISCARD 0x400u

struct ext_super_disk {
	u32 inodes_count, blocks_lo, r_blocks_lo, free_blocks_lo;
	u32 free_inodes, first_data_block, log_block_size, log_cluster_size;
	u32 blocks_per_group, clusters_per_group, inodes_per_group, mtime;
	u32 wtime;
	u16 mnt_count, max_mnt_count, magic, state, errors, minor_rev;
	u32 lastcheck, checkinterval, creator_os, rev_level;
	u16 def_resuid, def_resgid;
	u32 first_ino;
	u16 inode_size, block_group_nr;
	u32 compat, incompat, ro_compat;
	u8 uuid[16];
	char volume_name[16], last_mounted[64];
	u32 compression;
	u8 prealloc_blocks, prealloc_dir_blocks;
	u16 reserved_gdt_blocks;
	u8 journal_uuid[16];
	u32 journal_inum, journal_dev, last_orphan, hash_seed[4];
	u8 def_hash_version, jnl_backup_type;
	u16 desc_size;
	u32 default_mount_opts, first_meta_bg, mkfs_time, jnl_blocks[17];
	u32 blocks_hi, r_blocks_hi, free_blocks_hi;
	u16 min_extra_isize, want_extra_isize;
	u32 flags;
	u16 raid_stride, mmp_interval;
	u64 mmp_block;
	u32 raid_stripe_width;
	u8 log_groups_per_flex, checksum_type, encryption_level, pad;
	u64 kbytes_written;
	u32 snapshot_inum, snapshot_id;
	u64 snapshot_r_blocks;
	u32 snapshot_list;
	u32 error_count, first_error_time, first_error_ino;
	u64 first_error_block;
	char first_error_func[32];
	u32 first_error_line, last_error_time, last_error_ino, last_error_line;
	u64 last_error_block;
	char last_error_func[32];
	char mount_opts[64];
	u32 usr_quota_inum, grp_quota_inum, overhead_clusters, backup_bgs[2];
	u8 encrypt_algos[4], encrypt_pw_salt[16];
	u32 lpf_ino, prj_quota_inum, checksum_seed;
	u8 wtime_hi, mtime_hi, mkfs_time_hi, lastcheck_hi, first_error_time_hi, last_error_time_hi;
	u8 first_error_code, last_error_code;
	u16 encoding, encoding_flags;
	u32 orphan_file_inum, reserved[94], checksum;
} __packed;
static_assert(sizeof(struct ext_super_disk) == 1024, "super block");
static_assert(offsetof(struct ext_super_disk, orphan_file_inum) == 0x280, "super block");

/* ---- groups ---- */

#define BG_INODE_UNINIT 0x1u /* the inode bitmap was never written: all free */
#define BG_BLOCK_UNINIT 0x2u /* the block bitmap was never written: metadata alone is in use */
#define BG_INODE_ZEROED 0x4u

struct ext_group_disk {
	u32 block_bitmap_lo, inode_bitmap_lo, inode_table_lo;
	u16 free_blocks_lo, free_inodes_lo, used_dirs_lo, flags;
	u32 exclude_lo;
	u16 block_bitmap_csum_lo, inode_bitmap_csum_lo, itable_unused_lo, checksum;
	/* with 64bit and desc_size >= 64 */
	u32 block_bitmap_hi, inode_bitmap_hi, inode_table_hi;
	u16 free_blocks_hi, free_inodes_hi, used_dirs_hi, itable_unused_hi;
	u32 exclude_hi;
	u16 block_bitmap_csum_hi, inode_bitmap_csum_hi;
	u32 reserved;
} __packed;
static_assert(sizeof(struct ext_group_disk) == 64, "group descriptor");
#define EXT_DESC_MIN 32u

/* ---- inodes ---- */

#define EXT_IMMUTABLE_FL 0x10u
#define EXT_APPEND_FL 0x20u
#define EXT_NODUMP_FL 0x40u
#define EXT_NOATIME_FL 0x80u
#define EXT_ENCRYPT_FL 0x800u
#define EXT_INDEX_FL 0x1000u
#define EXT_JOURNAL_FL 0x4000u
#define EXT_DIRSYNC_FL 0x10000u
#define EXT_TOPDIR_FL 0x20000u
#define EXT_HUGE_FILE_FL 0x40000u
#define EXT_EXTENTS_FL 0x80000u
#define EXT_VERITY_FL 0x100000u
#define EXT_EA_INODE_FL 0x200000u
#define EXT_INLINE_DATA_FL 0x10000000u
#define EXT_CASEFOLD_FL 0x40000000u
/* What a new file or directory takes over from its directory. */
#define EXT_INHERITED_FL 0x20018cfdu
#define EXT_REG_INHERITED_FL (~(EXT_DIRSYNC_FL | EXT_TOPDIR_FL))

#define EXT_GOOD_INODE_SIZE 128u
#define EXT_NR_BLOCKS 15u
#define EXT_DIRECT 12u

struct ext_inode_disk {
	u16 mode, uid_lo;
	u32 size_lo, atime, ctime, mtime, dtime;
	u16 gid_lo, links;
	u32 blocks_lo, flags, version_lo;
	u32 block[EXT_NR_BLOCKS];
	u32 generation, file_acl_lo, size_hi, faddr;
	u16 blocks_hi, file_acl_hi, uid_hi, gid_hi, checksum_lo, reserved;
	/* beyond 128 bytes, as far as extra_isize says */
	u16 extra_isize, checksum_hi;
	u32 ctime_extra, mtime_extra, atime_extra, crtime, crtime_extra, version_hi, projid;
} __packed;
static_assert(sizeof(struct ext_inode_disk) == 160, "inode");
#define EXTRA_HAS(extra, field) \
	(128ul + (extra) >= offsetof(struct ext_inode_disk, field) + sizeof(((struct ext_inode_disk *)0)->field))

/* ---- extents ---- */

#define EXT_EXTENT_MAGIC 0xf30au
#define EXT_MAX_DEPTH 5u
#define EXT_INIT_MAX 32768u /* longer: unwritten, of len - 32768 */
#define EXT_UNWRITTEN_MAX 32767u

struct ext_extent_header {
	u16 magic, entries, max, depth;
	u32 generation;
} __packed;

struct ext_leaf_disk {
	u32 lblk;
	u16 len, start_hi;
	u32 start_lo;
} __packed;

struct ext_index_disk {
	u32 lblk, child_lo;
	u16 child_hi, unused;
} __packed;

/* ---- directories ---- */

#define EXT_NAME_MAX 255u
#define EXT_DIRENT_HEAD 8u
#define EXT_DIR_TAIL 12u
#define EXT_FT_CSUM 0xdeu

struct ext_dirent {
	u32 ino;
	u16 rec_len;
	u8 name_len, type;
	char name[];
} __packed;

struct ext_dir_tail {
	u32 zero1;
	u16 rec_len;
	u8 zero2, type;
	u32 checksum;
} __packed;

#define DX_HASH_LEGACY 0u
#define DX_HASH_HALF_MD4 1u
#define DX_HASH_TEA 2u
#define DX_HASH_LEGACY_UNSIGNED 3u
#define DX_HASH_HALF_MD4_UNSIGNED 4u
#define DX_HASH_TEA_UNSIGNED 5u
#define DX_HASH_SIPHASH 6u

struct ext_dx_entry {
	u32 hash, block; /* of the first: limit and count in place of hash */
} __packed;

struct ext_dx_countlimit {
	u16 limit, count;
} __packed;

struct ext_dx_root_info {
	u32 reserved;
	u8 hash_version, info_len, levels, flags;
} __packed;
#define EXT_DX_ROOT_INFO 24u /* after "." and ".." */
#define EXT_DX_ROOT_ENTRIES 32u
#define EXT_DX_NODE_ENTRIES 8u

struct ext_dx_tail {
	u32 reserved, checksum;
} __packed;

/* ---- extended attributes ---- */

#define EXT_XATTR_MAGIC 0xea020000u
#define EXT_XATTR_REFS_MAX 1024u

struct ext_xattr_header {
	u32 magic, refs, blocks, hash, checksum, reserved[3];
} __packed;

struct ext_xattr_entry {
	u8 name_len, name_index;
	u16 value_off;
	u32 value_inum, value_size, hash;
	char name[];
} __packed;

/* ---- orphan file ---- */

#define EXT_ORPHAN_MAGIC 0x0b10ca04u
struct ext_orphan_tail {
	u32 magic, checksum;
} __packed;
