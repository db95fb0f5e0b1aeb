/* Attention against its definition: every set and the double set against a naive loop. */
#include "support.h"

#include "kernels/compare.h"

typedef struct setting {
    int64_t queries, n_keys, key_rows, D;
    bool causal;
    int64_t past;
    double dropout;
} setting;

/* The operands lie as in a model: q, k and v are columns of one packed row where their
 * counts allow it, else apart; strides are wider than D. */
typedef struct operands {
    setting s;
    array q, k, v, o, lse, d_o, dq, dk, dv;
    int64_t ld;
} operands;

static const uint64_t stream_key = 77, stream_lane = 3;

static operands operands_new(setting s)
{
    const int64_t ld = s.D + 5;
    operands t = {.s = s, .ld = ld};
    t.q = array_random(s.queries * ld, -1.5, 1.5, 1);
    t.k = array_random(s.key_rows * ld, -1.5, 1.5, 2);
    t.v = array_random(s.key_rows * ld, -1, 1, 3);
    t.d_o = array_random(s.queries * ld, -1, 1, 4);
    t.o = array_random(s.queries * ld, 7, 8, 5);
    t.dq = array_random(s.queries * ld, 7, 8, 6);
    t.dk = array_random(s.key_rows * ld, 7, 8, 7);
    t.dv = array_random(s.key_rows * ld, 7, 8, 8);
    t.lse = array_new(s.queries);
    return t;
}

static void operands_release(operands *t)
{
    array_free(t->q), array_free(t->k), array_free(t->v), array_free(t->d_o);
    array_free(t->o), array_free(t->dq), array_free(t->dk), array_free(t->dv);
    array_free(t->lse);
}

static rung_attention_tile tile_of(const rung_kernels *k, const operands *t)
{
    const setting *s = &t->s;
    return (rung_attention_tile){
        .D = s->D,
        .i0 = 0,
        .i1 = s->queries,
        .n_keys = s->n_keys,
        .causal = s->causal,
        .past = s->past,
        .scale = 1 / sqrt((double)s->D),
        .q = of(k, t->q),
        .k = of(k, t->k),
        .v = of(k, t->v),
        .ldq = t->ld,
        .ldk = t->ld,
        .ldv = t->ld,
        .o = of(k, t->o),
        .ldo = t->ld,
        .lse = of(k, t->lse),
        .dropout = s->dropout,
        .key = stream_key,
        .lane = stream_lane,
        .drop_stride = (s->key_rows + 3) / 4 * 4,
        .d_o = of(k, t->d_o),
        .dq = of(k, t->dq),
        .dk = of(k, t->dk),
        .dv = of(k, t->dv),
        .lddq = t->ld,
        .lddk = t->ld,
        .lddv = t->ld,
        .n_key_rows = s->key_rows,
    };
}

static bool allowed(const setting *s, int64_t i, int64_t j)
{
    return j < s->n_keys && (!s->causal || j <= s->past + i);
}

static double keep_factor(const rung_attention_tile *a, int64_t i, int64_t j)
{
    if (!(a->dropout > 0)) return 1;
    const uint64_t number = (uint64_t)(i * a->drop_stride + j);
    uint32_t block[4];
    rung_philox(a->key, number / 4, a->lane, block);
    return block[number % 4] >= a->dropout * 4294967296.0 ? 1 / (1 - a->dropout) : 0;
}

