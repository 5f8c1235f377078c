/* SPDX-License-Identifier: MIT */
/* modules: kernel/lib/fmt.c kernel/lib/string.c
 * flags: -Dmemcmp=k_memcmp -Dmemchr=k_memchr -Dstrlen=k_strlen -Dstrnlen=k_strnlen
 * -Dstrcmp=k_strcmp -Dstrncmp=k_strncmp -Dstrchr=k_strchr -Dstrrchr=k_strrchr -Dstrstr=k_strstr
 * -fno-builtin -Wno-format */
/* fmt and string: what C says each conversion prints, at every buffer size; numbers out of text. */
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

#include "unit.h"

static char buf[256];

#define EXPECT_FMT(want, ...)                                                                     \
	do {                                                                                      \
		EXPECT_EQ(sizeof(want) - 1, fmt_print(buf, sizeof(buf), __VA_ARGS__));            \
		EXPECT_STREQ(want, buf);                                                          \
	} while (0)

TEST(integers)
{
	EXPECT_FMT("0 -1 4294967295", "%d %d %u", 0, -1, -1);
	EXPECT_FMT("-9223372036854775808", "%ld", S64_MIN);
	EXPECT_FMT("18446744073709551615", "%lu", U64_MAX);
	EXPECT_FMT("ff FF 0xff 377", "%x %X %#x %o", 255, 255, 255, 255);
	EXPECT_FMT("-1 255 -1 65535", "%hhd %hhu %hd %hu", 255, 255, 65535, 65535);
}

TEST(flags_width_precision)
{
	EXPECT_FMT("[    5][5    ][00005]", "[%5d][%-5d][%05d]", 5, 5, 5);
	EXPECT_FMT("[+5][ 5][-0005]", "[%+d][% d][%05d]", 5, 5, -5);
	EXPECT_FMT("[  005][005  ]", "[%5.3d][%-5.3d]", 5, 5);
	EXPECT_FMT("[   7][7   ]", "[%*d][%*d]", 4, 7, -4, 7);
	EXPECT_FMT("[abc][  ab][ab  ]", "[%s][%4.2s][%-4.2s]", "abc", "abc", "abc");
	EXPECT_FMT("[x][%]", "[%c][%%]", 'x');
}

TEST(never_writes_past_the_end)
{
	char small[9];

	for (usize n = 0; n <= 8; n++) {
		for (usize i = 0; i < sizeof(small); i++)
			small[i] = '#';
		EXPECT_EQ(6, fmt_print(small, n, "%s%d", "abc", 123));
		for (usize i = n; i < sizeof(small); i++)
			EXPECT_EQ('#', small[i]);
		if (n)
			EXPECT_EQ(min(n - 1, 6ul), strlen(small));
	}
}

TEST(numbers_out_of_text)
{
	const char *end;
	u64 u;
	s64 s;

	EXPECT_EQ(0, parse_u64("18446744073709551615", 10, &u, NULL));
	EXPECT_EQ(U64_MAX, u);
	EXPECT_EQ(-ERANGE, parse_u64("18446744073709551616", 10, &u, NULL));
	EXPECT_EQ(0, parse_u64("0x1F\n", 0, &u, NULL));
	EXPECT_EQ(31, u);
	EXPECT_EQ(0, parse_u64("017", 0, &u, NULL));
	EXPECT_EQ(15, u);
	EXPECT_EQ(-EINVAL, parse_u64("", 10, &u, NULL));
	EXPECT_EQ(-EINVAL, parse_u64("12x", 10, &u, NULL));
	EXPECT_EQ(0, parse_u64("12x", 10, &u, &end));
	EXPECT_STREQ("x", end);
	EXPECT_EQ(0, parse_s64("-9223372036854775808", 10, &s, NULL));
	EXPECT_EQ(S64_MIN, s);
	EXPECT_EQ(-ERANGE, parse_s64("9223372036854775808", 10, &s, NULL));
}

TEST(strings)
{
	char dst[4];

	EXPECT_EQ(3, strnlen("abcdef", 3));
	EXPECT_TRUE(strcmp("a", "b") < 0 && strcmp("\xff", "a") > 0 && strcmp("", "") == 0);
	EXPECT_EQ(0, strncmp("abcx", "abcy", 3));
	EXPECT_STREQ("/c", strrchr("a/b/c", '/'));
	EXPECT_STREQ("", strchr("abc", 0));
	EXPECT_STREQ("needle!", strstr("a neneedle!", "needle"));
	EXPECT_TRUE(!strstr("abc", "abcd"));
	EXPECT_EQ(-E2BIG, str_copy(dst, "abcd", 4));
	EXPECT_STREQ("abc", dst);
	EXPECT_EQ(2, str_copy(dst, "xy", 4));
	EXPECT_STREQ("xy", dst);
	EXPECT_TRUE(str_has_prefix("prefix", "pre") && !str_has_prefix("pre", "prefix"));
}

