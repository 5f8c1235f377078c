/* SPDX-License-Identifier: MIT */
/* packet_ring.c - PACKET_RX_RING: frames into memory that the program maps, without a call for
 * each.
 *
 * The ring is a vmo whose pages we hold; what is in it is the program's to read and to spoil: we
 * believe nothing of it but the status words, and these only as "ours or yours". Versions 1 and 2
 * have frames of one size, each with a status. Version 3 has blocks, filled with as many frames as
 * fit; a block is given to the program when the next frame does not fit, or some time after its
 * first.
 *
 *	block:	ours, not open -- open_block() --> open -- close_block() --> the program's -- it writes status 0 --> ours, not open
 *
 * Invariants: (1) ring.at < block_size, and no frame crosses its block; (2) the timer is armed only
 * while an open block has frames.
 *
 * Locks: packet_sock.rx.lock for everything that moves; the owner lock for making and dropping.
 * Barriers: (A) a status is stored with release after what it stands for, and loaded with acquire,
 * as the program does.
 * Ref: packet(7), Linux Documentation/networking/packet_mmap.rst. Tests:
 * selftests/abi/packet_ring.c
 */
#include "packet_int.h"

#include <kernel/bh.h>
#include <kernel/bh_timer.h>
#include <kernel/clock.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <mm/vmo.h>

#define BLOCK_HEADER	48u		/* struct tpacket_block_desc */
#define LEAST_MAC	16u		/* bytes for a link header, however short */
#define DEFAULT_TIMEOUT 8u		/* ms, when the program names none */

/* Layouts of linux/if_packet.h. */
struct abi_tpacket_req3 {
	u32 block_size, block_nr, frame_size, frame_nr;
	u32 timeout_ms, priv, features;		/* version 3 only */
};
struct abi_tpacket1 {
	u64 status;
	u32 len, snaplen;
	u16 mac, net;
	u32 sec, usec;
};
struct abi_tpacket2 {
	u32 status, len, snaplen;
	u16 mac, net;
	u32 sec, nsec;
	u16 vlan_tci, vlan_tpid;
	u8 pad[4];
};
struct abi_tpacket3 {
	u32 next, sec, nsec, snaplen, len, status;
	u16 mac, net;
	u32 rxhash, vlan_tci;
	u16 vlan_tpid, pad;
	u8 pad8[8];
};
struct abi_block {
	u32 version, priv_off;
	u32 status, num, first, len;
	u64 seq;
	u32 first_sec, first_nsec, last_sec, last_nsec;
};
struct abi_sll {
	u16 family, protocol;
	s32 ifindex;
	u16 hatype;
	u8 kind, halen, addr[8];
};

static_assert(sizeof(struct abi_block) == BLOCK_HEADER && sizeof(struct abi_tpacket3) == 48 &&
		      sizeof(struct abi_tpacket1) == 32,
	      "layout");

struct packet_ring {
	struct packet_sock *ps;		/* [I] */
	struct vmo *vmo;		/* [I] */
	struct page **pages;		/* [I] all of the vmo's, a reference each */
	u32 nr_pages, version;		/* [I] */
	u32 block_size, block_nr, frame_size, frames_per_block, priv;	/* [I] */
	ktime_t timeout;		/* [I] */
	u32 head;			/* next frame; version 3: block */
	/* version 3, from here on: the head block is being filled */
	bool open;
	bool frozen;			/* ... and could not be: the program has it */
	/* where in it the next frame goes, where the last is; how many */
	u32 at, prev, num;
	u32 freezes;
	u64 seq;
	struct bh_timer timer;
};

/* Where the link header may begin: behind the frame's header and a struct sockaddr_ll. */
static u32 header_of(u32 version)
{
	return ALIGN_UP(version == TPACKET_V3 ? (u32)sizeof(struct abi_tpacket3) : 32u, 16u);
}

static u32 room_of_header(u32 version)
{
	return header_of(version) + (u32)sizeof(struct abi_sll);
}

/* ---- bytes of the ring ---- */

