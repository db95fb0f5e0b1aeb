/* safetensors: files of the Python package, files of our own, and files that lie. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rung/formats.h"

#define GOLDEN "tests/golden/formats/"

static rung_error err;
static const char *folder; /* of this run, removed at its end */

static int enter_folder(void **state)
{
    const int failed = make_folder(state);
    folder = *state;
    return failed;
}

/* ---- Helpers ---- */

static rung_stored f32_tensor(const char *name, const float *data, int64_t rows,
                              int64_t cols)
{
    return (rung_stored){.name = name,
                         .type = RUNG_STORED_F32,
                         .rank = 2,
                         .shape = {rows, cols},
                         .data = data,
                         .bytes = (size_t)(rows * cols) * sizeof *data};
}

/* A file of `header` (with any length stated) and `n_data` zero bytes. */
static const char *write_raw(uint64_t length, const char *header, size_t n_data)
{
    const char *path = path_in(folder, "raw.safetensors");
    unsigned char bytes[4096] = {0};
    const size_t n = strlen(header);
    assert_true(8 + n + n_data <= sizeof bytes);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, n);
    write_bytes(path, bytes, 8 + n + n_data);
    return path;
}

static void assert_refused(const char *path, const char *reason)
{
    const int64_t live = rung__alloc_stats().live;
    rung_safetensors *file = (rung_safetensors *)&err;
    assert_fails_saying(rung_safetensors_open(&file, path, &err), RUNG_INPUT, reason);
    assert_null(file);
    assert_non_null(strstr(err.message, path)); // the message names the file
    assert_int_equal(rung__alloc_stats().live, live);
}

static void assert_header_refused(const char *header, size_t n_data, const char *reason)
{
    assert_refused(write_raw(strlen(header), header, n_data), reason);
}

static char *read_all(const char *path, size_t *n)
{
    char *bytes = NULL;
    assert_ok(rung_file_read(path, &bytes, n, &err));
    return bytes;
}

/* ---- Files of the Python package ---- */

static void python_file_of_every_type_reads(void **state)
{
    (void)state;
    rung_safetensors *file;
    assert_ok(rung_safetensors_open(&file, GOLDEN "mixed.safetensors", &err));
    assert_int_equal(rung_safetensors_count(file), RUNG_STORED_COUNT + 3);
    int seen = 0;
    for (size_t i = 0; i < rung_safetensors_count(file); i++) {
        const rung_stored *t = rung_safetensors_at(file, i);
        assert_ptr_equal(rung_safetensors_find(file, t->name), t);
        if (t->rank != 2 || t->shape[0] != 2) continue;
        float values[6];
        seen |= 1 << t->type;
        assert_ok(rung_stored_to_f32(t, values, 6, &err));
        const bool is_unsigned = t->name[0] == 'u' || t->type == RUNG_STORED_BOOL;
        for (int k = 0; k < 6; k++) {
            const float ramp = (float)(is_unsigned ? k : k - 2);
            assert_true(values[k] == (t->type == RUNG_STORED_BOOL ? ramp != 0 : ramp));
        }
    }
    assert_int_equal(seen, (1 << RUNG_STORED_COUNT) - 1);
    const rung_stored *scalar = rung_safetensors_find(file, "scalar");
    assert_int_equal(scalar->rank, 0);
    assert_true(*(const float *)scalar->data == 7.5f);
    assert_int_equal(rung_safetensors_find(file, "empty")->bytes, 0);
    assert_int_equal(rung_safetensors_find(file, "слово")->shape[0], 3);
    assert_null(rung_safetensors_find(file, "absent"));
    assert_null(rung_safetensors_at(file, RUNG_STORED_COUNT + 3));
    rung_safetensors_close(file);
}

