/* Running text as words. Each round fills some blocks with text, then the pool's threads
 * turn every block into ids of its own small vocabulary, and these vocabularies are
 * joined in the order of the blocks: a word gets a number when it is seen first. When all
 * is read the words are ranked, and the ids renumbered where they stand. */
#include "rung/words.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/runtime.h"
#include "base/str.h"
#include "base/stream.h"
#include "text/raw.h"
#include "text/unicode.h"
#include "text/wordlevel.h"

#define BLOCK_BYTES ((size_t)1 << 20)

/* Of a file, to judge whether it is text. */
#define FIRST_BYTES (BLOCK_BYTES / 4)

/* ---- Blocks of text ---- */

typedef struct block {
    char *text; /* [BLOCK_BYTES], owned */
    size_t size;
    size_t skip; /* bytes of its beginning that end a word too long for a block */
    rung_vocab words;
    int32_t *ids; /* owned: ids of `words`, and line ends */
    size_t n, cap;
    int64_t n_all, n_long;
    rung_status status;
    rung_error err;
} block;

/* Where blocks come from: files one after another, or texts in memory. */
typedef struct source {
    const char *name;
    rung__paths paths;
    size_t next_path, n_taken;     /* of n_taken files some text was taken */
    rung__stream *stream;          /* the open file, or NULL */
    bool is_begun;                 /* something of the open file was read */
    const rung_span *texts;        /* or these, [n_texts] */
    size_t n_texts, next_text, at; /* the next byte of the next text */
    char carry[BLOCK_BYTES];       /* the begin of a word that goes on */
    size_t n_carry;
    bool is_cut;    /* the last block ended within a word */
    rung_error why; /* why the first file that is no text is none */
} source;

/* Appends from texts; each ends a line. */
static size_t read_texts(source *s, char *to, size_t room)
{
    size_t n = 0;
    while (s->next_text < s->n_texts && n < room) {
        const rung_span t = s->texts[s->next_text];
        const size_t left = t.size - s->at, part = left < room - n ? left : room - n;
        if (part) memcpy(to + n, t.bytes + s->at, part);
        n += part, s->at += part;
        if (s->at < t.size || n == room) break;
        to[n++] = '\n';
        s->next_text++, s->at = 0;
    }
    return n;
}

/* Appends from the open file until there is no room; *ended: the file has ended. */
static rung_status read_stream(source *s, char *to, size_t room, size_t *n, bool *ended,
                               rung_error *err)
{
    size_t got = 1;
    while (*n < room && got) {
        RUNG_TRY(rung__stream_read(s->stream, to + *n, room - *n, &got, err));
        *n += got;
    }
    *ended = got == 0;
    if (s->is_begun) return RUNG_OK;
    const char *path = s->paths.paths[s->next_path - 1];
    s->is_begun = true;
    if (rung__text_check(path, to, *n, err) == RUNG_OK) {
        s->n_taken++;
        return RUNG_OK;
    }
    if (s->paths.n == 1 && !strcmp(path, s->name)) return RUNG_INPUT;
    if (!s->why.message[0] && err) s->why = *err;
    *n = 0; // a folder's files that are no text are passed over
    *ended = true;
    return RUNG_OK;
}

static rung_status read_files(source *s, block *b, rung_error *err)
{
    const size_t room = BLOCK_BYTES - 1; // a line end may have to be added
    while (b->size < room) {
        if (!s->stream) {
            if (s->next_path == s->paths.n || room - b->size < FIRST_BYTES)
                return RUNG_OK;
            RUNG_TRY(rung__stream_open(&s->stream, s->paths.paths[s->next_path++], err));
            s->is_begun = false;
        }
        size_t n = 0;
        bool ended;
        RUNG_TRY(read_stream(s, b->text + b->size, room - b->size, &n, &ended, err));
        b->size += n;
        if (!ended) continue;
        rung__stream_close(s->stream);
        s->stream = NULL;
        if (b->size && b->text[b->size - 1] != '\n') b->text[b->size++] = '\n';
    }
    return RUNG_OK;
}

