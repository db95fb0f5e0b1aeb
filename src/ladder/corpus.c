/* A corpus: a text or a table in three parts, for all rungs. */
#include "rung/ladder.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/runtime.h"
#include "base/str.h"
#include "base/stream.h"
#include "text/words.h"

static double share_or(double share, double usual)
{
    return share < 0 ? usual : share;
}

static const char *path_of(const rung_corpus_config *config, int part)
{
    const char *paths[] = {config->data, config->valid, config->test};
    return paths[part];
}

/* ---- Raw text ---- */

/* Held-out parts that are cut from the data need not be larger than this. */
static const double MOST_HELD_OUT = 512 * 1024;

static double raw_share(double share, size_t size)
{
    double most = MOST_HELD_OUT / (double)size;
    share = share_or(share, 0.05);
    return share < most ? share : most;
}

static rung_status read_texts(rung_corpus *c, const rung_corpus_config *config,
                              rung_error *err)
{
    rung_tales_config tales = RUNG_TALES_CONFIG_DEFAULT;
    rung_text *data = &c->texts[RUNG_TRAIN];
    RUNG_TRY(config->data ? rung_text_read(data, config->data, 0, err)
                          : rung_tales_make(data, &tales, err));
    for (int p = RUNG_VALID; p < RUNG_PARTS; p++) {
        if (path_of(config, p))
            RUNG_TRY(rung_text_read(&c->texts[p], path_of(config, p), 0, err));
    }
    double valid = config->valid ? 0 : raw_share(config->valid_share, data->size);
    double test = config->test ? 0 : raw_share(config->test_share, data->size);
    RUNG_TRY(rung_text_split(data, valid, test, &c->parts[RUNG_TRAIN],
                             &c->parts[RUNG_VALID], &c->parts[RUNG_TEST], err));
    for (int p = 0; p < RUNG_PARTS; p++) {
        const rung_text *text = &c->texts[p];
        if (!text->name) continue;
        if (p != RUNG_TRAIN) c->parts[p] = (rung_span){text->bytes, text->size};
        c->names[p] = text->name;
        c->sha256[p] = text->sha256;
    }
    return RUNG_OK;
}

static rung_status tokenize(rung_corpus *c, const rung_corpus_config *config,
                            rung_error *err)
{
    rung_tokenizer_config how = {.vocab_size = config->vocab_size};
    if (!c->tokenizer)
        RUNG_TRY(rung_tokenizer_train(&c->tokenizer, config->tokenizer, &how,
                                      c->parts[RUNG_TRAIN], err));
    if (!rung_tokenizer_is_lossless(c->tokenizer))
        return rung_fail(err, RUNG_USAGE,
                         "a %s tokenizer does not keep every byte of a text: raw text "
                         "needs byte, char or word",
                         rung_tokenizer_kind(c->tokenizer));
    for (int p = 0; p < RUNG_PARTS; p++) {
        c->bytes[p] = c->parts[p].size;
        if (c->parts[p].size == 0) continue;
        int32_t *ids;
        RUNG_TRY(rung_tokenizer_encode(c->tokenizer, c->parts[p], &ids,
                                       &c->tokens[p].count, err));
        c->tokens[p].ids = ids;
        c->tokens[p].bytes = c->parts[p].size;
    }
    return RUNG_OK;
}

/* ---- Labelled text ---- */

/* Files are read side by side; the first that fails is told. */
typedef struct reading {
    const rung_corpus_config *config;
    rung_labelled *files; /* [RUNG_PARTS] */
    rung_error errors[RUNG_PARTS];
} reading;

static void read_file(void *ctx, int64_t part, int worker)
{
    (void)worker;
    reading *r = ctx;
    const char *path = path_of(r->config, (int)part);
    if (path)
        rung_labelled_read(&r->files[part], path, &r->config->labelled, &r->errors[part]);
}

