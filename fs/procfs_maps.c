/* SPDX-License-Identifier: MIT */
/* procfs_maps.c - /proc/PID/maps, smaps and mem. Locks: as->lock for reading around the walk. Ref:
 * proc(5).
 * Tests: selftests/abi/procsys.c */
#include "procfs_int.h"

#include <arch/mmu.h>
#include <fs/chrdev.h>
#include <fs/dcache.h>
#include <kernel/file.h>
#include <kernel/peek.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/iter.h>
#include <mm/page.h>
#include <mm/vma.h>
#include <mm/vmo.h>

#define NAME_COLUMN 73u

static void show_name(struct seq *s, const struct vma *v, usize line_start)
{
	const char *name = v->name		  ? v->name
			   : v->flags & VMA_HEAP  ? "[heap]"
			   : v->flags & VMA_STACK ? "[stack]"
						  : NULL;

	if (!name && !(v->file && v->file->dentry)) {
		seq_write(s, "\n", 1);
		return;
	}
	do
		seq_write(s, " ", 1);
	while (s->len - line_start < NAME_COLUMN && !s->err);
	if (name) {
		seq_print(s, "%s", name);
	} else {
		struct path p = { v->file->mount, v->file->dentry, 0 };

		seq_file_path(s, &p, false);
	}
	seq_write(s, "\n", 1);
}

static void show_vma(struct seq *s, const struct vma *v)
{
	const struct vnode *f = v->file && v->file->dentry ? v->file->dentry->vnode : NULL;
	const struct object *o = v->file && (v->flags & VMA_COUNTED) ? v->file->obj : NULL;
	u64 ino = f ? f->ino : o && o->ops->ino ? o->ops->ino(v->file->obj) : 0;
	usize start = s->len;

	seq_print(s, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu", v->start, v->end,
		  v->flags & VMA_READ ? 'r' : '-', v->flags & VMA_WRITE ? 'w' : '-',
		  v->flags & VMA_EXEC ? 'x' : '-', v->flags & VMA_SHARED ? 's' : 'p',
		  f || o ? v->pgoff << PAGE_SHIFT : 0, f ? dev_major(f->sb->dev) : 0,
		  f   ? dev_minor(f->sb->dev)
		  : o ? 1
		      : 0,
		  ino);
	show_name(s, v, start);
}

/* ---- what is resident ---- */

/* Bytes; pss in 4096ths of a byte, so that shares add up. */
struct usage {
	u64 size, rss, referenced, dirty, most_maps, pss, shared_clean, shared_dirty, private_clean,
		private_dirty, anonymous, locked;
};

/* One entry that shows p: how many others show it is what its count says, less the file's own. */
static void count_page(struct usage *u, const struct vma *v, const struct page *p, bool young)
{
	bool anon = !READ_ONCE(p->owner) || !v->vmo || p->owner != v->vmo;
	u32 refs = atomic_read(&p->refs), maps = max(anon ? refs : refs - 1, 1u);
	bool dirty = anon || (atomic_read(&p->flags) & PG_DIRTY);

	u->rss += PAGE_SIZE;
	u->referenced += young ? PAGE_SIZE : 0;
	u->dirty += dirty ? PAGE_SIZE : 0;
	u->most_maps = max(u->most_maps, (u64)maps);
	u->pss += (PAGE_SIZE << PAGE_SHIFT) / maps;
	if (maps > 1)
		*(dirty ? &u->shared_dirty : &u->shared_clean) += PAGE_SIZE;
	else
		*(dirty ? &u->private_dirty : &u->private_clean) += PAGE_SIZE;
	if (anon)
		u->anonymous += PAGE_SIZE;
	if (v->flags & VMA_LOCKED)
		u->locked += PAGE_SIZE;
}

static void count_vma(struct usage *u, struct vma *v)
{
	u64 va = v->start;
	pte_t *pte;

	u->size += v->end - v->start;
	while (va < v->end && (pte = pt_next(&v->as->mm, &va, v->end))) {
		u64 end = min(v->end, ALIGN_DOWN(va, PMD_SIZE) + PMD_SIZE);
		struct spinlock *lock = pt_lock(pte);

		spin_lock(lock);
		for (; va < end; va += PAGE_SIZE, pte++) {
			pte_t e = pte_read(pte);

			if (pte_present(e) && !pte_special(e))
				count_page(u, v, phys_to_page(pte_pa(e)), pte_young(e));
		}
		spin_unlock(lock);
	}
}

static void show_kb(struct seq *s, const char *name, u64 bytes)
{
	seq_print(s, "%-15s %8lu kB\n", name, bytes / 1024);
}

static void show_usage(struct seq *s, const struct usage *u)
{
	show_kb(s, "Rss:", u->rss);
	show_kb(s, "Pss:", u->pss >> PAGE_SHIFT);
	show_kb(s, "Shared_Clean:", u->shared_clean);
	show_kb(s, "Shared_Dirty:", u->shared_dirty);
	show_kb(s, "Private_Clean:", u->private_clean);
	show_kb(s, "Private_Dirty:", u->private_dirty);
	show_kb(s, "Referenced:", u->referenced);
	show_kb(s, "Anonymous:", u->anonymous);
	show_kb(s, "AnonHugePages:", 0);
	show_kb(s, "Swap:", 0);
	show_kb(s, "Locked:", u->locked);
}

