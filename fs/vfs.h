/* SPDX-License-Identifier: MIT */
/* vfs.h - file-system types, super blocks, the mount tree, and a task's place in it. */
#pragma once

#include <fs/path.h>
#include <kernel/lib/list.h>
#include <kernel/lib/set.h>
#include <kernel/mutex.h>
#include <kernel/rcu.h>
#include <kernel/task.h>
#include <mm/write_errors.h>

struct cred;
struct file;
struct mount_ns;
struct super;
struct vmo;
struct vnode;

/* ---- types and super blocks ---- */

struct fs_type {
	const char *name;
	u32 flags;		/* FS_* */
	u32 magic;		/* statfs f_type */
	/* Makes sb->root and the rest from source and options (either may be NULL or ""). */
	int (*mount)(struct super *sb, const char *source, const char *options);
	/* NULL: only the flags */
	int (*remount)(struct super *sb, u32 flags, const char *options);
};

/* A type of this name, from boot on: FSTYPE(tmpfs, .magic = TMPFS_MAGIC, .mount = tmpfs_mount); */
#define FSTYPE(id, ...)									\
	static struct fs_type id##_type = { .name = #id, __VA_ARGS__ };			\
	SET_ADD(fstypes, struct fs_type, id##_type)

#define FS_NEEDS_DEVICE 0x1u	/* without it: "nodev" in /proc/filesystems */
/* never for writing: a remount that asks for it is let pass, and changes nothing */
#define FS_READ_ONLY	0x4u
#define FS_SINGLE	0x2u	/* every mount shows the same super block (proc, devtmpfs) */

struct fs_type *fs_type_find(const char *name);
void fs_type_for_each(void (*fn)(const struct fs_type *t, void *arg), void *arg);

struct statfs_k {
	u64 type, bsize, blocks, bfree, bavail, files, ffree, fsid, namelen, frsize, flags;
};

struct super_ops {
	/* last reference: write back or delete; may sleep. NULL: nothing */
	void (*evict)(struct vnode *v);
	/* not yet written: kept even if nobody uses it. NULL: never */
	bool (*dirty)(struct vnode *v);
	void (*free)(struct vnode *v);		/* after a grace period; must not sleep */
	void (*statfs)(struct super *sb, struct statfs_k *st);
	int (*sync)(struct super *sb, bool wait);	/* NULL: nothing to write */
	void (*shutdown)(struct super *sb);	/* last mount gone, all names pruned */
	/* ",size=..." for /proc/mounts; NULL: none */
	void (*show_options)(struct super *sb, char *buf, usize size);
	/* of a regular file, when first needed. NULL: no memory */
	struct vmo *(*make_vmo)(struct vnode *v);
	/* Which names are one name to a directory (vfat's FOO and foo): both or none, set before
	 * sb->root is made. Any context. */
	u32 (*name_hash)(const struct super *sb, const char *s, u32 len);
	bool (*name_same)(const struct super *sb, const char *a, u32 a_len, const char *b,
			  u32 b_len);
};

/* Locks: s  super_lock   I  immutable after mount */
struct super {
	atomic_t refs;			/* mounts, and vnodes in use */
	atomic_t nr_mounts;		/* the last one to go prunes the names */
	const struct fs_type *type;	/* [I] */
	const struct super_ops *ops;	/* [I] set by type->mount */
	u32 dev;			/* [I] st_dev */
	u32 flags;			/* SB_*, MS_RDONLY */
	u32 block_size;			/* [I] */
	u64 max_bytes;			/* [I] the largest file */
	struct dentry *root;		/* [I] set by type->mount: a reference */
	void *private;			/* [I] the type's */
	struct mutex rename_lock;	/* one rename between directories at a time */
	enum lock_rank rank;		/* [I] of rename_lock; those of its vnodes follow */
	struct list link;		/* [s] all of them */
	struct write_errors errors;	/* of all its files, for syncfs */
	atomic64_t next_ino;		/* for types without numbers of their own */
};

/* the dcache is the directory: a miss is the truth, names are never pruned (tmpfs) */
#define SB_DCACHE_IS_DIR 0x10000u
#define SB_NOATIME	 0x20000u
#define SB_ACTIVE	 0x40000u
/* what does not exist may exist the next moment (proc): misses are not remembered */
#define SB_NO_NEGATIVE	 0x80000u

static inline void super_get(struct super *sb) { ref_get(&sb->refs); }
void super_put(struct super *sb);
/* Keeps its names as a mount does, unseen. */
void super_hold(struct super *sb);
void super_release(struct super *sb);
/* A new one, or for FS_SINGLE the one there is: a reference. */
int __must_check super_create(const char *type, const char *source, u32 flags, const char *options,
			      struct super **out);
void super_sync_all(bool wait);
/* those on devices: the last resort of sysrq */
void super_all_readonly(void);
u64 super_new_ino(struct super *sb);
/* For a type whose files lie upon those of another, at mount: RANK_OVL_RENAME, RANK_OVL2_RENAME. */
void super_set_rank(struct super *sb, enum lock_rank rank);
u32 super_new_dev(void);				/* a st_dev 0:n that nothing else shows */

/* ---- mounts ---- */

/* Locks: M  mount_lock (RANK_MOUNT) and mount_seq   a  atomic   I  immutable */
struct mount {
	atomic_t refs;			/* [a] the tree holds one */
	u32 flags;			/* [M] MNT_* */
	struct super *sb;		/* [I] a reference */
	struct dentry *root;		/* [I] a reference: what is visible of sb */
	/* [M] itself for the root of a tree; a reference otherwise */
	struct mount *parent;
	struct dentry *point;		/* [M] where in parent; a reference */
	struct hnode hash;		/* [M] by (parent, point); readers under RCU */
	struct list children, sibling;	/* [M] */
	struct list ns_link;		/* [M] in ns->mounts, in order of mounting */
	struct mount_ns *ns;		/* [M] NULL: detached */
	int id;				/* [I] */
	char *source;			/* [I] owned; first column of /proc/mounts */
	struct rcu_head rcu;
};

#define MNT_NOSUID	0x01u
#define MNT_NODEV	0x02u
#define MNT_NOEXEC	0x04u
#define MNT_NOATIME	0x08u
#define MNT_NODIRATIME	0x10u
#define MNT_RELATIME	0x20u
#define MNT_READONLY	0x40u
#define MNT_NOSYMFOLLOW 0x80u

struct mount_ns {
	atomic_t refs;
	struct mount *root;		/* [M] */
	struct list mounts;		/* [M] */
	u32 nr_mounts;			/* [M] limit MOUNT_MAX */
	u64 event;			/* [M] changes: poll of /proc/mounts */
};
#define MOUNT_MAX 100000

static inline void mount_get(struct mount *m) { ref_get(&m->refs); }
bool __must_check mount_tryget(struct mount *m);
void mount_put(struct mount *m);
/* even; changes with the tree. Spins over a change under way */
u32 mount_seq(void);
bool mount_seq_changed(u32 seq);
/* Under RCU: what is mounted at (m, d), or NULL. */
struct mount *mount_find_rcu(struct mount *m, struct dentry *d);
/* The same with a reference. */
struct mount *mount_find(struct mount *m, struct dentry *d);
/* Where m is mounted: references in *out; false at the root of a tree. */
bool mount_up(struct mount *m, struct path *out);
/* 0 when contents may change through m: -EROFS. */
int __must_check mount_may_write(const struct mount *m);

/* mount(2) without the user's view of it. Permission is the caller's. */
int __must_check vfs_mount_new(const char *source, const struct path *at, const char *type,
			       u32 ms_flags, const char *options);
int __must_check vfs_mount_bind(const struct path *from, const struct path *at, bool recursive);
int __must_check vfs_mount_move(const struct path *from, const struct path *at);
/* What at shows, in no tree: a layer of a file system upon others. A reference; NULL: no memory. */
struct mount *vfs_mount_clone(const struct path *at);
int __must_check vfs_remount(const struct path *at, u32 ms_flags, const char *options,
			     bool bind_only);
int __must_check vfs_umount(const struct path *at, u32 flags);
int __must_check vfs_pivot_root(const struct path *new_root, const struct path *put_old);
/* The first file system: becomes the root of the first namespace, and root and cwd of everything
 * forked from now on. */
int __must_check vfs_mount_root(const char *type);
/* For kernel-internal file systems without a place in the tree (memfd). NULL: no memory. */
struct mount *vfs_mount_internal(const char *type);
struct mount_ns *mount_ns_first(void);
/* Each mount of ns that root can see, with its place as seen from root. fn with mount_lock held. */
void mount_for_each(struct mount_ns *ns, void (*fn)(struct mount *m, void *arg), void *arg);
void mount_show_flags(const struct mount *m, char *buf, usize size);	/* "rw,nosuid,relatime" */
u32 statfs_flags(const struct mount *m);				/* ST_* of statfs(2) */

/* ---- a task's root, working directory and mask ---- */

/* Locks: f  fs_context.lock (RANK_DCACHE), seq for readers under RCU */
struct fs_context {
	atomic_t refs;
	struct spinlock lock;
	u32 seq;			/* [f] odd while root or cwd change */
	u32 umask;			/* [f] */
	struct path root, cwd;		/* [f] */
};

static inline struct fs_context *current_fs(void) { return current()->fs; }
void fs_context_set_cwd(const struct path *p);		/* takes its own references */
void fs_context_set_root(const struct path *p);
void fs_context_get_root(struct fs_context *fs, struct path *out);	/* references */
void fs_context_get_cwd(struct fs_context *fs, struct path *out);
/* The first one: root and cwd at the root mount. For task_spawn_init(). */
struct fs_context *fs_context_create(void);

/* Writes the path of p as seen from root at the end of buf; returns its start. -ENAMETOOLONG.
 * *state: what is odd about it. */
enum path_state { PATH_NORMAL, PATH_DELETED, PATH_UNREACHABLE };
int __must_check path_name(const struct path *p, const struct path *root, char *buf, usize size,
			   char **out, enum path_state *state);

void vfs_init(void);
