/* Model folders: saving and loading gives the same bits, and whatever is wrong with a
 * folder is named. */
#include "support.h"

#include "models/lm.h"

static const char TEXT[] = "the cat sat on the mat; the dog sat on the cat.\n";

/* A model of any class with a tokenizer of these letters; those that count have
 * counted. */
static rung_model *new_model(const char *name, const char *const *options)
{
    rung_error err = {0};
    rung_model *m = NULL;
    rung_tokenizer *tok = NULL;
    rung_span text = {TEXT, sizeof TEXT - 1};
    assert_ok(rung_tokenizer_train(&tok, "char", NULL, text, &err));
    assert_ok(rung_model_new(&m, rung_class_find(name, &err), RUNG_RAW, &err));
    rung_option_set set = rung_model_options(m);
    for (; options && *options; options += 2)
        assert_ok(rung_option_set_text(&set, options[0], options[1], &err));
    assert_ok(rung_model_build(m, tok, NULL, 3, &err));
    if (m->type->raw->fit) {
        rung_runtime *rt = new_runtime(1);
        rung_tokens train = {.bytes = text.size}, none = {0};
        int32_t *ids = NULL;
        assert_ok(rung_tokenizer_encode(tok, text, &ids, &train.count, &err));
        train.ids = ids;
        assert_ok(m->type->raw->fit(m, rt, &train, &none, &err));
        rung_ids_free(ids);
        rung_runtime_free(rt);
    }
    return m;
}

static rung_model *small_gpt(void)
{
    return new_model("gpt", OPTIONS("layers", "2", "heads", "2", "width", "16", "context",
                                    "12", "dropout", "0.125"));
}

static void save_small_gpt(const char *dir)
{
    rung_error err = {0};
    rung_model *m = small_gpt();
    assert_ok(rung_model_save(m, dir, &err));
    rung_model_free(m);
}

/* ---- Round trips ---- */

static void assert_same_model(const rung_model *a, const rung_model *b)
{
    assert_ptr_equal(a->type, b->type);
    assert_int_equal(a->vocab, b->vocab);
    assert_int_equal(a->context, b->context);
    assert_int_equal(rung_params_count(a->params), rung_params_count(b->params));
    assert_int_equal(rung_params_extent(a->params), rung_params_extent(b->params));
    if (rung_params_extent(a->params))
        assert_memory_equal(rung_params_values(a->params), rung_params_values(b->params),
                            (size_t)rung_params_extent(a->params) * sizeof(float));
    rung_option_set of_a = rung_model_options((rung_model *)a),
                    of_b = rung_model_options((rung_model *)b);
    char *text_a = rung_options_to_json(&of_a, 1),
         *text_b = rung_options_to_json(&of_b, 1);
    assert_string_equal(text_a, text_b);
    rung_text_free(text_a), rung_text_free(text_b);
}

static void check_round_trip(const char *folder, rung_model *m)
{
    static const char *const files[] = {"config.json", "model.safetensors",
                                        "tokenizer.json"};
    rung_error err = {0};
    rung_model *loaded = NULL;
    char first[400], second[400];
    snprintf(first, sizeof first, "%s/deep/er/%s", folder, m->type->name);
    snprintf(second, sizeof second, "%s/%s-again", folder, m->type->name);
    assert_ok(rung_model_save(m, first, &err));
    assert_ok(rung_model_load(&loaded, first, &err));
    assert_same_model(m, loaded);
    assert_ok(rung_model_save(loaded, second, &err));
    for (int i = 0; i < 3; i++)
        assert_same_files(path_in(first, files[i]), path_in(second, files[i]));
    if (m->type->raw->score) {
        static const int32_t ids[] = {1, 5, 3, 1, 0, 200};
        assert_true(m->type->raw->score(m, ids, 0, 6) ==
                    m->type->raw->score(loaded, ids, 0, 6));
    }
    rung_model_free(loaded);
    rung_model_free(m);
}

static void saving_and_loading_gives_the_same_bits(void **state)
{
    check_round_trip(*state, small_gpt());
    check_round_trip(*state, new_model("lstm", OPTIONS("layers", "1", "width", "9",
                                                       "carry", "false")));
    check_round_trip(*state, new_model("unigram", NULL));
    check_round_trip(*state, new_model("bigram", NULL));
}

