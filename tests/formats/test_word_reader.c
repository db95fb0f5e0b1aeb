/* Files of word vectors: as the programs of word2vec, GloVe and fastText write them, cut
 * at every length, and such as lie. */
#include "support.h"

#include <float.h>

#include "formats/word_vectors.h"
#include "text/packed.h"

static rung_error err;

enum { N = 3, DIM = 4 };

static const char *const words[N] = {"the", "ёж", "a.b"};
/* What needs all nine digits, or an exponent, or its sign. */
static const float rows[N][DIM] = {{0.1f, -0.0f, 1.17549435e-38f, -FLT_MAX},
                                   {16777217.0f, 1e-45f, 1.0f / 3, -3.14159274f},
                                   {1, 2, 3, 0x1.fffffep-1f}};

static const char *name_of(const void *self, int64_t i, int64_t *size)
{
    (void)self;
    *size = (int64_t)strlen(words[i]);
    return words[i];
}

/* Reads all of a file; *n gets the words that were whole. */
static rung_status read_file(const char *path, rung__word_format format, int64_t *n)
{
    rung__word_reader *r;
    rung__word_row row;
    *n = 0;
    RUNG_TRY(rung__word_reader_open(&r, path, format, &err));
    rung_status status;
    while ((status = rung__word_reader_next(r, &row, &err)) == RUNG_OK && row.word) {
        assert_true(*n < N);
        assert_int_equal(row.dim, DIM);
        assert_int_equal(row.size, strlen(words[*n]));
        assert_memory_equal(row.word, words[*n], row.size);
        assert_memory_equal(row.x, rows[*n], sizeof rows[0]);
        ++*n;
    }
    rung__word_reader_close(r);
    return status;
}

static rung__word_format format_of(const char *path)
{
    rung__word_reader *r;
    assert_ok(rung__word_reader_open(&r, path, RUNG__WORD_FORMATS, &err));
    const rung__word_format format = rung__word_reader_format(r);
    rung__word_reader_close(r);
    return format;
}

static void write_rows(const char *path, rung__word_format format)
{
    assert_ok(
        rung__word_vectors_write(path, format, rows[0], N, DIM, name_of, NULL, &err));
}

static void what_is_written_is_read_bit_by_bit(void **state)
{
    const char *path = path_in(*state, "file");
    for (int f = 0; f < RUNG__WORD_FORMATS; f++) {
        int64_t n;
        write_rows(path, (rung__word_format)f);
        assert_ok(read_file(path, (rung__word_format)f, &n));
        assert_int_equal(n, N);
        assert_ok(read_file(path, RUNG__WORD_FORMATS, &n));
        assert_int_equal(n, N);
        assert_int_equal(format_of(path),
                         f == RUNG__FASTTEXT_VEC ? RUNG__WORD2VEC_TEXT : f);
    }
}

/* The three vectors as other programs lay them out. */
static void files_of_other_programs_are_read(void **state)
{
    static const char *const files[] = {
        // word2vec.c and old fastText: a blank before the line end
        "3 4\nthe 0.1 -0 1.17549435e-38 -3.40282347e+38 \n"
        "ёж 16777216 1.40129846e-45 0.333333343 -3.14159274 \n"
        "a.b 1.000000 2.000000 3.000000 0.99999994 \n",
        // GloVe
        "the 0.1 -0 1.17549435e-38 -3.40282347e+38\n"
        "ёж 16777216 1.40129846e-45 0.333333343 -3.14159274\n"
        "a.b 1.000000 2.000000 3.000000 0.99999994\n",
        // Excel, or an editor: a mark, tabs, returns
        "\xEF\xBB\xBF"
        "3 4\r\n"
        "the\t0.1\t-0\t1.17549435e-38\t-3.40282347e+38\r\n"
        "ёж  \t +16777216\t1.40129846e-45\t.333333343\t-3.14159274\t\r\n"
        "a.b\t1.\t2e0\t3\t0.99999994\r\n",
        // gensim: the shortest digits
        "3 4\r\nthe 0.1 -0.0 1.1754944e-38 -3.4028235e+38\n"
        "ёж 16777216.0 1e-45 0.33333334 -3.1415927\na.b 1.0 2.0 3.0 0.99999994\n",
    };
    const char *path = path_in(*state, "file");
    int64_t n;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        write_text(path, files[i]);
        assert_ok(read_file(path, RUNG__WORD_FORMATS, &n));
        assert_int_equal(n, N);
    }
    for (size_t i = 0; i < N_PACKERS; i++) {
        unsigned char bytes[1000];
        const size_t size =
            packers[i].pack(bytes, sizeof bytes, files[1], strlen(files[1]));
        write_bytes(path, bytes, size);
        assert_ok(read_file(path, RUNG__WORD_FORMATS, &n));
        assert_int_equal(n, N);
    }
}

