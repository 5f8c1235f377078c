/* SPDX-License-Identifier: MIT */
/* journal_commit.c - a transaction becomes permanent: its blocks are copied and written to the log,
 * the device's cache is flushed, and a commit record follows that is on the medium when it is
 * complete.
 *
 *	data of ordered files out -> revoke blocks -> descriptor, its blocks, descriptor, ... ->
 *	[flush] commit record [FUA]
 *
 * The blocks are written from copies: as soon as a block is copied the next transaction may change
 * it. Copies live in LOG_PAGES pages, so a large transaction goes out in rounds.
 *
 * Invariants:
 *  (1) nothing is in the log behind j->head that has the sequence of this transaction but what is
 *      written here: recovery stops at the first block that does not fit.
 *  (2) the commit record is written only when everything before it was written without error.
 *
 * Locks: commit_lock held; journal.lock for the lists. Ref: Linux
 * Documentation/filesystems/ext4/journal.rst.
 * Tests: selftests/unit/journal_test.c
 */
#include "journal_int.h"

#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>

/* The log as it is being written. */
struct log_writer {
	struct journal *j;
	u32 seq;
	u32 used;			/* pages handed out since the last wait */
	struct bio_group group;
	struct blk_plug plug;
	int error;
	/* the open descriptor */
	struct page *desc;		/* NULL: none */
	u32 desc_at;			/* its block in the log */
	u8 *tag, *end;			/* where the next tag goes, and where no more fit */
	u8 *last_tag;
};

static u32 take_block(struct journal *j)
{
	u32 n = j->head;

	spin_lock(&j->lock);
	debug_assert(j->free);
	j->free--;
	j->head = journal_next_block(j, n);
	spin_unlock(&j->lock);
	return n;
}

static void begin_round(struct log_writer *w)
{
	w->used = 0;
	bio_group_begin(&w->group);
	blk_plug_begin(&w->plug);
}

static void end_round(struct log_writer *w)
{
	int err;

	blk_plug_end(&w->plug);
	err = bio_group_wait(&w->group);
	if (err && !w->error)
		w->error = err;
}

/* A page to fill. The open descriptor keeps its own across rounds: at the front. */
static struct page *take_page(struct log_writer *w)
{
	if (w->used == LOG_PAGES) {
		end_round(w);
		begin_round(w);
		if (w->desc) {
			for (u32 i = 0; i < LOG_PAGES; i++)
				if (w->j->pages[i] == w->desc)
					swap(w->j->pages[i], w->j->pages[0]);
			w->used = 1;
		}
	}
	return w->j->pages[w->used++];
}

static void send(struct log_writer *w, struct page *p, u32 at)
{
	blkdev_submit(journal_log_bio(w->j, BIO_WRITE, at, p, &w->group));
	w->j->stats.blocks_logged++;
}

/* ---- revokes ---- */

static void send_revokes(struct log_writer *w, struct page *p, u32 at, u32 used)
{
	u8 *d = page_to_virt(p);

	put_be32(d + LR_COUNT, used);
	journal_set_tail(w->j, d);
	send(w, p, at);
}

static void write_revokes(struct log_writer *w, struct transaction *t)
{
	struct journal *j = w->j;
	u32 bytes = j->incompat & LOG_INCOMPAT_64BIT ? 8 : 4,
	    end = j->block_size - (journal_has_csum(j) ? 4 : 0), at = 0, used = 0;
	struct page *p = NULL;

	for (struct revoke_chunk *c = t->revokes; c; c = c->next) {
		for (u32 i = 0; i < c->nr; i++) {
			if (p && used + bytes > end) {
				send_revokes(w, p, at, used);
				p = NULL;
			}
			if (!p) {
				p = take_page(w);
				at = take_block(j);
				memset(page_to_virt(p), 0, j->block_size);
				journal_set_header(page_to_virt(p), LOG_REVOKE, w->seq);
				used = LR_FIRST;
			}
			if (bytes == 8)
				put_be64((u8 *)page_to_virt(p) + used, c->block[i]);
			else
				put_be32((u8 *)page_to_virt(p) + used, (u32)c->block[i]);
			used += bytes;
			j->stats.revokes++;
		}
	}
	if (p)
		send_revokes(w, p, at, used);
}

/* ---- blocks ---- */

