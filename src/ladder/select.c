/* rung select: rankings of features, models on the best of each, and the choice. */
#include "rung/select.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/runtime.h"
#include "base/str.h"
#include "ladder/select_report.h"
#include "learn/selection.h"
#include "models/linear.h"
#include "models/logistic.h"

const char *rung_selector_name(rung_selector selector)
{
    static const char *const names[] = {
#define X(name, text, what) text,
        RUNG_SELECTOR_LIST(X)
#undef X
    };
    return selector < RUNG_SELECTORS ? names[selector] : "all";
}

/* ---- Rankings ---- */

typedef void (*score_fn)(double *scores, const rung_label_counts *c);

static const score_fn scores_of[RUNG_SELECTORS] = {
    [RUNG_SELECT_DF] = rung__score_df,
    [RUNG_SELECT_CHI2] = rung__score_chi2,
    [RUNG_SELECT_MUTUAL] = rung__score_mutual,
    [RUNG_SELECT_LOG_ODDS] = rung__score_log_odds,
};

/* The path of L1 ranks about so many; it takes long, and the rest follows by document
 * frequency. */
#define ENOUGH 1000

static rung_status score_l1(double *scores, const rung__selecting *s,
                            const rung_label_counts *counts, rung_pool *pool,
                            rung_error *err)
{
    RUNG_TRY(rung__score_l1(scores, &s->train_data, ENOUGH, pool, err));
    for (int64_t j = 0; j < counts->D; j++) { // those at 0: minus the rows without it
        for (int64_t k = 0; scores[j] <= 0 && k < counts->K; k++)
            scores[j] -= counts->rows[k] - counts->df[j * counts->K + k];
    }
    return RUNG_OK;
}

static rung_status rank(rung__selecting *s, rung_runtime *rt, int selector,
                        const rung_label_counts *counts, rung_error *err)
{
    const int64_t D = s->features.n_columns;
    int32_t *order = rung__alloc_array((size_t)D, sizeof *order);
    double *scores = rung__alloc_array((size_t)D, sizeof *scores);
    s->orders[selector] = order;
    rung_status status =
        order && scores ? RUNG_OK : rung__out_of_memory(err, (size_t)D * 12, "a ranking");
    if (status == RUNG_OK && scores_of[selector])
        scores_of[selector](scores, counts);
    else if (status == RUNG_OK)
        status = score_l1(scores, s, counts, rt->pool, err);
    if (status == RUNG_OK) status = rung__rank_columns(order, scores, D, err);
    rung__free(scores);
    return status;
}

static rung_status rank_all(rung__selecting *s, rung_runtime *rt, rung_error *err)
{
    rung_label_counts counts;
    RUNG_TRY(rung__label_counts(&counts, &s->train_data, err));
    rung_status status = RUNG_OK;
    for (int i = 0; i < RUNG_SELECTORS && status == RUNG_OK; i++) {
        if (s->config->selector != RUNG_SELECTORS && s->config->selector != i) continue;
        status = rank(s, rt, i, &counts, err);
    }
    rung__label_counts_release(&counts);
    return status;
}

/* ---- Models on some of the columns ---- */

/* The rows with columns where place[j] >= 0 alone, scaled to length 1 again. */
static rung_status keep_columns(rung_csr *out, const rung_csr *x, const int32_t *place,
                                int64_t n_kept, rung_error *err)
{
    int64_t n = 0;
    for (int64_t p = 0; p < x->first[x->n_rows]; p++) n += place[x->columns[p]] >= 0;
    RUNG_TRY(rung__csr_new(out, x->n_rows, n_kept, n, err));
    n = 0;
    for (int64_t i = 0; i < x->n_rows; i++) {
        double squares = 0;
        for (int64_t p = x->first[i]; p < x->first[i + 1]; p++) {
            if (place[x->columns[p]] < 0) continue;
            squares += (double)x->values[p] * (double)x->values[p];
            out->columns[n] = place[x->columns[p]];
            out->values[n++] = x->values[p];
        }
        const float scale = (float)(squares > 0 ? 1 / sqrt(squares) : 0);
        for (int64_t p = out->first[i]; p < n; p++) out->values[p] *= scale;
        out->first[i + 1] = n;
    }
    return RUNG_OK;
}

static void score_valid(rung_select_point *point, const rung_logistic_data *valid,
                        const double *logp)
{
    const int64_t N = valid->rows->n_rows, K = valid->n_labels;
    int64_t n_right = 0;
    double nats = 0;
    for (int64_t i = 0; i < N; i++) {
        const double *row = logp + i * K;
        int64_t best = 0;
        for (int64_t k = 1; k < K; k++) best = row[k] > row[best] ? k : best;
        n_right += best == valid->labels[i];
        nats -= row[valid->labels[i]];
    }
    point->accuracy = (double)n_right / (double)N;
    point->log_loss = nats / (double)N;
}

