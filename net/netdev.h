/* SPDX-License-Identifier: MIT */
/* netdev.h - network interfaces: what a driver implements and what protocols see.
 *
 * Receive: the interrupt masks the device's interrupts and calls netdev_schedule(); the bottom half
 * calls poll(budget), which hands packets up by netdev_rx() and, when it found fewer than the
 * budget, unmasks and says so by its result. No work in interrupts. Transmit: netdev_send() picks a
 * queue, cuts what the device cannot take (checksums, segments), and calls xmit under the queue's
 * lock. A full ring stops the queue; the driver wakes it.
 */
#pragma once

#include <kernel/lib/list.h>
#include <kernel/rcu.h>
#include <kernel/spinlock.h>
#include <kernel/workq.h>
#include <net/ipaddr.h>
#include <net/netbuf.h>

struct net_ns;
struct netdev;

/* ---- values of Linux: <linux/if.h>, <linux/if_ether.h>, <linux/if_arp.h> ---- */
#define IFF_UP		0x1u
#define IFF_BROADCAST	0x2u
#define IFF_LOOPBACK	0x8u
#define IFF_POINTOPOINT 0x10u
#define IFF_RUNNING	0x40u
#define IFF_NOARP	0x80u
#define IFF_PROMISC	0x100u
#define IFF_ALLMULTI	0x200u
#define IFF_MULTICAST	0x1000u
#define IFF_LOWER_UP	0x10000u
#define ARPHRD_ETHER	1u
#define ARPHRD_LOOPBACK 772u
#define ETH_ALEN	6u
#define ETH_HLEN	14u
#define ETH_P_IP	0x0800u
#define ETH_P_ARP	0x0806u
#define ETH_P_IPV6	0x86ddu
#define ETH_P_ALL	0x0003u
#define IFNAMSIZ	16u
#define IF_NAME_MAX	(IFNAMSIZ - 1)

/* What a device can do by itself. */
#define NETDEV_F_CSUM	BIT(0)		/* fills in CSUM_PARTIAL sums */
#define NETDEV_F_TSO4	BIT(1)
#define NETDEV_F_TSO6	BIT(2)
#define NETDEV_F_FRAGS	BIT(3)		/* takes fragments */
#define NETDEV_F_USO	BIT(4)

struct netdev_ops {
	int (*open)(struct netdev *d);		/* IFF_UP goes on. May sleep */
	/* IFF_UP goes off: afterwards no packet comes or goes. May sleep */
	void (*stop)(struct netdev *d);
	/* Takes nb over: 0; or -EBUSY: no room, the queue was stopped by netdev_queue_stop(). Queue
	 * lock held, bottom halves off.
	 * more: another follows at once, the doorbell can wait. */
	int (*xmit)(struct netdev *d, struct netbuf *nb, u32 queue, bool more);
	/* Receive and transmit-complete of one queue, at most budget packets. Returns how many;
	 * fewer than budget: interrupts are on. */
	u32 (*poll)(struct netdev *d, u32 queue, u32 budget);
	int (*set_mac)(struct netdev *d, const u8 *mac);	/* NULL: only in software */
	int (*set_mtu)(struct netdev *d, u32 mtu);
	/* IFF_PROMISC, ALLMULTI or the multicast list changed */
	void (*set_rx_mode)(struct netdev *d);
};

struct netdev_stats {			/* per CPU: summed by netdev_get_stats() */
	u64 rx_packets, rx_bytes, rx_dropped, rx_errors, rx_multicast;
	u64 tx_packets, tx_bytes, tx_dropped, tx_errors;
} __aligned(64);

/* One pair of rings. Locks: q  lock (RANK_NETDEV)   s  the CPU that polls it */
struct netdev_queue {
	struct netdev *dev;
	u32 index;
	struct spinlock lock;
	bool stopped;			/* [q] the ring is full */
	struct netbuf_queue waiting;	/* [q] what could not be sent yet: at most txqlen */
	struct list poll_link;		/* [s] on a CPU's list of queues to poll */
	u32 scheduled;			/* [a] 1: on such a list, or being polled */
};

