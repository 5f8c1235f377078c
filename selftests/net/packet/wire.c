// SPDX-License-Identifier: MIT
// wire.c - frames of the peer: sent and heard at eth1, IP headers, checksums, and the neighbour
// entry that leads to the peer.
#include "packet.h"

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define FRAGMENT_HEADER 44

static const uint8_t peer_mac[6] = { 2, 0, 0, 0, 0, 0xfe };
static uint8_t kernel_mac[6];
static int tap = -1;
static struct frame *queue, **queue_end = &queue;

int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

const uint8_t *address_bytes(bool local)
{
	static uint8_t a[2][16];
	uint8_t *at = a[local], high = (uint8_t)(local ? 0 : 1 + case_number / 250),
		low = (uint8_t)(local ? 1 : 1 + case_number % 250);

	if (family == AF_INET)
		memcpy(at, (uint8_t[4]){ 10, 77, high, low }, 4);
	else
		memcpy(at, (uint8_t[16]){ 0xfd, 0x77, [14] = high, [15] = low }, 16);
	return at;
}

/* ---- checksums (RFC 1071) ---- */

static uint32_t add_sum(uint32_t sum, const void *data, uint32_t len)
{
	const uint8_t *p = data;

	for (uint32_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	return len & 1 ? sum + (uint32_t)(p[len - 1] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint16_t plain_sum(const void *payload, uint32_t len)
{
	return fold(add_sum(0, payload, len));
}

uint16_t pseudo_sum(int proto, const void *payload, uint32_t len, bool from_peer)
{
	uint32_t sum = add_sum((uint32_t)proto + len, address_bytes(!from_peer), address_len());

	return fold(add_sum(add_sum(sum, address_bytes(from_peer), address_len()), payload, len));
}

/* ---- IP headers ---- */

static void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static uint32_t get16(const uint8_t *at) { return (uint32_t)(at[0] << 8 | at[1]); }

static uint32_t ip4_header(uint8_t *at, const struct ip_fields *ip, uint32_t len, bool from_peer)
{
	memset(at, 0, 20);
	at[0] = 0x45;
	at[1] = ip->tos;
	put16(at + 2, 20 + len);
	put16(at + 4, ip->id);
	put16(at + 6, (ip->df ? 0x4000u : 0) | (ip->more ? 0x2000u : 0) | ip->frag_off / 8);
	at[8] = ip->ttl;
	at[9] = ip->proto;
	memcpy(at + 12, address_bytes(!from_peer), 4);
	memcpy(at + 16, address_bytes(from_peer), 4);
	put16(at + 10, plain_sum(at, 20));
	return 20;
}

static uint32_t ip6_header(uint8_t *at, const struct ip_fields *ip, uint32_t len, bool from_peer)
{
	uint32_t extra = ip->is_frag ? 8 : 0;

	memset(at, 0, 40);
	put16(at, 0x6000u | (uint32_t)ip->tos << 4);
	put16(at + 4, len + extra);
	at[6] = ip->is_frag ? FRAGMENT_HEADER : ip->proto;
	at[7] = ip->ttl;
	memcpy(at + 8, address_bytes(!from_peer), 16);
	memcpy(at + 24, address_bytes(from_peer), 16);
	if (extra) {
		memset(at + 40, 0, 8);
		at[40] = ip->proto;
		put16(at + 42, ip->frag_off | ip->more);
		put16(at + 46, ip->id);
	}
	return 40 + extra;
}

/* Between the peer and an address that only its last byte but one tells from the peer's. */
static void put_stranger(uint8_t *at, const struct ip_fields *ip)
{
	uint32_t n = address_len(), src = family == AF_INET ? 12 : 8;
	uint8_t *a = at + src + (ip->ends == TO_STRANGER ? n : 0),
		*b = at + src + (ip->ends == TO_STRANGER ? 0 : n);

	memcpy(a, address_bytes(false), n);
	a[n - 2] = 200;
	memcpy(b, address_bytes(false), n);
}

uint32_t ip_header(uint8_t *at, const struct ip_fields *ip, uint32_t len, bool from_peer)
{
	uint32_t n = (family == AF_INET ? ip4_header : ip6_header)(at, ip, len, from_peer);

	if (ip->ends != BETWEEN_US) {
		put_stranger(at, ip);
		if (family == AF_INET) {
			put16(at + 10, 0);
			put16(at + 10, plain_sum(at, 20));
		}
	}
	return n;
}

static bool parse4(const struct frame *f, struct ip_fields *ip, const uint8_t **payload,
		   uint32_t *len)
{
	const uint8_t *h = f->bytes;
	uint32_t head = (h[0] & 15u) * 4, total = get16(h + 2);

	if (plain_sum(h, head) || total > f->len || total < head)
		return false;
	ip->tos = h[1];
	ip->id = get16(h + 4);
	ip->df = h[6] & 0x40;
	ip->more = h[6] & 0x20;
	ip->frag_off = (get16(h + 6) & 0x1fff) * 8;
	ip->is_frag = ip->more || ip->frag_off;
	ip->ttl = h[8];
	ip->proto = h[9];
	ip->has_options = head > 20;
	*payload = h + head;
	*len = total - head;
	return true;
}

static bool parse6(const struct frame *f, struct ip_fields *ip, const uint8_t **payload,
		   uint32_t *len)
{
	const uint8_t *h = f->bytes;
	uint32_t head = 40, total = 40 + get16(h + 4);

	if (total > f->len)
		return false;
	ip->tos = (uint8_t)(get16(h) >> 4);
	ip->proto = h[6];
	ip->ttl = h[7];
	if (ip->proto == FRAGMENT_HEADER) {
		ip->is_frag = true;
		ip->proto = h[40];
		ip->frag_off = get16(h + 42) & ~7u;
		ip->more = h[43] & 1;
		ip->id = get16(h + 46);
		head += 8;
	}
	*payload = h + head;
	*len = total - head;
	return true;
}

bool wire_parse(const struct frame *f, struct ip_fields *ip, const uint8_t **payload, uint32_t *len)
{
	*ip = (struct ip_fields){};
	return (family == AF_INET ? parse4 : parse6)(f, ip, payload, len);
}

/* ---- the tap ---- */

/* Segments must arrive as they were sent. */
static void switch_joining_off(void)
{
	struct ethtool_value v = { ETHTOOL_SGRO, 0 };
	struct ifreq r = { .ifr_name = "eth1", .ifr_data = (void *)&v };

	if (ioctl(tap, SIOCETHTOOL, &r))
		fail("segments are joined at eth1: %m");
}

void wire_open(void)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = (int)if_nametoindex("eth1") };
	struct ifreq r = {};

	tap = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
	strcpy(r.ifr_name, "eth0");
	if (tap < 0 || bind(tap, (void *)&a, sizeof(a)) || ioctl(tap, SIOCGIFHWADDR, &r))
		fail("no tap at eth1: %m");
	memcpy(kernel_mac, r.ifr_hwaddr.sa_data, 6);
	switch_joining_off();
}

static bool is_for_us(const uint8_t *frame, ssize_t n)
{
	uint16_t type = family == AF_INET ? ETH_P_IP : ETH_P_IPV6;
	uint32_t head = family == AF_INET ? 20 : 40, at = family == AF_INET ? 16 : 24;

	return n >= (ssize_t)(14 + head) && get16(frame + 12) == type &&
	       !memcmp(frame + 14 + at, address_bytes(false), address_len());
}

static void hear(void)
{
	static uint8_t buf[70000];
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(tap, buf, sizeof(buf), 0, (void *)&from, &len)) > 0) {
		struct frame *f;

		if (from.sll_pkttype == PACKET_OUTGOING || !is_for_us(buf, n))
			continue;
		f = malloc(sizeof(*f) + (size_t)n);
		f->next = NULL;
		f->at = now_ns();
		f->len = (uint32_t)n - 14;
		memcpy(f->bytes, buf + 14, f->len);
		*queue_end = f;
		queue_end = &f->next;
	}
}

