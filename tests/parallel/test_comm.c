#include "support.h"

#include <pthread.h>
#include <stdatomic.h>

#include "parallel/comm.h"

enum { MAX_RANKS = 5, LENGTH = 40 };

/* A rank in a thread: `play` does the collective operations. */
typedef struct player {
    const rung_comm *comm;
    void (*play)(struct player *p);
    void *shared;
    pthread_t thread;
} player;

static void *player_main(void *arg)
{
    player *p = arg;
    p->play(p);
    return NULL;
}

static void play(int ranks, void (*fn)(player *p), void *shared)
{
    rung_error err;
    rung_thread_group *group = NULL;
    assert_ok(rung_thread_group_new(&group, ranks, &err));
    player players[MAX_RANKS];
    for (int r = 0; r < ranks; r++) {
        players[r] = (player){rung_thread_group_comm(group, r), fn, shared, 0};
        assert_int_equal(players[r].comm->rank, r);
        assert_int_equal(players[r].comm->size, ranks);
        if (r > 0) pthread_create(&players[r].thread, NULL, player_main, &players[r]);
    }
    players[0].play(&players[0]);
    for (int r = 1; r < ranks; r++) pthread_join(players[r].thread, NULL);
    rung_thread_group_free(group);
}

/* ---- barrier and gather ---- */

static void meet(player *p)
{
    int *rounds = p->shared; // plain memory: the sanitizer sees whether meeting orders it
    rung_error err;
    for (int i = 0; i < 200; i++) {
        rounds[p->comm->rank] = i;
        assert_ok(rung_comm_barrier(p->comm, &err));
        for (int r = 0; r < p->comm->size; r++) assert_int_equal(rounds[r], i);
        assert_ok(rung_comm_barrier(p->comm, &err));
    }
}

static void nobody_passes_a_barrier_before_all_have_come(void **state)
{
    (void)state;
    for (int ranks = 1; ranks <= MAX_RANKS; ranks++) {
        int rounds[MAX_RANKS] = {0};
        play(ranks, meet, rounds);
    }
}

static void gather_values(player *p)
{
    rung_error err;
    for (int i = 0; i < 50; i++) {
        const double mine[2] = {p->comm->rank, i};
        double all[2 * MAX_RANKS];
        assert_ok(rung_comm_gather(p->comm, mine, sizeof mine, all, &err));
        for (int r = 0; r < p->comm->size; r++) {
            assert_true(all[2 * r] == r && all[2 * r + 1] == i);
        }
    }
}

static void gather_gives_everybody_the_values_of_all(void **state)
{
    (void)state;
    for (int ranks = 1; ranks <= MAX_RANKS; ranks++) play(ranks, gather_values, NULL);
}

static void broadcast_values(player *p)
{
    rung_error err;
    for (int i = 0; i < 50; i++) {
        int value = p->comm->rank == 0 ? 7 * i : -1;
        assert_ok(rung_comm_broadcast(p->comm, &value, sizeof value, &err));
        assert_int_equal(value, 7 * i);
    }
}

static void broadcast_gives_everybody_the_value_of_rank_0(void **state)
{
    (void)state;
    for (int ranks = 1; ranks <= MAX_RANKS; ranks++) play(ranks, broadcast_values, NULL);
}

/* ---- shards ---- */

static void make_shards(int ranks, int64_t *data)
{
    for (int r = 0; r <= ranks; r++) data[r] = LENGTH * r / ranks;
}

static void gather_own_vectors(player *p)
{
    rung_error err;
    int64_t bounds[MAX_RANKS + 1];
    make_shards(p->comm->size, bounds);
    const rung_shards shards = {bounds, bounds, sizeof(float)};
    float vector[LENGTH];
    for (int i = 0; i < LENGTH; i++) vector[i] = (float)(1000 * (p->comm->rank + 1) + i);
    assert_ok(rung_comm_gather_shards(p->comm, vector, &shards, &err));
    for (int r = 0; r < p->comm->size; r++) {
        for (int64_t i = bounds[r]; i < bounds[r + 1]; i++)
            assert_true(vector[i] == (float)(1000 * (r + 1) + i));
    }
}

static void shards_of_separate_vectors_are_brought_together(void **state)
{
    (void)state;
    for (int ranks = 1; ranks <= MAX_RANKS; ranks++)
        play(ranks, gather_own_vectors, NULL);
}

static void fill_own_shard(player *p)
{
    rung_error err;
    int64_t bounds[MAX_RANKS + 1];
    make_shards(p->comm->size, bounds);
    const rung_shards shards = {bounds, bounds, sizeof(float)};
    float *vector = p->shared;
    for (int64_t i = bounds[p->comm->rank]; i < bounds[p->comm->rank + 1]; i++)
        vector[i] = (float)i;
    assert_ok(rung_comm_gather_shards(p->comm, vector, &shards, &err));
    for (int i = 0; i < LENGTH; i++) assert_true(vector[i] == (float)i);
}

