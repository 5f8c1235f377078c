/* SPDX-License-Identifier: MIT */
/* tmpfs.c - the memory file system: nodes, limits, mounting; memfd.
 *
 * Invariants:
 *  (1) tmpfs_super.pages counts the pages in the vmos of its files, inodes its nodes; neither
 *      exceeds its limit.
 *  (2) a vmo may outlive its file and its mount (a futex key, a pinned page): it refers to
 *      tmpfs_super, which is counted, not to the vnode.
 *
 * Locks: none of its own; counters are atomic. Ref: tmpfs(5), memfd_create(2), fcntl(2) "File
 * Sealing", fallocate(2).
 * Tests: selftests/abi/fsmix.c, memfd.c
 */
#include <fs/tmpfs.h>

#include <fs/namei.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/rights.h>
#include <mm/commit.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#include "tmpfs_int.h"

#define TMPFS_MAGIC 0x01021994u

static struct slab_cache *node_cache __ro_after_init;
static struct mount *memfd_mount __ro_after_init;

/* ---- limits ---- */

static void tmpfs_super_put(struct tmpfs_super *ts)
{
	if (!ref_put(&ts->refs))
		return;
	kfree(ts->pts);
	kfree(ts);
}

static bool charge(atomic64_t *used, u64 n, u64 max)
{
	u64 now = atomic_add_return(used, n);

	if (likely(!max || now <= max))
		return true;
	atomic_sub(used, n);
	return false;
}

static int pager_charge(struct vmo *m, u64 nr_pages)
{
	struct tmpfs_super *ts = m->owner;

	if (!commit_room(NULL, nr_pages << PAGE_SHIFT))
		return -ENOSPC;
	return charge(&ts->pages, nr_pages, READ_ONCE(ts->max_pages)) ? 0 : -ENOSPC;
}

static void pager_uncharge(struct vmo *m, u64 nr_pages)
{
	struct tmpfs_super *ts = m->owner;

	atomic_sub(&ts->pages, nr_pages);
}

static void pager_release(struct vmo *m)
{
	tmpfs_super_put(m->owner);
}

static const struct pager_ops tmpfs_pager = { .charge = pager_charge,
					      .uncharge = pager_uncharge,
					      .release = pager_release };

static struct vmo *make_vmo(struct vnode *v)
{
	struct tmpfs_super *ts = to_tmpfs(v->sb);
	struct vmo *m = vmo_create(&tmpfs_pager, ts, v->size, VMO_SHMEM);

	if (m)
		ref_get(&ts->refs);
	return m;
}

/* ---- nodes ---- */

static const struct vnode_ops tmpfs_file_ops = {
	.getxattr = tmpfs_getxattr,
	.setxattr = tmpfs_setxattr,
	.listxattr = tmpfs_listxattr,
	.fallocate = tmpfs_fallocate,
};

static const struct object_ops *object_ops_of(u32 mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:	return &vnode_file_ops;
	case S_IFDIR:	return &vnode_dir_ops;
	default:	return &vnode_other_ops;
	}
}

int tmpfs_new_node(struct super *sb, struct vnode *dir, u32 mode, u32 rdev, struct tmpfs_node **out)
{
	struct tmpfs_super *ts = to_tmpfs(sb);
	bool is_dir = (mode & S_IFMT) == S_IFDIR;
	struct tmpfs_node *n;

	if (!charge(&ts->inodes, 1, READ_ONCE(ts->max_inodes)))
		return -ENOSPC;
	n = slab_alloc(node_cache, PAGE_KERNEL | PAGE_ZEROED);
	if (!n) {
		atomic_sub(&ts->inodes, 1);
		return -ENOMEM;
	}
	vnode_init(&n->v, sb, is_dir ? &tmpfs_dir_ops : &tmpfs_file_ops, object_ops_of(mode), mode,
		   dir);
	n->v.ino = super_new_ino(sb);
	n->v.rdev = rdev;
	n->v.size = is_dir ? 2 * TMPFS_ENTRY_BYTES : 0;
	list_init(&n->xattrs);
	*out = n;
	return 0;
}

static void node_evict(struct vnode *v)
{
	struct tmpfs_node *n = to_node(v);

	if (!list_empty(&n->xattrs))
		tmpfs_free_xattrs(n);
	atomic_sub(&to_tmpfs(v->sb)->inodes, 1);
}

static void node_free(struct vnode *v)
{
	kfree(v->link);
	slab_free(node_cache, to_node(v));
}

