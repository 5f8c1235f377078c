/* SPDX-License-Identifier: MIT */
/* states.c - every state that a power cut could leave of a recorded disk, each mounted by the host
 * build of fs/ext and judged.
 *
 *	states BASE LOG EXPECT PARTS PART STATES EVERY_CUT EVERY_ASK DIR SKIP FAILURES SUBSETS
 *
 * LOG is of QEMU's blklogwrites. Of each epoch, the writes between two flushes:
 *	prefix	the first k of them			torn	and of the next one the first sectors
 *	lost	all but one				lonely	one alone
 *	subset	any of them, by chance
 * over everything before, which was flushed. States that are equal byte for byte are one, found by
 * a hash that changes with each sector. STATES is how many shall be judged (0: all), spread over
 * all of them by that hash; of PARTS processes this is PART.
 *
 * Each state is judged in a child, which has the medium for itself: the journal is replayed,
 * orphans are worked off, tree.c walks everything and expect.c compares. One in EVERY_CUT is also
 * cut twice more while that goes on, and each of these is judged. One in EVERY_ASK is left in DIR
 * as an image (EXPECT "-": as the files of its root; EXPECT "=": the caller alone judges) and the
 * caller is asked: "ask PATH MARK LABEL", to which "ok" or what is wrong is the answer. Ends after
 * FAILURES failures. SKIP: see fs/flushpoint.h; while replaying.
 */
/* modules: @extdisk selftests/crash/tree.c selftests/crash/expect.c */
#include "tree.h"

#include <fs/blkdev.h>
#include <fs/flushpoint.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>

#include "../host/disk.h"
#include "../host/unit.h"

#define LOG_MAGIC 0x6a736677736872ull
#define FLAG_FLUSH 1u
#define FLAG_FUA 2u
#define FLAG_DISCARD 4u
#define FLAG_MARK 8u
/* of marks, behind the file system; then what is written to the device itself */
#define MARK_BYTES (1u << 20)
#define RAW_BYTES (2u << 20)
#define TORN_MOST 8u

struct entry {
	u64 sector;
	u32 nr;			/* sectors; 0: a flush */
	bool fua;
	const u8 *data;		/* NULL: zeros */
	s64 mark;		/* the last one up to here, with this */
	bool is_mark;
};

/* What all processes of a run count. */
struct counts {
	u64 judged, cuts, asked, failed, static_blocks;
};

static struct entry *entries;
static u32 nr_entries;
static u8 *medium, *before;
static u64 medium_bytes, fs_bytes;
static u64 state_hash, *sector_hash;
static struct counts *counts;
static struct {
	u32 sector;
	u8 data[SECTOR_SIZE];
} *undo;
static u32 nr_undo, max_undo;
static u64 *seen, seen_mask, distinct, all;
/* plain: no expectations; files: those of the root are wanted */
static bool judging, plain, files, has_journal;
static u32 parts, part, every_cut, every_ask, most_failures, subsets;
static u64 threshold = U64_MAX;
static const char *dir;
static u64 chance = 88172645463325252ull;

static u32 rnd(u32 n)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (u32)(chance >> 20) % n;
}

/* ---- the medium ---- */

static u64 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static u64 hash_sector(u32 sector)
{
	const u8 *p = medium + (u64)sector * SECTOR_SIZE;
	u64 h = sector + 1;

	for (u32 k = 0; k < SECTOR_SIZE; k += 8)
		h = (h ^ get_le64(p + k)) * 0x9e3779b97f4a7c15ull + (h >> 29);
	return mix(h);
}

static void put_sector(u32 sector, const u8 *data)
{
	u8 *p = medium + (u64)sector * SECTOR_SIZE;
	static const u8 zeros[SECTOR_SIZE];

	if (!data)
		data = zeros;
	if (!memcmp(p, data, SECTOR_SIZE))
		return;
	if (nr_undo == max_undo) {
		void *more = host_alloc((max_undo * 2 + 4096) * sizeof(*undo), 0, false);

		if (undo)
			memcpy(more, undo, nr_undo * sizeof(*undo));
		host_free(undo);
		undo = more;
		max_undo = max_undo * 2 + 4096;
	}
	undo[nr_undo].sector = sector;
	memcpy(undo[nr_undo++].data, p, SECTOR_SIZE);
	memcpy(p, data, SECTOR_SIZE);
	state_hash -= sector_hash[sector];
	sector_hash[sector] = hash_sector(sector);
	state_hash += sector_hash[sector];
}

