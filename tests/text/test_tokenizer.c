/* Tokenizers of every kind: nothing is lost, and each cuts as it says. */
#include "support.h"

#include <pthread.h>

#include "base/rng.h"
#include "rung/text.h"
#include "text/tokenizer.h"

static rung_error err;
static const char *const kinds[] = {"byte", "char", "word", "wordpiece", "wordlevel"};
#define N_KINDS (sizeof kinds / sizeof kinds[0])
#define N_LOSSLESS 3 /* the first so many */

static const char sample[] =
    "Once there was a king. The king had a son; the son had a horse.\n"
    "\"The horse is the king's,\" said the son.\n"
    "Жил-был царь. У царя был сын; у сына ёж, ещё ёж — и чай.\n"
    "Жил-был ёж, и у ежа был сын: «мой чай!» 😀 😀\n";

static rung_span span_of(const char *text)
{
    return (rung_span){text, strlen(text)};
}

static rung_tokenizer *train(const char *kind, rung_span text, int64_t most,
                             int64_t least)
{
    const rung_tokenizer_config config = {.vocab_size = most, .min_count = least};
    rung_tokenizer *tok = NULL;
    assert_ok(rung_tokenizer_train(&tok, kind, &config, text, &err));
    assert_string_equal(rung_tokenizer_kind(tok), kind);
    return tok;
}

/* The tokens of `text`, which joined must be `text`; returns how many. */
static size_t assert_lossless(const rung_tokenizer *tok, rung_span text)
{
    int32_t *ids;
    size_t n, at = 0;
    assert_ok(rung_tokenizer_encode(tok, text, &ids, &n, &err));
    for (size_t i = 0; i < n; i++) {
        const rung_span token = rung_tokenizer_bytes(tok, ids[i]);
        assert_true(token.size > 0 && at + token.size <= text.size);
        assert_memory_equal(token.bytes, text.bytes + at, token.size);
        at += token.size;
    }
    assert_int_equal(at, text.size);
    rung_ids_free(ids);
    return n;
}

/* Asserts how `tok` cuts `text`: its tokens with '|' between them. */
static void assert_tokens(const rung_tokenizer *tok, const char *text, const char *wanted)
{
    char joined[512] = "";
    int32_t *ids;
    size_t n;
    assert_ok(rung_tokenizer_encode(tok, span_of(text), &ids, &n, &err));
    for (size_t i = 0; i < n; i++) {
        const rung_span token = rung_tokenizer_bytes(tok, ids[i]);
        if (i > 0) strcat(joined, "|");
        strncat(joined, token.bytes, token.size);
    }
    rung_ids_free(ids);
    assert_string_equal(joined, wanted);
}

static void any_bytes_come_back(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_LOSSLESS; k++) {
        rung_tokenizer *tok = train(kinds[k], span_of(sample), 0, 0);
        assert_true(rung_tokenizer_is_lossless(tok));
        assert_int_equal(rung_tokenizer_special(tok, "[CLS]"), -1);
        assert_lossless(tok, span_of(sample));
        assert_lossless(
            tok,
            span_of("ё Ё й Й е\u0308 и\u0306 👩‍👩‍👧 \u200B\uFEFF"));
        assert_lossless(tok, span_of("\xFF\xFE \xC3 \xE2\x82 \xF0\x9F\x98 \xED\xA0\x80"));
        assert_lossless(tok, (rung_span){"\0\0a\0 \0\n", 7});
        assert_lossless(tok, (rung_span){NULL, 0});
        rung_rng rng = rung_rng_make(k);
        for (int round = 0; round < 300; round++) {
            char text[300];
            const size_t size = rung_rng_below(&rng, sizeof text);
            for (size_t i = 0; i < size; i++) {
                const size_t from = rung_rng_below(&rng, sizeof sample);
                text[i] = round % 2 ? sample[from] : (char)rung_rng_u32(&rng);
            }
            assert_lossless(tok, (rung_span){text, size});
            rung_tokenizer *own = train(kinds[k], (rung_span){text, size}, 0, 1);
            assert_lossless(own, (rung_span){text, size});
            rung_tokenizer_free(own);
        }
        rung_tokenizer_free(tok);
    }
}

static void bytes_are_their_own_ids(void **state)
{
    (void)state;
    rung_tokenizer *tok = train("byte", span_of("whatever"), 0, 0);
    assert_int_equal(rung_tokenizer_size(tok), 256);
    int32_t *ids;
    size_t n;
    assert_ok(rung_tokenizer_encode(tok, span_of("A\xFFё"), &ids, &n, &err));
    static const int32_t wanted[] = {0x41, 0xFF, 0xD1, 0x91};
    assert_int_equal(n, 4);
    assert_memory_equal(ids, wanted, sizeof wanted);
    rung_ids_free(ids);
    rung_tokenizer_free(tok);
}

