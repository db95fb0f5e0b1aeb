/* rung eval MODEL DATA: bits a byte of a text that the model has not seen. */
#include <stddef.h>

#include "cli/cli.h"
#include "rung/units.h"

typedef struct eval_options {
    int64_t context;
} eval_options;

static const rung_option options[] = {
    {"context", RUNG_OPTION_INT, offsetof(eval_options, context), "0", 0, 1 << 20, NULL,
     "tokens of a window; 0: those of the training", NULL},
};

enum { N_SETS = 2 };

static void make_sets(rung_option_set sets[N_SETS], eval_options *own, cli_common *common)
{
    sets[0] = (rung_option_set){
        .title = "Scoring", .options = options, .count = 1, .values = own};
    sets[1] = cli_common_set(common, true);
}

static void print_score(const rung_lm_score *s, const rung_model *m, bool json)
{
    if (json) {
        printf("{\"rung\": \"%s\", \"bits_per_byte\": %.9g, \"nats_per_token\": %.9g, "
               "\"bytes\": %zu, \"tokens\": %zu, \"seconds\": %.6f}\n",
               m->type->name, s->bits_per_byte, s->nats_per_token, s->bytes, s->tokens,
               s->seconds);
        return;
    }
    char bytes[40], seconds[40];
    printf("%s: %.4f bits a byte, %.4f nats a token; %s in %s\n", m->type->name,
           s->bits_per_byte, s->nats_per_token,
           rung_format_bytes(bytes, (double)s->bytes),
           rung_format_seconds(seconds, s->seconds));
}

static rung_status score(const rung_model *m, const rung_text *text,
                         const eval_options *own, const cli_common *common,
                         rung_error *err)
{
    rung_runtime *rt = cli_runtime(common, err);
    if (!rt) return err->code;
    int32_t *ids;
    rung_lm_score s;
    rung_tokens tokens = {.bytes = text->size};
    RUNG_TRY(rung_tokenizer_encode(m->tokenizer, (rung_span){text->bytes, text->size},
                                   &ids, &tokens.count, err));
    tokens.ids = ids;
    rung_status status = rung_lm_evaluate(m, rt, &tokens, own->context, &s, err);
    rung_ids_free(ids);
    RUNG_TRY(status);
    print_score(&s, m, common->json);
    rung_lm_score_release(&s);
    return RUNG_OK;
}

static rung_status eval(const char *dir, const char *data, const eval_options *own,
                        const cli_common *common, rung_error *err)
{
    rung_model *m;
    rung_text text;
    RUNG_TRY(rung_model_load(&m, dir, err));
    rung_status status = rung_text_read(&text, data, 0, err);
    if (status == RUNG_OK) {
        status = score(m, &text, own, common, err);
        rung_text_release(&text);
    }
    rung_model_free(m);
    return status;
}

static int eval_run(int argc, char **argv)
{
    eval_options own;
    cli_common common;
    rung_option_set sets[N_SETS];
    rung_error err;
    int n_words;
    make_sets(sets, &own, &common);
    rung_status status =
        cli_parse(sets, N_SETS, argc, argv, 2, 2, "MODEL DATA", &n_words, &err);
    if (status == RUNG_OK) status = eval(argv[0], argv[1], &own, &common, &err);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status eval_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    eval_options own;
    cli_common common;
    rung_option_set sets[N_SETS];
    make_sets(sets, &own, &common);
    *text = rung_options_help(sets, N_SETS);
    return RUNG_OK;
}

const cli_command cli_eval = {"eval", "MODEL DATA [OPTIONS]", "scores a model on a text",
                              eval_run, eval_help};
