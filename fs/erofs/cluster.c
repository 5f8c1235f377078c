/* SPDX-License-Identifier: MIT */
/* cluster.c - indexes of compressed files: one for each logical cluster. A cluster in which an
 * extent begins is a head and says at which byte; the others say how far back the head is. An
 * extent ends where the next begins.
 *
 * Compact indexes come in packs: 2 in 8 bytes or 16 in 32, of which the last 4 are the block from
 * which the heads' blocks are counted.
 * Locks: none. Ref: the format. Tests: selftests/unit/erofs_test.c, fuzz/erofs_fuzz.c
 */
#include <fs/erofs/erofs.h>
#include <kernel/lib/byteorder.h>
#include <kernel/uapi.h>

struct cluster {
	enum erofs_z_type type;
	u32 offset;	/* head, plain: where the extent begins */
	u32 block;	/* and where its data is */
	u32 back;	/* rest: clusters to the head */
	u32 blocks;	/* rest, the first one: of the data; 0: does not say */
};

static u64 nr_clusters(const struct erofs_inode *i)
{
	return (i->size + (1ul << i->cluster_bits) - 1) >> i->cluster_bits;
}

static int set_rest(const struct erofs_inode *i, struct cluster *c, u32 distance)
{
	c->back = distance;
	if (!(distance & EROFS_Z_BLOCKS))
		return 0;
	if (!(i->advise & EROFS_Z_BIG))
		return erofs_corrupt(i->fs, i->nid, "a number of blocks where there is one");
	c->blocks = distance & ~EROFS_Z_BLOCKS;
	c->back = 1;
	return 0;
}

static int load_legacy(struct erofs_inode *i, u64 n, struct cluster *c)
{
	struct erofs_z_index x;
	int err = erofs_bytes(i->fs, ALIGN_UP(i->body, 8ul) + 16 + n * sizeof(x), &x, sizeof(x));

	if (err)
		return err;
	c->type = x.advise & 3;
	c->offset = x.offset;
	c->block = x.block;
	if (x.advise >> 2)
		return erofs_refuse(i->fs, i->nid, "an extent that is shared in part");
	return c->type == EROFS_Z_REST ? set_rest(i, c, x.distance[0]) : 0;
}

/* A pack in memory. */
struct pack {
	u8 bytes[32 + 4];
	u32 nr, bits;
};

static u32 item(const struct pack *p, s32 at, enum erofs_z_type *type)
{
	u32 bit = (u32)at * p->bits, v = get_le32(p->bytes + bit / 8) >> bit % 8;

	*type = v >> 12 & 3;
	return v & 0xfff;
}

/* Blocks of the heads before number at: each has one. */
static u32 blocks_before(const struct pack *p, s32 at)
{
	u32 n = 1;

	while (at-- > 0) {
		enum erofs_z_type type;
		u32 low = item(p, at, &type);

		if (type == EROFS_Z_REST)
			at -= (s32)low;
		n += at >= 0;
	}
	return n;
}

/* The same when the first cluster behind a head may say how many. */
static int big_blocks_before(const struct erofs_inode *i, const struct pack *p, s32 at, u32 *n)
{
	*n = 0;
	while (at-- > 0) {
		enum erofs_z_type type;
		u32 low = item(p, at, &type);

		if (type != EROFS_Z_REST) {
			++*n;
		} else if (low & EROFS_Z_BLOCKS) {
			*n += low & ~EROFS_Z_BLOCKS;
			at--;
		} else if (low < 2) {
			return erofs_corrupt(i->fs, i->nid,
					     "a cluster without its number of blocks");
		} else {
			at -= (s32)low - 2;
		}
	}
	return 0;
}

static int unpack_item(struct erofs_inode *i, const struct pack *p, s32 at, struct cluster *c)
{
	enum erofs_z_type type;
	u32 low = item(p, at, &c->type), before;
	int err = 0;

	if (c->type == EROFS_Z_REST) {
		if (low & EROFS_Z_BLOCKS || (u32)at + 1 != p->nr)
			return set_rest(i, c, low);
		/* The last one of a pack says how far the next head is: the one before it knows the
		 * way back. */
		low = item(p, at - 1, &type);
		c->back = type != EROFS_Z_REST ? 1 : low & EROFS_Z_BLOCKS ? 2 : low + 1;
		return 0;
	}
	c->offset = low;
	if (i->advise & EROFS_Z_BIG)
		err = big_blocks_before(i, p, at, &before);
	else
		before = blocks_before(p, at);
	if (!err)
		c->block = get_le32(p->bytes + p->nr * p->bits / 8) + before;
	return err;
}

/* First as many of 4 bytes as bring the place to 32, then, if they are used, those of 2, 16 at a
 * time; the others have 4. */
