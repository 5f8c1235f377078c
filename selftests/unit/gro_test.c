/* SPDX-License-Identifier: MIT */
/* modules: net/gro.c net/netbuf.c net/checksum.c mm/buddy.c mm/iter.c selftests/host/pages.c
 * selftests/host/nouser.c */
/* gro: segments that were cut from one become one again, with right headers and all bytes; whatever
 * differs goes up by itself, in order. */
#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <kernel/uapi_net.h>
#include <net/checksum.h>
#include <net/gro.h>
#include <net/net.h>
#include <net/netdev.h>

#include "unit.h"

#define ACK 0x10
#define PSH 0x08
#define FIN 0x01

static struct net_ns net;
static struct netdev dev = { .net = &net };
static struct netbuf *up[64];
static u32 nr_up;

void netdev_deliver(struct netbuf *nb)
{
	ASSERT_TRUE(nr_up < ARRAY_SIZE(up));
	up[nr_up++] = nb;
}

/* What the next segment looks like. */
static struct look {
	bool v6;
	u32 seq, len, ack;
	u16 sport, window, id;
	u8 flags, ttl, tos, options;	/* bytes of options */
	bool df, wrong_sum, linear;
} next;

static void start(bool v6)
{
	netbuf_init();
	nr_up = 0;
	next = (struct look){ .v6 = v6,
			      .seq = 0xfffff800,
			      .len = 1000,
			      .ack = 77,
			      .sport = 1234,
			      .window = 500,
			      .id = 9,
			      .flags = ACK,
			      .ttl = 64,
			      .options = 12,
			      .df = true };
}

static u8 byte_at(u32 seq) { return (u8)(seq * 7 + seq / 251); }

static void put_ip(u8 *h, u32 len)
{
	if (next.v6) {
		put_be32(h, 0x60000000u | (u32)next.tos << 20);
		put_be16(h + 4, (u16)len);
		h[6] = IPPROTO_TCP;
		h[7] = next.ttl;
		h[8] = h[24] = 0xfd;
		h[39] = 1;
		return;
	}
	h[0] = 0x45;
	h[1] = next.tos;
	put_be16(h + 2, (u16)(20 + len));
	put_be16(h + 4, next.id);
	put_be16(h + 6, next.df ? 0x4000 : 0);
	h[8] = next.ttl;
	h[9] = IPPROTO_TCP;
	h[12] = h[16] = 10;
	h[19] = 1;
	*(u16 *)(void *)(h + 10) = csum_fold(csum_add_bytes(h, 20, 0));
}

static u32 pseudo(const u8 *h, u32 len)
{
	u32 src, dst;

	if (next.v6)
		return csum_pseudo6(h + 8, h + 24, len, IPPROTO_TCP);
	memcpy(&src, h + 12, 4);
	memcpy(&dst, h + 16, 4);
	return csum_pseudo4(src, dst, len, IPPROTO_TCP);
}

/* As a driver makes it: headers linear, the payload in a page; then on to the next number. */
static struct netbuf *segment_now(void)
{
	u32 ip = next.v6 ? 40 : 20, tcp = 20u + next.options, head = ip + tcp;
	struct netbuf *nb = netbuf_alloc(head + (next.linear ? next.len : 0), 18, PAGE_KERNEL);
	u8 *h = netbuf_put(nb, head), *t = h + ip, *data;
	struct page *page = NULL;
	u16 sum;

	memset(h, 0, head);
	put_ip(h, tcp + next.len);
	put_be16(t, next.sport);
	put_be16(t + 2, 80);
	put_be32(t + 4, next.seq);
	put_be32(t + 8, next.ack);
	t[12] = (u8)(tcp << 2);
	t[13] = next.flags;
	put_be16(t + 14, next.window);
	memset(t + 20, 1, next.options);
	if (next.linear) {
		data = netbuf_put(nb, next.len);
	} else {
		page = page_alloc(0, PAGE_KERNEL);
		data = page_to_virt(page);
	}
	for (u32 i = 0; i < next.len; i++)
		data[i] = byte_at(next.seq + i);
	if (page && next.len)
		ASSERT_EQ(0, netbuf_add_frag(nb, page, 0, next.len));
	else if (page)
		page_put(page);
	nb->truesize += next.linear ? 0 : PAGE_SIZE;
	sum = csum_fold(netbuf_sum(nb, ip, nb->len - ip, pseudo(h, nb->len - ip)));
	sum ^= next.wrong_sum ? 0x1111 : 0;
	memcpy(t + 16, &sum, 2);
	nb->protocol = next.v6 ? ETH_P_IPV6 : ETH_P_IP;
	nb->kind = PKT_HOST;
	nb->dev = &dev;
	next.seq += next.len;
	next.id++;
	return nb;
}

