/* Our side of bench/compare: trains a GPT-2 or an LSTM language model or a BERT
 * classifier, generates with the GPT-2, or classifies with the BERT, from given weights
 * on given batches, and prints JSON lines as the peers in bench/peers do.
 *
 *     train gpt|lstm|bert --write-weights F             fresh weights, then stop
 *     train gpt|lstm|bert --weights F --batches F --steps N [--out DIR]
 *     train gpt-generate --weights F --batches F --steps N
 *     train bert-encode|bert-encode-1 --weights F --batches F --steps N
 *
 * Batches are little-endian int32 token ids [steps, batch, length + 1]; inputs are all
 * but the last of a row, targets all but the first, or of a classifier the last.
 * Generation reads the first id of the
 * file and then N - 1 times the likeliest token; its clock starts after the first. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"
#include "rung/language.h"

/* ---- The workloads ---- */

typedef enum job { TRAIN, GENERATE, ENCODE } job;

typedef struct workload {
    const char *name, *rung;
    const char *options[5][2]; /* of the rung */
    int64_t vocab, labels;     /* labels: 0 for a language model */
    int64_t batch, length;
    job job;
} workload;

#define OPTIONS(layers, heads, width, context)                                           \
    {                                                                                    \
        {"layers", layers}, {"heads", heads}, {"width", width}, {"context", context},    \
        {                                                                                \
            "dropout", "0"                                                               \
        }                                                                                \
    }
#define GPT OPTIONS("6", "6", "384", "256")
#define BERT OPTIONS("4", "4", "256", "128")

static const workload workloads[] = {
    {"gpt", "gpt", GPT, 65, 0, 12, 256, TRAIN},
    {"gpt-generate", "gpt", GPT, 65, 0, 12, 256, GENERATE},
    {"lstm",
     "lstm",
     {{"layers", "2"}, {"width", "256"}, {"context", "64"}, {"dropout", "0"}},
     10000,
     0,
     32,
     64,
     TRAIN},
    {"bert", "bert", BERT, 8192, 2, 32, 128, TRAIN},
    {"bert-encode", "bert", BERT, 8192, 2, 32, 128, ENCODE},
    {"bert-encode-1", "bert", BERT, 8192, 2, 1, 128, ENCODE},
};

typedef struct settings {
    const char *weights, *write_weights, *batches, *out;
    int64_t steps, threads, runs;
} settings;

#define FIELD(name) offsetof(settings, name)

static const rung_option options[] = {
    {"weights", RUNG_OPTION_TEXT, FIELD(weights), NULL, 0, 0, NULL,
     "safetensors to start from", NULL},
    {"write-weights", RUNG_OPTION_TEXT, FIELD(write_weights), NULL, 0, 0, NULL,
     "write fresh weights to this file and stop", NULL},
    {"batches", RUNG_OPTION_TEXT, FIELD(batches), NULL, 0, 0, NULL, "file of token ids",
     NULL},
    {"out", RUNG_OPTION_TEXT, FIELD(out), NULL, 0, 0, NULL,
     "new folder for checkpoints; else what they would hold is kept in memory", NULL},
    {"steps", RUNG_OPTION_INT, FIELD(steps), "25", 1, 1e6, NULL, "steps, or tokens",
     NULL},
    {"threads", RUNG_OPTION_INT, FIELD(threads), "2", 1, 1024, NULL, "threads", NULL},
    {"runs", RUNG_OPTION_INT, FIELD(runs), "5", 2, 1e6, NULL,
     "generation: how often; the first one warms up", NULL},
};

/* ---- Measuring ---- */

/* VmRSS or VmHWM of this process, in bytes; 0 where the system does not say. */
static double resident(const char *field)
{
    FILE *status = fopen("/proc/self/status", "r");
    if (!status) return 0;
    char line[256];
    double kilobytes = 0;
    size_t n = strlen(field);
    while (fgets(line, sizeof line, status))
        if (strncmp(line, field, n) == 0) kilobytes = atof(line + n + 1);
    fclose(status);
    return 1024 * kilobytes;
}

