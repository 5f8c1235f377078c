/* SPDX-License-Identifier: MIT */
/* modules: fs/ext/journal.c fs/ext/journal_open.c fs/ext/journal_commit.c fs/ext/journal_home.c
 * fs/ext/journal_log.c fs/ext/journal_recover.c fs/buf.c fs/bio.c fs/blkflush.c fs/blkdev_cache.c
 * fs/pageio.c mm/vmo.c mm/vmo_rw.c mm/pagecache.c mm/iter.c mm/buddy.c kernel/lib/xarray.c
 * kernel/lib/rbtree.c kernel/lib/crc.c kernel/lib/string.c selftests/host/pages.c
 * selftests/host/disk.c selftests/host/nouser.c */
/* journal at its edges: transactions and logs that are full, blocks that two transactions have,
 * blocks on their way home, work in the background, no memory at every step, aborts with everything
 * open, no log at all. */
#include <fs/ext/journal_int.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>

#include "disk.h"
#include "unit.h"

#define BS     1024u
#define BLOCKS 2000u
#define LOG    400u
#define HOME   500u		/* blocks from here on are changed */

static const struct journal_extent log_at[] = { { 100, LOG } };
static u8 image[BLOCKS * BS];
static struct journal *j;
static int aborted, failing_data;

static int flush_data(void *owner) { (void)owner; return failing_data; }
static void on_abort(void *owner, int err) { (void)owner; aborted = err; }
static const struct journal_ops ops = { .flush_data = flush_data, .aborted = on_abort };

static void begin(void)
{
	u8 *s = image + log_at[0].block * BS;

	memset(image, 0, sizeof(image));
	journal_set_header(s, LOG_SUPER_V2, 0);
	put_be32(s + LS_BLOCK_SIZE, BS);
	put_be32(s + LS_MAXLEN, LOG);
	put_be32(s + LS_FIRST, 1);
	put_be32(s + LS_SEQUENCE, 1);
	put_be32(s + LS_NR_USERS, 1);
	disk_create(sizeof(image), BS, image);
	ASSERT_EQ(0, journal_open(&host_dev, log_at, 1, &ops, false, &j));
}

static void finish(int err)
{
	EXPECT_EQ(err, journal_close(j));
	EXPECT_EQ(err, aborted);
	disk_destroy();
}

static struct journal_handle *start(u32 credits)
{
	struct journal_handle *h = NULL;

	EXPECT_EQ(0, journal_start(j, &host_dev, credits, &h));
	return h;
}

static int set(struct journal_handle *h, u32 n, u8 value)
{
	struct buf *b;
	int err = buf_read(&host_dev, HOME + n, &b);

	if (err)
		return err;
	err = journal_get_write(h, b);
	if (!err) {
		memset(b->data, value, BS);
		err = journal_dirty(h, b);
	}
	buf_put(b);
	return err;
}

/* One handle that changes n blocks from first on; its transaction. */
static u32 change(u32 first, u32 n, u8 value)
{
	struct journal_handle *h = start(n);
	u32 tid = journal_tid(h);

	for (u32 i = 0; i < n; i++)
		EXPECT_EQ(0, set(h, first + i, value));
	EXPECT_EQ(0, journal_stop(h));
	return tid;
}

static u8 on_disk(u32 n) { return ((const u8 *)disk_now())[(HOME + n) * BS + 17]; }

/* ---- room ---- */

TEST(a_full_transaction_is_committed_first)
{
	u32 first, last;

	begin();
	first = change(0, 60, 1);
	EXPECT_EQ(first, change(100, 30, 2));		/* 90 of 99 */
	last = change(200, 20, 3);
	EXPECT_TRUE(last != first && journal_committed(j, first) && !journal_committed(j, last));
	finish(0);
	EXPECT_EQ(0, aborted);
}

TEST(a_full_log_sends_blocks_home)
{
	struct journal_stats s;

	begin();
	for (u32 i = 0; i < 40; i++) {
		u32 tid = change(i * 7 % 300, 50, (u8)(i + 1));

		if (i % 3)
			EXPECT_EQ(0, journal_commit(j, tid));
	}
	journal_get_stats(j, &s);
	EXPECT_TRUE(s.waits_for_space > 2);
	EXPECT_EQ(0, journal_flush(j));
	EXPECT_EQ(40, on_disk(39 * 7 % 300 + 10));
	finish(0);
}

