/* SPDX-License-Identifier: MIT */
/* epoll.h - readiness of many descriptors, remembered between calls. */
#pragma once

#include <kernel/file.h>
#include <kernel/object.h>

struct epoll_want {
	u32 events;	/* EPOLL*, with EPOLLET EPOLLONESHOT EPOLLEXCLUSIVE EPOLLWAKEUP */
	u64 data;
};

/* Where epoll_wait puts what it found. */
struct epoll_out {
	/* false: no room or a fault; the event is kept */
	bool (*event)(struct epoll_out *o, u32 events, u64 data);
};

int __must_check epoll_create(struct file **out);
static inline bool file_is_epoll(const struct file *f)
{
	return f->obj->ops->type == OBJ_EPOLL;
}
/* op EPOLL_CTL_*; target is what fd was when the call began. -EEXIST, -ENOENT, -EPERM, -ELOOP,
 * -EINVAL, -ENOMEM. */
int __must_check epoll_ctl(struct file *ep, int op, int fd, struct file *target,
			   struct epoll_want want);
/* Up to max events; waits until the deadline (0: not). Their number, -EINTR. */
int __must_check epoll_wait(struct file *ep, struct epoll_out *out, int max, ktime_t deadline);
