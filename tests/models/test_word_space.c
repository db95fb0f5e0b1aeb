/* Vectors of words in use: a model with vectors that are known, its folder, neighbours,
 * analogies, texts and scores. */
#include "support.h"

#include <float.h>

#include "models/vectors.h"
#include "models/word_map.h"
#include "rung/vectors.h"

static rung_error err;

/* Words in the order of their counts, and vectors on which answers can be read off: king
 * - man + woman = queen. "The" is longest, but points elsewhere. */
static const char text[] = "the the the the the the king king king king king man man man "
                           "man woman woman woman queen queen apple";
static const float vectors[][4] = {{0, 0, 9, 0}, {1, 1, 0, 0}, {1, 0, 0, 0},
                                   {0, 0, 0, 1}, {0, 1, 0, 1}, {-1, 0, 0, 0}};
enum { WORDS = 6, DIM = 4 };

static rung_model *make_model_with(rung_runtime *rt, const char *chars)
{
    rung_words words;
    rung_model *m;
    const rung_span span = {text, sizeof text - 1};
    const rung_words_config reading = {1, false, true};
    assert_ok(rung_words_from(&words, rt, &span, 1, &reading, &err));
    assert_ok(rung_model_new(&m, rung_class_find("word2vec", &err), RUNG_WORDS, &err));
    rung_option_set set = rung_model_options(m);
    assert_ok(rung_option_set_text(&set, "dim", "4", &err));
    if (chars) assert_ok(rung_option_set_text(&set, "chars", chars, &err));
    rung_tokenizer *tok = rung_tokenizer_share(words.vocabulary);
    assert_ok(rung_model_build(m, tok, NULL, 1, &err));
    rung__vectors *v = rung__vectors_of(m);
    assert_ok(rung__vectors_count(v, &words, &err));
    v->centre = rung__alloc(sizeof vectors);
    v->context = rung__alloc(sizeof vectors);
    memcpy(v->centre, vectors, sizeof vectors);
    rung_words_release(&words);
    return m;
}

static rung_model *make_model(rung_runtime *rt)
{
    return make_model_with(rt, NULL);
}

/* The same words, whose n-grams of `chars` characters have vectors, too. */
static rung_model *make_model_of_ngrams(rung_runtime *rt, const char *chars)
{
    rung_model *m = make_model_with(rt, chars);
    rung__vectors *v = rung__vectors_of(m);
    rung__subword_lists lists;
    assert_ok(rung__subwords_learn(&v->subwords, &lists, m->tokenizer, &err));
    rung__subword_lists_release(&lists);
    v->ngrams = rung__alloc_array((size_t)v->subwords.n * DIM, sizeof(float));
    for (int64_t i = 0; i < v->subwords.n * DIM; i++) v->ngrams[i] = (float)(i % 13) - 6;
    return m;
}

static int setup(void **state)
{
    rung_runtime *rt;
    rung_runtime_config config = RUNG_RUNTIME_CONFIG_DEFAULT;
    config.threads = 2;
    *state = rung_runtime_new(&rt, &config, &err) == RUNG_OK ? rt : NULL;
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    rung_runtime_free(*state);
    return 0;
}

static int32_t id_of(const rung_space *s, const char *word)
{
    return rung_space_find(s, (rung_span){word, strlen(word)});
}

static void neighbours_and_analogies_are_the_largest_cosines(void **state)
{
    rung_model *m = make_model(*state);
    rung_space *s;
    rung_neighbour list[WORDS];
    float query[DIM];
    assert_ok(rung_space_new(&s, m, *state, 0, &err));
    const int32_t king = id_of(s, "king"), man = id_of(s, "man");
    assert_int_equal(id_of(s, "King"), king);
    assert_int_equal(id_of(s, "pear"), -1);
    const int32_t without[] = {king, -1, -1};
    assert_ok(
        rung_space_nearest(s, rung_space_vector(s, king), without, 1, WORDS, list, &err));
    assert_int_equal(list[0].id, man);
    assert_near((double)list[0].similarity, sqrt(0.5), 1e-6);
    assert_near(rung_space_similarity(s, king, man), sqrt(0.5), 1e-6);
    assert_int_equal(list[WORDS - 2].id, id_of(s, "apple")); // the opposite
    assert_int_equal(list[WORDS - 1].id, -1);                // there are no more
    const int32_t abc[] = {man, king, id_of(s, "woman")};
    rung_space_analogy(s, abc, query);
    assert_ok(rung_space_nearest(s, query, abc, 1, 1, list, &err));
    assert_int_equal(list[0].id, id_of(s, "queen"));
    rung_space_free(s);
    assert_ok(rung_space_new(&s, m, *state, 3, &err)); // the most frequent ones alone
    assert_int_equal(rung_space_words(s), 3);
    assert_int_equal(id_of(s, "queen"), -1);
    rung_space_free(s);
    rung_model_free(m);
}

