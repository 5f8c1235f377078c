/* SPDX-License-Identifier: MIT */
/* dcache.h - names: (directory, name) -> vnode, or the knowledge that there is none. Read without
 * locks; see dcache.c. */
#pragma once

#include <arch/atomic.h>
#include <kernel/lib/list.h>
#include <kernel/lib/rbtree.h>
#include <kernel/rcu.h>
#include <kernel/spinlock.h>
#include <kernel/uapi.h>

struct super;
struct vnode;

/* A path component: not NUL-terminated, readable 8 bytes beyond its end. key = hash << 32 | len. */
struct name {
	const char *s;
	u64 key;
};

static inline u32 name_len(const struct name *n) { return (u32)n->key; }

/* Hashes the component at s, up to '/' or NUL, eight bytes at a time. */
struct name name_scan(const char *s);

#define DENTRY_INLINE_NAME 40

/* Locks: d  dentry.lock (RANK_DCACHE)   p  the parent's dentry.lock   h  the hash bucket   a  atomic   I  immutable
 *        D  the parent directory's vnode.lock for writing
 * key, name and parent change only in dentry_move(), between two steps of seq. */
struct dentry {
	u32 seq;			/* [D] odd while name, parent or vnode change */
	u32 flags;			/* [d] DENTRY_* */
	u64 key;
	struct dentry *parent;		/* a reference; the root's is itself */
	/* a reference; NULL: the name does not exist. Set once (negative -> positive) */
	struct vnode *vnode;
	const char *name;		/* NUL-terminated and zero-padded to 8 bytes */
	struct hnode hash;		/* [h] */
	atomic_t refs;			/* [a] users, children, and one while in the cache */
	struct spinlock lock;
	struct super *sb;		/* [I] */
	struct list children;		/* [d] of sibling: those in the cache */
	struct list sibling;		/* [p] */
	struct list lru;		/* [lru_lock] */
	struct rb_node dir_node;	/* [D] the file system's: order of readdir */
	u64 dir_pos;			/* [D] the file system's: readdir cookie */
	struct rcu_head rcu;
	bool referenced;		/* used since the last sweep: a hint, any writer */
	char inline_name[DENTRY_INLINE_NAME];
};

#define DENTRY_HASHED	   0x01u
/* something is mounted here in some namespace: look it up */
#define DENTRY_MOUNTED	   0x02u
#define DENTRY_REVALIDATE  0x08u	/* [I] ask ops->revalidate before use */
/* [I] the file system says which names are one: super_ops.name_hash */
#define DENTRY_FOLDED	   0x10u

void dcache_init(void);

/* A new name below parent (a reference is taken), in no cache: one reference. NULL: no memory. */
struct dentry *dentry_alloc(struct dentry *parent, const struct name *n);
/* The root of a file system; takes over the reference to v, also when it fails. */
struct dentry *dentry_alloc_root(struct super *sb, struct vnode *v);
/* Makes d known (the cache takes a reference of its own); v (a reference, handed over) may be NULL.
 * D held. */
void dentry_add(struct dentry *d, struct vnode *v);
/* A negative dentry becomes positive. D held. */
void dentry_instantiate(struct dentry *d, struct vnode *v);
/* Forgets d; users keep it. D held, or the name is known to be stale. */
void dentry_drop(struct dentry *d);
/* Renames: d gets the name and place of target, which is dropped if it is in the cache. D of both
 * directories, rename lock. */
void dentry_move(struct dentry *d, struct dentry *target);
void dentry_exchange(struct dentry *a, struct dentry *b);

/* A cached child that stands for v: a reference, or NULL. Looks at all of them. */
struct dentry *dentry_find_vnode(struct dentry *parent, const struct vnode *v);
/* Under RCU: the cached child, or NULL; no reference. *vnode is what it stood for at that
 * moment. */
struct dentry *dentry_find_rcu(struct dentry *parent, const struct name *n, struct vnode **vnode);
/* A reference, or NULL; never misses what is there if the parent's vnode.lock is held. */
struct dentry *dentry_find(struct dentry *parent, const struct name *n);
/* Renames since boot: a miss under RCU counts only if this did not change (even: none is under
 * way). */
u32 dcache_rename_seq(void);

static inline void dentry_get(struct dentry *d) { ref_get(&d->refs); }
static inline bool __must_check dentry_tryget(struct dentry *d) { return ref_tryget(&d->refs); }
void dentry_put(struct dentry *d);
static inline void dentry_putp(struct dentry **d)
{
	if (*d)
		dentry_put(*d);
}
#define auto_dentry __cleanup(dentry_putp)

static inline bool dentry_is_root(const struct dentry *d) { return d->parent == d; }
static inline bool dentry_hashed(const struct dentry *d)
{
	return READ_ONCE(d->flags) & DENTRY_HASHED;
}
/* a above or equal to d; rename lock or RCU */
bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d);
void dentry_set_flag(struct dentry *d, u32 flag);
void dentry_clear_flag(struct dentry *d, u32 flag);

/* Drops everything cached below d (umount, a removed directory of /proc). */
void dentry_prune(struct dentry *d);
/* Forgets up to n unused names; returns how many. Called by itself when there are too many, and
 * under memory pressure. */
u32 dcache_shrink(u32 n);
u64 dcache_count(void), dcache_unused(void);
