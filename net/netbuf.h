/* SPDX-License-Identifier: MIT */
/* netbuf.h - a packet, or a stretch of a stream: a head of bytes plus reference-counted page
 * fragments.
 *
 *	head        data              tail        end
 *	 | headroom  | linear bytes    | tailroom  | struct netbuf_shared: fragments 0..nr_frags-1
 *
 * len counts linear bytes and fragments. Clones share the bytes and have a head of their own:
 * whoever changes shared bytes asks netbuf_unshare() first. No locks: one owner at a time.
 */
#pragma once

#include <arch/atomic.h>
#include <kernel/lib/list.h>
#include <mm/page.h>

struct iter;
struct netdev;
struct route;
struct sock;

#define NETBUF_FRAGS 17			/* 64 KiB of pages, whatever their alignment */
/* what transmit paths leave for headers: link, IPv6 and TCP with options */
#define NETBUF_HEADROOM 128u

struct netbuf_frag {
	struct page *page;		/* a reference */
	u32 off, len;
};

struct netbuf_shared {
	atomic_t refs;
	u32 nr_frags;
	struct netbuf_frag frags[NETBUF_FRAGS];
};

enum netbuf_csum {
	CSUM_NONE,			/* nobody looked: the receiver computes */
	CSUM_VERIFIED,			/* received: right; sent: complete */
	/* the sum from csum_start goes to csum_start + csum_off; the field holds the pseudo
	 * header's */
	CSUM_PARTIAL,
};

enum netbuf_gso { GSO_NONE, GSO_TCP4, GSO_TCP6, GSO_UDP4, GSO_UDP6 };

/* values of packet(7) */
enum netbuf_kind { PKT_HOST, PKT_BROADCAST, PKT_MULTICAST, PKT_OTHERHOST, PKT_OUTGOING };

struct netbuf {
	struct list link;		/* whoever holds it */
	u8 *head, *data;
	u32 len;			/* bytes from data on, fragments included */
	u32 frag_len;			/* bytes in fragments */
	u32 linear_end;			/* head + this is the end of the room */
	u32 truesize;			/* what it is charged with: head, bytes and pages */
	struct netdev *dev;		/* borrowed: in, or out */
	struct sock *sk;		/* whose send budget it uses, or NULL */
	void (*destroy)(struct netbuf *nb);	/* gives truesize back to sk; NULL: nothing to do */
	u16 protocol;			/* ETH_P_*, host order */
	u8 kind;			/* enum netbuf_kind */
	u8 csum;			/* enum netbuf_csum */
	u16 csum_start, csum_off;	/* from head; from csum_start */
	u16 link_off, net_off, trans_off;	/* headers, from head */
	u16 gso_size;			/* payload of each packet it stands for; 0: it is one */
	u16 gso_segs;
	u8 gso;				/* enum netbuf_gso */
	u8 ecn_ce : 1, cloned : 1, loopback : 1, peeked : 1;
	u32 hash;			/* of the flow, 0: not known */
	u32 mark, priority;
	ktime_t stamp;			/* realtime of arrival; 0: not taken */
	u8 cb[64] __aligned(8);		/* the layer that holds it */
};

#define netbuf_cb(nb, type) ({ static_assert(sizeof(type) <= sizeof((nb)->cb), "cb"); (type *)(void *)(nb)->cb; })

void netbuf_init(void);			/* boot */

/* Room for linear bytes behind headroom free ones; len 0. how: PAGE_ATOMIC or PAGE_KERNEL. NULL: no
 * memory. Any context if atomic. */
struct netbuf *netbuf_alloc(u32 linear, u32 headroom, u32 how);
void netbuf_free(struct netbuf *nb);		/* NULL is fine. Any context */
/* shares the bytes; not charged to anybody */
struct netbuf *netbuf_clone(struct netbuf *nb, u32 how);
/* of its own, linear */
struct netbuf *netbuf_copy(const struct netbuf *nb, u32 headroom, u32 how);
/* Makes linear bytes and headroom ours alone. -ENOMEM. */
int __must_check netbuf_unshare(struct netbuf *nb, u32 headroom, u32 how);

static inline struct netbuf_shared *netbuf_shared(const struct netbuf *nb)
{
	return (struct netbuf_shared *)(void *)(nb->head + nb->linear_end);
}

static inline u32 netbuf_linear(const struct netbuf *nb) { return nb->len - nb->frag_len; }
static inline u32 netbuf_headroom(const struct netbuf *nb) { return (u32)(nb->data - nb->head); }
static inline u32 netbuf_tailroom(const struct netbuf *nb)
{
	return nb->frag_len ? 0 : nb->linear_end - netbuf_headroom(nb) - netbuf_linear(nb);
}
static inline u8 *netbuf_tail(const struct netbuf *nb) { return nb->data + netbuf_linear(nb); }

