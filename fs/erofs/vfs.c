/* SPDX-License-Identifier: MIT */
/* vfs.c - EROFS to the file layer: mounting, inodes as vnodes, names, the page cache. Nothing is
 * ever written.
 *
 * Blocks of a file that stand on the disk as they are go straight into its pages; what is
 * compressed, or behind an inode, goes through bufs.
 * Locks: M while a vnode is made: one of each number. Ref: Linux
 * Documentation/filesystems/erofs.rst. Tests: selftests/storage/run (erofs_...)
 */
#define LOG_TAG "erofs"
#include <fs/blkdev.h>
#include <fs/dcache.h>
#include <fs/erofs/erofs.h>
#include <fs/option.h>
#include <fs/pageio.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/vmo.h>

struct erofs_super {
	struct erofs_fs fs;
	struct super *sb;
	struct mutex nodes;	/* one thread makes a vnode */
	bool no_user_xattr;	/* [I] */
};

struct erofs_node {
	struct vnode v;		/* first */
	struct erofs_inode i;	/* [I] */
};

static struct slab_cache *node_cache;
static struct erofs_node *to_node(struct vnode *v) { return container_of(v, struct erofs_node, v); }
static struct erofs_super *to_erofs(const struct super *sb) { return sb->private; }

/* ---- the page cache ---- */

static int fill(struct vmo *m, struct page *p)
{
	struct erofs_node *n = m->owner;

	return erofs_read(&n->i, p->index << PAGE_SHIFT, page_to_virt(p), PAGE_SIZE);
}

/* Whole on the disk, where a device can read it: its byte there. 0: no. */
static u64 direct_place(struct erofs_inode *i, u64 pos)
{
	struct erofs_map m;

	if (erofs_is_packed(i) || pos + PAGE_SIZE > i->size || erofs_map(i, pos, &m) ||
	    m.kind != EROFS_RAW || m.from + m.len < pos + PAGE_SIZE ||
	    m.at & ((1u << i->fs->block_bits) - 1))
		return 0;
	return m.at + (pos - m.from);
}

static void read_ahead(struct vmo *m, struct page **pages, u32 nr)
{
	struct erofs_node *n = m->owner;
	struct page_io io;

	page_io_begin(&io, n->i.fs->dev, BIO_READ, BIO_READAHEAD, page_filled);
	for (u32 k = 0; k < nr; k++) {
		u64 at = direct_place(&n->i, pages[k]->index << PAGE_SHIFT);
		int err = 0;

		page_io_page(&io, pages[k]);
		if (at)
			page_io_add(&io, pages[k], 0, PAGE_SIZE, at >> SECTOR_SHIFT);
		else
			err = fill(m, pages[k]);
		page_io_page_end(&io, pages[k], err);
	}
	page_io_end(&io);
}

static const struct pager_ops erofs_pager = { .fill = fill, .read_ahead = read_ahead };

static struct vmo *make_vmo(struct vnode *v)
{
	return vmo_create(&erofs_pager, to_node(v), to_node(v)->i.size, 0);
}

static int open_file(struct vnode *v, struct file *f)
{
	return vnode_vmo(v) ? 0 : -ENOMEM;
}

/* ---- vnodes ---- */

static ssize_t getxattr(struct vnode *v, const char *name, void *buf, usize size)
{
	if (to_erofs(v->sb)->no_user_xattr && str_has_prefix(name, "user."))
		return -EOPNOTSUPP;
	return erofs_getxattr(&to_node(v)->i, name, buf, size);
}

static ssize_t listxattr(struct vnode *v, char *buf, usize size)
{
	return erofs_listxattr(&to_node(v)->i, buf, size);
}

static int load_link(struct erofs_node *n)
{
	char *text;

	if (n->i.size >= PATH_MAX)
		return erofs_corrupt(n->i.fs, n->i.nid, "a link of %lu bytes", n->i.size);
	text = kzalloc(ALIGN_UP(n->i.size + 9, 8ul));
	if (!text)
		return -ENOMEM;
	n->v.link = text;
	return erofs_read(&n->i, 0, text, (u32)n->i.size);
}

static const struct vnode_ops dir_ops, file_ops;

