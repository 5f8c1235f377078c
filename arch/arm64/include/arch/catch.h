/* SPDX-License-Identifier: MIT */
/* catch.h - faults on purpose, for the tests in the kernel (CONFIG_KTEST). Ref: Arm ARM D17.2.37
 * (ESR_EL1: EC, ISS). */
#pragma once

#include <kernel/lib/compiler.h>

/* Exception classes and the upper four bits of fault status codes. */
#define CAUGHT_UNDEFINED  0x00u
#define CAUGHT_BTI	  0x0du
#define CAUGHT_FPAC	  0x1cu
#define CAUGHT_EXEC	  0x21u
#define CAUGHT_DATA	  0x25u
#define CAUGHT_TRANSLATION 1u
#define CAUGHT_PERMISSION  3u

struct caught {
	u32 class, status;
	u64 addr, pc;
};

/* Runs fn(arg), interrupts off. true: it faulted, and how. */
bool fault_catch(void (*fn)(void *), void *arg, struct caught *out);

void provoke_load(void *where), provoke_store(void *where), provoke_call(void *where);
void provoke_exchanged_return(void *unused);
void not_a_landing_pad(void *unused);