static void undo_to(u32 to)
{
	while (nr_undo > to) {
		u32 sector = undo[--nr_undo].sector;

		memcpy(medium + (u64)sector * SECTOR_SIZE, undo[nr_undo].data, SECTOR_SIZE);
		state_hash -= sector_hash[sector];
		sector_hash[sector] = hash_sector(sector);
		state_hash += sector_hash[sector];
	}
}

/* The first n sectors of a write. Marks leave no trace: where they are in the log is what
 * counts. */
static void put_write(const struct entry *e, u32 n)
{
	for (u32 k = 0; k < n && !e->is_mark; k++)
		put_sector((u32)e->sector + k, e->data ? e->data + k * SECTOR_SIZE : NULL);
}

static void load_base(const char *path)
{
	usize size;
	u8 *image = host_read_file(path, &size);

	if (!image)
		panic("%s is not there", path);
	medium = image;
	medium_bytes = size;
	fs_bytes = (u64)get_le32(medium + 1024 + 4) << (10 + get_le32(medium + 1024 + 24));
	has_journal = get_le32(medium + 1024 + 92) & COMPAT_HAS_JOURNAL;
	sector_hash = host_alloc(size / SECTOR_SIZE * sizeof(u64), 0, false);
	for (u32 s = 0; s < size / SECTOR_SIZE; s++)
		state_hash += sector_hash[s] = hash_sector(s);
}

static void load_log(const char *path)
{
	usize size;
	const u8 *log = host_map_file(path, &size), *p;
	s64 mark = -1;
	u32 sector;
	u64 n;

	if (!log || get_le64(log) != LOG_MAGIC || get_le64(log + 8) != 1)
		panic("%s is not a log of blklogwrites", path);
	n = get_le64(log + 16);
	sector = get_le32(log + 24);
	entries = host_alloc((n + 1) * 2 * sizeof(*entries), 0, true);
	for (p = log + sector; n; n--) {
		u64 flags = get_le64(p + 16), bytes = get_le64(p + 8) * sector;
		struct entry *e = &entries[nr_entries];

		if (flags & FLAG_FLUSH)
			entries[nr_entries++].mark = mark;
		e = &entries[nr_entries];
		*e = (struct entry){ get_le64(p) * sector / SECTOR_SIZE,
				     (u32)(bytes / SECTOR_SIZE),
				     flags & FLAG_FUA,
				     p + sector,
				     mark,
				     false };
		p += sector;
		if (flags & FLAG_DISCARD)
			e->data = NULL;
		else
			p += flags & FLAG_MARK ? ALIGN_UP(get_le64(p - sector + 24), (u64)sector)
					       : bytes;
		if (!bytes || flags & FLAG_MARK)
			continue;
		if (e->sector * SECTOR_SIZE >= fs_bytes &&
		    e->sector * SECTOR_SIZE < fs_bytes + MARK_BYTES) {
			u64 m;

			if (memcmp(e->data, "mark ", 5) ||
			    parse_u64((const char *)e->data + 5, 10, &m, &(const char *){ 0 }))
				panic("no mark where marks are");
			e->is_mark = true;
			e->mark = mark = (s64)m;
		}
		nr_entries++;
	}
}

/* ---- judging one state ---- */

static s64 the_mark;
static char the_label[80];
static bool cut_too, extract_now, again;	/* again: the cut came while it was mounted here */

static void check_raw(void)
{
	u32 want;

	for (u32 r = 0; !plain && expect_raw(the_mark, r, &want); r++)
		if (hash_bytes(medium + fs_bytes + RAW_BYTES + r * 4096, 4096, 2166136261u) != want)
			FAIL("what was written to the device itself, %u", r);
}

static struct ext_fs *mount_medium(void)
{
	struct ext_params p = { 0 };
	struct ext_fs *fs = NULL;
	u32 deleted, truncated;

	disk_adopt(fs_bytes, 1024, medium, before);
	ASSERT_EQ(0, ext_mount(&host_dev, &p, &fs));
	ASSERT_EQ(0, ext_orphan_cleanup(fs, &deleted, &truncated));
	return fs;
}

