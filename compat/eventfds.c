/* SPDX-License-Identifier: MIT */
/* eventfds.c - timerfd and signalfd. Ref: timerfd_create(2), signalfd(2). Tests: signalfd.c */
#include <compat/abi/time.h>
#include <compat/signal.h>
#include <compat/syscalls.h>
#include <fs/signalfd.h>
#include <fs/timerfd.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/handle.h>
#include <kernel/signal.h>

long sys_timerfd_create(s32 clockid, s32 flags)
{
	auto_file struct file *f = NULL;
	int err;

	if (flags & ~(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if (clockid != CLOCK_REALTIME && clockid != CLOCK_MONOTONIC && clockid != CLOCK_BOOTTIME &&
	    clockid != CLOCK_REALTIME_ALARM && clockid != CLOCK_BOOTTIME_ALARM)
		return -EINVAL;
	if ((clockid == CLOCK_REALTIME_ALARM || clockid == CLOCK_BOOTTIME_ALARM) &&
	    !capable(CAP_WAKE_ALARM))
		return -EPERM;
	err = timerfd_create(clockid, (u32)flags, &f);
	return err ? err : handle_install(f, file_rights(f), (u32)flags);
}

static int to_ns(const struct abi_timespec *t, ktime_t *ns)
{
	if (t->sec < 0 || t->nsec < 0 || t->nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if (mul_of(t->sec, NSEC_PER_SEC, ns) || add_of(*ns, t->nsec, ns))
		*ns = S64_MAX;
	return 0;
}

static int put_setting(uaddr_t out, const struct timerfd_setting *s)
{
	struct abi_itimerspec a = { timespec_of(s->interval), timespec_of(s->value) };

	return copy_to_user(out, &a, sizeof(a));
}

static int get_timerfd(int fd, u32 need, struct handle *h)
{
	int err = handle_get(fd, 0, h);

	if (err)
		return err;
	return file_is_timerfd(h->file) ? handle_need(h, need) : -EINVAL;
}

long sys_timerfd_settime(int fd, s32 flags, uaddr_t new_value, uaddr_t old_value)
{
	auto_handle struct handle h = {};
	struct timerfd_setting new, old;
	struct abi_itimerspec a;
	int err = get_user(&a, new_value);

	if (!err && (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)))
		err = -EINVAL;
	if (!err)
		err = to_ns(&a.value, &new.value);
	if (!err)
		err = to_ns(&a.interval, &new.interval);
	if (!err)
		err = get_timerfd(fd, RIGHT_WRITE, &h);
	if (!err)
		err = timerfd_set(h.file, (u32)flags, &new, &old);
	return err || uaddr_null(old_value) ? err : put_setting(old_value, &old);
}

long sys_timerfd_gettime(int fd, uaddr_t curr_value)
{
	auto_handle struct handle h = {};
	struct timerfd_setting now;
	int err = get_timerfd(fd, RIGHT_READ, &h);

	if (err)
		return err;
	timerfd_get(h.file, &now);
	return put_setting(curr_value, &now);
}

long sys_signalfd4(int fd, uaddr_t mask, usize sizemask, s32 flags)
{
	auto_file struct file *f = NULL;
	auto_handle struct handle h = {};
	sigset_k set;
	int err = sigset_get(&set, mask, sizemask);

	if (err)
		return err;
	if (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	if (fd == -1) {
		err = signalfd_create(set, (u32)flags, &f);
		return err ? err : handle_install(f, file_rights(f), (u32)flags);
	}
	err = handle_get(fd, 0, &h);
	if (!err && h.file->obj->ops->type == OBJ_SIGNALFD)
		err = handle_need(&h, RIGHT_WRITE);
	if (!err)
		err = signalfd_set_mask(h.file, set);
	return err ? err : fd;
}
