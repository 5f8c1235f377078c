/* SPDX-License-Identifier: MIT */
/* attr.h - attributes by path or descriptor: access checks, changes, extended attributes. */
#pragma once

#include <fs/path.h>
#include <kernel/lib/compiler.h>

struct file;
struct kstat;
struct setattr;
struct vnode;

/* access(2): want MAY_*, 0 asks for existence. at_flags AT_EACCESS, AT_SYMLINK_NOFOLLOW. */
int __must_check path_access(int dirfd, const char *name, u32 want, u32 at_flags);
/* The same for a place already found. */
int __must_check path_access_at(const struct path *p, u32 want, u32 at_flags);
/* chmod, chown, utimensat, truncate: with the mount's and the handle's say. */
int __must_check path_setattr(const struct path *p, struct setattr *a);
/* truncate(2) of what may be written to. */
int __must_check path_truncate(const struct path *p, u64 size);
int __must_check file_truncate(struct file *f, u64 size);
/* RLIMIT_FSIZE: -EFBIG and SIGXFSZ when size is beyond, unless the file is that large already. */
int __must_check vnode_may_grow(struct vnode *v, u64 size);
int __must_check file_fallocate(struct file *f, u32 mode, loff_t off, loff_t len);

/* fstat of any description. */
int __must_check file_getattr(struct file *f, struct kstat *st);
/* The vnode whose attributes a description shows and changes; NULL: an anonymous object. */
struct vnode *file_vnode(const struct file *f);

/* xattr(7). Values go through kernel buffers; size 0 asks for the length. */
ssize_t xattr_get(struct vnode *v, const char *name, void *buf, usize size);
int __must_check xattr_set(const struct path *p, const char *name, const void *value, usize size,
			   u32 flags);
int __must_check xattr_remove(const struct path *p, const char *name);
ssize_t xattr_list(struct vnode *v, char *buf, usize size);
/* Whoever asks. value NULL: remove. */
ssize_t vnode_getxattr(struct vnode *v, const char *name, void *buf, usize size);
int __must_check vnode_setxattr(struct vnode *v, const char *name, const void *value, usize size,
				u32 flags);
