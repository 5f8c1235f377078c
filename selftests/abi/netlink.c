/* SPDX-License-Identifier: MIT */
/* needs: --net user */
/* netlink(7), rtnetlink(7): sockets, requests and their acknowledgements, dumps of links, addresses
 * and routes, changes, news. */
#include "../harness.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static char buf[65536];

struct request {
	struct nlmsghdr h;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
		struct rtmsg route;
		struct rtgenmsg gen;
	};
	char attrs[256];
};

static void add_attr(struct request *r, int type, const void *data, int n)
{
	struct rtattr *a = (void *)((char *)r + NLMSG_ALIGN(r->h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(n);
	memcpy(RTA_DATA(a), data, n);
	r->h.nlmsg_len = NLMSG_ALIGN(r->h.nlmsg_len) + RTA_ALIGN(a->rta_len);
}

static struct request make(int type, int flags, int fixed)
{
	return (struct request){ .h = { NLMSG_LENGTH(fixed), type, NLM_F_REQUEST | flags, 7, 0 } };
}

static int open_route(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/* The error code of the acknowledgement. */
static int ask(int s, struct request *r)
{
	struct nlmsghdr *h = (void *)buf;

	if (send(s, r, r->h.nlmsg_len, 0) < 0 ||
	    recv(s, buf, sizeof(buf), 0) < (int)NLMSG_LENGTH(4) || h->nlmsg_type != NLMSG_ERROR)
		return -9999;
	return ((struct nlmsgerr *)NLMSG_DATA(h))->error;
}

/* Calls fn for each message of a dump. */
static int dump(int s, int type, int family, void (*fn)(struct nlmsghdr *h, void *arg), void *arg)
{
	struct request r = make(type, NLM_F_DUMP, sizeof(struct rtgenmsg));
	int n = 0;

	r.gen.rtgen_family = family;
	send(s, &r, r.h.nlmsg_len, 0);
	for (;;) {
		int got = recv(s, buf, sizeof(buf), 0), len = got;

		for (struct nlmsghdr *h = (void *)buf; NLMSG_OK(h, (unsigned)len);
		     h = NLMSG_NEXT(h, len)) {
			EXPECT_EQ(7, h->nlmsg_seq);
			if (h->nlmsg_type == NLMSG_DONE)
				return n;
			EXPECT_EQ(NLM_F_MULTI, h->nlmsg_flags & NLM_F_MULTI);
			fn(h, arg);
			n++;
		}
		if (got <= 0)
			return -1;
	}
}

static struct rtattr *attr(void *first, int len, int type)
{
	for (struct rtattr *a = first; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == type)
			return a;
	return NULL;
}

TEST(sockets_and_names)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK }, got;
	socklen_t len = sizeof(got);
	int s = open_route(), t = open_route();

	EXPECT_ERRNO(EPROTONOSUPPORT, socket(AF_NETLINK, SOCK_RAW, 31));
	EXPECT_ERRNO(ESOCKTNOSUPPORT, socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE));
	EXPECT_EQ(0, bind(s, (void *)&a, sizeof(a)));
	EXPECT_EQ(0, getsockname(s, (void *)&got, &len));
	EXPECT_EQ(12, len);
	EXPECT_EQ(getpid(), (int)got.nl_pid);
	EXPECT_EQ(0, bind(t, (void *)&a, sizeof(a)));
	EXPECT_EQ(0, getsockname(t, (void *)&got, &len));
	EXPECT_EQ(1, (int)got.nl_pid < 0);
	a.nl_pid = getpid();
	EXPECT_ERRNO(EADDRINUSE, bind(open_route(), (void *)&a, sizeof(a)));
	EXPECT_ERRNO(EINVAL, bind(s, (void *)&(struct sockaddr_in){ .sin_family = AF_INET }, 16));
}

struct seen { int lo, eth; unsigned flags; char name[16]; int mtu; };

