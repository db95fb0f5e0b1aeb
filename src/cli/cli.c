/* What the commands share. */
#include "cli/cli.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cli_fail(const rung_error *err)
{
    fprintf(stderr, "rung: %s\n", err->message);
    switch (err->code) {
    case RUNG_USAGE:
    case RUNG_INPUT:
    case RUNG_SHAPE:
    case RUNG_UNSUPPORTED:
        return CLI_USAGE;
    case RUNG_DIVERGED:
        return CLI_DIVERGED;
    case RUNG_INTERRUPTED:
        return CLI_INTERRUPTED;
    default:
        return CLI_FAILED;
    }
}

/* ---- Common options ---- */

#define FIELD(name) offsetof(cli_common, name)

static const rung_option common_options[] = {
    {"threads", RUNG_OPTION_INT, FIELD(threads), "0", 0, 1024, NULL,
     "threads that compute; 0: one for each processor", NULL},
    {"isa", RUNG_OPTION_CHOICE, FIELD(isa), "best", 0, 0, "portable|avx2|avx512|best",
     "instruction set of the kernels", NULL},
    {"quiet", RUNG_OPTION_FLAG, FIELD(quiet), "false", 0, 0, NULL,
     "no progress on stderr", NULL},
    {"json", RUNG_OPTION_FLAG, FIELD(json), "false", 0, 0, NULL,
     "results as JSON on stdout", NULL},
};

rung_option_set cli_common_set(cli_common *common, bool has_json)
{
    size_t n = sizeof common_options / sizeof common_options[0]; // "json" is the last
    return (rung_option_set){.title = "General",
                             .options = common_options,
                             .count = has_json ? n : n - 1,
                             .values = common};
}

static const rung_option vectors_options[] = {
    {"vectors", RUNG_OPTION_CHOICE, 0, "centre", 0, 0, "centre|context|sum|both",
     "of the two that a word has", NULL},
};

rung_option_set cli_vectors_set(int *which)
{
    return (rung_option_set){
        .title = "Vectors", .options = vectors_options, .count = 1, .values = which};
}

/* What the library warns of: "lr stays as it was when this run was begun". */
static void print_warning(void *self, rung_log_level level, const char *line)
{
    (void)self;
    const char *wipe = isatty(STDERR_FILENO) ? "\r\033[K" : ""; // a progress line
    if (level == RUNG_LOG_WARN) fprintf(stderr, "%srung: %s\n", wipe, line);
}

rung_runtime *cli_runtime(const cli_common *common, rung_error *err)
{
    rung_runtime_config config = RUNG_RUNTIME_CONFIG_DEFAULT;
    config.threads = (int)common->threads;
    config.isa = (rung_isa)common->isa;
    config.log = print_warning;
    if (rung_runtime_default_config(&config, err) != RUNG_OK) return NULL;
    rung_runtime *rt = rung_runtime_default();
    if (!rt) rung_runtime_new(&rt, &config, err); // says why not
    return rt;
}

/* ---- Command lines ---- */

rung_status cli_check_words(int n_words, char **argv, int least, int most,
                            const char *what, rung_error *err)
{
    if (n_words < least)
        return rung_fail(err, RUNG_USAGE, "%s expected, but %d word%s given", what,
                         n_words, n_words == 1 ? " is" : "s are");
    if (n_words > most)
        return rung_fail(err, RUNG_USAGE, "unexpected word '%s'%s%s", argv[most],
                         most ? " behind " : "", most ? what : "");
    return RUNG_OK;
}

rung_status cli_parse(const rung_option_set *sets, size_t n_sets, int argc, char **argv,
                      int least, int most, const char *what, int *n_words,
                      rung_error *err)
{
    for (size_t i = 0; i < n_sets; i++) RUNG_TRY(rung_options_defaults(&sets[i], err));
    RUNG_TRY(rung_options_parse(sets, n_sets, argc, argv, n_words, err));
    return cli_check_words(*n_words, argv, least, most, what, err);
}

void cli_release(const rung_option_set *sets, size_t n_sets)
{
    for (size_t i = 0; i < n_sets; i++) rung_options_release(&sets[i]);
}

static char typed[8192];

const char *cli_typed(void)
{
    return typed;
}

static void type_bytes(const char *bytes, size_t n)
{
    size_t used = strlen(typed);
    if (used + n < sizeof typed) memcpy(typed + used, bytes, n);
}

