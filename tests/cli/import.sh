#!/usr/bin/env bash
# rung import: a model that was exported and imported answers as before, and so does the
# file itself; what is wrong with a file is said.
. "$(dirname "$0")/lib.sh"
make_text 20000 >text
runs train word2vec --data text --dim 8 --quiet --out model
not_there="not in such a file: vectors of the context, counts, options"
for format in word2vec-text word2vec-binary glove-text fasttext-vec; do
    told=${format/fasttext-vec/word2vec-text} # they are the same
    rm -rf other
    runs export model file --to $format
    n=$(json model/config.json vocab_size)
    runs import file other
    is "import of $format" "$(cat stdout)" \
        "file: $told, $n words and their vectors, exact; $not_there"
    runs nearest model baba
    cp stdout nearest
    for where in file other; do
        runs nearest $where baba
        is "neighbours in $where" "$(cat stdout)" "$(cat nearest)"
        runs export $where again --to $format
        is "export of $where" "$(cat stdout)" \
            "again: words and vectors, exact; nothing is left behind"
        cmp -s file again || failed "$format: another file from $where"
    done
done
gzip -c file | "$rung" import - packed --format fasttext-vec --most 7 >stdout ||
    failed "import of a pipe"
is "words" "$(json packed/config.json vocab_size)" 7
for model in model other file; do
    runs similarity $model baba dede
    cp stdout $model.similarity
    runs analogy $model baba dede kiki
    cp stdout $model.analogy
    printf 'baba\tdede\t1\nkiki\tdede\t2\nlolo baba\t3\n' >pairs
    runs eval $model pairs
    sed 's/^[a-z0-9]*: //' stdout >$model.eval
    echo "baba dede nothing" | "$rung" embed $model >$model.embed || failed embed
    for what in similarity analogy eval embed; do
        cmp -s $model.$what model.$what || failed "$what of $model: $(cat $model.$what)"
    done
done
runs inspect other
grep -q "^vectors: vectors of words from a file" stdout || failed "inspect: $(cat stdout)"
printf 'The 1 2\nthe 3 4\nThe 5 6\na b 7 8\n\xFF 9 9\n' >odd
runs import odd odd-model --lower
is "what was left out" "$(tail -n 3 stdout)" "1 left out: they stand in the file before
1 left out: no text has words with white space within, of no letters, or of over 1,000 \
bytes
1 are not UTF-8: U+FFFD stands for what is wrong"
is "a text in lower case" "$(echo THE | "$rung" embed odd-model)" "3 4"

# ---- What is wrong ----

says 2 "rung: 'other' is there: take another folder" import file other
says 2 "rung: cannot read 'missing': No such file or directory" import missing none
says 2 "rung: unknown format 'glove-txt': did you mean 'glove-text'?" \
    import file none --format glove-txt
says 2 "rung: text:1: a word and its numbers expected: '$(head -n 1 text |
    cut -c 1-60)'" import text none
says 2 "rung: not a model folder; as a file of word vectors: text:1: a word and its \
numbers expected: '$(head -n 1 text | cut -c 1-60)'" nearest text baba
head -c 1000 file >cut
says 2 "rung: cut:$(($(wc -l <cut) + 1)): the file ends behind number $(tail -n 1 cut |
    tr -cd ' ' | wc -c), without a line end: is it truncated?" import cut none
head -n 9 file >cut
says 2 "rung: cut: ends after 8 words, but its header tells of $n: is it truncated?" \
    import cut none
sed '5s/ [^ ]*$//' file >short
says 2 "rung: short:5: 7 numbers, not 8" import short none
sed '5s/ [^ ]*/ nan/' file >nan
says 2 "rung: nan:5: number 1 is 'nan': must be finite" import nan none
printf '1 2\n%01001d 1 2\n' 0 >long
says 2 "rung: long:2: a word of more than 1000 bytes" import long none
gzip -c file | head -c 500 >cut.gz
"$rung" import cut.gz none 2>stderr
is "exit code of a cut .gz" $? 2
grep -q "'cut.gz' ends too early: its gzip data is cut off after 500 bytes" stderr ||
    failed "a cut .gz: $(cat stderr)"
says 2 "rung: imported words have one vector each: none of the context" \
    nearest other baba --vectors sum
echo baba | "$rung" embed other --sif 1e-3 2>stderr
is "exit code of --sif" $? 2
is "message of --sif" "$(cat stderr)" "rung: weights of rare words (sif) need the counts \
of the words, which imported ones lack"
says 2 "rung: vectors does not learn from running text: word2vec, glove do" \
    train word-vectors --data text --out none
(ulimit -f 2 && exec "$rung" import file none 2>&1) | cat >stderr
is "exit code on a full disk" "${PIPESTATUS[0]}" 1
is "a full disk" "$(cat stderr)" \
    "rung: cannot write 'none/model.safetensors': File too large"
is "what is left" "$(ls -A none)" ""
finish
