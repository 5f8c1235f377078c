/* SPDX-License-Identifier: MIT */
/* journal.c - handles and what they change: joining the running transaction, blocks in
 * transactions, waiting for them.
 *
 * A block that the committing transaction has and the running one is about to change is copied
 * first ("frozen") unless the commit has copied it already; so a handle never waits for the log's
 * I/O. It does wait while the block is on its way home: home must not get bytes that are not
 * committed.
 *
 * Invariants:
 *  (1) jb->t is the running or the committing transaction or NULL; jb->next is the running one or
 *      NULL, and only while t is committing.
 *  (2) a running transaction never has more bufs and credits than fit into max_transaction, nor
 *      than the free part of the log holds.
 *  (3) jb exists as long as t, next or home is set, and holds a reference to its buf; b->journal
 *      changes under journal.lock.
 *
 * Locks: l  journal.lock [RANK_JOURNAL]. home_lock [RANK_JOURNAL_HOME] > commit_lock
 * [RANK_JOURNAL_COMMIT].
 * Ref: Linux Documentation/filesystems/ext4/journal.rst, filesystems/journalling.rst (vocabulary).
 * Tests: selftests/unit/journal_test.c
 */
#include "journal_int.h"

#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <mm/slab.h>

/* Blocks of the log for n blocks of metadata: their descriptors, revokes, the commit block, and
 * some to spare. */
static u32 log_space(u32 n)
{
	return n + n / 32 + 32;
}

/* ---- transactions ---- */

static struct transaction *new_transaction(struct journal *j)
{
	struct transaction *t = kmalloc(sizeof(*t), PAGE_ATOMIC | PAGE_ZEROED);

	if (!t)
		return NULL;
	t->tid = j->next_tid++;
	if (!j->next_tid)		/* 0 stands for "the running one" */
		j->next_tid = 1;
	t->started = clock_monotonic();
	list_init(&t->bufs);
	list_init(&t->homeless);
	list_init(&t->link);
	j->running = t;
	j->stats.transactions++;
	bh_timer_arm(&j->timer, t->started + (ktime_t)j->interval);
	return t;
}

void journal_free_transaction(struct transaction *t)
{
	while (t->revokes) {
		struct revoke_chunk *c = t->revokes;

		t->revokes = c->next;
		kfree(c);
	}
	kfree(t);
}

static u32 space_of(const struct transaction *t)
{
	return t ? log_space(t->nr_bufs + t->credits + t->nr_revokes / 64) : 0;
}

/* ---- starting ---- */

enum join { JOINED, WAIT_UNLOCK, COMMIT_FIRST, NEED_SPACE, NO_MEMORY, FAILED };

/* Tries to make h part of the running transaction with more credits. *tid: what to commit first. */
static enum join try_join(struct journal *j, struct journal_handle *h, u32 credits, u32 *tid)
{
	struct transaction *t = j->running;

	if (j->error)
		return FAILED;
	if (t && t->state != TX_RUNNING)
		return WAIT_UNLOCK;
	if (t && t->nr_bufs + t->credits + credits > j->max_transaction) {	/* (2) */
		*tid = t->tid;
		return COMMIT_FIRST;
	}
	if (j->free < space_of(t) + log_space(credits) + space_of(j->committing)) {
		*tid = t ? t->tid : 0;
		return NEED_SPACE;
	}
	if (!t)
		t = new_transaction(j);
	if (!t)
		return NO_MEMORY;
	t->updates++;
	t->credits += credits;
	h->t = t;
	h->credits = credits;
	return JOINED;
}

/* Makes room in the log: what is committed goes home; if nothing is, the running transaction is
 * committed. */
static int make_space(struct journal *j, u32 tid)
{
	int err;

	j->stats.waits_for_space++;
	mutex_lock(&j->home_lock);
	err = journal_write_home(j);
	if (!err)
		err = journal_move_tail(j, false);
	mutex_unlock(&j->home_lock);
	if (err != -ENOENT)
		return err;
	return tid || READ_ONCE(j->committing) ? journal_commit(j, tid) : -ENOSPC;
}