static rung_status read_files(rung_corpus *c, rung_runtime *rt,
                              const rung_corpus_config *config, rung_error *err)
{
    reading r = {.config = config, .files = c->files};
    int n_standard = 0;
    for (int p = 0; p < RUNG_PARTS; p++)
        n_standard += path_of(config, p) && strcmp(path_of(config, p), "-") == 0;
    if (n_standard > 1)
        return rung_fail(err, RUNG_USAGE, "standard input can be one file, not %d",
                         n_standard);
    rung_pool_run(rt->pool, RUNG_PARTS, read_file, &r);
    for (int p = 0; p < RUNG_PARTS; p++) {
        if (r.errors[p].code != RUNG_OK) {
            *err = r.errors[p];
            return err->code;
        }
        c->names[p] = c->files[p].name;
        c->sha256[p] = c->files[p].name ? c->files[p].sha256 : NULL;
    }
    return RUNG_OK;
}

/* Where the labels of example i begin, in `data` or what was made of it. */
static size_t label_begin(const int64_t *first, size_t i)
{
    return first ? (size_t)first[i] : i;
}

/* How many examples, and labels, a part can have at most. */
static rung_status make_part(rung_corpus *c, int part, size_t n_texts, size_t n_labels,
                             rung_error *err)
{
    rung_span *texts = rung__alloc_array(n_texts + 1, sizeof *texts);
    int32_t *labels = rung__alloc_array(n_labels + 1, sizeof *labels);
    int64_t *first =
        c->has_several ? rung__alloc_array(n_texts + 1, sizeof *first) : NULL;
    const size_t n = c->files[RUNG_TRAIN].n_numbers;
    double *numbers = n ? rung__alloc_array(n_texts + 1, n * sizeof *numbers) : NULL;
    c->examples[part] = (rung_examples){.texts = texts,
                                        .labels = labels,
                                        .first = first,
                                        .numbers = numbers,
                                        .n_numbers = n};
    if (texts && labels && (first || !c->has_several) && (numbers || !n)) return RUNG_OK;
    return rung__out_of_memory(err, n_texts * sizeof *texts, "examples");
}

static void add_example(rung_corpus *c, int part, const rung_labelled *data,
                        const int32_t *ids, size_t i)
{
    rung_examples *e = &c->examples[part];
    const size_t from = label_begin(data->first, i);
    const size_t n = label_begin(data->first, i + 1) - from;
    const size_t to = label_begin(e->first, e->count);
    const bool is_unknown = n > 0 && ids[from] < 0; // they ascend
    c->n_unknown[part] += is_unknown;
    if (is_unknown && part != RUNG_TEST) return; // nothing can be chosen by it
    memcpy((int32_t *)e->labels + to, ids + from, n * sizeof *ids);
    for (size_t k = 0; k < e->n_numbers; k++)
        ((double *)e->numbers)[e->count * e->n_numbers + k] =
            data->numbers[i * e->n_numbers + k];
    ((rung_span *)e->texts)[e->count++] = data->texts[i];
    if (e->first) ((int64_t *)e->first)[e->count] = (int64_t)(to + n);
    c->bytes[part] += data->texts[i].size;
}

/* The label by which an example is dealt to a part: its own or, of several, the rarest,
 * so that rare ones are in all parts as far as counts allow; -1 if it has none. *ids
 * becomes [count]. */
static rung_status keep_rarest(int32_t **ids, const rung_labelled *data, int64_t n_labels,
                               rung_error *err)
{
    if (!data->first) return RUNG_OK;
    size_t *counts = rung__alloc_array((size_t)n_labels, sizeof *counts);
    int32_t *kept = rung__alloc_array(data->count, sizeof *kept);
    for (int64_t k = 0; counts && kept && k < data->first[data->count]; k++)
        counts[(*ids)[k]]++;
    for (size_t i = 0; counts && kept && i < data->count; i++) {
        int32_t rarest = -1;
        for (int64_t k = data->first[i]; k < data->first[i + 1]; k++) {
            const int32_t l = (*ids)[k];
            if (rarest < 0 || counts[l] < counts[rarest]) rarest = l;
        }
        kept[i] = rarest;
    }
    const bool is_done = counts && kept;
    rung__free(counts);
    rung__free(is_done ? *ids : kept);
    if (!is_done) return rung__out_of_memory(err, data->count * sizeof *kept, "parts");
    *ids = kept;
    return RUNG_OK;
}