static void put(struct packet_ring *r, u64 off, const void *src, u32 n)
{
	const u8 *from = src;

	while (n) {
		u32 in = off % PAGE_SIZE, piece = min(n, (u32)PAGE_SIZE - in);

		memcpy((u8 *)page_to_virt(r->pages[off / PAGE_SIZE]) + in, from, piece);
		off += piece;
		from += piece;
		n -= piece;
	}
}

static void put_bytes(struct packet_ring *r, u64 off, const struct netbuf *nb, u32 n)
{
	for (u32 done = 0; done < n;) {
		u32 in = off % PAGE_SIZE, piece = min(n - done, (u32)PAGE_SIZE - in);

		netbuf_read(nb, done, (u8 *)page_to_virt(r->pages[off / PAGE_SIZE]) + in, piece);
		off += piece;
		done += piece;
	}
}

static u32 *status_word(const struct packet_ring *r, u64 off)
{
	return (u32 *)(void *)((u8 *)page_to_virt(r->pages[off / PAGE_SIZE]) + off % PAGE_SIZE);
}

static u64 frame_at(const struct packet_ring *r, u32 index)
{
	return (u64)(index / r->frames_per_block) * r->block_size +
	       (u64)(index % r->frames_per_block) * r->frame_size;
}

static u64 block_at(const struct packet_ring *r, u32 index)
{
	return (u64)index * r->block_size;
}

#define BLOCK_STATUS offsetof(struct abi_block, status)

static u32 status_of(const struct packet_ring *r, u32 index)
{
	u64 off = r->version == TPACKET_V3 ? block_at(r, index) + BLOCK_STATUS : frame_at(r, index);

	return smp_load_acquire(status_word(r, off));		/* (A) */
}

/* ---- version 3: blocks ---- */

static u32 block_start(const struct packet_ring *r)
{
	return BLOCK_HEADER + ALIGN_UP(r->priv, 8u);
}

static u32 next_block(const struct packet_ring *r)
{
	return r->head + 1 == r->block_nr ? 0 : r->head + 1;
}

static void open_block(struct packet_ring *r)
{
	ktime_t now = clock_realtime();
	struct abi_block b = { .version = TPACKET_V3,
			       .priv_off = BLOCK_HEADER,
			       .first = block_start(r),
			       .len = block_start(r),
			       .seq = ++r->seq,
			       .first_sec = (u32)(now / NSEC_PER_SEC),
			       .first_nsec = (u32)(now % NSEC_PER_SEC) };

	put(r, block_at(r, r->head), &b, sizeof(b));
	r->at = block_start(r);
	r->prev = r->num = 0;
	r->open = true;
	r->frozen = false;
}

/* The head block, if it is ours. */
static bool ready_block(struct packet_ring *r)
{
	if (r->open)
		return true;
	if (status_of(r, r->head) & TP_STATUS_USER) {
		r->freezes += !r->frozen;
		r->frozen = true;
		return false;
	}
	open_block(r);
	return true;
}

static void close_block(struct packet_ring *r, u32 status)
{
	u64 base = block_at(r, r->head), last = base + r->prev;
	u32 zero = 0, stamp[2];

	/* the stamp of the last frame, which the program cannot have changed to our harm */
	stamp[0] = READ_ONCE(*status_word(r, last + offsetof(struct abi_tpacket3, sec)));
	stamp[1] = READ_ONCE(*status_word(r, last + offsetof(struct abi_tpacket3, nsec)));
	put(r, last + offsetof(struct abi_tpacket3, next), &zero, sizeof(zero));
	put(r, base + offsetof(struct abi_block, last_sec), stamp, sizeof(stamp));
	put(r, base + offsetof(struct abi_block, num), &r->num, sizeof(r->num));
	put(r, base + offsetof(struct abi_block, len), &r->at, sizeof(r->at));
	/* (A) */
	smp_store_release(status_word(r, base + BLOCK_STATUS), TP_STATUS_USER | status);
	bh_timer_cancel(&r->timer);
	r->open = false;
	r->head = next_block(r);
}

