/* The memory plan, over the training graphs of a GPT and an LSTM: whatever is alive at
 * the same time lies apart, the block is hardly larger than it must be, and nodes that
 * nobody needs do not run. Lives are computed here from the order of execution alone. */
#include "support.h"

#include "models/lm.h"
#include "rung/nn.h"

/* A tensor or scratch with bytes in the block. */
typedef struct piece {
    const rung_tensor *t; /* NULL: scratch */
    int64_t first, last;  /* nodes that write and read it, in the order of execution */
    size_t begin, end;
} piece;

typedef struct pieces {
    piece *list;
    size_t count;
} pieces;

static const rung_tensor *root_of(const rung_tensor *t)
{
    return t->view_of ? t->view_of : t;
}

static piece *piece_of(pieces *all, const rung_tensor *t)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->list[i].t == t) return &all->list[i];
    }
    return NULL;
}

static size_t offset_in(const rung_graph *g, const void *data)
{
    return (size_t)((const char *)data - (const char *)g->block);
}

/* What node p writes and reads. */
static void add_node(pieces *all, const rung_graph *g, int64_t p)
{
    const rung_node *n = g->order[p];
    for (int o = 0; o < n->op->n_outputs; o++) {
        const rung_tensor *t = n->out[o];
        const bool is_held = g->held && t->home == RUNG_HOME_GRAD;
        if (t->view_of || (t->home != RUNG_HOME_BLOCK && !is_held) || !t->data) continue;
        assert_null(piece_of(all, t));
        size_t at = offset_in(g, t->data);
        const int64_t last = is_held ? (int64_t)g->n_order : p;
        all->list[all->count++] = (piece){t, p, last, at, at + rung__tensor_bytes(t)};
    }
    if (n->scratch_bytes) {
        size_t at = offset_in(g, n->scratch);
        all->list[all->count++] = (piece){NULL, p, p, at, at + n->scratch_bytes};
    }
    for (int i = 0; i < n->n_inputs; i++) {
        if (!n->in[i] || root_of(n->in[i])->home != RUNG_HOME_BLOCK) continue;
        piece *read = piece_of(all, root_of(n->in[i]));
        assert_non_null(read); // written before
        read->last = p;
    }
}

static pieces find_pieces(const rung_graph *g)
{
    pieces all = {rung__alloc_array(g->n_order * (RUNG_MAX_OUTPUTS + 1), sizeof(piece)),
                  0};
    for (size_t p = 0; p < g->n_order; p++) add_node(&all, g, (int64_t)p);
    for (size_t i = 0; i < g->n_outputs; i++) {
        piece *kept = piece_of(&all, root_of(g->outputs[i]));
        if (kept) kept->last = (int64_t)g->n_order;
    }
    return all;
}

/* Whether b may lie in the bytes of a: its node reads a as the last one, and says so. */
static bool is_in_place(const rung_graph *g, const piece *a, const piece *b)
{
    if (!a->t || !b->t || a->last != b->first || a->begin != b->begin) return false;
    const rung_node *n = g->order[b->first];
    if (n->out[0] != b->t) return false;
    for (int i = 0; i < n->n_inputs; i++) {
        if (n->in[i] && root_of(n->in[i]) == a->t && (n->op->in_place >> i & 1))
            return true;
    }
    return false;
}

/* Returns how many tensors lie in the bytes of an input. */
static int check_apart(const rung_graph *g, const pieces *all)
{
    int in_place = 0;
    for (size_t i = 0; i < all->count; i++) {
        const piece *a = &all->list[i];
        assert_true(a->end <= rung_graph_block_bytes(g));
        assert_int_equal(a->begin % RUNG_ALIGN, 0);
        for (size_t j = 0; j < all->count; j++) {
            const piece *b = &all->list[j];
            bool meet = a->first <= b->first && b->first <= a->last;
            if (i == j || !meet || a->end <= b->begin || b->end <= a->begin) continue;
            if (!is_in_place(g, a, b))
                fail_msg("'%s' (nodes %d ... %d) and '%s' (%d ... %d) overlap",
                         a->t ? a->t->node->op->name : "scratch", (int)a->first,
                         (int)a->last, b->t ? b->t->node->op->name : "scratch",
                         (int)b->first, (int)b->last);
            in_place++;
        }
    }
    return in_place;
}

static size_t aligned(size_t bytes)
{
    return (bytes + RUNG_ALIGN - 1) / RUNG_ALIGN * RUNG_ALIGN;
}

/* The most that is alive at once: no plan needs less. */
static size_t least_bytes(const rung_graph *g, const pieces *all)
{
    size_t most = 0;
    for (size_t p = 0; p < g->n_order; p++) {
        size_t sum = 0;
        for (size_t i = 0; i < all->count; i++) {
            const piece *a = &all->list[i];
            if (a->first > (int64_t)p || a->last < (int64_t)p) continue;
            bool shared = false; // with an input that dies here
            for (size_t j = 0; j < all->count; j++)
                shared |= a->first == (int64_t)p && is_in_place(g, &all->list[j], a);
            if (!shared) sum += aligned(a->end - a->begin);
        }
        if (sum > most) most = sum;
    }
    return most;
}

