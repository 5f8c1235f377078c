/* SPDX-License-Identifier: MIT */
/* netbuf.c - packet buffers: heads, shared bytes, fragments.
 *
 * Invariants:
 *  (1) len = linear bytes + frag_len; frag_len = sum of the fragments' len.
 *  (2) head .. head + linear_end + sizeof(shared) is one allocation, shared by all clones and
 *      counted by shared.refs.
 *  (3) shared bytes and fragments change only while shared.refs is 1; each head's data and len are
 *      its own. The clones of one packet see the same fragments, but a clone that was pulled or
 *      trimmed has copied the fragment list first (unshare_frags).
 *
 * Locks: none. Ref: DESIGN decision in ARCHITECTURE.md "Life of a packet". Tests:
 * selftests/unit/netbuf_test.c
 */
#include <net/netbuf.h>

#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/uapi.h>
#include <mm/iter.h>
#include <mm/slab.h>
#include <net/checksum.h>

#define SMALL_BYTES 256u		/* linear room of the common small allocation */

static struct slab_cache *head_cache, *small_cache;

void netbuf_init(void)
{
	head_cache = slab_cache_create("netbuf", sizeof(struct netbuf), 64);
	small_cache = slab_cache_create("netbuf_small", SMALL_BYTES + sizeof(struct netbuf_shared),
					64);
}

/* ---- allocation ---- */

static u8 *alloc_bytes(u32 *room, u32 how)
{
	u32 want = ALIGN_UP(*room, 16u);
	struct netbuf_shared *s;
	u8 *head;

	if (want <= SMALL_BYTES) {
		want = SMALL_BYTES;
		head = slab_alloc(small_cache, how);
	} else {
		head = kmalloc(want + sizeof(*s), how);
	}
	if (!head)
		return NULL;
	*room = want;
	s = (struct netbuf_shared *)(void *)(head + want);
	ref_init(&s->refs, 1);
	s->nr_frags = 0;
	return head;
}

static void put_bytes(u8 *head, u32 room)
{
	struct netbuf_shared *s = (struct netbuf_shared *)(void *)(head + room);

	if (atomic_read_acquire(&s->refs) != 1 && !ref_put(&s->refs))
		return;
	for (u32 i = 0; i < s->nr_frags; i++)
		page_put(s->frags[i].page);
	if (room == SMALL_BYTES)
		slab_free(small_cache, head);
	else
		kfree(head);
}

struct netbuf *netbuf_alloc(u32 linear, u32 headroom, u32 how)
{
	struct netbuf *nb = slab_alloc(head_cache, how | PAGE_ZEROED);
	u32 room = linear + headroom;

	if (!nb)
		return NULL;
	nb->head = alloc_bytes(&room, how);
	if (!nb->head) {
		slab_free(head_cache, nb);
		return NULL;
	}
	nb->data = nb->head + headroom;
	nb->linear_end = room;
	nb->truesize = (u32)(sizeof(*nb) + sizeof(struct netbuf_shared)) + room;
	list_init(&nb->link);
	return nb;
}

void netbuf_free(struct netbuf *nb)
{
	if (!nb)
		return;
	if (nb->destroy)
		nb->destroy(nb);
	put_bytes(nb->head, nb->linear_end);
	slab_free(head_cache, nb);
}

struct netbuf *netbuf_clone(struct netbuf *nb, u32 how)
{
	struct netbuf *c = slab_alloc(head_cache, how);

	if (!c)
		return NULL;
	*c = *nb;
	list_init(&c->link);
	c->sk = NULL;
	c->destroy = NULL;
	c->cloned = nb->cloned = 1;
	ref_get(&netbuf_shared(nb)->refs);
	return c;
}

struct netbuf *netbuf_copy(const struct netbuf *nb, u32 headroom, u32 how)
{
	struct netbuf *c = netbuf_alloc(nb->len, headroom, how);
	u8 *head, *data;
	u32 end, truesize;
	s32 moved;

