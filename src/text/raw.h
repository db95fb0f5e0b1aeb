/* Raw texts from within. */
#ifndef RUNG_TEXT_RAW_H
#define RUNG_TEXT_RAW_H

#include "rung/text.h"

/* Makes a text of `bytes`, of rung__alloc and NUL-terminated at `size`, which it takes,
 * whether it succeeds or not. */
rung_status rung__text_take(rung_text *text, const char *name, char *bytes, size_t size,
                            rung_error *err);

#endif
