/* SPDX-License-Identifier: MIT */
/* modules: fs/ext/journal.c fs/ext/journal_open.c fs/ext/journal_commit.c fs/ext/journal_home.c
 * fs/ext/journal_log.c fs/ext/journal_recover.c fs/buf.c fs/bio.c fs/blkflush.c fs/blkdev_cache.c
 * fs/pageio.c mm/vmo.c mm/vmo_rw.c mm/pagecache.c mm/iter.c mm/buddy.c kernel/lib/xarray.c
 * kernel/lib/rbtree.c kernel/lib/crc.c kernel/lib/string.c selftests/host/pages.c
 * selftests/host/disk.c selftests/host/nouser.c */
/* journal: transactions over a disk with a volatile cache, cut off anywhere: after replay every
 * block is as some transaction left it, none that was waited for is missing, none is in halves. */
#include <fs/ext/journal_int.h>
#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>

#include "disk.h"
#include "unit.h"

#define BS     1024u
#define BLOCKS 1200u
#define LOG    600u		/* blocks of the log, in two pieces */
#define HOMES  64u		/* blocks 100.. that transactions change */
#define HOME   100u
#define MAX_TX 4096u

static const struct journal_extent log_at[] = { { 400, 450 }, { 1000, 150 } };
static u8 image[BLOCKS * BS], crashed[BLOCKS * BS];
static struct journal *j;
static u32 version[HOMES];			/* as the running transaction has them */
/* as each transaction that changed something left them */
static u32 history[MAX_TX][HOMES];
/* transactions begun; and the last one that was waited for */
static u32 nr_tx, acknowledged;
static u32 tx_tid[MAX_TX];
static u32 features;
static int data_flushes;

#define ASSERT_RETURN(cond, value) do { if (!(cond)) { FAIL("not so: %s", #cond); return value; } } while (0)

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

static int flush_data(void *owner)
{
	(void)owner;
	data_flushes++;
	return 0;
}

static const struct journal_ops ops = { .flush_data = flush_data };

static void make_log(u32 incompat, u32 compat)
{
	u8 *s = image + 400 * BS;

	memset(image, 0, sizeof(image));
	journal_set_header(s, LOG_SUPER_V2, 0);
	put_be32(s + LS_BLOCK_SIZE, BS);
	put_be32(s + LS_MAXLEN, LOG);
	put_be32(s + LS_FIRST, 1);
	put_be32(s + LS_SEQUENCE, 7);
	put_be32(s + LS_NR_USERS, 1);
	put_be32(s + LS_INCOMPAT, incompat);
	put_be32(s + LS_COMPAT, compat);
	for (u32 i = 0; i < 16; i++)
		s[LS_UUID + i] = (u8)(i * 7);
	if (incompat & (LOG_INCOMPAT_CSUM_V2 | LOG_INCOMPAT_CSUM_V3)) {
		s[LS_CHECKSUM_TYPE] = LOG_CHECKSUM_CRC32C;
		put_be32(s + LS_CHECKSUM, crc32c(~0u, s, LS_BYTES));
	}
	for (u32 i = 0; i < HOMES; i++)
		for (u32 k = 0; k < BS / 4; k++)
			put_be32(image + (HOME + i) * BS + 4 * k, 0);
}

static void fill(u8 *data, u32 home, u32 v)
{
	for (u32 k = 0; k < BS / 4; k++)
		put_be32(data + 4 * k, v * 1000 + home);
	if (v % 3 == 0)
		/* as a block of the log begins: must be escaped */
		put_be32(data, LOG_MAGIC);
}

static bool is_filled(const u8 *data, u32 home, u32 v)
{
	u8 want[BS];

	if (!v)
		return mem_is_zero(data, BS);
	fill(want, home, v);
	return !memcmp(want, data, BS);
}

static void open_journal(void)
{
	ASSERT_EQ(0, journal_open(&host_dev, log_at, 2, &ops, false, &j));
}

static void begin(u32 incompat, u32 compat)
{
	make_log(incompat, compat);
	features = incompat;
	memset(version, 0, sizeof(version));
	nr_tx = acknowledged = 0;
	memset(history[0], 0, sizeof(history[0]));
	disk_create(sizeof(image), BS, image);
	open_journal();
}

/* One handle that changes a few blocks. */
static u32 change(u32 most)
{
	struct journal_handle *h, *inner;
	u32 n = 1 + rnd(most), tid;
	struct buf *b;

	ASSERT_RETURN(journal_start(j, &host_dev, n, &h) == 0, 0);
	ASSERT_RETURN(journal_start(j, &host_dev, 5, &inner) == 0 && inner == h, 0);
	ASSERT_RETURN(journal_stop(inner) == 0, 0);
	nr_tx++;
	for (u32 i = 0; i < n; i++) {
		u32 home = rnd(HOMES);

		ASSERT_RETURN(buf_read(&host_dev, HOME + home, &b) == 0, 0);
		EXPECT_TRUE(is_filled(b->data, home, version[home]));
		ASSERT_RETURN(journal_get_write(h, b) == 0, 0);
		version[home] = nr_tx;
		fill(b->data, home, nr_tx);
		ASSERT_RETURN(journal_dirty(h, b) == 0, 0);
		buf_put(b);
	}
	tid = journal_tid(h);
	memcpy(history[nr_tx], version, sizeof(version));
	tx_tid[nr_tx] = tid;
	EXPECT_EQ(0, journal_stop(h));
	return tid;
}

