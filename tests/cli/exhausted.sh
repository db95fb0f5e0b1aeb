#!/usr/bin/env bash
# A full disk and memory that runs out, at any moment of a training: a message, an exit
# code that is not 0, no signal, and nothing half-written.
. "$(dirname "$0")/lib.sh"
make_text 3000 >text
tiny="train gpt --data text --tokenizer byte --layers 1 --heads 1 --width 8 --context 8"
tiny="$tiny --batch 2 --steps 2 --quiet"

# What a failed training leaves is no model, or all of it when only the scores failed.
check_failed() { # WHAT CODE MESSAGE-PATTERN
    is "exit code, $1" "$2" 1
    [ "$(wc -l <stderr)" -eq 1 ] || failed "$1: not one line: $(cat stderr)"
    grep -qE "^rung: $3" stderr || failed "$1: $(cat stderr)"
    [ ! -e out/config.json ] || is "the model, $1" "$(sha out)" "$(sha whole)"
    [ -z "$(find . -name '*.tmp')" ] || failed "$1: $(find . -name '*.tmp')"
}

# ---- Disk full: no file may grow over so many KiB ----

with_disk() { # KIB ARGUMENTS...; messages to stderr, through a pipe: it has no limit
    local limit=$1
    shift
    (ulimit -f "$limit" && exec "$rung" "$@" 2>&1 </dev/null) | cat >stderr
    return "${PIPESTATUS[0]}"
}

runs $tiny --out whole
limits="0 1 2 4 8 16"
# The thread sanitizer writes a file of its own before main begins.
[ "$(basename "$build")" != tsan ] || limits=${limits#0 }
for limit in $limits; do
    rm -rf out
    with_disk $limit $tiny --out out
    check_failed "files of $limit KiB" $? "cannot write 'out/.*': File too large$"
done
runs $tiny --out out --resume
is "the model of a second try" "$(sha out)" "$(sha whole)"

# A model and a run that were there before are as they were.
runs ladder text --rungs unigram --context 8 --out run --quiet
before=$(find run -type f -print0 | sort -z | xargs -0 sha256sum)
with_disk 1 ladder text --rungs unigram,bigram --context 8 --out run --resume --quiet
check_failed "a ladder that is added to" $? \
    "bigram: cannot write 'run/bigram/model.safetensors': File too large$"
after=$(find run -type f -print0 | sort -z | xargs -0 sha256sum)
is "the run behind it" "$after" "$before"
runs eval run/unigram text

# ---- The n-th allocation and all behind it fail, until there are enough ----

for ((n = 1; n < 100000; n = n < 250 ? n + 1 : n + n / 10)); do
    rm -rf out
    RUNG_FAIL_ALLOC=$n "$rung" $tiny --out out >stdout 2>stderr </dev/null
    code=$?
    [ $code -ne 0 ] || break
    check_failed "allocation $n" $code "(.*: )?out of memory"
    [ $failures -lt 5 ] || finish
done
is "exit code with all allocations" $code 0
is "the model" "$(sha out)" "$(sha whole)"
[ $n -gt 1000 ] || failed "only $n allocations"
finish
