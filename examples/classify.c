/* Trains a classifier on labelled text, saves it, loads it back and labels a sentence:
 *
 *     cc classify.c $(pkg-config --cflags --libs rung) -o classify
 *     ./classify reviews.tsv model "what a film" */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rung/ladder.h"

static rung_status run(char **argv, rung_error *err)
{
    rung_corpus corpus;
    rung_corpus_config data = RUNG_CORPUS_CONFIG_DEFAULT;
    rung_fit_config fit = {.train = {0}};
    rung_fit_result result;
    rung_model *m = NULL;
    float *logp;
    size_t n;
    const rung_option *options = rung_train_options(&n);
    rung_option_set set = {.options = options, .count = n, .values = &fit.train};
    const rung_class *type = rung_class_find("lstm", err);

    data.data = argv[1];
    RUNG_TRY(rung_options_defaults(&set, err));
    RUNG_TRY(rung_class_defaults(type, RUNG_LABELLED, &set, err));
    fit.train.epochs = 3;
    rung_runtime *rt = rung_runtime_default();
    RUNG_TRY(rung_corpus_open(&corpus, rt, &data, NULL, err));
    RUNG_TRY(rung_model_new(&m, type, RUNG_LABELLED, err));
    RUNG_TRY(rung_fit(rt, &m, &corpus, &fit, 0, argv[2], NULL, &result, err));
    rung_model_free(m);

    RUNG_TRY(rung_model_load(&m, argv[2], err));
    rung_span text = {argv[3], strlen(argv[3])};
    RUNG_TRY(rung_classify(&logp, m, rt, &(rung_examples){.texts = &text, .count = 1},
                           NULL, err));
    for (int64_t l = 0; l < m->n_labels; l++)
        printf("%s %.3f\n", rung_labels_name(m->labels, l), exp((double)logp[l]));
    rung_logp_free(logp);
    rung_model_free(m);
    rung_fit_result_release(&result);
    rung_corpus_release(&corpus);
    return RUNG_OK;
}

int main(int argc, char **argv)
{
    rung_error err;
    if (argc == 4 && run(argv, &err) == RUNG_OK) return 0;
    fprintf(stderr, "%s\n", argc == 4 ? err.message : "usage: classify DATA DIR TEXT");
    return 1;
}
