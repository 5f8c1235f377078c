/* SPDX-License-Identifier: MIT */
/* expect.c - what a crash may leave of the workload of ace.c, by what it printed.
 *
 * Pair p was set up before mark 2p, and what makes it last returned before mark 2p + 1. With n the
 * pair of the last mark:
 *	- earlier pairs are there, exactly; the one that the set-up of n + 1 removes may be there in
 *	part
 *	- n + 1 may be there in part, as its set-up leaves it
 *	- n itself: the names, links and attributes are those of one of its steps, all of them of
 *	the same. A file's contents are, 64 bytes
 *	  by 64 bytes, those of some step; zeros where a step has nothing. Its size is that of a
 *	  step, or on the way there.
 *	- after mark 2n + 1 what was made to last is as in the last step: see promised()
 */
#include "tree.h"

#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>

#include "../host/unit.h"

#define KEEP 6u		/* as in ace.c */
#define STEPS 6u
#define NR_RAW 8u

enum how { FSYNC, FDATASYNC, FSYNC_DIR, SYNC, SYNCFS, DSYNC, NONE };

struct step {
	struct item *items;
	u32 nr;
	struct item hidden;	/* has no name; ino 0: none */
};

static struct pair {
	struct step steps[STEPS];
	u32 nr, how, target;
} *pairs;
static u32 nr_pairs, raw_hash[NR_RAW], nr_raw;

/* ---- reading ---- */

static const char *at;

static u64 number(int base)
{
	u64 n = 0;

	while (*at == ' ')
		at++;
	if (parse_u64(at, base, &n, &at))
		panic("no number: %.40s", at);
	return n;
}

static u32 hex_digit(char c) { return (u32)(c <= '9' ? c - '0' : c - 'a' + 10); }

static const struct item *by_ino(const struct step *s, u32 ino)
{
	for (u32 k = 0; k < s->nr; k++)
		if (s->items[k].ino == ino)
			return &s->items[k];
	return NULL;
}

/* Also when no name leads to it. */
static const struct item *version(const struct step *s, u32 ino)
{
	const struct item *named = by_ino(s, ino);

	return named || s->hidden.ino != ino ? named : &s->hidden;
}

static void read_units(struct pair *p, u32 step, struct item *it)
{
	const char *end = strchr(at, '\n');
	u16 *units;

	while (*at == ' ')
		at++;
	if (*at == '=') {
		const struct item *before = NULL;

		for (u32 s = step + 1; s-- && !before;)
			before = version(&p->steps[s], it->ino);
		if (!before)
			panic("the same as what? %.40s", at);
		it->units = before->units;
		it->nr_units = before->nr_units;
	} else if (*at == '.') {
		it->nr_units = (u32)(end - at - 1) / 4;
		it->units = units = host_alloc(it->nr_units * sizeof(*units) + 1, 0, false);
		for (u32 k = 0; k < it->nr_units; k++)
			for (u32 d = 0; d < 4; d++)
				units[k] = (u16)(units[k] << 4 | hex_digit(at[1 + 4 * k + d]));
	}
}

static void read_item(bool hidden)
{
	u32 nr = (u32)number(10), step = (u32)number(10);
	struct pair *p = &pairs[nr];
	struct item *it;
	const char *name;

	if (nr >= nr_pairs || step >= STEPS)
		panic("pair %u, step %u?", nr, step);
	p->nr = max(p->nr, step + 1);
	if (!p->steps[step].items)
		p->steps[step].items = host_alloc(24 * sizeof(*it), 0, true);
	it = hidden ? &p->steps[step].hidden : &p->steps[step].items[p->steps[step].nr];
	if (p->steps[step].nr == 24)
		panic("pair %u has too many names", nr);
	name = ++at;
	at = strchr(at, ' ');
	memcpy(it->path, name, min((usize)(at - name), sizeof(it->path) - 1));
	it->pair = nr;
	it->ino = (u32)number(10);
	it->type = (u32)number(10);
	it->nlink = (u32)number(10);
	it->size = number(10);
	it->xattrs = (u32)number(16);
	read_units(p, step, it);
	p->steps[step].nr += !hidden;
}

void expect_load(const char *path)
{
	usize size;
	const char *text = host_read_file(path, &size), *last = NULL;

	for (at = text; (at = strstr(at, "\nE ")); at++)
		last = at;
	if (!last)
		panic("%s does not end", path);
	at = last + 2;
	nr_pairs = (u32)number(10);
	pairs = host_alloc((nr_pairs + 1) * sizeof(*pairs), 0, true);
	for (at = text; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : at) {
		char what = *at++;

		if (what == 'S' || what == 'H') {
			read_item(what == 'H');
		} else if (what == 'P') {
			struct pair *p = &pairs[number(10)];

			p->how = (u32)number(10);
			p->target = (u32)number(10);
		} else if (what == 'R') {
			number(10);
			raw_hash[nr_raw++] = (u32)number(16);
		}
	}
}

