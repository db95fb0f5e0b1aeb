/* WordPiece: the ids of Hugging Face's `tokenizers`, BERT's rules one by one, and what a
 * vocabulary learns. */
#include "support.h"

#include "golden.h"

#include "base/rng.h"
#include "base/str.h"
#include "rung/text.h"
#include "text/vocab.h"
#include "text/wordpiece_learn.h"

static rung_error err;

static rung_span span_of(const char *text)
{
    return (rung_span){text, strlen(text)};
}

static rung_tokenizer *train(const char *text, rung_tokenizer_config config)
{
    rung_tokenizer *tok = NULL;
    assert_ok(rung_tokenizer_train(&tok, "wordpiece", &config, span_of(text), &err));
    return tok;
}

/* A tokenizer with these tokens after the five special ones, a token a line. */
static rung_tokenizer *load_vocab(const char *folder, const char *tokens, bool lower)
{
    rung_str lines = {0};
    rung_str_add(&lines, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    rung_str_add(&lines, tokens);
    const char *path = path_in(folder, "vocab.txt");
    write_bytes(path, lines.data, lines.len);
    rung_str_release(&lines);
    rung_tokenizer *tok = NULL;
    assert_ok(rung_tokenizer_load_vocab(&tok, path, lower, &err));
    return tok;
}

/* Asserts what `tok` makes of a text: its tokens with blanks between them. */
static void assert_tokens_of(const rung_tokenizer *tok, rung_span text,
                             const char *wanted)
{
    rung_str joined = {0};
    int32_t *ids;
    size_t n;
    assert_ok(rung_tokenizer_encode(tok, text, &ids, &n, &err));
    rung_str_add(&joined, "");
    for (size_t i = 0; i < n; i++) {
        const rung_span token = rung_tokenizer_bytes(tok, ids[i]);
        rung_str_addf(&joined, "%s%.*s", i > 0 ? " " : "", (int)token.size, token.bytes);
    }
    rung_ids_free(ids);
    assert_string_equal(n > 0 ? joined.data : "", wanted);
    rung_str_release(&joined);
}

static void assert_tokens(const rung_tokenizer *tok, const char *text, const char *wanted)
{
    assert_tokens_of(tok, span_of(text), wanted);
}

static void assert_ids(const rung_tokenizer *tok, rung_span text, const int32_t *wanted,
                       size_t n_wanted, const char *what)
{
    int32_t *ids;
    size_t n;
    assert_ok(rung_tokenizer_encode(tok, text, &ids, &n, &err));
    for (size_t i = 0; i < n && i < n_wanted; i++)
        if (ids[i] != wanted[i])
            fail_msg("%s: id %zu is %d, not %d", what, i, ids[i], wanted[i]);
    if (n != n_wanted) fail_msg("%s: %zu ids, not %zu", what, n, n_wanted);
    rung_ids_free(ids);
}

/* ---- Hugging Face ---- */

/* The golden tokenizer with these rules. */
static rung_tokenizer *golden_tokenizer(const char *folder, const char *rules)
{
    static const char first[] = "\"clean_text\"", last[] = "\"lowercase\": true";
    const char *path = path_in(folder, "tokenizer.json");
    char *text;
    size_t size;
    assert_ok(rung_file_read("tests/golden/wordpiece.json", &text, &size, &err));
    const char *begin = strstr(text, first), *end = strstr(text, last);
    assert_true(begin && end && begin < end);
    rung_str changed = {0};
    rung_str_add_bytes(&changed, text, (size_t)(begin - text));
    rung_str_add(&changed, rules);
    rung_str_add(&changed, end + strlen(last));
    write_bytes(path, changed.data, changed.len);
    rung_str_release(&changed);
    rung__free(text);
    rung_tokenizer *tok = NULL;
    assert_ok(rung_tokenizer_load(&tok, path, &err));
    return tok;
}

#define RULES(clean, han, strip, lower)                                                  \
    "\"clean_text\": " #clean ", \"handle_chinese_chars\": " #han                        \
    ", \"strip_accents\": " #strip ", \"lowercase\": " #lower

static void ids_are_those_of_hugging_face(void **state)
{
    static const struct {
        const char *name, *rules;
    } each[] = {{"uncased", RULES(true, true, null, true)},
                {"cased", RULES(true, true, null, false)},
                {"accents", RULES(true, true, false, true)},
                {"stripped", RULES(true, true, true, false)},
                {"raw", RULES(false, false, false, false)},
                {"raw_uncased", RULES(false, false, null, true)}};
    rung_safetensors *file = golden_open("wordpiece");
    const rung_stored *sizes = golden_find(file, "sizes");
    const rung_stored *bytes = golden_find(file, "texts");
    const size_t n_texts = sizes->bytes / sizeof(int32_t);
    for (size_t r = 0; r < sizeof each / sizeof *each; r++) {
        rung_tokenizer *tok = golden_tokenizer(*state, each[r].rules);
        const int32_t *counts = golden_find(file, "counts.%s", each[r].name)->data;
        const int32_t *ids = golden_find(file, "ids.%s", each[r].name)->data;
        const int32_t *at = bytes->data;
        for (size_t i = 0; i < n_texts; i++) {
            const size_t size = (size_t)((const int32_t *)sizes->data)[i];
            char *text = rung__alloc(size), what[100];
            for (size_t k = 0; k < size; k++) text[k] = (char)at[k];
            snprintf(what, sizeof what, "%s, text %zu", each[r].name, i);
            assert_ids(tok, (rung_span){text, size}, ids, (size_t)counts[i], what);
            rung__free(text);
            at += size;
            ids += counts[i];
        }
        rung_tokenizer_free(tok);
    }
    rung_safetensors_close(file);
}

/* What is loaded is saved so that it is loaded again as it was. */
static void a_foreign_file_comes_back(void **state)
{
    const char *path = path_in(*state, "again.json");
    rung_tokenizer *tok = golden_tokenizer(*state, RULES(true, false, null, true));
    rung_tokenizer *again = NULL;
    assert_ok(rung_tokenizer_save(tok, path, &err));
    assert_ok(rung_tokenizer_load(&again, path, &err));
    assert_int_equal(rung_tokenizer_size(again), rung_tokenizer_size(tok));
    const rung_span text = span_of("The KING cafe\u0301 漢字 [MASK] ё ! \u200b a");
    int32_t *ids;
    size_t n;
    assert_ok(rung_tokenizer_encode(tok, text, &ids, &n, &err));
    assert_ids(again, text, ids, n, "again");
    rung_ids_free(ids);
    rung_tokenizer_free(again);
    rung_tokenizer_free(tok);
}

/* Appends one bit of a text that is English, Russian, emoji or broken. */
static void add_bit(rung_str *text, rung_rng *rng)
{
    static const char *const bits[] = {"the ",         "King's ", "don't, ",
                                       "Ёж ",          "йод\n",   "ещё-",
                                       "cafe\u0301 ",  "😀",       "👩‍👩‍👧 ",
                                       "漢字",         "[SEP]",   "[MASK ",
                                       "\t",           "\u0301",  "<br />",
                                       "…—",           "Ω ≠ ",    "İ ",
                                       "ǅ ",           "हिन्दी ",  "x",
                                       "\u302e\u0323", "한국 ",   "3.14 "};
    const size_t n_bits = sizeof bits / sizeof *bits;
    const uint32_t kind = (uint32_t)rung_rng_below(rng, 100);
    if (kind < 80) {
        rung_str_add(text, bits[rung_rng_below(rng, n_bits)]);
    } else if (kind < 95) { // any character but the surrogates, which become bad bytes
        const uint32_t code = (uint32_t)rung_rng_below(rng, kind < 90 ? 0x3000 : 0x20000);
        const char c[] = {(char)(0xF0 | code >> 18), (char)(0x80 | (code >> 12 & 63)),
                          (char)(0x80 | (code >> 6 & 63)), (char)(0x80 | (code & 63))};
        if (code < 0x80)
            rung_str_add_bytes(text, &(char){(char)code}, 1);
        else if (code < 0x800)
            rung_str_add_bytes(text, (char[]){(char)(0xC0 | code >> 6), c[3]}, 2);
        else if (code < 0x10000)
            rung_str_add_bytes(text, (char[]){(char)(0xE0 | code >> 12), c[2], c[3]}, 3);
        else
            rung_str_add_bytes(text, c, 4);
    } else {
        const uint32_t four = rung_rng_u32(rng);
        rung_str_add_bytes(text, &four, 1 + kind % 4);
    }
}

/* Runs the comparison of tests/golden/wordpiece.py; skips without the package. */
static void compare(const char *python, const char *folder, const rung_tokenizer *tok,
                    rung_span text)
{
    char command[1000];
    snprintf(command, sizeof command, "'%s' tests/golden/wordpiece.py --check '%s'",
             python, folder);
    const int status = system(command);
    if (WEXITSTATUS(status) == 77) skip();
    assert_int_equal(status, 0);
    char *ids;
    size_t size;
    assert_ok(rung_file_read(path_in(folder, "ids"), &ids, &size, &err));
    assert_ids(tok, text, (const int32_t *)ids, size / sizeof(int32_t), "their ids");
    rung__free(ids);
}

/* With RUNG_PEER_PYTHON, a Python that has the package `tokenizers`. */
static void a_million_bytes_have_their_ids(void **state)
{
    const char *python = getenv("RUNG_PEER_PYTHON");
    if (!python) skip();
    rung_str text = {0};
    rung_rng rng = rung_rng_make(5);
    while (text.len < 1000000) add_bit(&text, &rng);
    const rung_span all = {text.data, text.len};
    const char *path = path_in(*state, "tokenizer.json");
    write_bytes(path_in(*state, "text"), all.bytes, all.size);
    for (int cased = 0; cased < 2; cased++) {
        rung_tokenizer *tok = NULL;
        const rung_tokenizer_config config = {.vocab_size = 5000, .cased = cased};
        assert_ok(rung_tokenizer_train(&tok, "wordpiece", &config, all, &err));
        assert_ok(rung_tokenizer_save(tok, path, &err));
        compare(python, *state, tok, all);
        rung_tokenizer_free(tok);
    }
    rung_tokenizer *stripped = golden_tokenizer(*state, RULES(true, true, null, true));
    compare(python, *state, stripped, all);
    rung_tokenizer_free(stripped);
    rung_str_release(&text);
}

/* ---- BERT's own vocabulary, and llama.cpp's vectors for it ---- */

static char *read_data(const char *name, size_t *size)
{
    const char *root = getenv("RUNG_DATA");
    char path[500], *text = NULL;
    snprintf(path, sizeof path, "%s/tokenizers/%s", root ? root : "../shared/data", name);
    if (access(path, R_OK) == 0) assert_ok(rung_file_read(path, &text, size, &err));
    return text;
}

/* Asserts the ids that stand in a line. */
static void assert_ids_of_line(const rung_tokenizer *tok, rung_span text, char *line)
{
    int32_t wanted[1000];
    size_t n = 0;
    for (char *next; n < 1000; line = next) {
        wanted[n] = (int32_t)strtol(line, &next, 10);
        if (next == line) break;
        n++;
    }
    char what[200];
    snprintf(what, sizeof what, "'%.*s'", (int)text.size, text.bytes);
    assert_ids(tok, text, wanted, n, what);
}

static void bert_base_gives_the_ids_of_llama_cpp(void **state)
{
    static const char separator[] = "\n__ggml_vocab_test__\n";
    size_t n_vocab, n_in, n_out;
    char *vocab = read_data("bert/bert-base-uncased-vocab.txt", &n_vocab);
    char *in = read_data("vectors/ggml-vocab-bert-bge.gguf.inp", &n_in);
    char *out = read_data("vectors/ggml-vocab-bert-bge.gguf.out", &n_out);
    if (!vocab || !in || !out) {
        rung__free(vocab), rung__free(in), rung__free(out);
        skip();
    }
    const char *path = path_in(*state, "vocab.txt");
    write_bytes(path, vocab, n_vocab);
    rung_tokenizer *tok = NULL;
    assert_ok(rung_tokenizer_load_vocab(&tok, path, true, &err));
    assert_int_equal(rung_tokenizer_size(tok), 30522);
    assert_int_equal(rung_tokenizer_special(tok, "[CLS]"), 101);
    char *line = out;
    int n = 0;
    for (const char *text = in, *end; (end = strstr(text, separator)); n++) {
        char *newline = strchr(line, '\n');
        assert_non_null(newline);
        *newline = '\0';
        assert_ids_of_line(tok, (rung_span){text, (size_t)(end - text)}, line);
        text = end + strlen(separator);
        line = newline + 1;
    }
    assert_int_equal(n, 46);
    rung_tokenizer_free(tok);
    rung__free(vocab), rung__free(in), rung__free(out);
}

/* ---- Rules ---- */

static void the_longest_piece_is_taken_first(void **state)
{
    rung_tokenizer *tok = load_vocab(
        *state, "un\nunaff\n##aff\n##able\n##a\n##ab\nthe\nb\n##\n.\n#\n", true);
    assert_false(rung_tokenizer_is_lossless(tok));
    assert_tokens(tok, "unaffable", "unaff ##able");
    assert_tokens(tok, "unable ununable", "un ##able [UNK]");
    assert_tokens(tok, "unab una unabl", "un ##ab un ##a [UNK]");
    assert_tokens(tok, "The the. thee b#b ##", "the the . [UNK] b # b # #");
    assert_tokens(tok, "able", "[UNK]"); // begins no word
    assert_tokens(tok, "", "");
    assert_tokens(tok, " \t\r\n\u3000", "");
    rung_tokenizer_free(tok);
}

static void a_word_has_at_most_a_hundred_characters(void **state)
{
    rung_tokenizer *tok = load_vocab(*state, "ё\n##ё\na\n", false);
    char word[2 * 101], wanted[1000] = "ё";
    for (int i = 0; i < 101; i++) memcpy(word + 2 * i, "ё", 2);
    for (int i = 1; i < 100; i++) strcat(wanted, " ##ё");
    assert_tokens_of(tok, (rung_span){word, 200}, wanted);
    assert_tokens_of(tok, (rung_span){word, 202}, "[UNK]");
    const size_t size = 1000000; // a line of a million characters is a word as well
    char *line = rung__alloc(size + 2);
    memset(line, 'b', size);
    memcpy(line + size, " a", 2);
    assert_tokens_of(tok, (rung_span){line, size + 2}, "[UNK] a");
    rung__free(line);
    rung_tokenizer_free(tok);
}

static void accents_stay_or_go_as_the_rules_say(void **state)
{
    const char *tokens = "еж\nёж\nиод\nйод\nЙод\ncafe\ncafé\n";
    rung_tokenizer *tok = load_vocab(*state, tokens, true);
    assert_tokens(tok, "Ёж йод Café cafe\u0301", "еж иод cafe cafe");
    rung_tokenizer_free(tok);
    tok = load_vocab(*state, tokens, false);
    assert_tokens(tok, "ёж Йод café", "ёж Йод café");
    rung_tokenizer_free(tok);
    tok = train("Ёж ёж Йод йод café Café", (rung_tokenizer_config){0});
    assert_tokens(tok, "Ёж йод Café", "ёж йод café");
    rung_tokenizer_free(tok);
    tok = train("Ёж Ёж ёж Йод Йод", (rung_tokenizer_config){.cased = true});
    assert_tokens(tok, "Ёж ёж Йод", "Ёж ё ##ж Йод");
    rung_tokenizer_free(tok);
}

static void broken_text_is_cleaned(void **state)
{
    rung_tokenizer *tok = load_vocab(*state, "ab\na\nb\n漢\n字\n!\n", true);
    assert_tokens_of(tok, (rung_span){"a\0b a\xFF\x62 \xF0\x9F\x98", 11}, "ab ab");
    assert_tokens(tok,
                  "a\u200Bb a\x7F"
                  "b a\x0B"
                  "b a\u00ADb a\uFEFFb",
                  "ab ab ab ab ab");
    assert_tokens(tok, "a\u00A0b a漢字b!b", "a b a 漢 字 b ! b");
    rung_tokenizer_free(tok);
}

static void special_tokens_are_found_by_name(void **state)
{
    rung_tokenizer *tok = load_vocab(*state, "a\n##b\n[\n]\nsep\n", true);
    static const char *const names[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (int i = 0; i < 5; i++)
        assert_int_equal(rung_tokenizer_special(tok, names[i]), i);
    assert_int_equal(rung_tokenizer_special(tok, "a"), -1); // a token, but not special
    assert_int_equal(rung_tokenizer_special(tok, "[EOS]"), -1);
    assert_tokens(tok, "a[SEP]ab[[MASK]] [sep] [SEP",
                  "a [SEP] a ##b [ [MASK] ] [ sep ] [ sep");
    rung_tokenizer_free(tok);
}

static void bad_lists_of_tokens_are_refused(void **state)
{
    const char *path = path_in(*state, "vocab.txt");
    rung_tokenizer *tok = NULL;
    write_text(path, "[UNK]\na\nb\r\na\n");
    assert_fails_saying(rung_tokenizer_load_vocab(&tok, path, true, &err), RUNG_INPUT,
                        "vocab.txt:4: 'a' stands there twice");
    write_text(path, "[PAD]\na\n");
    assert_fails_saying(rung_tokenizer_load_vocab(&tok, path, true, &err), RUNG_INPUT,
                        "vocab.txt: has no [UNK]");
    write_text(path, "");
    assert_fails_saying(rung_tokenizer_load_vocab(&tok, path, true, &err), RUNG_INPUT,
                        "vocab.txt: has no [UNK]");
    write_text(path, "[UNK]\na\xFF\n");
    assert_fails_saying(rung_tokenizer_load_vocab(&tok, path, true, &err), RUNG_INPUT,
                        "vocab.txt:2: not UTF-8, or with a NUL");
    assert_fails_saying(
        rung_tokenizer_load_vocab(&tok, path_in(*state, "none"), true, &err), RUNG_INPUT,
        "No such file");
    assert_null(tok);
}

static rung_status load_a_list(void *path, rung_error *error)
{
    rung_tokenizer *tok = NULL;
    const rung_status status = rung_tokenizer_load_vocab(&tok, path, true, error);
    rung_tokenizer_free(tok);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    rung_tokenizer_free(load_vocab(*state, "a\nb\n", true));
    assert_true(assert_survives_failed_allocations(
                    load_a_list, (void *)path_in(*state, "vocab.txt")) > 5);
}

/* ---- Learning ---- */

static void assert_vocabulary(const rung_tokenizer *tok, const char *wanted)
{
    rung_str joined = {0};
    for (int32_t id = 0; id < rung_tokenizer_size(tok); id++) {
        const rung_span s = rung_tokenizer_bytes(tok, id);
        rung_str_addf(&joined, "%s%.*s", id > 0 ? " " : "", (int)s.size, s.bytes);
    }
    assert_string_equal(joined.data, wanted);
    rung_str_release(&joined);
}

static char *repeated(const char *const *words, const int *counts, int n)
{
    rung_str text = {0};
    for (int i = 0; i < n; i++)
        for (int k = 0; k < counts[i]; k++) rung_str_addf(&text, "%s ", words[i]);
    return text.data;
}

static void the_most_frequent_pairs_are_joined(void **state)
{
    (void)state;
    static const char *const words[] = {"hug", "pug", "pun", "bun", "Hugs"};
    static const int counts[] = {10, 5, 12, 4, 5};
    char *text = repeated(words, counts, 5);
#define BEFORE                                                                           \
    "[PAD] [UNK] [CLS] [SEP] [MASK] b g h n p s u ##g ##n ##s ##u ##ug ##un hug"
    rung_tokenizer *tok = train(text, (rung_tokenizer_config){0});
    assert_vocabulary(tok, BEFORE " pun pug hugs bun");
    rung_tokenizer_free(tok);
    tok = train(text, (rung_tokenizer_config){.min_count = 5});
    assert_vocabulary(tok, BEFORE " pun pug hugs");
    rung_tokenizer_free(tok);
    tok = train(text, (rung_tokenizer_config){.vocab_size = 19});
    assert_vocabulary(tok, BEFORE);
    assert_tokens(tok, "hugs pug bun x", "hug ##s p ##ug b ##un [UNK]");
    rung_tokenizer_free(tok);
    tok = train(text, (rung_tokenizer_config){.vocab_size = 9}); // two letters at most
    assert_vocabulary(tok, "[PAD] [UNK] [CLS] [SEP] [MASK] g u ##g ##u");
    rung_tokenizer_free(tok);
    rung__free(text);
    tok = train("", (rung_tokenizer_config){0});
    assert_int_equal(rung_tokenizer_size(tok), 5);
    assert_tokens(tok, "what?", "[UNK] [UNK]");
    rung_tokenizer_free(tok);
    const rung_tokenizer_config config = {.vocab_size = 5};
    assert_fails(rung_tokenizer_train(&tok, "wordpiece", &config, span_of("a"), &err),
                 RUNG_USAGE,
                 "wordpiece: vocab_size 5: must be more than the 5 special tokens");
}

/* Counts all pairs anew for each piece; in `parts`, the words, '|' stands between
 * pieces. */
typedef struct slow {
    char parts[60][80];
    int64_t counts[60];
    int n;
    rung_vocab entries;
} slow;

static int32_t entry_of(const slow *s, const char *p, size_t size)
{
    return rung__vocab_find(&s->entries, p, size);
}

typedef struct best {
    int32_t a, b;
    int64_t count;
} best;

/* The count of a pair in all words. */
static int64_t count_pair(const slow *s, int32_t a, int32_t b)
{
    int64_t count = 0;
    for (int w = 0; w < s->n; w++) {
        int32_t before = -1;
        for (const char *p = s->parts[w]; *p; p += strcspn(p, "|"), p += *p == '|') {
            const int32_t id = entry_of(s, p, strcspn(p, "|"));
            if (before == a && id == b) count += s->counts[w];
            before = id;
        }
    }
    return count;
}

static best best_of(const slow *s)
{
    best top = {-1, -1, 0};
    for (int w = 0; w < s->n; w++) {
        int32_t a = -1;
        for (const char *p = s->parts[w]; *p; p += strcspn(p, "|"), p += *p == '|') {
            const int32_t b = entry_of(s, p, strcspn(p, "|"));
            const int64_t count = a >= 0 ? count_pair(s, a, b) : 0;
            const bool is_less = a < top.a || (a == top.a && b < top.b);
            if (count > top.count || (count == top.count && count > 0 && is_less))
                top = (best){a, b, count};
            a = b;
        }
    }
    return top;
}

/* Joins a pair from left to right in all words. */
static void join(slow *s, best pair)
{
    const rung_span x = rung__vocab_get(&s->entries, (size_t)pair.a);
    const rung_span y = rung__vocab_get(&s->entries, (size_t)pair.b);
    char apart[100], joined[100];
    snprintf(apart, sizeof apart, "|%.*s|%.*s|", (int)x.size, x.bytes, (int)y.size,
             y.bytes);
    snprintf(joined, sizeof joined, "|%.*s%.*s|", (int)x.size, x.bytes, (int)y.size - 2,
             y.bytes + 2);
    for (int w = 0; w < s->n; w++) {
        char text[100], *at = text;
        snprintf(text, sizeof text, "|%s|", s->parts[w]);
        while ((at = strstr(at, apart))) {
            const size_t n = strlen(joined);
            memmove(at + n, at + strlen(apart), strlen(at + strlen(apart)) + 1);
            memcpy(at, joined, n);
            at += n - 1;
        }
        text[strlen(text) - 1] = '\0';
        strcpy(s->parts[w], text + 1);
    }
    assert_ok(rung__vocab_add(&s->entries, joined + 1, strlen(joined) - 2, 0, &err));
}

static void learn_slowly(slow *s, const rung_vocab *words, size_t most)
{
    for (size_t i = 0; i < words->n; i++) {
        const rung_span word = rung__vocab_get(words, i);
        s->counts[s->n] = words->counts[i];
        for (size_t k = 0; k < word.size; k++)
            sprintf(strchr(s->parts[s->n], '\0'), k ? "|##%c" : "%c", word.bytes[k]);
        s->n++;
    }
    while (s->entries.n < most) {
        const best pair = best_of(s);
        if (pair.count == 0) break;
        join(s, pair);
    }
}

/* Among few letters pairs overlap, and one piece comes from different parts. */
static void counts_that_are_kept_are_those_counted_anew(void **state)
{
    (void)state;
    rung_rng rng = rung_rng_make(3);
    for (int round = 0; round < 30; round++) {
        const uint64_t n_letters = 1 + (uint64_t)round % 3;
        rung_vocab words = {0}, learned = {0};
        while (words.n < 12) {
            char word[12];
            const size_t size = 1 + rung_rng_below(&rng, sizeof word);
            for (size_t k = 0; k < size; k++)
                word[k] = (char)('a' + rung_rng_below(&rng, n_letters));
            assert_ok(rung__vocab_add(&words, word, size,
                                      (int64_t)rung_rng_below(&rng, 5) + 1, &err));
        }
        const size_t most = 40;
        assert_ok(rung__wordpiece_learn(&words, most, 1, &learned, &err));
        slow s = {.n = 0};
        for (size_t i = 0; i < 2 * n_letters && i < learned.n; i++) {
            const rung_span c = rung__vocab_get(&learned, i);
            assert_ok(rung__vocab_add(&s.entries, c.bytes, c.size, 0, &err));
        }
        learn_slowly(&s, &words, most);
        assert_int_equal(learned.n, s.entries.n);
        for (size_t i = 0; i < learned.n; i++) {
            const rung_span x = rung__vocab_get(&learned, i);
            assert_int_equal(rung__vocab_find(&s.entries, x.bytes, x.size), i);
        }
        rung__vocab_release(&s.entries);
        rung__vocab_release(&learned);
        rung__vocab_release(&words);
    }
}

static void order_of_text_does_not_matter(void **state)
{
    (void)state;
    rung_tokenizer *a = train("abc abd bcd abc xyz", (rung_tokenizer_config){0});
    rung_tokenizer *b = train("xyz bcd abc abd abc", (rung_tokenizer_config){0});
    assert_int_equal(rung_tokenizer_size(a), rung_tokenizer_size(b));
    for (int32_t id = 0; id < rung_tokenizer_size(a); id++) {
        const rung_span x = rung_tokenizer_bytes(a, id), y = rung_tokenizer_bytes(b, id);
        assert_int_equal(x.size, y.size);
        assert_memory_equal(x.bytes, y.bytes, x.size);
    }
    rung_tokenizer_free(a);
    rung_tokenizer_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(ids_are_those_of_hugging_face),
        test_in_folder(a_foreign_file_comes_back),
        test_in_folder(a_million_bytes_have_their_ids),
        test_in_folder(bert_base_gives_the_ids_of_llama_cpp),
        test_in_folder(the_longest_piece_is_taken_first),
        test_in_folder(a_word_has_at_most_a_hundred_characters),
        test_in_folder(accents_stay_or_go_as_the_rules_say),
        test_in_folder(broken_text_is_cleaned),
        test_in_folder(special_tokens_are_found_by_name),
        test_in_folder(bad_lists_of_tokens_are_refused),
        test_in_folder(failed_allocations_leave_no_trace),
        cmocka_unit_test(the_most_frequent_pairs_are_joined),
        cmocka_unit_test(counts_that_are_kept_are_those_counted_anew),
        cmocka_unit_test(order_of_text_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
