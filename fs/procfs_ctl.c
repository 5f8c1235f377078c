/* SPDX-License-Identifier: MIT */
/* procfs_ctl.c - /proc/sys/net and whatever else was declared with SYSCTL(): the tree is made of
 * the names, once, at boot.
 * Ref: proc(5), Linux Documentation/networking/ip-sysctl.rst. Tests: none of its own yet */
#include "procfs_int.h"

#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/sysctl.h>
#include <mm/slab.h>

struct proc_entry proc_net_sys_entries[PROC_NET_DIRS + 1];

static u32 get(const struct sysctl *c, u32 i)
{
	switch (c->size) {
	case 1:	 return READ_ONCE(((u8 *)c->value)[i]);
	case 2:	 return READ_ONCE(((u16 *)c->value)[i]);
	default: return READ_ONCE(((u32 *)c->value)[i]);
	}
}

static void set(const struct sysctl *c, u32 i, u32 v)
{
	switch (c->size) {
	case 1:	 WRITE_ONCE(((u8 *)c->value)[i], (u8)v); break;
	case 2:	 WRITE_ONCE(((u16 *)c->value)[i], (u16)v); break;
	default: WRITE_ONCE(((u32 *)c->value)[i], v); break;
	}
}

int proc_show_ctl(struct seq *s, const struct sysctl *c)
{
	if (c->get) {
		auto_kfree char *text = kmalloc(PAGE_SIZE, PAGE_KERNEL);
		int n = text ? c->get(text, PAGE_SIZE) : -ENOMEM;

		if (n < 0)
			return n;
		seq_write(s, text, (usize)n);
		seq_write(s, "\n", 1);
		return 0;
	}
	for (u32 i = 0; i < c->count; i++)
		seq_print(s, i ? "\t%u" : "%u", get(c, i));
	seq_print(s, "\n");
	return 0;
}

/* Numbers with blanks between; fewer than there are leave the rest. */
int proc_write_ctl(const struct sysctl *c, char *text)
{
	const char *at = text;
	u64 v;

	if (c->get)
		return c->set ? c->set(text) : -EPERM;
	for (u32 i = 0; i < c->count; i++) {
		while (*at == ' ' || *at == '\t')
			at++;
		if (!*at)
			return i ? 0 : -EINVAL;
		if (parse_u64(at, 0, &v, &at) || v < c->min || v > c->max)
			return -EINVAL;
		set(c, i, (u32)v);
	}
	return 0;
}

/* ---- the tree ---- */

/* Length of the component at p. */
static usize component(const char *p)
{
	const char *slash = strchr(p, '/');

	return slash ? (usize)(slash - p) : strlen(p);
}

static bool below(const struct sysctl *c, const char *prefix, usize n)
{
	return strncmp(c->name, prefix, n) == 0 && c->name[n] == '/';
}

static struct proc_entry *find(struct proc_entry *list, const char *name, usize n)
{
	for (; list->name; list++)
		if (strlen(list->name) == n && strncmp(list->name, name, n) == 0)
			return list;
	return NULL;
}

static void fill(struct proc_entry *list, const char *prefix, usize n);

/* How many are declared below prefix, at least as many as its directory has entries. */
static u32 count(const char *prefix, usize n)
{
	u32 total = 0;

	SET_FOR_EACH(sysctls, const struct sysctl, c)
		total += below(c, prefix, n);
	return total;
}

static const char *path_of(const char *name, usize n)
{
	char *p = kzalloc(n + sizeof("/proc/sys/"));

	if (!p)
		panic("no memory for /proc/sys/%s", name);
	fmt_print(p, n + sizeof("/proc/sys/"), "/proc/sys/%s", name);
	return p;
}

static void add(struct proc_entry *list, const struct sysctl *c, usize n)
{
	const char *name = c->name + n + 1;
	usize len = component(name);
	struct proc_entry *e = list;
	struct proc_entry *sub;
	char *copy;

	if (find(list, name, len))
		return;
	while (e->name)
		e++;
	copy = kzalloc(len + 1);
	sub = name[len] ? kcalloc(count(c->name, n + 1 + len) + 1, sizeof(*sub)) : NULL;
	if (!copy || (name[len] && !sub))
		panic("no memory for /proc/sys/%s", c->name);
	memcpy(copy, name, len);
	if (sub) {
		*e = (struct proc_entry){
			.name = copy, .mode = S_IFDIR | 0555, .kind = PROC_STATIC_DIR, .dir = sub
		};
		e->path = path_of(c->name, n + 1 + len);
		fill(sub, c->name, n + 1 + len);
	} else {
		*e = (struct proc_entry){ .name = copy,
					  .mode = S_IFREG | (c->mode ? c->mode : 0644u),
					  .kind = PROC_FILE,
					  .ctl = c };
	}
}

/* Everything declared below prefix (n bytes of it). */
static void fill(struct proc_entry *list, const char *prefix, usize n)
{
	SET_FOR_EACH(sysctls, const struct sysctl, c)
		if (below(c, prefix, n))
			add(list, c, n);
}

void procfs_ctl_init(void)
{
	fill(proc_net_sys_entries, "net", 3);
}
