/* SPDX-License-Identifier: MIT */
/* pl011.h - the early console, called by kernel/main.c as soon as the device tree can be read. */
#pragma once

/* Prints what is in the log and everything after it by polling; does nothing when stdout is another
 * device. */
void pl011_early_console(void);
/* For the last words over a tree that is cut off: when nothing printed yet, the first such device
 * that can be found in it. */
void pl011_any_console(void);
