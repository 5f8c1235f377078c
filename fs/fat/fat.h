/* SPDX-License-Identifier: MIT */
/* fat.h - the core of vfat: tables, chains, directories and names on a device of bufs. It knows no
 * vnodes; node_int.h puts them on top.
 *
 * Locks: M  fat_fs.lock (RANK_SUPER): the tables, all chains, all directory entries   I  immutable after mount */
#pragma once

#include <fs/buf.h>
#include <fs/fat/format.h>
#include <kernel/mutex.h>

struct blkdev;
struct fat_fs;

struct fat_time {
	s64 sec;
	u32 nsec;
};

enum fat_errors { FAT_ERRORS_RO, FAT_ERRORS_CONTINUE, FAT_ERRORS_PANIC };
enum fat_shortname { SHORT_LOWER, SHORT_WIN95, SHORT_WINNT, SHORT_MIXED };

struct fat_options {
	u32 uid, gid, fmask, dmask;
	enum fat_errors errors;
	enum fat_shortname shortname;
	s32 time_offset;	/* minutes that local time, which is on the disk, is ahead of UTC */
	bool tz_set, quiet, showexec, sys_immutable, flush, discard, usefree, no_numtail, rodir,
		case_sensitive;
	char check;		/* 'n', 'r', 's' */
	bool charset_utf8;
};

struct fat_fs {
	struct blkdev *dev;	/* [I] */
	const char *name;	/* [I] for messages */
	struct mutex lock;
	struct fat_options opt; /* [M] but for what remounting leaves alone */
	u32 bits;		/* [I] of a table entry: 12, 16, 32 */
	u32 sector_bits, cluster_bits; /* [I] log2 of bytes */
	u32 nr_fats, fat_start, fat_sectors; /* [I] sectors */
	u32 root_start, root_entries; /* [I] FAT12 and 16: sectors of the root directory */
	u32 root_cluster;	/* [I] FAT32 */
	u32 info_sector;	/* [I] 0: none */
	u32 data_start;		/* [I] sector of cluster 2 */
	u32 max_cluster;	/* [I] clusters are 2 to max_cluster - 1 */
	u32 serial;		/* [I] */
	u32 nr_free;		/* [M] U32_MAX: not counted yet */
	u32 next_free;		/* [M] where the search begins: the last that was allocated */
	bool info_dirty;	/* [M] */
	bool was_dirty;		/* [I] not unmounted cleanly before: stays marked so */
	bool read_only;		/* [M] */
	void (*went_read_only)(struct fat_fs *fs);
	void (*discard)(struct fat_fs *fs, u32 cluster, u32 n);
};

/* A run of clusters that lie together. */
struct fat_run {
	u32 first;	/* of the file */
	u32 disk;
	u32 len;
};

/* A chain, as far as it was walked. [M] */
struct fat_chain {
	u32 start;	/* 0: empty */
	u32 known;	/* clusters in runs */
	bool complete;	/* that is all of it */
	u32 nr_runs, max_runs;
	struct fat_run *runs;
};

/* A file or directory. [M] */
struct fat_inode {
	struct fat_fs *fs;
	struct fat_chain chain;
	u64 where;	/* its entry: number of 32 bytes on the device; 0: the root, or removed */
	u32 size;
	u8 attr;
	bool is_exec;	/* its extension says so */
	bool fixed;	/* the root directory of FAT12 and 16 */
	struct fat_time atime, mtime, btime;
};

/* What a directory says of one file: found by fat_dir_next(). */
struct fat_found {
	struct fat_entry e;
	u64 where;
	/* its last 32 bytes in the directory; how many with the pieces of its long name */
	u32 slot, nr;
	u32 len, short_len;	/* bytes of name, short_name */
	bool is_long;
	/* UTF-8: the long one, else the short one as it is shown */
	char name[FAT_LONG_MAX * 3 + 1];
	char short_name[12 * 3 + 1];
};

/* results of fat_get(): end of a chain, and a cluster that is no good */
#define FAT_BAD 0xffffffffu
#define FAT_END 0xfffffffeu

static inline u32 fat_cluster_size(const struct fat_fs *fs) { return 1u << fs->cluster_bits; }
static inline u64 fat_cluster_sector(const struct fat_fs *fs, u32 cluster)
{
	return fs->data_start +
	       ((u64)(cluster - FAT_FIRST_CLUSTER) << (fs->cluster_bits - fs->sector_bits));
}
static inline bool fat_is_dir(const struct fat_inode *i) { return i->attr & FAT_ATTR_DIR; }

/* super.c */
/* dev, name, opt, read_only are set. -EINVAL: no such file system */
int __must_check fat_mount(struct fat_fs *fs);
int fat_unmount(struct fat_fs *fs);
int __must_check fat_set_state(struct fat_fs *fs, bool in_use);
int __must_check fat_write_info(struct fat_fs *fs);
/* Says what is wrong, by the errors option goes read-only. -EIO. */
void fat_complain(struct fat_fs *fs, const char *fmt, ...) __printf(2, 3);
#define fat_corrupt(fs, ...) (fat_complain(fs, __VA_ARGS__), -EIO)

