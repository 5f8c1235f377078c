/* SPDX-License-Identifier: MIT */
/* journal_open.c - a log from mount to unmount: opening, what a worker does in the background
 * meanwhile, closing.
 *
 * The timer runs from the first transaction on: it makes the worker commit what is older than the
 * interval, and bring home what was committed long ago or takes up half of the log.
 *
 * Invariant: after journal_close() has cancelled the timer and waited for the worker, nothing of
 * the journal runs.
 *
 * Locks: as journal.c. Ref: Linux Documentation/filesystems/ext4/journal.rst. Tests:
 * selftests/unit/journal_test.c
 */
#include "journal_int.h"

#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/rcu.h>
#include <mm/page.h>
#include <mm/slab.h>

#define COMMIT_INTERVAL (5 * NSEC_PER_SEC)
/* committed blocks go home after that, as dirty pages do */
#define HOME_AGE	(30 * NSEC_PER_SEC)

/* ---- in the background ---- */

static void on_timer(struct bh_timer *t)
{
	work_queue(&container_of(t, struct journal, timer)->work);
}

void journal_set_interval(struct journal *j, u64 ns)
{
	spin_lock(&j->lock);
	j->interval = ns;
	if (j->running)
		bh_timer_arm(&j->timer, j->running->started + (ktime_t)ns);
	spin_unlock(&j->lock);
}

static bool should_go_home(struct journal *j, ktime_t now)
{
	struct transaction *t;
	bool yes;

	spin_lock(&j->lock);
	t = list_first_or_null(&j->homeless, struct transaction, link);
	yes = t && (now - t->committed > HOME_AGE || j->free < (j->maxlen - j->first) / 2);
	spin_unlock(&j->lock);
	return yes;
}

static void background(struct work *w)
{
	struct journal *j = container_of(w, struct journal, work);
	ktime_t now = clock_monotonic();
	bool more;

	if (journal_error(j))
		return;
	if (journal_commit(j, 0))
		return;
	if (should_go_home(j, now)) {
		mutex_lock(&j->home_lock);
		while (should_go_home(j, now) && journal_write_home(j) == 0)
			;
		(void)!journal_move_tail(j, false);
		mutex_unlock(&j->home_lock);
	}
	spin_lock(&j->lock);
	more = j->running || !list_empty(&j->homeless);
	spin_unlock(&j->lock);
	if (more)
		bh_timer_arm(&j->timer, now + (ktime_t)READ_ONCE(j->interval));
}

/* ---- opening and closing ---- */

static void free_journal(struct journal *j)
{
	u32 i;

	for (i = 0; i < LOG_PAGES; i++)
		if (j->pages[i])
			page_put(j->pages[i]);
	if (j->super_page)
		page_put(j->super_page);
	kfree(j->ext);
	kfree(j);
}

static int alloc_pages(struct journal *j)
{
	u32 i;

	j->super_page = page_alloc(0, PAGE_KERNEL | PAGE_ZEROED);
	if (!j->super_page)
		return -ENOMEM;
	for (i = 0; i < LOG_PAGES && (i < 4 || !j->read_only); i++) {
		j->pages[i] = page_alloc(0, PAGE_KERNEL);
		if (!j->pages[i])
			return -ENOMEM;
	}
	return 0;
}

int journal_open(struct blkdev *dev, const struct journal_extent *ext, u32 nr,
		 const struct journal_ops *ops, bool read_only, struct journal **out)
{
	struct journal *j = knew(struct journal);
	int err;

	if (!j)
		return -ENOMEM;
	j->dev = dev;
	j->nr_ext = nr;
	j->ext = kcalloc(nr, sizeof(*ext));
	if (!j->ext) {
		kfree(j);
		return -ENOMEM;
	}
	memcpy(j->ext, ext, nr * sizeof(*ext));
	j->ops = *ops;
	j->interval = COMMIT_INTERVAL;
	j->block_size = dev->block_size;
	j->read_only = read_only;
	spin_init(&j->lock, RANK_JOURNAL);
	mutex_init(&j->commit_lock, RANK_JOURNAL_COMMIT);
	mutex_init(&j->home_lock, RANK_JOURNAL_HOME);
	waitq_init(&j->unlocked);
	waitq_init(&j->quiet);
	waitq_init(&j->written);
	list_init(&j->homeless);
	bh_timer_setup(&j->timer, on_timer);
	work_setup(&j->work, background);
	j->next_tid = 1;
	err = alloc_pages(j);
	if (!err)
		err = journal_read_super(j);
	if (!err && j->needs_recovery && !read_only)
		err = journal_recover(j);
	if (err) {
		free_journal(j);
		return err;
	}
	j->empty = !j->needs_recovery;
	j->next_seq = j->tail_seq;
	j->head = j->tail = j->first;
	j->free = j->maxlen - j->first - 1;
	j->max_transaction = (j->maxlen - j->first) / 4;
	*out = j;
	return 0;
}

bool journal_needs_recovery(const struct journal *j)
{
	return j->needs_recovery;
}

int journal_set_features(struct journal *j, bool checksums, bool wide)
{
	u32 want = j->incompat & ~(LOG_INCOMPAT_CSUM_V2 | LOG_INCOMPAT_CSUM_V3);

	if (!j->empty)
		return -EBUSY;
	want |= (checksums ? LOG_INCOMPAT_CSUM_V3 : 0) | (wide ? LOG_INCOMPAT_64BIT : 0);
	j->incompat = want;
	if (checksums)
		j->compat &= ~LOG_COMPAT_CHECKSUM;
	return 0;
}

int journal_flush(struct journal *j)
{
	int err = journal_commit(j, 0), home;

	if (err)
		return err;
	mutex_lock(&j->home_lock);
	do
		home = journal_write_home(j);
	while (!home);
	err = home == -ENOENT ? journal_move_tail(j, true) : home;
	mutex_unlock(&j->home_lock);
	return err;
}

/* After an abort: what transactions still hold is let go. */
static void drop_all(struct journal *j)
{
	struct transaction *all[2] = { j->running, j->committing }, *t, *next;
	struct journal_buf *jb, *jnext;

	for (u32 i = 0; i < 2; i++) {
		if (!all[i])
			continue;
		list_for_each_entry_safe(jb, jnext, &all[i]->bufs, link) {
			list_del_init(&jb->link);
			jb->t = jb->next = NULL;
			if (!jb->home)
				journal_free_buf(jb);
		}
		journal_free_transaction(all[i]);
	}
	j->running = j->committing = NULL;
	list_for_each_entry_safe(t, next, &j->homeless, link) {
		list_for_each_entry_safe(jb, jnext, &t->homeless, home_link) {
			list_del_init(&jb->home_link);
			jb->home = NULL;
			journal_free_buf(jb);
		}
		list_del(&t->link);
		journal_free_transaction(t);
	}
}

int journal_close(struct journal *j)
{
	int err = 0;

	if (!j->read_only && !journal_error(j))
		err = journal_flush(j);
	bh_timer_cancel(&j->timer);
	synchronize_rcu();		/* a bottom half that runs the timer is a reader */
	work_flush(&j->work);
	bh_timer_cancel(&j->timer);
	if (!err)
		err = journal_error(j);
	drop_all(j);
	free_journal(j);
	return err;
}
