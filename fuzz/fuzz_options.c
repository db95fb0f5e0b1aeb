/* Options from JSON and from typed values: what is accepted lies in its range, and what
 * is written is read back as the same. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rung/options.h"
#include "rung/units.h"
#include "support.h"

typedef struct values {
    bool flag;
    int64_t whole;
    double real, seconds, bytes;
    const char *text;
    int choice;
} values;

static const rung_option options[] = {
    {"flag", RUNG_OPTION_FLAG, offsetof(values, flag), .help = ""},
    {"whole", RUNG_OPTION_INT, offsetof(values, whole), "5", -10, 1000, .help = ""},
    {"real", RUNG_OPTION_REAL, offsetof(values, real), "0.5", 0, 1, .help = ""},
    {"seconds", RUNG_OPTION_SECONDS, offsetof(values, seconds), "1m", 1, 1e6, .help = ""},
    {"bytes", RUNG_OPTION_BYTES, offsetof(values, bytes), .help = ""},
    {"text", RUNG_OPTION_TEXT, offsetof(values, text), .help = ""},
    {"a-choice", RUNG_OPTION_CHOICE, offsetof(values, choice), .choices = "one|two|three",
     .help = ""},
};
#define N_OPTIONS (sizeof options / sizeof *options)

static void check_ranges(const values *v)
{
    FUZZ_CHECK(v->whole >= -10 && v->whole <= 1000);
    FUZZ_CHECK(v->real >= 0 && v->real <= 1);
    FUZZ_CHECK(v->seconds >= 1 && v->seconds <= 1e6);
    FUZZ_CHECK(isfinite(v->bytes));
    FUZZ_CHECK(v->choice >= 0 && v->choice < 3);
}

/* JSON written from the values and read into others gives the same JSON. */
static void check_round_trip(const rung_option_set *set)
{
    values others;
    rung_error err;
    const rung_option_set copy = {"", options, N_OPTIONS, &others, NULL};
    FUZZ_CHECK(rung_options_defaults(&copy, &err) == RUNG_OK);
    char *json = rung_options_to_json(set, 1);
    if (json) { // NULL: a text that is not UTF-8
        FUZZ_CHECK(rung_options_from_json(&copy, 1, json, "json", true, &err) == RUNG_OK);
        char *again = rung_options_to_json(&copy, 1);
        FUZZ_CHECK(again && strcmp(json, again) == 0);
        rung_text_free(again);
        rung_text_free(json);
    }
    rung_options_release(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_CHECK(text);
    memcpy(text, bytes, size);
    text[size] = '\0';
    values v;
    rung_error err = {0};
    const rung_option_set set = {"", options, N_OPTIONS, &v, NULL};
    FUZZ_CHECK(rung_options_defaults(&set, &err) == RUNG_OK);
    if (size > 0)
        rung_option_set_text(&set, options[bytes[0] % N_OPTIONS].name, text + 1, &err);
    check_ranges(&v);
    const rung_status status = rung_options_from_json(&set, 1, text, "fuzz", true, &err);
    FUZZ_CHECK(status == RUNG_OK || err.message[0]);
    check_ranges(&v);
    check_round_trip(&set);
    rung_options_release(&set);
    free(text);
    return 0;
}
