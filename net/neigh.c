/* SPDX-License-Identifier: MIT */
/* neigh.c - neighbours: one state machine for ARP and neighbour discovery, and the queue of packets
 * that wait for an answer.
 *
 *	(made) --send--> INCOMPLETE --answer--> REACHABLE --30 s without confirmation--> STALE
 *	--send--> DELAY --5 s--> PROBE
 *	                     |                      ^------------- answer, or a transport's confirmation ------------------'
 *	                     `--3 unanswered--> FAILED <--3 unanswered-- PROBE;  FAILED --send-->
 *	                     INCOMPLETE
 *
 * Invariants:
 *  (1) the table holds one reference; whoever brings refs from 1 to 0 in a collection takes the
 *      entry out: nobody can find it then.
 *  (2) an armed timer holds a reference.
 *  (3) waiting is empty unless state is INCOMPLETE.
 *  (4) hw has NEIGH_HW_VALID iff state is one of NUD_VALID: senders read that word alone.
 *
 * Locks: buckets_lock and neigh.lock [RANK_SOCK_TABLE], never both; bottom halves off. No packet is
 * sent under them.
 * Ref: RFC 4861 s7.3, RFC 1122 s2.3.2, arp(7). Tests: selftests/unit/neigh_test.c
 */
#include <net/neigh.h>

#include <kernel/bh.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <mm/slab.h>
#include <net/ip_int.h>
#include <net/net.h>

#define BUCKETS		256u
#define PROBES		3u
#define RETRANS		NSEC_PER_SEC
#define REACHABLE_TIME	(30 * NSEC_PER_SEC)
#define DELAY_TIME	(5 * NSEC_PER_SEC)
#define STALE_TIME	(60 * NSEC_PER_SEC)
#define GC_PERIOD	(30 * NSEC_PER_SEC)
#define GC_THRESH1	128u
#define GC_THRESH2	512u
#define GC_THRESH3	1024u
#define WAITING_PACKETS 101u
#define WAITING_BYTES	212992u		/* net.ipv4.neigh.default.unres_qlen_bytes */

static struct spinlock buckets_lock = SPINLOCK_INIT(RANK_SOCK_TABLE);
static struct hlist buckets[BUCKETS];	/* [buckets_lock, RCU] */
static u32 nr_neighs;			/* [buckets_lock] */
static ktime_t last_forced;		/* [buckets_lock] */
static struct bh_timer gc_timer;

static void neigh_timer(struct bh_timer *t);

static struct hlist *bucket_of(const struct netdev *d, struct ipaddr a)
{
	return &buckets[(ip_hash(a) + (u32)d->index * 0x9e3779b1u) % BUCKETS];
}

static void free_rcu(struct rcu_head *h)
{
	struct neigh *n = container_of(h, struct neigh, rcu);

	netdev_put(n->dev);
	kfree(n);
}

void neigh_put(struct neigh *n)
{
	if (ref_put(&n->refs)) {
		netbuf_queue_purge(&n->waiting);
		call_rcu(&n->rcu, free_rcu);
	}
}

static struct neigh *find_rcu(struct netdev *d, struct ipaddr a)
{
	struct neigh *n;

	hlist_for_each_entry(n, bucket_of(d, a), hash)
		if (n->dev == d && ip_eq(n->addr, a))
			return n;
	return NULL;
}

struct neigh *neigh_find(struct netdev *d, struct ipaddr a)
{
	struct neigh *n;

	rcu_read_lock();
	n = find_rcu(d, a);
	if (n && !ref_tryget(&n->refs))
		n = NULL;
	rcu_read_unlock();
	return n;
}

/* ---- collection ---- */

/* (1) buckets_lock held. False: somebody uses it. */
static bool take_out(struct neigh *n)
{
	u32 one = 1;

	if (!atomic_cmpxchg(&n->refs, &one, 0))
		return false;
	hlist_del(&n->hash);
	n->dead = true;
	nr_neighs--;
	netbuf_queue_purge(&n->waiting);
	call_rcu(&n->rcu, free_rcu);
	return true;
}

