/* Drawing: shapes whose looks are classes of the page's style. */
#ifndef RUNG_REPORT_SVG_H
#define RUNG_REPORT_SVG_H

#include "base/str.h"

/* Pixels a letter, as in the style: of names, and of numbers and titles at axes. */
#define RUNG__NAME_SIZE 13.0
#define RUNG__TICK_SIZE 12.0

/* Colours of series, as many as the style has; colour c is c % RUNG__COLORS. */
#define RUNG__COLORS 7

typedef struct rung__svg {
    rung_str *out;
    double width, height; /* pixels of the whole picture */
    bool is_narrow;
    size_t n_outside; /* numbers that could not be drawn */
} rung__svg;

/* An element with numbers as attributes: their names, separated by blanks, then as many
 * doubles: (svg, "line", "grid", "x1 y1 x2 y2", x, 0.0, x, h). */
void rung__svg_shape(rung__svg *svg, const char *element, const char *class,
                     const char *names, ...);

/* A path through n points {x, y}; a point that is NaN leaves a gap. */
void rung__svg_path(rung__svg *svg, const char *class, double (*points)[2], size_t n,
                    bool is_closed);

/* The marker of a series, about 2r wide. */
void rung__svg_marker(rung__svg *svg, int color, double x, double y, double r);

/* What is shown when the pointer rests on the shapes until rung__svg_end_group: "name:
 * numbers". */
void rung__svg_group(rung__svg *svg, const char *name, const char *numbers);
void rung__svg_end_group(rung__svg *svg);

typedef enum rung__anchor { RUNG__START, RUNG__MIDDLE, RUNG__END } rung__anchor;

/* A text of at most `most` pixels, its baseline at y. */
void rung__svg_text(rung__svg *svg, const char *class, double x, double y,
                    rung__anchor anchor, double size, double most, const char *text);
/* The same, read from bottom to top. */
void rung__svg_upright(rung__svg *svg, const char *class, double x, double y, double size,
                       double most, const char *text);

#endif
