/* SPDX-License-Identifier: MIT */
/* xattr.c - extended attributes of an inode: behind its fields in the table, and in one block that
 * inodes may share.
 *
 * Invariants:
 *  (1) an attribute is in one of the two places. It goes into the inode when it fits, else into the
 *      block.
 *  (2) a block with more than one reference is never changed: it is copied, and loses one.
 *  (3) a change that fails has changed nothing: both lists are made aside first.
 *
 * A value in an inode of its own (feature ea_inode) is read; changing or removing it is refused.
 *
 * Locks: the inode's; references of blocks: orphan_lock. Ref: ext4/attributes.rst, xattr(7). Tests:
 * selftests/unit/ext_xattr_test.c
 */
#define LOG_TAG "ext4"
#include "xattr_int.h"

#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

/* ---- names ---- */

static const struct {
	const char *prefix;
	u32 index;
	bool whole;
} spaces[] = {
	{ "system.posix_acl_access", XATTR_ACL_ACCESS, true },
	{ "system.posix_acl_default", XATTR_ACL_DEFAULT, true },
	{ "user.", XATTR_USER, false },
	{ "trusted.", XATTR_TRUSTED, false },
	{ "security.", XATTR_SECURITY, false },
};

static int parse_name(const char *name, struct ext_xattr_key *k)
{
	for (u32 n = 0; n < ARRAY_SIZE(spaces); n++) {
		usize len = strlen(spaces[n].prefix);

		if (strncmp(name, spaces[n].prefix, len) != 0 || (spaces[n].whole && name[len]))
			continue;
		if (!spaces[n].whole && !name[len])
			return -EINVAL;
		*k = (struct ext_xattr_key){ spaces[n].index, (u32)strlen(name + len), name + len };
		return k->len > XATTR_NAME_MAX ? -ERANGE : 0;
	}
	return -EOPNOTSUPP;
}

static const char *prefix_of(u32 index)
{
	for (u32 n = 0; n < ARRAY_SIZE(spaces); n++)
		if (spaces[n].index == index)
			return spaces[n].prefix;
	return NULL;
}

/* ---- the two places ---- */

int ext_xattr_inner(struct ext_inode *i, struct buf **b, struct ext_xattrs *x)
{
	u32 at = EXT_GOOD_INODE_SIZE + i->extra_isize, size = i->fs->inode_size;
	struct ext_inode_disk *raw;
	int err;

	*b = NULL;
	if (!i->extra_isize || at + 12 > size || i->is_new)
		return 0;
	err = ext_inode_buf(i, b, &raw);
	if (err)
		return err;
	*x = (struct ext_xattrs){ (u8 *)raw + at + 4, 0, size - at - 4 };
	if (*(const u32 *)((u8 *)raw + at) != EXT_XATTR_MAGIC)
		x->start = x->size; /* no list yet */
	else if (!ext_xattrs_check(x)) {
		buf_put(*b);
		*b = NULL;
		return ext_corrupt(i->fs, i->ino, 0, "extended attributes in the inode");
	}
	return 0;
}

static u32 block_checksum(const struct ext_fs *fs, const struct buf *b)
{
	u32 at = offsetof(struct ext_xattr_header, checksum), crc;
	u64 block = b->block;
	static const u32 zero;

	crc = crc32c(crc32c(fs->csum_seed, &block, sizeof(block)), b->data, at);
	crc = crc32c(crc, &zero, 4);
	return crc32c(crc, b->data + at + 4, fs->block_size - at - 4);
}

static struct ext_xattr_header *header(const struct buf *b)
{
	return (struct ext_xattr_header *)b->data;
}

int ext_xattr_block(struct ext_inode *i, struct buf **b, struct ext_xattrs *x)
{
	struct ext_fs *fs = i->fs;
	int err;

	*b = NULL;
	if (!i->file_acl)
		return 0;
	err = ext_block_valid(fs, i->file_acl, 1) ? buf_read(fs->dev, i->file_acl, b) : -EUCLEAN;
	if (err)
		return err;
	*x = (struct ext_xattrs){ (*b)->data, sizeof(struct ext_xattr_header), fs->block_size };
	if (header(*b)->magic == EXT_XATTR_MAGIC && header(*b)->blocks == 1 && header(*b)->refs &&
	    header(*b)->refs <= EXT_XATTR_REFS_MAX &&
	    (!fs->csum || buf_flag(*b, BUF_IS_XATTR) ||
	     header(*b)->checksum == block_checksum(fs, *b)) &&
	    ext_xattrs_check(x)) {
		buf_flag_set(*b, BUF_IS_XATTR);
		return 0;
	}
	buf_put(*b);
	*b = NULL;
	return ext_corrupt(fs, i->ino, i->file_acl, "block of extended attributes");
}

