/* SPDX-License-Identifier: MIT */
/* percpu.h - one instance of a variable for each CPU.
 *
 * The linker gathers DEFINE_PER_CPU() variables in one section, the template, which stays as
 * linked. Each CPU gets a copy; TPIDR_EL1 holds the distance from the template to this CPU's copy.
 * A pointer from this_cpu() is good only while preemption is off.
 */
#pragma once

#include <kernel/lib/compiler.h>

#define MAX_CPUS 64

#define DEFINE_PER_CPU(type, name)  __section(".data.percpu") __typeof__(type) name
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name

extern u64 percpu_offset[MAX_CPUS];

static inline u64 this_cpu_offset(void)
{
	u64 off;

	__asm__ volatile("mrs %0, tpidr_el1" : "=r"(off));
	return off;
}

#define this_cpu(var)	  ((__typeof__(&(var)))((u64)&(var) + this_cpu_offset()))
#define per_cpu(var, cpu) ((__typeof__(&(var)))((u64)&(var) + percpu_offset[cpu]))
