/* SPDX-License-Identifier: MIT */
/* procfs.c - /proc: directories, text files and links over tables of entries.
 *
 * A text file is made whole when it is read from offset 0 and kept with the open description, so
 * that what is read in pieces is of one moment. Names of processes are looked up afresh while their
 * struct pid has a thread; cached ones go stale with it.
 *
 * Invariants: (1) a node with a pid is good while pid->task is set; nothing here keeps a process
 * alive, only its struct pid. (2) positions in a directory: 2 + index of static entries; NUMBERS +
 * n for numbered ones.
 * Locks: none of its own. Ref: proc(5). Tests: selftests/abi/procsys.c
 */
#include "procfs_int.h"

#include <fs/dcache.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/peek.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <mm/iter.h>
#include <mm/slab.h>

#define PROC_MAGIC 0x9fa0u
#define NUMBERS	   0x1000
#define MAX_WRITE  4096u

static struct slab_cache *node_cache __ro_after_init;

/* ---- nodes ---- */

struct task *proc_node_task(const struct proc_node *n)
{
	struct task *t = NULL;

	if (!n->pid)
		return NULL;
	rcu_read_lock();
	t = rcu_deref(n->pid->task);
	if (t && !ref_tryget(&t->refs))
		t = NULL;
	rcu_read_unlock();
	return t;
}

static void task_putp(struct task **t)
{
	if (*t)
		task_put(*t);
}
#define auto_task __cleanup(task_putp)

static void set_owner(struct proc_node *n)
{
	auto_task struct task *t = proc_node_task(n);
	struct cred *c = t ? task_get_cred(t) : NULL;

	if (!c)
		return;
	n->v.uid = c->euid;
	n->v.gid = c->egid;
	cred_put(c);
}

static const struct vnode_ops *vnode_ops_of(const struct proc_entry *e)
{
	switch (e->kind) {
	case PROC_FILE:
	case PROC_TEXT:
	case PROC_BINARY:
	case PROC_FDINFO:
		return &proc_file_ops;
	case PROC_LINK:
	case PROC_FD_LINK:
	case PROC_MAP_LINK:
		return &proc_link_ops;
	case PROC_MEMBER_LINK:
		return &proc_member_link_ops;
	default:
		return &proc_dir_ops;
	}
}

static const struct object_ops *object_ops_of(const struct proc_entry *e)
{
	const struct vnode_ops *ops = vnode_ops_of(e);

	if (e->kind == PROC_BINARY)
		return e->ops;
	return ops == &proc_dir_ops    ? &vnode_dir_ops
	       : ops == &proc_file_ops ? &proc_text_ops
				       : &vnode_other_ops;
}

static u64 ino_of(const struct proc_entry *e, const struct pid *pid, int fd)
{
	u64 base = ((u64)e >> 3) & 0xffffff;

	return pid ? (u64)pid->nr << 32 | (base + (u64)fd) : (u64)fd << 24 | (1 + base);
}

int proc_new_node(struct super *sb, const struct proc_entry *e, struct pid *pid, int fd,
		  struct vnode **out)
{
	struct proc_node *n = slab_alloc(node_cache, PAGE_KERNEL | PAGE_ZEROED);

	if (!n)
		return -ENOMEM;
	vnode_init(&n->v, sb, vnode_ops_of(e), object_ops_of(e), e->mode, NULL);
	n->e = e;
	n->fd = fd;
	n->v.ino = ino_of(e, pid, fd);
	if (pid) {
		ref_get(&pid->refs);
		n->pid = pid;
		set_owner(n);
	}
	*out = &n->v;
	return 0;
}

static void node_evict(struct vnode *v)
{
	if (to_proc(v)->pid)
		pid_put(to_proc(v)->pid);
}

static void node_free(struct vnode *v)
{
	slab_free(node_cache, to_proc(v));
}