/* Seconds of every step or run, and the summary from those after the first fifth. */
typedef struct timing {
    double seconds[10000];
    int n;
    double baseline; /* resident bytes when main began */
} timing;

static void time_add(timing *t, double seconds)
{
    if (t->n < (int)(sizeof t->seconds / sizeof t->seconds[0]))
        t->seconds[t->n++] = seconds;
}

static void print_summary(timing *t, int64_t tokens)
{
    const int warm = t->n / 5;
    const double middle = median(t->seconds + warm, t->n - warm); // sorts them
    printf("{\"tokens_per_second\": %.1f, \"best_tokens_per_second\": %.1f, "
           "\"peak_rss_bytes\": %.0f, \"baseline_rss_bytes\": %.0f}\n",
           (double)tokens / middle, (double)tokens / t->seconds[warm], resident("VmHWM"),
           t->baseline);
}

/* ---- Model and weights ---- */

static rung_status make_model(rung_model **m, const workload *w, rung_error *err)
{
    const rung_class *type = rung_class_find(w->rung, err);
    if (!type) return err->code;
    RUNG_TRY(rung_model_new(m, type, w->labels ? RUNG_LABELLED : RUNG_RAW, err));
    const rung_option_set set = rung_model_options(*m);
    for (int i = 0; i < 5 && w->options[i][0]; i++)
        RUNG_TRY(rung_option_set_text(&set, w->options[i][0], w->options[i][1], err));
    (*m)->n_labels = w->labels;
    (*m)->vocab = w->vocab; // ids come from the file: there is no tokenizer
    RUNG_TRY(type->declare(*m, err));
    rung_params_init((*m)->params, 1);
    return RUNG_OK;
}

static rung_stored stored_of(const rung_params *params, size_t i)
{
    const rung_param *p = rung_params_at(params, i);
    rung_stored out = {.name = p->name,
                       .type = RUNG_STORED_F32,
                       .rank = p->rank,
                       .data = rung_params_data(params, p),
                       .bytes = (size_t)p->size * sizeof(float)};
    memcpy(out.shape, p->shape, sizeof p->shape);
    return out;
}

static rung_status write_weights(const rung_params *params, const char *path,
                                 rung_error *err)
{
    enum { MOST = 200 };
    rung_stored tensors[MOST];
    const size_t n = rung_params_count(params);
    if (n > MOST)
        return rung_fail(err, RUNG_UNSUPPORTED, "%zu parameters are too many", n);
    for (size_t i = 0; i < n; i++) tensors[i] = stored_of(params, i);
    const char *const metadata[] = {"format", "pt", NULL};
    return rung_safetensors_write(path, tensors, n, metadata, err);
}

static rung_status read_weights(rung_params *params, const char *path, rung_error *err)
{
    rung_safetensors *file = NULL;
    RUNG_TRY(rung_safetensors_open(&file, path, err));
    rung_status status = RUNG_OK;
    for (size_t i = 0; i < rung_params_count(params) && status == RUNG_OK; i++) {
        const rung_param *p = rung_params_at(params, i);
        const rung_stored *t = rung_safetensors_find(file, p->name);
        status =
            t ? rung_stored_to_f32(t, rung_params_data(params, p), (size_t)p->size, err)
              : rung_fail(err, RUNG_INPUT, "%s: no tensor %s", path, p->name);
        if (t) rung_safetensors_forget(file, t);
    }
    rung_safetensors_close(file);
    return status;
}

/* ---- Batches ---- */

typedef struct batches {
    const int32_t *ids; /* [steps, batch, length + 1], mapped */
    int64_t steps;
} batches;