/* Which part each example of the data goes to. */
static rung_status cut(unsigned char **part, const rung_corpus *c,
                       const rung_corpus_config *config, rung_error *err)
{
    const rung_labelled *data = &c->files[RUNG_TRAIN];
    const size_t n_labels = label_begin(data->first, data->count);
    double valid = config->valid ? 0 : share_or(config->valid_share, 0.1);
    double test = config->test ? 0 : share_or(config->test_share, 0.1);
    rung_labels *all = NULL;
    int32_t *ids = NULL;
    size_t unknown;
    *part = rung__alloc(data->count + 1);
    if (!*part) return rung__out_of_memory(err, data->count, "parts");
    if (valid == 0 && test == 0) return RUNG_OK; // all of RUNG_TRAIN
    size_t *group = rung__alloc_array(data->count + 1, sizeof *group);
    rung_status status = group ? RUNG_OK : rung__out_of_memory(err, data->count, "parts");
    if (status == RUNG_OK)
        status = rung_group_related(group, data->texts, data->count, err);
    if (status == RUNG_OK) status = rung_labels_new(&all, data->labels, n_labels, err);
    if (status == RUNG_OK) status = rung_labelled_ids(&ids, &unknown, data, all, err);
    if (status == RUNG_OK) status = keep_rarest(&ids, data, rung_labels_count(all), err);
    if (status == RUNG_OK)
        status =
            rung_split_stratified(*part, ids, group, data->count, rung_labels_count(all),
                                  valid, test, config->seed, err);
    if (status != RUNG_OK) rung_fail_within(err, "%s", data->name);
    rung__free(group);
    rung_ids_free(ids);
    rung_labels_free(all);
    return status;
}

/* The labels are those of the examples that are trained on. */
static rung_status find_labels(rung_corpus *c, const unsigned char *part, rung_error *err)
{
    const rung_labelled *data = &c->files[RUNG_TRAIN];
    const size_t most = label_begin(data->first, data->count);
    rung_span *names = rung__alloc_array(most + 1, sizeof *names);
    size_t n = 0;
    if (!names) return rung__out_of_memory(err, most * sizeof *names, "labels");
    for (size_t i = 0; i < data->count; i++) {
        if (part[i] != RUNG_TRAIN) continue;
        for (size_t k = label_begin(data->first, i); k < label_begin(data->first, i + 1);
             k++)
            names[n++] = data->labels[k];
    }
    rung_status status = rung_labels_new(&c->labels, names, n, err);
    rung__free(names);
    RUNG_TRY(status);
    if (rung_labels_count(c->labels) > 1) return RUNG_OK;
    if (n == 0)
        return rung_fail(err, RUNG_INPUT,
                         "%s: no example has a label: is --label-column right? (%s)",
                         data->name, data->columns);
    return rung_fail(err, RUNG_INPUT,
                     "%s: every example has the label '%s', so there is nothing to "
                     "learn: is --label-column right? (%s)",
                     data->name, rung_labels_name(c->labels, 0), data->columns);
}

/* Examples of one file, to the parts that `part` says, or all to one. */
static rung_status sort_examples(rung_corpus *c, int file, const unsigned char *part,
                                 rung_error *err)
{
    const rung_labelled *data = &c->files[file];
    int32_t *ids = NULL;
    size_t unknown;
    RUNG_TRY(rung_labelled_ids(&ids, &unknown, data, c->labels, err));
    for (size_t i = 0; i < data->count; i++)
        add_example(c, part ? part[i] : file, data, ids, i);
    rung_ids_free(ids);
    return RUNG_OK;
}

