/* Labelled tales: the same bytes everywhere, each label decided by what the task says and
 * by nothing else. */
#include "support.h"

#include "base/hash.h"
#include "text/pieces.h"
#include "text/tales.h"

enum { N_EXAMPLES = 3000, MOST_TOKENS = 200 };
static const uint64_t seed = 20260101;
static rung_error err;

static const char *const task_names[] = {
#define X(name, text) text,
    RUNG_TALES_TASK_LIST(X)
#undef X
};

static rung_text make(rung_tales_task task, uint64_t from_seed, size_t examples)
{
    const rung_tales_examples_config config = {task, from_seed, examples};
    rung_text text;
    assert_ok(rung_tales_examples(&text, &config, &err));
    return text;
}

/* ---- Form ---- */

/* The tasks are frozen: if this fails, figures measured on them are no longer
 * comparable. */
static void the_first_100_examples_are_pinned(void **state)
{
    (void)state;
    static const char *const pins[RUNG_TALES_TASKS] = {
        "5c064859920de5a78799c998141b67a6098f95beb9bb6b9a3b283c73aab5b2a8",
        "9d4ad708fbeb8d41cdbcff74066b2a05c206d0470f7cfa66914709f55896146b",
        "860aad852a362d92f3d103eb0f602dd880901d7c4bfa6dc448c878c4760171eb",
        "49ab430f83d39df54a567b403cfad8fa4ee31dbfc6448da4ea97c71c7fe5a3cd",
    };
    for (int task = 0; task < RUNG_TALES_TASKS; task++) {
        rung_text text = make(task, seed, 100);
        if (strcmp(text.sha256, pins[task]) != 0)
            fail_msg("%s: %s", task_names[task], text.sha256);
        rung_text_release(&text);
    }
}

static void more_examples_begin_with_fewer(void **state)
{
    (void)state;
    for (int task = 0; task < RUNG_TALES_TASKS; task++) {
        rung_text few = make(task, 7, 10), more = make(task, 7, 50);
        rung_text other = make(task, 8, 10);
        assert_true(more.size > few.size);
        assert_memory_equal(more.bytes, few.bytes, few.size);
        assert_memory_not_equal(other.bytes, few.bytes, other.size);
        rung_text_release(&few);
        rung_text_release(&more);
        rung_text_release(&other);
    }
}

static void lines_have_two_columns_and_balanced_labels(void **state)
{
    (void)state;
    for (int task = 0; task < RUNG_TALES_TASKS; task++) {
        const int n_labels = rung__tale_labels(task), n = 5 * n_labels;
        rung_text text = make(task, 3, (size_t)n);
        int counts[256] = {0}, n_lines = 0;
        assert_memory_equal(text.bytes, "text\tlabel\n", 11);
        for (char *line = text.bytes + 11, *end; *line; line = end + 1, n_lines++) {
            assert_non_null(end = strchr(line, '\n'));
            char *tab = memchr(line, '\t', (size_t)(end - line));
            assert_non_null(tab);
            assert_null(memchr(tab + 1, '\t', (size_t)(end - tab - 1)));
            assert_true(tab[-1] == '.' || tab[-1] == '"' || tab[-1] == '?');
            counts[(unsigned char)tab[1]]++; // the labels begin with different letters
        }
        assert_int_equal(n_lines, n);
        for (int c = 0; c < 256; c++) assert_true(counts[c] == 0 || counts[c] == 5);
        rung_text_release(&text);
    }
}

static void an_unknown_task_is_refused(void **state)
{
    (void)state;
    const rung_tales_examples_config config = {RUNG_TALES_TASKS, 1, 1};
    rung_text text;
    assert_fails(rung_tales_examples(&text, &config, &err), RUNG_USAGE,
                 "no task 4 of tales: there are 4");
}

static rung_status make_small(void *ctx, rung_error *error)
{
    (void)ctx;
    const rung_tales_examples_config config = {RUNG_TALES_FAR, 1, 20};
    rung_text text = {0};
    const rung_status status = rung_tales_examples(&text, &config, error);
    rung_text_release(&text);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    assert_true(assert_survives_failed_allocations(make_small, NULL) >= 3);
}

