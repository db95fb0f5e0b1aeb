#!/usr/bin/env bash
# Columns of numbers beside texts, from the command line.
. "$(dirname "$0")/lib.sh"

# The label is in the numbers, the text says nothing.
awk 'BEGIN {
    print "price,stars,text,label"
    for (i = 0; i < 300; i++) {
        price = i * 37 % 101; stars = i * 11 % 5
        label = price + 30 * stars > 110 ? "dear" : "cheap"
        print price "," stars ",a thing no " i "," label
    }
}' >offers.csv
tail -n +2 offers.csv | cut -d , -f 4 >labels
columns=(--number-columns price,stars)
good='^logreg: (9[5-9]|100)'

runs train logreg --data offers.csv "${columns[@]}" --quiet --out model
grep -q -- '--number-columns price,stars' model/training.json || failed "no same_again"
runs eval model offers.csv
grep -qE "$good" stdout || failed "eval: $(head -1 stdout)"
runs eval model offers.csv --json
right=$(sed -E 's/.*"accuracy": ([0-9.]+).*/\1/; s/\.0$//' stdout)
runs predict model offers.csv
is "right by predict" "$(cut -f 1 stdout | paste -d , labels - |
    awk -F , '$1 == $2 { n++ } END { printf "%.9g", n / NR }')" "$right"
sed -n '1p;5p' offers.csv >one.csv
sed -n 4p stdout >wanted
"$rung" predict model - <one.csv | diff wanted - || failed "standard input differs"

runs inspect model
grep -q "^number 'stars': mean .*, deviation 1.4" stdout ||
    failed "inspect: $(cat stdout)"
runs weights model --top 1
is "numbers of two labels" "$(grep -c '  (stars), for each 1.4' stdout)" 2
runs weights model --write weights.tsv
is "numbers as text" "$(sed -n '2,4s/\t.*//p' weights.tsv | paste -sd,)" \
    "(bias),(price),(stars)"
runs select offers.csv "${columns[@]}" --ranking df --quiet --out chosen
runs eval chosen/model offers.csv
grep -qE "$good" stdout || failed "select: $(head -1 stdout)"

# What can be wrong.
printf 'price,stars,text,label\n1,2,a thing,dear\n1,,a thing,dear\n' >missing.csv
absent="number 2 of --number-columns, column 2, is '': must be a finite number"
says 2 "rung: missing.csv:3: $absent" predict model missing.csv
says 2 "rung: missing.csv:3: $absent" train logreg --data missing.csv "${columns[@]}" \
    --out none
awk 'BEGIN {
    print "a,b,target"
    for (i = 0; i < 90; i++) print i % 7 "," i % 5 "," i % 2
}' >table.csv
says 2 "rung: --number-columns is for texts: of a table all columns are taken but those \
that --drop names" train logreg --kind table --data table.csv --number-columns a \
    --out none
runs train logreg --kind table --data table.csv --quiet --out table
says 2 "rung: --from table: was trained on a table" train logreg --data offers.csv \
    --from table --out none
tail -n +2 offers.csv >lines
says 2 "rung: lines: --number-columns price,stars: lines have no columns: if these have, \
say so with --format" predict model lines
awk 'BEGIN {
    print "n,text,label"
    for (i = 0; i < 90; i++) print "7,thing no " i "," i % 2
}' >constant.csv
runs train logreg --data constant.csv --test-share 0 --number-columns n --out constant
grep -q "column 'n' is 7 in all training texts: it says nothing" stderr ||
    failed "constant: $(cat stderr)"
absent none
finish
