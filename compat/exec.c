/* SPDX-License-Identifier: MIT */
/* exec.c - execve: gather the arguments, find the image (through #! lines), build the new memory,
 * then commit.
 *
 * All that can fail comes first: until exec_commit() the old program is untouched and gets an
 * errno. After it the process is the new program, or dead. What Linux finds out only later,
 * segments that cannot be mapped, kills the process as there.
 *
 *	gather strings -> open, read head -> #!: put interpreter in front, again -> load ELF, build
 *	stack -> single thread -> commit
 *
 * Ref: execve(2), execveat(2), credentials(7), capabilities(7) "Transformation of capabilities
 * during execve()". Tests: selftests/abi/exec.c
 */
#include <compat/exec.h>
#include <compat/syscalls.h>

#include <arch/cpu.h>
#include <arch/frame.h>
#include <arch/mmu.h>
#include <fs/attr.h>
#include <fs/namei.h>
#include <fs/vfs.h>
#include <fs/vnode.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/handle.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/ptimer.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/aspace.h>
#include <mm/iter.h>
#include <mm/slab.h>

#define HEAD_BYTES  256		/* Linux: BINPRM_BUF_SIZE */
#define MAX_SCRIPTS 5		/* #! lines in a row */

struct exec {
	struct file *file;
	struct arg_block args;
	u8 head[HEAD_BYTES];
	usize head_len;
	struct aspace *as;
	struct loaded image;
	u64 sp;
	char comm[TASK_COMM_LEN];
	char *script_name;	/* path handed to an interpreter */
	bool closed_name;	/* which leads through a descriptor that is closed by then */
	struct cred *cred;	/* what the program will run with; a reference */
};

/* ---- the argument block ---- */

void args_free(struct arg_block *a)
{
	u32 i;

	for (i = 0; i < a->nr_pages; i++)
		pages_free_virt(a->pages[i]);
	kfree(a->pages);
	*a = (struct arg_block){ .limit = a->limit };
}

/* Room at the block's end: *p points into the last page, the result is how many bytes are left
 * there. */
static ssize_t args_room(struct arg_block *a, u8 **p)
{
	u64 off = a->len & ~PAGE_MASK;
	void **grown;

	if (a->len >= a->limit)
		return -E2BIG;
	if (a->len >> PAGE_SHIFT == a->nr_pages) {
		if (a->nr_pages == a->cap_pages) {
			grown = krealloc(a->pages, (a->cap_pages + 32) * sizeof(void *));
			if (!grown)
				return -ENOMEM;
			a->pages = grown;
			a->cap_pages += 32;
		}
		a->pages[a->nr_pages] = pages_alloc_virt(0, PAGE_KERNEL);
		if (!a->pages[a->nr_pages])
			return -ENOMEM;
		a->nr_pages++;
	}
	*p = (u8 *)a->pages[a->len >> PAGE_SHIFT] + off;
	return (ssize_t)(PAGE_SIZE - off);
}

int args_add_user(struct arg_block *a, uaddr_t s)
{
	u64 total = 0;

	for (;;) {
		u8 *p;
		ssize_t room = args_room(a, &p), n;

		if (room < 0)
			return (int)room;
		n = uaccess_copy_string((char *)p, s, (usize)room);
		if (n < 0)
			return -EFAULT;
		total += (u64)n;
		if (total >= ARG_STRLEN_MAX)
			return -E2BIG;
		if (n < room) {
			a->len += (u64)n + 1;
			return 0;
		}
		a->len += (u64)n;
		s = uaddr_add(s, (u64)n);
	}
}

int args_add_kernel(struct arg_block *a, const char *s)
{
	usize left = strlen(s) + 1;

	while (left) {
		u8 *p;
		ssize_t room = args_room(a, &p);
		usize n;

		if (room < 0)
			return (int)room;
		n = min(left, (usize)room);
		memcpy(p, s, n);
		a->len += n;
		s += n;
		left -= n;
	}
	return 0;
}

char args_byte(const struct arg_block *a, u64 off)
{
	return ((char *)a->pages[off >> PAGE_SHIFT])[off & ~PAGE_MASK];
}

int args_copy_out(const struct arg_block *a, struct aspace *as, u64 at, u64 from, u64 n)
{
	while (n) {
		u64 off = from & ~PAGE_MASK, part = min(PAGE_SIZE - off, n);

		if (aspace_access(as, at, (u8 *)a->pages[from >> PAGE_SHIFT] + off, part, true) !=
		    (ssize_t)part)
			return -EFAULT;
		at += part;
		from += part;
		n -= part;
	}
	return 0;
}

