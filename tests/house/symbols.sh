#!/usr/bin/env bash
# The shared library exports exactly the public functions of include/rung, and keeps no
# state that changes but what is listed below.
#     tests/house/symbols.sh [BUILD]
set -eu
export LC_ALL=C
cd "$(dirname "$0")/../.."
build=${1:-build/release}
variant=$(basename "$build")
case $variant in asan | tsan) exit 77 ;; esac # sanitizers add symbols of their own
make -s lib VARIANT="$variant" BUILD="$build"

exported=$(nm -D --defined-only "$build/librung.so" | awk '{ print $3 }' | sort)
declared=$(cat include/rung/*.h | tr '\n' ' ' | grep -oE 'RUNG_API [^;(]*\(' |
    grep -oE 'rung_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u)
diff <(echo "$declared") <(echo "$exported") ||
    { echo "symbols: < declared and not exported, > exported and not declared"; exit 1; }

# The counters of the heap, what is set up once, and the classes that a program added.
known='alloc.o heap
json.o once
model.o n_registered
model.o registered
runtime.o the_default'
mutable=$(objdump -t "$build/librung.a" | awk '
    / file format / { file = $1; sub(/:$/, "", file) }
    / O / && / \.(data|bss)\t/ { sub(/\.[0-9]+$/, ""); print file, $NF }' | sort)
diff <(echo "$known") <(echo "$mutable") ||
    { echo "symbols: < known state, > state that changes and is not known"; exit 1; }
