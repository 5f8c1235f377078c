/* SPDX-License-Identifier: MIT */
/* icmp6.h - messages of ICMPv6. Ref: RFC 4443, RFC 4861, RFC 3810. */
#pragma once

#include <net/ipaddr.h>

#define ICMP6_UNREACHABLE   1u
#define ICMP6_TOO_BIG	    2u
#define ICMP6_TIME_EXCEEDED 3u
#define ICMP6_PARAM_PROBLEM 4u
#define ICMP6_ECHO	    128u
#define ICMP6_ECHO_REPLY    129u
#define MLD_QUERY	    130u
#define MLD_REPORT1	    131u
#define MLD_DONE1	    132u
#define NDP_RS		    133u
#define NDP_RA		    134u
#define NDP_NS		    135u
#define NDP_NA		    136u
#define NDP_REDIRECT	    137u
#define MLD_REPORT2	    143u

struct icmp6_header {
	u8 type, code;
	u16 csum;
	u32 rest;
} __packed __aligned(2);