static bool node_revalidate(struct vnode *v)
{
	struct proc_node *n = to_proc(v);

	if (BIT(n->e->kind) & (BIT(PROC_FD_LINK) | BIT(PROC_FDINFO) | BIT(PROC_MEMBER) |
			       BIT(PROC_MEMBER_LINK) | BIT(PROC_MAP_LINK)))
		return false;			/* looked up again each time */
	return !n->pid || READ_ONCE(n->pid->task);
}

static int node_getattr(struct vnode *v, struct kstat *st)
{
	struct proc_node *n = to_proc(v);

	if (n->pid) {
		set_owner(n);
		st->uid = v->uid;
		st->gid = v->gid;
	}
	if (n->e->kind == PROC_ROOT)
		st->nlink = 2;
	st->blksize = 1024;
	return 0;
}

static int check_inspect(struct proc_node *n)
{
	struct task *t;
	int err;

	if (!n->e->inspect)
		return 0;
	t = proc_node_task(n);
	if (!t)
		return -ESRCH;
	err = task_may_inspect(t);
	task_put(t);
	return err;
}

/* ---- text files ---- */

static bool can_write(const struct proc_node *n)
{
	return n->e->member ? n->e->member->write != NULL
			    : n->e->write || (n->e->kind == PROC_FILE && n->e->ctl);
}

static int text_open(struct vnode *v, struct file *f)
{
	struct proc_node *n = to_proc(v);
	int err = check_inspect(n);

	if (err || n->e->kind == PROC_BINARY)
		return err;
	/* Settings and /sys refuse root at once, the rest when it writes. */
	if ((f->mode & FMODE_WRITE) && !can_write(n) &&
	    (n->e->setting || v->sb->private != (void *)PROC_MAGIC))
		return -EACCES;
	f->private = knew(struct seq);
	return f->private ? 0 : -ENOMEM;
}

static int generate(struct proc_node *n, struct seq *s)
{
	auto_task struct task *t = proc_node_task(n);
	int err;

	if (n->pid && !t)
		return -ESRCH;
	s->len = 0;
	s->err = 0;
	if (n->e->kind == PROC_FDINFO)
		err = proc_show_fdinfo(s, t, n->fd);
	else if (n->e->kind == PROC_TEXT)
		seq_write(s, n->e->text, strlen(n->e->text)), err = 0;
	else if (n->e->member)
		err = n->e->member->show(s, n->fd, n->e->member->arg);
	else
		err = n->e->ctl	   ? proc_show_ctl(s, n->e->ctl)
		      : n->e->show ? n->e->show(s, t)
				   : -EINVAL;
	return err ? err : s->err;
}

static ssize_t text_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct seq *s = f->private;
	usize n, got;
	int err;

	if (*pos == 0 || !s->buf) {
		err = generate(to_proc(to_vnode(f->obj)), s);
		if (err)
			return err;
	}
	if ((usize)*pos >= s->len)
		return 0;
	n = min(iter_left(to), s->len - (usize)*pos);
	got = iter_put(to, s->buf + *pos, n);
	*pos += (loff_t)got;
	return got || !n ? (ssize_t)got : -EFAULT;
}

static ssize_t text_write(struct file *f, struct iter *from, loff_t *pos)
{
	struct proc_node *n = to_proc(to_vnode(f->obj));
	auto_task struct task *t = proc_node_task(n);
	usize len = min(iter_left(from), (usize)MAX_WRITE - 1), took = len;
	auto_kfree char *text = kzalloc(len + 1);
	int err;

	if (!text)
		return -ENOMEM;
	if (n->pid && !t)
		return -ESRCH;
	if (!can_write(n))
		return n->pid ? -EINVAL : -EIO;
	if (iter_take(from, text, len) < len)
		return -EFAULT;
	if (len && text[len - 1] == '\n')
		text[--len] = '\0';
	if (n->e->member)
		err = n->e->member->write(n->fd, text, len, n->e->member->arg);
	else
		err = n->e->write ? n->e->write(t, text, len) : proc_write_ctl(n->e->ctl, text);
	return err ? err : (ssize_t)took;
}

static loff_t text_seek(struct file *f, loff_t off, int whence)
{
	if (whence == SEEK_CUR)
		off += f->pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (off < 0)
		return -EINVAL;
	return f->pos = off;
}

