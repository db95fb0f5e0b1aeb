/* What tests with golden references share: a safetensors file from tests/golden, its
 * tensors by name, and comparing with them. Include after support.h. */
#ifndef RUNG_TESTS_GOLDEN_H
#define RUNG_TESTS_GOLDEN_H

#include "rung/formats.h"
#include "rung/graph.h"

/* The tensor called as `format` says, NULL if there is none. */
RUNG_PRINTF(2, 3)
static inline const rung_stored *golden_find(const rung_safetensors *file,
                                             const char *format, ...)
{
    char name[200];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    return rung_safetensors_find(file, name);
}

static inline rung_safetensors *golden_open(const char *name)
{
    rung_error err = {0};
    rung_safetensors *file = NULL;
    char path[200];
    snprintf(path, sizeof path, "tests/golden/%s.safetensors", name);
    assert_ok(rung_safetensors_open(&file, path, &err));
    return file;
}

/* Element i of n reals. */
static inline double real_at(const void *x, rung_dtype type, int64_t i)
{
    return type == RUNG_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

/* Each of n reals x is as wanted, to `tolerance` times the larger of the wanted element
 * and `floor`: what lies far below the floor is rounding. */
static inline void assert_reals_near(const char *what, const void *x, rung_dtype type,
                                     const float *wanted, int64_t n, double tolerance,
                                     double floor)
{
    for (int64_t i = 0; i < n; i++) {
        double is = real_at(x, type, i), must = (double)wanted[i];
        if (!(fabs(is - must) <= tolerance * fmax(fabs(must), floor)))
            fail_msg("%s: element %lld is %.9g, not %.9g", what, (long long)i, is, must);
    }
}

static inline double largest_of(const rung_stored *t)
{
    const float *x = t->data;
    double largest = 0;
    for (size_t i = 0; i < t->bytes / sizeof *x; i++)
        largest = fmax(largest, fabs((double)x[i]));
    return largest;
}

/* Relative to the largest of the wanted elements. */
static inline void assert_tensor_near(const char *what, const void *x,
                                      const rung_stored *wanted, double tolerance)
{
    assert_reals_near(what, x, RUNG_F32, wanted->data,
                      (int64_t)(wanted->bytes / sizeof(float)), tolerance,
                      largest_of(wanted));
}

#endif
