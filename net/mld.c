/* SPDX-License-Identifier: MIT */
/* mld.c - telling IPv6 routers which groups we listen to: MLDv2, or version 1 while such a router
 * is on the link.
 *
 * As igmp.c: without source lists. Locks: net->config for sending (mcast.c's worker). Ref: RFC
 * 3810, RFC 2710, RFC 2711.
 * Tests: selftests/abi/mcast.c
 */
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <net/checksum.h>
#include <net/ip_int.h>
#include <net/mcast_int.h>
#include <net/net.h>

#define OLDER_QUERIER (260 * NSEC_PER_SEC)

struct mld_message1 {
	struct icmp6_header icmp;	/* rest: maximum response delay, reserved */
	struct ipaddr group;
} __packed __aligned(2);

struct mld_report2 {
	struct icmp6_header icmp;	/* rest: reserved, number of records */
	u8 record, aux_len;
	u16 nr_sources;
	struct ipaddr group;
} __packed __aligned(2);

/* Link-local, or :: while it is being verified: RFC 3810 s5.2.13. */
static struct ipaddr source_on(struct netdev *d)
{
	struct ipaddr src = IP6_ANY;
	struct ifaddr *a;

	list_for_each_entry(a, &d->addrs, link)
		if (!ip_is4(a->addr) && ip_is_link_local(a->addr) &&
		    !(a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
			src = a->addr;
	return src;
}

static void transmit(struct netdev *d, const void *message, u32 len, struct ipaddr dst)
{
	/* router alert, padding */
	static const u8 hop_by_hop[8] = { IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0 };
	struct netbuf *nb = netbuf_alloc(len + sizeof(hop_by_hop), NETBUF_HEADROOM, PAGE_ATOMIC);
	struct ip_tx tx = {
		.dst = dst, .src = source_on(d), .proto = IPPROTO_HOPOPTS, .ttl = 1, .no_loop = true
	};
	struct route r = { .dev = d, .type = RTN_MULTICAST, .mtu = d->mtu };
	struct icmp6_header *h;

	if (!nb)
		return;
	memcpy(netbuf_put(nb, sizeof(hop_by_hop)), hop_by_hop, sizeof(hop_by_hop));
	h = netbuf_put(nb, len);
	memcpy(h, message, len);
	h->csum = csum_fold(
		csum_add_bytes(h, len, csum_pseudo6(&tx.src, &tx.dst, len, IPPROTO_ICMPV6)));
	nb->csum = CSUM_VERIFIED;
	if (ip6_send(d->net, nb, &tx, &r))
		return;		/* it is repeated anyway */
}

void mld_report(struct netdev *d, struct ipaddr group, u8 record)
{
	if (READ_ONCE(d->mld1_until) > clock_monotonic()) {
		bool leave = record == RECORD_TO_INCLUDE;
		struct mld_message1 m = { { leave ? MLD_DONE1 : MLD_REPORT1, 0, 0, 0 }, group };

		transmit(
			d, &m, sizeof(m),
			leave ? (struct ipaddr){ { cpu_to_be32(0xff020000), 0, 0, cpu_to_be32(2) } }
			      : group);
	} else {
		struct mld_report2 m = {
			{ MLD_REPORT2, 0, 0, cpu_to_be32(1) }, record, 0, 0, group
		};

		transmit(d, &m, sizeof(m),
			 (struct ipaddr){ { cpu_to_be32(0xff020000), 0, 0, cpu_to_be32(0x16) } });
	}
}

/* RFC 3810 s5.1.3: milliseconds, from 32768 on with exponent and mantissa. */
static ktime_t response_time(u16 code)
{
	u64 ms = code < 32768 ? code : ((code & 0xfffu) | 0x1000u) << ((code >> 12 & 7u) + 3);

	return (ktime_t)ms * NSEC_PER_MSEC;
}

void mld_query(struct netbuf *nb)
{
	struct mld_message1 m;

	if (nb->len < sizeof(m) || !ip_is_link_local(ip_cb(nb)->src) || ip_cb(nb)->ttl != 1)
		return;
	netbuf_read(nb, 0, &m, sizeof(m));
	if (nb->len < 28)
		WRITE_ONCE(nb->dev->mld1_until, clock_monotonic() + OLDER_QUERIER);
	if (!ip_is_any(m.group) && !ip_is_multicast(m.group))
		return;
	mcast_asked(nb->dev, m.group, response_time((u16)(be32_to_cpu(m.icmp.rest) >> 16)));
}
