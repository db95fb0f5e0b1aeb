/* Recall by distance and the sense of homonyms, on tales that no corpus holds.
 *
 * Each probe is a choice between two texts that are the same up to a place: how the tale
 * goes on, and how it might. What might stand there is drawn as what does, so who sees
 * only a part that is the same for both has 1/2: names evenly from those of one gender,
 * and the tale's sense and the other one as often each, for each homonym. */
#include "rung/sight.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"
#include "ladder/rows.h"
#include "text/tales.h"

enum {
    RECALLS = 64, /* of each octave */
    SENSES = 12,  /* of each sense of each homonym */
    N_OCTAVES = RUNG_SIGHT_OCTAVES,
    N_CELLS = 2 * RUNG__N_HOMONYMS,
    N_PROBES = N_OCTAVES * RECALLS + N_CELLS * SENSES,
    MOST_TALES = 4000
};

static const uint64_t FIRST_TALE = (uint64_t)1 << 32; /* beyond those of any corpus */

typedef struct probe {
    int32_t *ids[2]; /* how it goes on, how it might; owned */
    size_t n[2];
    size_t from; /* where they begin to differ */
    int octave;  /* of the distance; -1: a homonym */
} probe;

typedef struct collector {
    const rung_tokenizer *tok;
    probe *probes; /* [N_PROBES], owned */
    size_t n_probes;
    int n_recalls[N_OCTAVES], n_senses[N_CELLS]; /* so far */
    rung_tales_config tales;
    uint64_t tale; /* the index */
} collector;

static void collector_release(collector *c)
{
    for (size_t i = 0; c->probes && i < N_PROBES; i++) {
        rung_ids_free(c->probes[i].ids[0]);
        rung_ids_free(c->probes[i].ids[1]);
    }
    rung__free(c->probes);
}

/* ---- One probe ---- */

/* Adds the choice between `real` and `other` behind `begin`. */
static rung_status add_probe(collector *c, rung_span begin, rung_span real,
                             rung_span other, int octave, rung_error *err)
{
    probe *p = &c->probes[c->n_probes++];
    const rung_span ends[2] = {real, other};
    p->octave = octave;
    for (int k = 0; k < 2; k++) {
        rung_str text = {0}; // tales stand between empty lines
        rung_str_add(&text, "\n\n");
        rung_str_add_bytes(&text, begin.bytes, begin.size);
        rung_str_add_bytes(&text, ends[k].bytes, ends[k].size);
        const rung_span whole = {text.data, text.len};
        rung_status status =
            text.failed ? rung__out_of_memory(err, whole.size, "a probe")
                        : rung_tokenizer_encode(c->tok, whole, &p->ids[k], &p->n[k], err);
        rung_str_release(&text);
        RUNG_TRY(status);
    }
    while (p->ids[0][p->from] == p->ids[1][p->from]) p->from++;
    assert(p->from > 0 && p->from < p->n[0] && p->from < p->n[1]); // no prefixes
    return RUNG_OK;
}

/* A name of the same gender that the tale does not know. */
static const char *other_name(const collector *c, const rung__tale *tale, int i)
{
    const int right = tale->names[tale->recalls[i].who];
    rung_rng rng = rung_rng_make(rung_rng_key(c->tales.seed, "other name",
                                              c->tale * RUNG__MAX_RECALLS + (uint64_t)i));
    int name;
    do {
        name = right % 2 + 2 * (int)rung_rng_below(&rng, RUNG__N_NAMES / 2);
    } while (name == tale->names[0] || name == tale->names[1]);
    return rung__tale_names[name];
}

static int octave_of(int distance)
{
    int octave = 0;
    while (octave < N_OCTAVES - 1 && distance >= 8 << octave) octave++;
    return octave;
}

static rung_status add_recalls(collector *c, const rung__tale *tale, const char *text,
                               rung_error *err)
{
    for (int i = 0; i < tale->n_recalls; i++) {
        const rung__recall *r = &tale->recalls[i];
        const int octave = octave_of(r->distance);
        if (c->n_recalls[octave] == RECALLS) continue;
        c->n_recalls[octave]++;
        const char *name = rung__tale_names[tale->names[r->who]];
        const char *other = other_name(c, tale, i);
        RUNG_TRY(add_probe(c, (rung_span){text, r->at}, (rung_span){name, strlen(name)},
                           (rung_span){other, strlen(other)}, octave, err));
    }
    return RUNG_OK;
}