static void set_up(struct erofs_node *n, struct super *sb)
{
	const struct erofs_inode *i = &n->i;
	u32 type = i->mode & S_IFMT, bits = i->fs->block_bits;
	struct vnode *v = &n->v;

	vnode_init(v, sb, type == S_IFDIR ? &dir_ops : &file_ops,
		   type == S_IFREG	 ? &vnode_file_ops
		   : type == S_IFDIR ? &vnode_dir_ops
				     : &vnode_other_ops,
		   i->mode, NULL);
	v->ino = i->nid;
	v->uid = (kuid_t){ i->uid };
	v->gid = (kgid_t){ i->gid };
	v->nlink = i->nlink;
	v->rdev = i->rdev;
	v->size = i->size;
	v->blocks_used = erofs_is_packed(i) ? (u64)i->place << (bits - 9)
					    : ALIGN_UP(i->size, 1ul << bits) >> 9;
	v->atime = v->mtime = v->ctime = (struct timestamp){ (s64)i->mtime,
							     min(i->mtime_nsec, 999999999u) };
	v->btime = (struct timestamp){ 0, 0 };
}

static void drop(struct erofs_node *n)
{
	struct super *sb = n->v.sb;

	kfree(n->v.link);
	slab_free(node_cache, n);
	super_put(sb);
}

static int make_node(struct super *sb, u64 nid, struct vnode **out)
{
	struct erofs_node *n = slab_alloc(node_cache, PAGE_KERNEL | PAGE_ZEROED);
	int err = n ? erofs_inode_read(&to_erofs(sb)->fs, nid, &n->i) : -ENOMEM;

	if (err) {
		slab_free(node_cache, n);
		return err;
	}
	set_up(n, sb);
	if (vnode_is_link(&n->v))
		err = load_link(n);
	if (err) {
		drop(n);
		return err;
	}
	vnode_hash_add(&n->v);
	*out = &n->v;
	return 0;
}

static int get_node(struct super *sb, u64 nid, struct vnode **out)
{
	int err = 0;

	mutex_lock(&to_erofs(sb)->nodes);
	*out = vnode_find(sb, nid);
	if (!*out)
		err = make_node(sb, nid, out);
	mutex_unlock(&to_erofs(sb)->nodes);
	return err;
}

/* ---- names ---- */

static int lookup(struct vnode *dir, const struct name *n, struct vnode **out)
{
	u64 nid;
	u32 type;
	int err = erofs_lookup(&to_node(dir)->i, n->s, name_len(n), &nid, &type);

	return err ? err : get_node(dir->sb, nid, out);
}

/* The file layer's positions 0 and 1 are the dots': ours begin behind them. */
#define DOTS 2

struct passed {
	struct erofs_emit e;
	struct dir_emit *to;
};

static bool pass(struct erofs_emit *e, const char *name, u32 len, u64 nid, u32 type, u64 next)
{
	static const u8 types[] = { 0, 8, 4, 2, 6, 1, 12, 10 }; /* DT_* */
	struct passed *p = container_of(e, struct passed, e);

	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return true;
	return p->to->entry(p->to, name, len, nid, type < ARRAY_SIZE(types) ? types[type] : 0,
			    (loff_t)(next + DOTS));
}

static int readdir(struct vnode *dir, struct file *f, loff_t *pos, struct dir_emit *emit)
{
	struct passed p = { .e.entry = pass, .to = emit };
	u64 at = *pos > DOTS ? (u64)*pos - DOTS : 0;
	int err = erofs_readdir(&to_node(dir)->i, &at, &p.e);

	*pos = (loff_t)(at + DOTS);
	return err;
}

static loff_t seek_data(struct vnode *v, loff_t pos, bool hole)
{
	struct erofs_inode *i = &to_node(v)->i;
	u64 at = (u64)pos;

	while (at < i->size) {
		struct erofs_map m;
		int err = erofs_map(i, at, &m);

		if (err)
			return err;
		if ((m.kind == EROFS_HOLE) == hole)
			return (loff_t)at;
		at = m.from + m.len;
	}
	return hole ? (loff_t)i->size : -ENXIO;
}

static const struct vnode_ops dir_ops = {
	.lookup = lookup, .readdir = readdir, .getxattr = getxattr, .listxattr = listxattr
};
static const struct vnode_ops file_ops = {
	.open = open_file, .seek_data = seek_data, .getxattr = getxattr, .listxattr = listxattr
};

