/* tales from within: the tables they are made of, and what is known of each tale. */
#ifndef RUNG_TEXT_TALES_H
#define RUNG_TEXT_TALES_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "rung/text.h"

/* ---- The tables (tales_tables.c) ---- */

#define RUNG__N_NAMES 48 /* even places: she, odd places: he */
#define RUNG__N_WORLDS 4
#define RUNG__N_ROOTS 16 /* four of the first world, four of the next, ... */
#define RUNG__ROOTS_A_WORLD (RUNG__N_ROOTS / RUNG__N_WORLDS)
#define RUNG__N_ENDINGS 5
#define RUNG__N_HOMONYMS 8
#define RUNG__N_THINGS 8
#define RUNG__N_SPOTS 4

/* A list of templates or words. */
typedef struct rung__list {
    const char *const *items;
    size_t n;
} rung__list;

/* Where a tale happens; it decides which things there are and what a homonym means. */
typedef struct rung__world {
    const char *where;                  /* "by the river" */
    const char *things[RUNG__N_THINGS]; /* what one may carry */
    const char *spots[RUNG__N_SPOTS];   /* what stays in its place */
} rung__world;

/* A word with two senses. The sentence is the same up to the word and beyond: only the
 * world, told at the beginning of the tale, decides how it goes on. */
typedef struct rung__homonym {
    const char *word;     /* "bank" */
    const char *sentence; /* up to the word: "{time} {he} went to the " */
    struct {
        int world;
        const char *rest; /* " and counted {number} coins." */
    } senses[2];
} rung__homonym;

extern const char *const rung__tale_names[RUNG__N_NAMES];
extern const rung__world rung__tale_worlds[RUNG__N_WORLDS];
extern const rung__homonym rung__tale_homonyms[RUNG__N_HOMONYMS];

/* A family is a root with each of the endings: pelker is to pelkery as varner is to
 * varnery, for all roots alike. */
extern const char *const rung__tale_roots[RUNG__N_ROOTS];
extern const char *const rung__tale_endings[RUNG__N_ENDINGS];
enum { RUNG__PERSON, RUNG__PLACE, RUNG__TOOL, RUNG__CRAFT, RUNG__GOODS };

/* Sentences by their part in a tale, with {slots}; and words that fill slots. */
extern const rung__list rung__tale_openings, rung__tale_friends, rung__tale_fillers,
    rung__tale_friend_fillers, rung__tale_losses, rung__tale_finds, rung__tale_recalls,
    rung__tale_friend_recalls, rung__tale_closings;
extern const rung__list rung__tale_times, rung__tale_tempers, rung__tale_looks,
    rung__tale_deeds, rung__tale_people, rung__tale_relatives, rung__tale_numbers,
    rung__tale_foods, rung__tale_drinks, rung__tale_colours;

/* ---- One tale ---- */

#define RUNG__MAX_RECALLS 8

/* A name that was given before stands here again. */
typedef struct rung__recall {
    int who;      /* 0: the hero, 1: the friend */
    size_t at;    /* where the name begins, in bytes of the text */
    int distance; /* tokens (words, marks) since the same name stood last */
} rung__recall;

/* A homonym stands here for the first time. */
typedef struct rung__mention {
    int homonym, sense;
    size_t at, end; /* what follows the word: bytes of the text */
} rung__mention;

/* What a tale is about: decided first, and then told. */
typedef struct rung__tale {
    int world;
    int names[2]; /* of the hero, of the friend; the friend's is -1 if there is none */
    int roots[2]; /* their families */
    rung__recall recalls[RUNG__MAX_RECALLS];
    int n_recalls;
    rung__mention mentions[RUNG__N_HOMONYMS];
    int n_mentions;
} rung__tale;

/* Appends tale `index` of the corpus of `seed` to `out`: one line and an empty one. */
void rung__tale_tell(rung__tale *tale, uint64_t seed, uint64_t index, rung_str *out);

/* Appends how a homonym goes on in this sense, as the tales do. */
void rung__tale_tell_sense(int homonym, int sense, uint64_t seed, uint64_t index,
                           rung_str *out);

/* ---- One labelled text (tales_tasks.c) ---- */

/* How many labels a task has, and which of them example `index` has. */
int rung__tale_labels(rung_tales_task task);
int rung__tale_label(rung_tales_task task, uint64_t seed, uint64_t index);

/* Appends the text of example `index` as it is with this label. */
void rung__tale_tell_task(rung_tales_task task, uint64_t seed, uint64_t index, int label,
                          rung_str *out);

#endif