static void see_link(struct nlmsghdr *h, void *arg)
{
	struct ifinfomsg *m = NLMSG_DATA(h);
	struct rtattr *name = attr(IFLA_RTA(m), IFLA_PAYLOAD(h), IFLA_IFNAME),
		      *mtu = attr(IFLA_RTA(m), IFLA_PAYLOAD(h), IFLA_MTU);
	struct seen *s = arg;

	EXPECT_EQ(RTM_NEWLINK, h->nlmsg_type);
	if (!name || !mtu)
		return;
	if (!strcmp(RTA_DATA(name), "lo")) {
		s->lo = m->ifi_index;
		s->flags = m->ifi_flags;
		EXPECT_EQ(ARPHRD_LOOPBACK, m->ifi_type);
		EXPECT_EQ(65536, *(int *)RTA_DATA(mtu));
	} else if (!strcmp(RTA_DATA(name), "eth0")) {
		s->eth = m->ifi_index;
		EXPECT_EQ(1500, *(int *)RTA_DATA(mtu));
		EXPECT_EQ(6 + 4, attr(IFLA_RTA(m), IFLA_PAYLOAD(h), IFLA_ADDRESS)->rta_len);
	}
}

TEST(links_are_listed)
{
	struct seen s = {};

	EXPECT_EQ(1, dump(open_route(), RTM_GETLINK, AF_UNSPEC, see_link, &s) >= 2);
	EXPECT_EQ(1, s.lo);
	EXPECT_EQ(1, s.eth > 1);
	EXPECT_EQ(IFF_LOOPBACK | IFF_UP | IFF_RUNNING,
		  s.flags & (IFF_LOOPBACK | IFF_UP | IFF_RUNNING));
	EXPECT_EQ(s.eth, (int)if_nametoindex("eth0"));
}

TEST(the_library_sees_addresses)
{
	struct ifaddrs *list, *i;
	int lo = 0;

	ASSERT_EQ(0, getifaddrs(&list));
	for (i = list; i; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET &&
		    !strcmp(i->ifa_name, "lo")) {
			lo++;
			EXPECT_EQ(htonl(INADDR_LOOPBACK),
				  ((struct sockaddr_in *)i->ifa_addr)->sin_addr.s_addr);
			EXPECT_EQ(htonl(0xff000000),
				  ((struct sockaddr_in *)i->ifa_netmask)->sin_addr.s_addr);
		}
	EXPECT_EQ(1, lo);
}

static struct request address(int type, int flags, const char *text, int bits)
{
	struct request r = make(type, flags | NLM_F_ACK, sizeof(struct ifaddrmsg));
	struct in_addr a;

	inet_pton(AF_INET, text, &a);
	r.addr = (struct ifaddrmsg){ AF_INET, bits, 0, RT_SCOPE_UNIVERSE, if_nametoindex("lo") };
	add_attr(&r, IFA_LOCAL, &a, 4);
	return r;
}

static void find_addr(struct nlmsghdr *h, void *arg)
{
	struct ifaddrmsg *m = NLMSG_DATA(h);
	struct rtattr *a = attr(IFA_RTA(m), IFA_PAYLOAD(h), IFA_LOCAL);

	if (a && *(uint32_t *)RTA_DATA(a) == htonl(0x0a630102) && m->ifa_prefixlen == 24)
		++*(int *)arg;
}

static void find_local_route(struct nlmsghdr *h, void *arg)
{
	struct rtmsg *m = NLMSG_DATA(h);
	struct rtattr *a = attr(RTM_RTA(m), RTM_PAYLOAD(h), RTA_DST);

	if (a && *(uint32_t *)RTA_DATA(a) == htonl(0x0a630102) && m->rtm_type == RTN_LOCAL &&
	    m->rtm_table == RT_TABLE_LOCAL)
		++*(int *)arg;
}

TEST(addresses_come_and_go_with_their_routes)
{
	struct request r = address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, "10.99.1.2", 24);
	int s = open_route(), n = 0;

	EXPECT_EQ(0, ask(s, &r));
	EXPECT_EQ(-EEXIST, ask(s, &r));
	dump(s, RTM_GETADDR, AF_INET, find_addr, &n);
	EXPECT_EQ(1, n);
	n = 0;
	dump(s, RTM_GETROUTE, AF_INET, find_local_route, &n);
	EXPECT_EQ(1, n);
	r = address(RTM_DELADDR, 0, "10.99.1.2", 24);
	EXPECT_EQ(0, ask(s, &r));
	EXPECT_EQ(-EADDRNOTAVAIL, ask(s, &r));
	n = 0;
	dump(s, RTM_GETROUTE, AF_INET, find_local_route, &n);
	EXPECT_EQ(0, n);
}

static struct request route(int type, int flags, const char *dst, int bits, int oif)
{
	struct request r = make(type, flags | NLM_F_ACK, sizeof(struct rtmsg));
	struct in_addr a;

