/* SPDX-License-Identifier: MIT */
/* string.h - for library sources that the kernel links. */
#pragma once
#include <kernel/lib/string.h>
