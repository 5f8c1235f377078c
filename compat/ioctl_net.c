/* SPDX-License-Identifier: MIT */
/* ioctl_net.c - network devices, addresses and routes by ioctl: what ifconfig, route and the DHCP
 * clients of old use.
 *
 * An interface name may carry a label behind a colon ("eth0:1"): the device is what stands before
 * it, the address the one so labelled.
 * Locks: net->config around each change. Ref: netdevice(7), <linux/route.h>. Tests:
 * selftests/abi/netlink.c
 */
#include "sock_int.h"

#include <compat/abi/netdev.h>
#include <compat/user.h>
#include <kernel/cred.h>
#include <kernel/lib/byteorder.h>
#include <kernel/lib/string.h>
#include <net/net.h>
#include <net/netdev.h>
#include <net/route.h>

#define FLAGS_SHOWN	0xffffu		/* ifr_flags is 16 bits wide */
#define ETHTOOL_GDRVINFO 0x03u
#define ETHTOOL_GLINK	0x0au
#define ETHTOOL_GGRO	0x2bu
#define ETHTOOL_SGRO	0x2cu

/* ---- naming a device ---- */

static struct netdev *find_device(struct net_ns *net, const char *name)
{
	char base[IFNAMSIZ];
	char *colon;

	str_copy(base, name, sizeof(base));
	colon = strchr(base, ':');
	if (colon)
		*colon = '\0';
	return netdev_find(net, base);
}

/* config held: the first IPv4 address with this label. */
static struct ifaddr *find_label(struct netdev *d, const char *label)
{
	struct ifaddr *a;

	list_for_each_entry(a, &d->addrs, link)
		if (ip_is4(a->addr) && strcmp(a->label, label) == 0)
			return a;
	return NULL;
}

static u32 mask_of(u32 bits)
{
	return bits ? cpu_to_be32(~0u << (32 - bits)) : 0;
}

/* -1: not a mask. */
static int bits_of(u32 mask_be)
{
	u32 m = be32_to_cpu(mask_be), bits = 0;

	while (bits < 32 && (m & (0x80000000u >> bits)))
		bits++;
	return m == (bits ? ~0u << (32 - bits) : 0) ? (int)bits : -1;
}

static u32 classful_bits(u32 addr_be)
{
	u32 a = be32_to_cpu(addr_be);

	return !a ? 0 : a >> 31 == 0 ? 8 : a >> 30 == 2 ? 16 : a >> 29 == 6 ? 24 : 32;
}

static void put_addr(struct abi_ifreq *r, u32 addr_be)
{
	r->addr = (struct abi_sockaddr_in){ .family = AF_INET };
	memcpy(r->addr.addr, &addr_be, 4);
}

static u32 get_addr(const struct abi_sockaddr_in *s)
{
	u32 v;

	memcpy(&v, s->addr, 4);
	return v;
}

/* ---- asking ---- */

static int get_address(struct netdev *d, u32 cmd, struct abi_ifreq *r)
{
	struct ifaddr *a;
	int err = 0;

	mutex_lock(&d->net->config);
	a = find_label(d, r->name);
	if (!a)
		err = -EADDRNOTAVAIL;
	else if (cmd == SIOCGIFADDR)
		put_addr(r, ip_v4(a->addr));
	else if (cmd == SIOCGIFBRDADDR)
		put_addr(r, ip_is4(a->broadcast) ? ip_v4(a->broadcast) : 0);
	else if (cmd == SIOCGIFDSTADDR)
		put_addr(r,
			 ip_is4(a->peer) && !ip_is_any(a->peer) ? ip_v4(a->peer) : ip_v4(a->addr));
	else
		put_addr(r, mask_of(a->bits));
	mutex_unlock(&d->net->config);
	return err;
}

static u32 shown_flags(const struct netdev *d)
{
	u32 f = d->flags & ~(IFF_RUNNING | IFF_LOWER_UP);

	if ((d->flags & IFF_UP) && (d->flags & IFF_LOWER_UP))
		f |= IFF_RUNNING;
	return f & FLAGS_SHOWN;
}

