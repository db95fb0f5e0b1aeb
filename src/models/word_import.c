/* Vectors of words from files of other programs, and the class of models that keep
 * them. */
#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "formats/word_vectors.h"
#include "models/rungs.h"
#include "models/vectors.h"
#include "rung/vectors.h"
#include "text/unicode.h"
#include "text/wordlevel.h"

_Static_assert((int)RUNG__VECTOR_WORD_BYTES == (int)RUNG_WORD_BYTES,
               "words that a text can have");

typedef struct imported {
    rung__vectors base;
    int64_t dim; /* an option, as config.json has it */
} imported;

static const rung_option imported_options[] = {
    {"dim", RUNG_OPTION_INT, 0, "100", 1, RUNG__VECTOR_MOST, NULL, "numbers in a vector",
     NULL},
};

static rung_status imported_declare(rung_model *m, rung_error *err)
{
    (void)err;
    rung__vectors_of(m)->dim = ((imported *)m)->dim;
    return RUNG_OK;
}

static const rung_words_ops imported_words = {0};

const rung_class rung__imported = {
    .name = "vectors",
    .model_type = "word-vectors",
    .summary = "vectors of words from a file of another program",
    .model_bytes = sizeof(imported),
    .options = imported_options,
    .n_options = sizeof imported_options / sizeof *imported_options,
    .options_offset = offsetof(imported, dim),
    .declare = imported_declare,
    .words = &imported_words,
    .extra = rung__vectors_extra,
    .load_extra = rung__vectors_load,
    .release = rung__vectors_release,
};

bool rung_is_imported(const rung_model *m)
{
    return m->type == &rung__imported;
}

/* ---- Reading ---- */

/* What was read so far. */
typedef struct reading {
    rung_vocab words;
    float *rows; /* [words.n, dim], owned */
    size_t cap;  /* of rows, in numbers */
    int64_t dim;
    rung_str word; /* scratch */
    rung_import_report *report;
} reading;

/* Whether a text can have the word. */
static bool is_fit(rung_span word)
{
    for (size_t i = 0; i < word.size; i++)
        if (rung__is_space(word.bytes[i])) return false;
    return word.size > 0 && word.size <= RUNG_WORD_BYTES;
}

static rung_status add_row(reading *k, const rung__word_row *row, rung_error *err)
{
    const size_t n = k->words.n, dim = (size_t)row->dim;
    int32_t id;
    k->word.len = 0;
    rung__word_add(&k->word, (rung_span){row->word, row->size}, false);
    if (k->word.failed) return rung__out_of_memory(err, row->size, "a word");
    if (!is_fit((rung_span){k->word.data, k->word.len})) {
        k->report->n_unfit++;
        return RUNG_OK;
    }
    RUNG_TRY(rung__vocab_enter(&k->words, k->word.data, k->word.len, 0, &id, err));
    if (k->words.n == n) {
        k->report->n_again++;
        return RUNG_OK;
    }
    k->report->n_invalid += memchr(row->word, '\0', row->size) ||
                            rung__utf8_count_invalid(row->word, row->size);
    if (!rung__grow(&k->rows, &k->cap, (n + 1) * dim, sizeof *k->rows))
        return rung__out_of_memory(err, (n + 1) * dim * sizeof *k->rows, "vectors");
    memcpy(k->rows + n * dim, row->x, dim * sizeof *row->x);
    return RUNG_OK;
}

static rung_status read_rows(reading *k, rung__word_reader *r, const char *path,
                             int64_t most, rung_error *err)
{
    rung__word_row row;
    while (most == 0 || (int64_t)k->words.n < most) {
        RUNG_TRY(rung__word_reader_next(r, &row, err));
        if (!row.word) break;
        k->dim = row.dim;
        RUNG_TRY(add_row(k, &row, err));
    }
    k->report->n_words = (int64_t)k->words.n;
    if (k->words.n > 0) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%s: has no word that a text can have", path);
}

/* Takes the words and rows. */
static rung_status make_model(rung_model **out, reading *k, bool lower, rung_error *err)
{
    rung_tokenizer *tok;
    RUNG_TRY(rung_model_new(out, &rung__imported, RUNG_WORDS, err));
    ((imported *)*out)->dim = k->dim;
    rung__vectors_of(*out)->centre = k->rows;
    k->rows = NULL;
    rung_status status = rung__wordlevel_take(&tok, &k->words, lower, err);
    if (status == RUNG_OK) status = rung_model_build(*out, tok, NULL, 0, err);
    if (status == RUNG_OK) return RUNG_OK;
    rung_model_free(*out);
    *out = NULL;
    return status;
}

rung_status rung_import_words(rung_model **out, const char *path,
                              const rung_import_config *config,
                              rung_import_report *report, rung_error *err)
{
    rung__word_format format = RUNG__WORD_FORMATS;
    rung__word_reader *r;
    reading k = {.report = report};
    *report = (rung_import_report){0};
    if (config->format) RUNG_TRY(rung__word_format_find(&format, config->format, err));
    RUNG_TRY(rung__word_reader_open(&r, path, format, err));
    report->format = rung__word_format_name(rung__word_reader_format(r));
    rung_status status = read_rows(&k, r, path, config->most, err);
    rung__word_reader_close(r);
    if (status == RUNG_OK) status = make_model(out, &k, config->lower, err);
    rung__vocab_release(&k.words);
    rung__free(k.rows);
    rung_str_release(&k.word);
    return status;
}
