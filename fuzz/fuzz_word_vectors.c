/* Files of word vectors: refused with a message, or taken; what was taken is written in
 * every format and read again, with the same words and bits. The first byte picks the
 * format that the file is read as, and whether it begins with a header that fits. */
#include <string.h>

#include "formats/word_vectors.h"
#include "rung/vectors.h"
#include "support.h"

static void check_same(const rung_model *a, const rung_model *b)
{
    FUZZ_CHECK(a->vocab == b->vocab);
    for (int32_t i = 0; i < a->vocab; i++) {
        const rung_span x = rung_tokenizer_bytes(a->tokenizer, i),
                        y = rung_tokenizer_bytes(b->tokenizer, i);
        FUZZ_CHECK(x.size == y.size && memcmp(x.bytes, y.bytes, x.size) == 0);
    }
}

/* Whether two files have the same bytes. */
static bool is_same(const char *path_a, const char *path_b)
{
    char a[4096], b[4096];
    size_t n, m;
    FILE *one = fopen(path_a, "rb"), *other = fopen(path_b, "rb");
    FUZZ_CHECK(one && other);
    do {
        n = fread(a, 1, sizeof a, one), m = fread(b, 1, sizeof b, other);
    } while (n > 0 && n == m && memcmp(a, b, n) == 0);
    fclose(one), fclose(other);
    return n == 0 && m == 0;
}

/* Whether a file that begins with the first word may be taken for a packed one: the magic
 * bytes of those that are UTF-8 have control characters. */
static bool may_be_packed(const rung_model *m)
{
    const rung_span word = rung_tokenizer_bytes(m->tokenizer, 0);
    for (size_t i = 0; i < word.size && i < 4; i++)
        if ((unsigned char)word.bytes[i] < ' ') return true;
    return false;
}

static void check_formats(const rung_model *m)
{
    static char path[64], again[64];
    rung_error err = {0};
    const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, sizeof path, "%s/fuzz-vectors-%d", memory, (int)getpid());
    snprintf(again, sizeof again, "%s-again", path);
    for (int f = 0; f < RUNG__WORD_FORMATS; f++) {
        const char *name = rung__word_format_name((rung__word_format)f);
        const rung_import_config config = {.format = name};
        rung_import_report report;
        rung_model *other;
        if (f == RUNG__GLOVE_TEXT && may_be_packed(m)) continue;
        FUZZ_CHECK(rung_export_words(m, name, path, &err) == RUNG_OK);
        FUZZ_CHECK(rung_import_words(&other, path, &config, &report, &err) == RUNG_OK);
        FUZZ_CHECK(report.n_again + report.n_unfit + report.n_invalid == 0);
        check_same(m, other);
        FUZZ_CHECK(rung_export_words(other, name, again, &err) == RUNG_OK);
        FUZZ_CHECK(is_same(path, again));
        rung_model_free(other);
    }
    unlink(path), unlink(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char head[] = "2 3\n";
    static char input[1 << 14];
    if (size < 1 || size > sizeof input - sizeof head) return 0;
    const int format = bytes[0] % (RUNG__WORD_FORMATS + 1);
    const size_t n = bytes[0] & 128 ? sizeof head - 1 : 0;
    memcpy(input, head, n);
    memcpy(input + n, bytes + 1, size - 1);
    const rung_import_config config = {
        .format = format < RUNG__WORD_FORMATS
                      ? rung__word_format_name((rung__word_format)format)
                      : NULL};
    rung_import_report report;
    rung_model *m = NULL;
    rung_error err = {0};
    const char *path = fuzz_file((uint8_t *)input, n + size - 1);
    if (rung_import_words(&m, path, &config, &report, &err) != RUNG_OK) {
        FUZZ_CHECK(!m && strstr(err.message, path));
        return 0;
    }
    FUZZ_CHECK(m->vocab > 0 && m->vocab == report.n_words);
    check_formats(m);
    rung_model_free(m);
    return 0;
}
