/* SPDX-License-Identifier: MIT */
/* options.c - mount options of vfat, read and shown. What cannot be kept is refused by name.
 * Locks: none. Ref: Linux Documentation/filesystems/vfat.rst, mount(8). Tests:
 * selftests/unit/fat_options_test.c
 */
#define LOG_TAG "FAT-fs"
#include <fs/fat/fat.h>
#include <fs/option.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>

static const struct option_flag flags[] = {
	OPTION_FLAG(struct fat_options, "quiet", quiet, true),
	OPTION_FLAG(struct fat_options, "showexec", showexec, true),
	OPTION_FLAG(struct fat_options, "sys_immutable", sys_immutable, true),
	OPTION_FLAG(struct fat_options, "flush", flush, true),
	OPTION_FLAG(struct fat_options, "discard", discard, true),
	OPTION_FLAG(struct fat_options, "usefree", usefree, true),
	OPTION_FLAG(struct fat_options, "nonumtail", no_numtail, true),
	OPTION_FLAG(struct fat_options, "rodir", rodir, true),
};

/* What is always so here, and what Linux itself no longer heeds. */
static const char *const always[] = { "utf8",	      "utf8=1",		 "utf8=yes",
				      "utf8=true",    "codepage=437",	 "nonumtail=0",
				      "nonumtail=no", "nonumtail=false", "debug",
				      "conv=binary",  "conv=text",	 "conv=auto",
				      "nfs",	      "nfs=stale_rw" };
static const char *const shortnames[] = { "lower", "win95", "winnt", "mixed" };

static int set_word(struct fat_options *o, const char *key, const char *value)
{
	static const char *const errors[] = { "remount-ro", "continue", "panic" };
	u32 n;

	if (!strcmp(key, "shortname")) {
		o->shortname = n = option_find(shortnames, ARRAY_SIZE(shortnames), value);
		return n < ARRAY_SIZE(shortnames) ? 0 : -EINVAL;
	}
	if (!strcmp(key, "errors")) {
		o->errors = n = option_find(errors, ARRAY_SIZE(errors), value);
		return n < ARRAY_SIZE(errors) ? 0 : -EINVAL;
	}
	if (!strcmp(key, "iocharset")) {
		o->charset_utf8 = !strcmp(value, "utf8");
		return o->charset_utf8 || !strcmp(value, "ascii") ? 0 : -EINVAL;
	}
	if (!strcmp(key, "check")) {
		o->check = value[0];
		return !strcmp(value, "relaxed") || !strcmp(value, "normal") ||
				       !strcmp(value, "strict") ||
				       (value[0] && !value[1] && strchr("rns", value[0]))
			       ? 0
			       : -EINVAL;
	}
	return -EINVAL;
}

#define MOST_MINUTES (24 * 60)

static int set_value(struct fat_options *o, const char *key, const char *value)
{
	bool octal = strlen(key) == 5 && !strcmp(key + 1, "mask");
	s64 n = 0;

	if (!strcmp(key, "tz")) {
		o->tz_set = true;
		o->time_offset = 0;
		return strcmp(value, "UTC") ? -EINVAL : 0;
	}
	if (!strcmp(key, "umask"))
		octal = true;
	else if (!octal && strcmp(key, "uid") != 0 && strcmp(key, "gid") != 0 &&
		 strcmp(key, "time_offset") != 0)
		return set_word(o, key, value);
	if (parse_s64(value, octal ? 8 : 10, &n, NULL))
		return -EINVAL;
	if (!strcmp(key, "time_offset")) {
		o->tz_set = true;
		o->time_offset = (s32)n;
		return n < -MOST_MINUTES || n > MOST_MINUTES ? -EINVAL : 0;
	}
	if (n < 0 || n > U32_MAX)
		return -EINVAL;
	if (!strcmp(key, "uid"))
		o->uid = (u32)n;
	else if (!strcmp(key, "gid"))
		o->gid = (u32)n;
	else if (!strcmp(key, "fmask"))
		o->fmask = (u32)n;
	else if (!strcmp(key, "dmask"))
		o->dmask = (u32)n;
	else if (!strcmp(key, "umask"))
		o->fmask = o->dmask = (u32)n;
	else
		return -EINVAL;
	return 0;
}

static int set_one(struct fat_options *o, char *one)
{
	char *eq = strchr(one, '=');
	int err;

	if (option_is_one_of(always, one))
		return 0;
	if (eq)
		*eq = 0;
	err = eq ? set_value(o, one, eq + 1) : option_set_flag(flags, ARRAY_SIZE(flags), o, one);
	if (err)
		pr_err("mount option %s%s%s is not supported", one, eq ? "=" : "",
		       eq ? eq + 1 : "");
	return err;
}

int fat_options_parse(struct fat_options *o, const char *text)
{
	char one[64];
	int err;

	while ((err = option_next(&text, one, sizeof(one))) > 0) {
		err = set_one(o, one);
		if (err)
			break;
	}
	if (err)
		return err;
	o->case_sensitive = o->charset_utf8 || o->check == 's';
	return 0;
}

void fat_options_show(const struct fat_options *o, char *buf, usize size)
{
	static const char *const errors[] = { "remount-ro", "continue", "panic" };
	usize n = 0;

	buf[0] = 0;
	if (o->uid)
		n = fmt_append(buf, size, n, ",uid=%u", o->uid);
	if (o->gid)
		n = fmt_append(buf, size, n, ",gid=%u", o->gid);
	n = fmt_append(buf, size, n,
		       ",fmask=%04o,dmask=%04o,codepage=437,iocharset=%s,shortname=%s", o->fmask,
		       o->dmask, o->charset_utf8 ? "utf8" : "ascii", shortnames[o->shortname]);
	if (o->check != 'n')
		n = fmt_append(buf, size, n, ",check=%c", o->check);
	if (o->usefree)
		n = fmt_append(buf, size, n, ",usefree");
	if (o->quiet)
		n = fmt_append(buf, size, n, ",quiet");
	if (o->showexec)
		n = fmt_append(buf, size, n, ",showexec");
	if (o->sys_immutable)
		n = fmt_append(buf, size, n, ",sys_immutable");
	n = fmt_append(buf, size, n, ",utf8");
	if (o->no_numtail)
		n = fmt_append(buf, size, n, ",nonumtail");
	if (o->rodir)
		n = fmt_append(buf, size, n, ",rodir");
	if (o->flush)
		n = fmt_append(buf, size, n, ",flush");
	if (o->tz_set && o->time_offset)
		n = fmt_append(buf, size, n, ",time_offset=%d", o->time_offset);
	else if (o->tz_set)
		n = fmt_append(buf, size, n, ",tz=UTC");
	n = fmt_append(buf, size, n, ",errors=%s", errors[o->errors]);
	if (o->discard)
		fmt_append(buf, size, n, ",discard");
}
