/* Raw text from files, folders, pipes and memory; what is refused, and how it is said. */
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "packed.h"
#include "rung/text.h"

static rung_error err;

/* Asserts that reading `path` fails with `reason`, in which %s is the path. */
static void assert_refused(const char *path, const char *reason)
{
    char wanted[600];
    snprintf(wanted, sizeof wanted, reason, path);
    rung_text text = {0};
    assert_fails(rung_text_read(&text, path, 0, &err), RUNG_INPUT, wanted);
    assert_null(text.bytes);
}

static void assert_text(const char *path, size_t max_bytes, const char *wanted)
{
    rung_text text;
    assert_ok(rung_text_read(&text, path, max_bytes, &err));
    assert_string_equal(text.bytes, wanted);
    assert_int_equal(text.size, strlen(wanted));
    assert_string_equal(text.name, path);
    rung_text_release(&text);
}

static void a_file_is_read_with_its_hash(void **state)
{
    const char *path = path_in(*state, "a.txt");
    write_text(path, "abc");
    rung_text text;
    assert_ok(rung_text_read(&text, path, 0, &err));
    assert_string_equal(text.bytes, "abc");
    assert_string_equal(
        text.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(text.n_invalid, 0);
    rung_text_release(&text);
    write_text(path, "naïve na\xEFve \xC3");
    assert_ok(rung_text_read(&text, path, 0, &err));
    assert_int_equal(text.n_invalid, 2);
    rung_text_release(&text);
}

static void memory_may_hold_anything(void **state)
{
    (void)state;
    rung_text text;
    assert_ok(rung_text_from(&text, "bytes", "\0\xFF", 2, &err));
    assert_int_equal(text.size, 2);
    assert_int_equal(text.n_invalid, 1);
    assert_string_equal(text.name, "bytes");
    rung_text_release(&text);
    assert_ok(rung_text_from(&text, "nothing", NULL, 0, &err));
    assert_int_equal(text.size, 0);
    assert_string_equal(text.bytes, "");
    rung_text_release(&text);
}

static void a_limit_keeps_whole_characters(void **state)
{
    const char *path = path_in(*state, "a.txt");
    write_text(path, "abёcd");
    assert_text(path, 2, "ab");
    assert_text(path, 3, "ab");
    assert_text(path, 4, "abё");
    assert_text(path, 6, "abёcd");
    assert_text(path, 1000, "abёcd");
}

static void what_is_no_text_is_refused(void **state)
{
    const void *dir = *state;
    assert_refused(path_in(dir, "absent.txt"),
                   "cannot read '%s': No such file or directory");
    write_text(path_in(dir, "empty.txt"), "");
    assert_refused(path_in(dir, "empty.txt"), "'%s' is empty");
    write_bytes(path_in(dir, "nul"), "abc\0def", 7);
    assert_refused(path_in(dir, "nul"), "'%s' is not text: byte 3 is NUL");
    write_bytes(path_in(dir, "zip"), "PK\003\004\024\0\0\0", 8);
    assert_refused(path_in(dir, "zip"), "'%s' is not text but a zip archive or office "
                                        "document: unpack it or save it as text");
    write_bytes(path_in(dir, "utf16"), "\xFF\xFEh\0i\0", 6);
    assert_refused(path_in(dir, "utf16"),
                   "'%s' is not text but UTF-16: convert it to UTF-8 first");
    write_text(path_in(dir, "cp1251"), "\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0!");
    assert_refused(path_in(dir, "cp1251"),
                   "'%s' is not text: of 12 bytes 9 are not UTF-8 and 0 are control "
                   "characters; if it is in another encoding, convert it to UTF-8");
    write_text(path_in(dir, "odd"), "\001\002\003\004abcdefgh"); // a third
    assert_refused(path_in(dir, "odd"),
                   "'%s' is not text: of 12 bytes 0 are not UTF-8 and 4 are control "
                   "characters; if it is in another encoding, convert it to UTF-8");
    write_text(path_in(dir, "less-odd"), "\001\002\003\004abcdefghij");
    assert_text(path_in(dir, "less-odd"), 0, "\001\002\003\004abcdefghij");
    char tar[512] = "story.txt";
    memcpy(tar + 257, "ustar", 5);
    write_bytes(path_in(dir, "tar"), tar, sizeof tar);
    assert_refused(path_in(dir, "tar"),
                   "'%s' is not text but a tar archive: unpack it and name the folder");
}

static void a_folder_is_its_text_files_in_bytewise_order(void **state)
{
    const void *dir = *state;
    assert_ok(rung_make_dirs(path_in(dir, "b/deep"), &err));
    assert_ok(rung_make_dirs(path_in(dir, ".git"), &err));
    write_text(path_in(dir, "b.txt"), "2 b.txt\n"); // '.' sorts before '/'
    write_text(path_in(dir, "b/deep/x"), "3 b/deep/x");
    write_text(path_in(dir, "b/z"), "4 b/z");
    write_text(path_in(dir, "a"), "1 a");
    write_text(path_in(dir, "ё"), "5 ё\n");
    write_text(path_in(dir, ".git/config"), "hidden");
    write_text(path_in(dir, "b/empty"), "");
    write_bytes(path_in(dir, "b/picture"), "\x89PNG\0\0", 6);
    assert_int_equal(symlink("..", path_in(dir, "b/loop")), 0);
    assert_text(dir, 0, "1 a\n2 b.txt\n3 b/deep/x\n4 b/z\n5 ё\n");
    assert_text(dir, 6, "1 a\n2 ");
    assert_text(dir, 3, "1 a");
}

static void a_folder_without_text_is_refused(void **state)
{
    const void *dir = *state;
    assert_refused(dir, "folder '%s' has no text among its 0 files");
    write_bytes(path_in(dir, "x"), "\0\0", 2);
    err = (rung_error){0};
    rung_text text = {0};
    assert_int_equal(rung_text_read(&text, dir, 0, &err), RUNG_INPUT);
    assert_contains(err.message, "has no text among its 1 files: '");
    assert_contains(err.message, "/x' is not text: byte 0 is NUL");
}

/* ---- Packed files ---- */

enum { STORY_BYTES = 300000, PACKED_BYTES = 700000 };

/* Text that packs a little, longer than any buffer on the way. */
static char *long_story(void)
{
    char *story = rung__alloc(STORY_BYTES + 1);
    assert_non_null(story);
    uint32_t x = 1;
    for (size_t i = 0; i < STORY_BYTES; i++) {
        x = x * 1664525 + 1013904223;
        story[i] = i % 60 == 59 ? '\n' : (char)('a' + (x >> 24) % 26);
    }
    return story;
}

static void packed_files_are_told_by_their_content(void **state)
{
    const char *path = path_in(*state, "story");
    char *story = long_story();
    unsigned char *packed = rung__alloc(PACKED_BYTES);
    for (size_t k = 0; k < N_PACKERS; k++) {
        write_bytes(path, packed,
                    packers[k].pack(packed, PACKED_BYTES, story, STORY_BYTES));
        assert_text(path, 0, story);
        const char kept = story[100000];
        story[100000] = '\0';
        assert_text(path, 100000, story);
        story[100000] = kept;
    }
    rung__free(packed);
    rung__free(story);
}

static void several_members_are_one_text(void **state)
{
    const char *path = path_in(*state, "parts");
    for (size_t k = 0; k < N_PACKERS; k++) {
        unsigned char packed[1000];
        size_t n = 0;
        n += packers[k].pack(packed + n, sizeof packed - n, "one ", 4);
        n += packers[k].pack(packed + n, sizeof packed - n, "", 0);
        n += packers[k].pack(packed + n, sizeof packed - n, "two ", 4);
        n += packers[k].pack(packed + n, sizeof packed - n, "three", 5);
        write_bytes(path, packed, n);
        assert_text(path, 0, "one two three");
    }
}

static void zeros_after_gzip_are_padding(void **state)
{
    const char *path = path_in(*state, "padded.gz");
    unsigned char packed[600] = {0};
    pack_gzip(packed, sizeof packed, "text", 4);
    write_bytes(path, packed, sizeof packed);
    assert_text(path, 0, "text");
}

static void a_zstd_file_may_begin_with_a_skippable_frame(void **state)
{
    const char *path = path_in(*state, "skippable");
    unsigned char packed[100] = {0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 'x', 'y', 'z'};
    const size_t n = 11 + pack_zstd(packed + 11, sizeof packed - 11, "text", 4);
    write_bytes(path, packed, n);
    assert_text(path, 0, "text");
}

/* Cut off after any number of bytes, a packed file is an error that names it; what is too
 * short to show how it is packed is refused as no text. */
static void a_packed_file_cut_off_anywhere_fails(void **state)
{
    const char *path = path_in(*state, "cut");
    for (size_t k = 0; k < N_PACKERS; k++) {
        unsigned char packed[1000];
        const size_t n = packers[k].pack(packed, sizeof packed, "a small story", 13);
        for (size_t size = 4; size < n; size++) {
            write_bytes(path, packed, size);
            char wanted[600];
            snprintf(wanted, sizeof wanted,
                     "'%s' ends too early: its %s data is cut off after %zu bytes", path,
                     packers[k].name, size);
            rung_text text = {0};
            assert_fails(rung_text_read(&text, path, 0, &err), RUNG_INPUT, wanted);
        }
    }
}

/* With any one byte changed a packed file gives an error or, where the byte does not
 * matter (a time, a flag), the text; never something else. */
static void damage_is_found(void **state)
{
    const char *path = path_in(*state, "damaged");
    for (size_t k = 0; k < N_PACKERS; k++) {
        unsigned char packed[1000];
        const size_t n = packers[k].pack(packed, sizeof packed, "a small story", 13);
        const size_t checked = packers[k].pack == pack_zstd ? 5 : n; // it has no checksum
        for (size_t i = 4; i < checked; i++) {
            packed[i] ^= 0x55;
            write_bytes(path, packed, n);
            packed[i] ^= 0x55;
            rung_text text = {0};
            if (rung_text_read(&text, path, 0, &err) == RUNG_OK) {
                assert_string_equal(text.bytes, "a small story");
                rung_text_release(&text);
            } else {
                assert_contains(err.message, path);
            }
        }
    }
}

static void a_damaged_file_in_a_folder_is_an_error(void **state)
{
    const void *dir = *state;
    unsigned char packed[100];
    const size_t n = pack_gzip(packed, sizeof packed, "text", 4);
    write_bytes(path_in(dir, "a.gz"), packed, n - 3);
    write_text(path_in(dir, "b"), "fine");
    rung_text text = {0};
    assert_int_equal(rung_text_read(&text, dir, 0, &err), RUNG_INPUT);
    assert_contains(err.message, "a.gz' ends too early");
}

/* ---- Standard input ---- */

/* Runs with `bytes` at standard input, through a pipe that gives them one by one. */
static void assert_from_pipe(const void *bytes, size_t size, const char *wanted)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const int kept = dup(STDIN_FILENO);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        for (size_t i = 0; i < size; i++) {
            if (write(ends[1], (const char *)bytes + i, 1) != 1) _exit(1);
            if (i < 8) usleep(300); // apart, so that reads are short
        }
        _exit(0);
    }
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    assert_text("-", 0, wanted);
    dup2(kept, STDIN_FILENO);
    close(kept);
}

