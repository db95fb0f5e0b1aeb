/* Telling: sentences from templates, with everything that a tale is about. */
#include "text/teller.h"

#include <assert.h>
#include <string.h>

void rung__teller_begin(rung__teller *t, rung__tale *tale, uint64_t seed,
                        const char *name, uint64_t index, rung_str *out)
{
    *t = (rung__teller){.tale = tale,
                        .rng = rung_rng_make(rung_rng_key(seed, name, index)),
                        .out = out,
                        .counted = out->len,
                        .last_token = {-1, -1}};
    *tale = (rung__tale){0};
}

size_t rung__teller_draw(rung__teller *t, size_t n)
{
    return (size_t)rung_rng_below(&t->rng, n);
}

const char *rung__teller_pick(rung__teller *t, const rung__list *list)
{
    return list->items[rung__teller_draw(t, list->n)];
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

int rung__teller_tokens(rung__teller *t)
{
    if (t->out->failed) return t->n_tokens; // what is told now is not kept
    t->n_tokens +=
        count_tokens(t->out->data + t->counted, t->out->len - t->counted, &t->in_word);
    t->counted = t->out->len;
    return t->n_tokens;
}

int rung__teller_tokens_before(const char *template, const char *name_slot)
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
    void (*tell)(rung__teller *t, const struct slot *s);
    int who;                 /* RUNG__HERO, RUNG__FRIEND or RUNG__OTHER */
    int ending;              /* RUNG__PERSON ... of their family */
    const char *he, *she;    /* a pronoun of the hero */
    const rung__list *words; /* any of these */
} slot;

static void tell_name(rung__teller *t, const slot *s)
{
    rung__tale *tale = t->tale;
    const int token = rung__teller_tokens(t), last = t->last_token[s->who];
    if (last >= 0 && tale->n_recalls < RUNG__MAX_RECALLS) {
        tale->recalls[tale->n_recalls++] =
            (rung__recall){s->who, t->out->len, token - last};
    }
    t->last_token[s->who] = token;
    rung_str_add(t->out, rung__tale_names[tale->names[s->who]]);
}

static void tell_pronoun(rung__teller *t, const slot *s)
{
    const bool is_she = t->tale->names[RUNG__HERO] % 2 == 0;
    rung_str_add(t->out, is_she ? s->she : s->he);
}

static void tell_family(rung__teller *t, const slot *s)
{
    const int root = s->who == RUNG__OTHER ? t->other_root : t->tale->roots[s->who];
    rung_str_add(t->out, rung__tale_roots[root]);
    rung_str_add(t->out, rung__tale_endings[s->ending]);
}

static void tell_any(rung__teller *t, const slot *s)
{
    rung_str_add(t->out, rung__teller_pick(t, s->words));
}

static void tell_where(rung__teller *t, const slot *s)
{
    (void)s;
    rung_str_add(t->out, rung__tale_worlds[t->tale->world].where);
}

static void tell_thing(rung__teller *t, const slot *s)
{
    (void)s;
    rung_str_add(
        t->out,
        rung__tale_worlds[t->tale->world].things[rung__teller_draw(t, RUNG__N_THINGS)]);
}

static void tell_spot(rung__teller *t, const slot *s)
{
    (void)s;
    rung_str_add(
        t->out,
        rung__tale_worlds[t->tale->world].spots[rung__teller_draw(t, RUNG__N_SPOTS)]);
}

static void tell_lost_look(rung__teller *t, const slot *s)
{
    (void)s;
    if (!t->is_lost) t->lost_look = rung__teller_pick(t, &rung__tale_looks);
    rung_str_add(t->out, t->lost_look);
}

static void tell_lost_thing(rung__teller *t, const slot *s)
{
    (void)s;
    const rung__world *world = &rung__tale_worlds[t->tale->world];
    if (!t->is_lost) t->lost_thing = world->things[rung__teller_draw(t, RUNG__N_THINGS)];
    rung_str_add(t->out, t->lost_thing);
}

static void tell_word(rung__teller *t, const slot *s)
{
    (void)s;
    rung_str_add(t->out, t->word);
}

static const slot slots[] = {
    {"name", tell_name, .who = RUNG__HERO},
    {"friend", tell_name, .who = RUNG__FRIEND},
    {"He", tell_pronoun, .he = "He", .she = "She"},
    {"he", tell_pronoun, .he = "he", .she = "she"},
    {"him", tell_pronoun, .he = "him", .she = "her"},
    {"His", tell_pronoun, .he = "His", .she = "Her"},
    {"his", tell_pronoun, .he = "his", .she = "her"},
    {"person", tell_family, .who = RUNG__HERO, .ending = RUNG__PERSON},
    {"place", tell_family, .who = RUNG__HERO, .ending = RUNG__PLACE},
    {"tool", tell_family, .who = RUNG__HERO, .ending = RUNG__TOOL},
    {"craft", tell_family, .who = RUNG__HERO, .ending = RUNG__CRAFT},
    {"goods", tell_family, .who = RUNG__HERO, .ending = RUNG__GOODS},
    {"friend person", tell_family, .who = RUNG__FRIEND, .ending = RUNG__PERSON},
    {"friend place", tell_family, .who = RUNG__FRIEND, .ending = RUNG__PLACE},
    {"friend tool", tell_family, .who = RUNG__FRIEND, .ending = RUNG__TOOL},
    {"friend craft", tell_family, .who = RUNG__FRIEND, .ending = RUNG__CRAFT},
    {"other person", tell_family, .who = RUNG__OTHER, .ending = RUNG__PERSON},
    {"other place", tell_family, .who = RUNG__OTHER, .ending = RUNG__PLACE},
    {"other tool", tell_family, .who = RUNG__OTHER, .ending = RUNG__TOOL},
    {"other craft", tell_family, .who = RUNG__OTHER, .ending = RUNG__CRAFT},
    {"word", .tell = tell_word},
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

void rung__teller_tell(rung__teller *t, const char *template)
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

int rung__teller_other_root(rung__teller *t, int root)
{
    const int world = root / RUNG__ROOTS_A_WORLD;
    return world * RUNG__ROOTS_A_WORLD +
           (root + 1 + (int)rung__teller_draw(t, RUNG__ROOTS_A_WORLD - 1)) %
               RUNG__ROOTS_A_WORLD;
}

void rung__teller_sentence(rung__teller *t, const char *template)
{
    t->other_root = rung__teller_other_root(t, t->tale->roots[RUNG__HERO]);
    if (t->n_sentences++ > 0) rung_str_add(t->out, " ");
    rung__teller_tell(t, template);
}

void rung__teller_filler(rung__teller *t)
{
    const size_t n = rung__tale_fillers.n;
    t->last_filler = (t->last_filler + 1 + rung__teller_draw(t, n - 1)) % n;
    rung__teller_sentence(t, rung__tale_fillers.items[t->last_filler]);
}
