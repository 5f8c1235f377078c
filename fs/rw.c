/* SPDX-License-Identifier: MIT */
/* rw.c - reading, writing, seeking and mapping files whose bytes are in a vmo; and what a
 * directory's descriptor can do.
 *
 * Reads take no lock here: the vmo orders them against truncation. Writes hold v->lock, so they are
 * atomic towards each other and O_APPEND finds the end. The offset belongs to the caller (compat/),
 * which locks it when the description is shared.
 *
 * Locks: V around writes; d around readdir. Ref: read(2), write(2), lseek(2), getrlimit(2)
 * RLIMIT_FSIZE, fcntl(2) seals, mmap(2).
 * Tests: selftests/abi/file.c, seek.c, dir.c
 */
#include <fs/flock.h>
#include <fs/inotify.h>
#include <fs/namei.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/file.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/iter.h>
#include <mm/page.h>
#include <mm/vma.h>
#include <mm/vmo.h>

static bool is_direct(struct file *f, struct vnode *v, const struct iter *it)
{
	return unlikely(file_flags(f) & O_DIRECT) && v->ops->direct && it->kind == ITER_USER;
}

static ssize_t read_direct(struct vnode *v, struct iter *to, loff_t pos)
{
	ssize_t n;

	rw_read_lock(&v->lock);
	n = v->ops->direct(v, to, pos, false);
	rw_read_unlock(&v->lock);
	return n;
}

static ssize_t file_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct vnode *named = to_vnode(f->obj), *v = vnode_real(named);
	struct vmo *m = rcu_deref(v->vmo);
	ssize_t n = 0;

	if (unlikely(!iter_left(to)))
		return 0;
	if (is_direct(f, v, to))
		n = read_direct(v, to, *pos);
	else if (likely(m))
		n = vmo_read(m, to, *pos, &f->ahead);
	if (n > 0) {
		*pos += n;
		notify_place(f->dentry, IN_ACCESS);
	}
	if (!(file_flags(f) & O_NOATIME))
		vnode_touch_atime(named, f->mount->flags);
	return n;
}

/* How many of n bytes may be written at pos. -EINVAL past the last offset, -EFBIG with SIGXFSZ,
 * -EPERM for seals. */