	if (!c)
		return NULL;
	head = c->head;
	data = c->data;
	end = c->linear_end;
	truesize = c->truesize;
	moved = (s32)headroom - (s32)netbuf_headroom(nb);
	*c = *nb;
	list_init(&c->link);
	c->head = head;
	c->data = data;
	c->linear_end = end;
	c->truesize = truesize;
	c->sk = NULL;
	c->destroy = NULL;
	c->cloned = 0;
	c->frag_len = 0;
	c->link_off = (u16)(c->link_off + moved);
	c->net_off = (u16)(c->net_off + moved);
	c->trans_off = (u16)(c->trans_off + moved);
	c->csum_start = (u16)(c->csum_start + moved);
	netbuf_read(nb, 0, data, nb->len);
	return c;
}

static bool is_shared(const struct netbuf *nb)
{
	return nb->cloned && atomic_read_acquire(&netbuf_shared(nb)->refs) != 1;
}

/* Gives nb bytes of its own with this headroom, room for linear bytes in all, and the same
 * fragments. */
static int rehouse(struct netbuf *nb, u32 headroom, u32 linear, u32 how)
{
	struct netbuf_shared *old = netbuf_shared(nb), *new;
	u32 room = headroom + max(linear, netbuf_linear(nb));
	u8 *head = alloc_bytes(&room, how);
	s32 moved = (s32)headroom - (s32)netbuf_headroom(nb);

	if (!head)
		return -ENOMEM;
	new = (struct netbuf_shared *)(void *)(head + room);
	memcpy(head + headroom, nb->data, netbuf_linear(nb));
	new->nr_frags = old->nr_frags;
	for (u32 i = 0; i < old->nr_frags; i++) {
		new->frags[i] = old->frags[i];
		page_get(new->frags[i].page);
	}
	put_bytes(nb->head, nb->linear_end);
	nb->head = head;
	nb->data = head + headroom;
	nb->linear_end = room;
	nb->cloned = 0;
	nb->link_off = (u16)(nb->link_off + moved);
	nb->net_off = (u16)(nb->net_off + moved);
	nb->trans_off = (u16)(nb->trans_off + moved);
	nb->csum_start = (u16)(nb->csum_start + moved);
	return 0;
}

int netbuf_unshare(struct netbuf *nb, u32 headroom, u32 how)
{
	if (!is_shared(nb) && netbuf_headroom(nb) >= headroom)
		return 0;
	return rehouse(nb, max(headroom, netbuf_headroom(nb)), 0, how);
}

/* ---- bytes at the ends ---- */

void *netbuf_put(struct netbuf *nb, u32 n)
{
	u8 *at = netbuf_tail(nb);

	assert(n <= netbuf_tailroom(nb));
	nb->len += n;
	return at;
}

void *netbuf_push(struct netbuf *nb, u32 n)
{
	assert(n <= netbuf_headroom(nb));
	nb->data -= n;
	nb->len += n;
	return nb->data;
}

static void drop_front_frags(struct netbuf *nb, u32 n)
{
	struct netbuf_shared *s = netbuf_shared(nb);
	u32 gone = 0, i;

	nb->frag_len -= n;
	nb->len -= n;
	while (n) {
		struct netbuf_frag *f = &s->frags[gone];

		if (n < f->len) {
			f->off += n;
			f->len -= n;
			break;
		}
		n -= f->len;
		page_put(f->page);
		gone++;
	}
	for (i = gone; gone && i < s->nr_frags; i++)
		s->frags[i - gone] = s->frags[i];
	s->nr_frags -= gone;
}

/* (3) The fragment list is about to change: make it ours. No memory would lose the packet, so this
 * takes from the reserves. */
static bool own_frags(struct netbuf *nb)
{
	return !is_shared(nb) || rehouse(nb, netbuf_headroom(nb), 0, PAGE_ATOMIC) == 0;
}

void netbuf_pull(struct netbuf *nb, u32 n)
{
	u32 linear = netbuf_linear(nb);

	assert(n <= nb->len);
	if (n <= linear) {
		nb->data += n;
		nb->len -= n;
		return;
	}
	nb->data += linear;
	nb->len -= linear;
	if (own_frags(nb))
		drop_front_frags(nb, n - linear);
	else			/* no memory at all: an empty packet, which every layer drops */
		nb->len = nb->frag_len = 0;
}