static rung_status add_senses(collector *c, const rung__tale *tale, const char *text,
                              rung_error *err)
{
    for (int i = 0; i < tale->n_mentions; i++) {
        const rung__mention *m = &tale->mentions[i];
        if (c->n_senses[2 * m->homonym + m->sense] == SENSES) continue;
        c->n_senses[2 * m->homonym + m->sense]++;
        rung_str other = {0};
        rung__tale_tell_sense(m->homonym, !m->sense, c->tales.seed,
                              c->tale * RUNG__N_HOMONYMS + (uint64_t)i, &other);
        rung_status status = other.failed
                                 ? rung__out_of_memory(err, other.len, "a probe")
                                 : add_probe(c, (rung_span){text, m->at},
                                             (rung_span){text + m->at, m->end - m->at},
                                             (rung_span){other.data, other.len}, -1, err);
        rung_str_release(&other);
        RUNG_TRY(status);
    }
    return RUNG_OK;
}

/* ---- All probes ---- */

static rung_status collect(collector *c, rung_error *err)
{
    c->probes = rung__alloc_array(N_PROBES, sizeof *c->probes);
    if (!c->probes)
        return rung__out_of_memory(err, N_PROBES * sizeof *c->probes, "probes");
    for (int i = 0; i < MOST_TALES && c->n_probes < N_PROBES; i++) {
        rung__tale tale;
        rung_str text = {0};
        c->tale = FIRST_TALE + (uint64_t)i;
        rung__tale_tell(&tale, c->tales.seed, c->tale, &text);
        rung_status status = text.failed ? rung__out_of_memory(err, text.len, "a tale")
                                         : add_recalls(c, &tale, text.data, err);
        if (status == RUNG_OK) status = add_senses(c, &tale, text.data, err);
        rung_str_release(&text);
        RUNG_TRY(status);
    }
    return RUNG_OK;
}

/* ---- Choices ---- */

/* The end of ids that a model which sees `reach` tokens can be asked for. */
static rung__row row_of(const probe *p, int k, int64_t reach)
{
    const size_t n = p->n[k], most = (size_t)reach + 1;
    const size_t begin = n > most ? n - most : 0;
    return (rung__row){p->ids[k] + begin, p->from - begin, n - begin};
}

/* Whether what is asked for leaves half of what is seen to what was told before. */
static bool fits(const collector *c, int64_t reach)
{
    for (size_t i = 0; i < c->n_probes; i++)
        for (int k = 0; k < 2; k++)
            if (2 * (c->probes[i].n[k] - c->probes[i].from) > (size_t)reach) return false;
    return true;
}

/* Equal ones are right every other time. */
static bool is_right(const double nats[2], size_t i)
{
    return nats[0] < nats[1] || (!(nats[0] > nats[1]) && i % 2 == 0);
}

static void count(rung_sight *sight, const collector *c, const double *nats)
{
    for (size_t i = 0; i < c->n_probes; i++) {
        const int octave = c->probes[i].octave;
        rung_share *share = octave < 0 ? &sight->sense : &sight->recall[octave];
        *share = rung_share_of(share->right + is_right(nats + 2 * i, i), share->n + 1);
    }
}

static rung_status choose(rung_sight *sight, const rung_model *m, rung_runtime *rt,
                          const collector *c, rung_error *err)
{
    const size_t n = 2 * c->n_probes;
    rung__row *rows = rung__alloc_array(n, sizeof *rows);
    double *nats = rung__alloc_array(n, sizeof *nats);
    rung_status status =
        rows && nats ? RUNG_OK : rung__out_of_memory(err, n * sizeof *rows, "probes");
    for (size_t i = 0; status == RUNG_OK && i < n; i++)
        rows[i] = row_of(&c->probes[i / 2], (int)(i % 2), sight->reach);
    if (status == RUNG_OK) status = rung__rows_score(m, rt, rows, n, nats, err);
    if (status == RUNG_OK) count(sight, c, nats);
    rung__free(rows);
    rung__free(nats);
    return status;
}

rung_status rung_sight_tales(rung_sight *sight, const rung_model *m, rung_runtime *rt,
                             int64_t context, rung_error *err)
{
    const double start = rung__now_seconds();
    collector c = {.tok = m->tokenizer, .tales = RUNG_TALES_CONFIG_DEFAULT};
    if (context < 1) context = m->context;
    sight->reach = m->max_context ? m->max_context : 4 * context;
    memset(sight->recall, 0, sizeof sight->recall);
    sight->sense = (rung_share){0};
    rung_status status = collect(&c, err);
    if (!fits(&c, sight->reach)) sight->reach = 0;
    if (status == RUNG_OK && sight->reach > 0) status = choose(sight, m, rt, &c, err);
    collector_release(&c);
    sight->seconds += rung__now_seconds() - start;
    return status;
}