/* ---- One example ---- */

/* A text and its tokens: words and marks, without blanks. */
typedef struct example {
    rung_str text;
    rung_span tokens[MOST_TOKENS];
    int n, label;
} example;

static void tell(example *e, rung_tales_task task, uint64_t index, int label)
{
    *e = (example){.label = label};
    rung__tale_tell_task(task, seed, index, label, &e->text);
    assert_false(e->text.failed);
    rung__pieces walk = {e->text.data, e->text.data + e->text.len, RUNG__CUT_TEXT, false};
    for (rung_span piece; rung__pieces_next(&walk, &piece); e->n++) {
        if (*piece.bytes == ' ') piece.bytes++, piece.size--;
        assert_true(e->n < MOST_TOKENS);
        e->tokens[e->n] = piece;
    }
}

static void tell_labelled(example *e, rung_tales_task task, uint64_t index)
{
    tell(e, task, index, rung__tale_label(task, seed, index));
}

static bool is_word(rung_span token, const char *word)
{
    return token.size == strlen(word) && memcmp(token.bytes, word, token.size) == 0;
}

static int count_word(const example *e, const char *word)
{
    int n = 0;
    for (int i = 0; i < e->n; i++) n += is_word(e->tokens[i], word);
    return n;
}

/* Where the word stands; it must stand once. */
static int place_of(const example *e, const char *word)
{
    assert_int_equal(count_word(e, word), 1);
    int i = 0;
    while (!is_word(e->tokens[i], word)) i++;
    return i;
}

/* The world whose families the text tells of; they must be of one. */
static int world_of(const example *e)
{
    int world = -1;
    for (int i = 0; i < e->n; i++) {
        for (int r = 0; r < RUNG__N_ROOTS; r++) {
            const char *root = rung__tale_roots[r];
            if (e->tokens[i].size < strlen(root)) continue;
            if (memcmp(e->tokens[i].bytes, root, strlen(root)) != 0) continue;
            assert_true(world < 0 || world == r / RUNG__ROOTS_A_WORLD);
            world = r / RUNG__ROOTS_A_WORLD;
        }
    }
    assert_true(world >= 0);
    return world;
}

/* Of n tosses of a fair coin, so many may be heads (4.5 standard deviations). */
static void assert_fair(int heads, int n, const char *what)
{
    if (fabs(heads - n / 2.0) > 4.5 * sqrt(n) / 2)
        fail_msg("%s: %d of %d", what, heads, n);
}

/* ---- word ---- */

static void single_words_tell_the_world(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < N_EXAMPLES; i++) {
        example e;
        tell_labelled(&e, RUNG_TALES_WORD, i);
        assert_int_equal(world_of(&e), e.label);
        rung_str_release(&e.text);
    }
}

/* ---- order ---- */

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The hashes (FNV-1a) of all n neighbouring tokens, sorted; how many there are. */
static int hash_neighbours(const example *e, int n, uint64_t *hashes)
{
    const int n_hashes = e->n - n + 1;
    for (int i = 0; i < n_hashes; i++) {
        uint64_t h = 0xCBF29CE484222325u;
        for (int j = i; j < i + n; j++) {
            for (size_t k = 0; k < e->tokens[j].size; k++)
                h = (h ^ (unsigned char)e->tokens[j].bytes[k]) * 0x100000001B3u;
            h = (h ^ ' ') * 0x100000001B3u;
        }
        hashes[i] = h;
    }
    qsort(hashes, (size_t)n_hashes, sizeof *hashes, compare_numbers);
    return n_hashes;
}

/* Twins: the same text told with either label. So the distribution of counts is the same
 * in both classes, exactly, and who counts cannot but guess. */
