/* SPDX-License-Identifier: MIT */
/* initramfs.c - unpacks the boot archive into the root file system.
 *
 * The buffer may hold several archives, each plain or gzip-compressed, with zeros between: at each
 * position what stands there decides. Hard links are members with the same number in one archive;
 * the contents may come with any of them.
 * Ref: Linux Documentation/driver-api/early-userspace/buffer-format.rst, RFC 1952. Tests:
 * selftests/boot/run odd_archives broken_initramfs
 */
#define LOG_TAG "initramfs"

#include <fs/initramfs.h>

#include <fs/chrdev.h>
#include <fs/dcache.h>
#include <fs/namei.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/file.h>
#include <kernel/lib/cpio.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/kvmap.h>
#include <mm/slab.h>
#include <mm/vmo.h>
#include <zlib.h>

/* Remembered members: files with several names, directories whose time is set last. */
struct member {
	struct list link;
	u32 ino, dev_major, dev_minor, mtime;
	char name[];
};

struct unpack {
	struct list links, dirs;
	char path[PATH_MAX + 8];	/* readable beyond the NUL, as the walk wants it */
	char target[PATH_MAX + 8];
	u64 nr;
};

static int remember(struct list *l, const struct cpio_entry *e, const char *path)
{
	usize len = strlen(path);
	struct member *m = kzalloc(sizeof(*m) + len + 9);

	if (!m)
		return -ENOMEM;
	m->ino = e->ino;
	m->dev_major = e->dev_major;
	m->dev_minor = e->dev_minor;
	m->mtime = e->mtime;
	memcpy(m->name, path, len);
	list_add_tail(l, &m->link);
	return 0;
}

static void forget(struct list *l)
{
	struct member *m, *next;

	list_for_each_entry_safe(m, next, l, link)
		kfree(m);
	list_init(l);
}

static void set_times(const char *path, u32 mtime)
{
	struct setattr a = { .valid = ATTR_ATIME | ATTR_MTIME,
			     .atime = { mtime, 0 },
			     .mtime = { mtime, 0 } };
	auto_dir struct path p = {};

	if (!path_lookup(AT_FDCWD, path, 0, &p) && vnode_setattr(p.dentry->vnode, &a))
		pr_warn("%s: times not set", path);
}

static int set_owner(const char *path, const struct cpio_entry *e)
{
	struct setattr own = { .valid = ATTR_UID | ATTR_GID,
			       .uid = KUID(e->uid),
			       .gid = KGID(e->gid) };
	struct setattr mode = { .valid = ATTR_MODE, .mode = e->mode & 07777 };
	auto_dir struct path p = {};
	int err = path_lookup(AT_FDCWD, path, 0, &p);

	if (!err)
		err = vnode_setattr(p.dentry->vnode, &own);
	if (!err && !vnode_is_link(p.dentry->vnode))
		err = vnode_setattr(p.dentry->vnode, &mode);
	return err;
}

static int write_file(const char *path, const struct cpio_entry *e)
{
	struct open_request req = { .flags = O_CREAT | O_WRONLY | O_NOFOLLOW,
				    .mode = e->mode & 07777 };
	struct file *f;
	struct vmo *m;
	int err = vfs_open(AT_FDCWD, path, &req, &f);

	if (err)
		return err;
	if (e->size) {
		m = vnode_vmo(f->dentry->vnode);
		err = m ? vmo_write_kernel(m, e->data, e->size, 0) : -ENOMEM;
	}
	if (!err && !cpio_sum_ok(e)) {	/* as on Linux it stays, and is the last */
		pr_err("%s: bad data checksum: the rest is ignored", path);
		err = -EILSEQ;
	}
	file_put_now(f);
	return err;
}

/* A second name of a file that was there before. false: it is the first. */
static bool link_known(struct unpack *u, const struct cpio_entry *e, int *err)
{
	struct member *m;

	if (e->nlink < 2)
		return false;
	list_for_each_entry(m, &u->links, link) {
		if (m->ino != e->ino || m->dev_major != e->dev_major ||
		    m->dev_minor != e->dev_minor)
			continue;
		*err = vfs_link(AT_FDCWD, m->name, AT_FDCWD, u->path, 0);
		if (!*err && e->size)
			*err = write_file(u->path, e);
		return true;
	}
	*err = remember(&u->links, e, u->path);
	return *err != 0;
}

