#!/usr/bin/env bash
# The texts of `rung help` and `rung models`, exactly. After a change that is meant:
#     RUNG_REFRESH=yes tests/cli/help.sh && git diff tests/cli/expected
. "$(dirname "$0")/lib.sh"

shows() { # NAME ARGUMENTS...
    local name=$1
    shift
    runs "$@"
    [ -z "${RUNG_REFRESH-}" ] || cp stdout "$expected/$name.txt"
    diff "$expected/$name.txt" stdout >differences ||
        failed "rung $*: < expected, > printed:" "$(cat differences)"
    is "messages of rung $*" "$(cat stderr)" ""
}

shows help help
for command in $(sed -nE 's/^  ([a-z]+) .*/\1/p' stdout); do
    shows "help-$command" help "$command"
    runs "$command" --help
    cmp -s stdout "$expected/help-$command.txt" || failed "rung $command --help differs"
done
runs models
for rung_name in $(sed -nE "s/^([a-z0-9]+) .*/\1/p" stdout); do
    shows "help-train-$rung_name" help train $rung_name
done
runs train gpt --steps 3 --help
cmp -s stdout "$expected/help-train-gpt.txt" || failed "rung train gpt --help differs"
shows models models

runs version
is "version" "$(head -n 1 stdout)" "rung $(cat "$root/VERSION")"
line='^instruction set (portable|avx2|avx512), [1-9][0-9]* threads$'
sed -n 2p stdout | grep -qE "$line" ||
    failed "version: $(cat stdout)"
cp stdout version
runs --version
cmp -s stdout version || failed "rung --version differs"
runs # nothing
cmp -s stdout "$expected/help.txt" || failed "rung alone differs from rung help"
finish
