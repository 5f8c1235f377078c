/* SPDX-License-Identifier: MIT */
/* sock_int.h - what the handlers about sockets share. */
#pragma once

#include <compat/abi/socket.h>
#include <compat/syscalls.h>
#include <kernel/handle.h>
#include <net/sock.h>

/* The socket behind fd with these rights, lent by h. -EBADF, -ENOTSOCK, or what the missing right
 * gives. */
int __must_check sock_get_fd(int fd, u32 need, struct handle *h, struct sock **out);

/* ---- ioctl_sock.c ---- */
long ioctl_socket(struct file *f, u32 cmd, uaddr_t arg);
/* ---- ioctl_net.c ---- */
long ioctl_netdev(struct sock *sk, u32 cmd, uaddr_t arg);

/* ---- sockaddr.c ---- */
enum addr_use { ADDR_BIND, ADDR_CONNECT, ADDR_SEND };
/* Copies an address in and decodes it. Pair with sockaddr_done(), also after failure. -EINVAL,
 * -EFAULT, path errors. */
int __must_check sockaddr_get(struct sock *sk, uaddr_t addr, s32 len, enum addr_use use,
			      struct sock_addr *out);
void sockaddr_done(struct sock_addr *a);
/* Gives it to the program: what fits into *len_ptr bytes, and its full length there. */
int __must_check sockaddr_put(const struct sock_addr *a, uaddr_t addr, uaddr_t len_ptr);
/* The bytes of struct sockaddr_*; how many. */
u32 sockaddr_encode(const struct sock_addr *a, union abi_sockaddr *out);

/* ---- cmsg.c ---- */
/* Control messages of sendmsg: len bytes at control. Owned descriptors in out->fds also after
 * failure: cmsg_done(). */
int __must_check cmsg_get(struct sock *sk, uaddr_t control, usize len, struct sock_ctl *out);
void cmsg_done(struct sock_ctl *c);
/* Those of recvmsg into *len bytes at control; *len becomes what was used. Adds MSG_CTRUNC to
 * *out_flags. */
int __must_check cmsg_put(struct sock *sk, struct sock_ctl *c, uaddr_t control, usize *len,
			  u32 flags, u32 *out_flags);