static bool is_unlocked(struct journal *j)
{
	bool yes;

	spin_lock(&j->lock);
	yes = !j->running || j->running->state == TX_RUNNING || j->error;
	spin_unlock(&j->lock);
	return yes;
}

static int join(struct journal *j, struct journal_handle *h, u32 credits)
{
	u32 tid = 0;
	int err = 0;

	if (credits > j->max_transaction)
		return -ENOSPC;
	while (!err) {
		enum join how;

		spin_lock(&j->lock);
		how = try_join(j, h, credits, &tid);
		spin_unlock(&j->lock);
		switch (how) {
		case JOINED:
			return 0;
		case WAIT_UNLOCK:
			err = waitq_wait(&j->unlocked, is_unlocked(j), WAIT_UNINTERRUPTIBLE,
					 WAIT_FOREVER);
			break;
		case COMMIT_FIRST:
			err = journal_commit(j, tid);
			break;
		case NEED_SPACE:
			err = make_space(j, tid);
			break;
		case NO_MEMORY:
			return -ENOMEM;
		case FAILED:
			return -EROFS;
		}
	}
	return err == -EIO ? -EROFS : err;
}

int journal_start(struct journal *j, struct blkdev *dev, u32 credits, struct journal_handle **out)
{
	struct journal_handle *h = current()->journal;
	int err = 0;

	(void)dev;
	if (h) {
		debug_assert(h->j == j);
		h->depth++;
		*out = h;
		return 0;
	}
	h = kzalloc(sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->j = j;
	h->depth = 1;
	if (j)
		err = join(j, h, credits);
	if (err) {
		kfree(h);
		return err;
	}
	current()->journal = h;
	*out = h;
	return 0;
}

struct journal_handle *journal_current(void)
{
	return current()->journal;
}

u32 journal_credits(const struct journal_handle *h)
{
	return h->j ? h->credits : U32_MAX;
}

u32 journal_tid(const struct journal_handle *h)
{
	return h->t ? h->t->tid : 0;
}

void journal_set_sync(struct journal_handle *h)
{
	h->sync = true;
}

int journal_extend(struct journal_handle *h, u32 credits)
{
	struct journal *j = h->j;
	struct transaction *t = h->t;
	int full = 0;

	if (!j)
		return 0;
	spin_lock(&j->lock);
	if (t->state != TX_RUNNING || t->nr_bufs + t->credits + credits > j->max_transaction ||
	    j->free < space_of(t) + log_space(credits) + space_of(j->committing)) {
		full = 1;
	} else {
		t->credits += credits;
		h->credits += credits;
	}
	spin_unlock(&j->lock);
	return full;
}

/* h leaves its transaction: what it did not use comes back. */
static void leave(struct journal_handle *h)
{
	struct journal *j = h->j;
	struct transaction *t = h->t;
	bool last;

	spin_lock(&j->lock);
	t->credits -= h->credits;
	last = --t->updates == 0 && t->state == TX_LOCKED;
	h->t = NULL;
	spin_unlock(&j->lock);
	if (last)
		waitq_wake_all(&j->quiet);
}

int journal_restart(struct journal_handle *h, u32 credits)
{
	if (!h->j)
		return 0;
	leave(h);
	return join(h->j, h, credits);
}

int journal_stop(struct journal_handle *h)
{
	struct journal *j = h->j;
	bool sync = h->sync;
	u32 tid;
	int err = 0;

	if (--h->depth)
		return 0;
	debug_assert(current()->journal == h);
	current()->journal = NULL;
	tid = journal_tid(h);
	if (h->t)		/* none after a restart that failed */
		leave(h);
	kfree(h);
	if (!j)
		return 0;
	if (sync && tid)
		err = journal_commit(j, tid);
	return err ? err : journal_error(j) ? -EROFS : 0;
}

/* ---- blocks: journal.lock held where not said otherwise ---- */

static struct journal_buf *attach(struct buf *b, struct journal_buf *fresh)
{
	fresh->b = b;
	list_init(&fresh->link);
	list_init(&fresh->home_link);
	buf_get(b);
	b->journal = fresh;
	return fresh;
}

void journal_free_buf(struct journal_buf *jb)
{
	struct buf *b = jb->b;

	debug_assert(!jb->t && !jb->next && !jb->home && !jb->writing);
	b->journal = NULL;
	kfree(jb->frozen);
	kfree(jb);
	buf_put(b);
}

enum touch { TOUCHED, WRITING, NEED_COPY };

/* Makes b part of h's transaction; copy: room for its bytes, taken over when it is needed. */
static enum touch touch(struct journal_handle *h, struct journal_buf *jb, u8 **copy)
{
	struct transaction *t = h->t;

	if (jb->t == t || jb->next == t)
		return TOUCHED;
	if (jb->writing)
		return WRITING;
	if (jb->t) {			/* committing */
		if (!jb->logged && !jb->forgotten && jb->modified && !jb->frozen) {
			if (!*copy)
				return NEED_COPY;
			memcpy(*copy, jb->b->data, jb->b->size);
			jb->frozen = *copy;
			*copy = NULL;
		}
		jb->next = t;
		jb->next_modified = jb->next_forgotten = false;
	} else {
		jb->t = t;
		jb->modified = jb->forgotten = jb->logged = false;
		list_add_tail(&t->bufs, &jb->link);
	}
	return TOUCHED;
}

/* The transaction's block count and the handle's credits; only once for each block. */
static void pay(struct journal_handle *h, bool *modified)
{
	if (*modified)
		return;
	*modified = true;
	h->t->nr_bufs++;
	if (h->credits) {
		h->credits--;
		h->t->credits--;
	} else {
		debug_assert(h->credits);	/* more blocks than it said */
	}
}

static bool is_writing(struct journal *j, struct buf *b)
{
	bool yes;

	spin_lock(&j->lock);
	yes = b->journal && b->journal->writing;
	spin_unlock(&j->lock);
	return yes;
}

int journal_get_write(struct journal_handle *h, struct buf *b)
{
	struct journal *j = h->j;
	struct journal_buf *jb, *fresh = NULL;
	enum touch how = TOUCHED;
	u8 *copy = NULL;
	int err = 0;

	if (!j)
		return 0;
	for (;;) {
		spin_lock(&j->lock);
		jb = b->journal;
		if (!jb && fresh) {
			jb = attach(b, fresh);
			fresh = NULL;
		}
		how = jb ? touch(h, jb, &copy) : NEED_COPY;
		spin_unlock(&j->lock);
		if (jb && how == TOUCHED)
			break;
		if (!jb) {
			fresh = kzalloc(sizeof(*fresh));
			err = fresh ? 0 : -ENOMEM;
		} else if (how == WRITING) {
			err = waitq_wait(&j->written, !is_writing(j, b), WAIT_UNINTERRUPTIBLE,
					 WAIT_FOREVER);
		} else {
			copy = kmalloc(b->size, PAGE_KERNEL);
			err = copy ? 0 : -ENOMEM;
		}
		if (err)
			break;
	}
	kfree(fresh);
	kfree(copy);
	if (err)
		return err;
	page_wait_written(b->page);	/* whoever wrote to the device itself */
	buf_clean(b);
	return 0;
}

int journal_get_create(struct journal_handle *h, struct buf *b)
{
	return journal_get_write(h, b);
}

int journal_dirty(struct journal_handle *h, struct buf *b)
{
	struct journal *j = h->j;
	struct journal_buf *jb;

	if (!j) {
		buf_dirty(b);
		return 0;
	}
	spin_lock(&j->lock);
	jb = b->journal;
	assert(jb && (jb->t == h->t || jb->next == h->t));
	if (jb->t == h->t) {
		jb->forgotten = false;
		pay(h, &jb->modified);
	} else {
		jb->next_forgotten = false;
		pay(h, &jb->next_modified);
	}
	spin_unlock(&j->lock);
	return 0;
}

/* ---- freed blocks ---- */

static struct revoke_chunk *add_revoke(struct transaction *t, u64 block, struct revoke_chunk *fresh)
{
	struct revoke_chunk *c = t->revokes;

	if (!c || c->nr == REVOKES_PER_CHUNK) {
		if (!fresh)
			return NULL;
		fresh->next = c;
		t->revokes = c = fresh;
	}
	c->block[c->nr++] = block;
	t->nr_revokes++;
	return c;
}

static int revoke(struct journal_handle *h, u64 block)
{
	struct revoke_chunk *fresh = NULL, *used;

	for (;;) {
		spin_lock(&h->j->lock);
		used = add_revoke(h->t, block, fresh);
		spin_unlock(&h->j->lock);
		if (used) {
			if (used != fresh)
				kfree(fresh);
			return 0;
		}
		fresh = kzalloc(sizeof(*fresh));
		if (!fresh)
			return -ENOMEM;
	}
}

/* jb's block is freed by t: nothing of it is logged, and once t is committed no older version of it
 * needs to get home. */
static void forget(struct transaction *t, struct journal_buf *jb)
{
	if (jb->t == t) {
		t->nr_bufs -= jb->modified;
		jb->modified = false;
		jb->forgotten = true;
	} else if (jb->t) {
		t->nr_bufs -= jb->next == t && jb->next_modified;
		jb->next = t;
		jb->next_modified = false;
		jb->next_forgotten = true;
	} else {
		jb->t = t;
		jb->modified = jb->logged = false;
		jb->forgotten = true;
		list_add_tail(&t->bufs, &jb->link);
	}
}

int journal_forget(struct journal_handle *h, struct buf *b, u64 block)
{
	struct journal *j = h->j;
	int err = 0;

	if (j)
		err = revoke(h, block);
	if (!b)
		return err;
	if (j && !err) {
		spin_lock(&j->lock);
		if (b->journal)
			forget(h->t, b->journal);
		spin_unlock(&j->lock);
	}
	buf_clean(b);
	buf_put(b);
	return err;
}

/* ---- waiting for transactions ---- */

bool journal_committed(struct journal *j, u32 tid)
{
	return !j || !journal_tid_after(tid, READ_ONCE(j->committed_tid));
}

int journal_commit(struct journal *j, u32 tid)
{
	int err = 0;

	if (!j)
		return 0;
	debug_assert(!current()->journal);
	if (!tid) {
		spin_lock(&j->lock);
		tid = j->running      ? j->running->tid
		      : j->committing ? j->committing->tid
				      : j->committed_tid;
		spin_unlock(&j->lock);
	}
	if (journal_committed(j, tid))
		return 0;
	mutex_lock(&j->commit_lock);
	while (!journal_committed(j, tid) && !err)
		err = journal_error(j) ? -EIO : journal_commit_running(j);
	mutex_unlock(&j->commit_lock);
	return err;
}

void journal_commit_start(struct journal *j, u32 tid)
{
	if (j && !journal_committed(j, tid))
		work_queue(&j->work);
}

int journal_error(const struct journal *j)
{
	return j ? READ_ONCE(j->error) : 0;
}

void journal_abort(struct journal *j, int err)
{
	bool first;

	spin_lock(&j->lock);
	first = !j->error;
	if (first)
		WRITE_ONCE(j->error, err);
	spin_unlock(&j->lock);
	if (!first)
		return;
	pr_err("%s: the journal stops: error %d", j->dev->name, -err);
	if (j->ops.aborted)
		j->ops.aborted(j->ops.owner, err);
	waitq_wake_all(&j->unlocked);
}

void journal_get_stats(struct journal *j, struct journal_stats *out)
{
	*out = j->stats;
}
