/* SPDX-License-Identifier: MIT */
/* overlay.h - directories of other file systems, one upon the other: what the files of fs/overlay
 * share. */
#pragma once

#include <fs/vnode.h>
#include <kernel/lib/list.h>
#include <kernel/lib/rbtree.h>
#include <kernel/mutex.h>
#include <kernel/spinlock.h>

struct dentry;
struct mount;
struct name;
struct path;
struct super;

#define OVL_LAYERS_MAX 500u	/* as Linux's OVL_MAX_STACK */
#define OVL_DEPTH_MAX  2u	/* as Linux's FILESYSTEM_MAX_STACK_DEPTH */

/* What mount(2) says. Strings are owned; NULL: not given. */
struct ovl_options {
	char *upper, *work;
	char **lower;			/* nr_lower, from above */
	char *lower_text;		/* as it was given, for /proc/mounts; NULL with lowerdir+ */
	u32 nr_lower;
	bool lower_appended;		/* by lowerdir+ */
	bool user_xattr, is_volatile, default_permissions;
	const char *redirect;		/* redirect_dir where it is not the default; a constant */
};

/* One directory tree. Its mount is private: the one it was found by may go. */
struct ovl_layer {
	struct mount *mount;
	struct dentry *root;		/* mount's */
	/* st_dev of its files here, where layers are on several file systems */
	u32 dev;
};

#define OVL_HASH 256u

struct ovl_fs {
	struct ovl_options opt;
	struct super *sb;
	struct ovl_layer upper, *lower;	/* upper.root NULL: only to read */
	u32 nr_lower, depth;
	/* workdir's directory "work": where what is to appear at once is made */
	struct dentry *work;
	bool one_dev;			/* all layers on one file system: its numbers are ours */
	atomic_t next_temp;
	struct spinlock lock;		/* RANK_DCACHE */
	/* [lock] by the vnode below, of what has several names there */
	struct hlist nodes[OVL_HASH];
};

struct ovl_lower {
	const struct ovl_layer *layer;
	struct dentry *d;		/* a reference */
};

/* Names of a merged directory, as readdir shows them: readdir.c. */
struct ovl_listing {
	struct rb_tree by_name, by_pos;
	u64 next_pos, version, round;
	bool valid;
};

/* Locks: v  vnode.lock   c  copy   l  ovl_fs.lock   I  immutable */
struct ovl_node {
	struct vnode v;			/* first */
	struct ovl_fs *fs;		/* [I] */
	struct ovl_node *parent;	/* [I] what has no upper yet: where it is; a reference */
	char *name;			/* [I] and its name there */
	struct dentry *upper;		/* [c] set once, with release: a reference */
	/* [I] from above; of a file at most one, which it may have been copied from */
	struct ovl_lower *lower;
	u32 nr_lower;			/* [I] */
	u32 layer_dev;			/* [c] what st_dev says, when it is not the directory's */
	/* [I] st_ino, also after a copy was made; 0: of the file that shows */
	u64 fixed_ino;
	struct mutex copy;
	bool gone;			/* [v] its name was removed */
	struct hnode link;		/* [l] */
	const struct vnode *key;	/* [l] */
	u64 version;			/* [v] directories: changes of names */
	struct mutex listing_lock;
	struct ovl_listing listing;	/* [listing_lock] */
};

static inline struct ovl_node *to_ovl(struct vnode *v)
{
	return container_of(v, struct ovl_node, v);
}
static inline struct dentry *ovl_upper(const struct ovl_node *n)
{
	return smp_load_acquire(&n->upper);
}
/* Shows names of several layers. */
static inline bool ovl_is_merged(const struct ovl_node *n)
{
	return n->nr_lower > (ovl_upper(n) ? 0u : 1u);
}

/* ---- options.c ---- */
int __must_check ovl_options_parse(const char *text, struct ovl_options *o);
void ovl_options_free(struct ovl_options *o);
void ovl_options_show(const struct ovl_options *o, char *buf, usize size);

/* ---- real.c: layers, with no regard to who is acting ---- */
/* The child of dir named n: a reference; *out NULL: nothing is there. */
int __must_check real_lookup(struct dentry *dir, const struct name *n, struct dentry **out);
bool real_is_whiteout(const struct vnode *v);
bool real_is_opaque(const struct ovl_fs *fs, struct vnode *v);
int __must_check real_set_opaque(const struct ovl_fs *fs, struct vnode *v);
/* target: of a symbolic link. A reference. */
int __must_check real_create(struct dentry *dir, const struct name *n, u32 mode, u32 rdev,
			     const char *target, struct dentry **out);
