/* SPDX-License-Identifier: MIT */
/* verity.c - a device whose blocks are what they were when a tree of hashes was made of them.
 *
 * Each block of level 0 holds the hashes of data blocks, each of a level above those of the level
 * below; the hash of the one block on top is in the table. What is read is compared on its way up;
 * hash blocks that were found good are kept, so the way down begins at the lowest of those.
 *
 * Invariant: a slot holds a block that agrees with the root hash; it is never written again.
 * Locks: s  verity.lock (RANK_OBJECT): slots, bits; the rest is immutable but for flags that only
 * get set. Ref: Linux Documentation/admin-guide/device-mapper/verity.rst.
 * Tests: selftests/fuzz/dm_fuzz.c, selftests/storage/run (verity_...)
 */
#define LOG_TAG "device-mapper"
#include "dm_int.h"

#include <fs/chrdev.h>
#include <kernel/lib/crypto.h>
#include <kernel/lib/string.h>
#include <kernel/panic.h>
#include <kernel/power.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/kvmap.h>
#include <mm/page.h>
#include <mm/slab.h>

#define SLOTS	    512u	/* hash blocks kept: at most 2 MiB a device */
#define SAID_MOST   100u	/* corrupt blocks told of */
#define HASH	    SHA256_BYTES
#define LEVELS_MOST 63u

enum on_corruption { FAIL_READ, GO_ON, RESTART, PANIC };
static const char *const modes[] = { "", "ignore_corruption", "restart_on_corruption",
				     "panic_on_corruption" };

struct slot {
	u64 block;
	struct page *page;	/* NULL: none */
};

struct verity {
	struct blkdev *hash;
	u32 version, data_block, hash_block, levels;
	u32 fan_bits, stride;	/* hashes in a hash block, by log2; bytes from one to the next */
	u64 nr_blocks, hash_start;
	u64 level_start[LEVELS_MOST];
	u8 root[HASH], zero[HASH], *salt;
	u32 salt_len;
	struct sha256 begun;	/* with the salt, in version 1 */
	enum on_corruption mode;
	bool zeroes, tasklet, corrupt;
	u8 *seen;		/* [s] bits: checked once already; NULL: checked always */
	u32 said;
	struct spinlock lock;
	struct slot slots[SLOTS];	/* [s] */
};

/* ---- hashes ---- */

static void hash_end(const struct verity *v, struct sha256 *s, u8 out[HASH])
{
	if (!v->version)
		sha256_update(s, v->salt, v->salt_len);
	sha256_final(s, out);
}

static void hash_of(const struct verity *v, const void *data, u32 n, u8 out[HASH])
{
	struct sha256 s = v->begun;

	sha256_update(&s, data, n);
	hash_end(v, &s, out);
}

/* Is it to be taken nevertheless? */
static int mismatch(struct verity *v, const struct blkdev *d, const char *kind, u64 block)
{
	v->corrupt = true;
	if (v->said < SAID_MOST) {
		v->said++;
		pr_err("verity: %u:%u: %s block %lu is corrupted", dev_major(d->dev),
		       dev_minor(d->dev), kind, block);
	}
	if (v->mode == RESTART)
		power_end(POWER_RESET);
	if (v->mode == PANIC)
		panic("dm-verity device corrupted");
	return v->mode == GO_ON ? 0 : -EIO;
}

/* ---- the tree ---- */

static u64 place(const struct verity *v, u64 block, u32 level)
{
	u32 shift = (level + 1) * v->fan_bits;

	return v->level_start[level] + (shift < 64 ? block >> shift : 0);
}

static void take_hash(const struct verity *v, const struct page *p, u64 block, u32 level,
		      u8 out[HASH])
{
	u64 n = block >> (level * v->fan_bits) & (BIT(v->fan_bits) - 1);

	memcpy(out, (u8 *)page_to_virt(p) + n * v->stride, HASH);
}

static struct page *kept(struct verity *v, u64 block)
{
	struct slot *s = &v->slots[block % SLOTS];
	struct page *p = NULL;

	spin_lock(&v->lock);
	if (s->page && s->block == block) {
		p = s->page;
		page_get(p);
	}
	spin_unlock(&v->lock);
	return p;
}

static void keep(struct verity *v, u64 block, struct page *p)
{
	struct slot *s = &v->slots[block % SLOTS];
	struct page *old;

	page_get(p);
	spin_lock(&v->lock);
	old = s->page;
	*s = (struct slot){ block, p };
	spin_unlock(&v->lock);
	if (old)
		page_put(old);
}

