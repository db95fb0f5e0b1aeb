/* Who tells: fills the slots of sentences with what a tale is about. Stories (tales.c)
 * and labelled texts (tales_tasks.c) are told by it. */
#ifndef RUNG_TEXT_TELLER_H
#define RUNG_TEXT_TELLER_H

#include <stdbool.h>

#include "base/rng.h"
#include "text/tales.h"

enum { RUNG__HERO, RUNG__FRIEND, RUNG__OTHER };

/* A tale while it is told. */
typedef struct rung__teller {
    rung__tale *tale;
    rung_rng rng;
    rung_str *out;
    size_t counted;    /* bytes of the text whose tokens are counted in */
    int n_tokens;      /* this: words and marks since the tale began */
    bool in_word;      /* what was counted last is part of a word */
    int last_token[2]; /* where each name stood last; -1: not yet */
    int other_root;    /* of the family that the sentence compares with */
    int n_sentences;
    bool is_lost;          /* something was lost and not yet found: */
    const char *lost_look; /* what it looks like */
    const char *lost_thing;
    const rung__homonym *last_homonym;
    const char *word;   /* what {word} says: a task's own */
    size_t last_filler; /* so that none comes twice in a row */
} rung__teller;

/* Begins to append to `out`, with the random numbers of (seed, name, index). */
void rung__teller_begin(rung__teller *t, rung__tale *tale, uint64_t seed,
                        const char *name, uint64_t index, rung_str *out);

/* Below n. */
size_t rung__teller_draw(rung__teller *t, size_t n);
const char *rung__teller_pick(rung__teller *t, const rung__list *list);
/* Another root of the same world. */
int rung__teller_other_root(rung__teller *t, int root);

/* Tokens told so far, and those of a template before the name in it; other slots are
 * taken for one token. */
int rung__teller_tokens(rung__teller *t);
int rung__teller_tokens_before(const char *template, const char *name_slot);

/* Tells a template, each slot filled; a sentence is one after a blank, if it is not the
 * first. */
void rung__teller_tell(rung__teller *t, const char *template);
void rung__teller_sentence(rung__teller *t, const char *template);
/* Something that happens meanwhile, without names: any but what was told last. */
void rung__teller_filler(rung__teller *t);

#endif
