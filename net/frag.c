/* SPDX-License-Identifier: MIT */
/* frag.c - putting fragments of both families together again.
 *
 * A packet in pieces has a queue with its fragments in order. A fragment that repeats one changes
 * nothing; one that overlaps another otherwise costs the whole packet (RFC 5722; Linux treats IPv4
 * so as well). Each family may hold 4 MiB; what comes then is dropped.
 *
 * Invariants: (1) the fragments of a queue are in order, do not overlap, and their bytes sum up to
 * meat. (2) A queue is in its bucket and in its family's list, which is in order of expiry since
 * all of a family live equally long. (3) nb->dev of a queued fragment is not to be
 * used: the device may be gone; ip_cb's ifindex names it.
 *
 * Locks: lock [RANK_SOCK_TABLE], bottom halves off. No packet is sent under it.
 * Ref: RFC 791 s3.2, RFC 8200 s4.5, RFC 5722, RFC 3168 s5.3. Tests: selftests/abi/icmp.c,
 * selftests/fuzz/ip_fuzz.c
 */
#include <net/ip_int.h>

#include <kernel/bh.h>
#include <kernel/bh_timer.h>
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <kernel/random.h>
#include <mm/slab.h>
#include <net/checksum.h>
#include <net/mib.h>
#include <net/net.h>

#define BUCKETS	    1024u
/* net.ipv4.ipfrag_high_thresh, net.ipv6.ip6frag_high_thresh */
#define HIGH_THRESH (4u << 20)
#define LIFE4	    (30 * NSEC_PER_SEC)
#define LIFE6	    (60 * NSEC_PER_SEC)
#define LINEAR	    1024u			/* of a whole packet; the rest is in pages */

struct frag_cb {
	struct ip_cb ip;		/* first */
	u16 off, len;			/* payload bytes of the whole packet */
	u16 headers;			/* before the payload, in this fragment */
};
static_assert(sizeof(struct frag_cb) <= sizeof(((struct netbuf *)0)->cb), "frag_cb");

struct frag_key {
	struct ipaddr src, dst;
	u32 id;
	s32 ifindex;			/* of link-local addresses; else 0 */
	u8 proto;			/* v4 */
};

struct frag_queue {
	struct hnode hash;
	struct list age;		/* [lock] queues[] of its family */
	struct frag_key key;
	ktime_t expires;
	struct list frags;		/* struct netbuf, by offset */
	u32 meat, len, mem;		/* (1); len: the end as far as known */
	bool last_in, ce, v4;
	u16 frag_max;
};

static struct spinlock lock = SPINLOCK_INIT(RANK_SOCK_TABLE);
static struct hlist buckets[BUCKETS];
static struct list ages[2] = { LIST_INIT(ages[0]), LIST_INIT(ages[1]) };	/* v6, v4 */
static u32 mem[2], nr_queues[2];
static u32 secret;
static struct bh_timer timer;

static struct frag_cb *frag_cb(struct netbuf *nb) { return netbuf_cb(nb, struct frag_cb); }

static struct hlist *bucket_of(const struct frag_key *k)
{
	return &buckets[((ip_hash(k->src) ^ ip_hash(k->dst) * 31u ^ k->id ^ secret) * 0x9e3779b1u >>
			 16) %
			BUCKETS];
}

static bool same(const struct frag_key *a, const struct frag_key *b)
{
	return a->id == b->id && a->proto == b->proto && a->ifindex == b->ifindex &&
	       ip_eq(a->src, b->src) && ip_eq(a->dst, b->dst);
}

/* ---- queues ---- */

/* lock held. Out of the tables; its fragments stay on it. */
static void unlink_queue(struct frag_queue *q)
{
	hlist_del(&q->hash);
	list_del(&q->age);
	mem[q->v4] -= q->mem;
	nr_queues[q->v4]--;
}

