/* Scopes: a place in the tree of a model's names. */
#include "rung/nn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

rung_scope rung_scope_root(rung_params *params, rung_graph *g, const rung_params *states)
{
    return (rung_scope){params, g, states, ""};
}

rung_scope rung_scope_in(const rung_scope *s, const char *format, ...)
{
    rung_scope below = *s;
    size_t used = strlen(s->path);
    if (used && used + 1 < sizeof below.path) below.path[used++] = '.';
    va_list args;
    va_start(args, format);
    vsnprintf(below.path + used, sizeof below.path - used, format, args);
    va_end(args);
    return below;
}

rung_tensor *rung_scope_param(const rung_scope *s, const char *name)
{
    return rung_param_leaf(s->graph, s->params, "%s%s%s", s->path, s->path[0] ? "." : "",
                           name);
}

rung_tensor *rung_scope_state(const rung_scope *s, const char *name)
{
    return rung_state_leaf(s->graph, s->states, "%s%s%s", s->path, s->path[0] ? "." : "",
                           name);
}

rung_status rung_scope_declare(const rung_scope *s, const rung_param *spec,
                               rung_error *err)
{
    char name[200];
    rung_param full = *spec;
    snprintf(name, sizeof name, "%s%s%s", s->path, s->path[0] ? "." : "", spec->name);
    full.name = name;
    return rung_params_add(s->params, &full, err);
}