/* Drops what nobody uses and what was not used for age. */
static void collect(ktime_t age, bool failed_too)
{
	ktime_t now = clock_monotonic();

	for (u32 i = 0; i < BUCKETS; i++) {
		struct hnode *h = buckets[i].first, *next;

		for (; h; h = next) {
			struct neigh *n = container_of(h, struct neigh, hash);

			next = h->next;
			if (READ_ONCE(n->state) & (NUD_PERMANENT | NUD_NOARP))
				continue;
			if ((failed_too && n->state == NUD_FAILED) ||
			    now - max(n->used, n->updated) > age)
				(void)take_out(n);
		}
	}
}

static void gc_tick(struct bh_timer *t)
{
	spin_lock(&buckets_lock);
	if (nr_neighs >= GC_THRESH1)
		collect(STALE_TIME, true);
	spin_unlock(&buckets_lock);
	bh_timer_arm(t, clock_monotonic() + GC_PERIOD);
}

/* buckets_lock held. False: the table is full. */
static bool make_room(void)
{
	ktime_t now = clock_monotonic();

	if (nr_neighs < GC_THRESH2 ||
	    (nr_neighs < GC_THRESH3 && now - last_forced < 5 * NSEC_PER_SEC))
		return true;
	last_forced = now;
	collect(5 * NSEC_PER_SEC, true);
	if (nr_neighs >= GC_THRESH3)
		collect(0, true);
	return nr_neighs < GC_THRESH3;
}

static struct neigh *make(struct netdev *d, struct ipaddr a)
{
	struct neigh *n = kmalloc(sizeof(*n), PAGE_ATOMIC | PAGE_ZEROED);

	if (!n)
		return NULL;
	n->addr = a;
	n->dev = d;
	netdev_get(d);
	ref_init(&n->refs, 2);		/* the table's, the caller's */
	spin_init(&n->lock, RANK_SOCK_TABLE);
	n->used = n->updated = clock_monotonic();
	n->confirmed = n->used - REACHABLE_TIME;
	netbuf_queue_init(&n->waiting);
	bh_timer_setup(&n->timer, neigh_timer);
	return n;
}

struct neigh *neigh_get(struct netdev *d, struct ipaddr a)
{
	struct neigh *n = neigh_find(d, a), *other;
	bool full = false;

	if (likely(n))
		return n;
	n = make(d, a);
	if (!n)
		return NULL;
	spin_lock_bh(&buckets_lock);
	other = find_rcu(d, a);
	if (other && !ref_tryget(&other->refs))
		other = NULL;
	if (!other) {
		full = !make_room();
		if (!full) {
			hlist_add(bucket_of(d, a), &n->hash);
			nr_neighs++;
		}
	}
	spin_unlock_bh(&buckets_lock);
	if (!other && !full)
		return n;
	netdev_put(d);
	kfree(n);
	return other;
}

/* ---- the state machine ---- */

/* What to do after the lock is gone. */
struct action {
	bool solicit, unicast;
	struct netbuf_queue send, fail;
};

static void action_init(struct action *a)
{
	*a = (struct action){};
	netbuf_queue_init(&a->send);
	netbuf_queue_init(&a->fail);
}

static void solicit(struct neigh *n, bool unicast)
{
	if (ip_is4(n->addr))
		arp_solicit(n, unicast);
	else
		ndp_solicit(n, unicast);
}

static void transmit(struct neigh *n, struct netbuf *nb, u64 hw)
{
	if (netdev_header(nb, (const u8 *)&hw, nb->protocol))
		netdev_send(nb);
	else
		netbuf_free(nb);
}

static void act(struct neigh *n, struct action *a)
{
	u64 hw = READ_ONCE(n->hw);
	struct netbuf *nb;

	if (a->solicit)
		solicit(n, a->unicast);
	while ((nb = netbuf_queue_take(&a->send)))
		transmit(n, nb, hw);
	while ((nb = netbuf_queue_take(&a->fail))) {
		ip_link_failure(nb);
		netbuf_free(nb);
	}
}

static void arm_locked(struct neigh *n, ktime_t when)
{
	if (!bh_timer_arm(&n->timer, when))
		ref_get(&n->refs);		/* (2) */
}

static void move_waiting(struct neigh *n, struct netbuf_queue *to)
{
	struct netbuf *nb;

	while ((nb = netbuf_queue_take(&n->waiting)))
		netbuf_queue_add(to, nb);
}

