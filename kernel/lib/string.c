/* SPDX-License-Identifier: MIT */
/* string.c - the parts of string.h that need no assembly. Pure. memcpy, memmove and memset are
 * arch/arm64/lib.S.
 *
 * The compare and length loops go by words where that cannot cross into another page: names and
 * paths are short, but there are many.
 * Ref: C11 7.24. Tests: selftests/unit/string_test.c
 */
#include <kernel/lib/string.h>

#include <kernel/uapi.h>

#define ONES  0x0101010101010101ul
#define HIGHS 0x8080808080808080ul

typedef u64 __attribute__((may_alias, aligned(1))) word_t;

static __no_sanitize u64 load_word(const void *p)
{
	return *(const word_t *)p;
}

int memcmp(const void *a, const void *b, usize n)
{
	const u8 *p = a, *q = b;

	for (; n >= 8; p += 8, q += 8, n -= 8) {
		u64 x = load_word(p), y = load_word(q);

		if (x != y)
			return __builtin_bswap64(x) < __builtin_bswap64(y) ? -1 : 1;
	}
	for (; n; p++, q++, n--)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memchr(const void *s, int c, usize n)
{
	const u8 *p = s;

	for (; n; p++, n--)
		if (*p == (u8)c)
			return (void *)p;
	return NULL;
}

/* An aligned word never lies across two pages, so reading beyond the NUL within it is safe. */
usize __no_sanitize strlen(const char *s)
{
	const char *p = s;
	u64 w, z;

	for (; (u64)p & 7; p++)
		if (!*p)
			return (usize)(p - s);
	for (;; p += 8) {
		w = load_word(p);
		z = (w - ONES) & ~w & HIGHS;
		if (z)
			return (usize)(p - s) + (usize)__builtin_ctzl(z) / 8;
	}
}

usize strnlen(const char *s, usize max)
{
	usize n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, usize n)
{
	for (; n && *a && *a == *b; a++, b++, n--)
		;
	return n ? (u8)*a - (u8)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++);
	return (char *)last;
}

char *strstr(const char *s, const char *part)
{
	usize n = strlen(part);

	for (; *s || !n; s++) {
		if (strncmp(s, part, n) == 0)
			return (char *)s;
		if (!*s)
			break;
	}
	return NULL;
}

ssize_t str_copy(char *dst, const char *src, usize n)
{
	usize len = strnlen(src, n);

	if (!n)
		return -E2BIG;
	if (len == n) {
		memcpy(dst, src, n - 1);
		dst[n - 1] = '\0';
		return -E2BIG;
	}
	memcpy(dst, src, len + 1);
	return (ssize_t)len;
}

bool str_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool mem_is_zero(const void *s, usize n)
{
	const u8 *p = s, *end = p + n;

	for (; p < end && (u64)p % 8; p++)
		if (*p)
			return false;
	for (; p + 8 <= end; p += 8)
		if (*(const u64 *)(const void *)p)
			return false;
	for (; p < end; p++)
		if (*p)
			return false;
	return true;
}
