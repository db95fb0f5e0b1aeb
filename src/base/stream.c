/* Bytes from a file, unpacked on the way.
 *
 *     file -> input block (64 KB) -> codec -> the caller's bytes
 *
 * A codec is a table of functions. It takes from the input what it needs and calls fill()
 * when that is used up; the end of the file within a member is an error. */
#include "base/stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/hash.h"

#define INPUT_BYTES 65536
#define MAGIC_BYTES 4
/* A hostile xz file may ask for a dictionary of 4 GB; the largest of xz -9 is 64 MB. */
#define XZ_MEMORY ((uint64_t)1 << 30)

typedef struct codec {
    const char *name;                 /* for messages */
    unsigned char magic[MAGIC_BYTES]; /* the first bytes of what it packs */
    int magic_size;                   /* 0: anything */
    /* Makes the decoder. */
    rung_status (*open)(rung__stream *s, rung_error *err);
    /* Turns input into output, as rung__stream_read. */
    rung_status (*read)(rung__stream *s, unsigned char *bytes, size_t size, size_t *got,
                        rung_error *err);
    void (*close)(rung__stream *s);
} codec;

struct rung__stream {
    const codec *codec;
    char *path;
    int fd;
    bool at_end;         /* of the file: nothing comes after the input */
    unsigned char *next; /* the input that is left */
    size_t left;
    int64_t taken;  /* bytes of the file read so far, with the input */
    bool in_member; /* something was unpacked of what is not yet complete */
    union {
        z_stream gzip;
        ZSTD_DCtx *zstd;
        lzma_stream xz;
    } decoder;
    unsigned char input[INPUT_BYTES];
};

/* Reads on when the input is used up; then left is 0 only at the end of the file. */
static rung_status fill(rung__stream *s, rung_error *err)
{
    while (s->left == 0 && !s->at_end) {
        const ssize_t n = read(s->fd, s->input, sizeof s->input);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            char reason[128];
            return rung_fail(err, errno == EIO ? RUNG_IO : RUNG_INPUT,
                             "cannot read '%s': %s", s->path,
                             strerror_r(errno, reason, sizeof reason));
        }
        s->at_end = n == 0;
        s->next = s->input;
        s->left = (size_t)n;
        s->taken += n;
    }
    return RUNG_OK;
}

static void take(rung__stream *s, size_t n)
{
    s->next += n;
    s->left -= n;
}

static rung_status fail_short(const rung__stream *s, rung_error *err)
{
    return rung_fail(err, RUNG_INPUT,
                     "'%s' ends too early: its %s data is cut off after %lld "
                     "bytes",
                     s->path, s->codec->name, (long long)s->taken);
}

static rung_status fail_damaged(const rung__stream *s, const char *reason,
                                rung_error *err)
{
    return rung_fail(err, RUNG_INPUT, "'%s' is damaged: bad %s data before byte %lld: %s",
                     s->path, s->codec->name, (long long)(s->taken - (int64_t)s->left),
                     reason);
}

static rung_status fail_decoder(const rung__stream *s, rung_error *err)
{
    return rung_fail(err, RUNG_MEMORY, "out of memory: the %s decoder for '%s'",
                     s->codec->name, s->path);
}

/* ---- Not packed ---- */

static rung_status plain_open(rung__stream *s, rung_error *err)
{
    (void)s, (void)err;
    return RUNG_OK;
}

static rung_status plain_read(rung__stream *s, unsigned char *bytes, size_t size,
                              size_t *got, rung_error *err)
{
    RUNG_TRY(fill(s, err));
    *got = size < s->left ? size : s->left;
    memcpy(bytes, s->next, *got);
    take(s, *got);
    return RUNG_OK;
}

static void plain_close(rung__stream *s)
{
    (void)s;
}

/* ---- gzip (RFC 1952) ---- */

static void *gzip_alloc(void *self, unsigned count, unsigned size)
{
    (void)self;
    return rung__alloc_array(count, size);
}

static void gzip_free(void *self, void *block)
{
    (void)self;
    rung__free(block);
}

static rung_status gzip_open(rung__stream *s, rung_error *err)
{
    s->decoder.gzip = (z_stream){.zalloc = gzip_alloc, .zfree = gzip_free};
    // 16 more than the window's bits: a gzip header and trailer, not zlib's.
    if (inflateInit2(&s->decoder.gzip, MAX_WBITS + 16) == Z_OK) return RUNG_OK;
    return fail_decoder(s, err);
}