/* ---- comparing ---- */

static u32 pair_now, last_mark;

#define WRONG(it, ...) host_fail((it)->path, (int)pair_now, __VA_ARGS__)

static bool same_name(const struct item *a, const struct item *b)
{
	return a->ino == b->ino && a->type == b->type && !strcmp(a->path, b->path);
}

static const struct item *find(const struct item *items, u32 nr, const struct item *like)
{
	for (u32 k = 0; k < nr; k++)
		if (same_name(&items[k], like))
			return &items[k];
	return NULL;
}

static bool same_contents(const struct item *a, const struct item *b)
{
	return a->size == b->size && a->nr_units == b->nr_units &&
	       (!a->nr_units || !memcmp(a->units, b->units, a->nr_units * sizeof(u16)));
}

static bool same_inode(const struct item *a, const struct item *b)
{
	return a->nlink == b->nlink && a->xattrs == b->xattrs;
}

/* Names, links and attributes are those of the step. */
static bool is_step(const struct step *s, const struct item *items, u32 nr)
{
	if (s->nr != nr)
		return false;
	for (u32 k = 0; k < nr; k++) {
		const struct item *want = find(s->items, s->nr, &items[k]);

		if (!want || !same_inode(want, &items[k]))
			return false;
	}
	return true;
}

static void exactly(const struct step *s, const struct item *items, u32 nr, const char *what)
{
	for (u32 k = 0; k < s->nr; k++) {
		const struct item *want = &s->items[k], *is = find(items, nr, want);

		if (!is)
			WRONG(want, "%s: is not there", what);
		else if (!same_inode(is, want))
			WRONG(want, "%s: %u links, attributes %x, not %u and %x", what, is->nlink,
			      is->xattrs, want->nlink, want->xattrs);
		else if (!same_contents(is, want))
			WRONG(want, "%s: other contents; size %lu, not %lu", what, is->size,
			      want->size);
	}
	for (u32 k = 0; k < nr; k++)
		if (!find(s->items, s->nr, &items[k]))
			WRONG(&items[k], "%s: nobody made it", what);
}

/* Of the last step what is there; the rest may be missing. */
static void in_part(const struct step *s, const struct item *items, u32 nr, bool written,
		    const char *what)
{
	for (u32 k = 0; k < nr; k++) {
		const struct item *want = find(s->items, s->nr, &items[k]);

		if (!want)
			WRONG(&items[k], "%s: nobody made it", what);
		else if (!same_contents(&items[k], want) && (written || items[k].size))
			WRONG(&items[k], "%s: other contents; size %lu, not %lu", what,
			      items[k].size, want->size);
	}
}

/* ---- the pair that was being worked on ---- */

static bool is_zero(u16 unit)
{
	static u32 zero;
	static const u8 zeros[UNIT];

	if (!zero) {
		zero = hash_bytes(zeros, UNIT, 2166136261u);
		zero = ((zero ^ zero >> 16) & 0xffff) | 0x10000;
	}
	return unit == (zero & 0xffff);
}

static bool unit_may_be(const struct pair *p, const struct item *is, u32 k)
{
	for (u32 s = 0; s < p->nr; s++) {
		const struct item *v = version(&p->steps[s], is->ino);

		if (v && k < v->nr_units && v->units[k] == is->units[k])
			return true;
		if ((!v || k >= v->nr_units) && is_zero(is->units[k]))
			return true;
	}
	return false;
}

static bool size_may_be(const struct pair *p, const struct item *is)
{
	u64 low = U64_MAX, high = 0;

	for (u32 s = 0; s < p->nr; s++) {
		const struct item *v = version(&p->steps[s], is->ino);

		if (v && v->size == is->size)
			return true;
		low = min(low, v ? v->size : s + 1 == p->nr ? low : 0);
		high = max(high, v ? v->size : 0);
	}
	return is->size >= low && is->size <= high && is->size % 1024 == 0;
}

static void old_or_new(const struct pair *p, const struct item *items, u32 nr)
{
	u32 s;

	for (s = 0; s < p->nr && !is_step(&p->steps[s], items, nr); s++)
		continue;
	if (s == p->nr)
		WRONG(&items[0], "the names are those of no step");
	for (u32 k = 0; k < nr; k++) {
		const struct item *is = &items[k];

		if (is->type != 8)
			continue;
		if (!size_may_be(p, is))
			WRONG(is, "size %lu", is->size);
		for (u32 n = 0; n < is->nr_units; n++) {
			if (unit_may_be(p, is, n))
				continue;
			WRONG(is, "garbage at %u", n * UNIT);
			break;
		}
	}
}