static size_t all_bytes(const pieces *all)
{
    size_t sum = 0;
    for (size_t i = 0; i < all->count; i++) sum += all->list[i].end - all->list[i].begin;
    return sum;
}

static void check_plan(const rung_graph *g, int least_in_place)
{
    pieces all = find_pieces(g);
    int in_place = check_apart(g, &all);
    size_t least = least_bytes(g, &all), block = rung_graph_block_bytes(g);
    if (in_place < least_in_place) fail_msg("only %d tensors in place", in_place);
    if (block < least || (double)block > 1.1 * (double)least)
        fail_msg("a block of %zu bytes, where %zu are alive at once", block, least);
    assert_true(block < all_bytes(&all) / 2);
    rung__free(all.list);
}

static rung_model *small_gpt(void)
{
    return new_lm("gpt",
                  OPTIONS("layers", "3", "heads", "2", "width", "32", "context", "24",
                          "dropout", "0.1"),
                  96);
}

static void what_is_alive_lies_apart_in_a_gpt(void **state)
{
    lm_graph s;
    rung_model *m = small_gpt();
    lm_graph_build(&s, m, *state, 4, 24, NULL);
    lm_graph_ready(&s, NULL);
    check_plan(s.g, 10);
    lm_graph_release(&s);
    rung_model_free(m);
}

/* Held gradients lie where a block of the set has them, and cost less than one. */
static void held_gradients_lie_apart_too(void **state)
{
    rung_error err = {0};
    lm_graph s, plain;
    rung_block inside;
    rung_model *m = small_gpt();
    lm_graph_build(&plain, m, *state, 4, 24, NULL);
    lm_graph_ready(&plain, NULL);
    lm_graph_build(&s, m, *state, 4, 24, NULL);
    assert_true(rung_graph_hold_grads(s.g, m->params));
    lm_graph_ready(&s, NULL);
    assert_ok(rung_block_over(&inside, m->params, s.block, &err));
    rung_graph_bind(s.g, s.block, &inside, NULL);
    check_plan(s.g, 10);
    for (size_t p = 0; p < s.g->n_order; p++) {
        const rung_tensor *t = s.g->order[p]->out[0];
        if (t->home == RUNG_HOME_GRAD && !t->view_of)
            assert_int_equal(offset_in(s.g, t->data), 4 * t->param->offset);
    }
    const size_t grads = sizeof(float) * (size_t)rung_params_extent(m->params);
    assert_true(rung_graph_block_bytes(s.g) < rung_graph_block_bytes(plain.g) + grads);
    rung_block_release(&inside);
    lm_graph_release(&plain);
    lm_graph_release(&s);
    rung_model_free(m);
}

/* Without a gradient for every parameter a block would have gaps. */
static void not_all_gradients_are_not_held(void **state)
{
    rung_error err = {0};
    rung_params *p;
    assert_ok(rung_params_new(&p, RUNG_F32, &err));
    assert_ok(
        rung_params_add(p, &(rung_param){.name = "w", .rank = 1, .shape = {4}}, &err));
    assert_ok(
        rung_params_add(p, &(rung_param){.name = "v", .rank = 1, .shape = {4}}, &err));
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *w = rung_param_leaf(g, p, "w");
    rung_graph_grad(g, rung_sum(g, w));
    assert_false(rung_graph_hold_grads(g, p));
    rung_graph_free(g);
    rung_params_free(p);
}

static void what_is_alive_lies_apart_in_an_lstm(void **state)
{
    rung_error err = {0};
    rung_params *states = NULL;
    lm_graph s;
    rung_model *m = new_lm(
        "lstm", OPTIONS("layers", "3", "width", "32", "context", "12", "dropout", "0.1"),
        40);
    assert_ok(rung_params_new(&states, RUNG_F32, &err));
    assert_ok(m->type->raw->carry(m, states, 4, &err));
    lm_graph_build(&s, m, *state, 4, 12, states);
    lm_graph_ready(&s, states);
    check_plan(s.g, 5);
    lm_graph_release(&s);
    rung_params_free(states);
    rung_model_free(m);
}