/* lock held. */
static void set_state(struct neigh *n, u8 state, struct action *a)
{
	ktime_t now = clock_monotonic();

	n->state = state;
	n->probes = 0;
	n->updated = now;
	if (state & NUD_VALID)
		WRITE_ONCE(n->hw, n->hw | NEIGH_HW_VALID);		/* (4) */
	else
		WRITE_ONCE(n->hw, n->hw & ~NEIGH_HW_VALID);
	switch (state) {
	case NUD_INCOMPLETE:
		a->solicit = true;
		n->probes = 1;
		arm_locked(n, now + RETRANS);
		return;			/* (3) */
	case NUD_REACHABLE:
		n->confirmed = now;
		arm_locked(n, now + REACHABLE_TIME);
		break;
	case NUD_DELAY:
		arm_locked(n, now + DELAY_TIME);
		break;
	case NUD_PROBE:
		a->solicit = a->unicast = true;
		n->probes = 1;
		arm_locked(n, now + RETRANS);
		break;
	}
	move_waiting(n, state & NUD_VALID ? &a->send : &a->fail);
}

/* lock held: its time in this state is over. */
static void expire(struct neigh *n, struct action *a)
{
	ktime_t now = clock_monotonic(), confirmed = READ_ONCE(n->confirmed);

	switch (n->state) {
	case NUD_REACHABLE:
		if (confirmed + REACHABLE_TIME > now)
			arm_locked(n, confirmed + REACHABLE_TIME);
		else
			set_state(n, READ_ONCE(n->used) + DELAY_TIME > now ? NUD_DELAY : NUD_STALE,
				  a);
		break;
	case NUD_DELAY:
		if (confirmed + DELAY_TIME >= now)
			set_state(n, NUD_REACHABLE, a);
		else
			set_state(n, NUD_PROBE, a);
		break;
	case NUD_INCOMPLETE:
	case NUD_PROBE:
		if (n->probes >= PROBES) {
			set_state(n, NUD_FAILED, a);
			break;
		}
		n->probes++;
		a->solicit = true;
		a->unicast = n->state == NUD_PROBE;
		arm_locked(n, now + RETRANS);
		break;
	}
}

static void neigh_timer(struct bh_timer *t)
{
	struct neigh *n = container_of(t, struct neigh, timer);
	struct action a;

	action_init(&a);
	spin_lock(&n->lock);
	if (!n->dead)
		expire(n, &a);
	spin_unlock(&n->lock);
	act(n, &a);
	neigh_put(n);			/* (2) */
}

static void enqueue(struct neigh *n, struct netbuf *nb, struct netbuf_queue *dropped)
{
	struct netbuf *old;

	while ((n->waiting.n >= WAITING_PACKETS ||
		n->waiting.bytes + nb->truesize > WAITING_BYTES) &&
	       (old = netbuf_queue_take(&n->waiting)))
		netbuf_queue_add(dropped, old);
	netbuf_queue_add(&n->waiting, nb);
}

/* Not resolved, or stale: the slow way of a packet. */
static void send_slow(struct neigh *n, struct netbuf *nb)
{
	struct netbuf_queue dropped;
	struct action a;

	action_init(&a);
	netbuf_queue_init(&dropped);
	spin_lock_bh(&n->lock);
	if (n->dead) {
		netbuf_queue_add(&dropped, nb);
	} else if (n->state & NUD_VALID) {
		if (n->state == NUD_STALE)
			set_state(n, NUD_DELAY, &a);
		netbuf_queue_add(&a.send, nb);
	} else {
		enqueue(n, nb, &dropped);
		if (n->state != NUD_INCOMPLETE)
			set_state(n, NUD_INCOMPLETE, &a);
	}
	spin_unlock_bh(&n->lock);
	netbuf_queue_purge(&dropped);
	act(n, &a);
}

void neigh_send(struct neigh *n, struct netbuf *nb, u16 protocol)
{
	u64 hw = READ_ONCE(n->hw);
	ktime_t now = clock_monotonic();

	nb->protocol = protocol;
	if (now - READ_ONCE(n->used) > 100 * NSEC_PER_MSEC)
		WRITE_ONCE(n->used, now);
	if (likely((hw & NEIGH_HW_VALID) && READ_ONCE(n->state) != NUD_STALE))
		transmit(n, nb, hw);
	else
		send_slow(n, nb);
}

