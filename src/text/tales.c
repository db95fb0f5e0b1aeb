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

#include "base/alloc.h"
#include "rung/text.h"
#include "text/raw.h"
#include "text/teller.h"

#define N_OCTAVES 6
#define LEAST_DISTANCE 4    /* tokens: the first octave is 4 ... 7 */
#define MOST_DISTANCE 224   /* with the sentence that reaches it at most 256 */
#define LONGEST_SILENCE 190 /* tokens; then who is not to be named next is named first */
#define MOST_RECALLS 4      /* besides the closing sentence */
#define MOST_TRIES 8        /* for a sentence that does not name too late */

static void note_mention(rung__tale *tale, rung__mention mention)
{
    for (int i = 0; i < tale->n_mentions; i++)
        if (tale->mentions[i].homonym == mention.homonym) return;
    tale->mentions[tale->n_mentions++] = mention;
}

/* One of the homonyms that have a sense in the tale's world, but not the one before. */
static void tell_homonym(rung__teller *t)
{
    const rung__homonym *h;
    int sense;
    do {
        h = &rung__tale_homonyms[rung__teller_draw(t, RUNG__N_HOMONYMS)];
        sense = h->senses[0].world == t->tale->world ? 0 : 1;
    } while (h->senses[sense].world != t->tale->world || h == t->last_homonym);
    t->last_homonym = h;
    rung__teller_sentence(t, h->sentence);
    rung_str_add(t->out, h->word);
    const size_t at = t->out->len;
    rung__teller_tell(t, h->senses[sense].rest);
    note_mention(t->tale,
                 (rung__mention){(int)(h - rung__tale_homonyms), sense, at, t->out->len});
}

static void tell_loss_or_find(rung__teller *t)
{
    rung__teller_sentence(
        t, rung__teller_pick(t, t->is_lost ? &rung__tale_finds : &rung__tale_losses));
    t->is_lost = !t->is_lost;
}

/* Something that happens meanwhile, without names. */
static void tell_meanwhile(rung__teller *t)
{
    const size_t kind = rung__teller_draw(t, 10);
    if (kind < 2) {
        tell_homonym(t);
    } else if (kind < 3) {
        tell_loss_or_find(t);
    } else if (kind < 5 && t->last_token[RUNG__FRIEND] >= 0) {
        rung__teller_sentence(t, rung__teller_pick(t, &rung__tale_friend_fillers));
    } else {
        rung__teller_filler(t);
    }
}

/* The sentences that name `who`. */
static const rung__list *recalls_of(int who)
{
    return who == RUNG__HERO ? &rung__tale_recalls : &rung__tale_friend_recalls;
}

/* Tokens since a name stood last; 0 if it is not yet given. */
static int silence(rung__teller *t, int who)
{
    return t->last_token[who] < 0 ? 0 : rung__teller_tokens(t) - t->last_token[who];
}

/* Goes on until the name, told by one of `sentences`, stands `distance` tokens after it
 * stood last, or a sentence farther. */
static void tell_recall(rung__teller *t, int who, const rung__list *sentences,
                        int distance)
{
    const char *sentence, *name_slot = who == RUNG__HERO ? "{name}" : "{friend}";
    int ahead, n_tries = 0;
    do {
        sentence = rung__teller_pick(t, sentences);
        ahead = rung__teller_tokens_before(sentence, name_slot);
    } while (silence(t, who) + ahead > distance && ++n_tries < MOST_TRIES);
    const int other = who == RUNG__HERO ? RUNG__FRIEND : RUNG__HERO;
    while (!t->out->failed && silence(t, who) + ahead < distance) {
        if (silence(t, other) > LONGEST_SILENCE)
            rung__teller_sentence(t, rung__teller_pick(t, recalls_of(other)));
        else
            tell_meanwhile(t);
    }
    rung__teller_sentence(t, sentence);
}

/* Even over the octaves, and within each; the shortest distances twice as often, for the
 * sentence before is often too long for them. */
static int draw_distance(rung__teller *t)
{
    const size_t octave = rung__teller_draw(t, N_OCTAVES + 1);
    const int least = LEAST_DISTANCE << (octave > 0 ? octave - 1 : 0);
    const int distance = least + (int)rung__teller_draw(t, (size_t)least);
    return distance < MOST_DISTANCE ? distance : MOST_DISTANCE;
}

/* Some recalls of the hero, and of a friend if one comes in after the first. */
static void tell_recalls(rung__teller *t)
{
    const int n_recalls = 1 + (int)rung__teller_draw(t, MOST_RECALLS);
    for (int i = 0; i < n_recalls; i++) {
        const int who = t->last_token[RUNG__FRIEND] >= 0 && rung__teller_draw(t, 2) == 0
                            ? RUNG__FRIEND
                            : RUNG__HERO;
        const int distance = draw_distance(t);
        tell_recall(t, who, recalls_of(who), distance);
        if (i == 0 && t->tale->names[RUNG__FRIEND] >= 0)
            rung__teller_sentence(t, rung__teller_pick(t, &rung__tale_friends));
    }
    tell_recall(t, RUNG__HERO, &rung__tale_closings, draw_distance(t));
}

void rung__tale_tell(rung__tale *tale, uint64_t seed, uint64_t index, rung_str *out)
{
    rung__teller t;
    rung__teller_begin(&t, tale, seed, "tales", index, out);
    tale->roots[RUNG__HERO] = (int)rung__teller_draw(&t, RUNG__N_ROOTS);
    tale->roots[RUNG__FRIEND] = rung__teller_other_root(&t, tale->roots[RUNG__HERO]);
    tale->world = tale->roots[RUNG__HERO] / RUNG__ROOTS_A_WORLD;
    tale->names[RUNG__HERO] = (int)rung__teller_draw(&t, RUNG__N_NAMES);
    tale->names[RUNG__FRIEND] = -1;
    if (rung__teller_draw(&t, 2) == 0) {
        const size_t step = 1 + rung__teller_draw(&t, RUNG__N_NAMES - 1);
        tale->names[RUNG__FRIEND] =
            (int)(((size_t)tale->names[RUNG__HERO] + step) % RUNG__N_NAMES);
    }
    rung__teller_sentence(&t, rung__teller_pick(&t, &rung__tale_openings));
    tell_recalls(&t);
    rung_str_add(out, "\n\n");
}

void rung__tale_tell_sense(int homonym, int sense, uint64_t seed, uint64_t index,
                           rung_str *out)
{
    rung__tale tale;
    rung__teller t;
    rung__teller_begin(&t, &tale, seed, "tales rest", index, out);
    tale.world = rung__tale_homonyms[homonym].senses[sense].world;
    rung__teller_tell(&t, rung__tale_homonyms[homonym].senses[sense].rest);
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
