/* SPDX-License-Identifier: MIT */
/* ip.c - what IPv4 and IPv6 have in common: transports, the way to the link, identification
 * numbers.
 *
 * Locks: none; protocols register at boot. Ref: RFC 1112 s6.4, RFC 2464 s7, RFC 7739 s5.3. Tests:
 * selftests/abi/udp.c
 */
#include <net/ip_int.h>

#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <net/mib.h>
#include <net/neigh.h>
#include <net/net.h>
#include <net/raw.h>

#define ID_COUNTERS 2048u

static const struct ip_proto *protos[256];

void ip_proto_register(const struct ip_proto *p)
{
	assert(!protos[p->proto]);
	protos[p->proto] = p;
}

const struct ip_proto *ip_proto_find(u8 proto)
{
	return protos[proto];
}

int ip_send(struct net_ns *net, struct netbuf *nb, const struct ip_tx *tx, struct route *r)
{
	if (likely(ip_is4(tx->dst)))
		return ip4_send(net, nb, tx, r);
	return ip6_send(net, nb, tx, r);
}

/* The link address of a group or a broadcast; zeros for ourselves. */
static void group_mac(const struct netdev *d, u8 type, struct ipaddr dst, u8 mac[ETH_ALEN])
{
	const u8 *b = (const u8 *)&dst;

	memset(mac, 0, ETH_ALEN);
	if (d->flags & IFF_LOOPBACK)
		return;
	if (type == RTN_BROADCAST) {
		memcpy(mac, d->broadcast, ETH_ALEN);
	} else if (ip_is4(dst)) {
		memcpy(mac, "\x01\x00\x5e", 3);
		mac[3] = b[13] & 0x7f;
		mac[4] = b[14];
		mac[5] = b[15];
	} else {
		mac[0] = mac[1] = 0x33;
		memcpy(mac + 2, b + 12, 4);
	}
}

void ip_link_output(struct netbuf *nb, const struct route *r, struct ipaddr dst)
{
	u16 protocol = ip_is4(dst) ? ETH_P_IP : ETH_P_IPV6;
	u8 mac[ETH_ALEN];

	nb->dev = r->dev;
	if (protocol == ETH_P_IP) {
		mib_inc(MIB_IP4_OutTransmits);
		mib_add(MIB_IP4_EXT_OutOctets, nb->len);
	} else {
		mib_inc(MIB_IP6_OutTransmits);
		mib_add(MIB_IP6_OutOctets, nb->len);
	}
	if (r->neigh) {
		neigh_send(r->neigh, nb, protocol);
		return;
	}
	group_mac(r->dev, r->type, dst, mac);
	if (netdev_header(nb, mac, protocol))
		netdev_send(nb);
	else
		netbuf_free(nb);
}

/* Counters shared by flows that hash alike: nobody outside learns from one flow how much another
 * sends. */
u16 ip_make_id(struct ipaddr src, struct ipaddr dst, u8 proto, u32 n)
{
	static atomic_t counters[ID_COUNTERS];
	static u64 secret;
	u64 h;

	if (unlikely(!READ_ONCE(secret)))
		WRITE_ONCE(secret, random_u64() | 1);
	h = ((u64)ip_hash(src) << 32 | ip_hash(dst)) ^ secret ^ proto;
	h *= 0x9e3779b97f4a7c15ull;
	return (u16)(atomic_add_return(&counters[h >> 53], n) - n + (u32)(h & 0xffff));
}
static_assert(ID_COUNTERS == 1u << 11, "53 = 64 - 11");

void ip_deliver(struct net_ns *net, struct netbuf *nb)
{
	const struct ip_proto *p = protos[ip_cb(nb)->proto];

	bool heard = raw_deliver(net, nb);

	nb->trans_off = netbuf_offset(nb);
	if (likely(p)) {
		mib_inc(ip_is4(ip_cb(nb)->dst) ? MIB_IP4_InDelivers : MIB_IP6_InDelivers);
		p->rx(net, nb);
		return;
	}
	if (ip_is4(ip_cb(nb)->dst))
		mib_inc(heard ? MIB_IP4_InDelivers : MIB_IP4_InUnknownProtos);
	/* IPv6 says which byte is not understood: ip6.c */
	if (!heard && ip_is4(ip_cb(nb)->src))
		icmp_send_unreachable(nb, 2, 0);	/* protocol */
	netbuf_free(nb);
}