/* Hundreds of small nodes, with views, slices and pads. */
static void what_is_alive_lies_apart_when_unrolled(void **state)
{
    rung_error err = {0};
    rung_params *p = NULL;
    rung_block grads;
    assert_ok(rung_params_new(&p, RUNG_F32, &err));
    rung_lstm_spec spec = {.in = 8, .width = 8, .layers = 2};
    rung_scope root = rung_scope_root(p, NULL, NULL);
    assert_ok(rung_nn_lstm_declare(&root, &spec, &err));
    assert_ok(rung_block_new(&grads, p, &err));
    rung_graph *g = new_graph(*state, RUNG_F32);
    root = rung_scope_root(p, g, NULL);
    rung_tensor *x = rung_input(g, "x", RUNG_F32, 3, SHAPE(3, 10, 8));
    rung_tensor *loss = rung_sum(g, rung_nn_lstm_unrolled(&root, &spec, x));
    rung_graph_grad(g, loss);
    void *block = make_ready(g, &loss, 1, &grads, NULL);
    check_plan(g, 50);
    rung__free(block);
    rung_graph_free(g);
    rung_block_release(&grads);
    rung_params_free(p);
}

static void the_same_graph_has_the_same_plan(void **state)
{
    lm_graph a, b;
    rung_model *m = small_gpt();
    void *between = rung__alloc(12345); // other addresses the second time
    lm_graph_build(&a, m, *state, 4, 24, NULL);
    rung__free(between);
    lm_graph_build(&b, m, *state, 4, 24, NULL);
    lm_graph_ready(&a, NULL);
    lm_graph_ready(&b, NULL);
    assert_int_equal(rung_graph_block_bytes(a.g), rung_graph_block_bytes(b.g));
    assert_int_equal(a.g->n_order, b.g->n_order);
    for (size_t p = 0; p < a.g->n_order; p++) {
        assert_int_equal(a.g->order[p]->scratch_offset, b.g->order[p]->scratch_offset);
        for (int o = 0; o < a.g->order[p]->op->n_outputs; o++)
            assert_int_equal(a.g->order[p]->out[o]->offset,
                             b.g->order[p]->out[o]->offset);
    }
    lm_graph_release(&a);
    lm_graph_release(&b);
    rung_model_free(m);
}

static void what_nobody_needs_does_not_run(void **state)
{
    static const float x[] = {1, 2, 3, 4};
    static const int32_t wild[] = {1000};
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *in = input_of(g, 2, SHAPE(2, 2), x);
    rung_tensor *y = rung_scale(g, in, 3);
    rung_scale(g, rung_embedding(g, y, ids_of(g, 1, SHAPE(1), wild)), 2);
    rung_tensor *z = rung_sum(g, y);
    void *block = make_ready(g, &z, 1, NULL, NULL);
    assert_int_equal(rung_graph_count(g), 2);
    run_graph(g); // the wild id is not looked up
    assert_near(rung_tensor_scalar(z), 30, 0);
    rung__free(block);
    rung_graph_free(g);
}

static void outputs_are_kept_from_being_overwritten(void **state)
{
    static const float x[] = {1, 2, 3, 4};
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *a = rung_scale(g, input_of(g, 1, SHAPE(4), x), 2);
    rung_tensor *b = rung_scale(g, rung_scale(g, a, 2), 2);
    void *block = make_ready(g, (rung_tensor *[]){a, b}, 2, NULL, NULL);
    run_graph(g);
    assert_near(float_at(a, 3), 8, 0);
    assert_near(float_at(b, 3), 32, 0);
    assert_ptr_not_equal(rung_tensor_data(a), rung_tensor_data(b));
    assert_int_equal(rung_graph_block_bytes(g), 2 * RUNG_ALIGN); // the middle one is b's
    rung__free(block);
    rung_graph_free(g);
}

/* Read twice by one node, or needed later: not in place. */
static void an_input_that_is_read_again_is_not_taken(void **state)
{
    static const float x[] = {1, 2, 3, 4};
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *a = rung_scale(g, input_of(g, 1, SHAPE(4), x), 2);
    rung_tensor *square = rung_mul(g, a, rung_reshape(g, a, 1, SHAPE(4)));
    rung_tensor *later = rung_add(g, square, a);
    void *block = make_ready(g, &later, 1, NULL, NULL);
    run_graph(g);
    assert_near(float_at(later, 3), 72, 0);
    assert_near(float_at(later, 0), 6, 0);
    rung__free(block);
    rung_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_alive_lies_apart_in_a_gpt),
        cmocka_unit_test(held_gradients_lie_apart_too),
        cmocka_unit_test(not_all_gradients_are_not_held),
        cmocka_unit_test(what_is_alive_lies_apart_in_an_lstm),
        cmocka_unit_test(what_is_alive_lies_apart_when_unrolled),
        cmocka_unit_test(the_same_graph_has_the_same_plan),
        cmocka_unit_test(what_nobody_needs_does_not_run),
        cmocka_unit_test(outputs_are_kept_from_being_overwritten),
        cmocka_unit_test(an_input_that_is_read_again_is_not_taken),
    };
    return cmocka_run_group_tests_name("plan", tests, open_runtime, close_runtime);
}
