/* SPDX-License-Identifier: MIT */
/* rename.c - names that move in an overlay. A directory that is (also) below does not: -EXDEV, and
 * mv(1) copies it, as Linux without redirect_dir.
 *
 * What moves is above, or is copied there. If there is something below under its old name, a
 * whiteout stays: by the layer's RENAME_WHITEOUT in one step, or where it has none, right after the
 * move, so that a crash leaves a name too many and not one too few.
 *
 * Locks: D of both directories, V of what is replaced, > those of the layers. Ref: rename(2), Linux
 * Documentation/filesystems/ overlayfs.rst, "renaming directories". Tests: selftests/storage/run
 * (overlay_...)
 */
#include "overlay.h"

#include <fs/dcache.h>

/* u is n of from above, t what stands above as m of to (or NULL), each with a reference;
 * old_covers: something is below n. */
struct moving {
	struct ovl_node *from, *to, *node, *victim;
	struct name n, m;
	struct dentry *u, *t;
	bool old_covers, is_dir;
};

static bool can_move(const struct ovl_node *n)
{
	return !vnode_is_dir(&n->v) || !n->nr_lower;
}

static int check(const struct moving *r, bool exchange)
{
	if (!can_move(r->node) || (exchange && r->victim && !can_move(r->victim)))
		return -EXDEV;
	return r->victim && !exchange && vnode_is_dir(&r->victim->v) ? ovl_check_empty(r->victim)
								     : 0;
}

static int copy_up_all(const struct moving *r, bool exchange)
{
	int err = ovl_copy_up(r->node, true);

	if (!err)
		err = ovl_copy_up(r->to, true);
	if (!err && exchange && r->victim)
		err = ovl_copy_up(r->victim, true);
	return err;
}

static int find_above(struct moving *r)
{
	int err = real_lookup(ovl_upper(r->from), &r->n, &r->u);

	if (!err)
		err = real_lookup(ovl_upper(r->to), &r->m, &r->t);
	if (!err && !r->u)
		err = -ESTALE;
	return err;
}

/* A directory that comes into a merged one does not merge with what is below there. */
static int make_opaque(const struct ovl_node *dir, struct dentry *moves)
{
	return dir->nr_lower && vnode_is_dir(moves->vnode) ? real_set_opaque(dir->fs, moves->vnode)
							   : 0;
}

static int exchange_names(struct moving *r)
{
	int err = r->t ? make_opaque(r->to, r->u) : -ESTALE;

	if (!err)
		err = make_opaque(r->from, r->t);
	return err ? err : real_rename(r->u, ovl_upper(r->to), &r->m, RENAME_EXCHANGE);
}

/* Under the old name stands a whiteout; -errno: it does not. */
static int leave_whiteout(struct moving *r, u32 flags)
{
	auto_dentry struct dentry *w = NULL;
	int err = ovl_make_whiteout(r->from->fs, &w);

	if (err)
		return err;
	err = real_rename(w, ovl_upper(r->from), &r->n, flags);
	if (err)
		ovl_clean(r->from->fs, w, 0);
	return err;
}

/* What stood under the new name is under the old one now: a whiteout, or a directory with whiteouts
 * in it. */
static int settle_exchanged(struct moving *r)
{
	bool whiteout = real_is_whiteout(r->t->vnode);
	int err = 0;

	if (whiteout && r->old_covers)
		return 0;
	if (r->old_covers)
		err = leave_whiteout(r, RENAME_EXCHANGE);
	if (!err)
		ovl_clean(r->from->fs, r->t, 1);
	return err;
}

static int move(struct moving *r)
{
	struct dentry *dir = ovl_upper(r->to);
	int err;

	if (!r->old_covers)
		return real_rename(r->u, dir, &r->m, 0);
	err = real_rename(r->u, dir, &r->m, RENAME_WHITEOUT);
	if (err != -EINVAL)
		return err;
	err = real_rename(r->u, dir, &r->m, 0);
	return err ? err : leave_whiteout(r, 0);
}

static int move_or_exchange(struct moving *r)
{
	bool whiteout = r->t && real_is_whiteout(r->t->vnode);
	int err = make_opaque(r->to, r->u);

	if (err)
		return err;
	if (whiteout ? !r->is_dir && !r->old_covers : !r->t || !vnode_is_dir(r->t->vnode))
		return move(r);
	err = real_rename(r->u, ovl_upper(r->to), &r->m, RENAME_EXCHANGE);
	return err ? err : settle_exchanged(r);
}

static void victim_gone(struct ovl_node *n)
{
	struct dentry *u = ovl_upper(n);

	n->v.nlink = vnode_is_dir(&n->v) || !u ? 0 : u->vnode->nlink;
	n->gone = !n->v.nlink;
}

int ovl_rename(struct vnode *from, struct dentry *d, struct vnode *to, struct dentry *target,
	       u32 flags)
{
	struct moving r = {
		.from = to_ovl(from),
		.to = to_ovl(to),
		.node = to_ovl(d->vnode),
		.victim = target->vnode ? to_ovl(target->vnode) : NULL,
		.n = ovl_name_of(d),
		.m = ovl_name_of(target),
		.is_dir = vnode_is_dir(d->vnode),
	};
	bool exchange = flags & RENAME_EXCHANGE;
	int err = flags & ~(RENAME_EXCHANGE | RENAME_NOREPLACE) ? -EINVAL : check(&r, exchange);

	if (!err)
		err = copy_up_all(&r, exchange);
	if (!err)
		err = ovl_covers(r.from, &r.n, &r.old_covers);
	if (!err)
		err = find_above(&r);
	if (!err)
		err = exchange ? exchange_names(&r) : move_or_exchange(&r);
	if (!err) {
		r.from->version++;
		r.to->version++;
		if (r.victim && !exchange)
			victim_gone(r.victim);
	}
	if (r.u)
		dentry_put(r.u);
	if (r.t)
		dentry_put(r.t);
	return err;
}
