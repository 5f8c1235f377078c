/* SPDX-License-Identifier: MIT */
/* vnode.h - a file, directory, link, device node...: what stat(2) describes, whatever its names
 * are.
 *
 * A file system embeds struct vnode in its own. The file layer checks permission, name and type; an
 * operation only does what it says, with the locks named beside it held.
 */
#pragma once

#include <kernel/cred.h>
#include <kernel/mutex.h>
#include <kernel/object.h>
#include <kernel/rcu.h>
#include <kernel/uapi.h>

struct dentry;
struct dir_emit;
struct file;
struct flock_set;
struct iter;
struct kstat;
struct name;
struct path;
struct pipe;
struct setattr;
struct super;
struct vmo;
struct vnode;

/* A moment in UTC; nsec in [0, 1e9). */
struct timestamp {
	s64 sec;
	u32 nsec;
};

/* Locks held: D dir->lock for writing (both directories of a rename)   d dir->lock for reading or
 * writing   V the vnode's lock */
struct vnode_ops {
	/* 0 and a reference in *out; -ENOENT. NULL: what is not in the dcache does not exist
	 * (SB_DCACHE_IS_DIR). */
	/* D */
	int (*lookup)(struct vnode *dir, const struct name *n, struct vnode **out);
	/* mode has S_IFREG, S_IFDIR, S_IFCHR...; d has name and parent. The new vnode in *out: a
	 * reference. */
	/* D */
	int (*create)(struct vnode *dir, struct dentry *d, u32 mode, u32 rdev, struct vnode **out);
	/* D */
	int (*symlink)(struct vnode *dir, struct dentry *d, const char *target, struct vnode **out);
	/* D V */
	int (*link)(struct vnode *dir, struct dentry *d, struct vnode *v);
	/* D V */
	int (*unlink)(struct vnode *dir, struct dentry *d); /* also rmdir, emptiness included */
	/* D, V of what is replaced */
	int (*rename)(struct vnode *from, struct dentry *d, struct vnode *to, struct dentry *target,
		      u32 flags);
	int (*tmpfile)(struct vnode *dir, u32 mode, struct vnode **out);
	/* Entries from *pos on, to emit; *pos moves. "." and ".." are the file layer's. */
	/* d */
	int (*readdir)(struct vnode *dir, struct file *f, loff_t *pos, struct dir_emit *emit);
	ssize_t (*readlink)(struct vnode *v, char *buf, usize size);	/* when v->link is NULL */
	/* magic links of /proc: a place, not a text */
	int (*follow)(struct vnode *v, struct path *out);
	int (*open)(struct vnode *v, struct file *f);
	/* d; V for writing */
	/* O_DIRECT between user memory and the device; within the file's limits. NULL: by the
	 * cache */
	ssize_t (*direct)(struct vnode *v, struct iter *it, loff_t pos, bool write);
	/* a description goes. NULL: nothing to do */
	void (*closed)(struct vnode *v, struct file *f);
	/* fills in what vnode_getattr() cannot know */
	int (*getattr)(struct vnode *v, struct kstat *st);
	/* V */
	int (*setattr)(struct vnode *v,
		       const struct setattr *a); /* checked; NULL: only in memory */
	/* attributes changed in memory; NULL: nothing to do */
	void (*dirty)(struct vnode *v);
	int (*permission)(struct vnode *v, u32 want);			/* NULL: the mode bits */
	/* false: the name is stale (a process gone). Under RCU, must not sleep */
	bool (*revalidate)(struct vnode *v);
	/* V */
	ssize_t (*getxattr)(struct vnode *v, const char *name, void *buf, usize size);
	/* V; value NULL: remove */
	int (*setxattr)(struct vnode *v, const char *name, const void *value, usize size,
			u32 flags);
	/* V */
	ssize_t (*listxattr)(struct vnode *v, char *buf, usize size);
	/* V */
	int (*fallocate)(struct vnode *v, u32 mode, loff_t off, loff_t len);
	/* V */
	int (*fill_gap)(struct vnode *v,
			u64 pos); /* a write begins at pos, beyond the end. NULL: holes are fine */
	int (*fsync)(struct vnode *v, struct file *f, bool data_only);	/* NULL: nothing to write */
	/* NULL: what is in memory is the data */
	loff_t (*seek_data)(struct vnode *v, loff_t pos, bool hole);
	/* Of a file system upon others: the vnode that keeps v's bytes and times; change: the one
	 * to change, NULL if there is none yet. It lives as long as v. NULL: v itself */
	struct vnode *(*real)(struct vnode *v, bool change);
};

