#!/usr/bin/env bash
# scripts/lint names every fault of a tree that has one of each, and none in a clean tree;
# the sources of rung themselves are clean.
set -eu
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
mkdir -p include/rung src/{base,text,graph,ops,nn,kernels,cli} examples bench tests/ops

lint() { RUNG_LINT_FORMAT=no "$root/scripts/lint" "$@" 2>/dev/null; }
fail() { echo "lint: $*"; exit 1; }

# ---- a clean tree: what looks like a fault and is none ----

cat >include/rung/status.h <<'C'
#ifndef RUNG_STATUS_H
#define RUNG_STATUS_H
#ifdef __cplusplus
extern "C" {
#endif
#define RUNG_API __attribute__((visibility("default")))

/* The first comment heads the group. */
RUNG_API int rung_one(void);
RUNG_API int rung_two(void);

RUNG_API int rung_three(void); /* a comment beside it */
#ifdef __cplusplus
}
#endif
#endif
C
cat >include/rung/graph.h <<'C'
#ifndef RUNG_GRAPH_H
#define RUNG_GRAPH_H
#include "rung/status.h"
#endif
C
cat >src/base/alloc.c <<'C'
#include "rung/status.h"
#ifdef __linux__
#endif
void *rung__alloc(size_t n) { return calloc(1, n); }
C
cat >src/ops/add.c <<'C'
#include <stdlib.h>
#include "graph/node.h"
#include "ops/op.h"
#include "op.h"
#include "rung/graph.h"
/* malloc(1), printf("x") and exit(0) are prose here;
 * so is free(x). */
static const char *text = "malloc(1) \" printf(2)"; // exit(0)
void drop(struct op *op) { op->free(op); }
/* Девяносто знаков кириллицей занимают больше девяноста байтов, но не колонок */
C
cat >src/cli/main.c <<'C'
#include "cli/args.h"
#include "rung/graph.h"
int main(void) { printf("%p", (void *)rung_runtime_default()); exit(0); }
C
cat >tests/ops/test_add.c <<'C'
#include "nn/layer.h"
int main(void) { return puts("tests print and see all") < 0; }
C
lint . || fail "the clean tree should have no faults"

# ---- one of each fault ----

{
    echo '#ifndef RUNG_TEXT'
    echo '#define RUNG_TEXT'
    echo '#include "rung/status.h"'
    echo
    echo 'RUNG_API size_t rung_text_size(void);'
    for _ in {1..250}; do echo; done
    echo '#endif'
} >include/rung/text.h
cat >src/base/low.h <<'C'
#include "graph/node.h"
#include "rung/graph.h"
C
printf '%s\n' '#include "kernels/kernels.h"' '#include "cellar/cellar.h"' \
    'char *copy(const char *s) { return strdup(s); }' $'\tint tab;' >src/text/words.c
cat >src/graph/run.c <<'C'
#include "ops/add.h"
#if defined(__x86_64__)
#endif
void say(void) { printf("%s", getenv("HOME")); }
void tell(void) { fprintf(stderr, "no"); }
void stop(void) { exit(1); }
void *stack(int n) { return alloca(n); }
/* A comment before */ void *heap(int n) { return malloc(n); } /* and behind */
struct rung_runtime *mine(void) { return rung_runtime_default(); }
C
echo '#include "nn/layer.h"' >src/cli/train.c
echo '#include "kernels/kernels.h"' >bench/peers.c
echo '#include "ops/op.h"' >examples/one.c
printf '/* %0100d */\n' 0 >src/nn/wide.c
for _ in {1..1001}; do echo; done >src/nn/long.c

cat >expected <<'LIST'
bench/peers.c:1: includes "kernels/kernels.h": only public headers here
examples/one.c:1: includes "ops/op.h": only public headers here
include/rung/text.h:1: guard RUNG_TEXT: name it RUNG_TEXT_H
include/rung/text.h:249: longer than 249 lines
include/rung/text.h:5: as C++17
include/rung/text.h:5: as C11
include/rung/text.h:5: rung_text_size: no comment above this public function
src/base/low.h:1: includes "graph/node.h": graph lies above base
src/base/low.h:1: no guard: name it RUNG_BASE_LOW_H
src/base/low.h:2: includes "rung/graph.h": graph lies above base
src/cli/train.c:1: includes "nn/layer.h": only public headers here
src/graph/run.c:1: includes "ops/add.h": ops lies above graph
src/graph/run.c:2: asks for a CPU, a system or a device outside base, kernels, parallel
src/graph/run.c:4: printf: the library does not print or exit
src/graph/run.c:5: stdout or stderr: the library does not print
src/graph/run.c:6: exit: the library does not print or exit
src/graph/run.c:7: alloca: use an arena or scratch memory
src/graph/run.c:8: malloc: only src/base/alloc.c calls the heap
src/graph/run.c:9: rung_runtime_default: only the command and examples call it
src/nn/long.c:1000: longer than 1000 lines
src/nn/wide.c:1: over 90 columns
src/text/words.c:1: includes "kernels/kernels.h": kernels is a neighbour of text
src/text/words.c:2: includes "cellar/cellar.h": on no floor that scripts/lint.awk knows
src/text/words.c:3: strdup: only src/base/alloc.c calls the heap
src/text/words.c:4: a tab
LIST
command -v c++ >/dev/null || sed -i '/as C++17/d' expected
! lint . >found || fail "a tree full of faults passes"
# What the compiler says differs between compilers; that it complains is enough.
sed -E 's/^(.*:[0-9]+):[0-9]+: as (C[+0-9]+):.*/\1: as \2/' found | sort | uniq |
    diff expected - || fail "expected (<) is not what it found (>)"

if command -v clang-format >/dev/null; then
    cp "$root/.clang-format" .
    "$root/scripts/lint" . 2>/dev/null | grep -q '^src/ops/add.c:9: format' ||
        fail "a badly formatted line is not seen"
fi

lint "$root" || fail "the sources of rung have these faults"
