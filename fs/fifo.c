/* SPDX-License-Identifier: MIT */
/* fifo.c - opening a named pipe: finding its pipe, waiting for the other side.
 *
 * Invariants: (1) v->pipe is set while users > 0: the descriptions of the FIFO and the opens under
 * way. The last one takes it away, and what was still in the pipe is lost. (2) an open that waits
 * counts as a reader (writer) already: two that wait for each other both go on.
 * Locks: v->spin [RANK_OBJECT] for v->pipe and users; p->lock for the counts of sides. Ref:
 * fifo(7). Tests: none of its own yet
 */
#include "pipe_int.h"

#include <fs/dcache.h>
#include <fs/tmpfs.h>
#include <fs/vfs.h>
#include <fs/vnode.h>

/* The FIFO's pipe with a reference and a use, made if there is none. */
static struct pipe *get_pipe(struct vnode *v)
{
	struct pipe *fresh = NULL, *p;

	for (;;) {
		spin_lock(&v->spin);
		p = v->pipe;
		if (!p && fresh) {
			p = v->pipe = fresh;
			fresh = NULL;
		}
		if (p) {
			p->users++;
			object_get(&p->obj);
		}
		spin_unlock(&v->spin);
		if (p)
			break;
		fresh = pipe_alloc();
		if (!fresh)
			return NULL;
		fresh->vnode = v;
	}
	if (fresh)
		object_put(&fresh->obj);
	return p;
}

void fifo_closed(struct pipe *p)
{
	struct vnode *v = p->vnode;
	bool last;

	spin_lock(&v->spin);
	last = --p->users == 0;
	if (last)
		v->pipe = NULL;
	spin_unlock(&v->spin);
	if (last)
		object_put(&p->obj);		/* v->pipe's */
}

static void count_side(struct pipe *p, u32 flags, int by)
{
	u32 acc = flags & O_ACCMODE;

	if (acc != O_WRONLY) {
		WRITE_ONCE(p->readers, p->readers + (u32)by);
		p->reader_opens += by > 0;
	}
	if (acc != O_RDONLY) {
		WRITE_ONCE(p->writers, p->writers + (u32)by);
		p->writer_opens += by > 0;
	}
}

/* Counts us in and waits until the other side is or was there; a pipe(2) opened through /proc does
 * not wait. */
static int join(struct pipe *p, u32 flags)
{
	u32 acc = flags & O_ACCMODE, reader_opens, writer_opens;
	bool wait, named;
	int err = 0;

	mutex_lock(&p->lock);
	named = !p->node;
	if (named && acc == O_WRONLY && (flags & O_NONBLOCK) && !p->readers) {
		mutex_unlock(&p->lock);
		return -ENXIO;
	}
	count_side(p, flags, 1);
	reader_opens = p->reader_opens;
	writer_opens = p->writer_opens;
	wait = named && ((acc == O_RDONLY && !p->writers && !(flags & O_NONBLOCK)) ||
			 (acc == O_WRONLY && !p->readers));
	mutex_unlock(&p->lock);
	object_wake(&p->obj, EPOLLIN | EPOLLOUT);
	if (wait && acc == O_RDONLY)
		err = waitq_wait(&p->obj.readers, READ_ONCE(p->writer_opens) != writer_opens,
				 WAIT_INTERRUPTIBLE, WAIT_FOREVER);
	else if (wait)
		err = waitq_wait(&p->obj.writers, READ_ONCE(p->reader_opens) != reader_opens,
				 WAIT_INTERRUPTIBLE, WAIT_FOREVER);
	if (err) {
		mutex_lock(&p->lock);
		count_side(p, flags, -1);
		mutex_unlock(&p->lock);
		object_wake(&p->obj, EPOLLHUP | EPOLLERR);
	}
	return err;
}

int fifo_open(struct vnode *v, u32 flags, struct file **out)
{
	struct pipe *p;
	int err;

	if ((flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	p = get_pipe(v);
	if (!p)
		return -ENOMEM;
	err = join(p, flags);
	if (err) {
		fifo_closed(p);
		object_put(&p->obj);
		return err;
	}
	object_get(&p->obj);
	err = file_create(&p->obj, flags, out);
	if (err) {
		mutex_lock(&p->lock);
		count_side(p, flags, -1);
		mutex_unlock(&p->lock);
		fifo_closed(p);
	} else if ((flags & O_ACCMODE) == O_RDONLY && !READ_ONCE(p->writers)) {
		/* no EPOLLHUP before a writer has come */
		(*out)->private = (void *)(u64)p->writer_opens;
	} else {
		(*out)->private = (void *)~0ul;
	}
	object_put(&p->obj);
	return err;
}

/*
 * Gives a pipe(2) a FIFO node without a name, so that it can be opened again like one. From then on
 * its two first descriptions count as users, as those of a FIFO do; the node goes with the pipe.
 */
int pipe_path(struct file *f, struct path *out)
{
	struct pipe *p = to_pipe(f->obj);
	struct dentry *d = NULL, *made;
	struct mount *m;
	int err = tmpfs_make_nameless(S_IFIFO | 0600, "pipe", &made, &m);

	if (err)
		return err;
	mutex_lock(&p->lock);
	if (!p->node) {
		p->node = made;
		made->vnode->pipe = p;
		p->users = p->readers + p->writers;
		object_get(&p->obj);
		WRITE_ONCE(p->vnode, made->vnode);
		made = NULL;
	}
	d = p->node;
	dentry_get(d);
	mutex_unlock(&p->lock);
	if (made)
		dentry_put(made);
	mount_get(m);
	*out = (struct path){ m, d, f->carry };
	return 0;
}
