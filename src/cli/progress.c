/* Progress as a line: "gpt  42 %  12,345 tok/s  loss 2.3457  3m 20s left". */
#include "cli/progress.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "rung/units.h"

#define LINE_SECONDS 5 /* between two lines where there is no terminal */
#define LINE_BYTES 200
#define ERASE_LINE "\r\033[K"

void cli_progress_init(cli_progress *p, FILE *out)
{
    *p = (cli_progress){.out = out, .is_terminal = isatty(fileno(out))};
}

/* Appends to a line that is long enough for all of them. */
static void append(char *line, const char *format, ...) RUNG_PRINTF(2, 3);

static void append(char *line, const char *format, ...)
{
    const size_t used = strlen(line);
    va_list args;
    va_start(args, format);
    vsnprintf(line + used, LINE_BYTES - used, format, args);
    va_end(args);
}

static void format_line(char line[LINE_BYTES], const rung_progress *now)
{
    char text[RUNG_UNITS_BYTES];
    line[0] = '\0';
    append(line, "%s", now->label);
    if (now->total > 0) {
        append(line, "  %3.0f %%", floor(100 * fmin(now->done / now->total, 1)));
    } else {
        append(line, "  %s %s", rung_format_count(text, now->done), now->unit);
    }
    if (now->rate > 0 && now->rate < 10) {
        append(line, "  %.1f %s/s", now->rate, now->unit);
    } else if (now->rate > 0) {
        append(line, "  %s %s/s", rung_format_count(text, now->rate), now->unit);
    }
    if (!isnan(now->loss)) append(line, "  loss %.4f", now->loss);
    if (now->is_last) {
        append(line, "  in %s", rung_format_seconds(text, now->elapsed));
    } else if (now->left >= 0) {
        append(line, "  %s left", rung_format_seconds(text, now->left));
    }
}

/* A line longer than the terminal would wrap and could not be rewritten. */
static void cut_to_terminal(char *line, FILE *out)
{
    struct winsize size;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return;
    if (strlen(line) >= size.ws_col) line[size.ws_col - 1] = '\0';
}

static void show(void *self, const rung_progress *now)
{
    cli_progress *p = self;
    char line[LINE_BYTES];
    format_line(line, now);
    if (p->is_terminal) {
        if (!now->is_last) cut_to_terminal(line, p->out);
        fprintf(p->out, ERASE_LINE "%s%s", line, now->is_last ? "\n" : "");
        p->is_line_open = !now->is_last;
    } else {
        if (now->elapsed < p->last_line_s) p->last_line_s = 0; // another work began
        if (!now->is_last && now->elapsed - p->last_line_s < LINE_SECONDS) return;
        fprintf(p->out, "%s\n", line);
        p->last_line_s = now->is_last ? 0 : now->elapsed;
    }
    fflush(p->out);
}

rung_progress_sink cli_progress_sink(cli_progress *p)
{
    return (rung_progress_sink){show, p};
}

void cli_progress_wipe(cli_progress *p)
{
    if (!p->is_line_open) return;
    fputs(ERASE_LINE, p->out);
    fflush(p->out);
    p->is_line_open = false;
}