static void standard_input_is_read_packed_or_not(void **state)
{
    (void)state;
    assert_from_pipe("x", 1, "x");
    assert_from_pipe("some text\n", 10, "some text\n");
    for (size_t k = 0; k < N_PACKERS; k++) {
        unsigned char packed[200];
        const size_t n = packers[k].pack(packed, sizeof packed, "some text\n", 10);
        assert_from_pipe(packed, n, "some text\n");
    }
}

static rung_status read_folder(void *dir, rung_error *error)
{
    rung_text text = {0};
    const rung_status status = rung_text_read(&text, dir, 0, error);
    rung_text_release(&text);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    unsigned char packed[200];
    for (size_t k = 0; k < N_PACKERS; k++) {
        const size_t n = packers[k].pack(packed, sizeof packed, "text", 4);
        write_bytes(path_in(*state, packers[k].name), packed, n);
    }
    assert_true(assert_survives_failed_allocations(read_folder, *state) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(a_file_is_read_with_its_hash),
        cmocka_unit_test(memory_may_hold_anything),
        test_in_folder(a_limit_keeps_whole_characters),
        test_in_folder(what_is_no_text_is_refused),
        test_in_folder(a_folder_is_its_text_files_in_bytewise_order),
        test_in_folder(a_folder_without_text_is_refused),
        test_in_folder(packed_files_are_told_by_their_content),
        test_in_folder(several_members_are_one_text),
        test_in_folder(zeros_after_gzip_are_padding),
        test_in_folder(a_zstd_file_may_begin_with_a_skippable_frame),
        test_in_folder(a_packed_file_cut_off_anywhere_fails),
        test_in_folder(damage_is_found),
        test_in_folder(a_damaged_file_in_a_folder_is_an_error),
        cmocka_unit_test(standard_input_is_read_packed_or_not),
        test_in_folder(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
