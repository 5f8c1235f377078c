/* SPDX-License-Identifier: MIT */
/* partition.c - reads GPT (the first table, or the one at the end when that is damaged) and MBR
 * with its chain of logical partitions.
 *
 * Nothing on the disk is believed: sizes are bounded, checksums compared, chains end, entries lie
 * on the disk. An MBR whose only entry is of type 0xee stands for a GPT.
 * Locks: none. Ref: UEFI 2.10 s5 (GPT), s5.2 (MBR). Tests: selftests/unit/partition_test.c
 */
#include "partition.h"

#include <kernel/lib/byteorder.h>
#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

#define SECTOR 512u
#define MBR_TABLE 446u
#define MBR_MAGIC 510u
#define TYPE_GPT 0xee
#define LOGICALS_MAX 60u
#define ENTRY_MIN 128u
#define ENTRY_MAX 4096u
#define NAME_UNITS 36u

/* ---- GPT ---- */

struct gpt {
	u64 first, last;		/* usable blocks */
	u64 table;
	u32 nr, entry, crc;
};

static bool gpt_header(const struct partition_source *s, u64 lba, struct gpt *g, int *err)
{
	u8 h[SECTOR];
	u32 size, crc;

	*err = s->read(s->arg, lba * s->block, h, sizeof(h));
	if (*err || memcmp(h, "EFI PART", 8) != 0)
		return false;
	size = get_le32(h + 12);
	if (size < 92 || size > sizeof(h))
		return false;
	crc = get_le32(h + 16);
	memset(h + 16, 0, 4);
	if (~crc32_ieee(~0u, h, size) != crc || get_le64(h + 24) != lba)
		return false;
	*g = (struct gpt){ get_le64(h + 40), get_le64(h + 48), get_le64(h + 72),
			   get_le32(h + 80), get_le32(h + 84), get_le32(h + 88) };
	return g->entry >= ENTRY_MIN && g->entry <= ENTRY_MAX && !(g->entry & (g->entry - 1)) &&
	       g->nr && g->nr <= 1024 && g->first <= g->last &&
	       g->last < s->nr_sectors / (s->block / SECTOR);
}

/* The name's UTF-16 as UTF-8; what is no character becomes '?'. */
static void gpt_label(const u8 *name, char *out, usize size)
{
	usize n = 0;

	for (u32 i = 0; i < NAME_UNITS; i++) {
		u32 c = get_le16(name + 2 * i);

		if (!c)
			break;
		if (c >= 0xd800 && c < 0xe000)
			c = '?';
		if (n + 4 > size)
			break;
		if (c < 0x80) {
			out[n++] = (char)c;
		} else if (c < 0x800) {
			out[n++] = (char)(0xc0 | c >> 6);
			out[n++] = (char)(0x80 | (c & 0x3f));
		} else {
			out[n++] = (char)(0xe0 | c >> 12);
			out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
			out[n++] = (char)(0x80 | (c & 0x3f));
		}
	}
	out[n] = 0;
}

