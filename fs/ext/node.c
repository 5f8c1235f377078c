/* SPDX-License-Identifier: MIT */
/* node.c - inodes as vnodes: one of each number, found by it, written back, and let go.
 *
 *	ext_iget() --read--> in use --last reference--> ext_evict_node(): data and attributes
 *	written, or deleted --> gone
 *
 * Invariants:
 *  (1) a number has at most one node in ext_super.nodes, and whoever wants it while that one is on
 *      its way out waits: what it writes last is what the next one reads.
 *  (2) mode, owner and times are the vnode's; size of a regular file is its vmo's, ext_inode.size
 *      is what the disk knows.
 *
 * Locks: cache_lock; an iget lock around reading. Ref: none. Tests: selftests/boot/run (ext_...)
 */
#define LOG_TAG "ext4"
#include "node_int.h"

#include <fs/blkdev.h>
#include <fs/dcache.h>
#include <fs/flushpoint.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

static struct slab_cache *node_cache;

/* ---- attributes ---- */

static struct ext_time to_ext_time(struct timestamp t)
{
	return (struct ext_time){ t.sec, t.nsec };
}
static struct timestamp from_ext_time(struct ext_time t)
{
	return (struct timestamp){ t.sec, t.nsec };
}

void ext_node_push(struct ext_node *n)
{
	struct vnode *v = &n->v;

	n->i.mode = (u16)v->mode;
	n->i.uid = v->uid.v;
	n->i.gid = v->gid.v;
	n->i.atime = to_ext_time(v->atime);
	n->i.mtime = to_ext_time(v->mtime);
	n->i.ctime = to_ext_time(v->ctime);
}

void ext_node_pull(struct ext_node *n)
{
	struct vnode *v = &n->v;

	v->nlink = n->i.nlink;
	v->mtime = from_ext_time(n->i.mtime);
	v->ctime = from_ext_time(n->i.ctime);
	if (!vnode_is_reg(v))
		v->size = n->i.size;
	v->blocks_used = n->i.blocks + (atomic_read(&n->delayed) << (n->i.fs->block_bits - 9));
}

void ext_node_dirty(struct vnode *v)
{
	struct ext_node *n = to_node(v);

	if (atomic_read(&n->attr_dirty))
		return;
	atomic_set(&n->attr_dirty, 1);
	flusher_add(&n->flush);
}

int ext_node_write_attrs(struct ext_node *n)
{
	int err;

	if (!atomic_xchg(&n->attr_dirty, 0))
		return 0;
	ext_node_push(n);
	err = ext_setattr(&n->i);
	if (err && err != -EROFS)
		atomic_set(&n->attr_dirty, 1);
	return err == -EROFS ? 0 : err;
}

/* ---- the flusher ---- */

static struct ext_node *node_of_item(struct flush_item *i)
{
	return container_of(i, struct ext_node, flush);
}

static bool item_hold(struct flush_item *i) { return object_tryget(&node_of_item(i)->v.obj); }
static void item_put(struct flush_item *i) { vnode_put(&node_of_item(i)->v); }

static bool item_dirty(struct flush_item *i)
{
	struct vmo *m = rcu_deref(node_of_item(i)->v.vmo);

	return atomic_read(&node_of_item(i)->attr_dirty) ||
	       (m && (vmo_is_dirty(m) || vmo_is_writing(m)));
}

static int item_write(struct flush_item *i, struct writeback *wb)
{
	struct ext_node *n = node_of_item(i);
	struct vmo *m = rcu_deref(n->v.vmo);
	int err = m && vmo_is_dirty(m) ? ext_write_out(m, wb) : 0, err2 = 0;

	if (wb->budget && atomic_read(&n->attr_dirty)) {
		wb->budget--;
		rw_write_lock(&n->v.lock);
		err2 = ext_node_write_attrs(n);
		rw_write_unlock(&n->v.lock);
	}
	if (m && wb->wait)
		vmo_wait_written(m, 0, U64_MAX);
	return err ? err : err2;
}

static const struct flush_ops item_ops = {
	.hold = item_hold, .put = item_put, .write = item_write, .dirty = item_dirty
};

/* ---- by number ---- */

static const struct object_ops *object_ops_of(u32 mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return &vnode_file_ops;
	case S_IFDIR: return &vnode_dir_ops;
	default: return &vnode_other_ops;
	}
}

static const struct vnode_ops *ops_of(u32 mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return &ext_file_ops;
	case S_IFDIR: return &ext_dir_ops;
	default: return &ext_other_ops;
	}
}

