/* tales: the built-in corpus. Small stories with known structure:
 *
 * - A name is given at the beginning and needed again at controlled distances, drawn
 * evenly from the octaves 4 ... 8, 8 ... 16, up to 128 ... 224 tokens. In between nobody
 * is called by name. In some tales there is a friend as well: then a name follows from
 * the craft of who bears it. - Each craft is a family of words, the same root with the
 * same endings. The root follows from the beginning of the tale, the ending from the
 * sentence. - What is lost is found again. - A homonym goes on according to where the
 * tale happens. - Pronouns follow from the name.
 *
 * So counts of single words learn the least, pairs of neighbours the sentences, and only
 * who remembers the beginning can know the names. Tale i is a function of the seed and i
 * alone: a longer corpus begins with the shorter one. All arithmetic is in integers. */
#include "text/tales.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "rung/text.h"
#include "text/raw.h"

#define N_OCTAVES 6
#define LEAST_DISTANCE 4    /* tokens: the first octave is 4 ... 7 */
#define MOST_DISTANCE 224   /* with the sentence that reaches it at most 256 */
#define LONGEST_SILENCE 190 /* tokens; then who is not to be named next is named first */
#define MOST_RECALLS 4      /* besides the closing sentence */
#define MOST_TRIES 8        /* for a sentence that does not name too late */
#define ROOTS_A_WORLD (RUNG__N_ROOTS / RUNG__N_WORLDS)

/* A tale while it is told. */
typedef struct teller {
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
    size_t last_filler; /* so that none comes twice in a row */
} teller;

static size_t draw(teller *t, size_t n)
{
    return (size_t)rung_rng_below(&t->rng, n);
}

static const char *pick(teller *t, const rung__list *list)
{
    return list->items[draw(t, list->n)];
}

/* ---- Tokens ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Counts the tokens of `text`, going on from a text before it: words and single marks. */
static int count_tokens(const char *text, size_t size, bool *in_word)
{
    int n = 0;
    for (size_t i = 0; i < size; i++) {
        const bool letter = is_letter(text[i]);
        n += letter ? !*in_word : text[i] != ' ';
        *in_word = letter;
    }
    return n;
}

/* Tokens told so far. */
static int tokens_told(teller *t)
{
    if (t->out->failed) return t->n_tokens; // what is told now is not kept
    t->n_tokens +=
        count_tokens(t->out->data + t->counted, t->out->len - t->counted, &t->in_word);
    t->counted = t->out->len;
    return t->n_tokens;
}

/* Tokens of a template before the name in it; other slots are taken for one token. */
static int tokens_before(const char *template, const char *name_slot)
{
    const char *end = strstr(template, name_slot);
    assert(end);
    int n = 0;
    bool in_word = false, in_slot = false;
    for (const char *p = template; p < end; p++) {
        if (*p == '{') n++;
        in_slot = *p == '{' || (in_slot && *p != '}');
        if (!in_slot && *p != '}') n += count_tokens(p, 1, &in_word);
    }
    return n;
}

/* ---- Slots ---- */

/* {name}: how it is told. */
typedef struct slot {
    const char *name;
    void (*tell)(teller *t, const struct slot *s);
    int who;                 /* HERO, FRIEND or OTHER */
    int ending;              /* RUNG__PERSON ... of their family */
    const char *he, *she;    /* a pronoun of the hero */
    const rung__list *words; /* any of these */
} slot;

enum { HERO, FRIEND, OTHER };

static void tell_name(teller *t, const slot *s)
{
    rung__tale *tale = t->tale;
    const int token = tokens_told(t), last = t->last_token[s->who];
    if (last >= 0 && tale->n_recalls < RUNG__MAX_RECALLS) {
        tale->recalls[tale->n_recalls++] =
            (rung__recall){s->who, t->out->len, token - last};
    }
    t->last_token[s->who] = token;
    rung_str_add(t->out, rung__tale_names[tale->names[s->who]]);
}

static void tell_pronoun(teller *t, const slot *s)
{
    const bool is_she = t->tale->names[HERO] % 2 == 0;
    rung_str_add(t->out, is_she ? s->she : s->he);
}

static void tell_family(teller *t, const slot *s)
{
    const int root = s->who == OTHER ? t->other_root : t->tale->roots[s->who];
    rung_str_add(t->out, rung__tale_roots[root]);
    rung_str_add(t->out, rung__tale_endings[s->ending]);
}

static void tell_any(teller *t, const slot *s)
{
    rung_str_add(t->out, pick(t, s->words));
}

static void tell_where(teller *t, const slot *s)
{
    (void)s;
    rung_str_add(t->out, rung__tale_worlds[t->tale->world].where);
}

static void tell_thing(teller *t, const slot *s)
{
    (void)s;
    rung_str_add(t->out,
                 rung__tale_worlds[t->tale->world].things[draw(t, RUNG__N_THINGS)]);
}

