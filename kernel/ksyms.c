/* SPDX-License-Identifier: MIT */
/* ksyms.c - reads the symbol table that the second link step puts into the kernel.
 *
 * Why/How: scripts/symtab.py writes the table and describes its format: sorted offsets from _text,
 * and names of which frequent parts are one-byte tokens. A look-up is a binary search among the
 * offsets, then a walk over the names before it; it happens when the kernel dies or a human asks,
 * so the walk is cheaper than an index would be.
 * Locks: none, all constant; ksym_lookup()'s buffer belongs to whoever is panicking.
 * Tests: selftests/unit/ksyms_test.c */
#include <kernel/ksyms.h>

extern const u32 ksyms_count;
extern const u32 ksyms_offsets[];
extern const u8 ksyms_names[];
extern const u8 ksyms_tokens[];
extern const char _text[], _etext[];

#define FIRST_TOKEN 128

/* A string of the tables is a length byte and that many bytes: step over @n of them. */
static const u8 *skip_strings(const u8 *s, u32 n)
{
	while (n--)
		s += *s + 1;
	return s;
}

static u32 find_last_not_above(u32 offset)
{
	u32 lo = 0, hi = ksyms_count;

	while (hi - lo > 1) {
		u32 mid = lo + (hi - lo) / 2;

		if (ksyms_offsets[mid] <= offset)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static void expand_name(const u8 *s, char name[KSYM_NAME_LEN])
{
	const u8 *end = s + 1 + *s;
	u32 len = 0;

	for (s++; s < end; s++) {
		const u8 *tok = *s >= FIRST_TOKEN ? skip_strings(ksyms_tokens, *s - FIRST_TOKEN)
						  : NULL;
		u32 n = tok ? *tok : 1;

		for (u32 i = 0; i < n && len < KSYM_NAME_LEN - 1; i++)
			name[len++] = tok ? tok[1 + i] : *s;
	}
	name[len] = '\0';
}

bool ksym_name(u64 addr, char name[KSYM_NAME_LEN], u64 *offset)
{
	u64 rel = addr - (u64)_text;
	u32 i;

	if (addr < (u64)_text || addr >= (u64)_etext || !ksyms_count || rel < ksyms_offsets[0])
		return false;
	i = find_last_not_above(rel);
	*offset = rel - ksyms_offsets[i];
	expand_name(skip_strings(ksyms_names, i), name);
	return true;
}

void ksym_for_each(void (*fn)(const char *name, u64 addr, void *arg), void *arg)
{
	const u8 *at = ksyms_names;
	char name[KSYM_NAME_LEN];

	for (u32 i = 0; i < ksyms_count; i++, at = skip_strings(at, 1)) {
		expand_name(at, name);
		fn(name, (u64)_text + ksyms_offsets[i], arg);
	}
}

u64 ksym_size(u64 addr)
{
	u32 i = find_last_not_above((u32)(addr - (u64)_text));

	return (i + 1 < ksyms_count ? ksyms_offsets[i + 1] : (u64)(_etext - _text)) -
	       ksyms_offsets[i];
}

const char *ksym_lookup(u64 addr, u64 *offset)
{
	static char name[KSYM_NAME_LEN];

	*offset = 0;
	return ksym_name(addr, name, offset) ? name : "?";
}