static void a_folder_gives_the_same_vectors(void **state)
{
    rung_model *m = make_model(*state), *loaded;
    char dir[] = "/tmp/rung-words-XXXXXX";
    assert_non_null(mkdtemp(dir));
    assert_ok(rung_model_save(m, dir, &err));
    assert_ok(rung_model_load(&loaded, dir, &err));
    assert_int_equal(loaded->kind, RUNG_WORDS);
    const rung__vectors *v = rung__vectors_of(loaded);
    assert_memory_equal(v->centre, vectors, sizeof vectors);
    assert_int_equal(v->counts[1], 5);
    assert_string_equal(rung_tokenizer_kind(loaded->tokenizer), "wordlevel");
    rung_model_free(loaded), rung_model_free(m);
    assert_ok(rung_remove_tree(dir, &err));
}

static void texts_are_the_means_of_their_words(void **state)
{
    rung_model *m = make_model(*state);
    const rung_span texts[] = {{"king queen pear", 15}, {"pear", 4}, {"", 0}};
    float *out;
    int64_t dim;
    assert_ok(rung_embed_texts(&out, &dim, m, texts, 3, 0, &err));
    assert_int_equal(dim, DIM);
    static const float wanted[] = {0.5f, 1, 0, 0.5f};
    for (int d = 0; d < DIM; d++) {
        assert_near((double)out[d], (double)wanted[d], 1e-7);
        assert_near((double)out[DIM + d], 0, 0);
        assert_near((double)out[2 * DIM + d], 0, 0);
    }
    rung_embedding_free(out);
    // Weights a / (a + p) by hand; then nothing is left of a text that stands alone.
    const double a = 0.1, k = a / (a + 5.0 / 21), q = a / (a + 2.0 / 21);
    const rung_span two[] = {{"king queen", 10}, {"apple", 5}};
    assert_ok(rung_embed_texts(&out, &dim, m, two, 1, a, &err));
    for (int d = 0; d < DIM; d++) assert_near((double)out[d], 0, 1e-6);
    rung_embedding_free(out);
    assert_ok(rung_embed_texts(&out, &dim, m, two, 2, a, &err));
    // What is left of both is perpendicular to one direction: a plane of one dimension.
    double x = 0, y = 0, z = 0;
    for (int d = 0; d < DIM; d++) {
        x += (double)out[d] * (double)out[d];
        y += (double)out[DIM + d] * (double)out[DIM + d];
        z += (double)out[d] * (double)out[DIM + d];
    }
    assert_near(z * z, x * y, 1e-6);
    assert_true(x > 0 && x < (k + q) * (k + q));
    rung_embedding_free(out);
    rung_model_free(m);
}