/* ---- the log is used again ---- */

/* Of what was waited for, how many blocks a cut after n entries loses. */
static u32 lost_by(u32 n, u32 p, u32 transactions)
{
	static u8 crashed[BLOCKS * BS];
	u32 lost = 0;

	disk_crash_image(n, p, crashed);
	disk_create(sizeof(crashed), BS, crashed);
	ASSERT_EQ(0, journal_open(&host_dev, log_at, 1, &ops, false, &j));
	for (u32 i = 0; i < 90; i++)
		lost += on_disk(i) != 1;
	for (u32 t = 1; t <= transactions; t++)
		for (u32 i = 0; i < 25; i++)
			lost += on_disk(200 + 30 * t + i) != t;
	ASSERT_EQ(0, journal_close(j));
	disk_destroy();
	return lost;
}

/* The log is all but full; one more transaction, joined piece by piece, needs what the first had.
 * Where the log begins must be known to the medium before that is written over: else a replay would
 * begin at what is not there any more, and miss everything behind it. */
TEST(the_tail_before_what_is_written_over_it)
{
	u32 nr = 0, from, to, lost = 0;

	begin();
	EXPECT_EQ(0, journal_commit(j, change(0, 90, 1)));
	while (j->free >= 60) {
		nr++;
		EXPECT_EQ(0, journal_commit(j, change(200 + 30 * nr, 25, (u8)nr)));
	}
	from = disk_log_length();
	for (u32 i = 0; i < 44; i++)
		change(1000 + i, 1, 200);
	EXPECT_EQ(0, journal_commit(j, 0));
	to = disk_log_length();
	EXPECT_EQ(0, journal_close(j));
	disk_detach();
	for (u32 n = from; n <= to; n++)
		for (u32 p = 32; p < 256; p += 32)
			lost += lost_by(n, p, nr);
	EXPECT_EQ(0, lost);
	disk_forget();
}

TEST(more_revokes_than_a_chunk_has)
{
	struct journal_handle *h;

	begin();
	h = start(80);
	for (u32 i = 0; i < 1100; i++)
		ASSERT_EQ(0, journal_forget(h, NULL, HOME + i));
	EXPECT_EQ(0, journal_stop(h));
	EXPECT_EQ(0, journal_commit(j, 0));
	EXPECT_EQ(0, journal_commit(j, 0));		/* nothing new */
	finish(0);
}

/* ---- one block, several wishes ---- */

static void change_ten(void) { change(5, 10, 9); }

static void change_others(void) { change(200, 10, 9); }

static void forget_ten(void)
{
	struct journal_handle *h = start(10);

	for (u32 i = 0; i < 10; i++) {
		struct buf *b = buf_find(&host_dev, HOME + 5 + i);

		EXPECT_EQ(0, journal_forget(h, b, HOME + 5 + i));
	}
	EXPECT_EQ(0, journal_stop(h));
}

/* What the committing transaction has is written as it left it, whatever the next one does
 * meanwhile. */
TEST(the_next_transaction_changes_what_is_committing)
{
	for (u32 wait = 0; wait < 4; wait++) {
		begin();
		change(0, 90, 1);
		disk_meanwhile = wait & 1 ? forget_ten : change_ten;
		EXPECT_EQ(0, journal_commit(j, 0));
		disk_meanwhile = NULL;
		if (wait & 2)
			change(5, 3, 7);
		EXPECT_EQ(0, journal_flush(j));
		EXPECT_EQ(wait & 2 ? 7 : wait & 1 ? 0 : 9, on_disk(5));
		EXPECT_EQ(1, on_disk(60));
		finish(0);
	}
}

TEST(on_the_way_home)
{
	begin();
	change(0, 90, 1);
	EXPECT_EQ(0, journal_commit(j, 0));
	disk_meanwhile = change_others;
	EXPECT_EQ(0, journal_flush(j));
	EXPECT_EQ(1, on_disk(5));
	EXPECT_EQ(0, journal_flush(j));
	EXPECT_EQ(9, on_disk(205));
	/* changed again before it is home: that commit comes first */
	change(0, 4, 2);
	EXPECT_EQ(0, journal_commit(j, 0));
	change(0, 4, 3);
	EXPECT_EQ(0, journal_write_home(j));
	EXPECT_EQ(0, journal_flush(j));
	EXPECT_EQ(3, on_disk(0));
	finish(0);
}

