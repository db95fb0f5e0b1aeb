#!/usr/bin/env bash
# Tables through the command: train, eval and predict on CSV, LIBSVM and .npy; and what
# can be wrong with them.
. "$(dirname "$0")/lib.sh"
awk 'BEGIN {
    print "rooms,age,place,kind"
    for (i = 0; i < 300; i++)
        printf "%d,%g,%s,%s\n", i % 7, i / 2, i % 2 ? "sea" : "bay",
               i % 3 ? "flat" : "house"
}' >houses.csv
awk 'BEGIN {
    for (i = 0; i < 300; i++)
        printf "%d %d:1 %d:%g\n", (i % 3 > 0), 1 + i % 4, 5 + i % 3, i
}' >rows.libsvm
gzip -k rows.libsvm

runs train majority --data houses.csv --out model --quiet
is "columns" "$(json model/training.json columns)" \
    "csv, 4 columns with a header, target 4 'kind'"
is "labels" "$(grep -c '"flat": 0' model/config.json)" 1
is "features" "$(json model/config.json features)" 3
runs predict model houses.csv
is "lines of predict" "$(wc -l <stdout)" 300
cut -d , -f 1-3 houses.csv | "$rung" predict model >without_target ||
    failed "predict from standard input"
cmp -s stdout without_target || failed "predict: with and without the target differ"
runs eval model houses.csv
grep -q '^majority: 66.7 % right' stdout || failed "eval: $(head -n 1 stdout)"
runs inspect model
grep -q '^labels 2' stdout || failed "inspect: $(cat stdout)"

# The cut is the same for every format, and so is what comes of it.
runs train majority --data rows.libsvm --out plain --quiet
runs train majority --data rows.libsvm.gz --out packed --quiet
is "weights of packed rows" "$(sha packed)" "$(sha plain)"
hash=$(sha256sum <rows.libsvm | cut -d ' ' -f 1)
is "hash of rows" "$(json plain/training.json sha256)" "$hash"
is "hash of packed rows" "$(json packed/training.json sha256)" "$hash"
same=$(json plain/training.json same_again)
runs ${same#rung } --out again --quiet
is "weights of the same again" "$(sha again)" "$(sha plain)"

# A label that only the valid rows have: nothing is chosen or calibrated by it.
sed '1~5s/^[01]/2/' rows.libsvm >valid.libsvm
sed '1~5d' rows.libsvm >known.libsvm
for valid in valid known; do
    runs train logreg --data rows.libsvm --valid $valid.libsvm --calibrate platt \
        --out by_$valid --quiet
done
is "hash of valid rows" "$(grep -c "$(sha256sum <valid.libsvm | cut -d ' ' -f 1)" \
    by_valid/training.json)" 1
is "weights by known labels" "$(sha by_valid)" "$(sha by_known)"
grep -q '"unknown_labels": 60' by_valid/training.json || failed "unknown labels"

# A constant column changes no prediction, and takes no weight where there is a penalty;
# more features than rows are learned by heart.
awk -F , 'NR == 1 { print "same," $0 } NR > 1 { print "7," $0 }' houses.csv >same.csv
for l2 in 0 1; do
    runs train logreg --data same.csv --l2 $l2 --out same$l2 --quiet
    runs eval same$l2 same.csv --json
    with=$(sed -E 's/.*"log_loss": ([-0-9.e]+).*/\1/' stdout)
    runs train logreg --data houses.csv --l2 $l2 --out less$l2 --quiet
    runs eval less$l2 houses.csv --json
    without=$(sed -E 's/.*"log_loss": ([-0-9.e]+).*/\1/' stdout)
    is "a constant column, l2 = $l2" \
        "$(awk -v a="$with" -v b="$without" 'BEGIN { print ((a - b)^2 < 1e-6) }')" 1
done
awk 'BEGIN {
    srand(2)
    for (i = 0; i < 20; i++) {
        line = i % 2
        for (j = 1; j <= 300; j++) if (rand() < 0.3) line = line " " j ":" rand() - 0.5
        print line
    }
}' >wide.libsvm
for l2 in 0 1; do
    runs train logreg --data wide.libsvm --l2 $l2 --test-share 0 --valid-share 0 \
        --out wide$l2 --quiet
    runs eval wide$l2 wide.libsvm
    grep -q '^logreg: 100.0 % right' stdout || failed "wide, $l2: $(head -n 1 stdout)"
done

# Numbers: y = 3 x - 2 z + 1, exactly.
awk 'BEGIN {
    for (i = 0; i < 400; i++)
        printf "%g,%g,%g\n", i % 9, i % 5, 3 * (i % 9) - 2 * (i % 5) + 1
}' >line.csv
runs train linreg --data line.csv --out line --threads 1
line='^train: R2 1.0000, RMSE .* rows; rank 2, condition [0-9.]+; solved by the normal'
grep -qE "$line equation\$" stdout ||
    failed "train linreg: $(cat stdout)"
