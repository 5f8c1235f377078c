/* SPDX-License-Identifier: MIT */
/* memdev.c - null, zero, full, random, urandom, kmsg: devices without hardware.
 * Ref: null(4), full(4), random(4), Linux Documentation/ABI/testing/dev-kmsg. Tests: none of its
 * own yet */
#include <fs/chrdev.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/commit.h>
#include <mm/iter.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <mm/vmo.h>

#include "vfs_int.h"

#define MEM_MAJOR 1u

static ssize_t null_read(struct file *f, struct iter *to, loff_t *pos)
{
	return 0;
}

static ssize_t null_write(struct file *f, struct iter *from, loff_t *pos)
{
	usize n = iter_left(from);

	iter_advance(from, n);
	return (ssize_t)n;
}

static ssize_t zero_read(struct file *f, struct iter *to, loff_t *pos)
{
	usize want = iter_left(to), done = 0;

	while (done < want) {
		usize n = min(want - done, PAGE_SIZE);
		usize got = iter_put_zero(to, n);

		done += got;
		if (unlikely(got < n))
			return done ? (ssize_t)done : -EFAULT;
		if (unlikely(signal_pending(current())))
			break;
	}
	return (ssize_t)done;
}

static ssize_t full_write(struct file *f, struct iter *from, loff_t *pos)
{
	return -ENOSPC;
}

static loff_t null_seek(struct file *f, loff_t off, int whence)
{
	return f->pos = 0;
}

/* A mapping of zeros: shared ones are an object of their own. */
static int zero_mmap(struct file *f, struct vm_request *req)
{
	req->vmo = vmo_create(NULL, NULL, req->pgoff * PAGE_SIZE + req->len, VMO_SHMEM);
	if (!req->vmo)
		return -ENOMEM;
	if ((req->flags & (VMA_SHARED | VMA_NORESERVE)) != VMA_SHARED ||
	    !vmo_commit(req->vmo, req->len))
		return 0;
	vmo_put(req->vmo);
	req->vmo = NULL;
	return -ENOMEM;
}

static ssize_t random_read(struct file *f, struct iter *to, loff_t *pos)
{
	u8 buf[256];
	usize done = 0;

	while (iter_left(to)) {
		usize n = min(iter_left(to), sizeof(buf)), got;

		random_bytes(buf, n);
		got = iter_put(to, buf, n);
		done += got;
		if (got < n)
			return done ? (ssize_t)done : -EFAULT;
		if (signal_pending(current()))
			break;
	}
	return (ssize_t)done;
}

static void never(struct object *o)
{
	panic("released a device that is always there");
}

static const struct object_ops null_ops = {
	.name = "null",
	.type = OBJ_CHARDEV,
	.read = null_read,
	.write = null_write,
	.seek = null_seek,
	.no_splice = true,
	.release = never,
};
static const struct object_ops zero_ops = {
	.name = "zero",
	.type = OBJ_CHARDEV,
	.read = zero_read,
	.write = null_write,
	.seek = null_seek,
	.mmap = zero_mmap,
	.release = never,
};
static const struct object_ops full_ops = {
	.name = "full",
	.type = OBJ_CHARDEV,
	.read = zero_read,
	.write = full_write,
	.seek = null_seek,
	.release = never,
};
static const struct object_ops random_ops = {
	.name = "random",
	.type = OBJ_CHARDEV,
	.read = random_read,
	.write = null_write,
	.seek = null_seek,
	.release = never,
};

/* ---- kmsg ---- */

/* What one description of /dev/kmsg reads next. */
struct kmsg_reader {
	u64 seq;
	char text[1200];
	struct log_record rec;
};

#define KMSG_WRITE_MAX 992u

/* "prio,seq,usec,-;text\n", control characters as \xNN. */
static usize format_record(struct kmsg_reader *k)
{
	const struct log_record *r = &k->rec;
	usize n = fmt_append(k->text, sizeof(k->text), 0, "%u,%lu,%ld,-;", r->level, r->seq,
			     r->when_ns / NSEC_PER_USEC),
	      i;

	for (i = 0; i < r->len; i++) {
		u8 c = (u8)r->text[i];

		if (c < ' ' || c >= 127 || c == '\\')
			n = fmt_append(k->text, sizeof(k->text) - 1, n, "\\x%02x", c);
		else
			n = fmt_append(k->text, sizeof(k->text) - 1, n, "%c", c);
	}
	return fmt_append(k->text, sizeof(k->text), n, "\n");
}