/* What stands in the way is removed, unless both are directories. */
static void clear_way(const char *path, u32 mode)
{
	auto_dir struct path p = {};

	if (path_lookup(AT_FDCWD, path, 0, &p))
		return;
	if (vnode_is_dir(p.dentry->vnode)) {
		if ((mode & S_IFMT) != S_IFDIR && vfs_rmdir(AT_FDCWD, path))
			pr_warn("%s: a directory is in the way", path);
	} else if (vfs_unlink(AT_FDCWD, path)) {
		pr_warn("%s: a file is in the way", path);
	}
}

static int make_symlink(struct unpack *u, const struct cpio_entry *e)
{
	if (e->size > PATH_MAX)
		return 0;
	memset(u->target, 0, sizeof(u->target));
	memcpy(u->target, e->data, e->size);
	return vfs_symlink(u->target, AT_FDCWD, u->path);
}

static int make_member(struct unpack *u, const struct cpio_entry *e)
{
	int err = 0;

	clear_way(u->path, e->mode);
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		return link_known(u, e, &err) ? err : write_file(u->path, e);
	case S_IFDIR:
		err = vfs_mknod(AT_FDCWD, u->path, S_IFDIR | (e->mode & 07777), 0);
		if (err == -EEXIST)
			err = 0;
		return err ? err : remember(&u->dirs, e, u->path);
	case S_IFLNK:
		return make_symlink(u, e);
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		if (link_known(u, e, &err))
			return err;
		return vfs_mknod(AT_FDCWD, u->path, e->mode,
				 dev_make(e->rdev_major, e->rdev_minor));
	}
	return -EINVAL;
}

static int unpack_member(struct unpack *u, const struct cpio_entry *e)
{
	u32 type = e->mode & S_IFMT;
	int err;

	if (e->name_len >= PATH_MAX)
		return -ENAMETOOLONG;
	if (e->size && type != S_IFREG && type != S_IFLNK)
		return 0;	/* contents where none can be: passed over, as on Linux */
	memset(u->path, 0, sizeof(u->path));
	memcpy(u->path, e->name, e->name_len);
	if (!strcmp(u->path, ".") || !strcmp(u->path, "/"))
		return set_owner("/\0\0\0\0\0\0\0", e);
	err = make_member(u, e);
	if (!err)
		err = set_owner(u->path, e);
	if (!err && (e->mode & S_IFMT) != S_IFDIR)
		set_times(u->path, e->mtime);
	u->nr++;
	return err;
}

/* ---- gzip ---- */

static void *z_alloc(void *opaque, unsigned int items, unsigned int size)
{
	return kcalloc(items, size);
}

static void z_free(void *opaque, void *p)
{
	kfree(p);
}

/* A larger buffer with the same beginning, or NULL (the old one is gone then). */
static u8 *grow(u8 *old, usize used, usize size)
{
	u8 *p = kv_alloc(size);

	if (p && old)
		memcpy(p, old, used);
	if (old)
		kv_free(old);
	return p;
}

/* Decompresses one gzip member at in. *used gets the bytes it took. The result is the caller's
 * (kv_free); NULL: said why. */
static u8 *inflate_member(const u8 *in, usize size, usize *used, usize *out_size)
{
	z_stream z = { .zalloc = z_alloc,
		       .zfree = z_free,
		       .next_in = (u8 *)(u64)in,
		       .avail_in = (unsigned int)min(size, (usize)U32_MAX) };
	usize room = max(ALIGN_UP(size * 4, (usize)PAGE_SIZE), (usize)1 << 20);
	u8 *out = kv_alloc(room);
	int state = Z_OK;

	if (!out || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
		pr_err("no memory to decompress");
		if (out)
			kv_free(out);
		return NULL;
	}
	while (state == Z_OK) {
		if (z.total_out == room) {
			out = grow(out, room, room * 2);
			room *= 2;
			if (!out)
				break;
		}
		z.next_out = out + z.total_out;
		z.avail_out = (unsigned int)min(room - z.total_out, (usize)1 << 30);
		state = inflate(&z, Z_NO_FLUSH);
		if (state == Z_BUF_ERROR && z.avail_out == 0)
			state = Z_OK;
	}
	*used = z.total_in;
	*out_size = z.total_out;
	inflateEnd(&z);
	if (out && state != Z_STREAM_END) {
		pr_err("gzip: %s after %lu bytes",
		       state == Z_BUF_ERROR ? "the archive ends too early"
		       : z.msg		    ? z.msg
					    : "damaged",
		       *used);
		kv_free(out);
		out = NULL;
	}
	return out;
}