TEST(forgotten_and_wanted_again)
{
	struct journal_handle *h;
	struct buf *b;

	begin();
	h = start(8);
	EXPECT_EQ(0, set(h, 1, 1));
	EXPECT_EQ(0, set(h, 2, 1));
	EXPECT_EQ(0, journal_forget(h, buf_find(&host_dev, HOME + 1), HOME + 1));
	EXPECT_EQ(0, journal_forget(h, buf_find(&host_dev, HOME + 2), HOME + 2));
	ASSERT_EQ(0, buf_new(&host_dev, HOME + 2, &b));
	ASSERT_EQ(0, journal_get_create(h, b));
	memset(b->data, 5, BS);
	EXPECT_EQ(0, journal_dirty(h, b));
	buf_put(b);
	EXPECT_EQ(0, journal_stop(h));
	EXPECT_EQ(0, journal_flush(j));
	EXPECT_TRUE(on_disk(1) == 0 && on_disk(2) == 5);
	change(1, 1, 6);			/* in the log; then freed by the next */
	EXPECT_EQ(0, journal_commit(j, 0));
	h = start(4);
	EXPECT_EQ(0, journal_forget(h, buf_find(&host_dev, HOME + 1), HOME + 1));
	EXPECT_EQ(0, journal_stop(h));
	EXPECT_EQ(0, journal_flush(j));
	finish(0);
}

/* ---- the thread in the background ---- */

TEST(in_the_background)
{
	struct transaction *t;
	u32 tid;

	begin();
	tid = change(0, 10, 1);
	j->timer.fn(&j->timer);
	journal_commit_start(j, tid);
	j->work.fn(&j->work);
	EXPECT_TRUE(journal_committed(j, tid));
	EXPECT_EQ(0, on_disk(0));		/* not that old */
	t = list_first(&j->homeless, struct transaction, link);
	t->committed -= 31 * NSEC_PER_SEC;
	j->work.fn(&j->work);
	EXPECT_EQ(1, on_disk(0));
	EXPECT_TRUE(list_empty(&j->homeless));
	journal_abort(j, -EIO);
	j->work.fn(&j->work);
	finish(-EIO);
}

/* ---- no memory, no device, no log ---- */

static int everything(void)
{
	struct journal_handle *h;
	int err = journal_start(j, &host_dev, 10, &h), stopped;

	if (err)
		return err;
	err = set(h, 3, 7);
	if (!err)
		err = journal_forget(h, NULL, HOME + 30);
	stopped = journal_stop(h);
	return err ? err : stopped;
}

TEST(no_memory_at_any_step)
{
	int err = -ENOMEM;
	long n;

	begin();
	for (n = 0; n < 40 && err; n++) {
		host_fail_allocations(n);
		err = everything();
		host_fail_allocations(-1);
		EXPECT_TRUE(err == 0 || err == -ENOMEM);
	}
	EXPECT_EQ(0, err);
	EXPECT_TRUE(n > 4);
	EXPECT_EQ(0, journal_commit(j, 0));
	host_fail_allocations(0);
	EXPECT_EQ(-ENOMEM, journal_write_home(j));
	host_fail_allocations(-1);
	EXPECT_EQ(0, journal_flush(j));
	EXPECT_EQ(7, on_disk(3));
	finish(0);
	for (n = 0, err = -ENOMEM; n < 300 && err; n++) {
		disk_create(sizeof(image), BS, image);
		host_fail_allocations(n);
		err = journal_open(&host_dev, log_at, 1, &ops, false, &j);
		host_fail_allocations(-1);
		EXPECT_TRUE(err == 0 || err == -ENOMEM || err == -EIO);
		if (!err)
			EXPECT_EQ(0, journal_close(j));
		disk_destroy();
	}
	EXPECT_EQ(0, err);
	EXPECT_TRUE(n > 100);
}

static u32 good_writes;
static int some_writes(const struct bio *b)
{
	return b->op == BIO_WRITE && (!good_writes || !good_writes--) ? -EIO : 0;
}

