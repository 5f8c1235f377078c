/* SPDX-License-Identifier: MIT */
/* dir.c - directories: blocks that begin with entries and end with their names; sorted by name,
 * over all blocks.
 * Locks: none. Ref: the format. Tests: selftests/unit/erofs_test.c, fuzz/erofs_fuzz.c
 */
#include <fs/erofs/erofs.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

struct block {
	u8 *bytes;
	u32 size, nr;	/* entries */
};

static const struct erofs_dirent *entry(const struct block *b, u32 n)
{
	return (const struct erofs_dirent *)b->bytes + n;
}

/* Its name; NULL: it lies nowhere. */
static const char *name_of(const struct block *b, u32 n, u32 *len)
{
	u32 from = entry(b, n)->name_off, to = n + 1 < b->nr ? entry(b, n + 1)->name_off : b->size;

	if (from >= to || to > b->size || from < b->nr * sizeof(struct erofs_dirent))
		return NULL;
	*len = (u32)strnlen((const char *)b->bytes + from, to - from);
	return *len && *len <= NAME_MAX ? (const char *)b->bytes + from : NULL;
}

static int load(struct erofs_inode *dir, u64 n, struct block *b)
{
	u32 bits = dir->fs->block_bits;
	int err;

	b->size = (u32)min(1ul << bits, dir->size - (n << bits));
	err = erofs_read(dir, n << bits, b->bytes, b->size);
	if (err)
		return err;
	b->nr = b->size < sizeof(struct erofs_dirent)
			? 0
			: entry(b, 0)->name_off / sizeof(struct erofs_dirent);
	if (!b->nr || b->nr * sizeof(struct erofs_dirent) > b->size)
		return erofs_corrupt(dir->fs, dir->nid, "invalid de[0].nameoff");
	return 0;
}

static int compare(const char *a, u32 a_len, const char *b, u32 b_len)
{
	int d = memcmp(a, b, min(a_len, b_len));

	return d ? d : a_len < b_len ? -1 : a_len > b_len;
}

static int search_block(struct erofs_inode *dir, const struct block *b, const char *name, u32 len,
			u64 *nid, u32 *type)
{
	for (u32 n = 0; n < b->nr; n++) {
		u32 l;
		const char *s = name_of(b, n, &l);

		if (!s)
			return erofs_corrupt(dir->fs, dir->nid, "a name that lies nowhere");
		if (l != len || memcmp(s, name, len) != 0)
			continue;
		*nid = entry(b, n)->nid;
		*type = entry(b, n)->type;
		return 0;
	}
	return -ENOENT;
}

/* The last block whose first name is not behind the one that is wanted. */
static int search(struct erofs_inode *dir, struct block *b, const char *name, u32 len, u64 *nid,
		  u32 *type)
{
	u64 low = 0, high = (dir->size + (1ul << dir->fs->block_bits) - 1) >> dir->fs->block_bits;
	int err = 0;

	while (high - low > 1 && !err) {
		u64 mid = low + (high - low) / 2;
		const char *s;
		u32 l = 0;

		err = load(dir, mid, b);
		s = err ? NULL : name_of(b, 0, &l);
		if (!err && !s)
			err = erofs_corrupt(dir->fs, dir->nid, "a name that lies nowhere");
		if (err || !s)
			break;
		if (compare(s, l, name, len) <= 0)
			low = mid;
		else
			high = mid;
	}
	if (!err)
		err = load(dir, low, b);
	return err ? err : search_block(dir, b, name, len, nid, type);
}

int erofs_lookup(struct erofs_inode *dir, const char *name, u32 len, u64 *nid, u32 *type)
{
	struct block b = { 0 };
	int err;

	if (!dir->size)
		return -ENOENT;
	b.bytes = kmalloc(1u << dir->fs->block_bits, PAGE_KERNEL);
	if (!b.bytes)
		return -ENOMEM;
	err = search(dir, &b, name, len, nid, type);
	kfree(b.bytes);
	return err;
}

/* Entries of block n from number at on. 1: no more are wanted. */
static int emit(struct erofs_inode *dir, const struct block *b, u64 n, u32 at, u64 *pos,
		struct erofs_emit *e)
{
	u64 base = n << dir->fs->block_bits;

	for (; at < b->nr; at++) {
		u32 len;
		const char *s = name_of(b, at, &len);
		u64 next = at + 1 < b->nr ? base + (at + 1) * sizeof(struct erofs_dirent)
					  : (n + 1) << dir->fs->block_bits;

		if (!s)
			return erofs_corrupt(dir->fs, dir->nid, "a name that lies nowhere");
		if (!e->entry(e, s, len, entry(b, at)->nid, entry(b, at)->type, next))
			return 1;
		*pos = next;
	}
	return 0;
}

int erofs_readdir(struct erofs_inode *dir, u64 *pos, struct erofs_emit *e)
{
	u32 bits = dir->fs->block_bits;
	struct block b = { .bytes = kmalloc(1u << bits, PAGE_KERNEL) };
	int err = b.bytes ? 0 : -ENOMEM;

	while (!err && *pos < dir->size) {
		u64 n = *pos >> bits;

		err = load(dir, n, &b);
		if (err)
			break;
		err = emit(dir, &b, n,
			   (u32)(*pos & ((1u << bits) - 1)) / sizeof(struct erofs_dirent), pos, e);
		if (!err)
			*pos = (n + 1) << bits;
	}
	kfree(b.bytes);
	return err < 0 ? err : 0;
}
