/* How far back a model sees: rows scored together are scored as each alone, and models
 * that see a known part of the text are found to see just that. */
#include "support.h"

#include "base/json.h"
#include "ladder/rows.h"
#include "ladder/sight_json.h"
#include "models/lm.h"
#include "rung/ladder.h"
#include "text/tales.h"

static rung_error err;

/* ---- Intervals ---- */

/* Wilson 1927; values of statsmodels' proportion_confint(method="wilson"). */
static void intervals_are_wilsons(void **state)
{
    (void)state;
    const rung_share some = rung_share_of(8, 10), none = rung_share_of(0, 10);
    const rung_share all = rung_share_of(192, 192), empty = rung_share_of(0, 0);
    assert_near(some.low, 0.4901625, 1e-6);
    assert_near(some.high, 0.9433178, 1e-6);
    assert_near(none.low, 0, 1e-12);
    assert_near(none.high, 0.2775328, 1e-6);
    assert_near(all.low, 0.9803846, 1e-6);
    assert_near(all.high, 1, 1e-12);
    assert_true(some.right == 8 && some.n == 10);
    assert_true(empty.low == 0 && empty.high == 1);
}

/* ---- Rows ---- */

enum { VOCAB = 40, N_ROWS = 60 };

/* The same by a graph of the row alone. */
static double score_alone(const rung_model *m, rung_runtime *rt, const rung__row *row)
{
    rung_graph *g = new_graph(rt, RUNG_F32);
    const int64_t T = (int64_t)row->n - 1;
    rung_tensor *ids = ids_of(g, 2, SHAPE(1, T), row->ids);
    rung_tensor *logits = m->type->raw->logits(m, g, ids, NULL, false);
    int32_t *targets = rung__alloc_array(row->n, sizeof *targets);
    for (int64_t i = 0; i < T; i++)
        targets[i] = i + 1 >= (int64_t)row->from ? row->ids[i + 1] : -1;
    rung_loss loss =
        rung_cross_entropy(g, logits, ids_of(g, 2, SHAPE(1, T), targets), NULL, 0);
    void *block = make_ready(g, &loss.sum, 1, NULL, NULL);
    run_graph(g);
    const double nats = rung_tensor_scalar(loss.sum);
    rung_graph_free(g);
    rung__free(block);
    rung__free(targets);
    return nats;
}

/* Rows of 2 to 101 tokens, some of them as long as what gpt knows: 100. */
static void check_rows(rung_runtime *rt, rung_model *m)
{
    int32_t *ids = random_ids(1000, VOCAB, 5);
    rung__row rows[N_ROWS];
    double nats[N_ROWS];
    for (size_t i = 0; i < N_ROWS; i++) {
        const size_t n = i < 10 ? 101 : 2 + i * 7 % 100;
        rows[i] = (rung__row){ids + 13 * i, 1 + i % (n - 1), n};
    }
    assert_ok(rung__rows_score(m, rt, rows, N_ROWS, nats, &err));
    for (size_t i = 0; i < N_ROWS; i++) {
        const double alone = score_alone(m, rt, &rows[i]);
        assert_true(alone > 0);
        assert_near(nats[i], alone, 1e-5 * alone);
    }
    rung_model_free(m);
    rung__free(ids);
}

static void rows_together_are_scored_as_each_alone(void **state)
{
    check_rows(*state, new_lm("gpt",
                              OPTIONS("layers", "2", "heads", "2", "width", "16",
                                      "context", "100"),
                              VOCAB));
    check_rows(*state, new_lm("lstm", OPTIONS("layers", "1", "width", "12"), VOCAB));
}

/* ---- Models that see a known part ---- */

/* A model by hand over the word tokens of tales. */
typedef struct seer {
    rung_model base;
    size_t sight;  /* what stood among so many tokens before is probable */
    bool is_wrong; /* of senses, it takes the other one */
} seer;