/* The device dies at the n-th write, for every n: the error is told, nothing stays held. */
TEST(a_device_that_dies_at_any_write)
{
	u32 n, err = 1;

	for (n = 0; err; n++) {
		begin();
		good_writes = n;
		disk_verdict = some_writes;
		for (u32 i = 0; i < 6 && !journal_error(j); i++) {
			change(10 * i, 30, (u8)i);
			if (i % 2)
				(void)!journal_commit(j, 0);
			if (i == 3)
				(void)!journal_flush(j);
		}
		if (!journal_error(j))
			(void)!journal_flush(j);
		err = journal_error(j) != 0;
		EXPECT_EQ(err ? -EIO : 0, journal_flush(j));
		disk_verdict = NULL;
		finish(err ? -EIO : 0);
		aborted = 0;
	}
	EXPECT_TRUE(n > 10);
}

TEST(an_abort_lets_go_of_everything)
{
	struct journal_handle *h;

	begin();
	change(0, 20, 1);
	EXPECT_EQ(0, journal_commit(j, 0));
	change(10, 20, 2);
	h = start(4);
	EXPECT_EQ(0, set(h, 50, 1));
	journal_abort(j, -EUCLEAN);
	journal_abort(j, -EIO);			/* the first counts */
	EXPECT_EQ(-EROFS, journal_restart(h, 3));
	EXPECT_EQ(-EROFS, journal_stop(h));
	EXPECT_EQ(-EROFS, journal_start(j, &host_dev, 1, &h));
	EXPECT_EQ(-EIO, journal_write_home(j));
	EXPECT_EQ(-EIO, journal_move_tail(j, false));
	finish(-EUCLEAN);
}

TEST(file_data_that_does_not_arrive)
{
	begin();
	change(0, 5, 1);
	failing_data = -EIO;
	(void)!journal_commit(j, 0);
	failing_data = 0;
	EXPECT_EQ(aborted, journal_error(j));
	finish(aborted);
}

TEST(without_a_log)
{
	struct journal_handle *h;
	struct buf *b;

	disk_create(sizeof(image), BS, NULL);
	j = NULL;
	h = start(5);
	EXPECT_TRUE(h && journal_current() == h);
	EXPECT_EQ(U32_MAX, journal_credits(h));
	EXPECT_EQ(0, journal_tid(h));
	EXPECT_EQ(0, journal_extend(h, 1000000));
	EXPECT_EQ(0, journal_restart(h, 5));
	EXPECT_EQ(0, set(h, 3, 4));
	ASSERT_EQ(0, buf_read(&host_dev, HOME + 9, &b));
	buf_dirty(b);
	EXPECT_EQ(0, journal_forget(h, b, HOME + 9));
	journal_set_sync(h);
	EXPECT_EQ(0, journal_stop(h));
	EXPECT_TRUE(!journal_current());
	EXPECT_EQ(0, journal_commit(NULL, 5));
	EXPECT_TRUE(journal_committed(NULL, 5));
	EXPECT_EQ(0, journal_error(NULL));
	journal_commit_start(NULL, 1);
	EXPECT_EQ(0, buf_sync(&host_dev));
	EXPECT_EQ(4, on_disk(3));
	disk_destroy();
}

TEST(features_and_reading_only)
{
	struct journal *k;

	begin();
	EXPECT_EQ(0, journal_set_features(j, true, true));
	EXPECT_EQ(LOG_INCOMPAT_CSUM_V3 | LOG_INCOMPAT_64BIT, j->incompat);
	EXPECT_EQ(0, journal_set_features(j, false, true));
	EXPECT_EQ(LOG_INCOMPAT_64BIT, j->incompat);
	change(0, 3, 1);
	EXPECT_EQ(0, journal_commit(j, 0));
	EXPECT_EQ(-EBUSY, journal_set_features(j, true, true));
	/* what another system would see now */
	ASSERT_EQ(0, journal_open(&host_dev, log_at, 1, &ops, true, &k));
	EXPECT_TRUE(journal_needs_recovery(k));
	EXPECT_EQ(0, journal_close(k));
	finish(0);
	disk_create(sizeof(image), BS, image);
	ASSERT_EQ(0, journal_open(&host_dev, log_at, 1, &ops, true, &k));
	EXPECT_TRUE(!journal_needs_recovery(k));
	EXPECT_EQ(0, journal_close(k));
	disk_destroy();
}
