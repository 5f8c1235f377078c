/* SPDX-License-Identifier: MIT */
/* runq.c - scheduling policy, pure: SCHED_FIFO and SCHED_RR by priority, then fair threads by
 * virtual run time.
 *
 * A fair thread's virtual time advances by run time * 1024 / weight; the one with the least runs
 * next. A sleeper that wakes is placed no further back than half a slice before the least, so that
 * sleeping earns a quick start and no more.
 *
 * Invariants: (1) the running thread is in no queue; (2) min_vruntime never decreases; (3)
 * rt_bits[p] is set iff rt[p] has a thread.
 * Locks: runq.lock, the caller's. Ref: sched(7), setpriority(2). Tests: selftests/unit/runq_test.c
 */
#include <kernel/runq.h>

#include <kernel/task.h>

/* 1024 * 1.25^-nice, nice -20..19. Each step is worth a tenth of the CPU between two threads. */
static const u32 weights[40] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548,  7620,  6100,  4904,  3906,  3121,  2501,	 1991,	1586,  1277,
	1024,  820,   655,   526,   423,   335,	  272,	 215,	172,   137,
	110,   87,    70,    56,    45,	   36,	  29,	 23,	18,    15,
};

u32 nice_to_weight(int nice)
{
	return weights[nice + 20];
}

bool task_is_rt(const struct task *t)
{
	return t->policy == SCHED_FIFO || t->policy == SCHED_RR;
}

void runq_init(struct runq *q, u32 cpu)
{
	u32 i;

	spin_init(&q->lock, RANK_RUNQ);
	q->cpu = cpu;
	rb_init(&q->fair, NULL);
	for (i = 0; i < RT_PRIOS; i++)
		list_init(&q->rt[i]);
}

static struct task *fair_task(struct rb_node *n)
{
	return rb_entry_or_null(n, struct task, run_node);
}

static void fair_insert(struct runq *q, struct task *t)
{
	struct rb_node **link = &q->fair.root, *parent = NULL;
	bool left = true;

	while (*link) {
		parent = *link;
		if ((s64)(t->vruntime - fair_task(parent)->vruntime) < 0) {
			link = &parent->left;
		} else {
			link = &parent->right;
			left = false;
		}
	}
	rb_insert(&q->fair, &t->run_node, parent, link);
	if (left)
		q->leftmost = &t->run_node;
	q->nr_fair++;
}

static void fair_erase(struct runq *q, struct task *t)
{
	if (q->leftmost == &t->run_node)
		q->leftmost = rb_next(&t->run_node);
	rb_erase(&q->fair, &t->run_node);
	q->nr_fair--;
}

static void update_min(struct runq *q)
{
	struct task *left = fair_task(q->leftmost), *curr = q->curr;
	u64 v = q->min_vruntime;
	bool curr_fair = curr && curr != q->idle && !task_is_rt(curr);

	if (left && curr_fair)
		v = (s64)(left->vruntime - curr->vruntime) < 0 ? left->vruntime : curr->vruntime;
	else if (left)
		v = left->vruntime;
	else if (curr_fair)
		v = curr->vruntime;
	if ((s64)(v - q->min_vruntime) > 0)
		q->min_vruntime = v;
}

static void rt_insert(struct runq *q, struct task *t, bool head)
{
	struct list *l = &q->rt[t->rt_prio];

	if (head)
		list_add_head(l, &t->run_link);
	else
		list_add_tail(l, &t->run_link);
	q->rt_bits[t->rt_prio / 64] |= BIT(t->rt_prio % 64);
}

static void rt_erase(struct runq *q, struct task *t)
{
	list_del_init(&t->run_link);
	if (list_empty(&q->rt[t->rt_prio]))
		q->rt_bits[t->rt_prio / 64] &= ~BIT(t->rt_prio % 64);
}

void runq_add(struct runq *q, struct task *t, bool woken)
{
	t->queued = true;
	q->nr_running++;
	if (task_is_rt(t)) {
		if (!t->slice_left)
			t->slice_left = SCHED_RR_SLICE;
		rt_insert(q, t, false);
		return;
	}
	if (woken) {
		u64 floor = q->min_vruntime - SCHED_SLICE_NS / 2;

		if ((s64)(t->vruntime - floor) < 0)
			t->vruntime = floor;
	}
	fair_insert(q, t);
}

void runq_remove(struct runq *q, struct task *t)
{
	t->queued = false;
	q->nr_running--;
	if (task_is_rt(t))
		rt_erase(q, t);
	else
		fair_erase(q, t);
}

struct task *runq_pick(struct runq *q)
{
	struct task *t;

	if (unlikely(q->rt_bits[0] | q->rt_bits[1])) {
		u32 p = q->rt_bits[1] ? 127u - (u32)__builtin_clzl(q->rt_bits[1])
				      : 63u - (u32)__builtin_clzl(q->rt_bits[0]);

		t = list_first(&q->rt[p], struct task, run_link);
		rt_erase(q, t);
	} else if (q->leftmost) {
		t = fair_task(q->leftmost);
		fair_erase(q, t);
	} else {
		return q->idle;
	}
	t->queued = false;
	q->curr = t;
	update_min(q);
	return t;
}

/* Still counted in nr_running: it never stopped being runnable. */
void runq_put_prev(struct runq *q, struct task *t)
{
	t->queued = true;
	if (task_is_rt(t)) {
		rt_insert(q, t, t->slice_left > 0);
		if (!t->slice_left)
			t->slice_left = SCHED_RR_SLICE;
	} else {
		fair_insert(q, t);
	}
}

void runq_charge(struct runq *q, struct task *t, u64 delta_ns)
{
	if (task_is_rt(t)) {
		if (t->policy == SCHED_RR)
			t->slice_left -= min(t->slice_left, delta_ns);
		return;
	}
	t->vruntime += likely(t->weight == NICE_0_WEIGHT) ? delta_ns
							  : delta_ns * NICE_0_WEIGHT / t->weight;
}

bool runq_preempts(const struct runq *q, const struct task *woken)
{
	const struct task *curr = q->curr;

	if (curr == q->idle)
		return true;
	if (task_is_rt(woken))
		return !task_is_rt(curr) || woken->rt_prio > curr->rt_prio;
	if (task_is_rt(curr) || woken->policy == SCHED_IDLE || woken->policy == SCHED_BATCH)
		return false;
	return curr->policy == SCHED_IDLE ||
	       (s64)(curr->vruntime - woken->vruntime) > SCHED_WAKE_GRAN;
}

bool runq_slice_over(struct runq *q, u64 delta_ns)
{
	struct task *t = q->curr, *left = fair_task(q->leftmost);

	if (t == q->idle)
		return q->nr_running > 0;
	if (task_is_rt(t))
		return t->policy == SCHED_RR && t->slice_left == 0;
	if (q->rt_bits[0] | q->rt_bits[1])
		return true;
	return left && delta_ns >= SCHED_SLICE_NS && (s64)(t->vruntime - left->vruntime) > 0;
}

void runq_yield(struct runq *q, struct task *t)
{
	struct task *left = fair_task(q->leftmost);

	if (task_is_rt(t))
		t->slice_left = 0;	/* to the tail of its priority */
	else if (left && (s64)(t->vruntime - left->vruntime) <= 0)
		t->vruntime = left->vruntime + 1;
}

struct task *runq_steal(struct runq *q, u32 cpu)
{
	struct rb_node *n;

	for (n = rb_last(&q->fair); n; n = rb_prev(n)) {
		struct task *t = fair_task(n);

		if (t->affinity & BIT(cpu))
			return t;
	}
	return NULL;
}
