/* A rung of one's own: a class with its methods, registered beside the built-in ones.
 *
 * `length` guesses a label from nothing but the length of the text: it keeps the mean
 * length of each label's texts, and says the nearest. */
#include <math.h>
#include <stdio.h>

#include "rung/classify.h"

static rung_status length_declare(rung_model *m, rung_error *err)
{
    rung_param mean = {.name = "mean_length", .rank = 1, .shape = {m->n_labels}};
    return rung_params_add(m->params, &mean, err);
}

static float *means_of(const rung_model *m)
{
    return rung_params_data(m->params, rung_params_at(m->params, 0));
}

static rung_status length_fit(rung_model *m, rung_runtime *rt, const rung_examples *train,
                              const rung_examples *valid, rung_error *err)
{
    (void)rt, (void)valid, (void)err;
    for (int32_t l = 0; l < m->n_labels; l++) {
        double sum = 0, n = 0;
        for (size_t i = 0; i < train->count; i++) {
            if (train->labels[i] != l) continue;
            sum += (double)train->texts[i].size;
            n++;
        }
        means_of(m)[l] = (float)(n > 0 ? sum / n : 0);
    }
    return RUNG_OK;
}

/* log p(l) = -log(1 + |length - mean_l|) + a constant. */
static rung_status length_predict(const rung_model *m, rung_runtime *rt,
                                  const rung_examples *data, float *logp, rung_error *err)
{
    (void)rt, (void)err;
    for (size_t i = 0; i < data->count; i++) {
        const double length = (double)data->texts[i].size;
        float *row = logp + i * (size_t)m->n_labels;
        double sum = 0;
        for (int64_t l = 0; l < m->n_labels; l++) {
            double p = 1 / (1 + fabs(length - (double)means_of(m)[l]));
            row[l] = (float)log(p);
            sum += p;
        }
        for (int64_t l = 0; l < m->n_labels; l++) row[l] -= (float)log(sum);
    }
    return RUNG_OK;
}

static const rung_labelled_ops length_labelled = {.fit = length_fit,
                                                  .predict = length_predict};

static const rung_class length_class = {
    .name = "length",
    .model_type = "length",
    .summary = "the label whose texts are about as long",
    .model_bytes = sizeof(rung_model),
    .declare = length_declare,
    .labelled = &length_labelled,
};

int main(void)
{
    rung_error err;
    static const rung_labelled_ops half = {.fit = length_fit};
    rung_class broken = length_class;
    broken.labelled = &half;
    if (rung_model_register(&broken, &err) == RUNG_OK) return 1;
    printf("refused: %s\n", err.message);

    static const rung_span texts[] = {{"short", 5}, {"rather a long text", 18}};
    static const rung_span names[] = {{"brief", 5}, {"wordy", 5}};
    static const int32_t labels[] = {0, 1};
    const rung_examples train = {texts, labels, 2, NULL}, none = {0};
    rung_labels *l;
    rung_model *m;
    rung_label_score score;
    if (rung_model_register(&length_class, &err) != RUNG_OK ||
        rung_labels_ordered(&l, names, 2, &err) != RUNG_OK ||
        rung_model_new(&m, rung_class_find("length", &err), RUNG_LABELLED, &err) ||
        rung_model_build(m, NULL, l, 1, &err) != RUNG_OK ||
        m->type->labelled->fit(m, NULL, &train, &none, &err) != RUNG_OK ||
        rung_classify_evaluate(m, NULL, &train, &score, &err) != RUNG_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    printf("%s: %.0f %% right\n", m->type->name, 100 * score.accuracy);
    rung_label_score_release(&score);
    rung_model_free(m);
    return 0;
}