static rung_status learn_point(rung__selecting *s, rung_runtime *rt,
                               rung_select_point *point, const rung_csr *train,
                               const rung_csr *valid, rung_error *err)
{
    rung__logistic_config config = {.l2 = NAN, .bias = true};
    rung_logistic_data a = s->train_data, b = s->valid_data;
    float *weights = NULL;
    a.rows = train, b.rows = valid;
    const size_t n = (size_t)(valid->n_rows * b.n_labels);
    double *logp = rung__alloc_array(n, sizeof *logp);
    rung_status status =
        logp ? rung__logistic_learn(&weights, &config, s->labels, a, b, NULL,
                                    (uint64_t)s->config->fit.train.seed, rt, err)
             : rung__out_of_memory(err, n * sizeof *logp, "predictions");
    if (status == RUNG_OK) {
        rung__logistic_predict(&b, weights, rt->pool, logp);
        score_valid(point, &b, logp);
    }
    rung__free(logp), rung__free(weights);
    return status;
}

static rung_status try_point(rung__selecting *s, rung_runtime *rt,
                             const rung_select_point *what, rung_error *err)
{
    const int64_t D = s->features.n_columns, n = what->features;
    rung_select_point *point = &s->out->points[s->out->n_points];
    rung_csr train = {0}, valid = {0};
    int32_t *place = rung__alloc_array((size_t)D, sizeof *place);
    if (!place) return rung__out_of_memory(err, (size_t)D * 4, "a selection");
    *point = *what;
    for (int64_t j = 0; j < D; j++) place[j] = n == D ? 0 : -1;
    for (int64_t i = 0; i < n && n < D; i++) place[s->orders[what->selector][i]] = 0;
    for (int32_t j = 0, next = 0; j < D; j++) {
        if (place[j] == 0) place[j] = next++;
    }
    rung_status status = keep_columns(&train, &s->train, place, n, err);
    if (status == RUNG_OK) status = keep_columns(&valid, &s->valid, place, n, err);
    if (status == RUNG_OK) status = learn_point(s, rt, point, &train, &valid, err);
    rung__csr_release(&train), rung__csr_release(&valid);
    rung__free(place);
    if (status != RUNG_OK) return status;
    s->out->n_points++;
    if (s->config->report) s->config->report(s->config->self, point);
    return RUNG_OK;
}

/* 10, 30, 100, 300, ... below D; or the number that was asked for. */
static rung_status try_selector(rung__selecting *s, rung_runtime *rt, int selector,
                                rung_error *err)
{
    const int64_t D = s->features.n_columns, asked = s->config->features;
    const int64_t last = asked ? asked : D - 1;
    int64_t n = asked ? asked : 10;
    for (int i = 0; n <= last && n < D && i < RUNG_SELECT_SIZES; i++) {
        RUNG_TRY(try_point(s, rt, &(rung_select_point){selector, n, 0, 0}, err));
        n = i % 2 ? n / 3 * 10 : n * 3;
        if (asked) break;
    }
    return RUNG_OK;
}

static rung_status try_all(rung__selecting *s, rung_runtime *rt, rung_error *err)
{
    const int64_t D = s->features.n_columns;
    for (int i = 0; i < RUNG_SELECTORS; i++) {
        if (s->orders[i]) RUNG_TRY(try_selector(s, rt, i, err));
    }
    return try_point(s, rt, &(rung_select_point){RUNG_SELECTORS, D, 0, 0}, err);
}

/* The fewest features whose accuracy is at most one standard error below the best; of as
 * many, the lowest log-loss. */
static size_t choose(const rung_selection *out, int64_t asked, int64_t n_valid)
{
    double best = 0;
    size_t chosen = out->n_points - 1; // all of them
    for (size_t i = 0; i < out->n_points; i++) best = fmax(best, out->points[i].accuracy);
    const double noise = asked ? 1 : sqrt(best * (1 - best) / (double)n_valid);
    for (size_t i = 0; i < out->n_points; i++) {
        const rung_select_point *a = &out->points[i], *b = &out->points[chosen];
        if (a->accuracy < best - noise) continue;
        if (a->features > b->features) continue;
        if (a->features < b->features || a->log_loss < b->log_loss) chosen = i;
    }
    return chosen;
}

/* ---- Files ---- */

static rung_status write_in(const char *dir, const char *name, const rung_str *text,
                            rung_error *err)
{
    char *path = text->failed ? NULL : rung_path_join(dir, name);
    if (!path) return rung__out_of_memory(err, text->len, name);
    const rung_status status = rung_file_write(path, text->data, text->len, err);
    rung__free(path);
    return status;
}

