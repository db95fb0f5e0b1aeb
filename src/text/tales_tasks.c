/* Labelled texts told like tales, each task with one thing that decides the label:
 *
 * - word: where the tale happens. Many single words tell it.
 * - order: something is lost and found, or found and lost. Both classes have the same
 *   sentences; only two words, lost and found, have changed places, and around each the
 *   same eight tokens stand on both sides. So the counts of words, and of any neighbours
 *   up to eight at a time, are the same in both.
 * - far: a door opens at noon or at midnight, as is told early; who comes to it, comes in
 *   the sunshine or in the moonlight, as is told late. Each part alone says nothing: the
 *   label is their exclusive or.
 * - sense: which sense of a dictionary a homonym has. Where the tale happens decides, but
 *   differently for each homonym: in each place two have their first sense and two their
 *   second, so the place alone says nothing, nor does the homonym.
 *
 * Labels are balanced: each block of as many examples as there are labels has each once.
 * Example i is a function of the task, the seed and i alone. What is drawn for the text
 * does not depend on the label, so each example has a twin with another label that
 * differs in what decides, and nowhere else. */
#include <string.h>

#include "base/alloc.h"
#include "rung/text.h"
#include "text/raw.h"
#include "text/teller.h"

#define LIST(array)                                                                      \
    {                                                                                    \
        array, sizeof array / sizeof array[0]                                            \
    }

/* From `least` to `most` sentences of what happens meanwhile. */
static void tell_meanwhile(rung__teller *t, size_t least, size_t most)
{
    const size_t n = least + rung__teller_draw(t, most - least + 1);
    for (size_t i = 0; i < n; i++) rung__teller_filler(t);
}

/* Who it is about, and where; the opening tells both. */
static void open_tale(rung__teller *t, int world)
{
    const int root = (int)rung__teller_draw(t, RUNG__ROOTS_A_WORLD);
    t->tale->world = world;
    t->tale->roots[RUNG__HERO] = world * RUNG__ROOTS_A_WORLD + root;
    t->tale->names[RUNG__HERO] = (int)rung__teller_draw(t, RUNG__N_NAMES);
    t->tale->names[RUNG__FRIEND] = -1;
    rung__teller_sentence(t, rung__teller_pick(t, &rung__tale_openings));
}

static void open_anywhere(rung__teller *t)
{
    open_tale(t, (int)rung__teller_draw(t, RUNG__N_WORLDS));
}

/* ---- word ---- */

static void tell_word_task(rung__teller *t, int label)
{
    open_tale(t, label);
    tell_meanwhile(t, 2, 5);
}

/* ---- order ---- */

/* Seven tokens and more stand between the time, which differs, and the {word}. */
static const char *const events[] = {
    "{time} {he} went for a long walk alone and {word} the {lost look} {lost thing} that "
    "the king had given {him}.",
    "{time} {he} was on {his} way back to the house and {word} the {lost look} {lost "
    "thing} in the grass beside the road.",
    "{time} {he} ran through all of the narrow streets and {word} the {lost look} {lost "
    "thing} that everyone had talked about.",
};
static const rung__list event_list = LIST(events);

static void tell_order_task(rung__teller *t, int label)
{
    static const char *const words[] = {"lost", "found"};
    open_anywhere(t);
    const char *event = rung__teller_pick(t, &event_list);
    tell_meanwhile(t, 0, 1);
    t->word = words[label];
    rung__teller_sentence(t, event);
    t->is_lost = true; // the same thing again
    tell_meanwhile(t, 1, 3);
    t->word = words[!label];
    rung__teller_sentence(t, event);
    tell_meanwhile(t, 0, 1);
}

/* ---- far ---- */

static const char *const rules[] = {
    "There was a great door {where}, and it opened only at {word}.",
    "The great door of the castle opened only at {word}.",
    "People said that at {word} the great door would open.",
};
static const char *const arrivals[] = {
    "In the end {he} stood before the great door in the {word}.",
    "At last {he} came to the great door, and the {word} fell on {his} face.",
    "Then {he} knocked at the great door in the {word}.",
};
static const rung__list rule_list = LIST(rules);
static const rung__list arrival_list = LIST(arrivals);