static rung_status map_batches(batches *b, const char *path, const workload *w,
                               rung_error *err)
{
    struct stat info;
    const int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &info) != 0)
        return rung_fail(err, RUNG_INPUT, "%s: cannot be read", path);
    const int64_t one = w->batch * (w->length + 1) * (int64_t)sizeof(int32_t);
    b->steps = info.st_size / one;
    if (b->steps == 0 || info.st_size % one != 0)
        return rung_fail(err, RUNG_INPUT, "%s: %lld bytes are no batches of %lld", path,
                         (long long)info.st_size, (long long)one);
    void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return rung_fail(err, RUNG_IO, "%s: cannot be mapped", path);
    b->ids = map;
    return RUNG_OK;
}

/* ---- Training ---- */

typedef struct bench_task {
    rung_task base;
    const rung_model *model;
    const workload *w;
    batches batches;
    timing *timing;
    double last; /* when the step before was done */
} bench_task;

/* The logits of ids [batch, length]; a classifier's texts are as long as that. */
static rung_tensor *logits_of(const rung_model *m, rung_graph *g, rung_tensor *ids,
                              const rung_params *states, bool training)
{
    if (m->kind == RUNG_LABELLED)
        return m->type->labelled->logits(m, g, ids, NULL, training);
    return m->type->raw->logits(m, g, ids, states, training);
}

static void build(rung_task *task, rung_step_graph *step, int64_t batch, bool training)
{
    const bench_task *t = (const bench_task *)task;
    const int64_t shape[] = {batch, t->w->length};
    rung_graph *g = step->graph;
    step->inputs[0] = rung_input(g, "ids", RUNG_I32, 2, shape);
    step->inputs[1] = rung_input(g, "targets", RUNG_I32, t->w->labels ? 1 : 2, shape);
    rung_tensor *logits = logits_of(t->model, g, step->inputs[0], task->states, training);
    step->loss = rung_cross_entropy(g, logits, step->inputs[1], NULL, 0);
}

static size_t buffer_bytes(const rung_task *task, int64_t batch)
{
    return (size_t)(2 * batch * ((const bench_task *)task)->w->length) * sizeof(int32_t);
}

/* Rows first ... first + batch - 1 of the file: ids [batch, T] and targets, which are as
 * many, or one a row. */
static void copy_rows(const workload *w, const batches *b, int64_t first, int64_t batch,
                      int32_t *ids, int32_t *targets)
{
    const int64_t T = w->length;
    for (int64_t i = 0; i < batch; i++) {
        const int32_t *row = b->ids + (first + i) % (b->steps * w->batch) * (T + 1);
        memcpy(ids + i * T, row, (size_t)T * sizeof *ids);
        if (w->labels)
            targets[i] = row[T];
        else
            memcpy(targets + i * T, row + 1, (size_t)T * sizeof *ids);
    }
}

static void feed(const rung_task *task, const rung_step_graph *step, int64_t first,
                 int64_t batch, uint64_t seed, void *buffer)
{
    const bench_task *t = (const bench_task *)task;
    int32_t *ids = buffer, *targets = ids + batch * t->w->length;
    (void)seed;
    copy_rows(t->w, &t->batches, first, batch, ids, targets);
    rung_input_set(step->inputs[0], ids);
    rung_input_set(step->inputs[1], targets);
}

static const rung_task_ops task_ops = {
    .build = build, .feed = feed, .buffer_bytes = buffer_bytes};

static void report(void *self, const rung_train_report *r)
{
    bench_task *t = self;
    const double now = now_s();
    if (r->step > 0) {
        time_add(t->timing, now - t->last);
        printf("{\"step\": %lld, \"loss\": %.7f, \"seconds\": %.6f}\n",
               (long long)r->step - 1, r->loss, now - t->last);
    }
    t->last = now_s();
}

