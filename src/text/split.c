/* Splits of data into train, valid and test: of raw text by position, of examples by
 * label. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "rung/labelled.h"
#include "text/unicode.h"

#define NEAR_BYTES 1000 /* a newline is near within so much, */
#define NEAR_PART 100   /* and within this part of the text */

static rung_status check_shares(double valid_share, double test_share, rung_error *err)
{
    if (valid_share >= 0 && test_share >= 0 && 1 - valid_share - test_share > 0)
        return RUNG_OK;
    return rung_fail(err, RUNG_USAGE,
                     "shares of valid %g and test %g: must be 0 or more, "
                     "and leave something to train on",
                     valid_share, test_share);
}

/* ---- Raw text ---- */

/* Just after the newline nearest to `at`, else between characters. */
static size_t cut_near(const rung_text *text, size_t at)
{
    const size_t part = text->size / NEAR_PART;
    const size_t reach = part < NEAR_BYTES ? part : NEAR_BYTES;
    for (size_t away = 0; away <= reach; away++) {
        if (away < at && text->bytes[at - away - 1] == '\n') return at - away;
        if (at + away < text->size && text->bytes[at + away] == '\n')
            return at + away + 1;
    }
    return rung__utf8_boundary(text->bytes, text->size, at);
}

static rung_status check_part(const rung_text *text, const char *part, rung_span span,
                              double share, rung_error *err)
{
    if (span.size > 0 || share == 0) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT,
                     "'%s' has %zu bytes: too few for a %s part of %g of it", text->name,
                     text->size, part, share);
}

rung_status rung_text_split(const rung_text *text, double valid_share, double test_share,
                            rung_span *train, rung_span *valid, rung_span *test,
                            rung_error *err)
{
    RUNG_TRY(check_shares(valid_share, test_share, err));
    const double train_share = 1 - valid_share - test_share;
    const double size = (double)text->size;
    const size_t end = text->size;
    const size_t to_test =
        test_share > 0 ? cut_near(text, (size_t)(size * (1 - test_share))) : end;
    const size_t to_valid =
        valid_share > 0 ? cut_near(text, (size_t)(size * train_share)) : to_test;
    const rung_span parts[3] = {
        {text->bytes, to_valid < to_test ? to_valid : to_test},
        {text->bytes + to_valid, to_valid < to_test ? to_test - to_valid : 0},
        {text->bytes + to_test, end - to_test},
    };
    RUNG_TRY(check_part(text, "train", parts[0], train_share, err));
    RUNG_TRY(check_part(text, "valid", parts[1], valid_share, err));
    RUNG_TRY(check_part(text, "test", parts[2], test_share, err));
    *train = parts[0], *valid = parts[1], *test = parts[2];
    return RUNG_OK;
}

/* ---- Examples ---- */

enum { TRAIN, VALID, TEST };

/* The examples of one label. */
typedef struct stratum {
    size_t n, parts[3];      /* how many; how many each part has room for */
    size_t n_clusters, seen; /* seen: those that have their rank already */
    double rest;  /* of the part that is dealt: what its share has beyond whole ones */
    size_t place; /* among the strata */
} stratum;

