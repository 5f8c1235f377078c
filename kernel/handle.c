/* SPDX-License-Identifier: MIT */
/* handle.c - the handle table: number -> {file, rights, close-on-exec}.
 *
 * Slots come in chunks of 64. A chunk never moves and lives as long as its table, so a slot's
 * address is stable; only the directory of chunks is replaced when it grows, and readers reach it
 * under RCU. The first chunk is part of the table: most processes need no more. Which slots are
 * taken is a word a chunk, which chunks are full a bit a chunk: the lowest free number is found by
 * counting trailing zeros, however many are open.
 *
 * States of a slot:
 *
 *	       handle_reserve()            handle_fill()
 *	FREE ------------------> RESERVED ---------------> FULL
 *	 ^     handle_unreserve()    |                      |
 *	 +---------------------------+     take_locked()    |
 *	 +--------------------------------------------------+
 *
 * Invariants:
 *  (1) slot.file != NULL iff FULL; the used bit is set iff RESERVED or FULL. A RESERVED slot is
 *      written by its reserver alone.
 *  (2) slot.word = generation << 32 | rights. The generation changes with every fill, before the
 *      file appears, so a reader that finds the same word before and after it loaded the file has
 *      the rights that went with that file.
 *  (3) a table with one user lends its files: nobody but the user's only thread can take a file out
 *      of a slot, and it is busy with this system call. Whoever else looks (procfs, pidfd_getfd)
 *      holds t->lock and takes a reference.
 *  (4) a file leaves a table that ever was shared only after file.rcu_readers was set: its memory
 *      outlives readers of (2).
 *
 * Locks: t->lock [RANK_HANDLES]. Barriers: (A) fill_slot() in handle_slot.c publishes word then
 * file; (B) get_slot_file() loads them in that order and looks again.
 * Ref: open(2), dup(2), close_range(2), getrlimit(2) RLIMIT_NOFILE. Tests:
 * selftests/unit/handle_test.c, selftests/abi/file.c
 */
#include <kernel/handle.h>

#include <arch/cpu.h>
#include <arch/frame.h>
#include <kernel/cmdline.h>
#include <kernel/lib/fmt.h>
#include <kernel/object.h>
#include <kernel/task.h>
#include <mm/slab.h>

#include "handle_int.h"

/* Boot argument handle.skip=N: system call N passes the rights check whatever its slot lacks. For
 * finding a wrong rights row. */
static int skip_syscall __ro_after_init = NO_SYSCALL;

void handle_init(void)
{
	const char *skip = cmdline_get("handle.skip");
	u64 nr;

	handle_table_init();
	if (skip && !parse_u64(skip, 10, &nr, NULL))
		skip_syscall = (int)nr;
}

/* ---- looking up ---- */

int rights_errno(u32 missing)
{
	if (missing & (RIGHT_READ | RIGHT_WRITE | RIGHT_APPEND))
		return -EBADF;
	if (missing & RIGHT_SEEK)
		return -ESPIPE;
	if (missing & (RIGHT_SETATTR | RIGHT_SIGNAL | RIGHT_TRACE | RIGHT_GRANT | RIGHT_REVOKE))
		return -EPERM;
	return -EACCES;
}

int rights_deny(u32 missing)
{
	if (skip_syscall != NO_SYSCALL && arch_user_frame(current())->syscall_nr == skip_syscall)
		return 0;
	return rights_errno(missing);
}

int handle_deny(const struct file *f, u32 missing)
{
	return f->mode & FMODE_PATH ? -EBADF : rights_deny(missing);
}

int handle_get_write(int fd, bool at_end, struct handle *out)
{
	int err = handle_get(fd, RIGHT_WRITE, out);

	if (likely(err != -EBADF) || handle_get(fd, RIGHT_APPEND, out))
		return err;
	if (at_end || (file_flags(out->file) & O_APPEND) || !(out->file->mode & FMODE_SEEK))
		return 0;
	handle_put(out);
	*out = (struct handle){};
	return -EBADF;
}

/* A counted file and the rights that went with it, or NULL. */
static struct file *get_slot_file(struct handle_table *t, u32 fd, u32 *rights)
{
	struct file *f = NULL;
	struct slot *s;
	u64 word;

	rcu_read_lock();
	s = slot_of(t, fd);
	while (s) {
		/* (B): pairs with (A) in fill_slot() */
		word = smp_load_acquire(&s->word);
		f = smp_load_acquire(&s->file);
		if (!f)
			break;
		if (word == READ_ONCE(s->word) && file_tryget(f)) {
			if (likely(READ_ONCE(s->file) == f))
				break;
			file_put(f);
		}
	}
	rcu_read_unlock();
	if (f)
		*rights = (u32)word;
	return f;
}

static __noinline int get_shared(struct handle_table *t, int fd, u32 need, struct handle *out)
{
	u32 rights;
	struct file *f = get_slot_file(t, (u32)fd, &rights);
	int err = 0;

	if (!f)
		return -EBADF;
	if (unlikely(need & ~rights))
		err = handle_deny(f, need & ~rights);
	if (err) {
		file_put(f);
		return err;
	}
	out->file = f;
	out->rights = rights;
	out->counted = true;
	return 0;
}

static void lend(const struct slot *s, struct handle *out)
{
	out->file = s->file;
	out->rights = (u32)s->word;
	out->counted = false;
}

/* The slot lacks a right. Apart, so that the way of those that have all does not save registers for
 * it. */
static __noinline __cold int lend_denied(const struct slot *s, u32 missing, struct handle *out)
{
	int err = handle_deny(s->file, missing);

	if (!err)
		lend(s, out);
	return err;
}

int handle_get(int fd, u32 need, struct handle *out)
{
	struct handle_table *t = current()->handles;
	const struct slot *s;
	u32 missing;

	if (unlikely(atomic_read(&t->refs) != 1))
		return get_shared(t, fd, need, out);
	s = slot_of(t, (u32)fd);			/* (3): lent */
	if (unlikely(!s || !s->file))
		return -EBADF;
	missing = need & ~(u32)s->word;
	if (unlikely(missing))
		return lend_denied(s, missing, out);
	lend(s, out);
	return 0;
}

int handle_get_file(int fd, u32 need, struct file **out)
{
	struct handle h;
	int err = handle_get(fd, need, &h);

	if (err)
		return err;
	if (!h.counted)
		file_get(h.file);
	*out = h.file;
	return 0;
}