static void text_released(struct file *f)
{
	struct seq *s = f->private;

	if (s && !(f->mode & FMODE_PATH)) {
		kfree(s->buf);
		kfree(s);
	}
	if ((f->mode & FMODE_WRITE) && !(f->mode & FMODE_PATH))
		vnode_put_write(to_vnode(f->obj));
}

const struct object_ops proc_text_ops = {
	.name = "proc",
	.type = OBJ_VNODE,
	.read = text_read,
	.write = text_write,
	.seek = text_seek,
	.file_release = text_released,
	.release = vnode_release,
	.vnode = vnode_of_object,
};

const struct vnode_ops proc_file_ops = { .open = text_open,
					 .getattr = node_getattr,
					 .revalidate = node_revalidate };

/* ---- links ---- */

static int link_follow(struct vnode *v, struct path *out)
{
	struct proc_node *n = to_proc(v);
	auto_task struct task *t = proc_node_task(n);
	int err = check_inspect(n);

	if (err)
		return err;
	if (!t)
		return -ENOENT;
	if (n->e->kind == PROC_FD_LINK)
		return proc_fd_follow(t, n->fd, out);
	if (n->e->kind == PROC_MAP_LINK)
		return capable(CAP_SYS_ADMIN) ? proc_map_follow(t, n->start, out) : -EPERM;
	return n->e->follow(t, out);
}

/* self, thread-self, mounts: texts that depend on who asks. May run under RCU. */
static ssize_t short_text(struct vnode *v, char *buf, usize size)
{
	return to_proc(v)->e->readlink(NULL, buf, size);
}

static ssize_t link_text(struct vnode *v, char *buf, usize size)
{
	struct proc_node *n = to_proc(v);
	auto_task struct task *t = proc_node_task(n);
	auto_dir struct path p = {};
	struct seq s = {};
	ssize_t len;
	int err = check_inspect(n);

	if (err)
		return err;
	if (n->pid && !t)
		return -ENOENT;
	if (n->e->readlink)
		return n->e->readlink(t, buf, size);
	if (n->e->kind == PROC_FD_LINK)
		err = proc_fd_text(t, n->fd, &s);
	else
		err = n->e->kind == PROC_MAP_LINK ? proc_map_follow(t, n->start, &p)
						  : n->e->follow(t, &p);
	if (!err && p.dentry)
		seq_file_path(&s, &p, false);
	len = err ? err : (ssize_t)min(s.len, size);
	if (!err && s.buf)
		memcpy(buf, s.buf, (usize)len);
	kfree(s.buf);
	return len;
}

const struct vnode_ops proc_link_ops = {
	.follow = link_follow,
	.readlink = link_text,
	.getattr = node_getattr,
	.revalidate = node_revalidate,
};
/* self and thread-self: texts, not places. */
static const struct vnode_ops text_link_ops = { .readlink = link_text, .getattr = node_getattr };
static const struct vnode_ops short_link_ops = { .readlink = short_text, .getattr = node_getattr };

/* ---- directories ---- */

bool proc_parse_number(const struct name *n, u32 *out)
{
	u32 len = name_len(n), i;
	u64 v = 0;

	if (len > 10 || (len > 1 && n->s[0] == '0'))
		return false;
	for (i = 0; i < len; i++) {
		if (!is_digit(n->s[i]))
			return false;
		v = v * 10 + (u64)(n->s[i] - '0');
	}
	*out = (u32)v;
	return v <= S32_MAX;
}

static const struct proc_entry pid_dir_entry = { .name = "pid",
						 .mode = S_IFDIR | 0555,
						 .kind = PROC_PID };
static const struct proc_entry tid_dir_entry = { .name = "tid",
						 .mode = S_IFDIR | 0555,
						 .kind = PROC_TID };

/* The number as a process (or as a thread of `of`): a reference, or NULL. */
static struct pid *find_pid(u32 nr, const struct proc *of)
{
	struct pid *p;

