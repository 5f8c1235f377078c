/* SPDX-License-Identifier: MIT */
#pragma once

#include <kernel/lib/compiler.h>

/*
 * Unpacks the archive (cpio newc, plain or gzip, several behind each other) into the current root.
 * What Linux's built-in archive holds (/dev, /dev/console, /root) is made first. Says on the log
 * what is wrong with a damaged archive and keeps what came before. 0, -EINVAL, -ENOMEM. Context: a
 * thread with root and credentials of init.
 */
int __must_check initramfs_unpack(const void *archive, usize size);
