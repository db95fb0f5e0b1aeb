/* Status codes and error messages.
 *
 * Every function that can fail returns a rung_status and fills the caller's rung_error
 * with one message: what went wrong, where and with which values. A NULL error is allowed
 * and ignored. Nothing in the library prints or exits. */
#ifndef RUNG_STATUS_H
#define RUNG_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RUNG_API __attribute__((visibility("default")))
#define RUNG_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define RUNG_MUST_CHECK __attribute__((warn_unused_result))
#else
#define RUNG_API
#define RUNG_PRINTF(text, first)
#define RUNG_MUST_CHECK
#endif

/* X(name, value, text). The values are part of the ABI. */
#define RUNG_STATUS_LIST(X)                                                              \
    X(OK, 0, "ok")                                                                       \
    X(MEMORY, -1, "out of memory")                                                       \
    X(USAGE, -2, "wrong usage")                                                          \
    X(INPUT, -3, "bad input")                                                            \
    X(IO, -4, "input or output failed")                                                  \
    X(SHAPE, -5, "shapes do not fit")                                                    \
    X(DIVERGED, -6, "training diverged")                                                 \
    X(INTERRUPTED, -7, "interrupted")                                                    \
    X(UNSUPPORTED, -8, "not supported")

typedef enum rung_status {
#define X(name, value, text) RUNG_##name = (value),
    RUNG_STATUS_LIST(X)
#undef X
} rung_status;

typedef struct rung_error {
    rung_status code;
    char message[1000]; /* one line, lower case, no newline; "" after success */
} rung_error;

/* Fills `err` (NULL is fine) and returns `code`, so that a failure is one statement:
 *     return rung_fail(err, RUNG_SHAPE, "matmul: [%d,%d] x [%d,%d]", ...); */
RUNG_API rung_status rung_fail(rung_error *err, rung_status code, const char *format, ...)
    RUNG_PRINTF(3, 4);

/* Puts "prefix: " before the message that `err` already holds; returns its code. */
RUNG_API rung_status rung_fail_within(rung_error *err, const char *format, ...)
    RUNG_PRINTF(2, 3);

/* The text of a code, static. */
RUNG_API const char *rung_status_text(rung_status code);

/* Forwards a failure to the caller. */
#define RUNG_TRY(expr)                                                                   \
    do {                                                                                 \
        rung_status rung_try_status_ = (expr);                                           \
        if (rung_try_status_ != RUNG_OK) return rung_try_status_;                        \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