/* Between members: zeros that pad tapes are skipped, another member begins. */
static rung_status gzip_next_member(rung__stream *s, bool *any, rung_error *err)
{
    for (;;) {
        RUNG_TRY(fill(s, err));
        *any = s->left > 0;
        if (!*any) return RUNG_OK;
        if (*s->next != 0) break;
        take(s, 1);
    }
    inflateReset(&s->decoder.gzip);
    s->in_member = true;
    return RUNG_OK;
}

static rung_status gzip_read(rung__stream *s, unsigned char *bytes, size_t size,
                             size_t *got, rung_error *err)
{
    z_stream *z = &s->decoder.gzip;
    z->next_out = bytes;
    z->avail_out = size < UINT32_MAX ? (unsigned)size : UINT32_MAX;
    const unsigned wanted = z->avail_out;
    while (z->avail_out == wanted) {
        if (!s->in_member) {
            bool any;
            RUNG_TRY(gzip_next_member(s, &any, err));
            if (!any) break;
        }
        RUNG_TRY(fill(s, err));
        const bool no_input = s->left == 0; // the decoder may still hold some output
        z->next_in = s->next;
        z->avail_in = (unsigned)s->left;
        const int status = inflate(z, Z_NO_FLUSH);
        take(s, s->left - z->avail_in);
        if (status == Z_MEM_ERROR) return fail_decoder(s, err);
        if (status == Z_STREAM_END)
            s->in_member = false;
        else if (status != Z_OK && status != Z_BUF_ERROR)
            return fail_damaged(s, z->msg ? z->msg : "unknown contents", err);
        else if (no_input && z->avail_out == wanted)
            return fail_short(s, err);
    }
    *got = wanted - z->avail_out;
    return RUNG_OK;
}

static void gzip_close(rung__stream *s)
{
    inflateEnd(&s->decoder.gzip);
}

/* ---- zstd (RFC 8878) ---- */

static rung_status zstd_open(rung__stream *s, rung_error *err)
{
    s->decoder.zstd = ZSTD_createDCtx();
    return s->decoder.zstd ? RUNG_OK : fail_decoder(s, err);
}

static rung_status zstd_read(rung__stream *s, unsigned char *bytes, size_t size,
                             size_t *got, rung_error *err)
{
    ZSTD_outBuffer out = {bytes, size, 0};
    while (out.pos == 0) {
        RUNG_TRY(fill(s, err));
        const bool no_input = s->left == 0; // the decoder may still hold some output
        if (no_input && !s->in_member) break;
        ZSTD_inBuffer in = {s->next, s->left, 0};
        const size_t status = ZSTD_decompressStream(s->decoder.zstd, &out, &in);
        take(s, in.pos);
        if (ZSTD_isError(status)) return fail_damaged(s, ZSTD_getErrorName(status), err);
        s->in_member = status != 0; // 0: a frame is complete
        if (no_input && s->in_member && out.pos == 0) return fail_short(s, err);
    }
    *got = out.pos;
    return RUNG_OK;
}

static void zstd_close(rung__stream *s)
{
    ZSTD_freeDCtx(s->decoder.zstd);
}

/* ---- xz ---- */

static void *xz_alloc(void *self, size_t count, size_t size)
{
    (void)self;
    return rung__alloc_array(count, size);
}

static void xz_free(void *self, void *block)
{
    (void)self;
    rung__free(block);
}

static const lzma_allocator xz_heap = {.alloc = xz_alloc, .free = xz_free};

static rung_status xz_open(rung__stream *s, rung_error *err)
{
    s->decoder.xz = (lzma_stream)LZMA_STREAM_INIT;
    s->decoder.xz.allocator = &xz_heap;
    const lzma_ret status =
        lzma_stream_decoder(&s->decoder.xz, XZ_MEMORY, LZMA_CONCATENATED);
    s->in_member = true; // until the decoder has seen the last stream's end
    return status == LZMA_OK ? RUNG_OK : fail_decoder(s, err);
}

static const char *xz_reason(lzma_ret status)
{
    switch (status) {
    case LZMA_MEMLIMIT_ERROR:
        return "its dictionary needs more than 1 GB";
    case LZMA_OPTIONS_ERROR:
        return "unsupported options";
    case LZMA_FORMAT_ERROR:
        return "not an xz stream";
    default:
        return "damaged contents";
    }
}

static rung_status xz_read(rung__stream *s, unsigned char *bytes, size_t size,
                           size_t *got, rung_error *err)
{
    lzma_stream *xz = &s->decoder.xz;
    xz->next_out = bytes;
    xz->avail_out = size;
    while (xz->avail_out == size && s->in_member) {
        RUNG_TRY(fill(s, err));
        xz->next_in = s->next;
        xz->avail_in = s->left;
        const lzma_ret status = lzma_code(xz, s->at_end ? LZMA_FINISH : LZMA_RUN);
        take(s, s->left - xz->avail_in);
        s->in_member = status != LZMA_STREAM_END;
        if (status == LZMA_MEM_ERROR) return fail_decoder(s, err);
        if (status == LZMA_BUF_ERROR && s->at_end) return fail_short(s, err);
        if (status != LZMA_OK && status != LZMA_BUF_ERROR && status != LZMA_STREAM_END)
            return fail_damaged(s, xz_reason(status), err);
    }
    *got = size - xz->avail_out;
    return RUNG_OK;
}