static void free_queue(struct frag_queue *q)
{
	while (!list_empty(&q->frags)) {
		struct netbuf *nb = list_first(&q->frags, struct netbuf, link);

		list_del(&nb->link);
		netbuf_free(nb);
	}
	kfree(q);
}

static struct frag_queue *find_or_make(const struct frag_key *k, bool v4)
{
	struct frag_queue *q;

	hlist_for_each_entry(q, bucket_of(k), hash)
		if (same(&q->key, k))
			return q;
	q = kmalloc(sizeof(*q), PAGE_ATOMIC | PAGE_ZEROED);
	if (!q)
		return NULL;
	q->key = *k;
	q->v4 = v4;
	q->expires = clock_monotonic() + (v4 ? LIFE4 : LIFE6);
	q->mem = sizeof(*q);
	mem[v4] += q->mem;
	nr_queues[v4]++;
	list_init(&q->frags);
	hlist_add(bucket_of(k), &q->hash);
	list_add_tail(&ages[v4], &q->age);
	bh_timer_arm(&timer, list_first(&ages[v4], struct frag_queue, age)->expires);
	return q;
}

/* ---- time ---- */

/* The sender of a packet whose first fragment came is told. */
static void tell_sender(struct frag_queue *q)
{
	struct netbuf *nb = list_first_or_null(&q->frags, struct netbuf, link);

	if (!nb || frag_cb(nb)->off)
		return;
	rcu_read_lock();
	nb->dev = netdev_index_rcu(&init_net, frag_cb(nb)->ip.ifindex);		/* (3) */
	if (nb->dev && q->v4)
		icmp4_send(&init_net, nb, ICMP_TIME_EXCEEDED, 1, 0);
	else if (nb->dev)
		icmp6_send(&init_net, nb, ICMP6_TIME_EXCEEDED, 1, 0);
	rcu_read_unlock();
}

static struct frag_queue *take_expired(ktime_t now, ktime_t *next)
{
	struct frag_queue *q = NULL, *first;

	spin_lock_bh(&lock);
	for (u32 i = 0; i < 2 && !q; i++) {
		first = list_first_or_null(&ages[i], struct frag_queue, age);
		if (first && first->expires <= now)
			q = first;
		else if (first)
			*next = *next ? min(*next, first->expires) : first->expires;
	}
	if (q)
		unlink_queue(q);
	spin_unlock_bh(&lock);
	return q;
}

static void on_timer(struct bh_timer *t)
{
	ktime_t now = clock_monotonic(), next;
	struct frag_queue *q;

	do {
		next = 0;
		q = take_expired(now, &next);
		if (q) {
			mib_inc(q->v4 ? MIB_IP4_ReasmTimeout : MIB_IP6_ReasmTimeout);
			mib_inc(q->v4 ? MIB_IP4_ReasmFails : MIB_IP6_ReasmFails);
			tell_sender(q);
			free_queue(q);
		}
	} while (q);
	if (next)
		bh_timer_arm(t, next);
}

/* ---- a fragment's place ---- */

enum verdict { PLACED, REPEATED, BAD };

/* (1) */
static enum verdict place(struct frag_queue *q, struct netbuf *nb, bool more)
{
	u32 off = frag_cb(nb)->off, end = off + frag_cb(nb)->len;
	struct netbuf *o;

	list_for_each_entry(o, &q->frags, link) {
		u32 o_off = frag_cb(o)->off, o_end = o_off + frag_cb(o)->len;

		if (off >= o_off && end <= o_end)
			return REPEATED;
		if (o_off >= end)
			break;
		if (off < o_end)
			return BAD;
	}
	if (more ? q->last_in && end >= q->len : (q->last_in && end != q->len) || end < q->len)
		return BAD;
	q->last_in |= !more;
	q->len = max(q->len, end);
	list_add_tail(&o->link, &nb->link);	/* before o, or at the end */
	q->meat += end - off;
	q->mem += nb->truesize;
	mem[q->v4] += nb->truesize;
	q->frag_max = max(q->frag_max, (u16)min(nb->len, 65535u));
	q->ce |= frag_cb(nb)->ip.ce;
	return PLACED;
}

