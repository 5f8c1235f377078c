/* SPDX-License-Identifier: MIT */
/* stdbool.h - for library sources that the kernel links. */
#pragma once
#include <kernel/lib/types.h>