/* The hash block that should have this hash: a reference. */
static int read_hashes(struct verity *v, u64 block, const u8 want[HASH], struct page **out)
{
	struct page *p = page_alloc(0, PAGE_KERNEL);
	u8 got[HASH];
	int err;

	if (!p)
		return -ENOMEM;
	err = blkdev_page_wait(v->hash, BIO_READ, block * (v->hash_block / SECTOR_SIZE), p, 0,
			       v->hash_block, BIO_META);
	if (!err) {
		hash_of(v, page_to_virt(p), v->hash_block, got);
		if (!memcmp(got, want, HASH))
			keep(v, block, p);
		else
			err = mismatch(v, v->hash, "metadata", block);
	}
	if (err)
		page_put(p);
	*out = p;
	return err;
}

/* What the hash of a data block should be. */
static int find_hash(struct verity *v, u64 block, u8 want[HASH])
{
	struct page *p = NULL;
	u32 level = 0;
	int err;

	while (level < v->levels && !(p = kept(v, place(v, block, level))))
		level++;
	memcpy(want, v->root, HASH);
	for (;;) {
		if (p) {
			take_hash(v, p, block, level, want);
			page_put(p);
		}
		if (!level--)
			return 0;
		err = read_hashes(v, place(v, block, level), want, &p);
		if (err)
			return err;
	}
}

/* ---- data ---- */

/* Through the pieces of one block: hashed into s, zeroed, or overwritten by what is at from. */
static void walk(const struct verity *v, struct dm_cursor *c, struct sha256 *s, const u8 *from)
{
	struct bio_vec p;

	for (u32 left = v->data_block; left; left -= p.len) {
		p = dm_piece(c, left);
		if (s)
			sha256_update(s, dm_bytes(&p), p.len);
		else if (from)
			memcpy(dm_bytes(&p), from + v->data_block - left, p.len);
		else
			memset(dm_bytes(&p), 0, p.len);
		dm_advance(c, p.len);
	}
}

/* A program may have written into the pages that it has read into: what does the disk say? */
static int read_again(const struct verity *v, struct blkdev *d, u64 block, const u8 want[HASH],
		      struct dm_cursor *c)
{
	struct page *p = page_alloc(0, PAGE_KERNEL);
	u8 got[HASH];
	int err = p ? blkdev_page_wait(d, BIO_READ, block * (v->data_block / SECTOR_SIZE), p, 0,
				       v->data_block, 0) : -ENOMEM;

	if (!err) {
		hash_of(v, page_to_virt(p), v->data_block, got);
		err = memcmp(got, want, HASH) != 0 ? -EIO : 0;
	}
	if (!err)
		walk(v, c, NULL, page_to_virt(p));
	if (p)
		page_put(p);
	return err;
}

static int check_block(const struct dm_target *t, struct dm_cursor *c, u64 block)
{
	struct verity *v = t->priv;
	struct sha256 s = v->begun;
	struct dm_cursor again = *c;
	u8 want[HASH], got[HASH];
	int err = find_hash(v, block, want);

	if (err)
		return err;
	if (v->zeroes && !memcmp(want, v->zero, HASH)) {
		walk(v, c, NULL, NULL);
		return 0;
	}
	walk(v, c, &s, NULL);
	hash_end(v, &s, got);
	if (memcmp(got, want, HASH) != 0 && read_again(v, t->dev, block, want, &again))
		return mismatch(v, t->dev, "data", block);
	if (v->seen)
		__atomic_fetch_or(&v->seen[block / 8], (u8)(1 << block % 8), __ATOMIC_RELAXED);
	return 0;
}

static int check(const struct dm_target *t, struct dm_cursor *c, u64 at, u64 n)
{
	const struct verity *v = t->priv;
	u32 unit = v->data_block / SECTOR_SIZE;
	int err = 0;

	for (u64 block = at / unit; n && !err; block++, n -= unit) {
		if (v->seen && READ_ONCE(v->seen[block / 8]) & 1 << block % 8)
			dm_skip(c, unit);
		else
			err = check_block(t, c, block);
	}
	return err;
}

/* ---- the table's line ---- */

