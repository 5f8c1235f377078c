/* SPDX-License-Identifier: MIT */
/* lz4.c - LZ4's decompressor, from Debian's source package (scripts/packages/lz4): all of it is
 * compiled here as static, and what is not called is not kept.
 * Locks: none. Ref: lz4's doc/lz4_Block_format.md. Tests: selftests/unit/erofs_test.c,
 * fuzz/erofs_fuzz.c
 */
#include <fs/erofs/erofs.h>
#include <kernel/lib/string.h>

#pragma GCC diagnostic ignored "-Wunused-function"

#define LZ4_FREESTANDING	    1
#define LZ4_STATIC_LINKING_ONLY
#define LZ4_PUBLISH_STATIC_FUNCTIONS
#define LZ4LIB_VISIBILITY	    static
#define LZ4_memcpy(to, from, n)	    __builtin_memcpy(to, from, n)
#define LZ4_memmove(to, from, n)    __builtin_memmove(to, from, n)
#define LZ4_memset(to, c, n)	    __builtin_memset(to, c, n)
#include <lz4.h>

/* Those that the header does not name. */
static int LZ4_compress_forceExtDict(LZ4_stream_t *stream, const char *src, char *dst, int size);
static int LZ4_decompress_safe_forceExtDict(const char *src, char *dst, int size, int most,
					    const void *dict, size_t dict_size);
static int LZ4_decompress_safe_partial_forceExtDict(const char *src, char *dst, int size, int want,
						    int most, const void *dict, size_t dict_size);
#include <lz4.c>

s32 erofs_lz4(const void *src, u32 size, void *dst, u32 want)
{
	return LZ4_decompress_safe_partial(src, dst, (int)size, (int)want, (int)want);
}
