/* The state of a run, to a checkpoint or to memory and back. It knows no ranks: moments
 * are whole, states are numbered by the micro-batch of the global batch, so a run may go
 * on with other ranks as long as their product with the accumulation stays. A checkpoint
 * holds
 *
 *     model.safetensors    the parameters
 *     best.safetensors     those of the best evaluation, if others
 *     moments.safetensors  of the optimizer: NAME.exp_avg, ...
 *     states.safetensors   carried ones: NAME.0, NAME.1, ...
 *     trainer.json         configuration, and where the run stands */
#include <float.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/options.h"
#include "learn/checkpoint.h"
#include "learn/trainer.h"
#include "rung/formats.h"

/* ---- trainer.json ---- */

#define AT(field) offsetof(rung_standing, field)
#define INT(name, field, min, max)                                                       \
    {                                                                                    \
        name, RUNG_OPTION_INT, AT(field), NULL, min, max, NULL, "", NULL                 \
    }
#define REAL(name, field)                                                                \
    {                                                                                    \
        name, RUNG_OPTION_REAL, AT(field), NULL, -DBL_MAX, DBL_MAX, NULL, "", NULL       \
    }

static const rung_option standing_options[] = {
    INT("schema", schema, RUNG_TRAINER_SCHEMA, RUNG_TRAINER_SCHEMA),
    INT("step", step, 0, 1e12),
    REAL("lr-scale", lr_scale),
    INT("rollbacks", rollbacks, 0, 1),
    INT("best-step", best_step, -1, 1e12),
    REAL("best-loss", best_loss),
    INT("bad-evals", bad_evals, 0, 1e12),
    REAL("first-loss", first_loss),
    REAL("early-best", early_best),
    REAL("loss-sum", loss_sum),
    REAL("weight-sum", weight_sum),
    REAL("train-loss", train_loss),
    REAL("seconds", seconds),
};

enum { N_STANDING = sizeof standing_options / sizeof *standing_options };

/* Both structs as one JSON object: their options have different names. */
static void fill_sets(rung_option_set sets[2], rung_train_config *config,
                      rung_standing *standing)
{
    size_t count;
    const rung_option *options = rung_train_options(&count);
    sets[0] = (rung_option_set){NULL, standing_options, N_STANDING, standing, NULL};
    sets[1] = (rung_option_set){NULL, options, count, config, NULL};
}

static rung_status write_standing(rung_trainer *t, const char *path, rung_error *err)
{
    rung_option_set sets[2];
    fill_sets(sets, &t->config, &t->now);
    char *text = rung_options_to_json(sets, 2);
    if (!text) return rung__out_of_memory(err, 0, path);
    const rung_status status = rung_file_write(path, text, strlen(text), err);
    rung_text_free(text);
    return status;
}

static rung_status read_standing(rung_train_config *config, rung_standing *standing,
                                 const char *path, rung_error *err)
{
    rung_option_set sets[2];
    fill_sets(sets, config, standing);
    char *text;
    size_t size;
    RUNG_TRY(rung_file_read(path, &text, &size, err));
    const rung_status status = rung_options_from_json(sets, 2, text, path, true, err);
    rung__free(text);
    return status;
}

/* ---- Tensors ---- */

/* Tensors of one file: blocks of a set, told apart by what follows their names. */
typedef struct tensor_list {
    rung_stored *list; /* [count], owned */
    size_t count;
    rung_arena names;
} tensor_list;

static rung_status add_block(tensor_list *l, const rung_params *set, const void *block,
                             const char *suffix, rung_error *err)
{
    const size_t n = rung_params_count(set);
    const rung_dtype type = rung_params_type(set);
    rung_stored *list = rung__realloc(l->list, (l->count + n) * sizeof *list);
    if (!list) return rung__out_of_memory(err, n * sizeof *list, "a list of tensors");
    l->list = list;
    for (size_t i = 0; i < n; i++) {
        const rung_param *p = rung_params_at(set, i);
        const size_t size = strlen(p->name) + strlen(suffix) + 1;
        char *name = rung_arena_alloc(&l->names, size);
        if (!name) return rung__out_of_memory(err, size, "a tensor's name");
        snprintf(name, size, "%s%s", p->name, suffix);
        rung_stored *stored = &list[l->count++];
        *stored = (rung_stored){
            .name = name,
            .type = type == RUNG_F64 ? RUNG_STORED_F64 : RUNG_STORED_F32,
            .rank = p->rank,
            .data = (const char *)block + (size_t)p->offset * rung_dtype_bytes(type),
            .bytes = (size_t)p->size * rung_dtype_bytes(type)};
        memcpy(stored->shape, p->shape, (size_t)p->rank * sizeof *p->shape);
    }
    return RUNG_OK;
}

static void list_release(tensor_list *l)
{
    rung__free(l->list);
    rung_arena_release(&l->names);
}

static rung_status add_moments(tensor_list *l, const rung_trainer *t, rung_error *err)
{
    for (int i = 0; i < t->optimizer->n_moments; i++) {
        char suffix[40];
        snprintf(suffix, sizeof suffix, ".%s", t->optimizer->ops->moments[i]);
        RUNG_TRY(add_block(l, t->task->params, t->optimizer->moments[i], suffix, err));
    }
    return RUNG_OK;
}