static int unhex(const char *s, u8 *out, usize n)
{
	for (usize i = 0; i < 2 * n; i++) {
		int c = s[i] | 0x20, d = is_digit(s[i])		? s[i] - '0'
					 : c >= 'a' && c <= 'f' ? c - 'a' + 10
								: -1;

		if (d < 0)
			return -EINVAL;
		out[i / 2] = (u8)(out[i / 2] << 4 | d);
	}
	return s[2 * n] ? -EINVAL : 0;
}

static bool is_block(u64 n, const struct blkdev *d)
{
	return n >= d->disk->limits.logical_block && n <= PAGE_SIZE && !(n & (n - 1));
}

/* Version, devices, block sizes, numbers: words 0 to 6. */
static int read_places(struct dm_table *tb, struct dm_target *t, struct verity *v, char **argv)
{
	u64 n, end;
	int err;

	if (parse_u64(argv[0], 10, &n, NULL) || n > 1)
		return dm_bad(t, "Invalid version");
	v->version = (u32)n;
	t->error = "Data device lookup failed";
	err = dm_claim(tb, argv[1], &t->dev);
	if (err)
		return err;
	t->error = "Hash device lookup failed";
	err = dm_claim(tb, argv[2], &v->hash);
	if (err)
		return err;
	if (parse_u64(argv[3], 10, &n, NULL) || !is_block(n, t->dev))
		return dm_bad(t, "Invalid data device block size");
	v->data_block = (u32)n;
	if (parse_u64(argv[4], 10, &n, NULL) || !is_block(n, v->hash))
		return dm_bad(t, "Invalid hash device block size");
	v->hash_block = (u32)n;
	if (parse_u64(argv[5], 10, &v->nr_blocks, NULL) ||
	    mul_of(v->nr_blocks, (u64)v->data_block, &end))
		return dm_bad(t, "Invalid data blocks");
	if (t->len > end / SECTOR_SIZE)
		return dm_bad(t, "Data device is too small");
	if (parse_u64(argv[6], 10, &v->hash_start, NULL) ||
	    mul_of(v->hash_start, (u64)v->hash_block, &end))
		return dm_bad(t, "Invalid hash start");
	return 0;
}

/* Algorithm, root hash, salt: words 7 to 9. */
static int read_hash(struct dm_target *t, struct verity *v, char **argv)
{
	usize n = strlen(argv[9]);

	if (strcmp(argv[7], "sha256") != 0) {
		t->error = "Cannot initialize hash function";
		return -ENOENT;
	}
	if (v->hash_block < 2 * HASH)
		return dm_bad(t, "Digest size too big");
	if (strlen(argv[8]) != 2 * HASH || unhex(argv[8], v->root, HASH))
		return dm_bad(t, "Invalid root digest");
	if (strcmp(argv[9], "-") != 0) {
		v->salt = kmalloc(n / 2 + 1, PAGE_KERNEL);
		if (!v->salt)
			return -ENOMEM;
		v->salt_len = (u32)(n / 2);
		if (n % 2 || unhex(argv[9], v->salt, v->salt_len))
			return dm_bad(t, "Invalid salt");
	}
	sha256_init(&v->begun);
	if (v->version)
		sha256_update(&v->begun, v->salt, v->salt_len);
	return 0;
}

static int hash_zeroes(struct verity *v)
{
	void *nothing = kzalloc(v->data_block);

	if (!nothing)
		return -ENOMEM;
	hash_of(v, nothing, v->data_block, v->zero);
	kfree(nothing);
	v->zeroes = true;
	return 0;
}

static int read_option(struct dm_target *t, struct verity *v, const char *word)
{
	for (u32 i = 1; i < ARRAY_SIZE(modes); i++) {
		if (strcmp(word, modes[i]) != 0)
			continue;
		if (v->mode)
			return dm_bad(t, "Conflicting error handling parameters");
		v->mode = (enum on_corruption)i;
		return 0;
	}
	if (!strcmp(word, "ignore_zero_blocks")) {
		return hash_zeroes(v);
	} else if (!strcmp(word, "check_at_most_once")) {
		if (!v->seen)
			v->seen = kv_alloc(v->nr_blocks / 8 + 1);
		if (!v->seen)
			return -ENOMEM;
	} else if (!strcmp(word, "try_verify_in_tasklet")) {
		v->tasklet = true;
	} else {
		pr_err("verity: no such feature here: %s", word);
		return dm_bad(t, "Unrecognized verity feature request");
	}
	return 0;
}