/* The first three fields of a GUID are stored low byte first. */
static void guid_order(const u8 *in, u8 *out)
{
	static const u8 from[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

	for (u32 i = 0; i < 16; i++)
		out[i] = in[from[i]];
}

static bool gpt_entry(const struct partition_source *s, const struct gpt *g, const u8 *e,
		      u32 number, struct partition *out)
{
	u64 first = get_le64(e + 32), last = get_le64(e + 40), per = s->block / SECTOR;

	if (mem_is_zero(e, 16) || first < g->first || last > g->last || first > last)
		return false;
	*out = (struct partition){ .start = first * per,
				   .nr_sectors = (last - first + 1) * per,
				   .number = number,
				   .gpt = true };
	guid_order(e + 16, out->uuid);
	gpt_label(e + 56, out->label, sizeof(out->label));
	return true;
}

/* 1: the table is what its header says. */
static int gpt_table_good(const struct partition_source *s, const struct gpt *g)
{
	u64 left = (u64)g->nr * g->entry, pos = g->table * s->block;
	u8 buf[SECTOR];
	u32 crc = ~0u;

	while (left) {
		u32 n = (u32)min(left, (u64)sizeof(buf));
		int err = s->read(s->arg, pos, buf, n);

		if (err)
			return err;
		crc = crc32_ieee(crc, buf, n);
		pos += n;
		left -= n;
	}
	return ~crc == g->crc;
}

static int gpt_entries(const struct partition_source *s, const struct gpt *g, struct partition *out,
		       u32 max)
{
	int err = gpt_table_good(s, g);
	u8 e[ENTRY_MIN];
	u32 n = 0;

	if (err <= 0)
		return err ? err : -EINVAL;
	for (u32 i = 0; i < g->nr && n < max; i++) {
		err = s->read(s->arg, g->table * s->block + (u64)i * g->entry, e, sizeof(e));
		if (err)
			return err;
		n += gpt_entry(s, g, e, i + 1, &out[n]);
	}
	return (int)n;
}

static int find_gpt(const struct partition_source *s, struct partition *out, u32 max)
{
	u64 at[2] = { 1, s->nr_sectors / (s->block / SECTOR) - 1 };
	struct gpt g;
	int err = 0, n;

	for (u32 i = 0; i < 2; i++) {
		if (!gpt_header(s, at[i], &g, &err)) {
			if (err)
				return err;
			continue;
		}
		n = gpt_entries(s, &g, out, max);
		if (n != -EINVAL)
			return n;
	}
	return -ENOENT;
}

/* ---- MBR ---- */

static bool is_extended(u8 type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

static bool mbr_entry(const struct partition_source *s, const u8 *e, u64 base, u32 number,
		      u32 signature, struct partition *out)
{
	u64 per = s->block / SECTOR, start = (base + get_le32(e + 8)) * per,
	    n = (u64)get_le32(e + 12) * per;

	if (!e[4] || !n || start >= s->nr_sectors || n > s->nr_sectors - start)
		return false;
	*out = (struct partition){ .start = start, .nr_sectors = n, .number = number };
	out->uuid[0] = (u8)(signature >> 24);
	out->uuid[1] = (u8)(signature >> 16);
	out->uuid[2] = (u8)(signature >> 8);
	out->uuid[3] = (u8)signature;
	out->uuid[4] = (u8)number;
	return true;
}

/* The chain of an extended partition at block base: each link has one partition and the place of
 * the next, relative to base. */
static int find_logicals(const struct partition_source *s, u64 base, u32 signature,
			 struct partition *out, u32 max)
{
	u64 at = base;
	u32 n = 0, number = 5;
	u8 t[SECTOR];

	while (number < 5 + LOGICALS_MAX && n < max && at * (s->block / SECTOR) < s->nr_sectors) {
		u64 next = 0;
		int err = s->read(s->arg, at * s->block, t, sizeof(t));

		if (err)
			return err;
		if (get_le16(t + MBR_MAGIC) != 0xaa55)
			break;
		for (u32 i = 0; i < 4; i++) {
			const u8 *e = t + MBR_TABLE + 16 * i;

			if (is_extended(e[4]))
				next = next ? next : base + get_le32(e + 8);
			else if (n < max && mbr_entry(s, e, at, number, signature, &out[n]))
				n++, number++;
		}
		if (next <= at)		/* chains go forward: so they end */
			break;
		at = next;
	}
	return (int)n;
}

static int find_mbr(const struct partition_source *s, const u8 *t, struct partition *out, u32 max)
{
	u32 n = 0, signature = get_le32(t + 440);
	u64 extended = 0;

	for (u32 i = 0; i < 4 && n < max; i++) {
		const u8 *e = t + MBR_TABLE + 16 * i;

		/* 0x80: active. Anything else: no table, a boot sector of a file system */
		if (e[0] & 0x7f)
			return 0;
		if (is_extended(e[4]) && !extended)
			extended = get_le32(e + 8);
		n += mbr_entry(s, e, 0, i + 1, signature, &out[n]);
		if (n && out[n - 1].number == i + 1 && is_extended(e[4]))
			/* only its table can be seen */
			out[n - 1].nr_sectors = min(out[n - 1].nr_sectors,
						    (u64)s->block / SECTOR * 2);
	}
	if (extended) {
		int more = find_logicals(s, extended, signature, out + n, max - n);

		if (more < 0)
			return more;
		n += (u32)more;
	}
	return (int)n;
}

int partitions_find(const struct partition_source *s, struct partition *out, u32 max)
{
	bool gpt = false;
	u8 t[SECTOR];
	int n, err;

	if (s->nr_sectors < 2 * (s->block / SECTOR))
		return 0;
	err = s->read(s->arg, 0, t, sizeof(t));
	if (err)
		return err;
	if (get_le16(t + MBR_MAGIC) != 0xaa55)
		return 0;
	for (u32 i = 0; i < 4; i++)
		gpt |= t[MBR_TABLE + 16 * i + 4] == TYPE_GPT;
	if (gpt) {
		n = find_gpt(s, out, max);
		if (n != -ENOENT)
			return n;
	}
	return find_mbr(s, t, out, max);
}
