/* SPDX-License-Identifier: MIT */
/* format.h - EROFS as it lies on the disk. All numbers are little-endian.
 * Ref: Linux Documentation/filesystems/erofs.rst; erofs-utils include/erofs_fs.h (MIT in its newest
 * version): "the format". */
#pragma once

#include <kernel/lib/compiler.h>

#define EROFS_MAGIC	   0xe0f5e1e2u
#define EROFS_SUPER_OFFSET 1024u

struct erofs_super_block {
	u32 magic, checksum, compat;
	u8 block_bits, ext_slots;
	u16 root_nid;
	u64 inos, build_time;
	u32 build_nsec, blocks, meta_block, xattr_block;
	u8 uuid[16], name[16];
	u32 incompat;
	u16 algorithms;		/* bit n: algorithm n is used; with EROFS_COMPR_CFGS */
	u16 extra_devices, device_slot;
	u8 dir_block_bits;
	u8 reserved[37];
};
static_assert(sizeof(struct erofs_super_block) == 128, "super block");

#define EROFS_COMPAT_CHECKSUM 0x1u
/* incompatible: compressed data stands at the end of its blocks */
#define EROFS_ZERO_PADDING    0x1u
#define EROFS_COMPR_CFGS      0x2u /* also: clusters of several blocks */
#define EROFS_CHUNKED	      0x4u
#define EROFS_KNOWN	      (EROFS_ZERO_PADDING | EROFS_COMPR_CFGS | EROFS_CHUNKED)

enum erofs_layout { EROFS_PLAIN, EROFS_LEGACY, EROFS_INLINE, EROFS_COMPACT, EROFS_CHUNKS };

#define EROFS_SLOT_BITS 5u /* an inode's number counts 32 bytes */

struct erofs_inode_short {
	u16 format;		/* bit 0: the long form; bits 1 to 3: enum erofs_layout */
	/* 0: none; else 4-byte units behind a header of 12 bytes, and one */
	u16 xattr_count;
	u16 mode, nlink;
	u32 size, reserved, place, ino;
	u16 uid, gid;
	u32 reserved2;
};
static_assert(sizeof(struct erofs_inode_short) == 32, "compact inode");

struct erofs_inode_long {
	u16 format, xattr_count, mode, reserved;
	u64 size;
	/* first block, number of compressed blocks, device number or chunk format */
	u32 place;
	u32 ino, uid, gid;
	u64 mtime;
	u32 mtime_nsec, nlink;
	u8 reserved2[16];
};
static_assert(sizeof(struct erofs_inode_long) == 64, "extended inode");

#define EROFS_CHUNK_BITS    0x1fu /* of place: log2 of blocks in a chunk */
#define EROFS_CHUNK_INDEXES 0x20u /* 8 bytes a chunk instead of 4 */
#define EROFS_NO_BLOCK	    0xffffffffu

struct erofs_dirent {
	u64 nid;
	u16 name_off;
	u8 type, reserved;
} __packed;
static_assert(sizeof(struct erofs_dirent) == 12, "directory entry");

#define EROFS_XATTR_HEADER 12u /* [4]: how many shared ones, whose numbers follow */
struct erofs_xattr {
	u8 name_len, prefix;
	u16 value_size;
};

/* Before the cluster indexes of a compressed file. */
struct erofs_z_header {
	u32 reserved;
	u16 advise;
	u8 algorithms;		/* bits 0 to 3: of the first kind of head */
	u8 cluster_bits;	/* beyond the block's */
};
#define EROFS_Z_2B	0x1u /* compact indexes of 2 bytes among those of 4 */
#define EROFS_Z_BIG	0x6u /* clusters of several blocks */
#define EROFS_Z_KNOWN	(EROFS_Z_2B | EROFS_Z_BIG)

enum erofs_z_type { EROFS_Z_PLAIN, EROFS_Z_HEAD, EROFS_Z_REST, EROFS_Z_HEAD2 };
/* in the distance of the first cluster behind a head: it is a number of blocks instead */
#define EROFS_Z_BLOCKS 0x800u

struct erofs_z_index {
	u16 advise, offset;
	union {
		u32 block;
		u16 distance[2];
	};
};
static_assert(sizeof(struct erofs_z_index) == 8, "cluster index");
