/* SPDX-License-Identifier: MIT */
/* rename.c - a name moves, replaces, or changes places with another, in one transaction: a crash
 * shows the names before or after.
 *
 * Order within it: the new name first, then "..", then the old name: an error half-way (which stops
 * the file system) leaves a name too many, not one too few.
 *
 * Locks: the caller holds those of both directories and of what is replaced. Ref: rename(2). Tests:
 * selftests/unit/ext_name_test.c
 */
#include <fs/ext/ext.h>

#include "name_int.h"

#define CREDITS (EXT_DIR_ADD_CREDITS + 4 * EXT_INLINE_CREDITS + EXT_INEW_CREDITS + 16)

static const struct ext_name dotdot = { "..", 2 };

/* What stays behind for overlayfs: a character device 0:0. */
static int make_whiteout(struct journal_handle *h, const struct ext_rename *r, struct ext_inode *w)
{
	int err = ext_inode_new(h, r->from, w, S_IFCHR, r->uid, r->gid);

	return err ? err : ext_inode_write(h, w);
}

/* It found no place. */
static int drop_whiteout(struct journal_handle *h, struct ext_inode *w)
{
	int err;

	w->nlink = 0;
	err = ext_orphan_add(h, w);
	return err ? err : ext_inode_write(h, w);
}

/* What may need blocks, first. */
static int prepare(struct journal_handle *h, const struct ext_rename *r)
{
	struct ext_inode *dirs[] = { r->from, r->to, r->i, r->victim };
	int err = 0;

	for (u32 n = 0; n < ARRAY_SIZE(dirs) && !err; n++)
		if (dirs[n] && (n < 2 || r->from != r->to))
			err = ext_dir_leave_inline(h, dirs[n]);
	return err;
}

static int check(const struct ext_rename *r)
{
	bool dir = ext_is_dir(r->i), exchange = r->flags & RENAME_EXCHANGE;
	int err = 0;

	if (r->victim && (r->flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (exchange && !r->victim)
		return -ENOENT;
	if (!r->to->nlink)
		return -ENOENT;
	if (r->victim && !exchange && ext_is_dir(r->victim)) {
		err = ext_dir_is_empty(r->victim);
		if (err != 1)
			return err ? err : -ENOTEMPTY;
	}
	if (dir && r->from != r->to && !(r->victim && ext_is_dir(r->victim)) &&
	    ext_dir_is_full(r->to))
		return -EMLINK;
	if (exchange && ext_is_dir(r->victim) && r->from != r->to && !dir &&
	    ext_dir_is_full(r->from))
		return -EMLINK;
	return 0;
}

static void move_count(struct ext_inode *from, struct ext_inode *to)
{
	ext_dec_subdirs(from);
	ext_inc_subdirs(to);
}

static int touch_both(struct journal_handle *h, const struct ext_rename *r)
{
	int err = ext_touch_dir(h, r->from);

	return err || r->from == r->to ? err : ext_touch_dir(h, r->to);
}

static int move_names(struct journal_handle *h, const struct ext_rename *r,
		      const struct ext_inode *whiteout)
{
	int err;

	if (r->victim)
		err = ext_dir_replace(h, r->to, &r->t, r->i->ino, r->i->mode);
	else
		err = ext_dir_add(h, r->to, &r->t, r->i->ino, r->i->mode);
	if (!err && ext_is_dir(r->i) && r->from != r->to)
		err = ext_dir_replace(h, r->i, &dotdot, r->to->ino, S_IFDIR);
	if (err)
		return err;
	if (whiteout)
		return ext_dir_replace(h, r->from, &r->n, whiteout->ino, whiteout->mode);
	return ext_dir_remove(h, r->from, &r->n);
}

static int move(struct journal_handle *h, const struct ext_rename *r,
		const struct ext_inode *whiteout)
{
	int err = move_names(h, r, whiteout);

	if (err)
		return err;
	if (ext_is_dir(r->i) && r->from != r->to)
		move_count(r->from, r->to);
	if (r->victim) {
		if (ext_is_dir(r->victim))
			ext_dec_subdirs(r->to);
		err = ext_drop_name(h, r->victim);
	}
	r->i->ctime = ext_now();
	if (!err)
		err = ext_inode_write(h, r->i);
	return err ? err : touch_both(h, r);
}

static int exchange(struct journal_handle *h, const struct ext_rename *r)
{
	bool across = r->from != r->to;
	int err = ext_dir_replace(h, r->to, &r->t, r->i->ino, r->i->mode);

	if (!err)
		err = ext_dir_replace(h, r->from, &r->n, r->victim->ino, r->victim->mode);
	if (!err && across && ext_is_dir(r->i))
		err = ext_dir_replace(h, r->i, &dotdot, r->to->ino, S_IFDIR);
	if (!err && across && ext_is_dir(r->victim))
		err = ext_dir_replace(h, r->victim, &dotdot, r->from->ino, S_IFDIR);
	if (err)
		return err;
	if (across && ext_is_dir(r->i) && !ext_is_dir(r->victim))
		move_count(r->from, r->to);
	if (across && !ext_is_dir(r->i) && ext_is_dir(r->victim))
		move_count(r->to, r->from);
	r->i->ctime = r->victim->ctime = ext_now();
	err = ext_inode_write(h, r->i);
	if (!err)
		err = ext_inode_write(h, r->victim);
	return err ? err : touch_both(h, r);
}

static int rename_once(const struct ext_rename *r)
{
	struct journal_handle *h;
	struct ext_inode w;
	bool made = false;
	int err = ext_op_start(r->from->fs, CREDITS, &h), err2 = 0;

	if (err)
		return err;
	err = prepare(h, r);
	if (!err && (r->flags & RENAME_WHITEOUT)) {
		err = make_whiteout(h, r, &w);
		made = !err;
	}
	if (!err)
		err = r->flags & RENAME_EXCHANGE ? exchange(h, r) : move(h, r, made ? &w : NULL);
	if (err && made)
		err2 = drop_whiteout(h, &w);
	err = ext_op_end(h, err ? err : err2);
	if (err && made && !err2)
		(void)!ext_evict(&w);		/* what happened is told already */
	return err;
}

int ext_rename(const struct ext_rename *r)
{
	u32 tries = 0;
	int err = check(r);

	while (!err) {
		err = rename_once(r);
		if (err != -ENOSPC || !ext_retry_space(r->from->fs, &tries))
			break;
		err = 0;
	}
	return err;
}
