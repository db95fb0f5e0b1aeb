/* The help text of options:
 *
 *     Training:
 *       --eval-every N          steps between two evaluations (1 to 1000000; default 200)
 *       --schedule constant|linear|cosine
 *                               how the rate changes (default cosine)
 */
#include <string.h>

#include "base/options.h"

#define INDENT 2
#define HELP_COLUMN 26
#define LAST_COLUMN 80

static const char *value_word(rung_option_type type)
{
    static const char *const texts[] = {
        [RUNG_OPTION_FLAG] = "",       [RUNG_OPTION_INT] = " N",
        [RUNG_OPTION_REAL] = " X",     [RUNG_OPTION_SECONDS] = " TIME",
        [RUNG_OPTION_BYTES] = " SIZE", [RUNG_OPTION_TEXT] = " TEXT",
        [RUNG_OPTION_CHOICE] = " ",
    };
    return texts[type];
}

static bool is_on(const rung_option *option)
{
    return option->type == RUNG_OPTION_FLAG && option->fallback &&
           strcmp(option->fallback, "true") == 0;
}

static void add_name(rung_str *s, const rung_option *option)
{
    rung_str_addf(s, "%*s--%s%s%s%s%s", INDENT, "", is_on(option) ? "[no-]" : "",
                  option->name, value_word(option->type),
                  rung__option_word(option) ? "|" : "",
                  option->choices ? option->choices : "");
}

/* " (1 to 10; default 3)", as far as there is something to say. */
static void add_limits(rung_str *s, const rung_option *option)
{
    const bool has_range = rung__option_has_range(option);
    const bool has_default = option->fallback && option->type != RUNG_OPTION_FLAG;
    if (!has_range && !has_default && !is_on(option)) return;
    char range[RUNG_UNITS_BYTES];
    rung_str_add(s, " (");
    if (has_range) rung_str_add(s, rung_format_range(range, option->min, option->max));
    if (has_range && has_default) rung_str_add(s, "; ");
    if (has_default) rung_str_addf(s, "default %s", option->fallback);
    if (is_on(option)) rung_str_add(s, "default on");
    rung_str_add(s, ")");
}

/* Appends words from HELP_COLUMN on, folded before LAST_COLUMN; `column` is where we
 * are. */
static void add_folded(rung_str *s, const char *text, size_t column)
{
    if (column + 2 > HELP_COLUMN) {
        rung_str_add(s, "\n");
        column = 0;
    }
    rung_str_addf(s, "%*s", (int)(HELP_COLUMN - column), "");
    column = HELP_COLUMN;
    while (*text) {
        const size_t length = strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + length > LAST_COLUMN) {
            rung_str_addf(s, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (column > HELP_COLUMN) {
            rung_str_add(s, " ");
            column++;
        }
        rung_str_add_bytes(s, text, length);
        column += length;
        text += length + strspn(text + length, " ");
    }
    rung_str_add(s, "\n");
}

static void add_option(rung_str *s, const rung_option *option)
{
    rung_str help = {0};
    rung_str_add(&help, option->help ? option->help : "");
    add_limits(&help, option);
    const size_t before = s->len;
    add_name(s, option);
    if (help.failed)
        s->failed = true;
    else
        add_folded(s, help.data, s->len - before);
    rung_str_release(&help);
}

char *rung_options_help(const rung_option_set *sets, size_t n_sets)
{
    rung_str s = {0};
    for (size_t set = 0; set < n_sets; set++) {
        if (set > 0) rung_str_add(&s, "\n");
        rung_str_addf(&s, "%s:\n", sets[set].title);
        for (size_t i = 0; i < sets[set].count; i++)
            add_option(&s, &sets[set].options[i]);
    }
    if (s.failed) rung_str_release(&s);
    return s.data;
}
