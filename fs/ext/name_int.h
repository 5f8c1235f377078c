/* SPDX-License-Identifier: MIT */
/* name_int.h - what operations on names share. */
#pragma once

#include <fs/ext/ext.h>

int __must_check ext_op_start(struct ext_fs *fs, u32 credits, struct journal_handle **h);
/* err, or what ending says. */
int __must_check ext_op_end(struct journal_handle *h, int err);
/* Its times, and it is written. */
int __must_check ext_touch_dir(struct journal_handle *h, struct ext_inode *dir);
bool ext_dir_is_full(const struct ext_inode *dir); /* -EMLINK for one more directory in it */
void ext_inc_subdirs(struct ext_inode *dir);
void ext_dec_subdirs(struct ext_inode *dir);
/* One name less; the last makes it an orphan. A directory has but one. */
int __must_check ext_drop_name(struct journal_handle *h, struct ext_inode *i);
