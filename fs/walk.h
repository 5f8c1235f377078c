/* SPDX-License-Identifier: MIT */
/* walk.h - a path walk in progress, for namei.c, open.c and names.c. */
#pragma once

#include <fs/dcache.h>
#include <fs/namei.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/handle.h>

/* Inside the walk: cannot go on without references; start again with them. */
#define EAGAIN_REFS 600

#define MAX_LINKS     40	/* path_resolution(7) */
#define WALK_RCU_DEPTH 4	/* links inside links that the lock-free walk follows */

enum last_type { LAST_NAME, LAST_DOT, LAST_DOTDOT, LAST_ROOT };

/* A link body that a walk with references is using. */
struct link_frame {
	struct link_frame *all;		/* w->frames: freed at the end */
	struct link_frame *below;	/* w->stack */
	const char *rest;		/* what follows the link in the text it stood in */
	char body[];
};

/* Stack object of one thread. at: where the walk is; with refs, references; without, borrowed under
 * RCU. */
struct walk {
	struct path at;
	struct vnode *vnode;		/* at.dentry's */
	struct path root;		/* `..` stops here; references iff !rcu */
	const struct cred *cred;
	u32 flags;			/* LOOKUP_* */
	u32 resolve;			/* RESOLVE_* */
	bool rcu;
	bool trailing;			/* slashes behind the last name: it is a directory */
	u8 depth, links;
	u8 last_type;			/* enum last_type */
	struct name last;
	u32 tree_seq, names_seq;	/* mounts, renames when the walk began */
	const char *rest[WALK_RCU_DEPTH];
	/* rcu: body of a VN_SHORT_LINK, while it is walked */
	char short_link[SHORT_LINK_MAX + 8];
	/* link bodies in use and, a subset, the links inside links */
	struct link_frame *frames, *stack;
	struct handle base;		/* dirfd */
	bool has_base;
};

void walk_init(struct walk *w, u32 flags, u32 resolve);
/* Finds the start: dirfd, working directory or root. rcu: begins a read-side section that
 * walk_end() or walk_settle() ends. */
int __must_check walk_begin(struct walk *w, int dirfd, const char *name, bool rcu);
/* Walks all but the last name, which is left in w->last. */
int __must_check walk_parent(struct walk *w, const char *s);
/* Walks the last name. 0, or 1: it was a link to follow; go on with walk_parent(*link). */
int __must_check walk_last(struct walk *w, bool follow, const char **link);
/* All of it. */
int __must_check walk_all(struct walk *w, const char *s);
/* -EAGAIN when a scoped walk may have been led out by a rename or mount. At its end. */
int __must_check walk_check_scope(struct walk *w);
/* Borrowed becomes owned; the RCU section ends. -EAGAIN_REFS. */
int __must_check walk_settle(struct walk *w);
/* Hands the place over to the caller; the walk has it no more. Settled. */
void walk_take(struct walk *w, struct path *out);
void walk_end(struct walk *w);
/* The child of w->at: -ENOENT, -EAGAIN_REFS; a reference to *d unless rcu. */
int __must_check walk_find(struct walk *w, const struct name *n, struct dentry **d,
			   struct vnode **v);
/* Steps onto d (with a reference if settled), which was found below w->at. */
int __must_check walk_enter(struct walk *w, struct dentry *d, struct vnode *v, bool follow,
			    const char **link);

/* 0, or the errno for lacking a right on the way. */
static inline int __must_check path_need(const struct path *p, u32 rights)
{
	return unlikely(rights & ~p->rights) && rights_deny(rights & ~p->rights) ? -EACCES : 0;
}

/* The common shape: first without references, then, when that does not get through, with. */
#define WALK_RETRY(rcu, err, body)						\
	for (bool rcu = true;; rcu = false) {					\
		err = body;							\
		if (err != -EAGAIN_REFS || !rcu)				\
			break;							\
	}