/* The context's vectors are those of the centre, turned by one number. */
static void either_vector_or_their_sum_or_both_are_used(void **state)
{
    rung_model *m = make_model(*state), *raw;
    rung__vectors *v = rung__vectors_of(m);
    const rung_span king = {"king", 4};
    static const float wanted[][2 * DIM] = {
        {1, 1, 0, 0}, {0, 1, 1, 0}, {1, 2, 1, 0}, {1, 1, 0, 0, 0, 1, 1, 0}};
    for (int i = 0; i < WORDS * DIM; i++)
        v->context[i] = v->centre[i / DIM * DIM + (i + DIM - 1) % DIM];
    for (int w = RUNG_VECTORS_BOTH; w >= RUNG_VECTORS_CENTRE; w--) {
        rung_space *s;
        float *row;
        int64_t dim;
        assert_ok(rung_vectors_choose(m, (rung_word_vectors)w, &err));
        assert_ok(rung_embed_texts(&row, &dim, m, &king, 1, 0, &err));
        assert_ok(rung_space_new(&s, m, *state, 0, &err));
        assert_int_equal(dim, w == RUNG_VECTORS_BOTH ? 2 * DIM : DIM);
        assert_int_equal(rung_space_dim(s), dim);
        assert_memory_equal(row, wanted[w], (size_t)dim * sizeof *row);
        assert_near((double)rung_space_vector(s, id_of(s, "king"))[1],
                    (double)row[1] / sqrt(w < 2    ? 2
                                          : w == 2 ? 6
                                                   : 4),
                    1e-6);
        rung_space_free(s);
        rung_embedding_free(row);
    }
    rung_model_free(m);
    assert_ok(rung_model_new(&raw, rung_class_find("gpt", &err), RUNG_RAW, &err));
    assert_fails_saying(rung_vectors_choose(raw, RUNG_VECTORS_SUM, &err),
                        RUNG_UNSUPPORTED, "this gpt has no vectors of words");
    rung_model_free(raw);
}

/* ---- n-grams ---- */

/* The mean of the vectors of these n-grams, which are hashed here by themselves: bytes
 * are ASCII. */
static void mean_of(const rung_model *m, const char *const *ngrams, double mean[DIM])
{
    const rung__vectors *v = rung__vectors_of(m);
    int n = 0;
    for (int d = 0; d < DIM; d++) mean[d] = 0;
    for (; ngrams[n]; n++) {
        uint32_t hash = 2166136261u;
        for (const char *p = ngrams[n]; *p; p++)
            hash = (hash ^ (unsigned char)*p) * 16777619u;
        const int32_t row = rung__subword_row(&v->subwords, (int32_t)(hash % 2000000));
        assert_true(row >= 0);
        for (int d = 0; d < DIM; d++) mean[d] += (double)v->ngrams[row * DIM + d];
    }
    for (int d = 0; d < DIM; d++) mean[d] /= n;
}

/* "Kings" is not there, nor is "ngs" or "gs>"; "kin" and "ing" are those of "king". */
static void an_unseen_word_is_the_mean_of_its_ngrams(void **state)
{
    static const char *const known[] = {"<ki", "kin", "ing", NULL};
    rung_model *m = make_model_of_ngrams(*state, "3-3"), *loaded;
    const rung_span texts[] = {{"kings", 5}, {"kings king", 10}, {"pqr \xff", 5}};
    double mean[DIM], length = 0;
    char dir[] = "/tmp/rung-words-XXXXXX";
    rung_space *s;
    float *out;
    int64_t dim;
    int32_t id, king;
    assert_non_null(mkdtemp(dir));
    assert_ok(rung_model_save(m, dir, &err));
    rung_model_free(m);
    assert_ok(rung_model_load(&loaded, dir, &err));
    mean_of(loaded, known, mean);
    for (int d = 0; d < DIM; d++) length += mean[d] * mean[d];

    assert_ok(rung_embed_texts(&out, &dim, loaded, texts, 3, 0, &err));
    for (int d = 0; d < DIM; d++) {
        assert_near((double)out[d], mean[d], 1e-6);
        assert_near((double)out[DIM + d], (mean[d] + (double)vectors[1][d]) / 2, 1e-6);
        assert_near((double)out[2 * DIM + d], 0, 0);
    }
    rung_embedding_free(out);

    assert_ok(rung_space_new(&s, loaded, *state, 0, &err));
    assert_int_equal(id_of(s, "kings"), -1);
    assert_ok(rung_space_enter(s, (rung_span){"King", 4}, &king, &err));
    assert_int_equal(king, id_of(s, "king"));
    for (int i = 0; i < 20; i++) {
        assert_ok(rung_space_enter(s, texts[0], &id, &err));
        assert_int_equal(id, WORDS + i);
    }
    for (int d = 0; d < DIM; d++)
        assert_near((double)rung_space_vector(s, WORDS)[d], mean[d] / sqrt(length), 1e-6);
    assert_near(rung_space_similarity(s, id, king),
                (mean[0] + mean[1]) / sqrt(2 * length), 1e-6);
    rung_neighbour list[WORDS + 1];
    const int32_t without[] = {id, -1, -1};
    assert_ok(rung_space_nearest(s, rung_space_vector(s, id), without, 1, WORDS + 1, list,
                                 &err));
    assert_int_equal(list[WORDS].id, -1); // what has entered is no neighbour
    assert_fails(rung_space_enter(s, (rung_span){"pqr", 3}, &id, &err), RUNG_INPUT,
                 "'pqr' is not among the model's 6 words, nor are its n-grams known");
    rung_space_free(s);
    rung_model_free(loaded);
    assert_ok(rung_remove_tree(dir, &err));
}