static int add_vector(struct arg_block *a, uaddr_t vec, u32 *count)
{
	u64 p;
	int err;

	for (*count = 0; !uaddr_null(vec); (*count)++) {
		if (get_user(&p, uaddr_add(vec, *count * 8ul)))
			return -EFAULT;
		if (!p)
			break;
		/* what points to the words counts as they do */
		if (a->limit < a->len + sizeof(p))
			return -E2BIG;
		a->limit -= sizeof(p);
		if (signal_pending_fatal(current()))
			return -ERESTARTNOHAND;
		err = args_add_user(a, UADDR(p));
		if (err)
			return err;
	}
	return 0;
}

static int gather_user(struct arg_block *a, uaddr_t argv, uaddr_t envp, const char *name)
{
	int err = add_vector(a, argv, &a->argc);

	if (!err && a->argc == 0) {	/* Linux since 5.18: a program always has an argv[0] */
		err = args_add_kernel(a, "");
		a->argc = 1;
	}
	a->env_off = a->len;
	if (!err)
		err = add_vector(a, envp, &a->envc);
	a->name_off = a->len;
	if (!err)
		err = args_add_kernel(a, name);
	return err;
}

static void init_limit(struct arg_block *a)
{
	u64 stack = rlimit(RLIMIT_STACK);

	*a = (struct arg_block){ .limit = max(min(stack / 4, (u64)ARG_PAGES_MAX * PAGE_SIZE),
					      32 * PAGE_SIZE) };
}

/* ---- #! ---- */

struct script {
	char *interp, *arg;
};

/* Splits "#! interpreter [one argument]". The head is changed in place. -ENOEXEC when the line is
 * cut or empty. */
static int parse_script(struct exec *e, struct script *s)
{
	char *p = (char *)e->head + 2, *end = (char *)e->head + e->head_len,
	     *eol = memchr(p, '\n', (usize)(end - p));
	bool cut = !eol;

	if (cut)
		eol = end < (char *)e->head + HEAD_BYTES ? end : end - 1;
	while (eol > p && (eol[-1] == ' ' || eol[-1] == '\t'))
		eol--;
	*eol = 0;
	while (*p == ' ' || *p == '\t')
		p++;
	if (!*p)
		return -ENOEXEC;
	s->interp = p;
	while (*p && *p != ' ' && *p != '\t')
		p++;
	if (cut && !*p && e->head_len == HEAD_BYTES)
		return -ENOEXEC;	/* the interpreter's name did not fit */
	s->arg = NULL;
	if (*p) {
		*p++ = 0;
		while (*p == ' ' || *p == '\t')
			p++;
		if (*p)
			s->arg = p;
	}
	return 0;
}

static int copy_strings(struct arg_block *to, const struct arg_block *from, u64 off, u64 end)
{
	while (off < end) {
		u8 *p;
		ssize_t room = args_room(to, &p);
		u64 part;

		if (room < 0)
			return (int)room;
		part = min(min(end - off, (u64)room), PAGE_SIZE - (off & ~PAGE_MASK));
		memcpy(p, (u8 *)from->pages[off >> PAGE_SHIFT] + (off & ~PAGE_MASK), part);
		to->len += part;
		off += part;
	}
	return 0;
}

/* The block again with interp [arg] path in place of argv[0]. */
static int rewrite_args(struct arg_block *a, const struct script *s, const char *path)
{
	struct arg_block n = { .limit = a->limit, .envc = a->envc };
	u64 off = 0;
	int err = args_add_kernel(&n, s->interp);

	if (!err && s->arg)
		err = args_add_kernel(&n, s->arg);
	if (!err)
		err = args_add_kernel(&n, path);
	while (off < a->env_off && args_byte(a, off))
		off++;
	if (!err)
		err = copy_strings(&n, a, off + 1, a->env_off);
	n.argc = a->argc + 1 + (s->arg != NULL);
	n.env_off = n.len;
	if (!err)
		err = copy_strings(&n, a, a->env_off, a->name_off);
	n.name_off = n.len;
	if (!err)
		err = copy_strings(&n, a, a->name_off, a->len);
	if (err) {
		args_free(&n);
		return err;
	}
	args_free(a);
	*a = n;
	return 0;
}

/* ---- the image ---- */

