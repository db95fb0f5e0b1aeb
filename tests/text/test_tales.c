/* The built-in corpus: the same bytes everywhere, and the structure that it promises. */
#include "support.h"

#include "base/hash.h"
#include "rung/text.h"
#include "text/pieces.h"
#include "text/tales.h"

enum { N_TALES = 3000 };
static const uint64_t seed = 20260101;
static rung_error err;

static rung_text make(uint64_t from_seed, size_t bytes)
{
    const rung_tales_config config = {from_seed, bytes};
    rung_text text;
    assert_ok(rung_tales_make(&text, &config, &err));
    return text;
}

/* The corpus is frozen: if this fails, figures measured on it are no longer
 * comparable. */
static void the_first_64_kb_are_pinned(void **state)
{
    (void)state;
    const rung_tales_config config = RUNG_TALES_CONFIG_DEFAULT;
    assert_int_equal(config.seed, seed);
    rung_text text = make(config.seed, 65536);
    rung_sha256 hash;
    char hex[65];
    rung_sha256_init(&hash);
    rung_sha256_add(&hash, text.bytes, 65536);
    rung_sha256_hex(&hash, hex);
    assert_string_equal(
        hex, "34a2194095d65ad46cdf96d2a8ccecae2771497f5b2a3bfd90061e55c6b3087b");
    rung_text_release(&text);
}

static void a_corpus_has_its_size_and_begins_with_smaller_ones(void **state)
{
    (void)state;
    rung_text small = make(7, 0), middle = make(7, 20000), large = make(7, 60000);
    assert_true(small.size > 0 && middle.size >= 20000 && large.size >= 60000);
    assert_true(large.size < 70000);
    assert_memory_equal(large.bytes, middle.bytes, middle.size);
    assert_memory_equal(large.bytes, small.bytes, small.size);
    assert_string_equal(middle.bytes + middle.size - 3, ".\n\n");
    assert_string_equal(middle.name, "tales");
    assert_int_equal(middle.n_invalid, 0);
    rung_text other = make(8, 20000);
    assert_memory_not_equal(other.bytes, middle.bytes, 1000);
    rung_text_release(&other);
    rung_text_release(&large);
    rung_text_release(&middle);
    rung_text_release(&small);
}

/* Tells tales 0 ... N_TALES - 1 one by one and hands them to `check`. */
static void for_each_tale(void (*check)(const rung__tale *tale, const char *text,
                                        void *ctx),
                          void *ctx)
{
    for (uint64_t i = 0; i < N_TALES; i++) {
        rung__tale tale;
        rung_str out = {0};
        rung__tale_tell(&tale, seed, i, &out);
        assert_false(out.failed);
        check(&tale, out.data, ctx);
        rung_str_release(&out);
    }
}

static bool word_is(rung_span piece, const char *word)
{
    if (piece.size > 0 && *piece.bytes == ' ') piece.bytes++, piece.size--;
    return piece.size == strlen(word) && memcmp(piece.bytes, word, piece.size) == 0;
}

/* ---- Names ---- */

typedef struct distances {
    int octaves[8]; /* [k] recalls at 2^k ... 2^(k+1) - 1 tokens */
    int n;
} distances;

/* Each name of the text is the hero's or the friend's; each but the first of its kind is
 * listed as a recall, at the distance that the word tokenizer's pieces give. */
static void check_names(const rung__tale *tale, const char *text, void *ctx)
{
    distances *d = ctx;
    int last[2] = {-1, -1}, n_pieces = 0, n_recalls = 0;
    rung__pieces walk = {text, text + strlen(text), RUNG__CUT_TEXT, false};
    for (rung_span piece; rung__pieces_next(&walk, &piece); n_pieces++) {
        for (int i = 0; i < RUNG__N_NAMES; i++) {
            if (!word_is(piece, rung__tale_names[i])) continue;
            const int who = i == tale->names[0] ? 0 : 1;
            assert_int_equal(i, tale->names[who]);
            if (last[who] >= 0) {
                assert_true(n_recalls < tale->n_recalls);
                const rung__recall *recall = &tale->recalls[n_recalls++];
                const int distance = n_pieces - last[who];
                assert_int_equal(recall->who, who);
                assert_int_equal(recall->distance, distance);
                assert_ptr_equal(text + recall->at, piece.bytes + (*piece.bytes == ' '));
                assert_in_range(distance, 4, 256);
                int octave = 0;
                while (distance >> (octave + 1)) octave++;
                d->octaves[octave == 8 ? 7 : octave]++;
                d->n++;
            }
            last[who] = n_pieces;
        }
    }
    assert_int_equal(n_recalls, tale->n_recalls);
    assert_true(last[0] >= 0 && n_recalls >= 2);
}

