/* SPDX-License-Identifier: MIT */
#pragma once

/* Boot: tells AF_UNIX how to let go of path names. */
void sockaddr_init(void);
