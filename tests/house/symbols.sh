#!/usr/bin/env bash
# The shared library exports exactly the public functions of include/rung, and the library
# keeps no mutable state but the counters of the heap and the default runtime.
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

mutable=$(objdump -t "$build/librung.a" | awk '
    / file format / { file = $1; sub(/:$/, "", file) }
    / O / && / \.(data|bss|data\.[^r][^ ]*|bss\.[^ ]*)\t/ { print file, $NF }' |
    grep -vE '^(alloc|runtime)\.o ' || true)
[ -z "$mutable" ] || { printf 'symbols: mutable globals\n%s\n' "$mutable"; exit 1; }
