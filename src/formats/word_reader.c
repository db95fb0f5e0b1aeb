/* Reads word vectors of other programs through one buffer.
 *
 * Text:    word BLANK number BLANK number ... LINE-END, blanks and tabs in any number
 * Binary:  word BLANK float[dim] [LINE-END], the floats as they lie in memory
 *
 * A word of a text may have blanks, as long as no number follows one: GloVe's vectors of
 * 840 billion words have such. */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/stream.h"
#include "formats/word_vectors.h"
#include "rung/units.h"

enum {
    BUFFER_BYTES = 65536,
    NUMBER_BYTES = 128, /* that a number, and what is around it, are looked for in */
    WORD_BYTES = RUNG__VECTOR_WORD_BYTES + NUMBER_BYTES
};

struct rung__word_reader {
    char *path;           /* owned */
    rung__stream *stream; /* owned */
    rung__word_format format;
    bool has_header;
    int64_t n, dim; /* by the header; without one dim is 0 until it is known */
    int64_t row;    /* words that were begun */
    float *x;       /* [cap], owned */
    size_t cap;
    size_t word_bytes;
    char word[RUNG__VECTOR_WORD_BYTES]; /* [word_bytes] */
    bool at_end;                        /* of the file */
    char *next, *end; /* what is read and not yet used; a NUL stands at the end */
    char buffer[BUFFER_BYTES + 1];
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Reads on until `size` bytes are there, or all. */
static rung_status fill(rung__word_reader *r, size_t size, rung_error *err)
{
    while (!r->at_end && (size_t)(r->end - r->next) < size) {
        const size_t left = (size_t)(r->end - r->next);
        size_t got;
        memmove(r->buffer, r->next, left);
        r->next = r->buffer;
        r->end = r->buffer + left;
        RUNG_TRY(rung__stream_read(r->stream, r->end, BUFFER_BYTES - left, &got, err));
        r->end += got;
        *r->end = '\0';
        r->at_end = got == 0;
    }
    return RUNG_OK;
}

/* Puts the place before a message: the line of a text, the number of a binary's word. */
static rung_status fail_here(const rung__word_reader *r, rung_error *err)
{
    const long long row = (long long)r->row;
    if (r->format == RUNG__WORD2VEC_BINARY)
        rung_fail_within(err, "%s: word %lld of %lld", r->path, row, (long long)r->n);
    else
        rung_fail_within(err, "%s:%lld", r->path, row + r->has_header);
    return RUNG_INPUT;
}

/* ---- What kind of file ---- */

/* Behind a line end's bytes at p; NULL if there is none. */
static char *line_end(char *p)
{
    p += *p == '\r';
    return *p == '\n' ? p + 1 : NULL;
}

/* The digits at *p as a whole number up to 2^53, behind which *p is set. */
static bool whole_number(char **p, int64_t *x)
{
    char *begin = *p;
    for (*x = 0; **p >= '0' && **p <= '9' && *x < (int64_t)1 << 49; (*p)++)
        *x = 10 * *x + **p - '0';
    return *p > begin;
}

/* Takes "words dim" if the file begins with it. */
static void take_header(rung__word_reader *r)
{
    char *p = r->next;
    int64_t n, dim;
    if (strncmp(p, "\xEF\xBB\xBF", 3) == 0) p += 3; // a mark before UTF-8
    if (!whole_number(&p, &n) || !is_blank(*p)) return;
    while (is_blank(*p)) p++;
    if (!whole_number(&p, &dim)) return;
    while (is_blank(*p)) p++;
    p = line_end(p);
    if (!p) return;
    r->has_header = true;
    r->next = p, r->n = n, r->dim = dim;
}

/* Whether a number begins at p, be it nan or inf, which are refused later; where it
 * ends. */
static const char *number_end(const char *p, double *x)
{
    static const char *const others[] = {"nan", "infinity", "inf"};
    const char *end = rung_parse_number(p, x);
    const char *letters = p + (*p == '-' || *p == '+');
    for (int i = 0; !end && i < 3; i++) {
        if (strncasecmp(letters, others[i], strlen(others[i])) == 0)
            *x = (double)NAN, end = letters + strlen(others[i]);
    }
    return end && (is_blank(*end) || *end == '\r' || *end == '\n' || !*end) ? end : NULL;
}

/* Whether behind the header's first word numbers stand, not the bytes of such: two, as
 * one of 1,300 vectors begins with a digit and what may follow a number. */
static bool is_text(const rung__word_reader *r)
{
    double x;
    const char *p = r->next;
    while (*p && !is_blank(*p) && *p != '\n') p++;
    for (int64_t d = 0; d < 2 && d < r->dim; d++) {
        while (is_blank(*p)) p++;
        if (p == r->end) return true;
        p = number_end(p, &x);
        if (!p) return false;
    }
    return true;
}

static const struct {
    char bytes[5];
    const char *what;
} others[] = {
    {"PK\3\4", "a zip archive: unpack it"},
    {"\xBA\x16\x4F\x2F", "fastText's .bin: take the .vec beside it"},
    {"\x80", "a Python pickle: gensim's save_word2vec_format writes what is read here"},
};

static rung_status check_other(const rung__word_reader *r, rung_error *err)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strncmp(r->next, others[i].bytes, strlen(others[i].bytes)) == 0)
            return rung_fail(err, RUNG_INPUT, "%s: %s", r->path, others[i].what);
    }
    return RUNG_OK;
}

