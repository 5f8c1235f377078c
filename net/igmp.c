/* SPDX-License-Identifier: MIT */
/* igmp.c - telling IPv4 routers which groups we listen to: version 3, or what the oldest router on
 * the link speaks.
 *
 * Memberships are reported without source lists (EXCLUDE of nothing): sources are filtered for each
 * socket (mcast.c).
 * Locks: net->config for sending (mcast.c's worker). Ref: RFC 3376, RFC 2236, RFC 1112 appendix I,
 * RFC 2113. Tests: selftests/abi/mcast.c
 */
#include <kernel/clock.h>
#include <kernel/lib/string.h>
#include <net/checksum.h>
#include <net/ip_int.h>
#include <net/mcast_int.h>
#include <net/net.h>

#define IGMP_QUERY   0x11u
#define IGMP_REPORT1 0x12u
#define IGMP_REPORT2 0x16u
#define IGMP_LEAVE2  0x17u
#define IGMP_REPORT3 0x22u
#define OLDER_QUERIER (260 * NSEC_PER_SEC)	/* RFC 3376 s8.12: 2 * 125 s + 10 s */

struct igmp_message {
	u8 type, code;
	u16 csum;
	u32 group;
};

struct igmp_report3 {
	u8 type, reserved;
	u16 csum, reserved2, nr_records;
	u8 record, aux_len;
	u16 nr_sources;
	u32 group;
};

static u32 older_version(const struct netdev *d)
{
	ktime_t now = clock_monotonic();

	return READ_ONCE(d->igmp1_until) > now ? 1 : READ_ONCE(d->igmp2_until) > now ? 2 : 3;
}

static void transmit(struct netdev *d, const void *message, u32 len, u32 csum_at, struct ipaddr dst)
{
	static const u8 router_alert[4] = { 0x94, 4, 0, 0 };
	struct netbuf *nb = netbuf_alloc(len, NETBUF_HEADROOM, PAGE_ATOMIC);
	struct ip_tx tx = { .dst = dst,
			    .proto = IPPROTO_IGMP,
			    .tos = 0xc0,
			    .ttl = 1,
			    .dont_fragment = true,
			    .options = router_alert,
			    .options_len = sizeof(router_alert),
			    .no_loop = true };
	struct route r = { .dev = d, .type = RTN_MULTICAST, .mtu = d->mtu };
	u16 sum;

	if (!nb)
		return;
	memcpy(netbuf_put(nb, len), message, len);
	sum = csum_fold(csum_add_bytes(nb->data, len, 0));
	memcpy(nb->data + csum_at, &sum, 2);
	rcu_read_lock();
	tx.src = route_select_src(d->net, d, dst, IP4_ANY, RT_SCOPE_LINK);
	rcu_read_unlock();
	if (ip4_send(d->net, nb, &tx, &r))
		return;		/* it is repeated anyway */
}

void igmp_report(struct netdev *d, struct ipaddr group, u8 record)
{
	u32 version = older_version(d);

	if (version == 3) {
		struct igmp_report3 m = { .type = IGMP_REPORT3,
					  .nr_records = cpu_to_be16(1),
					  .record = record,
					  .group = ip_v4(group) };

		transmit(d, &m, sizeof(m), offsetof(struct igmp_report3, csum),
			 ip4_host(0xe0000016));
	} else {
		bool leave = record == RECORD_TO_INCLUDE;
		struct igmp_message m = { .type = leave		 ? IGMP_LEAVE2
						  : version == 2 ? IGMP_REPORT2
								 : IGMP_REPORT1,
					  .group = ip_v4(group) };

		if (leave && version == 1)
			return;
		transmit(d, &m, sizeof(m), offsetof(struct igmp_message, csum),
			 leave ? ip4_host(0xe0000002) : group);
	}
}

/* RFC 3376 s4.1.1: tenths of a second, from 128 on with exponent and mantissa. */
static ktime_t response_time(u8 code)
{
	u32 tenths = code < 128 ? code : ((code & 15u) | 16u) << ((code >> 4 & 7u) + 3);

	return tenths * (NSEC_PER_SEC / 10);
}

static void rx_query(struct netbuf *nb, const struct igmp_message *m)
{
	ktime_t now = clock_monotonic(), within = response_time(m->code);

	if (nb->len < 12) {		/* an older router */
		if (!m->code) {
			WRITE_ONCE(nb->dev->igmp1_until, now + OLDER_QUERIER);
			within = 10 * NSEC_PER_SEC;
		} else {
			WRITE_ONCE(nb->dev->igmp2_until, now + OLDER_QUERIER);
		}
	}
	if (m->group && !ip_is_multicast(ip4(m->group)))
		return;
	mcast_asked(nb->dev, ip4(m->group), within);
}

static void igmp_rx(struct net_ns *net, struct netbuf *nb)
{
	struct igmp_message m;

	if (ip_is4(ip_cb(nb)->dst) && nb->len >= sizeof(m) &&
	    !csum_fold(netbuf_sum(nb, 0, nb->len, 0))) {
		netbuf_read(nb, 0, &m, sizeof(m));
		if (m.type == IGMP_QUERY)
			rx_query(nb, &m);
	}
	netbuf_free(nb);
}

static const struct ip_proto igmp_proto = { .proto = IPPROTO_IGMP, .rx = igmp_rx };

void igmp_init(void)
{
	ip_proto_register(&igmp_proto);
}
