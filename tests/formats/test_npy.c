/* .npy: files of NumPy, files of our own, and files that lie. */
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

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

/* The types that NumPy has, by its names: those of the golden files. */
static const struct {
    const char *name;
    rung_stored_type type;
} types[] = {
    {"b1", RUNG_STORED_BOOL}, {"u1", RUNG_STORED_U8},  {"i1", RUNG_STORED_I8},
    {"u2", RUNG_STORED_U16},  {"i2", RUNG_STORED_I16}, {"f2", RUNG_STORED_F16},
    {"u4", RUNG_STORED_U32},  {"i4", RUNG_STORED_I32}, {"f4", RUNG_STORED_F32},
    {"u8", RUNG_STORED_U64},  {"i8", RUNG_STORED_I64}, {"f8", RUNG_STORED_F64},
};
#define N_TYPES (sizeof types / sizeof types[0])

static const char *golden(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, GOLDEN "%s.npy", name);
    return path;
}

static rung_stored as_stored(const rung_npy *npy)
{
    rung_stored t = {.name = "array",
                     .type = npy->type,
                     .rank = npy->rank,
                     .data = npy->data,
                     .bytes = npy->bytes};
    memcpy(t.shape, npy->shape, sizeof t.shape);
    return t;
}

static char *read_all(const char *path, size_t *n)
{
    char *bytes = NULL;
    assert_ok(rung_file_read(path, &bytes, n, &err));
    return bytes;
}

static void assert_refused(const char *path, const char *reason)
{
    const int64_t live = rung__alloc_stats().live;
    rung_npy npy;
    assert_fails_saying(rung_npy_read(&npy, path, &err), RUNG_INPUT, reason);
    assert_non_null(strstr(err.message, path));
    assert_null(npy.data);
    assert_int_equal(rung__alloc_stats().live, live);
}

/* A file of version 1.0 with this header and `n_data` zero bytes. */
static void assert_header_refused(const char *header, size_t n_data, const char *reason)
{
    const char *path = path_in(folder, "raw.npy");
    const uint16_t length = (uint16_t)strlen(header);
    char bytes[512] = "\x93NUMPY\1";
    memcpy(bytes + 8, &length, sizeof length);
    memcpy(bytes + 10, header, length);
    write_bytes(path, bytes, 10u + length + n_data);
    assert_refused(path, reason);
}

/* All of them hold 0 ... 5 or -2 ... 3 in two rows. */
static void assert_ramp(const rung_npy *npy)
{
    float values[6];
    const rung_stored t = as_stored(npy);
    const bool is_unsigned = strchr("BU", rung_stored_type_name(npy->type)[0]);
    assert_int_equal(npy->rank, 2);
    assert_int_equal(npy->shape[0], 2);
    assert_int_equal(npy->shape[1], 3);
    assert_ok(rung_stored_to_f32(&t, values, 6, &err));
    for (int k = 0; k < 6; k++) {
        const float ramp = (float)(is_unsigned ? k : k - 2);
        assert_true(values[k] == (npy->type == RUNG_STORED_BOOL ? ramp != 0 : ramp));
    }
}

static void numpy_file_of_every_type_reads_and_is_rewritten_byte_for_byte(void **state)
{
    (void)state;
    const char *path = path_in(folder, "copy.npy");
    for (size_t i = 0; i < N_TYPES; i++) {
        rung_npy npy;
        assert_ok(rung_npy_read(&npy, golden(types[i].name), &err));
        assert_int_equal(npy.type, types[i].type);
        assert_ramp(&npy);
        const rung_stored t = as_stored(&npy);
        assert_ok(rung_npy_write(path, &t, &err));
        assert_same_files(path, golden(types[i].name));
        rung_npy_release(&npy);
        assert_null(npy.data);
    }
}

static void shapes_of_numpy_are_rewritten_byte_for_byte(void **state)
{
    (void)state;
    static const char *const names[] = {"scalar", "vector", "empty", "rank8"};
    static const int ranks[] = {0, 1, 2, 8};
    const char *path = path_in(folder, "copy.npy");
    for (int i = 0; i < 4; i++) {
        rung_npy npy;
        assert_ok(rung_npy_read(&npy, golden(names[i]), &err));
        assert_int_equal(npy.rank, ranks[i]);
        const rung_stored t = as_stored(&npy);
        assert_ok(rung_npy_write(path, &t, &err));
        assert_same_files(path, golden(names[i]));
        rung_npy_release(&npy);
    }
}

static void other_versions_and_fortran_order_read(void **state)
{
    (void)state;
    static const char *const names[] = {"version2", "version3", "fortran"};
    for (int i = 0; i < 3; i++) {
        rung_npy npy;
        assert_ok(rung_npy_read(&npy, golden(names[i]), &err));
        assert_int_equal(npy.type, RUNG_STORED_F32);
        assert_ramp(&npy);
        rung_npy_release(&npy);
    }
}