/* o, lse, and with them dq, dk, dv, by the definition in double. */
static void reference(const operands *t, array o, array lse, array dq, array dk, array dv)
{
    const rung_attention_tile a = tile_of(rung_kernels_double(), t);
    const int64_t D = a.D, ld = t->ld, n = a.n_keys;
    const double *q = t->q.d, *k = t->k.d, *v = t->v.d, *d_o = t->d_o.d;
    array p = array_new(n + 1);
    for (int64_t i = 0; i < t->s.queries; i++) {
        double sum = 0, delta = 0;
        for (int64_t j = 0; j < n; j++) {
            double s = 0;
            for (int64_t d = 0; d < D; d++) s += q[i * ld + d] * k[j * ld + d];
            p.d[j] = allowed(&t->s, i, j) ? exp(a.scale * s) : 0;
            sum += p.d[j];
        }
        lse.d[i] = log(sum);
        for (int64_t d = 0; d < D; d++) o.d[i * ld + d] = dq.d[i * ld + d] = 0;
        for (int64_t j = 0; j < n; j++) {
            p.d[j] = sum > 0 ? p.d[j] / sum : 0;
            const double w = p.d[j] * keep_factor(&a, i, j);
            for (int64_t d = 0; d < D; d++) o.d[i * ld + d] += w * v[j * ld + d];
        }
        for (int64_t d = 0; d < D; d++) delta += d_o[i * ld + d] * o.d[i * ld + d];
        for (int64_t j = 0; j < n; j++) {
            const double f = keep_factor(&a, i, j);
            double dp = 0;
            for (int64_t d = 0; d < D; d++) {
                dv.d[j * ld + d] += p.d[j] * f * d_o[i * ld + d];
                dp += d_o[i * ld + d] * v[j * ld + d];
            }
            const double ds = a.scale * p.d[j] * (f * dp - delta);
            for (int64_t d = 0; d < D; d++) {
                dq.d[i * ld + d] += ds * k[j * ld + d];
                dk.d[j * ld + d] += ds * q[i * ld + d];
            }
        }
    }
    array_free(p);
}

/* Row by row: D elements as wanted, and the gap behind them as it was before. */
static void check_rows(const rung_kernels *k, const char *what, const operands *t,
                       array got, array wanted, array before, double tolerance)
{
    const setting *s = &t->s;
    for (int64_t i = 0; i < got.n; i++) {
        const bool inside = i % t->ld < s->D;
        const double want = inside ? wanted.d[i] : at(k, before, i);
        if (!is_close(at(k, got, i), want, inside ? tolerance : 0))
            fail_msg(
                "%s %s, %lld queries, %lld of %lld keys, D %lld, causal %d, past %lld, "
                "dropout %g: row %lld, column %lld is %.9g, wanted %.9g",
                k->name, what, (long long)s->queries, (long long)s->n_keys,
                (long long)s->key_rows, (long long)s->D, s->causal, (long long)s->past,
                s->dropout, (long long)(i / t->ld), (long long)(i % t->ld), at(k, got, i),
                want);
    }
    check_guard(got, what);
}

static void check_setting(const rung_kernels *k, setting s, double tolerance)
{
    operands t = operands_new(s);
    const operands before = operands_new(s);
    array o = array_new(t.o.n), lse = array_new(s.queries), dq = array_new(t.dq.n);
    array dk = array_new(t.dk.n), dv = array_new(t.dv.n);
    reference(&t, o, lse, dq, dk, dv);
    rung_attention_tile a = tile_of(k, &t);
    const size_t forward = k->attention_scratch(s.D, s.n_keys, 0),
                 backward = k->attention_scratch(s.D, s.n_keys, 1);
    /* As large as said, and full of NaN: nothing may count that was not written. */
    char *scratch = rung__alloc(forward > backward ? forward : backward);
    memset(scratch, 0xff, forward);
    a.scratch = scratch;
    k->attention(&a);
    check_rows(k, "o", &t, t.o, o, before.o, tolerance);
    for (int64_t i = 0; i < s.queries; i++)
        check_value(k, "lse", i, at(k, t.lse, i), lse.d[i], tolerance);
    memset(scratch, 0xff, backward);
    k->attention_grad(&a);
    check_rows(k, "dq", &t, t.dq, dq, before.dq, 2 * tolerance);
    check_rows(k, "dk", &t, t.dk, dk, before.dk, 4 * tolerance);
    check_rows(k, "dv", &t, t.dv, dv, before.dv, 4 * tolerance);
    rung__free(scratch);
    operands_release(&t);
    operands before_too = before;
    operands_release(&before_too);
    array_free(o), array_free(lse), array_free(dq), array_free(dk), array_free(dv);
}