/* An address of an interface. Found under RCU; changed under net->config. */
struct ifaddr {
	struct list link;		/* netdev.addrs */
	struct netdev *dev;
	struct ipaddr addr, peer, broadcast;	/* broadcast: v4 */
	u8 bits;			/* prefix length of its family */
	u8 scope;			/* RT_SCOPE_* */
	u32 flags;			/* IFA_F_* */
	ktime_t valid_until, preferred_until;	/* WAIT_FOREVER */
	ktime_t created, updated;
	u8 dad_left;			/* [c] IFA_F_TENTATIVE: probes to send */
	ktime_t dad_next;		/* [c] the next one, or the end of it; 0: neither */
	char label[IFNAMSIZ];
	struct rcu_head rcu;
};

/* Locks: c  net->config (a mutex)   I  immutable   a  atomic. Read under RCU or with a
 * reference. */
struct netdev {
	struct list link;		/* [c, RCU] net->devs */
	atomic_t refs;
	struct net_ns *net;		/* [I] */
	char name[IFNAMSIZ];		/* [c] */
	s32 index;			/* [I] */
	u32 flags;			/* [c] IFF_*; IFF_RUNNING and LOWER_UP follow the carrier */
	u32 mtu, mtu_min, mtu_max;	/* [c] */
	u32 features;			/* [I] NETDEV_F_* */
	u32 gso_max;			/* [I] bytes of one TSO packet */
	u16 type;			/* [I] ARPHRD_* */
	u8 halen;
	u8 mac[8], broadcast[8], perm_mac[8];
	u32 txqlen;
	u32 nr_queues;			/* [I] */
	struct netdev_queue *queues;	/* [I] nr_queues of them */
	const struct netdev_ops *ops;
	void *priv;			/* the driver's */
	struct list addrs;		/* [c, RCU] struct ifaddr, both families */
	struct list mcast;		/* [c, RCU] groups joined: net/mcast.c */
	struct netdev_stats *stats;	/* [I] MAX_CPUS of them */
	u32 carrier_changes;
	u32 promisc, allmulti;		/* [c] how many asked */
	ktime_t igmp1_until, igmp2_until, mld1_until;	/* older routers were heard on the link */
	struct ip6_dev *ip6;		/* net/ip6.c: autoconfiguration, per device settings */
	struct work carrier_work;
	/* [c] received segments are joined (net/gro.c): the driver's wish, ETHTOOL_SGRO */
	bool gro;
	bool dead;			/* [c] unregistered */
	struct rcu_head rcu;
};

/* ---- drivers ---- */
/* Zeroed but for defaults of Ethernet (mtu 1500, broadcast, flags) and priv_size bytes behind priv.
 * NULL: no memory. */
struct netdev *netdev_alloc(const char *name_format, const struct netdev_ops *ops, u32 nr_queues,
			    usize priv_size);
/* "eth%d" gets its number */
int __must_check netdev_register(struct net_ns *net, struct netdev *d);
void netdev_unregister(struct netdev *d);
/* may be called in bottom halves: the news goes out by a worker */
void netdev_set_carrier(struct netdev *d, bool on);
/* Interrupt: poll this queue soon, on this CPU. */
void netdev_schedule(struct netdev_queue *q);
/* A received packet, data at the link header. From poll, bottom halves off. */
void netdev_rx(struct netdev *d, struct netbuf *nb);
/* poll: all done, just before the device's interrupts go on (then look once more). */
void netdev_poll_done(struct netdev_queue *q);
void netdev_queue_stop(struct netdev_queue *q);			/* [q] */
void netdev_queue_wake(struct netdev_queue *q);			/* room again; sends what waits */

/* ---- protocols ---- */
/* A packet without link header comes in, as if by nb->dev: protocol, kind and net_off are set.
 * Bottom halves off. */
