/* SPDX-License-Identifier: MIT */
/* pidfd.c - a descriptor that names a process: readable once it has exited.
 *
 * Locks: pid.pidfds under pids_lock. Ref: pidfd_open(2). Tests: selftests/abi/process.c
 */
#include <kernel/pidfd.h>

#include <arch/uaccess.h>
#include <kernel/handle.h>
#include <kernel/task.h>
#include <mm/slab.h>

struct pidfd {
	struct object obj;	/* first */
	struct pid *pid;
	struct list link;	/* [pids_lock] in pid.pidfds */
};

static u32 pidfd_poll(struct file *f)
{
	struct pidfd *p = container_of(f->obj, struct pidfd, obj);
	struct proc *proc;
	bool gone;

	rcu_read_lock();
	proc = rcu_deref(p->pid->proc);
	gone = !proc || (READ_ONCE(proc->flags) & PROC_ZOMBIE);
	rcu_read_unlock();
	return gone ? EPOLLIN | EPOLLRDNORM : 0;
}

static void pidfd_release(struct object *o)
{
	struct pidfd *p = container_of(o, struct pidfd, obj);
	irqflags_t irq = spin_lock_irq(&pids_lock);

	list_del(&p->link);
	spin_unlock_irq(&pids_lock, irq);
	pid_put(p->pid);
	kfree(p);
}

static const struct object_ops pidfd_ops = {
	.name = "[pidfd]",
	.type = OBJ_PIDFD,
	.poll = pidfd_poll,
	.release = pidfd_release,
};

int pidfd_install(struct pid *pid, int *fd, uaddr_t where)
{
	auto_file struct file *f = NULL;
	struct pidfd *p = knew(struct pidfd);
	irqflags_t irq;
	int err;

	if (!p)
		return -ENOMEM;
	object_init(&p->obj, &pidfd_ops);
	p->pid = pid;
	ref_get(&pid->refs);
	irq = spin_lock_irq(&pids_lock);
	list_add_tail(&pid->pidfds, &p->link);
	spin_unlock_irq(&pids_lock, irq);
	err = file_create(&p->obj, O_RDWR, &f);
	if (err)
		return err;
	err = handle_install(f, RIGHTS_ALL, O_CLOEXEC);
	if (err < 0)
		return err;
	*fd = err;
	if (where.va && uaccess_put_u32(where, (u32)*fd)) {
		pidfd_uninstall(*fd);
		return -EFAULT;
	}
	return 0;
}

void pidfd_uninstall(int fd)
{
	int err = handle_close(fd);

	(void)err;
}

int pidfd_pid(struct file *f, struct pid **out)
{
	struct pidfd *p = container_of(f->obj, struct pidfd, obj);

	if (f->obj->ops != &pidfd_ops)
		return -EBADF;
	*out = p->pid;
	ref_get(&p->pid->refs);
	return 0;
}

void pidfd_notify(struct pid *pid)
{
	struct pidfd *p;

	list_for_each_entry(p, &pid->pidfds, link)
		object_wake(&p->obj, EPOLLIN);
}
