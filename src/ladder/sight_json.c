/* Sight as JSON: each column is a list. */
#include "ladder/sight_json.h"

#include "base/json.h"

static void add_losses(json_t *o, const rung_sight *s, bool *failed)
{
    rung__json_put(o, "positions", json_integer(s->n_positions), failed);
    for (size_t i = 0; i < s->n_losses; i++) {
        const rung_context_loss *loss = &s->losses[i];
        rung__json_add(o, "contexts", json_integer(loss->context), failed);
        rung__json_add(o, "bits", json_real(loss->bits_per_byte), failed);
        rung__json_add(o, "standard_errors", json_real(loss->error), failed);
        rung__json_add(o, "nats", json_real(loss->nats_per_token), failed);
    }
}

static json_t *recall(const rung_sight *s, bool *failed)
{
    json_t *o = json_object();
    for (int i = 0; i < RUNG_SIGHT_OCTAVES; i++) {
        const rung_share *share = &s->recall[i];
        const int least = 4 << i, is_last = i == RUNG_SIGHT_OCTAVES - 1;
        rung__json_add(o, "least_distance", json_integer(least), failed);
        rung__json_add(o, "most_distance", json_integer(2 * least - !is_last), failed);
        rung__json_add(o, "right", json_integer(share->right), failed);
        rung__json_add(o, "of", json_integer(share->n), failed);
        rung__json_add(o, "low", json_real(share->low), failed);
        rung__json_add(o, "high", json_real(share->high), failed);
    }
    return o;
}

json_t *rung__sight_json(const rung_sight *s)
{
    bool failed = false;
    json_t *o = json_object();
    add_losses(o, s, &failed);
    if (s->reach > 0) {
        rung__json_put(o, "reach", json_integer(s->reach), &failed);
        rung__json_put(o, "recall", recall(s, &failed), &failed);
        rung__json_put(o, "sense",
                       json_pack("{s:I, s:I, s:f, s:f}", "right",
                                 (json_int_t)s->sense.right, "of", (json_int_t)s->sense.n,
                                 "low", s->sense.low, "high", s->sense.high),
                       &failed);
    }
    rung__json_put(o, "seconds", json_real(s->seconds), &failed);
    if (!failed) return o;
    json_decref(o);
    return NULL;
}

/* ---- Reading ---- */

static double real_at(const json_t *o, const char *key, size_t i)
{
    return json_number_value(json_array_get(json_object_get(o, key), i));
}

static int64_t int_at(const json_t *o, const char *key, size_t i)
{
    return json_integer_value(json_array_get(json_object_get(o, key), i));
}

static int64_t int_of(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static void read_losses(rung_sight *s, const json_t *o)
{
    s->n_losses = json_array_size(json_object_get(o, "contexts"));
    if (s->n_losses > RUNG_SIGHT_CONTEXTS) s->n_losses = RUNG_SIGHT_CONTEXTS;
    for (size_t i = 0; i < s->n_losses; i++)
        s->losses[i] = (rung_context_loss){.context = int_at(o, "contexts", i),
                                           .bits_per_byte = real_at(o, "bits", i),
                                           .error = real_at(o, "standard_errors", i),
                                           .nats_per_token = real_at(o, "nats", i)};
}

bool rung__sight_from_json(rung_sight *s, const json_t *o)
{
    const json_t *told = json_object_get(o, "recall"),
                 *sense = json_object_get(o, "sense");
    *s = (rung_sight){.n_positions = int_of(o, "positions"),
                      .reach = int_of(o, "reach"),
                      .seconds = json_number_value(json_object_get(o, "seconds"))};
    read_losses(s, o);
    for (size_t i = 0; told && i < RUNG_SIGHT_OCTAVES; i++)
        s->recall[i] = rung_share_of(int_at(told, "right", i), int_at(told, "of", i));
    if (sense) s->sense = rung_share_of(int_of(sense, "right"), int_of(sense, "of"));
    return json_is_object(o);
}
