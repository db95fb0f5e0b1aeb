/* rung eval MODEL DATA: what a model is worth on data that it has not seen: bits a byte
 * of raw text, how many labels are right, or how far off numbers are; of vectors of
 * words, how many analogies they answer, or how they rank pairs of words. */
#include <math.h>
#include <stddef.h>

#include "cli/cli.h"
#include "cli/data.h"
#include "rung/vectors.h"
#include "rung/units.h"

typedef struct eval_options {
    int64_t context, most;
    int vectors;
} eval_options;

static const rung_option options[] = {
    {"context", RUNG_OPTION_INT, offsetof(eval_options, context), "0", 0, 1 << 20, NULL,
     "tokens of a window of raw text; 0: those of the training", NULL},
    {"most", RUNG_OPTION_INT, offsetof(eval_options, most), "30000", 0, 1e9, NULL,
     "analogies are of the so many most frequent words; 0: of all", NULL},
};

enum { N_SETS = 5 };

static void make_sets(rung_option_set sets[N_SETS], eval_options *own,
                      rung_labelled_config *columns, rung_table_config *table,
                      cli_common *common)
{
    sets[0] = (rung_option_set){
        .title = "Scoring", .options = options, .count = 2, .values = own};
    sets[1] = cli_columns_set(columns);
    sets[2] = cli_table_set(table);
    sets[3] = cli_vectors_set(&own->vectors);
    sets[4] = cli_common_set(common, true);
}