static rung_status train(rung_runtime *rt, rung_model *m, const workload *w,
                         const settings *s, timing *time, rung_error *err)
{
    bench_task task = {.model = m, .w = w, .timing = time};
    RUNG_TRY(map_batches(&task.batches, s->batches, w, err));
    task.base = (rung_task){.ops = &task_ops,
                            .params = m->params,
                            .samples_per_epoch = task.batches.steps * w->batch,
                            .units_per_sample = w->length,
                            .unit = "tok"};
    rung_train_config config;
    size_t n;
    const rung_option *table = rung_train_options(&n);
    RUNG_TRY(rung_options_defaults(&(rung_option_set){"", table, n, &config, NULL}, err));
    config.steps = s->steps, config.batch = w->batch;
    config.optimizer = RUNG_OPTIMIZER_ADAMW, config.lr = 1e-3;
    config.schedule = RUNG_SCHEDULE_CONSTANT, config.warmup = 0;
    config.beta1 = 0.9, config.beta2 = 0.99, config.eps = 1e-8;
    config.weight_decay = 0.1, config.clip = 1;
    config.eval_every = config.save_every = s->steps + 1;

    if (m->carries) {
        RUNG_TRY(rung_params_new(&task.base.states, RUNG_F32, err));
        RUNG_TRY(m->type->raw->carry(m, task.base.states, w->batch, err));
    }
    rung_train_result result;
    const rung_train_hooks hooks = {report, NULL, &task};
    task.last = now_s();
    rung_status status =
        rung_train(rt, &task.base, &config, s->out, false, &hooks, &result, err);
    rung_params_free(task.base.states);
    if (status == RUNG_OK) print_summary(time, w->batch * w->length);
    return status;
}

/* ---- Generation ---- */

static rung_status generate_once(rung_session *session, const settings *s, int32_t token,
                                 bool print, double *seconds, rung_error *err)
{
    float logits[65];
    int32_t order[65];
    const rung_sampling greedy = {.temperature = 0, .top_p = 1};
    double start = 0;
    for (int64_t step = 0; step < s->steps; step++) {
        const double begin = now_s();
        RUNG_TRY(rung_session_read(session, &token, 1, logits, err));
        token = rung_sample(logits, 65, &greedy, 0, order);
        const double now = now_s();
        if (step == 0) start = now;
        if (print)
            printf(
                "{\"step\": %lld, \"token\": %d, \"logit\": %.6f, \"seconds\": %.6f}\n",
                (long long)step, token, (double)logits[token], now - begin);
        *seconds = now - start;
    }
    return RUNG_OK;
}

static rung_status generate(rung_runtime *rt, const rung_model *m, const workload *w,
                            const settings *s, timing *time, rung_error *err)
{
    batches b;
    RUNG_TRY(map_batches(&b, s->batches, w, err));
    for (int64_t run = 0; run < s->runs; run++) {
        rung_session *session = NULL;
        RUNG_TRY(rung_session_open(&session, m, rt, s->steps, err));
        double seconds = 0;
        rung_status status = generate_once(session, s, b.ids[0], run == 0, &seconds, err);
        rung_session_close(session);
        RUNG_TRY(status);
        time_add(time, seconds);
    }
    print_summary(time, s->steps - 1);
    return RUNG_OK;
}

/* ---- Classifying ---- */

static void print_logits(const rung_tensor *logits, int64_t step, double seconds)
{
    const float *x = rung_tensor_data(logits);
    printf("{\"step\": %lld, \"logits\": [", (long long)step);
    for (int64_t i = 0; i < rung_tensor_size(logits); i++)
        printf("%s%.7f", i ? ", " : "", (double)x[i]);
    printf("], \"seconds\": %.6f}\n", seconds);
}

