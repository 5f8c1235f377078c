// SPDX-License-Identifier: MIT
// datagram.c - UDP, ICMP and fragments of packet scripts; the words that all packets share.
#include "packet.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t get16(const uint8_t *at) { return (uint32_t)(at[0] << 8 | at[1]); }
static uint32_t get32(const uint8_t *at) { return get16(at) << 16 | get16(at + 2); }

static void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v);
}

/* ---- words about IP ---- */

static void range(const char *word, uint32_t *from, uint32_t *to)
{
	char copy[64], *colon;

	snprintf(copy, sizeof(copy), "%s", word);
	colon = strchr(copy, ':');
	if (!colon)
		fail("'%s' is no A:B", word);
	*colon = 0;
	*from = (uint32_t)number(copy);
	*to = (uint32_t)number(colon + 1);
}

int ip_word(char **w, struct ip_fields *ip, uint32_t cut[2])
{
	if (!strcmp(*w, "df"))
		ip->df = true;
	else if (!strcmp(*w, "more"))
		ip->more = true;
	else if (!strcmp(*w, "badsum"))
		ip->bad_sum = true;
	else if (!strcmp(*w, "ce"))
		ip->tos |= 3;
	else if (!strcmp(*w, "ect0"))
		ip->tos |= 2;
	else if (!w[1])
		return 0;
	else if (!strcmp(*w, "ttl"))
		return ip->ttl = (uint8_t)number(w[1]), 2;
	else if (!strcmp(*w, "tos"))
		return ip->tos = (uint8_t)number(w[1]), 2;
	else if (!strcmp(*w, "id"))
		return ip->id = (uint32_t)number(w[1]), 2;
	else if (!strcmp(*w, "frag"))
		return range(w[1], &cut[0], &cut[1]), 2;
	else
		return 0;
	return 1;
}

static int ip_number(char **w, const char *what, uint32_t is)
{
	long low, high;

	if (number_range(w[1], &low, &high) && ((long)is < low || (long)is > high))
		fail("%s is %u, not %s", what, is, w[1]);
	return 2;
}

int ip_expect_word(char **w, const struct ip_fields *ip)
{
	if (!strcmp(*w, "df") || !strcmp(*w, "nodf")) {
		if (family == AF_INET && ip->df != !strcmp(*w, "df"))
			fail("not so: %s", *w);
		return 1;
	}
	if (!strcmp(*w, "ect0") || !strcmp(*w, "notect")) {
		if ((ip->tos & 3) != (!strcmp(*w, "ect0") ? 2 : 0))
			fail("ECN bits are %u", ip->tos & 3);
		return 1;
	}
	if (w[1] && !strcmp(*w, "ttl"))
		return ip_number(w, "ttl", ip->ttl);
	return w[1] && !strcmp(*w, "tos") ? ip_number(w, "tos", ip->tos) : 0;
}

/* All of it, or the bytes from cut[0] to cut[1] as a fragment: more follow unless it reaches the
 * end. */
void send_cut(struct ip_fields *ip, const uint8_t *payload, uint32_t len, const uint32_t cut[2])
{
	if (!cut[1]) {
		wire_send(ip, payload, len);
		return;
	}
	if (cut[0] >= cut[1] || cut[1] > len)
		fail("no bytes %u:%u of %u", cut[0], cut[1], len);
	ip->df = false;
	ip->is_frag = true;
	ip->frag_off = cut[0];
	ip->more |= cut[1] < len;
	wire_send(ip, payload + cut[0], cut[1] - cut[0]);
}

/* ---- packets that are only passed on: protocol 253, for experiments (RFC 3692) ---- */

#define PROTO_EXPERIMENT 253

/* "from" a stranger to the peer, or "to" a stranger from the peer: len N. */
void other_inject(char **w)
{
	static uint8_t buf[MAX_PAYLOAD];
	struct ip_fields ip = { .proto = PROTO_EXPERIMENT, .ttl = 64, .df = true };
	uint32_t len = 0, n, cut[2] = {};

	if (!*w || (strcmp(*w, "from") && strcmp(*w, "to")))
		fail("from or to?");
	ip.ends = strcmp(*w++, "to") ? FROM_STRANGER : TO_STRANGER;
	for (; *w; w += n) {
		n = (uint32_t)ip_word(w, &ip, cut);
		if (n)
			continue;
		if (!w[1] || strcmp(*w, "len"))
			fail("what is '%s'?", *w);
		len = (uint32_t)number(w[1]);
		n = 2;
	}
	wire_send(&ip, buf, len);
}

void other_expect(char **w, const struct ip_fields *ip, uint32_t len)
{
	uint32_t n;

	if (ip->proto != PROTO_EXPERIMENT)
		fail("protocol %u", ip->proto);
	for (; *w; w += n) {
		n = (uint32_t)ip_expect_word(w, ip);
		if (n)
			continue;
		if (!w[1] || strcmp(*w, "len"))
			fail("what is '%s'?", *w);
		n = (uint32_t)ip_number(w, "len", len);
	}
}