static ssize_t write_limit(struct vnode *v, struct vmo *m, loff_t pos, usize n)
{
	u64 limit = rlimit(RLIMIT_FSIZE), end;

	if (unlikely((loff_t)((u64)pos + n) < 0))
		return -EINVAL;
	if (unlikely(m->seals)) {
		if (m->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		if ((m->seals & F_SEAL_GROW) && (u64)pos + n > m->size)
			return -EPERM;
	}
	if (unlikely((u64)pos >= limit)) {
		signal_send_kernel(current_proc(), SIGXFSZ);
		return -EFBIG;
	}
	end = min(limit, v->sb->max_bytes);
	if ((u64)pos >= end)
		return -EFBIG;
	return (ssize_t)min(n, end - (u64)pos);
}

static ssize_t write_locked(struct file *f, struct vnode *v, struct vmo *m, struct iter *from,
			    loff_t *pos)
{
	ssize_t n;

	if (from->append == ITER_APPEND ||
	    (file_flags(f) & O_APPEND && from->append != ITER_NO_APPEND))
		*pos = (loff_t)m->size;
	n = write_limit(v, m, *pos, iter_left(from));
	if (n < 0)
		return n;
	from->left = (usize)n;
	if (unlikely((u64)*pos > m->size) && v->ops->fill_gap) {
		int err = v->ops->fill_gap(v, (u64)*pos);

		if (err)
			return err;
	}
	vnode_kill_suid(v);
	n = is_direct(f, v, from) ? v->ops->direct(v, from, *pos, true) : vmo_write(m, from, *pos);
	if (n <= 0)
		return n;
	*pos += n;
	vnode_touch_mctime(v);
	return n;
}

static ssize_t file_write(struct file *f, struct iter *from, loff_t *pos)
{
	struct vnode *named = to_vnode(f->obj), *v = vnode_real(named);
	struct vmo *m = vnode_vmo(v);
	ssize_t n;

	if (unlikely(!m))
		return -ENOMEM;
	if (unlikely(!iter_left(from)))
		return 0;
	rw_write_lock(&v->lock);
	n = write_locked(f, v, m, from, pos);
	rw_write_unlock(&v->lock);
	for (struct vnode *above = named; unlikely(above != v);
	     above = above->ops->real(above, false))
		above->mode = v->mode;		/* without the set-id bits */
	if (n > 0)
		notify_place(f->dentry, IN_MODIFY);
	if (n > 0 && unlikely(file_flags(f) & O_DSYNC || v->sb->flags & MS_SYNCHRONOUS) &&
	    v->obj.ops->fsync) {
		int err = v->obj.ops->fsync(f, (file_flags(f) & O_SYNC) != O_SYNC);

		if (err)
			return err;
	}
	return n;
}

ssize_t vfs_page(struct file *f, loff_t pos, struct page **out)
{
	struct vnode *v = f->obj->ops == &vnode_file_ops ? to_vnode(f->obj) : NULL;
	struct vmo *m = v ? rcu_deref(vnode_real(v)->vmo) : NULL;
	u64 size;
	int err;

	if (!v)
		return -EOPNOTSUPP;
	vnode_touch_atime(v, f->mount->flags);
	size = m ? READ_ONCE(m->size) : 0;
	if ((u64)pos >= size)
		return 0;
	err = vmo_page(m, (u64)pos >> PAGE_SHIFT, VMO_READ, out);
	if (err == -ENXIO)		/* truncated meanwhile */
		return 0;
	if (!err && !*out)
		*out = page_alloc(0, PAGE_KERNEL | PAGE_ZEROED);
	if (err || !*out)
		return err ? err : -ENOMEM;
	return (ssize_t)min(PAGE_SIZE - ((u64)pos & ~PAGE_MASK), size - (u64)pos);
}

static loff_t set_pos(struct file *f, loff_t base, loff_t off, u64 max)
{
	loff_t pos;

	if (add_of(base, off, &pos))
		return off > 0 ? -EOVERFLOW : -EINVAL;
	if (pos < 0 || (u64)pos > max)
		return -EINVAL;
	f->pos = pos;
	return pos;
}

static loff_t seek_data(struct file *f, struct vnode *v, loff_t off, bool hole)
{
	struct vmo *m;
	loff_t pos;

	v = vnode_real(v);
	m = rcu_deref(v->vmo);
	if (off < 0 || (u64)off >= vnode_size(v))
		return -ENXIO;
	pos = v->ops->seek_data ? v->ops->seek_data(v, off, hole) : vmo_seek_data(m, off, hole);
	if (pos >= 0)
		f->pos = pos;
	return pos;
}

static loff_t file_seek(struct file *f, loff_t off, int whence)
{
	struct vnode *v = to_vnode(f->obj);

	switch (whence) {
	case SEEK_SET:
		return set_pos(f, 0, off, v->sb->max_bytes);
	case SEEK_CUR:
		return off ? set_pos(f, f->pos, off, v->sb->max_bytes) : f->pos;
	case SEEK_END:
		return set_pos(f, (loff_t)vnode_size(v), off, v->sb->max_bytes);
	case SEEK_DATA:
	case SEEK_HOLE:
		return seek_data(f, v, off, whence == SEEK_HOLE);
	}
	return -EINVAL;
}

static int file_mmap(struct file *f, struct vm_request *req)
{
	struct vnode *v = to_vnode(f->obj);
	struct vmo *m = vnode_vmo(v);

	if (!m)
		return -ENOMEM;
	if (f->mount->flags & MNT_NOEXEC) {
		if (req->flags & VMA_EXEC)
			return -EPERM;
		req->flags &= ~VMA_MAY_EXEC;
	}
	if ((req->flags & VMA_SHARED) && (m->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))) {
		if (req->flags & VMA_WRITE)
			return -EPERM;
		req->flags &= ~VMA_MAY_WRITE;
	}
	vmo_get(m);
	req->vmo = m;
	vnode_touch_atime(v, f->mount->flags);
	return 0;
}