static void config_json_is_what_hugging_face_reads(void **state)
{
    rung_error err = {0};
    char *text;
    size_t size;
    save_small_gpt(*state);
    assert_ok(rung_file_read(path_in(*state, "config.json"), &text, &size, &err));
    static const char *const parts[] = {"\"model_type\": \"gpt2\"",
                                        "\"architectures\": [\"GPT2LMHeadModel\"]",
                                        "\"n_layer\": 2",
                                        "\"n_head\": 2",
                                        "\"n_embd\": 16",
                                        "\"n_positions\": 12",
                                        "\"n_ctx\": 12",
                                        "\"resid_pdrop\": 0.125",
                                        "\"attn_pdrop\": 0.125",
                                        "\"embd_pdrop\": 0.125",
                                        "\"activation_function\": \"gelu_new\"",
                                        "\"torch_dtype\": \"float32\"",
                                        "\"tie_word_embeddings\": true",
                                        "\"layer_norm_epsilon\": 1e-05"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_contains(text, parts[i]);
    rung__free(text);
}

/* ---- Folders that are none ---- */

static void what_is_no_model_folder_is_said(void **state)
{
    rung_error err;
    rung_model *m = NULL;
    char message[700];
    const char *missing = path_in(*state, "missing");
    snprintf(message, sizeof message, "%s: no such folder", missing);
    assert_fails(rung_model_load(&m, missing, &err), RUNG_INPUT, message);
    snprintf(message, sizeof message, "%s: not a model folder: there is no config.json",
             (char *)*state);
    assert_fails(rung_model_load(&m, *state, &err), RUNG_INPUT, message);
    const char *file = path_in(*state, "file");
    write_text(file, "x");
    snprintf(message, sizeof message, "%s: not a model folder", file);
    assert_fails(rung_model_load(&m, file, &err), RUNG_INPUT, message);
    assert_null(m);
}

static void each_missing_file_is_named(void **state)
{
    static const char *const names[] = {"model.safetensors", "tokenizer.json"};
    rung_error err;
    rung_model *m = NULL;
    for (int i = 0; i < 2; i++) {
        save_small_gpt(*state);
        assert_int_equal(remove(path_in(*state, names[i])), 0);
        assert_fails_saying(rung_model_load(&m, *state, &err), RUNG_INPUT, names[i]);
        assert_contains(err.message, "No such file");
    }
    assert_null(m);
}

/* ---- Config that disagrees ---- */

/* Replaces the first `from` in a file of the folder. */
static void edit(const char *folder, const char *name, const char *from, const char *to)
{
    rung_error err = {0};
    char *text, *changed;
    size_t size;
    const char *path = path_in(folder, name);
    assert_ok(rung_file_read(path, &text, &size, &err));
    char *at = strstr(text, from);
    if (!at) fail_msg("no '%s' in %s", from, path);
    changed = rung__alloc(size + strlen(to) + 1);
    snprintf(changed, size + strlen(to) + 1, "%.*s%s%s", (int)(at - text), text, to,
             at + strlen(from));
    write_text(path, changed);
    rung__free(text), rung__free(changed);
}

static void a_config_that_disagrees_is_refused_with_both_values(void **state)
{
    static const struct {
        const char *from, *to, *message;
    } edits[] = {
        {"\"n_embd\": 16", "\"n_embd\": 32",
         "model.safetensors: tensor 'transformer.wte.weight' is [271,16], but "
         "config.json "
         "asks for [271,32]"},
        {"\"n_positions\": 12", "\"n_positions\": 13",
         "config.json: n_ctx is 12, but rung's gpt has 13"},
        {"\"n_layer\": 2", "\"n_layer\": 3",
         "model.safetensors: tensor 'transformer.h.2.ln_1.weight' is missing"},
        {"\"n_layer\": 2", "\"n_layer\": 1",
         "model.safetensors: tensor 'transformer.h.1.attn.c_attn.bias' has no place in "
         "the gpt of "
         "config.json"},
        {"\"n_head\": 2", "\"n_head\": 3",
         "config.json: width 16 is not a multiple of 3 heads"},
        {"\"n_layer\": 2", "\"n_layer\": 0", "config.json: n_layer is 0"},
        {"\"n_layer\": 2", "\"n_layer\": \"two\"", "config.json: n_layer is a text"},
        {"\"vocab_size\": 271", "\"vocab_size\": 272",
         "config.json: vocab_size is 272, but tokenizer.json has 271"},
        {"\"vocab_size\": 271", "\"vocab_size\": -1", "config.json: vocab_size is -1"},
        {"\"vocab_size\": 271,", "", "config.json: vocab_size is missing"},
        {"\"gelu_new\"", "\"relu\"",
         "config.json: activation_function is \"relu\", but rung's gpt has \"gelu_new\""},
        {"\"attn_pdrop\": 0.125", "\"attn_pdrop\": 0.5",
         "config.json: attn_pdrop is 0.5, but rung's gpt has 0.125"},
        {"\"model_type\": \"gpt2\"", "\"model_type\": \"gpt3\"",
         "config.json: unknown rung 'gpt3': did you mean 'gpt'?"},
        {"\"model_type\": \"gpt2\"", "\"model_type\": \"lstm\"", "tensor 'embedding"},
        {"\"model_type\": \"gpt2\"", "\"model_type\": \"unigram\"",
         "model.safetensors: tensor 'unigram' is missing"},
        {"\"model_type\": \"gpt2\"", "\"model_type\": \"perceptron\"",
         "config.json: unknown rung 'perceptron': `rung models` lists them"},
        {"\"model_type\": \"gpt2\"", "\"model_type\": 7",
         "config.json: model_type is an integer: must be a text"},
        {"\"model_type\": \"gpt2\",", "", "config.json: model_type is missing"},
        {"{", "[", "config.json:"},
        {"\n", " x", "config.json:1:"},
    };
    rung_error err;
    rung_model *m = NULL;
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        save_small_gpt(*state);
        edit(*state, "config.json", edits[i].from, edits[i].to);
        int64_t live = rung__alloc_stats().live;
        err = (rung_error){0};
        rung_status status = rung_model_load(&m, *state, &err);
        assert_int_equal(status, err.code);
        assert_true(status == RUNG_INPUT || status == RUNG_UNSUPPORTED);
        assert_contains(err.message, edits[i].message);
        assert_contains(err.message, (char *)*state);
        assert_null(m);
        assert_int_equal(rung__alloc_stats().live, live);
    }
}