static void characters_are_ranked_by_count(void **state)
{
    (void)state;
    rung_tokenizer *tok = train("char", span_of("ёёёaaab\xFF\n"), 0, 0);
    assert_int_equal(rung_tokenizer_size(tok), 4 + 256);
    assert_string_equal(rung_tokenizer_bytes(tok, 0).bytes, "aё\nb"); // one after another
    assert_int_equal(rung_tokenizer_bytes(tok, 1).size, 2);
    assert_tokens(tok, "bёжa", "b|ё|\xD0|\xB6|a");
    rung_tokenizer_free(tok);
    tok = train("char", span_of("ёёёaaab\n"), 0, 2); // b and the newline are too rare
    assert_int_equal(rung_tokenizer_size(tok), 2 + 256);
    rung_tokenizer_free(tok);
    tok = train("char", span_of("ёёёaaab\n"), 1, 0);
    assert_int_equal(rung_tokenizer_size(tok), 1 + 256);
    rung_tokenizer_free(tok);
}

static void rare_words_are_spelled(void **state)
{
    (void)state;
    rung_tokenizer *tok = train("word", span_of(sample), 0, 0);
    assert_tokens(tok, "Once the king's ёж", "O|n|c|e| the| king|'|s| ёж");
    assert_tokens(tok, "the", "t|h|e"); // " the" is known, "the" without a blank is not
    assert_tokens(tok, " ẞ", " |\xE1|\xBA|\x9E");
    rung_tokenizer_free(tok);
    tok = train("word", span_of("a a a b b b c c d. d."), 3, 0);
    assert_int_equal(rung_tokenizer_size(tok), 3 + 256);
    assert_tokens(tok, " a b c", " a| b| |c");
    rung_tokenizer_free(tok);
}

/* Penn Treebank's form: as many tokens as words and lines. */
static void tokenised_text_has_one_token_a_word_and_one_a_line(void **state)
{
    (void)state;
    const char *lines = " no it was n't <unk> 's co. \n mr. <unk> was n't it \n"
                        " no no co. 's once N-year-old \n it it \n";
    rung_tokenizer *tok = train("word", span_of(lines), 0, 0);
    assert_int_equal(rung_tokenizer_size(tok), 11 + 256); // with " \n"
    assert_int_equal(assert_lossless(tok, span_of(lines)), 7 + 5 + 6 + 2 + 4);
    assert_tokens(tok, " mr. co. \n", " mr.| co.| \n");
    rung_tokenizer_free(tok);
    const char *open = "a b\nb a\nb a c\n"; // no <unk>: c, seen once, is spelled
    tok = train("word", span_of(open), 0, 0);
    assert_tokens(tok, "b a\na c\n", "b| a|\n|a| |c|\n");
    rung_tokenizer_free(tok);
}

/* A vocabulary depends on what the text holds, not on the order in which it comes. */
static void order_of_text_does_not_matter(void **state)
{
    (void)state;
    rung_tokenizer *a = train("word", span_of("x x y y z z. z z."), 0, 0);
    rung_tokenizer *b = train("word", span_of("x z z. y y x z z."), 0, 0);
    assert_int_equal(rung_tokenizer_size(a), rung_tokenizer_size(b));
    for (int32_t id = 0; id < rung_tokenizer_size(a); id++) {
        const rung_span x = rung_tokenizer_bytes(a, id), y = rung_tokenizer_bytes(b, id);
        assert_int_equal(x.size, y.size);
        assert_memory_equal(x.bytes, y.bytes, x.size);
    }
    rung_tokenizer_free(a);
    rung_tokenizer_free(b);
}

static void ids_out_of_range_have_no_bytes(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_KINDS; k++) {
        rung_tokenizer *tok = train(kinds[k], span_of(sample), 0, 0);
        assert_int_equal(rung_tokenizer_bytes(tok, -1).size, 0);
        assert_int_equal(
            rung_tokenizer_bytes(tok, (int32_t)rung_tokenizer_size(tok)).size, 0);
        assert_true(
            rung_tokenizer_bytes(tok, (int32_t)rung_tokenizer_size(tok) - 1).size > 0);
        rung_tokenizer_free(tok);
    }
}