static int read_head(struct exec *e)
{
	struct iter it;
	loff_t pos = 0;
	ssize_t n;

	memset(e->head, 0, sizeof(e->head));
	iter_kernel(&it, e->head, sizeof(e->head));
	n = e->file->obj->ops->read(e->file, &it, &pos);
	if (n < 0)
		return (int)n;
	e->head_len = (usize)n;
	return 0;
}

static int resolve_scripts(struct exec *e)
{
	char *path = e->script_name;
	struct script s;
	int err = 0, depth;

	for (depth = 0; !err; depth++) {
		err = read_head(e);
		if (err || e->head_len < 2 || e->head[0] != '#' || e->head[1] != '!')
			return err;
		if (depth == MAX_SCRIPTS)
			return -ELOOP;
		err = parse_script(e, &s);
		if (!err && e->closed_name)
			err = -ENOENT;
		if (err)
			return err;
		err = rewrite_args(&e->args, &s, path);
		if (err)
			return err;
		kfree(e->script_name);
		path = e->script_name = kmalloc(strlen(s.interp) + 8, PAGE_KERNEL);
		if (!path)
			return -ENOMEM;
		memcpy(path, s.interp, strlen(s.interp) + 1);
		file_put(e->file);
		e->file = NULL;
		err = vfs_open_exec(AT_FDCWD, path, 0, &e->file);
	}
	return err;
}

/* set-user-ID and set-group-ID files; capabilities as capabilities(7) tells for root and others. */
static struct cred *new_cred(struct exec *e)
{
	struct vnode *v = file_vnode(e->file);
	struct cred *c = cred_copy(current_cred());
	bool root;

	if (!c)
		return NULL;
	if (v && !c->no_new_privs && !(e->file->mount && (e->file->mount->flags & MNT_NOSUID))) {
		if (v->mode & S_ISUID)
			c->euid = v->uid;
		if ((v->mode & (S_ISGID | 0010)) == (S_ISGID | 0010))
			c->egid = v->gid;
	}
	c->suid = c->fsuid = c->euid;
	c->sgid = c->fsgid = c->egid;
	root = c->uid.v == 0 || c->euid.v == 0;
	c->cap_permitted = (root ? c->cap_bounding | c->cap_inheritable : 0) | c->cap_ambient;
	c->cap_effective = c->euid.v == 0 ? c->cap_permitted : c->cap_ambient;
	return c;
}

static int build(struct exec *e)
{
	int err = resolve_scripts(e);

	if (err)
		return err;
	e->as = aspace_create();
	if (!e->as)
		return -ENOMEM;
	err = exec_load(e->as, e->file, e->head, e->head_len, &e->image);
	if (!err)
		e->cred = new_cred(e);
	if (!err && !e->cred)
		err = -ENOMEM;
	if (!err)
		err = exec_build_stack(e->as, &e->args, &e->image, e->cred, &e->sp);
	return err;
}

/* ---- the point of no return ---- */

static void install_memory(struct exec *e)
{
	struct task *t = current();
	struct aspace *as = e->as;
	irqflags_t irq;

	task_release_mm(t);
	irq = spin_lock_irq(&t->proc->lock);
	t->as = as;
	arch_mm_switch(&as->mm);
	memcpy(t->comm, e->comm, sizeof(t->comm));
	spin_unlock_irq(&t->proc->lock, irq);
	e->as = NULL;
	file_get(e->file);
	as->exe = e->file;
}

static void reset_signals(struct task *t)
{
	struct proc *p = t->proc;
	struct sighand *mine;

	if (atomic_read(&p->sighand->refs) > 1) {
		mine = sighand_copy(p->sighand);
		if (mine) {
			irqflags_t irq = spin_lock_irq(&p->lock);

			swap(p->sighand, mine);
			spin_unlock_irq(&p->lock, irq);
			sighand_put(mine);
		}
	}
	sighand_exec(p->sighand);
	t->altstack_sp = t->altstack_size = 0;
	t->altstack_flags = 0;
	t->restart.fn = NULL;
}

static void exec_commit(struct exec *e, struct cred *c)
{
	struct task *t = current();
	struct trap_frame *f = arch_user_frame(t);

	install_memory(e);
	ptimer_delete_all(t->proc);
	handle_table_exec(t->handles);
	reset_signals(t);
	e->as = NULL;
	t->as->dumpable = uid_eq(c->uid, c->euid) && gid_eq(c->gid, c->egid);
	cred_install(c);
	t->proc->has_execed = true;
	t->exit_signal = t->exit_signal > 0 ? SIGCHLD : t->exit_signal;
	t->robust_list = UADDR_NULL;
	t->personality &= ~0x0400000ul;
	memset(f, 0, offsetof(struct trap_frame, fp_link));
	f->pc = e->image.start;
	f->sp = e->sp;
	f->syscall_nr = NO_SYSCALL;
	__asm__ volatile("msr tpidr_el0, xzr");
	t->head.user_tls = 0;
	fp_flush_current();
	pac_exec();
}

