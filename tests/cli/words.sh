#!/usr/bin/env bash
# Vectors of words in use: nearest, analogy, similarity, embed, export and eval.
. "$(dirname "$0")/lib.sh"
make_text 20000 >text
runs train word2vec --data text --dim 8 --min-count 2 --threads 1 --quiet --out model
runs export model vectors.txt
is "what is lost" "$(sed 's/.*not carried: //' stdout)" \
    "vectors of the context, counts, options"
read -r n dim <vectors.txt
is "words, numbers and lines" "$dim $(($(wc -l <vectors.txt) - 1))" "8 $n"
mapfile -t words < <(sed -n '2,5s/ .*//p' vectors.txt)

runs nearest model "${words[0]}" --count 3
is "neighbours" "$(wc -l <stdout)" 3
cut -f 1 stdout | grep -qFx "${words[0]}" &&
    failed "a word is near itself: $(cat stdout)"
IFS=$'\t' read -r first cosine <stdout
runs similarity model "${words[0]}" "$first"
is "similarity of the nearest" "$(cat stdout)" "$cosine"
runs similarity model "${words[1]}" "${words[1]}" --json
is "similarity to itself" "$(cat stdout)" '{"similarity": 1.000000}'
runs nearest model "${words[@]:0:2}" --count 1
is "lines of two words" "$(wc -l <stdout)" 5
runs analogy model "${words[@]:0:3}" --count 5 --json
is "answers" "$(grep -cE '^\{"word": ".+", "similarity": -?[0-9.]+\}$' stdout)" 5
for word in "${words[@]:0:3}"; do
    grep -qF "{\"word\": \"$word\"," stdout && failed "a word of the question answers it"
done
says 2 "rung: 'zzz' is not among the model's $n words" nearest model zzz

# The vector of a line of one word is that word's.
echo "${words[2]}" | "$rung" embed model >stdout || failed embed
is "embedding" "$(cat stdout)" "$(sed -n "s/^${words[2]} //p" vectors.txt)"
echo "${words[2]}" | "$rung" embed model --json >stdout || failed "embed --json"
is "numbers" "$(tr -d '[]' <stdout | awk -F ', ' '{ print NF }')" 8

runs export model glove.txt --to glove-text
is "glove-text" "$(cat glove.txt)" "$(tail -n +2 vectors.txt)"
says 2 "rung: unknown format 'sqlite': known are word2vec-text, word2vec-binary, \
glove-text, fasttext-vec" export model none --to sqlite
absent none

printf ': "one" \\ two\n%s\n: other\nzzz zzz zzz zzz\n' "${words[*]:0:4}" >analogies
runs eval model analogies
grep -qE '^word2vec: (0|100).0 % of 1 analogies right; 1 of 2 have unknown' stdout ||
    failed "eval of analogies: $(cat stdout)"
runs eval model analogies --json
grep -qE '"sections": \[\{"section": "\\"one\\"", "questions": 1, "known": 1,' stdout ||
    failed "eval --json of analogies: $(cat stdout)"
printf '%s %s 1\n' "${words[@]:0:2}" >pairs
runs eval model pairs --json
is "one pair has no ranks" "$(cat stdout)" \
    '{"rung": "word2vec", "n": 1, "known": 1, "spearman": null}'

# ---- Classes, and a map ----

runs classes model 5
is "lines of classes" "$(wc -l <stdout)" "$n"
is "classes" "$(cut -f 2 stdout | sort -u | paste -sd,)" 0,1,2,3,4
is "the class of the most frequent word" "$(head -n 1 stdout)" "$(sed -n '2s/ .*//p' \
    vectors.txt)$(printf '\t')0"
cp stdout five
runs classes model 5 --threads 3
cmp -s stdout five || failed "other classes by three threads"
runs classes model 5 --most 20 --json
is "lines of classes --json" "$(grep -cE '^\{"word": ".+", "class": [0-4]\}$' stdout)" 20
says 2 "rung: $((n + 1)) classes of $n words: must be 1 to as many as the words" \
    classes model $((n + 1))
says 2 "rung: '5x' classes: must be a whole number" classes model 5x
runs map model --out words.html --most 30 --quiet
is "rows of the map's table" "$(grep -oF '<th scope="row">' words.html | wc -l)" 30
grep -qF "<th scope=\"row\">${words[0]}</th>" words.html ||
    failed "no row of ${words[0]} in the map's table"
