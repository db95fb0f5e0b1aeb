/* Vectors of a model for other programs. */
#include <string.h>

#include "base/str.h"
#include "formats/word_vectors.h"
#include "models/vectors.h"
#include "rung/vectors.h"

static const char *const names[] = {
#define X(name, text) text,
    RUNG__WORD_FORMAT_LIST(X)
#undef X
};

static const char *name_of(const void *self, int64_t i, int64_t *size)
{
    const rung_model *m = self;
    const rung_span word = rung_tokenizer_bytes(m->tokenizer, (int32_t)i);
    *size = (int64_t)word.size;
    return word.bytes;
}

rung_status rung_export_words(const rung_model *m, const char *format, const char *path,
                              rung_error *err)
{
    rung__rows v;
    RUNG_TRY(rung__vectors_rows(&v, m, err));
    for (int f = 0; f < RUNG__WORD_FORMATS; f++) {
        if (strcmp(names[f], format) == 0)
            return rung__word_vectors_write(path, (rung__word_format)f, v.rows, m->vocab,
                                            v.dim, name_of, m, err);
    }
    const char *near = rung_nearest_name(format, names, RUNG__WORD_FORMATS);
    return rung_fail(err, RUNG_USAGE, "unknown format '%s': %s%s%s", format,
                     near ? "did you mean '"
                          : "known are word2vec-text, "
                            "word2vec-binary, glove-text, fasttext-vec",
                     near ? near : "", near ? "'?" : "");
}
