#include "support.h"

#include "parallel/tree.h"

/* A sum written out: "((0+1)+2)". */
typedef struct term {
    char text[400];
} term;

static void join(term *into, const term *from)
{
    char text[sizeof into->text];
    const int n = snprintf(text, sizeof text, "(%.190s+%.190s)", into->text, from->text);
    assert_true(n < (int)sizeof text);
    memcpy(into->text, text, sizeof text);
}

/* The tree's definition, top-down: node(level, index) of `count` leaves. */
static void define(int level, int64_t index, int64_t count, term *out)
{
    if (level == 0) {
        snprintf(out->text, sizeof out->text, "%d", (int)index);
        return;
    }
    define(level - 1, 2 * index, count, out);
    if ((2 * index + 1) << (level - 1) >= count) return;
    term right;
    define(level - 1, 2 * index + 1, count, &right);
    join(out, &right);
}

/* Ranks of any sizes push their own leaves; what they are left with is pushed again. */
static void sum_in_ranks(int64_t count, int64_t per_rank, term *out)
{
    rung_tree whole = rung_tree_make(count);
    term stack[RUNG_TREE_STACK];
    int top = 0;
    for (int64_t begin = 0; begin < count; begin += per_rank) {
        rung_tree part = rung_tree_make(count);
        term own[RUNG_TREE_STACK];
        int n = 0;
        for (int64_t m = begin; m < begin + per_rank && m < count; m++) {
            snprintf(own[n++].text, sizeof own->text, "%d", (int)m);
            int joins = rung_tree_push(&part, (rung_tree_node){0, m});
            for (; joins > 0; joins--, n--) join(&own[n - 2], &own[n - 1]);
            assert_int_equal(n, part.n_nodes);
        }
        for (int i = 0; i < n; i++) {
            stack[top++] = own[i];
            int joins = rung_tree_push(&whole, part.nodes[i]);
            for (; joins > 0; joins--, top--) join(&stack[top - 2], &stack[top - 1]);
        }
    }
    assert_int_equal(top, 1);
    *out = stack[0];
}

static void any_split_adds_in_the_order_of_the_tree(void **state)
{
    (void)state;
    for (int64_t count = 1; count <= 33; count++) {
        int level = 0;
        while (((int64_t)1 << level) < count) level++;
        term wanted, sum;
        define(level, 0, count, &wanted);
        for (int64_t per_rank = 1; per_rank <= count; per_rank++) {
            sum_in_ranks(count, per_rank, &sum);
            assert_string_equal(sum.text, wanted.text);
        }
    }
}

static void six_leaves_are_joined_as_drawn(void **state)
{
    (void)state;
    term sum;
    sum_in_ranks(6, 6, &sum);
    assert_string_equal(sum.text, "(((0+1)+(2+3))+(4+5))");
    sum_in_ranks(5, 2, &sum);
    assert_string_equal(sum.text, "(((0+1)+(2+3))+4)");
}

static void a_long_row_of_leaves_needs_a_short_stack(void **state)
{
    (void)state;
    const int64_t count = 1 << 16;
    rung_tree tree = rung_tree_make(count);
    int most = 0;
    for (int64_t m = 0; m < count; m++) {
        rung_tree_push(&tree, (rung_tree_node){0, m});
        if (tree.n_nodes > most) most = tree.n_nodes;
    }
    assert_int_equal(tree.n_nodes, 1);
    assert_int_equal(tree.nodes[0].level, 16);
    assert_int_equal(most, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_split_adds_in_the_order_of_the_tree),
        cmocka_unit_test(six_leaves_are_joined_as_drawn),
        cmocka_unit_test(a_long_row_of_leaves_needs_a_short_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
