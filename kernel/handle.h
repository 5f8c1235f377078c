/* SPDX-License-Identifier: MIT */
/* handle.h - the handle table: from a number to an object, with rights. handle_get() is the only
 * way. */
#pragma once

#include <kernel/file.h>
#include <kernel/rights.h>

struct handle_table;
struct task;

/* A borrowed use of a slot, for the length of a system call. */
struct handle {
	struct file *file;
	u32 rights;		/* what the slot grants: narrow what you derive from it */
	/* holds a reference (the table is shared); else lent by the single user */
	bool counted;
};

/*
 * Looks fd up in the current task's table and requires every right of need.
 * 0, or -EBADF (no such fd, or O_PATH where need has anything but STAT, LOOKUP and EXEC), or the
 * errno that Linux gives for what is missing (rights_errno()). On success pair with handle_put().
 */
int __must_check handle_get(int fd, u32 need, struct handle *out);
static inline void handle_put(struct handle *h)
{
	if (unlikely(h->counted))
		file_put(h->file);
}
#define auto_handle __cleanup(handle_put)	/* declare as: auto_handle struct handle h = {}; */

/* The same, giving a counted reference to keep (epoll, SCM_RIGHTS, mmap). Drop with file_put. */
int __must_check handle_get_file(int fd, u32 need, struct file **out);

/* handle_get() for writing: a slot with RIGHT_APPEND alone will do where the bytes go to the end
 * whatever else happens: at_end (RWF_APPEND), O_APPEND, and what has no position. -EBADF else. */
int __must_check handle_get_write(int fd, bool at_end, struct handle *out);

/* The errno for a missing right. */
int rights_errno(u32 missing);
/* The end of every refusal, also where rights came away from their slot (paths, mappings): the
 * errno, or 0 with handle.skip. */
__cold int rights_deny(u32 missing);

/* The same at a descriptor, -EBADF for an O_PATH one. */
__cold int handle_deny(const struct file *f, u32 missing);

/* Requires more of a handle, where what is needed shows only after a look at the file. */
static inline int __must_check handle_need(const struct handle *h, u32 need)
{
	return unlikely(need & ~h->rights) ? handle_deny(h->file, need & ~h->rights) : 0;
}

/* The same for at least one of several rights; -EBADF for an O_PATH descriptor, too. */
static inline int __must_check handle_need_any(const struct handle *h, u32 of)
{
	if (unlikely(h->file->mode & FMODE_PATH))
		return -EBADF;
	return unlikely(!(h->rights & of)) ? handle_deny(h->file, of) : 0;
}

/* Installs file in the lowest free slot >= min. flags: O_CLOEXEC counts, others are ignored. Takes
 * its own reference. fd, -EMFILE or -ENOMEM. */
int __must_check handle_install(struct file *f, u32 rights, u32 flags);
int __must_check handle_install_min(struct file *f, u32 rights, u32 flags, int min);
/* In two steps, when the file must not come into being without a number (open, pipe, socket): the
 * number first, then the file. */
int __must_check handle_reserve(u32 flags);
void handle_fill(int fd, struct file *f, u32 rights);	/* takes over the reference; cannot fail */
void handle_unreserve(int fd);
/* dup3: replaces what is in newfd. Rights are copied, never widened. */
int __must_check handle_dup_to(int oldfd, int newfd, u32 flags);
int __must_check handle_dup_min(int oldfd, int min, u32 flags);
int __must_check handle_close(int fd);
int __must_check handle_close_range(u32 first, u32 last, u32 flags);
int __must_check handle_get_cloexec(int fd);
int __must_check handle_set_cloexec(int fd, bool on);
/* Takes rights away from a slot. */
int __must_check handle_narrow(int fd, u32 keep);

struct handle_table *handle_table_create(void);
/* fork */
int __must_check handle_table_copy(struct handle_table *src, struct handle_table **out);
void handle_table_get(struct handle_table *t);
/* For a look from outside (spinlocks held): the owner goes on lending what it lent already. */
void handle_table_peek_get(struct handle_table *t);
void handle_table_put(struct handle_table *t);		/* the last closes everything */
void handle_table_exec(struct handle_table *t);		/* closes close-on-exec slots */
/* unshare(CLONE_FILES), exec: makes the current task's table its own. */
int __must_check handle_table_unshare(void);

/* For procfs: the next used slot >= fd of a task's table; -1 at the end. Takes a reference to the
 * file. */
int handle_next(struct handle_table *t, int fd, struct file **out, u32 *rights);
u32 handle_table_size(struct handle_table *t);	/* FDSize of /proc/PID/status */
/* A file of another task's table (procfs, pidfd_getfd): a reference, or -EBADF. cloexec may be
 * NULL. */
int __must_check handle_peek(struct handle_table *t, int fd, struct file **out, u32 *rights,
			     bool *cloexec);

void handle_init(void);
