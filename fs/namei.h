/* SPDX-License-Identifier: MIT */
/* namei.h - from a path to what it names: walking, opening, and changing names. Path strings must
 * be readable 8 bytes beyond their NUL (user_path_get and kernel constants through namei_pad see to
 * it). */
#pragma once

#include <fs/path.h>
#include <kernel/lib/compiler.h>
#include <kernel/uapi.h>

struct page;
struct cred;
struct dentry;
struct file;
struct kstat;
struct name;
struct object;
struct vnode;

#define LOOKUP_FOLLOW	 0x01u	/* follow a symlink at the end */
#define LOOKUP_DIRECTORY 0x02u	/* the end must be a directory */
#define LOOKUP_EMPTY	 0x04u	/* "" is dirfd itself (AT_EMPTY_PATH) */
#define LOOKUP_REAL_UID	 0x08u	/* permission by real ids (access(2)) */

/* 0 and references in *out, or -errno. dirfd AT_FDCWD or a directory. */
int __must_check path_lookup(int dirfd, const char *name, u32 flags, struct path *out);
/* The child of the directory dir, locked for writing, named n: reference in *out (negative ones
 * too); NULL when nothing is known and nothing is there. */
int __must_check walk_child_locked(struct dentry *dir, const struct name *n, struct dentry **out);
/* stat(2) in one go: no reference to anything is taken when all names are cached. */
int __must_check path_getattr(int dirfd, const char *name, u32 flags, struct kstat *st,
			      u32 *mount_flags);

/* open(2) */
struct open_request {
	u32 flags;	/* O_* */
	u32 mode;	/* of what is created; the umask is applied by vfs_open */
	u32 resolve;	/* RESOLVE_* */
	u32 lookup;	/* LOOKUP_EMPTY for fexecve */
	bool exec;	/* for execve: must be executable, may not be written to */
};
int __must_check vfs_open(int dirfd, const char *name, const struct open_request *req,
			  struct file **out);
/* Opens what path names, without a walk (O_PATH reopen, the kernel's own). */
int __must_check vfs_open_path(const struct path *p, u32 flags, struct file **out);
/* The same for a file that was just made for this: nothing is checked. */
int __must_check vfs_open_made(const struct path *p, u32 flags, struct file **out);
/* execve and execveat: the file to run; at_flags: AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW. */
int __must_check vfs_open_exec(int dirfd, const char *name, u32 at_flags, struct file **out);

/* also regular files, directories (S_IFDIR) */
int __must_check vfs_mknod(int dirfd, const char *name, u32 mode, u32 rdev);
int __must_check vfs_symlink(const char *target, int dirfd, const char *name);
int __must_check vfs_link(int olddirfd, const char *oldname, int newdirfd, const char *newname,
			  u32 at_flags);
int __must_check vfs_unlink(int dirfd, const char *name);
int __must_check vfs_rmdir(int dirfd, const char *name);
int __must_check vfs_rename(int olddirfd, const char *oldname, int newdirfd, const char *newname,
			    u32 flags);
/* For file systems upon others, which answer for permission, with directories (and for a removal
 * nothing else) locked: d, positive, goes; d gets the name and place of target. */
int __must_check dir_remove_locked(struct vnode *dir, struct dentry *d);
int __must_check dir_rename_locked(struct vnode *from, struct dentry *d, struct vnode *to,
				   struct dentry *target, u32 flags);
ssize_t vfs_readlink(const struct path *p, char *buf, usize size);
/* AF_UNIX bind: makes a socket node that remembers sock until vfs_unbind_socket(). */
int __must_check vfs_bind_socket(const char *name, u32 mode, struct object *sock, struct path *out);
void vfs_unbind_socket(const struct path *p);
/* The socket bound to a node: a reference; NULL: closed. */
struct object *vfs_bound_socket(struct vnode *v);
/* getdents: entries of f from its offset on. */
struct dir_emit;
/* The page of a file's cache at pos, with a reference: how many bytes of it from pos on are the
 * file's, 0 at the end. -EOPNOTSUPP: the file has no such pages. */
ssize_t vfs_page(struct file *f, loff_t pos, struct page **out);
int __must_check vfs_readdir(struct file *f, struct dir_emit *emit);
/* Where a directory descriptor (or AT_FDCWD) is: references, and the rights it carries. */
int __must_check path_of_fd(int dirfd, struct path *out);
