/* SPDX-License-Identifier: MIT */
/* tcp_wire.c - TCP segments as bytes: header and options read and written, the checksum, and
 * SipHash for what strangers must not guess.
 *
 * Pure. An option that is malformed ends the list: what came before it holds, as Linux has it.
 * Ref: RFC 9293 s3.1-3.2, RFC 7323, RFC 2018, RFC 7413 s4.1; SipHash-2-4 (Aumasson, Bernstein
 * 2012).
 * Tests: selftests/unit/tcp_test.c, selftests/fuzz/tcp_fuzz.c
 */
#include "tcp_int.h"

#include <kernel/lib/string.h>
#include <net/checksum.h>

enum {
	OPT_END,
	OPT_NOP,
	OPT_MSS,
	OPT_WSCALE,
	OPT_SACK_OK,
	OPT_SACK,
	OPT_TS = 8,
	OPT_FASTOPEN = 34
};
#define ALIGNED_TS 0x0101080au		/* NOP NOP timestamp 10 */
#define SACK_OK_TS 0x0402080au

/* ---- reading ---- */

static void read_sack(struct tcp_options *o, const u8 *p, u32 len)
{
	if (len < 10 || (len - 2) % 8)
		return;
	o->nr_sack = (u8)min((len - 2) / 8, 4u);
	for (u32 i = 0; i < o->nr_sack; i++)
		o->sack[i] = (struct tcp_sack){ get_be32(p + 2 + 8 * i), get_be32(p + 6 + 8 * i) };
}

static void read_cookie(struct tcp_options *o, const u8 *p, u32 len)
{
	u32 n = len - 2;

	if (n && (n < 4 || n > TCP_COOKIE_MAX || n & 1))
		return;
	o->has_cookie = true;
	o->cookie_len = (u8)n;
	memcpy(o->cookie, p + 2, n);
}

static void read_option(struct tcp_options *o, const u8 *p, u32 len, bool syn)
{
	switch (p[0]) {
	case OPT_MSS:
		if (len == 4 && syn)
			o->mss = get_be16(p + 2);
		break;
	case OPT_WSCALE:
		if (len == 3 && syn) {
			o->has_wscale = true;
			o->wscale = (u8)min((u32)p[2], TCP_WSCALE_MAX);
		}
		break;
	case OPT_SACK_OK:
		o->sack_ok = o->sack_ok || (len == 2 && syn);
		break;
	case OPT_SACK:
		read_sack(o, p, len);
		break;
	case OPT_TS:
		if (len == 10) {
			o->has_ts = true;
			o->tsval = get_be32(p + 2);
			o->tsecr = get_be32(p + 6);
		}
		break;
	case OPT_FASTOPEN:
		if (syn)
			read_cookie(o, p, len);
		break;
	}
}

static void read_options(struct tcp_options *o, const u8 *p, u32 n, bool syn)
{
	if (likely(n == 12 && get_be32(p) == ALIGNED_TS)) {
		o->has_ts = true;
		o->tsval = get_be32(p + 4);
		o->tsecr = get_be32(p + 8);
		return;
	}
	while (n) {
		if (p[0] == OPT_END)
			return;
		if (p[0] == OPT_NOP) {
			p++;
			n--;
			continue;
		}
		if (n < 2 || p[1] < 2 || p[1] > n)
			return;
		read_option(o, p, p[1], syn);
		n -= p[1];
		p += p[1];
	}
}

bool tcp_parse(const struct tcp_header *h, u32 len, struct tcp_in *in)
{
	u32 head = (h->off >> 4) * 4u;

	if (head < sizeof(*h) || head > len)
		return false;
	in->seq = be32_to_cpu(h->seq);
	in->ack = be32_to_cpu(h->ack);
	in->len = len - head;
	in->flags = h->flags;
	in->end = in->seq + in->len + !!(h->flags & TCP_SYN) + !!(h->flags & TCP_FIN);
	in->window = be16_to_cpu(h->window);
	in->urg = be16_to_cpu(h->urg);
	in->sport = be16_to_cpu(h->sport);
	in->dport = be16_to_cpu(h->dport);
	in->ce = false;
	in->opt.mss = 0;
	in->opt.has_wscale = in->opt.has_ts = in->opt.sack_ok = in->opt.has_cookie = false;
	in->opt.nr_sack = in->opt.cookie_len = 0;
	if (head > sizeof(*h))
		read_options(&in->opt, (const u8 *)(h + 1), head - (u32)sizeof(*h),
			     h->flags & TCP_SYN);
	return true;
}