static void names_are_recalled_at_all_distances(void **state)
{
    (void)state;
    distances d = {0};
    for_each_tale(check_names, &d);
    for (int k = 2; k < 8; k++) {
        if (d.octaves[k] * 25 < d.n)
            fail_msg("%d of %d recalls at %d tokens", d.octaves[k], d.n, 1 << k);
    }
}

/* Who says a name bears it: "I am NAME," said the CRAFT, and so on. */
static void check_bearers(const rung__tale *tale, const char *text, void *n_seen)
{
    static const char *const claims[] = {"My name is ", "\"I am ", NULL};
    for (int who = 0; who < 2; who++) {
        char name[16], line[64];
        for (const char *p = text; (p = strstr(p, claims[who])); p++) {
            assert_int_equal(sscanf(p + strlen(claims[who]),
                                    "%15[A-Za-z],\" said the %63[a-z]", name, line),
                             2);
            char person[16];
            snprintf(person, sizeof person, "%ser", rung__tale_roots[tale->roots[who]]);
            assert_string_equal(name, rung__tale_names[tale->names[who]]);
            assert_string_equal(line, person);
            ++*(int *)n_seen;
        }
    }
}

static void who_says_a_name_bears_it(void **state)
{
    (void)state;
    int n_seen = 0;
    for_each_tale(check_bearers, &n_seen);
    assert_true(n_seen > N_TALES / 10);
}

/* A pronoun and the hero's name agree. */
static void check_pronouns(const rung__tale *tale, const char *text, void *ctx)
{
    (void)ctx;
    const bool is_she = tale->names[0] % 2 == 0;
    static const char *const she[] = {" she ", " her ", " She ", " Her "};
    static const char *const he[] = {" he ", " his ", " He ", " him "};
    for (int i = 0; i < 4; i++) assert_null(strstr(text, is_she ? he[i] : she[i]));
}

static void pronouns_follow_the_name(void **state)
{
    (void)state;
    for_each_tale(check_pronouns, NULL);
}

/* ---- Words ---- */

static void check_families(const rung__tale *tale, const char *text, void *ctx)
{
    int(*n_seen)[RUNG__N_ENDINGS] = ctx;
    const int world = tale->roots[0] / 4;
    rung__pieces walk = {text, text + strlen(text), RUNG__CUT_TEXT, false};
    for (rung_span piece; rung__pieces_next(&walk, &piece);) {
        const char *word = piece.bytes + (*piece.bytes == ' ');
        for (int r = 0; r < RUNG__N_ROOTS; r++) {
            const char *root = rung__tale_roots[r];
            if (strncmp(word, root, strlen(root)) != 0) continue;
            int ending = 0;
            while (ending < RUNG__N_ENDINGS) {
                char form[16];
                snprintf(form, sizeof form, "%s%s", root, rung__tale_endings[ending]);
                if (word_is(piece, form)) break;
                ending++;
            }
            if (ending == RUNG__N_ENDINGS) fail_msg("a form of %s: %.12s", root, word);
            n_seen[r][ending]++;
            assert_int_equal(r / 4, world); // crafts live where the tale happens
        }
    }
}

static void families_are_regular_and_complete(void **state)
{
    (void)state;
    int n_seen[RUNG__N_ROOTS][RUNG__N_ENDINGS] = {0};
    for_each_tale(check_families, n_seen);
    for (int r = 0; r < RUNG__N_ROOTS; r++)
        for (int e = 0; e < RUNG__N_ENDINGS; e++) assert_true(n_seen[r][e] >= 100);
}