static void on_timer(struct bh_timer *t)
{
	struct packet_ring *r = container_of(t, struct packet_ring, timer);
	struct packet_sock *ps = r->ps;
	bool closed = false;

	spin_lock(&ps->rx.lock);
	if (ps->ring == r && r->open && r->num) {
		close_block(r, TP_STATUS_BLK_TMO);
		closed = true;
	}
	spin_unlock(&ps->rx.lock);
	if (closed)
		object_wake(&ps->sk.obj, EPOLLIN | EPOLLRDNORM);
}

/* Room for n bytes in the open block: where; or in the next. 0: none. */
static u64 room_in_block(struct packet_ring *r, u32 n)
{
	n = ALIGN_UP(n, 8u);
	if (!ready_block(r))
		return 0;
	if (r->at + n >= r->block_size) {
		if (r->num)
			close_block(r, 0);
		if (!ready_block(r))
			return 0;
	}
	r->prev = r->at;
	r->at += n;
	if (!r->num++)
		bh_timer_arm(&r->timer, clock_monotonic() + r->timeout);
	return block_at(r, r->head) + r->prev;
}

/* ---- frames ---- */

struct frame {
	u32 mac, net, snaplen, len, status;
	ktime_t stamp;
};

static void put_header(struct packet_ring *r, u64 off, const struct frame *f)
{
	u32 sec = (u32)(f->stamp / NSEC_PER_SEC), nsec = (u32)(f->stamp % NSEC_PER_SEC);
	struct abi_tpacket1 h1 = { .len = f->len,
				   .snaplen = f->snaplen,
				   .mac = (u16)f->mac,
				   .net = (u16)f->net,
				   .sec = sec,
				   .usec = nsec / 1000 };
	struct abi_tpacket2 h2 = { .len = f->len,
				   .snaplen = f->snaplen,
				   .mac = (u16)f->mac,
				   .net = (u16)f->net,
				   .sec = sec,
				   .nsec = nsec };
	struct abi_tpacket3 h3 = { .next = r->at - r->prev,
				   .len = f->len,
				   .snaplen = f->snaplen,
				   .mac = (u16)f->mac,
				   .net = (u16)f->net,
				   .sec = sec,
				   .nsec = nsec,
				   .status = f->status };

	if (r->version == TPACKET_V3)
		put(r, off, &h3, sizeof(h3));
	else if (r->version == TPACKET_V2)
		put(r, off + 4, (u8 *)&h2 + 4, sizeof(h2) - 4);
	else
		put(r, off + 8, (u8 *)&h1 + 8, sizeof(h1) - 8);
}

static void put_address(struct packet_ring *r, u64 off, const struct netbuf *nb)
{
	const struct netdev *d = nb->dev;
	struct abi_sll a = { .family = AF_PACKET,
			     .protocol = cpu_to_be16(nb->protocol),
			     .ifindex = d->index,
			     .hatype = d->type,
			     .kind = nb->kind,
			     .halen = d->halen };

	if (netbuf_offset(nb) >= nb->link_off + ETH_HLEN || nb->link_off == netbuf_offset(nb))
		memcpy(a.addr, (u8 *)netbuf_link_header(nb) + ETH_ALEN, ETH_ALEN);
	put(r, off, &a, sizeof(a));
}

static struct frame layout(const struct packet_sock *ps, const struct netbuf *nb, u32 keep)
{
	const struct packet_ring *r = ps->ring;
	u32 mac = ps->sk.type == SOCK_RAW ? nb->net_off - netbuf_offset(nb) : 0,
	    room = room_of_header(r->version), most;
	struct frame f = { .len = nb->len, .snaplen = keep, .stamp = nb->stamp };