static rung_status make_examples(rung_corpus *c, rung_runtime *rt,
                                 const unsigned char *part, rung_error *err)
{
    const rung_labelled *f = c->files;
    size_t n_labels[RUNG_PARTS];
    RUNG_TRY(find_labels(c, part, err));
    for (int p = 0; p < RUNG_PARTS; p++) {
        n_labels[p] = label_begin(f[p].first, f[p].count);
        c->has_several = c->has_several || f[p].first;
    }
    for (int p = 0; p < RUNG_PARTS; p++) {
        const size_t own = p == RUNG_TRAIN ? 0 : f[p].count;
        const size_t own_labels = p == RUNG_TRAIN ? 0 : n_labels[p];
        RUNG_TRY(make_part(c, p, f[RUNG_TRAIN].count + own,
                           n_labels[RUNG_TRAIN] + own_labels, err));
    }
    RUNG_TRY(sort_examples(c, RUNG_TRAIN, part, err));
    for (int p = RUNG_VALID; p < RUNG_PARTS; p++) {
        if (c->files[p].name) RUNG_TRY(sort_examples(c, p, NULL, err));
        RUNG_TRY(rung_count_duplicates(&c->n_repeated[p], rt, &c->examples[RUNG_TRAIN],
                                       &c->examples[p], err));
    }
    return RUNG_OK;
}

static rung_status open_labelled(rung_corpus *c, rung_runtime *rt,
                                 const rung_corpus_config *config, rung_error *err)
{
    unsigned char *part = NULL;
    if (!config->data)
        return rung_fail(err, RUNG_USAGE, "labelled text: from which file?");
    RUNG_TRY(read_files(c, rt, config, err));
    rung_status status = cut(&part, c, config, err);
    if (status == RUNG_OK) status = make_examples(c, rt, part, err);
    rung__free(part);
    return status;
}

/* The training texts, a line each, for a tokenizer to learn from. */
static rung_status join_texts(rung_str *all, const rung_examples *data, rung_error *err)
{
    for (size_t i = 0; i < data->count; i++) {
        rung_str_add_bytes(all, data->texts[i].bytes, data->texts[i].size);
        rung_str_add(all, "\n");
    }
    return all->failed ? rung__out_of_memory(err, all->len, "the training texts")
                       : RUNG_OK;
}

rung_status rung_corpus_tokenizer(rung_tokenizer **out, rung_corpus *corpus,
                                  const rung_class *type, rung_error *err)
{
    rung_tokenizer **tok = &corpus->tokenizer;
    *out = NULL;
    if (corpus->kind == RUNG_TABLE) return RUNG_OK;
    if (corpus->kind != RUNG_RAW && type->words) {
        tok = &corpus->words.vocabulary;
    } else if (corpus->kind == RUNG_LABELLED) {
        const char *kind = type->labelled->tokenizer;
        if (!kind) return RUNG_OK;
        if (*tok && strcmp(rung_tokenizer_kind(*tok), kind) != 0) {
            rung_tokenizer_free(*tok);
            *tok = NULL;
        }
        if (!*tok) {
            rung_str all = {0};
            rung_tokenizer_config how = {.vocab_size = corpus->config.vocab_size};
            rung_status status = join_texts(&all, &corpus->examples[RUNG_TRAIN], err);
            if (status == RUNG_OK)
                status = rung_tokenizer_train(tok, kind, &how,
                                              (rung_span){all.data, all.len}, err);
            rung_str_release(&all);
            RUNG_TRY(status);
        }
    }
    *out = rung_tokenizer_share(*tok);
    return RUNG_OK;
}

/* ---- Running words ---- */