	rcu_read_lock();
	p = pid_find((pid_t)nr);
	if (p) {
		struct task *t = rcu_deref(p->task);

		if (!t || !t->proc || (of ? t->proc != of : !rcu_deref(p->proc)) ||
		    !ref_tryget(&p->refs))
			p = NULL;
	}
	rcu_read_unlock();
	return p;
}

static int lookup_number(struct vnode *dir, const struct name *n, struct vnode **out)
{
	struct proc_node *d = to_proc(dir);
	bool threads = d->e->kind == PROC_TASKS;
	auto_task struct task *t = proc_node_task(d);
	struct pid *p;
	u32 nr;
	int err;

	if (!proc_parse_number(n, &nr) || (threads && !t))
		return -ENOENT;
	p = find_pid(nr, threads ? t->proc : NULL);
	if (!p)
		return -ENOENT;
	err = proc_new_node(dir->sb, threads ? &tid_dir_entry : &pid_dir_entry, p, 0, out);
	pid_put(p);
	return err;
}

static const struct proc_entry *table_of(const struct proc_node *d)
{
	switch (d->e->kind) {
	case PROC_ROOT:	return proc_root_entries;
	case PROC_PID:
	case PROC_TID:	return proc_task_entries;
	case PROC_DIR:
	case PROC_MEMBER:
	case PROC_STATIC_DIR: return d->e->dir;
	default:	return NULL;
	}
}

static bool name_is(const struct name *n, const char *s)
{
	return !strncmp(n->s, s, name_len(n)) && !s[name_len(n)];
}

static int dir_lookup(struct vnode *dir, const struct name *n, struct vnode **out)
{
	struct proc_node *d = to_proc(dir);
	const struct proc_entry *e;
	int err;

	if (d->pid && !READ_ONCE(d->pid->task))
		return -ESRCH;		/* the directory of a process that was reaped, held open */
	for (e = table_of(d); e && e->name; e++) {
		if (!name_is(n, e->name) || (e->only && e->only != d->e->kind))
			continue;
		err = proc_new_node(dir->sb, e, d->pid, d->pid ? 0 : d->fd, out);
		if (!err && e->kind == PROC_LINK && !e->follow) {
			(*out)->ops = d->pid ? &text_link_ops : &short_link_ops;
			(*out)->flags |= d->pid ? 0 : VN_SHORT_LINK;
		}
		return err;
	}
	switch (d->e->kind) {
	case PROC_ROOT:
		err = procfs_lookup_added(dir, n, out);
		return err == -ENOENT ? lookup_number(dir, n, out) : err;
	case PROC_TASKS:
		return lookup_number(dir, n, out);
	case PROC_FDS:
	case PROC_FDINFOS:
		err = check_inspect(d);
		return err ? err : proc_lookup_fd(dir, n, out);
	case PROC_MAPS:
		err = check_inspect(d);
		return err ? err : proc_lookup_map(dir, n, out);
	case PROC_DIR:
		err = procfs_lookup_added(dir, n, out);
		return err == -ENOENT ? proc_group_lookup(dir, n, out) : err;
	case PROC_MEMBER:
	case PROC_STATIC_DIR:
		return proc_group_lookup(dir, n, out);
	}
	return -ENOENT;
}

static bool emit_number(struct dir_emit *e, u32 nr, u32 type)
{
	char text[16];
	int len = fmt_print(text, sizeof(text), "%u", nr);

	return e->entry(e, text, (u32)len, (u64)nr << 32 | 1, type, NUMBERS + (loff_t)nr + 1);
}

static int list_processes(loff_t *pos, struct dir_emit *e)
{
	pid_t nr = (pid_t)max(*pos - NUMBERS, 1l);
	struct proc *p;

	while ((p = proc_next(&nr))) {
		bool more = emit_number(e, (u32)nr, DT_DIR);

		proc_put(p);
		if (!more)
			return 0;
		*pos = NUMBERS + ++nr;
	}
	return 0;
}

