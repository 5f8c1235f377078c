/* SPDX-License-Identifier: MIT */
/* limits.h - for library sources that the kernel links. */
#pragma once

#ifndef INT_MAX
#define INT_MAX __INT_MAX__
#endif
#ifndef INT_MIN
#define INT_MIN (-__INT_MAX__ - 1)
#endif
#ifndef UINT_MAX
#define UINT_MAX (2U * __INT_MAX__ + 1)
#endif
#ifndef LONG_MAX
#define LONG_MAX __LONG_MAX__
#endif
#ifndef ULONG_MAX
#define ULONG_MAX (2UL * __LONG_MAX__ + 1)
#endif