static int get_one(struct netdev *d, u32 cmd, struct abi_ifreq *r)
{
	switch (cmd) {
	case SIOCGIFFLAGS:  r->flags = (u16)shown_flags(d); return 0;
	case SIOCGIFMETRIC: r->value = 0; return 0;
	case SIOCGIFMTU:    r->value = (s32)d->mtu; return 0;
	case SIOCGIFINDEX:  r->value = d->index; return 0;
	case SIOCGIFTXQLEN: r->value = (s32)d->txqlen; return 0;
	case SIOCGIFMAP:    r->map = (struct abi_ifmap){}; return 0;
	case SIOCGIFHWADDR:
		r->hwaddr = (struct abi_sockaddr_raw){ .family = d->type };
		memcpy(r->hwaddr.data, d->mac, ETH_ALEN);
		return 0;
	case SIOCGIFADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFNETMASK:
		return get_address(d, cmd, r);
	default:
		return -ENOTTY;
	}
}

static long get_name(struct net_ns *net, struct abi_ifreq *r)
{
	struct netdev *d = netdev_find_index(net, r->value);

	if (!d)
		return -ENODEV;
	str_copy(r->name, d->name, sizeof(r->name));
	netdev_put(d);
	return 0;
}

/* SIOCGIFCONF: a struct ifreq for each IPv4 address; without a buffer only the room they need. */
static long get_conf(struct net_ns *net, uaddr_t arg)
{
	struct abi_ifconf c;
	struct netdev *d;
	struct ifaddr *a;
	s32 at = 0;
	int err = 0;

	if (get_user(&c, arg))
		return -EFAULT;
	mutex_lock(&net->config);
	list_for_each_entry(d, &net->devs, link)
		list_for_each_entry(a, &d->addrs, link) {
			struct abi_ifreq r = {};

			if (err || !ip_is4(a->addr))
				continue;
			if (!uaddr_null(c.buf)) {
				if (c.len - at < (s32)sizeof(r))
					continue;
				str_copy(r.name, a->label, sizeof(r.name));
				put_addr(&r, ip_v4(a->addr));
				err = copy_to_user(uaddr_add(c.buf, (u64)at), &r, sizeof(r));
			}
			at += (s32)sizeof(r);
		}
	mutex_unlock(&net->config);
	c.len = at;
	return err ? err : copy_to_user(arg, &c, sizeof(c));
}

/* ---- changing; config held ---- */

static int replace_address(struct netdev *d, const struct ifaddr *old, const struct ifaddr *new)
{
	struct ipaddr addr = old->addr;
	u32 bits = old->bits;
	int err = ifaddr_del(d, addr, bits);

	return err ? err : ifaddr_add(d, new);
}

static void fill_label(struct ifaddr *a, struct netdev *d, const char *label, u32 addr_be, u32 bits)
{
	*a = (struct ifaddr){ .dev = d,
			      .addr = ip4(addr_be),
			      .bits = (u8)bits,
			      .valid_until = WAIT_FOREVER,
			      .preferred_until = WAIT_FOREVER };
	a->peer = a->addr;
	if ((d->flags & IFF_BROADCAST) && bits < 31)
		a->broadcast = ip4(addr_be | ~mask_of(bits));
	a->scope = ip_is_loopback(a->addr) ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
	str_copy(a->label, label, sizeof(a->label));
}

static int set_address(struct netdev *d, const struct abi_ifreq *r)
{
	struct ifaddr *old = find_label(d, r->name), new;
	u32 addr = get_addr(&r->addr);

	if (r->addr.family != AF_INET)
		return -EINVAL;
	if (old && ip_v4(old->addr) == addr)
		return 0;
	fill_label(&new, d, r->name, addr, (d->flags & IFF_POINTOPOINT) ? 32 : classful_bits(addr));
	if (!addr)
		return old ? ifaddr_del(d, old->addr, old->bits) : 0;
	return old ? replace_address(d, old, &new) : ifaddr_add(d, &new);
}

static int change_address(struct netdev *d, u32 cmd, const struct abi_ifreq *r)
{
	struct ifaddr *old = find_label(d, r->name), new;
	u32 v = get_addr(&r->addr);
	int bits;

	if (!old)
		return -EADDRNOTAVAIL;
	new = *old;
	switch (cmd) {
	case SIOCSIFNETMASK:
		bits = bits_of(v);
		if (bits < 0)
			return -EINVAL;
		if ((u32)bits == old->bits)
			return 0;
		fill_label(&new, d, r->name, ip_v4(old->addr), (u32)bits);
		break;
	case SIOCSIFBRDADDR:
		new.broadcast = ip4(v);
		break;
	default:
		new.peer = ip4(v);
		new.bits = 32;
		break;
	}
	return replace_address(d, old, &new);
}