static void metadata_reads_by_key_and_by_number(void **state)
{
    (void)state;
    rung_safetensors *file;
    const char *key, *value;
    assert_ok(rung_safetensors_open(&file, GOLDEN "mixed.safetensors", &err));
    assert_string_equal(rung_safetensors_metadata(file, "format"), "pt");
    assert_null(rung_safetensors_metadata(file, "absent"));
    assert_int_equal(rung_safetensors_metadata_count(file), 1);
    rung_safetensors_metadata_at(file, 0, &key, &value);
    assert_string_equal(key, "format");
    assert_string_equal(value, "pt");
    rung_safetensors_metadata_at(file, 1, &key, &value);
    assert_null(key);
    rung_safetensors_close(file);
    assert_ok(rung_safetensors_open(&file, GOLDEN "none.safetensors", &err));
    assert_int_equal(rung_safetensors_count(file), 0);
    assert_null(rung_safetensors_metadata(file, "format"));
    rung_safetensors_close(file);
}

/* What the package wrote, read and written by us, is the same file. */
static void python_file_is_rewritten_byte_for_byte(void **state)
{
    (void)state;
    const char *path = path_in(folder, "copy.safetensors");
    rung_safetensors *file;
    assert_ok(rung_safetensors_open(&file, GOLDEN "f32.safetensors", &err));
    rung_stored tensors[3]; // handed over backwards: the order is the writer's
    for (size_t i = 0; i < 3; i++) tensors[2 - i] = *rung_safetensors_at(file, i);
    assert_ok(rung_safetensors_write(path, tensors, 3, NULL, &err));
    rung_safetensors_close(file);
    assert_same_files(path, GOLDEN "f32.safetensors");
    assert_ok(rung_safetensors_write(path, NULL, 0, NULL, &err));
    assert_same_files(path, GOLDEN "none.safetensors");
}

/* ---- Files of our own ---- */

static void written_tensors_read_back_bit_for_bit(void **state)
{
    (void)state;
    const char *path = path_in(folder, "own.safetensors"),
               *again = path_in(folder, "again.safetensors");
    const uint32_t odd_floats[4] = {0x7fc00001, 0x80000000, 0x00000001, 0xff800000};
    const uint8_t small[3] = {1, 2, 3};
    const double wide = 0.1;
    const rung_stored tensors[] = {
        {.name = "bytes",
         .type = RUNG_STORED_U8,
         .rank = 1,
         .shape = {3},
         .data = small,
         .bytes = 3},
        f32_tensor("quote\" \\ \n слово", (const float *)odd_floats, 2, 2),
        {.name = "none", .type = RUNG_STORED_F16, .rank = 2, .shape = {4, 0}},
        {.name = "wide", .type = RUNG_STORED_F64, .data = &wide, .bytes = 8},
    };
    const char *const metadata[] = {"format", "pt",        "",  "empty key",
                                    "note",   "два\nline", NULL};
    assert_ok(rung_safetensors_write(path, tensors, 4, metadata, &err));
    assert_ok(rung_safetensors_write(again, tensors, 4, metadata, &err));
    assert_same_files(path, again);

    rung_safetensors *file;
    assert_ok(rung_safetensors_open(&file, path, &err));
    assert_int_equal(rung_safetensors_count(file), 4);
    for (int i = 0; i < 4; i++) {
        const rung_stored *want = &tensors[i],
                          *t = rung_safetensors_find(file, want->name);
        assert_non_null(t);
        assert_int_equal(t->type, want->type);
        assert_int_equal(t->rank, want->rank);
        assert_memory_equal(t->shape, want->shape, sizeof t->shape);
        assert_int_equal(t->bytes, want->bytes);
        if (t->bytes) assert_memory_equal(t->data, want->data, t->bytes);
        assert_int_equal((uintptr_t)t->data % rung_stored_type_bytes(t->type), 0);
    }
    assert_string_equal(rung_safetensors_metadata(file, "note"), "два\nline");
    assert_string_equal(rung_safetensors_metadata(file, ""), "empty key");
    assert_int_equal(rung_safetensors_metadata_count(file), 3);
    rung_safetensors_close(file);
}

/* Page faults of this process that reading all of the tensor brings. */
static long faults_of_reading(const rung_stored *t, const float *want)
{
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    assert_memory_equal(t->data, want, t->bytes);
    getrusage(RUSAGE_SELF, &after);
    return after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt;
}