static void check_refused(rung_model *m, const char *dir, const char *message)
{
    rung_model *loaded;
    assert_ok(rung_model_save(m, dir, &err));
    assert_fails_saying(rung_model_load(&loaded, dir, &err), RUNG_INPUT, message);
}

static void damaged_ngrams_are_refused(void **state)
{
    rung_model *m = make_model_of_ngrams(*state, "3-6");
    rung__vectors *v = rung__vectors_of(m);
    char dir[] = "/tmp/rung-words-XXXXXX";
    assert_non_null(mkdtemp(dir));
    v->ngrams[3] = NAN;
    check_refused(m, dir, "ngrams.weight: number 3 is nan: must be finite");
    v->ngrams[3] = 0;
    v->subwords.used[1] = v->subwords.used[0];
    check_refused(m, dir, "n-gram 1 has bucket");
    rung__free(v->ngrams); // the folder's options say that there are some
    v->ngrams = NULL;
    check_refused(m, dir, "tensor 'ngrams.bucket' is missing");
    rung_model_free(m);
    assert_ok(rung_remove_tree(dir, &err));
}

/* Down to the smallest number that there is, and up to the largest. */
static void rows_of_any_size_get_the_length_1(void **state)
{
    rung_model *m = make_model(*state);
    rung_space *s;
    const float sizes[] = {1e-45f, -1e-42f, 1, FLT_MAX};
    for (int i = 0; i < 4; i++) rung__vectors_of(m)->centre[i * DIM + 1] = sizes[i];
    for (int i = 0; i < 4; i++) rung__vectors_of(m)->centre[i * DIM] = 0;
    rung__vectors_of(m)->centre[2] = rung__vectors_of(m)->centre[3 * DIM + 3] = 0;
    assert_ok(rung_space_new(&s, m, *state, 0, &err));
    for (int i = 0; i < 4; i++)
        assert_near((double)rung_space_vector(s, i)[1], i == 1 ? -1 : 1, 1e-6);
    rung_space_free(s);
    rung_model_free(m);
}

/* Shares of words are made of them: with sif none may be infinite. */
static void damaged_counts_are_refused(void **state)
{
    rung_model *m = make_model(*state);
    char dir[] = "/tmp/rung-words-XXXXXX";
    assert_non_null(mkdtemp(dir));
    rung__vectors_of(m)->counts[2] = 0;
    check_refused(m, dir, "counts: number 2 is 0: must be > 0");
    rung_model_free(m);
    assert_ok(rung_remove_tree(dir, &err));
}

typedef struct use {
    rung_model *model;
    rung_runtime *rt;
} use;

static rung_status use_unseen(void *ctx, rung_error *error)
{
    const use *u = ctx;
    const rung_span texts[] = {{"Kings", 5}, {"kings apple", 11}};
    rung_space *s = NULL;
    float *out = NULL;
    int32_t id;
    int64_t dim;
    rung_status status = rung_space_new(&s, u->model, u->rt, 0, error);
    if (status == RUNG_OK) status = rung_space_enter(s, texts[0], &id, error);
    if (status == RUNG_OK)
        status = rung_embed_texts(&out, &dim, u->model, texts, 2, 0, error);
    rung_embedding_free(out);
    rung_space_free(s);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    use u = {make_model_of_ngrams(*state, "3-6"), *state};
    assert_true(assert_survives_failed_allocations(use_unseen, &u) > 5);
    rung_model_free(u.model);
}

