#include "support.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/pool.h"
#include "base/scratch.h"

static rung_error err;

static size_t count_names(const char *folder)
{
    rung_names names;
    assert_ok(rung_list_dir(folder, &names, &err));
    const size_t n = names.count;
    rung_names_release(&names);
    return n;
}

static void what_was_appended_is_read(void **state)
{
    rung_scratch s;
    int64_t first, second;
    char text[6] = "";
    assert_ok(rung_scratch_init(&s, *state, &err));
    assert_int_equal(s.size, 0);
    assert_ok(rung_scratch_append(&s, "hello", 5, &first, &err));
    assert_ok(rung_scratch_append(&s, "world", 5, &second, &err));
    assert_ok(rung_scratch_read(&s, second, text, 5, &err));
    assert_string_equal(text, "world");
    assert_ok(rung_scratch_read(&s, first, text, 5, &err));
    assert_string_equal(text, "hello");
    assert_fails_saying(rung_scratch_read(&s, second + 1, text, 5, &err), RUNG_IO,
                        "cannot read a scratch file of 10 B in");
    assert_int_equal(count_names(*state), 0); // it has no name
    rung_scratch_release(&s);
    rung_scratch_release(&s);
}

typedef struct writers {
    rung_scratch file;
    int64_t at[64];
} writers;

static void write_one(void *ctx, int64_t task, int worker)
{
    (void)worker;
    writers *w = ctx;
    int64_t block[100];
    rung_error error;
    for (int i = 0; i < 100; i++) block[i] = task;
    assert_int_equal(
        rung_scratch_append(&w->file, block, sizeof block, &w->at[task], &error),
        RUNG_OK);
}

static void threads_write_beside_each_other(void **state)
{
    writers w;
    rung_pool *pool;
    assert_ok(rung_scratch_init(&w.file, *state, &err));
    assert_ok(rung_pool_new(&pool, 3, &err));
    rung_pool_run(pool, 64, write_one, &w);
    for (int64_t task = 0; task < 64; task++) {
        int64_t block[100];
        assert_ok(rung_scratch_read(&w.file, w.at[task], block, sizeof block, &err));
        for (int i = 0; i < 100; i++) assert_int_equal(block[i], task);
    }
    rung_pool_free(pool);
    rung_scratch_release(&w.file);
}

static void a_full_disk_is_a_message(void **state)
{
    static const char block[8192];
    struct rlimit old, small;
    rung_scratch s;
    int64_t at;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){4096, old.rlim_max};
    assert_ok(rung_scratch_init(&s, *state, &err));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const rung_status status = rung_scratch_append(&s, block, sizeof block, &at, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, RUNG_IO);
    assert_contains(err.message, "cannot write to a scratch file of 8.0 KB in");
    rung_scratch_release(&s);
}

static void a_missing_folder_is_a_message(void **state)
{
    rung_scratch s;
    int64_t at;
    assert_ok(rung_scratch_init(&s, path_in(*state, "none"), &err));
    assert_fails_saying(rung_scratch_append(&s, "x", 1, &at, &err), RUNG_IO,
                        "No such file or directory");
    rung_scratch_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(what_was_appended_is_read),
        test_in_folder(threads_write_beside_each_other),
        test_in_folder(a_full_disk_is_a_message),
        test_in_folder(a_missing_folder_is_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
