/* SPDX-License-Identifier: MIT */
/* stdlib.h - for library sources that the kernel links, which include it and use nothing of it. */
#pragma once
#include <kernel/lib/types.h>
