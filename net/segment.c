/* SPDX-License-Identifier: MIT */
/* segment.c - software segmentation of TCP and UDP, and checksums, for devices that cannot.
 *
 * The header of the large packet is copied in front of each piece and mended: lengths,
 * identification, sequence number, flags (FIN and PSH only on the last, CWR only on the first), and
 * the sum, which stays CSUM_PARTIAL over the piece's pseudo header. Pure but for the memory. Ref:
 * RFC 9293 s3.1, RFC 791, RFC 8200. Tests: selftests/unit/segment_test.c
 */
#include <net/segment.h>

#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <kernel/uapi_net.h>
#include <net/checksum.h>
#include <net/netdev.h>

#define TCP_FIN_BIT 0x01u
#define TCP_PSH_BIT 0x08u
#define TCP_CWR_BIT 0x80u

bool segment_complete_csum(struct netbuf *nb)
{
	u32 start = (u32)(nb->csum_start - netbuf_offset(nb)), sum;
	u16 folded;

	if (netbuf_unshare(nb, 0, PAGE_ATOMIC) || !netbuf_need(nb, start + nb->csum_off + 2))
		return false;
	sum = netbuf_sum(nb, start, nb->len - start, 0);
	folded = csum_fold(sum);
	if (!folded && nb->csum_off == 6)		/* UDP: zero means none */
		folded = 0xffff;
	memcpy(nb->data + start + nb->csum_off, &folded, 2);
	nb->csum = CSUM_VERIFIED;
	return true;
}

/* Mends IP and transport headers of piece number i, payload bytes at offset at of the whole. */
static void mend(struct netbuf *p, const struct netbuf *whole, u32 at, u32 i, bool last)
{
	bool tcp = whole->gso == GSO_TCP4 || whole->gso == GSO_TCP6,
	     v4 = whole->gso == GSO_TCP4 || whole->gso == GSO_UDP4;
	u8 *ip = netbuf_net_header(p), *th = netbuf_trans_header(p);
	u32 l4 = p->len - (u32)(th - p->data), sum;
	u16 folded;

	if (v4) {
		put_be16(ip + 2, (u16)(p->len - (u32)(ip - p->data)));
		put_be16(ip + 4, (u16)(get_be16(ip + 4) + i));
		put_be16(ip + 10, 0);
		folded = csum_fold(csum_add_bytes(ip, (ip[0] & 15u) * 4, 0));
		memcpy(ip + 10, &folded, 2);
	} else {
		put_be16(ip + 4, (u16)(p->len - (u32)(ip - p->data) - 40));
	}
	if (tcp) {
		put_be32(th + 4, get_be32(th + 4) + at);
		if (!last)
			th[13] &= (u8)~(TCP_FIN_BIT | TCP_PSH_BIT);
		if (i)
			th[13] = (u8)(th[13] & ~TCP_CWR_BIT);
	} else {
		put_be16(th + 4, (u16)l4);
	}
	sum = v4 ? csum_pseudo4(get_le32(ip + 12), get_le32(ip + 16), l4,
				tcp ? IPPROTO_TCP : IPPROTO_UDP)
		 : csum_pseudo6(ip + 8, ip + 24, l4, tcp ? IPPROTO_TCP : IPPROTO_UDP);
	folded = (u16)~csum_fold(sum);
	memcpy(th + (tcp ? 16 : 6), &folded, 2);
}

/* n payload bytes from offset off (headers included) of nb behind a copy of its headers. */
static struct netbuf *make_piece(const struct netbuf *nb, u32 headers, u32 off, u32 n, u32 how)
{
	struct netbuf *p = netbuf_alloc(headers + n, NETBUF_HEADROOM, how);

	if (!p)
		return NULL;
	netbuf_read(nb, 0, netbuf_put(p, headers), headers);
	netbuf_read(nb, off, netbuf_put(p, n), n);
	p->dev = nb->dev;
	p->protocol = nb->protocol;
	p->kind = nb->kind;
	p->priority = nb->priority;
	p->mark = nb->mark;
	p->link_off = netbuf_offset(p);
	p->net_off = (u16)(p->link_off + (nb->net_off - netbuf_offset(nb)));
	p->trans_off = (u16)(p->link_off + (nb->trans_off - netbuf_offset(nb)));
	p->csum = CSUM_PARTIAL;
	p->csum_start = p->trans_off;
	p->csum_off = nb->csum_off;
	return p;
}

int segment(struct netbuf *nb, struct netbuf_queue *out, u32 how)
{
	bool tcp = nb->gso == GSO_TCP4 || nb->gso == GSO_TCP6;
	u32 trans = (u32)(nb->trans_off - netbuf_offset(nb)), headers, total, at, i = 0;

	if (!nb->gso_size || !netbuf_need(nb, trans + (tcp ? 20 : 8)))
		return -EINVAL;
	headers = trans + (tcp ? (nb->data[trans + 12] >> 4) * 4u : 8u);
	if (headers >= nb->len || !netbuf_need(nb, headers))
		return -EINVAL;
	total = nb->len - headers;
	for (at = 0; at < total; at += nb->gso_size, i++) {
		u32 n = min((u32)nb->gso_size, total - at);
		struct netbuf *p = make_piece(nb, headers, headers + at, n, how);

		if (!p) {
			netbuf_queue_purge(out);
			return -ENOMEM;
		}
		mend(p, nb, at, i, at + n == total);
		netbuf_queue_add(out, p);
	}
	return 0;
}
