/* SPDX-License-Identifier: MIT */
/* needs: --net user */
/* /sys/class/net, and the uevents of interfaces. */
#include "../harness.h"

#include <dirent.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "netif.h"
#include "textfile.h"

static char text[4096];

static const char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY), n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = 0;
	return n < 0 ? "?" : text;
}

static int put(const char *path, const char *value)
{
	return text_write(path, value) == (int)strlen(value) ? 0 : -1;
}

TEST(interfaces_are_listed)
{
	DIR *d = opendir("/sys/class/net");
	int lo = 0, eth = 0, other = 0;
	struct dirent *e;
	struct stat st;

	ASSERT_TRUE(d != NULL);
	while ((e = readdir(d))) {
		lo += !strcmp(e->d_name, "lo");
		eth += !strcmp(e->d_name, "eth0");
		other += e->d_name[0] != '.' && strcmp(e->d_name, "lo") &&
			 strcmp(e->d_name, "eth0");
	}
	EXPECT_EQ(1, lo);
	EXPECT_EQ(1, eth);
	EXPECT_EQ(0, other);
	EXPECT_EQ(0, stat("/sys/class/net/eth0", &st));
	EXPECT_TRUE(S_ISDIR(st.st_mode));
	EXPECT_ERRNO(ENOENT, stat("/sys/class/net/eth7", &st));
	EXPECT_EQ(0, stat("/sys/class/net/lo/statistics", &st));
	EXPECT_EQ(0, stat("/sys/class/net/lo/mtu", &st));
	EXPECT_EQ(0100644, st.st_mode);
	EXPECT_EQ(0, stat("/sys/class/net/lo/address", &st));
	EXPECT_EQ(0100444, st.st_mode);
}

TEST(what_they_say)
{
	struct ifreq r = { .ifr_name = "eth0" };
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	const unsigned char *m = (void *)r.ifr_hwaddr.sa_data;
	char mac[32];

	if_up("lo");
	if_up("eth0");
	ioctl(s, SIOCGIFHWADDR, &r);
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x\n", m[0], m[1], m[2], m[3], m[4],
		 m[5]);
	EXPECT_STREQ(mac, slurp("/sys/class/net/eth0/address"));
	EXPECT_STREQ("ff:ff:ff:ff:ff:ff\n", slurp("/sys/class/net/eth0/broadcast"));
	EXPECT_STREQ("1500\n", slurp("/sys/class/net/eth0/mtu"));
	EXPECT_STREQ("1\n", slurp("/sys/class/net/eth0/carrier"));
	EXPECT_STREQ("up\n", slurp("/sys/class/net/eth0/operstate"));
	EXPECT_STREQ("unknown\n", slurp("/sys/class/net/lo/operstate"));
	EXPECT_STREQ("0x1003\n", slurp("/sys/class/net/eth0/flags"));
	EXPECT_STREQ("1\n", slurp("/sys/class/net/eth0/type"));
	EXPECT_STREQ("772\n", slurp("/sys/class/net/lo/type"));
	EXPECT_STREQ("-1\n", slurp("/sys/class/net/eth0/speed"));
	EXPECT_STREQ("unknown\n", slurp("/sys/class/net/eth0/duplex"));
	EXPECT_ERRNO(EINVAL, *slurp("/sys/class/net/lo/speed") == '?' ? -1 : 0);
	EXPECT_STREQ("2\n", slurp("/sys/class/net/eth0/ifindex"));
	EXPECT_STREQ("6\n", slurp("/sys/class/net/eth0/addr_len"));
	EXPECT_STREQ("INTERFACE=eth0\nIFINDEX=2\n", slurp("/sys/class/net/eth0/uevent"));
}

TEST(they_can_be_told)
{
	EXPECT_EQ(0, put("/sys/class/net/eth0/mtu", "1400"));
	EXPECT_STREQ("1400\n", slurp("/sys/class/net/eth0/mtu"));
	EXPECT_ERRNO(EINVAL, put("/sys/class/net/eth0/mtu", "12"));
	EXPECT_ERRNO(EINVAL, put("/sys/class/net/eth0/mtu", "x"));
	EXPECT_EQ(0, put("/sys/class/net/eth0/mtu", "1500\n"));
	EXPECT_EQ(0, put("/sys/class/net/eth0/flags", "0x1002"));
	EXPECT_STREQ("down\n", slurp("/sys/class/net/eth0/operstate"));
	EXPECT_ERRNO(EINVAL, *slurp("/sys/class/net/eth0/carrier") == '?' ? -1 : 0);
	EXPECT_EQ(0, put("/sys/class/net/eth0/flags", "0x1003"));
	EXPECT_STREQ("0x1003\n", slurp("/sys/class/net/eth0/flags"));
}

TEST(counts_are_those_of_the_link)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in to = in4("127.0.0.1", 9);
	long p, b;

	if_up("lo");
	p = atol(slurp("/sys/class/net/lo/statistics/tx_packets"));
	b = atol(slurp("/sys/class/net/lo/statistics/tx_bytes"));
	sendto(s, "x", 1, 0, (void *)&to, sizeof(to));
	/* and its refusal */
	EXPECT_EQ(p + 2, atol(slurp("/sys/class/net/lo/statistics/tx_packets")));
	EXPECT_TRUE(atol(slurp("/sys/class/net/lo/statistics/rx_bytes")) >= b + 2 * 29);
	EXPECT_STREQ("0\n", slurp("/sys/class/net/lo/statistics/collisions"));
}

TEST(news)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int s = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT), n;
	struct pollfd p = { s, POLLIN, 0 };
	int action = 0, subsystem = 0, name = 0, index = 0;

	ASSERT_EQ(0, bind(s, (void *)&a, sizeof(a)));
	EXPECT_ERRNO(EINVAL, put("/sys/class/net/eth0/uevent", "nonsense"));
	EXPECT_EQ(0, put("/sys/class/net/eth0/uevent", "add\n"));
	ASSERT_EQ(1, poll(&p, 1, 2000));
	n = recv(s, text, sizeof(text) - 1, 0);
	ASSERT_TRUE(n > 10);
	text[n] = 0;
	EXPECT_EQ(0, strncmp(text, "add@/", 5));
	EXPECT_STREQ("eth0", strrchr(text, '/') + 1);
	for (char *w = text; w < text + n; w += strlen(w) + 1) {
		action += !strcmp(w, "ACTION=add");
		subsystem += !strcmp(w, "SUBSYSTEM=net");
		name += !strcmp(w, "INTERFACE=eth0");
		index += !strcmp(w, "IFINDEX=2");
	}
	EXPECT_EQ(1, action);
	EXPECT_EQ(1, subsystem);
	EXPECT_EQ(1, name);
	EXPECT_EQ(1, index);
}

MAIN