/* The bytes of a binary file; returns how many. */
static size_t binary(char *out, const char *head, const char *end)
{
    size_t size = strlen(strcpy(out, head));
    for (int i = 0; i < N; i++) {
        size += (size_t)sprintf(out + size, "%s ", words[i]);
        memcpy(out + size, rows[i], sizeof rows[i]);
        size += sizeof rows[i];
        size += strlen(strcpy(out + size, end));
    }
    return size;
}

/* word2vec.c ends a vector with a line end, gensim does not. */
static void binary_vectors_end_a_line_or_do_not(void **state)
{
    const char *path = path_in(*state, "file");
    char bytes[500];
    int64_t n;
    for (int i = 0; i < 2; i++) {
        write_bytes(path, bytes, binary(bytes, "3 4\n", i ? "\n" : ""));
        assert_int_equal(format_of(path), RUNG__WORD2VEC_BINARY);
        assert_ok(read_file(path, RUNG__WORD_FORMATS, &n));
        assert_int_equal(n, N);
    }
}

/* The first vector begins with "5 ". */
static void bytes_that_look_like_a_number_are_a_vector(void **state)
{
    static const char bytes[] = "1 2\nthe 5 \0?\0\0\0?";
    const char *path = path_in(*state, "file");
    rung__word_reader *r;
    rung__word_row row;
    write_bytes(path, bytes, sizeof bytes - 1);
    assert_int_equal(format_of(path), RUNG__WORD2VEC_BINARY);
    assert_ok(rung__word_reader_open(&r, path, RUNG__WORD_FORMATS, &err));
    assert_ok(rung__word_reader_next(r, &row, &err));
    assert_true(row.dim == 2 && row.x[1] == 0.5f);
    rung__word_reader_close(r);
}

/* Whatever is cut off is missed, but for whole lines where no header counts them, and the
 * line end behind a binary's last vector. */
static void a_cut_file_is_refused_at_every_length(void **state)
{
    const char *path = path_in(*state, "file");
    for (int f = 0; f < RUNG__WORD_FORMATS; f++) {
        char *bytes;
        size_t size;
        write_rows(path, (rung__word_format)f);
        assert_ok(rung_file_read(path, &bytes, &size, &err));
        for (size_t cut = 0; cut < size; cut++) {
            const bool is_whole = f == RUNG__GLOVE_TEXT ? cut && bytes[cut - 1] == '\n'
                                  : f == RUNG__WORD2VEC_BINARY ? cut == size - 1
                                                               : false;
            for (int told = 0; told < 2; told++) {
                int64_t n;
                write_bytes(path, bytes, cut);
                err = (rung_error){0};
                const rung_status status =
                    read_file(path, told ? RUNG__WORD_FORMATS : (rung__word_format)f, &n);
                assert_int_equal(status, is_whole ? RUNG_OK : RUNG_INPUT);
                if (!is_whole) assert_contains(err.message, path);
            }
        }
        rung__free(bytes);
    }
}

static void assert_refused(void **state, rung__word_format format, const char *bytes,
                           size_t size, const char *message)
{
    const char *path = path_in(*state, "bad");
    const int64_t live = rung__alloc_stats().live;
    char wanted[300];
    int64_t n;
    snprintf(wanted, sizeof wanted, message, path);
    write_bytes(path, bytes, size);
    assert_fails(read_file(path, format, &n), RUNG_INPUT, wanted);
    assert_int_equal(rung__alloc_stats().live, live);
}