/* Fills a block; its size is 0 at the end. It ends between words unless all of it is
 * one. */
static rung_status fill(source *s, block *b, rung_error *err)
{
    memcpy(b->text, s->carry, s->n_carry);
    b->size = s->n_carry;
    b->skip = s->n_carry = 0;
    if (s->texts)
        b->size += read_texts(s, b->text + b->size, BLOCK_BYTES - b->size);
    else
        RUNG_TRY(read_files(s, b, err));
    if (s->is_cut)
        while (b->skip < b->size && !rung__is_space(b->text[b->skip])) b->skip++;
    const bool is_last = b->size < BLOCK_BYTES - 1;
    size_t end = b->size;
    while (!is_last && end > b->skip && !rung__is_space(b->text[end - 1])) end--;
    const bool was_cut = s->is_cut;
    s->is_cut = end == b->skip && b->size > 0 && !is_last;
    if (s->is_cut) {
        if (!was_cut) b->n_all++, b->n_long++;
        b->skip = b->size;
        return RUNG_OK;
    }
    s->n_carry = b->size - end;
    memcpy(s->carry, b->text + end, s->n_carry);
    b->size = end;
    return RUNG_OK;
}

static void release_source(source *s)
{
    if (!s) return;
    rung__stream_close(s->stream);
    rung__paths_release(&s->paths);
    rung__free(s);
}

/* ---- A block's ids ---- */

static rung_status add_id(block *b, int32_t id, rung_error *err)
{
    if (b->n == b->cap) {
        const size_t cap = 2 * b->cap + BLOCK_BYTES / 8;
        int32_t *ids = rung__realloc(b->ids, cap * sizeof *ids);
        if (!ids) return rung__out_of_memory(err, cap * sizeof *ids, "ids of words");
        b->ids = ids, b->cap = cap;
    }
    b->ids[b->n++] = id;
    return RUNG_OK;
}

static rung_status number_words(block *b, bool lines, rung_error *err)
{
    const char *p = b->text + b->skip, *end = b->text + b->size;
    int32_t id;
    for (;;) {
        const char *before = p;
        const rung_span word = rung__word_next(&p, end);
        if (lines && memchr(before, '\n', (size_t)(word.bytes - before)))
            RUNG_TRY(add_id(b, RUNG_LINE_END, err));
        if (word.size == 0) return RUNG_OK;
        b->n_all++;
        if (word.size > RUNG_WORD_BYTES) {
            b->n_long++;
            continue;
        }
        RUNG_TRY(rung__vocab_enter(&b->words, word.bytes, word.size, 1, &id, err));
        RUNG_TRY(add_id(b, id, err));
    }
}

/* ---- All of it ---- */

typedef struct reading {
    const rung_words_config *config;
    rung_words *words;
    rung_vocab all; /* in the order in which words were seen */
    size_t cap;     /* of words->ids */
    block *blocks;  /* [n_blocks], owned */
    size_t n_blocks, n_full;
    rung_sha256 hash;
    rung_str word; /* scratch */
    int32_t *map;  /* scratch [n_map], owned */
    size_t n_map;
} reading;

/* Task 0 hashes the round's text, the others number its words. */
static void do_task(void *ctx, int64_t task, int worker)
{
    reading *r = ctx;
    (void)worker;
    if (task > 0) {
        block *b = &r->blocks[task - 1];
        b->status = number_words(b, r->config->lines, &b->err);
        return;
    }
    for (size_t i = 0; i < r->n_full; i++)
        rung_sha256_add(&r->hash, r->blocks[i].text, r->blocks[i].size);
}

static rung_status map_room(reading *r, size_t n, rung_error *err)
{
    if (n <= r->n_map) return RUNG_OK;
    rung__free(r->map);
    r->n_map = 2 * n;
    r->map = rung__alloc_array(r->n_map, sizeof *r->map);
    if (r->map) return RUNG_OK;
    r->n_map = 0;
    return rung__out_of_memory(err, 2 * n * sizeof *r->map, "ids of words");
}

