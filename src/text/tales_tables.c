/* What tales are made of. No word begins with a vowel after "a", and each slot's name is
 * explained in tales.c. The corpus is frozen: a change here is a change of every figure
 * that was measured on it. */
#include "text/tales.h"

#define LIST(array)                                                                      \
    {                                                                                    \
        array, sizeof array / sizeof array[0]                                            \
    }

/* she, he, she, he, ... */
const char *const rung__tale_names[RUNG__N_NAMES] = {
    "Ada",  "Arno",   "Bela",  "Boris", "Cora", "Carl", "Dina",  "Dan",  "Elsa", "Emil",
    "Fay",  "Finn",   "Gwen",  "Gus",   "Hana", "Hugo", "Ida",   "Ivan", "Jana", "Jonas",
    "Kira", "Karl",   "Lena",  "Leo",   "Mina", "Max",  "Nora",  "Niko", "Olga", "Oskar",
    "Pia",  "Paul",   "Rosa",  "Rolf",  "Sara", "Sven", "Tilda", "Tom",  "Una",  "Udo",
    "Vera", "Viktor", "Wanda", "Wim",   "Yara", "Yan",  "Zoe",   "Zeno",
};

const char *const rung__tale_roots[RUNG__N_ROOTS] = {
    "pelk", "dorl", "quob", "selv", // by the river
    "bram", "tolm", "rint", "jesk", // in the town
    "felp", "mosk", "nalp", "kolv", // in the forest
    "varn", "gusk", "lurn", "hamb", // on the hill
};

/* pelker, pelkery, pelkel, pelking, pelkins */
const char *const rung__tale_endings[RUNG__N_ENDINGS] = {"er", "ery", "el", "ing", "ins"};

enum { RIVER, TOWN, FOREST, HILL };

const rung__world rung__tale_worlds[RUNG__N_WORLDS] = {
    [RIVER] = {"by the river",
               {"boat", "net", "fish", "reed", "duck", "pebble", "paddle", "shell"},
               {"bridge", "mill", "pier", "ferry"}},
    [TOWN] = {"in the town",
              {"cart", "lamp", "coin", "clock", "hat", "basket", "book", "ball"},
              {"wall", "tower", "market", "church"}},
    [FOREST] = {"in the forest",
                {"leaf", "mushroom", "branch", "nest", "fox", "berry", "feather", "root"},
                {"tree", "rock", "cave", "bush"}},
    [HILL] = {"on the hill",
              {"sheep", "goat", "bell", "stick", "bucket", "blanket", "horn", "lamb"},
              {"fence", "gate", "barn", "windmill"}},
};

const rung__homonym rung__tale_homonyms[RUNG__N_HOMONYMS] = {
    {"bank",
     "{time} {he} went to the ",
     {{RIVER, " and watched the {look} fish."}, {TOWN, " and counted {number} coins."}}},
    {"crane",
     "Far away {he} saw a {look} ",
     {{RIVER, " standing in the water."}, {TOWN, " lifting stones onto the {spot}."}}},
    {"wave",
     "{He} was glad to see a {look} ",
     {{RIVER, " rolling against the boat."}, {HILL, " from the {someone} at the gate."}}},
    {"perch",
     "{time} {he} looked at a {look} ",
     {{RIVER, " jumping out of the water."}, {FOREST, " where {number} birds sang."}}},
    {"bat",
     "Near the {spot} {he} found a {look} ",
     {{FOREST, " with folded wings."}, {TOWN, " next to a leather ball."}}},
    {"spring",
     "{He} bent down to look at the {look} ",
     {{HILL, " and drank the water."}, {TOWN, " and wound up the clock."}}},
    {"bark",
     "{time} {he} noticed the {look} ",
     {{FOREST, " on the trunk of a tree."}, {HILL, " of the hungry dog."}}},
    {"ring",
     "{He} stopped because of a {look} ",
     {{FOREST, " of mushrooms under the leaves."}, {HILL, " of {number} bells."}}},
};

/* The hero's name comes last, so that a recall may follow at once. */
static const char *const openings[] = {
    "Once there was a {temper} {person} {where} whose name was {name}.",
    "Long ago a {temper} {person} lived {where}. Everyone called {him} {name}.",
    "There was a {place} {where}, and the {person} who worked there was called {name}.",
    "In those days the best {person} {where} was {name}.",
    "Not far away, {where}, a {temper} {person} opened a {place}. {His} name was {name}.",
};

static const char *const friends[] = {
    "{His} best friend was a {temper} {friend person} called {friend}.",
    "Next to the {place} lived a {friend person} by the name of {friend}.",
    "{time} {he} met a {temper} {friend person} whose name was {friend}.",
};