static void close_descriptor(struct log_writer *w)
{
	struct journal *j = w->j;
	u8 *flags;

	if (!w->desc)
		return;
	flags = w->last_tag + (j->incompat & LOG_INCOMPAT_CSUM_V3 ? 4 : 6);
	if (j->incompat & LOG_INCOMPAT_CSUM_V3)
		put_be32(flags, get_be32(flags) | TAG_LAST);
	else
		put_be16(flags, (u16)(get_be16(flags) | TAG_LAST));
	journal_set_tail(j, page_to_virt(w->desc));
	send(w, w->desc, w->desc_at);
	w->desc = NULL;
}

static void open_descriptor(struct log_writer *w)
{
	struct journal *j = w->j;
	u8 *d;

	w->desc = take_page(w);
	w->desc_at = take_block(j);
	d = page_to_virt(w->desc);
	memset(d, 0, j->block_size);
	journal_set_header(d, LOG_DESCRIPTOR, w->seq);
	w->tag = d + LOG_HEADER;
	w->end = d + j->block_size - (journal_has_csum(j) ? 4 : 0);
}

static void add_tag(struct log_writer *w, u64 block, bool escaped, const void *data)
{
	struct journal *j = w->j;
	bool first = w->tag == (u8 *)page_to_virt(w->desc) + LOG_HEADER;
	u32 flags = (escaped ? TAG_ESCAPED : 0) | (first ? 0 : TAG_SAME_UUID),
	    bytes = journal_tag_bytes(j);
	u32 csum = journal_has_csum(j) ? journal_data_csum(j, w->seq, data) : 0;
	u8 *t = w->last_tag = w->tag;

	put_be32(t, (u32)block);
	if (j->incompat & LOG_INCOMPAT_CSUM_V3) {
		put_be32(t + 4, flags);
		put_be32(t + 8, (u32)(block >> 32));
		put_be32(t + 12, csum);
	} else {
		put_be16(t + 4, (u16)csum);
		put_be16(t + 6, (u16)flags);
		if (j->incompat & LOG_INCOMPAT_64BIT)
			put_be32(t + 8, (u32)(block >> 32));
	}
	w->tag += bytes;
	if (first) {
		memcpy(w->tag, j->uuid, 16);
		w->tag += 16;
	}
}

/* The bytes of jb as they are in this transaction; from then on the next one may change the buf. */
static void copy_out(struct journal *j, struct journal_buf *jb, void *to)
{
	spin_lock(&j->lock);
	memcpy(to, jb->frozen ? jb->frozen : jb->b->data, j->block_size);
	jb->logged = true;
	spin_unlock(&j->lock);
	kfree(jb->frozen);		/* ours alone once it is logged */
	jb->frozen = NULL;
}

static void write_block(struct log_writer *w, struct journal_buf *jb)
{
	struct journal *j = w->j;
	struct page *p;
	bool escaped;
	void *data;

	if (w->desc && w->tag + journal_tag_bytes(j) > w->end)
		close_descriptor(w);
	if (!w->desc)
		open_descriptor(w);
	p = take_page(w);
	data = page_to_virt(p);
	copy_out(j, jb, data);
	escaped = get_be32(data) == LOG_MAGIC;
	if (escaped)
		put_be32(data, 0);
	add_tag(w, jb->b->block, escaped, data);
	send(w, p, take_block(j));
}

static void write_blocks(struct log_writer *w, struct transaction *t)
{
	struct journal_buf *jb;

	/* Only the committer takes blocks off this list. */
	list_for_each_entry(jb, &t->bufs, link)
		if (jb->modified && !jb->forgotten)
			write_block(w, jb);
	close_descriptor(w);
}

/* ---- the commit record ---- */

static int write_commit(struct journal *j, u32 seq)
{
	u8 *d = page_to_virt(j->pages[0]);
	ktime_t now = clock_realtime();

	memset(d, 0, j->block_size);
	journal_set_header(d, LOG_COMMIT, seq);
	put_be64(d + LC_SECONDS, (u64)now / NSEC_PER_SEC);
	put_be32(d + LC_NANOSECONDS, (u32)((u64)now % NSEC_PER_SEC));
	if (journal_has_csum(j))
		put_be32(d + LC_CHECKSUM, journal_csum(j, d, j->block_size));
	j->stats.blocks_logged++;
	return journal_log_io(j, BIO_WRITE, take_block(j), j->pages[0], /* (2) */
			      flush_flag(FLUSH_COMMIT_LOG, BIO_PREFLUSH) |
				      flush_flag(FLUSH_COMMIT_RECORD, BIO_FUA));
}