static int by_rest(const void *a, const void *b)
{
    const stratum *x = *(stratum *const *)a, *y = *(stratum *const *)b;
    if (x->rest != y->rest) return x->rest > y->rest ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

/* Deals n * share examples to `part`: to each stratum the whole number of its share, then
 * one more to those with the largest rests (Hamilton's method of seats). One example of
 * each label stays in train. `order` is scratch, as long as there are strata. */
static void deal(stratum *strata, stratum **order, size_t n_strata, size_t n,
                 double share, int part)
{
    const size_t wanted = (size_t)llround((double)n * share);
    size_t dealt = 0;
    for (size_t i = 0; i < n_strata; i++) {
        stratum *s = order[i] = &strata[i];
        const double exact = (double)s->n * share;
        const size_t whole = (size_t)exact, most = s->parts[TRAIN] - (s->n > 0);
        s->parts[part] = whole < most ? whole : most;
        s->parts[TRAIN] -= s->parts[part];
        s->rest = exact - (double)whole;
        dealt += s->parts[part];
    }
    qsort(order, n_strata, sizeof *order, by_rest);
    for (size_t i = 0; i < n_strata && dealt < wanted && order[i]->rest > 0; i++) {
        if (order[i]->parts[TRAIN] <= 1) continue;
        order[i]->parts[TRAIN]--, order[i]->parts[part]++;
        dealt++;
    }
}

/* Examples that stay together, in the random order of their stratum. */
typedef struct cluster {
    stratum *stratum;
    uint64_t rank;
    size_t size;
    unsigned char part;
} cluster;

static int by_rank(const void *a, const void *b)
{
    const cluster *x = *(cluster *const *)a, *y = *(cluster *const *)b;
    if (x->stratum != y->stratum) return x->stratum < y->stratum ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* The first part that has room for all of a cluster. */
static unsigned char place(cluster *c)
{
    static const unsigned char parts[] = {TEST, VALID};
    for (size_t i = 0; i < 2; i++) {
        size_t *room = &c->stratum->parts[parts[i]];
        if (*room < c->size) continue;
        *room -= c->size;
        return parts[i];
    }
    return TRAIN;
}

static rung_status check_dealt(size_t dealt, double share, const char *part, size_t n,
                               int64_t n_labels, rung_error *err)
{
    if (dealt > 0 || share == 0) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT,
                     "%zu examples of %lld labels: too few for a %s part of %g of them",
                     n, (long long)n_labels, part, share);
}

/* The clusters of all examples, at the place of the first of each; a cluster is of the
 * stratum of its first example. */
static void gather(cluster *clusters, stratum *strata, const int32_t *labels,
                   const size_t *group, size_t n, uint64_t seed)
{
    const uint64_t key = rung_rng_key(seed, "split", 0);
    for (size_t i = 0; i < n; i++) {
        const size_t first = group ? group[i] : i;
        assert(first <= i);
        clusters[first].stratum = &strata[labels[first] + 1];
        if (clusters[first].size++ == 0) clusters[first].stratum->n_clusters++;
    }
    for (size_t i = 0; i < n; i++) {
        stratum *s = clusters[i].stratum;
        if (clusters[i].size == 0) continue;
        clusters[i].rank =
            rung_permute(rung_rng_key(key, "label", s->place), s->n_clusters, s->seen++);
    }
}

/* Gives every example its part; parts_n: how many each part gets. */
static rung_status distribute(unsigned char *part, stratum *strata, const int32_t *labels,
                              const size_t *group, size_t n, uint64_t seed,
                              size_t parts_n[3], rung_error *err)
{
    cluster *clusters = rung__alloc_array(n, sizeof *clusters + sizeof(cluster *));
    if (!clusters) return rung__out_of_memory(err, n * sizeof *clusters, "a split");
    cluster **order = (cluster **)(clusters + n);
    size_t n_clusters = 0;
    gather(clusters, strata, labels, group, n, seed);
    for (size_t i = 0; i < n; i++)
        if (clusters[i].size) order[n_clusters++] = &clusters[i];
    qsort(order, n_clusters, sizeof *order, by_rank);
    for (size_t i = 0; i < n_clusters; i++) order[i]->part = place(order[i]);
    for (size_t i = 0; i < n; i++) {
        part[i] = clusters[group ? group[i] : i].part;
        parts_n[part[i]]++;
    }
    rung__free(clusters);
    return RUNG_OK;
}

rung_status rung_split_stratified(unsigned char *part, const int32_t *labels,
                                  const size_t *group, size_t n, int64_t n_labels,
                                  double valid_share, double test_share, uint64_t seed,
                                  rung_error *err)
{
    RUNG_TRY(check_shares(valid_share, test_share, err));
    const size_t n_strata = (size_t)n_labels + 1; // the first: of unknown labels
    stratum *strata = rung__alloc_array(n_strata, sizeof *strata + sizeof(stratum *));
    if (!strata) return rung__out_of_memory(err, n_strata * sizeof *strata, "a split");
    stratum **order = (stratum **)(strata + n_strata);
    for (size_t i = 0; i < n_strata; i++) strata[i].place = i;
    for (size_t i = 0; i < n; i++) {
        assert(labels[i] >= -1 && labels[i] < n_labels);
        stratum *s = &strata[labels[i] + 1];
        s->n++, s->parts[TRAIN]++;
    }
    deal(strata, order, n_strata, n, test_share, TEST);
    deal(strata, order, n_strata, n, valid_share, VALID);
    size_t got[3] = {0};
    rung_status status = distribute(part, strata, labels, group, n, seed, got, err);
    rung__free(strata);
    RUNG_TRY(status);
    RUNG_TRY(check_dealt(got[TEST], test_share, "test", n, n_labels, err));
    return check_dealt(got[VALID], valid_share, "valid", n, n_labels, err);
}