static rung_status add_states(tensor_list *l, const rung_trainer *t, rung_error *err)
{
    for (int64_t m = 0; t->task->states && m < t->micro_batches; m++) {
        char suffix[40];
        snprintf(suffix, sizeof suffix, ".%lld", (long long)m);
        RUNG_TRY(add_block(l, t->task->states, rung__trainer_states(t, m), suffix, err));
    }
    return RUNG_OK;
}

/* What moves the tensors of a list to or from a file. */
typedef rung_status (*move_fn)(const tensor_list *l, const char *path, rung_error *err);

static rung_status write_tensors(const tensor_list *l, const char *path, rung_error *err)
{
    const char *const metadata[] = {"format", "pt", NULL};
    return rung_safetensors_write(path, l->list, l->count, metadata, err);
}

static bool is_like(const rung_stored *a, const rung_stored *b)
{
    return a->type == b->type && a->rank == b->rank &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0;
}

static rung_status copy_tensors(const tensor_list *l, const rung_safetensors *file,
                                const char *path, rung_error *err)
{
    for (size_t i = 0; i < l->count; i++) {
        const rung_stored *wanted = &l->list[i];
        const rung_stored *found = rung_safetensors_find(file, wanted->name);
        if (!found || !is_like(found, wanted))
            return rung_fail(err, RUNG_INPUT, "%s: tensor '%s' %s", path, wanted->name,
                             found ? "has another type or shape than in this run"
                                   : "is missing");
        memcpy((void *)wanted->data, found->data, wanted->bytes);
    }
    return RUNG_OK;
}

static rung_status read_tensors(const tensor_list *l, const char *path, rung_error *err)
{
    rung_safetensors *file;
    RUNG_TRY(rung_safetensors_open(&file, path, err));
    const rung_status status = copy_tensors(l, file, path, err);
    rung_safetensors_close(file);
    return status;
}

/* Moves what `add` lists, if anything, to or from the file. */
static rung_status move_list(tensor_list *l, rung_status status, const char *dir,
                             const char *name, move_fn move, rung_error *err)
{
    if (status == RUNG_OK && l->count > 0) {
        char *path = rung_path_join(dir, name);
        status = path ? move(l, path, err) : rung__out_of_memory(err, 0, "a path");
        rung__free(path);
    }
    list_release(l);
    return status;
}

static rung_status move_values(const rung_trainer *t, const void *values, const char *dir,
                               const char *name, move_fn move, rung_error *err)
{
    tensor_list l = {0};
    return move_list(&l, add_block(&l, t->task->params, values, "", err), dir, name, move,
                     err);
}

/* Whether the best values are others than those of the last step. */
static bool has_own_best(const rung_trainer *t)
{
    return t->best && t->now.best_step >= 0 && t->now.best_step != t->now.step;
}

static rung_status move_all(const rung_trainer *t, const char *dir, move_fn move,
                            rung_error *err)
{
    const void *values = rung_params_values(t->task->params);
    tensor_list moments = {0}, states = {0};
    RUNG_TRY(move_values(t, values, dir, "model.safetensors", move, err));
    if (has_own_best(t))
        RUNG_TRY(move_values(t, t->best, dir, "best.safetensors", move, err));
    RUNG_TRY(move_list(&moments, add_moments(&moments, t, err), dir,
                       "moments.safetensors", move, err));
    return move_list(&states, add_states(&states, t, err), dir, "states.safetensors",
                     move, err);
}

/* ---- Checkpoints ---- */

static rung_status write_checkpoint(rung_trainer *t, rung_error *err)
{
    rung_checkpoint c;
    RUNG_TRY(rung_checkpoint_begin(&c, t->dir, t->now.step, err));
    char *path = rung_path_join(c.path, "trainer.json");
    rung_status status = path ? move_all(t, c.path, write_tensors, err)
                              : rung__out_of_memory(err, 0, "a path");
    if (status == RUNG_OK) status = write_standing(t, path, err);
    rung__free(path);
    if (status == RUNG_OK) return rung_checkpoint_commit(&c, t->config.keep, err);
    rung_checkpoint_abandon(&c);
    return status;
}

/* The latest folder and what its trainer.json says; *folder is NULL when there is none.
 */
static rung_status find_latest(const char *dir, char **folder, rung_train_config *config,
                               rung_standing *standing, rung_error *err)
{
    int64_t step;
    RUNG_TRY(rung_checkpoint_latest(dir, &step, folder, err));
    if (!*folder) return RUNG_OK;
    char *path = rung_path_join(*folder, "trainer.json");
    rung_status status = path ? read_standing(config, standing, path, err)
                              : rung__out_of_memory(err, 0, "a path");
    if (status == RUNG_OK && standing->step != step)
        status = rung_fail(err, RUNG_INPUT, "%s is of step %lld", path,
                           (long long)standing->step);
    rung__free(path);
    if (status != RUNG_OK) rung__free(*folder);
    return status;
}

