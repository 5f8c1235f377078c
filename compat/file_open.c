/* SPDX-License-Identifier: MIT */
/* file_open.c - opening, closing, duplicating, pipes. Ref: open(2), openat2(2), close(2),
 * close_range(2), dup(2), pipe(2).
 * Tests: selftests/abi/file.c, fd.c */
#include "file_int.h"

#include <fs/pipe.h>
#include <fs/tmpfs.h>

#define OPEN_TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
#define OPEN_SYNC_BIT	 (O_SYNC & ~O_DSYNC)
#define VALID_OPEN_FLAGS (O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_DSYNC | O_ASYNC | O_DIRECT | \
			  O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_SYNC | O_PATH | OPEN_TMPFILE_BIT)
#define PATH_FLAGS	 (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)

/* The combinations that make no sense, as Linux's build_open_flags() sees them. */
static int check_flags(u32 *flags)
{
	if ((*flags & (O_DIRECTORY | O_CREAT)) == (O_DIRECTORY | O_CREAT))
		return -EINVAL;
	if (*flags & OPEN_TMPFILE_BIT) {
		if (!(*flags & O_DIRECTORY) || (*flags & O_ACCMODE) == O_RDONLY)
			return -EINVAL;
	}
	if (*flags & O_PATH)
		*flags &= PATH_FLAGS;
	else if (*flags & OPEN_SYNC_BIT)
		*flags |= O_DSYNC;
	return 0;
}

static long open_to_fd(int dirfd, const char *name, const struct open_request *req)
{
	struct file *f;
	int err, fd = handle_reserve(req->flags);

	if (fd < 0)
		return fd;
	err = vfs_open(dirfd, name, req, &f);
	if (err) {
		handle_unreserve(fd);
		return err;
	}
	handle_fill(fd, f, file_rights(f));
	return fd;
}

long sys_openat(int dirfd, uaddr_t path, s32 flags, u32 mode)
{
	struct open_request req = { .flags = ((u32)flags & VALID_OPEN_FLAGS) | O_LARGEFILE };
	auto_path struct user_string name;
	int err = user_path_get(&name, path);

	if (!err)
		err = check_flags(&req.flags);
	if (err)
		return err;
	if (req.flags & (O_CREAT | OPEN_TMPFILE_BIT))
		req.mode = mode & 07777;
	return open_to_fd(dirfd, name.s, &req);
}

/* As user programs lay it out: openat2(2). */
struct open_how_abi {
	u64 flags, mode, resolve;
};

static int check_how(const struct open_how_abi *how)
{
	u64 known = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS |
		    RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED;

	if (how->flags & ~(u64)VALID_OPEN_FLAGS || how->resolve & ~known)
		return -EINVAL;
	if ((how->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) ==
	    (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return -EINVAL;
	if (how->flags & (O_CREAT | OPEN_TMPFILE_BIT) ? how->mode & ~07777ul : how->mode)
		return -EINVAL;
	if ((how->flags & O_PATH) && (how->flags & ~(u64)PATH_FLAGS))
		return -EINVAL;
	if ((how->resolve & RESOLVE_CACHED) &&
	    (how->flags & (O_TRUNC | O_CREAT | OPEN_TMPFILE_BIT)))
		return -EAGAIN;
	return 0;
}

long sys_openat2(int dirfd, uaddr_t path, uaddr_t uhow, usize size)
{
	auto_path struct user_string name;
	struct open_request req = {};
	struct open_how_abi how;
	int err = user_path_get(&name, path);

	if (size < sizeof(how))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (!err)
		err = copy_struct_from_user(&how, sizeof(how), uhow, size);
	if (!err)
		err = check_how(&how);
	if (err)
		return err;
	req.flags = (u32)how.flags | O_LARGEFILE;
	req.mode = (u32)how.mode;
	req.resolve = (u32)how.resolve;
	err = check_flags(&req.flags);
	return err ? err : open_to_fd(dirfd, name.s, &req);
}

long sys_close(int fd)
{
	return handle_close(fd);
}

long sys_close_range(u32 first, u32 last, u32 flags)
{
	return handle_close_range(first, last, flags);
}

long sys_dup(int oldfd)
{
	return handle_dup_min(oldfd, 0, 0);
}

long sys_dup3(int oldfd, int newfd, s32 flags)
{
	if ((flags & ~O_CLOEXEC) || oldfd == newfd)
		return -EINVAL;
	return handle_dup_to(oldfd, newfd, (u32)flags);
}

/* Both numbers, then the files: nothing is visible if the copy out fails. */
static int install_pair(struct file *r, struct file *w, u32 flags, uaddr_t out)
{
	int fds[2], err;

	fds[0] = handle_reserve(flags);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = handle_reserve(flags);
	err = fds[1] < 0 ? fds[1] : copy_to_user(out, fds, sizeof(fds));
	if (err) {
		if (fds[1] >= 0)
			handle_unreserve(fds[1]);
		handle_unreserve(fds[0]);
		return err;
	}
	handle_fill(fds[0], r, file_rights(r));
	handle_fill(fds[1], w, file_rights(w));
	return 0;
}

long sys_pipe2(uaddr_t fds, s32 flags)
{
	struct file *r, *w;
	int err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = pipe_create((u32)flags, &r, &w);
	if (err)
		return err;
	err = install_pair(r, w, (u32)flags, fds);
	if (err) {
		file_put_now(r);
		file_put_now(w);
	}
	return err;
}

#define MEMFD_NAME_MAX (NAME_MAX - 6)	/* "memfd:" goes before it */

#define MFD_HUGE_SIZES ((u32)MFD_HUGE_MASK << MFD_HUGE_SHIFT)

long sys_memfd_create(uaddr_t uname, u32 flags)
{
	auto_path struct user_string name;
	auto_file struct file *f = NULL;
	u32 known = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC |
		    (flags & MFD_HUGETLB ? MFD_HUGE_SIZES : 0);
	int err = user_string_get(&name, uname, MEMFD_NAME_MAX + 1);

	if (flags & ~(known | MFD_HUGETLB))
		return -EINVAL;
	if ((flags & MFD_EXEC) && (flags & MFD_NOEXEC_SEAL))
		return -EINVAL;
	if (err)
		return err;
	if (flags & MFD_HUGETLB)		/* no such pages here */
		return -ENODEV;
	err = memfd_create(name.s, flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL),
			   !(flags & MFD_NOEXEC_SEAL), &f);
	if (err)
		return err;
	return handle_install(f, file_rights(f), flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
}