static rung_status read_tales(rung_words *words, rung_runtime *rt,
                              const rung_words_config *config, rung_error *err)
{
    const rung_tales_config tales = RUNG_TALES_CONFIG_DEFAULT;
    rung_text text;
    RUNG_TRY(rung_tales_make(&text, &tales, err));
    const rung_span span = {text.bytes, text.size};
    const rung_status status = rung_words_from(words, rt, &span, 1, config, err);
    rung_text_release(&text);
    return status;
}

/* The words of the training texts as all rungs of labelled text see them; each text is a
 * line. */
static rung_status read_examples(rung_corpus *corpus, rung_runtime *rt,
                                 const rung_words_config *config, rung_error *err)
{
    const rung_examples *data = &corpus->examples[RUNG_TRAIN];
    rung_str all = {0};
    rung_status status = RUNG_OK;
    for (size_t i = 0; status == RUNG_OK && i < data->count; i++) {
        status = rung__words_add(&all, data->texts[i], err);
        rung_str_add(&all, "\n");
    }
    const rung_span span = {all.data, all.len};
    if (status == RUNG_OK)
        status = all.failed ? rung__out_of_memory(err, all.len, "the training texts")
                            : rung_words_from(&corpus->words, rt, &span, 1, config, err);
    rung_str_release(&all);
    if (status != RUNG_OK) rung_fail_within(err, "%s", corpus->names[RUNG_TRAIN]);
    return status;
}

static bool is_read_so(const rung_words *words, const rung_words_config *config)
{
    const rung_words_config *c = &words->config;
    return words->ids && c->min_count == config->min_count && c->lower == config->lower &&
           c->lines == config->lines;
}

rung_status rung_corpus_words(rung_corpus *corpus, rung_runtime *rt,
                              const rung_words_config *config, rung_error *err)
{
    rung_words *words = &corpus->words;
    if (is_read_so(words, config)) return RUNG_OK;
    rung_words_release(words);
    if (corpus->kind == RUNG_LABELLED) return read_examples(corpus, rt, config, err);
    RUNG_TRY(corpus->config.data
                 ? rung_words_read(words, rt, corpus->config.data, config, err)
                 : read_tales(words, rt, config, err));
    corpus->names[RUNG_TRAIN] = words->name;
    corpus->sha256[RUNG_TRAIN] = words->sha256;
    corpus->bytes[RUNG_TRAIN] = (size_t)words->bytes;
    corpus->tokens[RUNG_TRAIN].count = (size_t)words->n_all;
    return RUNG_OK;
}

/* ---- Tables ---- */

/* One part: of its own file, or of the cut of the data. */
static rung_status open_part(rung_corpus *c, int part, rung_table_config how,
                             rung_error *err)
{
    const char *path = path_of(&c->config, part);
    const rung_table *train = c->tables[RUNG_TRAIN];
    if (part != RUNG_TRAIN && !path) {
        how.part = part;
        if ((part == RUNG_VALID ? how.valid_share : how.test_share) == 0) return RUNG_OK;
    } else if (part != RUNG_TRAIN) {
        how.valid_share = how.test_share = 0;
    }
    c->names[part] = path;
    how.known_labels = part == RUNG_VALID; // nothing can be chosen by others
    return rung_table_open(&c->tables[part], path ? path : c->config.data, &how,
                           train ? rung_table_schema(train) : NULL, c->labels, err);
}

static rung_status open_table(rung_corpus *c, rung_runtime *rt,
                              const rung_corpus_config *config, rung_error *err)
{
    (void)rt;
    rung_table_config how = config->table;
    if (!config->data) return rung_fail(err, RUNG_USAGE, "a table: from which file?");
    if (strcmp(config->data, "-") == 0)
        return rung_fail(err, RUNG_USAGE, "a table is read more than once: name a file");
    if (!how.target) how.target = config->labelled.label_column;
    if (!how.delimiter) how.delimiter = config->labelled.delimiter;
    how.has_targets = true;
    how.seed = config->seed;
    how.valid_share = config->valid ? 0 : share_or(config->valid_share, 0.1);
    how.test_share = config->test ? 0 : share_or(config->test_share, 0.1);
    for (int p = 0; p < RUNG_PARTS; p++) {
        RUNG_TRY(open_part(c, p, how, err));
        if (p == RUNG_TRAIN && how.has_labels)
            c->labels = rung_labels_share(rung_table_labels(c->tables[p]));
        if (!path_of(config, p)) continue;
        RUNG_TRY(rung__stream_sha256(c->table_sha256[p], path_of(config, p), err));
        c->sha256[p] = c->table_sha256[p];
    }
    return RUNG_OK;
}