static double score_recalled(const rung_model *m, const int32_t *ids, size_t from,
                             size_t n)
{
    const seer *s = (const seer *)m;
    double nats = 0;
    for (size_t i = from; i < n; i++) {
        bool seen = false;
        for (size_t j = i > s->sight ? i - s->sight : 0; j < i; j++)
            seen |= ids[j] == ids[i];
        nats += seen ? 0.1 : 5;
    }
    return nats;
}

/* Whether the last sentence of the text has the homonym in this sense. */
static bool ends_in_sense(const char *text, const rung__homonym *h, int sense)
{
    const char *rest = h->senses[sense].rest, *at = NULL;
    const char *suffix = strrchr(rest, '}') ? strrchr(rest, '}') + 1 : rest;
    char begin[64];
    snprintf(begin, sizeof begin, "%s%.*s", h->word, (int)strcspn(rest, "{"), rest);
    for (const char *p = text; (p = strstr(p, begin)); p++) at = p;
    if (!at || strchr(at, '.') != text + strlen(text) - 1) return false;
    return strcmp(text + strlen(text) - strlen(suffix), suffix) == 0;
}

/* Knows the world from where the tale says it happens, and what a homonym means there. */
static double score_by_world(const rung_model *m, const int32_t *ids, size_t from,
                             size_t n)
{
    rung_str text = {0};
    for (size_t i = 0; i < n; i++) {
        const rung_span bytes = rung_tokenizer_bytes(m->tokenizer, ids[i]);
        rung_str_add_bytes(&text, bytes.bytes, bytes.size);
    }
    bool fits = false;
    for (int i = 0; i < 2 * RUNG__N_HOMONYMS && !fits; i++) {
        const rung__homonym *h = &rung__tale_homonyms[i / 2];
        const char *where = rung__tale_worlds[h->senses[i % 2].world].where;
        fits = ends_in_sense(text.data, h, i % 2) && strstr(text.data, where);
    }
    rung_str_release(&text);
    assert_true(from < n);
    return fits != ((const seer *)m)->is_wrong ? 1 : 2;
}

static rung_status fit_nothing(rung_model *m, rung_runtime *rt, const rung_tokens *train,
                               const rung_tokens *valid, rung_error *error)
{
    (void)m, (void)rt, (void)train, (void)valid, (void)error;
    return RUNG_OK;
}

static const rung_raw_ops recalls = {.fit = fit_nothing, .score = score_recalled};
static const rung_raw_ops knows_worlds = {.fit = fit_nothing, .score = score_by_world};
static const rung_class recalling = {.name = "recalling", .raw = &recalls};
static const rung_class knowing = {.name = "knowing", .raw = &knows_worlds};

static rung_tokenizer *words_of_tales(void)
{
    const rung_tales_config config = {20260101, 300000};
    rung_text text;
    rung_tokenizer *tok = NULL;
    assert_ok(rung_tales_make(&text, &config, &err));
    const rung_span span = {text.bytes, text.size};
    assert_ok(rung_tokenizer_train(&tok, "word", NULL, span, &err));
    rung_text_release(&text);
    return tok;
}

static rung_sight look(const rung_model *m, int64_t context)
{
    rung_sight sight = {0};
    assert_ok(rung_sight_tales(&sight, m, NULL, context, &err));
    return sight;
}

static void assert_is_fair(const rung_share *share)
{
    assert_true(share->n >= 60);
    if (fabs((double)share->right - (double)share->n / 2) >
        4.5 * sqrt((double)share->n) / 2)
        fail_msg("%d of %d", (int)share->right, (int)share->n);
}

