/* The words that rungs have learned vectors of. */
#include <stdio.h>

#include "ladder/report.h"
#include "models/word_map.h"

rung_status rung__report_words(const rung__report *r, rung_error *err)
{
    (void)err;
    bool has_heading = false;
    for (size_t i = 0; i < r->ladder->n_rows; i++) {
        const rung_ladder_row *row = &r->ladder->rows[i];
        char title[100];
        if (!row->map) continue;
        if (!has_heading) rung_page_heading(r->page, "Words as points");
        has_heading = true;
        snprintf(title, sizeof title, "Words by %s", row->type->name);
        rung__word_map_add(row->map, r->page, title);
    }
    return RUNG_OK;
}