/* ---- UDP ---- */

void udp_inject(char **w)
{
	static uint8_t buf[MAX_PAYLOAD];
	struct ip_fields ip = { .proto = IPPROTO_UDP, .ttl = 64 };
	uint32_t len = 0, n, cut[2] = {}, dport = flow->lport, says = 0, shift = 0;
	bool no_sum = false;

	for (; *w; w += n) {
		n = (uint32_t)ip_word(w, &ip, cut);
		if (n)
			continue;
		n = 2;
		if (!strcmp(*w, "nosum"))
			no_sum = true, n = 1;
		else if (!w[1])
			fail("what is '%s'?", *w);
		else if (!strcmp(*w, "len"))
			len = (uint32_t)number(w[1]);
		else if (!strcmp(*w, "says"))
			says = (uint32_t)number(w[1]);
		else if (!strcmp(*w, "dport"))
			dport = (uint32_t)number(w[1]);
		else if (!strcmp(*w, "shift"))
			shift = (uint32_t)number(w[1]);
		else
			fail("what is '%s'?", *w);
	}
	memset(buf, 0, 8);
	put16(buf, flow->rport);
	put16(buf + 2, dport);
	put16(buf + 4, says ? says : 8 + len);
	for (uint32_t i = 0; i < len; i++)
		buf[8 + i] = pattern(i + shift);
	if (!no_sum)
		put16(buf + 6,
		      pseudo_sum(IPPROTO_UDP, buf, 8 + len, true) ^ (ip.bad_sum ? 0x5555 : 0));
	send_cut(&ip, buf, 8 + len, cut);
}

void udp_expect(char **w, const struct ip_fields *ip, const uint8_t *p, uint32_t len)
{
	uint32_t n;

	if (ip->proto != IPPROTO_UDP || len < 8 || ip->is_frag)
		fail("not a datagram of UDP");
	if (get16(p + 6) && pseudo_sum(IPPROTO_UDP, p, len, false))
		fail("the checksum is wrong");
	if (get16(p) != flow->lport || get16(p + 2) != flow->rport || get16(p + 4) != len)
		fail("ports are %u and %u, its length says %u of %u", get16(p), get16(p + 2),
		     get16(p + 4), len);
	for (; *w; w += n) {
		n = (uint32_t)ip_expect_word(w, ip);
		if (n)
			continue;
		n = 2;
		if (!strcmp(*w, "nosum")) {
			n = 1;
			if (get16(p + 6))
				fail("there is a checksum");
		} else if (w[1] && !strcmp(*w, "len")) {
			ip_number(w, "len", len - 8);
		} else {
			fail("what is '%s'?", *w);
		}
	}
}

/* "frag A:B [more|last]" */
void frag_expect(char **w, const struct ip_fields *ip, uint32_t len)
{
	uint32_t from, to;

	range(*w, &from, &to);
	if (!ip->is_frag || ip->frag_off != from || from + len != to)
		fail("it is %s %u:%u", ip->is_frag ? "a fragment" : "no fragment", ip->frag_off,
		     ip->frag_off + len);
	for (w++; *w; w++)
		if (ip->more != !strcmp(*w, "more"))
			fail("%s follow", ip->more ? "more" : "no more");
}

/* ---- ICMP: one name for both families ---- */

static const struct {
	const char *name;
	uint8_t v4[2], v6[2];
} kinds[] = {
	{ "echo", { 8, 0 }, { 128, 0 } },
	{ "echo-reply", { 0, 0 }, { 129, 0 } },
	{ "net-unreach", { 3, 0 }, { 1, 0 } },
	{ "host-unreach", { 3, 1 }, { 1, 3 } },
	{ "proto-unreach", { 3, 2 }, { 4, 1 } },
	{ "port-unreach", { 3, 3 }, { 1, 4 } },
	{ "too-big", { 3, 4 }, { 2, 0 } },
	{ "admin", { 3, 13 }, { 1, 1 } },
	{ "quench", { 4, 0 }, { 200, 0 } },
	{ "ttl-exceeded", { 11, 0 }, { 3, 0 } },
	{ "reassembly", { 11, 1 }, { 3, 1 } },
	{ "param", { 12, 0 }, { 4, 0 } },
	{ "unknown", { 44, 0 }, { 102, 0 } },
	{ "timestamp", { 13, 0 }, { 201, 0 } },
	{ "timestamp-reply", { 14, 0 }, { 202, 0 } },
};

static const uint8_t *kind_of(const char *name)
{
	for (size_t i = 0; name && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(name, kinds[i].name))
			return family == AF_INET ? kinds[i].v4 : kinds[i].v6;
	fail("'%s' is no message", name ? name : "");
}

/* A packet that the kernel sent, as a router would quote it: "tcp SEQ", "udp LEN". Bytes written,
 * or the cut. */
