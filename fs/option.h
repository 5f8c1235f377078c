/* SPDX-License-Identifier: MIT */
/* option.h - the words of mount(2)'s data, as file systems read them. */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/lib/types.h>

/* A word that sets a bool. */
struct option_flag {
	const char *name;
	u32 off;		/* in the file system's struct of options */
	bool value;
};

#define OPTION_FLAG(type, word, field, to) \
	{ \
		word, offsetof(type, field), to \
	}

/* Copies the next word between commas, empty ones left out, and moves *text behind it. 1; 0: no
 * more; -EINVAL: it does not fit. */
int __must_check option_next(const char **text, char *word, usize size);
/* -EINVAL: none of them. */
int __must_check option_set_flag(const struct option_flag *flags, u32 nr, void *options,
				 const char *word);
/* Which of the names; nr: none of them. */
u32 option_find(const char *const *names, u32 nr, const char *word);

#define option_is_one_of(names, word) (option_find(names, ARRAY_SIZE(names), word) < ARRAY_SIZE(names))
