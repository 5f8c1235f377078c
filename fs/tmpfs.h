/* SPDX-License-Identifier: MIT */
/* tmpfs.h - the memory file system, for devtmpfs and memfd, which are made of it. */
#pragma once

#include <fs/vnode.h>

struct dentry;
struct file;
struct mount;

int tmpfs_mount(struct super *sb, const char *source, const char *options);
extern const struct vnode_ops tmpfs_dir_ops;
/* A node that is in no directory, in the kernel's own mount: a reference in *d, *m borrowed. */
int __must_check tmpfs_make_nameless(u32 mode, const char *name, struct dentry **d,
				     struct mount **m);
void tmpfs_init(void);
/* memfd_create(2): seals F_SEAL_SEAL unless sealing is allowed. Also MAP_SHARED | MAP_ANONYMOUS and
 * System V memory. */
int __must_check memfd_create(const char *name, bool allow_sealing, bool exec, struct file **out);
/* F_ADD_SEALS, F_GET_SEALS. */
int __must_check file_add_seals(struct file *f, u32 seals);
int file_get_seals(struct file *f);