void netbuf_trim(struct netbuf *nb, u32 len)
{
	struct netbuf_shared *s;
	u32 linear = netbuf_linear(nb), keep, i;

	if (len >= nb->len)
		return;
	if (len <= linear && !nb->frag_len) {
		nb->len = len;
		return;
	}
	if (!own_frags(nb)) {
		nb->len = nb->frag_len = 0;
		return;
	}
	s = netbuf_shared(nb);
	keep = len > linear ? len - linear : 0;
	nb->frag_len = keep;
	nb->len = len;
	for (i = 0; i < s->nr_frags && keep >= s->frags[i].len; i++)
		keep -= s->frags[i].len;
	if (keep)
		s->frags[i++].len = keep;
	while (s->nr_frags > i)
		page_put(s->frags[--s->nr_frags].page);
}

bool netbuf_need(struct netbuf *nb, u32 n)
{
	u32 linear = netbuf_linear(nb), more;

	if (likely(n <= linear))
		return true;
	if (n > nb->len)
		return false;
	more = n - linear;
	if (is_shared(nb) || nb->linear_end - netbuf_headroom(nb) - linear < more)
		if (rehouse(nb, netbuf_headroom(nb), n, PAGE_ATOMIC))
			return false;
	netbuf_read(nb, linear, nb->data + linear, more);
	drop_front_frags(nb, more);
	nb->len += more;
	return true;
}

int netbuf_add_frag(struct netbuf *nb, struct page *page, u32 off, u32 len)
{
	struct netbuf_shared *s = netbuf_shared(nb);
	struct netbuf_frag *last = s->nr_frags ? &s->frags[s->nr_frags - 1] : NULL;

	if (last && last->page == page && last->off + last->len == off) {
		last->len += len;
		page_put(page);
	} else if (s->nr_frags < NETBUF_FRAGS) {
		s->frags[s->nr_frags++] = (struct netbuf_frag){ page, off, len };
	} else {
		return -EMSGSIZE;
	}
	nb->len += len;
	nb->frag_len += len;
	return 0;
}

/* ---- all bytes ---- */

bool netbuf_next_run(const struct netbuf *nb, struct netbuf_run *r)
{
	const struct netbuf_shared *s = netbuf_shared(nb);
	const struct netbuf_frag *f;

	if (r->index == 0) {
		r->index = 1;
		r->va = nb->data;
		r->len = netbuf_linear(nb);
		r->page = NULL;
		if (r->len)
			return true;
	}
	if (!nb->frag_len || r->index > s->nr_frags)
		return false;
	f = &s->frags[r->index++ - 1];
	r->page = f->page;
	r->off = f->off;
	r->va = (const u8 *)page_to_virt(f->page) + f->off;
	r->len = f->len;
	return true;
}

/* Narrows run r to what lies in [*off, *off + *n); false: nothing of it. Counts both down. */
static bool clip(struct netbuf_run *r, u32 *off, u32 *n)
{
	u32 skip = min(*off, r->len);

	*off -= skip;
	if (skip == r->len)
		return false;
	r->va += skip;
	r->off += skip;
	r->len = min(r->len - skip, *n);
	*n -= r->len;
	return r->len != 0;
}

void netbuf_read(const struct netbuf *nb, u32 off, void *dst, u32 n)
{
	struct netbuf_run r = {};
	u8 *to = dst;

	while (n && netbuf_next_run(nb, &r))
		if (clip(&r, &off, &n)) {
			memcpy(to, r.va, r.len);
			to += r.len;
		}
}

int netbuf_to_iter(const struct netbuf *nb, u32 off, struct iter *to, u32 n)
{
	struct netbuf_run r = {};

	while (n && netbuf_next_run(nb, &r))
		if (clip(&r, &off, &n) && iter_put(to, r.va, r.len) < r.len)
			return -EFAULT;
	return 0;
}

