/* SPDX-License-Identifier: MIT */
/* namei.c - the path walk.
 *
 * Every walk is tried twice at most: first under RCU, borrowing what it passes and writing nothing,
 * then - when it meets something that needs a lock, a sleep or a stable answer (-EAGAIN_REFS) -
 * again from the start with a reference to each place it is at. Both use the same code; what
 * differs is how a child is found (find_rcu, find_ref), how one goes up, and how links are kept.
 *
 * Life of a walk:
 *
 *	walk_init -> walk_begin -> walk_parent -> walk_last -+-> walk_settle -> walk_take ->
 *	walk_end
 *	                               ^                     |
 *	                               +---- link to follow -+
 *
 * Invariants:
 *  (1) rcu: preemption is off from walk_begin() to walk_settle() or walk_end(); nothing reached is
 *      referenced; no sleep.
 *  (2) !rcu: w->at and w->root are referenced.
 *  (3) a borrowed place becomes owned only if its dentry and mount still had references and no
 *      mount changed since the walk began.
 *  (4) a miss under RCU is the truth only where the dcache is the directory and no rename happened
 *      since the walk began.
 *  (5) w->at never leaves the tree below w->root when the walk is scoped (RESOLVE_BENEATH,
 *      RESOLVE_IN_ROOT): with renames or mounts under way, -EAGAIN as openat2(2) says.
 *
 * Locks: none of its own; D of a directory while a name is looked up in the file system.
 * Ref: path_resolution(7), openat2(2), symlink(7). Tests: selftests/abi/path.c
 */
#include "walk.h"

#include <kernel/cred.h>
#include <kernel/printk.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <mm/slab.h>

/* ---- one step ---- */

static inline int may_search(struct walk *w)
{
	struct vnode *v = w->vnode;
	u32 all = S_IXUSR | S_IXGRP | S_IXOTH;

	if (likely((v->mode & (S_IFMT | all)) == (S_IFDIR | all) && !v->ops->permission))
		return 0;
	if (!vnode_is_dir(v))
		return -ENOTDIR;
	if (v->ops->permission && w->rcu)
		return -EAGAIN_REFS;
	return vnode_permission(v, w->cred, MAY_EXEC);
}

/* The walk moves to (m, d); with references, those are the caller's and become the walk's. */
static inline void move_to(struct walk *w, struct mount *m, struct dentry *d, struct vnode *v)
{
	if (!w->rcu) {
		dentry_put(w->at.dentry);
		mount_put(w->at.mount);
	}
	w->at.mount = m;
	w->at.dentry = d;
	w->vnode = v;
}

/* What is mounted on (*m, *d), topmost. With references: *m and *d are traded for those of the
 * result. */
static int cross_mounts(struct walk *w, struct mount **m, struct dentry **d)
{
	while (READ_ONCE((*d)->flags) & DENTRY_MOUNTED) {
		struct mount *top = w->rcu ? mount_find_rcu(*m, *d) : mount_find(*m, *d);

		if (!top)
			return 0;
		if (!w->rcu) {
			dentry_put(*d);
			mount_put(*m);
			dentry_get(top->root);
		}
		*m = top;
		*d = top->root;
		if (w->resolve & RESOLVE_NO_XDEV)
			return -EXDEV;
	}
	return 0;
}

/* ---- `..` ---- */

/* d's parent, consistently; with a reference unless rcu. */
static struct dentry *parent_of(struct dentry *d, bool rcu)
{
	struct dentry *p;
	u32 seq;

	for (;;) {
		rcu_read_lock();
		seq = smp_load_acquire(&d->seq);
		p = READ_ONCE(d->parent);
		if (rcu || dentry_tryget(p)) {
			smp_rmb();
			if (!(seq & 1) && seq == READ_ONCE(d->seq))
				break;
			if (!rcu) {
				rcu_read_unlock();
				dentry_put(p);
				continue;
			}
		}
		rcu_read_unlock();
		if (rcu)
			return NULL;
	}
	rcu_read_unlock();
	return p;
}

/* From the root of a mount to where it is mounted. 0: the walk is there; 1: there is nowhere to
 * go. */