/* ---- the whole ---- */

/* Appends n bytes of from at off: into the tailroom, then into pages. False: no memory. */
static bool append(struct netbuf *nb, const struct netbuf *from, u32 off, u32 n, struct page **page,
		   u32 *used)
{
	u32 linear = min(n, netbuf_tailroom(nb));

	if (linear)
		netbuf_read(from, off, netbuf_put(nb, linear), linear);
	for (off += linear, n -= linear; n;) {
		u32 piece;

		if (!*page || *used == PAGE_SIZE) {
			*page = page_alloc(0, PAGE_ATOMIC);
			*used = 0;
			if (!*page)
				return false;
			nb->truesize += (u32)PAGE_SIZE;
		} else {
			page_get(*page);
		}
		piece = min(n, (u32)PAGE_SIZE - *used);
		netbuf_read(from, off, (u8 *)page_to_virt(*page) + *used, piece);
		if (netbuf_add_frag(nb, *page, *used, piece)) {
			page_put(*page);
			return false;
		}
		*used += piece;
		off += piece;
		n -= piece;
	}
	return true;
}

/* headers bytes of the first fragment, then everybody's payload. */
static struct netbuf *join(struct frag_queue *q, u32 headers)
{
	struct netbuf *first = list_first(&q->frags, struct netbuf, link), *nb, *o;
	struct page *page = NULL;
	u32 used = 0;

	nb = netbuf_alloc(headers + min(q->len, LINEAR), NETBUF_HEADROOM, PAGE_ATOMIC);
	if (!nb)
		return NULL;
	netbuf_read(first, 0, netbuf_put(nb, headers), headers);
	list_for_each_entry(o, &q->frags, link)
		if (!append(nb, o, frag_cb(o)->headers, frag_cb(o)->len, &page, &used)) {
			netbuf_free(nb);
			return NULL;
		}
	nb->protocol = first->protocol;
	nb->kind = first->kind;
	nb->loopback = first->loopback;
	nb->stamp = first->stamp;
	nb->mark = first->mark;
	nb->net_off = netbuf_offset(nb);
	*ip_cb(nb) = frag_cb(first)->ip;
	ip_cb(nb)->ce = q->ce;
	ip_cb(nb)->frag_max = q->frag_max;
	return nb;
}

/* Puts nb in its place; the queue, when the packet is complete. Takes nb over. */
static struct frag_queue *add(const struct frag_key *k, struct netbuf *nb, bool more, bool v4)
{
	struct frag_queue *q = NULL, *done = NULL, *dead = NULL;
	enum verdict v = REPEATED;

	mib_inc(v4 ? MIB_IP4_ReasmReqds : MIB_IP6_ReasmReqds);
	spin_lock_bh(&lock);
	if (unlikely(!secret))
		secret = (u32)random_u64() | 1;
	if (mem[v4] + nb->truesize <= HIGH_THRESH)
		q = find_or_make(k, v4);
	if (q)
		v = place(q, nb, more);
	if (v == BAD || (v == PLACED && q->last_in && q->meat == q->len)) {
		unlink_queue(q);
		*(v == BAD ? &dead : &done) = q;
	}
	spin_unlock_bh(&lock);
	if (v != PLACED)
		netbuf_free(nb);
	if (dead)
		free_queue(dead);
	if (v == BAD && v4)
		mib_inc(MIB_IP4_EXT_ReasmOverlaps);
	if (v == BAD || !q)
		mib_inc(v4 ? MIB_IP4_ReasmFails : MIB_IP6_ReasmFails);
	return done;
}

struct netbuf *frag_input4(struct net_ns *net, struct netbuf *nb)
{
	const struct ip4_header *h = (const struct ip4_header *)(const void *)nb->data;
	u32 hlen = ip4_header_len(h), frag = be16_to_cpu(h->frag), off = (frag & IP4_OFF) * 8,
	    len = nb->len - hlen;
	struct frag_key k = { ip4(h->src), ip4(h->dst), h->id, 0, h->proto };
	struct netdev *d = nb->dev;
	struct frag_queue *q;
	struct netbuf *whole;
	struct ip4_header *w;

