/* SPDX-License-Identifier: MIT */
/* file.h - struct file, the open file description: what dup, fork and SCM_RIGHTS share. */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/mutex.h>
#include <kernel/object.h>
#include <kernel/rcu.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <kernel/workq.h>
#include <mm/read_ahead.h>

struct cred;
struct dentry;
struct mount;
struct file_watch;
struct sigio;

/* Somebody keeps an eye on a description without a reference to it (epoll): told once, when the
 * last reference has gone. */
struct file_watch {
	struct list link;		/* [l] of file.watches */
	/* f->lock not held; the watch is unlinked already */
	void (*released)(struct file_watch *w, struct file *f);
};

/* Locks: p  file.pos_lock   l  file.lock (RANK_OBJECT)   a  atomic   I  immutable after
 * file_create */
struct file {
	atomic_t refs;			/* [a] */
	u32 mode;			/* [I] FMODE_* */
	/* [a] O_APPEND O_NONBLOCK O_DIRECT O_ASYNC O_SYNC and the access mode */
	atomic_t flags;
	struct object *obj;		/* [I] a reference */
	/* taken around read/write/lseek/getdents when the file is seekable and shared */
	struct mutex pos_lock;
	loff_t pos;			/* [p] */
	/* [I] rights of what is opened relative to it (a directory); set before publishing */
	u32 carry;
	u16 budget_id;			/* [I] who pays for it */
	/* was in a shared handle table: a reader may still look at it. Only ever set */
	bool rcu_readers;
	u8 write_hint;			/* F_SET_RW_HINT without a vnode */
	struct cred *cred;		/* [I] the opener's */
	/* [I] name it was opened by, or NULL for anonymous objects */
	struct dentry *dentry;
	struct mount *mount;		/* [I] goes with dentry */
	void *private;			/* the object type's, per open */
	/* errors of writing that it has heard of: of its file, mm/vmo.h */
	u32 err_seen;
	u32 fs_err_seen;		/* the same of its file system, for syncfs */
	struct read_ahead ahead;	/* where it reads: mm/vmo.h. A hint, unlocked */
	struct spinlock lock;
	struct list watches;		/* [l] struct file_watch: epoll items */
	struct sigio *sigio;		/* [l] sigio.c's; NULL until somebody asks for signals */
	union {				/* one after the other, once the last reference has gone */
		struct task_work task_work;
		struct work work;
		struct rcu_head rcu;
	};
};

#define FMODE_READ	0x01u
#define FMODE_WRITE	0x02u
#define FMODE_SEEK	0x04u	/* keeps an offset */
#define FMODE_PATH	0x08u	/* O_PATH */
#define FMODE_EXEC	0x10u
/* position-less: pread gives ESPIPE, lseek too unless the object has a seek operation */
#define FMODE_STREAM	0x20u
#define FMODE_DIR	0x40u	/* a directory: its slot carries the rights of what is below */

/*
 * Makes a description for obj with O_* flags. Takes over the caller's reference to obj, also on
 * failure. -ENOMEM, -ENFILE. The caller sets dentry/mount (references handed over) before
 * publishing. Context: may sleep.
 */
int __must_check file_create(struct object *obj, u32 flags, struct file **out);

static inline void file_get(struct file *f) { ref_get(&f->refs); }
bool __must_check file_tryget(struct file *f);
/* Drops a reference; the last one releases from task_work or a worker, so any context will do. */
void file_put(struct file *f);
/* The same for callers that may sleep and hold no lock: releases at once. */
void file_put_now(struct file *f);
static inline void file_putp(struct file **f)
{
	if (*f)
		file_put(*f);
}
#define auto_file __cleanup(file_putp)

static inline u32 file_flags(const struct file *f)
{
	return atomic_read(&f->flags);
}

static inline bool file_nonblock(const struct file *f)
{
	return atomic_read(&f->flags) & O_NONBLOCK;
}

/* What the description's mode grants a new slot. */
u32 file_rights(const struct file *f);
/* An O_PATH description of the same place that carries no more than carry: those have no state that
 * could tell them apart. */
int __must_check file_copy_path(struct file *f, u32 carry, struct file **out);
/* What a place reached through a slot with these rights carries: what the description carries, less
 * what the slot lost. */
u32 file_carried(const struct file *f, u32 rights);

/* Whether read, write, lseek and getdents must take pos_lock: somebody else may use the offset
 * too. */
static inline bool file_pos_shared(const struct file *f, bool counted)
{
	return counted || atomic_read(&f->refs) > 1;
}

/* fs/ lets go of the name a description was opened by, and of its locks. Set once at boot. */
extern void (*file_drop_path)(struct file *f);
extern void (*file_keep_path)(struct file *f);	/* and takes references to dentry and mount */

void file_init(void);
/* /proc/sys/fs/file-nr: open descriptions and their limit (the super-user may pass it). */
u64 file_count(void), file_count_max(void);
void file_set_count_max(u64 max);

/*
 * For read/write ops: evaluates cond; when false returns -EAGAIN on a non-blocking file, else
 * sleeps on q until it holds. -ERESTARTSYS when interrupted.
 */
#define file_wait(f, q, cond) ({						\
	int fw_ = 0;								\
	if (!(cond))								\
		fw_ = file_nonblock(f) ? -EAGAIN :				\
			waitq_wait(q, cond, WAIT_INTERRUPTIBLE, WAIT_FOREVER);	\
	fw_; })

/* poll state of any file: the object's, or always ready. */
u32 file_poll(struct file *f);
/* The seek operation of objects whose offset is always 0, though lseek(2) is no error there. */
loff_t file_seek_nowhere(struct file *f, loff_t off, int whence);
/* Applies F_SETFL to fd's description. */
int __must_check file_set_flags(struct file *f, int fd, u32 flags);