static void tell_spot(teller *t, const slot *s)
{
    (void)s;
    rung_str_add(t->out, rung__tale_worlds[t->tale->world].spots[draw(t, RUNG__N_SPOTS)]);
}

static void tell_lost_look(teller *t, const slot *s)
{
    (void)s;
    if (!t->is_lost) t->lost_look = pick(t, &rung__tale_looks);
    rung_str_add(t->out, t->lost_look);
}

static void tell_lost_thing(teller *t, const slot *s)
{
    (void)s;
    const rung__world *world = &rung__tale_worlds[t->tale->world];
    if (!t->is_lost) t->lost_thing = world->things[draw(t, RUNG__N_THINGS)];
    rung_str_add(t->out, t->lost_thing);
}

static const slot slots[] = {
    {"name", tell_name, .who = HERO},
    {"friend", tell_name, .who = FRIEND},
    {"He", tell_pronoun, .he = "He", .she = "She"},
    {"he", tell_pronoun, .he = "he", .she = "she"},
    {"him", tell_pronoun, .he = "him", .she = "her"},
    {"His", tell_pronoun, .he = "His", .she = "Her"},
    {"his", tell_pronoun, .he = "his", .she = "her"},
    {"person", tell_family, .who = HERO, .ending = RUNG__PERSON},
    {"place", tell_family, .who = HERO, .ending = RUNG__PLACE},
    {"tool", tell_family, .who = HERO, .ending = RUNG__TOOL},
    {"craft", tell_family, .who = HERO, .ending = RUNG__CRAFT},
    {"goods", tell_family, .who = HERO, .ending = RUNG__GOODS},
    {"friend person", tell_family, .who = FRIEND, .ending = RUNG__PERSON},
    {"friend place", tell_family, .who = FRIEND, .ending = RUNG__PLACE},
    {"friend tool", tell_family, .who = FRIEND, .ending = RUNG__TOOL},
    {"friend craft", tell_family, .who = FRIEND, .ending = RUNG__CRAFT},
    {"other person", tell_family, .who = OTHER, .ending = RUNG__PERSON},
    {"other place", tell_family, .who = OTHER, .ending = RUNG__PLACE},
    {"other tool", tell_family, .who = OTHER, .ending = RUNG__TOOL},
    {"other craft", tell_family, .who = OTHER, .ending = RUNG__CRAFT},
    {"where", .tell = tell_where},
    {"thing", .tell = tell_thing},
    {"spot", .tell = tell_spot},
    {"lost look", .tell = tell_lost_look},
    {"lost thing", .tell = tell_lost_thing},
    {"time", tell_any, .words = &rung__tale_times},
    {"temper", tell_any, .words = &rung__tale_tempers},
    {"look", tell_any, .words = &rung__tale_looks},
    {"did", tell_any, .words = &rung__tale_deeds},
    {"someone", tell_any, .words = &rung__tale_people},
    {"relative", tell_any, .words = &rung__tale_relatives},
    {"number", tell_any, .words = &rung__tale_numbers},
    {"food", tell_any, .words = &rung__tale_foods},
    {"drink", tell_any, .words = &rung__tale_drinks},
    {"colour", tell_any, .words = &rung__tale_colours},
};

/* The slot whose name ends at the brace after `name`. */
static const slot *slot_of(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        const char *known = slots[i].name;
        if (*known != *name || strncmp(known, name, size) != 0) continue;
        if (known[size] == '\0') return &slots[i];
    }
    assert(!"a slot of this name");
    return NULL;
}

/* Tells a template, each slot filled. */
static void tell(teller *t, const char *template)
{
    for (const char *open; (open = strchr(template, '{'));) {
        rung_str_add_bytes(t->out, template, (size_t)(open - template));
        const char *close = strchr(open, '}');
        const slot *s = slot_of(open + 1, (size_t)(close - open - 1));
        s->tell(t, s);
        template = close + 1;
    }
    rung_str_add(t->out, template);
}

/* ---- Sentences ---- */

/* Another root of the same world. */
static int other_root_than(teller *t, int root)
{
    const int world = root / ROOTS_A_WORLD;
    return world * ROOTS_A_WORLD +
           (root + 1 + (int)draw(t, ROOTS_A_WORLD - 1)) % ROOTS_A_WORLD;
}

/* A sentence, after a blank if it is not the first. */
static void tell_sentence(teller *t, const char *template)
{
    t->other_root = other_root_than(t, t->tale->roots[HERO]);
    if (t->n_sentences++ > 0) rung_str_add(t->out, " ");
    tell(t, template);
}

/* One of the homonyms that have a sense in the tale's world, but not the one before. */
static void tell_homonym(teller *t)
{
    const rung__homonym *h;
    int sense;
    do {
        h = &rung__tale_homonyms[draw(t, RUNG__N_HOMONYMS)];
        sense = h->senses[0].world == t->tale->world ? 0 : 1;
    } while (h->senses[sense].world != t->tale->world || h == t->last_homonym);
    t->last_homonym = h;
    tell_sentence(t, h->sentence);
    rung_str_add(t->out, h->word);
    tell(t, h->senses[sense].rest);
}