/* Locks: v  vnode.lock (RANK_DIR, RANK_VNODE; by super.rank)   l  vnode.spin (RANK_OBJECT)   a  atomic   I  immutable
 * mode, uid, gid, size and times are written under v and read without: each is a word, a stat is no
 * snapshot. */
struct vnode {
	struct object obj;		/* first */
	const struct vnode_ops *ops;	/* [I] */
	struct super *sb;		/* [I] outlives it */
	u32 mode;			/* [v] the type bits never change */
	kuid_t uid;			/* [v] */
	kgid_t gid;			/* [v] */
	u32 flags;			/* [v] VN_* */
	/* [I] symlink body in memory, readable 8 bytes beyond its NUL; freed after a grace
	 * period */
	const char *link;
	u64 ino;			/* [I] */
	u32 nlink;			/* [v] */
	u32 rdev;			/* [I] as mknod(2) takes it */
	u64 size;			/* [v] of anything without a vmo */
	u64 blocks_used;		/* [v] 512-byte units, for file systems that know */
	struct timestamp atime, mtime, ctime, btime;	/* [v] */
	struct rwlock lock;
	struct vmo *vmo;		/* regular files: set once, NULL while empty: vnode_vmo() */
	/* [a] open for writing; below zero (as s32): being executed, -ETXTBSY */
	atomic_t writers;
	struct spinlock spin;
	struct pipe *pipe;		/* [l] of an open FIFO */
	/* [l] the AF_UNIX socket bound here; no reference: it unbinds itself when it is closed */
	struct object *bound;
	struct flock_set *locks;	/* [l] fs/flock.c */
	struct notify_set *watches;	/* [l] fs/inotify.c */
	/* fs/vnode.c: by (sb, ino), for file systems that look up by number */
	struct hnode hash;
	struct rcu_head rcu;
};

/* memfd: writers and executions are not counted against each other */
#define VN_UNCOUNTED	0x100u
#define VN_HINT_SHIFT	28	/* three bits: F_SET_RW_HINT, kept and told */
#define VN_IMMUTABLE	0x01u	/* chattr +i */
#define VN_APPEND	0x02u	/* chattr +a */
#define VN_DEAD		0x04u	/* a directory that was removed: nothing can be made in it */
#define VN_NOSEC	0x08u	/* no file capabilities, no set-id bits: a write need not look */
#define VN_MAGIC_LINK	0x10u	/* [I] ops->follow: RESOLVE_NO_MAGICLINKS */
#define VN_NOCMTIME	0x20u	/* [I] no times (proc) */
/* [I] ops->readlink never sleeps and gives at most SHORT_LINK_MAX bytes: good under RCU */
#define VN_SHORT_LINK	0x80u
#define SHORT_LINK_MAX	24u
#define VN_NO_LINK	0x40u	/* O_TMPFILE with O_EXCL: never gets a name */

static inline struct vnode *to_vnode(struct object *o)
{
	return container_of(o, struct vnode, obj);
}
static inline bool vnode_is_dir(const struct vnode *v) { return (v->mode & S_IFMT) == S_IFDIR; }
static inline bool vnode_is_reg(const struct vnode *v) { return (v->mode & S_IFMT) == S_IFREG; }
static inline bool vnode_is_link(const struct vnode *v) { return (v->mode & S_IFMT) == S_IFLNK; }
static inline void vnode_get(struct vnode *v) { object_get(&v->obj); }
static inline void vnode_put(struct vnode *v) { object_put(&v->obj); }
static inline void vnode_putp(struct vnode **v)
{
	if (*v)
		vnode_put(*v);
}
#define auto_vnode __cleanup(vnode_putp)

/* Fills in a zeroed vnode inside the file system's own struct: one reference, times now, owner from
 * dir (set-group-id directories) and the current cred; nlink 1 (directories 2). dir may be NULL:
 * root owns it. */
