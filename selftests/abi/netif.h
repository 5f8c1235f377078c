/* SPDX-License-Identifier: MIT */
/* netif.h - for tests of sockets: bringing interfaces up as init would. */
#pragma once

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static inline int if_up(const char *name)
{
	struct ifreq r = {};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	strcpy(r.ifr_name, name);
	err = ioctl(s, SIOCGIFFLAGS, &r);
	if (!err && !(r.ifr_flags & IFF_UP)) {
		r.ifr_flags |= IFF_UP;
		err = ioctl(s, SIOCSIFFLAGS, &r);
	}
	close(s);
	return err;
}

static inline struct sockaddr_in in4(const char *ip, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ip, &a.sin_addr);
	return a;
}

static inline struct sockaddr_in6 in6(const char *ip, int port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	inet_pton(AF_INET6, ip, &a.sin6_addr);
	return a;
}

#define SA(a)	 ((struct sockaddr *)&(a))
#define SA_LEN(a) SA(a), sizeof(a)