/* Two letters each, as proc(5) lists them. */
static void show_flags(struct seq *s, u32 flags)
{
	static const struct {
		u32 flag;
		const char *text;
	} names[] = {
		{ VMA_READ, "rd " },	 { VMA_WRITE, "wr " },	   { VMA_EXEC, "ex " },
		{ VMA_SHARED, "sh " },	 { VMA_MAY_READ, "mr " },  { VMA_MAY_WRITE, "mw " },
		{ VMA_MAY_EXEC, "me " }, { VMA_GROWSDOWN, "gd " }, { VMA_LOCKED, "lo " },
	};
	usize i;

	seq_print(s, "VmFlags: ");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			seq_print(s, "%s", names[i].text);
	seq_print(s, "\n");
}

static void show_pages(struct seq *s, const char *name, u64 bytes)
{
	if (bytes)
		seq_print(s, " %s=%lu", name, bytes >> PAGE_SHIFT);
}

/* A line of numa_maps: one node, no list of active pages. */
static void show_numa(struct seq *s, struct vma *v)
{
	struct usage u = {};

	seq_print(s, "%08lx default", v->start);
	if (v->file && v->file->dentry) {
		struct path p = { v->file->mount, v->file->dentry, 0 };

		seq_print(s, " file=");
		seq_file_path(s, &p, true);
	} else if (v->flags & (VMA_HEAP | VMA_STACK)) {
		seq_print(s, v->flags & VMA_HEAP ? " heap" : " stack");
	}
	count_vma(&u, v);
	show_pages(s, "anon", u.anonymous);
	show_pages(s, "dirty", u.dirty);
	if (u.rss != u.anonymous && u.rss != u.dirty)
		show_pages(s, "mapped", u.rss);
	if (u.most_maps > 1)
		seq_print(s, " mapmax=%lu", u.most_maps);
	show_pages(s, "N0", u.rss);
	seq_print(s, u.rss ? " kernelpagesize_kB=4\n" : "\n");
}

enum walk_what { WALK_MAPS, WALK_SMAPS, WALK_SUM, WALK_NUMA };

static int walk(struct seq *s, struct task *t, enum walk_what what)
{
	struct aspace *as = task_get_as(t);
	struct usage sum = {};
	u64 start = 0, end = 0;
	struct vma *v;

	if (!as)
		return 0;
	rw_read_lock(&as->lock);
	for (v = aspace_first(as); v && !s->err; v = vma_next(v)) {
		struct usage one = {};

		if (what == WALK_NUMA) {
			show_numa(s, v);
			continue;
		}
		start = start ? start : v->start;
		end = v->end;
		if (what != WALK_SUM)
			show_vma(s, v);
		if (what != WALK_MAPS)
			count_vma(what == WALK_SUM ? &sum : &one, v);
		if (what != WALK_SMAPS)
			continue;
		show_kb(s, "Size:", one.size);
		seq_print(s, "KernelPageSize:        4 kB\nMMUPageSize:           4 kB\n");
		show_usage(s, &one);
		show_flags(s, v->flags);
	}
	rw_read_unlock(&as->lock);
	aspace_put(as);
	if (what == WALK_SUM) {
		seq_print(s,
			  "%08lx-%08lx ---p 00000000 00:00 0                          [rollup]\n",
			  start, end);
		show_usage(s, &sum);
	}
	return 0;
}

int proc_show_maps(struct seq *s, struct task *t)
{
	return walk(s, t, WALK_MAPS);
}

int proc_show_smaps(struct seq *s, struct task *t)
{
	return walk(s, t, WALK_SMAPS);
}

int proc_show_smaps_rollup(struct seq *s, struct task *t)
{
	return walk(s, t, WALK_SUM);
}

int proc_show_numa_maps(struct seq *s, struct task *t)
{
	return walk(s, t, WALK_NUMA);
}

/* ---- mem ---- */

static ssize_t mem_io(struct file *f, struct iter *it, loff_t *pos, bool write)
{
	struct task *t = proc_node_task(to_proc(to_vnode(f->obj)));
	struct aspace *as = t ? task_get_as(t) : NULL;
	u8 buf[512];
	ssize_t done = 0, n = 0;

	while (as && iter_left(it)) {
		usize want = min(iter_left(it), sizeof(buf));

		if (write && iter_take(it, buf, want) < want)
			n = -EFAULT;
		else
			n = aspace_access(as, (u64)*pos, buf, want,
					  ACCESS_FORCE | (write ? ACCESS_WRITE : 0));
		if (n > 0 && !write && iter_put(it, buf, (usize)n) < (usize)n)
			n = -EFAULT;
		if (n <= 0)
			break;
		done += n;
		*pos += n;
		if ((usize)n < want)
			break;
	}
	if (as)
		aspace_put(as);
	if (t)
		task_put(t);
	return done ? done : n < 0 ? -EIO : 0;
}

static ssize_t mem_read(struct file *f, struct iter *to, loff_t *pos)
{
	return mem_io(f, to, pos, false);
}

static ssize_t mem_write(struct file *f, struct iter *from, loff_t *pos)
{
	return mem_io(f, from, pos, true);
}

static loff_t mem_seek(struct file *f, loff_t off, int whence)
{
	if (whence == SEEK_CUR)
		off += f->pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	return f->pos = off;
}

static void mem_released(struct file *f)
{
	if ((f->mode & FMODE_WRITE) && !(f->mode & FMODE_PATH))
		vnode_put_write(to_vnode(f->obj));
}

const struct object_ops proc_mem_ops = {
	.name = "mem",
	.type = OBJ_VNODE,
	.read = mem_read,
	.write = mem_write,
	.seek = mem_seek,
	.file_release = mem_released,
	.release = vnode_release,
	.vnode = vnode_of_object,
};
