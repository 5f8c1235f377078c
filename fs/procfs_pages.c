/* SPDX-License-Identifier: MIT */
/* procfs_pages.c - /proc/PID/pagemap, clear_refs, map_files: what is behind addresses.
 *
 * Pages that clear_refs marks old become young again by an access flag fault (mm/fault.c): smaps
 * counts them as Referenced.
 * Locks: as->lock for reading > table lock; never while user memory is written.
 * Ref: proc(5); Linux Documentation/admin-guide/mm/pagemap.rst. Tests: selftests/abi/procpid.c */
#include "procfs_int.h"

#include <arch/mmu.h>
#include <fs/dcache.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/lib/fmt.h>
#include <kernel/peek.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/iter.h>
#include <mm/page.h>
#include <mm/vma.h>

#define PM_EXCLUSIVE BIT(56)
#define PM_FILE	     BIT(61)
#define PM_PRESENT   BIT(63)
#define CHUNK	     64u	/* entries found under one lock */

static u64 pagemap_entry(struct aspace *as, u64 va, bool frames)
{
	pte_t *pte = pt_lookup(&as->mm, va), e;
	const struct page *p;
	u64 v = 0;
	u32 maps;

	if (!pte)
		return 0;
	spin_lock(pt_lock(pte));
	e = pte_read(pte);
	if (pte_present(e)) {
		v = PM_PRESENT | (frames ? pte_pa(e) >> PAGE_SHIFT : 0);
		p = phys_to_page(pte_pa(e));
		if (!pte_special(e)) {
			maps = atomic_read(&p->refs) - (page_flags(p) & PG_CACHE ? 1 : 0);
			v |= (page_flags(p) & PG_ANON ? 0 : PM_FILE) |
			     (maps == 1 ? PM_EXCLUSIVE : 0);
		}
	}
	spin_unlock(pt_lock(pte));
	return v;
}

static ssize_t pagemap_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct task *t = proc_node_task(to_proc(to_vnode(f->obj)));
	struct aspace *as = t ? task_get_as(t) : NULL;
	bool frames = cred_has(f->cred, CAP_SYS_ADMIN);
	ssize_t done = ((u64)*pos | iter_left(to)) & 7 ? -EINVAL : 0;
	u64 v[CHUNK], va = (u64)*pos / 8 << PAGE_SHIFT;

	while (as && done >= 0 && iter_left(to) && va < TASK_SIZE) {
		u32 n = (u32)min(min(iter_left(to) / 8, (usize)CHUNK),
				 (TASK_SIZE - va) >> PAGE_SHIFT);

		rw_read_lock(&as->lock);
		for (u32 i = 0; i < n; i++, va += PAGE_SIZE)
			v[i] = pagemap_entry(as, va, frames);
		rw_read_unlock(&as->lock);
		if (iter_put(to, v, n * 8) < n * 8) {
			done = done ? done : -EFAULT;
			break;
		}
		done += n * 8;
	}
	*pos += max(done, 0l);
	if (as)
		aspace_put(as);
	if (t)
		task_put(t);
	return done;
}

static loff_t pagemap_seek(struct file *f, loff_t off, int whence)
{
	if (whence == SEEK_CUR)
		off += f->pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	return f->pos = off;
}

const struct object_ops proc_pagemap_ops = {
	.name = "pagemap",
	.type = OBJ_VNODE,
	.read = pagemap_read,
	.seek = pagemap_seek,
	.release = vnode_release,
	.vnode = vnode_of_object,
};

/* ---- clear_refs ---- */

enum clear { CLEAR_ALL = 1, CLEAR_ANON, CLEAR_FILE, CLEAR_SOFT_DIRTY, CLEAR_PEAK };

static void make_old(struct vma *v)
{
	u64 va = v->start;
	pte_t *pte;

	while (va < v->end && (pte = pt_next(&v->as->mm, &va, v->end))) {
		u64 end = min(v->end, ALIGN_DOWN(va, PMD_SIZE) + PMD_SIZE);
		struct spinlock *lock = pt_lock(pte);

		spin_lock(lock);
		for (; va < end; va += PAGE_SIZE, pte++)
			if (pte_valid(pte_read(pte)))
				pte_set(pte, pte_mkold(pte_read(pte)));
		spin_unlock(lock);
	}
	tlb_flush_range(&v->as->mm, v->start, v->end);
}

