/* The random stream of a dropout, which attention uses too. */
#ifndef RUNG_OPS_DROPOUT_H
#define RUNG_OPS_DROPOUT_H

#include "ops/ops.h"

/* The key of stream `stream` (a node's serial number) at this step. */
uint64_t rung__dropout_key(const rung_run *run, int64_t stream);

#endif