static rung_status check_header(const rung__word_reader *r, rung_error *err)
{
    if (!r->has_header && r->format != RUNG__GLOVE_TEXT)
        return rung_fail(err, RUNG_INPUT,
                         "%s:1: %s begins with the numbers of words and of numbers a "
                         "word, as in '71291 200': is it glove-text?",
                         r->path, rung__word_format_name(r->format));
    if (!r->has_header) return RUNG_OK;
    if (r->n < 1)
        return rung_fail(err, RUNG_INPUT, "%s:1: the header tells of no words", r->path);
    if (r->dim >= 1 && r->dim <= RUNG__VECTOR_MOST) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%s:1: %lld numbers a word: must be 1 to %d",
                     r->path, (long long)r->dim, RUNG__VECTOR_MOST);
}

static rung_status begin(rung__word_reader *r, rung__word_format format, rung_error *err)
{
    RUNG_TRY(fill(r, WORD_BYTES, err));
    if (r->next == r->end) return rung_fail(err, RUNG_INPUT, "'%s' is empty", r->path);
    RUNG_TRY(check_other(r, err));
    if (format != RUNG__GLOVE_TEXT) take_header(r);
    RUNG_TRY(fill(r, WORD_BYTES, err));
    if (format != RUNG__WORD_FORMATS)
        r->format = format;
    else if (!r->has_header)
        r->format = RUNG__GLOVE_TEXT;
    else
        r->format = is_text(r) ? RUNG__WORD2VEC_TEXT : RUNG__WORD2VEC_BINARY;
    return check_header(r, err);
}

/* ---- A line of text ---- */

/* The word, and the blanks behind it. */
static rung_status take_text_word(rung__word_reader *r, rung_error *err)
{
    const char *begin = r->next, *p = begin, *stop;
    double x;
    do {
        while (p < r->end && !is_blank(*p) && *p != '\n') p++;
        stop = p;
        while (is_blank(*p)) p++;
        if (stop - begin > RUNG__VECTOR_WORD_BYTES)
            return rung_fail(err, RUNG_INPUT, "a word of more than %d bytes",
                             RUNG__VECTOR_WORD_BYTES);
        if (*p == '\n' || p == r->end)
            return rung_fail(err, RUNG_INPUT, "a word and its numbers expected: '%.*s'",
                             (int)(stop - begin < 60 ? stop - begin : 60), begin);
    } while (!number_end(p, &x));
    r->word_bytes = (size_t)(stop - begin);
    memcpy(r->word, begin, r->word_bytes);
    r->next += p - begin;
    return RUNG_OK;
}

static rung_status skip_blanks(rung__word_reader *r, rung_error *err)
{
    do {
        RUNG_TRY(fill(r, NUMBER_BYTES, err));
        while (is_blank(*r->next)) r->next++;
    } while (!r->at_end && r->end - r->next < NUMBER_BYTES);
    return RUNG_OK;
}

/* Number d of the line. */
static rung_status take_number(rung__word_reader *r, int64_t d, rung_error *err)
{
    double x;
    const char *end = number_end(r->next, &x);
    if (end && isfinite((float)x)) {
        r->x[d] = (float)x;
        r->next += end - r->next;
        return RUNG_OK;
    }
    return rung_fail(err, RUNG_INPUT, "number %lld is '%.*s': must be %s",
                     (long long)d + 1, (int)strcspn(r->next, " \t\r\n"), r->next,
                     end ? "finite" : "a number");
}

static rung_status take_line(rung__word_reader *r, rung_error *err)
{
    int64_t d = 0;
    RUNG_TRY(take_text_word(r, err));
    for (;; d++) {
        RUNG_TRY(skip_blanks(r, err));
        if (r->next == r->end)
            return rung_fail(err, RUNG_INPUT,
                             "the file ends behind number %lld, without a line end: is "
                             "it truncated?",
                             (long long)d);
        if (line_end(r->next)) break;
        if (d == (r->dim ? r->dim : RUNG__VECTOR_MOST))
            return rung_fail(err, RUNG_INPUT, "more than %lld numbers", (long long)d);
        if (!rung__grow(&r->x, &r->cap, (size_t)d + 1, sizeof *r->x))
            return rung__out_of_memory(err, (size_t)d * sizeof *r->x, "a vector");
        RUNG_TRY(take_number(r, d, err));
    }
    r->next = line_end(r->next);
    if (!r->dim) r->dim = d;
    if (d == r->dim) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%lld numbers, not %lld", (long long)d,
                     (long long)r->dim);
}