static int leave_mount(struct walk *w)
{
	struct path up;

	if (w->rcu) {
		up.mount = READ_ONCE(w->at.mount->parent);
		up.dentry = READ_ONCE(w->at.mount->point);
		if (up.mount == w->at.mount)
			return 1;
		if (!up.dentry)
			return -EAGAIN_REFS;
	} else if (!mount_up(w->at.mount, &up)) {
		return 1;
	}
	move_to(w, up.mount, up.dentry, up.dentry->vnode);
	return w->resolve & RESOLVE_NO_XDEV ? -EXDEV : 0;
}

static int go_up(struct walk *w)
{
	struct mount *m;
	struct dentry *d;
	int err;

	for (;;) {
		if (w->at.dentry == w->root.dentry && w->at.mount == w->root.mount)
			return w->resolve & RESOLVE_BENEATH ? -EXDEV : 0;
		if (w->at.dentry != w->at.mount->root)
			break;
		err = leave_mount(w);
		if (err)
			return err < 0 ? err : 0;
	}
	d = parent_of(w->at.dentry, w->rcu);
	if (!d)
		return -EAGAIN_REFS;
	m = w->at.mount;
	if (!w->rcu)
		mount_get(m);
	err = cross_mounts(w, &m, &d);
	move_to(w, m, d, d->vnode);
	return err;
}

/* ---- links ---- */

/* A link's text without memory of our own: the vnode's, or a short one in w (it holds no link, so
 * it is walked before the next). */
static int borrow_body(struct walk *w, struct vnode *v, const char **body)
{
	ssize_t n;

	*body = v->link;
	if (v->link)
		return 0;
	if (!(v->flags & VN_SHORT_LINK))
		return -EAGAIN_REFS;
	n = v->ops->readlink(v, w->short_link, SHORT_LINK_MAX);
	if (n <= 0)
		return n ? (int)n : -ENOENT;
	memset(w->short_link + n, 0, 8);
	*body = w->short_link;
	return 0;
}

/* The text of a link in memory that stays: the vnode's own under RCU, else a copy. */
static int link_body(struct walk *w, struct vnode *v, const char **body)
{
	struct link_frame *f;
	ssize_t n;

	if (w->rcu)
		return borrow_body(w, v, body);
	f = kmalloc(sizeof(*f) + PATH_MAX + 8, PAGE_KERNEL);
	if (!f)
		return -ENOMEM;
	n = v->link ? (ssize_t)str_copy(f->body, v->link, PATH_MAX)
		    : v->ops->readlink(v, f->body, PATH_MAX - 1);
	if (n < 0) {
		kfree(f);
		return (int)n;
	}
	memset(f->body + n, 0, 8);
	f->all = w->frames;
	w->frames = f;
	*body = f->body;
	return n ? 0 : -ENOENT;
}

static int jump_to_root(struct walk *w)
{
	if (w->resolve & RESOLVE_BENEATH)
		return -EXDEV;
	if ((w->resolve & RESOLVE_NO_XDEV) && w->root.mount != w->at.mount)
		return -EXDEV;
	if (!w->rcu)
		path_get(&w->root);
	move_to(w, w->root.mount, w->root.dentry, w->root.dentry->vnode);
	w->at.rights = w->root.rights;
	return 0;
}