/* In quotes where a shell would read something else; a quote becomes '\\''. */
static void type_word(const char *word)
{
    bool is_plain = *word && !strpbrk(word, " \t\n\"'`$\\*?[]{}&|;<>()#~!");
    if (!is_plain) type_bytes("'", 1);
    for (const char *c = word; *c; c++)
        type_bytes(*c == '\'' ? "'\\''" : c, *c == '\'' ? 4 : 1);
    if (!is_plain) type_bytes("'", 1);
}

void cli_remember_typed(int argc, char **argv)
{
    type_word("rung");
    for (int i = 1; i < argc; i++) {
        type_bytes(" ", 1);
        type_word(argv[i]);
    }
}

void cli_print_json_bytes(const char *text, size_t size)
{
    putchar('"');
    for (size_t i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

void cli_print_json_text(const char *text)
{
    cli_print_json_bytes(text, strlen(text));
}

void cli_print_labels(const char *part, const rung_label_score *s)
{
    if (!s->count) return;
    printf("%s: ", part);
    if (s->has_several)
        printf("first label %.1f %% right, micro-F1 %.3f", 100 * s->accuracy,
               s->micro_f1);
    else
        printf("%.1f %% right", 100 * s->accuracy);
    printf(", macro-F1 %.3f, log-loss %.4f of %zu texts", s->macro_f1, s->log_loss,
           s->count);
    if (s->n_cut) printf(", %.1f %% cut", 100 * (double)s->n_cut / (double)s->count);
    if (s->n_unknown) printf(", %zu with a label unseen in training", s->n_unknown);
    printf("\n");
}

void cli_print_numbers(const char *part, const rung_number_score *s)
{
    if (!s->count) return;
    printf("%s: R2 %.4f, RMSE %.6g, MAE %.6g of %lld rows\n", part, s->r2, s->rmse,
           s->mae, (long long)s->count);
}

void cli_print_words(const rung_model *m)
{
    char *words = rung_table_fit_words(m);
    if (words) fputs(words, stdout);
    rung_text_free(words);
}

bool cli_has_color(FILE *out)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(out)) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

void cli_print_folded(const char *text)
{
    enum { COLUMNS = 80 };
    while (*text) {
        size_t n = strlen(text);
        if (n > COLUMNS) {
            for (n = COLUMNS; n > 0 && text[n] != ' ';) n--;
            if (n == 0) n = strcspn(text, " ");
        }
        printf("%.*s\n", (int)n, text);
        text += n;
        text += strspn(text, " ");
    }
}

rung_status cli_print_file(const char *dir, const char *name, rung_error *err)
{
    char path[4096], buffer[4096];
    size_t n;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "r");
    if (!f) return rung_fail(err, RUNG_IO, "cannot read '%s' back", path);
    while ((n = fread(buffer, 1, sizeof buffer, f)) > 0) fwrite(buffer, 1, n, stdout);
    fclose(f);
    return RUNG_OK;
}

/* ---- Interrupts ---- */

static volatile sig_atomic_t interrupts;

static void on_interrupt(int signal)
{
    (void)signal;
    if (++interrupts > 1) _exit(CLI_INTERRUPTED);
}

void cli_catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool cli_interrupted(void *self)
{
    (void)self;
    return interrupts > 0;
}

/* ---- Watching a training ---- */

void cli_watch_init(cli_watch *watch, const char *label, bool quiet)
{
    cli_progress_init(&watch->progress, stderr);
    watch->label = label;
    watch->valid_loss = NAN;
    watch->quiet = quiet;
}

void cli_watch_report(void *self, const rung_train_report *r)
{
    cli_watch *watch = self;
    if (watch->quiet) return;
    if (isfinite(r->valid_loss)) {
        cli_progress_wipe(&watch->progress);
        fprintf(stderr, "%s  step %lld of %lld  valid loss %.4f%s\n", watch->label,
                (long long)r->step, (long long)r->steps, r->valid_loss,
                r->best ? "" : " (worse)");
    }
    rung_progress progress = {.label = watch->label,
                              .unit = r->unit,
                              .done = (double)r->step,
                              .total = (double)r->steps,
                              .rate = r->units_per_second,
                              .elapsed = r->elapsed_seconds,
                              .left = r->eta_seconds,
                              .loss = r->loss};
    rung_progress_sink sink = cli_progress_sink(&watch->progress);
    sink.report(sink.self, &progress);
}

void cli_watch_end(cli_watch *watch)
{
    if (!watch->quiet) cli_progress_wipe(&watch->progress);
}