void wire_listen(int64_t deadline)
{
	struct pollfd p = { tap, POLLIN, 0 };
	int64_t left = deadline - now_ns();
	struct timespec t = { left / 1000000000, left % 1000000000 };

	if (left > 0)
		ppoll(&p, 1, &t, NULL);
	hear();
}

void wire_settle(void)
{
	int64_t end = now_ns() + 2 * NSEC_PER_MS;

	while (now_ns() < end)
		wire_listen(end);
}

struct frame *wire_wait(int64_t deadline)
{
	hear();
	while (!queue && now_ns() < deadline)
		wire_listen(deadline);
	return queue;
}

struct frame *wire_take(int64_t deadline)
{
	struct frame *f = wire_wait(deadline);

	if (f) {
		queue = f->next;
		if (!queue)
			queue_end = &queue;
	}
	return f;
}

void wire_send(const struct ip_fields *ip, const void *payload, uint32_t len)
{
	static uint8_t buf[70000];
	uint32_t head;

	memcpy(buf, kernel_mac, 6);
	memcpy(buf + 6, peer_mac, 6);
	put16(buf + 12, family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	head = 14 + ip_header(buf + 14, ip, len, true);
	memcpy(buf + head, payload, len);
	if (send(tap, buf, head + len, 0) != (ssize_t)(head + len))
		fail("the tap takes no %u bytes: %m", head + len);
}

/* ---- the way to the peer ---- */

void neighbour_add(void)
{
	struct {
		struct nlmsghdr h;
		struct ndmsg n;
		uint8_t attrs[64];
	} m = { { sizeof(m.h) + sizeof(m.n), RTM_NEWNEIGH,
		  NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, 1, 0 },
		{ .ndm_family = (uint8_t)family,
		  .ndm_ifindex = (int)if_nametoindex("eth0"),
		  .ndm_state = NUD_PERMANENT },
		{} };
	struct rtattr *a = (void *)m.attrs;
	struct { struct nlmsghdr h; struct nlmsgerr e; } answer = {};
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	a->rta_type = NDA_DST;
	a->rta_len = (unsigned short)RTA_LENGTH(address_len());
	memcpy(RTA_DATA(a), address_bytes(false), address_len());
	m.h.nlmsg_len += RTA_ALIGN(a->rta_len);
	a = (void *)(m.attrs + RTA_ALIGN(a->rta_len));
	a->rta_type = NDA_LLADDR;
	a->rta_len = RTA_LENGTH(6);
	memcpy(RTA_DATA(a), peer_mac, 6);
	m.h.nlmsg_len += RTA_ALIGN(a->rta_len);
	if (send(s, &m, m.h.nlmsg_len, 0) < 0 || recv(s, &answer, sizeof(answer), 0) < 0 ||
	    answer.e.error)
		fail("no neighbour entry: %s", strerror(-answer.e.error));
	close(s);
}