u32 netbuf_sum(const struct netbuf *nb, u32 off, u32 n, u32 sum)
{
	struct netbuf_run r = {};
	u32 done = 0;

	while (n && netbuf_next_run(nb, &r))
		if (clip(&r, &off, &n)) {
			sum = csum_add(sum, csum_shift(csum_add_bytes(r.va, r.len, 0), done));
			done += r.len;
		}
	return sum;
}

static int fill_page(struct netbuf *nb, struct iter *from, u32 n, u32 order)
{
	struct page *page = page_alloc(order, PAGE_KERNEL);
	int err;

	if (!page)
		return -ENOMEM;
	if (iter_take(from, page_to_virt(page), n) < n) {
		page_put(page);
		return -EFAULT;
	}
	err = netbuf_add_frag(nb, page, 0, n);
	if (err)
		page_put(page);
	else
		nb->truesize += PAGE_SIZE << order;
	return err;
}

int netbuf_from_iter(struct netbuf *nb, struct iter *from, u32 n)
{
	u32 linear = min(n, netbuf_tailroom(nb));
	int err = 0;

	if (linear && iter_take(from, netbuf_tail(nb), linear) < linear)
		return -EFAULT;
	nb->len += linear;
	for (n -= linear; n && !err;) {
		u32 piece = min(n, n > 2 * (u32)PAGE_SIZE ? 4 * (u32)PAGE_SIZE : (u32)PAGE_SIZE);

		err = fill_page(nb, from, piece, piece > PAGE_SIZE ? 2 : 0);
		if (err == -ENOMEM && piece > PAGE_SIZE)
			err = fill_page(nb, from, piece = (u32)PAGE_SIZE, 0);
		n -= piece;
	}
	return err;
}

struct netbuf *netbuf_split(struct netbuf *nb, u32 at, u32 headroom, u32 how)
{
	u32 linear = netbuf_linear(nb), tail = linear > at ? linear - at : 0,
	    skip = at > linear ? at - linear : 0;
	struct netbuf_shared *s, *d;
	struct netbuf *rest;

	assert(at <= nb->len);
	rest = netbuf_alloc(tail, headroom, how);
	if (!rest)
		return NULL;
	memcpy(netbuf_put(rest, tail), nb->data + at, tail);
	s = netbuf_shared(nb);
	d = netbuf_shared(rest);
	for (u32 i = 0; nb->frag_len && i < s->nr_frags; i++) {
		struct netbuf_frag f = s->frags[i];
		u32 cut = min(skip, f.len);

		skip -= cut;
		if (cut == f.len)
			continue;
		page_get(f.page);
		d->frags[d->nr_frags++] = (struct netbuf_frag){ f.page, f.off + cut, f.len - cut };
		rest->frag_len += f.len - cut;
		rest->len += f.len - cut;
		rest->truesize += f.len - cut;
	}
	rest->protocol = nb->protocol;
	rest->dev = nb->dev;
	netbuf_trim(nb, at);
	return rest;
}

bool netbuf_merge(struct netbuf *nb, struct netbuf *other)
{
	struct netbuf_shared *s = netbuf_shared(nb), *o = netbuf_shared(other);
	u32 linear = netbuf_linear(other);

	if (is_shared(nb) || is_shared(other))
		return false;
	if (linear > netbuf_tailroom(nb) ||
	    (other->frag_len && s->nr_frags + o->nr_frags > NETBUF_FRAGS))
		return false;
	memcpy(netbuf_put(nb, linear), other->data, linear);
	for (u32 i = 0; i < o->nr_frags; i++)
		s->frags[s->nr_frags++] = o->frags[i];
	nb->len += other->frag_len;
	nb->frag_len += other->frag_len;
	nb->truesize += other->frag_len;
	o->nr_frags = 0;
	other->frag_len = 0;
	netbuf_free(other);
	return true;
}

void netbuf_queue_purge(struct netbuf_queue *q)
{
	struct netbuf *nb;

	while ((nb = netbuf_queue_take(q)))
		netbuf_free(nb);
}
