/* SPDX-License-Identifier: MIT */
/* cmdline.c - boot arguments: cut into words, offered to their handlers, the rest kept for init.
 * Locks: none; written once by the boot CPU. Ref: Linux
 * Documentation/admin-guide/kernel-parameters.rst (the rules for init).
 * Tests: selftests/boot/run (bad_command_lines, words_for_init) */
#include <kernel/cmdline.h>

#include <kernel/lib/string.h>
#include <kernel/printk.h>

#define MAX_WORDS 64

static char text[2048], words[2048];
static const char *word[MAX_WORDS];
static u32 nr_words;
static const char *init_argv[MAX_WORDS + 1], *init_envp[MAX_WORDS + 1];

/* Cuts words[] at spaces outside quotes, which vanish. */
static void split(void)
{
	char *in = words, *out;

	while (nr_words < MAX_WORDS) {
		bool quoted = false;

		while (is_space(*in))
			in++;
		if (!*in)
			return;
		word[nr_words++] = out = in;
		for (; *in && (quoted || !is_space(*in)); in++) {
			if (*in == '"')
				quoted = !quoted;
			else
				*out++ = *in;
		}
		if (*in)
			in++;
		*out = '\0';
	}
}

static const char *value_of(const char *w)
{
	const char *eq = strchr(w, '=');

	return eq ? eq + 1 : "";
}

static bool key_is(const char *w, const char *key)
{
	usize n = strlen(key);

	return strncmp(w, key, n) == 0 && (w[n] == '=' || !w[n]);
}

static bool offer(const char *w)
{
	bool known = false;

	SET_FOR_EACH(cmdline, const struct cmdline_option, o) {
		if (!key_is(w, o->key))
			continue;
		known = true;
		if (o->handler && o->handler(value_of(w)) < 0)
			pr_warn("bad boot argument: %s", w);
	}
	return known;
}

static void give_to_init(const char *w, u32 *argc, u32 *envc)
{
	const char *eq = strchr(w, '='), *dot = strchr(w, '.');

	if (dot && (!eq || dot < eq))
		return;
	if (eq)
		init_envp[(*envc)++] = w;
	else
		init_argv[(*argc)++] = w;
}

void cmdline_parse(const char *args)
{
	u32 argc = 0, envc = 0;
	bool rest = false;

	if (str_copy(text, args, sizeof(text)) < 0)
		pr_warn("boot arguments cut at %zu bytes", sizeof(text));
	memcpy(words, text, sizeof(words));
	split();
	for (u32 i = 0; i < nr_words; i++) {
		if (rest)
			init_argv[argc++] = word[i];
		else if (strcmp(word[i], "--") == 0)
			rest = true;
		else if (!offer(word[i]))
			give_to_init(word[i], &argc, &envc);
	}
}

const char *cmdline_text(void)
{
	return text;
}

const char *cmdline_get(const char *key)
{
	for (u32 i = nr_words; i-- > 0;)
		if (key_is(word[i], key))
			return value_of(word[i]);
	return NULL;
}

const char *const *cmdline_init_argv(void)
{
	return init_argv;
}

const char *const *cmdline_init_envp(void)
{
	return init_envp;
}