	f.net = ALIGN_UP(room + max(mac, LEAST_MAC), 16u) + ps->reserve;
	f.mac = f.net - mac;
	f.status = TP_STATUS_USER | packet_csum_status(nb) | (f.stamp ? TP_STATUS_TS_SOFTWARE : 0);
	if (!f.stamp)
		f.stamp = clock_realtime();
	most = r->version == TPACKET_V3 ? r->block_size - block_start(r) - 8 : r->frame_size;
	if (f.mac + f.snaplen > most)
		f.snaplen = most > f.mac ? most - f.mac : 0;
	return f;
}

bool packet_ring_put(struct packet_sock *ps, const struct netbuf *nb, u32 keep)
{
	struct packet_ring *r = ps->ring;
	struct frame f = layout(ps, nb, keep);
	u64 off;

	if (r->version == TPACKET_V3) {
		off = room_in_block(r, f.mac + f.snaplen);
		if (!off)
			return false;
	} else {
		if (status_of(r, r->head))
			return false;
		off = frame_at(r, r->head);
		r->head = r->head + 1 == r->frames_per_block * r->block_nr ? 0 : r->head + 1;
		if (ps->drops)
			f.status |= TP_STATUS_LOSING;
	}
	put_header(r, off, &f);
	put_address(r, off + header_of(r->version), nb);
	put_bytes(r, off + f.mac, nb, f.snaplen);
	if (r->version == TPACKET_V1)
		smp_store_release((u64 *)(void *)status_word(r, off), (u64)f.status);	/* (A) */
	else if (r->version == TPACKET_V2)
		/* (A) */
		smp_store_release(status_word(r, off), f.status);
	return true;
}

bool packet_ring_readable(const struct packet_sock *ps)
{
	const struct packet_ring *r = ps->ring;
	u32 n;

	if (!r)
		return false;
	n = r->version == TPACKET_V3 ? r->block_nr : r->frames_per_block * r->block_nr;
	return status_of(r, (r->head ? r->head : n) - 1) != 0;
}

u32 packet_ring_freezes(struct packet_sock *ps)
{
	u32 n = ps->ring ? ps->ring->freezes : 0;

	if (ps->ring)
		ps->ring->freezes = 0;
	return n;
}

/* ---- making, mapping, dropping ---- */

static void free_ring(struct packet_ring *r)
{
	for (u32 i = 0; i < r->nr_pages && r->pages[i]; i++)
		page_put(r->pages[i]);
	if (r->vmo)
		vmo_put(r->vmo);
	kfree(r->pages);
	kfree(r);
}

static int check_request(const struct packet_sock *ps, const struct abi_tpacket_req3 *q)
{
	u32 least = room_of_header(ps->version) + ps->reserve, per;

	if ((s32)q->block_size <= 0 || q->block_size % PAGE_SIZE)
		return -EINVAL;
	if (ps->version == TPACKET_V3 &&
	    (u64)q->block_size < BLOCK_HEADER + ALIGN_UP((u64)q->priv, 8u) + least)
		return -EINVAL;
	if (q->frame_size < least || q->frame_size % 16)
		return -EINVAL;
	per = q->block_size / q->frame_size;
	if (!per || per > U32_MAX / q->block_nr || per * q->block_nr != q->frame_nr)
		return -EINVAL;
	return 0;
}

static int make_ring(struct packet_sock *ps, const struct abi_tpacket_req3 *q,
		     struct packet_ring **out)
{
	u64 size = (u64)q->block_size * q->block_nr, n = size / PAGE_SIZE;
	struct packet_ring *r = knew(struct packet_ring);
	int err = 0;

	if (!r)
		return -ENOMEM;
	*r = (struct packet_ring){ .ps = ps,
				   .version = ps->version,
				   .block_size = q->block_size,
				   .block_nr = q->block_nr,
				   .frame_size = q->frame_size,
				   .frames_per_block = q->block_size / q->frame_size,
				   .priv = ps->version == TPACKET_V3 ? q->priv : 0 };
	r->timeout = (ktime_t)(q->timeout_ms ? q->timeout_ms : DEFAULT_TIMEOUT) * NSEC_PER_MSEC;
	bh_timer_setup(&r->timer, on_timer);
	r->vmo = n <= U32_MAX / 8 ? vmo_create(NULL, NULL, size, VMO_SHMEM) : NULL;
	r->pages = r->vmo ? kzalloc(n * sizeof(void *)) : NULL;
	if (!r->pages)
		err = -ENOMEM;
	for (r->nr_pages = (u32)n; !err && n--;)
		err = vmo_page(r->vmo, r->nr_pages - 1 - n, VMO_FAULT,
			       &r->pages[r->nr_pages - 1 - n]);
	if (err) {
		r->nr_pages = r->pages ? r->nr_pages : 0;
		free_ring(r);
		return -ENOMEM;
	}
	if (r->version == TPACKET_V3)
		open_block(r);
	*out = r;
	return 0;
}