grep -qE '^test: R2 1.0000, RMSE ' stdout || failed "train linreg: $(cat stdout)"
runs inspect line
grep -qE '^ +1 +[-0-9.e]+  \(bias\)$' stdout || failed "inspect: $(cat stdout)"
grep -qE '^ +-2 +[-0-9.e]+  2$' stdout || failed "inspect: $(cat stdout)"
printf '2,3\n0,0\n' | "$rung" predict line >stdout || failed "predict linreg"
is "predicted" "$(awk '{ printf "%s%.6f", sep, $1; sep = " " }' stdout)" \
    "1.000000 1.000000"
runs predict line line.csv --json
grep -qE '^\{"value": [-0-9.e]+\}$' stdout || failed "predict --json: $(head -n 1 stdout)"
runs eval line line.csv
grep -qE '^linreg: R2 1.0000, RMSE [-0-9.e]+, MAE [-0-9.e]+ of 400 rows$' stdout ||
    failed "eval: $(cat stdout)"
printf '1,1,2\n2,2,2\n' >same.csv
runs eval line same.csv --json
grep -q '"rows": 2, "r2": null, ' stdout || failed "R2 of one target: $(cat stdout)"
runs train linreg --data line.csv --out line2 --threads 3 --quiet
is "bits at 3 threads" "$(sha line2)" "$(sha line)"
for seed in 1 2; do
    runs train linreg --data line.csv --test-share 0 --solver sgd --seed $seed \
        --out sgd$seed --quiet
done
[ "$(sha sgd1)" != "$(sha sgd2)" ] || failed "sgd: two seeds, one order of rows"
awk -F , '{ print $1 "," $2 "," $1 + $2 ",7," $3 }' line.csv >more.csv
runs train linreg --data more.csv --out more
grep -q "column '4' is 7 in every row: its weight is 0" stderr ||
    failed "$(cat stderr)"
grep -q "4 features have a rank of 2" stderr || failed "$(cat stderr)"
grep -q 'rank 2, condition inf; solved by a factor of the rows' stdout ||
    failed "$(cat stdout)"

# What can be wrong.
says 2 "rung: houses.csv: the target, column 4 'kind', holds words, but numbers are to \
be predicted: name another with --target, or train logreg" \
    train linreg --data houses.csv --out none
sed '7s/.*/1,2,NaN/' line.csv >nan.csv
says 2 "rung: nan.csv:7: column 3: the cell is missing ('NaN')" \
    train linreg --data nan.csv --out none
says 2 "rung: nan.csv:7: column 3: the cell is missing ('NaN'): put a value there, or \
take --missing mean" train logreg --data nan.csv --target 1 --out none
says 2 "rung: gpt does not learn from tables: $("$rung" models |
    awk '/^[a-z]/ { name = $1 }
        /  tables:/ { printf "%s%s", sep, name; sep = ", " }') do" \
    train gpt --data houses.csv --out none
says 2 "rung: 'houses.csv' is a table, and the ladder is of texts: train linreg or \
logreg on it; if it is text, say so with --kind" ladder houses.csv --out none
says 2 "rung: houses.csv: --target 'kinds': no such column: there are 4: did you mean \
'kind'?" train majority --data houses.csv --target kinds --out none
says 2 "rung: houses.csv: --drop 'roms': no such column: there are 4: did you mean \
'rooms'?" train majority --data houses.csv --drop roms --out none
sed '5s/.*/,1,bay,flat/' houses.csv >hole.csv
says 2 "rung: hole.csv:5: column 1 'rooms': the cell is missing (''): put a value there, \
or take --missing mean" train majority --data hole.csv --out none
says 2 "rung: hole.csv:5: column 1 'rooms': the cell is missing (''): put a value there, \
or take --missing mean" eval model hole.csv
sed '5s/.*/1,2,lake,flat/' houses.csv >lake.csv
says 2 "rung: lake.csv:5: column 3 'place': 'lake' is a word that this column did not \
have in training: take --missing mean for such" predict model lake.csv
sed '1s/place/where/' houses.csv >where.csv
says 2 "rung: where.csv: the model's 'place': no such column: there are 4" \
    eval model where.csv
sed 's/house$/flat/' houses.csv >one.csv
says 2 "rung: one.csv: every row has the label 'flat', so there is nothing to learn: is \
--target right? (csv, 4 columns with a header, target 4 'kind')" \
    train majority --data one.csv --out none
printf '1 1:1\n0 3:1 2:1\n' >descending.libsvm
says 2 "rung: descending.libsvm:2: index 2 follows 3: indices must ascend" \
    train majority --data descending.libsvm --out none
printf '1 1:1\n0 0:1\n' >zero.libsvm
says 2 "rung: zero.libsvm:2: '0:1' is no pair: indices begin at 1" \
    train majority --data zero.libsvm --out none
says 2 "rung: $root/tests/golden/formats/i4.npy: elements are I32: a table has float or \
double: save array.astype('f8')" \
    train majority --data "$root/tests/golden/formats/i4.npy" --out none
says 2 "rung: $root/tests/golden/formats/vector.npy: shape [5]: a table is [rows, \
columns]" \
    train majority --data "$root/tests/golden/formats/vector.npy" --out none
says 2 "rung: a table is read more than once: name a file" \
    train majority --data - --kind table --out none
absent none
finish