/* ---- the whole ---- */

/* Closes the running transaction to new handles and waits for those it has. NULL: there is none. */
static struct transaction *lock_running(struct journal *j)
{
	struct transaction *t;
	int err;

	spin_lock(&j->lock);
	t = j->running;
	if (t)
		t->state = TX_LOCKED;
	spin_unlock(&j->lock);
	if (!t)
		return NULL;
	err = waitq_wait(&j->quiet, READ_ONCE(t->updates) == 0, WAIT_UNINTERRUPTIBLE, WAIT_FOREVER);
	(void)err;
	spin_lock(&j->lock);
	t->state = TX_FLUSH;
	j->running = NULL;
	j->committing = t;
	spin_unlock(&j->lock);
	waitq_wake_all(&j->unlocked);
	return t;
}

static int write_transaction(struct journal *j, struct transaction *t)
{
	struct log_writer w = { .j = j, .seq = t->seq };
	int err;

	begin_round(&w);
	write_revokes(&w, t);
	write_blocks(&w, t);
	end_round(&w);
	err = w.error;
	return err ? err : write_commit(j, t->seq);
}

/* jb's version of t is in the log: what is left to do for it. */
static void settle(struct transaction *t, struct journal_buf *jb)
{
	list_del_init(&jb->link);
	kfree(jb->frozen);
	jb->frozen = NULL;
	if (jb->home && (jb->forgotten || jb->modified)) {
		list_del_init(&jb->home_link);
		jb->home = NULL;
	}
	if (jb->modified && !jb->forgotten) {
		jb->home = t;
		list_add_tail(&t->homeless, &jb->home_link);
	}
	jb->t = jb->next;
	jb->modified = jb->next_modified;
	jb->forgotten = jb->next_forgotten;
	jb->next = NULL;
	jb->next_modified = jb->next_forgotten = jb->logged = false;
	if (jb->t)
		list_add_tail(&jb->t->bufs, &jb->link);
	else if (!jb->home)
		journal_free_buf(jb);
}

static bool anything_writing(struct journal *j, struct transaction *t)
{
	struct journal_buf *jb;
	bool any = false;

	spin_lock(&j->lock);
	list_for_each_entry(jb, &t->bufs, link)
		any |= jb->writing;
	spin_unlock(&j->lock);
	return any;
}

static void finish(struct journal *j, struct transaction *t)
{
	bool keep;
	/* A block whose older version is just being written home: that write must be over before
	 * the block can be given away. */
	int err = waitq_wait(&j->written, !anything_writing(j, t), WAIT_UNINTERRUPTIBLE,
			     WAIT_FOREVER);

	(void)err;
	spin_lock(&j->lock);
	while (!list_empty(&t->bufs))
		settle(t, list_first(&t->bufs, struct journal_buf, link));
	t->state = TX_FINISHED;
	t->committed = clock_monotonic();
	keep = !list_empty(&t->homeless);
	if (keep)
		list_add_tail(&j->homeless, &t->link);
	j->committing = NULL;
	WRITE_ONCE(j->committed_tid, t->tid);
	spin_unlock(&j->lock);
	if (!keep)
		journal_free_transaction(t);
}

int journal_commit_running(struct journal *j)
{
	struct transaction *t = lock_running(j);
	int err;

	if (!t)
		return 0;
	err = j->ops.flush_data ? j->ops.flush_data(j->ops.owner) : 0;
	if (err)
		pr_warn("%s: data could not be written before its metadata: error %d", j->dev->name,
			-err);
	err = 0;
	if (t->nr_bufs || t->nr_revokes) {
		if (t->nr_revokes)
			j->incompat |= LOG_INCOMPAT_REVOKE;
		t->seq = j->next_seq++;
		t->log_start = j->head;
		if (j->empty)		/* from now on there is something to replay */
			err = journal_write_super(j, t->log_start, t->seq);
		if (!err)
			err = write_transaction(j, t);
	}
	if (err) {
		pr_err("%s: the journal could not be written: error %d", j->dev->name, -err);
		journal_abort(j, -EIO);
		return err;
	}
	finish(j, t);
	return 0;
}