static void forgotten_tensors_leave_memory_and_come_back(void **state)
{
    (void)state;
    enum { ROWS = 1024, COLUMNS = 1024 };
    const char *path = path_in(folder, "large.safetensors");
    float *data = rung__alloc_array((size_t)ROWS * COLUMNS, sizeof *data);
    assert_non_null(data);
    for (int i = 0; i < ROWS * COLUMNS; i++) data[i] = (float)i;
    const rung_stored tensors[] = {f32_tensor("large", data, ROWS, COLUMNS),
                                   f32_tensor("small", data, 1, 1)};
    assert_ok(rung_safetensors_write(path, tensors, 2, NULL, &err));
    rung_safetensors *file;
    assert_ok(rung_safetensors_open(&file, path, &err));
    const rung_stored *t = rung_safetensors_find(file, "large");
    faults_of_reading(t, data);
    const long resident = faults_of_reading(t, data);
    rung_safetensors_forget(file, t);
    rung_safetensors_forget(file, rung_safetensors_find(file, "small"));
    const long forgotten = faults_of_reading(t, data);
    assert_true(resident < 4);
    assert_true(forgotten >= 4);
    rung_safetensors_close(file);
    rung__free(data);
}

static void impossible_writes_are_refused_and_leave_nothing(void **state)
{
    (void)state;
    const char *path = path_in(folder, "refused.safetensors");
    const float data[6] = {0};
    rung_stored t[2] = {f32_tensor("a", data, 2, 3), f32_tensor("a", data, 3, 2)};
    const char *const half[] = {"key", NULL}, *const twice[] = {"k", "1", "k", "2", NULL};
    const char *const not_text[] = {"k", "\xff", NULL};
    assert_fails_saying(rung_safetensors_write(path, t, 2, NULL, &err), RUNG_USAGE,
                        "'a' is given twice");
    t[1].type = RUNG_STORED_U32; // also when they do not sort beside each other
    assert_fails_saying(rung_safetensors_write(path, t, 2, NULL, &err), RUNG_USAGE,
                        "given twice");
    assert_fails_saying(rung_safetensors_write(path, t, 1, half, &err), RUNG_USAGE,
                        "no value");
    assert_fails_saying(rung_safetensors_write(path, t, 1, twice, &err), RUNG_USAGE,
                        "given twice");
    assert_fails_saying(rung_safetensors_write(path, t, 1, not_text, &err), RUNG_USAGE,
                        "UTF-8");
    t[1].name = "__metadata__";
    assert_fails_saying(rung_safetensors_write(path, t, 2, NULL, &err), RUNG_USAGE,
                        "called");
    t[1].name = "\xc3(";
    assert_fails_saying(rung_safetensors_write(path, t, 2, NULL, &err), RUNG_USAGE,
                        "UTF-8");
    t[1] = f32_tensor("b", data, 2, 2), t[1].bytes = 24;
    assert_fails_saying(rung_safetensors_write(path, t, 2, NULL, &err), RUNG_SHAPE,
                        "'b'");
    assert_false(rung_path_exists(path));
    assert_fails_saying(
        rung_safetensors_write("/nowhere/x.safetensors", t, 1, NULL, &err), RUNG_IO,
        "/nowhere/x.safetensors");
}

static void full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    const char *path = path_in(folder, "full.safetensors");
    static float many[1 << 16];
    many[0] = 1.0f;
    rung_stored t = f32_tensor("old", many, 1, 1);
    assert_ok(rung_safetensors_write(path, &t, 1, NULL, &err));
    size_t n, n_after;
    char *before = read_all(path, &n);

    struct rlimit old_limit, limit;
    getrlimit(RLIMIT_FSIZE, &old_limit);
    limit = old_limit;
    signal(SIGXFSZ, SIG_IGN);
    t = f32_tensor("new", many, 1 << 8, 1 << 8);
    for (rlim_t bytes = 0; bytes < sizeof many; bytes = bytes * 2 + 50) {
        limit.rlim_cur = bytes;
        setrlimit(RLIMIT_FSIZE, &limit);
        const rung_status status = rung_safetensors_write(path, &t, 1, NULL, &err);
        setrlimit(RLIMIT_FSIZE, &old_limit);
        assert_int_equal(status, RUNG_IO);
        assert_non_null(strstr(err.message, strerror(EFBIG)));
    }
    signal(SIGXFSZ, SIG_DFL);
    char *after = read_all(path, &n_after);
    assert_int_equal(n, n_after);
    assert_memory_equal(before, after, n);
    rung__free(before);
    rung__free(after);
    rung_names names;
    assert_ok(rung_list_dir(folder, &names, &err));
    for (size_t i = 0; i < names.count; i++) {
        if (strstr(names.names[i], "full"))
            assert_string_equal(names.names[i], "full.safetensors");
    }
    rung_names_release(&names);
}