static void wrong_use_is_told(void **state)
{
    (void)state;
    rung_tokenizer *tok = NULL;
    const rung_span text = span_of(sample);
    assert_fails(rung_tokenizer_train(&tok, "wrod", NULL, text, &err), RUNG_USAGE,
                 "unknown tokenizer 'wrod': did you mean 'word'?");
    assert_fails(rung_tokenizer_train(&tok, "sentencepiece", NULL, text, &err),
                 RUNG_USAGE,
                 "unknown tokenizer 'sentencepiece': known are byte, char, word, "
                 "wordpiece, wordlevel");
    const rung_tokenizer_config config = {.vocab_size = -1};
    assert_fails(rung_tokenizer_train(&tok, "word", &config, text, &err), RUNG_USAGE,
                 "tokenizer: vocab_size -1, min_count 0: must not be negative");
    assert_null(tok);
    rung_tokenizer_free(NULL);
}

static void every_class_is_complete(void **state)
{
    (void)state;
    size_t n = 0;
    for (const rung_tokenizer_class *c; (c = rung__tokenizer_class_at(n)); n++) {
        assert_null(rung__tokenizer_lacks(c));
        assert_string_equal(c->kind, kinds[n]);
    }
    assert_int_equal(n, N_KINDS);
    rung_tokenizer_class lame = rung__tokenizer_word;
    lame.encode = NULL;
    assert_string_equal(rung__tokenizer_lacks(&lame), "encode");
    lame = rung__tokenizer_word;
    lame.load = NULL;
    assert_string_equal(rung__tokenizer_lacks(&lame), "load");
    lame = rung__tokenizer_byte;
    lame.is_lossy = true;
    assert_string_equal(rung__tokenizer_lacks(&lame), "load");
    lame = rung__tokenizer_wordpiece;
    lame.skeleton = NULL;
    assert_string_equal(rung__tokenizer_lacks(&lame), "skeleton");
}

/* ---- Many threads on one tokenizer ---- */

typedef struct crowd {
    const rung_tokenizer *tok;
    const int32_t *wanted;
    size_t n;
    int n_wrong;
} crowd;

static void *encode_often(void *self)
{
    crowd *c = self;
    for (int round = 0; round < 50; round++) {
        int32_t *ids = NULL;
        size_t n = 0;
        const bool same =
            rung_tokenizer_encode(c->tok, span_of(sample), &ids, &n, NULL) == RUNG_OK &&
            n == c->n && memcmp(ids, c->wanted, n * sizeof *ids) == 0;
        c->n_wrong += !same;
        rung_ids_free(ids);
    }
    return NULL;
}

static void any_number_of_threads_may_encode(void **state)
{
    (void)state;
    enum { N_THREADS = 4 };
    for (size_t k = 0; k < N_KINDS; k++) {
        rung_tokenizer *tok = train(kinds[k], span_of(sample), 0, 0);
        int32_t *wanted;
        size_t n;
        assert_ok(rung_tokenizer_encode(tok, span_of(sample), &wanted, &n, &err));
        pthread_t threads[N_THREADS];
        crowd each[N_THREADS];
        for (int i = 0; i < N_THREADS; i++) {
            each[i] = (crowd){tok, wanted, n, 0};
            assert_int_equal(pthread_create(&threads[i], NULL, encode_often, &each[i]),
                             0);
        }
        for (int i = 0; i < N_THREADS; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(each[i].n_wrong, 0);
        }
        rung_ids_free(wanted);
        rung_tokenizer_free(tok);
    }
}

static rung_status train_and_encode(void *kind, rung_error *error)
{
    rung_tokenizer *tok = NULL;
    int32_t *ids = NULL;
    size_t n;
    rung_status status = rung_tokenizer_train(&tok, kind, NULL, span_of(sample), error);
    if (status == RUNG_OK)
        status = rung_tokenizer_encode(tok, span_of(sample), &ids, &n, error);
    rung_ids_free(ids);
    rung_tokenizer_free(tok);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_KINDS; k++)
        assert_true(
            assert_survives_failed_allocations(train_and_encode, (void *)kinds[k]) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(bytes_are_their_own_ids),
        cmocka_unit_test(characters_are_ranked_by_count),
        cmocka_unit_test(rare_words_are_spelled),
        cmocka_unit_test(tokenised_text_has_one_token_a_word_and_one_a_line),
        cmocka_unit_test(order_of_text_does_not_matter),
        cmocka_unit_test(ids_out_of_range_have_no_bytes),
        cmocka_unit_test(wrong_use_is_told),
        cmocka_unit_test(every_class_is_complete),
        cmocka_unit_test(any_number_of_threads_may_encode),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
