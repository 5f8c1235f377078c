/* SPDX-License-Identifier: MIT */
/* inline.c - contents inside the inode (feature inline_data): 60 bytes where the block map would
 * be, the rest as the extended attribute system.data. They are read there; a change first moves
 * them into a block. Symbolic links are here too, since short ones do the same.
 *
 * A directory inside its inode has the number of its parent in the first four bytes and no "." and
 * "..".
 *
 * Locks: the inode's. Ref: ext4/inlinedata.rst, ifork.rst ("symbolic links"). Tests:
 * selftests/unit/ext_xattr_test.c
 */
#define LOG_TAG "ext4"
#include "dir_int.h"
#include "xattr_int.h"

#include <kernel/lib/string.h>
#include <mm/slab.h>

static const struct ext_xattr_key data_key = { XATTR_SYSTEM, 4, "data" };
#define IN_MAP sizeof(((struct ext_inode *)0)->data)

int ext_inline_read(struct ext_inode *i, void *buf, usize size)
{
	usize n = min((usize)i->size, size), head = min(n, IN_MAP);
	auto_kfree u8 *rest = NULL;
	ssize_t len;

	memset(buf, 0, size);
	memcpy(buf, i->data, head);
	if (n <= IN_MAP)
		return 0;
	len = ext_xattr_find(i, &data_key, NULL, 0);
	if (len <= 0 || len > (ssize_t)EXT_INLINE_MAX)
		return len == -ENODATA ? 0
				       : ext_corrupt(i->fs, i->ino, 0,
						     "contents inside the inode: %ld bytes", len);
	rest = kmalloc((usize)len, PAGE_KERNEL);
	if (!rest)
		return -ENOMEM;
	len = ext_xattr_find(i, &data_key, rest, (usize)len);
	if (len < 0)
		return (int)len;
	memcpy((u8 *)buf + IN_MAP, rest, min((usize)len, n - IN_MAP));
	return 0;
}

int ext_inline_dir(struct ext_inode *dir, struct ext_inline_dir **out)
{
	struct ext_inline_dir *d;
	int err;

	if (dir->size < 4 + 12 || dir->size > EXT_INLINE_MAX) {
		(void)ext_corrupt(dir->fs, dir->ino, 0, "a directory of %lu bytes inside the inode",
				  dir->size);
		return -EUCLEAN;
	}
	d = knew(struct ext_inline_dir);
	if (!d)
		return -ENOMEM;
	d->size = (u32)dir->size;
	d->first = min(d->size, (u32)IN_MAP);
	err = ext_inline_read(dir, d->bytes, sizeof(d->bytes));
	if (err)
		kfree(d);
	else
		*out = d;
	return err;
}

/* ---- into a block ---- */

static int leave(struct journal_handle *h, struct ext_inode *i)
{
	int err = ext_xattr_update(h, i, &data_key, NULL, 0, 0);

	if (err && err != -ENODATA)
		return err;
	i->flags &= ~EXT_INLINE_DATA_FL;
	if (ext_has_extents(i->fs))
		ext_extent_init(i);
	else
		memset(i->data, 0, sizeof(i->data));
	return 0;
}

/* Written to its place at once: data is not the journal's. */
static int file_to_block(struct journal_handle *h, struct ext_inode *i)
{
	auto_kfree u8 *bytes = kmalloc(EXT_INLINE_MAX, PAGE_KERNEL);
	auto_buf struct buf *b = NULL;
	struct ext_mapping m;
	int err = bytes ? ext_inline_read(i, bytes, EXT_INLINE_MAX) : -ENOMEM;

	if (!err)
		err = leave(h, i);
	if (err || !i->size)
		return err ? err : ext_inode_write(h, i);
	err = ext_map(i, h, 0, 1, EXT_MAP_CREATE, &m);
	if (!err)
		err = buf_new(i->fs->dev, m.pblk, &b);
	if (err)
		return err;
	memcpy(b->data, bytes, min(i->fs->block_size, EXT_INLINE_MAX));
	return buf_write(&b, 1, 0);
}