/* ---- reading ---- */

/* A large value is the contents of an inode. */
static int read_ea_inode(struct ext_inode *i, u32 ino, u8 *buf, u32 size)
{
	auto_kfree struct ext_inode *ea = knew(struct ext_inode);
	u32 bs = i->fs->block_size;
	int err = ea ? ext_inode_read(i->fs, ino, ea) : -ENOMEM;

	if (!err && (!(ea->flags & EXT_EA_INODE_FL) || ea->size != size))
		err = ext_corrupt(i->fs, ino, 0, "this holds no extended attribute of %u bytes",
				  size);
	for (u32 at = 0; at < size && !err; at += bs) {
		auto_buf struct buf *b = NULL;
		struct ext_mapping m;

		err = ext_map(ea, NULL, at / bs, 1, 0, &m);
		if (!err && m.state != EXT_MAPPED)
			err = ext_corrupt(i->fs, ino, at / bs, "a hole in an extended attribute");
		if (!err)
			err = buf_read(i->fs->dev, m.pblk, &b);
		if (!err)
			memcpy(buf + at, b->data, min(bs, size - at));
	}
	return err;
}

static ssize_t copy_value(struct ext_inode *i, const struct ext_xattrs *x,
			  const struct ext_xattr_entry *e, void *buf, usize size)
{
	int err = 0;

	if (!size)
		return e->value_size;
	if (e->value_size > size)
		return -ERANGE;
	if (e->value_inum)
		err = read_ea_inode(i, e->value_inum, buf, e->value_size);
	else
		memcpy(buf, x->base + e->value_off, e->value_size);
	return err ? err : (ssize_t)e->value_size;
}

ssize_t ext_xattr_find(struct ext_inode *i, const struct ext_xattr_key *k, void *buf, usize size)
{
	int (*const places[])(struct ext_inode *, struct buf **,
			      struct ext_xattrs *) = { ext_xattr_inner, ext_xattr_block };

	for (u32 n = 0; n < 2; n++) {
		auto_buf struct buf *b = NULL;
		const struct ext_xattr_entry *e;
		struct ext_xattrs x;
		int err = places[n](i, &b, &x);

		if (err)
			return err;
		e = b ? ext_xattrs_find(&x, k) : NULL;
		if (e)
			return copy_value(i, &x, e, buf, size);
	}
	return -ENODATA;
}

ssize_t ext_xattr_get(struct ext_inode *i, const char *name, void *buf, usize size)
{
	auto_kfree u8 *raw = NULL;
	struct ext_xattr_key k;
	ssize_t n;
	int err = parse_name(name, &k);

	if (err)
		return err == -EINVAL ? -EINVAL : err;
	if (!i->has_xattrs)
		return -ENODATA;
	if (k.index != XATTR_ACL_ACCESS && k.index != XATTR_ACL_DEFAULT)
		return ext_xattr_find(i, &k, buf, size);
	n = ext_xattr_find(i, &k, NULL, 0);
	if (n < 0)
		return n;
	raw = kmalloc((usize)n + 1, PAGE_KERNEL);
	if (!raw)
		return -ENOMEM;
	n = ext_xattr_find(i, &k, raw, (usize)n + 1);
	return n < 0 ? n : ext_acl_from_disk(raw, (usize)n, buf, size);
}

static ssize_t list_one(const struct ext_xattrs *x, char *buf, usize size, usize at)
{
	u32 off = x->start;
	const struct ext_xattr_entry *e;

	while ((e = ext_xattrs_next(x, &off))) {
		const char *prefix = prefix_of(e->name_index);
		usize len = prefix ? strlen(prefix) : 0;

		if (!prefix)
			continue;
		if (size && at + len + e->name_len + 1 > size)
			return -ERANGE;
		if (size) {
			memcpy(buf + at, prefix, len);
			memcpy(buf + at + len, e->name, e->name_len);
			buf[at + len + e->name_len] = 0;
		}
		at += len + e->name_len + 1;
	}
	return (ssize_t)at;
}