static void set_comm(struct exec *e, const char *name)
{
	const char *base = strrchr(name, '/');

	str_copy(e->comm, base ? base + 1 : name, sizeof(e->comm));
}

/* Runs what e describes; name is for comm and scripts. Frees everything. */
static int exec_run(struct exec *e, const char *name)
{
	int err = 0;

	e->script_name = kmalloc(strlen(name) + 8, PAGE_KERNEL);
	if (!e->script_name)
		err = -ENOMEM;
	else
		memcpy(e->script_name, name, strlen(name) + 1);
	set_comm(e, name);
	if (!err)
		err = build(e);
	if (!err)
		err = handle_table_unshare();
	if (!err)
		err = proc_single_thread();
	if (!err) {
		exec_commit(e, e->cred);
		e->cred = NULL;
	}
	if (e->cred)
		cred_put(e->cred);
	if (e->as)
		aspace_put(e->as);
	if (e->file)
		file_put(e->file);
	args_free(&e->args);
	kfree(e->script_name);
	return err;
}

/* The name by which an interpreter finds a file that was named below a descriptor. NULL: no
 * memory. */
static char *name_below(int dirfd, const struct user_string *p)
{
	char *name = kmalloc(p->len + 24, PAGE_KERNEL);

	if (name)
		fmt_print(name, p->len + 24, p->len ? "/dev/fd/%d/%s" : "/dev/fd/%d", dirfd, p->s);
	return name;
}

static long do_execve(int dirfd, uaddr_t path, uaddr_t argv, uaddr_t envp, u32 flags)
{
	auto_path struct user_string p = {};
	auto_kfree char *below = NULL;
	struct exec *e;
	const char *name;
	bool doomed = false;
	long ret;

	if (flags & ~(u32)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	ret = user_path_get(&p, path);
	if (ret)
		return ret;
	e = knew(struct exec);
	if (!e)
		return -ENOMEM;
	init_limit(&e->args);
	if (dirfd != AT_FDCWD && p.s[0] != '/') {
		below = name_below(dirfd, &p);
		e->closed_name = handle_get_cloexec(dirfd) > 0;
	}
	name = below ? below : p.s;
	ret = vfs_open_exec(dirfd, p.s, flags, &e->file);
	if (!ret)
		ret = gather_user(&e->args, argv, envp, name);
	if (!ret) {
		ret = exec_run(e, name);
		doomed = ret && e->image.doomed;
	} else {
		args_free(&e->args);
		if (e->file)
			file_put(e->file);
	}
	kfree(e);
	if (doomed)
		proc_exit_group(SIGSEGV);
	return ret;
}

long sys_execve(uaddr_t path, uaddr_t argv, uaddr_t envp)
{
	return do_execve(AT_FDCWD, path, argv, envp, 0);
}

long sys_execveat(int dirfd, uaddr_t path, uaddr_t argv, uaddr_t envp, s32 flags)
{
	return do_execve(dirfd, path, argv, envp, (u32)flags);
}

static int gather_kernel(struct arg_block *a, const char *path, const char *const *argv,
			 const char *const *envp)
{
	int err = 0;

	for (a->argc = 0; argv[a->argc] && !err; a->argc++)
		err = args_add_kernel(a, argv[a->argc]);
	a->env_off = a->len;
	for (a->envc = 0; envp[a->envc] && !err; a->envc++)
		err = args_add_kernel(a, envp[a->envc]);
	a->name_off = a->len;
	return err ? err : args_add_kernel(a, path);
}

int exec_kernel(const char *path, const char *const *argv, const char *const *envp)
{
	struct exec *e = knew(struct exec);
	char padded[256];
	int err;

	if (!e)
		return -ENOMEM;
	init_limit(&e->args);
	if (str_copy(padded, path, sizeof(padded) - 8) < 0)
		return -ENAMETOOLONG;
	err = vfs_open_exec(AT_FDCWD, padded, 0, &e->file);
	if (!err)
		err = gather_kernel(&e->args, path, argv, envp);
	if (!err)
		err = exec_run(e, padded);
	else if (e->file)
		file_put(e->file);
	kfree(e);
	return err;
}
