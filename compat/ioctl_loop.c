/* SPDX-License-Identifier: MIT */
/* ioctl_loop.c - ioctl(2) on loop devices.
 * Ref: loop(4), linux/loop.h. Tests: selftests/storage/run (loop_...) */
#include "file_int.h"

#include <compat/user.h>
#include <fs/attr.h>
#include <fs/blkdev.h>
#include <fs/loop.h>
#include <fs/vnode.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>

#define LOOP_SET_FD	    0x4c00u
#define LOOP_CLR_FD	    0x4c01u
#define LOOP_SET_STATUS	    0x4c02u
#define LOOP_GET_STATUS	    0x4c03u
#define LOOP_SET_STATUS64   0x4c04u
#define LOOP_GET_STATUS64   0x4c05u
#define LOOP_CHANGE_FD	    0x4c06u
#define LOOP_SET_CAPACITY   0x4c07u
#define LOOP_SET_DIRECT_IO  0x4c08u
#define LOOP_SET_BLOCK_SIZE 0x4c09u
#define LOOP_CONFIGURE	    0x4c0au
#define ALL_FLAGS	    (LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN | LO_FLAGS_DIRECT_IO)

struct abi_loop_info64 {
	u64 device, inode, rdevice, offset, size_limit;
	u32 number, encrypt_type, encrypt_key_size, flags;
	u8 file_name[LO_NAME_SIZE], crypt_name[LO_NAME_SIZE], encrypt_key[32];
	u64 init[2];
};
static_assert(sizeof(struct abi_loop_info64) == 232, "struct of linux/loop.h");

struct abi_loop_info {
	s32 number;
	u32 device;
	u64 inode;
	u32 rdevice;
	s32 offset, encrypt_type, encrypt_key_size, flags;
	u8 name[LO_NAME_SIZE], encrypt_key[32];
	u64 init[2];
	u8 reserved[4];
};
static_assert(sizeof(struct abi_loop_info) == 160, "struct of linux/loop.h");

struct abi_loop_config {
	u32 fd, block_size;
	struct abi_loop_info64 info;
	u64 reserved[8];
};
static_assert(sizeof(struct abi_loop_config) == 304, "struct of linux/loop.h");

/* ---- setting ---- */

static int info_from(struct loop_info *out, const struct abi_loop_info64 *in)
{
	if (in->encrypt_type)
		return -EINVAL;
	if (in->offset > S64_MAX || in->size_limit > S64_MAX)
		return -EOVERFLOW;
	*out = (struct loop_info){ .offset = in->offset,
				   .size_limit = in->size_limit,
				   .flags = in->flags };
	memcpy(out->name, in->file_name, LO_NAME_SIZE);
	out->name[LO_NAME_SIZE - 1] = 0;
	return 0;
}

static long bind(const struct file *f, struct blkdev *d, int fd, u32 block,
		 const struct loop_info *info)
{
	auto_file struct file *backing = NULL;
	int err = handle_get_file(fd, RIGHT_READ, &backing);

	return err ? err : loop_bind(d, backing, f->mode & FMODE_WRITE, block, info);
}

static long configure(const struct file *f, struct blkdev *d, uaddr_t arg)
{
	struct abi_loop_config c;
	struct loop_info info;
	int err;

	if (copy_from_user(&c, arg, sizeof(c)))
		return -EFAULT;
	for (u32 i = 0; i < ARRAY_SIZE(c.reserved); i++)
		if (c.reserved[i])
			return -EINVAL;
	if (c.info.flags & ~ALL_FLAGS)
		return -EINVAL;
	err = info_from(&info, &c.info);
	return err ? err : bind(f, d, (int)c.fd, c.block_size, &info);
}

static long change(struct blkdev *d, int fd)
{
	auto_file struct file *backing = NULL;
	int err = handle_get_file(fd, RIGHT_READ, &backing);

	return err ? err : loop_change(d, backing);
}

static bool may_set(const struct file *f)
{
	return (f->mode & FMODE_WRITE) || capable(CAP_SYS_ADMIN);
}