static void receive(void) { gro_receive(segment_now()); }

/* Packet i went up with n segments, all bytes and right headers. */
static void check_up(u32 i, u32 segs, u32 len)
{
	struct netbuf *nb = up[i];
	u32 ip = next.v6 ? 40 : 20, head = ip + (nb->data[ip + 12] >> 4) * 4u,
	    seq = get_be32(nb->data + ip + 4);
	u8 b;

	EXPECT_EQ(segs > 1 ? segs : 0, nb->gso_segs);
	EXPECT_EQ(head + len, nb->len);
	EXPECT_EQ(next.v6 ? nb->len - 40 : nb->len, get_be16(nb->data + (next.v6 ? 4 : 2)));
	if (!next.v6)
		EXPECT_EQ(0, csum_fold(csum_add_bytes(nb->data, 20, 0)));
	for (u32 k = 0; k < len; k++) {
		netbuf_read(nb, head + k, &b, 1);
		ASSERT_EQ(byte_at(seq + k), b);
	}
	if (segs > 1) {				/* whoever completes the sum gets a right one */
		u16 field, sum;

		EXPECT_EQ(CSUM_PARTIAL, nb->csum);
		EXPECT_EQ(ip, (u32)(nb->csum_start - netbuf_offset(nb)));
		memcpy(&field, nb->data + ip + 16, 2);
		EXPECT_EQ((u16)~csum_fold(pseudo(nb->data, nb->len - ip)), field);
		sum = csum_fold(netbuf_sum(nb, ip, nb->len - ip, 0));
		memcpy(nb->data + ip + 16, &sum, 2);
		EXPECT_EQ(0, csum_fold(netbuf_sum(nb, ip, nb->len - ip,
						  pseudo(nb->data, nb->len - ip))));
	}
	netbuf_free(nb);
}

static void joined_by(bool v6)
{
	start(v6);
	for (u32 i = 0; i < 10; i++)
		receive();
	EXPECT_EQ(0, nr_up);
	gro_flush();
	ASSERT_EQ(1, nr_up);
	EXPECT_EQ(1000, up[0]->gso_size);
	EXPECT_EQ(v6 ? GSO_TCP6 : GSO_TCP4, up[0]->gso);
	EXPECT_TRUE(up[0]->truesize >= 10 * PAGE_SIZE);
	check_up(0, 10, 10000);
	gro_flush();
	EXPECT_EQ(1, nr_up);
}

TEST(segments_become_one)
{
	joined_by(false);
	joined_by(true);
}

TEST(a_short_one_ends_it)
{
	start(false);
	receive();
	receive();
	next.len = 300;
	receive();
	ASSERT_EQ(1, nr_up);
	check_up(0, 3, 2300);
	receive();
	gro_flush();
	ASSERT_EQ(2, nr_up);
	check_up(1, 1, 300);
}

TEST(a_longer_one_begins_anew)
{
	start(true);
	next.len = 500;
	receive();
	next.len = 1000;
	receive();
	receive();
	gro_flush();
	ASSERT_EQ(2, nr_up);
	check_up(0, 1, 500);
	check_up(1, 2, 2000);
}

TEST(push_and_fin_end_it)
{
	start(false);
	receive();
	next.flags = ACK | PSH;
	receive();
	ASSERT_EQ(1, nr_up);
	EXPECT_EQ(ACK | PSH, up[0]->data[33]);
	check_up(0, 2, 2000);
	receive();				/* alone it does not even wait */
	ASSERT_EQ(2, nr_up);
	check_up(1, 1, 1000);
	next.flags = ACK;
	receive();
	next.flags = ACK | FIN;
	receive();
	ASSERT_EQ(3, nr_up);
	EXPECT_EQ(ACK | FIN, up[2]->data[33]);
	check_up(2, 2, 2000);
}

/* Two like the first, then one that differs: it goes up behind them. */
#define DIFFERS(change)									\
	do {										\
		start(false);								\
		receive();								\
		receive();								\
		change;									\
		receive();								\
		gro_flush();								\
		ASSERT_EQ(2, nr_up);							\
		check_up(0, 2, 2000);							\
		netbuf_free(up[1]);							\
	} while (0)