int __must_check real_link(struct dentry *dir, const struct name *n, struct dentry *what,
			   struct dentry **out);
int __must_check real_remove(struct dentry *d);
/* d gets the name n in dir; what stands there is replaced, or with RENAME_EXCHANGE gets d's. */
int __must_check real_rename(struct dentry *d, struct dentry *dir, const struct name *n, u32 flags);
void real_set_times(struct vnode *v, struct timestamp atime, struct timestamp mtime);
typedef int real_entry_fn(void *arg, const char *name, u32 len, u64 ino, u32 d_type);
/* Each entry but the dots. The directory is locked for reading meanwhile. */
int __must_check real_readdir(struct vnode *dir, real_entry_fn *fn, void *arg);
/* A name for a moment in the work directory. buf: TEMP_NAME bytes. */
#define TEMP_NAME 24u
struct name ovl_temp_name(struct ovl_fs *fs, char *buf);
/* A whiteout in the work directory. */
int __must_check ovl_make_whiteout(struct ovl_fs *fs, struct dentry **out);
/* Removes d and what is in it, as far as levels go; what stays is said in the log. */
void ovl_clean(struct ovl_fs *fs, struct dentry *d, u32 levels);

/* ---- node.c, attr.c ---- */
/* A node for upper and lower, whose references it takes over, also on failure. */
int __must_check ovl_node_get(struct ovl_fs *fs, struct ovl_node *parent, const struct name *n,
			      struct dentry *upper, struct ovl_lower *lower, u32 nr_lower,
			      struct vnode **out);
/* n's upper is there: everybody sees it from now on. Takes over the reference. [c] */
void ovl_node_set_upper(struct ovl_node *n, struct dentry *upper);
void ovl_lower_put(struct ovl_lower *l, u32 nr);
extern const struct vnode_ops ovl_dir_ops, ovl_file_ops;
extern const struct super_ops ovl_super_ops;
int ovl_getattr(struct vnode *v, struct kstat *st);
int ovl_setattr(struct vnode *v, const struct setattr *a);
ssize_t ovl_getxattr(struct vnode *v, const char *name, void *buf, usize size);
int ovl_setxattr(struct vnode *v, const char *name, const void *value, usize size, u32 flags);
ssize_t ovl_listxattr(struct vnode *v, char *buf, usize size);
int ovl_fsync(struct vnode *v, struct file *f, bool data_only);
struct vnode *ovl_real(struct vnode *v, bool change);
bool ovl_is_private_xattr(const struct ovl_fs *fs, const char *name);

/* ---- lookup.c ---- */
int ovl_lookup(struct vnode *dir, const struct name *n, struct vnode **out);
/* Is there something below the upper directory of dir under this name? */
int __must_check ovl_covers(struct ovl_node *dir, const struct name *n, bool *yes);

/* ---- copyup.c ---- */
/* n and the directories above it have an upper afterwards. with_data: else a regular file's copy is
 * empty. */
int __must_check ovl_copy_up(struct ovl_node *n, bool with_data);

/* ---- names.c, rename.c ---- */
int ovl_create(struct vnode *dir, struct dentry *d, u32 mode, u32 rdev, struct vnode **out);
int ovl_symlink(struct vnode *dir, struct dentry *d, const char *target, struct vnode **out);
int ovl_link(struct vnode *dir, struct dentry *d, struct vnode *v);
int ovl_unlink(struct vnode *dir, struct dentry *d);
int ovl_rename(struct vnode *from, struct dentry *d, struct vnode *to, struct dentry *target,
	       u32 flags);
int ovl_tmpfile(struct vnode *dir, u32 mode, struct vnode **out);
struct name ovl_name_of(const struct dentry *d);

/* ---- readdir.c ---- */
int ovl_readdir(struct vnode *dir, struct file *f, loff_t *pos, struct dir_emit *emit);
/* 0: it shows no names. -ENOTEMPTY. */
int __must_check ovl_check_empty(struct ovl_node *n);
void ovl_listing_free(struct ovl_listing *l);
