/* SPDX-License-Identifier: MIT */
/* procfs_group.c - directories whose members somebody else counts: a network device each in
 * /sys/class/net, a disk in /sys/block.
 *
 * A group belongs to the directory with its path. The tables of its files are made once; a node
 * says by its key whose they are.
 * Locks: none; groups are added at boot. Ref: Linux Documentation/ABI/testing/sysfs-class-net.
 * Tests: selftests/abi/sysnet.c, selftests/storage/run (disks_in_sysfs)
 */
#include "procfs_int.h"

#include <fs/dcache.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

#define GROUPS	    16u
#define GROUP_POS   0x900	/* behind the tables and what was added */
#define FILES_MAX   96u		/* in one directory */

static struct group {
	const struct proc_group *g;
	struct proc_entry dir;			/* of each member */
} groups[GROUPS];				/* boot only */
static u32 nr_groups;

static const struct proc_entry nothing[1];

static struct proc_entry *new_table(void)
{
	struct proc_entry *t = kcalloc(FILES_MAX + 1, sizeof(*t));

	if (!t)
		panic("no memory for tables of /proc");
	return t;
}

static struct proc_entry *find(struct proc_entry *t, const char *name, usize n)
{
	for (; t->name; t++)
		if (strlen(t->name) == n && !strncmp(t->name, name, n))
			return t;
	return t;
}

static void add_file(struct proc_entry *table, const struct proc_member *m)
{
	const char *slash = strchr(m->name, '/'), *name = m->name;
	struct proc_entry *e;

	if (slash) {
		e = find(table, name, (usize)(slash - name));
		if (!e->name) {
			char *copy = kzalloc((usize)(slash - name) + 1);

			if (!copy)
				panic("no memory for tables of /proc");
			memcpy(copy, name, (usize)(slash - name));
			*e = (struct proc_entry){ .name = copy,
						  .mode = S_IFDIR | 0755,
						  .kind = PROC_STATIC_DIR,
						  .dir = new_table() };
		}
		table = (struct proc_entry *)e->dir;
		name = slash + 1;
	}
	debug_assert(table);		/* ours are never without */
	e = find(table, name, strlen(name));
	if (e - table >= (s64)FILES_MAX)
		panic("too many files: %s", m->name);
	*e = (struct proc_entry){
		.name = name, .mode = S_IFREG | (u32)m->mode, .kind = PROC_FILE, .member = m
	};
	if (m->link)
		e->mode = S_IFLNK | 0777, e->kind = PROC_MEMBER_LINK;
	else if (!m->mode)
		e->mode = S_IFDIR | 0755, e->kind = PROC_STATIC_DIR, e->dir = nothing;
}

void procfs_add_group(const struct proc_group *g)
{
	struct group *r = &groups[nr_groups];
	struct proc_entry *table;

	if (nr_groups++ == GROUPS)
		panic("too many groups: %s", g->path);
	r->g = g;
	if (g->link) {
		r->dir = (struct proc_entry){ .name = "member",
					      .mode = S_IFLNK | 0777,
					      .kind = PROC_MEMBER_LINK,
					      .group = g };
		return;
	}
	table = new_table();
	for (const struct proc_member *m = g->members; m->name; m++)
		add_file(table, m);
	r->dir = (struct proc_entry){ .name = "member",
				      .mode = S_IFDIR | 0755,
				      .kind = PROC_MEMBER,
				      .dir = table,
				      .path = g->inside };
}

static struct group *group_of(const struct proc_node *d)
{
	for (u32 i = 0; i < nr_groups && d->e->path; i++)
		if (!strcmp(groups[i].g->path, d->e->path))
			return &groups[i];
	return NULL;
}

int proc_group_lookup(struct vnode *dir, const struct name *n, struct vnode **out)
{
	struct group *r = group_of(to_proc(dir));
	int key = r ? r->g->find(to_proc(dir)->fd, n->s, name_len(n)) : -ENOENT;

	return key < 0 ? -ENOENT : proc_new_node(dir->sb, &r->dir, NULL, key, out);
}

void proc_group_readdir(struct vnode *dir, loff_t *pos, struct dir_emit *e)
{
	struct group *r = group_of(to_proc(dir));
	int key = (int)max(*pos - GROUP_POS, 0l);
	char name[32];

	while (r && (key = r->g->next(to_proc(dir)->fd, key, name)) >= 0) {
		if (!e->entry(e, name, (u32)strlen(name), ((u64)&r->dir >> 3 & 0xffffff) + (u64)key,
			      mode_to_dtype(r->dir.mode), GROUP_POS + key + 1))
			return;
		*pos = GROUP_POS + ++key;
	}
}

static ssize_t link_text(struct vnode *v, char *buf, usize size)
{
	const struct proc_node *n = to_proc(v);
	usize len;

	if (n->e->group)
		return n->e->group->link(n->fd, buf, (u32)size);
	len = min(strlen(n->e->member->link), size);
	memcpy(buf, n->e->member->link, len);
	return (ssize_t)len;
}

/* Looked up again each time. */
static bool never_valid(struct vnode *v)
{
	return false;
}

const struct vnode_ops proc_member_link_ops = { .readlink = link_text, .revalidate = never_valid };
