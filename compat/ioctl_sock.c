/* SPDX-License-Identifier: MIT */
/* ioctl_sock.c - ioctls of sockets: those that give a number here, those about devices in
 * ioctl_net.c.
 * Ref: socket(7), unix(7), tcp(7). Tests: selftests/abi/unix.c */
#include "sock_int.h"

#include <compat/abi/time.h>
#include <compat/user.h>

/* When the last packet that was read came in. */
static long get_stamp(struct sock *sk, uaddr_t arg, bool ns)
{
	struct abi_timespec ts = timespec_of(sk->last_stamp);
	struct abi_timeval tv = timeval_of(sk->last_stamp);

	if (!sk->last_stamp)
		return -ENOENT;
	return ns ? copy_to_user(arg, &ts, sizeof(ts)) : copy_to_user(arg, &tv, sizeof(tv));
}

long ioctl_socket(struct file *f, u32 cmd, uaddr_t arg)
{
	struct sock *sk = sock_of_file(f);
	s32 value;
	int err;

	if (cmd == SIOCGSTAMP_OLD || cmd == SIOCGSTAMP_NEW || cmd == SIOCGSTAMPNS_OLD ||
	    cmd == SIOCGSTAMPNS_NEW)
		return get_stamp(sk, arg, cmd == SIOCGSTAMPNS_OLD || cmd == SIOCGSTAMPNS_NEW);
	err = sk->ops->ioctl ? sk->ops->ioctl(sk, cmd, &value) : -ENOTTY;
	if (err == -ENOTTY)
		return ioctl_netdev(sk, cmd, arg);
	return err ? err : put_user(arg, value);
}
