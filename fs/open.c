/* SPDX-License-Identifier: MIT */
/* open.c - from a path to an open file description: walk, create if asked, check, make the
 * description.
 *
 * The check of access follows Linux's order, because programs see which errno comes first:
 * existence and type of the last name, then permission, then what the object's own open says. A
 * file that this very call created is not checked again: its mode may well forbid what the creator
 * opens it for.
 *
 * Locks: D of the directory around look-up and creation of the last name. Ref: open(2), openat2(2),
 * inode(7). Tests: selftests/abi/file.c
 */
#include "walk.h"

#include <fs/chrdev.h>
#include <fs/inotify.h>
#include <fs/pipe.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/lib/fmt.h>
#include <kernel/task.h>
#include <mm/vmo.h>

static u32 access_of(const struct open_request *req)
{
	static const u8 want[4] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
				    MAY_READ | MAY_WRITE };
	u32 acc = want[req->flags & O_ACCMODE];

	if (req->flags & O_TRUNC)
		acc |= MAY_WRITE;
	return req->exec ? MAY_EXEC : acc;
}

/* ---- creating the last name ---- */

/* The directory is locked, d is negative or NULL. */
static int create_locked(struct walk *w, struct dentry *d, u32 mode, struct dentry **out)
{
	struct vnode *dir = w->vnode, *v = NULL;
	auto_dentry struct dentry *fresh = NULL;
	int err = mount_may_write(w->at.mount);

	if (!err)
		err = path_need(&w->at, RIGHT_CREATE);
	if (!err)
		err = vnode_permission(dir, w->cred, MAY_WRITE | MAY_EXEC);
	if (!err && (dir->flags & VN_DEAD))
		err = -ENOENT;
	if (!err && !dir->ops->create)
		err = -EACCES;
	if (err)
		return err;
	if (!d) {
		fresh = dentry_alloc(w->at.dentry, &w->last);
		if (!fresh)
			return -ENOMEM;
	}
	mode &= ~READ_ONCE(current_fs()->umask) & 07777;
	err = dir->ops->create(dir, d ? d : fresh, S_IFREG | mode, 0, &v);
	if (err)
		return err;
	if (d)
		dentry_instantiate(d, v);
	else
		dentry_add(fresh, v);
	notify_dir(dir, IN_CREATE, d ? d : fresh);
	*out = d ? d : fresh;
	dentry_get(*out);
	return 0;
}

/* Looks the last name up with the directory locked and makes it if it is not there. d: a
 * reference. */
static int find_or_create(struct walk *w, const struct open_request *req, struct dentry **d,
			  bool *created)
{
	struct vnode *dir = w->vnode;
	struct dentry *found;
	int err;

	rw_write_lock(&dir->lock);
	err = walk_child_locked(w->at.dentry, &w->last, &found);
	if (!err && (!found || !found->vnode)) {
		err = create_locked(w, found, req->mode, d);
		*created = !err;
		if (found)
			dentry_put(found);
	} else if (!err) {
		*d = found;
	}
	rw_write_unlock(&dir->lock);
	return err;
}

/* The last name of an O_CREAT open. As walk_last(). */
static int create_last(struct walk *w, const struct open_request *req, bool *created,
		       const char **link)
{
	bool follow = !(req->flags & (O_NOFOLLOW | O_EXCL)), was_rcu = w->rcu;
	struct dentry *d;
	struct vnode *v;
	int err;

	if (w->last_type != LAST_NAME || w->trailing)
		return -EISDIR;
	if (was_rcu) {
		err = walk_find(w, &w->last, &d, &v);
		if (!err)
			return req->flags & O_EXCL ? -EEXIST : walk_enter(w, d, v, follow, link);
		err = walk_settle(w);
		if (err)
			return err;
	}
	err = find_or_create(w, req, &d, created);
	if (err)
		return err;
	if (!*created && (req->flags & O_EXCL))
		err = -EEXIST;
	else if (was_rcu && follow && vnode_is_link(d->vnode))
		err = -EAGAIN_REFS;	/* settling forgot the root, which the link may need */
	if (err) {
		dentry_put(d);
		return err;
	}
	return walk_enter(w, d, d->vnode, follow, link);
}

/* ---- checks ---- */

static int check_type(const struct vnode *v, const struct mount *m, u32 acc)
{
	switch (v->mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		if (acc & MAY_WRITE)
			return -EISDIR;
		break;
	case S_IFCHR:
	case S_IFBLK:
		if (m->flags & MNT_NODEV)
			return -EACCES;
		break;
	case S_IFREG:
		if ((acc & MAY_EXEC) && (m->flags & MNT_NOEXEC))
			return -EACCES;
		return 0;
	}
	return acc & MAY_EXEC ? -EACCES : 0;
}