static void swap_ring(struct packet_sock *ps, struct packet_ring *r)
{
	struct packet_ring *old;

	spin_lock_bh(&ps->rx.lock);
	old = ps->ring;
	WRITE_ONCE(ps->ring, r);
	netbuf_queue_purge(&ps->rx.q);
	spin_unlock_bh(&ps->rx.lock);
	if (!old)
		return;
	bh_timer_cancel(&old->timer);
	synchronize_rcu();		/* its function may be running: bottom halves are readers */
	free_ring(old);
}

static bool is_mapped(const struct packet_ring *r)
{
	return r && READ_ONCE(r->vmo->mappings.root);
}

static int set_ring(struct packet_sock *ps, const void *val, u32 len)
{
	struct abi_tpacket_req3 q = {};
	u32 want = ps->version == TPACKET_V3 ? sizeof(q) : 16;
	struct packet_ring *r = NULL;
	int err;

	if (len < want)
		return -EINVAL;
	memcpy(&q, val, want);
	if (is_mapped(ps->ring))
		return -EBUSY;
	if (!q.block_nr) {
		if (q.frame_nr)
			return -EINVAL;
	} else {
		if (ps->ring)
			return -EBUSY;
		err = check_request(ps, &q);
		if (!err)
			err = make_ring(ps, &q, &r);
		if (err)
			return err;
	}
	swap_ring(ps, r);
	return 0;
}

int packet_ring_setopt(struct packet_sock *ps, s32 name, const void *val, u32 len)
{
	u32 v;

	if (name == PACKET_RX_RING)
		return set_ring(ps, val, len);
	if (name != PACKET_VERSION && name != PACKET_RESERVE)
		return -ENOPROTOOPT;
	if (len != sizeof(v))
		return -EINVAL;
	memcpy(&v, val, sizeof(v));
	if (v > (name == PACKET_VERSION ? (u32)TPACKET_V3 : (u32)S32_MAX))
		return -EINVAL;
	if (ps->ring)
		return -EBUSY;
	if (name == PACKET_VERSION)
		ps->version = v;
	else
		ps->reserve = v;
	return 0;
}

int packet_ring_getopt(struct packet_sock *ps, s32 name, void *val, u32 *len)
{
	u32 v;

	switch (name) {
	case PACKET_VERSION: return sock_put_int(val, len, (s32)ps->version);
	case PACKET_RESERVE: return sock_put_int(val, len, (s32)ps->reserve);
	case PACKET_HDRLEN:
		if (*len < sizeof(v))
			return -EINVAL;
		memcpy(&v, val, sizeof(v));
		return v > TPACKET_V3 ? -EINVAL : sock_put_int(val, len, (s32)header_of(v));
	default: return -ENOPROTOOPT;
	}
}

int packet_ring_mmap(struct sock *sk, struct vm_request *req)
{
	struct packet_sock *ps = to_packet(sk);
	struct packet_ring *r;
	int err = -EINVAL;

	if (req->pgoff)
		return -EINVAL;
	sock_lock(sk);
	r = ps->ring;
	if (r && req->len == r->vmo->size) {
		vmo_get(r->vmo);
		req->vmo = r->vmo;
		err = 0;
	}
	sock_unlock(sk);
	return err;
}

void packet_ring_drop(struct packet_sock *ps)
{
	swap_ring(ps, NULL);
}