static rung_status write_files(const rung__selecting *s, rung_error *err)
{
    const rung_select_point *chosen = &s->out->points[s->out->chosen];
    rung_str names = {0}, points = {0};
    for (int64_t i = 0; i < chosen->features; i++) {
        const bool is_all = chosen->selector == RUNG_SELECTORS;
        const int64_t j = is_all ? i : s->orders[chosen->selector][i];
        rung__features_name(&names, &s->features, j);
        rung_str_add(&names, "\n");
    }
    rung_str_add(&points, "ranking\tfeatures\tvalid_accuracy\tvalid_log_loss\n");
    for (size_t i = 0; i < s->out->n_points; i++) {
        const rung_select_point *p = &s->out->points[i];
        char a[RUNG_UNITS_BYTES], b[RUNG_UNITS_BYTES];
        rung_str_addf(&points, "%s\t%lld\t%s\t%s\n",
                      rung_selector_name((rung_selector)p->selector),
                      (long long)p->features, rung_format_real(a, p->accuracy),
                      rung_format_real(b, p->log_loss));
    }
    rung_status status = rung_make_dirs(s->config->out, err);
    if (status == RUNG_OK)
        status = write_in(s->config->out, "vocabulary.txt", &names, err);
    if (status == RUNG_OK) status = write_in(s->config->out, "select.tsv", &points, err);
    rung_str_release(&names), rung_str_release(&points);
    return status;
}

/* ---- All of it ---- */

static rung_status make_rows(rung__selecting *s, rung_runtime *rt, const rung_model *m,
                             const rung_corpus *corpus, rung_error *err)
{
    const rung_examples *train = &corpus->examples[RUNG_TRAIN];
    const rung_examples *valid = &corpus->examples[RUNG_VALID];
    const int64_t K = rung_labels_count(corpus->labels);
    rung_features_config config = *m->type->linear->config(m);
    config.bits = 0;
    RUNG_TRY(rung__features_fit(&s->features, &config, train->texts, train->count,
                                rt->pool, &s->train, err));
    RUNG_TRY(rung__features_apply(&s->features, valid->texts, valid->count, rt->pool,
                                  &s->valid, err));
    s->labels = corpus->labels;
    s->train_data =
        (rung_logistic_data){.rows = &s->train, .n_labels = K, .labels = train->labels};
    s->valid_data =
        (rung_logistic_data){.rows = &s->valid, .n_labels = K, .labels = valid->labels};
    if (s->features.n_columns >= 1 && s->config->features <= s->features.n_columns)
        return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%lld features to choose from, %lld asked for",
                     (long long)s->features.n_columns, (long long)s->config->features);
}

static rung_status train_chosen(rung__selecting *s, rung_runtime *rt, rung_model **m,
                                rung_corpus *corpus, rung_error *err)
{
    const rung_option_set set = rung_model_options(*m);
    char *names = rung_path_join(s->config->out, "vocabulary.txt");
    char *dir = rung_path_join(s->config->out, "model");
    rung_status status = names && dir
                             ? rung_option_set_text(&set, "vocabulary", names, err)
                             : rung__out_of_memory(err, strlen(s->config->out), "a path");
    if (status == RUNG_OK)
        status =
            rung_fit(rt, m, corpus, &s->config->fit, 0, dir, NULL, &s->out->fit, err);
    rung__free(names), rung__free(dir);
    return status;
}

static rung_status check(const rung_model *m, const rung_corpus *corpus, rung_error *err)
{
    if (!m->type->linear)
        return rung_fail(err, RUNG_UNSUPPORTED, "%s has no features to select",
                         m->type->name);
    if (corpus->kind != RUNG_LABELLED || corpus->has_several)
        return rung_fail(err, RUNG_UNSUPPORTED,
                         "features are selected by texts that have one label each");
    if (corpus->examples[RUNG_VALID].count == 0)
        return rung_fail(err, RUNG_USAGE, "no valid part: features are chosen on it");
    return RUNG_OK;
}

rung_status rung_select(rung_runtime *rt, rung_model **m, rung_corpus *corpus,
                        const rung_select_config *config, rung_selection *out,
                        rung_error *err)
{
    rung__selecting s = {.config = config, .out = out};
    *out = (rung_selection){0};
    RUNG_TRY(check(*m, corpus, err));
    rung_status status = make_rows(&s, rt, *m, corpus, err);
    if (status == RUNG_OK) status = rank_all(&s, rt, err);
    if (status == RUNG_OK) status = try_all(&s, rt, err);
    if (status == RUNG_OK) {
        out->chosen = choose(out, config->features, s.valid.n_rows);
        status = write_files(&s, err);
    }
    if (status == RUNG_OK) status = train_chosen(&s, rt, m, corpus, err);
    if (status == RUNG_OK) status = rung__select_report(&s, err);
    if (status != RUNG_OK) rung_fit_result_release(&out->fit);
    rung__csr_release(&s.train), rung__csr_release(&s.valid);
    for (int i = 0; i < RUNG_SELECTORS; i++) rung__free(s.orders[i]);
    rung__features_release(&s.features);
    return status;
}