static void xz_close(rung__stream *s)
{
    lzma_end(&s->decoder.xz);
}

/* The first whose magic bytes fit. A skippable frame of zstd may come first in a file;
 * its number's lowest four bits are free, of which 0 is used in practice. */
static const codec codecs[] = {
    {"gzip", {0x1F, 0x8B}, 2, gzip_open, gzip_read, gzip_close},
    {"zstd", {0x28, 0xB5, 0x2F, 0xFD}, 4, zstd_open, zstd_read, zstd_close},
    {"zstd", {0x50, 0x2A, 0x4D, 0x18}, 4, zstd_open, zstd_read, zstd_close},
    {"xz", {0xFD, '7', 'z', 'X'}, 4, xz_open, xz_read, xz_close},
    {"plain", {0}, 0, plain_open, plain_read, plain_close},
};

static const codec *codec_of(const unsigned char *bytes, size_t size)
{
    const codec *c = codecs;
    while ((size_t)c->magic_size > size || memcmp(c->magic, bytes, (size_t)c->magic_size))
        c++;
    return c;
}

/* Reads until the longest magic is in the input: pipes may give it byte by byte. */
static rung_status fill_magic(rung__stream *s, rung_error *err)
{
    RUNG_TRY(fill(s, err));
    while (s->left < MAGIC_BYTES && !s->at_end) {
        const ssize_t n = read(s->fd, s->input + s->left, sizeof s->input - s->left);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break; // an error comes again at the next read
        s->left += (size_t)n;
        s->taken += n;
    }
    return RUNG_OK;
}

static rung_status open_fd(rung__stream *s, const char *path, rung_error *err)
{
    s->path = rung__strdup(path);
    if (!s->path) return rung__out_of_memory(err, strlen(path) + 1, "a path");
    if (strcmp(path, "-") == 0) {
        s->fd = STDIN_FILENO;
        return RUNG_OK;
    }
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd >= 0) return RUNG_OK;
    char reason[128];
    return rung_fail(err, RUNG_INPUT, "cannot read '%s': %s", path,
                     strerror_r(errno, reason, sizeof reason));
}

static rung_status start(rung__stream *s, const char *path, rung_error *err)
{
    RUNG_TRY(open_fd(s, path, err));
    RUNG_TRY(fill_magic(s, err));
    s->codec = codec_of(s->next, s->left);
    const rung_status status = s->codec->open(s, err);
    if (status != RUNG_OK) s->codec = NULL; // nothing to close
    return status;
}

rung_status rung__stream_open(rung__stream **out, const char *path, rung_error *err)
{
    rung__stream *s = rung__alloc(sizeof *s);
    if (!s) return rung__out_of_memory(err, sizeof *s, path);
    s->fd = -1;
    const rung_status status = start(s, path, err);
    if (status != RUNG_OK) {
        rung__stream_close(s);
        return status;
    }
    *out = s;
    return RUNG_OK;
}

rung_status rung__stream_read(rung__stream *s, void *bytes, size_t size, size_t *got,
                              rung_error *err)
{
    assert(size > 0);
    return s->codec->read(s, bytes, size, got, err);
}

void rung__stream_close(rung__stream *s)
{
    if (!s) return;
    if (s->codec) s->codec->close(s);
    if (s->fd > STDIN_FILENO) close(s->fd);
    rung__free(s->path);
    rung__free(s);
}

rung_status rung__stream_sha256(char hex[65], const char *path, rung_error *err)
{
    enum { PIECE = 1 << 18 };
    rung__stream *s;
    rung_sha256 hash;
    RUNG_TRY(rung__stream_open(&s, path, err));
    size_t got = 1;
    char *piece = rung__alloc(PIECE);
    rung_status status = piece ? RUNG_OK : rung__out_of_memory(err, PIECE, path);
    rung_sha256_init(&hash);
    while (status == RUNG_OK && got > 0) {
        status = rung__stream_read(s, piece, PIECE, &got, err);
        if (status == RUNG_OK) rung_sha256_add(&hash, piece, got);
    }
    if (status == RUNG_OK) rung_sha256_hex(&hash, hex);
    rung__free(piece);
    rung__stream_close(s);
    return status;
}
