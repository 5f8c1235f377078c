/* SPDX-License-Identifier: MIT */
/* sysnet.c - /sys/class/net: a directory for each interface, and the news of them.
 *
 * A key is an interface's index. Locks: net->config around what changes or is read twice.
 * Ref: Linux Documentation/ABI/testing/sysfs-class-net, sysfs-class-net-statistics; udev(7). Tests:
 * selftests/abi/sysnet.c
 */
#include <compat/sysnet.h>

#include <compat/uevent.h>
#include <fs/procfs.h>
#include <kernel/cred.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>
#include <kernel/uapi_net.h>
#include <net/net.h>
#include <net/netdev.h>

/* ---- names ---- */

static int find(int of, const char *name, usize n)
{
	char copy[IFNAMSIZ] = {};
	struct netdev *d;
	int key = -1;

	if (n >= sizeof(copy))
		return -1;
	memcpy(copy, name, n);
	rcu_read_lock();
	d = netdev_find_rcu(&init_net, copy);
	if (d)
		key = d->index;
	rcu_read_unlock();
	return key;
}

static int next(int of, int key, char name[32])
{
	struct netdev *d;
	int best = -1;

	rcu_read_lock();
	list_for_each_entry(d, &init_net.devs, link)
		if (d->index >= key && (best < 0 || d->index < best)) {
			best = d->index;
			str_copy(name, d->name, 32);
		}
	rcu_read_unlock();
	return best;
}

/* ---- reading ---- */

enum what {
	ADDR_ASSIGN_TYPE,
	ADDR_LEN,
	ADDRESS,
	BROADCAST,
	CARRIER,
	CARRIER_CHANGES,
	CARRIER_UP,
	CARRIER_DOWN,
	DEV_ID,
	DEV_PORT,
	DORMANT,
	DUPLEX,
	FLAGS,
	IFALIAS,
	IFINDEX,
	IFLINK,
	LINK_MODE,
	MTU,
	NAME_ASSIGN_TYPE,
	GROUP,
	OPERSTATE,
	PHYS,
	PROTO_DOWN,
	SPEED,
	TESTING,
	TXQLEN,
	TYPE,
	UEVENT,
};

static void put_mac(struct seq *s, const u8 *mac, u32 n)
{
	for (u32 i = 0; i < n; i++)
		seq_print(s, i ? ":%02x" : "%02x", mac[i]);
	seq_print(s, "\n");
}

static bool has_carrier(const struct netdev *d) { return d->flags & IFF_LOWER_UP; }

static const char *state_name(const struct netdev *d)
{
	if (d->flags & IFF_LOOPBACK)
		return "unknown";
	return (d->flags & IFF_UP) && has_carrier(d) ? "up" : "down";
}

static int show_word(struct seq *s, const struct netdev *d, enum what w)
{
	bool lo = d->flags & IFF_LOOPBACK;

	switch (w) {
	case ADDRESS:	put_mac(s, d->mac, d->halen); return 0;
	case BROADCAST: put_mac(s, d->broadcast, d->halen); return 0;
	case OPERSTATE: seq_print(s, "%s\n", state_name(d)); return 0;
	case IFALIAS:	return 0;
	case CARRIER:
		if (!(d->flags & IFF_UP))
			return -EINVAL;
		seq_print(s, "%d\n", has_carrier(d));
		return 0;
	case DUPLEX:
		if (lo || !(d->flags & IFF_UP))
			return -EINVAL;
		seq_print(s, "unknown\n");
		return 0;
	case SPEED:
		if (lo || !(d->flags & IFF_UP))
			return -EINVAL;
		seq_print(s, "-1\n");
		return 0;
	case PHYS:	return -EOPNOTSUPP;
	case FLAGS:	seq_print(s, "0x%x\n", d->flags & ~(IFF_RUNNING | IFF_LOWER_UP)); return 0;
	case DEV_ID:	seq_print(s, "0x0\n"); return 0;
	case UEVENT:	seq_print(s, "INTERFACE=%s\nIFINDEX=%d\n", d->name, d->index); return 0;
	default:	return -ENOENT;
	}
}

static s64 number(const struct netdev *d, enum what w)
{
	switch (w) {
	case ADDR_LEN:	       return d->halen;
	case CARRIER_CHANGES:  return d->carrier_changes;
	case CARRIER_UP:       return (d->carrier_changes + has_carrier(d)) / 2;
	case CARRIER_DOWN:     return (d->carrier_changes + !has_carrier(d)) / 2;
	case IFINDEX:
	case IFLINK:	       return d->index;
	case MTU:	       return d->mtu;
	case NAME_ASSIGN_TYPE: return d->flags & IFF_LOOPBACK ? 2 : 1;		/* known before; by the kernel */
	case TXQLEN:	       return d->txqlen;
	case TYPE:	       return d->type;
	default:	       return 0;
	}
}

static bool is_word(enum what w)
{
	return w == ADDRESS || w == BROADCAST || w == OPERSTATE || w == IFALIAS || w == CARRIER ||
	       w == DUPLEX || w == SPEED || w == PHYS || w == FLAGS || w == DEV_ID || w == UEVENT;
}

static int show(struct seq *s, int key, const void *arg)
{
	enum what w = (enum what)(usize)arg;
	struct netdev *d = netdev_find_index(&init_net, key);
	int err = 0;

	if (!d)
		return -ENODEV;
	mutex_lock(&init_net.config);
	if (is_word(w))
		err = show_word(s, d, w);
	else
		seq_print(s, "%ld\n", number(d, w));
	mutex_unlock(&init_net.config);
	netdev_put(d);
	return err;
}

