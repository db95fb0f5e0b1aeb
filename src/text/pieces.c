/* Cuts text into words, white space and punctuation. */
#include "text/pieces.h"

#include <string.h>

#include "text/unicode.h"

#define WORD "[\\p{L}\\p{M}\\p{N}]"
#define SPACES "|\\s+(?= \\S)|\\s+"
const char *const rung__cut_patterns[2] = {
    "\\s*\\n|(?<=" WORD ")['\u2019]" WORD "+| ?" WORD
    "+| ?[^\\s\\p{L}\\p{M}\\p{N}]" SPACES,
    "\\s*\\n| ?\\S+" SPACES,
};

const char *const rung__cut_names[2] = {"text", "blanks"};

/* Text tokenised already: of what stands between white space fewer than one in 200 end in
 * a word and a mark, and fewer than one in 33 in a word and a full stop (Penn Treebank:
 * none and one in 63; prose: one in 6 and one in 20). */
#define MARKED_OF 200
#define STOPPED_OF 33
#define GUESS_BYTES ((size_t)4 << 20) /* the beginning tells */

static rung__char_class class_at(const char *p, const char *end, int *size)
{
    const rung__char c = rung__utf8_at(p, end);
    *size = c.size;
    return rung__char_class_of(c.code);
}

/* The end of a run of white space, of anything else, of a word, that begins at p. */
static const char *skip_spaces(const char *p, const char *end)
{
    int size;
    while (p < end && class_at(p, end, &size) == RUNG__CHAR_SPACE) p += size;
    return p;
}

static const char *skip_others(const char *p, const char *end)
{
    int size;
    while (p < end && class_at(p, end, &size) != RUNG__CHAR_SPACE) p += size;
    return p;
}

static const char *skip_word(const char *p, const char *end)
{
    int size;
    while (p < end && class_at(p, end, &size) == RUNG__CHAR_WORD) p += size;
    return p;
}

/* ' and U+2019, the right single quotation mark. */
static bool is_apostrophe(int32_t code)
{
    return code == '\'' || code == 0x2019;
}

/* A piece of white space that begins at p: through its last newline if it has one, else
 * to its end, without the blank that belongs to what follows. NULL if there is only that
 * blank. */
static const char *space_piece(const char *p, const char *end)
{
    const char *after = skip_spaces(p, end);
    for (const char *q = after; q > p; q--) {
        if (q[-1] == '\n') return q;
    }
    if (after == end || after[-1] != ' ') return after;
    return after - p > 1 ? after - 1 : NULL;
}

/* The end of the piece at p, which is not white space but for one blank perhaps. */
static const char *text_piece(rung__pieces *s, const char *p)
{
    const bool glued = *p == ' ';
    p += glued;
    const rung__char c = rung__utf8_at(p, s->end);
    const char *next = p + c.size;
    if (rung__char_class_of(c.code) == RUNG__CHAR_WORD) {
        s->after_word = true;
        return skip_word(next, s->end);
    }
    const char *word_end = next;
    if (s->after_word && !glued && is_apostrophe(c.code)) {
        word_end = skip_word(next, s->end);
    }
    s->after_word = word_end > next;
    return word_end;
}

bool rung__pieces_next(rung__pieces *s, rung_span *piece)
{
    const char *p = s->at, *next = NULL;
    if (p == s->end) return false;
    int size;
    if (class_at(p, s->end, &size) == RUNG__CHAR_SPACE) {
        next = space_piece(p, s->end);
        s->after_word = false;
    }
    if (!next) {
        next = s->cut == RUNG__CUT_TEXT ? text_piece(s, p)
                                        : skip_others(p + (*p == ' '), s->end);
    }
    *piece = (rung_span){p, (size_t)(next - p)};
    s->at = next;
    return true;
}

/* Every line ends in a blank: only programs write so. */
static bool lines_end_blank(const char *p, const char *end)
{
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    if (!newline) return false;
    for (; newline; newline = memchr(p, '\n', (size_t)(end - p))) {
        if (newline == p || newline[-1] != ' ') return false;
        p = newline + 1;
    }
    return true;
}

rung__cut rung__cut_guess(rung_span text)
{
    const size_t size = text.size < GUESS_BYTES ? text.size : GUESS_BYTES;
    const char *p = text.bytes, *end = p + size;
    size_t n = 0, n_marked = 0, n_stopped = 0;
    while ((p = skip_spaces(p, end)) < end) {
        rung__char before = {-1, 0}, last = {-1, 0}; // of the run that begins at p
        for (const char *stop = skip_others(p, end); p < stop; p += last.size) {
            before = last;
            last = rung__utf8_at(p, end);
        }
        n++;
        if (rung__char_class_of(before.code) != RUNG__CHAR_WORD) continue;
        if (last.code == '.')
            n_stopped++;
        else if (rung__char_is_mark(last.code) && !is_apostrophe(last.code))
            n_marked++;
    }
    if (n_marked * MARKED_OF >= n) return RUNG__CUT_TEXT;
    const bool few_stops = n_stopped * STOPPED_OF < n;
    return few_stops || lines_end_blank(text.bytes, end) ? RUNG__CUT_BLANKS
                                                         : RUNG__CUT_TEXT;
}