static void node_statfs(struct super *sb, struct statfs_k *st)
{
	struct tmpfs_super *ts = to_tmpfs(sb);

	st->bsize = st->frsize = PAGE_SIZE;
	st->namelen = NAME_MAX;
	st->blocks = ts->max_pages;
	if (ts->max_pages)
		st->bfree = st->bavail = ts->max_pages -
					 min(atomic_read(&ts->pages), ts->max_pages);
	st->files = ts->max_inodes;
	if (ts->max_inodes)
		st->ffree = ts->max_inodes - min(atomic_read(&ts->inodes), ts->max_inodes);
}

static void show_options(struct super *sb, char *buf, usize size)
{
	struct tmpfs_super *ts = to_tmpfs(sb);
	usize n = 0;

	buf[0] = 0;
	if (ts->pts) {
		devpts_show_options(ts->pts, buf, size);
		return;
	}
	if (ts->max_pages)
		n = fmt_append(buf, size, n, ",size=%luk", ts->max_pages * (PAGE_SIZE / 1024));
	if (ts->max_inodes)
		n = fmt_append(buf, size, n, ",nr_inodes=%lu", ts->max_inodes);
	if (ts->mode != 01777)
		fmt_append(buf, size, n, ",mode=%03o", ts->mode);
}

static void shutdown(struct super *sb)
{
	tmpfs_super_put(to_tmpfs(sb));
}

static const struct super_ops tmpfs_super_ops = {
	.evict = node_evict,
	.free = node_free,
	.statfs = node_statfs,
	.shutdown = shutdown,
	.show_options = show_options,
	.make_vmo = make_vmo,
};

/* ---- mounting ---- */

/* 12, 12k, 12M, 12g, 12%: bytes, or a part of memory. */
static int parse_size(const char *s, u64 *bytes)
{
	struct mem_stats mem;
	const char *end;

	if (memparse(s, bytes, &end))
		return -EINVAL;
	if (*end == '%') {
		mem_stats_get(&mem);
		*bytes = mem.total * PAGE_SIZE / 100 * *bytes;
		end++;
	}
	return *end ? -EINVAL : 0;
}

static int set_option(struct tmpfs_super *ts, const char *key, const char *value)
{
	static const char *const accepted[] = {
		"huge", "mpol", "noswap", "inode32", "inode64", ""
	};
	u64 n = 0;
	usize i;

	for (i = 0; i < ARRAY_SIZE(accepted); i++)
		if (!strcmp(key, accepted[i]))
			return 0;
	if (!value)
		return -EINVAL;
	if (!strcmp(key, "mode") || !strcmp(key, "uid") || !strcmp(key, "gid")) {
		if (parse_u64(value, key[0] == 'm' ? 8 : 10, &n, NULL))
			return -EINVAL;
	} else if (parse_size(value, &n)) {
		return -EINVAL;
	}
	if (!strcmp(key, "mode"))
		ts->mode = n & 07777;
	else if (!strcmp(key, "uid"))
		ts->uid = KUID((u32)n);
	else if (!strcmp(key, "gid"))
		ts->gid = KGID((u32)n);
	else if (!strcmp(key, "size"))
		ts->max_pages = DIV_ROUND_UP(n, PAGE_SIZE);
	else if (!strcmp(key, "nr_blocks"))
		ts->max_pages = n;
	else if (!strcmp(key, "nr_inodes"))
		ts->max_inodes = n;
	else
		return -EINVAL;
	return 0;
}

static int parse_options(struct tmpfs_super *ts, const char *options)
{
	auto_kfree char *copy = kstrdup(options ? options : "");
	char *key = copy, *comma, *value;
	int err;

	if (!copy)
		return -ENOMEM;
	while (key) {
		comma = strchr(key, ',');
		if (comma)
			*comma++ = 0;
		value = strchr(key, '=');
		if (value)
			*value++ = 0;
		err = set_option(ts, key, value);
		if (err)
			return err;
		key = comma;
	}
	return 0;
}

int tmpfs_mount(struct super *sb, const char *source, const char *options)
{
	struct tmpfs_super *ts = knew(struct tmpfs_super);
	struct tmpfs_node *root;
	struct mem_stats mem;
	int err;

	if (!ts)
		return -ENOMEM;
	mem_stats_get(&mem);
	ref_init(&ts->refs, 1);
	ts->max_pages = ts->max_inodes = mem.total / 2;
	ts->mode = 01777;
	sb->private = ts;
	sb->ops = &tmpfs_super_ops;
	sb->flags |= SB_DCACHE_IS_DIR;
	err = parse_options(ts, options);
	if (!err)
		err = tmpfs_new_node(sb, NULL, S_IFDIR | ts->mode, 0, &root);
	if (err)
		return err;		/* super_put() comes to shutdown() */
	root->v.uid = ts->uid;
	root->v.gid = ts->gid;
	sb->root = dentry_alloc_root(sb, &root->v);
	return sb->root ? 0 : -ENOMEM;
}