static long set_status64(struct blkdev *d, const struct abi_loop_info64 *in)
{
	struct loop_info info;
	int err = info_from(&info, in);

	return err ? err : loop_set(d, &info);
}

static long set_status(struct blkdev *d, uaddr_t arg, bool old)
{
	struct abi_loop_info64 i = {};
	struct abi_loop_info o;

	if (!old)
		return copy_from_user(&i, arg, sizeof(i)) ? -EFAULT : set_status64(d, &i);
	if (copy_from_user(&o, arg, sizeof(o)))
		return -EFAULT;
	i.offset = (u64)(s64)o.offset;
	i.encrypt_type = (u32)o.encrypt_type;
	i.flags = (u32)o.flags;
	memcpy(i.file_name, o.name, LO_NAME_SIZE);
	return set_status64(d, &i);
}

/* Files go by the page cache: what cannot be had otherwise is refused, what is so already is
 * not. */
static long set_direct(struct blkdev *d, u64 on)
{
	struct loop_info info;
	int err = loop_get(d, &info, NULL);

	if (err)
		return err;
	return on ? -EINVAL : 0;
}

/* ---- telling ---- */

static long get_status64(struct blkdev *d, struct abi_loop_info64 *out)
{
	auto_file struct file *backing = NULL;
	struct loop_info info;
	struct kstat st;
	int err = loop_get(d, &info, &backing);

	if (!err)
		err = file_getattr(backing, &st);
	if (err)
		return err;
	*out = (struct abi_loop_info64){
		.device = st.dev,
		.inode = st.ino,
		.rdevice = st.rdev ? st.rdev : st.dev,
		.offset = info.offset,
		.size_limit = info.size_limit,
		.number = d->disk->first_minor,
		.flags = info.flags,
	};
	memcpy(out->file_name, info.name, LO_NAME_SIZE);
	return 0;
}

static long get_status(struct blkdev *d, uaddr_t arg, bool old)
{
	struct abi_loop_info64 i;
	struct abi_loop_info o = {};
	long err = get_status64(d, &i);

	if (err)
		return err;
	if (!old)
		return copy_to_user(arg, &i, sizeof(i)) ? -EFAULT : 0;
	if (i.offset > S32_MAX)
		return -EOVERFLOW;
	o.number = (s32)i.number;
	o.device = (u32)i.device;
	o.inode = i.inode;
	o.rdevice = (u32)i.rdevice;
	o.offset = (s32)i.offset;
	o.flags = (s32)i.flags;
	memcpy(o.name, i.file_name, LO_NAME_SIZE);
	return copy_to_user(arg, &o, sizeof(o)) ? -EFAULT : 0;
}

/* ---- ---- */

long ioctl_loop(const struct file *f, struct blkdev *d, u32 cmd, uaddr_t arg)
{
	static const struct loop_info plain;

	switch (cmd) {
	case LOOP_SET_FD:	return bind(f, d, (int)arg.va, 0, &plain);
	case LOOP_CONFIGURE:	return configure(f, d, arg);
	case LOOP_CLR_FD:	return loop_clear(d);
	case LOOP_CHANGE_FD:	return change(d, (int)arg.va);
	case LOOP_SET_STATUS:
	case LOOP_SET_STATUS64: return may_set(f) ? set_status(d, arg, cmd == LOOP_SET_STATUS) : -EPERM;
	case LOOP_GET_STATUS:
	case LOOP_GET_STATUS64: return get_status(d, arg, cmd == LOOP_GET_STATUS);
	case LOOP_SET_CAPACITY: return may_set(f) ? loop_fit(d) : -EPERM;
	case LOOP_SET_DIRECT_IO: return may_set(f) ? set_direct(d, arg.va) : -EPERM;
	case LOOP_SET_BLOCK_SIZE: return may_set(f) ? loop_set_block_size(d, (u32)arg.va) : -EPERM;
	}
	return -ENOTTY;
}
