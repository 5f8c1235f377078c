/* SPDX-License-Identifier: MIT */
/* object.h - what every kernel thing behind a file descriptor starts with: a count, operations,
 * somewhere to wait.
 *
 * Holding a pointer = holding a reference or the lock the container names. release runs once, when
 * the last reference goes, from a context that may sleep.
 */
#pragma once

#include <arch/atomic.h>
#include <kernel/lib/list.h>
#include <kernel/spinlock.h>
#include <kernel/waitq.h>

struct file;
struct handle_table;
struct iter;
struct object;
struct page;
struct vm_request;
struct poll_hook;
struct seq;

/* Which kind: a check that a cast is right, and the row of the rights matrix. */
enum object_type {
	OBJ_VNODE, /* regular files, directories, symlinks (O_PATH) */
	OBJ_PIPE,
	OBJ_EVENTFD,
	OBJ_EPOLL,
	OBJ_TIMERFD,
	OBJ_SIGNALFD,
	OBJ_INOTIFY,
	OBJ_PIDFD,
	OBJ_SOCKET,
	OBJ_CHARDEV,
	OBJ_TTY,
	OBJ_BLOCKDEV,
	OBJ_MEMFD,
	OBJ_OTHER,
	OBJ_NR_TYPES
};

/*
 * Missing operations: read/write -EINVAL; ioctl -ENOTTY; mmap -ENODEV; poll: always readable and
 * writable. pos is NULL for streams (file.seekable false): no offset is kept.
 */
struct object_ops {
	/* as /proc/PID/fd shows anonymous ones: "[eventfd]", "pipe:[%lu]" is made by the type */
	const char *name;
	enum object_type type;
	ssize_t (*read)(struct file *f, struct iter *to, loff_t *pos);
	ssize_t (*write)(struct file *f, struct iter *from, loff_t *pos);
	/* Takes n bytes of a page as they are, with references of its own; more: others follow at
	 * once. NULL: they are written. */
	ssize_t (*write_page)(struct file *f, struct page *page, u32 off, u32 n, bool more);
	loff_t (*seek)(struct file *f, loff_t off, int whence);
	/* EPOLL* bits that hold now; no lock held, must not sleep */
	u32 (*poll)(struct file *f);
	long (*ioctl)(struct file *f, u32 cmd, uaddr_t arg);
	int (*mmap)(struct file *f, struct vm_request *req);	/* mm/vma.h: fill in vmo or pager */
	/* an area with VMA_COUNTED came or went; aspace.lock held, or nobody else sees it */
	void (*mapped)(struct file *f, bool on);
	int (*fsync)(struct file *f, bool data_only);
	int (*flags_changed)(struct file *f, u32 old_flags);	/* F_SETFL; may refuse */
	/* Every close of a descriptor in t (POSIX locks belong to the table; flush). */
	void (*close_slot)(struct file *f, const struct handle_table *t);
	void (*file_release)(struct file *f);		/* the last reference to the description */
	void (*release)(struct object *o);		/* the last reference to the object */
	struct vnode *(*vnode)(struct object *o);	/* for fstat & co; NULL: anonymous */
	/* st_ino of an anonymous object; NULL: all share one */
	u64 (*ino)(struct object *o);
	void (*show)(struct file *f, struct seq *s);	/* more lines of /proc/PID/fdinfo */
	/* O_ASYNC: pollers' hooks may become signals (kernel/sigio.c) */
	bool async;
	bool urgent;			/* may wake with WAKE_URGENT */
	bool no_splice;			/* splice(2) and sendfile(2) from it are -EINVAL */
};

/* Locks: p  object.poll_lock (RANK_OBJ_POLL)   a  atomic   I  immutable */
struct object {
	atomic_t refs;				/* [a] */
	struct spinlock poll_lock;
	const struct object_ops *ops;		/* [I] */
	struct waitq readers;			/* sleepers in read-like calls */
	struct waitq writers;			/* sleepers in write-like calls */
	/* [p] of poll_hook.link: poll, select, epoll, SIGIO */
	struct list pollers;
};

void object_init(struct object *o, const struct object_ops *ops);	/* one reference */
static inline void object_get(struct object *o) { ref_get(&o->refs); }
bool __must_check object_tryget(struct object *o);
void object_put(struct object *o);

/* State changed: events (EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR...) may hold now. Wakes sleepers and
 * pollers. Any context. */
void object_wake(struct object *o, u32 events);
/* beside the events: urgent data was announced (SIGURG) */
#define WAKE_URGENT BIT(20)
/* No signal for those with O_ASYNC: a terminal that hangs up says SIGHUP, or nothing. */
#define WAKE_QUIET BIT(21)

/* A poller's interest in an object: called from object_wake with poll_lock held, interrupts off;
 * must not sleep. */
struct poll_hook {
	struct list link;			/* [p] of object.pollers */
	struct object *obj;
	bool (*notify)(struct poll_hook *h, u32 events);	/* true: somebody was woken */
	bool exclusive;				/* [I] one of these that wakes somebody is enough */
};

void poll_hook_add(struct poll_hook *h, struct object *o);
void poll_hook_del(struct poll_hook *h);	/* afterwards notify will not run any more */