static int set_flags(struct netdev *d, const struct abi_ifreq *r)
{
	struct ifaddr *a;

	if (!strchr(r->name, ':'))
		return netdev_change_flags(d, r->flags, IFF_UP | IFF_PROMISC | IFF_ALLMULTI);
	a = find_label(d, r->name);		/* an alias goes by going down */
	if (!a)
		return -EADDRNOTAVAIL;
	return r->flags & IFF_UP ? 0 : ifaddr_del(d, a->addr, a->bits);
}

static int set_one(struct netdev *d, u32 cmd, struct abi_ifreq *r)
{
	switch (cmd) {
	case SIOCSIFFLAGS:   return set_flags(d, r);
	case SIOCSIFADDR:    return set_address(d, r);
	case SIOCSIFNETMASK:
	case SIOCSIFBRDADDR:
	case SIOCSIFDSTADDR: return change_address(d, cmd, r);
	case SIOCSIFMTU:     return r->value < 0 ? -EINVAL : netdev_change_mtu(d, (u32)r->value);
	case SIOCSIFMETRIC:  return -EOPNOTSUPP;
	case SIOCSIFHWADDR:
		if (r->hwaddr.family != d->type)
			return -EINVAL;
		return d->flags & IFF_UP ? -EBUSY : netdev_change_mac(d, r->hwaddr.data);
	case SIOCSIFTXQLEN:
		if (r->value < 0)
			return -EINVAL;
		d->txqlen = (u32)r->value;
		return 0;
	case SIOCSIFNAME:
		r->newname[IFNAMSIZ - 1] = '\0';
		return netdev_rename(d, r->newname);
	default:
		return -ENOTTY;
	}
}

static bool changes(u32 cmd)
{
	switch (cmd) {
	case SIOCSIFFLAGS:
	case SIOCSIFADDR:
	case SIOCSIFNETMASK:
	case SIOCSIFBRDADDR:
	case SIOCSIFDSTADDR:
	case SIOCSIFMTU:
	case SIOCSIFMETRIC: case SIOCSIFHWADDR: case SIOCSIFTXQLEN: case SIOCSIFNAME:
		return true;
	default:
		return false;
	}
}

/* ---- routes ---- */

static int fill_route(struct net_ns *net, const struct abi_rtentry *rt, struct route_entry *e)
{
	u32 dst = get_addr(&rt->dst), gw = get_addr(&rt->gateway);
	int bits = rt->flags & RTF_HOST ? 32 : bits_of(get_addr(&rt->genmask));

	(void)net;
	if (rt->dst.family != AF_INET)
		return -EAFNOSUPPORT;
	if (bits < 0 || (dst & ~mask_of((u32)bits)))
		return -EINVAL;
	*e = (struct route_entry){ .dst = ip4(dst),
				   .bits = (u8)(96 + bits),
				   .type = rt->flags & RTF_REJECT ? RTN_UNREACHABLE : RTN_UNICAST,
				   .scope = RT_SCOPE_LINK,
				   .protocol = RTPROT_BOOT,
				   .table = RT_TABLE_MAIN,
				   .expires = WAIT_FOREVER,
				   .gateway = IP4_ANY,
				   .prefsrc = IP4_ANY };
	if (rt->metric > 0)
		e->metric = (u32)rt->metric - 1;
	if (rt->flags & RTF_GATEWAY) {
		if (rt->gateway.family != AF_INET || !gw)
			return -EINVAL;
		e->gateway = ip4(gw);
		e->scope = RT_SCOPE_UNIVERSE;
	}
	if (rt->mtu)
		e->mtu = (u32)rt->mtu;
	return 0;
}

/* The device the program named, if it did; else the gateway says which (net/route.c). */
static int find_out_dev(struct net_ns *net, const struct abi_rtentry *rt, struct route_entry *e)
{
	char name[IFNAMSIZ] = "";

	if (uaddr_null(rt->dev))
		return 0;
	if (copy_from_user(name, rt->dev, sizeof(name) - 1))
		return -EFAULT;
	e->dev = find_device(net, name);
	return e->dev ? 0 : -ENODEV;
}

