/* SPDX-License-Identifier: MIT */
/* epoll.c - epoll, eventfd. Ref: epoll_create(2), epoll_ctl(2), epoll_wait(2), eventfd(2). Tests:
 * selftests/abi/epoll.c, eventfd.c */
#include <compat/syscalls.h>
#include <fs/epoll.h>
#include <fs/eventfd.h>
#include <kernel/clock.h>
#include <kernel/file.h>
#include <kernel/handle.h>
#include <kernel/signal.h>

#include "poll_int.h"

/* Not packed on arm64. */
struct abi_epoll_event {
	u32 events, pad;
	u64 data;
};
static_assert(sizeof(struct abi_epoll_event) == 16, "struct epoll_event");

long sys_eventfd2(u32 initval, u32 flags)
{
	auto_file struct file *f = NULL;
	int err;

	if (flags & ~(u32)(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	err = eventfd_create(initval, flags & EFD_SEMAPHORE, flags, &f);
	return err ? err : handle_install(f, file_rights(f), flags);
}

long sys_epoll_create1(s32 flags)
{
	auto_file struct file *f = NULL;
	int err;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	err = epoll_create(&f);
	return err ? err : handle_install(f, file_rights(f), (u32)flags);
}

long sys_epoll_ctl(int epfd, s32 op, int fd, uaddr_t event)
{
	auto_handle struct handle ep = {}, target = {};
	union { struct abi_epoll_event event; u64 word[2]; } e = {};
	int err = op == EPOLL_CTL_DEL ? 0 : uaccess_get_two_u64(e.word, event);

	if (!err)
		err = handle_get(epfd, 0, &ep);
	if (!err)
		err = handle_get(fd, 0, &target);
	if (!err && ep.file->mode & FMODE_PATH)
		err = -EBADF;
	if (!err)
		err = handle_need_any(&target, RIGHTS_POLL);
	if (!err && file_is_epoll(ep.file))
		err = handle_need(&ep, RIGHT_WRITE);
	if (err)
		return err;
	return epoll_ctl(ep.file, op, fd, target.file,
			 (struct epoll_want){ e.event.events, e.event.data });
}

struct user_events {
	struct epoll_out out;
	uaddr_t at;
};

static bool put_event(struct epoll_out *o, u32 events, u64 data)
{
	struct user_events *u = container_of(o, struct user_events, out);

	if (unlikely(uaccess_put_two_u64(u->at, events, data)))		/* struct abi_epoll_event */
		return false;
	u->at = uaddr_add(u->at, sizeof(struct abi_epoll_event));
	return true;
}

static long do_wait(int epfd, uaddr_t events, s32 max, ktime_t deadline, uaddr_t sigmask,
		    usize sigsetsize)
{
	struct user_events u = { { put_event }, events };
	auto_handle struct handle h = {};
	long n;
	int err;

	if (max <= 0 || (u32)max > S32_MAX / sizeof(struct abi_epoll_event))
		return -EINVAL;
	if (!user_range_ok(events, (usize)max * sizeof(struct abi_epoll_event)))
		return -EFAULT;
	err = handle_get(epfd, 0, &h);
	if (err)
		return err;
	if (!file_is_epoll(h.file))
		return -EINVAL;
	err = handle_need(&h, RIGHT_READ);
	if (!err)
		err = wait_mask_set(sigmask, sigsetsize);
	if (err)
		return err;
	n = epoll_wait(h.file, &u.out, max, deadline);
	if (!uaddr_null(sigmask))
		signal_restore_temp_mask(n == -EINTR);
	return n;
}

long sys_epoll_pwait(int epfd, uaddr_t events, s32 maxevents, s32 timeout_ms, uaddr_t sigmask,
		     usize sigsetsize)
{
	ktime_t deadline = 0;

	if (timeout_ms < 0)
		deadline = S64_MAX;
	else if (timeout_ms)
		deadline = clock_monotonic() + timeout_ms * NSEC_PER_MSEC;
	return do_wait(epfd, events, maxevents, deadline, sigmask, sigsetsize);
}

long sys_epoll_pwait2(int epfd, uaddr_t events, s32 maxevents, uaddr_t timeout, uaddr_t sigmask,
		      usize sigsetsize)
{
	ktime_t deadline;
	int err = wait_time_get(timeout, &deadline);

	return err ? err : do_wait(epfd, events, maxevents, deadline, sigmask, sigsetsize);
}
