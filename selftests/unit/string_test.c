/* SPDX-License-Identifier: MIT */
/* modules: kernel/lib/string.c
 * flags: -Dmemcmp=k_memcmp -Dmemchr=k_memchr -Dstrlen=k_strlen -Dstrnlen=k_strnlen
 * -Dstrcmp=k_strcmp -Dstrncmp=k_strncmp -Dstrchr=k_strchr -Dstrrchr=k_strrchr -Dstrstr=k_strstr
 * -fno-builtin */
/* string: random strings of few letters at every alignment, against loops that go byte by byte. */
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

#include "unit.h"

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

/* A string of up to 30 letters a, b and 0xff at any alignment. */
static char *some_string(char *room)
{
	char *s = room + rnd(9);
	u32 len = rnd(30), i;

	for (i = 0; i < len; i++)
		s[i] = "ab\xff"[rnd(8) ? rnd(2) : 2];
	s[len] = '\0';
	return s;
}

static usize plain_len(const char *s)
{
	usize n = 0;

	while (s[n])
		n++;
	return n;
}

static int plain_compare(const char *a, const char *b, usize n, bool stop_at_nul)
{
	for (usize i = 0; i < n; i++) {
		if (a[i] != b[i])
			return (u8)a[i] < (u8)b[i] ? -1 : 1;
		if (stop_at_nul && !a[i])
			return 0;
	}
	return 0;
}

static const char *plain_find(const char *s, const char *part)
{
	usize n = plain_len(part);

	for (;; s++) {
		if (plain_compare(s, part, n, true) == 0)
			return s;
		if (!*s)
			return NULL;
	}
}

static void check_search(const char *s, char c)
{
	const char *first = NULL, *last = NULL, *at = s;

	do {
		if (*at == c) {
			first = first ? first : at;
			last = at;
		}
	} while (*at++);
	ASSERT_TRUE(strchr(s, c) == first);
	ASSERT_TRUE(strrchr(s, c) == last);
	ASSERT_TRUE(memchr(s, c, plain_len(s) + 1) == first);
}

TEST(random_strings_agree_with_plain_loops)
{
	char room_a[64], room_b[64], dst[40];
	u32 step;

	for (step = 0; step < 100000; step++) {
		char *a = some_string(room_a), *b = some_string(room_b);
		usize len = plain_len(a), n = rnd(35), both = min(len, plain_len(b)) + 1;

		if (rnd(2))
			b = memcpy(room_b + rnd(9), a, len + 1), both = len + 1;
		if (len && rnd(4) == 0)
			b[plain_len(b) / 2] = 'c';
		ASSERT_EQ(len, strlen(a));
		ASSERT_EQ(min(len, n), strnlen(a, n));
		ASSERT_EQ(plain_compare(a, b, 64, true), sign(strcmp(a, b)));
		ASSERT_EQ(plain_compare(a, b, n, true), sign(strncmp(a, b, n)));
		ASSERT_EQ(plain_compare(a, b, both, false), sign(memcmp(a, b, both)));
		check_search(a, "ab\xff\0"[rnd(4)]);
		b[rnd(4)] = '\0';
		ASSERT_TRUE(strstr(a, b) == plain_find(a, b));
		ASSERT_EQ(plain_find(a, b) == a, str_has_prefix(a, b));
		n = rnd(34);
		dst[n] = '#';
		ASSERT_EQ(len < n ? (ssize_t)len : -E2BIG, str_copy(dst, a, n));
		ASSERT_EQ('#', dst[n]);
		if (n)
			ASSERT_EQ(0, plain_compare(dst, a, min(len, n - 1), false) |
					     dst[min(len, n - 1)]);
	}
}

TEST(classes_of_characters)
{
	int c;

	for (c = 0; c < 256; c++) {
		EXPECT_EQ(c >= '0' && c <= '9', is_digit(c));
		EXPECT_EQ(c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r',
			  is_space(c));
		EXPECT_EQ(c >= ' ' && c <= '~', is_print(c));
	}
}
