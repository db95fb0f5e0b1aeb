/* Where the Transformers look in one test text. */
#include <stdio.h>

#include "base/alloc.h"
#include "ladder/gaze.h"
#include "ladder/report.h"

enum { MOST_HEADS = 32 };

/* What a picture is of: a text, its tokens, and whose model. */
typedef struct picture {
    const rung__report *r;
    const rung_ladder_row *row;
    const rung__gaze *gaze;
    const char *tokens[RUNG__GAZE_TOKENS];
    double *values; /* room for [RUNG__GAZE_TOKENS or MOST_HEADS, T], owned */
} picture;

static const float *weights_of(const rung__gaze *g, int64_t layer, int64_t head)
{
    const rung__attention *a = &g->attention;
    return a->weights + (layer * a->heads + head) * a->T * a->T;
}

/* The text, and for a classifier what it makes of it. */
static void tell_text(const picture *p)
{
    const rung_ladder *l = p->r->ladder;
    const char *which = p->gaze->is_cut ? "the beginning of a test text" : "a test text";
    if (l->kind == RUNG_RAW) {
        rung_page_textf(p->r->page, "%s in the first %lld tokens of the test text.",
                        p->row->type->name, (long long)p->gaze->attention.T);
        return;
    }
    const rung_label_score *s = &p->row->fit.test_labels;
    const int32_t label = s->labels[p->gaze->text];
    rung_page_textf(p->r->page,
                    "%s in %s (number %zu) whose label is %s; it is taken for %s.",
                    p->row->type->name, which, p->gaze->text + 1,
                    label < 0 ? "unknown" : rung_labels_name(l->labels, label),
                    rung_labels_name(l->labels, s->predicted[p->gaze->text]));
}

/* Each head of each layer, for one token: of [CLS], which alone is classified, or of the
 * last one, from which the next is told. */
static void add_heads(const picture *p)
{
    const rung__attention *a = &p->gaze->attention;
    const bool is_raw = p->r->ladder->kind == RUNG_RAW;
    const int64_t from = is_raw ? a->T - 1 : 0, all = a->layers * a->heads;
    const int64_t n = all < MOST_HEADS ? all : MOST_HEADS;
    char names[MOST_HEADS][32], title[100];
    const char *rows[MOST_HEADS];
    for (int64_t i = 0; i < n; i++) {
        const float *w = weights_of(p->gaze, 0, i) + from * a->T;
        snprintf(names[i], sizeof names[i], "layer %lld.%lld",
                 (long long)(i / a->heads + 1), (long long)(i % a->heads + 1));
        rows[i] = names[i];
        for (int64_t j = 0; j < a->T; j++) p->values[i * a->T + j] = (double)w[j];
    }
    snprintf(title, sizeof title, "Where %s looks from %s", p->row->type->name,
             is_raw ? "the last token" : "[CLS]");
    rung_page_heat(
        p->r->page,
        &(rung_heat){.title = title,
                     .caption = is_raw ? "The weights by which each head of each layer "
                                         "mixes the tokens for what comes next."
                                       : "The weights by which each head of each layer "
                                         "mixes the tokens into [CLS], from which the "
                                         "label is told.",
                     .row_title = "head",
                     .column_title = "token",
                     .rows = rows,
                     .columns = p->tokens,
                     .n_rows = (size_t)n,
                     .n_columns = (size_t)a->T,
                     .values = p->values});
}

/* From every token to every other, in the mean over the heads: the last layer, but of a
 * classifier, whose last layer is read at [CLS] alone, the one before. */
static void add_layer(const picture *p)
{
    const rung__attention *a = &p->gaze->attention;
    const bool is_raw = p->r->ladder->kind == RUNG_RAW;
    const int64_t layer = is_raw || a->layers == 1 ? a->layers - 1 : a->layers - 2;
    char title[100];
    for (int64_t i = 0; i < a->T * a->T; i++) {
        p->values[i] = 0;
        for (int64_t h = 0; h < a->heads; h++)
            p->values[i] += (double)weights_of(p->gaze, layer, h)[i] / (double)a->heads;
    }
    snprintf(title, sizeof title, "Layer %lld of %s", (long long)layer + 1,
             p->row->type->name);
    rung_page_heat(p->r->page,
                   &(rung_heat){.title = title,
                                .caption = "From which token (rows) it looks at which "
                                           "(columns), in the mean over the heads. Each "
                                           "row sums to 1.",
                                .row_title = "from",
                                .column_title = "to",
                                .rows = p->tokens,
                                .columns = p->tokens,
                                .n_rows = (size_t)a->T,
                                .n_columns = (size_t)a->T,
                                .values = p->values});
}

static rung_status add_gaze(const rung__report *r, const rung_ladder_row *row,
                            rung_error *err)
{
    picture p = {.r = r, .row = row, .gaze = row->gaze};
    p.values = rung__alloc_array(RUNG__GAZE_TOKENS * RUNG__GAZE_TOKENS, sizeof *p.values);
    if (!p.values) return rung__out_of_memory(err, RUNG__GAZE_TOKENS, "attention");
    for (int64_t i = 0; i < p.gaze->attention.T; i++) p.tokens[i] = p.gaze->tokens[i];
    tell_text(&p);
    add_heads(&p);
    add_layer(&p);
    rung__free(p.values);
    return RUNG_OK;
}

rung_status rung__report_gaze(const rung__report *r, rung_error *err)
{
    bool has_heading = false;
    for (size_t i = 0; i < r->ladder->n_rows; i++) {
        const rung_ladder_row *row = &r->ladder->rows[i];
        if (!row->gaze || row->gaze->attention.layers == 0) continue;
        if (!has_heading) rung_page_heading(r->page, "What attention attends to");
        has_heading = true;
        RUNG_TRY(add_gaze(r, row, err));
    }
    return RUNG_OK;
}