/* ---- news ---- */

static u64 hw_word(const struct netdev *d, const u8 *mac)
{
	u64 w = 0;

	memcpy(&w, mac, min((u32)d->halen, 6u));
	return w;
}

void neigh_update(struct neigh *n, const u8 *mac, u8 state, u32 flags)
{
	struct action a;
	u64 hw;

	action_init(&a);
	spin_lock_bh(&n->lock);
	if (n->dead || (!(flags & NEIGH_ADMIN) && (n->state & (NUD_PERMANENT | NUD_NOARP))))
		goto out;
	hw = mac ? hw_word(n->dev, mac) : n->hw & ~NEIGH_HW_VALID;
	if ((n->state & NUD_VALID) && (state & NUD_VALID) && hw != (n->hw & ~NEIGH_HW_VALID)) {
		if (!(flags & NEIGH_OVERRIDE)) {
			/* RFC 4861 s7.2.5: doubt what we know */
			if (n->state == NUD_REACHABLE)
				set_state(n, NUD_STALE, &a);
			goto out;
		}
	} else if (state == NUD_STALE && (n->state & NUD_VALID)) {
		/* the same address, unasked: nothing new */
		goto out;
	}
	if (state & NUD_VALID)
		WRITE_ONCE(n->hw, hw | (n->hw & NEIGH_HW_VALID));
	if (state != n->state || !(state & NUD_CONNECTED))
		set_state(n, state, &a);
	else
		n->confirmed = clock_monotonic();
out:
	spin_unlock_bh(&n->lock);
	act(n, &a);
}

int neigh_set(struct netdev *d, struct ipaddr a, const u8 *mac, u8 state)
{
	struct neigh *n;

	if (!mac && (state & NUD_VALID) && !(d->flags & IFF_NOARP))
		return -EINVAL;
	n = neigh_get(d, a);
	if (!n)
		return -ENOBUFS;
	neigh_update(n, mac, state, NEIGH_ADMIN | NEIGH_OVERRIDE);
	neigh_put(n);
	return 0;
}

/* ---- the end ---- */

/* Out of the table whoever holds it. Routes that did are looked up anew. */
static void kill(struct neigh *n)
{
	struct netbuf_queue dropped;
	struct netbuf *nb;

	netbuf_queue_init(&dropped);
	spin_lock_bh(&n->lock);
	n->dead = true;
	n->state = NUD_FAILED;
	WRITE_ONCE(n->hw, 0);
	while ((nb = netbuf_queue_take(&n->waiting)))
		netbuf_queue_add(&dropped, nb);
	spin_unlock_bh(&n->lock);
	netbuf_queue_purge(&dropped);
	if (bh_timer_cancel(&n->timer))
		neigh_put(n);		/* (2) */
	neigh_put(n);			/* (1) */
}

static struct neigh *unlink_first(struct netdev *d, const struct ipaddr *a)
{
	struct neigh *n, *found = NULL;

	spin_lock_bh(&buckets_lock);
	for (u32 i = 0; i < BUCKETS && !found; i++)
		hlist_for_each_entry(n, &buckets[i], hash)
			if (n->dev == d && (!a || ip_eq(n->addr, *a))) {
				found = n;
				break;
			}
	if (found) {
		hlist_del(&found->hash);
		nr_neighs--;
	}
	spin_unlock_bh(&buckets_lock);
	return found;
}

int neigh_del(struct netdev *d, struct ipaddr a)
{
	struct neigh *n = unlink_first(d, &a);

	if (!n)
		return -ENOENT;
	kill(n);
	route_changed(d->net);
	return 0;
}

void neigh_flush_dev(struct netdev *d)
{
	struct neigh *n;

	while ((n = unlink_first(d, NULL)))
		kill(n);
	route_changed(d->net);
}

void neigh_for_each(bool (*fn)(struct neigh *n, void *arg), void *arg)
{
	struct neigh *n;

	for (u32 i = 0; i < BUCKETS; i++)
		hlist_for_each_entry(n, &buckets[i], hash)
			if (!fn(n, arg))
				return;
}

void neigh_init(void)
{
	bh_timer_setup(&gc_timer, gc_tick);
	bh_timer_arm(&gc_timer, clock_monotonic() + GC_PERIOD);
}