/* Each name of the inode in one is in the other. */
static void has_names_of(const struct item *a, u32 nr_a, const struct item *b, u32 nr_b, u32 ino,
			 const char *what)
{
	for (u32 k = 0; k < nr_a; k++)
		if (a[k].ino == ino && !find(b, nr_b, &a[k]))
			WRONG(&a[k], "%s", what);
}

static void promised(const struct pair *p, const struct item *items, u32 nr)
{
	const struct step *s = &p->steps[p->nr - 1];
	const struct item *want = by_ino(s, p->target), *is;
	u32 found = 0;

	if (p->how == SYNC || p->how == SYNCFS)
		exactly(s, items, nr, "after sync");
	for (u32 k = 0; p->how == FSYNC_DIR && k < s->nr; k++)
		if (str_has_prefix(s->items[k].path, "A/") && !find(items, nr, &s->items[k]))
			WRONG(&s->items[k], "missing after fsync of the directory");
	for (u32 k = 0; p->how == FSYNC_DIR && k < nr; k++)
		if (str_has_prefix(items[k].path, "A/") && !find(s->items, s->nr, &items[k]))
			WRONG(&items[k], "still there after fsync of the directory");
	if (!want || (p->how != FSYNC && p->how != FDATASYNC && p->how != DSYNC))
		return;
	for (u32 k = 0; k < nr; k++) {
		is = &items[k];
		if (is->ino != p->target)
			continue;
		found++;
		if (!same_contents(is, want))
			WRONG(is, "not the contents after fsync: size %lu, not %lu", is->size,
			      want->size);
		if (p->how == FSYNC && !same_inode(is, want))
			WRONG(is, "not the attributes after fsync");
	}
	if (!found)
		WRONG(want, "gone after fsync");
	if (p->how != FSYNC)
		return;
	has_names_of(s->items, s->nr, items, nr, p->target, "a name is missing after fsync");
	has_names_of(items, nr, s->items, s->nr, p->target, "an old name after fsync");
}

/* ---- the whole ---- */

static void check_pair(u32 p, s64 n, const struct item *items, u32 nr)
{
	const struct pair *now = &pairs[p];
	bool removing = n + 1 < nr_pairs && p + KEEP == n + 1;

	pair_now = p;
	if (p == n) {
		old_or_new(now, items, nr);
		if (last_mark & 1)
			promised(now, items, nr);
	} else if (p == n + 1) {
		in_part(&now->steps[0], items, nr, false, "being made");
	} else if (removing) {
		in_part(&now->steps[now->nr - 1], items, nr, true, "being removed");
	} else {
		exactly(&now->steps[now->nr - 1], items, nr, "long ago");
	}
}

/* The items of pair p are together and follow their directory, whose path is empty. */
void expect_check(const struct tree *t, s64 mark)
{
	s64 n = mark < 0 ? -1 : min(mark / 2, (s64)nr_pairs);
	s64 last = min(n, (s64)nr_pairs - 1);
	u32 oldest = last + 1 < KEEP ? 0 : (u32)(last + 1 - KEEP),
	    newest = (u32)min(n + 1, (s64)nr_pairs - 1);
	bool seen[KEEP + 2] = { false };

	last_mark = (u32)mark;
	for (u32 k = 0, e; k < t->nr; k = e) {
		const struct item *first = &t->items[k];

		for (e = k + 1;
		     e < t->nr && t->items[e].pair == first->pair && first->pair != NO_PAIR; e++)
			continue;
		if (first->pair == NO_PAIR) {
			if (strcmp(first->path, "lost+found"))
				WRONG(first, "nobody made it");
			continue;
		}
		pair_now = first->pair;
		if (first->pair < oldest || first->pair > newest) {
			WRONG(first, "after mark %ld", (long)mark);
			continue;
		}
		seen[first->pair - oldest] = true;
		check_pair(first->pair, n, first + 1, e - k - 1);
	}
	for (u32 p = oldest; p <= newest; p++)
		if (!seen[p - oldest] && p != n + 1 && !(n + 1 < nr_pairs && p + KEEP == n + 1))
			FAIL("pair %u is gone after mark %ld", p, (long)mark);
}

bool expect_unmounted(s64 mark) { return mark >= 2 * (s64)nr_pairs; }

bool expect_raw(s64 mark, u32 r, u32 *hash)
{
	*hash = r < nr_raw ? raw_hash[r] : 0;
	return r < nr_raw && mark >= 2 * (s64)nr_pairs + 1 + r;
}