/* A process is killed again and again while it writes: the file is always a whole one. */
static void killed_writer_leaves_a_whole_file(void **state)
{
    (void)state;
    const char *path = path_in(folder, "killed.safetensors");
    static float many[1 << 16];
    const rung_stored t[2] = {f32_tensor("w", many, 1, 1),
                              f32_tensor("w", many, 256, 256)};
    assert_ok(rung_safetensors_write(path, &t[0], 1, NULL, &err));
    for (useconds_t i = 0; i < 30; i++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            for (int n = 0;; n++) rung_safetensors_write(path, &t[n % 2], 1, NULL, NULL);
        }
        usleep(i * 67);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        rung_safetensors *file;
        assert_ok(rung_safetensors_open(&file, path, &err));
        assert_int_equal(rung_safetensors_count(file), 1);
        rung_safetensors_close(file);
    }
}

static void failed_allocations_are_reported_and_leave_nothing(void **state)
{
    (void)state;
    const char *path = path_in(folder, "memory.safetensors");
    const float data[6] = {0};
    const rung_stored t[2] = {f32_tensor("a", data, 2, 3), f32_tensor("b", data, 3, 2)};
    const char *const metadata[] = {"k", "v", NULL};
    const int64_t live = rung__alloc_stats().live;
    rung_status status = RUNG_MEMORY;
    int n = 0;
    while (status != RUNG_OK) {
        rung__alloc_fail_at(++n);
        status = rung_safetensors_write(path, t, 2, metadata, &err);
        rung__alloc_fail_at(0);
        if (status != RUNG_OK) {
            assert_int_equal(status, RUNG_MEMORY);
            assert_false(rung_path_exists(path));
        }
        assert_int_equal(rung__alloc_stats().live, live);
    }
    assert_true(n > 20); // many places were reached
    rung_safetensors *file = NULL;
    for (n = 0, status = RUNG_MEMORY; status != RUNG_OK;) {
        rung__alloc_fail_at(++n);
        status = rung_safetensors_open(&file, path, &err);
        rung__alloc_fail_at(0);
        if (status == RUNG_OK) break;
        assert_int_equal(status, RUNG_MEMORY);
        assert_null(file);
        assert_int_equal(rung__alloc_stats().live, live);
    }
    assert_true(n > 20);
    rung_safetensors_close(file);
    assert_int_equal(rung__alloc_stats().live, live);
}

/* ---- Files that lie ---- */

static void file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    size_t n;
    char *bytes = read_all(GOLDEN "mixed.safetensors", &n);
    const char *path = path_in(folder, "cut.safetensors");
    for (size_t cut = 0; cut < n; cut++) {
        write_bytes(path, bytes, cut);
        assert_refused(path, "");
    }
    rung__free(bytes);
    bytes = read_all(GOLDEN "none.safetensors", &n);
    for (size_t cut = 0; cut < n; cut++) {
        write_bytes(path, bytes, cut);
        assert_refused(path, cut < 8 ? "too few" : "truncated");
    }
    rung__free(bytes);
}

/* Any single wrong byte is refused or changes a value; it never crashes (see also
 * fuzz/). */
static void every_changed_byte_is_survived(void **state)
{
    (void)state;
    size_t n;
    char *bytes = read_all(GOLDEN "f32.safetensors", &n);
    const char *path = path_in(folder, "changed.safetensors");
    for (size_t i = 0; i < n; i++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] = (char)(bytes[i] ^ 1 << bit);
            write_bytes(path, bytes, n);
            rung_safetensors *file;
            if (rung_safetensors_open(&file, path, &err) == RUNG_OK) {
                assert_true(rung_safetensors_count(file) <= 3);
                rung_safetensors_close(file);
            }
            bytes[i] = (char)(bytes[i] ^ 1 << bit);
        }
    }
    rung__free(bytes);
}

