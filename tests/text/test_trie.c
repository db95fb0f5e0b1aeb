/* Tries: what was put in is found, and nothing else. */
#include "support.h"

#include "base/rng.h"
#include "text/trie.h"
#include "text/vocab.h"

static rung_error err;

/* The id at the end of a string, -1 if it is no key. */
static int32_t find(const rung__trie *trie, rung_span s)
{
    int32_t node = 0;
    for (size_t i = 0; i < s.size && node >= 0; i++)
        node = rung__trie_step(trie->nodes, node, s.bytes[i]);
    return node < 0 ? -1 : trie->nodes[node].id;
}

/* The trie of a set of strings. */
static rung_status build(rung__trie *trie, const rung_vocab *set, rung_error *error)
{
    rung__trie_key *keys = rung__alloc_array(set->n, sizeof *keys);
    if (!keys) return rung__out_of_memory(error, set->n * sizeof *keys, "keys");
    for (size_t i = 0; i < set->n; i++)
        keys[i] = (rung__trie_key){rung__vocab_get(set, i), (int32_t)i};
    const rung_status status = rung__trie_build(trie, keys, set->n, error);
    rung__free(keys);
    return status;
}

/* Strings over an alphabet of n_letters bytes, of at most `longest`. */
static rung_vocab strings(uint64_t seed, size_t n, uint32_t n_letters, uint32_t longest)
{
    rung_vocab set = {0};
    rung_rng rng = rung_rng_make(seed);
    for (size_t i = 0; i < n; i++) {
        char text[64];
        const size_t size = 1 + rung_rng_below(&rng, longest);
        for (size_t k = 0; k < size; k++)
            text[k] = (char)(rung_rng_below(&rng, n_letters) * 37);
        assert_ok(rung__vocab_add(&set, text, size, 0, &err));
    }
    return set;
}

static void keys_are_found_and_others_are_not(void **state)
{
    (void)state;
    static const uint32_t n_letters[] = {2, 26, 256}; // 0 and 255 are letters as well
    for (size_t round = 0; round < 3; round++) {
        rung_vocab in = strings(round, 5000, n_letters[round], 9);
        rung_vocab out = strings(round + 10, 5000, n_letters[round], 10);
        rung__trie trie = {0};
        assert_ok(build(&trie, &in, &err));
        for (size_t i = 0; i < in.n; i++)
            assert_int_equal(find(&trie, rung__vocab_get(&in, i)), i);
        for (size_t i = 0; i < out.n; i++) {
            const rung_span s = rung__vocab_get(&out, i);
            assert_int_equal(find(&trie, s), rung__vocab_find(&in, s.bytes, s.size));
        }
        rung__trie_release(&trie);
        rung__vocab_release(&in);
        rung__vocab_release(&out);
    }
}

static void an_empty_set_has_a_root(void **state)
{
    (void)state;
    rung__trie trie = {0};
    assert_ok(rung__trie_build(&trie, NULL, 0, &err));
    for (int b = 0; b < 256; b++)
        assert_int_equal(rung__trie_step(trie.nodes, 0, (char)b), -1);
    assert_int_equal(trie.nodes[0].id, -1);
    rung__trie_release(&trie);
}

static void the_longest_key_is_found(void **state)
{
    (void)state;
    char text[RUNG__TRIE_DEPTH];
    memset(text, 'a', sizeof text);
    rung__trie_key keys[] = {{{text, sizeof text}, 5}, {{"", 0}, 7}};
    rung__trie trie = {0};
    assert_ok(rung__trie_build(&trie, keys, 2, &err));
    assert_int_equal(find(&trie, (rung_span){text, sizeof text}), 5);
    assert_int_equal(find(&trie, (rung_span){text, sizeof text - 1}), -1);
    assert_int_equal(find(&trie, (rung_span){"", 0}), 7);
    rung__trie_release(&trie);
}

/* The places of the nodes are dense: at most twice as many as there are prefixes. */
static void little_room_is_wasted(void **state)
{
    (void)state;
    rung_vocab set = strings(1, 20000, 26, 12), prefixes = {0};
    rung__trie trie = {0};
    assert_ok(build(&trie, &set, &err));
    for (size_t i = 0; i < set.n; i++) {
        const rung_span s = rung__vocab_get(&set, i);
        for (size_t n = 1; n <= s.size; n++)
            assert_ok(rung__vocab_add(&prefixes, s.bytes, n, 0, &err));
    }
    assert_true(trie.n > prefixes.n && trie.n < 2 * prefixes.n);
    rung__trie_release(&trie);
    rung__vocab_release(&set);
    rung__vocab_release(&prefixes);
}

static rung_status build_and_release(void *set, rung_error *error)
{
    rung__trie trie = {0};
    const rung_status status = build(&trie, set, error);
    rung__trie_release(&trie);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    rung_vocab set = strings(1, 8000, 26, 9);
    assert_true(assert_survives_failed_allocations(build_and_release, &set) >= 3);
    rung__vocab_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_and_others_are_not),
        cmocka_unit_test(an_empty_set_has_a_root),
        cmocka_unit_test(the_longest_key_is_found),
        cmocka_unit_test(little_room_is_wasted),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
