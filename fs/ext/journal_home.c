/* SPDX-License-Identifier: MIT */
/* journal_home.c - blocks that are safe in the log are written where they belong; then their part
 * of the log is free again.
 *
 * A block that a younger transaction has changed again stays: its bytes are not committed yet. That
 * transaction is committed first, and the block is its business from then on.
 *
 * Invariant: the log's tail moves past a transaction only when all of its blocks are home, on the
 * medium.
 * Locks: home_lock held > journal.lock. Tests: selftests/unit/journal_test.c
 */
#include "journal_int.h"

#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

#define BATCH 64u

struct batch {
	struct journal_buf *jb[BATCH];
	struct buf *b[BATCH];
	u32 nr;
};

/* Gathers blocks of t that can go. *tid: a transaction that must be committed first, 0: none. */
static void gather(struct journal *j, struct transaction *t, struct batch *w, u32 *tid)
{
	struct journal_buf *jb;

	w->nr = 0;
	*tid = 0;
	spin_lock(&j->lock);
	list_for_each_entry(jb, &t->homeless, home_link) {
		if (jb->t) {
			*tid = (jb->next ? jb->next : jb->t)->tid;
			continue;
		}
		if (w->nr == BATCH)
			break;
		jb->writing = true;
		w->jb[w->nr] = jb;
		w->b[w->nr++] = jb->b;
	}
	if (w->nr)
		*tid = 0;
	spin_unlock(&j->lock);
}

static void settled(struct journal *j, struct batch *w, bool home)
{
	spin_lock(&j->lock);
	for (u32 i = 0; i < w->nr; i++) {
		struct journal_buf *jb = w->jb[i];

		jb->writing = false;
		if (!home)
			continue;
		if (jb->home) {
			list_del_init(&jb->home_link);
			jb->home = NULL;
		}
		if (!jb->t)
			journal_free_buf(jb);
	}
	spin_unlock(&j->lock);
	waitq_wake_all(&j->written);
}

static struct transaction *oldest(struct journal *j)
{
	struct transaction *t;

	spin_lock(&j->lock);
	t = list_first_or_null(&j->homeless, struct transaction, link);
	spin_unlock(&j->lock);
	return t;
}

static bool is_home(struct journal *j, struct transaction *t)
{
	bool yes;

	spin_lock(&j->lock);
	yes = list_empty(&t->homeless);
	if (yes)
		list_del(&t->link);
	spin_unlock(&j->lock);
	return yes;
}

int journal_write_home(struct journal *j)
{
	struct transaction *t = oldest(j);
	struct batch *w;
	int err = 0;
	u32 tid;

	if (journal_error(j))
		return -EIO;
	if (!t)
		return -ENOENT;
	w = kmalloc(sizeof(*w), PAGE_KERNEL);
	if (!w)
		return -ENOMEM;
	while (!err && !is_home(j, t)) {
		gather(j, t, w, &tid);
		if (w->nr) {
			err = buf_write(w->b, w->nr, BIO_META);
			settled(j, w, !err);
			if (err)
				journal_abort(j, -EIO);
		} else if (tid) {
			err = journal_commit(j, tid);
		}
	}
	kfree(w);
	if (!err)
		journal_free_transaction(t);
	return err;
}

int journal_move_tail(struct journal *j, bool empty)
{
	struct transaction *t;
	u32 start, seq, used;
	int err = 0;

	if (journal_error(j))
		return -EIO;
	mutex_lock(&j->commit_lock);
	spin_lock(&j->lock);
	t = list_first_or_null(&j->homeless, struct transaction, link);
	start = t ? t->log_start : j->head;
	seq = t ? t->seq : j->next_seq;
	empty = empty && !t;
	spin_unlock(&j->lock);
	if (start != j->tail || empty != j->empty)
		/* which flushes first: they are home */
		err = journal_write_super(j, empty ? 0 : start, seq);
	if (!err) {
		spin_lock(&j->lock);
		j->tail = start;
		used = (j->head >= start ? j->head - start
					 : j->head + (j->maxlen - j->first) - start);
		j->free = j->maxlen - j->first - 1 - used;
		spin_unlock(&j->lock);
	}
	mutex_unlock(&j->commit_lock);
	if (err)
		journal_abort(j, -EIO);
	return err;
}
