/* tokenizer.json: what is saved is loaded, and what is wrong is refused with its
 * place. */
#include "support.h"

#include "base/str.h"
#include "rung/text.h"

static rung_error err;
static const char *const kinds[] = {"byte", "char", "word", "wordpiece", "wordlevel"};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

/* With everything that JSON must escape. */
static const char sample[] =
    "\"No\"\\\t\"no\" \001\001 ёж, ёж; 😀😀 \u2028\u2028 <0x41> <0x41>\r\n";

static rung_span span_of(const char *text)
{
    return (rung_span){text, strlen(text)};
}

static rung_tokenizer *train(const char *kind)
{
    rung_tokenizer *tok = NULL;
    assert_ok(rung_tokenizer_train(&tok, kind, NULL, span_of(sample), &err));
    return tok;
}

static void assert_same_ids(const rung_tokenizer *a, const rung_tokenizer *b,
                            const char *text)
{
    int32_t *x, *y;
    size_t n, m;
    assert_ok(rung_tokenizer_encode(a, span_of(text), &x, &n, &err));
    assert_ok(rung_tokenizer_encode(b, span_of(text), &y, &m, &err));
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n * sizeof *x);
    rung_ids_free(x);
    rung_ids_free(y);
}

static void a_loaded_tokenizer_is_the_saved_one(void **state)
{
    const char *path = path_in(*state, "tokenizer.json");
    const char *again = path_in(*state, "again.json");
    for (size_t k = 0; k < N_KINDS; k++) {
        rung_tokenizer *tok = train(kinds[k]), *loaded = NULL;
        assert_ok(rung_tokenizer_save(tok, path, &err));
        assert_ok(rung_tokenizer_load(&loaded, path, &err));
        assert_string_equal(rung_tokenizer_kind(loaded), kinds[k]);
        assert_int_equal(rung_tokenizer_size(loaded), rung_tokenizer_size(tok));
        assert_same_ids(tok, loaded, sample);
        assert_same_ids(tok, loaded, "other words, \xFF and 漢字");
        assert_ok(rung_tokenizer_save(loaded, again, &err));
        assert_same_files(path, again);
        rung_tokenizer_free(loaded);
        rung_tokenizer_free(tok);
    }
}

static void the_cut_of_words_is_kept(void **state)
{
    const char *path = path_in(*state, "tokenizer.json");
    rung_tokenizer *tok = NULL, *loaded = NULL;
    const rung_span tokenised = span_of(" it was n't \n it was n't \n");
    assert_ok(rung_tokenizer_train(&tok, "word", NULL, tokenised, &err));
    assert_ok(rung_tokenizer_save(tok, path, &err));
    assert_ok(rung_tokenizer_load(&loaded, path, &err));
    assert_same_ids(tok, loaded, tokenised.bytes);
    rung_tokenizer_free(loaded);
    rung_tokenizer_free(tok);
}

/* ---- Files that are wrong ---- */

/* The saved tokenizer of each kind, made once: saving waits for the disk. */
static char *saved[N_KINDS];

static int save_each_kind(void **state)
{
    if (make_folder(state) != 0) return -1;
    for (size_t k = 0; k < N_KINDS; k++) {
        const char *path = path_in(*state, kinds[k]);
        rung_tokenizer *tok = train(kinds[k]);
        assert_ok(rung_tokenizer_save(tok, path, &err));
        rung_tokenizer_free(tok);
        size_t size;
        assert_ok(rung_file_read(path, &saved[k], &size, &err));
    }
    return 0;
}

static int forget_each_kind(void **state)
{
    for (size_t k = 0; k < N_KINDS; k++) rung__free(saved[k]);
    return remove_folder(state);
}

static const char *saved_of(const char *kind)
{
    size_t k = 0;
    while (strcmp(kinds[k], kind) != 0) k++;
    return saved[k];
}

/* In a file of kind `kind`, `from` (the first one there) becomes `to`; then loading fails
 * with `message`, after the path. */
