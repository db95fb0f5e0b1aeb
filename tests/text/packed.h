/* Packs bytes for tests of readers: one gzip member, zstd frame or xz stream. */
#ifndef RUNG_TESTS_TEXT_PACKED_H
#define RUNG_TESTS_TEXT_PACKED_H

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "support.h"

/* Each writes to `out`, which is large enough, and returns the size. */
typedef size_t (*pack_fn)(unsigned char *out, size_t cap, const void *bytes, size_t size);

static inline size_t pack_gzip(unsigned char *out, size_t cap, const void *bytes,
                               size_t size)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, 0), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)bytes;
    z.avail_in = (unsigned)size;
    z.next_out = out;
    z.avail_out = (unsigned)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    const size_t n = z.total_out;
    deflateEnd(&z);
    return n;
}

static inline size_t pack_zstd(unsigned char *out, size_t cap, const void *bytes,
                               size_t size)
{
    const size_t n = ZSTD_compress(out, cap, bytes, size, 3);
    assert_false(ZSTD_isError(n));
    return n;
}

static inline size_t pack_xz(unsigned char *out, size_t cap, const void *bytes,
                             size_t size)
{
    size_t n = 0;
    assert_int_equal(
        lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, bytes, size, out, &n, cap),
        LZMA_OK);
    return n;
}

static const struct {
    const char *name;
    pack_fn pack;
} packers[] = {{"gzip", pack_gzip}, {"zstd", pack_zstd}, {"xz", pack_xz}};
#define N_PACKERS (sizeof packers / sizeof packers[0])

#endif
