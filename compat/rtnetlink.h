/* SPDX-License-Identifier: MIT */
#pragma once

struct netlink_request;
struct nl_header;

void rtnetlink_init(void);	/* boot */
int rtneigh_request(const struct netlink_request *r, const struct nl_header *h);
