/* SPDX-License-Identifier: MIT */
/* sysctl.c - numbers of net.core, net.ipv4 and net.ipv6 that belong to no one protocol. Ref:
 * ip-sysctl.rst of Linux. */
#include <kernel/sysctl.h>
#include <net/net.h>
#include <net/sock.h>

SYSCTL(somaxconn, "net/core/somaxconn", sock_limits.somaxconn, 0, S32_MAX);
SYSCTL(rmem_default, "net/core/rmem_default", sock_limits.rmem_default, 2304, S32_MAX);
SYSCTL(wmem_default, "net/core/wmem_default", sock_limits.wmem_default, 4608, S32_MAX);
SYSCTL(rmem_max, "net/core/rmem_max", sock_limits.rmem_max, 2304, S32_MAX);
SYSCTL(wmem_max, "net/core/wmem_max", sock_limits.wmem_max, 4608, S32_MAX);
SYSCTL(optmem_max, "net/core/optmem_max", sock_limits.optmem_max, 0, S32_MAX);
SYSCTL_ARRAY(port_range, "net/ipv4/ip_local_port_range", init_net.port_range, 1, 65535);
SYSCTL(unprivileged_port, "net/ipv4/ip_unprivileged_port_start", init_net.unprivileged_port, 0,
       65535);
SYSCTL_ARRAY(ping_group, "net/ipv4/ping_group_range", init_net.ping_gids, 0, S32_MAX);
SYSCTL(ip_forward, "net/ipv4/ip_forward", init_net.forward4, 0, 1);
SYSCTL(forwarding4, "net/ipv4/conf/all/forwarding", init_net.forward4, 0, 1);
SYSCTL(forwarding6, "net/ipv6/conf/all/forwarding", init_net.forward6, 0, 1);
SYSCTL(echo_ignore_all, "net/ipv4/icmp_echo_ignore_all", init_net.echo_ignore_all, 0, 1);
SYSCTL(echo_ignore_broadcasts, "net/ipv4/icmp_echo_ignore_broadcasts",
       init_net.echo_ignore_broadcasts, 0, 1);
SYSCTL(echo_ignore_all6, "net/ipv6/icmp/echo_ignore_all", init_net.echo_ignore_all6, 0, 1);
SYSCTL(default_ttl, "net/ipv4/ip_default_ttl", init_net.default_ttl, 1, 255);
SYSCTL(nonlocal_bind, "net/ipv4/ip_nonlocal_bind", init_net.nonlocal_bind, 0, 1);
SYSCTL(bindv6only, "net/ipv6/bindv6only", init_net.bindv6only, 0, 1);
SYSCTL(max_dgram_qlen, "net/unix/max_dgram_qlen", init_net.un.max_dgram_qlen, 0, S32_MAX);
