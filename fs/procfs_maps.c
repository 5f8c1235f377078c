/* SPDX-License-Identifier: MIT */
/* procfs_maps.c - /proc/PID/maps, smaps and mem. Locks: as->lock for reading around the walk. Ref: proc(5). */
#include "procfs_int.h"

#include <fs/chrdev.h>
#include <fs/dcache.h>
#include <kernel/file.h>
#include <kernel/peek.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/iter.h>

#define NAME_COLUMN 73u

static void show_name(struct seq *s, const struct vma *v, usize line_start)
{
	const char *name = v->name ? v->name : v->flags & VMA_HEAP ? "[heap]" : v->flags & VMA_STACK ? "[stack]" : NULL;

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
	usize start = s->len;

	seq_print(s, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu", v->start, v->end, v->flags & VMA_READ ? 'r' : '-',
		  v->flags & VMA_WRITE ? 'w' : '-', v->flags & VMA_EXEC ? 'x' : '-', v->flags & VMA_SHARED ? 's' : 'p',
		  f ? v->pgoff << PAGE_SHIFT : 0, f ? dev_major(f->sb->dev) : 0, f ? dev_minor(f->sb->dev) : 0, f ? f->ino : 0);
	show_name(s, v, start);
}

static void show_usage(struct seq *s, const struct vma *v)
{
	u64 kb = (v->end - v->start) / 1024;

	seq_print(s, "Size:           %8lu kB\nKernelPageSize:        4 kB\nMMUPageSize:           4 kB\n", kb);
}

static int walk(struct seq *s, struct task *t, bool usage)
{
	struct aspace *as = task_get_as(t);
	struct vma *v;

	if (!as)
		return 0;
	rw_read_lock(&as->lock);
	for (v = aspace_first(as); v && !s->err; v = vma_next(v)) {
		show_vma(s, v);
		if (usage)
			show_usage(s, v);
	}
	rw_read_unlock(&as->lock);
	aspace_put(as);
	return 0;
}

int proc_show_maps(struct seq *s, struct task *t)
{
	return walk(s, t, false);
}

int proc_show_smaps(struct seq *s, struct task *t)
{
	return walk(s, t, true);
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
			n = aspace_access(as, (u64)*pos, buf, want, write);
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
	.name = "mem", .type = OBJ_VNODE, .read = mem_read, .write = mem_write, .seek = mem_seek, .file_release = mem_released,
	.release = vnode_release, .vnode = vnode_of_object,
};