/* Who sees 32 words recalls names up to there, and beyond guesses. */
static void recall_ends_where_sight_ends(void **state)
{
    (void)state;
    rung_tokenizer *tok = words_of_tales();
    seer s = {{.type = &recalling, .tokenizer = tok, .context = 1000}, 31, false};
    const rung_sight sight = look(&s.base, 0);
    assert_int_equal(sight.reach, 4000);
    for (int k = 0; k < 3; k++)
        assert_int_equal(sight.recall[k].right, sight.recall[k].n);
    for (int k = 3; k < RUNG_SIGHT_OCTAVES; k++) assert_is_fair(&sight.recall[k]);
    s.sight = 1000;
    const rung_sight all = look(&s.base, 0);
    for (int k = 0; k < RUNG_SIGHT_OCTAVES; k++)
        assert_int_equal(all.recall[k].right, all.recall[k].n);
    s.base.max_context = 31; // it could, but is not given more
    const rung_sight cut = look(&s.base, 0);
    assert_int_equal(cut.reach, 31);
    assert_memory_equal(cut.recall, sight.recall, sizeof cut.recall);
    s.base.max_context = 8; // less than twice what a homonym is followed by
    const rung_sight blind = look(&s.base, 0);
    assert_true(blind.reach == 0 && blind.sense.n == 0 && blind.recall[0].n == 0);
    rung_tokenizer_free(tok);
}

static void the_sense_is_asked_for_evenly(void **state)
{
    (void)state;
    rung_tokenizer *tok = words_of_tales();
    seer s = {{.type = &knowing, .tokenizer = tok, .context = 1000}, 0, false};
    const rung_sight right = look(&s.base, 0);
    s.is_wrong = true;
    const rung_sight wrong = look(&s.base, 0);
    print_message("# sense %d, %d of %d\n", (int)right.sense.right,
                  (int)wrong.sense.right, (int)right.sense.n);
    assert_int_equal(right.sense.n, 192);
    assert_int_equal(right.sense.right, 192);
    assert_int_equal(wrong.sense.right, 0);
    rung_tokenizer_free(tok);
}

/* ---- Loss by context ---- */

/* A bigram model needs one token, and no more; the loss is its score there. */
static void a_bigram_sees_one_token(void **state)
{
    rung_corpus corpus;
    rung_corpus_config config = RUNG_CORPUS_CONFIG_DEFAULT;
    rung_model *m = NULL;
    rung_sight sight = {0};
    assert_ok(rung_corpus_open(&corpus, *state, &config, NULL, &err));
    assert_ok(rung_model_new(&m, rung_class_find("bigram", &err), RUNG_RAW, &err));
    assert_ok(rung_model_build(m, rung_tokenizer_share(corpus.tokenizer), NULL, 1, &err));
    assert_ok(m->type->raw->fit(m, *state, &corpus.tokens[RUNG_TRAIN],
                                &corpus.tokens[RUNG_VALID], &err));
    const rung_tokens some = {corpus.tokens[RUNG_TEST].ids, 1000, 1000};
    assert_ok(rung_sight_contexts(&sight, m, *state, &some, 100, &err));
    static const int64_t contexts[] = {1, 2, 4, 8, 16, 32, 64, 100};
    double nats = 0, bytes = 0;
    for (size_t i = 100; i < 1000; i++) { // all that have 100 before them
        nats += m->type->raw->score(m, some.ids + i - 1, 1, 2);
        bytes += (double)rung_tokenizer_bytes(m->tokenizer, some.ids[i]).size;
    }
    assert_int_equal(sight.n_positions, 900);
    assert_int_equal(sight.n_losses, 8);
    for (size_t k = 0; k < 8; k++) {
        assert_int_equal(sight.losses[k].context, contexts[k]);
        assert_near(sight.losses[k].nats_per_token, nats / 900, 1e-9);
        assert_near(sight.losses[k].bits_per_byte, nats / bytes / log(2), 1e-9);
        assert_true(sight.losses[k].error > 0.02 && sight.losses[k].error < 0.2);
    }
    const rung_tokens one = {some.ids, 1, 1};
    assert_ok(rung_sight_contexts(&sight, m, *state, &one, 100, &err));
    assert_int_equal(sight.n_losses, 0);
    rung_model_free(m);
    rung_corpus_release(&corpus);
}