ssize_t ext_xattr_list(struct ext_inode *i, char *buf, usize size)
{
	auto_buf struct buf *b = NULL, *b2 = NULL;
	struct ext_xattrs x;
	ssize_t n = 0;
	int err;

	if (!i->has_xattrs)
		return 0;
	err = ext_xattr_inner(i, &b, &x);
	if (!err && b)
		n = list_one(&x, buf, size, 0);
	if (err || n < 0)
		return err ? err : n;
	err = ext_xattr_block(i, &b2, &x);
	if (err)
		return err;
	return b2 ? list_one(&x, buf, size, (usize)n) : n;
}

/* ---- changing ---- */

static int block_dirty(struct journal_handle *h, struct ext_inode *i, struct buf *b)
{
	if (i->fs->csum)
		header(b)->checksum = block_checksum(i->fs, b);
	return journal_dirty(h, b);
}

/* One reference less; the last frees it. */
static int release_block(struct journal_handle *h, struct ext_inode *i, struct buf *b)
{
	struct ext_fs *fs = i->fs;
	bool last;
	int err;

	mutex_lock(&fs->orphan_lock);
	last = header(b)->refs <= 1;
	err = last ? 0 : journal_get_write(h, b);
	if (!err && !last) {
		header(b)->refs--;
		err = block_dirty(h, i, b);
	}
	mutex_unlock(&fs->orphan_lock);
	i->blocks -= min(i->blocks, (u64)fs->block_size / 512);
	i->file_acl = 0;
	return err || !last ? err : ext_free_blocks(fs, h, b->block, 1, EXT_FREE_FORGET);
}

static int new_block(struct journal_handle *h, struct ext_inode *i, struct buf **b)
{
	struct ext_fs *fs = i->fs;
	u64 block;
	u32 n = 1;
	int err = ext_alloc_blocks(fs, h, ext_group_first(fs, ext_goal_block_group(i)),
				   EXT_ALLOC_META, &n, &block);

	if (!err && block >> 32 && !(fs->incompat & INCOMPAT_64BIT))
		err = -ENOSPC;
	if (!err)
		err = buf_new(fs->dev, block, b);
	if (!err)
		err = journal_get_create(h, *b);
	if (err)
		return err;
	buf_flag_set(*b, BUF_IS_XATTR);
	i->blocks += fs->block_size / 512;
	i->file_acl = block;
	return 0;
}

/* What the block becomes is in made (nr entries). */
static int store_block(struct journal_handle *h, struct ext_inode *i, struct buf *old,
		       const struct ext_xattrs *made, u32 nr)
{
	auto_buf struct buf *b = NULL;
	int err;

	if (!nr)
		return old ? release_block(h, i, old) : 0;
	if (old && header(old)->refs == 1) {
		buf_get(old);
		b = old;
		err = journal_get_write(h, b);
	} else {
		err = old ? release_block(h, i, old) : 0;
		if (!err)
			err = new_block(h, i, &b);
	}
	if (err)
		return err;
	memcpy(b->data, made->base, made->size);
	*header(b) = (struct ext_xattr_header){
		.magic = EXT_XATTR_MAGIC, .refs = 1, .blocks = 1, .hash = ext_xattrs_hash(made)
	};
	return block_dirty(h, i, b);
}

static int store_inner(struct journal_handle *h, struct ext_inode *i, struct buf *b,
		       const struct ext_xattrs *x, const struct ext_xattrs *made, u32 nr)
{
	struct ext_inode_disk *raw = (struct ext_inode_disk *)(x->base - 4 - i->extra_isize -
							       EXT_GOOD_INODE_SIZE);
	int err = journal_get_write(h, b);

	if (err)
		return err;
	spin_lock(&i->raw_lock);
	memcpy(x->base, made->base, made->size);
	*(u32 *)(x->base - 4) = nr ? EXT_XATTR_MAGIC : 0;
	raw->extra_isize = i->extra_isize;
	ext_inode_checksum(i, raw);
	spin_unlock(&i->raw_lock);
	return journal_dirty(h, b);
}

