/* SPDX-License-Identifier: MIT */
/* flush.h - who writes dirty pages when nobody waits for them: one thread, a list of what has
 * some. */
#pragma once

#include <kernel/lib/compiler.h>
#include <kernel/lib/list.h>

struct flush_item;
struct writeback;

struct flush_ops {
	/* Keeps the thing alive while it is written; false: it is going, and writes by itself.
	 * Flush lock held. */
	bool (*hold)(struct flush_item *i);
	void (*put)(struct flush_item *i);
	/* Starts writing; with wb->wait: until it is on the device. 0 or -errno; may sleep */
	int (*write)(struct flush_item *i, struct writeback *wb);
	bool (*dirty)(struct flush_item *i);	/* is there still something, or on its way? */
};

/* Embedded in what has dirty pages: an inode, a block device. Locks: f  flush_lock */
struct flush_item {
	const struct flush_ops *ops;	/* [I] */
	struct list link;		/* [f] empty: not waiting */
	ktime_t since;			/* [f] when it became dirty */
	bool busy;			/* [f] being written */
};

void flush_item_init(struct flush_item *i, const struct flush_ops *ops);
/* It has something to write: within DIRTY_EXPIRE it will be. Any context but interrupts and bottom
 * halves. */
void flusher_add(struct flush_item *i);
/* It has nothing any more, or is going: off the list, and not being written on return. May
 * sleep. */
void flusher_remove(struct flush_item *i);
static inline bool flusher_has(const struct flush_item *i) { return !list_empty_racy(&i->link); }
/* Everything that is dirty now, or (owner not NULL) what of it belongs to owner as belongs() says.
 * Starts, and with wait waits. May sleep. */
void flusher_write_all(bool (*belongs)(struct flush_item *i, void *owner), void *owner, bool wait);
void flusher_init(void);