static int tmpfs_remount(struct super *sb, u32 flags, const char *options)
{
	struct tmpfs_super *ts = to_tmpfs(sb), new = *ts;
	int err = parse_options(&new, options);

	if (err)
		return err;
	if ((new.max_pages &&new.max_pages < atomic_read(&ts->pages)) ||
	    (new.max_inodes &&new.max_inodes < atomic_read(&ts->inodes)))
		return -EINVAL;
	ts->max_pages = new.max_pages;
	ts->max_inodes = new.max_inodes;
	return 0;
}

FSTYPE(tmpfs, .magic = TMPFS_MAGIC, .mount = tmpfs_mount, .remount = tmpfs_remount);
FSTYPE(ramfs, .magic = TMPFS_MAGIC, .mount = tmpfs_mount, .remount = tmpfs_remount);

void tmpfs_init(void)
{
	node_cache = slab_cache_create("tmpfs_node", sizeof(struct tmpfs_node), 64);
	memfd_mount = vfs_mount_internal("tmpfs");
	assert(memfd_mount);
	to_tmpfs(memfd_mount->sb)->max_pages = to_tmpfs(memfd_mount->sb)->max_inodes = 0;
}

/* ---- memfd ---- */

#define MEMFD_PREFIX "memfd:"

int tmpfs_make_nameless(u32 mode, const char *name, struct dentry **d, struct mount **m)
{
	struct name nm = { name, strlen(name) };	/* never looked up: needs no hash */
	struct tmpfs_node *n;
	int err = tmpfs_new_node(memfd_mount->sb, memfd_mount->root->vnode, mode, 0, &n);

	if (err)
		return err;
	n->v.nlink = 0;
	*m = memfd_mount;
	*d = dentry_alloc(memfd_mount->root, &nm);
	if (!*d) {
		vnode_put(&n->v);
		return -ENOMEM;
	}
	(*d)->vnode = &n->v;
	return 0;
}

int memfd_create(const char *name, bool allow_sealing, bool exec, struct file **out)
{
	char text[NAME_MAX + 16] = MEMFD_PREFIX;
	auto_dentry struct dentry *d = NULL;
	struct path p = { .rights = RIGHTS_ALL };
	struct vmo *m;
	int err;

	str_copy(text + sizeof(MEMFD_PREFIX) - 1, name, sizeof(text) - sizeof(MEMFD_PREFIX) - 8);
	err = tmpfs_make_nameless(S_IFREG | (exec ? 0777 : 0666), text, &d, &p.mount);
	if (err)
		return err;
	m = vnode_vmo(d->vnode);
	if (!m)
		return -ENOMEM;
	d->vnode->flags |= VN_UNCOUNTED;
	m->seals = (allow_sealing ? 0 : F_SEAL_SEAL) | (exec ? 0 : F_SEAL_EXEC);
	p.dentry = d;
	return vfs_open_made(&p, O_RDWR | O_LARGEFILE, out);
}

static struct vmo *sealable(struct file *f)
{
	struct vnode *v;

	if (f->obj->ops != &vnode_file_ops)
		return NULL;
	v = to_vnode(f->obj);
	return v->sb->ops == &tmpfs_super_ops ? vnode_vmo(v) : NULL;
}

/* A program whose x bits are sealed stays as it is. */
#define SEALS_OF_A_PROGRAM (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

int file_add_seals(struct file *f, u32 seals)
{
	struct vmo *m = sealable(f);
	struct vnode *v = to_vnode(f->obj);
	int err = 0;

	if (!(f->mode & FMODE_WRITE))
		return -EPERM;
	if (seals & ~(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
		      F_SEAL_FUTURE_WRITE | F_SEAL_EXEC) ||
	    !m)
		return -EINVAL;
	rw_write_lock(&v->lock);
	if ((m->seals & F_SEAL_SEAL) || v->sb != memfd_mount->sb)
		err = -EPERM;
	else if (((seals & F_SEAL_WRITE) || ((seals & F_SEAL_EXEC) && (v->mode & 0111))) &&
		 !(m->seals & F_SEAL_WRITE) && m->nr_writable)
		err = -EBUSY;
	else
		m->seals |= seals |
			    ((seals & F_SEAL_EXEC) && (v->mode & 0111) ? SEALS_OF_A_PROGRAM : 0);
	rw_write_unlock(&v->lock);
	return err;
}

int file_get_seals(struct file *f)
{
	struct vmo *m = sealable(f);

	if (!m)
		return -EINVAL;
	return (int)(to_vnode(f->obj)->sb == memfd_mount->sb ? m->seals : F_SEAL_SEAL);
}
