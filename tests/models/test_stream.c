/* Generation: a stream that keeps keys and values, or a recurrent state, says what the
 * whole text through the model says, however the text is cut into pieces. */
#include "support.h"

#include <pthread.h>

#include "models/lm.h"

enum { VOCAB = 50 };

/* ---- The whole text at once ---- */

/* The logits after ids[0 ... n-1]: what a stream must give. */
static void full_forward(const rung_model *m, rung_runtime *rt, const int32_t *ids,
                         int64_t n, float *logits)
{
    rung_graph *g = new_graph(rt, RUNG_F32);
    rung_tensor *all =
        m->type->raw->logits(m, g, ids_of(g, 2, SHAPE(1, n), ids), NULL, false);
    void *block = make_ready(g, &all, 1, NULL, NULL);
    run_graph(g);
    memcpy(logits, (const float *)rung_tensor_data(all) + (n - 1) * VOCAB,
           VOCAB * sizeof *logits);
    rung__free(block);
    rung_graph_free(g);
}

static void assert_same_logits(const float *a, const float *b, int64_t position)
{
    double largest = 0;
    for (int i = 0; i < VOCAB; i++) largest = fmax(largest, fabs((double)b[i]));
    for (int i = 0; i < VOCAB; i++) {
        if (!(fabs((double)a[i] - (double)b[i]) <= 1e-4 * largest))
            fail_msg("after %lld tokens: logit %d is %g, not %g", (long long)position, i,
                     (double)a[i], (double)b[i]);
    }
}

static int32_t largest_of(const float *logits)
{
    int32_t best = 0;
    for (int32_t i = 1; i < VOCAB; i++)
        if (logits[i] > logits[best]) best = i;
    return best;
}

static rung_session *open_stream(const rung_model *m, rung_runtime *rt, int64_t tokens)
{
    rung_error err = {0};
    rung_session *s = NULL;
    assert_ok(rung_session_open(&s, m, rt, tokens, &err));
    return s;
}

static void read_ids(rung_session *s, const int32_t *ids, int64_t n, float *logits)
{
    rung_error err = {0};
    assert_ok(rung_session_read(s, ids, (size_t)n, logits, &err));
}

/* Small weights would make all logits alike. */
static rung_model *sharp(rung_model *m)
{
    float *w = rung_params_values(m->params);
    for (int64_t i = 0; i < rung_params_extent(m->params); i++) w[i] *= 3;
    return m;
}

static rung_model *gpt_of_context(const char *context)
{
    return sharp(new_lm("gpt",
                        OPTIONS("layers", "2", "heads", "2", "width", "16", "context",
                                context, "dropout", "0.3"),
                        VOCAB));
}

static rung_model *small_lstm(void)
{
    return sharp(
        new_lm("lstm", OPTIONS("layers", "2", "width", "12", "dropout", "0.3"), VOCAB));
}

/* ---- Tests ---- */

static void check_every_position(const rung_model *m, rung_runtime *rt, int64_t n)
{
    float is[VOCAB], must[VOCAB];
    int32_t *ids = random_ids((size_t)n, VOCAB, 5);
    rung_session *s = open_stream(m, rt, n);
    for (int64_t i = 0; i < n; i++) {
        read_ids(s, ids + i, 1, is);
        full_forward(m, rt, ids, i + 1, must);
        assert_same_logits(is, must, i + 1);
    }
    rung_session_close(s);
    rung__free(ids);
}

static void token_by_token_is_the_full_forward(void **state)
{
    rung_model *gpt = gpt_of_context("40"), *lstm = small_lstm();
    check_every_position(gpt, *state, 40);
    check_every_position(lstm, *state, 40);
    rung_model_free(gpt);
    rung_model_free(lstm);
}

/* A prompt is cut into pieces of 256, 16 and 1 tokens. */
static void a_prompt_of_any_length_is_the_full_forward(void **state)
{
    static const int64_t lengths[] = {1, 2, 15, 16, 17, 31, 33, 255, 256, 257, 273, 300};
    rung_model *models[] = {gpt_of_context("301"), small_lstm()};
    int32_t *ids = random_ids(301, VOCAB, 6);
    float is[VOCAB], must[VOCAB];
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            int64_t n = lengths[i];
            rung_session *s = open_stream(models[k], *state, n + 1);
            read_ids(s, ids, n, is);
            full_forward(models[k], *state, ids, n, must);
            assert_same_logits(is, must, n);
            read_ids(s, ids + n, 1, is); // and on it goes
            full_forward(models[k], *state, ids, n + 1, must);
            assert_same_logits(is, must, n + 1);
            rung_session_close(s);
        }
        rung_model_free(models[k]);
    }
    rung__free(ids);
}

/* Where a cache of `extent` tokens begins after `n` tokens: when it is full and one more
 * comes, the newest half of it stays. */
static int64_t window_begin(int64_t n, int64_t extent)
{
    int64_t begin = 0;
    while (n - begin > extent) begin += extent - extent / 2;
    return begin;
}

