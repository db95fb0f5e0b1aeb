#!/usr/bin/env bash
# rung tales: stories and labelled texts, and what cannot be asked for.
. "$(dirname "$0")/lib.sh"

runs tales
is "bytes of stories" $(($(wc -c <stdout) >= 1048576)) 1
cp stdout stories
runs tales --size 2K --out file
is "output beside --out" "$(cat stdout stderr)" ""
cmp -s file <(head -c "$(wc -c <file)" stories) ||
    failed "a longer corpus does not begin with a shorter one"
for task in word order far sense; do
    runs tales --task $task --examples 8
    is "lines of $task" "$(wc -l <stdout)" 9
    is "header of $task" "$(head -n 1 stdout)" "$(printf 'text\tlabel')"
    cp stdout first
    runs tales --task $task --examples 8 --seed 5
    ! cmp -s stdout first || failed "--seed changes nothing in $task"
done
says 2 "rung: --examples counts labelled texts: give --task, or --size" \
    tales --examples 3
says 2 "rung: --size is of stories: labelled texts take --examples" \
    tales --task far --size 3K
says 2 "rung: unexpected word 'story'" tales story
says 1 "rung: cannot write 'no/file'" tales --out no/file
finish