static void wait_for(u32 tid)
{
	u32 upto = nr_tx;

	EXPECT_EQ(0, journal_commit(j, tid));
	EXPECT_TRUE(journal_committed(j, tid));
	while (upto && journal_tid_after(tx_tid[upto], tid))
		upto--;
	acknowledged = max(acknowledged, upto);
}

static void other_thread(void)
{
	/* The same thread here: only while a commit waits, and where no other commit is wanted. */
	if (!current()->journal && j->free > 300 && (!j->running || j->running->nr_bufs < 20))
		change(3);
}

/* What is on the disk: which of the histories, U32_MAX none. */
static u32 find_state(const u8 *disk)
{
	for (u32 t = nr_tx + 1; t-- > 0;) {
		u32 i = 0;

		while (i < HOMES && is_filled(disk + (HOME + i) * BS, i, history[t][i]))
			i++;
		if (i == HOMES)
			return t;
	}
	return U32_MAX;
}

/* Replays a crash image, twice; the state it shows. */
static u32 replay(void)
{
	struct journal *k;
	u32 first, again;

	for (u32 round = 0; round < 2; round++) {
		disk_create(sizeof(crashed), BS, crashed);
		if (journal_open(&host_dev, log_at, 2, &ops, false, &k)) {
			disk_destroy();
			return U32_MAX;
		}
		again = find_state(disk_now());
		ASSERT_RETURN(journal_close(k) == 0, U32_MAX);
		disk_settle();
		EXPECT_EQ(again, find_state(disk_now()));
		if (round == 0)
			first = again;
		EXPECT_EQ(first, again);
		disk_destroy();
	}
	return again;
}

struct cut {
	u32 at, acknowledged, begun;
};

static u32 lost;

/* A workload whose every step remembers what a cut from there on may not lose. Then cuts, and
 * whether they lose something. */
static void run(u32 steps, u32 cuts)
{
	static struct cut marks[MAX_TX];
	u32 nr = 0, length, i, m;

	for (i = 0; i < steps; i++) {
		u32 tid;

		if (rnd(4) == 0)
			disk_meanwhile = other_thread;
		tid = change(rnd(8) ? 4 : 40);
		if (rnd(3) == 0)
			wait_for(tid);
		disk_meanwhile = NULL;
		if (rnd(40) == 0)
			EXPECT_EQ(0, journal_flush(j));
		disk_settle();
		marks[nr++] = (struct cut){ disk_log_length(), acknowledged, nr_tx };
	}
	EXPECT_TRUE(!current()->journal);
	length = disk_log_length();
	EXPECT_EQ(0, journal_close(j));
	for (i = 0; i < HOMES; i++)
		EXPECT_TRUE(is_filled((const u8 *)disk_now() + (HOME + i) * BS, i, version[i]));
	disk_detach();
	for (i = 0; i < cuts; i++) {
		u32 at = rnd(length + 1), t;

		disk_crash_image(at, rnd(4) * 85, crashed);
		for (m = 0; m < nr && marks[m].at <= at; m++)
			;
		t = replay();
		lost += t == U32_MAX || t < (m ? marks[m - 1].acknowledged : 0) ||
			t > (m < nr ? marks[m].begun : nr_tx);
	}
	disk_forget();
}

static void check(u32 incompat, u32 compat, u32 steps, u32 cuts)
{
	lost = 0;
	begin(incompat, compat);
	run(steps, cuts);
	EXPECT_EQ(0, lost);
}

TEST(cuts_lose_nothing)
{
	disk_shuffle = true;
	check(LOG_INCOMPAT_REVOKE, 0, 150, 300);
	check(LOG_INCOMPAT_64BIT | LOG_INCOMPAT_CSUM_V3, 0, 150, 300);
	check(LOG_INCOMPAT_CSUM_V2, 0, 150, 150);
	check(LOG_INCOMPAT_64BIT | LOG_INCOMPAT_CSUM_V2, 0, 150, 150);
}

/* The tests can fail: without flushes something is lost. */
TEST(without_flushes_something_is_lost)
{
	disk_shuffle = true;
	disk_skip_flush = 1;
	lost = 0;
	begin(LOG_INCOMPAT_64BIT | LOG_INCOMPAT_CSUM_V3, 0);
	run(150, 300);
	disk_skip_flush = 0;
	EXPECT_TRUE(lost > 0);
}