/* At the end of the linear bytes (no fragments yet), at their beginning; from the beginning. The
 * room must be there. */
void *netbuf_put(struct netbuf *nb, u32 n);
void *netbuf_push(struct netbuf *nb, u32 n);
/* Takes n bytes off the front, also from fragments; n <= len. */
void netbuf_pull(struct netbuf *nb, u32 n);
/* Cuts to len bytes. */
void netbuf_trim(struct netbuf *nb, u32 len);
/* Makes the first n bytes linear. False: shorter than n, or no memory. */
bool __must_check netbuf_need(struct netbuf *nb, u32 n);
/* Adds a fragment, taking over the reference to page. -EMSGSIZE: no slot free (the reference stays
 * the caller's). */
int __must_check netbuf_add_frag(struct netbuf *nb, struct page *page, u32 off, u32 len);

/* Headers: remembered as offsets, so they survive netbuf_need(). */
static inline void *netbuf_at(const struct netbuf *nb, u16 off) { return nb->head + off; }
static inline u16 netbuf_offset(const struct netbuf *nb) { return (u16)(nb->data - nb->head); }
static inline void *netbuf_link_header(const struct netbuf *nb) { return nb->head + nb->link_off; }
static inline void *netbuf_net_header(const struct netbuf *nb) { return nb->head + nb->net_off; }
static inline void *netbuf_trans_header(const struct netbuf *nb)
{
	return nb->head + nb->trans_off;
}

/* Bytes off..off+n-1 (all there) to memory, to an iterator (0 or -EFAULT), and summed up. */
void netbuf_read(const struct netbuf *nb, u32 off, void *dst, u32 n);
int __must_check netbuf_to_iter(const struct netbuf *nb, u32 off, struct iter *to, u32 n);
/* net/checksum.h: unfolded */
u32 netbuf_sum(const struct netbuf *nb, u32 off, u32 n, u32 sum);
/* Appends n bytes: first into the tailroom, then into fresh pages. -EFAULT, -ENOMEM, -EMSGSIZE. May
 * sleep. */
int __must_check netbuf_from_iter(struct netbuf *nb, struct iter *from, u32 n);
/* Moves everything from offset at on into a new one (fragments are shared, not copied). NULL: no
 * memory. at <= len. */
struct netbuf *netbuf_split(struct netbuf *nb, u32 at, u32 headroom, u32 how);
/* Appends other's bytes if its fragments fit; other is then freed. False: left as it was. */
bool netbuf_merge(struct netbuf *nb, struct netbuf *other);

/* A run of bytes at a time, for scatter lists: the first is the linear part. false: no more. State:
 * zeroed at the start. */
struct netbuf_run {
	u32 index;
	const u8 *va;
	u32 len;
	struct page *page;		/* NULL: linear */
	u32 off;
};
bool netbuf_next_run(const struct netbuf *nb, struct netbuf_run *r);

/* First in, first out; the owner locks. */
struct netbuf_queue {
	struct list head;
	u32 n;				/* packets */
	u32 bytes;			/* sum of truesize */
};

static inline void netbuf_queue_init(struct netbuf_queue *q)
{
	list_init(&q->head);
	q->n = 0;
	q->bytes = 0;
}
static inline struct netbuf *netbuf_queue_first(const struct netbuf_queue *q)
{
	return list_first_or_null(&q->head, struct netbuf, link);
}
/* The one behind nb; NULL: none. */
static inline struct netbuf *netbuf_queue_next(const struct netbuf_queue *q,
					       const struct netbuf *nb)
{
	return nb->link.next == &q->head ? NULL : list_entry(nb->link.next, struct netbuf, link);
}
static inline void netbuf_queue_add(struct netbuf_queue *q, struct netbuf *nb)
{
	list_add_tail(&q->head, &nb->link);
	WRITE_ONCE(q->n, q->n + 1);
	q->bytes += nb->truesize;
}
static inline void netbuf_queue_add_front(struct netbuf_queue *q, struct netbuf *nb)
{
	list_add_head(&q->head, &nb->link);
	WRITE_ONCE(q->n, q->n + 1);
	q->bytes += nb->truesize;
}
static inline void netbuf_queue_del(struct netbuf_queue *q, struct netbuf *nb)
{
	list_del(&nb->link);
	WRITE_ONCE(q->n, q->n - 1);
	q->bytes -= nb->truesize;
}
static inline struct netbuf *netbuf_queue_take(struct netbuf_queue *q)
{
	struct netbuf *nb = netbuf_queue_first(q);

	if (nb)
		netbuf_queue_del(q, nb);
	return nb;
}
void netbuf_queue_purge(struct netbuf_queue *q);