/* A model without n-grams takes a rare word's vector, and knows no other. */
static void a_rare_word_enters_with_its_own_vector(void **state)
{
    rung_model *m = make_model(*state);
    rung_space *s;
    int32_t id;
    assert_ok(rung_space_new(&s, m, *state, 2, &err));
    assert_ok(rung_space_enter(s, (rung_span){"apple", 5}, &id, &err));
    assert_int_equal(id, 2);
    assert_memory_equal(rung_space_vector(s, id), vectors[5], sizeof vectors[5]);
    assert_fails(rung_space_enter(s, (rung_span){"pear", 4}, &id, &err), RUNG_INPUT,
                 "'pear' is not among the model's 6 words");
    rung_space_free(s);
    rung_model_free(m);
}

/* n-grams stand for vectors of centres alone. */
static void vectors_of_the_context_have_no_ngrams(void **state)
{
    rung_model *m = make_model_of_ngrams(*state, "3-6");
    rung_space *s;
    int32_t id;
    assert_ok(rung_vectors_choose(m, RUNG_VECTORS_SUM, &err));
    assert_ok(rung_space_new(&s, m, *state, 0, &err));
    assert_fails_saying(rung_space_enter(s, (rung_span){"kings", 5}, &id, &err),
                        RUNG_INPUT, "'kings' is not among");
    rung_space_free(s);
    assert_ok(rung_vectors_choose(m, RUNG_VECTORS_CENTRE, &err));
    assert_ok(rung_space_new(&s, m, *state, 0, &err));
    assert_ok(rung_space_enter(s, (rung_span){"kings", 5}, &id, &err));
    rung_space_free(s);
    rung_model_free(m);
}

static rung_status score(rung_space *s, const char *lines, rung_word_score *out)
{
    char path[] = "/tmp/rung-list-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_text(path, lines);
    const rung_status status = rung_word_evaluate(s, path, out, &err);
    unlink(path);
    return status;
}

/* What points the same way is one class; the largest is that of "the". */
static void words_have_classes_and_places(void **state)
{
    rung_model *m = make_model(*state);
    rung_space *s;
    rung__word_map *map;
    int32_t *classes;
    static const int32_t own[] = {0, 1, 2, 3, 4, 5};
    assert_ok(rung_space_new(&s, m, *state, 0, &err));
    assert_ok(rung_space_classes(&classes, s, WORDS, 1, &err));
    assert_memory_equal(classes, own, sizeof own);
    rung_ids_free(classes);
    assert_fails_saying(rung_space_classes(&classes, s, WORDS + 1, 1, &err), RUNG_USAGE,
                        "7 classes of 6 words");
    assert_fails_saying(rung_space_classes(&classes, s, 0, 1, &err), RUNG_USAGE,
                        "0 classes");
    assert_ok(rung__word_map_of(&map, s, 2, 1, &err));
    double sum[2] = {0}, squares[2] = {0}, all = 0;
    assert_int_equal(map->n, WORDS);
    assert_string_equal(map->points[1].label, "king");
    for (int i = 0; i < WORDS; i++) {
        const rung_point *p = &map->points[i];
        sum[0] += p->x, sum[1] += p->y;
        squares[0] += p->x * p->x / WORDS, squares[1] += p->y * p->y / WORDS;
        assert_true(p->color == 0 || p->color == 1);
    }
    for (int d = 0; d < DIM; d++) {
        double mean = 0;
        for (int i = 0; i < WORDS; i++)
            mean += (double)rung_space_vector(s, i)[d] / WORDS;
        for (int i = 0; i < WORDS; i++)
            all += pow((double)rung_space_vector(s, i)[d] - mean, 2) / WORDS;
    }
    for (int k = 0; k < 2; k++) {
        assert_near(sum[k], 0, 1e-9);
        assert_near(squares[k] / all, map->shares[k], 1e-9);
    }
    assert_true(map->shares[0] >= map->shares[1] && map->shares[1] > 0);
    rung__word_map_free(map);
    rung_space_free(s);
    rung_model_free(m);
}

