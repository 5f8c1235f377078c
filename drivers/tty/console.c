/* SPDX-License-Identifier: MIT */
/* console.c - /dev/console, /dev/tty and /dev/ptmx: names that lead to some terminal. Ref:
 * console(4), tty(4), pts(4).
 * Tests: selftests/app/run, selftests/boot/run (no_console) */
#include <drivers/tty/tty.h>

#include <fs/chrdev.h>
#include <fs/procfs.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <kernel/uapi.h>

static struct tty *console_tty;	/* set while booting */

void tty_set_console(struct tty *t)
{
	console_tty = t;
}

/* Who writes the log: enabled, preferred, at any time. */
static int show_consoles(struct seq *s, struct task *t)
{
	if (console_tty)
		seq_print(s, "%-20s -W- (EC    a) %4u:%u\n", console_tty->name,
			  dev_major(console_tty->dev), dev_minor(console_tty->dev));
	return 0;
}

static int console_open(struct chrdev *c, u32 minor, u32 flags, struct file **out)
{
	return console_tty ? tty_open_console(console_tty, flags, out) : -ENODEV;
}

static int tty_open_own(struct chrdev *c, u32 minor, u32 flags, struct file **out)
{
	struct tty *t = tty_of_current();
	int err;

	if (!t)
		return -ENXIO;
	err = tty_open(t, flags, false, out);
	object_put(&t->obj);
	return err;
}

static struct chrdev nodes[] = {
	{ .major = TTYAUX_MAJOR,
	  .minor = 0,
	  .nr_minors = 1,
	  .name = "tty",
	  .driver = "/dev/tty",
	  .mode = 0666,
	  .open = tty_open_own },
	{ .major = TTYAUX_MAJOR,
	  .minor = 1,
	  .nr_minors = 1,
	  .name = "console",
	  .driver = "/dev/console",
	  .mode = 0600,
	  .open = console_open },
	{ .major = TTYAUX_MAJOR,
	  .minor = 2,
	  .nr_minors = 1,
	  .name = "ptmx",
	  .driver = "/dev/ptmx",
	  .mode = 0666,
	  .open_at = pty_open_master },
};

void tty_init_devices(void)
{
	session_exit_hook = tty_session_exit;
	procfs_tty_of = tty_of_session;
	procfs_add("consoles", show_consoles);
	pty_init();
	for (u32 i = 0; i < ARRAY_SIZE(nodes); i++)
		if (chrdev_register(&nodes[i]))
			panic("tty: /dev/%s is taken", nodes[i].name);
}
