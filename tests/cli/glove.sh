#!/usr/bin/env bash
# glove as one command: the same bits by any threads, in any memory, after any kill; and
# what cannot be learned is a message that leaves nothing behind.
. "$(dirname "$0")/lib.sh"
make_text 60000 >text
glove="train glove --data text --dim 20 --min-count 2"

runs $glove --out one --threads 1 --quiet
for threads in 2 3; do
    runs $glove --out "t$threads" --threads $threads --quiet
    is "vectors of $threads threads" "$(sha t$threads)" "$(sha one)"
done
runs $glove --out small --max-mem 26M --quiet
is "vectors in 26 MB" "$(sha small)" "$(sha one)"
runs $glove --out other --seed 2 --quiet
[ "$(sha other)" != "$(sha one)" ] || failed "--seed changes nothing"

# ---- Killed, and gone on with ----

long="$glove --epochs 60 --save-every 1"
runs $long --out whole --quiet
kills=0
{ timeout -s KILL 0.02 "$rung" $long --out killed; } >stdout 2>&1
for delay in 0 0.013 0.004 0.021; do
    killed_after $delay killed $long --out killed --resume
    case $? in
    0) ;;
    137) kills=$((kills + 1)) ;;
    *) failed "after $kills kills: $(cat stderr)" ;;
    esac
done
[ $kills -gt 0 ] || failed "glove was never killed"
runs $long --out killed --resume
is "vectors after $kills kills" "$(sha killed)" "$(sha whole)"
is "what scratch files leave" "$(find . -name 'scratch-*')" ""

# ---- What cannot be learned ----

: >empty
says 2 "rung: 'empty' is empty" train glove --data empty --out none
yes no | head -n 20 | tr '\n' ' ' >no
says 2 "rung: no: one word alone occurs 5 times or more: it has nothing to stand near" \
    train glove --data no --out none
printf 'yes\nno\n%.0s' 1 2 3 4 5 6 >apart
says 2 "rung: no two words stand in one window" train glove --data apart --out none
printf 'a b a b a b a b a b' >short # than the window
runs train glove --data short --out short-model --window 1000 --dim 2 --quiet
runs export short-model short.txt --vectors both
is "what is lost" "$(sed 's/.*not carried: //' stdout)" "biases, counts, options"
says 2 "rung: --window is 1001: must be a whole number, 1 to 1000" \
    train glove --data text --out none --window 1001
"$rung" $glove --out none --lr 1e18 --clip 0 --quiet >stdout 2>stderr
is "exit code of a rate of 1e18" $? 3
grep -q "^rung: the loss is not finite in round .* of 480, with a rate of 1e+18" stderr ||
    failed "a rate of 1e18: $(cat stderr)"
[ ! -e none/model.safetensors ] || failed "a model of nothing: $(ls none)"

# A disk that is full: no file may grow over so many KiB.
for limit in 0 2 8; do
    rm -rf full
    (ulimit -f $limit && exec "$rung" $glove --out full --max-mem 26M --quiet 2>&1) |
        cat >stderr
    is "exit code on a full disk" "${PIPESTATUS[0]}" 1
    why="(File too large|No space left on device)"
    grep -qE "^rung: cannot write 'full/.*': $why$" stderr ||
        failed "a full disk: $(cat stderr)"
    absent full/config.json full/model.safetensors
done
finish
