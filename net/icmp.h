/* SPDX-License-Identifier: MIT */
/* icmp.h - messages of ICMP. Ref: RFC 792. */
#pragma once

#include <kernel/lib/compiler.h>

#define ICMP_ECHO_REPLY	    0u
#define ICMP_DEST_UNREACH   3u
#define ICMP_SOURCE_QUENCH  4u
#define ICMP_REDIRECT	    5u
#define ICMP_ECHO	    8u
#define ICMP_TIME_EXCEEDED  11u
#define ICMP_PARAM_PROBLEM  12u
#define ICMP_TIMESTAMP	    13u
#define ICMP_TIMESTAMP_REPLY 14u
#define ICMP_FRAG_NEEDED    4u		/* a code of DEST_UNREACH */

struct icmp_header {
	u8 type, code;
	u16 csum;
	union {
		struct { u16 id, seq; };
		struct { u16 unused, mtu; };
		u32 rest;
	} __packed __aligned(2);
} __packed __aligned(2);
