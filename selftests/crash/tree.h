/* SPDX-License-Identifier: MIT */
/* tree.h - what a mounted file system holds, and what a workload says it must hold. Both sides are
 * lists of items. */
#pragma once

#include <fs/ext/ext.h>

#define UNIT 64u	/* bytes that are told apart by one hash */
#define MOST_ITEMS 2000u
#define PATH_ROOM 48u
#define NO_PAIR U32_MAX

struct item {
	char path[PATH_ROOM];	/* below the pair's directory; for tree_read(): below the root */
	u32 pair;		/* the number in front of it; NO_PAIR: none */
	u32 ino, type, nlink, xattrs;
	u64 size;
	const u16 *units;	/* of regular files */
	u32 nr_units;
};

/* ---- tree.c ---- */

struct tree {
	struct item *items;
	u32 nr;
	u64 inode_sectors;	/* that all inodes have, with those that no name leads to */
	u32 nr_inodes;
};

u32 hash_bytes(const void *p, usize n, u32 seed);
/* Walks everything. Fails (host_fail) for what contradicts itself: link counts, blocks that two
 * have, that are free or out of bounds. */
void tree_read(struct ext_fs *fs, struct tree *t);
/* The blocks that no inode has: what the tables take. The same as long as a file system is. */
u64 tree_overhead(const struct ext_fs *fs, const struct tree *t);
/* Regular files of the root as files of the host, in dir. */
void tree_extract(struct ext_fs *fs, const struct tree *t, const char *dir);
/* As `ace list` prints it. */
void tree_print(const struct tree *t, const char *path);

/* ---- expect.c ---- */

void expect_load(const char *path);
/* Does what is there contradict the workload, when its last mark was `mark` (-1: none)? */
void expect_check(const struct tree *t, s64 mark);
/* What the device must hold at 4 KiB number r: false when nothing was promised by then. */
bool expect_raw(s64 mark, u32 r, u32 *hash);
bool expect_unmounted(s64 mark);