/* ---- All of them ---- */

rung_status rung_corpus_find_kind(rung_data_kind *kind, const rung_corpus_config *config,
                                  rung_error *err)
{
    static const rung_data_kind forced[] = {RUNG_RAW, RUNG_RAW, RUNG_LABELLED, RUNG_TABLE,
                                            RUNG_WORDS};
    bool is_labelled = false, is_table = false;
    bool is_asked_for = config->labelled.format != RUNG_FORMAT_AUTO ||
                        config->labelled.text_column || config->labelled.label_column ||
                        config->labelled.number_columns;
    *kind = forced[config->kind];
    if (config->kind != RUNG_CORPUS_AUTO || !config->data) return RUNG_OK;
    is_table = config->table.target || config->table.format != RUNG_TABLE_AUTO;
    if (!is_table && !config->labelled.text_column && !config->labelled.number_columns)
        RUNG_TRY(rung_table_detect(&is_table, config->data, err));
    is_labelled = is_asked_for;
    if (!is_labelled && !is_table)
        RUNG_TRY(rung_labelled_detect(&is_labelled, config->data, err));
    *kind = is_table ? RUNG_TABLE : is_labelled ? RUNG_LABELLED : RUNG_RAW;
    return RUNG_OK;
}

static rung_status check_words(rung_corpus *c, rung_runtime *rt,
                               const rung_corpus_config *config, rung_error *err)
{
    (void)c, (void)rt; // it is read when a class says how
    if (!config->valid && !config->test) return RUNG_OK;
    return rung_fail(err, RUNG_USAGE,
                     "vectors of words are learned from all of the data: there is no "
                     "--valid and no --test");
}

static rung_status open_raw(rung_corpus *c, rung_runtime *rt,
                            const rung_corpus_config *config, rung_error *err)
{
    (void)rt;
    RUNG_TRY(read_texts(c, config, err));
    return tokenize(c, config, err);
}

rung_status rung_corpus_open(rung_corpus *corpus, rung_runtime *rt,
                             const rung_corpus_config *config, rung_tokenizer *tok,
                             rung_error *err)
{
    *corpus = (rung_corpus){.tokenizer = tok, .config = *config};
    rung_status status = rung_corpus_find_kind(&corpus->kind, config, err);
    static rung_status (*const open[])(rung_corpus *, rung_runtime *,
                                       const rung_corpus_config *, rung_error *) = {
        open_raw, open_labelled, check_words, open_table};
    if (status == RUNG_OK) status = open[corpus->kind](corpus, rt, config, err);
    if (status != RUNG_OK) rung_corpus_release(corpus);
    return status;
}

void rung_corpus_release(rung_corpus *corpus)
{
    rung_words_release(&corpus->words);
    for (int p = 0; p < RUNG_PARTS; p++) {
        rung_text_release(&corpus->texts[p]);
        rung_ids_free((int32_t *)corpus->tokens[p].ids);
        rung_labelled_release(&corpus->files[p]);
        rung__free((void *)corpus->examples[p].texts);
        rung__free((void *)corpus->examples[p].labels);
        rung_table_close(corpus->tables[p]);
        rung__free((void *)corpus->examples[p].first);
        rung__free((void *)corpus->examples[p].numbers);
    }
    rung_labels_free(corpus->labels);
    rung_tokenizer_free(corpus->tokenizer);
    *corpus = (rung_corpus){0};
}
