/* One rung on one corpus: built, trained, scored, saved. */
#include "ladder/record.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"

/* Whether it learns vectors of words first, or alone. */
static bool learns_words(const rung_model *m)
{
    return m->type->words && (m->kind == RUNG_WORDS || m->kind == RUNG_LABELLED);
}

static rung_status build(rung_model *m, rung_corpus *corpus,
                         const rung_train_config *config, rung_error *err)
{
    rung_tokenizer *tok;
    if (m->kind != corpus->kind)
        return rung_fail(err, RUNG_USAGE, "%s was made for %s, but the data are %s",
                         m->type->name, rung_data_kind_name(m->kind),
                         rung_data_kind_name(corpus->kind));
    if (m->kind == RUNG_TABLE)
        m->schema = rung_schema_share(rung_table_schema(corpus->tables[RUNG_TRAIN]));
    if (corpus->has_several && !m->type->labelled->takes_several)
        return rung_fail(err, RUNG_USAGE,
                         "%s gives a text one label, but the data have several",
                         m->type->name);
    m->has_several = corpus->has_several;
    RUNG_TRY(rung_corpus_tokenizer(&tok, corpus, m->type, err));
    rung_labels *labels = corpus->labels ? rung_labels_share(corpus->labels) : NULL;
    return rung_model_build(m, tok, labels, (uint64_t)config->seed, err);
}

/* Counting and closed forms take no steps. */
static rung_status fit_directly(rung_runtime *rt, rung_model *m,
                                const rung_corpus *corpus, rung_fit_result *result,
                                rung_error *err)
{
    double start = rung__now_seconds(), units;
    if (m->kind == RUNG_RAW) {
        units = (double)corpus->tokens[RUNG_TRAIN].count;
        RUNG_TRY(m->type->raw->fit(m, rt, &corpus->tokens[RUNG_TRAIN],
                                   &corpus->tokens[RUNG_VALID], err));
    } else if (m->kind == RUNG_TABLE) {
        rung_table *const *parts = corpus->tables;
        RUNG_TRY(m->type->table->fit(m, rt, parts[RUNG_TRAIN], parts[RUNG_VALID], err));
        units = (double)rung_table_seen(parts[RUNG_TRAIN]);
    } else {
        units = (double)corpus->examples[RUNG_TRAIN].count;
        RUNG_TRY(m->type->labelled->fit(m, rt, &corpus->examples[RUNG_TRAIN],
                                        &corpus->examples[RUNG_VALID], err));
    }
    result->train.seconds = rung__now_seconds() - start;
    result->train.converged = true;
    result->train.units_per_second = units / fmax(result->train.seconds, 1e-9);
    return RUNG_OK;
}

static rung_status fit_words(rung_runtime *rt, rung_model *m, rung_corpus *corpus,
                             const rung_fit_config *config, const char *dir,
                             const rung_train_hooks *hooks, rung_fit_result *result,
                             rung_error *err)
{
    const rung_words_run run = {&corpus->words, &config->train, dir, config->resume,
                                hooks};
    RUNG_TRY(m->type->words->fit(m, rt, &run, &result->train, err));
    rung_words_forget_ids(&corpus->words);
    return RUNG_OK;
}

/* Vectors of the training texts' words, then what tells labels by them. */
static rung_status fit_by_words(rung_runtime *rt, rung_model *m, rung_corpus *corpus,
                                const rung_fit_config *config, const char *dir,
                                const rung_train_hooks *hooks, rung_fit_result *result,
                                rung_error *err)
{
    RUNG_TRY(fit_words(rt, m, corpus, config, dir, hooks, result, err));
    if (result->train.end == RUNG_TRAIN_INTERRUPTED) return RUNG_OK;
    const double seconds = result->train.seconds;
    result->train = (rung_train_result){0}; // its steps were those of the vectors
    RUNG_TRY(fit_directly(rt, m, corpus, result, err));
    result->train.seconds += seconds;
    result->train.units_per_second =
        (double)corpus->examples[RUNG_TRAIN].count / fmax(result->train.seconds, 1e-9);
    return RUNG_OK;
}