/* ---- A word of a binary ---- */

static rung_status fail_short(rung_error *err)
{
    return rung_fail(err, RUNG_INPUT, "the file ends within it: is it truncated?");
}

static rung_status take_binary_word(rung__word_reader *r, rung_error *err)
{
    RUNG_TRY(fill(r, WORD_BYTES, err));
    const size_t left = (size_t)(r->end - r->next);
    const size_t most =
        left < RUNG__VECTOR_WORD_BYTES + 1 ? left : RUNG__VECTOR_WORD_BYTES + 1;
    const char *blank = memchr(r->next, ' ', most);
    if (!blank && most == left) return fail_short(err);
    if (!blank)
        return rung_fail(err, RUNG_INPUT,
                         "more than %d bytes, or vectors that are not %lld floats each",
                         RUNG__VECTOR_WORD_BYTES, (long long)r->dim);
    r->word_bytes = (size_t)(blank - r->next);
    memcpy(r->word, r->next, r->word_bytes);
    r->next += r->word_bytes + 1;
    return RUNG_OK;
}

static rung_status take_floats(rung__word_reader *r, rung_error *err)
{
    const size_t size = (size_t)r->dim * sizeof *r->x;
    for (size_t at = 0; at < size;) {
        RUNG_TRY(fill(r, 1, err));
        const size_t left = (size_t)(r->end - r->next);
        const size_t n = size - at < left ? size - at : left;
        if (n == 0) return fail_short(err);
        memcpy((char *)r->x + at, r->next, n);
        r->next += n;
        at += n;
    }
    for (int64_t d = 0; d < r->dim; d++) {
        if (!isfinite(r->x[d]))
            return rung_fail(err, RUNG_INPUT, "number %lld is %g: must be finite",
                             (long long)d + 1, (double)r->x[d]);
    }
    return RUNG_OK;
}

static rung_status take_binary(rung__word_reader *r, rung_error *err)
{
    if (!rung__grow(&r->x, &r->cap, (size_t)r->dim, sizeof *r->x))
        return rung__out_of_memory(err, (size_t)r->dim * sizeof *r->x, "a vector");
    RUNG_TRY(take_binary_word(r, err));
    RUNG_TRY(take_floats(r, err));
    RUNG_TRY(fill(r, 1, err));
    r->next += r->next < r->end && *r->next == '\n';
    return RUNG_OK;
}

/* ---- All of it ---- */

static rung_status check_end(const rung__word_reader *r, rung_error *err)
{
    const bool is_over = r->next == r->end;
    if (!r->has_header || is_over == (r->row == r->n)) return RUNG_OK;
    if (is_over)
        return rung_fail(err, RUNG_INPUT,
                         "%s: ends after %lld words, but its header tells of %lld: is it "
                         "truncated?",
                         r->path, (long long)r->row, (long long)r->n);
    return rung_fail(err, RUNG_INPUT,
                     "%s: more follows the %lld words that its header tells of", r->path,
                     (long long)r->n);
}

rung_status rung__word_reader_next(rung__word_reader *r, rung__word_row *row,
                                   rung_error *err)
{
    RUNG_TRY(fill(r, WORD_BYTES, err));
    *row = (rung__word_row){0};
    if (r->next == r->end || (r->has_header && r->row == r->n)) return check_end(r, err);
    r->row++;
    const rung_status status =
        r->format == RUNG__WORD2VEC_BINARY ? take_binary(r, err) : take_line(r, err);
    if (status == RUNG_INPUT) return fail_here(r, err);
    *row = (rung__word_row){r->word, r->word_bytes, r->x, r->dim};
    return status;
}

rung__word_format rung__word_reader_format(const rung__word_reader *r)
{
    return r->format;
}

rung_status rung__word_reader_open(rung__word_reader **out, const char *path,
                                   rung__word_format format, rung_error *err)
{
    rung__word_reader *r = rung__alloc(sizeof *r);
    if (!r) return rung__out_of_memory(err, sizeof *r, path);
    r->next = r->end = r->buffer;
    r->path = rung__strdup(path);
    rung_status status = r->path ? rung__stream_open(&r->stream, path, err)
                                 : rung__out_of_memory(err, strlen(path) + 1, "a path");
    if (status == RUNG_OK) status = begin(r, format, err);
    if (status == RUNG_OK)
        *out = r;
    else
        rung__word_reader_close(r);
    return status;
}

void rung__word_reader_close(rung__word_reader *r)
{
    if (!r) return;
    rung__stream_close(r->stream);
    rung__free(r->path);
    rung__free(r->x);
    rung__free(r);
}
