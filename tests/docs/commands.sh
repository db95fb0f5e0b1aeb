#!/usr/bin/env bash
# Every `rung ...` command in a ```sh block of the documents works: page by page, in a
# folder each, with budgets, steps and widths cut so that it takes seconds.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
rung=$(realpath "${1:-$top/build/release}")/rung
# Ten times as slow there, and nothing that the other tests do not run.
case ${rung%/rung} in */tsan) exit 77 ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 ran=0

commands() { # the lines of the sh blocks of a page, without their comments
    awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 }
         inside && sub(/^(build\/release\/)?rung /, "\"$rung\" ") {
             sub(/ +#.*/, "")
             print
         }' "$1"
}

quick() { # the same command, short
    sed -E 's/--budget [0-9a-z]+/--budget 1s/; s/--steps [0-9]+/--steps 2/
            s/--tokens [0-9]+/--tokens 8/; s/--width [0-9]+/--width 32/'
}

for page in "$top"/README{,.ru}.md "$top"/docs/*.md "$top"/docs/rungs/*.md; do
    mkdir -p "$work/${page//\//_}" && cd "$work/${page//\//_}" || exit 1
    for i in $(seq 400); do
        echo "Story $i: Anna had $((i * 7 % 13)) apples, and Ben had none."
    done | tee story.txt > book.txt
    for i in $(seq 200); do
        [ $((i % 2)) -eq 0 ] && label=good word=fine || label=bad word=dull
        printf 'The film of day %d was %s.\t%s\n' "$i" "$word" "$label"
    done > reviews.tsv
    cut -f 1 reviews.tsv > new.txt
    awk -F '\t' 'BEGIN { print "price,stars,text,label" }
        { print NR % 9 "," NR % 5 "," $1 "," $2 }' reviews.tsv > offers.csv
    {
        echo id,rooms,place,price
        for i in $(seq 200); do
            echo "$i,$((i % 7)),$((i % 2)),$((i % 7 * 9 + i % 2))"
        done
    } > houses.csv
    while IFS= read -r line; do
        ran=$((ran + 1))
        if ! eval "$(quick <<< "$line")" > out 2> err < /dev/null; then
            echo "${page#"$top"/}: $line"
            tail -n 3 err
            failed=1
        fi
    done < <(commands "$page")
done
[ $ran -gt 0 ] || { echo "no command was found"; failed=1; }
exit $failed
