/* What test programs share: cmocka with its prelude, checks of a status with its message,
 * a folder for files, and a walk over every allocation that can fail. Include it
 * first. */
#ifndef RUNG_TESTS_SUPPORT_H
#define RUNG_TESTS_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/files.h"
#include "rung/status.h"

/* The call succeeds; shows its message if not. `call` fills `err`, a rung_error in scope:
 *     assert_ok(rung_file_read(path, &data, &size, &err)); */
#define assert_ok(call)                                                                  \
    do {                                                                                 \
        if ((call) != RUNG_OK) fail_msg("%s: %s", #call, err.message);                   \
    } while (0)

/* The call fails with this code and exactly this message, which it put into `err`. */
#define assert_fails(call, wanted_code, wanted_message)                                  \
    do {                                                                                 \
        err = (rung_error){0};                                                           \
        assert_int_equal((call), (wanted_code));                                         \
        assert_int_equal(err.code, (wanted_code));                                       \
        assert_string_equal(err.message, (wanted_message));                              \
    } while (0)

/* The same, with a message that contains `part`. */
#define assert_fails_saying(call, wanted_code, part)                                     \
    do {                                                                                 \
        err = (rung_error){0};                                                           \
        assert_int_equal((call), (wanted_code));                                         \
        assert_int_equal(err.code, (wanted_code));                                       \
        assert_contains(err.message, (part));                                            \
    } while (0)

/* |x - wanted| <= tolerance, in double: cmocka's own compares as float. */
#define assert_near(x, wanted, tolerance)                                                \
    do {                                                                                 \
        const double near_x_ = (x), near_wanted_ = (wanted);                             \
        if (!(fabs(near_x_ - near_wanted_) <= (tolerance)))                              \
            fail_msg("%s is %.17g, not %.17g", #x, near_x_, near_wanted_);               \
    } while (0)

/* `text` contains `part`. */
#define assert_contains(text, part)                                                      \
    do {                                                                                 \
        if (!strstr((text), (part))) fail_msg("no '%s' in '%s'", (part), (text));        \
    } while (0)

/* Fixture: *state is the path of a new empty folder; teardown removes it. Use with
 *     cmocka_unit_test_setup_teardown(name, make_folder, remove_folder) */
static inline int make_folder(void **state)
{
    const bool has_shm =
        access("/dev/shm", W_OK) == 0; // memory: there fsync costs nothing
    char *path =
        rung__strdup(has_shm ? "/dev/shm/rung-test-XXXXXX" : "/tmp/rung-test-XXXXXX");
    *state = path;
    return path && mkdtemp(path) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    const rung_status status = rung_remove_tree(*state, NULL);
    rung__free(*state);
    return status;
}

#define test_in_folder(name)                                                             \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

/* "folder/name" in a buffer that the next-but-three call reuses. */
static inline const char *path_in(const void *folder, const char *name)
{
    static char buffers[4][512];
    static int next;
    char *out = buffers[next++ % 4];
    snprintf(out, sizeof buffers[0], "%s/%s", (const char *)folder, name);
    return out;
}

/* Plain writing, without sync or rename: thousands of broken files cost nothing. */
static inline void write_bytes(const char *path, const void *bytes, size_t n)
{
    remove(path); // some file systems sync a file that is cut to nothing and rewritten
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static inline void assert_same_files(const char *path_a, const char *path_b)
{
    rung_error err = {0};
    char *a, *b;
    size_t n_a, n_b;
    assert_ok(rung_file_read(path_a, &a, &n_a, &err));
    assert_ok(rung_file_read(path_b, &b, &n_b, &err));
    assert_int_equal(n_a, n_b);
    assert_memory_equal(a, b, n_a);
    rung__free(a);
    rung__free(b);
}

static inline void write_text(const char *path, const char *text)
{
    rung_error err = {0};
    assert_ok(rung_file_write(path, text, strlen(text), &err));
}

/* Runs `work` with the n-th allocation failing (and all later ones), for n = 1, 2, ...
 * until it succeeds. Each failure must be RUNG_MEMORY with a message, and leave no block
 * behind: `work` releases what it made. Returns how many allocations failed before. */
typedef rung_status (*test_work_fn)(void *ctx, rung_error *err);

static inline int64_t assert_survives_failed_allocations(test_work_fn work, void *ctx)
{
    for (int64_t n = 1;; n++) {
        const int64_t live = rung__alloc_stats().live;
        rung_error err = {0};
        rung__alloc_fail_at(n);
        const rung_status status = work(ctx, &err);
        rung__alloc_fail_at(0);
        if (rung__alloc_stats().live != live) {
            fail_msg("allocation %lld failed: %lld blocks leaked", (long long)n,
                     (long long)(rung__alloc_stats().live - live));
        }
        if (status == RUNG_OK) return n - 1;
        if (status != RUNG_MEMORY || err.message[0] == '\0') {
            fail_msg("allocation %lld failed: status %d, '%s'", (long long)n, status,
                     err.message);
        }
    }
}

#endif
