/* SPDX-License-Identifier: MIT */
/* modules: fs/option.c kernel/lib/string.c */
/* option: words between commas, whatever stands between them; flags; lists. */
#include <fs/option.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

#include "unit.h"

TEST(words_come_in_turn)
{
	const char *text = ",one,,two=x,three,";
	char word[8];

	EXPECT_EQ(1, option_next(&text, word, sizeof(word)));
	EXPECT_STREQ("one", word);
	EXPECT_EQ(1, option_next(&text, word, sizeof(word)));
	EXPECT_STREQ("two=x", word);
	EXPECT_EQ(1, option_next(&text, word, sizeof(word)));
	EXPECT_STREQ("three", word);
	EXPECT_EQ(0, option_next(&text, word, sizeof(word)));
	EXPECT_EQ(0, option_next(&text, word, sizeof(word)));
	text = NULL;
	EXPECT_EQ(0, option_next(&text, word, sizeof(word)));
}

TEST(a_word_must_fit_with_its_end)
{
	const char *text = "1234567", *longer = "12345678,x";
	char word[8];

	EXPECT_EQ(1, option_next(&text, word, sizeof(word)));
	EXPECT_STREQ("1234567", word);
	EXPECT_EQ(-EINVAL, option_next(&longer, word, sizeof(word)));
}

struct some {
	bool a, b;
};

TEST(flags_and_lists)
{
	static const struct option_flag flags[] = { OPTION_FLAG(struct some, "a", a, true),
						    OPTION_FLAG(struct some, "no_b", b, false) };
	static const char *const names[] = { "x", "yy" };
	struct some s = { .b = true };

	EXPECT_EQ(0, option_set_flag(flags, ARRAY_SIZE(flags), &s, "a"));
	EXPECT_EQ(0, option_set_flag(flags, ARRAY_SIZE(flags), &s, "no_b"));
	EXPECT_TRUE(s.a && !s.b);
	EXPECT_EQ(-EINVAL, option_set_flag(flags, ARRAY_SIZE(flags), &s, "no_a"));
	EXPECT_EQ(1, option_find(names, ARRAY_SIZE(names), "yy"));
	EXPECT_TRUE(option_is_one_of(names, "x") && !option_is_one_of(names, "y"));
}