static ssize_t kmsg_read(struct file *f, struct iter *to, loff_t *pos)
{
	struct kmsg_reader *k = f->private;
	u64 seq = k->seq;
	usize n;
	int err;

	if (seq < log_first_seq()) {
		k->seq = log_first_seq();
		return -EPIPE;
	}
	err = file_wait(f, log_waitq(), log_read(&seq, &k->rec));
	if (err)
		return err;
	n = format_record(k);
	if (n > iter_left(to))
		return -EINVAL;
	k->seq = seq + 1;
	return iter_put(to, k->text, n) == n ? (ssize_t)n : -EFAULT;
}

static ssize_t kmsg_write(struct file *f, struct iter *from, loff_t *pos)
{
	usize n = iter_left(from);
	auto_kfree char *buf = NULL;
	u64 prio = LOG_WARNING;
	const char *s, *end;

	if (n > KMSG_WRITE_MAX)
		return -EINVAL;
	buf = kzalloc(n + 1);
	if (!buf)
		return -ENOMEM;
	if (iter_take(from, buf, n) < n)
		return -EFAULT;
	s = buf;
	if (*s == '<' && !parse_u64(s + 1, 10, &prio, &end) && *end == '>')
		s = end + 1;
	else
		prio = LOG_WARNING;
	log_print(prio & 7, NULL, "%s", s);
	return (ssize_t)n;
}

static loff_t kmsg_seek(struct file *f, loff_t off, int whence)
{
	struct kmsg_reader *k = f->private;

	if (!k)
		return -EBADF;
	if (off)
		return -ESPIPE;
	if (whence == SEEK_SET || whence == SEEK_DATA)
		k->seq = log_first_seq();
	else if (whence == SEEK_END)
		k->seq = log_next_seq();
	else
		return -EINVAL;
	return 0;
}

static u32 kmsg_poll(struct file *f)
{
	struct kmsg_reader *k = f->private;

	return k && k->seq < log_next_seq() ? EPOLLIN | EPOLLRDNORM : 0;
}

static void kmsg_file_release(struct file *f)
{
	kfree(f->private);
}

static const struct object_ops kmsg_ops = {
	.name = "kmsg",
	.type = OBJ_CHARDEV,
	.read = kmsg_read,
	.write = kmsg_write,
	.seek = kmsg_seek,
	.poll = kmsg_poll,
	.file_release = kmsg_file_release,
	.release = never,
};

static int kmsg_open(struct chrdev *c, u32 minor, u32 flags, struct file **out)
{
	struct kmsg_reader *k = NULL;
	int err;

	if ((flags & O_ACCMODE) != O_WRONLY) {
		k = knew(struct kmsg_reader);
		if (!k)
			return -ENOMEM;
		k->seq = log_first_seq();
	}
	object_get(&c->obj);
	err = file_create(&c->obj, flags, out);
	if (err)
		kfree(k);
	else
		(*out)->private = k;
	return err;
}

static struct chrdev devices[] = {
	{ .major = MEM_MAJOR,
	  .minor = 3,
	  .name = "null",
	  .driver = "mem",
	  .mode = 0666,
	  .ops = &null_ops },
	{ .major = MEM_MAJOR,
	  .minor = 5,
	  .name = "zero",
	  .driver = "mem",
	  .mode = 0666,
	  .ops = &zero_ops },
	{ .major = MEM_MAJOR,
	  .minor = 7,
	  .name = "full",
	  .driver = "mem",
	  .mode = 0666,
	  .ops = &full_ops },
	{ .major = MEM_MAJOR,
	  .minor = 8,
	  .name = "random",
	  .driver = "mem",
	  .mode = 0666,
	  .ops = &random_ops },
	{ .major = MEM_MAJOR,
	  .minor = 9,
	  .name = "urandom",
	  .driver = "mem",
	  .mode = 0666,
	  .ops = &random_ops },
	{ .major = MEM_MAJOR,
	  .minor = 11,
	  .name = "kmsg",
	  .driver = "mem",
	  .mode = 0644,
	  .ops = &kmsg_ops,
	  .open = kmsg_open },
};

void memdev_init(void)
{
	usize i;

	for (i = 0; i < ARRAY_SIZE(devices); i++)
		if (chrdev_register(&devices[i]))
			panic("device %s", devices[i].name);
}
