/* What results.json says of how far back a rung sees. */
#ifndef RUNG_LADDER_SIGHT_JSON_H
#define RUNG_LADDER_SIGHT_JSON_H

#include <jansson.h>

#include "rung/sight.h"

/* Columns of equal length: {"contexts": [1, 2], "bits": [3.1, 2.9], ...}, "recall" and
 * "sense" as far as they were measured. NULL when out of memory. */
json_t *rung__sight_json(const rung_sight *sight);

/* The same from such an object; false, and *sight is empty, if it is none. */
bool rung__sight_from_json(rung_sight *sight, const json_t *o);

#endif