static void tell_far_task(rung__teller *t, int label)
{
    static const char *const hours[] = {"noon", "midnight"};
    static const char *const lights[] = {"sunshine", "moonlight"};
    open_anywhere(t);
    const int hour = (int)rung__teller_draw(t, 2);
    t->word = hours[hour];
    rung__teller_sentence(t, rung__teller_pick(t, &rule_list));
    tell_meanwhile(t, 3, 6);
    t->word = lights[hour ^ label];
    rung__teller_sentence(t, rung__teller_pick(t, &arrival_list));
}

/* ---- sense ---- */

/* Which of the two senses of each homonym the dictionary tells first: bank, crane, wave,
 * perch, bat, spring, bark, ring. */
static const int first_sense[RUNG__N_HOMONYMS] = {1, 0, 1, 0, 1, 0, 0, 0};

static const char *const mentions[] = {
    "That was the first time {he} noticed the {word}.",
    "Nobody had told {him} about the {look} {word}.",
    "{time} {he} stopped to look at the {look} {word}.",
};
static const rung__list mention_list = LIST(mentions);

static void tell_sense_task(rung__teller *t, int label)
{
    const size_t i = rung__teller_draw(t, RUNG__N_HOMONYMS);
    const rung__homonym *h = &rung__tale_homonyms[i];
    open_tale(t, h->senses[first_sense[i] ^ label].world);
    tell_meanwhile(t, 1, 3);
    t->word = h->word;
    rung__teller_sentence(t, rung__teller_pick(t, &mention_list));
}

/* ---- All ---- */

/* One task: its labels, and how an example is told. */
typedef struct task {
    const char *name; /* of its random numbers */
    const char *labels[RUNG__N_WORLDS];
    int n_labels;
    void (*tell)(rung__teller *t, int label);
} task;

static const task tasks[RUNG_TALES_TASKS] = {
    [RUNG_TALES_WORD] = {"tales word",
                         {"river", "town", "forest", "hill"},
                         4,
                         tell_word_task},
    [RUNG_TALES_ORDER] = {"tales order", {"kept", "gone"}, 2, tell_order_task},
    [RUNG_TALES_FAR] = {"tales far", {"open", "shut"}, 2, tell_far_task},
    [RUNG_TALES_SENSE] = {"tales sense", {"first", "second"}, 2, tell_sense_task},
};

int rung__tale_label(rung_tales_task which, uint64_t seed, uint64_t index)
{
    const uint64_t n = (uint64_t)tasks[which].n_labels;
    const uint64_t key = rung_rng_key(seed, "tales labels", index / n);
    return (int)rung_permute(key, n, index % n);
}

int rung__tale_labels(rung_tales_task which)
{
    return tasks[which].n_labels;
}

void rung__tale_tell_task(rung_tales_task which, uint64_t seed, uint64_t index, int label,
                          rung_str *out)
{
    rung__tale tale;
    rung__teller t;
    rung__teller_begin(&t, &tale, seed, tasks[which].name, index, out);
    tasks[which].tell(&t, label);
}

rung_status rung_tales_examples(rung_text *text, const rung_tales_examples_config *config,
                                rung_error *err)
{
    const rung_tales_task which = config->task;
    if ((unsigned)which >= RUNG_TALES_TASKS)
        return rung_fail(err, RUNG_USAGE, "no task %d of tales: there are %d", (int)which,
                         RUNG_TALES_TASKS);
    rung_str out = {0};
    rung_str_add(&out, "text\tlabel\n");
    for (uint64_t i = 0; !out.failed && i < config->examples; i++) {
        const int label = rung__tale_label(which, config->seed, i);
        rung__tale_tell_task(which, config->seed, i, label, &out);
        rung_str_addf(&out, "\t%s\n", tasks[which].labels[label]);
    }
    if (out.failed) {
        rung_str_release(&out);
        return rung__out_of_memory(err, config->examples, "labelled tales");
    }
    return rung__text_take(text, tasks[which].name, out.data, out.len, err);
}
