/* SPDX-License-Identifier: MIT */
/* early.c - which physical memory is there, and the first allocations, before and beside the buddy
 * allocator.
 *
 * Two sorted arrays: banks (all RAM, as the firmware told) and free (banks minus what is reserved).
 * Early allocations and, later, the sections that page.c brings into use are taken from free. One
 * CPU runs until early_take() is called under page.c's lock.
 *
 * Invariants: (1) ranges are page aligned, sorted, disjoint, not adjacent; (2) free is a subset of
 * banks.
 * Tests: selftests/unit/early_test.c
 */
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/early.h>
#include <mm/page.h>

struct range {
	paddr_t start, end;
};

struct range_set {
	u32 nr;
	struct range r[EARLY_MAX_RANGES];
};

static struct range_set banks, free_ranges;

static void insert_at(struct range_set *s, u32 i, paddr_t start, paddr_t end)
{
	if (s->nr == EARLY_MAX_RANGES)
		panic("more than %u memory ranges", EARLY_MAX_RANGES);
	memmove(&s->r[i + 1], &s->r[i], (s->nr - i) * sizeof(s->r[0]));
	s->r[i] = (struct range){ start, end };
	s->nr++;
}

static void remove_at(struct range_set *s, u32 i)
{
	s->nr--;
	memmove(&s->r[i], &s->r[i + 1], (s->nr - i) * sizeof(s->r[0]));
}

static void range_add(struct range_set *s, paddr_t start, paddr_t end)
{
	u32 i = 0;

	while (i < s->nr && s->r[i].end < start)
		i++;
	while (i < s->nr && s->r[i].start <= end) {
		start = min(start, s->r[i].start);
		end = max(end, s->r[i].end);
		remove_at(s, i);
	}
	insert_at(s, i, start, end);
}

static void range_remove(struct range_set *s, paddr_t start, paddr_t end)
{
	u32 i = 0;

	while (i < s->nr) {
		struct range *r = &s->r[i];

		if (r->end <= start || r->start >= end) {
			i++;
		} else if (r->start < start && r->end > end) {
			insert_at(s, i + 1, end, r->end);
			s->r[i].end = start;
			return;
		} else if (r->start < start) {
			r->end = start;
			i++;
		} else if (r->end > end) {
			r->start = end;
			return;
		} else {
			remove_at(s, i);
		}
	}
}

void early_add_ram(paddr_t start, u64 size)
{
	paddr_t end;

	if (add_of(start, size, &end) || end > LINEAR_MAX) {
		if (start >= LINEAR_MAX)
			return;
		end = LINEAR_MAX;
	}
	start = ALIGN_UP(start, PAGE_SIZE);
	end = ALIGN_DOWN(end, PAGE_SIZE);
	if (start >= end)
		return;
	range_add(&banks, start, end);
	range_add(&free_ranges, start, end);
}

void early_reserve(paddr_t start, u64 size, const char *why)
{
	paddr_t end;

	if (size == 0)
		return;
	if (add_of(start, size, &end))
		end = U64_MAX & PAGE_MASK;
	pr_debug("reserved %#lx-%#lx: %s", start, end, why);
	range_remove(&free_ranges, ALIGN_DOWN(start, PAGE_SIZE), ALIGN_UP(end, PAGE_SIZE));
}

void early_limit_ram(u64 bytes)
{
	for (u32 i = 0; i < banks.nr; i++) {
		u64 size = banks.r[i].end - banks.r[i].start;

		if (bytes < size) {
			paddr_t end = banks.r[i].start + ALIGN_DOWN(bytes, PAGE_SIZE);

			range_remove(&banks, end, LINEAR_MAX);
			range_remove(&free_ranges, end, LINEAR_MAX);
			return;
		}
		bytes -= size;
	}
}

void early_keep(paddr_t start, u64 size)
{
	if (size)
		range_add(&banks, ALIGN_DOWN(start, PAGE_SIZE), ALIGN_UP(start + size, PAGE_SIZE));
}

paddr_t early_alloc(u64 size, u64 align)
{
	u32 i;

	size = ALIGN_UP(size, PAGE_SIZE);
	align = max(align, PAGE_SIZE);
	for (i = 0; i < free_ranges.nr; i++) {
		struct range *r = &free_ranges.r[i];
		paddr_t at = ALIGN_UP(r->start, align);

		if (at < r->start || at >= r->end || r->end - at < size)
			continue;
		range_remove(&free_ranges, at, at + size);
		memset(phys_to_virt(at), 0, size);
		return at;
	}
	panic("out of memory while booting: %lu bytes wanted", size);
}

bool early_take(u64 max_size, u64 align, paddr_t *start, paddr_t *end)
{
	struct range *r = &free_ranges.r[0];

	if (free_ranges.nr == 0)
		return false;
	*start = r->start;
	*end = min(r->end, ALIGN_DOWN(r->start, align) + max_size);
	range_remove(&free_ranges, *start, *end);
	return true;
}

bool early_is_ram(paddr_t start, u64 size)
{
	paddr_t end;
	u32 i;

	if (add_of(start, size, &end))
		return false;
	for (i = 0; i < banks.nr; i++)
		if (banks.r[i].start <= start && end <= banks.r[i].end)
			return true;
	return false;
}

u64 early_free_bytes(void)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < free_ranges.nr; i++)
		n += free_ranges.r[i].end - free_ranges.r[i].start;
	return n;
}

u64 ram_bytes(void)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < banks.nr; i++)
		n += banks.r[i].end - banks.r[i].start;
	return n;
}

paddr_t ram_end(void)
{
	return banks.nr ? banks.r[banks.nr - 1].end : 0;
}

void ram_for_each_bank(void (*fn)(paddr_t start, paddr_t end, void *arg), void *arg)
{
	u32 i;

	for (i = 0; i < banks.nr; i++)
		fn(banks.r[i].start, banks.r[i].end, arg);
}
