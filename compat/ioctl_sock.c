/* SPDX-License-Identifier: MIT */
/* ioctl_sock.c - ioctls of sockets: those that give a number here, those about devices in ioctl_net.c. Ref: socket(7), unix(7), tcp(7). Tests: selftests/abi/unix.c */
#include "sock_int.h"

#include <compat/abi/time.h>
#include <compat/user.h>

long ioctl_socket(struct file *f, u32 cmd, uaddr_t arg)
{
	struct sock *sk = sock_of_file(f);
	s32 value;
	int err;

	err = sk->ops->ioctl ? sk->ops->ioctl(sk, cmd, &value) : -ENOTTY;
	if (err == -ENOTTY)
		return ioctl_netdev(sk, cmd, arg);
	return err ? err : put_user(arg, value);
}