/* ---- the super block ---- */

static void free_node(struct vnode *v)
{
	kfree(v->link);
	slab_free(node_cache, to_node(v));
}

/* Whoever still holds its memory finds nothing. */
static void evict(struct vnode *v)
{
	if (v->vmo && vmo_truncate(v->vmo, 0))
		pr_err("pages of an inode stay");
}

static void statfs(struct super *sb, struct statfs_k *st)
{
	const struct erofs_fs *fs = &to_erofs(sb)->fs;

	st->type = EROFS_MAGIC;
	st->bsize = st->frsize = 1u << fs->block_bits;
	st->blocks = fs->blocks;
	st->files = U64_MAX;
	st->ffree = U64_MAX - fs->inos;
	st->fsid = sb->dev;
	st->namelen = NAME_MAX;
}

static void show_options(struct super *sb, char *buf, usize size)
{
	(void)!str_copy(buf, to_erofs(sb)->no_user_xattr ? ",nouser_xattr" : ",user_xattr", size);
}

static void shutdown(struct super *sb)
{
	struct erofs_super *s = to_erofs(sb);

	if (!s)
		return;
	erofs_unmount(&s->fs);
	if (s->fs.dev) {
		buf_forget_all(s->fs.dev);
		blkdev_release(s->fs.dev, sb);
		blkdev_put(s->fs.dev);
	}
	kfree(s);
}

static const struct super_ops erofs_super_ops = {
	.evict = evict,
	.free = free_node,
	.statfs = statfs,
	.shutdown = shutdown,
	.show_options = show_options,
	.make_vmo = make_vmo,
};

/* What is always so here: caching is the page cache's. */
static const char *const always[] = { "user_xattr",
				      "noacl",
				      "cache_strategy=disabled",
				      "cache_strategy=readahead",
				      "cache_strategy=readaround",
				      "dax=never" };

static int parse_options(struct erofs_super *s, const char *text)
{
	char one[64];
	int err;

	while ((err = option_next(&text, one, sizeof(one))) > 0) {
		if (!strcmp(one, "nouser_xattr")) {
			s->no_user_xattr = true;
		} else if (!option_is_one_of(always, one)) {
			pr_err("mount option %s is not supported", one);
			return -EINVAL;
		}
	}
	return err;
}

static int read_root(struct super *sb)
{
	struct erofs_super *s = to_erofs(sb);
	struct vnode *root;
	int err = get_node(sb, s->fs.root_nid, &root);

	if (err)
		return err;
	if (!vnode_is_dir(root)) {
		pr_err("(device %s): rootino(nid %lu) is not a directory(i_mode %o)", s->fs.name,
		       s->fs.root_nid, root->mode);
		vnode_put(root);
		return -EINVAL;
	}
	sb->root = dentry_alloc_root(sb, root);
	return sb->root ? 0 : -ENOMEM;
}

static int mount(struct super *sb, const char *source, const char *options)
{
	struct erofs_super *s = knew(struct erofs_super);
	int err;

	if (!s)
		return -ENOMEM;
	if (!node_cache)
		node_cache = slab_cache_create("erofs_inode", sizeof(struct erofs_node), 64);
	s->sb = sb;
	mutex_init(&s->fs.lock, RANK_SUPER);
	mutex_init(&s->nodes, RANK_EXT_IGET);
	sb->private = s;
	sb->ops = &erofs_super_ops; /* from now on shutdown() cleans up */
	err = parse_options(s, options);
	if (!err)
		err = blkdev_claim_path(source, sb, &s->fs.dev);
	if (err)
		return err;
	s->fs.name = s->fs.dev->name;
	err = erofs_mount(&s->fs);
	if (err)
		return err;
	sb->flags |= MS_RDONLY | SB_NOATIME;
	sb->block_size = 1u << s->fs.block_bits;
	sb->dev = s->fs.dev->dev;
	return read_root(sb);
}

static int remount(struct super *sb, u32 ms_flags, const char *options)
{
	struct erofs_super ignored;

	return parse_options(&ignored, options);
}

FSTYPE(erofs, .flags = FS_NEEDS_DEVICE | FS_READ_ONLY, .magic = EROFS_MAGIC, .mount = mount,
       .remount = remount);