static const struct {
    const char *kind, *from, *to, *message;
} faults[] = {
    {"word", "\"kind\": \"word\"", "\"kind\": \"wrod\"",
     ": unknown tokenizer 'wrod': did you mean 'word'?"},
    {"word", "\"kind\": \"word\"", "\"kind\": 7", ": kind is an integer: must be a text"},
    {"word", "\"kind\": \"word\"", "\"sort\": \"word\"", ": kind is missing"},
    {"word", "\"kind\": \"word\"", "\"kind\": \"char\"",
     ": pre_tokenizer is not the one of kind 'char'"},
    {"char", "\"kind\": \"char\"", "\"kind\": \"word\"",
     ": pre_tokenizer is not the one of kind 'word'"},
    {"char", "\"kind\": \"char\"", "\"kind\": \"byte\"",
     ": model.vocab: a byte tokenizer has 256 tokens: this one has 22 more"},
    {"char", "\"kind\": \"char\"", "\"kind\": \"byte\", \"kind\": \"byte\"",
     ":31: duplicate object key near '\"kind\"'"},
    {"char", "\"format\": 1", "\"format\": 2", ": format is 2: must be 1 to 1"},
    {"char", "\"model\": {", "\"modle\": {", ": model is missing"},
    {"char", "\"rung\": {", "\"runge\": {",
     ": has no model.rung: only WordPiece and WordLevel "
     "tokenizers, and what rung wrote, are read"},
    {"char", "\"BPE\"", "\"Unigram\"",
     ": model must be a BPE with byte_fallback and empty merges"},
    {"char", "\"merges\": []", "\"merges\": [\"a b\"]",
     ": model must be a BPE with byte_fallback and empty merges"},
    {"char", "\"byte_fallback\": true", "\"byte_fallback\": false",
     ": model must be a BPE with byte_fallback and empty merges"},
    {"char", "\"vocab\": {", "\"vocab\": [], \"rest\": {",
     ": model.vocab has 0 tokens: must have the 256 bytes at least"},
    {"char", "\"ё\": ", "\"ёё\": ",
     ": model.vocab: token 11 of a char tokenizer, 'ёё', is not one character"},
    {"char", "\"ё\": ", "\"\": ",
     ": model.vocab: '' (id 11) cannot be a token: it is empty, or a byte's name before "
     "the "
     "last 256 ids"},
    {"char", "\"ё\": 11", "\"ё\": 80", ": model.vocab: 'ё' and '<0x3A>' both have id 80"},
    {"char", "\"ё\": 11", "\"ё\": 11.5",
     ": model.vocab: the id of 'ё' is not an integer"},
    {"char", "\"ё\": 11", "\"ё\": \"11\"",
     ": model.vocab: the id of 'ё' is not an integer"},
    {"char", "\"ё\": 11", "\"ё\": -1",
     ": model.vocab: the id of 'ё' is -1: 278 tokens have ids 0 to 277"},
    {"char", "\"ё\": 11", "\"ё\": 278",
     ": model.vocab: the id of 'ё' is 278: 278 tokens have ids 0 to 277"},
    {"char", "\"ё\": 11", "\"ё\": 99999999999999999999", ":46: too big integer near"},
    {"char", "\"<0x00>\": 22", "\"<0x01>\": 22",
     "duplicate object key near '\"<0x01>\"'"},
    {"char", "\"<0x00>\": 22", "\"zero\": 22",
     ": model.vocab: id 22 is 'zero': must be '<0x00>', as the last 256 tokens are the "
     "bytes"},
    {"char", "\"ё\"", "\"\\u0000\"", "NUL byte in object key"},
    {"char", "\"ё\"", "\"\\ud800\"", "invalid Unicode"},
    {"char", "\"ё\"", "\"\xFF\"", "unable to decode byte 0xff"},
    {"word", "\"cut\": \"text\"", "\"cut\": \"tax\"",
     ": cut is 'tax': must be 'text' or 'blanks'"},
    {"word", "\"cut\": \"text\"", "\"cut\": \"blanks\"",
     ": pre_tokenizer is not the one of kind 'word'"},
    {"word", "\"Regex\"", "\"String\"", ": pre_tokenizer is not the one of kind 'word'"},
    {"word", "\"kind\": \"word\"", "\"kind\": \"wordpiece\"",
     ": model: type is 'BPE': must be 'WordPiece'"},
    {"wordpiece", "\"WordPiece\",\n    \"unk", "\"Wordpiece\",\n    \"unk",
     ": has no model.rung: only WordPiece and WordLevel "
     "tokenizers, and what rung wrote, are read"},
    {"wordpiece", "\"BertNormalizer\"", "\"Lowercase\"",
     ": normalizer: type is 'Lowercase': must be 'BertNormalizer'"},
    {"wordpiece", "\"normalizer\"", "\"normal\"", ": normalizer: is nothing: must be an"},
    {"wordpiece", "\"lowercase\": true", "\"lowercase\": 1",
     ": normalizer: lowercase is an integer: must be true or false"},
    {"wordpiece", "\"BertPreTokenizer\"", "\"Whitespace\"",
     ": pre_tokenizer: type is 'Whitespace': must be 'BertPreTokenizer'"},
    {"wordpiece", "\"BertPreTokenizer\"", "null", ": pre_tokenizer: type is missing"},
    {"wordpiece", "prefix\": \"##\",\n    \"max", "prefix\": \"@@\",\n    \"max",
     ": model: continuing_subword_prefix is '@@': must be '##'"},
    {"wordpiece", "per_word\": 100", "per_word\": 1001",
     ": model: max_input_chars_per_word is 1001: must be 1 to 1000"},
    {"wordpiece", "per_word\": 100", "per_word\": 0",
     ": model: max_input_chars_per_word is 0: must be 1 to 1000"},
    {"wordpiece", "\"unk_token\": \"[UNK]\"", "\"unk_token\": \"[unk]\"",
     ": model: unk_token '[unk]' is not in model.vocab"},
    {"wordpiece", "\"vocab\": {", "\"vocab\": [], \"rest\": {",
     ": model: unk_token '[UNK]' is not in model.vocab"},
    {"wordpiece", "\"[CLS]\": 2", "\"[CLS]\": 3",
     ": model.vocab: '[CLS]' and '[SEP]' both have id 3"},
    {"wordpiece", "\"id\": 3", "\"id\": 4",
     ": added_tokens[3]: '[SEP]' does not have id 4 in the vocab"},
    {"wordpiece", "\"content\": \"[SEP]\"", "\"content\": \"[EOS]\"",
     ": added_tokens[3]: '[EOS]' does not have id 3 in the vocab"},
    {"wordpiece", "\"content\": \"[PAD]\"", "\"content\": \"<pad>\"",
     ": added_tokens[0]: '<pad>' does not begin with ["},
    {"wordpiece", "\"content\": \"[PAD]\"", "\"content\": null",
     ": added_tokens[0]: content is missing"},
    {"wordpiece", "\"rstrip\": false", "\"rstrip\": true",
     ": added_tokens[0]: rstrip is true: must be false"},
    {"wordpiece", "\"added_tokens\": [", "\"added_tokens\": [[],",
     ": added_tokens[0]: is a list: must be an object"},
    {"wordlevel", "\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}",
     ": normalizer is NFC: must be Lowercase or null"},
    {"wordlevel", "\"WhitespaceSplit\"", "\"Whitespace\"",
     ": pre_tokenizer is Whitespace: must be WhitespaceSplit or null"},
    {"wordlevel", "\"pre_tokenizer\"", "\"pre\"",
     ": pre_tokenizer is null: must be WhitespaceSplit"},
};