static const char *symbol(u64 address, u64 *offset)
{
	*offset = address - 0x1000;
	return address >= 0x1000 ? "start" : NULL;
}

TEST(pointers_and_symbols)
{
	EXPECT_FMT("0000000000001234", "%p", (void *)0x1234);
	EXPECT_FMT("0000000000001234", "%pS", (void *)0x1234);
	fmt_symbol_hook = symbol;
	EXPECT_FMT("start+0x234 next", "%pS next", (void *)0x1234);
	EXPECT_FMT("0000000000000012", "%pS", (void *)0x12);
	EXPECT_FMT("0000000000001234", "%p", (void *)0x1234);
}

TEST(odd_formats)
{
	EXPECT_FMT("%q", "%q");
	EXPECT_FMT("50", "50%");
	EXPECT_FMT("(null)", "%s", (char *)NULL);
	EXPECT_FMT("ab", "%.*s", 2, "abc");
	EXPECT_FMT("[]", "[%.0d]", 0);
	EXPECT_FMT("0XFF 0x0 0377", "%#X 0x%x %#o", 255, 0, 255);
	EXPECT_FMT("-5 5", "%i %zu", -5, (usize)5);
	EXPECT_FMT("7 8 9", "%lld %jd %td", 7ll, 8l, 9l);
	EXPECT_FMT("[-5   ][+5]", "[%-5ld][%+li]", -5l, 5l);
}

TEST(appending_ends_at_the_end)
{
	char text[10];
	usize at = 0;

	at = fmt_append(text, sizeof(text), at, "%s", "abc");
	EXPECT_EQ(3, at);
	at = fmt_append(text, sizeof(text), at, "%d", 123);
	EXPECT_EQ(6, at);
	at = fmt_append(text, sizeof(text), at, "%d", 123456);
	EXPECT_EQ(9, at);
	EXPECT_STREQ("abc123123", text);
	EXPECT_EQ(9, fmt_append(text, sizeof(text), at, "x"));
	EXPECT_EQ(10, fmt_append(text, sizeof(text), 10, "x"));
}

TEST(odd_numbers)
{
	const char *end;
	u64 u;
	s64 s;

	EXPECT_EQ(0, parse_u64("0x1F", 0, &u, NULL));
	EXPECT_EQ(31, u);
	EXPECT_EQ(0, parse_u64("017", 0, &u, NULL));
	EXPECT_EQ(15, u);
	EXPECT_EQ(0, parse_u64("12\n", 10, &u, NULL));
	EXPECT_EQ(-EINVAL, parse_u64("12\nx", 10, &u, NULL));
	EXPECT_EQ(0, parse_u64("12 rest", 10, &u, &end));
	EXPECT_STREQ(" rest", end);
	EXPECT_EQ(-EINVAL, parse_u64("", 10, &u, NULL));
	EXPECT_EQ(-EINVAL, parse_u64("x", 10, &u, &end));
	EXPECT_EQ(-ERANGE, parse_u64("18446744073709551616", 10, &u, NULL));
	EXPECT_EQ(0, parse_s64("-9223372036854775808", 10, &s, NULL));
	EXPECT_EQ(S64_MIN, s);
	EXPECT_EQ(-ERANGE, parse_s64("9223372036854775808", 10, &s, NULL));
	EXPECT_EQ(0, parse_s64("+7", 10, &s, NULL));
	EXPECT_EQ(7, s);
	EXPECT_EQ(-EINVAL, parse_s64("-", 10, &s, NULL));
}

TEST(sizes)
{
	static const struct {
		const char *s;
		u64 v;
		char next;
	} good[] = { { "12", 12, 0 },		{ "0x10k", 16384, 0 },	{ "3Mx", 3ul << 20, 'x' },
		     { "2g,", 2ul << 30, ',' }, { "1T", 1ul << 40, 0 }, { "7E", 7ul << 60, 0 },
		     { "5@1", 5, '@' },		{ "010", 8, 0 } };
	const char *end;
	u64 v;

	for (u32 i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		EXPECT_EQ(0, memparse(good[i].s, &v, &end));
		EXPECT_EQ(good[i].v, v);
		EXPECT_EQ(good[i].next, *end);
	}
	EXPECT_EQ(-22, memparse("k", &v, &end));
	EXPECT_EQ(-34, memparse("16E", &v, &end));
}