void vnode_init(struct vnode *v, struct super *sb, const struct vnode_ops *ops,
		const struct object_ops *obj_ops, u32 mode, struct vnode *dir);
/* object_ops.release of every vnode: the file system's evict, then its free after a grace
 * period. */
void vnode_release(struct object *o);
struct vnode *vnode_of_object(struct object *o);	/* object_ops.vnode */
/* directories; links, sockets and O_PATH of anything */
extern const struct object_ops vnode_dir_ops, vnode_other_ops;
/* regular files with a vmo: fs/rw.c */
extern const struct object_ops vnode_file_ops;

/* By number, for file systems that keep vnodes: a reference or NULL. */
struct vnode *vnode_find(struct super *sb, u64 ino);
void vnode_hash_add(struct vnode *v);

u64 vnode_size(struct vnode *v);
/* Who keeps v's bytes: v, or what lies below it. */
static inline struct vnode *vnode_real(struct vnode *v)
{
	while (unlikely(v->ops->real))
		v = v->ops->real(v, false);
	return v;
}
/* Makes it on first use. NULL: no memory. */
struct vmo *vnode_vmo(struct vnode *v);

/* ---- permission ---- */
/* MAY_* for cred, with read-only mounts and immutable files. 0, -EACCES, -EROFS, -EPERM. */
int __must_check vnode_permission(struct vnode *v, const struct cred *c, u32 want);
/* Owner or CAP_FOWNER. */
bool vnode_is_owner(const struct vnode *v, const struct cred *c);
/* May c remove or rename victim out of dir (write, sticky bit, append-only, immutable)? */
int __must_check vnode_may_delete(struct vnode *dir, struct vnode *victim, const struct cred *c);

/* ---- attributes ---- */
struct kstat {
	u64 dev, ino, size, blocks, mnt_id, attributes, attributes_mask;
	u32 mode, nlink, rdev, blksize, result_mask;
	kuid_t uid;
	kgid_t gid;
	struct timestamp atime, mtime, ctime, btime;
};
int __must_check vnode_getattr(struct vnode *v, struct kstat *st);

#define ATTR_MODE	0x01u
#define ATTR_UID	0x02u
#define ATTR_GID	0x04u
#define ATTR_SIZE	0x08u
#define ATTR_ATIME	0x10u
#define ATTR_MTIME	0x20u
#define ATTR_TIMES_NOW	0x40u	/* by "now": writing suffices, ownership is not needed */
#define ATTR_CHOWN	0x100u	/* chown(2), even of nothing: set-id bits go */
#define ATTR_OPEN	0x80u	/* truncation by open(O_TRUNC): permission was checked */
struct setattr {
	u32 valid;
	u32 mode;
	kuid_t uid;
	kgid_t gid;
	u64 size;
	struct timestamp atime, mtime;
};
/* Checks permission as chmod, chown, utimensat and truncate do, and changes. The mount's write
 * access is the caller's. */
int __must_check vnode_setattr(struct vnode *v, struct setattr *a);
/* Changes, without asking who is acting. */
int __must_check vnode_setattr_unchecked(struct vnode *v, struct setattr *a);

struct timestamp vnode_now(void);
void vnode_touch_atime(struct vnode *v, u32 mount_flags);	/* relatime, noatime, strictatime */
void vnode_touch_mctime(struct vnode *v);			/* contents changed */
void vnode_touch_ctime(struct vnode *v);
void vnode_kill_suid(struct vnode *v);				/* a write takes set-id bits away */

/* Write access: opens for writing against execution. -ETXTBSY. */
int __must_check vnode_get_write(struct vnode *v);
void vnode_put_write(struct vnode *v);
int __must_check vnode_deny_write(struct vnode *v);
void vnode_allow_write(struct vnode *v);

/* ---- reading directories ---- */
struct dir_emit {
	/* false: no room, stop here. */
	bool (*entry)(struct dir_emit *e, const char *name, u32 len, u64 ino, u32 d_type,
		      loff_t next_pos);
};
static inline u32 mode_to_dtype(u32 mode) { return (mode & S_IFMT) >> 12; }
