/* Status codes and error messages. */
#include "rung/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Messages quote names out of files: a newline or an escape sequence among them must not
 * reach a terminal. */
static void replace_control_characters(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == '\x7f') *text = '?';
    }
}

rung_status rung_fail(rung_error *err, rung_status code, const char *format, ...)
{
    if (!err) return code;
    // The new message may quote the old one (err->message), so it is built beside it.
    char message[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    replace_control_characters(message);
    err->code = code;
    memcpy(err->message, message, sizeof message);
    return code;
}

rung_status rung_fail_within(rung_error *err, const char *format, ...)
{
    if (!err) return RUNG_OK;
    char prefix[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    return rung_fail(err, err->code, "%s: %s", prefix, err->message);
}

const char *rung_status_text(rung_status code)
{
    switch (code) {
#define X(name, value, text)                                                             \
    case RUNG_##name:                                                                    \
        return text;
        RUNG_STATUS_LIST(X)
#undef X
    }
    return "unknown status";
}
