/* SPDX-License-Identifier: MIT */
/* ioctl.c - what every descriptor understands, then the object's own. Ref: ioctl(2), ioctl_tty(2).
 * Tests: none of its own yet */
#include "file_int.h"
#include "sock_int.h"

#include <fs/dm/dm.h>
#include <fs/inotify.h>
#include <fs/pipe.h>
#include <fs/vnode.h>

#define FIONREAD 0x541b
#define FIONBIO	 0x5421
#define FIONCLEX 0x5450
#define FIOCLEX	 0x5451
#define FIOASYNC 0x5452
#define FIOQSIZE 0x5460

static long set_flag(struct file *f, int fd, u32 flag, uaddr_t arg)
{
	s32 on;

	if (get_user(&on, arg))
		return -EFAULT;
	return file_set_flags(f, fd, on ? file_flags(f) | flag : file_flags(f) & ~flag);
}

/* Bytes to read at once; -ENOTTY when only the object knows. */
static long bytes_ready(struct file *f)
{
	if (file_is_pipe(f))
		return (long)pipe_bytes(f);
	if (file_is_inotify(f))
		return (long)inotify_bytes(f);
	if (f->obj->ops->type == OBJ_VNODE && vnode_is_reg(to_vnode(f->obj)))
		return (long)vnode_size(to_vnode(f->obj)) - f->pos;
	return -ENOTTY;
}

long sys_ioctl(int fd, u32 cmd, uaddr_t arg)
{
	auto_handle struct handle h = {};
	long n;
	int err = handle_get(fd, RIGHT_IOCTL, &h);

	if (err)
		return err;
	switch (cmd) {
	case FIOCLEX:
	case FIONCLEX:
		return handle_set_cloexec(fd, cmd == FIOCLEX);
	case FIONBIO:
		return set_flag(h.file, fd, O_NONBLOCK, arg);
	case FIOASYNC:
		return set_flag(h.file, fd, O_ASYNC, arg);
	case FIONREAD:
		n = bytes_ready(h.file);
		if (n != -ENOTTY)
			return put_user(arg, (s32)n);
		break;
	}
	if (h.file->obj->ops->type == OBJ_SOCKET)
		return ioctl_socket(h.file, cmd, arg);
	if (h.file->obj->ops->type == OBJ_BLOCKDEV)
		return ioctl_block(h.file, cmd, arg);
	if (file_is_dm_control(h.file))
		return ioctl_dm(h.file, cmd, arg);
	return h.file->obj->ops->ioctl ? h.file->obj->ops->ioctl(h.file, cmd, arg) : -ENOTTY;
}
