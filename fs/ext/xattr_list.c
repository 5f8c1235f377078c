/* SPDX-License-Identifier: MIT */
/* xattr_list.c - a list of extended attributes in some bytes: entries grow from the front, values
 * from the back. Pure.
 *
 * A change makes the list anew in other bytes, so nothing is half done when it does not fit.
 *
 * Ref: ext4/attributes.rst. Tests: selftests/unit/ext_xattr_test.c, fuzz/ext_fuzz.c
 */
#include "xattr_int.h"

#include <kernel/lib/string.h>

static u32 entry_size(u32 name_len)
{
	return (u32)(sizeof(struct ext_xattr_entry) + name_len + 3) & ~3u;
}

static u32 value_room(u32 len)
{
	return (len + 3) & ~3u;
}

struct ext_xattr_entry *ext_xattrs_next(const struct ext_xattrs *x, u32 *off)
{
	struct ext_xattr_entry *e = (struct ext_xattr_entry *)(x->base + *off);

	if (*off + 4 > x->size || !*(const u32 *)e)
		return NULL;
	*off += entry_size(e->name_len);
	return e;
}

bool ext_xattrs_check(const struct ext_xattrs *x)
{
	u32 off = x->start, end;
	struct ext_xattr_entry *e;

	for (;;) {
		e = (struct ext_xattr_entry *)(x->base + off);
		if (off + 4 > x->size)
			return false;
		if (!*(const u32 *)e)
			break;
		if (off + sizeof(*e) > x->size || off + entry_size(e->name_len) + 4 > x->size)
			return false;
		off += entry_size(e->name_len);
	}
	end = off;
	for (off = x->start; (e = ext_xattrs_next(x, &off));) {
		if (e->value_inum || !e->value_size)
			continue;
		if (e->value_off < end || e->value_off > x->size ||
		    e->value_size > x->size - e->value_off)
			return false;
	}
	return true;
}

static int compare(const struct ext_xattr_entry *e, const struct ext_xattr_key *k)
{
	if (e->name_index != k->index)
		return e->name_index < k->index ? -1 : 1;
	if (e->name_len != k->len)
		return e->name_len < k->len ? -1 : 1;
	return memcmp(e->name, k->name, k->len);
}

struct ext_xattr_entry *ext_xattrs_find(const struct ext_xattrs *x, const struct ext_xattr_key *k)
{
	u32 off = x->start;
	struct ext_xattr_entry *e;

	while ((e = ext_xattrs_next(x, &off)))
		if (!compare(e, k))
			return e;
	return NULL;
}

static u32 hash_entry(const struct ext_xattr_entry *e, const u8 *value, u32 len)
{
	u32 hash = 0, word;

	for (u32 n = 0; n < e->name_len; n++)
		hash = hash << 5 ^ hash >> 27 ^ (u8)e->name[n];
	for (u32 n = 0; n < len; n += 4) {
		word = 0;
		memcpy(&word, value + n, min(4u, len - n));
		hash = hash << 16 ^ hash >> 16 ^ word;
	}
	return hash;
}

u32 ext_xattrs_hash(const struct ext_xattrs *x)
{
	u32 off = x->start, hash = 0;
	struct ext_xattr_entry *e;

	while ((e = ext_xattrs_next(x, &off))) {
		if (!e->hash)
			return 0;
		hash = hash << 16 ^ hash >> 16 ^ e->hash;
	}
	return hash;
}

struct build {
	struct ext_xattrs *to;
	u32 off, top; /* of the next entry; of the last value */
	bool hashes;
};

static bool put(struct build *b, const struct ext_xattr_key *k, u32 inum, u32 hash,
		const void *value, u32 len)
{
	struct ext_xattr_entry *e = (struct ext_xattr_entry *)(b->to->base + b->off);
	u32 room = inum ? 0 : value_room(len);

	if (room > b->top || b->off + entry_size(k->len) + 4 > b->top - room)
		return false;
	b->top -= room;
	*e = (struct ext_xattr_entry){ .name_len = (u8)k->len,
				       .name_index = (u8)k->index,
				       .value_inum = inum,
				       .value_size = len };
	memcpy(e->name, k->name, k->len);
	if (inum) {
		e->hash = hash;
	} else {
		e->value_off = (u16)(len ? b->top : 0);
		memcpy(b->to->base + b->top, value, len);
		e->hash = b->hashes ? hash_entry(e, value, len) : 0;
	}
	b->off += entry_size(k->len);
	return true;
}

bool ext_xattrs_rebuild(const struct ext_xattrs *x, struct ext_xattrs *to,
			const struct ext_xattr_key *k, const void *value, u32 len, bool hashes,
			u32 *nr)
{
	struct build b = { to, to->start, to->size & ~3u, hashes };
	u32 off = x->start;
	struct ext_xattr_entry *e;
	bool pending = value != NULL;

	memset(to->base + to->start, 0, to->size - to->start);
	*nr = 0;
	while ((e = ext_xattrs_next(x, &off))) {
		struct ext_xattr_key ek = { e->name_index, e->name_len, e->name };
		int c = compare(e, k);

		if (c > 0 && pending) {
			if (!put(&b, k, 0, 0, value, len))
				return false;
			pending = false;
			++*nr;
		}
		if (!c)
			continue;
		if (!put(&b, &ek, e->value_inum, e->hash, x->base + e->value_off, e->value_size))
			return false;
		++*nr;
	}
	if (!pending)
		return true;
	++*nr;
	return put(&b, k, 0, 0, value, len);
}
