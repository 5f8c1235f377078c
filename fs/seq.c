/* SPDX-License-Identifier: MIT */
/* seq.c - text that grows as it is written: what the files of /proc are made of.
 * Tests: selftests/abi/procsys.c */
#include "procfs_int.h"

#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <mm/slab.h>

static bool grow(struct seq *s, usize more)
{
	usize size = max(s->size * 2, max(s->len + more + 1, (usize)1024));
	char *p = krealloc(s->buf, size);

	if (!p) {
		s->err = -ENOMEM;
		return false;
	}
	s->buf = p;
	s->size = size;
	return true;
}

void seq_reserve(struct seq *s, usize n)
{
	if (s->len + n >= s->size && !grow(s, n))
		return;
}

void seq_write(struct seq *s, const void *data, usize n)
{
	if (s->len + n >= s->size && !grow(s, n))
		return;
	memcpy(s->buf + s->len, data, n);
	s->len += n;
}

void seq_print(struct seq *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (s->size - s->len < 128 && !grow(s, 128))
		return;
	va_start(ap, fmt);
	n = fmt_vprint(s->buf + s->len, s->size - s->len, fmt, ap);
	va_end(ap);
	if (s->len + (usize)n >= s->size) {
		if (!grow(s, (usize)n))
			return;
		va_start(ap, fmt);
		n = fmt_vprint(s->buf + s->len, s->size - s->len, fmt, ap);
		va_end(ap);
	}
	s->len += (usize)n;
}

void seq_unum(struct seq *s, char sep, u64 v)
{
	char text[24], *at = text + sizeof(text);

	do
		*--at = (char)('0' + v % 10);
	while (v /= 10);
	*--at = sep;
	seq_write(s, at, (usize)(text + sizeof(text) - at));
}

void seq_num(struct seq *s, char sep, s64 v)
{
	if (v < 0) {
		seq_write(s, &sep, 1);
		sep = '-';
	}
	seq_unum(s, sep, v < 0 ? 0 - (u64)v : (u64)v);
}

void seq_path(struct seq *s, const char *text)
{
	for (; *text; text++) {
		if (strchr(" \t\n\\", *text))
			seq_print(s, "\\%03o", *text);
		else
			seq_write(s, text, 1);
	}
}

void seq_file_path(struct seq *s, const struct path *p, bool escape)
{
	auto_kfree char *buf = kmalloc(PATH_MAX, PAGE_KERNEL);
	auto_dir struct path root = {};
	enum path_state state;
	char *text;

	if (!buf)
		return;
	fs_context_get_root(current_fs(), &root);
	if (path_name(p, &root, buf, PATH_MAX, &text, &state))
		return;
	if (escape)
		seq_path(s, text);
	else
		seq_write(s, text, strlen(text));
	if (state == PATH_DELETED)
		seq_print(s, escape ? "\\040(deleted)" : " (deleted)");
}