/* The trainer's task of a model and its corpus; freed by free_task. */
static rung_status new_task(rung_task **task, rung_model *m, const rung_corpus *corpus,
                            const rung_train_config *config, rung_error *err)
{
    if (m->kind == RUNG_RAW)
        return rung_lm_task_new(task, m, &corpus->tokens[RUNG_TRAIN],
                                &corpus->tokens[RUNG_VALID], config, err);
    return rung_classify_task_new(task, m, &corpus->examples[RUNG_TRAIN],
                                  &corpus->examples[RUNG_VALID], err);
}

static void free_task(rung_task *task, const rung_model *m)
{
    if (m->kind == RUNG_RAW)
        rung_lm_task_free(task);
    else
        rung_classify_task_free(task);
}

static rung_status train(rung_runtime *rt, rung_model *m, const rung_corpus *corpus,
                         const rung_fit_config *config, const char *dir,
                         const rung_train_hooks *hooks, rung_fit_result *result,
                         rung_error *err)
{
    rung_task *task = NULL;
    RUNG_TRY(new_task(&task, m, corpus, &config->train, err));
    rung_status status = rung_train(rt, task, &config->train, dir, config->resume, hooks,
                                    &result->train, err);
    if (status == RUNG_OK && m->kind == RUNG_RAW && task->n_eval &&
        result->train.end != RUNG_TRAIN_INTERRUPTED) {
        rung_lm_task_evaluate_all(task);
        status = rung_evaluate(rt, task, &result->train.valid_loss, NULL, err);
    }
    free_task(task, m);
    return status;
}

rung_status rung_fit_plan(rung_runtime *rt, rung_model *m, rung_corpus *corpus,
                          const rung_train_config *config, rung_train_plan *plan,
                          rung_error *err)
{
    rung_task *task = NULL;
    RUNG_TRY(build(m, corpus, config, err));
    RUNG_TRY(new_task(&task, m, corpus, config, err));
    rung_status status = rung_plan(rt, task, config, plan, err);
    free_task(task, m);
    return status;
}

/* What is kept of a model: its parameters and its other tensors. */
static int64_t count_params(const rung_model *m)
{
    rung_stored extra[RUNG_MAX_EXTRA];
    int64_t n = rung_params_size(m->params);
    size_t n_extra = m->type->extra ? m->type->extra(m, extra) : 0;
    for (size_t i = 0; i < n_extra; i++)
        n += (int64_t)(extra[i].bytes / rung_stored_type_bytes(extra[i].type));
    return n;
}

static rung_status score_raw(rung_runtime *rt, const rung_model *m,
                             const rung_corpus *corpus, int64_t context,
                             rung_fit_result *result, rung_error *err)
{
    if (corpus->tokens[RUNG_VALID].count)
        RUNG_TRY(rung_lm_evaluate(m, rt, &corpus->tokens[RUNG_VALID], context,
                                  &result->valid, err));
    if (corpus->tokens[RUNG_TEST].count)
        RUNG_TRY(rung_lm_evaluate(m, rt, &corpus->tokens[RUNG_TEST], context,
                                  &result->test, err));
    return RUNG_OK;
}

static rung_status score_labelled(rung_runtime *rt, const rung_model *m,
                                  const rung_corpus *corpus, rung_fit_result *result,
                                  rung_error *err)
{
    if (corpus->examples[RUNG_VALID].count)
        RUNG_TRY(rung_classify_evaluate(m, rt, &corpus->examples[RUNG_VALID],
                                        &result->valid_labels, err));
    if (corpus->examples[RUNG_TEST].count)
        RUNG_TRY(rung_classify_evaluate(m, rt, &corpus->examples[RUNG_TEST],
                                        &result->test_labels, err));
    return RUNG_OK;
}

static rung_status score_part(rung_runtime *rt, const rung_model *m, rung_table *part,
                              rung_number_score *numbers, rung_label_score *labels,
                              rung_error *err)
{
    if (!part) return RUNG_OK;
    RUNG_TRY(rung_table_rewind(part, err));
    return rung_table_evaluate(m, rt, part, numbers, labels, err);
}

static rung_status score_table(rung_runtime *rt, const rung_model *m,
                               const rung_corpus *corpus, rung_fit_result *r,
                               rung_error *err)
{
    RUNG_TRY(score_part(rt, m, corpus->tables[RUNG_VALID], &r->valid_numbers,
                        &r->valid_labels, err));
    return score_part(rt, m, corpus->tables[RUNG_TEST], &r->test_numbers, &r->test_labels,
                      err);
}

