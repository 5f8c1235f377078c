/* SPDX-License-Identifier: MIT */
/* signalfd.c - signals read from a descriptor: those of whoever reads, as on Linux.
 *
 * Invariants: (1) the object is in its creator's proc->signal_watchers from creation to release: a
 * signal to that process wakes its pollers. Readers wait on their own process's signal_wait.
 * Locks: proc.lock for the list. Ref: signalfd(2). Tests: selftests/abi/signalfd.c
 */
#include <fs/procfs.h>
#include <fs/signalfd.h>

#include <compat/abi/signalfd.h>
#include <kernel/file.h>
#include <kernel/object.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/iter.h>
#include <mm/slab.h>

struct signalfd {
	struct object obj;		/* first */
	u64 mask;			/* a word */
	struct proc *proc;		/* [I] a reference */
	struct signal_watcher watcher;	/* [proc.lock] */
};

static struct signalfd *to_signalfd(struct object *o)
{
	return container_of(o, struct signalfd, obj);
}

static void fill(struct abi_signalfd_siginfo *r, const struct siginfo_k *i)
{
	*r = (struct abi_signalfd_siginfo){
		.signo = (u32)i->sig,
		.err = i->err,
		.code = i->code,
		.pid = (u32)i->pid,
		.uid = i->uid,
	};
	if (i->is_raw) {
		/* as rt_sigqueueinfo(2) left it: pid, uid, value behind three numbers */
		r->pid = (u32)i->raw[2];
		r->uid = (u32)(i->raw[2] >> 32);
		r->value_ptr = i->raw[3];
		r->value_int = (s32)i->raw[3];
		return;
	}
	switch (i->code) {
	case SI_TIMER:
		r->tid = (u32)i->timer_id;
		r->overrun = (u32)i->overrun;
		break;
	case SI_SIGIO:
		r->band = (u32)i->band;
		r->fd = i->fd;
		return;
	}
	if (i->sig == SIGCHLD) {
		r->status = i->status;
		r->utime = i->utime;
		r->stime = i->stime;
	} else if (i->sig == SIGSEGV || i->sig == SIGBUS || i->sig == SIGILL || i->sig == SIGFPE) {
		r->addr = i->addr;
	} else {
		r->value_ptr = i->value;
		r->value_int = (s32)i->value;
	}
}

static ssize_t signalfd_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct signalfd *s = to_signalfd(f->obj);
	struct abi_signalfd_siginfo rec;
	struct siginfo_k info;
	ssize_t done = 0;
	int err;

	if (iter_left(to) < sizeof(rec))
		return -EINVAL;
	err = file_wait(f, &current_proc()->signal_wait, signal_take(READ_ONCE(s->mask), &info));
	if (err)
		return err;
	do {
		fill(&rec, &info);
		if (iter_put(to, &rec, sizeof(rec)) < sizeof(rec))
			return done ? done : -EFAULT;
		done += (ssize_t)sizeof(rec);
	} while (iter_left(to) >= sizeof(rec) && signal_take(READ_ONCE(s->mask), &info));
	return done;
}

static u32 signalfd_poll(struct file *f)
{
	u64 pending = current()->pending.set | current_proc()->pending.set;

	return pending & READ_ONCE(to_signalfd(f->obj)->mask) ? EPOLLIN : 0;
}

static void signalfd_show(struct file *f, struct seq *s)
{
	seq_print(s, "sigmask:\t%016lx\n", READ_ONCE(to_signalfd(f->obj)->mask));
}

static void signalfd_release(struct object *o)
{
	struct signalfd *s = to_signalfd(o);
	irqflags_t irq = spin_lock_irq(&s->proc->lock);

	list_del(&s->watcher.link);
	spin_unlock_irq(&s->proc->lock, irq);
	proc_put(s->proc);
	kfree(s);
}

static const struct object_ops signalfd_ops = {
	.name = "[signalfd]",
	.type = OBJ_SIGNALFD,
	.read = signalfd_read,
	.seek = file_seek_nowhere,
	.poll = signalfd_poll,
	.show = signalfd_show,
	.release = signalfd_release,
};

int signalfd_create(u64 mask, u32 flags, struct file **out)
{
	struct signalfd *s = knew(struct signalfd);
	struct proc *p = current_proc();
	irqflags_t irq;

	if (!s)
		return -ENOMEM;
	object_init(&s->obj, &signalfd_ops);
	s->mask = mask & ~SIGS_KERNEL_ONLY;
	proc_get(p);
	s->proc = p;
	s->watcher.obj = &s->obj;
	irq = spin_lock_irq(&p->lock);
	list_add_tail(&p->signal_watchers, &s->watcher.link);
	spin_unlock_irq(&p->lock, irq);
	return file_create(&s->obj, O_RDWR | (flags & O_NONBLOCK), out);
}

int signalfd_set_mask(struct file *f, u64 mask)
{
	if (f->obj->ops != &signalfd_ops)
		return -EINVAL;
	WRITE_ONCE(to_signalfd(f->obj)->mask, mask & ~SIGS_KERNEL_ONLY);
	waitq_wake_all(&current_proc()->signal_wait);
	return 0;
}
