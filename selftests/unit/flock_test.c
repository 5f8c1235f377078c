/* SPDX-License-Identifier: MIT */
/* modules: fs/flock.c */
/* flock: random locks of several owners and kinds against one cell a byte and owner; what F_GETLK
 * answers; waiting and deadlock. */
#include <fs/dcache.h>
#include <fs/flock.h>
#include <fs/vnode.h>
#include <kernel/file.h>
#include <kernel/task.h>
#include <kernel/uapi.h>

#include "unit.h"

#define OWNERS 4u
#define BYTES  48u

static struct vnode vnode;
static struct dentry dentry = { .vnode = &vnode };
static struct file files[OWNERS];
static struct proc procs[OWNERS];
static struct pid pids[OWNERS];
static struct task tasks[OWNERS];
static u8 tables[OWNERS];
static u32 wakes;

/* model[kind][owner][byte]: 0, F_RDLCK + 1 or F_WRLCK + 1 */
static u8 model[3][OWNERS][BYTES];

bool object_tryget(struct object *o)
{
	return ref_tryget(&o->refs);
}

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

/* ---- doubles: one thread, which becomes another while the first would sleep ---- */

static void (*while_asleep)(void);
static int interrupted;

void waitq_init(struct waitq *q)
{
	list_init(&q->sleepers);
}

void waitq_wake_all(struct waitq *q)
{
	(void)q;
	wakes++;
}

void waitq_enter(struct wait_entry *e, struct waitq *q, enum wait_mode mode, bool exclusive)
{
	(void)e, (void)q, (void)exclusive;
	EXPECT_EQ(WAIT_INTERRUPTIBLE, mode);
}

void waitq_exit(struct wait_entry *e, bool pass_on)
{
	(void)e, (void)pass_on;
}

int waitq_block(struct wait_entry *e, ktime_t deadline)
{
	struct thread_head *me = host_current;

	(void)e, (void)deadline;
	if (while_asleep)
		while_asleep();
	host_current = me;
	return interrupted;
}

static void become(u32 i)
{
	host_current = &tasks[i].head;
}

static void begin(void)
{
	u32 i;

	for (i = 0; i < OWNERS; i++) {
		pids[i].nr = (pid_t)(100 + i);
		procs[i].pid = &pids[i];
		tasks[i].proc = &procs[i];
		tasks[i].handles = (struct handle_table *)&tables[i];
		files[i].dentry = &dentry;
	}
	spin_init(&vnode.spin, RANK_OBJECT);
	become(0);
}

/* ---- against the model ---- */

static bool conflicts(u32 kind, u32 owner, u32 type, u32 a, u32 b)
{
	u32 k, o, i;

	for (k = 0; k < 3; k++)
		for (o = 0; o < OWNERS; o++)
			for (i = a; i <= b; i++)
				if ((k == LOCK_KIND_FLOCK) == (kind == LOCK_KIND_FLOCK) &&
				    (k != kind || o != owner) && model[k][o][i] &&
				    (type == F_WRLCK || model[k][o][i] == F_WRLCK + 1))
					return true;
	return false;
}

static struct lock_request request(u32 kind, u32 type, u32 a, u32 b)
{
	return (struct lock_request){ .kind = (enum lock_kind)kind,
				      .type = (u8)type,
				      .start = a,
				      .end = b == BYTES - 1 ? S64_MAX : b };
}

/* The lock that was named is one that somebody has, to its ends. */
static bool holds_all(u32 kind, const struct lock_request *r)
{
	u32 end = (u32)min(r->end, (s64)BYTES - 1), o, i;

	for (o = 0; o < OWNERS; o++) {
		if (r->pid != -1 && r->pid != (pid_t)(100 + o))
			continue;
		for (i = (u32)r->start; i <= end && model[kind][o][i] == r->type + 1; i++)
			;
		if (i == end + 1 && (i == BYTES || model[kind][o][i] != r->type + 1))
			return true;
	}
	return false;
}

static void check_test(u32 kind, u32 owner, u32 a, u32 b)
{
	u32 type = rnd(2) ? F_RDLCK : F_WRLCK;
	struct lock_request r = request(kind, type, a, b);

	flock_test(&files[owner], &r);
	ASSERT_EQ(!conflicts(kind, owner, type, a, b), r.type == F_UNLCK);
	if (r.type == F_UNLCK)
		return;
	ASSERT_TRUE(r.start <= b && r.end >= a);
	ASSERT_TRUE(holds_all(r.pid == -1		? LOCK_KIND_OFD
			      : kind == LOCK_KIND_FLOCK ? LOCK_KIND_FLOCK
							: LOCK_KIND_POSIX,
			      &r));
}

TEST(random_locks_agree_with_an_array)
{
	u64 before = host_allocations();
	u32 step, i;

	begin();
	for (step = 0; step < 40000; step++) {
		u32 kind = rnd(3), owner = rnd(OWNERS), a = rnd(BYTES), b = a + rnd(BYTES - a);
		u32 type = rnd(3) == 0 ? F_UNLCK : rnd(2) ? F_RDLCK : F_WRLCK;
		struct lock_request r;

		if (kind == LOCK_KIND_FLOCK)
			a = 0, b = BYTES - 1;
		become(owner);
		if (rnd(200) == 0) {
			flock_close(&files[owner], current()->handles);
			flock_release(&files[owner]);
			for (kind = 0; kind < 3; kind++)
				for (i = 0; i < BYTES; i++)
					model[kind][owner][i] = 0;
			continue;
		}
		check_test(kind, owner, a, b);
		r = request(kind, type, a, b);
		if (type != F_UNLCK && conflicts(kind, owner, type, a, b)) {
			ASSERT_EQ(-EAGAIN, flock_set(&files[owner], &r, false));
			continue;
		}
		ASSERT_EQ(0, flock_set(&files[owner], &r, false));
		for (i = a; i <= b; i++)
			model[kind][owner][i] = type == F_UNLCK ? 0 : (u8)(type + 1);
	}
	for (i = 0; i < OWNERS; i++) {
		become(i);
		flock_close(&files[i], current()->handles);
		flock_release(&files[i]);
	}
	flock_free(&vnode);
	EXPECT_EQ(before, host_allocations());
}