/* Who may only append may open for that alone. */
static u32 rights_asked(const struct path *p, const struct open_request *req, u32 acc)
{
	bool appends = (req->flags & O_APPEND) && !(req->flags & O_TRUNC) &&
		       (p->rights & RIGHT_APPEND);

	return (acc & MAY_READ ? RIGHT_READ : 0) |
	       (acc & MAY_WRITE ? (appends ? RIGHT_APPEND : RIGHT_WRITE) : 0) |
	       (acc & MAY_EXEC ? RIGHT_EXEC : 0);
}

static int check_open(const struct path *p, const struct open_request *req)
{
	struct vnode *v = p->dentry->vnode;
	const struct cred *c = current_cred();
	u32 acc = access_of(req), type = v->mode & S_IFMT;
	int err = check_type(v, p->mount, acc);

	if (!err && (acc & MAY_WRITE) && (type == S_IFREG || type == S_IFDIR))
		err = mount_may_write(p->mount);
	if (!err)
		err = path_need(p, rights_asked(p, req, acc));
	if (!err)
		err = vnode_permission(v, c, acc);
	if (err)
		return err;
	if (unlikely(v->flags & VN_APPEND) &&
	    ((acc & MAY_WRITE && !(req->flags & O_APPEND)) || req->flags & O_TRUNC))
		return -EPERM;
	if ((req->flags & O_NOATIME) && !vnode_is_owner(v, c))
		return -EPERM;
	return 0;
}

/* ---- the description ---- */

/* A description of the vnode's own object, without its name yet. */
static int make_file(const struct path *p, u32 flags, bool exec, struct file **out)
{
	struct vnode *v = p->dentry->vnode;
	int err = 0;

	if (flags & O_PATH)
		goto create;
	switch (v->mode & S_IFMT) {
	case S_IFIFO:
		return fifo_open(v, flags, out);
	case S_IFCHR:
		return chrdev_open(p, v->rdev, flags, out);
	case S_IFBLK:
		return blkdev_open_node(v->rdev, flags, out);
	case S_IFSOCK:
		return -ENXIO;
	case S_IFREG:
		if ((flags & O_ACCMODE) != O_RDONLY)
			err = vnode_get_write(v);
		else if (exec)
			err = vnode_deny_write(v);
		break;
	}
	if (err)
		return err;
create:
	vnode_get(v);
	err = file_create(&v->obj, flags, out);
	if (err && vnode_is_reg(v) && !(flags & O_PATH)) {
		if ((flags & O_ACCMODE) != O_RDONLY)
			vnode_put_write(v);
		else if (exec)
			vnode_allow_write(v);
	}
	return err;
}

/* Errors of writing that were told to nobody yet are told to this one. */
static void sample_errors(struct vnode *v, struct file *f)
{
	const struct vmo *m = vnode_is_reg(v) ? rcu_deref(vnode_real(v)->vmo) : NULL;

	if (m)
		f->err_seen = write_errors_sample(&m->errors);
	f->fs_err_seen = write_errors_sample(&f->mount->sb->errors);
}

static int open_settled(const struct path *p, u32 flags, bool exec, struct file **out)
{
	struct vnode *v = p->dentry->vnode;
	struct file *f;
	int err = make_file(p, flags, exec, &f);

	if (err)
		return err;
	if (vnode_is_dir(v))
		f->mode |= FMODE_DIR;
	if (exec)
		f->mode |= FMODE_EXEC;
	f->carry = p->rights;
	f->dentry = p->dentry;
	f->mount = p->mount;
	path_get(p);
	sample_errors(v, f);
	if (v->ops->open && !(flags & O_PATH))
		err = v->ops->open(v, f);
	if (err) {
		file_put_now(f);
		return err;
	}
	if (!(flags & O_PATH))
		notify_place(f->dentry, IN_OPEN);
	*out = f;
	return 0;
}

static int truncate_opened(struct vnode *v)
{
	struct setattr a = { .valid = ATTR_SIZE | ATTR_OPEN };

	int err;

	if (!vnode_is_reg(v) || (!v->vmo && !v->size && !v->ops->setattr))
		return 0;
	/* also for O_RDONLY | O_TRUNC: a running program is not cut off */
	err = vnode_get_write(v);
	if (err)
		return err;
	err = vnode_setattr(v, &a);
	vnode_put_write(v);
	return err;
}

