/* SPDX-License-Identifier: MIT */
/* set.h - arrays that the linker gathers from all files: for sets without order (drivers, options,
 * tests). kernel.ld lists the names.
 *
 *	SET_ADD(drivers, struct driver, my_driver)		a pointer to my_driver joins the set
 *	SET_FOR_EACH(drivers, struct driver, d) d->probe();
 */
#pragma once

#include <kernel/lib/compiler.h>

#define SET_ADD(set, type, object)							\
	static type *const set##_entry_##object __used __section(".set." #set) = &(object)

#define SET_FOR_EACH(set, type, p)							\
	extern type *const __start_set_##set[], *const __stop_set_##set[];		\
	for (type *const *set##_i = __start_set_##set, *p;				\
	     set##_i < __stop_set_##set && (p = *set##_i, true); set##_i++)