TEST(what_differs_is_not_joined)
{
	DIFFERS(next.seq += 1000);
	DIFFERS(next.seq -= 1000);
	DIFFERS(next.ack++);
	DIFFERS(next.window--);
	DIFFERS(next.ttl--);
	DIFFERS(next.tos = 3);
	DIFFERS(next.options = 0);
	DIFFERS(next.options = 16);
	DIFFERS(next.df = false);
	DIFFERS(next.wrong_sum = true);
	DIFFERS(next.linear = true);
	DIFFERS(next.len = 0);
	DIFFERS(next.flags = ACK | 0x02);
	DIFFERS(next.flags = ACK | 0x04);
	DIFFERS(next.flags = ACK | 0x20);
	DIFFERS(next.flags = ACK | 0x80);
	DIFFERS(next.flags = 0);
}

TEST(numbers_of_packets_count_where_they_may_be_cut)
{
	start(false);
	next.df = false;
	receive();
	receive();
	gro_flush();
	check_up(0, 2, 2000);
	nr_up = 0;
	receive();
	next.id += 5;
	receive();
	gro_flush();
	ASSERT_EQ(2, nr_up);
	check_up(0, 1, 1000);
	check_up(1, 1, 1000);
	nr_up = 0;
	net.forward4 = true;
	receive();
	receive();
	gro_flush();
	net.forward4 = false;
	ASSERT_EQ(2, nr_up);
	check_up(0, 1, 1000);
	check_up(1, 1, 1000);
}

TEST(connections_do_not_mix)
{
	struct look a, b;

	start(false);
	a = b = next;
	b.sport++;
	for (u32 i = 0; i < 5; i++) {
		next = a;
		receive();
		a = next;
		next = b;
		receive();
		b = next;
	}
	gro_flush();
	ASSERT_EQ(2, nr_up);
	check_up(0, 5, 5000);
	check_up(1, 5, 5000);
}

TEST(the_oldest_leaves_for_a_ninth)
{
	start(true);
	for (u32 i = 0; i < 9; i++) {
		receive();
		next.sport++;
	}
	ASSERT_EQ(1, nr_up);
	EXPECT_EQ(1234, get_be16(up[0]->data + 40));
	gro_flush();
	EXPECT_EQ(9, nr_up);
	for (u32 i = 0; i < 9; i++)
		netbuf_free(up[i]);
}

TEST(as_long_as_there_are_fragments)
{
	start(false);
	for (u32 i = 0; i < NETBUF_FRAGS + 3; i++)
		receive();
	gro_flush();
	ASSERT_EQ(2, nr_up);
	check_up(0, NETBUF_FRAGS, NETBUF_FRAGS * 1000);
	check_up(1, 3, 3000);
}

TEST(others_pass)
{
	struct netbuf *nb;

	start(false);
	nb = segment_now();
	nb->kind = PKT_OTHERHOST;
	gro_receive(nb);
	nb = segment_now();
	nb->data[9] = IPPROTO_UDP;
	gro_receive(nb);
	nb = segment_now();
	put_be16(nb->data + 6, 0x2000);
	gro_receive(nb);
	nb = segment_now();
	nb->data[32] = 0x40;
	gro_receive(nb);
	nb = segment_now();
	nb->protocol = ETH_P_ARP;
	gro_receive(nb);
	nb = netbuf_alloc(10, 18, PAGE_KERNEL);
	netbuf_put(nb, 10);
	nb->protocol = ETH_P_IP;
	gro_receive(nb);
	EXPECT_EQ(6, nr_up);
	for (u32 i = 0; i < nr_up; i++)
		netbuf_free(up[i]);
}

TEST(drivers_copy_the_headers)
{
	u8 f[200] = {};

	put_be16(f + 12, ETH_P_IP);
	f[14] = 0x45;
	f[23] = IPPROTO_TCP;
	f[46] = 0x80;
	EXPECT_EQ(14 + 20 + 32, gro_head_len(f, sizeof(f), 128));
	f[46] = 0x40;
	EXPECT_EQ(128, gro_head_len(f, sizeof(f), 128));
	f[23] = IPPROTO_UDP;
	EXPECT_EQ(128, gro_head_len(f, sizeof(f), 128));
	EXPECT_EQ(60, gro_head_len(f, 60, 128));
	put_be16(f + 12, ETH_P_IPV6);
	f[20] = IPPROTO_TCP;
	f[66] = 0x50;
	EXPECT_EQ(14 + 40 + 20, gro_head_len(f, sizeof(f), 128));
	f[66] = 0xf0;
	EXPECT_EQ(90, gro_head_len(f, 90, 128));
}
