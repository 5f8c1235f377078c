/* SPDX-License-Identifier: MIT */
/* inode.c - inodes and the bytes of their files: blocks in a row, with the tail behind the inode,
 * in chunks, or compressed.
 *
 * A compressed extent is unpacked from its start as far as wanted and kept until the next one is:
 * pages are read in order.
 * Locks: M around the last extent. Ref: the format. Tests: selftests/unit/erofs_test.c,
 * fuzz/erofs_fuzz.c
 */
#include <fs/blkdev.h>
#include <fs/erofs/erofs.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#define MOST_PACKED   (1u << 20)	/* Z_EROFS_PCLUSTER_MAX_SIZE */
#define MOST_UNPACKED (4u << 20)
#define UNPACK_STEP   (256u << 10)	/* a longer extent is unpacked in as many goes */

/* ---- inodes ---- */

static void from_short(struct erofs_inode *i, const struct erofs_inode_short *s)
{
	i->size = s->size;
	i->place = s->place;
	i->uid = s->uid;
	i->gid = s->gid;
	i->nlink = s->nlink;
	i->mtime = i->fs->build_time;
	i->mtime_nsec = i->fs->build_nsec;
}

static void from_long(struct erofs_inode *i, const struct erofs_inode_long *l)
{
	i->size = l->size;
	i->place = l->place;
	i->uid = l->uid;
	i->gid = l->gid;
	i->nlink = l->nlink;
	i->mtime = l->mtime;
	i->mtime_nsec = l->mtime_nsec;
}

static int read_packed_header(struct erofs_inode *i)
{
	struct erofs_fs *fs = i->fs;
	struct erofs_z_header h;
	int err;

	i->cluster_bits = fs->block_bits;
	if (i->layout == EROFS_LEGACY && !(fs->incompat & EROFS_COMPR_CFGS))
		return 0; /* it has none yet */
	err = erofs_bytes(fs, ALIGN_UP(i->body, 8ul), &h, sizeof(h));
	if (err)
		return err;
	if (h.advise & ~EROFS_Z_KNOWN || h.cluster_bits >> 7)
		return erofs_refuse(fs, i->nid, "compressed with %s (%#x)",
				    h.advise & 0x8 ? "an inline tail" : "fragments", h.advise);
	if (h.algorithms & 15)
		return erofs_refuse(fs, i->nid, "unknown compression format %u", h.algorithms & 15);
	i->advise = h.advise;
	i->cluster_bits += h.cluster_bits & 7;
	if (i->layout == EROFS_COMPACT && i->cluster_bits != 12)
		return erofs_refuse(fs, i->nid, "logical clusters of %u bytes",
				    1u << i->cluster_bits);
	return 0;
}

static int check(struct erofs_inode *i, u16 format)
{
	u32 type = i->mode & S_IFMT;

	if (format >> 4 || i->layout > EROFS_CHUNKS)
		return erofs_refuse(i->fs, i->nid, "unsupported i_format %u", format);
	if (i->layout == EROFS_CHUNKS && i->place & ~(EROFS_CHUNK_BITS | EROFS_CHUNK_INDEXES))
		return erofs_refuse(i->fs, i->nid, "unsupported chunk format %#x", i->place);
	if (i->size > S64_MAX >> 1 ||
	    (i->layout == EROFS_CHUNKS && (i->place & EROFS_CHUNK_BITS) + i->fs->block_bits > 40))
		return erofs_corrupt(i->fs, i->nid, "a size of %lu", i->size);
	switch (type) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
		return erofs_is_packed(i) ? read_packed_header(i) : 0;
	case S_IFCHR:
	case S_IFBLK:
		i->rdev = i->place;
		/* fall through */
	case S_IFIFO:
	case S_IFSOCK:
		i->size = 0;
		return 0;
	}
	return erofs_corrupt(i->fs, i->nid, "bogus i_mode (%o)", i->mode);
}

int erofs_inode_read(struct erofs_fs *fs, u64 nid, struct erofs_inode *i)
{
	u64 at = fs->meta + (nid << EROFS_SLOT_BITS);
	union {
		struct erofs_inode_short s;
		struct erofs_inode_long l;
	} raw;
	bool is_long;
	int err;

	*i = (struct erofs_inode){ .fs = fs, .nid = nid };
	if (nid >> (64 - EROFS_SLOT_BITS) || at >= blkdev_bytes(fs->dev))
		return erofs_corrupt(fs, nid, "no such inode");
	err = erofs_bytes(fs, at, &raw, sizeof(raw.s));
	is_long = !err && raw.s.format & 1;
	if (is_long)
		err = erofs_bytes(fs, at, &raw, sizeof(raw.l));
	if (err)
		return err;
	i->mode = raw.s.mode;
	i->layout = raw.s.format >> 1 & 7;
	i->xattr_size = raw.s.xattr_count ? EROFS_XATTR_HEADER + (raw.s.xattr_count - 1) * 4 : 0;
	i->body = at + (is_long ? sizeof(raw.l) : sizeof(raw.s)) + i->xattr_size;
	if (is_long)
		from_long(i, &raw.l);
	else
		from_short(i, &raw.s);
	return check(i, raw.s.format);
}

/* ---- where bytes are ---- */

