#!/usr/bin/env bash
# One seed, one set of bits: whatever the number of threads, however ranks and
# accumulation share the work, and however often the run is killed and resumed.
# scripts/check-bits does the same at length.
. "$(dirname "$0")/lib.sh"
make_text 20000 >text

gpt="gpt --layers 1 --heads 2 --width 128 --context 128 --dropout 0.1"
lstm="lstm --layers 1 --width 128 --context 128 --dropout 0.1"

# Trains $model to the folder $1, with the other arguments.
train() {
    local out=$1
    shift
    runs train $model --data text --out "$out" --steps 4 --quiet "$@"
}

for model in "$gpt" "$lstm"; do
    name=${model%% *}
    for threads in 1 2 3; do
        train "$name-threads-$threads" --batch 2 --threads "$threads"
        is "$name with $threads threads" "$(sha "$name-threads-$threads")" \
            "$(sha "$name-threads-1")"
    done
    train "$name-seed" --batch 2 --seed 2
    [ "$(sha "$name-seed")" != "$(sha "$name-threads-1")" ] || failed "$name: seed unused"

    train "$name-a4" --batch 1 --accumulate 4
    train "$name-r2-a2" --batch 1 --accumulate 2 --ranks 2
    train "$name-r4" --batch 1 --ranks 4
    is "$name on 2 ranks" "$(sha "$name-r2-a2")" "$(sha "$name-a4")"
    is "$name on 4 ranks" "$(sha "$name-r4")" "$(sha "$name-a4")"
done

# Killed at several moments, the first soon after the start.
for model in "$gpt" "$lstm"; do
    name=${model%% *}
    long="train $model --data text --steps 24 --batch 1 --save-every 2 --eval-every 6"
    runs $long --out "$name-whole"
    kills=0
    { timeout -s KILL 0.02 "$rung" $long --out "$name-killed"; } >stdout 2>&1
    for delay in 0 0.013 0.004 0.021; do
        killed_after $delay "$name-killed" $long --out "$name-killed" --resume
        case $? in
        0) ;;
        137) kills=$((kills + 1)) ;;
        *) failed "$name after $kills kills: $(cat stderr)" ;;
        esac
    done
    [ $kills -gt 0 ] || failed "$name was never killed"
    runs $long --out "$name-killed" --resume
    is "$name after $kills kills" "$(sha "$name-killed")" "$(sha "$name-whole")"
    for file in killed whole; do # without the times
        sed 's/, "units_per_second".*//' "$name-$file/metrics.jsonl" >"$file"
    done
    cmp -s killed whole ||
        failed "$name: metrics after $kills kills: $(diff killed whole)"
done
finish