static int load_compact(struct erofs_inode *i, u64 n, struct cluster *c)
{
	u64 base = ALIGN_UP(i->body, 8ul) + sizeof(struct erofs_z_header), total = nr_clusters(i),
	    first = -base % 32 / 4, twos = 0, at;
	struct pack p = { .nr = 2, .bits = 16 };
	u32 size;
	int err;

	if (i->advise & EROFS_Z_2B && first < total)
		twos = ALIGN_DOWN(total - first, 16ul);
	if (n < first) {
		at = base + n * 4;
	} else if (n - first < twos) {
		at = base + first * 4 + (n - first) * 2;
		p.nr = 16;
		p.bits = 14;
	} else {
		at = base + first * 4 + twos * 2 + (n - first - twos) * 4;
	}
	size = p.nr == 16 ? 32 : 8;
	err = erofs_bytes(i->fs, ALIGN_DOWN(at, (u64)size), p.bytes, size);
	return err ? err : unpack_item(i, &p, (s32)(at % size / (size / p.nr)), c);
}

static int load(struct erofs_inode *i, u64 n, struct cluster *c)
{
	int err;

	*c = (struct cluster){ 0 };
	err = i->layout == EROFS_LEGACY ? load_legacy(i, n, c) : load_compact(i, n, c);
	if (err)
		return err;
	if (c->type == EROFS_Z_HEAD2)
		return erofs_refuse(i->fs, i->nid, "a second kind of head");
	if (c->type != EROFS_Z_REST && c->offset >= 1u << i->cluster_bits)
		return erofs_corrupt(i->fs, i->nid, "an extent that begins at byte %u of a cluster",
				     c->offset);
	return 0;
}

/* The head of cluster *n, of which c was loaded. */
static int find_head(struct erofs_inode *i, u64 *n, u32 back, struct cluster *c)
{
	while (back) {
		int err;

		if (back > *n)
			return erofs_corrupt(i->fs, i->nid, "bogus lookback distance");
		*n -= back;
		err = load(i, *n, c);
		if (err)
			return err;
		back = c->type == EROFS_Z_REST ? c->back : 0;
		if (c->type == EROFS_Z_REST && !back)
			return erofs_corrupt(i->fs, i->nid, "invalid lookback distance 0");
	}
	return 0;
}

/* The byte at which the next extent begins. */
static int find_end(struct erofs_inode *i, u64 n, u64 *end)
{
	struct cluster c;

	for (n++; n < nr_clusters(i); n++) {
		int err = load(i, n, &c);

		if (err)
			return err;
		if (c.type != EROFS_Z_REST) {
			*end = min((n << i->cluster_bits) + c.offset, i->size);
			return 0;
		}
	}
	*end = i->size;
	return 0;
}

static int packed_size(struct erofs_inode *i, u64 n, const struct cluster *head, u32 *bytes)
{
	struct cluster c = { 0 };
	int err = 0;

	*bytes = 1u << i->cluster_bits;
	if (head->type == EROFS_Z_PLAIN || !(i->advise & EROFS_Z_BIG) || n + 1 >= nr_clusters(i))
		return 0;
	err = load(i, n + 1, &c);
	if (err || c.type != EROFS_Z_REST)
		return err;
	if (!c.blocks)
		return erofs_corrupt(i->fs, i->nid, "a cluster without its number of blocks");
	*bytes = c.blocks << i->fs->block_bits;
	return 0;
}

int erofs_map_packed(struct erofs_inode *i, u64 pos, struct erofs_map *m)
{
	u64 n = pos >> i->cluster_bits, end;
	struct cluster c;
	u32 back = 0;
	int err = load(i, n, &c);

	if (err)
		return err;
	if (c.type == EROFS_Z_REST && !c.back)
		return erofs_corrupt(i->fs, i->nid, "invalid lookback distance 0");
	if (c.type == EROFS_Z_REST)
		back = c.back;
	else if ((pos & ((1u << i->cluster_bits) - 1)) < c.offset)
		back = 1;
	err = find_head(i, &n, back, &c);
	if (!err)
		err = find_end(i, n, &end);
	if (!err)
		err = packed_size(i, n, &c, &m->packed);
	if (err)
		return err;
	m->kind = c.type == EROFS_Z_PLAIN ? EROFS_RAW : EROFS_LZ4;
	m->from = (n << i->cluster_bits) + c.offset;
	m->at = (u64)c.block << i->fs->block_bits;
	m->len = end - m->from;
	if (pos < m->from || pos >= end || (m->kind == EROFS_RAW && m->len > m->packed))
		return erofs_corrupt(i->fs, i->nid, "an extent of %lu bytes at %lu", m->len,
				     m->from);
	return 0;
}
