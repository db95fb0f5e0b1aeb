#!/usr/bin/env bash
# `make install` gives a program all it needs: found by pkg-config, linked with the shared
# library and with the static one, found by CMake where there is one.
#     tests/house/install.sh [BUILD]
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build/release}
variant=$(basename "$build")
case $variant in asan | tsan) exit 77 ;; esac # for programs built without sanitizers

there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
fail() { echo "install: $*"; exit 1; }

make -s install VARIANT="$variant" BUILD="$build" PREFIX=/opt/rung DESTDIR="$there"
prefix=$there/opt/rung
version=$(cat VERSION)
[ -x "$prefix/bin/rung" ] || fail "no command"
[ "$(readlink "$prefix/lib/librung.so.0")" = "librung.so.$version" ] ||
    fail "librung.so.0 is no link to the library"
! grep -rl '@[A-Z]*@' "$prefix/lib/pkgconfig" "$prefix/lib/cmake" || fail "an empty place"

cat >"$there/use.c" <<'C'
#include <stdio.h>
#include "rung/runtime.h"
int main(void) { return puts(rung_version()) < 0; }
C
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$there
[ "$(pkg-config --modversion rung)" = "$version" ] || fail "pkg-config: not $version"
cc "$there/use.c" -o "$there/shared" $(pkg-config --cflags --libs rung)
[ "$(LD_LIBRARY_PATH=$prefix/lib "$there/shared")" = "$version" ] || fail "shared library"

# A program that trains, saves, loads and predicts, and one with a rung of its own.
for example in classify own_rung; do
    cc examples/$example.c -o "$there/$example" $(pkg-config --cflags --libs rung) -lm
done
awk 'BEGIN { for (i = 0; i < 400; i++)
    printf "the film was %s on day %d\t%s\n", i % 2 ? "fine" : "dull", i,
           i % 2 ? "good" : "bad" }' >"$there/reviews.tsv"
export LD_LIBRARY_PATH=$prefix/lib
"$there/classify" "$there/reviews.tsv" "$there/model" "a fine film" >"$there/answer"
awk '$1 == "good" { exit !($2 > 0.5) }' "$there/answer" ||
    fail "examples/classify.c says: $(cat "$there/answer")"
[ "$("$there/own_rung")" = "refused: class 'length' lacks the required \
'labelled.predict'
length: 100 % right" ] || fail "examples/own_rung.c says: $("$there/own_rung")"
unset LD_LIBRARY_PATH

unset PKG_CONFIG_SYSROOT_DIR # the libraries below ours are the system's
cc "$there/use.c" -o "$there/static" -I"$prefix/include" "$prefix/lib/librung.a" \
    $(pkg-config --static --libs-only-l rung | sed 's/-lrung//')
[ "$("$there/static")" = "$version" ] || fail "static library"

if command -v cmake >/dev/null; then
    make -s install VARIANT="$variant" BUILD="$build" PREFIX="$there/usr"
    cat >"$there/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.13)
project(use C)
find_package(rung 0.1 REQUIRED)
add_executable(use use.c)
target_link_libraries(use rung::rung)
CMAKE
    cmake -S "$there" -B "$there/cmake" -DCMAKE_PREFIX_PATH="$there/usr" >/dev/null
    cmake --build "$there/cmake" >/dev/null
    [ "$("$there/cmake/use")" = "$version" ] || fail "CMake"
fi
