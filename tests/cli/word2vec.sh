#!/usr/bin/env bash
# word2vec as one command: what cannot be learned is a message that leaves no model; a
# text shorter than the window is learned, and an odd one, by glove too.
. "$(dirname "$0")/lib.sh"
: >empty
printf ' \n \n' >blank
yes no | head -n 20 | tr '\n' ' ' >no
printf 'yes\nno\n%.0s' 1 2 3 4 5 6 >apart
printf 'a b a b a b a b a b' >short # than the window
make_text 20000 >text

for how in "" "--model cbow" "--negative 0"; do
    rm -rf none
    learn="train word2vec $how --out none --quiet --data"
    says 2 "rung: 'empty' is empty" $learn empty
    says 2 "rung: cannot read 'missing': No such file or directory" $learn missing
    says 2 "rung: 'blank' has no words" $learn blank
    says 2 "rung: 'short': of 2 different words none occurs 6 times: lower --min-count" \
        $learn short --min-count 6
    says 2 "rung: 'no': only one word is frequent enough: vectors need two at least; \
lower --min-count" $learn no
    says 2 "rung: 'apart': no two words stand in one line, so there is nothing to learn: \
with --no-lines windows run across the ends of lines" $learn apart
    absent none
    says 2 "rung: 'text': no two words of a line were kept: raise --sample, which is \
1e-15" $learn text --sample 1e-15
    absent none/model.safetensors

    for data in "short --window 100" "apart --no-lines"; do
        rm -rf model
        runs train word2vec $how --out model --quiet --dim 2 --data $data
        runs inspect model
        grep -q "^tokenizer wordlevel, 2 tokens" stdout || failed "$data: $(cat stdout)"
    done
done
says 2 "rung: --window is 101: must be a whole number, 1 to 100" \
    train word2vec --data short --out none --window 101

# What is finished stays so, and has no loss of valid texts, as there were none.
runs train word2vec --data text --out twice --dim 2 --quiet
runs train word2vec --data text --out twice --resume
! grep "^valid" stdout >lines || failed "a finished run: $(cat lines)"

"$rung" train word2vec --data text --out high --lr 1e6 --quiet >stdout 2>stderr
is "exit code of a rate of 1e6" $? 3
grep -q "^rung: word2vec: the loss is .* at step .*: lower --lr, which is 1e+06" stderr ||
    failed "a rate of 1e6: $(cat stderr)"
absent high/model.safetensors

# What is odd in a text: words of more than 1,000 bytes go, bytes that are no UTF-8 become
# U+FFFD, ё and й stay, and so does the case of letters.
for i in 1 2 3 4 5 6; do
    head -c 1001 /dev/zero | tr '\0' x
    printf ' ёлка йод \xff ёж Йод ёлка\n'
done >odd
for kind in word2vec glove; do
    rm -rf model
    says 0 "rung: 'odd': 6 words of more than 1000 bytes left out" \
        train $kind --data odd --dim 4 --out model --quiet
    runs nearest model ёлка --count 9
    is "all near ёлка, $kind" "$(cut -f1 stdout | sort | tr '\n' ' ')" "Йод йод ёж � "
done

# A disk that is full: no file may grow over so many KiB.
(ulimit -f 8 && exec "$rung" train word2vec --data text --out full --quiet 2>&1) |
    cat >stderr
is "exit code on a full disk" "${PIPESTATUS[0]}" 1
is "a full disk" "$(cat stderr)" \
    "rung: cannot write 'full/model.safetensors': File too large"
absent full/config.json full/model.safetensors
finish
