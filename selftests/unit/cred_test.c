/* SPDX-License-Identifier: MIT */
/* modules: kernel/cred.c */
/* cred: permission bits against inode(7) written down a second time, groups against a plain search,
 * counts by user, copies. */
#include <kernel/cred.h>
#include <kernel/lib/string.h>
#include <kernel/task.h>
#include <kernel/uapi.h>
#include <mm/slab.h>

#include "unit.h"

static struct task task;
static struct proc proc;

static struct rcu_head *waiting;		/* for the end of a grace period */

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *))
{
	head->fn = fn;
	head->next = waiting;
	waiting = head;
}

static void grace_period(void)
{
	struct rcu_head *head;

	while ((head = waiting)) {
		waiting = head->next;
		head->fn(head);
	}
}

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

/* As inode(7) and capabilities(7) say it, bit by bit. */
static bool allowed(const struct cred *c, bool in_group, u32 mode, u32 owner, u32 want)
{
	u32 shift = c->fsuid.v == owner ? 6 : in_group ? 3 : 0, bit;
	bool dir = (mode & S_IFMT) == S_IFDIR, all = true;

	for (bit = 1; bit <= 4; bit <<= 1)
		if ((want & bit) && !(mode & (bit << shift)))
			all = false;
	if (all)
		return true;
	if ((c->cap_effective & BIT(CAP_DAC_OVERRIDE)) &&
	    (dir || !(want & MAY_EXEC) || (mode & 0111)))
		return true;
	if (!(c->cap_effective & BIT(CAP_DAC_READ_SEARCH)) || (want & MAY_WRITE))
		return false;
	return dir || !(want & MAY_EXEC);
}

TEST(permission_agrees_with_the_manual)
{
	static const u64 caps[] = { 0, BIT(CAP_DAC_OVERRIDE), BIT(CAP_DAC_READ_SEARCH),
				    CAP_FULL_SET, BIT(CAP_FOWNER) };
	kgid_t groups[] = { KGID(7) };
	u32 perm, want, i, who;

	for (perm = 0; perm < 01000; perm++) {
		for (i = 0; i < ARRAY_SIZE(caps) * 8 * 4 * 2; i++) {
			struct cred c = { .cap_effective = caps[i % 5],
					  .nr_groups = 1,
					  .groups = groups };
			u32 mode = (i / 5 / 32 ? S_IFDIR : S_IFREG) | perm;

			want = i / 5 % 8;
			who = i / 40 % 4;
			c.fsuid = KUID(who == 0 ? 100 : 200);
			c.fsgid = KGID(who == 1 ? 50 : 60);
			ASSERT_EQ(allowed(&c, who == 1 || who == 2, mode, 100, want) ? 0 : -EACCES,
				  may_access(&c, mode, KUID(100), KGID(who == 2 ? 7 : 50), want));
		}
	}
}

TEST(groups_are_found)
{
	kgid_t groups[40];
	u32 n, i, g;

	for (n = 0; n < 40; n++) {
		struct cred c = { .fsgid = KGID(999), .nr_groups = n, .groups = groups };

		for (i = 0; i < n; i++)
			groups[i] = KGID(i * 3 + 5);
		for (g = 0; g < 130; g++)
			ASSERT_EQ(g >= 5 && (g - 5) % 3 == 0 && (g - 5) / 3 < n,
				  cred_in_group(&c, KGID(g)));
		EXPECT_TRUE(cred_in_group(&c, KGID(999)));
	}
}

TEST(a_copy_is_its_own)
{
	u64 before = host_allocations();
	struct cred *a = cred_copy(&cred_init), *b;
	u32 n;

	ASSERT_TRUE(a);
	a->nr_groups = 2;
	a->groups = kmalloc(2 * sizeof(kgid_t), PAGE_KERNEL);
	a->groups[0] = KGID(1);
	a->groups[1] = KGID(2);
	b = cred_copy(a);
	ASSERT_TRUE(b && b->groups != a->groups);
	EXPECT_TRUE(cred_in_group(b, KGID(2)));
	for (n = 0; n < 2; n++) {
		host_fail_allocations(n);
		EXPECT_TRUE(!cred_copy(a));
		host_fail_allocations(-1);
	}
	cred_put(cred_get(a));
	cred_put(a);
	EXPECT_EQ(2, a->groups[1].v);			/* a reader under RCU may still look */
	grace_period();
	EXPECT_TRUE(cred_in_group(b, KGID(1)));
	cred_put(b);
	grace_period();
	EXPECT_EQ(before, host_allocations());
}

TEST(counts_by_user)
{
	enum { USERS = 200 };
	static s64 procs[USERS], pending[USERS];
	u64 before = host_allocations();
	u32 i, step, u;

	for (step = 0; step < 20000; step++) {
		u = rnd(USERS);
		if (rnd(2)) {
			s64 d = procs[u] && rnd(2) ? -1 : 1;

			cred_count_proc(KUID(u), d);
			procs[u] += d;
		} else if (procs[u]) {		/* signals are queued by those who run */
			s64 d = pending[u] && rnd(2) ? -1 : 1;

			cred_count_pending(KUID(u), d);
			pending[u] += d;
		}
		ASSERT_EQ(procs[u], cred_nr_procs(KUID(u)));
		ASSERT_EQ(pending[u], cred_nr_pending(KUID(u)));
	}
	for (i = 0; i < USERS; i++) {
		cred_count_proc(KUID(i), -procs[i]);
		cred_count_pending(KUID(i), -pending[i]);
		ASSERT_EQ(0, cred_nr_procs(KUID(i)) + cred_nr_pending(KUID(i)));
	}
	EXPECT_EQ(before, host_allocations());
}

TEST(a_new_cred_counts_for_its_user)
{
	struct cred *mine, *other;

	task.cred = cred_get(&cred_init);
	host_current = &task.head;
	mine = cred_copy(&cred_init);
	cred_install(mine);				/* no process: nothing to count */
	EXPECT_TRUE(current_cred() == mine);
	EXPECT_TRUE(capable(CAP_SYS_ADMIN));
	task.proc = &proc;
	cred_count_proc(KUID(0), 1);
	other = cred_copy(mine);
	other->uid = KUID(1000);
	other->cap_effective = 0;
	cred_install(other);
	EXPECT_EQ(0, cred_nr_procs(KUID(0)));
	EXPECT_EQ(1, cred_nr_procs(KUID(1000)));
	EXPECT_TRUE(!capable(CAP_SYS_ADMIN));
	grace_period();
	cred_put(other);
	grace_period();
}
