/* SPDX-License-Identifier: MIT */
/* option.c - see option.h. Every file system says itself what its words mean and refuses the rest
 * by name.
 * Locks: none. Ref: mount(8). Tests: selftests/unit/option_test.c, fat_options_test.c */
#include <fs/option.h>

#include <kernel/lib/string.h>
#include <kernel/uapi.h>

int option_next(const char **text, char *word, usize size)
{
	const char *from = *text;
	usize len;

	while (from && *from == ',')
		from++;
	if (!from || !*from)
		return 0;
	for (len = 0; from[len] && from[len] != ','; len++)
		;
	if (len >= size)
		return -EINVAL;
	memcpy(word, from, len);
	word[len] = 0;
	*text = from + len;
	return 1;
}

int option_set_flag(const struct option_flag *flags, u32 nr, void *options, const char *word)
{
	for (u32 n = 0; n < nr; n++) {
		if (strcmp(flags[n].name, word) != 0)
			continue;
		*(bool *)((u8 *)options + flags[n].off) = flags[n].value;
		return 0;
	}
	return -EINVAL;
}

u32 option_find(const char *const *names, u32 nr, const char *word)
{
	u32 n = 0;

	while (n < nr && strcmp(names[n], word) != 0)
		n++;
	return n;
}