/* A text that repeats itself after seven tokens, and a model that copies. */
static void the_loss_falls_where_the_context_begins_to_tell(void **state)
{
    enum { N = 600, PERIOD = 7 };
    rung_tokenizer *tok = words_of_tales();
    int32_t ids[N];
    for (int i = 0; i < N; i++) ids[i] = i % PERIOD;
    const rung_tokens data = {ids, N, N};
    seer s = {{.type = &recalling, .tokenizer = tok, .context = 16}, 1000, false};
    rung_sight sight = {0};
    assert_ok(rung_sight_contexts(&sight, &s.base, *state, &data, 0, &err));
    assert_int_equal(sight.n_losses, 5);
    for (size_t k = 0; k < 5; k++)
        assert_near(sight.losses[k].nats_per_token, k < 3 ? 5 : 0.1, 1e-9);
    rung_tokenizer_free(tok);
}

/* ---- In the ladder ---- */

static double number_in(const json_t *o, const char *key, size_t i)
{
    const json_t *list = json_object_get(o, key);
    assert_true(i < json_array_size(list));
    return json_number_value(json_array_get(list, i));
}

static void the_ladder_looks_at_its_rungs(void **state)
{
    rung_ladder ladder;
    rung_ladder_config config = RUNG_LADDER_CONFIG_DEFAULT;
    config.rungs = "unigram,bigram";
    config.out = path_in(*state, "run");
    rung_runtime *rt = new_runtime(2);
    assert_ok(rung_ladder_run(rt, &config, NULL, &ladder, &err));
    for (size_t i = 0; i < 2; i++) {
        const rung_sight *s = &ladder.rows[i].sight;
        json_t *o = rung__sight_json(s);
        const json_t *recall = json_object_get(o, "recall");
        assert_int_equal(s->n_losses, 8);
        assert_is_fair(&s->sense);
        for (int k = 0; k < RUNG_SIGHT_OCTAVES; k++) assert_is_fair(&s->recall[k]);
        assert_true(number_in(o, "contexts", 7) == 128);
        assert_true(number_in(o, "bits", 7) == s->losses[7].bits_per_byte);
        assert_true(number_in(recall, "most_distance", 0) == 7);
        assert_true(number_in(recall, "most_distance", 5) == 256);
        assert_true(number_in(recall, "right", 2) == (double)s->recall[2].right);
        json_decref(o);
    }
    char *text = NULL;
    size_t size;
    assert_ok(rung_file_read(path_in(*state, "run/results.json"), &text, &size, &err));
    assert_contains(text, "\"contexts\": [1, 2, 4, 8, 16, 32, 64, 128]");
    assert_contains(text, "\"sense\": {");
    rung__free(text);
    rung_ladder_release(&ladder);
    rung_runtime_free(rt);
}

/* Memory that runs out anywhere: a message, and nothing left behind. */
static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    rung_tokenizer *tok = words_of_tales();
    seer s = {{.type = &recalling, .tokenizer = tok, .context = 100}, 31, false};
    const int64_t live = rung__alloc_stats().live;
    int64_t n = 1;
    for (rung_status status = RUNG_MEMORY; status != RUNG_OK; n += 1 + n / 4) {
        rung_sight sight = {0};
        rung_fail_allocations(n);
        status = rung_sight_tales(&sight, &s.base, NULL, 0, &err);
        rung_fail_allocations(0);
        assert_true(status == RUNG_OK || status == RUNG_MEMORY);
        assert_int_equal(rung__alloc_stats().live, live);
    }
    assert_true(n > 1000);
    rung_tokenizer_free(tok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_wilsons),
        cmocka_unit_test(rows_together_are_scored_as_each_alone),
        cmocka_unit_test(recall_ends_where_sight_ends),
        cmocka_unit_test(the_sense_is_asked_for_evenly),
        cmocka_unit_test(a_bigram_sees_one_token),
        cmocka_unit_test(the_loss_falls_where_the_context_begins_to_tell),
        test_in_folder(the_ladder_looks_at_its_rungs),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests_name("sight", tests, open_runtime, close_runtime);
}