/* The thread of p with the smallest number >= *nr; false: none. */
static bool next_thread(struct proc *p, pid_t *nr)
{
	pid_t best = S32_MAX;
	struct task *t;
	irqflags_t irq;

	irq = spin_lock_irq(&p->lock);
	list_for_each_entry(t, &p->threads, thread_link)
		if (t->tid >= *nr && t->tid < best)
			best = t->tid;
	spin_unlock_irq(&p->lock, irq);
	*nr = best;
	return best != S32_MAX;
}

static int list_threads(struct proc_node *d, loff_t *pos, struct dir_emit *e)
{
	auto_task struct task *t = proc_node_task(d);
	pid_t nr = (pid_t)max(*pos - NUMBERS, 1l);

	if (!t)
		return -ENOENT;
	while (next_thread(t->proc, &nr)) {
		if (!emit_number(e, (u32)nr, DT_DIR))
			return 0;
		*pos = NUMBERS + ++nr;
	}
	return 0;
}

static int dir_readdir(struct vnode *dir, struct file *f, loff_t *pos, struct dir_emit *emit)
{
	struct proc_node *d = to_proc(dir);
	const struct proc_entry *e = table_of(d);
	loff_t i;

	for (i = 2; e && e->name; e++, i++) {
		if (i < *pos || (e->only && e->only != d->e->kind))
			continue;
		if (!emit->entry(emit, e->name, (u32)strlen(e->name), ino_of(e, d->pid, 0),
				 mode_to_dtype(e->mode), i + 1))
			return 0;
		*pos = i + 1;
	}
	switch (d->e->kind) {
	case PROC_ROOT:
		return procfs_readdir_added(dir, pos, emit) ? list_processes(pos, emit) : 0;
	case PROC_TASKS:
		return list_threads(d, pos, emit);
	case PROC_FDS:
	case PROC_FDINFOS:
		return check_inspect(d) ? -EACCES : proc_readdir_fd(dir, pos, emit);
	case PROC_MAPS:
		return check_inspect(d) ? -EACCES : proc_readdir_maps(dir, pos, emit);
	case PROC_DIR:
		if (procfs_readdir_added(dir, pos, emit))
			proc_group_readdir(dir, pos, emit);
		break;
	case PROC_MEMBER:
	case PROC_STATIC_DIR:
		proc_group_readdir(dir, pos, emit);
		break;
	}
	return 0;
}

const struct vnode_ops proc_dir_ops = {
	.lookup = dir_lookup,
	.readdir = dir_readdir,
	.getattr = node_getattr,
	.revalidate = node_revalidate,
};

/* ---- mounting ---- */

static void proc_statfs(struct super *sb, struct statfs_k *st)
{
	st->type = (u64)sb->private;
}

static const struct super_ops proc_super_ops = { .evict = node_evict,
						 .free = node_free,
						 .statfs = proc_statfs };

static const struct proc_entry root_entry = { .name = "/",
					      .mode = S_IFDIR | 0555,
					      .kind = PROC_ROOT };

int proc_mount_tree(struct super *sb, const struct proc_entry *root, u64 magic)
{
	struct vnode *v;
	int err;

	sb->ops = &proc_super_ops;
	sb->block_size = PAGE_SIZE;
	sb->flags |= SB_NO_NEGATIVE | SB_NOATIME;
	sb->private = (void *)magic;
	err = proc_new_node(sb, root, NULL, 0, &v);
	if (err)
		return err;
	sb->root = dentry_alloc_root(sb, v);
	return sb->root ? 0 : -ENOMEM;
}

static int proc_mount(struct super *sb, const char *source, const char *options)
{
	return proc_mount_tree(sb, &root_entry, PROC_MAGIC);
}

static int proc_remount(struct super *sb, u32 flags, const char *options)
{
	return 0;
}

FSTYPE(proc, .flags = FS_SINGLE, .magic = PROC_MAGIC, .mount = proc_mount, .remount = proc_remount);

void procfs_init(void)
{
	procfs_ctl_init();
	procfs_add_table(proc_list_entries);
	node_cache = slab_cache_create("proc_node", sizeof(struct proc_node), 64);
}