/* ---- writing ---- */

/* As Linux orders them: SACK's permission fills what would pad the timestamps. */
static u8 *put_fixed(u8 *p, const struct tcp_out_options *o)
{
	if (o->mss) {
		p[0] = OPT_MSS;
		p[1] = 4;
		put_be16(p + 2, o->mss);
		p += 4;
	}
	if (o->ts) {
		put_be32(p, o->sack_perm ? SACK_OK_TS : ALIGNED_TS);
		put_be32(p + 4, o->tsval);
		put_be32(p + 8, o->tsecr);
		p += 12;
	} else if (o->sack_perm) {
		p[0] = p[1] = OPT_NOP;
		p[2] = OPT_SACK_OK;
		p[3] = 2;
		p += 4;
	}
	if (o->wscale_ok) {
		p[0] = OPT_NOP;
		p[1] = OPT_WSCALE;
		p[2] = 3;
		p[3] = o->wscale;
		p += 4;
	}
	return p;
}

u32 tcp_put_options(u8 *at, const struct tcp_out_options *o)
{
	u8 *p = put_fixed(at, o);
	u32 pad;

	if (o->nr_sack) {
		p[0] = p[1] = OPT_NOP;
		p[2] = OPT_SACK;
		p[3] = (u8)(2 + 8 * o->nr_sack);
		for (u32 i = 0; i < o->nr_sack; i++) {
			put_be32(p + 4 + 8 * i, o->sack[i].start);
			put_be32(p + 8 + 8 * i, o->sack[i].end);
		}
		p += 4 + 8 * o->nr_sack;
	}
	if (o->cookie_ask || o->cookie_len) {
		p[0] = OPT_FASTOPEN;
		p[1] = (u8)(2 + o->cookie_len);
		memcpy(p + 2, o->cookie, o->cookie_len);
		p += 2 + o->cookie_len;
		for (pad = (u32)(p - at) & 3; pad & 3; pad++)
			*p++ = OPT_NOP;
	}
	return (u32)(p - at);
}

/* ---- sums ---- */

u16 tcp_pseudo(struct ipaddr src, struct ipaddr dst, u32 len)
{
	u32 sum = ip_is4(dst) ? csum_pseudo4(ip_v4(src), ip_v4(dst), len, IPPROTO_TCP)
			      : csum_pseudo6(&src, &dst, len, IPPROTO_TCP);

	return (u16)~csum_fold(sum);
}

u16 tcp_checksum(const struct netbuf *nb, struct ipaddr src, struct ipaddr dst)
{
	return csum_fold(netbuf_sum(nb, 0, nb->len, tcp_pseudo(src, dst, nb->len)));
}

/* ---- SipHash-2-4 ---- */

#define ROL(x, n) ((x) << (n) | (x) >> (64 - (n)))

static void sip_round(u64 v[4])
{
	v[0] += v[1]; v[1] = ROL(v[1], 13); v[1] ^= v[0]; v[0] = ROL(v[0], 32);
	v[2] += v[3]; v[3] = ROL(v[3], 16); v[3] ^= v[2];
	v[0] += v[3]; v[3] = ROL(v[3], 21); v[3] ^= v[0];
	v[2] += v[1]; v[1] = ROL(v[1], 17); v[1] ^= v[2]; v[2] = ROL(v[2], 32);
}

u64 siphash(const u64 key[2], const void *data, usize n)
{
	u64 v[4] = { key[0] ^ 0x736f6d6570736575ull, key[1] ^ 0x646f72616e646f6dull,
		     key[0] ^ 0x6c7967656e657261ull, key[1] ^ 0x7465646279746573ull };
	const u8 *p = data;
	u64 m, last = (u64)n << 56;

	for (; n >= 8; n -= 8, p += 8) {
		m = get_le64(p);
		v[3] ^= m;
		sip_round(v);
		sip_round(v);
		v[0] ^= m;
	}
	for (usize i = 0; i < n; i++)
		last |= (u64)p[i] << (8 * i);
	v[3] ^= last;
	sip_round(v);
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (u32 i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
