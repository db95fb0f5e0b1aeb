/* A file mapped for reading. */
#include "formats/mapped.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static rung_status map_descriptor(rung_mapped *map, int fd, rung_error *err)
{
    struct stat info;
    if (fstat(fd, &info)) return rung_fail(err, RUNG_IO, "%s", strerror(errno));
    if (S_ISDIR(info.st_mode))
        return rung_fail(err, RUNG_INPUT, "is a folder, not a file");
    if (!S_ISREG(info.st_mode)) {
        return rung_fail(err, RUNG_INPUT, "is not a regular file and cannot be mapped");
    }
    if ((uintmax_t)info.st_size > SIZE_MAX) {
        return rung_fail(err, RUNG_INPUT,
                         "%jd bytes are more than this machine can address",
                         (intmax_t)info.st_size);
    }
    *map = (rung_mapped){NULL, (size_t)info.st_size};
    if (map->size == 0) return RUNG_OK;
    void *bytes = mmap(NULL, map->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) {
        return rung_fail(err, RUNG_IO, "cannot map %zu bytes: %s", map->size,
                         strerror(errno));
    }
    map->bytes = bytes;
    return RUNG_OK;
}

rung_status rung__map_open(rung_mapped *map, const char *path, rung_error *err)
{
    *map = (rung_mapped){0};
    // O_NONBLOCK: a named pipe must fail like any other odd file, not wait for a writer.
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return rung_fail(err, RUNG_INPUT, "cannot open: %s", strerror(errno));
    const rung_status status = map_descriptor(map, fd, err);
    close(fd); // the mapping does not need it
    return status;
}

void rung__map_forget(const rung_mapped *map, const void *from, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t at = (size_t)((const unsigned char *)from - map->bytes);
    const size_t begin = (at + page - 1) / page * page, end = (at + size) / page * page;
    assert(at + size <= map->size);
    if (begin < end) madvise((void *)(map->bytes + begin), end - begin, MADV_DONTNEED);
}

void rung__map_close(rung_mapped *map)
{
    if (map->bytes) munmap((void *)map->bytes, map->size);
    *map = (rung_mapped){0};
}
