/* What fuzz targets share. Each target feeds one parser of outside bytes; it must refuse
 * them with a message or read them whole. libFuzzer, with the address and
 * undefined-behaviour sanitizers, sees what goes wrong. */
#ifndef RUNG_FUZZ_SUPPORT_H
#define RUNG_FUZZ_SUPPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* libFuzzer calls this for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The path of a file that holds the input: it lives in memory, and the next call replaces
 * it. */
static inline const char *fuzz_file(const uint8_t *bytes, size_t size)
{
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (ftruncate(fd, 0) || pwrite(fd, bytes, size, 0) != (ssize_t)size) abort();
    return path;
}

/* A property that must hold for whatever was accepted. */
#define FUZZ_CHECK(condition)                                                            \
    do {                                                                                 \
        if (!(condition)) abort();                                                       \
    } while (0)

#endif