static void a_language_model_needs_every_byte(void **state)
{
    rung_error err = {0};
    rung_model *m = NULL;
    rung_tokenizer *tok = NULL;
    save_small_gpt(*state);
    const rung_tokenizer_config config = {.vocab_size = 271};
    const rung_span text = {TEXT, sizeof TEXT - 1};
    assert_ok(rung_tokenizer_train(&tok, "wordpiece", &config, text, &err));
    assert_ok(rung_tokenizer_save(tok, path_in(*state, "tokenizer.json"), &err));
    char from[] = "\"vocab_size\": 271", to[40];
    snprintf(to, sizeof to, "\"vocab_size\": %d", (int)rung_tokenizer_size(tok));
    edit(*state, "config.json", from, to);
    assert_fails_saying(rung_model_load(&m, *state, &err), RUNG_INPUT,
                        "a language model cannot have a wordpiece tokenizer");
    rung_tokenizer_free(tok);
}

/* Folders of Hugging Face may leave out keys that are fixed, and hold keys and tensors
 * that rung does not need. */
static void keys_and_masks_may_be_left_out_or_added(void **state)
{
    static const float mask[] = {1, 0, 1, 1};
    rung_error err = {0};
    rung_model *m = small_gpt();
    assert_ok(rung_model_save(m, *state, &err));
    size_t n = rung_params_count(m->params);
    rung_stored *tensors = rung__alloc_array(n + 1, sizeof *tensors);
    for (size_t i = 0; i < n; i++) {
        const rung_param *p = rung_params_at(m->params, i);
        tensors[i] = (rung_stored){.name = p->name,
                                   .type = RUNG_STORED_F32,
                                   .rank = p->rank,
                                   .data = rung_params_data(m->params, p),
                                   .bytes = (size_t)p->size * sizeof(float)};
        memcpy(tensors[i].shape, p->shape, sizeof p->shape);
    }
    tensors[n] = (rung_stored){.name = "transformer.h.0.attn.bias",
                               .type = RUNG_STORED_F32,
                               .rank = 2,
                               .shape = {2, 2},
                               .data = mask,
                               .bytes = sizeof mask};
    assert_ok(rung_safetensors_write(path_in(*state, "model.safetensors"), tensors, n + 1,
                                     NULL, &err));
    rung__free(tensors);
    rung_model_free(m);
    edit(*state, "config.json", "\"n_ctx\": 12,", "\"bos_token_id\": 50256,");
    edit(*state, "config.json", "\"architectures\": [\"GPT2LMHeadModel\"]",
         "\"architectures\": [\"GPT2Model\"]");
    assert_ok(rung_model_load(&m, *state, &err));
    rung_model_free(m);
}

/* ---- Tensors that are wrong ---- */