static int show_stat(struct seq *s, int key, const void *arg)
{
	struct netdev *d = netdev_find_index(&init_net, key);
	usize off = (usize)arg;
	struct netdev_stats n;

	if (!d)
		return -ENODEV;
	netdev_get_stats(d, &n);
	netdev_put(d);
	seq_print(s, "%lu\n",
		  off == U32_MAX ? 0 : *(const u64 *)(const void *)((const u8 *)&n + off));
	return 0;
}

/* ---- writing ---- */

static int write(int key, char *text, usize n, const void *arg)
{
	enum what w = (enum what)(usize)arg;
	struct netdev *d;
	u64 v;
	int err;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	if (parse_u64(text, 0, &v, NULL) || v > U32_MAX)
		return -EINVAL;
	d = netdev_find_index(&init_net, key);
	if (!d)
		return -ENODEV;
	mutex_lock(&init_net.config);
	if (w == MTU)
		err = netdev_change_mtu(d, (u32)v);
	else if (w == FLAGS)
		err = netdev_change_flags(d, (u32)v, IFF_UP | IFF_PROMISC | IFF_ALLMULTI);
	else if (w == TXQLEN)
		WRITE_ONCE(d->txqlen, (u32)v), err = 0;
	else
		err = -EOPNOTSUPP;
	mutex_unlock(&init_net.config);
	netdev_put(d);
	return err;
}

static void say(struct netdev *d, const char *action);

/* "add": the news once more, for whoever started late. */
static int write_uevent(int key, char *text, usize n, const void *arg)
{
	struct netdev *d;

	if (!uevent_is_action(text))
		return -EINVAL;
	d = netdev_find_index(&init_net, key);
	if (!d)
		return -ENODEV;
	say(d, text);
	netdev_put(d);
	return 0;
}

#define R(n, w)	  { .name = n, .mode = 0444, .show = show, .arg = (void *)w }
#define RW(n, w)  { .name = n, .mode = 0644, .show = show, .write = write, .arg = (void *)w }
#define STAT(f)	  { .name = "statistics/" #f, .mode = 0444, .show = show_stat, .arg = (void *)offsetof(struct netdev_stats, f) }
/* no device of ours does that */
#define NEVER(n)  { .name = "statistics/" n, .mode = 0444, .show = show_stat, .arg = (void *)(usize)U32_MAX }

static const struct proc_member members[] = {
	R("addr_assign_type", ADDR_ASSIGN_TYPE),
	R("addr_len", ADDR_LEN),
	R("address", ADDRESS),
	R("broadcast", BROADCAST),
	RW("carrier", CARRIER),
	R("carrier_changes", CARRIER_CHANGES),
	R("carrier_down_count", CARRIER_DOWN),
	R("carrier_up_count", CARRIER_UP),
	R("dev_id", DEV_ID),
	R("dev_port", DEV_PORT),
	R("dormant", DORMANT),
	R("duplex", DUPLEX),
	RW("flags", FLAGS),
	R("ifalias", IFALIAS),
	R("ifindex", IFINDEX),
	R("iflink", IFLINK),
	R("link_mode", LINK_MODE),
	RW("mtu", MTU),
	R("name_assign_type", NAME_ASSIGN_TYPE),
	R("netdev_group", GROUP),
	R("operstate", OPERSTATE),
	R("phys_port_id", PHYS),
	R("phys_port_name", PHYS),
	R("phys_switch_id", PHYS),
	R("proto_down", PROTO_DOWN),
	R("speed", SPEED),
	R("testing", TESTING),
	RW("tx_queue_len", TXQLEN),
	R("type", TYPE),
	{ .name = "uevent",
	  .mode = 0644,
	  .show = show,
	  .write = write_uevent,
	  .arg = (void *)UEVENT },
	STAT(rx_packets),
	STAT(rx_bytes),
	STAT(rx_errors),
	STAT(rx_dropped),
	STAT(tx_packets),
	STAT(tx_bytes),
	STAT(tx_errors),
	STAT(tx_dropped),
	{ .name = "statistics/multicast",
	  .mode = 0444,
	  .show = show_stat,
	  .arg = (void *)offsetof(struct netdev_stats, rx_multicast) },
	NEVER("collisions"),
	NEVER("rx_compressed"),
	NEVER("rx_crc_errors"),
	NEVER("rx_fifo_errors"),
	NEVER("rx_frame_errors"),
	NEVER("rx_length_errors"),
	NEVER("rx_missed_errors"),
	NEVER("rx_nohandler"),
	NEVER("rx_over_errors"),
	NEVER("tx_aborted_errors"),
	NEVER("tx_carrier_errors"),
	NEVER("tx_compressed"),
	NEVER("tx_fifo_errors"),
	NEVER("tx_heartbeat_errors"),
	NEVER("tx_window_errors"),
	{},
};
static const struct proc_group group = {
	.path = "/sys/class/net", .find = find, .next = next, .members = members
};

/* ---- news ---- */

static void say(struct netdev *d, const char *action)
{
	char path[48], words[64];

	fmt_print(path, sizeof(path), "/class/net/%s", d->name);
	fmt_print(words, sizeof(words), "INTERFACE=%s\nIFINDEX=%d\n", d->name, d->index);
	uevent_send(action, path, "net", words);
}

static void on_event(struct netdev *d, enum netdev_event e, struct ifaddr *a)
{
	if (e == NETDEV_REGISTERED)
		say(d, "add");
	else if (e == NETDEV_UNREGISTERED)
		say(d, "remove");
}

static struct netdev_listener listener = { .event = on_event };

void sysnet_init(void)
{
	netdev_listen(&listener);
	procfs_add_group(&group);
}