/* In a child. */
static void judge_medium(void)
{
	struct ext_super_disk *sb = (struct ext_super_disk *)(medium + EXT_SUPER_OFFSET);
	bool clean = !(sb->incompat & INCOMPAT_RECOVER) && sb->state & STATE_VALID;
	struct ext_fs *fs;
	struct tree t;
	u64 rest;

	check_raw();
	if (!plain && !again && expect_unmounted(the_mark) && !clean)
		FAIL("was unmounted, and is not clean");
	if (!has_journal)
		return;		/* for e2fsck to mend */
	fs = mount_medium();
	tree_read(fs, &t);
	rest = tree_overhead(fs, &t);
	if (!counts->static_blocks)
		counts->static_blocks = rest;
	EXPECT_EQ(counts->static_blocks, rest);
	if (!plain)
		expect_check(&t, the_mark);
	if (extract_now) {
		char path[200];

		fmt_print(path, sizeof(path), "%s/files%u", dir, part);
		if (files)
			tree_extract(fs, &t, path);
		else
			tree_print(&t, path);
	}
	EXPECT_EQ(0, ext_unmount(fs));
}

static void judge_cut(void)
{
	disk_crash_image(rnd(disk_kept_length() + 1), rnd(257), medium);
	before = NULL;
	cut_too = extract_now = false;
	again = true;
	judge_medium();
}

static void judge_in_child(void)
{
	if (!cut_too) {
		judge_medium();
		return;
	}
	before = host_alloc(fs_bytes, 16, false);
	memcpy(before, medium, fs_bytes);
	judge_medium();
	disk_settle();
	disk_keep();
	for (u32 k = 0; k < 2; k++) {
		rnd(2);
		if (!host_in_child(judge_cut))
			FAIL("cut again while it was being mended, %u", k);
		__atomic_fetch_add(&counts->cuts, 1, __ATOMIC_RELAXED);
	}
}

static void failed(const char *why)
{
	host_say("FAIL %s, mark %ld: %s", the_label, (long)the_mark, why);
	if (__atomic_add_fetch(&counts->failed, 1, __ATOMIC_RELAXED) >= most_failures) {
		host_say("done %lu of %lu, %lu cut again, %lu asked, %lu failed", counts->judged,
			 all, counts->cuts, counts->asked, counts->failed);
		host_end_test();
	}
}

static void ask(void)
{
	char path[200], answer[500];

	fmt_print(path, sizeof(path), "%s/%s%u", dir, files ? "files" : "image", part);
	if (!files && !host_write_file(path, medium, fs_bytes))
		panic("%s cannot be written", path);
	counts->asked++;
	host_say("ask %s %ld %s", path, (long)the_mark, the_label);
	if (!host_answer(answer, sizeof(answer)))
		panic("nobody answers");
	if (strcmp(answer, "ok"))
		failed(answer);
}

static void judge(void)
{
	bool asking = every_ask && (u32)(state_hash >> 8) % every_ask == 0;

	cut_too = has_journal && every_cut && (u32)(state_hash >> 16) % every_cut == 0;
	extract_now = asking;
	counts->judged++;
	if (!host_in_child(judge_in_child))
		failed("see above");
	if (asking)
		ask();
}

/* ---- all states ---- */

static void grow_seen(void)
{
	u64 *old = seen, old_mask = seen_mask;

	seen_mask = seen_mask * 2 + 1;
	seen = host_alloc((seen_mask + 1) * sizeof(u64), 0, true);
	distinct = 0;
	for (u64 k = 0; old && k <= old_mask; k++) {
		u64 at = old[k] & seen_mask;

		if (!old[k])
			continue;
		while (seen[at])
			at = (at + 1) & seen_mask;
		seen[at] = old[k];
		distinct++;
	}
	host_free(old);
}

static bool is_new(u64 h)
{
	u64 at;

	if (2 * distinct >= seen_mask)
		grow_seen();
	for (at = h & seen_mask; seen[at]; at = (at + 1) & seen_mask)
		if (seen[at] == h)
			return false;
	seen[at] = h;
	distinct++;
	return true;
}