grep -qF "The 30 most frequent words" words.html || failed "no caption of the map"
says 2 "rung: where to? give --out FILE" map model

# ---- Both rungs, either vector ----

printf 'one\ttwo\tscore\ndede\tbaba\t5\ndeba\tkiba\t3\nlode\tmude\t1\nno\tway\t2\n' >pairs
printf ': some\ndede baba deba kiba\nno way to know\n' >analogies
for name in word2vec glove; do
    runs train $name --data text --out $name --dim 6 --epochs 2 --quiet
    for which in centre context sum both; do
        width=6
        [ $which = both ] && width=12
        echo "baba" | "$rung" embed $name --vectors $which >one
        is "numbers of a text, $name $which" "$(wc -w <one)" $width
        runs export $name file --vectors $which
        is "the word in the file, $name $which" "$(grep '^baba ' file)" "baba $(cat one)"
        runs nearest $name baba --count 1 --vectors $which
        IFS=$'\t' read -r word cosine <stdout
        runs similarity $name baba "$word" --vectors $which
        is "similarity of the nearest, $name $which" "$(cat stdout)" "$cosine"
        runs analogy $name deba kiba lode --count 2 --vectors $which
        is "answers, $name $which" "$(wc -l <stdout)" 2
        runs eval $name pairs --vectors $which
        grep -qE "^$name: Spearman -?[01]\.[0-9]{4} on 3 of 4 pairs" stdout ||
            failed "pairs: $(cat stdout)"
        runs eval $name analogies --vectors $which
        grep -qE "^$name: (0|100)\.0 % of 1 analogies right; 1 of 2 have" stdout ||
            failed "analogies: $(cat stdout)"
    done
    is "different vectors of $name" "$(for which in centre context sum both; do
        echo baba | "$rung" embed $name --vectors $which
    done | sort -u | wc -l)" 4
done
# ---- n-grams of characters: words that the text lacks ----

runs train word2vec --data text --dim 6 --epochs 2 --chars 3-5 --quiet \
    --out ngrams
runs similarity ngrams baba dedede
IFS= read -r cosine <stdout
grep -qE '^-?[01]\.[0-9]{4}$' stdout || failed "an unseen word: $(cat stdout)"
runs nearest ngrams dedede --count 1000
is "the similarity from the other side" "$(sed -n 's/^baba\t//p' stdout)" "$cosine"
runs analogy ngrams dedede baba kikiki --count 2
is "answers with unseen words" "$(wc -l <stdout)" 2
echo "dedede xyxyxy" | "$rung" embed ngrams >both || failed "embed an unseen word"
echo "dedede" | "$rung" embed ngrams >one
cmp -s one both || failed "a word without known n-grams changes a text's vector"
n=$(sed -n 's/.*"vocab_size": \(.*\),/\1/p' ngrams/config.json)
says 2 "rung: 'xyxyxy' is not among the model's $n words, nor are its n-grams known" \
    nearest ngrams xyxyxy
printf 'dede\tbaba\t5\ndedede\tbababa\t4\nkiki\tlode\t1\nxyxyxy\tbaba\t2\n' >pairs
runs eval ngrams pairs
grep -q " on 3 of 4 pairs" stdout || failed "pairs of unseen words: $(cat stdout)"
runs export ngrams file
is "what is lost" "$(cat stdout)" "file: words and vectors of the centre, exact; not \
carried: vectors of the context, vectors of n-grams and so of unseen words, counts, \
options"
runs inspect ngrams
grep -qE '^ngrams.weight +F32 +\[[0-9]+,6\]' stdout || failed "inspect: $(cat stdout)"
for how in "" "--model cbow" "--negative 0" "--model cbow --negative 0"; do
    for threads in 1 2 3; do
        rm -rf model
        runs train word2vec --data text --dim 6 --epochs 1 --chars 3-6 --quiet \
            --threads $threads $how --out model
        sha model
    done | sort -u >sums
    is "different models by 1 to 3 threads, $how" "$(wc -l <sums)" 1
done
says 2 "rung: --chars '6-3': must be two lengths from 1 to 16, such as 3-5" \
    train word2vec --data text --out none --chars 6-3
absent none

runs train bigram --data text --out bigram --quiet
says 2 "rung: this bigram has no vectors of words: word2vec and glove have" \
    nearest bigram baba
finish