/* The walk is over and settled. */
static int finish(struct walk *w, const struct open_request *req, bool created, struct file **out)
{
	struct vnode *v = w->vnode;
	u32 flags = req->flags;
	int err = 0;

	if (flags & O_PATH)
		return open_settled(&w->at, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW), false,
				    out);
	if ((flags & O_CREAT) && vnode_is_dir(v))
		return -EISDIR;
	if (!created)
		err = check_open(&w->at, req);
	if (!err && !created && (flags & O_TRUNC) && v->ops->real) {
		err = truncate_opened(v);	/* first: what goes need not be copied up */
		flags &= ~O_TRUNC;
	}
	if (!err)
		err = open_settled(&w->at, flags, req->exec, out);
	if (err || created || !(flags & O_TRUNC))
		return err;
	err = truncate_opened(v);
	if (err) {
		file_put_now(*out);
		*out = NULL;
	}
	return err;
}

static int open_once(struct walk *w, int dirfd, const char *name, bool rcu,
		     const struct open_request *req, struct file **out)
{
	bool follow = !(req->flags & O_NOFOLLOW), created = false;
	const char *s = name;
	int err = walk_begin(w, dirfd, name, rcu);

	if (!err && !(req->flags & O_CREAT)) {
		if (follow)
			w->flags |= LOOKUP_FOLLOW;
		if (req->flags & O_DIRECTORY)
			w->flags |= LOOKUP_DIRECTORY;
		err = walk_all(w, name);
	} else if (!err) {
		do {
			err = walk_parent(w, s);
			if (!err)
				err = create_last(w, req, &created, &s);
		} while (err > 0);
		if (!err)
			err = walk_check_scope(w);
	}
	if (!err)
		err = walk_settle(w);
	if (!err)
		err = finish(w, req, created, out);
	walk_end(w);
	return err;
}

/* ---- O_TMPFILE ---- */

static int open_tmpfile(int dirfd, const char *name, const struct open_request *req,
			struct file **out)
{
	struct path p = {}, at = {};
	struct vnode *dir, *v = NULL;
	struct name n;
	char text[32] = "#";
	int err = path_lookup(dirfd, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &p);

	if (err)
		return err;
	dir = p.dentry->vnode;
	err = mount_may_write(p.mount);
	if (!err)
		err = path_need(&p, RIGHT_CREATE);
	if (!err)
		err = vnode_permission(dir, current_cred(), MAY_WRITE | MAY_EXEC);
	if (!err)
		err = dir->ops->tmpfile
			      ? dir->ops->tmpfile(
					dir, S_IFREG | (req->mode & ~current_fs()->umask & 07777),
					&v)
			      : -EOPNOTSUPP;
	if (err)
		goto out;
	fmt_print(text, sizeof(text) - 8, "#%lu", v->ino);
	n = name_scan(text);
	at = (struct path){ p.mount, dentry_alloc(p.dentry, &n), p.rights };
	if (!at.dentry) {
		vnode_put(v);
		err = -ENOMEM;
		goto out;
	}
	at.dentry->vnode = v;
	if (req->flags & O_EXCL)
		v->flags |= VN_NO_LINK;
	err = open_settled(&at, req->flags & ~(O_TMPFILE & ~O_DIRECTORY), false, out);
	dentry_put(at.dentry);
out:
	path_put(&p);
	return err;
}

/* ---- the ways in ---- */

static int open_empty(int dirfd, const struct open_request *req, struct file **out)
{
	struct walk w;
	int err;

	if (!(req->lookup & LOOKUP_EMPTY))
		return -ENOENT;
	walk_init(&w, 0, 0);
	err = path_of_fd(dirfd, &w.at);
	if (err)
		return err;
	w.vnode = w.at.dentry->vnode;
	err = finish(&w, req, false, out);
	walk_end(&w);
	return err;
}

int vfs_open(int dirfd, const char *name, const struct open_request *req, struct file **out)
{
	struct walk w;
	int err;

	if (unlikely(!*name))
		return open_empty(dirfd, req, out);
	if (unlikely((req->flags & O_TMPFILE) == O_TMPFILE))
		return open_tmpfile(dirfd, name, req, out);
	walk_init(&w, 0, req->resolve);
	WALK_RETRY(rcu, err, open_once(&w, dirfd, name, rcu, req, out));
	return err;
}

int vfs_open_path(const struct path *p, u32 flags, struct file **out)
{
	struct open_request req = { .flags = flags };
	int err = flags & O_PATH ? 0 : check_open(p, &req);

	return err ? err : open_settled(p, flags, false, out);
}

int vfs_open_made(const struct path *p, u32 flags, struct file **out)
{
	return open_settled(p, flags, false, out);
}

int vfs_open_exec(int dirfd, const char *name, u32 at_flags, struct file **out)
{
	struct open_request req = { .flags = O_RDONLY, .exec = true };

	if (at_flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	if (at_flags & AT_SYMLINK_NOFOLLOW)
		req.flags |= O_NOFOLLOW;
	if (at_flags & AT_EMPTY_PATH)
		req.lookup = LOOKUP_EMPTY;
	return vfs_open(dirfd, name, &req, out);
}