static uint32_t put_quote(uint8_t *at, char **w, uint32_t most)
{
	bool tcp = !strcmp(w[0], "tcp");
	struct ip_fields ip = { .proto = tcp ? IPPROTO_TCP : IPPROTO_UDP, .ttl = 63, .df = true };
	uint32_t len = tcp ? 20 : 8 + (uint32_t)number(w[1]), head = ip_header(at, &ip, len, false);
	uint8_t *t = at + head;

	memset(t, 0, 28);
	put16(t, flow->lport);
	put16(t + 2, flow->rport);
	if (tcp)
		put32(t + 4, flow->kernel_isn + (uint32_t)number(w[1]));
	else
		put16(t + 4, len);
	t[12] = 0x50;
	len = tcp ? 20 : 8;
	return head + (most < len ? most : len);
}

static void fill_echo(uint8_t *buf, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		buf[8 + i] = pattern(i);
}

void icmp_inject(char **w)
{
	static uint8_t buf[MAX_PAYLOAD];
	struct ip_fields ip = { .proto = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6,
				.ttl = 64 };
	const uint8_t *kind = kind_of(*w++);
	uint32_t len = 0, n, cut[2] = {}, most = 20;
	char **quote = NULL;

	memset(buf, 0, 8);
	for (; *w; w += n) {
		n = (uint32_t)ip_word(w, &ip, cut);
		if (n)
			continue;
		n = 2;
		if (!w[1])
			fail("what is '%s'?", *w);
		if (!strcmp(*w, "mtu"))
			put32(buf + 4, (uint32_t)number(w[1]));
		else if (!strcmp(*w, "echoid"))
			put16(buf + 4, (uint32_t)number(w[1]));
		else if (!strcmp(*w, "seq"))
			put16(buf + 6, (uint32_t)number(w[1]));
		else if (!strcmp(*w, "len"))
			len = (uint32_t)number(w[1]);
		else if (!strcmp(*w, "bytes"))
			most = (uint32_t)number(w[1]);
		else if (!strcmp(*w, "quote") && w[2])
			quote = w + 1, n = 3;
		else
			fail("what is '%s'?", *w);
	}
	memcpy(buf, kind, 2);
	if (quote)
		len = put_quote(buf + 8, quote, most);
	else
		fill_echo(buf, len);
	put16(buf + 2, (family == AF_INET ? plain_sum(buf, 8 + len)
					  : pseudo_sum(IPPROTO_ICMPV6, buf, 8 + len, true)) ^
			       (ip.bad_sum ? 0x5555 : 0));
	send_cut(&ip, buf, 8 + len, cut);
}

/* The packet in an error must be one of ours. */
static void check_quote(const char *proto, const uint8_t *p, uint32_t len)
{
	int want = !strcmp(proto, "udp")   ? IPPROTO_UDP
		   : !strcmp(proto, "tcp") ? IPPROTO_TCP
					   : (int)number(proto);
	uint32_t head = family == AF_INET ? 20 : 40, at = family == AF_INET ? 12 : 8,
		 n = address_len();

	if (len < head + 8 || memcmp(p + at, address_bytes(false), n) ||
	    (want != PROTO_EXPERIMENT && memcmp(p + at + n, address_bytes(true), n)))
		fail("what it quotes is not ours");
	if (p[family == AF_INET ? 9 : 6] != want && p[family == AF_INET ? 9 : 6] != 44)
		fail("it quotes protocol %u", p[family == AF_INET ? 9 : 6]);
}

void icmp_expect(char **w, const struct ip_fields *ip, const uint8_t *p, uint32_t len)
{
	const uint8_t *kind = kind_of(*w++);
	uint32_t n;

	if (ip->proto != (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6) || len < 8 ||
	    ip->is_frag)
		fail("not a message of ICMP");
	if (family == AF_INET ? plain_sum(p, len) : pseudo_sum(IPPROTO_ICMPV6, p, len, false))
		fail("the checksum is wrong");
	if (p[0] != kind[0] || p[1] != kind[1])
		fail("type %u, code %u", p[0], p[1]);
	for (; *w; w += n) {
		n = (uint32_t)ip_expect_word(w, ip);
		if (n)
			continue;
		n = 2;
		if (!w[1])
			fail("what is '%s'?", *w);
		if (!strcmp(*w, "mtu") || !strcmp(*w, "pointer"))
			ip_number(w, *w, family == AF_INET && **w == 'p' ? p[4] : get32(p + 4));
		else if (!strcmp(*w, "echoid"))
			ip_number(w, "id", get16(p + 4));
		else if (!strcmp(*w, "seq"))
			ip_number(w, "seq", get16(p + 6));
		else if (!strcmp(*w, "len"))
			ip_number(w, "len", len - 8);
		else if (!strcmp(*w, "quotes"))
			check_quote(w[1], p + 8, len - 8);
		else
			fail("what is '%s'?", *w);
	}
}