static void lists_are_scored(void **state)
{
    rung_model *m = make_model(*state);
    rung_space *s;
    rung_word_score r;
    assert_ok(rung_space_new(&s, m, *state, 0, &err));
    assert_ok(score(s,
                    ": royal\nMan king woman queen\nman king woman apple\n"
                    "man king pear queen\n\n: none\n",
                    &r));
    assert_true(r.is_analogies);
    assert_int_equal(r.n_sections, 2);
    assert_string_equal(r.sections[0].name, "royal");
    assert_int_equal(r.total.n, 3);
    assert_int_equal(r.total.known, 2);
    assert_int_equal(r.total.right, 1);
    // Cosines .71, .71, -1 and 0 have the ranks 2.5, 2.5, 0 and 1; given are 3, 2, 1
    // and 0: rho = 3.5 / sqrt(4.5 * 5).
    assert_ok(score(s,
                    "word1,word2,sim\nking,man,9\nwoman,queen,8\nman,apple,7\n"
                    "man,woman,1\nman,pear,5\n",
                    &r));
    assert_false(r.is_analogies);
    assert_int_equal(r.total.n, 5);
    assert_int_equal(r.total.known, 4);
    assert_near(r.spearman, 3.5 / sqrt(4.5 * 5), 1e-12);
    assert_fails_saying(score(s, ": a\nman king woman\n", &r), RUNG_INPUT,
                        ":2: an analogy has four words");
    assert_fails_saying(score(s, "a b 1\na b c\n", &r), RUNG_INPUT,
                        ":2: two words and a number expected");
    assert_fails_saying(score(s, "king man 1\n: a\nman king woman queen\n", &r),
                        RUNG_INPUT, ":2: analogies behind pairs");
    assert_fails_saying(score(s, "\n", &r), RUNG_INPUT, "neither analogies nor pairs");
    rung_space_free(s);
    rung_model_free(m);
}

/* Words and bits of the vectors as other programs would read them. */
static void files_for_other_programs_keep_every_bit(void **state)
{
    static const char *const formats[] = {"word2vec-text", "glove-text", "fasttext-vec",
                                          "word2vec-binary"};
    rung_model *m = make_model(*state);
    rung__vectors_of(m)->centre[5] = 0.1f;
    rung__vectors_of(m)->centre[6] = -1.17549435e-38f;
    for (int f = 0; f < 4; f++) {
        char path[] = "/tmp/rung-list-XXXXXX", *bytes, word[20];
        size_t size;
        close(mkstemp(path));
        assert_ok(rung_export_words(m, formats[f], path, &err));
        assert_ok(rung_file_read(path, &bytes, &size, &err));
        const char *p = bytes;
        int n = 0;
        if (f != 1) {
            assert_memory_equal(p, "6 4\n", 4);
            p += 4;
        }
        for (int i = 0; i < WORDS; i++) {
            const rung_span name = rung_tokenizer_bytes(m->tokenizer, i);
            float row[DIM];
            assert_int_equal(sscanf(p, "%19s%n", word, &n), 1);
            assert_int_equal(n, name.size);
            assert_memory_equal(word, name.bytes, name.size);
            p += n;
            if (f == 3) memcpy(row, p + 1, sizeof row), p += 1 + sizeof row;
            for (int d = 0; d < DIM && f != 3; d++) row[d] = strtof(p, (char **)&p);
            assert_memory_equal(row, rung__vectors_of(m)->centre + i * DIM, sizeof row);
            assert_int_equal(*p++, '\n');
        }
        assert_int_equal(p - bytes, size);
        rung__free(bytes);
        unlink(path);
    }
    assert_fails_saying(rung_export_words(m, "word2vec-tex", "x", &err), RUNG_USAGE,
                        "did you mean 'word2vec-text'?");
    assert_fails_saying(rung_export_words(m, "gguf", "x", &err), RUNG_USAGE,
                        "known are word2vec-text");
    rung_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_and_analogies_are_the_largest_cosines),
        cmocka_unit_test(a_folder_gives_the_same_vectors),
        cmocka_unit_test(texts_are_the_means_of_their_words),
        cmocka_unit_test(either_vector_or_their_sum_or_both_are_used),
        cmocka_unit_test(an_unseen_word_is_the_mean_of_its_ngrams),
        cmocka_unit_test(damaged_ngrams_are_refused),
        cmocka_unit_test(damaged_counts_are_refused),
        cmocka_unit_test(rows_of_any_size_get_the_length_1),
        cmocka_unit_test(failed_allocations_leave_no_trace),
        cmocka_unit_test(a_rare_word_enters_with_its_own_vector),
        cmocka_unit_test(vectors_of_the_context_have_no_ngrams),
        cmocka_unit_test(words_have_classes_and_places),
        cmocka_unit_test(lists_are_scored),
        cmocka_unit_test(files_for_other_programs_keep_every_bit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
