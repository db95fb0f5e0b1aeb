/* Scratch files over pwrite and pread: each writer reserves its place, then writes beside
 * the others. */
#include "base/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "rung/units.h"

rung_status rung_scratch_init(rung_scratch *s, const char *dir, rung_error *err)
{
    *s = (rung_scratch){.dir = rung__strdup(dir), .fd = -1};
    if (!s->dir) return rung__out_of_memory(err, strlen(dir), "a folder's name");
    pthread_mutex_init(&s->lock, NULL);
    return RUNG_OK;
}

void rung_scratch_release(rung_scratch *s)
{
    if (!s->dir) return;
    if (s->fd >= 0) close(s->fd);
    pthread_mutex_destroy(&s->lock);
    rung__free(s->dir);
    *s = (rung_scratch){.fd = -1};
}

/* `at`: how far the file goes, as others may be changing its size. */
static rung_status fail(const rung_scratch *s, const char *what, int64_t at, int error,
                        rung_error *err)
{
    char size[40], reason[128];
    return rung_fail(err, RUNG_IO, "cannot %s a scratch file of %s in '%s': %s", what,
                     rung_format_bytes(size, (double)at), s->dir,
                     strerror_r(error, reason, sizeof reason));
}

/* Under the lock. */
static rung_status open_file(rung_scratch *s, rung_error *err)
{
    if (s->fd >= 0) return RUNG_OK;
    char *path = rung_path_join(s->dir, "scratch-XXXXXX");
    if (!path) return rung__out_of_memory(err, strlen(s->dir), "a file's name");
    s->fd = mkostemp(path, O_CLOEXEC);
    const int error = errno;
    if (s->fd >= 0) unlink(path);
    rung__free(path);
    return s->fd >= 0 ? RUNG_OK : fail(s, "make", 0, error, err);
}

static rung_status reserve(rung_scratch *s, size_t n, int64_t *at, rung_error *err)
{
    pthread_mutex_lock(&s->lock);
    const rung_status status = open_file(s, err);
    *at = s->size;
    s->size += (int64_t)n;
    pthread_mutex_unlock(&s->lock);
    return status;
}

rung_status rung_scratch_append(rung_scratch *s, const void *bytes, size_t n, int64_t *at,
                                rung_error *err)
{
    RUNG_TRY(reserve(s, n, at, err));
    for (size_t done = 0; done < n;) {
        const ssize_t got = pwrite(s->fd, (const char *)bytes + done, n - done,
                                   (off_t)(*at + (int64_t)done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(s, "write to", *at + (int64_t)n, errno, err);
        done += (size_t)got;
    }
    return RUNG_OK;
}

rung_status rung_scratch_read(const rung_scratch *s, int64_t at, void *bytes, size_t n,
                              rung_error *err)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got =
            pread(s->fd, (char *)bytes + done, n - done, (off_t)(at + (int64_t)done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return fail(s, "read", at + (int64_t)done, got < 0 ? errno : EIO, err);
        done += (size_t)got;
    }
    return RUNG_OK;
}