static rung_status score(rung_runtime *rt, const rung_model *m, const rung_corpus *corpus,
                         int64_t context, const char *dir, rung_fit_result *result,
                         rung_error *err)
{
    if (m->kind == RUNG_RAW) RUNG_TRY(score_raw(rt, m, corpus, context, result, err));
    if (m->kind == RUNG_LABELLED) RUNG_TRY(score_labelled(rt, m, corpus, result, err));
    if (m->kind == RUNG_TABLE) RUNG_TRY(score_table(rt, m, corpus, result, err));
    char *path = rung_path_join(dir, "model.safetensors");
    if (!path) return rung__out_of_memory(err, strlen(dir), "a path");
    result->params = count_params(m);
    result->file_bytes = rung_file_size(path);
    rung__free(path);
    return RUNG_OK;
}

/* Replaces *m by the model in the folder. */
static rung_status take_finished(rung_model **m, const char *dir, rung_error *err)
{
    rung_model *finished = NULL;
    RUNG_TRY(rung_model_load(&finished, dir, err));
    rung_model_free(*m);
    *m = finished;
    return RUNG_OK;
}

/* A model is never overwritten by another one. */
static rung_status check_free(const char *dir, rung_error *err)
{
    char *path = rung_path_join(dir, "config.json");
    if (!path) return rung__out_of_memory(err, strlen(dir), "a path");
    const bool exists = rung_path_exists(path);
    rung__free(path);
    if (!exists) return RUNG_OK;
    return rung_fail(err, RUNG_USAGE,
                     "'%s' holds a model: take another --out, or --resume to go on with "
                     "its training",
                     dir);
}

/* The folder is made when there is something to be written into it. */
static rung_status learn(rung_runtime *rt, rung_model **m, rung_corpus *corpus,
                         const rung_fit_config *config, const char *dir,
                         const rung_train_hooks *hooks, rung_fit_result *result,
                         rung_error *err)
{
    if (!config->resume) RUNG_TRY(check_free(dir, err));
    if ((*m)->kind == RUNG_WORDS)
        RUNG_TRY(fit_words(rt, *m, corpus, config, dir, hooks, result, err));
    else if (learns_words(*m))
        RUNG_TRY(fit_by_words(rt, *m, corpus, config, dir, hooks, result, err));
    else if (rung_class_is_trained((*m)->type, (*m)->kind))
        RUNG_TRY(train(rt, *m, corpus, config, dir, hooks, result, err));
    else
        RUNG_TRY(fit_directly(rt, *m, corpus, result, err));
    // Vectors without what tells labels by them are no model yet.
    const bool is_half = (*m)->kind == RUNG_LABELLED && learns_words(*m) &&
                         result->train.end == RUNG_TRAIN_INTERRUPTED;
    return is_half ? RUNG_OK : rung_model_save(*m, dir, err);
}

rung_status rung_fit(rung_runtime *rt, rung_model **m, rung_corpus *corpus,
                     const rung_fit_config *config, int64_t context, const char *dir,
                     const rung_train_hooks *hooks, rung_fit_result *result,
                     rung_error *err)
{
    *result = (rung_fit_result){0};
    if (learns_words(*m)) {
        const rung_words_config reading = (*m)->type->words->reading(*m);
        RUNG_TRY(rung_corpus_words(corpus, rt, &reading, err));
    }
    RUNG_TRY(build(*m, corpus, &config->train, err));
    bool finished = false;
    if (config->resume)
        RUNG_TRY(
            rung__record_read(dir, *m, corpus, &config->train, result, &finished, err));
    if (finished)
        RUNG_TRY(take_finished(m, dir, err));
    else
        RUNG_TRY(learn(rt, m, corpus, config, dir, hooks, result, err));
    rung_status status = RUNG_OK;
    if (result->train.end != RUNG_TRAIN_INTERRUPTED)
        status = score(rt, *m, corpus, context, dir, result, err);
    if (status == RUNG_OK && !finished)
        status = rung__record_write(dir, *m, corpus, config, result, err);
    if (status != RUNG_OK) rung_fit_result_release(result);
    return status;
}

void rung_fit_result_release(rung_fit_result *result)
{
    rung_lm_score_release(&result->valid);
    rung_lm_score_release(&result->test);
    rung_label_score_release(&result->valid_labels);
    rung_label_score_release(&result->test_labels);
}