static void a_truncated_file_is_refused_at_every_length(void **state)
{
    rung_error err;
    rung_model *m = NULL;
    char *bytes;
    size_t size;
    save_small_gpt(*state);
    const char *path = path_in(*state, "model.safetensors");
    err = (rung_error){0};
    assert_ok(rung_file_read(path, &bytes, &size, &err));
    for (size_t n = 0; n < size; n += n < 200 ? 1 : 997) {
        write_bytes(path, bytes, n);
        assert_fails_saying(rung_model_load(&m, *state, &err), RUNG_INPUT, path);
    }
    rung__free(bytes);
    assert_null(m);
}

static void a_tensor_of_another_type_is_converted_or_refused(void **state)
{
    rung_error err = {0};
    rung_model *m = small_gpt(), *loaded = NULL;
    assert_ok(rung_model_save(m, *state, &err));
    size_t n = rung_params_count(m->params);
    rung_stored *tensors = rung__alloc_array(n, sizeof *tensors);
    uint16_t *halves = rung__alloc(sizeof *halves * (size_t)rung_params_size(m->params));
    for (size_t i = 0, at = 0; i < n; i++) { // as bfloat16: the upper half of a float
        const rung_param *p = rung_params_at(m->params, i);
        const uint32_t *from = rung_params_data(m->params, p);
        tensors[i] = (rung_stored){.name = p->name,
                                   .type = RUNG_STORED_BF16,
                                   .rank = p->rank,
                                   .data = halves + at,
                                   .bytes = (size_t)p->size * 2};
        memcpy(tensors[i].shape, p->shape, sizeof p->shape);
        for (int64_t e = 0; e < p->size; e++) halves[at++] = (uint16_t)(from[e] >> 16);
    }
    const char *path = path_in(*state, "model.safetensors");
    assert_ok(rung_safetensors_write(path, tensors, n, NULL, &err));
    assert_ok(rung_model_load(&loaded, *state, &err));
    const float *a = rung_params_values(m->params),
                *b = rung_params_values(loaded->params);
    for (int64_t i = 0; i < rung_params_extent(m->params); i++)
        assert_near((double)b[i], (double)a[i], fabs((double)a[i]) / 128);
    rung__free(tensors), rung__free(halves);
    rung_model_free(loaded);
    rung_model_free(m);
}

static void a_folder_that_cannot_be_written_is_named(void **state)
{
    rung_error err;
    rung_model *m = small_gpt();
    const char *file = path_in(*state, "file");
    write_text(file, "x");
    char below[600];
    snprintf(below, sizeof below, "%s/model", file);
    assert_fails_saying(rung_model_save(m, below, &err), RUNG_IO, file);
    rung_model_free(m);
}

/* ---- Memory ---- */

typedef struct files {
    const rung_model *m;
    const char *dir;
} files;

static rung_status save(void *ctx, rung_error *err)
{
    const files *f = ctx;
    return rung_model_save(f->m, f->dir, err);
}

static rung_status load(void *ctx, rung_error *err)
{
    const files *f = ctx;
    rung_model *m = NULL;
    rung_status status = rung_model_load(&m, f->dir, err);
    if (status != RUNG_OK) {
        assert_null(m);
        if (!strstr(err->message, "out of memory")) fail_msg("'%s'", err->message);
    }
    rung_model_free(m);
    return status;
}

static void every_failed_allocation_is_reported(void **state)
{
    static const char *const names[] = {"gpt", "bigram"};
    for (int i = 0; i < 2; i++) {
        rung_model *m = i == 0 ? small_gpt() : new_model(names[i], NULL);
        files f = {m, path_in(*state, names[i])};
        assert_true(assert_survives_failed_allocations(save, &f) > 10);
        assert_true(assert_survives_failed_allocations(load, &f) > 10);
        rung_model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(saving_and_loading_gives_the_same_bits),
        test_in_folder(config_json_is_what_hugging_face_reads),
        test_in_folder(what_is_no_model_folder_is_said),
        test_in_folder(each_missing_file_is_named),
        test_in_folder(a_config_that_disagrees_is_refused_with_both_values),
        test_in_folder(a_language_model_needs_every_byte),
        test_in_folder(keys_and_masks_may_be_left_out_or_added),
        test_in_folder(a_truncated_file_is_refused_at_every_length),
        test_in_folder(a_tensor_of_another_type_is_converted_or_refused),
        test_in_folder(a_folder_that_cannot_be_written_is_named),
        test_in_folder(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("folder", tests, NULL, NULL);
}