static void lying_header_lengths_are_refused(void **state)
{
    (void)state;
    assert_refused(write_raw(0, "{}", 0), "does not begin with '{'");
    assert_refused(write_raw(3, "{}", 0),
                   "a header of 3 bytes does not fit into the file's 10");
    assert_refused(write_raw(100000000, "{}", 0), "does not fit");
    assert_refused(write_raw(100000001, "{}", 0), "over the limit of 100000000");
    assert_refused(write_raw(UINT64_C(1) << 63, "{}", 0), "9223372036854775808");
    assert_refused(write_raw(UINT64_MAX, "{}", 0), "18446744073709551615");
    assert_refused(write_raw(UINT64_MAX - 7, "{}", 0), "over the limit");
    assert_refused(write_raw(1, "{}", 0), "byte 9: the header is not valid JSON");
}

static void headers_that_are_not_such_json_are_refused(void **state)
{
    (void)state;
    assert_header_refused(" {}", 0, "does not begin with '{'");
    assert_header_refused("[]", 0, "does not begin with '{'");
    assert_header_refused("{\"a\":}", 0, "not valid JSON");
    assert_header_refused("{} x", 0, "not valid JSON");
    assert_header_refused("{\"\xff\":1}", 0, "not valid JSON");
    assert_header_refused("{\"a\\u0000b\":1}", 0, "not valid JSON");
    assert_header_refused("{\"a\":1}", 0, "no text 'dtype'");
    assert_header_refused("{\"a\":{\"dtype\":3}}", 0, "tensor 'a': no text 'dtype'");
    assert_header_refused("{\"__metadata__\":[]}", 0, "__metadata__ is not an object");
    assert_header_refused("{\"__metadata__\":{\"k\":1}}", 0,
                          "__metadata__ 'k' is not text");
    assert_header_refused(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
        1, "duplicate");
    char deep[3002] = "{\"a\":"; // deeper than the parser's stack allows
    memset(deep + 5, '[', 2990);
    assert_header_refused(deep, 0, "not valid JSON");
}

/* One tensor called 'a' with the given members, over `n_data` bytes. */
static void assert_tensor_refused(const char *members, size_t n_data, const char *reason)
{
    char header[512];
    snprintf(header, sizeof header, "{\"a\":{%s}}", members);
    assert_header_refused(header, n_data, reason);
}

static void impossible_tensors_are_refused(void **state)
{
    (void)state;
    assert_tensor_refused("\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[0,1]", 1,
                          "elements of type 'F4' are not known");
    assert_tensor_refused("\"dtype\":\"U8\",\"data_offsets\":[0,1]", 1,
                          "'shape' is not a list");
    assert_tensor_refused("\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]", 1,
                          "dimension 0 of 'shape' is not a count");
    assert_tensor_refused("\"dtype\":\"U8\",\"shape\":[1,1.0],\"data_offsets\":[0,1]", 1,
                          "dimension 1 of 'shape' is not a count");
    assert_tensor_refused("\"dtype\":\"U8\",\"shape\":[9223372036854775808],"
                          "\"data_offsets\":[0,1]",
                          1, "not valid JSON: too big integer");
    assert_tensor_refused("\"dtype\":\"F32\",\"shape\":[4611686018427387904],"
                          "\"data_offsets\":[0,0]",
                          0, "[4611686018427387904] of F32 overflows");
    assert_tensor_refused("\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],"
                          "\"data_offsets\":[0,0]",
                          0, "overflows");
    assert_tensor_refused("\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],"
                          "\"data_offsets\":[0,1]",
                          1, "9 dimensions are more than the 8");
    assert_tensor_refused("\"dtype\":\"U8\",\"shape\":[1]", 1, "not a pair of integers");
    assert_tensor_refused("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]", 1,
                          "not a pair of integers");
    assert_tensor_refused("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,\"1\"]", 1,
                          "not a pair of integers");
    assert_tensor_refused("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[-1,0]", 1,
                          "range [-1,0) does not lie in the 1 bytes");
    assert_tensor_refused("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]", 1,
                          "does not lie in");
    assert_tensor_refused("\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]", 1,
                          "does not lie in");
    assert_tensor_refused("\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,20]", 20,
                          "range [0,20) is not the 24 bytes of F32 [2,3]");
}

