/* SPDX-License-Identifier: MIT */
/* options.c - what mount(2) says about an overlay, and how /proc/mounts repeats it.
 *
 * Options stand between commas, lower directories between colons; a backslash makes either, and
 * itself, part of a name.
 * Ref: Linux Documentation/filesystems/overlayfs.rst. Tests: selftests/storage/run (overlay_...)
 */
#define LOG_TAG "overlayfs"
#include "overlay.h"

#include <fs/option.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

/* A copy that a path walk can read: eight bytes beyond its end. NULL: no memory. */
static char *copy_path(const char *s, usize len)
{
	char *copy = kzalloc(len + 9);

	if (copy)
		memcpy(copy, s, len);
	return copy;
}

static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		*to++ = *s;
	}
	*to = 0;
}

static void free_lower(struct ovl_options *o)
{
	for (u32 n = 0; n < o->nr_lower; n++)
		kfree(o->lower[n]);
	kfree(o->lower);
	kfree(o->lower_text);
	o->lower = NULL;
	o->lower_text = NULL;
	o->nr_lower = 0;
}

void ovl_options_free(struct ovl_options *o)
{
	free_lower(o);
	kfree(o->upper);
	kfree(o->work);
}

static int add_lower(struct ovl_options *o, const char *s, usize len)
{
	char *one;

	if (o->nr_lower == OVL_LAYERS_MAX) {
		pr_err("too many lower directories, limit is %u", OVL_LAYERS_MAX);
		return -EINVAL;
	}
	if (!o->lower)
		o->lower = kzalloc(OVL_LAYERS_MAX * sizeof(char *));
	one = o->lower ? copy_path(s, len) : NULL;
	if (!one)
		return -ENOMEM;
	o->lower[o->nr_lower++] = one;
	return 0;
}

/* A:B:C. An empty name is none; "::" would begin layers for data alone. */
static int set_lowers(struct ovl_options *o, const char *text)
{
	const char *end;
	int err = 0;

	free_lower(o);
	o->lower_appended = false;
	if (!*text)
		return 0;
	o->lower_text = kstrdup(text);
	if (!o->lower_text)
		return -ENOMEM;
	for (;; text = end + 1) {
		for (end = text; *end && *end != ':'; end++)
			if (*end == '\\' && end[1])
				end++;
		err = end == text ? -EINVAL : add_lower(o, text, (usize)(end - text));
		if (err)
			break;
		unescape(o->lower[o->nr_lower - 1]);
		if (!*end)
			break;
	}
	if (err == -EINVAL)
		pr_err("empty lowerdir");
	return err;
}

static int set_path(char **where, const char *value)
{
	kfree(*where);
	*where = copy_path(value, strlen(value));
	if (!*where)
		return -ENOMEM;
	unescape(*where);
	return 0;
}

static int set_redirect(struct ovl_options *o, const char *value)
{
	static const char *const names[] = { "off", "nofollow" };

	o->redirect = option_is_one_of(names, value) ? "nofollow" : NULL;
	return o->redirect || !strcmp(value, "follow") ? 0 : -EINVAL;
}

/* What is always so here. */
static const char *const always[] = { "",	   "index=off", "nfs_export=off", "metacopy=off",
				      "xino=off",  "xino=auto", "uuid=auto",	  "uuid=null",
				      "verity=off" };

static int set_flag(struct ovl_options *o, const char *one)
{
	if (option_is_one_of(always, one))
		return 0;
	if (!strcmp(one, "userxattr"))
		o->user_xattr = true;
	else if (!strcmp(one, "volatile"))
		o->is_volatile = true;
	else if (!strcmp(one, "default_permissions"))
		o->default_permissions = true;
	else {
		pr_err("mount option %s is not supported", one);
		return -EINVAL;
	}
	return 0;
}

static int set_one(struct ovl_options *o, const char *one)
{
	if (str_has_prefix(one, "lowerdir="))
		return set_lowers(o, one + 9);
	if (str_has_prefix(one, "lowerdir+=")) {
		if (o->lower_text)
			return -EINVAL;
		o->lower_appended = true;
		return add_lower(o, one + 10, strlen(one + 10));
	}
	if (str_has_prefix(one, "upperdir="))
		return set_path(&o->upper, one + 9);
	if (str_has_prefix(one, "workdir="))
		return set_path(&o->work, one + 8);
	if (str_has_prefix(one, "redirect_dir="))
		return set_redirect(o, one + 13);
	return set_flag(o, one);
}

int ovl_options_parse(const char *text, struct ovl_options *o)
{
	auto_kfree char *copy = kstrdup(text ? text : "");
	int err = copy ? 0 : -ENOMEM;
	char *one = copy;

	while (one && !err) {
		char *end = one;

		while (*end && *end != ',')
			end += *end == '\\' && end[1] ? 2 : 1;
		if (*end)
			*end++ = 0;
		else
			end = NULL;
		err = set_one(o, one);
		one = end;
	}
	return err;
}

/* ---- /proc/mounts ---- */

static usize show_path(char *buf, usize size, usize n, const char *key, const char *value)
{
	n = fmt_append(buf, size, n, ",%s=", key);
	for (; *value; value++)
		n = strchr(", \t\n\\", *value) ? fmt_append(buf, size, n, "\\%03o", *value)
					       : fmt_append(buf, size, n, "%c", *value);
	return n;
}

void ovl_options_show(const struct ovl_options *o, char *buf, usize size)
{
	usize n = 0;

	if (o->lower_text)
		n = show_path(buf, size, n, "lowerdir", o->lower_text);
	for (u32 i = 0; !o->lower_text && i < o->nr_lower; i++)
		n = show_path(buf, size, n, "lowerdir+", o->lower[i]);
	if (o->upper) {
		n = show_path(buf, size, n, "upperdir", o->upper);
		n = show_path(buf, size, n, "workdir", o->work);
	}
	if (o->default_permissions)
		n = fmt_append(buf, size, n, ",default_permissions");
	if (o->redirect)
		n = fmt_append(buf, size, n, ",redirect_dir=%s", o->redirect);
	if (o->is_volatile)
		n = fmt_append(buf, size, n, ",volatile");
	if (o->user_xattr)
		fmt_append(buf, size, n, ",userxattr");
}
