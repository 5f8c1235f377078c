/* SPDX-License-Identifier: MIT */
#pragma once

#include <fs/pipe.h>
#include <kernel/file.h>
#include <mm/page.h>

/* One stretch of bytes in a page. */
struct pipe_buf {
	struct page *page;	/* a reference */
	u32 off, len;
	u32 flags;		/* BUF_* */
};

#define BUF_PACKET 0x1u		/* O_DIRECT: read as a whole, the rest is dropped */
/* somebody else has, or had, the page (tee, splice, vmsplice): nothing may be appended */
#define BUF_SHARED 0x2u

/* Locks: m  pipe.lock (RANK_PIPE)   v  the FIFO's vnode.spin   I  immutable */
struct pipe {
	struct object obj;	/* first */
	struct mutex lock;
	/* [m] buffers written and read, ever; head - tail are in the ring */
	u32 head, tail;
	u32 mask;		/* [m] ring size - 1; a power of two */
	u32 readers, writers;	/* [m] open descriptions of each side */
	u32 reader_opens, writer_opens;	/* [m] ever: a FIFO's open waits for a change */
	struct pipe_buf *ring;	/* [m] */
	struct page *spare;	/* [m] an empty page kept for the next write */
	struct vnode *vnode;	/* [I] the FIFO; NULL: pipe(2) */
	u32 users;		/* [v] descriptions and opens under way */
	/* [m] of a pipe(2) that was opened through /proc: a reference; pipe_path() */
	struct dentry *node;
	u64 ino;		/* [I] pipe:[ino] */
	struct pipe_buf first_ring[PIPE_DEF_PAGES];
};

static inline struct pipe *to_pipe(const struct object *o)
{
	return container_of(o, struct pipe, obj);
}
extern const struct object_ops pipe_ops;
struct pipe *pipe_alloc(void);
static inline u32 pipe_used(const struct pipe *p)
{
	return READ_ONCE(p->head) - READ_ONCE(p->tail);
}
static inline bool pipe_full(const struct pipe *p) { return pipe_used(p) > READ_ONCE(p->mask); }
static inline struct pipe_buf *pipe_buf_at(struct pipe *p, u32 i) { return &p->ring[i & p->mask]; }
static inline bool pipe_readable(const struct pipe *p)
{
	return pipe_used(p) || !READ_ONCE(p->writers);
}
static inline bool pipe_writable(const struct pipe *p)
{
	return !pipe_full(p) || !READ_ONCE(p->readers);
}
void pipe_drop_buf(struct pipe *p, struct pipe_buf *b);		/* the tail one: consumed */
void pipe_send_sigpipe(void);
void fifo_closed(struct pipe *p);