static void both_orders_have_the_same_neighbours(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < N_EXAMPLES; i++) {
        example kept, gone;
        uint64_t a[MOST_TOKENS], b[MOST_TOKENS];
        tell(&kept, RUNG_TALES_ORDER, i, 0);
        tell(&gone, RUNG_TALES_ORDER, i, 1);
        assert_string_not_equal(kept.text.data, gone.text.data);
        for (int n = 1; n <= 8; n++) {
            const int n_hashes = hash_neighbours(&kept, n, a);
            assert_int_equal(hash_neighbours(&gone, n, b), n_hashes);
            assert_memory_equal(a, b, (size_t)n_hashes * sizeof *a);
        }
        rung_str_release(&kept.text);
        rung_str_release(&gone.text);
    }
}

static void what_happened_last_decides_order(void **state)
{
    (void)state;
    int least = MOST_TOKENS;
    for (uint64_t i = 0; i < N_EXAMPLES; i++) {
        example e;
        tell_labelled(&e, RUNG_TALES_ORDER, i);
        const int lost = place_of(&e, "lost"), found = place_of(&e, "found");
        assert_int_equal(e.label, found < lost);
        if (abs(lost - found) < least) least = abs(lost - found);
        rung_str_release(&e.text);
    }
    assert_true(least >= 20);
}

/* ---- far ---- */

/* The hour is told early, the light late; the label is whether they agree, and of the
 * four pairs each is as frequent as the others. */
static void hour_and_light_decide_far_together(void **state)
{
    (void)state;
    int pairs[2][2] = {{0}}, least = MOST_TOKENS, most = 0;
    for (uint64_t i = 0; i < N_EXAMPLES; i++) {
        example e;
        tell_labelled(&e, RUNG_TALES_FAR, i);
        const int hour = count_word(&e, "midnight"), light = count_word(&e, "moonlight");
        const int told = place_of(&e, hour ? "midnight" : "noon");
        const int shown = place_of(&e, light ? "moonlight" : "sunshine");
        assert_int_equal(count_word(&e, hour ? "noon" : "midnight"), 0);
        assert_int_equal(count_word(&e, light ? "sunshine" : "moonlight"), 0);
        assert_int_equal(e.label, hour != light);
        pairs[hour][light]++;
        if (shown - told < least) least = shown - told;
        if (shown - told > most) most = shown - told;
        rung_str_release(&e.text);
    }
    assert_in_range(least, 30, 50);
    assert_in_range(most, 80, 110);
    assert_fair(pairs[0][0] + pairs[0][1], N_EXAMPLES, "noon");
    assert_fair(pairs[0][0] + pairs[1][0], N_EXAMPLES, "sunshine");
    assert_fair(pairs[0][0], pairs[0][0] + pairs[0][1], "open at noon");
    assert_fair(pairs[1][1], pairs[1][0] + pairs[1][1], "open at midnight");
}

/* ---- sense ---- */

static void world_and_homonym_decide_the_sense_together(void **state)
{
    (void)state;
    int of_homonym[RUNG__N_HOMONYMS][2] = {{0}}, of_world[RUNG__N_WORLDS][2] = {{0}};
    int label_of[RUNG__N_HOMONYMS][RUNG__N_WORLDS];
    memset(label_of, -1, sizeof label_of);
    for (uint64_t i = 0; i < N_EXAMPLES; i++) {
        example e;
        tell_labelled(&e, RUNG_TALES_SENSE, i);
        int homonym = -1;
        for (int h = 0; h < RUNG__N_HOMONYMS; h++) {
            if (count_word(&e, rung__tale_homonyms[h].word) == 0) continue;
            assert_int_equal(homonym, -1);
            homonym = h;
        }
        assert_true(homonym >= 0);
        const int world = world_of(&e);
        int *label = &label_of[homonym][world];
        assert_true(*label < 0 || *label == e.label);
        *label = e.label;
        of_homonym[homonym][e.label]++;
        of_world[world][e.label]++;
        rung_str_release(&e.text);
    }
    for (int h = 0; h < RUNG__N_HOMONYMS; h++) {
        const rung__homonym *homonym = &rung__tale_homonyms[h];
        const int a = label_of[h][homonym->senses[0].world];
        const int b = label_of[h][homonym->senses[1].world];
        assert_int_equal(a + b, 1);
        assert_fair(of_homonym[h][0], of_homonym[h][0] + of_homonym[h][1], homonym->word);
    }
    for (int w = 0; w < RUNG__N_WORLDS; w++)
        assert_fair(of_world[w][0], of_world[w][0] + of_world[w][1],
                    rung__tale_worlds[w].where);
}

