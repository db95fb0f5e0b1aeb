/* Drawing: elements of SVG as text. */
#include "report/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/words.h"

/* A length in tenths of a pixel, the same in every locale. */
static void add_length(rung_str *s, double x)
{
    const long tenths = lround(10 * fmin(fmax(x, -1e6), 1e6));
    const char *sign = tenths < 0 ? "-" : "";
    rung_str_addf(s, "%s%ld", sign, labs(tenths) / 10);
    if (tenths % 10) rung_str_addf(s, ".%ld", labs(tenths) % 10);
}

void rung__svg_shape(rung__svg *svg, const char *element, const char *class,
                     const char *names, ...)
{
    va_list values;
    rung_str_addf(svg->out, "<%s class=\"%s\"", element, class);
    va_start(values, names);
    while (*names) {
        const int n = (int)strcspn(names, " ");
        rung_str_addf(svg->out, " %.*s=\"", n, names);
        add_length(svg->out, va_arg(values, double));
        rung_str_add(svg->out, "\"");
        names += n + (names[n] == ' ');
    }
    va_end(values);
    rung_str_add(svg->out, "/>\n");
}

void rung__svg_path(rung__svg *svg, const char *class, double (*points)[2], size_t n,
                    bool is_closed)
{
    const double near = 0.3; // pixels: such a step is not seen
    const double *last = NULL;
    rung_str_addf(svg->out, "<path class=\"%s\" d=\"", class);
    for (size_t i = 0; i < n; i++) {
        const double *p = points[i];
        const bool is_gap = isnan(p[0]) || isnan(p[1]);
        if (!is_gap && last && fabs(p[0] - last[0]) < near && fabs(p[1] - last[1]) < near)
            continue;
        if (!is_gap) {
            rung_str_add(svg->out, last ? "L" : "M");
            add_length(svg->out, p[0]);
            rung_str_add(svg->out, " ");
            add_length(svg->out, p[1]);
            if (!last && !is_closed) rung_str_add(svg->out, "h0"); // a dot if alone
        }
        last = is_gap ? NULL : p;
    }
    rung_str_add(svg->out, is_closed ? "Z\"/>\n" : "\"/>\n");
}

void rung__svg_marker(rung__svg *svg, int color, double x, double y, double r)
{
    const double h = 1.2 * r; // corners reach out, so that areas look alike
    double triangle[][2] = {{x, y - h}, {x + h, y + 0.8 * h}, {x - h, y + 0.8 * h}};
    double diamond[][2] = {{x, y - h}, {x + h, y}, {x, y + h}, {x - h, y}};
    char class[32];
    snprintf(class, sizeof class, "marker c%d", color % RUNG__COLORS);
    switch (color % 4) {
    case 0:
        rung__svg_shape(svg, "circle", class, "cx cy r", x, y, r);
        break;
    case 1:
        rung__svg_shape(svg, "rect", class, "x y width height", x - 0.9 * r, y - 0.9 * r,
                        1.8 * r, 1.8 * r);
        break;
    case 2:
        rung__svg_path(svg, class, triangle, 3, true);
        break;
    case 3:
        rung__svg_path(svg, class, diamond, 4, true);
        break;
    }
}

void rung__svg_group(rung__svg *svg, const char *name, const char *numbers)
{
    rung_str_add(svg->out, "<g><title>");
    rung__add_words(svg->out, name);
    rung_str_add(svg->out, ": ");
    rung__add_words(svg->out, numbers);
    rung_str_add(svg->out, "</title>\n");
}

void rung__svg_end_group(rung__svg *svg)
{
    rung_str_add(svg->out, "</g>\n");
}

/* ---- Text ---- */

void rung__svg_text(rung__svg *svg, const char *class, double x, double y,
                    rung__anchor anchor, double size, double most, const char *text)
{
    static const char *const anchors[] = {"", " middle", " end"};
    rung_str_addf(svg->out, "<text class=\"%s%s\" x=\"", class, anchors[anchor]);
    add_length(svg->out, x);
    rung_str_add(svg->out, "\" y=\"");
    add_length(svg->out, y);
    rung_str_add(svg->out, "\">");
    rung__add_label(svg->out, text, size, most);
    rung_str_add(svg->out, "</text>\n");
}

void rung__svg_upright(rung__svg *svg, const char *class, double x, double y, double size,
                       double most, const char *text)
{
    rung_str_addf(svg->out, "<text class=\"%s\" transform=\"translate(", class);
    add_length(svg->out, x);
    rung_str_add(svg->out, " ");
    add_length(svg->out, y);
    rung_str_add(svg->out, ") rotate(-90)\">");
    rung__add_label(svg->out, text, size, most);
    rung_str_add(svg->out, "</text>\n");
}