/* Larger than a tile and no multiple of it, for every size of element. */
static void fortran_order_is_transposed(void **state)
{
    (void)state;
    enum { ROWS = 37, COLS = 70 };
    const char *path = path_in(folder, "fortran.npy");
    for (size_t i = 0; i < N_TYPES; i++) {
        const size_t element = rung_stored_type_bytes(types[i].type);
        static unsigned char bytes[128 + 8 * ROWS * COLS];
        memset(bytes, ' ', 128);
        memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
        const int n = sprintf((char *)bytes + 10,
                              "{'shape':(%d,%d),\"fortran_order\":True,'descr':'<%s'}",
                              ROWS, COLS, types[i].name);
        bytes[10 + n] = ' ';
        for (size_t k = 0; k < element * ROWS * COLS; k++)
            bytes[128 + k] = (uint8_t)(k * 7 / 5);
        write_bytes(path, bytes, 128 + element * ROWS * COLS);
        rung_npy npy;
        assert_ok(rung_npy_read(&npy, path, &err));
        for (size_t row = 0; row < ROWS; row++) {
            for (size_t col = 0; col < COLS; col++) {
                assert_memory_equal((char *)npy.data + (row * COLS + col) * element,
                                    bytes + 128 + (col * ROWS + row) * element, element);
            }
        }
        rung_npy_release(&npy);
    }
}

static void what_we_do_not_read_is_refused_with_advice(void **state)
{
    (void)state;
    assert_refused(golden("big_endian"),
                   "type '>f4' are not read: save them little-endian");
    assert_refused(golden("complex"), "type '<c8' are not read");
    assert_refused(golden("object"), "type '|O' are not read");
    assert_refused(golden("structured"), "a simple type such as '<f4' expected");
    assert_refused(golden("fortran3"),
                   "[2,3,4] in Fortran order: save numpy.ascontiguousarray");
    assert_refused(path_in(folder, "absent.npy"), strerror(ENOENT));
    assert_refused(folder, "is a folder");
}

static void file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"f8", "version2"};
    const char *path = path_in(folder, "cut.npy");
    for (int i = 0; i < 2; i++) {
        size_t n;
        char *bytes = read_all(golden(names[i]), &n);
        for (size_t cut = 0; cut < n; cut++) {
            write_bytes(path, bytes, cut);
            assert_refused(path, cut < 10 ? "" : "truncated");
        }
        rung__free(bytes);
    }
}

static void every_changed_byte_is_survived(void **state)
{
    (void)state;
    size_t n;
    char *bytes = read_all(golden("f4"), &n);
    const char *path = path_in(folder, "changed.npy");
    for (size_t i = 0; i < n; i++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] = (char)(bytes[i] ^ 1 << bit);
            write_bytes(path, bytes, n);
            rung_npy npy;
            if (rung_npy_read(&npy, path, &err) == RUNG_OK) rung_npy_release(&npy);
            bytes[i] = (char)(bytes[i] ^ 1 << bit);
        }
    }
    rung__free(bytes);
}

#define HEADER(descr, order, shape)                                                      \
    "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }"

static void wrong_headers_are_refused(void **state)
{
    (void)state;
    assert_header_refused("", 0, "character 0 of the header: '{' expected");
    assert_header_refused("{}", 0, "a key expected");
    assert_header_refused("{'descr': '<f4'}", 0, "',' expected");
    assert_header_refused("{'descr': '<f4', 'descr': '<f4', 'shape': ()}", 0,
                          "each once");
    assert_header_refused("{'descr': '<f4', 'colour': 1, 'shape': ()}", 0,
                          "character 16");
    assert_header_refused("{'descr': '<f4", 0, "a simple type");
    assert_header_refused(HEADER("'<f4'", "true", "()"), 4, "True or False expected");
    assert_header_refused(HEADER("'<f4'", "False", "(1)"), 4, "',' expected");
    assert_header_refused(HEADER("'<f4'", "False", "(1, 1"), 4, "a count expected");
    assert_header_refused(HEADER("'<f4'", "False", "(1 1)"), 4, "',' expected");
    assert_header_refused(HEADER("'<f4'", "False", "[1]"), 4, "'(' expected");
    assert_header_refused(HEADER("'<f4'", "False", "(-1,)"), 4, "a count expected");
    assert_header_refused(HEADER("'<f4'", "False", "(,)"), 4, "a count expected");
    assert_header_refused(HEADER("'<f4'", "False", "(9223372036854775808,)"), 4,
                          "a count expected");
    assert_header_refused(HEADER("'<f4'", "False", "(4611686018427387904,)"), 0,
                          "shape [4611686018427387904] overflows");
    assert_header_refused(HEADER("'<f4'", "False", "(4294967296, 4294967296)"), 0,
                          "overflows");
    assert_header_refused(HEADER("'<f4'", "False", "(1,1,1,1,1,1,1,1,1)"), 4,
                          "more than the 8");
    assert_header_refused(HEADER("''", "False", "()"), 4, "type '' are not read");
    assert_header_refused(HEADER("'<f4'", "False", "()") " x", 4, "the end expected");
    assert_header_refused(HEADER("'<f4'", "False", "()"), 5,
                          "5 bytes of data are not the 4");
    const char *path = path_in(folder, "version.npy");
    write_bytes(path, "\x93NUMPY\4\0\1\0{", 11);
    assert_refused(path, "version 4.0");
    write_bytes(path, "\x93NUMPX\1\0\1\0{", 11);
    assert_refused(path, "byte 0");
    write_bytes(path, "\x93NUMPY\2\0\xff\xff\xff\xff{", 13);
    assert_refused(path, "a header of 4294967295 bytes does not fit");
}

