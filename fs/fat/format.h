/* SPDX-License-Identifier: MIT */
/* format.h - FAT as it lies on the disk. All numbers are little-endian; most are not aligned.
 * Ref: Microsoft Extensible Firmware Initiative FAT32 File System Specification 1.03 ("the
 * specification"). */
#pragma once

#include <kernel/lib/compiler.h>

/* The first sector. Sections 3.1 to 3.3. */
struct fat_boot {
	u8 jump[3];
	char oem[8];
	u8 sector_size[2];
	u8 cluster_sectors;
	u8 reserved[2];		/* sectors before the first table */
	u8 nr_fats;
	u8 root_entries[2];	/* 0: FAT32 */
	u8 sectors16[2];
	u8 media;
	u8 fat_sectors16[2];	/* 0: FAT32 */
	u8 track[2], heads[2], hidden[4];
	u8 sectors32[4];
	union {
		struct {
			u8 drive, state, signature, id[4];
			char label[11], type[8];
		} old;
		struct {
			u8 fat_sectors[4], flags[2], version[2], root_cluster[4], info[2],
				backup[2], reserved[12];
			u8 drive, state, signature, id[4];
			char label[11], type[8];
		} f32;
	};
} __packed;
static_assert(sizeof(struct fat_boot) == 90, "boot sector");

#define FAT_STATE_DIRTY 0x01u	/* of state: in use, or not unmounted */

/* FSInfo, section 5. */
struct fat_info {
	u8 lead[4];
	u8 zero[480];
	u8 signature[4];
	u8 free[4], next[4];	/* hints; U32_MAX: unknown */
} __packed;
#define FAT_INFO_LEAD 0x41615252u
#define FAT_INFO_SIGN 0x61417272u

/* Section 6. */
struct fat_entry {
	u8 name[11];		/* [0]: 0 never used, 0xe5 free, 0x05 stands for 0xe5 */
	u8 attr;		/* FAT_ATTR_* */
	u8 lcase;		/* FAT_LOWER_* */
	u8 ctime_cs;		/* tens of milliseconds, 0 to 199 */
	u8 ctime[2], cdate[2], adate[2], start_high[2], mtime[2], mdate[2], start[2], size[4];
} __packed;
static_assert(sizeof(struct fat_entry) == 32, "directory entry");

/* Section 7: a piece of a long name, in the same 32 bytes. Thirteen UTF-16 units; the last piece
 * comes first. */
struct fat_long {
	u8 seq;			/* 1 and up; FAT_LONG_LAST on the last piece */
	u8 name1[10];
	u8 attr;		/* FAT_ATTR_LONG */
	u8 type, checksum;
	u8 name2[12];
	u8 zero[2];
	u8 name3[4];
} __packed;
static_assert(sizeof(struct fat_long) == 32, "long entry");

#define FAT_ENTRY_BITS 5u
#define FAT_ENTRY_FREE 0xe5u
#define FAT_ENTRY_E5   0x05u
#define FAT_LONG_LAST  0x40u
#define FAT_LONG_UNITS 13u
#define FAT_LONG_MAX   255u	/* units of a long name */

#define FAT_ATTR_RO	0x01u
#define FAT_ATTR_HIDDEN 0x02u
#define FAT_ATTR_SYSTEM 0x04u
#define FAT_ATTR_VOLUME 0x08u
#define FAT_ATTR_DIR	0x10u
#define FAT_ATTR_ARCH	0x20u
#define FAT_ATTR_LONG	0x0fu
#define FAT_LOWER_BASE	0x08u	/* of lcase, as Windows NT writes it */
#define FAT_LOWER_EXT	0x10u

#define FAT_FIRST_CLUSTER 2u
#define FAT12_MAX_CLUSTERS 0xff4u
#define FAT16_MAX_CLUSTERS 0xfff4u
#define FAT32_MAX_CLUSTERS 0x0ffffff6u
#define FAT_DIR_MAX	   (2u << 20) /* bytes of a directory */