static int copy_entries(struct ext_inode *dir, struct buf *b, const struct ext_inline_dir *d,
			u32 at)
{
	u32 end = dir_block_end(dir->fs), last = dirent_need(1), off = 4;

	while (off < d->size) {
		const struct ext_dirent *e = dirent_at((void *)d->bytes, off,
						       off < d->first ? d->first : d->size);

		if (!e || at + dirent_need(e->name_len) > end)
			return ext_dir_bad(dir, 0, off) ? -EUCLEAN : 0;
		off += e->rec_len;
		if (!e->ino)
			continue;
		memcpy(b->data + at, e, EXT_DIRENT_HEAD + e->name_len);
		((struct ext_dirent *)(b->data + at))->rec_len = (u16)dirent_need(e->name_len);
		last = at;
		at += dirent_need(e->name_len);
	}
	((struct ext_dirent *)(b->data + last))->rec_len = (u16)(end - last);
	return 0;
}

static int dir_to_block(struct journal_handle *h, struct ext_inode *dir)
{
	auto_kfree struct ext_inline_dir *d = NULL;
	auto_buf struct buf *b = NULL;
	struct ext_dirent *dots;
	u32 parent = dir->data[0];
	struct ext_mapping m;
	int err = ext_inline_dir(dir, &d);

	if (!err)
		err = leave(h, dir);
	if (err)
		return err;
	dir->size = 0;
	err = ext_dir_make(h, dir, parent);
	if (!err)
		err = ext_map(dir, NULL, 0, 1, 0, &m);
	if (!err)
		err = buf_read(dir->fs->dev, m.pblk, &b);
	if (err)
		return err;
	dots = (struct ext_dirent *)(b->data + dirent_need(1));
	dots->rec_len = (u16)dirent_need(2);
	err = copy_entries(dir, b, d, dirent_need(1) + dirent_need(2));
	if (!err)
		err = ext_dir_leaf_dirty(h, dir, b);
	return err ? err : ext_inode_write(h, dir);
}

int ext_inline_to_block(struct journal_handle *h, struct ext_inode *i)
{
	return ext_is_dir(i) ? dir_to_block(h, i) : file_to_block(h, i);
}

/* ---- symbolic links ---- */

static bool is_fast(const struct ext_inode *i)
{
	return i->size < IN_MAP && !(i->flags & EXT_EXTENTS_FL) &&
	       i->blocks <= (i->file_acl ? i->fs->block_size / 512 : 0);
}

ssize_t ext_readlink(struct ext_inode *i, char *buf, usize size)
{
	usize n = min((usize)i->size, size);
	auto_buf struct buf *b = NULL;
	struct ext_mapping m;
	int err;

	if (!i->size || (i->size >= i->fs->block_size && !(i->flags & EXT_INLINE_DATA_FL)))
		return ext_corrupt(i->fs, i->ino, 0, "symbolic link of %lu bytes", i->size);
	if (i->flags & EXT_INLINE_DATA_FL) {
		err = ext_inline_read(i, buf, n);
		return err ? err : (ssize_t)n;
	}
	if (is_fast(i)) {
		memcpy(buf, i->data, n);
		return (ssize_t)n;
	}
	err = ext_map(i, NULL, 0, 1, 0, &m);
	if (!err && m.state != EXT_MAPPED)
		err = ext_corrupt(i->fs, i->ino, 0, "symbolic link without a target");
	if (!err)
		err = buf_read(i->fs->dev, m.pblk, &b);
	if (err)
		return err;
	memcpy(buf, b->data, n);
	return (ssize_t)n;
}

int ext_link_store(struct journal_handle *h, struct ext_inode *i, const char *target, u32 len)
{
	auto_buf struct buf *b = NULL;
	struct ext_mapping m;
	int err;

	if (len + 1 > i->fs->block_size)
		return -ENAMETOOLONG;
	i->size = len;
	if (len < IN_MAP) {
		memcpy(i->data, target, len);
		return ext_inode_write(h, i);
	}
	if (ext_has_extents(i->fs))
		ext_extent_init(i);
	err = ext_map(i, h, 0, 1, EXT_MAP_CREATE, &m);
	if (!err)
		err = buf_new(i->fs->dev, m.pblk, &b);
	if (!err)
		err = journal_get_create(h, b);
	if (err)
		return err;
	memcpy(b->data, target, len);
	return journal_dirty(h, b);
}