static int file_fsync(struct file *f, bool data_only)
{
	struct vnode *v = to_vnode(f->obj);

	return v->ops->fsync ? v->ops->fsync(v, f, data_only) : 0;
}

static void file_close_slot(struct file *f, const struct handle_table *t)
{
	if (unlikely(to_vnode(f->obj)->locks))
		flock_close(f, t);
}

static void file_released(struct file *f)
{
	struct vnode *v = to_vnode(f->obj);

	if (f->mode & FMODE_PATH)
		return;
	if (v->ops->closed)
		v->ops->closed(v, f);
	if (f->mode & FMODE_WRITE)
		vnode_put_write(v);
	else if (f->mode & FMODE_EXEC)
		vnode_allow_write(v);
}

const struct object_ops vnode_file_ops = {
	.name = "file",
	.type = OBJ_VNODE,
	.read = file_read,
	.write = file_write,
	.seek = file_seek,
	.mmap = file_mmap,
	.fsync = file_fsync,
	.close_slot = file_close_slot,
	.file_release = file_released,
	.release = vnode_release,
	.vnode = vnode_of_object,
};

/* ---- directories ---- */

static ssize_t dir_read(struct file *f, struct iter *to, loff_t *pos)
{
	return -EISDIR;
}

static ssize_t dir_write(struct file *f, struct iter *from, loff_t *pos)
{
	return -EBADF;
}

static loff_t dir_seek(struct file *f, loff_t off, int whence)
{
	if (whence == SEEK_SET)
		return set_pos(f, 0, off, S64_MAX);
	if (whence == SEEK_CUR)
		return off ? set_pos(f, f->pos, off, S64_MAX) : f->pos;
	return -EINVAL;
}

const struct object_ops vnode_dir_ops = {
	.name = "directory",
	.type = OBJ_VNODE,
	.read = dir_read,
	.write = dir_write,
	.seek = dir_seek,
	.no_splice = true,
	.fsync = file_fsync,
	.release = vnode_release,
	.vnode = vnode_of_object,
};

const struct object_ops vnode_other_ops = {
	.name = "vnode",
	.type = OBJ_VNODE,
	.release = vnode_release,
	.vnode = vnode_of_object,
};

static u64 parent_ino(struct dentry *d)
{
	u64 ino;

	rcu_read_lock();
	ino = READ_ONCE(d->parent)->vnode->ino;
	rcu_read_unlock();
	return ino;
}

static bool emit_dots(struct file *f, struct vnode *v, struct dir_emit *e)
{
	if (f->pos == 0) {
		if (!e->entry(e, ".", 1, v->ino, DT_DIR, 1))
			return false;
		f->pos = 1;
	}
	if (f->pos == 1) {
		if (!e->entry(e, "..", 2, parent_ino(f->dentry), DT_DIR, 2))
			return false;
		f->pos = 2;
	}
	return true;
}

int vfs_readdir(struct file *f, struct dir_emit *e)
{
	struct vnode *v;
	int err = 0;

	if (!(f->mode & FMODE_DIR) || f->obj->ops->type != OBJ_VNODE)
		return -ENOTDIR;
	v = to_vnode(f->obj);
	if (!v->ops->readdir)
		return -ENOTDIR;
	rw_read_lock(&v->lock);
	if (v->flags & VN_DEAD)
		err = -ENOENT;
	else if (emit_dots(f, v, e))
		err = v->ops->readdir(v, f, &f->pos, e);
	rw_read_unlock(&v->lock);
	vnode_touch_atime(v, f->mount->flags);
	return err;
}
