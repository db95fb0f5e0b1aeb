#include "support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void paths_are_joined_with_one_slash(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"/", "b", "/b"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = rung_path_join(cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
        rung__free(path);
    }
}

static void what_is_written_is_read_back(void **state)
{
    rung_error err;
    const char *path = path_in(*state, "data");
    char *bytes = rung__alloc(300000), *data = NULL;
    for (size_t i = 0; i < 300000; i++) bytes[i] = (char)(i * 31 >> 3);
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 300000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = 7;
        assert_ok(rung_file_write(path, bytes, sizes[i], &err));
        assert_int_equal(rung_file_size(path), sizes[i]);
        assert_ok(rung_file_read(path, &data, &size, &err));
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(data, bytes, size);
        assert_int_equal(data[size], 0);
        rung__free(data);
    }
    rung__free(bytes);
}

static void pipes_are_read_to_their_end(void **state)
{
    rung_error err;
    const char *path = path_in(*state, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    const pid_t child = fork();
    if (child == 0) {
        FILE *pipe = fopen(path, "w");
        for (int i = 0; pipe && i < 200000; i++) fputc('a' + i % 26, pipe);
        if (pipe) fclose(pipe);
        _exit(0);
    }
    char *data = NULL;
    size_t size = 0;
    assert_ok(rung_file_read(path, &data, &size, &err));
    assert_int_equal(size, 200000);
    assert_int_equal(data[27], 'b');
    rung__free(data);
    assert_int_equal(rung_file_size(path), -1);
}

static void unreadable_paths_are_named_with_the_reason(void **state)
{
    rung_error err;
    char message[600];
    char *data = NULL;
    size_t size = 0;
    const char *missing = path_in(*state, "missing");
    snprintf(message, sizeof message, "cannot read '%s': No such file or directory",
             missing);
    assert_fails(rung_file_read(missing, &data, &size, &err), RUNG_INPUT, message);
    snprintf(message, sizeof message, "cannot read '%s': Is a directory", (char *)*state);
    assert_fails(rung_file_read(*state, &data, &size, &err), RUNG_INPUT, message);
    assert_null(data);
    assert_int_equal(rung_file_size(missing), -1);
    assert_int_equal(rung_file_size(*state), -1);
}

static size_t count_entries(const char *folder)
{
    rung_error err;
    rung_names names = {0};
    assert_ok(rung_list_dir(folder, &names, &err));
    const size_t n = names.count;
    rung_names_release(&names);
    return n;
}

static void a_file_appears_complete_or_not_at_all(void **state)
{
    rung_error err;
    rung_writer w;
    const char *path = path_in(*state, "model");
    write_text(path, "old");
    assert_ok(rung_writer_open(&w, path, &err));
    rung_writer_write(&w, "new ", 4);
    char *data = NULL;
    size_t size = 0;
    assert_ok(rung_file_read(path, &data, &size, &err));
    assert_string_equal(data, "old"); // until the commit
    rung__free(data);
    rung_writer_write(&w, "text", 4);
    assert_ok(rung_writer_commit(&w, &err));
    rung_writer_abandon(&w); // does nothing any more
    assert_ok(rung_file_read(path, &data, &size, &err));
    assert_string_equal(data, "new text");
    rung__free(data);
    assert_int_equal(count_entries(*state), 1);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    const mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(st.st_mode & 0777, 0666 & ~mask);
}

static void an_abandoned_file_leaves_nothing(void **state)
{
    rung_error err;
    rung_writer w;
    const char *path = path_in(*state, "model");
    write_text(path_in(*state, "model.tmp"), "of a killed process");
    assert_ok(rung_writer_open(&w, path, &err));
    rung_writer_write(&w, "half", 4);
    rung_writer_abandon(&w);
    assert_int_equal(count_entries(*state), 0);
}

/* RLIMIT_FSIZE stands for a full disk: the system refuses to write on. */
static void a_full_disk_is_reported_and_leaves_nothing(void **state)
{
    rung_error err = {0};
    const char *path = path_in(*state, "model");
    char *bytes = rung__alloc(200000), message[600];
    snprintf(message, sizeof message, "cannot write '%s': File too large", path);
    void (*old_handler)(int) = signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 100000;
    static const size_t sizes[] = {100001, 103000, 200000}; // fails in write or in flush
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        setrlimit(RLIMIT_FSIZE, &small);
        rung_writer w;
        rung_status status = rung_writer_open(&w, path, &err);
        if (status == RUNG_OK) {
            rung_writer_write(&w, bytes, sizes[i] - 1);
            rung_writer_write(&w, bytes, 1);
            status = rung_writer_commit(&w, &err);
        }
        setrlimit(RLIMIT_FSIZE, &old);
        assert_int_equal(status, RUNG_IO);
        assert_string_equal(err.message, message);
        assert_int_equal(count_entries(*state), 0);
    }
    signal(SIGXFSZ, old_handler);
    rung__free(bytes);
}

/* /dev/full takes nothing: ENOSPC, as a real full disk says it. */
static void no_space_is_said_in_the_systems_words(void **state)
{
    rung_error err;
    rung_writer w;
    const char *path = path_in(*state, "model");
    char message[600];
    snprintf(message, sizeof message, "cannot write '%s': No space left on device", path);
    assert_ok(rung_writer_open(&w, path, &err));
    FILE *full = fopen("/dev/full", "wb");
    assert_non_null(full);
    fclose(w.file);
    w.file = full;
    rung_writer_write(&w, "text", 4);
    assert_fails(rung_writer_commit(&w, &err), RUNG_IO, message);
    assert_int_equal(count_entries(*state), 0);
}

