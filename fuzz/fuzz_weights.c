/* Weights as text: a file is refused with a message, or taken; what was taken is written,
 * read again and written as the same bytes. The first byte picks the kind of features,
 * and whether there is a column of numbers. */
#include <string.h>

#include "rung/weights.h"
#include "support.h"

static rung_model *trained(rung_runtime *rt, const char *hash, const char *columns)
{
    static const double numbers[] = {1, 2, 4};
    static const rung_span names[] = {{"no", 2}, {"yes", 3}};
    static const rung_span texts[] = {{"a b", 3}, {"b c", 3}, {"c d", 3}};
    static const int32_t ids[] = {0, 1, 1};
    const rung_examples none = {0}, train = {.texts = texts,
                                             .labels = ids,
                                             .count = 3,
                                             .numbers = numbers,
                                             .n_numbers = columns[0] != 0};
    rung_error err;
    rung_labels *labels;
    rung_model *m;
    FUZZ_CHECK(rung_labels_ordered(&labels, names, 2, &err) == RUNG_OK);
    FUZZ_CHECK(rung_model_new(&m, rung_class_find("logreg", &err), RUNG_LABELLED, &err) ==
               RUNG_OK);
    const rung_option_set set = rung_model_options(m);
    FUZZ_CHECK(rung_option_set_text(&set, "hash", hash, &err) == RUNG_OK);
    FUZZ_CHECK(rung_option_set_text(&set, "number-columns", columns, &err) == RUNG_OK);
    FUZZ_CHECK(rung_model_build(m, NULL, labels, 1, &err) == RUNG_OK);
    FUZZ_CHECK(m->type->labelled->fit(m, rt, &train, &none, &err) == RUNG_OK);
    return m;
}

/* The bytes of a written file. */
static rung_text written(const rung_model *m, const char *path)
{
    rung_error err;
    rung_text text;
    FUZZ_CHECK(rung_weights_write(m, path, &err) == RUNG_OK);
    FUZZ_CHECK(rung_text_read(&text, path, 0, &err) == RUNG_OK);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char head[] = "feature\tidf\tyes\n(bias)\t1\t0.5\n";
    static const char number[] = "(n)\t1\t-2\n";
    static char input[1 << 12], path[64];
    static rung_model *models[4];
    rung_error err = {0};
    if (!models[0]) {
        rung_runtime_config config = RUNG_RUNTIME_CONFIG_DEFAULT;
        static rung_runtime *rt;
        config.threads = 1;
        FUZZ_CHECK(rung_runtime_new(&rt, &config, &err) == RUNG_OK);
        for (int i = 0; i < 4; i++)
            models[i] = trained(rt, i & 1 ? "8" : "0", i & 2 ? "n" : "");
        snprintf(path, sizeof path, "/tmp/fuzz-weights-%d", (int)getpid());
    }
    if (size < 1 || size > sizeof input - sizeof head - sizeof number) return 0;
    rung_model *m = models[bytes[0] & 3];
    size_t n = bytes[0] & 4 ? 0 : sizeof head - 1; // with a good head, or without
    memcpy(input, head, n);
    if (n > 0 && bytes[0] & 2)
        memcpy(input + n, number, sizeof number), n += sizeof number - 1;
    memcpy(input + n, bytes + 1, size - 1);
    if (rung_weights_read(m, fuzz_file((uint8_t *)input, n + size - 1), &err) !=
        RUNG_OK) {
        FUZZ_CHECK(err.message[0]);
        return 0;
    }
    rung_text once = written(m, path);
    FUZZ_CHECK(rung_weights_read(m, path, &err) == RUNG_OK);
    rung_text twice = written(m, path);
    FUZZ_CHECK(once.size == twice.size &&
               memcmp(once.bytes, twice.bytes, once.size) == 0);
    rung_text_release(&once), rung_text_release(&twice);
    unlink(path);
    return 0;
}