/* Freed blocks: what a later owner writes there without the journal is not undone by a replay. */
TEST(revoked_blocks_stay_as_their_new_owner_left_them)
{
	struct journal_handle *h;
	struct buf *b;
	u32 tid, i;

	begin(LOG_INCOMPAT_64BIT | LOG_INCOMPAT_CSUM_V3, 0);
	for (i = 0; i < 30; i++) {
		tid = change(5);
		wait_for(tid);
	}
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, journal_start(j, &host_dev, 4, &h));
		b = buf_find(&host_dev, HOME + i);
		ASSERT_EQ(0, journal_forget(h, b, HOME + i));
		tid = journal_tid(h);
		ASSERT_EQ(0, journal_stop(h));
	}
	ASSERT_EQ(0, journal_commit(j, tid));
	for (i = 0; i < 10; i++) {		/* the new owner: file data */
		ASSERT_EQ(0, buf_read(&host_dev, HOME + i, &b));
		memset(b->data, 0x77, BS);
		ASSERT_EQ(0, buf_write(&b, 1, 0));
		buf_put(b);
	}
	ASSERT_EQ(0, blkdev_flush(&host_dev));
	i = disk_log_length();
	ASSERT_EQ(0, journal_close(j));
	disk_detach();
	disk_crash_image(i, 0, crashed);
	disk_create(sizeof(crashed), BS, crashed);
	open_journal();
	for (i = 0; i < 10; i++)
		EXPECT_EQ(0x77, ((const u8 *)disk_now())[(HOME + i) * BS + 5]);
	for (; i < HOMES; i++)
		EXPECT_TRUE(is_filled((const u8 *)disk_now() + (HOME + i) * BS, i, version[i]));
	ASSERT_EQ(0, journal_close(j));
	disk_destroy();
	disk_forget();
}

TEST(a_device_that_fails_stops_the_journal)
{
	struct journal_handle *h;
	u32 i;

	begin(LOG_INCOMPAT_CSUM_V3, 0);
	for (i = 0; i < 20; i++)
		wait_for(change(5));
	disk_fail_writes = 1;
	change(10);
	EXPECT_EQ(-EIO, journal_commit(j, 0));
	disk_fail_writes = 0;
	EXPECT_EQ(-EIO, journal_error(j));
	EXPECT_EQ(-EROFS, journal_start(j, &host_dev, 1, &h));
	EXPECT_EQ(-EIO, journal_close(j));
	disk_destroy();
}

TEST(handles_know_their_limits)
{
	struct journal_handle *h;
	u32 tid;

	begin(LOG_INCOMPAT_CSUM_V3, 0);
	EXPECT_EQ(-ENOSPC, journal_start(j, &host_dev, LOG, &h));
	ASSERT_EQ(0, journal_start(j, &host_dev, 3, &h));
	tid = journal_tid(h);
	EXPECT_EQ(0, journal_extend(h, 10));
	EXPECT_EQ(13, journal_credits(h));
	EXPECT_EQ(1, journal_extend(h, LOG));
	EXPECT_EQ(0, journal_restart(h, 20));
	EXPECT_EQ(20, journal_credits(h));
	EXPECT_EQ(tid, journal_tid(h));
	journal_set_sync(h);
	EXPECT_EQ(0, journal_stop(h));
	EXPECT_TRUE(journal_committed(j, tid));
	ASSERT_EQ(0, journal_close(j));
	disk_destroy();
}

TEST(logs_that_are_none)
{
	static const struct { u32 at, value; int err; } rows[] = {
		{ 0, 1, -EINVAL },
		{ 4, 9, -EINVAL },
		{ LS_BLOCK_SIZE, 4096, -EINVAL },
		{ LS_MAXLEN, LOG + 1, -EINVAL },
		{ LS_MAXLEN, 20, -EINVAL },
		{ LS_FIRST, 0, -EINVAL },
		{ LS_FIRST, LOG, -EINVAL },
		{ LS_START, LOG, -EINVAL },
		{ LS_INCOMPAT, 0x20, -EOPNOTSUPP },
		{ LS_INCOMPAT, 0x1000, -EOPNOTSUPP },
		{ LS_INCOMPAT, LOG_INCOMPAT_CSUM_V3, -EOPNOTSUPP },
		{ LS_NR_USERS, 2, -EINVAL },
	};

	for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
		make_log(0, 0);
		put_be32(image + 400 * BS + rows[i].at, rows[i].value);
		disk_create(sizeof(image), BS, image);
		EXPECT_EQ(rows[i].err, journal_open(&host_dev, log_at, 2, &ops, false, &j));
		disk_destroy();
	}
	make_log(LOG_INCOMPAT_CSUM_V3, 0);
	image[400 * BS + LS_SEQUENCE]++;
	disk_create(sizeof(image), BS, image);
	EXPECT_EQ(-EINVAL, journal_open(&host_dev, log_at, 2, &ops, false, &j));
	disk_destroy();
}
