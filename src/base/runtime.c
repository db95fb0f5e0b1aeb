/* The runtime: instruction set, threads, log sink; and the one default runtime of the
 * process. */
#include "base/runtime.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

static const char *const isa_names[RUNG_ISA_COUNT] = {
#define X(name, text) [RUNG_ISA_##name] = text,
    RUNG_ISA_LIST(X)
#undef X
};

static rung_status choose_isa(rung_isa *isa, rung_isa wanted, rung_error *err)
{
    const rung_isa best = rung__cpu_isa();
    if (wanted > RUNG_ISA_BEST) {
        return rung_fail(err, RUNG_USAGE, "instruction set %d: there are %d", (int)wanted,
                         RUNG_ISA_COUNT);
    }
    if (wanted != RUNG_ISA_BEST && wanted > best) {
        return rung_fail(err, RUNG_UNSUPPORTED,
                         "instruction set %s does not run on this processor (best: %s)",
                         isa_names[wanted], isa_names[best]);
    }
    *isa = wanted == RUNG_ISA_BEST ? best : wanted;
    return RUNG_OK;
}

rung_status rung_runtime_new(rung_runtime **out, const rung_runtime_config *config,
                             rung_error *err)
{
    const rung_runtime_config defaults = RUNG_RUNTIME_CONFIG_DEFAULT;
    if (!config) config = &defaults;
    rung__json_use_alloc();
    rung_isa isa = RUNG_ISA_PORTABLE;
    RUNG_TRY(choose_isa(&isa, config->isa, err));
    rung_runtime *rt = rung__alloc(sizeof *rt);
    if (!rt) return rung__out_of_memory(err, sizeof *rt, "the runtime");
    const int threads = config->threads ? config->threads : rung__cpu_count();
    const rung_status status = rung_pool_new(&rt->pool, threads, err);
    if (status != RUNG_OK) {
        rung__free(rt);
        return status;
    }
    rt->isa = isa;
    rt->log = config->log;
    rt->log_self = config->log_self;
    pthread_mutex_init(&rt->log_lock, NULL);
    *out = rt;
    return RUNG_OK;
}

void rung_runtime_free(rung_runtime *rt)
{
    if (!rt) return;
    pthread_mutex_destroy(&rt->log_lock);
    rung_pool_free(rt->pool);
    rung__free(rt);
}

/* The singleton. The lock makes the first call the only one that creates, and every later
 * call sees the finished object. */
static struct {
    pthread_mutex_t lock;
    rung_runtime *rt;
    rung_runtime_config config;
} the_default = {PTHREAD_MUTEX_INITIALIZER, NULL, RUNG_RUNTIME_CONFIG_DEFAULT};

rung_runtime *rung_runtime_default(void)
{
    pthread_mutex_lock(&the_default.lock);
    if (!the_default.rt && rung_runtime_new(&the_default.rt, &the_default.config, NULL)) {
        the_default.rt = NULL;
    }
    rung_runtime *rt = the_default.rt;
    pthread_mutex_unlock(&the_default.lock);
    return rt;
}

rung_status rung_runtime_default_config(const rung_runtime_config *config,
                                        rung_error *err)
{
    pthread_mutex_lock(&the_default.lock);
    const bool is_made = the_default.rt != NULL;
    if (!is_made) the_default.config = *config;
    pthread_mutex_unlock(&the_default.lock);
    if (is_made) {
        return rung_fail(err, RUNG_USAGE,
                         "the default runtime is in use already: configure it first");
    }
    return RUNG_OK;
}

int rung_runtime_threads(const rung_runtime *rt)
{
    return rung_pool_threads(rt->pool);
}

rung_isa rung_runtime_isa(const rung_runtime *rt)
{
    return rt->isa;
}

const char *rung_isa_name(rung_isa isa)
{
    return isa < RUNG_ISA_COUNT ? isa_names[isa] : "best";
}

rung_isa rung_isa_find(const char *name)
{
    int isa = 0;
    while (isa < RUNG_ISA_COUNT && strcmp(name, isa_names[isa]) != 0) isa++;
    return (rung_isa)isa;
}

void rung_log(const rung_runtime *rt, rung_log_level level, const char *format, ...)
{
    if (!rt || !rt->log) return;
    char line[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    pthread_mutex_t *lock =
        (pthread_mutex_t *)&rt->log_lock; // logging changes no runtime
    pthread_mutex_lock(lock);
    rt->log(rt->log_self, level, line);
    pthread_mutex_unlock(lock);
}

void rung_fail_allocations(int64_t n)
{
    rung__alloc_fail_at(n);
}

const char *rung_version(void)
{
    return RUNG_VERSION;
}