static void types_without_a_name_in_numpy_are_not_written(void **state)
{
    (void)state;
    const char *path = path_in(folder, "none.npy");
    const uint16_t one = 0x3f80;
    const rung_stored t = {
        .name = "x", .type = RUNG_STORED_BF16, .data = &one, .bytes = 2};
    assert_fails_saying(rung_npy_write(path, &t, &err), RUNG_UNSUPPORTED,
                        "no type for BF16");
    assert_false(rung_path_exists(path));
}

static void full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    const char *path = path_in(folder, "full.npy");
    static double many[1 << 14];
    rung_stored t = {.name = "x", .type = RUNG_STORED_F64, .data = many, .bytes = 8};
    assert_ok(rung_npy_write(path, &t, &err));
    struct rlimit old_limit, limit;
    getrlimit(RLIMIT_FSIZE, &old_limit);
    limit = old_limit;
    limit.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    t.rank = 1, t.shape[0] = 1 << 14, t.bytes = sizeof many;
    setrlimit(RLIMIT_FSIZE, &limit);
    const rung_status status = rung_npy_write(path, &t, &err);
    setrlimit(RLIMIT_FSIZE, &old_limit);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, RUNG_IO);
    rung_npy npy;
    assert_ok(rung_npy_read(&npy, path, &err));
    assert_int_equal(npy.bytes, 8);
    rung_npy_release(&npy);
}

static void failed_allocations_are_reported_and_leave_nothing(void **state)
{
    (void)state;
    const char *path = path_in(folder, "memory.npy");
    const float data[2] = {1.0f, 2.0f};
    const rung_stored t = {.name = "x",
                           .type = RUNG_STORED_F32,
                           .rank = 1,
                           .shape = {2},
                           .data = data,
                           .bytes = 8};
    const int64_t live = rung__alloc_stats().live;
    int n_write = 0, n_read = 0;
    rung_npy npy;
    for (rung_status status = RUNG_MEMORY; status != RUNG_OK;) {
        rung__alloc_fail_at(++n_write);
        status = rung_npy_write(path, &t, &err);
        rung__alloc_fail_at(0);
        if (status != RUNG_OK) assert_int_equal(status, RUNG_MEMORY);
        assert_int_equal(rung_path_exists(path), status == RUNG_OK);
        assert_int_equal(rung__alloc_stats().live, live);
    }
    for (rung_status status = RUNG_MEMORY; status != RUNG_OK;) {
        rung__alloc_fail_at(++n_read);
        status = rung_npy_read(&npy, path, &err);
        rung__alloc_fail_at(0);
        if (status != RUNG_OK) assert_int_equal(status, RUNG_MEMORY);
    }
    rung_npy_release(&npy);
    assert_int_equal(rung__alloc_stats().live, live);
    assert_true(n_write > 2);
    assert_true(n_read > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numpy_file_of_every_type_reads_and_is_rewritten_byte_for_byte),
        cmocka_unit_test(shapes_of_numpy_are_rewritten_byte_for_byte),
        cmocka_unit_test(other_versions_and_fortran_order_read),
        cmocka_unit_test(fortran_order_is_transposed),
        cmocka_unit_test(what_we_do_not_read_is_refused_with_advice),
        cmocka_unit_test(file_cut_anywhere_is_refused),
        cmocka_unit_test(every_changed_byte_is_survived),
        cmocka_unit_test(wrong_headers_are_refused),
        cmocka_unit_test(types_without_a_name_in_numpy_are_not_written),
        cmocka_unit_test(full_disk_leaves_the_old_file),
        cmocka_unit_test(failed_allocations_are_reported_and_leave_nothing),
    };
    return cmocka_run_group_tests(tests, enter_folder, remove_folder);
}