static void check_everywhere(setting s)
{
    check_setting(rung_kernels_double(), s, 1e-12);
    for (const rung_kernels *k = first_set(); k; k = next_set(k))
        check_setting(k, s, 3e-6);
}

static void self_attention_of_every_length(void **state)
{
    (void)state;
    static const int64_t lengths[] = {1,  2,  3,  4,  5,   15,  16,
                                      17, 63, 64, 65, 100, 129, 200};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const int64_t n = lengths[i];
        check_everywhere((setting){n, n, n, 16, true, 0, 0});
        check_everywhere((setting){n, n, n, 16, false, 0, 0});
        check_everywhere((setting){n, n, n, 16, true, 0, 0.3});
    }
}

static void every_head_size(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 7, 8, 15, 16, 17, 33, 64, 80, 128};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_everywhere((setting){70, 70, 70, sizes[i], true, 0, 0});
        check_everywhere((setting){2, 70, 70, sizes[i], false, 0, 0.2});
        check_everywhere((setting){66, 70, 75, sizes[i], false, 0, 0.2});
    }
}

static void cross_attention_and_padding(void **state)
{
    (void)state;
    check_everywhere((setting){10, 33, 40, 24, false, 0, 0});
    check_everywhere((setting){130, 7, 9, 24, false, 0, 0.5});
    check_everywhere((setting){5, 1, 64, 24, false, 0, 0});
    check_everywhere(
        (setting){80, 50, 80, 24, true, 0, 0.1}); /* later keys are padding */
    check_everywhere((setting){80, 129, 130, 24, true, 3, 0.1}); /* keys nobody may see */
}

static void cached_keys_before_the_queries(void **state)
{
    (void)state;
    for (int64_t queries = 1; queries <= 9; queries++)
        for (int64_t past = 0; past < 140; past += 23) {
            const int64_t keys = past + queries;
            check_everywhere((setting){queries, keys, keys + 2, 20, true, past, 0});
            check_everywhere((setting){queries, keys, keys + 2, 20, true, past, 0.25});
        }
}

static void without_a_key_the_output_is_zero(void **state)
{
    (void)state;
    check_everywhere((setting){1, 0, 4, 16, false, 0, 0});
    check_everywhere((setting){70, 0, 4, 16, true, 0, 0.5});
    check_everywhere((setting){70, 40, 40, 16, true, -20, 0}); /* first 20 see nothing */
    check_everywhere((setting){3, 2, 2, 16, true, -1, 0});
}

/* Any cut of the queries gives the same numbers; cuts at the tile the same bits. */
static void tiles_may_be_cut_anywhere(void **state)
{
    (void)state;
    const setting s = {200, 200, 200, 32, true, 0, 0.1};
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        operands t = operands_new(s), cut = operands_new(s);
        rung_attention_tile a = tile_of(k, &t), b = tile_of(k, &cut);
        a.scratch = b.scratch = rung__alloc(k->attention_scratch(s.D, s.n_keys, 0));
        k->attention(&a);
        for (b.i0 = 0; b.i0 < 200; b.i0 = b.i1) {
            b.i1 = b.i0 + RUNG_ATTENTION_TILE < 200 ? b.i0 + RUNG_ATTENTION_TILE : 200;
            k->attention(&b);
        }
        assert_memory_equal(t.o.f, cut.o.f, (size_t)t.o.n * sizeof(float));
        assert_memory_equal(t.lse.f, cut.lse.f, (size_t)s.queries * sizeof(float));
        for (b.i0 = 0; b.i0 < 200; b.i0 = b.i1) {
            b.i1 = b.i0 + 9 < 200 ? b.i0 + 9 : 200;
            k->attention(&b);
        }
        for (int64_t i = 0; i < t.o.n; i++)
            check_value(k, "cut", i, (double)cut.o.f[i], (double)t.o.f[i], 2e-6);
        rung__free(b.scratch);
        operands_release(&t), operands_release(&cut);
    }
}