static void unwritable_paths_are_named_with_the_reason(void **state)
{
    rung_error err;
    char message[600], path[300];
    snprintf(path, sizeof path, "%s/missing/file", (char *)*state);
    snprintf(message, sizeof message, "cannot write '%s': No such file or directory",
             path);
    assert_fails(rung_file_write(path, "x", 1, &err), RUNG_IO, message);
    assert_ok(rung_make_dirs(path, &err)); // a folder of the file's name
    assert_int_equal(rung_file_write(path, "x", 1, &err), RUNG_IO);
    assert_contains(err.message, "file': Is a directory");
    snprintf(path, sizeof path, "%s/missing", (char *)*state);
    assert_int_equal(count_entries(path), 1); // the folder, no temporary file
}

static void folders_are_made_with_their_parents(void **state)
{
    rung_error err;
    char message[600];
    const char *deep = path_in(*state, "a/b//c/");
    assert_ok(rung_make_dirs(deep, &err));
    assert_ok(rung_make_dirs(deep, &err)); // there already
    assert_true(rung_path_is_dir(path_in(*state, "a/b/c")));
    assert_ok(rung_sync_dir(deep, &err));
    write_text(path_in(*state, "file"), "x");
    const char *below = path_in(*state, "file/d");
    snprintf(message, sizeof message, "cannot make folder '%s/file': Not a directory",
             (char *)*state);
    assert_fails(rung_make_dirs(below, &err), RUNG_IO, message);
    assert_true(rung_path_exists(path_in(*state, "file")));
    assert_false(rung_path_is_dir(path_in(*state, "file")));
    assert_false(rung_path_exists(path_in(*state, "none")));
}

static void a_missing_folder_cannot_be_synced_or_listed(void **state)
{
    rung_error err;
    char message[600];
    const char *path = path_in(*state, "none");
    rung_names names = {0};
    snprintf(message, sizeof message,
             "cannot open folder '%s': No such file or directory", path);
    assert_fails(rung_sync_dir(path, &err), RUNG_IO, message);
    snprintf(message, sizeof message, "cannot read '%s': No such file or directory",
             path);
    assert_fails(rung_list_dir(path, &names, &err), RUNG_INPUT, message);
    assert_null(names.names);
}

static void trees_are_removed_but_not_what_links_point_to(void **state)
{
    rung_error err;
    assert_ok(rung_make_dirs(path_in(*state, "tree/a/b"), &err));
    write_text(path_in(*state, "tree/a/file"), "x");
    assert_ok(rung_make_dirs(path_in(*state, "kept"), &err));
    write_text(path_in(*state, "kept/file"), "x");
    assert_int_equal(symlink("../kept", path_in(*state, "tree/link")), 0);
    assert_ok(rung_remove_tree(path_in(*state, "tree"), &err));
    assert_ok(rung_remove_tree(path_in(*state, "tree"), &err)); // fine if absent
    assert_false(rung_path_exists(path_in(*state, "tree")));
    assert_true(rung_path_exists(path_in(*state, "kept/file")));
}

static void names_of_a_folder_are_sorted(void **state)
{
    rung_error err;
    char name[20];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "%02d", i * 7 % 40);
        write_text(path_in(*state, name), "");
    }
    rung_names names;
    assert_ok(rung_list_dir(*state, &names, &err));
    assert_int_equal(names.count, 40);
    for (int i = 0; i < 40; i++) assert_int_equal(atoi(names.names[i]), i);
    rung_names_release(&names);
    assert_int_equal(names.count, 0);
    assert_null(names.names);
}

static rung_status use_everything(void *folder, rung_error *err)
{
    char path[300];
    snprintf(path, sizeof path, "%s/sub/file", (char *)folder);
    char *joined = rung_path_join(folder, "sub");
    if (!joined) return rung__out_of_memory(err, 1, "a path");
    rung_status status = rung_make_dirs(joined, err);
    if (status == RUNG_OK) status = rung_file_write(path, "text", 4, err);
    char *data = NULL;
    size_t size;
    if (status == RUNG_OK) status = rung_file_read(path, &data, &size, err);
    rung__free(data);
    rung_names names = {0};
    if (status == RUNG_OK) status = rung_list_dir(joined, &names, err);
    rung_names_release(&names);
    rung__free(joined);
    return status;
}

static void failed_allocations_are_reported(void **state)
{
    assert_int_equal(assert_survives_failed_allocations(use_everything, *state), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_joined_with_one_slash),
        test_in_folder(what_is_written_is_read_back),
        test_in_folder(pipes_are_read_to_their_end),
        test_in_folder(unreadable_paths_are_named_with_the_reason),
        test_in_folder(a_file_appears_complete_or_not_at_all),
        test_in_folder(an_abandoned_file_leaves_nothing),
        test_in_folder(a_full_disk_is_reported_and_leaves_nothing),
        test_in_folder(no_space_is_said_in_the_systems_words),
        test_in_folder(unwritable_paths_are_named_with_the_reason),
        test_in_folder(folders_are_made_with_their_parents),
        test_in_folder(a_missing_folder_cannot_be_synced_or_listed),
        test_in_folder(trees_are_removed_but_not_what_links_point_to),
        test_in_folder(names_of_a_folder_are_sorted),
        test_in_folder(failed_allocations_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