	inet_pton(AF_INET, dst, &a);
	r.route = (struct rtmsg){ .rtm_family = AF_INET,
				  .rtm_dst_len = bits,
				  .rtm_table = RT_TABLE_MAIN,
				  .rtm_protocol = RTPROT_STATIC,
				  .rtm_scope = RT_SCOPE_LINK,
				  .rtm_type = RTN_UNICAST };
	add_attr(&r, RTA_DST, &a, 4);
	add_attr(&r, RTA_OIF, &oif, 4);
	return r;
}

TEST(routes_come_and_go)
{
	int s = open_route(), lo = if_nametoindex("lo");
	struct request r = route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "10.77.0.0", 16, lo);

	EXPECT_EQ(0, ask(s, &r));
	EXPECT_EQ(-EEXIST, ask(s, &r));
	r = route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, "10.77.0.0", 16, lo);
	EXPECT_EQ(0, ask(s, &r));
	r = route(RTM_DELROUTE, 0, "10.77.0.0", 16, lo);
	EXPECT_EQ(0, ask(s, &r));
	EXPECT_EQ(-ESRCH, ask(s, &r));
	r = route(RTM_NEWROUTE, NLM_F_CREATE, "10.77.0.1", 16, lo);
	EXPECT_EQ(-EINVAL, ask(s, &r));			/* bits beyond the prefix */
	r = route(RTM_NEWROUTE, NLM_F_CREATE, "10.77.0.0", 16, 9999);
	EXPECT_EQ(-ENODEV, ask(s, &r));
}

TEST(news_reach_those_who_asked)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR };
	struct request r = address(RTM_NEWADDR, NLM_F_CREATE, "10.99.1.3", 32);
	int s = open_route(), t = open_route();
	struct nlmsghdr *h = (void *)buf;

	ASSERT_EQ(0, bind(t, (void *)&a, sizeof(a)));
	EXPECT_ERRNO(EAGAIN, recv(t, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(0, ask(s, &r));
	EXPECT_EQ(1, poll(&(struct pollfd){ t, POLLIN, 0 }, 1, 1000));
	EXPECT_EQ(1, recv(t, buf, sizeof(buf), 0) > 16);
	EXPECT_EQ(RTM_NEWADDR, h->nlmsg_type);
	r = address(RTM_DELADDR, 0, "10.99.1.3", 32);
	EXPECT_EQ(0, ask(s, &r));
	EXPECT_EQ(1, recv(t, buf, sizeof(buf), 0) > 16);
	EXPECT_EQ(RTM_DELADDR, h->nlmsg_type);
}

TEST(changes_need_privilege)
{
	struct request r = address(RTM_NEWADDR, NLM_F_CREATE, "10.99.1.4", 32);

	ASSERT_EQ(0, setuid(1000));
	EXPECT_EQ(-EPERM, ask(open_route(), &r));
}

TEST(devices_by_ioctl)
{
	struct ifreq r = { .ifr_name = "lo" };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	EXPECT_EQ(0, ioctl(s, SIOCGIFINDEX, &r));
	EXPECT_EQ(1, r.ifr_ifindex);
	EXPECT_EQ(0, ioctl(s, SIOCGIFADDR, &r));
	EXPECT_EQ(htonl(INADDR_LOOPBACK), ((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr);
	EXPECT_EQ(0, ioctl(s, SIOCGIFNETMASK, &r));
	EXPECT_EQ(htonl(0xff000000), ((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr);
	EXPECT_EQ(0, ioctl(s, SIOCGIFFLAGS, &r));
	EXPECT_EQ(IFF_UP | IFF_LOOPBACK | IFF_RUNNING, r.ifr_flags);
	strcpy(r.ifr_name, "nosuch");
	EXPECT_ERRNO(ENODEV, ioctl(s, SIOCGIFFLAGS, &r));
	strcpy(r.ifr_name, "lo:7");
	*(struct sockaddr_in *)&r.ifr_addr = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a050505)
	};
	EXPECT_EQ(0, ioctl(s, SIOCSIFADDR, &r));
	EXPECT_EQ(0, ioctl(s, SIOCGIFNETMASK, &r));
	EXPECT_EQ(htonl(0xff000000), ((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr);
	r.ifr_flags = 0;
	EXPECT_EQ(0, ioctl(s, SIOCSIFFLAGS, &r));
	EXPECT_ERRNO(EADDRNOTAVAIL, ioctl(s, SIOCGIFADDR, &r));
}
MAIN
