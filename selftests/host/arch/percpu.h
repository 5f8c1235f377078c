/* SPDX-License-Identifier: MIT */
/* percpu.h - the fake: one CPU, so the variable is its own copy. */
#pragma once

#include <kernel/lib/compiler.h>

#define MAX_CPUS 64

#define DEFINE_PER_CPU(type, name)  __typeof__(type) name
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name

#define this_cpu(var)	  (&(var))
#define per_cpu(var, cpu) ((void)(cpu), &(var))