struct ext_node *ext_node_alloc(struct super *sb, struct vnode *dir, u32 mode)
{
	struct ext_node *n = slab_alloc(node_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!n)
		return NULL;
	vnode_init(&n->v, sb, ops_of(mode), object_ops_of(mode), mode, dir);
	flush_item_init(&n->flush, &item_ops);
	return n;
}

void ext_node_drop(struct ext_node *n)
{
	struct super *sb = n->v.sb;

	kfree(n->v.link);
	slab_free(node_cache, n);
	super_put(sb);
}

static void set_flags(struct ext_node *n)
{
	n->v.flags |= n->i.flags & EXT_IMMUTABLE_FL ? VN_IMMUTABLE : 0;
	n->v.flags |= n->i.flags & EXT_APPEND_FL ? VN_APPEND : 0;
}

/* False: one of this number is still there. */
static int enter(struct ext_super *es, struct ext_node *n)
{
	int err = -EEXIST;

	spin_lock(&es->cache_lock);
	if (!xa_load(&es->nodes, n->i.ino))
		err = xa_store(&es->nodes, n->i.ino, n, NULL);
	spin_unlock(&es->cache_lock);
	return err;
}

static void wait_gone(struct ext_super *es, u64 ino, const struct ext_node *n)
{
	int err = waitq_wait(&es->gone, xa_load(&es->nodes, ino) != n, WAIT_UNINTERRUPTIBLE,
			     WAIT_FOREVER);

	(void)err;
}

void ext_node_publish(struct ext_node *n)
{
	struct ext_super *es = to_ext(n->v.sb);
	int err;

	n->v.ino = n->i.ino;
	n->v.rdev = n->i.rdev;
	set_flags(n);
	ext_node_pull(n);
	while ((err = enter(es, n))) {
		struct ext_node *old = xa_load(&es->nodes, n->i.ino);

		if (err == -ENOMEM)
			reclaim_pages(1);
		else if (old)
			wait_gone(es, n->i.ino, old); /* its number was free before it was */
	}
}

/* With a reference; NULL: not there. Waits for one on its way out. */
static struct vnode *find(struct ext_super *es, u32 ino)
{
	for (;;) {
		struct ext_node *n;
		bool alive;

		spin_lock(&es->cache_lock);
		n = xa_load(&es->nodes, ino);
		alive = n && object_tryget(&n->v.obj);
		spin_unlock(&es->cache_lock);
		if (!n || alive)
			return n ? &n->v : NULL;
		wait_gone(es, ino, n);
	}
}

static int load_link(struct ext_node *n)
{
	char *text;
	ssize_t len;

	if (n->i.size >= PATH_MAX)
		return -ENAMETOOLONG;
	text = kzalloc(ALIGN_UP(n->i.size + 9, 8ul));
	if (!text)
		return -ENOMEM;
	n->v.link = text;
	len = ext_readlink(&n->i, text, n->i.size);
	return len < 0 ? (int)len : 0;
}

static void fill(struct ext_node *n)
{
	struct vnode *v = &n->v;
	const struct ext_inode *i = &n->i;

	v->mode = i->mode;
	v->uid = (kuid_t){ i->uid };
	v->gid = (kgid_t){ i->gid };
	v->atime = from_ext_time(i->atime);
	v->btime = from_ext_time(i->btime);
	v->ino = i->ino;
	v->rdev = i->rdev;
	v->size = i->size;
	set_flags(n);
	ext_node_pull(n);
}

static int read_node(struct ext_super *es, u32 ino, struct vnode **out)
{
	struct ext_inode *probe = knew(struct ext_inode);
	struct ext_node *n = NULL;
	int err = probe ? ext_inode_read(es->fs, ino, probe) : -ENOMEM;

	if (!err && !probe->nlink)
		err = -ESTALE;
	if (!err) {
		n = ext_node_alloc(es->sb, NULL, probe->mode);
		err = n ? ext_inode_read(es->fs, ino, &n->i) : -ENOMEM;
	}
	kfree(probe);
	if (!err && vnode_is_link(&n->v))
		err = load_link(n);
	if (!err) {
		fill(n);
		err = enter(es, n);
	}
	if (err && n)
		ext_node_drop(n);
	if (!err)
		*out = &n->v;
	return err;
}