int proc_write_clear_refs(struct task *t, char *text, usize n)
{
	struct aspace *as;
	struct vma *v;
	s64 what;

	if (parse_s64(text, 10, &what, NULL) || what < CLEAR_ALL || what > CLEAR_PEAK)
		return -EINVAL;
	as = task_get_as(t);
	if (!as)
		return 0;
	rw_read_lock(&as->lock);
	for (v = aspace_first(as); v && what <= CLEAR_FILE; v = vma_next(v))
		if (what == CLEAR_ALL || (what == CLEAR_FILE) == (v->file != NULL))
			make_old(v);
	if (what == CLEAR_PEAK)
		atomic_set(&as->peak_rss, aspace_rss(as));
	rw_read_unlock(&as->lock); /* soft-dirty bits: none on arm64, nothing to clear */
	aspace_put(as);
	return 0;
}

/* ---- map_files ---- */

#define MAPS 0x1000	/* position of the page 0 */

static const struct proc_entry map_link_entry = {
	.name = "map", .mode = S_IFLNK, .kind = PROC_MAP_LINK, .inspect = true
};

/* The first mapping of a file at or above addr: a reference on the file. */
static struct file *find_map(struct task *t, u64 addr, u64 *start, u64 *end)
{
	struct aspace *as = task_get_as(t);
	struct file *f = NULL;
	struct vma *v;

	if (!as)
		return NULL;
	rw_read_lock(&as->lock);
	v = aspace_find(as, addr);
	while (v && !(v->start >= addr && v->file && v->file->dentry))
		v = vma_next(v);
	if (v) {
		*start = v->start;
		*end = v->end;
		f = v->file;
		file_get(f);
	}
	rw_read_unlock(&as->lock);
	aspace_put(as);
	return f;
}

int proc_map_follow(struct task *t, u64 start, struct path *out)
{
	u64 at, end;
	auto_file struct file *f = find_map(t, start, &at, &end);

	if (!f || at != start)
		return -ENOENT;
	*out = (struct path){ f->mount, f->dentry, f->carry };
	path_get(out);
	return 0;
}

int proc_lookup_map(struct vnode *dir, const struct name *n, struct vnode **out)
{
	struct proc_node *d = to_proc(dir);
	struct task *t = proc_node_task(d);
	auto_file struct file *f = NULL;
	char want[40] = "", is[40];
	u64 addr, start, end;
	const char *rest;
	int err = -ENOENT;

	if (!t)
		return -ENOENT;
	if (name_len(n) < sizeof(want)) {
		__builtin_memcpy(want, n->s, name_len(n));
		if (!parse_u64(want, 16, &addr, &rest))
			f = find_map(t, addr, &start, &end);
	}
	task_put(t);
	if (!f)
		return -ENOENT;
	fmt_print(is, sizeof(is), "%lx-%lx", start, end);
	if (!__builtin_strcmp(is, want))
		err = proc_new_node(dir->sb, &map_link_entry, d->pid, 0, out);
	if (err)
		return err;
	to_proc(*out)->start = start;
	(*out)->ino += start >> PAGE_SHIFT;
	(*out)->mode |= (f->mode & FMODE_READ ? 0400 : 0) | (f->mode & FMODE_WRITE ? 0200 : 0);
	return 0;
}

int proc_readdir_maps(struct vnode *dir, loff_t *pos, struct dir_emit *e)
{
	struct proc_node *d = to_proc(dir);
	struct task *t = proc_node_task(d);
	u64 addr = (u64)max(*pos - MAPS, 0l) << PAGE_SHIFT, start, end;
	struct file *f;
	char text[40];

	while (t && (f = find_map(t, addr, &start, &end))) {
		int len = fmt_print(text, sizeof(text), "%lx-%lx", start, end);

		file_put(f);
		addr = start + PAGE_SIZE;
		if (!e->entry(e, text, (u32)len, (u64)d->pid->nr << 32 | start >> PAGE_SHIFT,
			      DT_LNK, MAPS + (loff_t)(addr >> PAGE_SHIFT)))
			break;
		*pos = MAPS + (loff_t)(addr >> PAGE_SHIFT);
	}
	if (t)
		task_put(t);
	return 0;
}
