/* SPDX-License-Identifier: MIT */
/* handle_int.h - the layout of the table, for handle.c (look-ups), handle_slot.c and handle_table.c
 * (whole tables). Invariants: handle.c. */
#pragma once

#include <kernel/handle.h>
#include <kernel/object.h>
#include <kernel/task.h>

#define CHUNK_SLOTS 64u
#define NR_OPEN	    1048576u	/* sysctl fs.nr_open */
#define NR_CHUNKS_MAX (NR_OPEN / CHUNK_SLOTS)

struct slot {
	struct file *file;	/* (1) */
	u64 word;		/* (2) */
};

/* Locks: t  handle_table.lock, slots also readable under RCU */
struct chunk {
	u64 used;		/* [t] (1) */
	u64 cloexec;		/* [t] */
	struct slot slot[CHUNK_SLOTS];
};

/* The directory: chunk pointers, then a bit for each chunk that is full. */
struct chunk_dir {
	u32 nr;			/* chunks; a power of two */
	struct rcu_head rcu;
	u64 *full;		/* [t] DIV_ROUND_UP(nr, 64) words behind the pointers */
	struct chunk *chunk[];	/* NULL: not made yet */
};

struct handle_table {
	atomic_t refs;		/* [a] tasks, and for a moment /proc readers */
	bool was_shared;	/* [t] (4) */
	struct spinlock lock;
	struct chunk_dir *dir;	/* [t, RCU] */
	u32 hint;		/* [t] no free slot in chunks below */
	struct {		/* first directory and chunk; same layout as struct chunk_dir */
		struct chunk_dir d;
		struct chunk *chunk[1];
		u64 full[1];
	} first_dir;
	struct chunk first;
};

/* The first chunk without the directory: most programs need no other. */
static inline struct slot *slot_of(struct handle_table *t, u32 fd)
{
	const struct chunk_dir *dir;
	struct chunk *c;

	if (likely(fd < CHUNK_SLOTS))
		return &t->first.slot[fd];
	dir = rcu_deref(t->dir);
	if (unlikely(fd / CHUNK_SLOTS >= dir->nr))
		return NULL;
	c = rcu_deref(dir->chunk[fd / CHUNK_SLOTS]);
	return likely(c) ? &c->slot[fd % CHUNK_SLOTS] : NULL;
}

/* Makes room for chunk number n. Drops the lock to allocate. */
int __must_check handle_grow_locked(struct handle_table *t, u32 n) MUST_HOLD(t->lock);
/* Closes the slots of chunk n that are in mask (and, if only_cloexec, are close-on-exec). */
void handle_close_chunk(struct handle_table *t, u32 n, u64 mask, bool only_cloexec);
void handle_table_init(void);