static void check_beyond(rung_runtime *rt, const char *context, int64_t extent)
{
    enum { N = 70 };
    rung_model *m = gpt_of_context(context);
    int32_t *ids = random_ids(N, VOCAB, 7);
    float is[VOCAB], must[VOCAB];
    rung_session *steps = open_stream(m, rt, extent);
    for (int64_t n = 1; n <= N; n++) {
        int64_t begin = window_begin(n, extent);
        full_forward(m, rt, ids + begin, n - begin, must);
        read_ids(steps, ids + n - 1, 1, is);
        assert_same_logits(is, must, n);
        rung_session *whole = open_stream(m, rt, extent); // all in one call
        read_ids(whole, ids, n, is);
        assert_same_logits(is, must, n);
        rung_session_close(whole);
    }
    rung_session_close(steps);
    rung__free(ids);
    rung_model_free(m);
}

static void beyond_the_context_the_oldest_tokens_are_forgotten(void **state)
{
    check_beyond(*state, "9", 9);
    check_beyond(*state, "24", 24); // a whole piece is read again, and single tokens
    check_beyond(*state, "1", 1);
    check_beyond(*state, "64", 5); // a shorter stream was asked for
}

/* What a user sees: the greedy continuation, with caches and without. */
static void greedy_text_is_the_same_without_caches(void **state)
{
    enum { N = 60, PROMPT = 7 };
    rung_model *models[] = {gpt_of_context("60"), small_lstm()};
    for (int k = 0; k < 2; k++) {
        int32_t *ids = random_ids(N, VOCAB, 8);
        float logits[VOCAB], must[VOCAB];
        rung_session *s = open_stream(models[k], *state, N);
        read_ids(s, ids, PROMPT, logits);
        for (int n = PROMPT; n < N; n++) {
            full_forward(models[k], *state, ids, n, must);
            assert_int_equal(largest_of(logits), largest_of(must));
            ids[n] = largest_of(must);
            read_ids(s, ids + n, 1, logits);
        }
        rung_session_close(s);
        rung__free(ids);
        rung_model_free(models[k]);
    }
}

/* ---- Sessions do not know of each other ---- */

typedef struct reader {
    const rung_model *m;
    const int32_t *ids;
    float logits[VOCAB];
} reader;

static void *read_all(void *ctx)
{
    reader *r = ctx;
    rung_runtime *rt = new_runtime(1);
    rung_session *s = open_stream(r->m, rt, 50);
    for (int i = 0; i < 50; i++) read_ids(s, r->ids + i, 1, r->logits);
    rung_session_close(s);
    rung_runtime_free(rt);
    return NULL;
}

static void sessions_on_one_model_run_beside_each_other(void **state)
{
    enum { READERS = 4 };
    rung_model *m = gpt_of_context("50");
    pthread_t threads[READERS];
    reader readers[READERS];
    float must[VOCAB];
    for (int i = 0; i < READERS; i++) {
        readers[i] = (reader){.m = m, .ids = random_ids(50, VOCAB, (uint64_t)i)};
        assert_int_equal(pthread_create(&threads[i], NULL, read_all, &readers[i]), 0);
    }
    for (int i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        full_forward(m, *state, readers[i].ids, 50, must);
        assert_same_logits(readers[i].logits, must, 50);
        rung__free((int32_t *)readers[i].ids);
    }
    rung_model_free(m);
}

/* ---- Refusals ---- */

static void what_cannot_be_read_is_named(void **state)
{
    static const int32_t wild[] = {3, VOCAB};
    rung_error err;
    float logits[VOCAB];
    rung_model *m = gpt_of_context("8");
    rung_session *s = NULL;
    assert_fails(rung_session_open(&s, m, *state, 0, &err), RUNG_USAGE,
                 "a stream of 0 tokens: must be at least 1");
    assert_null(s);
    s = open_stream(m, *state, 8);
    assert_fails(rung_session_read(s, wild, 2, logits, &err), RUNG_INPUT,
                 "transformer.wte: embedding: id 50 at place 0 is not in 0 ... 49");
    rung_session_close(s);
    rung_class silent = *m->type;
    rung_raw_ops mute = *silent.raw;
    mute.stream = NULL;
    silent.raw = &mute;
    m->type = &silent;
    assert_fails_saying(rung_session_open(&s, m, *state, 8, &err), RUNG_UNSUPPORTED,
                        "gpt does not generate");
    rung_model_free(m);
}

typedef struct work {
    const rung_model *m;
    rung_runtime *rt;
} work;

static rung_status read_some(void *ctx, rung_error *err)
{
    const work *w = ctx;
    int32_t ids[20] = {1, 2, 3};
    float logits[VOCAB];
    rung_session *s = NULL;
    RUNG_TRY(rung_session_open(&s, w->m, w->rt, 20, err));
    rung_status status = rung_session_read(s, ids, 20, logits, err);
    rung_session_close(s);
    return status;
}

static void every_failed_allocation_is_reported(void **state)
{
    work w = {gpt_of_context("30"), *state};
    assert_true(assert_survives_failed_allocations(read_some, &w) > 5);
    rung_model_free((rung_model *)w.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_by_token_is_the_full_forward),
        cmocka_unit_test(a_prompt_of_any_length_is_the_full_forward),
        cmocka_unit_test(beyond_the_context_the_oldest_tokens_are_forgotten),
        cmocka_unit_test(greedy_text_is_the_same_without_caches),
        cmocka_unit_test(sessions_on_one_model_run_beside_each_other),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("stream", tests, open_runtime, close_runtime);
}