	if (frag & IP4_MF)
		len &= ~7u;
	if (!len || off + len + hlen > 65535) {
		netbuf_free(nb);
		return NULL;
	}
	frag_cb(nb)->off = (u16)off;
	frag_cb(nb)->len = (u16)len;
	frag_cb(nb)->headers = (u16)hlen;
	q = add(&k, nb, frag & IP4_MF, true);
	if (!q)
		return NULL;
	hlen = frag_cb(list_first(&q->frags, struct netbuf, link))->headers;
	whole = hlen + q->len <= 65535 ? join(q, hlen) : NULL;
	free_queue(q);
	mib_inc(whole ? MIB_IP4_ReasmOKs : MIB_IP4_ReasmFails);
	if (!whole)
		return NULL;
	whole->dev = d;
	w = (struct ip4_header *)(void *)whole->data;
	w->len = cpu_to_be16((u16)whole->len);
	w->frag = 0;
	w->csum = 0;
	w->csum = csum_fold(csum_add_bytes(w, hlen, 0));
	return whole;
}

struct netbuf *frag_input6(struct net_ns *net, struct netbuf *nb, u32 at, u32 next_at)
{
	const struct ip6_header *h = (const struct ip6_header *)(const void *)nb->data;
	const u8 *fh = nb->data + at;
	u32 frag = get_be16(fh + 2), off = frag & 0xfff8, len = nb->len - at - 8;
	bool more = frag & 1, local = ip_is_link_local(h->src) || ip_is_link_local(h->dst) ||
				      ip_is_multicast(h->dst);
	struct frag_key k = { h->src, h->dst, get_be32(fh + 4), local ? nb->dev->index : 0, 0 };
	struct netdev *d = nb->dev;
	struct netbuf *whole;
	struct frag_queue *q;
	u8 next = fh[0];

	if (off + len > 65535 || (more && (len & 7))) {		/* RFC 8200 s4.5 */
		icmp6_send(net, nb, ICMP6_PARAM_PROBLEM, 0, more && (len & 7) ? 4 : at + 2);
		netbuf_free(nb);
		return NULL;
	}
	if (!len && more) {
		netbuf_free(nb);
		return NULL;
	}
	frag_cb(nb)->off = (u16)off;
	frag_cb(nb)->len = (u16)len;
	frag_cb(nb)->headers = (u16)(at + 8);
	if (!off && !more) {		/* RFC 6946: alone, whatever else has its number */
		struct frag_queue one = { .v4 = false,
					  .len = len,
					  .frag_max = (u16)min(nb->len, 65535u),
					  .ce = ip_cb(nb)->ce };

		list_init(&one.frags);
		list_add_tail(&one.frags, &nb->link);
		whole = join(&one, at);
		netbuf_free(nb);
	} else {
		q = add(&k, nb, more, false);
		if (!q)
			return NULL;
		nb = list_first(&q->frags, struct netbuf, link);
		at = frag_cb(nb)->headers - 8u;
		netbuf_read(nb, at, &next, 1);
		whole = next_at < at ? join(q, at) : NULL;
		free_queue(q);
		mib_inc(whole ? MIB_IP6_ReasmOKs : MIB_IP6_ReasmFails);
	}
	if (!whole)
		return NULL;
	whole->dev = d;
	whole->data[next_at] = next;
	put_be16(whole->data + 4, (u16)(whole->len - sizeof(*h)));
	return whole;
}

struct frag_stat frag_stat(bool v4)
{
	return (struct frag_stat){ READ_ONCE(nr_queues[v4]), READ_ONCE(mem[v4]) };
}

void frag_init(void)
{
	bh_timer_setup(&timer, on_timer);
}
