/* SPDX-License-Identifier: MIT */
/* packet(7), packet_mmap.rst: PACKET_RX_RING of all three versions, over the loopback device. */
#include "../harness.h"

#include "netif.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/filter.h>
#include <poll.h>
#include <sys/mman.h>

#define BLOCK 8192

/* A tap on lo that sees the datagrams to `port` alone, as they come in. */
static int tap(int version, int port)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 14 + 20 + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { 4, code };
	int s;

	if_up("lo");
	a.sll_ifindex = if_nametoindex("lo");
	s = socket(AF_PACKET, SOCK_RAW, 0);
	setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
	setsockopt(s, SOL_PACKET, PACKET_VERSION, &version, sizeof(version));
	bind(s, (void *)&a, sizeof(a));
	return s;
}

static void say(int port, const char *text, int n)
{
	struct sockaddr_in to = in4("127.0.0.1", port);
	int s = socket(AF_INET, SOCK_DGRAM, 0), r = socket(AF_INET, SOCK_DGRAM, 0);

	bind(r, (void *)&to, sizeof(to));
	sendto(s, text, n, 0, (void *)&to, sizeof(to));
	close(s);
	close(r);
}

static char *ring(int s, const struct tpacket_req3 *q, int size)
{
	ASSERT_EQ(0, setsockopt(s, SOL_PACKET, PACKET_RX_RING, q, size));
	return mmap(NULL, q->tp_block_size * q->tp_block_nr, PROT_READ | PROT_WRITE, MAP_SHARED, s,
		    0);
}

static int ready(int s, int ms)
{
	struct pollfd p = { s, POLLIN, 0 };

	return poll(&p, 1, ms);
}

TEST(requests_are_checked)
{
	static const struct { struct tpacket_req q; int err; } bad[] = {
		{ { 4096, 0, 2048, 2 }, EINVAL }, { { 1000, 4, 2048, 2 }, EINVAL },
		{ { 4096, 4, 2040, 8 }, EINVAL }, { { 4096, 4, 32, 512 }, EINVAL },
		{ { 4096, 4, 2048, 7 }, EINVAL }, { { 4096, 4, 8192, 4 }, EINVAL },
	};
	struct tpacket_req good = { BLOCK, 2, 2048, 8 }, none = {};
	struct tpacket_req3 three = { BLOCK, 2, 2048, 8, 10, BLOCK - 100, 0 };
	int s = tap(TPACKET_V2, 9001), v = 3;
	char *m;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_ERRNO(bad[i].err, setsockopt(s, SOL_PACKET, PACKET_RX_RING, &bad[i].q,
						    sizeof(bad[i].q)));
	EXPECT_ERRNO(EINVAL, setsockopt(s, SOL_PACKET, PACKET_RX_RING, &good, sizeof(good) - 1));
	EXPECT_ERRNO(EINVAL, setsockopt(s, SOL_PACKET, PACKET_VERSION, &v, sizeof(v)));
	EXPECT_ERRNO(EINVAL, (long)mmap(NULL, 2 * BLOCK, PROT_READ, MAP_SHARED, s, 0));
	ASSERT_EQ(0, setsockopt(s, SOL_PACKET, PACKET_RX_RING, &good, sizeof(good)));
	EXPECT_ERRNO(EBUSY, setsockopt(s, SOL_PACKET, PACKET_RX_RING, &good, sizeof(good)));
	v = TPACKET_V3;
	EXPECT_ERRNO(EBUSY, setsockopt(s, SOL_PACKET, PACKET_VERSION, &v, sizeof(v)));
	EXPECT_ERRNO(EINVAL, (long)mmap(NULL, BLOCK, PROT_READ, MAP_SHARED, s, 0));
	EXPECT_ERRNO(EINVAL, (long)mmap(NULL, 2 * BLOCK, PROT_READ, MAP_SHARED, s, 4096));
	m = mmap(NULL, 2 * BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, s, 0);
	ASSERT_EQ(1, m != MAP_FAILED);
	EXPECT_ERRNO(EBUSY, setsockopt(s, SOL_PACKET, PACKET_RX_RING, &none, sizeof(none)));
	munmap(m, 2 * BLOCK);
	EXPECT_EQ(0, setsockopt(s, SOL_PACKET, PACKET_RX_RING, &none, sizeof(none)));
	EXPECT_EQ(0, setsockopt(s, SOL_PACKET, PACKET_VERSION, &v, sizeof(v)));
	EXPECT_ERRNO(EINVAL, setsockopt(s, SOL_PACKET, PACKET_RX_RING, &three, sizeof(three)));
}