static void shards_of_one_shared_vector_stay_where_they_are(void **state)
{
    (void)state;
    float vector[LENGTH] = {0};
    play(3, fill_own_shard, vector);
}

/* ---- reduce ---- */

typedef struct sum_ctx {
    int64_t begin, end; /* of the shard */
} sum_ctx;

static void add_shard(void *ctx, const rung_partial *into, const rung_partial *from)
{
    const sum_ctx *s = ctx;
    for (int64_t i = s->begin; i < s->end; i++)
        ((float *)into->data)[i] += ((const float *)from->data)[i];
}

/* Each rank holds one leaf; numbers of very different size, whose sum shows the order. */
static float leaf(int rank, int64_t i)
{
    static const float sizes[] = {1.0f, 1e8f, -1e8f, 3.0f, 0.5f};
    return sizes[rank] + (float)i;
}

static void reduce_one_leaf_each(player *p)
{
    rung_error err;
    const int rank = p->comm->rank, size = p->comm->size;
    int64_t bounds[MAX_RANKS + 1];
    make_shards(size, bounds);
    const rung_shards shards = {bounds, bounds, sizeof(float)};
    float vector[LENGTH];
    for (int i = 0; i < LENGTH; i++) vector[i] = leaf(rank, i);
    rung_tree tree = rung_tree_make(size);
    rung_tree_push(&tree, (rung_tree_node){0, rank});
    const rung_partial mine = {tree.nodes[0], vector, NULL};
    sum_ctx ctx = {bounds[rank], bounds[rank + 1]};
    const rung_reduction reduction = {size, &mine, 1, &shards, add_shard, &ctx};
    rung_partial sum;
    assert_ok(rung_comm_reduce(p->comm, &reduction, &sum, &err));
    for (int64_t i = ctx.begin; i < ctx.end; i++) {
        float left = leaf(0, i) + leaf(1, i), right = leaf(2, i) + leaf(3, i);
        assert_true(((float *)sum.data)[i] == (left + right) + leaf(4, i));
    }
    assert_ok(rung_comm_barrier(p->comm, &err));
}

static void reduce_adds_in_the_order_of_the_tree(void **state)
{
    (void)state;
    play(5, reduce_one_leaf_each, NULL);
}

/* ---- failure ---- */

static void fail_in_rank_1(player *p)
{
    atomic_int *failed = p->shared;
    rung_error err = {0};
    if (p->comm->rank == 1) {
        rung_comm_abort(p->comm);
        return;
    }
    rung_status status = RUNG_OK;
    for (int i = 0; i < 3 && status == RUNG_OK; i++)
        status = rung_comm_barrier(p->comm, &err);
    assert_int_equal(status, RUNG_INTERRUPTED);
    assert_contains(err.message, "another rank failed");
    atomic_fetch_add(failed, 1);
}

static void ranks_do_not_wait_for_one_that_failed(void **state)
{
    (void)state;
    atomic_int failed = 0;
    play(4, fail_in_rank_1, &failed);
    assert_int_equal(failed, 3);
}

static rung_status make_group(void *ctx, rung_error *err)
{
    (void)ctx;
    rung_thread_group *group;
    RUNG_TRY(rung_thread_group_new(&group, 3, err));
    rung_thread_group_free(group);
    return RUNG_OK;
}

static void a_group_survives_failed_allocations(void **state)
{
    (void)state;
    assert_int_equal(assert_survives_failed_allocations(make_group, NULL), 3);
}

static void self_is_a_rank_of_its_own(void **state)
{
    (void)state;
    player p = {rung_comm_self(), NULL, NULL, 0};
    assert_int_equal(p.comm->size, 1);
    gather_values(&p);
    broadcast_values(&p);
    gather_own_vectors(&p);
    int round = 0;
    p.shared = &round;
    meet(&p);
    rung_comm_abort(p.comm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_passes_a_barrier_before_all_have_come),
        cmocka_unit_test(gather_gives_everybody_the_values_of_all),
        cmocka_unit_test(broadcast_gives_everybody_the_value_of_rank_0),
        cmocka_unit_test(shards_of_separate_vectors_are_brought_together),
        cmocka_unit_test(shards_of_one_shared_vector_stay_where_they_are),
        cmocka_unit_test(reduce_adds_in_the_order_of_the_tree),
        cmocka_unit_test(ranks_do_not_wait_for_one_that_failed),
        cmocka_unit_test(a_group_survives_failed_allocations),
        cmocka_unit_test(self_is_a_rank_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
