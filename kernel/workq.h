/* SPDX-License-Identifier: MIT */
/* workq.h - kernel threads and deferred work that may sleep. */
#pragma once

#include <kernel/lib/list.h>

struct task;

struct work {
	struct list link;
	void (*fn)(struct work *w);
	bool queued;
};

void work_setup(struct work *w, void (*fn)(struct work *w));
/* Queues w unless it already is; runs on a worker thread. Any context. Returns whether it was
 * queued now. */
bool work_queue(struct work *w);
/* Waits until w is neither queued nor running. May sleep. */
void work_flush(struct work *w);
/* A kernel thread; NULL: no memory. It ends by returning. */
struct task *kthread_create(void (*fn)(void *), void *arg, const char *name);
void workq_init(void);
