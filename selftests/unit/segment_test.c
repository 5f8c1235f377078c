/* SPDX-License-Identifier: MIT */
/* modules: net/segment.c net/netbuf.c net/checksum.c mm/buddy.c mm/iter.c selftests/host/pages.c
 * selftests/host/nouser.c */
/* segment: the pieces of a large packet have right lengths, numbers, flags and, once completed,
 * sums; together they hold its bytes. */
#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <kernel/uapi_net.h>
#include <mm/iter.h>
#include <net/checksum.h>
#include <net/segment.h>

#include "unit.h"

#define LINK 14u

static u8 payload[60000], got[60000];

static u32 rnd(u32 n)
{
	return (u32)(host_random() >> 20) % n;
}

static struct netbuf *make(u8 gso, u32 len, u32 size)
{
	bool v4 = gso == GSO_TCP4 || gso == GSO_UDP4, tcp = gso == GSO_TCP4 || gso == GSO_TCP6;
	u32 ip = v4 ? 20 : 40, l4 = tcp ? 32 : 8;
	struct netbuf *nb = netbuf_alloc(LINK + ip + l4, 20, PAGE_KERNEL);
	u8 *h = netbuf_put(nb, LINK + ip + l4);
	struct iter it;

	memset(h, 0, LINK + ip + l4);
	nb->link_off = netbuf_offset(nb);
	nb->net_off = (u16)(nb->link_off + LINK);
	nb->trans_off = (u16)(nb->net_off + ip);
	h[LINK] = v4 ? 0x45 : 0x60;
	if (v4) {
		put_be16(h + LINK + 4, 1000);
		h[LINK + 9] = tcp ? IPPROTO_TCP : IPPROTO_UDP;
		h[LINK + 12] = 10;
		h[LINK + 16] = 11;
	} else {
		h[LINK + 6] = tcp ? IPPROTO_TCP : IPPROTO_UDP;
		h[LINK + 8] = 0xfe;
	}
	if (tcp) {
		put_be32(h + LINK + ip + 4, 0xfffff000);
		h[LINK + ip + 12] = 8 << 4;
		h[LINK + ip + 13] = 0x01 | 0x08 | 0x10 | 0x80;	/* FIN PSH ACK CWR */
	}
	nb->gso = gso;
	nb->gso_size = (u16)size;
	nb->csum_off = tcp ? 16 : 6;
	iter_kernel(&it, payload, len);
	ASSERT_EQ(0, netbuf_from_iter(nb, &it, len));
	return nb;
}

static void check_sum(struct netbuf *p, bool v4, u8 proto)
{
	u32 th = (u32)(p->trans_off - netbuf_offset(p)), n = p->len - th,
	    ip = (u32)(p->net_off - netbuf_offset(p)), a, b, sum;

	ASSERT_TRUE(segment_complete_csum(p));
	memcpy(&a, p->data + ip + 12, 4);
	memcpy(&b, p->data + ip + 16, 4);
	sum = v4 ? csum_pseudo4(a, b, n, proto)
		 : csum_pseudo6(p->data + ip + 8, p->data + ip + 24, n, proto);
	ASSERT_EQ(0, csum_fold(netbuf_sum(p, th, n, sum)));
	if (v4)
		ASSERT_EQ(0, csum_fold(csum_add_bytes(p->data + ip, 20, 0)));
}

static void check_piece(struct netbuf *p, u8 gso, u32 i, u32 at, bool last)
{
	bool v4 = gso == GSO_TCP4 || gso == GSO_UDP4, tcp = gso == GSO_TCP4 || gso == GSO_TCP6;
	const u8 *ip = netbuf_net_header(p), *th = netbuf_trans_header(p);
	u32 l3 = p->len - LINK;

	ASSERT_EQ(l3, v4 ? get_be16(ip + 2) : get_be16(ip + 4) + 40u);
	if (v4)
		ASSERT_EQ(1000 + i, get_be16(ip + 4));
	if (tcp) {
		ASSERT_EQ(0xfffff000u + at, get_be32(th + 4));
		ASSERT_EQ(last, th[13] & 1);
		ASSERT_EQ(last, th[13] >> 3 & 1);
		ASSERT_EQ(i == 0, th[13] >> 7);
	} else {
		ASSERT_EQ(l3 - (v4 ? 20 : 40), get_be16(th + 4));
	}
	check_sum(p, v4, tcp ? IPPROTO_TCP : IPPROTO_UDP);
}

TEST(pieces_make_the_whole)
{
	netbuf_init();
	for (u32 i = 0; i < sizeof(payload); i++)
		payload[i] = (u8)(host_random() >> 30);
	for (u32 round = 0; round < 200; round++) {
		u8 gso = (u8)(GSO_TCP4 + rnd(4));
		u32 len = 1 + rnd(sizeof(payload)), size = 500 + rnd(3000), at = 0, i = 0;
		u32 headers = LINK + (gso == GSO_TCP4 || gso == GSO_UDP4 ? 20 : 40) +
			      (gso == GSO_TCP4 || gso == GSO_TCP6 ? 32 : 8);
		struct netbuf *nb = make(gso, len, size), *p;
		struct netbuf_queue out;

		netbuf_queue_init(&out);
		ASSERT_EQ(0, segment(nb, &out, PAGE_KERNEL));
		netbuf_free(nb);
		while ((p = netbuf_queue_take(&out))) {
			u32 n = p->len - headers;

			check_piece(p, gso, i++, at, at + n == len);
			ASSERT_TRUE(n == size || at + n == len);
			netbuf_read(p, headers, got + at, n);
			at += n;
			netbuf_free(p);
		}
		ASSERT_EQ(len, at);
		ASSERT_EQ(0, memcmp(got, payload, len));
	}
}

TEST(what_cannot_be_cut)
{
	struct netbuf_queue out;
	struct netbuf *nb;

	netbuf_init();
	netbuf_queue_init(&out);
	nb = make(GSO_TCP4, 100, 0);
	EXPECT_EQ(-EINVAL, segment(nb, &out, PAGE_KERNEL));
	netbuf_free(nb);
	nb = make(GSO_UDP6, 5000, 1000);
	host_fail_allocations(3);
	EXPECT_EQ(-ENOMEM, segment(nb, &out, PAGE_KERNEL));
	host_fail_allocations(-1);
	EXPECT_EQ(0, out.n);
	netbuf_free(nb);
}
