/* SPDX-License-Identifier: MIT */
/* mmu.h - the fake: arm64's structures as they are, but RAM and the struct page array are arrays of
 * the process (pages.c). */
#pragma once

#define phys_to_virt arm64_phys_to_virt
#define virt_to_phys arm64_virt_to_phys
#include "../../../arch/arm64/include/arch/mmu.h"
#undef phys_to_virt
#undef virt_to_phys
#undef VMEMMAP_BASE

extern u64 host_vmemmap, host_linear;	/* of the frame and the byte at physical address 0 */
#define VMEMMAP_BASE host_vmemmap

static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(host_linear + pa);
}

static inline paddr_t virt_to_phys(const void *va)
{
	return (u64)va - host_linear;
}
