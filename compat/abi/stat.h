/* SPDX-License-Identifier: MIT */
/* stat.h - layouts of stat(2), statx(2), statfs(2), getdents64(2) on arm64. Ref: Linux
 * include/uapi/asm-generic/stat.h, linux/stat.h, asm-generic/statfs.h; linux/dirent.h. */
#pragma once

#include <kernel/lib/compiler.h>

struct abi_stat {
	u64 st_dev, st_ino;
	u32 st_mode, st_nlink, st_uid, st_gid;
	u64 st_rdev, pad1;
	s64 st_size;
	s32 st_blksize, pad2;
	s64 st_blocks;
	s64 st_atime_sec;
	u64 st_atime_nsec;
	s64 st_mtime_sec;
	u64 st_mtime_nsec;
	s64 st_ctime_sec;
	u64 st_ctime_nsec;
	u32 unused[2];
};
static_assert(sizeof(struct abi_stat) == 128, "struct stat");

struct abi_statx_time {
	s64 sec;
	u32 nsec;
	s32 pad;
};

struct abi_statx {
	u32 mask, blksize;
	u64 attributes;
	u32 nlink, uid, gid;
	u16 mode, pad0;
	u64 ino, size, blocks, attributes_mask;
	struct abi_statx_time atime, btime, ctime, mtime;
	u32 rdev_major, rdev_minor, dev_major, dev_minor;
	u64 mnt_id;
	u32 dio_mem_align, dio_offset_align;
	u64 subvol;
	u64 spare[11];
};
static_assert(sizeof(struct abi_statx) == 256, "struct statx");

struct abi_statfs {
	s64 f_type, f_bsize;
	u64 f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	s32 f_fsid[2];
	s64 f_namelen, f_frsize, f_flags, f_spare[4];
};
static_assert(sizeof(struct abi_statfs) == 120, "struct statfs");

#define ABI_DIRENT_NAME 19	/* offset of d_name: u64 ino, s64 off, u16 reclen, u8 type */