void netdev_deliver(struct netbuf *nb);
/* A complete packet with link header. Takes nb over; drops are counted. Bottom halves off or on. */
void netdev_send(struct netbuf *nb);
/* Puts the link header in front for this destination. false: no room could be made. */
bool __must_check netdev_header(struct netbuf *nb, const u8 *dst_mac, u16 protocol);
struct packet_type {
	struct list link;
	/* ETH_P_*; ETH_P_ALL: taps, which get clones, also of what is sent */
	u16 protocol;
	/* takes nb over; data at the network header. Under RCU, bottom halves off */
	void (*rx)(struct packet_type *p, struct netbuf *nb);
};
void packet_type_add(struct packet_type *p);
/* under RCU */
void packet_type_for_each(void (*fn)(const struct packet_type *p, void *arg), void *arg);
void packet_type_del(struct packet_type *p);	/* and waits until nobody uses it */

/* ---- configuration: netlink and ioctls. net->config held but for the finds ---- */
struct netdev *netdev_find(struct net_ns *net, const char *name);	/* a reference or NULL */
/* borrowed: under RCU, or config held */
struct netdev *netdev_find_rcu(struct net_ns *net, const char *name);
struct netdev *netdev_find_index(struct net_ns *net, s32 index);
struct netdev *netdev_index_rcu(struct net_ns *net, s32 index);		/* borrowed under RCU */
static inline void netdev_get(struct netdev *d) { ref_get(&d->refs); }
void netdev_put(struct netdev *d);
/* IFF_UP, PROMISC, ALLMULTI */
int __must_check netdev_change_flags(struct netdev *d, u32 flags, u32 mask);
int __must_check netdev_change_mtu(struct netdev *d, u32 mtu);
int __must_check netdev_change_mac(struct netdev *d, const u8 *mac);
int __must_check netdev_rename(struct netdev *d, const char *name);
void netdev_get_stats(const struct netdev *d, struct netdev_stats *out);

void netdev_init(struct net_ns *net);				/* boot */

/* What happened, for protocols and netlink. Called with net->config held. */
enum netdev_event {
	NETDEV_REGISTERED,
	NETDEV_UNREGISTERED,
	NETDEV_UP,
	NETDEV_DOWN,
	NETDEV_CARRIER,
	NETDEV_CHANGED,
	NETDEV_ADDR_ADDED,
	NETDEV_ADDR_CHANGED,
	NETDEV_ADDR_REMOVED
};
struct netdev_listener {
	struct list link;
	/* a: of the address events */
	void (*event)(struct netdev *d, enum netdev_event e, struct ifaddr *a);
};
void netdev_listen(struct netdev_listener *l);		/* boot */
void netdev_tell(struct netdev *d, enum netdev_event e, struct ifaddr *a);

/* ---- addresses (net/ifaddr.c) ---- */
#define IFA_F_SECONDARY	    0x01u
#define IFA_F_NODAD	    0x02u
#define IFA_F_OPTIMISTIC    0x04u
#define IFA_F_DADFAILED	    0x08u
#define IFA_F_DEPRECATED    0x20u
#define IFA_F_TENTATIVE	    0x40u
#define IFA_F_PERMANENT	    0x80u
#define IFA_F_MANAGETEMPADDR 0x100u
#define IFA_F_NOPREFIXROUTE 0x200u
/* -EEXIST, -EINVAL, -ENOMEM; adds the local, broadcast and prefix routes. */
int __must_check ifaddr_add(struct netdev *d, const struct ifaddr *a);
int __must_check ifaddr_del(struct netdev *d, struct ipaddr addr, u32 bits);
/* ifindex 0: any */
struct ifaddr *ifaddr_find_rcu(struct net_ns *net, struct ipaddr addr, s32 ifindex);
void ifaddr_init(struct net_ns *net);			/* boot, before devices are registered */