static void tell_loss_or_find(teller *t)
{
    tell_sentence(t, pick(t, t->is_lost ? &rung__tale_finds : &rung__tale_losses));
    t->is_lost = !t->is_lost;
}

/* Something that happens meanwhile, without names. */
static void tell_filler(teller *t)
{
    const size_t kind = draw(t, 10);
    if (kind < 2) {
        tell_homonym(t);
    } else if (kind < 3) {
        tell_loss_or_find(t);
    } else if (kind < 5 && t->last_token[FRIEND] >= 0) {
        tell_sentence(t, pick(t, &rung__tale_friend_fillers));
    } else {
        const size_t n = rung__tale_fillers.n; // any but the one before
        t->last_filler = (t->last_filler + 1 + draw(t, n - 1)) % n;
        tell_sentence(t, rung__tale_fillers.items[t->last_filler]);
    }
}

/* The sentences that name `who`. */
static const rung__list *recalls_of(int who)
{
    return who == HERO ? &rung__tale_recalls : &rung__tale_friend_recalls;
}

/* Tokens since a name stood last; 0 if it is not yet given. */
static int silence(teller *t, int who)
{
    return t->last_token[who] < 0 ? 0 : tokens_told(t) - t->last_token[who];
}

/* Goes on until the name, told by one of `sentences`, stands `distance` tokens after it
 * stood last, or a sentence farther. */
static void tell_recall(teller *t, int who, const rung__list *sentences, int distance)
{
    const char *sentence, *name_slot = who == HERO ? "{name}" : "{friend}";
    int ahead, n_tries = 0;
    do {
        sentence = pick(t, sentences);
        ahead = tokens_before(sentence, name_slot);
    } while (silence(t, who) + ahead > distance && ++n_tries < MOST_TRIES);
    const int other = who == HERO ? FRIEND : HERO;
    while (!t->out->failed && silence(t, who) + ahead < distance) {
        if (silence(t, other) > LONGEST_SILENCE)
            tell_sentence(t, pick(t, recalls_of(other)));
        else
            tell_filler(t);
    }
    tell_sentence(t, sentence);
}

/* Even over the octaves, and within each; the shortest distances twice as often, for the
 * sentence before is often too long for them. */
static int draw_distance(teller *t)
{
    const size_t octave = draw(t, N_OCTAVES + 1);
    const int least = LEAST_DISTANCE << (octave > 0 ? octave - 1 : 0);
    const int distance = least + (int)draw(t, (size_t)least);
    return distance < MOST_DISTANCE ? distance : MOST_DISTANCE;
}

/* Some recalls of the hero, and of a friend if one comes in after the first. */
static void tell_recalls(teller *t)
{
    const int n_recalls = 1 + (int)draw(t, MOST_RECALLS);
    for (int i = 0; i < n_recalls; i++) {
        const int who = t->last_token[FRIEND] >= 0 && draw(t, 2) == 0 ? FRIEND : HERO;
        const int distance = draw_distance(t);
        tell_recall(t, who, recalls_of(who), distance);
        if (i == 0 && t->tale->names[FRIEND] >= 0)
            tell_sentence(t, pick(t, &rung__tale_friends));
    }
    tell_recall(t, HERO, &rung__tale_closings, draw_distance(t));
}

void rung__tale_tell(rung__tale *tale, uint64_t seed, uint64_t index, rung_str *out)
{
    teller t = {.tale = tale,
                .rng = rung_rng_make(rung_rng_key(seed, "tales", index)),
                .out = out,
                .counted = out->len,
                .last_token = {-1, -1}};
    *tale = (rung__tale){0};
    tale->roots[HERO] = (int)draw(&t, RUNG__N_ROOTS);
    tale->roots[FRIEND] = other_root_than(&t, tale->roots[HERO]);
    tale->world = tale->roots[HERO] / ROOTS_A_WORLD;
    tale->names[HERO] = (int)draw(&t, RUNG__N_NAMES);
    tale->names[FRIEND] = -1;
    if (draw(&t, 2) == 0) {
        const size_t step = 1 + draw(&t, RUNG__N_NAMES - 1);
        tale->names[FRIEND] = (int)(((size_t)tale->names[HERO] + step) % RUNG__N_NAMES);
    }
    tell_sentence(&t, pick(&t, &rung__tale_openings));
    tell_recalls(&t);
    rung_str_add(out, "\n\n");
}

rung_status rung_tales_make(rung_text *text, const rung_tales_config *config,
                            rung_error *err)
{
    rung_str out = {0};
    rung__tale tale;
    for (uint64_t i = 0; !out.failed && (i == 0 || out.len < config->bytes); i++)
        rung__tale_tell(&tale, config->seed, i, &out);
    if (out.failed) {
        rung_str_release(&out);
        return rung__out_of_memory(err, config->bytes, "tales");
    }
    return rung__text_take(text, "tales", out.data, out.len, err);
}
