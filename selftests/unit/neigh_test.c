/* SPDX-License-Identifier: MIT */
/* modules: net/neigh.c */
/* neigh: the state machine on a clock of our own: what is asked and when, what waits and where it
 * goes, who is collected. */
#include <kernel/bh_timer.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <net/ip_int.h>
#include <net/neigh.h>
#include <net/net.h>

#include "unit.h"

#define TIMERS 4096u

static ktime_t now = 1000 * NSEC_PER_SEC;
static struct netdev dev;
static struct bh_timer *armed[TIMERS];
static u32 nr_armed, broadcasts, unicasts, sent, failed, freed;
static u8 last_mac[6];

ktime_t clock_monotonic(void) { return now; }
bool softirq_pending_here(void) { return false; }
void bh_run_pending(void) {}
void netdev_put(struct netdev *d) { atomic_dec(&d->refs); }
void route_changed(struct net_ns *net) { (void)net; }
void arp_solicit(struct neigh *n, bool unicast) { (void)n; unicast ? unicasts++ : broadcasts++; }
void ndp_solicit(struct neigh *n, bool unicast) { (void)n; unicast ? unicasts++ : broadcasts++; }
void ip_link_failure(struct netbuf *nb) { (void)nb; failed++; }
void netbuf_free(struct netbuf *nb) { if (nb) { freed++; host_free(nb); } }
void netdev_send(struct netbuf *nb) { sent++; host_free(nb); }
bool netdev_header(struct netbuf *nb, const u8 *mac, u16 protocol)
{
	(void)nb, (void)protocol;
	memcpy(last_mac, mac, 6);
	return true;
}

void netbuf_queue_purge(struct netbuf_queue *q)
{
	struct netbuf *nb;

	while ((nb = netbuf_queue_take(q)))
		netbuf_free(nb);
}

void bh_timer_setup(struct bh_timer *t, void (*fn)(struct bh_timer *t))
{
	*t = (struct bh_timer){ .fn = fn };
}

bool bh_timer_arm(struct bh_timer *t, ktime_t deadline_ns)
{
	bool was = t->due;

	t->due = true;
	t->timer.deadline_ns = deadline_ns;
	if (!was)
		armed[nr_armed++] = t;
	return was;
}

static void disarm(struct bh_timer *t)
{
	for (u32 i = 0; i < nr_armed; i++)
		if (armed[i] == t) {
			armed[i] = armed[--nr_armed];
			break;
		}
	t->due = false;
}

bool bh_timer_cancel(struct bh_timer *t)
{
	bool was = t->due;

	disarm(t);
	return was;
}

/* Time passes; timers fire in order. */
static void pass(ktime_t ns)
{
	ktime_t end = now + ns;

	for (;;) {
		struct bh_timer *first = NULL;

		for (u32 i = 0; i < nr_armed; i++)
			if (armed[i]->timer.deadline_ns <= end &&
			    (!first || armed[i]->timer.deadline_ns < first->timer.deadline_ns))
				first = armed[i];
		if (!first)
			break;
		now = max(now, first->timer.deadline_ns);
		disarm(first);
		first->fn(first);
	}
	now = end;
}

static void setup(void)
{
	nr_armed = broadcasts = unicasts = sent = failed = freed = 0;
	dev = (struct netdev){ .index = 2, .halen = 6 };
	ref_init(&dev.refs, 1);
	neigh_init();
}

static struct netbuf *packet(void)
{
	struct netbuf *nb = host_alloc(sizeof(*nb), 0, true);

	nb->truesize = 1000;
	return nb;
}

static const u8 mac[8] = { 2, 0, 0, 0, 0, 7 }, other[8] = { 2, 0, 0, 0, 0, 8 };

static struct neigh *fresh(void)
{
	struct neigh *n = neigh_get(&dev, ip4_host(0x0a000001));

	ASSERT_TRUE(n);
	return n;
}

TEST(three_questions_then_failure)
{
	struct neigh *n;

	setup();
	n = fresh();
	neigh_send(n, packet(), ETH_P_IP);
	neigh_send(n, packet(), ETH_P_IP);
	EXPECT_EQ(1, broadcasts);
	EXPECT_EQ(NUD_INCOMPLETE, n->state);
	pass(NSEC_PER_SEC * 5 / 2);
	EXPECT_EQ(3, broadcasts);
	EXPECT_EQ(0, failed);
	pass(NSEC_PER_SEC);
	EXPECT_EQ(NUD_FAILED, n->state);
	EXPECT_EQ(2, failed);
	EXPECT_EQ(2, freed);
	neigh_send(n, packet(), ETH_P_IP);		/* and from the beginning */
	EXPECT_EQ(NUD_INCOMPLETE, n->state);
	EXPECT_EQ(4, broadcasts);
	neigh_put(n);
	neigh_flush_dev(&dev);
	EXPECT_EQ(3, freed);
	EXPECT_EQ(1, atomic_read(&dev.refs));
}

