/* SPDX-License-Identifier: MIT */
/* name.c - making and removing names, each operation one transaction.
 *
 * Crash order: a file that loses its last name becomes an orphan in the same transaction; its
 * blocks go later, when nobody has it open (ext_evict()). One that cannot get its name after it was
 * made goes the same way.
 *
 * Credits: names 40 (ext_dir_add), a new inode 4, a directory's first block 8, inodes 2 each,
 * orphan 4: at most 80 of a log that has at least 1024 blocks; the tests' journal checks that no
 * operation uses more than it asked for.
 *
 * Locks: the caller holds those of the directory and of the inode. Ref: ext4/directory.rst. Tests:
 * selftests/unit/ext_name_test.c
 */
#include <fs/ext/ext.h>

#include "name_int.h"

#include <kernel/lib/string.h>

#define LINK_MAX 65000u

int ext_op_start(struct ext_fs *fs, u32 credits, struct journal_handle **h)
{
	return ext_is_read_only(fs) ? -EROFS : journal_start(fs->j, fs->dev, credits, h);
}

int ext_op_end(struct journal_handle *h, int err)
{
	int err2 = journal_stop(h);

	return err ? err : err2;
}

int ext_touch_dir(struct journal_handle *h, struct ext_inode *dir)
{
	dir->mtime = dir->ctime = ext_now();
	dir->version++;
	return ext_inode_write(h, dir);
}

/* ---- link counts ---- */

static bool counts_links(const struct ext_inode *dir)
{
	return !((dir->fs->ro_compat & RO_DIR_NLINK) && (dir->flags & EXT_INDEX_FL));
}

bool ext_dir_is_full(const struct ext_inode *dir)
{
	return dir->nlink >= LINK_MAX && counts_links(dir);
}

/* With dir_nlink a directory of very many says 1: nobody counts. */
void ext_inc_subdirs(struct ext_inode *dir)
{
	dir->nlink++;
	if (!counts_links(dir) && (dir->nlink > LINK_MAX || dir->nlink == 2))
		dir->nlink = 1;
}

void ext_dec_subdirs(struct ext_inode *dir)
{
	if (dir->nlink > 2)
		dir->nlink--;
}

int ext_drop_name(struct journal_handle *h, struct ext_inode *i)
{
	int err;

	i->ctime = ext_now();
	if (ext_is_dir(i))
		i->nlink = 0;
	else if (i->nlink)
		i->nlink--;
	err = i->nlink ? 0 : ext_orphan_add(h, i);
	return err ? err : ext_inode_write(h, i);
}

/* ---- making ---- */

#define CREATE_CREDITS (EXT_DIR_ADD_CREDITS + EXT_INEW_CREDITS + 8 + 2 + 2 + 4 + EXT_INLINE_CREDITS)

struct make {
	struct ext_inode *dir;
	const struct ext_name *n; /* NULL: none */
	const struct ext_owner *o;
	const char *target; /* of a symbolic link */
};

static int fill_new(struct journal_handle *h, const struct make *m, struct ext_inode *out)
{
	int err = 0;

	out->rdev = m->o->rdev;
	if (ext_is_dir(out))
		err = ext_dir_make(h, out, m->dir->ino);
	else if (m->target)
		err = ext_link_store(h, out, m->target, (u32)strlen(m->target));
	if (!m->n)
		out->nlink = 0;
	if (!err)
		err = ext_inode_write(h, out);
	if (!err && m->n)
		err = ext_dir_add(h, m->dir, m->n, out->ino, out->mode);
	if (!err && m->n) {
		if (ext_is_dir(out))
			ext_inc_subdirs(m->dir);
		return ext_touch_dir(h, m->dir);
	}
	return err ? err : ext_orphan_add(h, out);
}

static int make_once(const struct make *m, struct ext_inode *out)
{
	struct journal_handle *h;
	bool made = false;
	int err = ext_op_start(m->dir->fs, CREATE_CREDITS, &h), err2 = 0;

	if (err)
		return err;
	err = ext_inode_new(h, m->dir, out, m->o->mode, m->o->uid, m->o->gid);
	if (!err) {
		made = true;
		err = fill_new(h, m, out);
	}
	if (err && made) {
		out->nlink = 0;
		err2 = ext_orphan_add(h, out);
		if (!err2)
			err2 = ext_inode_write(h, out);
	}
	err = ext_op_end(h, err);
	if (err && made && !err2)
		err2 = ext_evict(out);
	return err2 && err2 != -EROFS ? err2 : err;
}

static int make(const struct make *m, struct ext_inode *out)
{
	u32 tries = 0;
	int err;

	if (!m->dir->nlink)
		return -ENOENT;
	if ((m->o->mode & S_IFMT) == S_IFDIR && ext_dir_is_full(m->dir))
		return -EMLINK;
	do {
		err = make_once(m, out);
	} while (err == -ENOSPC && ext_retry_space(m->dir->fs, &tries));
	return err;
}

int ext_create(struct ext_inode *dir, const struct ext_name *n, const struct ext_owner *o,
	       struct ext_inode *out)
{
	return make(&(struct make){ .dir = dir, .n = n, .o = o }, out);
}

int ext_symlink(struct ext_inode *dir, const struct ext_name *n, const struct ext_owner *o,
		const char *target, struct ext_inode *out)
{
	if (strlen(target) + 1 > dir->fs->block_size)
		return -ENAMETOOLONG;
	return make(&(struct make){ .dir = dir, .n = n, .o = o, .target = target }, out);
}

int ext_tmpfile(struct ext_inode *dir, const struct ext_owner *o, struct ext_inode *out)
{
	return make(&(struct make){ .dir = dir, .o = o }, out);
}

/* ---- linking, unlinking ---- */

static int link_once(struct ext_inode *dir, const struct ext_name *n, struct ext_inode *i)
{
	struct journal_handle *h;
	int err = ext_op_start(dir->fs, EXT_DIR_ADD_CREDITS + EXT_INLINE_CREDITS + 8, &h);

	if (err)
		return err;
	err = ext_dir_add(h, dir, n, i->ino, i->mode);
	if (!err) {
		i->ctime = ext_now();
		if (!i->nlink++)
			err = ext_orphan_del(h, i);
		if (!err)
			err = ext_inode_write(h, i);
	}
	if (!err)
		err = ext_touch_dir(h, dir);
	return ext_op_end(h, err);
}

int ext_link(struct ext_inode *dir, const struct ext_name *n, struct ext_inode *i)
{
	u32 tries = 0;
	int err;

	if (i->nlink >= LINK_MAX)
		return -EMLINK;
	if (!dir->nlink)
		return -ENOENT;
	do {
		err = link_once(dir, n, i);
	} while (err == -ENOSPC && ext_retry_space(dir->fs, &tries));
	return err;
}

int ext_unlink(struct ext_inode *dir, const struct ext_name *n, struct ext_inode *i)
{
	struct journal_handle *h;
	int err = 0;

	if (ext_is_dir(i)) {
		err = ext_dir_is_empty(i);
		if (err != 1)
			return err ? err : -ENOTEMPTY;
	}
	err = ext_op_start(dir->fs, EXT_INLINE_CREDITS + 12, &h);
	if (err)
		return err;
	err = ext_dir_remove(h, dir, n);
	if (!err && ext_is_dir(i))
		ext_dec_subdirs(dir);
	if (!err)
		err = ext_drop_name(h, i);
	if (!err)
		err = ext_touch_dir(h, dir);
	return ext_op_end(h, err);
}
