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

rung_option_set cli_common_set(cli_common *common)
{
    return (rung_option_set){.title = "General",
                             .options = common_options,
                             .count = sizeof common_options / sizeof common_options[0],
                             .values = common};
}

rung_runtime *cli_runtime(const cli_common *common, rung_error *err)
{
    rung_runtime_config config = RUNG_RUNTIME_CONFIG_DEFAULT;
    config.threads = (int)common->threads;
    config.isa = (rung_isa)common->isa;
    if (rung_runtime_default_config(&config, err) != RUNG_OK) return NULL;
    rung_runtime *rt = rung_runtime_default();
    if (!rt)
        rung_fail(err, RUNG_UNSUPPORTED,
                  "no runtime with %d threads and instruction set %s", config.threads,
                  rung_isa_name(config.isa));
    return rt;
}

/* ---- Command lines ---- */

rung_status cli_parse(const rung_option_set *sets, size_t n_sets, int argc, char **argv,
                      int least, int most, const char *what, int *n_words,
                      rung_error *err)
{
    for (size_t i = 0; i < n_sets; i++) RUNG_TRY(rung_options_defaults(&sets[i], err));
    RUNG_TRY(rung_options_parse(sets, n_sets, argc, argv, n_words, err));
    if (*n_words < least)
        return rung_fail(err, RUNG_USAGE, "%s expected, but there %s %d", what,
                         *n_words == 1 ? "is" : "are", *n_words);
    if (*n_words > most)
        return rung_fail(err, RUNG_USAGE, "too many words: '%s' is one more than %s",
                         argv[most], most ? what : "none");
    return RUNG_OK;
}

void cli_release(const rung_option_set *sets, size_t n_sets)
{
    for (size_t i = 0; i < n_sets; i++) rung_options_release(&sets[i]);
}

static char typed[4096];

const char *cli_typed(void)
{
    return typed;
}

void cli_remember_typed(int argc, char **argv)
{
    size_t used = 0;
    for (int i = 0; i < argc && used + 1 < sizeof typed; i++) {
        const char *word = i ? argv[i] : "rung";
        const char *quote = strpbrk(word, " \t\n\"'$\\*?&|;<>()") || !*word ? "'" : "";
        int n = snprintf(typed + used, sizeof typed - used, "%s%s%s%s", i ? " " : "",
                         quote, word, quote);
        used += n > 0 ? (size_t)n : 0;
    }
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
                              .unit = "tok",
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
