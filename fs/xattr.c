/* SPDX-License-Identifier: MIT */
/* xattr.c - who may read and write which extended attribute; the file system keeps them.
 * The vnode_ ones ask nobody: for whoever has answered for permission, as an overlay has.
 * Locks: V around the operations. Ref: xattr(7). Tests: selftests/abi/fsmix.c */
#include <fs/attr.h>

#include <fs/dcache.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/cred.h>
#include <kernel/handle.h>
#include <kernel/lib/string.h>

/* "user." with nothing behind it is no name. */
static bool bare_prefix(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && !dot[1];
}

/* 0 when current may; write: set or remove. */
static int check(struct vnode *v, const char *name, bool write)
{
	const struct cred *c = current_cred();
	u32 type = v->mode & S_IFMT;

	if (write && (v->flags & (VN_IMMUTABLE | VN_APPEND)))
		return -EPERM;
	if (bare_prefix(name))
		return -EINVAL;
	if (str_has_prefix(name, "security."))
		return write && !cred_has(c, CAP_SYS_ADMIN) &&
				       !(cred_has(c, CAP_SETFCAP) &&
					 !strcmp(name, "security.capability"))
			       ? -EPERM
			       : 0;
	if (str_has_prefix(name, "trusted."))
		return cred_has(c, CAP_SYS_ADMIN) ? 0 : write ? -EPERM : -ENODATA;
	if (!str_has_prefix(name, "user."))
		return -EOPNOTSUPP;
	if (type != S_IFREG && type != S_IFDIR)
		return write ? -EPERM : -ENODATA;
	if (write && type == S_IFDIR && (v->mode & S_ISVTX) && !vnode_is_owner(v, c))
		return -EPERM;
	return vnode_permission(v, c, write ? MAY_WRITE : MAY_READ);
}

ssize_t vnode_getxattr(struct vnode *v, const char *name, void *buf, usize size)
{
	ssize_t n;

	if (!v->ops->getxattr)
		return -EOPNOTSUPP;
	rw_read_lock(&v->lock);
	n = v->ops->getxattr(v, name, buf, size);
	rw_read_unlock(&v->lock);
	return n;
}

int vnode_setxattr(struct vnode *v, const char *name, const void *value, usize size, u32 flags)
{
	int err;

	if (!v->ops->setxattr)
		return -EOPNOTSUPP;
	rw_write_lock(&v->lock);
	err = v->ops->setxattr(v, name, value, size, flags);
	if (!err)
		vnode_touch_ctime(v);
	rw_write_unlock(&v->lock);
	return err;
}

ssize_t xattr_get(struct vnode *v, const char *name, void *buf, usize size)
{
	int err = check(v, name, false);

	return err ? err : vnode_getxattr(v, name, buf, size);
}

static int change(const struct path *p, const char *name, const void *value, usize size, u32 flags)
{
	struct vnode *v = p->dentry->vnode;
	int err = mount_may_write(p->mount);

	if (!err && unlikely(!(p->rights & RIGHT_SETATTR)))
		err = rights_deny(RIGHT_SETATTR);
	if (!err)
		err = check(v, name, true);
	return err ? err : vnode_setxattr(v, name, value, size, flags);
}

int xattr_set(const struct path *p, const char *name, const void *value, usize size, u32 flags)
{
	return change(p, name, value ? value : "", size, flags);
}

int xattr_remove(const struct path *p, const char *name)
{
	return change(p, name, NULL, 0, XATTR_REPLACE);
}

ssize_t xattr_list(struct vnode *v, char *buf, usize size)
{
	ssize_t n;

	if (!v->ops->listxattr)
		return 0;
	rw_read_lock(&v->lock);
	n = v->ops->listxattr(v, buf, size);
	rw_read_unlock(&v->lock);
	return n;
}