/* Neighbours of one type are one lock: else a file locked byte by byte would hold as many as it has
 * bytes. */
TEST(neighbours_become_one)
{
	u64 before;
	u32 i;

	begin();
	for (i = 0; i < BYTES - 1; i += 2) {
		struct lock_request r = request(LOCK_KIND_POSIX, F_RDLCK, i, i);

		ASSERT_EQ(0, flock_set(&files[0], &r, false));
	}
	before = host_allocations();
	for (i = 1; i < BYTES - 1; i += 2) {
		struct lock_request r = request(LOCK_KIND_POSIX, F_RDLCK, i, i);

		ASSERT_EQ(0, flock_set(&files[0], &r, false));
	}
	EXPECT_EQ(before - BYTES / 2 + 1, host_allocations());
	flock_close(&files[0], current()->handles);
	flock_free(&vnode);
}

/* ---- waiting ---- */

static void release_second(void)
{
	struct lock_request r = request(LOCK_KIND_POSIX, F_UNLCK, 0, 9);

	become(1);
	ASSERT_EQ(0, flock_set(&files[1], &r, false));
}

static void second_wants_ours(void)
{
	struct lock_request r = request(LOCK_KIND_POSIX, F_WRLCK, 20, 29);

	become(1);
	EXPECT_EQ(-EDEADLK, flock_set(&files[1], &r, true));
	release_second();
}

static void hold(u32 owner, u32 a, u32 b)
{
	struct lock_request r = request(LOCK_KIND_POSIX, F_WRLCK, a, b);

	become(owner);
	ASSERT_EQ(0, flock_set(&files[owner], &r, false));
}

static void wait_for_second(int want)
{
	struct lock_request r = request(LOCK_KIND_POSIX, F_WRLCK, 5, 6);

	hold(1, 0, 9);
	hold(0, 20, 29);
	become(0);
	EXPECT_EQ(want, flock_set(&files[0], &r, true));
}

TEST(a_waiter_gets_the_lock_when_it_is_free)
{
	begin();
	while_asleep = release_second;
	wait_for_second(0);
	hold(0, 5, 6);
	EXPECT_TRUE(wakes > 3);
	flock_close(&files[0], current()->handles);
	flock_free(&vnode);
}

TEST(a_circle_of_waiters_is_refused)
{
	begin();
	while_asleep = second_wants_ours;
	wait_for_second(0);
	flock_close(&files[0], current()->handles);
	flock_free(&vnode);
}

TEST(a_signal_ends_the_wait)
{
	begin();
	interrupted = -ERESTARTSYS;
	wait_for_second(-ERESTARTSYS);
	flock_close(&files[0], tasks[0].handles);
	flock_close(&files[1], tasks[1].handles);
	flock_free(&vnode);
}

TEST(what_cannot_be_locked)
{
	struct lock_request r = request(LOCK_KIND_POSIX, F_UNLCK, 0, 1);
	/* the set, the lock, the half that a split needs */
	static const long allocations[] = { 0, 1, 1 };
	struct file none = {};
	u32 i;

	begin();
	EXPECT_EQ(-EBADF, flock_set(&none, &r, false));
	EXPECT_EQ(0, flock_set(&files[0], &r, false));		/* nothing to unlock */
	EXPECT_TRUE(!vnode.locks);
	flock_test(&files[0], &r);
	EXPECT_EQ(F_UNLCK, r.type);
	for (i = 0; i < 3; i++) {
		r = request(LOCK_KIND_FLOCK, F_WRLCK, 0, BYTES - 1);
		host_fail_allocations(allocations[i]);
		EXPECT_EQ(-ENOLCK, flock_set(&files[0], &r, false));
		host_fail_allocations(-1);
	}
	flock_free(&vnode);
}

TEST(what_proc_locks_lists)
{
	struct lock_request got, a = request(LOCK_KIND_POSIX, F_WRLCK, 5, 9),
				 b = request(LOCK_KIND_OFD, F_RDLCK, 20, 30);

	begin();
	EXPECT_TRUE(!flock_nth_file(0));
	EXPECT_EQ(0, flock_set(&files[0], &a, false));
	EXPECT_EQ(0, flock_set(&files[1], &b, false));
	EXPECT_TRUE(!flock_nth_file(0));	/* nobody holds the file any more: not shown */
	ref_init(&vnode.obj.refs, 1);
	EXPECT_TRUE(flock_nth_file(0) == &vnode);
	EXPECT_TRUE(!flock_nth_file(1));
	EXPECT_TRUE(flock_nth_lock(&vnode, 0, &got));
	EXPECT_EQ(LOCK_KIND_POSIX, got.kind);
	EXPECT_EQ(5, got.start);
	EXPECT_TRUE(flock_nth_lock(&vnode, 1, &got));
	EXPECT_EQ(LOCK_KIND_OFD, got.kind);
	EXPECT_EQ(-1, (int)got.pid);		/* of a description, not of a process */
	EXPECT_TRUE(!flock_nth_lock(&vnode, 2, &got));
	flock_close(&files[0], tasks[0].handles);
	flock_release(&files[1]);
	flock_free(&vnode);
}