/* Scores of thousands: the running maximum keeps every exponential below 1. */
static void large_scores_do_not_overflow(void **state)
{
    (void)state;
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int64_t queries = 1; queries <= 70; queries += 69) {
            operands t = operands_new((setting){queries, 150, 150, 8, false, 0, 0});
            for (int64_t j = 0; j < 150; j++)
                for (int64_t d = 0; d < 8; d++) put(t.k, j * t.ld + d, 20.0 * (double)j);
            for (int64_t i = 0; i < t.q.n; i++) put(t.q, i, 3);
            rung_attention_tile a = tile_of(k, &t);
            a.scratch = rung__alloc(k->attention_scratch(8, 150, 0));
            k->attention(&a);
            for (int64_t i = 0; i < queries; i++)
                for (int64_t d = 0; d < 8; d++) /* the last key takes all */
                    check_value(k, "large", d, (double)t.o.f[i * t.ld + d],
                                (double)t.v.f[149 * t.ld + d], 1e-3);
            rung__free(a.scratch);
            operands_release(&t);
        }
    }
}

static void a_nan_reaches_the_output(void **state)
{
    (void)state;
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int64_t queries = 1; queries <= 70; queries += 69) {
            operands t = operands_new((setting){queries, 100, 100, 16, false, 0, 0});
            put(t.k, 37 * t.ld + 5, (double)NAN);
            rung_attention_tile a = tile_of(k, &t);
            a.scratch = rung__alloc(k->attention_scratch(16, 100, 0));
            k->attention(&a);
            for (int64_t i = 0; i < queries; i++) {
                assert_true(isnan(t.lse.f[i]));
                assert_true(isnan(t.o.f[i * t.ld]));
            }
            rung__free(a.scratch);
            operands_release(&t);
        }
    }
}

/* ---- the reference's gradient, by differences, so that it is not trusted blindly ----
 */

static double attention_loss(void *ctx)
{
    operands *t = ctx;
    const rung_kernels *d = rung_kernels_double();
    rung_attention_tile a = tile_of(d, t);
    a.scratch = rung__alloc(d->attention_scratch(t->s.D, t->s.n_keys, 0));
    d->attention(&a);
    rung__free(a.scratch);
    double loss = 0;
    for (int64_t i = 0; i < t->o.n; i++)
        if (i % t->ld < t->s.D) loss += t->d_o.d[i] * t->o.d[i];
    return loss;
}

static void gradients_are_derivatives(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    operands t = operands_new((setting){9, 11, 12, 5, true, 2, 0.2});
    rung_attention_tile a = tile_of(d, &t);
    attention_loss(&t);
    a.scratch = rung__alloc(d->attention_scratch(t.s.D, t.s.n_keys, 1));
    memset(t.dq.d, 0, (size_t)t.dq.n * sizeof(double)); /* the gaps between rows */
    memset(t.dk.d, 0, (size_t)t.dk.n * sizeof(double));
    memset(t.dv.d, 0, (size_t)t.dv.n * sizeof(double));
    d->attention_grad(&a);
    rung__free(a.scratch);
    check_gradient("attention q", t.q, t.dq, attention_loss, &t);
    check_gradient("attention k", t.k, t.dk, attention_loss, &t);
    check_gradient("attention v", t.v, t.dv, attention_loss, &t);
    operands_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_attention_of_every_length),
        cmocka_unit_test(every_head_size),
        cmocka_unit_test(cross_attention_and_padding),
        cmocka_unit_test(cached_keys_before_the_queries),
        cmocka_unit_test(without_a_key_the_output_is_zero),
        cmocka_unit_test(tiles_may_be_cut_anywhere),
        cmocka_unit_test(large_scores_do_not_overflow),
        cmocka_unit_test(a_nan_reaches_the_output),
        cmocka_unit_test(gradients_are_derivatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