/* table.c [M] */
/* 0: free. FAT_END, FAT_BAD. -EIO */
int __must_check fat_get(struct fat_fs *fs, u32 cluster, u32 *next);
int __must_check fat_set(struct fat_fs *fs, u32 cluster, u32 next);	/* next may be FAT_END */
/* marked as an end. -ENOSPC */
int __must_check fat_alloc(struct fat_fs *fs, u32 *cluster);
int __must_check fat_free_run(struct fat_fs *fs, u32 cluster, u32 n);
/* nr_free is known afterwards */
int __must_check fat_count_free(struct fat_fs *fs);

/* chain.c [M] */
void fat_chain_forget(struct fat_chain *c);
/* Where cluster at of the file is: *disk 0 beyond its end; *len: how many lie together from there
 * on. */
int __must_check fat_chain_map(struct fat_fs *fs, struct fat_chain *c, u32 at, u32 *disk, u32 *len);
int __must_check fat_chain_length(struct fat_fs *fs, struct fat_chain *c, u32 *n);
/* to n clusters; all or none. -ENOSPC */
int __must_check fat_chain_grow(struct fat_fs *fs, struct fat_chain *c, u32 n);
int __must_check fat_chain_cut(struct fat_fs *fs, struct fat_chain *c, u32 n);	/* to n clusters */

/* dir.c [M] */
int __must_check fat_dir_slots(struct fat_inode *dir, u32 *n);
/* The next file from slot *at on: *at moves behind it. -ENOENT: no more. */
int __must_check fat_dir_next(struct fat_inode *dir, u32 *at, struct fat_found *f);
/* -ENOENT */
int __must_check fat_dir_find(struct fat_inode *dir, const char *name, u32 len,
			      struct fat_found *f);
int __must_check fat_dir_is_empty(struct fat_inode *dir);	/* -ENOTEMPTY */
int __must_check fat_dir_subdirs(struct fat_inode *dir, u32 *n);
int __must_check fat_dir_remove(struct fat_inode *dir, const struct fat_found *f);
/* A new name. e has everything but the name; *where it was put. -ENOSPC, -EINVAL, -ENAMETOOLONG,
 * -EEXIST */
int __must_check fat_dir_add(struct fat_inode *dir, const char *name, u32 len, struct fat_entry *e,
			     u64 *where);
int __must_check fat_entry_read(struct fat_fs *fs, u64 where, struct fat_entry *e);
/* The 32 bytes at where, in a buf that the caller marks dirty and puts. */
int __must_check fat_entry_buf(struct fat_fs *fs, u64 where, struct buf **b, struct fat_entry **e);

/* inode.c [M] */
void fat_inode_fill(struct fat_inode *i, const struct fat_fs *fs, const struct fat_entry *e,
		    u64 where);
int __must_check fat_inode_root(struct fat_fs *fs, struct fat_inode *i);
/* attributes, times, size and start into its entry */
int __must_check fat_inode_write(struct fat_inode *i);
int __must_check fat_create(struct fat_inode *dir, const char *name, u32 len, bool is_dir,
			    struct fat_time now, struct fat_inode *i);
/* its clusters stay: fat_truncate() */
int __must_check fat_unlink(struct fat_inode *dir, struct fat_inode *i);
/* frees clusters beyond; not the contents */
int __must_check fat_truncate(struct fat_inode *i, u32 size);
struct fat_rename {
	struct fat_inode *from, *to, *i, *victim;	/* victim may be NULL */
	const char *name;
	u32 len;
	bool exchange;
};
int __must_check fat_rename(const struct fat_rename *r);

/* name.c */
/* without the dots at its end, which mean nothing */
u32 fat_name_length(const char *s, u32 len);
bool fat_name_same(const struct fat_fs *fs, const char *a, u32 a_len, const char *b, u32 b_len);
u32 fat_name_hash(const struct fat_fs *fs, const char *s, u32 len);
/* at most FAT_LONG_MAX. -ENAMETOOLONG, -EINVAL */
int __must_check fat_utf16(const char *s, u32 len, u16 *out, u32 *n);
u32 fat_utf8(const u16 *s, u32 n, char *out);				/* 3 bytes a unit at most */
u8 fat_checksum(const u8 *name);
u32 fat_short_show(const struct fat_fs *fs, const struct fat_entry *e, char *out);
/* What the entry of a long name is called before it must be unlike others. */
struct fat_alias {
	u8 name[11];
	bool is_exact;	/* nothing was lost but case: no number is needed */
	bool is_short;	/* with lcase it says it all: no long name is needed */
	u8 lcase;
	u32 tail, tail2; /* bytes that stay before ~1, before 1234~1 */
};
/* -EINVAL */
int __must_check fat_alias(const struct fat_fs *fs, const u16 *name, u32 n, struct fat_alias *a);
void fat_alias_number(struct fat_alias *a, const u8 *base, u32 try);	/* try from 1 on */

/* time.c */
struct fat_time fat_time_from(const struct fat_fs *fs, const u8 *date, const u8 *time, u8 cs);
/* time, cs may be NULL */
void fat_time_to(const struct fat_fs *fs, struct fat_time t, u8 *date, u8 *time, u8 *cs);
/* as an access time is kept */
struct fat_time fat_time_day(const struct fat_fs *fs, struct fat_time t);
/* as a modification time is */
struct fat_time fat_time_even(const struct fat_fs *fs, struct fat_time t);

/* options.c */
int __must_check fat_options_parse(struct fat_options *o, const char *text);
void fat_options_show(const struct fat_options *o, char *buf, usize size);