static rung_status run_encoder(rung_graph *g, rung_tensor *ids, const rung_tensor *logits,
                               const workload *w, const settings *s, timing *time,
                               rung_error *err)
{
    static int32_t buffer[32 * 129];
    batches b;
    RUNG_TRY(map_batches(&b, s->batches, w, err));
    for (int64_t step = 0; step < s->steps; step++) {
        copy_rows(w, &b, step * w->batch, w->batch, buffer,
                  buffer + w->batch * w->length);
        rung_input_set(ids, buffer);
        const double start = now_s();
        RUNG_TRY(rung_graph_run(g, &(rung_run){0}, err));
        time_add(time, now_s() - start);
        print_logits(logits, step, time->seconds[time->n - 1]);
    }
    print_summary(time, w->batch * w->length);
    return RUNG_OK;
}

static rung_status encode(rung_runtime *rt, const rung_model *m, const workload *w,
                          const settings *s, timing *time, rung_error *err)
{
    rung_graph *g = NULL;
    RUNG_TRY(rung_graph_new(&g, rt, RUNG_F32, err));
    rung_tensor *ids =
        rung_input(g, "ids", RUNG_I32, 2, (int64_t[]){w->batch, w->length});
    rung_tensor *logits = logits_of(m, g, ids, NULL, false);
    rung_status status = rung_graph_compile(g, &logits, 1, err);
    void *block = NULL;
    if (status == RUNG_OK) {
        block = aligned_alloc(64, (rung_graph_block_bytes(g) + 63) / 64 * 64);
        if (!block) status = rung_fail(err, RUNG_MEMORY, "no memory for the graph");
    }
    if (status == RUNG_OK) {
        rung_graph_bind(g, block, NULL, NULL);
        status = run_encoder(g, ids, logits, w, s, time, err);
    }
    free(block);
    rung_graph_free(g);
    return status;
}

/* ---- The program ---- */

static rung_status run(const workload *w, const settings *s, timing *time,
                       rung_error *err)
{
    rung_runtime_config config = RUNG_RUNTIME_CONFIG_DEFAULT;
    config.threads = (int)s->threads;
    rung_runtime *rt = NULL;
    rung_model *m = NULL;
    rung_status status = rung_runtime_new(&rt, &config, err);
    if (status == RUNG_OK) status = make_model(&m, w, err);
    if (status == RUNG_OK && s->write_weights) {
        status = write_weights(m->params, s->write_weights, err);
    } else if (status == RUNG_OK) {
        printf("{\"peer\": \"rung %s\", \"threads\": %d, \"isa\": \"%s\"}\n",
               rung_version(), rung_runtime_threads(rt),
               rung_isa_name(rung_runtime_isa(rt)));
        status = read_weights(m->params, s->weights, err);
        if (status == RUNG_OK)
            status = w->job == TRAIN    ? train(rt, m, w, s, time, err)
                     : w->job == ENCODE ? encode(rt, m, w, s, time, err)
                                        : generate(rt, m, w, s, time, err);
    }
    rung_model_free(m);
    rung_runtime_free(rt);
    return status;
}

int main(int argc, char **argv)
{
    static timing time; // too large for a stack
    time.baseline = resident("VmRSS");
    rung_error err = {0};
    settings s;
    const rung_option_set set = {"Options", options, sizeof options / sizeof options[0],
                                 &s, NULL};
    int words = 0;
    rung_status status = rung_options_defaults(&set, &err);
    if (status == RUNG_OK)
        status = rung_options_parse(&set, 1, argc - 1, argv + 1, &words, &err);
    const workload *w = NULL;
    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++)
        if (words == 1 && strcmp(argv[1], workloads[i].name) == 0) w = &workloads[i];
    if (status == RUNG_OK && (!w || (!s.write_weights && (!s.weights || !s.batches))))
        status = rung_fail(&err, RUNG_USAGE,
                           "train gpt|lstm|bert|gpt-generate|bert-encode|bert-encode-1 "
                           "--weights F --batches F --steps N, "
                           "or train gpt|lstm|bert --write-weights F");
    if (status == RUNG_OK) status = run(w, &s, &time, &err);
    if (status != RUNG_OK) fprintf(stderr, "train: %s\n", err.message);
    rung_options_release(&set);
    return status != RUNG_OK;
}