/* A number that may be none: nothing to divide by. */
static void print_json_real(double x)
{
    if (isfinite(x))
        printf("%.9g", x);
    else
        printf("null");
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

static rung_status eval_raw(const rung_model *m, const char *data,
                            const eval_options *own, const cli_common *common,
                            rung_error *err)
{
    rung_text text;
    RUNG_TRY(rung_text_read(&text, data, 0, err));
    rung_status status = score(m, &text, own, common, err);
    rung_text_release(&text);
    return status;
}

enum { FIGURE_BYTES = 24 };

static const char *figure(char out[FIGURE_BYTES], double x)
{
    if (isfinite(x))
        snprintf(out, FIGURE_BYTES, "%.3f", x);
    else
        snprintf(out, FIGURE_BYTES, "-"); // nothing to divide by
    return out;
}

/* A line for each of the first labels; names last, as they may have any width. */
static void print_label_table(const rung_label_score *s, const rung_model *m)
{
    enum { MOST = 50 };
    char text[5][FIGURE_BYTES];
    printf("\n%9s %6s %6s %6s %7s %9s  %s\n", "precision", "recall", "F1", "texts",
           "ROC-AUC", "av. prec.", "label: mistaken for");
    for (int64_t l = 0; l < s->n_labels && l < MOST; l++) {
        const rung_label_figures *f = &s->of_label[l];
        printf("%9s %6s %6s %6zu %7s %9s  %s", figure(text[0], f->precision),
               figure(text[1], f->recall), figure(text[2], f->f1), f->given,
               figure(text[3], f->roc_auc), figure(text[4], f->average_precision),
               rung_labels_name(m->labels, l));
        if (f->mistakes)
            printf(": %s (%zu)", rung_labels_name(m->labels, f->mistaken_for),
                   f->mistakes);
        printf("\n");
    }
    if (s->n_labels > MOST)
        printf("and %lld more labels: --json shows them\n",
               (long long)(s->n_labels - MOST));
}

/* Precision and recall of the first 1, 2, ... labels. */
static void print_sets(const rung_label_score *s)
{
    for (int k = 0; k < RUNG_SCORE_TOP && k < s->n_labels; k++)
        printf("%s%d: precision %.3f, recall %.3f", k ? "; " : "the first ", k + 1,
               s->precision_at[k], s->recall_at[k]);
    printf("\n");
}

static void print_labels(const rung_label_score *s, const rung_label_intervals *i,
                         const rung_model *m)
{
    char auc[FIGURE_BYTES], precision[FIGURE_BYTES];
    cli_print_labels(m->type->name, s);
    printf("95 %% intervals: right %.1f ... %.1f %%, ", 100 * i->accuracy.low,
           100 * i->accuracy.high);
    if (!s->has_several)
        printf("macro-F1 %.3f ... %.3f, ", i->macro_f1.low, i->macro_f1.high);
    printf("log-loss %.4f ... %.4f\n", i->log_loss.low, i->log_loss.high);
    printf("micro-F1 %.3f, ROC-AUC %s, average precision %s\n", s->micro_f1,
           figure(auc, s->roc_auc), figure(precision, s->average_precision));
    printf("Brier score %.4f, calibration error %.4f\n", s->brier, s->calibration_error);
    if (s->has_several)
        print_sets(s);
    else if (s->n_labels > RUNG_SCORE_TOP)
        printf("the right label is among the first 3: %.1f %%, the first %d: %.1f %%\n",
               100 * s->recall_at[2], RUNG_SCORE_TOP,
               100 * s->recall_at[RUNG_SCORE_TOP - 1]);
    print_label_table(s, m);
}

static rung_status print_all(const rung_label_score *s, const rung_model *m, bool json,
                             rung_error *err)
{
    rung_label_intervals intervals;
    RUNG_TRY(rung_label_bootstrap(&intervals, &s, 1, NULL, 0, 1, err));
    if (json) {
        char *text = rung_label_score_json(s, &intervals, m->labels);
        if (!text) return rung_fail(err, RUNG_MEMORY, "out of memory");
        printf("{\"rung\": \"%s\", %s\n", m->type->name, text + 1);
        rung_text_free(text);
        return RUNG_OK;
    }
    print_labels(s, &intervals, m);
    return RUNG_OK;
}

static rung_status score_labels(const rung_model *m, const rung_labelled *file,
                                const cli_common *common, rung_error *err)
{
    int32_t *ids = NULL;
    size_t unknown;
    rung_label_score s = {0};
    rung_runtime *rt = cli_runtime(common, err);
    if (!rt) return err->code;
    RUNG_TRY(rung_labelled_ids(&ids, &unknown, file, m->labels, err));
    const rung_examples data = {.texts = file->texts,
                                .labels = ids,
                                .count = file->count,
                                .first = file->first,
                                .numbers = file->numbers,
                                .n_numbers = file->n_numbers};
    rung_status status = rung_classify_evaluate(m, rt, &data, &s, err);
    if (status == RUNG_OK) status = print_all(&s, m, common->json, err);
    rung_label_score_release(&s);
    rung_ids_free(ids);
    return status;
}

static rung_status eval_labelled(const rung_model *m, const char *data,
                                 rung_labelled_config *columns, const cli_common *common,
                                 rung_error *err)
{
    rung_labelled file;
    columns->has_labels = true;
    columns->number_columns = rung_number_columns(m);
    RUNG_TRY(rung_labelled_read(&file, data, columns, err));
    rung_status status = score_labels(m, &file, common, err);
    rung_labelled_release(&file);
    return status;
}

/* ---- Tables ---- */

static void print_numbers(const rung_number_score *s, const rung_model *m, bool json)
{
    if (!json) {
        cli_print_numbers(m->type->name, s);
        return;
    }
    printf("{\"rung\": \"%s\", \"rows\": %lld, \"r2\": ", m->type->name,
           (long long)s->count);
    print_json_real(s->r2);
    printf(", \"rmse\": %.9g, \"mae\": %.9g, \"seconds\": %.6f}\n", s->rmse, s->mae,
           s->seconds);
}

static rung_status score_table(const rung_model *m, rung_table *table,
                               const cli_common *common, rung_error *err)
{
    rung_number_score numbers;
    rung_label_score labels;
    rung_runtime *rt = cli_runtime(common, err);
    if (!rt) return err->code;
    RUNG_TRY(rung_table_evaluate(m, rt, table, &numbers, &labels, err));
    rung_status status = RUNG_OK;
    if (numbers.count + (int64_t)labels.count == 0)
        status = rung_fail(err, RUNG_INPUT, "there is no row to score");
    if (numbers.count) print_numbers(&numbers, m, common->json);
    if (labels.count) status = print_all(&labels, m, common->json, err);
    rung_label_score_release(&labels);
    return status;
}

static rung_status eval_table(const rung_model *m, const char *data,
                              const rung_labelled_config *columns,
                              rung_table_config *config, const cli_common *common,
                              rung_error *err)
{
    rung_table *table;
    if (!config->delimiter) config->delimiter = columns->delimiter;
    config->has_labels = m->labels != NULL;
    RUNG_TRY(rung_table_open(&table, data, config, m->schema, m->labels, err));
    rung_status status = score_table(m, table, common, err);
    rung_table_close(table);
    return status;
}

/* ---- Vectors of words ---- */

static double share_right(const rung_section *s)
{
    return (double)s->right / fmax((double)s->known, 1);
}

static void print_json_words(const rung_word_score *s, const rung_model *m)
{
    printf("{\"rung\": \"%s\", \"n\": %lld, \"known\": %lld, ", m->type->name,
           (long long)s->total.n, (long long)s->total.known);
    if (!s->is_analogies) {
        printf("\"spearman\": ");
        print_json_real(s->spearman);
        printf("}\n");
        return;
    }
    printf("\"accuracy\": %.9g, \"sections\": [", share_right(&s->total));
    for (int64_t i = 0; i < s->n_sections; i++) {
        const rung_section *part = &s->sections[i];
        printf("%s{\"section\": ", i ? ", " : "");
        cli_print_json_text(part->name);
        printf(", \"questions\": %lld, \"known\": %lld, \"right\": %lld}",
               (long long)part->n, (long long)part->known, (long long)part->right);
    }
    printf("]}\n");
}

static void print_words(const rung_word_score *s, const rung_model *m)
{
    const rung_section *t = &s->total;
    if (!s->is_analogies) {
        printf("%s: Spearman %.4f on %lld of %lld pairs; the others have unknown words\n",
               m->type->name, s->spearman, (long long)t->known, (long long)t->n);
        return;
    }
    for (int64_t i = 0; i < s->n_sections; i++) {
        const rung_section *part = &s->sections[i];
        printf("%-28s %5.1f %% right of %lld; %lld have unknown words\n", part->name,
               100 * share_right(part), (long long)part->known,
               (long long)(part->n - part->known));
    }
    printf("%s: %.1f %% of %lld analogies right; %lld of %lld have unknown words\n",
           m->type->name, 100 * share_right(t), (long long)t->known,
           (long long)(t->n - t->known), (long long)t->n);
}

/* Analogies begin with the name of a section. */
static bool has_analogies(const char *path)
{
    FILE *f = fopen(path, "r");
    const int first = f ? fgetc(f) : EOF;
    if (f) fclose(f);
    return first == ':';
}

static rung_status eval_words(rung_model *m, const char *path, const eval_options *own,
                              const cli_common *common, rung_error *err)
{
    rung_space *space;
    rung_word_score score;
    rung_runtime *rt = cli_runtime(common, err);
    if (!rt) return err->code;
    RUNG_TRY(rung_vectors_choose(m, (rung_word_vectors)own->vectors, err));
    RUNG_TRY(rung_space_new(&space, m, rt, has_analogies(path) ? own->most : 0, err));
    const rung_status status = rung_word_evaluate(space, path, &score, err);
    rung_space_free(space);
    if (status == RUNG_OK) (common->json ? print_json_words : print_words)(&score, m);
    return status;
}

static rung_status eval(char **words, const eval_options *own,
                        rung_labelled_config *columns, rung_table_config *table,
                        const cli_common *common, rung_error *err)
{
    rung_model *m;
    RUNG_TRY(cli_load_words(&m, words[0], err));
    rung_status status;
    if (m->kind == RUNG_RAW)
        status = eval_raw(m, words[1], own, common, err);
    else if (m->kind == RUNG_LABELLED)
        status = eval_labelled(m, words[1], columns, common, err);
    else if (m->kind == RUNG_WORDS)
        status = eval_words(m, words[1], own, common, err);
    else
        status = eval_table(m, words[1], columns, table, common, err);
    rung_model_free(m);
    return status;
}

static int eval_run(int argc, char **argv)
{
    eval_options own;
    rung_labelled_config columns;
    rung_table_config table;
    cli_common common;
    rung_option_set sets[N_SETS];
    rung_error err;
    int n_words;
    make_sets(sets, &own, &columns, &table, &common);
    rung_status status =
        cli_parse(sets, N_SETS, argc, argv, 2, 2, "MODEL DATA", &n_words, &err);
    if (status == RUNG_OK) status = eval(argv, &own, &columns, &table, &common, &err);
    cli_release(sets, N_SETS);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status eval_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    eval_options own;
    rung_labelled_config columns;
    rung_table_config table;
    cli_common common;
    rung_option_set sets[N_SETS];
    make_sets(sets, &own, &columns, &table, &common);
    *text = rung_options_help(sets, N_SETS);
    return RUNG_OK;
}

const cli_command cli_eval = {"eval", "MODEL DATA [OPTIONS]",
                              "scores a model on data it has not seen", eval_run,
                              eval_help};
