/* Splits raw text by position. */
#include <string.h>

#include "rung/text.h"
#include "text/unicode.h"

#define NEAR_BYTES 1000 /* a newline is near within so much, */
#define NEAR_PART 100   /* and within this part of the text */

/* Just after the newline nearest to `at`, else between characters. */
static size_t cut_near(const rung_text *text, size_t at)
{
    const size_t part = text->size / NEAR_PART;
    const size_t reach = part < NEAR_BYTES ? part : NEAR_BYTES;
    for (size_t away = 0; away <= reach; away++) {
        if (away < at && text->bytes[at - away - 1] == '\n') return at - away;
        if (at + away < text->size && text->bytes[at + away] == '\n')
            return at + away + 1;
    }
    return rung__utf8_boundary(text->bytes, text->size, at);
}

static rung_status check_part(const rung_text *text, const char *part, rung_span span,
                              double share, rung_error *err)
{
    if (span.size > 0 || share == 0) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT,
                     "'%s' has %zu bytes: too few for a %s part of %g of it", text->name,
                     text->size, part, share);
}

rung_status rung_text_split(const rung_text *text, double valid_share, double test_share,
                            rung_span *train, rung_span *valid, rung_span *test,
                            rung_error *err)
{
    const double train_share = 1 - valid_share - test_share;
    if (!(valid_share >= 0 && test_share >= 0 && train_share > 0)) {
        return rung_fail(err, RUNG_USAGE,
                         "shares of valid %g and test %g: must be 0 or more, "
                         "and leave something to train on",
                         valid_share, test_share);
    }
    const double size = (double)text->size;
    const size_t end = text->size;
    const size_t to_test =
        test_share > 0 ? cut_near(text, (size_t)(size * (1 - test_share))) : end;
    const size_t to_valid =
        valid_share > 0 ? cut_near(text, (size_t)(size * train_share)) : to_test;
    const rung_span parts[3] = {
        {text->bytes, to_valid < to_test ? to_valid : to_test},
        {text->bytes + to_valid, to_valid < to_test ? to_test - to_valid : 0},
        {text->bytes + to_test, end - to_test},
    };
    RUNG_TRY(check_part(text, "train", parts[0], train_share, err));
    RUNG_TRY(check_part(text, "valid", parts[1], valid_share, err));
    RUNG_TRY(check_part(text, "test", parts[2], test_share, err));
    *train = parts[0], *valid = parts[1], *test = parts[2];
    return RUNG_OK;
}