/* What happens meanwhile: no names. */
static const char *const fillers[] = {
    "Every morning {he} walked to the {place} with {his} {tool}.",
    "{He} loved {craft} more than anything else.",
    "The {someone} came from far away to buy {number} {goods}.",
    "A good {person} never forgets the {tool}.",
    "{time} {he} {did} a {look} {thing} and took it home.",
    "The {place} was {look} and full of {goods}.",
    "{time} the wind began to blow, and the {thing} fell down.",
    "{He} ate some {food} and drank a cup of {drink}.",
    "\"No {craft} today,\" said {his} {relative}.",
    "Nobody {where} knew more about {craft}.",
    "{time} a {other person} came by and asked for a {other tool}.",
    "The {other person} went back to the {other place} to do some {other craft}.",
    "A {person} works in a {place}, and a {other person} works in a {other place}.",
    "{He} needs a {tool} for {craft}, as one needs a {other tool} for {other craft}.",
    "{time} {he} put the {look} {thing} next to the {spot}.",
    "The {thing} was {look}, and the sky was {colour}.",
    "{He} wanted a {look} {tool}, so {he} sold {number} {goods}.",
    "All day long {he} thought about the {thing} near the {spot}.",
    "Then {he} {did} the {thing} of the {someone}.",
    "{His} {relative} sat down and sang a song about {craft}.",
    "The sun was shining, so {he} felt happy.",
    "The wind was cold, so {he} felt sad.",
    "{He} dreamed of a {place} as big as a castle.",
    "With a {tool} in {his} hand {he} was never afraid.",
    "There is no {person} without a {tool}, and there are no {goods} without {craft}.",
    "\"Have you seen my {thing}?\" asked the {someone}.",
    "{His} {relative} was a {someone} and knew nothing about {craft}.",
    "{time} {he} told the {someone} a long story about a {look} {thing}.",
    "In the {place} there were {number} {look} {goods} and one {look} {tool}.",
    "The {someone} waited near the {spot} for {number} days.",
    "{His} {relative} {did} the {tool} and gave {him} some {food}.",
};

/* Something is lost, and later found: what it was has to be remembered. */
static const char *const losses[] = {
    "{time} {he} lost a {lost look} {lost thing}.",
    "{time} the {someone} took the {lost look} {lost thing} away from the {place}.",
};

static const char *const finds[] = {
    "At last {he} found the {lost look} {lost thing} behind the {spot}.",
    "Then the {someone} brought back the {lost look} {lost thing}.",
};

static const char *const friend_fillers[] = {
    "{time} the {friend person} brought a {friend tool} as a gift.",
    "The {friend person} and the {person} ate some {food} together.",
    "The two friends talked about {friend craft} and {craft}.",
    "{He} helped the {friend person} to clean the {friend place}.",
    "{time} {he} gave a {look} {thing} to the {friend person}.",
};

static const char *const recalls[] = {
    "\"Hey, {name}!\" called a voice behind the {spot}.",
    "\"Good morning, {name},\" said the {other person}.",
    "Everyone thanked {name} for the {goods}.",
    "The children liked {name} and the {look} {place}.",
    "A stranger asked for the {person}. \"That is {name},\" said the children.",
    "When the king wanted a {look} {tool}, a rider came to fetch {name}.",
    "On the door of the {place} stood the name {name}.",
    "\"What is your name?\" asked the king. \"My name is {name},\" said the {person}.",
    "The best {person} of all was still {name}.",
};

static const char *const friend_recalls[] = {
    "\"I am {friend},\" said the {friend person}.",
    "On the door of the {friend place} stood the name {friend}.",
    "The best {friend person} of all was still {friend}.",
    "\"Come in, {friend},\" said the {person}.",
};

static const char *const closings[] = {
    "And that is the tale of {name} the {person}.",
    "From that day on everyone {where} knew {name}.",
    "So ended a good day for {name}.",
    "Nobody ever forgot {name} and the {look} {thing}.",
};

const rung__list rung__tale_openings = LIST(openings);
const rung__list rung__tale_friends = LIST(friends);
const rung__list rung__tale_fillers = LIST(fillers);
const rung__list rung__tale_losses = LIST(losses);
const rung__list rung__tale_finds = LIST(finds);
const rung__list rung__tale_friend_fillers = LIST(friend_fillers);
const rung__list rung__tale_recalls = LIST(recalls);
const rung__list rung__tale_friend_recalls = LIST(friend_recalls);
const rung__list rung__tale_closings = LIST(closings);

static const char *const times[] = {
    "One day",        "At night",          "Before dinner",      "In the morning",
    "After the rain", "On a cold evening", "Late in the summer", "The next day",
};
static const char *const tempers[] = {
    "young", "kind",   "clever", "quiet", "brave", "cheerful",
    "proud", "gentle", "lonely", "merry", "wise",  "patient",
};
static const char *const looks[] = {
    "small", "big",    "new", "heavy", "bright",  "dark", "round", "broken",
    "clean", "golden", "red", "dusty", "strange", "cold", "warm",  "pretty",
};
static const char *const deeds[] = {"painted", "washed", "carried", "cleaned",
                                    "mended",  "sold",   "weighed", "drew"};
static const char *const people[] = {
    "king",   "queen", "soldier", "sailor",  "teacher", "doctor",
    "farmer", "baker", "thief",   "painter", "judge",   "shepherd",
};
static const char *const relatives[] = {"mother", "father", "sister", "brother"};
static const char *const numbers[] = {"two", "three", "four", "five",
                                      "six", "seven", "nine", "ten"};
static const char *const foods[] = {"bread",    "soup", "cheese", "fruit",
                                    "porridge", "cake", "meat",   "honey"};
static const char *const drinks[] = {"water", "milk", "tea", "juice"};
static const char *const colours[] = {"blue", "grey", "pink", "white", "black"};

const rung__list rung__tale_times = LIST(times);
const rung__list rung__tale_tempers = LIST(tempers);
const rung__list rung__tale_looks = LIST(looks);
const rung__list rung__tale_deeds = LIST(deeds);
const rung__list rung__tale_people = LIST(people);
const rung__list rung__tale_relatives = LIST(relatives);
const rung__list rung__tale_numbers = LIST(numbers);
const rung__list rung__tale_foods = LIST(foods);
const rung__list rung__tale_drinks = LIST(drinks);
const rung__list rung__tale_colours = LIST(colours);