/* ---- the archives ---- */

static int unpack_buffer(struct unpack *u, const u8 *buf, usize size, bool inner);

static int unpack_gzip(struct unpack *u, struct cpio *c)
{
	usize used = 0, out_size = 0;
	u8 *out = inflate_member(c->buf + c->pos, c->size - c->pos, &used, &out_size);
	int err;

	if (!out)
		return -EINVAL;
	c->pos += used;
	err = unpack_buffer(u, out, out_size, true);
	kv_free(out);
	return err;
}

/* Not a cpio header: gzip, or rubbish. */
static int unpack_other(struct unpack *u, struct cpio *c, bool inner)
{
	const u8 *p = c->buf + c->pos;

	if (!inner && c->size - c->pos > 18 && p[0] == 0x1f && p[1] == 0x8b)
		return unpack_gzip(u, c);
	pr_err("neither cpio nor gzip at byte %lu (%02x %02x): the rest is ignored", c->pos, p[0],
	       p[1]);
	return -EINVAL;
}

static int unpack_buffer(struct unpack *u, const u8 *buf, usize size, bool inner)
{
	struct cpio_entry e;
	struct cpio c;
	int err = 0;

	cpio_init(&c, buf, size);
	while (!err) {
		switch (cpio_next(&c, &e)) {
		case CPIO_ENTRY:
			err = unpack_member(u, &e);
			if (err && err != -EILSEQ)
				pr_err("%s: error %d", e.name, err);
			if (err != -ENOMEM && err != -ENOSPC && err != -EILSEQ)
				err = 0;
			break;
		case CPIO_TRAILER:
			forget(&u->links);
			break;
		case CPIO_END:
			return 0;
		case CPIO_BAD_MAGIC:
			err = unpack_other(u, &c, inner);
			break;
		case CPIO_CORRUPT:
			pr_err("damaged member at byte %lu: the rest is ignored", c.pos);
			return -EINVAL;
		case CPIO_TRUNCATED:
			pr_err("the archive ends inside the member at byte %lu", c.pos);
			return -EINVAL;
		}
	}
	return err;
}

/* What Linux's own archive holds: enough for init to have a console. */
static void make_basics(void)
{
	static const struct {
		char name[24];
		u32 mode, dev;
	} basics[] = {
		{ "/dev", S_IFDIR | 0755, 0 },
		{ "/dev/console", S_IFCHR | 0600, 5 << 8 | 1 },
		{ "/root", S_IFDIR | 0700, 0 },
	};
	usize i;

	for (i = 0; i < ARRAY_SIZE(basics); i++)
		if (vfs_mknod(AT_FDCWD, basics[i].name, basics[i].mode, basics[i].dev))
			pr_warn("%s not made", basics[i].name);
}

int initramfs_unpack(const void *archive, usize size)
{
	struct fs_context *fs = current_fs();
	struct unpack *u = knew(struct unpack);
	u32 umask = fs->umask;
	struct member *m;
	int err;

	if (!u)
		return -ENOMEM;
	list_init(&u->links);
	list_init(&u->dirs);
	fs->umask = 0;
	make_basics();
	err = size ? unpack_buffer(u, archive, size, false) : 0;
	list_for_each_entry(m, &u->dirs, link)
		set_times(m->name, m->mtime);
	fs->umask = umask;
	pr_info("%lu files", u->nr);
	forget(&u->links);
	forget(&u->dirs);
	kfree(u);
	return err;
}
