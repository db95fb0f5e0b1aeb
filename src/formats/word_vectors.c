/* Word vectors for other programs. */
#include "formats/word_vectors.h"

#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "base/str.h"

static const char *const names[] = {
#define X(name, text) text,
    RUNG__WORD_FORMAT_LIST(X)
#undef X
};

const char *rung__word_format_name(rung__word_format format)
{
    return names[format];
}

rung_status rung__word_format_find(rung__word_format *out, const char *name,
                                   rung_error *err)
{
    for (int f = 0; f < RUNG__WORD_FORMATS; f++) {
        *out = (rung__word_format)f;
        if (strcmp(names[f], name) == 0) return RUNG_OK;
    }
    const char *near = rung_nearest_name(name, names, RUNG__WORD_FORMATS);
    return rung_fail(err, RUNG_USAGE, "unknown format '%s': %s%s%s", name,
                     near ? "did you mean '"
                          : "known are word2vec-text, "
                            "word2vec-binary, glove-text, fasttext-vec",
                     near ? near : "", near ? "'?" : "");
}

static void write_row(rung_writer *w, rung__word_format format, const float *row,
                      int64_t dim)
{
    char number[40];
    if (format == RUNG__WORD2VEC_BINARY) {
        rung_writer_write(w, " ", 1);
        rung_writer_write(w, row, (size_t)dim * sizeof *row);
    }
    for (int64_t d = 0; d < dim && format != RUNG__WORD2VEC_BINARY; d++) {
        const int n = snprintf(number, sizeof number, " %.9g", (double)row[d]);
        rung_writer_write(w, number, (size_t)n);
    }
    rung_writer_write(w, "\n", 1);
}

rung_status rung__word_vectors_write(const char *path, rung__word_format format,
                                     const float *rows, int64_t n, int64_t dim,
                                     rung__word_name_fn name, const void *self,
                                     rung_error *err)
{
    rung_writer w;
    char head[60];
    RUNG_TRY(rung_writer_open(&w, path, err));
    const int size =
        snprintf(head, sizeof head, "%lld %lld\n", (long long)n, (long long)dim);
    if (format != RUNG__GLOVE_TEXT) rung_writer_write(&w, head, (size_t)size);
    for (int64_t i = 0; i < n; i++) {
        int64_t bytes;
        const char *word = name(self, i, &bytes);
        rung_writer_write(&w, word, (size_t)bytes);
        write_row(&w, format, rows + i * dim, dim);
    }
    return rung_writer_commit(&w, err);
}