TEST(options_are_told)
{
	static const int lengths[] = { sizeof(struct tpacket_hdr), sizeof(struct tpacket2_hdr),
				       sizeof(struct tpacket3_hdr) };
	int s = tap(TPACKET_V3, 9002), v;
	socklen_t n = sizeof(v);

	EXPECT_EQ(0, getsockopt(s, SOL_PACKET, PACKET_VERSION, &v, &n));
	EXPECT_EQ(TPACKET_V3, v);
	for (int i = 0; i < 3; i++) {
		v = i;
		EXPECT_EQ(0, getsockopt(s, SOL_PACKET, PACKET_HDRLEN, &v, &n));
		EXPECT_EQ(lengths[i], v);
	}
	v = 3;
	EXPECT_ERRNO(EINVAL, getsockopt(s, SOL_PACKET, PACKET_HDRLEN, &v, &n));
	n = 2;
	EXPECT_ERRNO(EINVAL, getsockopt(s, SOL_PACKET, PACKET_HDRLEN, &v, &n));
	v = 4;
	n = sizeof(v);
	EXPECT_EQ(0, setsockopt(s, SOL_PACKET, PACKET_RESERVE, &v, sizeof(v)));
	v = 0;
	EXPECT_EQ(0, getsockopt(s, SOL_PACKET, PACKET_RESERVE, &v, &n));
	EXPECT_EQ(4, v);
}

TEST(frames_of_version_1)
{
	struct tpacket_req3 q = { BLOCK, 1, 2048, 4, .tp_sizeof_priv = 0 };
	int s = tap(TPACKET_V1, 9003);
	char *m = ring(s, &q, sizeof(struct tpacket_req));
	struct tpacket_hdr *h = (void *)m;

	ASSERT_EQ(1, m != MAP_FAILED);
	EXPECT_EQ(0, ready(s, 0));
	say(9003, "hello", 5);
	ASSERT_EQ(1, ready(s, 1000));
	EXPECT_EQ(TP_STATUS_USER, h->tp_status & TP_STATUS_USER);
	EXPECT_EQ(14 + 28 + 5, h->tp_len);
	EXPECT_EQ(14 + 28 + 5, h->tp_snaplen);
	EXPECT_EQ(14, h->tp_net - h->tp_mac);
	EXPECT_EQ(0, h->tp_net % 16);
	EXPECT_EQ(80, h->tp_net);
	EXPECT_EQ(0, memcmp(m + h->tp_net + 28, "hello", 5));
}

TEST(frames_of_version_2_go_round)
{
	struct tpacket_req3 q = { BLOCK, 1, 2048, 4, .tp_sizeof_priv = 0 };
	int s = tap(TPACKET_V2, 9004);
	char *m = ring(s, &q, sizeof(struct tpacket_req)), text[2];
	struct tpacket_stats st;
	socklen_t n = sizeof(st);

	for (int i = 0; i < 6; i++) {			/* two find no room */
		text[0] = 'a' + i;
		say(9004, text, 1);
	}
	for (int i = 0; i < 4; i++) {
		struct tpacket2_hdr *h = (void *)(m + i * 2048);
		struct sockaddr_ll *a = (void *)(m + i * 2048 + TPACKET_ALIGN(sizeof(*h)));

		EXPECT_EQ(TP_STATUS_USER, h->tp_status & TP_STATUS_USER);
		EXPECT_EQ('a' + i, m[i * 2048 + h->tp_net + 28]);
		EXPECT_EQ(AF_PACKET, a->sll_family);
		EXPECT_EQ(ETH_P_IP, ntohs(a->sll_protocol));
		EXPECT_EQ(772, a->sll_hatype);
		EXPECT_EQ(PACKET_HOST, a->sll_pkttype);
		EXPECT_EQ(1, h->tp_sec > 1700000000 || h->tp_sec > 0);
	}
	EXPECT_EQ(0, getsockopt(s, SOL_PACKET, PACKET_STATISTICS, &st, &n));
	EXPECT_EQ(8, n);
	EXPECT_EQ(6, st.tp_packets);
	EXPECT_EQ(2, st.tp_drops);
	((struct tpacket2_hdr *)m)->tp_status = TP_STATUS_KERNEL;
	say(9004, "z", 1);
	EXPECT_EQ('z', m[((struct tpacket2_hdr *)m)->tp_net + 28]);
	EXPECT_EQ(1, ready(s, 0));
}

TEST(long_frames_are_cut)
{
	struct tpacket_req3 q = { BLOCK, 1, 256, 32, .tp_sizeof_priv = 0 };
	static char text[1000] = { [0 ... 999] = 'x' };
	int s = tap(TPACKET_V2, 9005);
	char *m = ring(s, &q, sizeof(struct tpacket_req));
	struct tpacket2_hdr *h = (void *)m;

	say(9005, text, sizeof(text));
	EXPECT_EQ(14 + 28 + 1000, h->tp_len);
	EXPECT_EQ(256 - h->tp_mac, h->tp_snaplen);
	EXPECT_EQ(0, ((struct tpacket2_hdr *)(m + 256))->tp_status);
}

