/* rung generate MODEL [PROMPT]: text that goes on from a prompt. */
#include <stddef.h>
#include <string.h>

#include "cli/cli.h"

typedef struct generate_options {
    int64_t tokens, top_k, seed;
    double temperature, top_p;
    const char *stop;
} generate_options;

#define FIELD(name) offsetof(generate_options, name)

static const rung_option options[] = {
    {"tokens", RUNG_OPTION_INT, FIELD(tokens), "200", 1, 1e9, NULL, "how many, at most",
     NULL},
    {"temperature", RUNG_OPTION_REAL, FIELD(temperature), "0.8", 0, 100, NULL,
     "0: always the most probable token", NULL},
    {"top-k", RUNG_OPTION_INT, FIELD(top_k), "0", 0, 1e9, NULL,
     "choose among the k most probable tokens; 0: all", NULL},
    {"top-p", RUNG_OPTION_REAL, FIELD(top_p), "1", 0, 1, NULL,
     "choose among the fewest tokens of this share of probability", NULL},
    {"seed", RUNG_OPTION_INT, FIELD(seed), "1", 0, 1e15, NULL, "of the choices", NULL},
    {"stop", RUNG_OPTION_TEXT, FIELD(stop), NULL, 0, 0, NULL, "end before this text",
     NULL},
};

enum { N_SETS = 2 };

static void make_sets(rung_option_set sets[N_SETS], generate_options *own,
                      cli_common *common)
{
    sets[0] = (rung_option_set){.title = "Generation",
                                .options = options,
                                .count = sizeof options / sizeof options[0],
                                .values = own};
    sets[1] = cli_common_set(common, false);
}

/* Text on its way out: what could be the beginning of the stop text is held back. */
typedef struct output {
    const char *stop;
    char held[256];
    size_t n_held;
    bool stopped;
} output;

static void put_byte(output *o, char byte)
{
    size_t n = o->stop ? strlen(o->stop) : 0;
    if (n == 0) {
        putchar(byte);
        return;
    }
    o->held[o->n_held++] = byte;
    while (o->n_held &&
           memcmp(o->held, o->stop, o->n_held) != 0) { // the oldest is free to go
        putchar(o->held[0]);
        memmove(o->held, o->held + 1, --o->n_held);
    }
    o->stopped = o->n_held == n;
}

static void put_token(output *o, rung_span bytes)
{
    for (size_t i = 0; i < bytes.size && !o->stopped; i++) put_byte(o, bytes.bytes[i]);
    fflush(stdout);
}

static void flush(output *o)
{
    if (!o->stopped) fwrite(o->held, 1, o->n_held, stdout);
    putchar('\n');
}

static rung_status emit(rung_session *s, const generate_options *own, rung_error *err)
{
    const rung_model *m = s->model;
    output out = {.stop = own->stop};
    rung_sampling how = {own->temperature, own->top_k, own->top_p, (uint64_t)own->seed};
    for (int64_t i = 0; i < own->tokens && !out.stopped && !cli_interrupted(NULL); i++) {
        int32_t next = rung_sample(s->logits, m->vocab, &how, (uint64_t)i, s->order);
        put_token(&out, rung_tokenizer_bytes(m->tokenizer, next));
        if (i + 1 < own->tokens) RUNG_TRY(rung_session_read(s, &next, 1, s->logits, err));
    }
    flush(&out);
    return RUNG_OK;
}

/* Reads the prompt (a newline when there is none) and goes on from it. */
static rung_status go_on(rung_session *s, const char *prompt, const generate_options *own,
                         rung_error *err)
{
    int32_t *ids;
    size_t n;
    rung_span text = {prompt ? prompt : "\n", prompt ? strlen(prompt) : 1};
    RUNG_TRY(rung_tokenizer_encode(s->model->tokenizer, text, &ids, &n, err));
    rung_status status = rung_session_read(s, ids, n, s->logits, err);
    if (status == RUNG_OK) {
        if (prompt) fputs(prompt, stdout);
        status = emit(s, own, err);
    }
    rung_ids_free(ids);
    return status;
}

static rung_status generate(const char *dir, const char *prompt,
                            const generate_options *own, const cli_common *common,
                            rung_error *err)
{
    rung_model *m;
    rung_session *s = NULL;
    if (prompt && !*prompt)
        return rung_fail(err, RUNG_USAGE,
                         "the prompt is empty: leave it out to begin anew");
    if (own->stop && strlen(own->stop) > sizeof((output *)0)->held)
        return rung_fail(err, RUNG_USAGE, "--stop is longer than %zu bytes",
                         sizeof((output *)0)->held);
    rung_runtime *rt = cli_runtime(common, err);
    if (!rt) return err->code;
    RUNG_TRY(rung_model_load(&m, dir, err));
    int64_t prompt_bytes =
        prompt ? (int64_t)strlen(prompt) : 1; // a token is a byte or more
    rung_status status = rung_session_open(&s, m, rt, own->tokens + prompt_bytes, err);
    if (status == RUNG_OK) status = go_on(s, prompt, own, err);
    rung_session_close(s);
    rung_model_free(m);
    return status;
}

static int generate_run(int argc, char **argv)
{
    generate_options own;
    cli_common common;
    rung_option_set sets[N_SETS];
    rung_error err;
    int n_words;
    make_sets(sets, &own, &common);
    cli_catch_interrupts();
    rung_status status =
        cli_parse(sets, N_SETS, argc, argv, 1, 2, "MODEL [PROMPT]", &n_words, &err);
    if (status == RUNG_OK)
        status = generate(argv[0], n_words > 1 ? argv[1] : NULL, &own, &common, &err);
    cli_release(sets, N_SETS);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status generate_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    generate_options own;
    cli_common common;
    rung_option_set sets[N_SETS];
    make_sets(sets, &own, &common);
    *text = rung_options_help(sets, N_SETS);
    return RUNG_OK;
}

const cli_command cli_generate = {"generate", "MODEL [PROMPT] [OPTIONS]",
                                  "writes text that goes on from a prompt", generate_run,
                                  generate_help};
