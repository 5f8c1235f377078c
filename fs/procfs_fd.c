/* SPDX-License-Identifier: MIT */
/* procfs_fd.c - /proc/PID/fd and fdinfo. A link there is a place: opening it opens the file anew,
 * with the rights the description carries. Ref: proc(5) /proc/pid/fd. Tests: none of its own yet */
#include "procfs_int.h"

#include <fs/dcache.h>
#include <fs/pipe.h>
#include <kernel/file.h>
#include <kernel/handle.h>
#include <kernel/lib/fmt.h>
#include <kernel/peek.h>
#include <kernel/task.h>

#define NUMBERS 0x1000

const struct proc_entry proc_fd_link_entry = {
	.name = "fd", .mode = S_IFLNK | 0700, .kind = PROC_FD_LINK, .inspect = true
};
const struct proc_entry proc_fdinfo_entry = {
	.name = "fdinfo", .mode = S_IFREG | 0400, .kind = PROC_FDINFO, .inspect = true
};

/* The file behind fd of t: a reference, or -EBADF. */
static int peek(struct task *t, int fd, struct file **out, u32 *rights, bool *cloexec)
{
	struct handle_table *h = task_get_handles(t);
	int err;

	if (!h)
		return -EBADF;
	err = handle_peek(h, fd, out, rights, cloexec);
	handle_table_put(h);
	return err;
}

int proc_fd_follow(struct task *t, int fd, struct path *out)
{
	auto_file struct file *f = NULL;
	u32 rights;

	if (peek(t, fd, &f, &rights, NULL))
		return -ENOENT;
	if (file_is_pipe(f) && !f->dentry)
		return pipe_path(f, out);
	if (!f->dentry)
		return -ENXIO;
	*out = (struct path){ f->mount, f->dentry, file_carried(f, rights) };
	path_get(out);
	return 0;
}

int proc_fd_text(struct task *t, int fd, struct seq *s)
{
	auto_file struct file *f = NULL;
	const struct object_ops *ops;
	u32 rights;

	if (peek(t, fd, &f, &rights, NULL))
		return -ENOENT;
	ops = f->obj->ops;
	if (f->dentry) {
		struct path p = { f->mount, f->dentry, 0 };

		seq_file_path(s, &p, false);
	} else if (ops->ino) {
		seq_print(s, "%s:[%lu]", ops->type == OBJ_SOCKET ? "socket" : ops->name,
			  ops->ino(f->obj));
	} else {
		seq_print(s, "anon_inode:%s", ops->name);
	}
	return s->err;
}

int proc_show_fdinfo(struct seq *s, struct task *t, int fd)
{
	auto_file struct file *f = NULL;
	bool cloexec = false;
	u32 rights;

	if (peek(t, fd, &f, &rights, &cloexec))
		return -ENOENT;
	seq_print(s, "pos:\t%ld\nflags:\t0%o\nmnt_id:\t%d\nino:\t%lu\n", f->pos,
		  file_flags(f) | (cloexec ? O_CLOEXEC : 0), f->mount ? f->mount->id : 0,
		  f->dentry	     ? f->dentry->vnode->ino
		  : f->obj->ops->ino ? f->obj->ops->ino(f->obj)
				     : 1);
	if (f->obj->ops->show)
		f->obj->ops->show(f, s);
	return s->err;
}

int proc_lookup_fd(struct vnode *dir, const struct name *n, struct vnode **out)
{
	struct proc_node *d = to_proc(dir);
	struct task *t = proc_node_task(d);
	bool links = d->e->kind == PROC_FDS;
	struct file *f;
	u32 fd, rights;
	int err = -ENOENT;

	if (!t)
		return -ENOENT;
	if (proc_parse_number(n, &fd) && !peek(t, (int)fd, &f, &rights, NULL)) {
		err = proc_new_node(dir->sb, links ? &proc_fd_link_entry : &proc_fdinfo_entry,
				    d->pid, (int)fd, out);
		if (!err && links)
			(*out)->mode = S_IFLNK | (f->mode & FMODE_READ ? 0500 : 0) |
				       (f->mode & FMODE_WRITE ? 0300 : 0);
		file_put(f);
	}
	task_put(t);
	return err;
}

int proc_readdir_fd(struct vnode *dir, loff_t *pos, struct dir_emit *e)
{
	struct proc_node *d = to_proc(dir);
	struct task *t = proc_node_task(d);
	struct handle_table *h = t ? task_get_handles(t) : NULL;
	int fd = (int)max(*pos - NUMBERS, 0l);
	struct file *f;
	u32 rights;

	while (h && (fd = handle_next(h, fd, &f, &rights)) >= 0) {
		char text[16];
		int len = fmt_print(text, sizeof(text), "%d", fd);

		file_put(f);
		if (!e->entry(e, text, (u32)len, (u64)d->pid->nr << 32 | (u64)fd,
			      d->e->kind == PROC_FDS ? DT_LNK : DT_REG, NUMBERS + fd + 1))
			break;
		*pos = NUMBERS + ++fd;
	}
	if (h)
		handle_table_put(h);
	if (t)
		task_put(t);
	return 0;
}