static rung_status read_checkpoint(rung_trainer *t, rung_error *err)
{
    rung_train_config config = {0};
    rung_standing standing = {0};
    char *folder;
    RUNG_TRY(find_latest(t->dir, &folder, &config, &standing, err));
    if (!folder) return rung_fail(err, RUNG_IO, "no checkpoint is left in '%s'", t->dir);
    t->now = standing;
    t->config.steps = config.steps;
    t->config.eval_every = config.eval_every;
    t->config.save_every = config.save_every;
    const rung_status status = move_all(t, folder, read_tensors, err);
    rung__free(folder);
    return status;
}

/* ---- In memory ---- */

typedef enum copy_way { COUNT, TO_MEMORY, FROM_MEMORY } copy_way;

static size_t copy_piece(char *memory, size_t at, void *piece, size_t bytes, copy_way way)
{
    if (way == TO_MEMORY) memcpy(memory + at, piece, bytes);
    if (way == FROM_MEMORY) memcpy(piece, memory + at, bytes);
    return at + bytes;
}

/* All tensors of the state, one behind the other; returns their bytes. */
static size_t copy_state(const rung_trainer *t, char *memory, copy_way way)
{
    const size_t values = rung__set_bytes(t->task->params);
    size_t at = copy_piece(memory, 0, rung_params_values(t->task->params), values, way);
    if (t->best) at = copy_piece(memory, at, t->best, values, way);
    for (int i = 0; i < t->optimizer->n_moments; i++)
        at = copy_piece(memory, at, t->optimizer->moments[i], values, way);
    for (int64_t m = 0; t->task->states && m < t->micro_batches; m++)
        at = copy_piece(memory, at, rung__trainer_states(t, m),
                        rung__set_bytes(t->task->states), way);
    return at;
}

size_t rung__state_bytes(const rung_trainer *t)
{
    return copy_state(t, NULL, COUNT);
}

/* ---- Either ---- */

rung_status rung__save(rung_trainer *t, rung_error *err)
{
    const double start = rung__now_seconds();
    if (t->dir) {
        RUNG_TRY(write_checkpoint(t, err));
    } else {
        copy_state(t, t->saved, TO_MEMORY);
        t->saved_now = t->now;
    }
    t->save_seconds = rung__now_seconds() - start;
    return RUNG_OK;
}

rung_status rung__restore(rung_trainer *t, rung_error *err)
{
    if (t->dir) {
        RUNG_TRY(read_checkpoint(t, err));
        if (t->best && !has_own_best(t))
            memcpy(t->best, rung_params_values(t->task->params),
                   rung__set_bytes(t->task->params));
        return RUNG_OK;
    }
    copy_state(t, t->saved, FROM_MEMORY);
    t->now = t->saved_now;
    return RUNG_OK;
}

/* ---- Configuration ---- */

/* What a resumed run may change: how it computes, but not what. */
static bool is_free(const rung_option *option)
{
    static const char *const names[] = {"steps",      "epochs",     "budget",
                                        "accumulate", "eval-every", "save-every",
                                        "ranks",      "keep"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(option->name, names[i]) == 0) return true;
    }
    return false;
}

static bool is_equal(const rung_option *option, const rung_train_config *a,
                     const rung_train_config *b)
{
    const size_t bytes = option->type == RUNG_OPTION_FLAG     ? sizeof(bool)
                         : option->type == RUNG_OPTION_CHOICE ? sizeof(int)
                                                              : 8; // int64_t or double
    return memcmp((const char *)a + option->offset, (const char *)b + option->offset,
                  bytes) == 0;
}

static void log_differences(rung_runtime *rt, const rung_train_config *config,
                            const rung_train_config *recorded)
{
    size_t count;
    const rung_option *options = rung_train_options(&count);
    for (size_t i = 0; i < count; i++) {
        if (is_free(&options[i]) || is_equal(&options[i], config, recorded)) continue;
        rung_log(rt, RUNG_LOG_WARN, "%s stays as it was when this run was begun",
                 options[i].name);
    }
}

rung_status rung__recall_config(rung_runtime *rt, const char *dir,
                                rung_train_config *config, bool *found, rung_error *err)
{
    rung_train_config recorded = {0};
    rung_standing standing = {0};
    char *folder;
    RUNG_TRY(find_latest(dir, &folder, &recorded, &standing, err));
    // While a budget is open, nothing but the first state has been saved.
    *found = folder && recorded.budget <= 0;
    rung__free(folder);
    if (!*found) return RUNG_OK;
    const int64_t then = recorded.ranks * recorded.accumulate;
    const int64_t now = config->ranks * config->accumulate;
    if (recorded.batch != config->batch || then != now)
        return rung_fail(err, RUNG_USAGE,
                         "'%s' was begun with %lld micro-batches of %lld samples, which "
                         "%lld of %lld cannot continue",
                         dir, (long long)then, (long long)recorded.batch, (long long)now,
                         (long long)config->batch);
    log_differences(rt, config, &recorded);
    recorded.ranks = config->ranks;
    recorded.accumulate = config->accumulate;
    recorded.keep = config->keep;
    *config = recorded;
    return RUNG_OK;
}