static void each_fault_is_told_with_its_place(void **state)
{
    const char *path = path_in(*state, "tokenizer.json");
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        const char *text = saved_of(faults[i].kind);
        const char *at = strstr(text, faults[i].from);
        if (!at) fail_msg("no '%s' in the file", faults[i].from);
        rung_str changed = {0};
        rung_str_add_bytes(&changed, text, (size_t)(at - text));
        rung_str_add(&changed, faults[i].to);
        rung_str_add(&changed, at + strlen(faults[i].from));
        write_bytes(path, changed.data, changed.len);
        rung_tokenizer *tok = NULL;
        err = (rung_error){0};
        if (rung_tokenizer_load(&tok, path, &err) == RUNG_OK)
            fail_msg("loaded with '%s'", faults[i].to);
        assert_null(tok);
        assert_contains(err.message, path);
        assert_contains(err.message, faults[i].message);
        rung_str_release(&changed);
    }
}

static void a_file_cut_off_anywhere_is_refused(void **state)
{
    const char *path = path_in(*state, "tokenizer.json");
    for (size_t k = 2; k < N_KINDS; k++) {
        const size_t size = strlen(saved[k]) - 2; // without "}\n" it is incomplete
        for (size_t n = 0; n < size; n++) {
            write_bytes(path, saved[k], n);
            rung_tokenizer *tok = NULL;
            err = (rung_error){0};
            assert_int_equal(rung_tokenizer_load(&tok, path, &err), RUNG_INPUT);
            assert_contains(err.message, path);
        }
    }
}

static void other_files_are_refused(void **state)
{
    const char *path = path_in(*state, "tokenizer.json");
    rung_tokenizer *tok = NULL;
    assert_int_equal(rung_tokenizer_load(&tok, path, &err), RUNG_INPUT);
    assert_contains(err.message, "No such file");
    static const char *const texts[] = {"", "7", "null", "[]", "{}", "{\"model\": 1}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_text(path, texts[i]);
        const rung_status status = rung_tokenizer_load(&tok, path, &err);
        assert_true(status == RUNG_INPUT || status == RUNG_UNSUPPORTED);
        assert_contains(err.message, path);
    }
}

typedef struct job {
    const char *path;
    const rung_tokenizer *tok;
} job;

static rung_status save(void *ctx, rung_error *error)
{
    const job *j = ctx;
    return rung_tokenizer_save(j->tok, j->path, error);
}

static rung_status load(void *ctx, rung_error *error)
{
    const job *j = ctx;
    rung_tokenizer *tok = NULL;
    const rung_status status = rung_tokenizer_load(&tok, j->path, error);
    rung_tokenizer_free(tok);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    for (size_t k = 2; k < N_KINDS; k++) {
        rung_tokenizer *tok = train(kinds[k]);
        job j = {path_in(*state, "tokenizer.json"), tok};
        assert_true(assert_survives_failed_allocations(save, &j) > 50);
        assert_true(assert_survives_failed_allocations(load, &j) > 50);
        rung_tokenizer_free(tok);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(a_loaded_tokenizer_is_the_saved_one),
        test_in_folder(the_cut_of_words_is_kept),
        test_in_folder(each_fault_is_told_with_its_place),
        test_in_folder(a_file_cut_off_anywhere_is_refused),
        test_in_folder(other_files_are_refused),
        test_in_folder(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, save_each_kind, forget_each_kind);
}