static long change_route(struct net_ns *net, bool add, uaddr_t arg)
{
	struct abi_rtentry rt;
	struct route_entry e;
	int err;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	if (get_user(&rt, arg))
		return -EFAULT;
	err = fill_route(net, &rt, &e);
	if (!err)
		err = find_out_dev(net, &rt, &e);
	if (err)
		return err;
	mutex_lock(&net->config);
	err = add ? route_add(net, &e, ROUTE_CREATE) : route_del(net, &e);
	mutex_unlock(&net->config);
	if (e.dev)
		netdev_put(e.dev);
	return err;
}

/* ---- the way in ---- */

static long ethtool(struct netdev *d, uaddr_t data)
{
	struct { u32 cmd; char driver[32], version[32], fw[32], bus[32], rest[64]; } info = {};
	u32 cmd, value[2];

	if (get_user(&cmd, data))
		return -EFAULT;
	switch (cmd) {
	case ETHTOOL_GGRO:
		value[0] = cmd;
		value[1] = READ_ONCE(d->gro);
		return copy_to_user(data, value, sizeof(value));
	case ETHTOOL_SGRO:
		if (!capable(CAP_NET_ADMIN))
			return -EPERM;
		if (get_user(&value, data))
			return -EFAULT;
		WRITE_ONCE(d->gro, value[1] != 0);
		return 0;
	case ETHTOOL_GLINK: {
		u32 link[2] = { cmd, (d->flags & IFF_LOWER_UP) != 0 };

		return copy_to_user(data, link, sizeof(link));
	}
	case ETHTOOL_GDRVINFO:
		info.cmd = cmd;
		str_copy(info.driver, d->type == ARPHRD_ETHER ? "virtio_net" : "",
			 sizeof(info.driver));
		return copy_to_user(data, &info, sizeof(info));
	default:
		return -EOPNOTSUPP;
	}
}

static long device_ioctl(struct net_ns *net, u32 cmd, uaddr_t arg)
{
	struct abi_ifreq r;
	struct netdev *d;
	long err;

	if (get_user(&r, arg))
		return -EFAULT;
	r.name[IFNAMSIZ - 1] = '\0';
	if (changes(cmd) && !capable(CAP_NET_ADMIN))
		return -EPERM;
	if (cmd == SIOCGIFNAME) {
		err = get_name(net, &r);
		return err ? err : copy_to_user(arg, &r, sizeof(r));
	}
	d = find_device(net, r.name);
	if (!d)
		return -ENODEV;
	if (cmd == SIOCETHTOOL) {
		err = ethtool(d, r.data);
	} else if (changes(cmd)) {
		mutex_lock(&net->config);
		err = set_one(d, cmd, &r);
		mutex_unlock(&net->config);
	} else {
		err = get_one(d, cmd, &r);
		if (!err)
			err = copy_to_user(arg, &r, sizeof(r));
	}
	netdev_put(d);
	return err;
}

long ioctl_netdev(struct sock *sk, u32 cmd, uaddr_t arg)
{
	bool inet = sk->family == AF_INET || sk->family == AF_PACKET;

	switch (cmd) {
	case SIOCGIFCONF:
		return get_conf(sk->net, arg);
	case SIOCADDRT:
	case SIOCDELRT:
		return inet ? change_route(sk->net, cmd == SIOCADDRT, arg) : -ENOTTY;
	case SIOCGIFADDR:
	case SIOCSIFADDR:
	case SIOCGIFBRDADDR:
	case SIOCSIFBRDADDR:
	case SIOCGIFNETMASK:
	case SIOCSIFNETMASK:
	case SIOCGIFDSTADDR: case SIOCSIFDSTADDR:
		return inet ? device_ioctl(sk->net, cmd, arg) : -ENOTTY;
	case SIOCGIFNAME:
	case SIOCGIFFLAGS:
	case SIOCSIFFLAGS:
	case SIOCGIFMETRIC:
	case SIOCSIFMETRIC:
	case SIOCGIFMTU:
	case SIOCSIFMTU:
	case SIOCGIFHWADDR:
	case SIOCSIFHWADDR:
	case SIOCGIFINDEX:
	case SIOCGIFTXQLEN:
	case SIOCSIFTXQLEN:
	case SIOCGIFMAP:
	case SIOCSIFNAME: case SIOCETHTOOL:
		return device_ioctl(sk->net, cmd, arg);
	default:
		return -ENOTTY;
	}
}