static struct tpacket_block_desc *block(char *m, int i)
{
	return (void *)(m + i * BLOCK);
}

TEST(blocks_of_version_3)
{
	struct tpacket_req3 q = {
		BLOCK, 4, 2048, 16, .tp_retire_blk_tov = 100, .tp_sizeof_priv = 20
	};
	int s = tap(TPACKET_V3, 9006);
	char *m = ring(s, &q, sizeof(q));
	struct tpacket_hdr_v1 *b = &block(m, 0)->hdr.bh1;
	struct tpacket3_hdr *h;

	ASSERT_EQ(1, m != MAP_FAILED);
	EXPECT_EQ(0, ready(s, 150));			/* an empty block stays */
	say(9006, "one", 3);
	say(9006, "three", 5);
	ASSERT_EQ(1, ready(s, 2000));
	EXPECT_EQ(TPACKET_V3, block(m, 0)->version);
	EXPECT_EQ(48, block(m, 0)->offset_to_priv);
	EXPECT_EQ(TP_STATUS_USER | TP_STATUS_BLK_TMO, b->block_status);
	EXPECT_EQ(2, b->num_pkts);
	EXPECT_EQ(48 + 24, b->offset_to_first_pkt);
	EXPECT_EQ(1, b->seq_num);
	h = (void *)((char *)b - 8 + b->offset_to_first_pkt);
	EXPECT_EQ(14 + 28 + 3, h->tp_snaplen);
	EXPECT_EQ(0, memcmp((char *)h + h->tp_net + 28, "one", 3));
	EXPECT_EQ(0, h->tp_next_offset % 8);
	h = (void *)((char *)h + h->tp_next_offset);
	EXPECT_EQ(0, memcmp((char *)h + h->tp_net + 28, "three", 5));
	EXPECT_EQ(0, h->tp_next_offset);
	EXPECT_EQ(h->tp_sec, b->ts_last_pkt.ts_sec);
	EXPECT_EQ(h->tp_nsec, b->ts_last_pkt.ts_nsec);
}

TEST(full_blocks_and_a_full_ring)
{
	struct tpacket_req3 q = { BLOCK, 2, 2048, 8, .tp_retire_blk_tov = 60000 };
	static char text[1400];
	int s = tap(TPACKET_V3, 9007), sum = 0;
	char *m = ring(s, &q, sizeof(q));
	struct tpacket_stats_v3 st;
	socklen_t n = sizeof(st);

	for (int i = 0; i < 14; i++)			/* 5 fit into each block */
		say(9007, text, sizeof(text));
	EXPECT_EQ(TP_STATUS_USER, block(m, 0)->hdr.bh1.block_status);
	EXPECT_EQ(TP_STATUS_USER, block(m, 1)->hdr.bh1.block_status);
	for (int i = 0; i < 2; i++)
		sum += block(m, i)->hdr.bh1.num_pkts;
	EXPECT_EQ(10, sum);
	EXPECT_EQ(2, block(m, 1)->hdr.bh1.seq_num);
	EXPECT_EQ(0, getsockopt(s, SOL_PACKET, PACKET_STATISTICS, &st, &n));
	EXPECT_EQ(12, n);
	EXPECT_EQ(14, st.tp_packets);
	EXPECT_EQ(4, st.tp_drops);
	EXPECT_EQ(1, st.tp_freeze_q_cnt);
	block(m, 0)->hdr.bh1.block_status = TP_STATUS_KERNEL;
	for (int i = 0; i < 6; i++)
		say(9007, text, sizeof(text));
	EXPECT_EQ(TP_STATUS_USER, block(m, 0)->hdr.bh1.block_status);
	EXPECT_EQ(3, block(m, 0)->hdr.bh1.seq_num);
	EXPECT_EQ(5, block(m, 0)->hdr.bh1.num_pkts);
}

TEST(a_mapping_outlives_the_socket)
{
	struct tpacket_req3 q = { BLOCK, 1, 2048, 4, .tp_sizeof_priv = 0 };
	int s = tap(TPACKET_V2, 9008);
	char *m = ring(s, &q, sizeof(struct tpacket_req));

	say(9008, "here", 4);
	close(s);
	EXPECT_EQ(0, memcmp(m + ((struct tpacket2_hdr *)m)->tp_net + 28, "here", 4));
	m[BLOCK - 1] = 1;
	munmap(m, BLOCK);
}
MAIN
