/* SPDX-License-Identifier: MIT */
/* rights.h - what a handle may be used for. Coarse, and only ever taken away. */
#pragma once

#include <kernel/lib/compiler.h>

#define RIGHT_READ	BIT(0)
#define RIGHT_WRITE	BIT(1)
#define RIGHT_APPEND	BIT(2)
#define RIGHT_SEEK	BIT(3)
#define RIGHT_EXEC	BIT(4)
#define RIGHT_MAP_READ	BIT(5)
#define RIGHT_MAP_WRITE BIT(6)
#define RIGHT_MAP_EXEC	BIT(7)
#define RIGHT_STAT	BIT(8)
#define RIGHT_SETATTR	BIT(9)
#define RIGHT_LOOKUP	BIT(10)
#define RIGHT_CREATE	BIT(11)
#define RIGHT_REMOVE	BIT(12)
#define RIGHT_LINK	BIT(13)
#define RIGHT_IOCTL	BIT(14)
#define RIGHT_BIND	BIT(15)
#define RIGHT_CONNECT	BIT(16)
#define RIGHT_LISTEN	BIT(17)
#define RIGHT_ACCEPT	BIT(18)
#define RIGHT_SEND_FD	BIT(19)
#define RIGHT_SIGNAL	BIT(20)
#define RIGHT_TRACE	BIT(21)
#define RIGHT_GRANT	BIT(22)
#define RIGHT_REVOKE	BIT(23)

#define RIGHTS_NONE	0u
#define RIGHTS_ALL	((u32)(BIT(24) - 1))
/* About the bytes: what the access mode of open(2) decides. */
#define RIGHTS_DATA	(RIGHT_READ | RIGHT_WRITE | RIGHT_APPEND | RIGHT_SEEK | RIGHT_MAP_READ | RIGHT_MAP_WRITE | RIGHT_MAP_EXEC)
/* One of these is enough to be told what poll(2) reports: each of them would let one find out. */
#define RIGHTS_POLL (RIGHT_READ | RIGHT_WRITE | RIGHT_APPEND | RIGHT_STAT | RIGHT_ACCEPT)
/* What an O_PATH descriptor is good for. */
#define RIGHTS_PATH	(RIGHT_STAT | RIGHT_LOOKUP | RIGHT_EXEC | RIGHT_CREATE | RIGHT_REMOVE | RIGHT_LINK | RIGHT_SEND_FD)