static void bad_lines_are_named(void **state)
{
    static const struct {
        const char *bytes, *message;
    } files[] = {
        {"", "'%s' is empty"},
        {"3 4\nthe 0.1 -0 1.17549435e-38 -3.40282347e+38\n",
         "%s: ends after 1 words, but its header tells of 3: is it truncated?"},
        {"1 4\nthe 0.1 -0 1.17549435e-38 -3.40282347e+38\nb 1 2 3 4\n",
         "%s: more follows the 1 words that its header tells of"},
        {"900000000000000 4\nthe 0.1 -0 1.17549435e-38 -3.40282347e+38\n",
         "%s: ends after 1 words, but its header tells of 900000000000000: is it "
         "truncated?"},
        {"0 4\n", "%s:1: the header tells of no words"},
        {"3 0\n", "%s:1: 0 numbers a word: must be 1 to 10000"},
        {"3 10001\n", "%s:1: 10001 numbers a word: must be 1 to 10000"},
        {"3 4\nthe 0.1 -0 1.17549435e-38\n", "%s:2: 3 numbers, not 4"},
        {"3 4\nthe 1 2 3 4 5\n", "%s:2: more than 4 numbers"},
        {"the 0.1 -0 1.17549435e-38 -3.40282347e+38\nno 1 2 3\n",
         "%s:2: 3 numbers, not 4"},
        {"the 0.1 -0 1.17549435e-38 -3.40282347e+38\nno 1 2 3 x\n",
         "%s:2: number 4 is 'x': must be a number"},
        {"the 0.1 -0 1.17549435e-38 -3.40282347e+38\nno nan 2 3 4\n",
         "%s:2: number 1 is 'nan': must be finite"},
        {"the 1 2 3 -inf\n", "%s:1: number 4 is '-inf': must be finite"},
        {"the 1 2 1e39 4\n", "%s:1: number 3 is '1e39': must be finite"},
        {"the 1 2 0x10 4\n", "%s:1: number 3 is '0x10': must be a number"},
        {"the 1 2 3 4", "%s:1: the file ends behind number 4, without a line end: is it "
                        "truncated?"},
        {"the 0.1 -0 1.17549435e-38 -3.40282347e+38\n\n",
         "%s:2: a word and its numbers expected: ''"},
        {"the quick brown fox\njumps\n",
         "%s:1: a word and its numbers expected: 'the quick brown fox'"},
        {"PK\3\4....", "%s: a zip archive: unpack it"},
        {"\xBA\x16\x4F\x2F....", "%s: fastText's .bin: take the .vec beside it"},
        {"\x80\4....",
         "%s: a Python pickle: gensim's save_word2vec_format writes what is "
         "read here"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_refused(state, RUNG__WORD_FORMATS, files[i].bytes, strlen(files[i].bytes),
                       files[i].message);
    assert_refused(state, RUNG__FASTTEXT_VEC, "a 1\n", 4,
                   "%s:1: fasttext-vec begins with the numbers of words and of numbers a "
                   "word, as in '71291 200': is it glove-text?");
    static const char nul[] = "a 1\0002 3 4\n";
    assert_refused(state, RUNG__WORD_FORMATS, nul, sizeof nul - 1,
                   "%s:1: number 2 is '': must be a number");
}

static void binaries_that_lie_are_refused(void **state)
{
    char bytes[3000];
    size_t size = binary(bytes, "4 4\n", "\n");
    assert_refused(state, RUNG__WORD_FORMATS, bytes, size,
                   "%s: ends after 3 words, but its header tells of 4: is it truncated?");
    size = binary(bytes, "2 4\n", "");
    assert_refused(state, RUNG__WORD_FORMATS, bytes, size,
                   "%s: more follows the 2 words that its header tells of");
    size = binary(bytes, "3 4\n", "\n");
    assert_refused(state, RUNG__WORD_FORMATS, bytes, size - 2,
                   "%s: word 3 of 3: the file ends within it: is it truncated?");
    const float bad[] = {1, 2, NAN, 4};
    memcpy(bytes + size - 1 - sizeof bad, bad, sizeof bad);
    assert_refused(state, RUNG__WORD_FORMATS, bytes, size,
                   "%s: word 3 of 3: number 3 is nan: must be finite");
    // A word of 1,000 bytes may be; what has no blank in its place is none.
    size = (size_t)sprintf(bytes, "1 1\n%01000d ", 0);
    memcpy(bytes + size, bad, sizeof *bad);
    const char *path = path_in(*state, "file");
    rung__word_reader *r;
    rung__word_row row;
    write_bytes(path, bytes, size + sizeof *bad);
    assert_ok(rung__word_reader_open(&r, path, RUNG__WORD_FORMATS, &err));
    assert_ok(rung__word_reader_next(r, &row, &err));
    assert_int_equal(row.size, 1000);
    rung__word_reader_close(r);
    size = (size_t)sprintf(bytes, "1 1\n%01001d ", 0);
    memcpy(bytes + size, bad, sizeof *bad);
    assert_refused(state, RUNG__WORD_FORMATS, bytes, size + sizeof *bad,
                   "%s: word 1 of 1: more than 1000 bytes, or vectors that are not 1 "
                   "floats each");
}

/* Words as the file has them: blanks within, NUL, bytes that are not UTF-8. */
static void odd_words_are_given_as_they_are(void **state)
{
    static const char bytes[] = ". . . 1\n\xFF\xFE 2\nat a@b.c 3\n 4\nx\0y 5\n6 6\n"
                                "nan nan x 7\n\302\240 8\n";
    static const char *const wanted[] = {". . .", "\xFF\xFE", "at a@b.c", "",
                                         "x\0y",  "6",        NULL,       "\302\240"};
    const char *path = path_in(*state, "file");
    rung__word_reader *r;
    rung__word_row row;
    write_bytes(path, bytes, sizeof bytes - 1);
    assert_ok(rung__word_reader_open(&r, path, RUNG__WORD_FORMATS, &err));
    for (int i = 0; i < 6; i++) {
        const size_t size = i == 4 ? 3 : strlen(wanted[i]);
        assert_ok(rung__word_reader_next(r, &row, &err));
        assert_int_equal(row.size, size);
        assert_memory_equal(row.word, wanted[i], size);
        assert_true(row.dim == 1 && row.x[0] == (float)(i + 1));
    }
    assert_fails_saying(rung__word_reader_next(r, &row, &err), RUNG_INPUT,
                        "file:7: number 1 is 'nan': must be finite");
    rung__word_reader_close(r);
}

/* What looks like a header is a word where the format has none. */
static void a_format_can_be_forced(void **state)
{
    const char *path = path_in(*state, "file");
    rung__word_reader *r;
    rung__word_row row;
    write_text(path, "3 4\nthe 1\n");
    assert_ok(rung__word_reader_open(&r, path, RUNG__GLOVE_TEXT, &err));
    assert_ok(rung__word_reader_next(r, &row, &err));
    assert_memory_equal(row.word, "3", 1);
    assert_true(row.dim == 1 && row.x[0] == 4);
    rung__word_reader_close(r);
}

/* A line of text may be longer than the reader's buffer, and so may be a vector. */
static void long_vectors_go_through_the_buffer(void **state)
{
    enum { LONG = RUNG__VECTOR_MOST };
    static float x[2 * LONG];
    const char *path = path_in(*state, "file");
    for (int i = 0; i < 2 * LONG; i++) x[i] = (float)i / 7;
    for (int f = 0; f < RUNG__WORD_FORMATS; f++) {
        rung__word_reader *r;
        rung__word_row row;
        assert_ok(rung__word_vectors_write(path, (rung__word_format)f, x, 2, LONG,
                                           name_of, NULL, &err));
        assert_ok(rung__word_reader_open(&r, path, RUNG__WORD_FORMATS, &err));
        for (int i = 0; i < 2; i++) {
            assert_ok(rung__word_reader_next(r, &row, &err));
            assert_int_equal(row.dim, LONG);
            assert_memory_equal(row.x, x + i * LONG, LONG * sizeof *x);
        }
        assert_ok(rung__word_reader_next(r, &row, &err));
        assert_null(row.word);
        rung__word_reader_close(r);
    }
    char *line = rung__alloc(2 * LONG + 10);
    memcpy(line, "word", 4);
    for (int i = 0; i <= LONG; i++) memcpy(line + 4 + 2 * i, " 1", 2);
    assert_refused(state, RUNG__WORD_FORMATS, line, strlen(line),
                   "%s:1: more than 10000 numbers");
    memset(line, 'w', 1001);
    assert_refused(state, RUNG__WORD_FORMATS, line, strlen(line),
                   "%s:1: a word of more than 1000 bytes");
    rung__free(line);
}

static rung_status try_reading(void *path, rung_error *e)
{
    int64_t n;
    const rung_status status = read_file(path, RUNG__WORD_FORMATS, &n);
    *e = err;
    return status;
}

static void failed_allocations_leave_nothing(void **state)
{
    char path[200];
    snprintf(path, sizeof path, "%s/file", (char *)*state);
    for (int f = 0; f < RUNG__WORD_FORMATS; f++) {
        write_rows(path, (rung__word_format)f);
        assert_true(assert_survives_failed_allocations(try_reading, path) > 3);
    }
}

static void formats_have_names(void **state)
{
    (void)state;
    rung__word_format format;
    for (int f = 0; f < RUNG__WORD_FORMATS; f++) {
        assert_ok(rung__word_format_find(
            &format, rung__word_format_name((rung__word_format)f), &err));
        assert_int_equal(format, f);
    }
    assert_fails(rung__word_format_find(&format, "glove-txt", &err), RUNG_USAGE,
                 "unknown format 'glove-txt': did you mean 'glove-text'?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(what_is_written_is_read_bit_by_bit),
        test_in_folder(files_of_other_programs_are_read),
        test_in_folder(binary_vectors_end_a_line_or_do_not),
        test_in_folder(bytes_that_look_like_a_number_are_a_vector),
        test_in_folder(a_cut_file_is_refused_at_every_length),
        test_in_folder(bad_lines_are_named),
        test_in_folder(binaries_that_lie_are_refused),
        test_in_folder(odd_words_are_given_as_they_are),
        test_in_folder(a_format_can_be_forced),
        test_in_folder(long_vectors_go_through_the_buffer),
        test_in_folder(failed_allocations_leave_nothing),
        cmocka_unit_test(formats_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