/* Enters a block's words into those of all blocks. */
static rung_status join_words(reading *r, const block *b, rung_error *err)
{
    RUNG_TRY(map_room(r, b->words.n + 1, err));
    for (size_t i = 0; i < b->words.n; i++) {
        rung_span s = rung__vocab_get(&b->words, i);
        if (r->config->lower || memchr(s.bytes, '\0', s.size) ||
            rung__utf8_count_invalid(s.bytes, s.size)) {
            r->word.len = 0;
            rung__word_add(&r->word, s, r->config->lower);
            if (r->word.failed) return rung__out_of_memory(err, s.size, "a word");
            s = (rung_span){r->word.data, r->word.len};
        }
        RUNG_TRY(rung__vocab_enter(&r->all, s.bytes, s.size, b->words.counts[i],
                                   &r->map[i], err));
    }
    return RUNG_OK;
}

static rung_status join_block(reading *r, block *b, rung_error *err)
{
    rung_words *w = r->words;
    if (b->status != RUNG_OK) {
        if (err) *err = b->err;
        return b->status;
    }
    RUNG_TRY(join_words(r, b, err));
    if (w->count + b->n > r->cap) {
        const size_t cap = 2 * r->cap + b->n;
        int32_t *ids = rung__realloc(w->ids, cap * sizeof *ids);
        if (!ids) return rung__out_of_memory(err, cap * sizeof *ids, "the text's words");
        w->ids = ids, r->cap = cap;
    }
    for (size_t i = 0; i < b->n; i++)
        w->ids[w->count + i] = b->ids[i] < 0 ? RUNG_LINE_END : r->map[b->ids[i]];
    w->count += b->n;
    w->n_all += b->n_all;
    w->n_long += b->n_long;
    w->bytes += (int64_t)b->size;
    rung__vocab_release(&b->words);
    b->n = 0, b->n_all = b->n_long = 0;
    return RUNG_OK;
}

/* One round; *more says whether there may be another. */
static rung_status read_round(reading *r, source *s, rung_pool *pool, bool *more,
                              rung_error *err)
{
    r->n_full = 0;
    *more = true;
    while (*more && r->n_full < r->n_blocks) {
        block *b = &r->blocks[r->n_full];
        RUNG_TRY(fill(s, b, err));
        *more = b->size > 0;
        r->n_full += *more;
    }
    rung_pool_run(pool, (int64_t)r->n_full + 1, do_task, r);
    for (size_t i = 0; i < r->n_full; i++) RUNG_TRY(join_block(r, &r->blocks[i], err));
    return RUNG_OK;
}

static rung_status make_blocks(reading *r, const rung_pool *pool, rung_error *err)
{
    r->n_blocks = 2 * (size_t)rung_pool_threads(pool);
    r->blocks = rung__alloc_array(r->n_blocks, sizeof *r->blocks);
    for (size_t i = 0; r->blocks && i < r->n_blocks; i++) {
        r->blocks[i].text = rung__alloc(BLOCK_BYTES);
        if (!r->blocks[i].text)
            return rung__out_of_memory(err, BLOCK_BYTES, "blocks of text");
    }
    return r->blocks ? RUNG_OK : rung__out_of_memory(err, r->n_blocks, "blocks of text");
}

/* From numbers in the order of appearance to ranks; rare words go, and with them the line
 * ends that would follow another or come first. */
static rung_status renumber(reading *r, rung_error *err)
{
    rung_words *w = r->words;
    RUNG_TRY(rung__wordlevel_new(&w->vocabulary, &r->all, r->config->min_count,
                                 r->config->lower, err));
    const rung_vocab *ranked = rung__wordlevel_words(w->vocabulary);
    w->counts = ranked->counts;
    RUNG_TRY(map_room(r, r->all.n, err));
    for (size_t i = 0; i < r->all.n; i++) {
        const rung_span s = rung__vocab_get(&r->all, i);
        r->map[i] = rung__vocab_find(ranked, s.bytes, s.size);
    }
    size_t n = 0;
    for (size_t i = 0; i < w->count; i++) {
        const bool ends_line = w->ids[i] == RUNG_LINE_END;
        const int32_t id = ends_line ? RUNG_LINE_END : r->map[w->ids[i]];
        if (id < 0 && (!ends_line || n == 0 || w->ids[n - 1] == RUNG_LINE_END)) continue;
        w->ids[n++] = id;
        w->n_words += !ends_line;
    }
    w->count = n;
    return RUNG_OK;
}