TEST(an_answer_lets_go_what_waits)
{
	struct neigh *n;

	setup();
	n = fresh();
	neigh_send(n, packet(), ETH_P_IP);
	neigh_send(n, packet(), ETH_P_IP);
	neigh_update(n, mac, NUD_REACHABLE, NEIGH_OVERRIDE);
	EXPECT_EQ(2, sent);
	EXPECT_EQ(0, memcmp(last_mac, mac, 6));
	neigh_send(n, packet(), ETH_P_IP);
	EXPECT_EQ(3, sent);
	neigh_put(n);
	neigh_flush_dev(&dev);
	EXPECT_EQ(1, atomic_read(&dev.refs));
}

TEST(silence_makes_it_stale_then_doubtful_then_gone)
{
	struct neigh *n;

	setup();
	n = fresh();
	neigh_update(n, mac, NUD_REACHABLE, NEIGH_OVERRIDE);
	pass(31 * NSEC_PER_SEC);
	EXPECT_EQ(NUD_STALE, n->state);
	neigh_send(n, packet(), ETH_P_IP);
	EXPECT_EQ(NUD_DELAY, n->state);
	EXPECT_EQ(1, sent);
	pass(5 * NSEC_PER_SEC);
	EXPECT_EQ(NUD_PROBE, n->state);
	EXPECT_EQ(1, unicasts);
	pass(3 * NSEC_PER_SEC);
	EXPECT_EQ(3, unicasts);
	EXPECT_EQ(NUD_FAILED, n->state);
	neigh_put(n);
	neigh_flush_dev(&dev);
}

TEST(confirmation_keeps_it_reachable)
{
	struct neigh *n;

	setup();
	n = fresh();
	neigh_update(n, mac, NUD_REACHABLE, NEIGH_OVERRIDE);
	for (u32 i = 0; i < 20; i++) {
		pass(10 * NSEC_PER_SEC);
		neigh_confirm(n, now);
	}
	EXPECT_EQ(NUD_REACHABLE, n->state);
	EXPECT_EQ(0, unicasts + broadcasts);
	pass(40 * NSEC_PER_SEC);
	neigh_send(n, packet(), ETH_P_IP);
	EXPECT_EQ(NUD_DELAY, n->state);
	neigh_confirm(n, now);
	pass(5 * NSEC_PER_SEC);
	EXPECT_EQ(NUD_REACHABLE, n->state);
	neigh_put(n);
	neigh_flush_dev(&dev);
}

TEST(another_address_counts_only_with_override)
{
	struct neigh *n;

	setup();
	n = fresh();
	neigh_update(n, mac, NUD_REACHABLE, NEIGH_OVERRIDE);
	neigh_update(n, other, NUD_REACHABLE, 0);
	EXPECT_EQ(NUD_STALE, n->state);
	EXPECT_EQ(0, memcmp(&n->hw, mac, 6));
	neigh_update(n, other, NUD_STALE, NEIGH_OVERRIDE);
	EXPECT_EQ(0, memcmp(&n->hw, other, 6));
	EXPECT_EQ(0, neigh_set(&dev, n->addr, mac, NUD_PERMANENT));
	/* a packet does not change what the administrator said */
	neigh_update(n, other, NUD_REACHABLE, NEIGH_OVERRIDE);
	EXPECT_EQ(0, memcmp(&n->hw, mac, 6));
	EXPECT_EQ(NUD_PERMANENT, n->state);
	neigh_put(n);
	EXPECT_EQ(0, neigh_del(&dev, ip4_host(0x0a000001)));
	EXPECT_EQ(-ENOENT, neigh_del(&dev, ip4_host(0x0a000001)));
	EXPECT_EQ(1, atomic_read(&dev.refs));
}

TEST(the_oldest_that_waits_goes_first)
{
	struct neigh *n;

	setup();
	n = fresh();
	for (u32 i = 0; i < 150; i++)
		neigh_send(n, packet(), ETH_P_IP);
	EXPECT_EQ(101, n->waiting.n);
	EXPECT_EQ(49, freed);
	neigh_put(n);
	neigh_flush_dev(&dev);
	EXPECT_EQ(150, freed);
}

static bool count(struct neigh *n, void *arg)
{
	(void)n;
	(*(u32 *)arg)++;
	return true;
}

TEST(a_full_table_drops_who_is_unused)
{
	u32 made = 0, there = 0;

	setup();
	for (u32 i = 0; i < 3000; i++) {
		struct neigh *n = neigh_get(&dev, ip4_host(0x0a010000 + i));

		pass(NSEC_PER_MSEC * 10);
		made += n != NULL;
		if (n)
			neigh_put(n);
	}
	EXPECT_EQ(3000, made);
	neigh_for_each(count, &there);
	EXPECT_TRUE(there <= 1024);
	/* all are old, but below the first threshold nothing is collected */
	pass(200 * NSEC_PER_SEC);
	there = 0;
	neigh_for_each(count, &there);
	EXPECT_TRUE(there < 128);
	neigh_flush_dev(&dev);
	EXPECT_EQ(1, atomic_read(&dev.refs));
}