struct change {
	struct buf *in_b, *bl_b;
	struct ext_xattrs in, bl, new_in, new_bl;
	u32 nr_in, nr_bl;
	bool had_in, had_bl, to_block;
	u8 in_bytes[4096], bl_bytes[4096];
};

static int load(struct ext_inode *i, const struct ext_xattr_key *k, struct change *c)
{
	const struct ext_xattr_entry *e = NULL;
	int err = ext_xattr_inner(i, &c->in_b, &c->in);

	if (!err)
		err = ext_xattr_block(i, &c->bl_b, &c->bl);
	if (err)
		return err;
	if (!c->bl_b)
		c->bl = (struct ext_xattrs){ c->bl_bytes, i->fs->block_size, i->fs->block_size };
	c->new_bl = (struct ext_xattrs){ c->bl_bytes, sizeof(struct ext_xattr_header),
					 i->fs->block_size };
	if (c->in_b) {
		e = ext_xattrs_find(&c->in, k);
		c->had_in = e;
		c->new_in = (struct ext_xattrs){ c->in_bytes, 0, c->in.size };
	}
	if (!e && c->bl_b) {
		e = ext_xattrs_find(&c->bl, k);
		c->had_bl = e;
	}
	return e && e->value_inum ? -EOPNOTSUPP : 0;
}

/* Both lists as they will be. */
static int plan(const struct ext_xattr_key *k, const void *value, u32 len, struct change *c)
{
	if (c->in_b && ext_xattrs_rebuild(&c->in, &c->new_in, k, value, len, false, &c->nr_in))
		value = NULL;
	else if (c->in_b && !ext_xattrs_rebuild(&c->in, &c->new_in, k, NULL, 0, false, &c->nr_in))
		return -EUCLEAN;
	c->to_block = value;
	return ext_xattrs_rebuild(&c->bl, &c->new_bl, k, value, len, true, &c->nr_bl) ? 0 : -ENOSPC;
}

static int apply(struct journal_handle *h, struct ext_inode *i, struct change *c)
{
	int err = 0;

	if (c->to_block || c->had_bl) /* the block first: only it can run out of space */
		err = store_block(h, i, c->bl_b, &c->new_bl, c->nr_bl);
	if (!err && c->in_b && (!c->to_block || c->had_in))
		err = store_inner(h, i, c->in_b, &c->in, &c->new_in, c->nr_in);
	i->has_xattrs = i->file_acl || c->nr_in;
	return err;
}

int ext_xattr_update(struct journal_handle *h, struct ext_inode *i, const struct ext_xattr_key *k,
		     const void *value, u32 len, u32 flags)
{
	auto_kfree struct change *c = knew(struct change);
	int err = c ? load(i, k, c) : -ENOMEM;
	bool had = c && (c->had_in || c->had_bl);

	if (!err && had && (flags & XATTR_CREATE))
		err = -EEXIST;
	if (!err && !had && ((flags & XATTR_REPLACE) || !value))
		err = -ENODATA;
	if (!err)
		err = plan(k, value, len, c);
	if (!err)
		err = apply(h, i, c);
	if (c) {
		buf_putp(&c->in_b);
		buf_putp(&c->bl_b);
	}
	return err;
}

int ext_xattr_set(struct journal_handle *h, struct ext_inode *i, const char *name,
		  const void *value, usize size, u32 flags)
{
	auto_kfree u8 *acl = NULL;
	struct ext_xattr_key k;
	ssize_t n;
	int err = parse_name(name, &k);

	if (err)
		return err;
	if (value && (k.index == XATTR_ACL_ACCESS || k.index == XATTR_ACL_DEFAULT)) {
		acl = kmalloc(size + 8, PAGE_KERNEL);
		n = acl ? ext_acl_to_disk(value, size, acl, size + 8) : -ENOMEM;
		if (n < 0)
			return (int)n;
		value = acl;
		size = (usize)n;
	}
	if (size > i->fs->block_size)
		return -ENOSPC;
	return ext_xattr_update(h, i, &k, value, (u32)size, flags);
}

int ext_xattr_drop(struct journal_handle *h, struct ext_inode *i)
{
	auto_buf struct buf *b = NULL;
	struct ext_xattrs x;
	int err = ext_xattr_block(i, &b, &x);

	return err || !b ? err : release_block(h, i, b);
}