static rung_status check_words(const reading *r, const source *s, rung_error *err)
{
    const rung_words *w = r->words;
    if (!s->texts && s->n_taken == 0)
        return rung_fail(err, RUNG_INPUT,
                         "folder '%s' has no text among its %zu files%s%s", s->name,
                         s->paths.n, s->why.message[0] ? ": " : "", s->why.message);
    if (r->all.n == 0)
        return rung_fail(err, RUNG_INPUT, "'%s' has no words%s", s->name,
                         w->n_long ? " of less than 1,000 bytes" : "");
    if (rung_tokenizer_size(w->vocabulary) == 0)
        return rung_fail(err, RUNG_INPUT,
                         "'%s': of %zu different words none occurs %lld times: lower "
                         "--min-count",
                         s->name, r->all.n, (long long)r->config->min_count);
    return RUNG_OK;
}

static rung_status read_all(reading *r, source *s, rung_pool *pool, rung_error *err)
{
    RUNG_TRY(make_blocks(r, pool, err));
    for (bool more = true; more;) RUNG_TRY(read_round(r, s, pool, &more, err));
    RUNG_TRY(renumber(r, err));
    RUNG_TRY(check_words(r, s, err));
    rung_sha256_hex(&r->hash, r->words->sha256);
    r->words->name = rung__strdup(s->name);
    return r->words->name ? RUNG_OK : rung__out_of_memory(err, 0, "a text's name");
}

static void release_reading(reading *r)
{
    for (size_t i = 0; r->blocks && i < r->n_blocks; i++) {
        rung__free(r->blocks[i].text);
        rung__free(r->blocks[i].ids);
        rung__vocab_release(&r->blocks[i].words);
    }
    rung__free(r->blocks);
    rung__vocab_release(&r->all);
    rung_str_release(&r->word);
    rung__free(r->map);
}

/* Takes the source. */
static rung_status read_source(rung_words *words, rung_runtime *rt, source *s,
                               const rung_words_config *config, rung_error *err)
{
    *words = (rung_words){.config = *config};
    reading r = {.config = config, .words = words};
    rung_sha256_init(&r.hash);
    const rung_status status = read_all(&r, s, rt->pool, err);
    release_reading(&r);
    release_source(s);
    rung__alloc_trim();
    if (status != RUNG_OK)
        rung_words_release(words);
    else if (words->n_long)
        rung_log(rt, RUNG_LOG_WARN, "'%s': %lld words of more than %d bytes left out",
                 words->name, (long long)words->n_long, RUNG_WORD_BYTES);
    return status;
}

rung_status rung_words_read(rung_words *words, rung_runtime *rt, const char *path,
                            const rung_words_config *config, rung_error *err)
{
    source *s = rung__alloc(sizeof *s);
    if (!s) return rung__out_of_memory(err, sizeof *s, path);
    s->name = path;
    const rung_status status = rung__text_paths(&s->paths, path, err);
    if (status == RUNG_OK) return read_source(words, rt, s, config, err);
    release_source(s);
    return status;
}

rung_status rung_words_from(rung_words *words, rung_runtime *rt, const rung_span *texts,
                            size_t n, const rung_words_config *config, rung_error *err)
{
    source *s = rung__alloc(sizeof *s);
    if (!s) return rung__out_of_memory(err, sizeof *s, "texts");
    s->name = "texts", s->texts = texts, s->n_texts = n;
    return read_source(words, rt, s, config, err);
}

void rung_words_forget_ids(rung_words *words)
{
    rung__free(words->ids);
    words->ids = NULL;
    words->count = 0;
}

void rung_words_release(rung_words *words)
{
    rung_words_forget_ids(words);
    rung__free(words->name);
    rung_tokenizer_free(words->vocabulary);
    *words = (rung_words){0};
}