static int map_chunk(struct erofs_inode *i, u64 pos, struct erofs_map *m)
{
	struct erofs_fs *fs = i->fs;
	u32 bits = fs->block_bits + (i->place & EROFS_CHUNK_BITS),
	    unit = i->place & EROFS_CHUNK_INDEXES ? 8 : 4, index[2];
	u64 n = pos >> bits;
	int err = erofs_bytes(fs, ALIGN_UP(i->body, (u64)unit) + n * unit, index, unit);

	if (err)
		return err;
	if (unit == 8 && index[0] >> 16 && index[1] != EROFS_NO_BLOCK)
		return erofs_refuse(fs, i->nid, "a chunk on device %u", index[0] >> 16);
	m->from = n << bits;
	m->len = min(1ul << bits, i->size - m->from);
	m->kind = index[unit / 4 - 1] == EROFS_NO_BLOCK ? EROFS_HOLE : EROFS_RAW;
	m->at = (u64)index[unit / 4 - 1] << fs->block_bits;
	return 0;
}

int erofs_map(struct erofs_inode *i, u64 pos, struct erofs_map *m)
{
	u32 size = 1u << i->fs->block_bits;
	u64 inline_from = i->layout == EROFS_INLINE ? ALIGN_DOWN(i->size, (u64)size) : i->size;

	if (erofs_is_packed(i))
		return erofs_map_packed(i, pos, m);
	if (i->layout == EROFS_CHUNKS)
		return map_chunk(i, pos, m);
	m->kind = EROFS_RAW;
	if (pos < inline_from) {
		*m = (struct erofs_map){ EROFS_RAW, 0, inline_from,
					 (u64)i->place << i->fs->block_bits, 0 };
		return 0;
	}
	*m = (struct erofs_map){ EROFS_RAW, inline_from, i->size - inline_from, i->body, 0 };
	if ((i->body & (size - 1)) + m->len > size)
		return erofs_corrupt(i->fs, i->nid, "inline data across block boundary");
	return 0;
}

/* ---- compressed extents ---- */

/* Padding stands before the data. */
static int skip_zeros(const struct erofs_inode *i, const u8 *src, u32 n, u32 *skip)
{
	if (!(i->fs->incompat & EROFS_ZERO_PADDING))
		return 0;
	while (*skip < n && !src[*skip])
		++*skip;
	return *skip < n && *skip < 1u << i->fs->block_bits
		       ? 0
		       : erofs_corrupt(i->fs, i->nid, "a compressed cluster of zeros");
}

static int unpack(struct erofs_inode *i, const struct erofs_map *m, u8 *to, u32 want)
{
	u8 *src = m->packed <= MOST_PACKED ? kmalloc(m->packed, PAGE_KERNEL) : NULL;
	u32 skip = 0;
	int err;
	s32 got;

	if (!src)
		return m->packed > MOST_PACKED
			       ? erofs_corrupt(i->fs, i->nid, "a compressed cluster of %u bytes",
					       m->packed)
			       : -ENOMEM;
	err = erofs_bytes(i->fs, m->at, src, m->packed);
	if (!err)
		err = skip_zeros(i, src, m->packed, &skip);
	if (!err) {
		got = erofs_lz4(src + skip, m->packed - skip, to, want);
		if (got < 0 || (u32)got != want)
			err = (erofs_complain(i->fs, i->nid,
					      "failed to decompress %d in[%u] out[%u]", got,
					      m->packed, want),
			       -EIO);
	}
	kfree(src);
	return err;
}

/* n bytes from byte off of the extent on. */
static int read_packed(struct erofs_inode *i, const struct erofs_map *m, u64 off, void *to, u32 n)
{
	struct erofs_fs *fs = i->fs;
	struct erofs_unpacked *u = &fs->last;
	u64 want = min(m->len, ALIGN_UP(off + n, (u64)UNPACK_STEP));
	int err = 0;

	if (want > MOST_UNPACKED)
		return erofs_refuse(fs, i->nid, "a compressed extent of %lu bytes", m->len);
	mutex_lock(&fs->lock);
	if (u->nid != i->nid || u->from != m->from || u->len < off + n) {
		kfree(u->bytes);
		*u = (struct erofs_unpacked){ i->nid, m->from, (u32)want,
					      kmalloc(want, PAGE_KERNEL) };
		err = u->bytes ? unpack(i, m, u->bytes, u->len) : -ENOMEM;
		if (err)
			u->len = 0;
	}
	if (!err)
		memcpy(to, u->bytes + off, n);
	mutex_unlock(&fs->lock);
	return err;
}

/* ---- reading ---- */

int erofs_read(struct erofs_inode *i, u64 pos, void *to, u32 n)
{
	while (n && pos < i->size) {
		struct erofs_map m = { 0 };
		int err = erofs_map(i, pos, &m);
		u64 off = pos - m.from;
		u32 part;

		if (err)
			return err;
		part = (u32)min((u64)n, m.len - off);
		if (m.kind == EROFS_HOLE)
			memset(to, 0, part);
		else
			err = m.kind == EROFS_RAW ? erofs_bytes(i->fs, m.at + off, to, part)
						  : read_packed(i, &m, off, to, part);
		if (err)
			return err;
		to = (u8 *)to + part;
		pos += part;
		n -= part;
	}
	memset(to, 0, n);
	return 0;
}
