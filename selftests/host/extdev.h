/* SPDX-License-Identifier: MIT */
/* extdev.h - a disk for tests of fs/ext: an image in memory behind buf_*() and journal_*(), which
 * checks how they are used. */
#pragma once

#include <fs/blkdev.h>
#include <fs/ext/ext.h>

#include "unit.h"

extern struct blkdev ext_dev;

/* The image becomes the disk; what was there is forgotten. */
void disk_load(const char *path);
void disk_forget_all(void);
void disk_use(const void *image, u64 bytes);
/* Everything that is dirty goes to the image (unless a test is cutting), which is written to
 * path. */
void disk_save(const char *path);
u8 *disk_bytes(u64 *size);
/* Fails the test when a buf is held or was changed without journal_dirty(). */
void disk_check_idle(const char *where);

/* The journal's double: each outermost handle is a transaction, committed as it stops unless held
 * back. */
/* damaged images: misuse of the journal by what they make happen is no failure */
extern bool disk_quiet;
extern bool disk_hold_commits;
extern u32 disk_most_credits; /* used by one handle so far */
extern u32 disk_fail_reads;   /* the n-th read from now on fails with -EIO; 0: none */
/* Called at the end of each transaction, and at each restart: for looking at what a crash here
 * would leave. */
extern void (*disk_commit_hook)(void);
extern struct ext_hooks disk_hooks;
/* What is on the medium now: the image with all transactions that have ended. The caller frees
 * it. */
u8 *disk_snapshot(void);

/* mkfs.ext4 -q OPTIONS; loads it. mount with ext_mount() and orphans; then unmount, e2fsck -fn.
 * Fail the test. */
void ext_mkfs(const char *options, const char *size);
struct ext_fs *ext_test_mount(void);
void ext_test_unmount(struct ext_fs *fs);
void ext_fsck(const char *what);
void ext_debugfs(const char *commands, char *out, usize size); /* on the image as it is */