static void state(const char *kind, u32 entry, u32 detail, s64 mark)
{
	u64 spread = mix(state_hash);

	if (!is_new(state_hash | 1) || !judging || spread > threshold ||
	    (u32)(spread & 0xffff) % parts != part)
		return;
	the_mark = mark;
	fmt_print(the_label, sizeof(the_label), "%s %u/%u", kind, entry, detail);
	judge();
}

static void torn(const struct entry *e, u32 nr)
{
	u32 base = nr_undo, step = e->nr > TORN_MOST ? e->nr / TORN_MOST : 1;

	for (u32 s = step; s < e->nr && !e->is_mark; s += step) {
		put_write(e, s);
		state("torn", nr, s, e->mark);
		undo_to(base);
	}
}

static void epoch(u32 from, u32 to)
{
	s64 mark = entries[to - 1].mark;
	u32 base = nr_undo, writes = 0;

	for (u32 k = from; k < to; k++) {
		torn(&entries[k], k);
		put_write(&entries[k], entries[k].nr);
		state("prefix", k, 0, entries[k].mark);
		writes += !entries[k].is_mark;
	}
	undo_to(base);
	if (writes < 2)
		return;
	for (u32 k = from; k < to; k++) {
		if (entries[k].is_mark)
			continue;
		for (u32 i = from; i < to; i++)
			if (i != k || entries[i].fua)
				put_write(&entries[i], entries[i].nr);
		state("lost", k, 0, mark);
		undo_to(base);
		for (u32 i = from; i < to; i++)
			if (i == k || entries[i].fua)
				put_write(&entries[i], entries[i].nr);
		state("lonely", k, 0, mark);
		undo_to(base);
	}
	for (u32 s = 0; s < subsets && writes > 2; s++) {
		u32 last = from + 1 + rnd(to - from), keep = 1 + rnd(7);

		for (u32 i = from; i < last; i++)
			if (rnd(8) < keep || entries[i].fua)
				put_write(&entries[i], entries[i].nr);
		state("subset", last, s, entries[last - 1].mark);
		undo_to(base);
	}
}

static void all_states(void)
{
	u32 from = 0;

	distinct = 0;
	chance = 88172645463325252ull;
	if (seen)
		memset(seen, 0, (seen_mask + 1) * sizeof(u64));
	state("before", 0, 0, -1);
	for (u32 k = 0; k <= nr_entries; k++) {
		if (k < nr_entries && entries[k].nr)
			continue;
		if (k > from)
			epoch(from, k);
		for (u32 i = from; i < k; i++)
			put_write(&entries[i], entries[i].nr);
		nr_undo = 0;
		from = k + 1;
	}
}

static u64 argument(char **argv, int n)
{
	u64 value;

	if (parse_u64(argv[n], 10, &value, NULL))
		panic("argument %d is no number", n);
	return value;
}

int host_main(int argc, char **argv)
{
	u64 wanted;
	u8 *image;

	if (argc != 13)
		return 2;
	counts = host_share(sizeof(*counts));
	files = !strcmp(argv[3], "-");
	plain = files || !strcmp(argv[3], "=");
	parts = (u32)argument(argv, 4);
	part = (u32)argument(argv, 5);
	wanted = argument(argv, 6);
	every_cut = (u32)argument(argv, 7);
	every_ask = (u32)argument(argv, 8);
	dir = argv[9];
	flush_skip = (u32)argument(argv, 10);
	most_failures = (u32)argument(argv, 11);
	subsets = (u32)argument(argv, 12);
	load_base(argv[1]);
	load_log(argv[2]);
	if (!plain)
		expect_load(argv[3]);
	image = host_alloc(medium_bytes, 16, false);
	memcpy(image, medium, medium_bytes);
	all_states();
	all = distinct;
	if (wanted && wanted < all)
		threshold = U64_MAX / all * wanted;
	for (u32 s = 0; s < medium_bytes / SECTOR_SIZE; s++)
		put_sector(s, image + (u64)s * SECTOR_SIZE);
	nr_undo = 0;
	judging = true;
	all_states();
	host_say("done %lu of %lu, %lu cut again, %lu asked, %lu failed", counts->judged, all,
		 counts->cuts, counts->asked, counts->failed);
	return counts->failed != 0;
}