static int read_options(struct dm_target *t, struct verity *v, u32 argc, char **argv)
{
	u64 n;
	int err = 0;

	if (!argc)
		return 0;
	if (parse_u64(argv[0], 10, &n, NULL) || n >= argc)
		return dm_bad(t, "Invalid number of feature args");
	for (u64 i = 1; i <= n && !err; i++)
		err = read_option(t, v, argv[i]);
	return err;
}

static int lay_out(struct dm_target *t, struct verity *v)
{
	u64 at = v->hash_start, end;

	v->fan_bits = (u32)__builtin_ctz(v->hash_block / HASH);
	v->stride = HASH;
	while (v->fan_bits * v->levels < 64 && v->nr_blocks &&
	       (v->nr_blocks - 1) >> (v->fan_bits * v->levels))
		v->levels++;
	for (u32 i = v->levels; i--;) {
		u32 shift = (i + 1) * v->fan_bits;

		v->level_start[i] = at;
		if (add_of(at, shift < 64 ? ((v->nr_blocks - 1) >> shift) + 1 : 1, &at))
			return dm_bad(t, "Hash device offset overflow");
	}
	if (mul_of(at, (u64)v->hash_block, &end) || end > blkdev_bytes(v->hash)) {
		t->error = "Hash device is too small";
		return -E2BIG;
	}
	return 0;
}

static void destroy(struct dm_target *t)
{
	struct verity *v = t->priv;

	for (u32 i = 0; i < SLOTS; i++)
		if (v->slots[i].page)
			page_put(v->slots[i].page);
	kfree(v->salt);
	kv_free(v->seen);
	kfree(v);
}

static int make(struct dm_table *tb, struct dm_target *t, u32 argc, char **argv)
{
	struct verity *v;
	int err;

	if (!tb->read_only)
		return dm_bad(t, "Device must be readonly");
	if (argc < 10)
		return dm_bad(t, "Not enough arguments");
	v = t->priv = knew(struct verity);
	if (!v)
		return -ENOMEM;
	spin_init(&v->lock, RANK_OBJECT);
	err = read_places(tb, t, v, argv);
	if (!err)
		err = read_hash(t, v, argv);
	if (!err)
		err = read_options(t, v, argc - 10, argv + 10);
	if (!err)
		err = lay_out(t, v);
	if (err)
		destroy(t);
	return err;
}

/* ---- telling ---- */

struct text {
	char *buf;
	usize n, at;
};

static void put_hex(struct text *o, const u8 *p, u32 n)
{
	for (u32 i = 0; i < n; i++)
		o->at = fmt_append(o->buf, o->n, o->at, "%02x", p[i]);
}

static void put_args(const struct dm_target *t, struct text *o)
{
	const struct verity *v = t->priv;
	u32 n = (v->mode != FAIL_READ) + v->zeroes + (v->seen != NULL) + v->tasklet;

	o->at = fmt_append(o->buf, o->n, 0, "%u %u:%u %u:%u %u %u %lu %lu sha256 ", v->version,
			   dev_major(t->dev->dev), dev_minor(t->dev->dev), dev_major(v->hash->dev),
			   dev_minor(v->hash->dev), v->data_block, v->hash_block, v->nr_blocks,
			   v->hash_start);
	put_hex(o, v->root, HASH);
	o->at = fmt_append(o->buf, o->n, o->at, v->salt_len ? " " : " -");
	put_hex(o, v->salt, v->salt_len);
	if (n)
		fmt_append(o->buf, o->n, o->at, " %u%s%s%s%s%s", n, v->mode ? " " : "",
			   modes[v->mode], v->zeroes ? " ignore_zero_blocks" : "",
			   v->seen ? " check_at_most_once" : "",
			   v->tasklet ? " try_verify_in_tasklet" : "");
}

static void text(const struct dm_target *t, bool args, char *buf, usize n)
{
	struct text o = { buf, n, 0 };

	if (args)
		put_args(t, &o);
	else
		fmt_print(buf, n, "%c", ((struct verity *)t->priv)->corrupt ? 'C' : 'V');
}

u32 dm_verity_block(const struct dm_target *t)
{
	return ((struct verity *)t->priv)->data_block;
}

const struct dm_type dm_verity = { .name = "verity",
				   .version = { 1, 10, 0 },
				   .make = make,
				   .destroy = destroy,
				   .text = text,
				   .passes = true,
				   .check = check };