static int follow_magic(struct walk *w, struct vnode *v)
{
	struct path to = {};
	int err;

	if (w->resolve & (RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return w->resolve & RESOLVE_NO_MAGICLINKS ? -ELOOP : -EXDEV;
	if (w->rcu)
		return -EAGAIN_REFS;
	err = v->ops->follow(v, &to);
	if (err)
		return err;
	if ((w->resolve & RESOLVE_NO_XDEV) && to.mount != w->at.mount) {
		path_put(&to);
		return -EXDEV;
	}
	move_to(w, to.mount, to.dentry, to.dentry->vnode);
	w->at.rights &= to.rights;
	return 0;
}

/* v is a link to be followed, found in w->at. 1 and its text in *link, or 0: the walk is where it
 * leads. */
static int follow(struct walk *w, struct vnode *v, const char **link)
{
	int err;

	if ((w->resolve & RESOLVE_NO_SYMLINKS) || ++w->links > MAX_LINKS ||
	    (w->at.mount->flags & MNT_NOSYMFOLLOW))
		return -ELOOP;
	if (v->ops->follow)
		return follow_magic(w, v);
	err = link_body(w, v, link);
	if (err)
		return err;
	vnode_touch_atime(v, w->at.mount->flags);
	if (**link == '/')
		err = jump_to_root(w);
	return err ? err : 1;
}

/* ---- children ---- */

static int find_rcu(struct walk *w, const struct name *n, struct dentry **d, struct vnode **v)
{
	*d = dentry_find_rcu(w->at.dentry, n, v);
	if (unlikely(!*d)) {
		if (!(w->at.dentry->sb->flags & SB_DCACHE_IS_DIR) || (w->names_seq & 1) ||
		    dcache_rename_seq() != w->names_seq)
			return -EAGAIN_REFS;
		return -ENOENT;		/* (4) */
	}
	if (unlikely(READ_ONCE((*d)->flags) & DENTRY_REVALIDATE) && *v &&
	    !(*v)->ops->revalidate(*v))
		return -EAGAIN_REFS;
	if (unlikely(!*v))
		return -ENOENT;
	if (!(*d)->referenced)
		(*d)->referenced = true;
	return 0;
}

int walk_child_locked(struct dentry *dir, const struct name *n, struct dentry **out)
{
	struct vnode *dv = dir->vnode, *v = NULL;
	struct dentry *d = dentry_find(dir, n);
	int err;

	*out = NULL;
	if (d && d->vnode && d->vnode->ops->revalidate && !d->vnode->ops->revalidate(d->vnode)) {
		dentry_drop(d);
		dentry_put(d);
		d = NULL;
	}
	if (d || !dv->ops->lookup) {
		*out = d;
		return 0;
	}
	if (dv->flags & VN_DEAD)
		return -ENOENT;
	err = dv->ops->lookup(dv, n, &v);
	if (err && (err != -ENOENT || dir->sb->flags & SB_NO_NEGATIVE))
		return err == -ENOENT ? 0 : err;
	if (v && unlikely(dir->flags & DENTRY_FOLDED) && atomic_read(&v->obj.refs) > 1) {
		/* another name of the same entry, vfat's 8.3 one: never two dentries */
		*out = dentry_find_vnode(dir, v);
		if (*out) {
			vnode_put(v);
			return 0;
		}
	}
	d = dentry_alloc(dir, n);
	if (!d) {
		if (v)
			vnode_put(v);
		return -ENOMEM;
	}
	dentry_add(d, v);
	*out = d;
	return 0;
}

static int find_ref(struct walk *w, const struct name *n, struct dentry **d, struct vnode **v)
{
	int err = 0;

	*d = dentry_find(w->at.dentry, n);
	if (!*d || ((*d)->flags & DENTRY_REVALIDATE)) {
		if (*d)
			dentry_put(*d);
		rw_write_lock(&w->vnode->lock);
		err = walk_child_locked(w->at.dentry, n, d);
		rw_write_unlock(&w->vnode->lock);
	}
	if (err)
		return err;
	if (!*d)
		return -ENOENT;
	*v = (*d)->vnode;
	if (!*v) {
		dentry_put(*d);
		return -ENOENT;
	}
	return 0;
}

int walk_enter(struct walk *w, struct dentry *d, struct vnode *v, bool want_follow,
	       const char **link)
{
	struct mount *m = w->at.mount;
	int err = 0;

	if (unlikely(READ_ONCE(d->flags) & DENTRY_MOUNTED)) {
		if (!w->rcu)
			mount_get(m);
		err = cross_mounts(w, &m, &d);
		if (!err || !w->rcu)
			move_to(w, m, d, d->vnode);
		return err;
	}
	if (unlikely(want_follow && vnode_is_link(v))) {
		if (!w->rcu)
			vnode_get(v);
		err = follow(w, v, link);
		if (!w->rcu) {
			vnode_put(v);
			dentry_put(d);
		}
		return err;
	}
	if (!w->rcu)
		mount_get(m);
	move_to(w, m, d, v);
	return 0;
}

int walk_find(struct walk *w, const struct name *n, struct dentry **d, struct vnode **v)
{
	return w->rcu ? find_rcu(w, n, d, v) : find_ref(w, n, d, v);
}

/* One name on. 0, or 1 and the link to go on with. */
static inline int step(struct walk *w, const struct name *n, enum last_type type, bool want_follow,
		       const char **link)
{
	struct dentry *d;
	struct vnode *v;
	int err;

	if (unlikely(type != LAST_NAME))
		return type == LAST_DOTDOT ? go_up(w) : 0;
	err = walk_find(w, n, &d, &v);
	return err ? err : walk_enter(w, d, v, want_follow, link);
}

static inline enum last_type type_of(const struct name *n)
{
	if (likely(n->s[0] != '.'))
		return LAST_NAME;
	if (name_len(n) == 1)
		return LAST_DOT;
	return name_len(n) == 2 && n->s[1] == '.' ? LAST_DOTDOT : LAST_NAME;
}

/* Leaves rest, to come back when link has been walked. */
static int push(struct walk *w, const char *rest)
{
	if (!w->rcu) {
		w->frames->rest = rest;		/* the frame link_body() has just made */
		w->frames->below = w->stack;
		w->stack = w->frames;
		w->depth++;
		return 0;
	}
	if (w->depth == WALK_RCU_DEPTH)
		return -EAGAIN_REFS;
	w->rest[w->depth++] = rest;
	return 0;
}

static const char *pop(struct walk *w)
{
	const char *rest;

	w->depth--;
	if (w->rcu)
		return w->rest[w->depth];
	rest = w->stack->rest;
	w->stack = w->stack->below;
	return rest;
}

int walk_parent(struct walk *w, const char *s)
{
	const char *link = NULL;
	enum last_type type;
	struct name n;
	int err;

	while (*s == '/')
		s++;
	if (!*s) {
		w->last_type = LAST_ROOT;
		return 0;
	}
	for (;;) {
		err = may_search(w);
		if (unlikely(err))
			return err;
		n = name_scan(s);
		if (unlikely(name_len(&n) > NAME_MAX) && !(w->at.dentry->flags & DENTRY_FOLDED))
			return -ENAMETOOLONG;
		type = type_of(&n);
		s += name_len(&n);
		if (*s) {
			do
				s++;
			while (*s == '/');
			if (!*s && !w->depth)
				w->trailing = true;
		}
		while (!*s) {
			if (!w->depth) {
				w->last = n;
				w->last_type = type;
				return 0;
			}
			s = pop(w);
			if (*s)
				break;
		}
		err = step(w, &n, type, true, &link);
		if (unlikely(err < 0))
			return err;
		if (unlikely(err)) {
			err = push(w, s);
			if (err)
				return err;
			debug_assert(link);
			for (s = link; *s == '/';)
				s++;
			if (!*s)
				s = pop(w);
		}
	}
}

int walk_last(struct walk *w, bool want_follow, const char **link)
{
	if (w->last_type == LAST_ROOT)
		return 0;
	return step(w, &w->last, w->last_type, want_follow || w->trailing, link);
}

int walk_check_scope(struct walk *w)
{
	if (likely(!(w->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT))))
		return 0;
	if (!mount_seq_changed(w->tree_seq) && dcache_rename_seq() == w->names_seq)
		return 0;
	return w->rcu ? -EAGAIN_REFS : -EAGAIN;			/* (5) */
}

int walk_all(struct walk *w, const char *s)
{
	int err;

	do {
		err = walk_parent(w, s);
		if (!err)
			err = walk_last(w, w->flags & LOOKUP_FOLLOW, &s);
	} while (err > 0);
	if (err)
		return err;
	if ((w->trailing || w->flags & LOOKUP_DIRECTORY) && !vnode_is_dir(w->vnode))
		return -ENOTDIR;
	return walk_check_scope(w);
}