int ext_iget(struct super *sb, u32 ino, struct vnode **out)
{
	struct ext_super *es = to_ext(sb);
	struct mutex *m = &es->iget[ino % IGET_LOCKS];
	int err;

	do {
		*out = find(es, ino);
		if (*out)
			return 0;
		mutex_lock(m);
		*out = NULL;
		err = read_node(es, ino, out);
		mutex_unlock(m);
	} while (err == -EEXIST);
	return err;
}

/* ---- the end ---- */

/* Nobody is left who could try again: as on Linux, memory is waited for. */
static int last_write_out(struct vmo *m)
{
	int err;

	while ((err = vmo_sync(m, 0, U64_MAX)) == -ENOMEM)
		reclaim_pages(1);
	return err;
}

static void evict(struct vnode *v)
{
	struct ext_node *n = to_node(v);
	struct ext_super *es = to_ext(v->sb);
	int err = 0, err2 = 0;

	flusher_remove(&n->flush);
	if (v->vmo) {
		if (n->i.nlink)
			err = last_write_out(v->vmo);
		else
			vmo_wait_written(v->vmo, 0, U64_MAX);
		if (vmo_truncate(v->vmo, 0)) /* whoever still holds it finds nothing */
			err = -EIO;
	}
	if (n->i.nlink)
		err2 = ext_node_write_attrs(n);
	else
		err2 = ext_evict(&n->i);
	if (err || err2)
		pr_err("%s: inode %u: %d when it was let go", es->fs->name, n->i.ino,
		       err ? err : err2);
	if (ext_is_orphan(&n->i))
		ext_orphan_forget(&n->i); /* it could not be deleted: the next mount does it */
	if (atomic_read(&n->delayed))
		ext_unreserve(es->fs, atomic_xchg(&n->delayed, 0));
	spin_lock(&es->cache_lock);
	if (xa_load(&es->nodes, n->i.ino) == n)
		xa_erase(&es->nodes, n->i.ino);
	spin_unlock(&es->cache_lock);
	waitq_wake_all(&es->gone);
}

static void free_node(struct vnode *v)
{
	kfree(v->link);
	slab_free(node_cache, to_node(v));
}

/* ---- the super block's operations ---- */

static void statfs(struct super *sb, struct statfs_k *st)
{
	struct ext_statfs s;

	ext_statfs(to_ext(sb)->fs, &s);
	st->type = sb->type->magic;
	st->bsize = st->frsize = sb->block_size;
	st->blocks = to_ext(sb)->opt.minixdf ? to_ext(sb)->fs->blocks : s.blocks;
	st->bfree = s.free;
	st->bavail = s.available;
	st->files = s.inodes;
	st->ffree = s.free_inodes;
	st->fsid = s.fsid;
	st->namelen = EXT_NAME_MAX;
}

static bool belongs(struct flush_item *i, void *owner)
{
	return i->ops == &item_ops && node_of_item(i)->v.sb == owner;
}

static int sync(struct super *sb, bool wait)
{
	struct ext_super *es = to_ext(sb);
	struct ext_fs *fs = es->fs;
	int err, err2;

	if (ext_is_read_only(fs))
		return 0;
	flusher_write_all(belongs, sb, wait);
	err = ext_super_write(fs);
	if (!wait) {
		if (fs->j)
			journal_commit_start(fs->j, 0);
		return err;
	}
	/* The super block is part of a transaction that was not committed when the data was out:
	 * its commit flushes behind that. */
	err2 = fs->j ? journal_commit(fs->j, 0) : buf_sync(es->dev);
	if (!err2 && !fs->j && flush_wanted(FLUSH_SYNC_NO_LOG))
		err2 = blkdev_flush(es->dev);
	return err ? err : err2;
}

static void shutdown(struct super *sb)
{
	struct ext_super *es = to_ext(sb);

	if (!es)
		return;
	if (es->fs && ext_unmount(es->fs))
		pr_err("%s: not everything could be written", es->dev->name);
	if (es->dev) {
		buf_forget_all(es->dev);
		blkdev_release(es->dev, sb);
		blkdev_put(es->dev);
	}
	xa_destroy(&es->nodes);
	kfree(es);
}

void ext_show_options(struct super *sb, char *buf, usize size);

const struct super_ops ext_super_ops = {
	.evict = evict,
	.free = free_node,
	.statfs = statfs,
	.sync = sync,
	.shutdown = shutdown,
	.show_options = ext_show_options,
	.make_vmo = ext_make_vmo,
};

void ext_node_init(void)
{
	if (!node_cache)
		node_cache = slab_cache_create("ext4_inode", sizeof(struct ext_node), 64);
}