#define U8(name, begin, end)                                                             \
    "\"" name "\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[" begin "," end "]}"

static void holes_overlaps_and_rests_are_refused(void **state)
{
    (void)state;
    assert_header_refused("{" U8("a", "0", "4") "," U8("b", "0", "4") "}", 4,
                          "tensors 'a' and 'b' overlap");
    assert_header_refused("{" U8("b", "3", "7") "," U8("a", "0", "4") "}", 7,
                          "tensors 'a' and 'b' overlap");
    assert_header_refused("{" U8("a", "0", "4") "," U8("b", "5", "9") "}", 9,
                          "1 bytes before tensor 'b' belong to no tensor");
    assert_header_refused("{" U8("a", "2", "6") "}", 6, "2 bytes before tensor 'a'");
    assert_header_refused("{" U8("a", "0", "4") "}", 7,
                          "the last 3 bytes belong to no tensor");
    assert_header_refused("{}", 1, "the last 1 bytes belong to no tensor");
}

/* The format allows data at any address: only our own writer aligns it. */
static void misaligned_data_reads(void **state)
{
    (void)state;
    const char *path = path_in(folder, "odd.safetensors");
    unsigned char bytes[128];
    const char *header =
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} ";
    const uint64_t length = strlen(header);
    const float values[2] = {1.5f, -2.5f};
    assert_int_equal(length % 2, 1);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    memcpy(bytes + 8 + length, values, sizeof values);
    write_bytes(path, bytes, 8 + length + sizeof values);
    rung_safetensors *file;
    float read[2];
    assert_ok(rung_safetensors_open(&file, path, &err));
    assert_ok(rung_stored_to_f32(rung_safetensors_at(file, 0), read, 2, &err));
    assert_memory_equal(read, values, sizeof values);
    rung_safetensors_close(file);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    assert_refused(path_in(folder, "absent.safetensors"), strerror(ENOENT));
    assert_refused(folder, "is a folder");
    const char *pipe_path = path_in(folder, "pipe.safetensors");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_refused(pipe_path, "not a regular file");
}

/* Messages are one line, whatever a file has in its names. */
static void hostile_names_do_not_break_the_message(void **state)
{
    (void)state;
    assert_header_refused("{\"a\\nb\\u001b[2J\":1}", 0, "no text 'dtype'");
    for (const char *c = err.message; *c; c++) assert_true((unsigned char)*c >= ' ');
    char header[3000] = "{\"";
    memset(header + 2, 'x', 2900);
    strcpy(header + 2902, "\":1}");
    assert_header_refused(header, 0,
                          "no text 'dtype'"); // the name is cut, the reason is not
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(python_file_of_every_type_reads),
        cmocka_unit_test(metadata_reads_by_key_and_by_number),
        cmocka_unit_test(python_file_is_rewritten_byte_for_byte),
        cmocka_unit_test(written_tensors_read_back_bit_for_bit),
        cmocka_unit_test(forgotten_tensors_leave_memory_and_come_back),
        cmocka_unit_test(impossible_writes_are_refused_and_leave_nothing),
        cmocka_unit_test(full_disk_leaves_the_old_file),
        cmocka_unit_test(killed_writer_leaves_a_whole_file),
        cmocka_unit_test(failed_allocations_are_reported_and_leave_nothing),
        cmocka_unit_test(file_cut_anywhere_is_refused),
        cmocka_unit_test(every_changed_byte_is_survived),
        cmocka_unit_test(lying_header_lengths_are_refused),
        cmocka_unit_test(headers_that_are_not_such_json_are_refused),
        cmocka_unit_test(impossible_tensors_are_refused),
        cmocka_unit_test(holes_overlaps_and_rests_are_refused),
        cmocka_unit_test(misaligned_data_reads),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(hostile_names_do_not_break_the_message),
    };
    return cmocka_run_group_tests(tests, enter_folder, remove_folder);
}
