/* SPDX-License-Identifier: MIT */
/* procfs_add.c - text files of /proc that other layers own: "net/dev", "tty/drivers". One level of
 * directories.
 * Locks: add_lock [RANK_SUPER]: the list; entries are never removed. Ref: proc(5).
 * Tests: selftests/abi/procnet.c */
#include "procfs_int.h"

#include <fs/dcache.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

#define ADDED_POS 0x800		/* behind the tables, before the numbers */

struct added {
	struct list link;
	u32 dir_len;		/* of the directory's name; 0: in the root */
	const char *name;	/* "net/dev": the entry's name follows the slash */
	struct proc_entry e;
};

static struct mutex add_lock = MUTEX_INIT(add_lock, RANK_SUPER);
static struct list all = LIST_INIT(all);	/* [add_lock] the machine's */

static struct added *find_dir(const char *name, u32 len)
{
	struct added *a;

	list_for_each_entry(a, &all, link)
		if (a->e.kind == PROC_DIR && strlen(a->e.name) == len &&
		    !strncmp(a->e.name, name, len))
			return a;
	return NULL;
}

static struct added *make(const char *name, u32 dir_len, u32 mode, u8 kind)
{
	struct added *a = knew(struct added);

	if (!a)
		panic("no memory for /proc/%s", name);
	a->name = name;
	a->dir_len = dir_len;
	a->e = (struct proc_entry){ .name = name, .mode = mode, .kind = kind };
	list_add_tail(&all, &a->link);
	return a;
}

static const struct proc_entry no_entries[1];

void procfs_add(const char *name, int (*show)(struct seq *s, struct task *t))
{
	const char *slash = strchr(name, '/');
	u32 dir_len = slash ? (u32)(slash - name) : 0;
	struct added *a;
	char *dir;

	mutex_lock(&add_lock);
	if (slash && !find_dir(name, dir_len) &&
	    strncmp(name, "net/", 4) != 0) { /* net: a link to that of the process */
		dir = kzalloc(dir_len + 1ul);
		if (!dir)
			panic("no memory for /proc/%s", name);
		memcpy(dir, name, dir_len);
		make(dir, 0, S_IFDIR | 0555, PROC_DIR)->e.dir = no_entries;
	}
	a = make(name, dir_len, S_IFREG | 0444, PROC_FILE);
	a->e.name = slash ? slash + 1 : name;
	a->e.show = show;
	mutex_unlock(&add_lock);
}

/* Entries of a table for the root that are named elsewhere. */
void procfs_add_table(const struct proc_entry *e)
{
	mutex_lock(&add_lock);
	for (; e->name; e++)
		make(e->name, 0, 0, 0)->e = *e;
	mutex_unlock(&add_lock);
}

static bool lies_in(const struct added *a, const struct proc_node *d)
{
	if (d->e->kind == PROC_ROOT)
		return !a->dir_len;
	return a->dir_len && strlen(d->e->name) == a->dir_len &&
	       !strncmp(a->name, d->e->name, a->dir_len);
}

int procfs_lookup_added(struct vnode *dir, const struct name *n, struct vnode **out)
{
	struct added *a, *found = NULL;

	mutex_lock(&add_lock);
	list_for_each_entry(a, &all, link)
		if (lies_in(a, to_proc(dir)) && strlen(a->e.name) == name_len(n) &&
		    !strncmp(a->e.name, n->s, name_len(n)))
			found = a;
	mutex_unlock(&add_lock);
	return found ? proc_new_node(dir->sb, &found->e, NULL, 0, out) : -ENOENT;
}

bool procfs_readdir_added(struct vnode *dir, loff_t *pos, struct dir_emit *e)
{
	loff_t i = ADDED_POS;
	struct added *a;
	bool room = true;

	mutex_lock(&add_lock);
	list_for_each_entry(a, &all, link) {
		if (!lies_in(a, to_proc(dir)) || i++ < *pos)
			continue;
		room = e->entry(e, a->e.name, (u32)strlen(a->e.name), (u64)a >> 4 & 0xffffff,
				mode_to_dtype(a->e.mode), i);
		if (!room)
			break;
		*pos = i;
	}
	mutex_unlock(&add_lock);
	return room;
}