/* What follows a homonym is what its sense in the tale's world says. */
static void check_homonyms(const rung__tale *tale, const char *text, void *ctx)
{
    int(*n_seen)[2] = ctx;
    for (int i = 0; i < RUNG__N_HOMONYMS; i++) {
        const rung__homonym *h = &rung__tale_homonyms[i];
        char word[16];
        snprintf(word, sizeof word, " %s ", h->word);
        for (const char *p = text; (p = strstr(p, word)); p++) {
            const int sense = h->senses[0].world == tale->world ? 0 : 1;
            assert_int_equal(h->senses[sense].world, tale->world);
            const char *rest = h->senses[sense].rest;
            const size_t literal = strcspn(rest, "{");
            assert_memory_equal(p + strlen(word) - 1, rest, literal);
            n_seen[i][sense]++;
        }
    }
}

static void the_world_decides_the_sense_of_homonyms(void **state)
{
    (void)state;
    int n_seen[RUNG__N_HOMONYMS][2] = {0};
    for_each_tale(check_homonyms, n_seen);
    for (int i = 0; i < RUNG__N_HOMONYMS; i++) {
        assert_true(n_seen[i][0] >= 100);
        assert_true(n_seen[i][1] >= 100);
    }
}

/* What is found is what was lost last. */
static void check_finds(const rung__tale *tale, const char *text, void *n_found)
{
    (void)tale;
    static const char *const losses[] = {" lost a ", " took the "};
    static const char *const finds[] = {" At last he found the ",
                                        " At last she found the ", " brought back the "};
    char lost[64] = "";
    for (const char *p = text; *p; p++) {
        char found[64] = "";
        for (int i = 0; i < 2; i++) {
            if (strncmp(p, losses[i], strlen(losses[i])) == 0)
                sscanf(p + strlen(losses[i]), "%31s %31[a-z]", lost, lost + 32);
        }
        for (int i = 0; i < 3; i++) {
            if (strncmp(p, finds[i], strlen(finds[i])) == 0)
                sscanf(p + strlen(finds[i]), "%31s %31[a-z]", found, found + 32);
        }
        if (!found[0]) continue;
        assert_string_equal(found, lost);
        assert_string_equal(found + 32, lost + 32);
        ++*(int *)n_found;
    }
}

static void what_was_lost_is_found(void **state)
{
    (void)state;
    int n_found = 0;
    for_each_tale(check_finds, &n_found);
    assert_true(n_found > N_TALES / 2);
}

/* No slot is left open, and no "a" stands before a vowel. */
static void check_language(const rung__tale *tale, const char *text, void *ctx)
{
    (void)tale, (void)ctx;
    assert_null(strpbrk(text, "{}"));
    assert_null(strstr(text, "  "));
    for (const char *p = text; (p = strstr(p, " a ")); p++)
        if (strchr("aeiou", p[3])) fail_msg("%.30s", p);
}

static void sentences_are_well_formed(void **state)
{
    (void)state;
    for_each_tale(check_language, NULL);
}

static rung_status make_small(void *ctx, rung_error *error)
{
    (void)ctx;
    const rung_tales_config config = {1, 5000};
    rung_text text = {0};
    const rung_status status = rung_tales_make(&text, &config, error);
    rung_text_release(&text);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    assert_true(assert_survives_failed_allocations(make_small, NULL) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_64_kb_are_pinned),
        cmocka_unit_test(a_corpus_has_its_size_and_begins_with_smaller_ones),
        cmocka_unit_test(names_are_recalled_at_all_distances),
        cmocka_unit_test(who_says_a_name_bears_it),
        cmocka_unit_test(pronouns_follow_the_name),
        cmocka_unit_test(families_are_regular_and_complete),
        cmocka_unit_test(the_world_decides_the_sense_of_homonyms),
        cmocka_unit_test(what_was_lost_is_found),
        cmocka_unit_test(sentences_are_well_formed),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