/* ---- Who counts words ---- */

enum { N_FEATURES = 1 << 14, N_TRAIN = 4000, N_TEST = 2000 };

typedef struct learner {
    double w[RUNG__N_WORLDS][N_FEATURES];
    int n_labels;
} learner;

/* The features of a text: whether each word, and each n neighbours up to n = `most`,
 * occurs in it, by the hash. */
static int features_of(const example *e, int most, int *features)
{
    uint64_t hashes[MOST_TOKENS];
    int n_features = 0;
    for (int n = 1; n <= most; n++) {
        const int n_hashes = hash_neighbours(e, n, hashes);
        for (int i = 0; i < n_hashes; i++)
            if (i == 0 || hashes[i] != hashes[i - 1])
                features[n_features++] = (int)(hashes[i] % N_FEATURES);
    }
    return n_features;
}

static int predict(const learner *l, const int *features, int n, double *p)
{
    double sum = 0;
    int best = 0;
    for (int k = 0; k < l->n_labels; k++) {
        double z = 0;
        for (int i = 0; i < n; i++) z += l->w[k][features[i]];
        p[k] = exp(z);
        sum += p[k];
        if (p[k] > p[best]) best = k;
    }
    for (int k = 0; k < l->n_labels; k++) p[k] /= sum;
    return best;
}

/* Multinomial logistic regression by stochastic gradients, three times over N_TRAIN
 * examples; how many of N_TEST others it gets right. */
static int count_right(learner *l, rung_tales_task task, int most)
{
    int right = 0, features[3 * MOST_TOKENS];
    *l = (learner){.n_labels = rung__tale_labels(task)};
    for (int step = 0; step < 3 * N_TRAIN + N_TEST; step++) {
        const bool learns = step < 3 * N_TRAIN;
        example e;
        double p[RUNG__N_WORLDS];
        tell_labelled(&e, task, (uint64_t)(learns ? step % N_TRAIN : step - 2 * N_TRAIN));
        const int n = features_of(&e, most, features);
        const int best = predict(l, features, n, p);
        right += !learns && best == e.label;
        for (int k = 0; learns && k < l->n_labels; k++)
            for (int i = 0; i < n; i++)
                l->w[k][features[i]] -= 0.02 * (p[k] - (k == e.label));
        rung_str_release(&e.text);
    }
    return right;
}

static void who_counts_words_and_neighbours_learns_only_word(void **state)
{
    (void)state;
    learner *l = rung__alloc(sizeof *l);
    assert_non_null(l);
    for (int task = 0; task < RUNG_TALES_TASKS; task++) {
        for (int most = 1; most <= 3; most += 2) {
            const int right = count_right(l, task, most);
            print_message("# %s, up to %d neighbours: %d of %d right\n", task_names[task],
                          most, right, N_TEST);
            if (task == RUNG_TALES_WORD)
                assert_true(right >= N_TEST * 99 / 100);
            else
                assert_fair(right, N_TEST, task_names[task]);
        }
    }
    rung__free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_100_examples_are_pinned),
        cmocka_unit_test(more_examples_begin_with_fewer),
        cmocka_unit_test(lines_have_two_columns_and_balanced_labels),
        cmocka_unit_test(an_unknown_task_is_refused),
        cmocka_unit_test(failed_allocations_leave_no_trace),
        cmocka_unit_test(single_words_tell_the_world),
        cmocka_unit_test(both_orders_have_the_same_neighbours),
        cmocka_unit_test(what_happened_last_decides_order),
        cmocka_unit_test(hour_and_light_decide_far_together),
        cmocka_unit_test(world_and_homonym_decide_the_sense_together),
        cmocka_unit_test(who_counts_words_and_neighbours_learns_only_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
