/* Tables: what is read from CSV, LIBSVM and .npy, and what is refused. */
#include "support.h"

#include "rung/formats.h"
#include "rung/table.h"

static rung_error err;

/* The rows of a table, all of them, dense. */
typedef struct rows_read {
    int64_t n, n_features;
    double x[64 * 16], targets[64], weights[64];
    int32_t labels[64];
} rows_read;

static double value_at(const rung_rows *rows, int64_t i, int64_t j)
{
    if (rows->x) {
        const int64_t at = i * rows->stride + j;
        return rows->is_float ? (double)((const float *)rows->x)[at]
                              : ((const double *)rows->x)[at];
    }
    for (int64_t p = rows->first[i]; p < rows->first[i + 1]; p++)
        if (rows->features[p] == j) return (double)rows->values[p];
    return 0;
}

static rung_status read_rows(rows_read *out, rung_table *t, int64_t most, rung_error *e)
{
    rung_rows rows;
    *out = (rows_read){.n_features = rung_schema_features(rung_table_schema(t))};
    do {
        RUNG_TRY(rung_table_next(t, most, &rows, e));
        for (int64_t i = 0; i < rows.n; i++, out->n++) {
            for (int64_t j = 0; j < out->n_features; j++)
                out->x[out->n * out->n_features + j] = value_at(&rows, i, j);
            if (rows.targets) out->targets[out->n] = rows.targets[i];
            if (rows.labels) out->labels[out->n] = rows.labels[i];
            out->weights[out->n] = rows.weights ? rows.weights[i] : 1;
        }
    } while (rows.n > 0);
    assert_int_equal(rung_table_seen(t), out->n);
    return RUNG_OK;
}

static rung_table *open_as(const char *path, const rung_table_config *config)
{
    rung_table *t;
    assert_ok(rung_table_open(&t, path, config, NULL, NULL, &err));
    return t;
}

static void assert_row(const rows_read *rows, int64_t i, const double *x, double target)
{
    for (int64_t j = 0; j < rows->n_features; j++)
        assert_true(rows->x[i * rows->n_features + j] == x[j]);
    assert_true(rows->targets[i] == target);
}

/* The text as a file of this name, read with the config, must be refused so. */
static void assert_refused(void **state, const char *name, const char *text,
                           const rung_table_config *config, const char *reason)
{
    const rung_table_config usual = RUNG_TABLE_CONFIG_DEFAULT;
    const char *path = path_in(*state, name);
    rung_table *t = NULL;
    rows_read rows;
    write_text(path, text);
    err = (rung_error){0};
    rung_status status =
        rung_table_open(&t, path, config ? config : &usual, NULL, NULL, &err);
    if (status == RUNG_OK) status = read_rows(&rows, t, 10, &err);
    rung_table_close(t);
    if (status != RUNG_INPUT && status != RUNG_USAGE)
        fail_msg("%s: not refused: %s", text, err.message);
    assert_contains(err.message, reason);
    assert_contains(err.message, name);
}

/* ---- CSV ---- */

static void csv_with_header_words_and_weights(void **state)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    const char *path = path_in(*state, "houses.csv");
    rows_read rows;
    write_text(path, "id,rooms,price,place,how often\r\n"
                     "1,3,100.5,\"by, sea\",2\r\n"
                     "2,4,-2e2,inland,1\r\n"
                     "\r\n"
                     "3,5,0,bay,0.5\r\n");
    config.target = "price", config.weight = "how often", config.drop = "id";
    rung_table *t = open_as(path, &config);
    assert_string_equal(rung_table_words(t),
                        "csv, 5 columns with a header, target 3 'price'");
    for (int64_t most = 1; most < 5; most++) { // and again, in other pieces
        assert_ok(rung_table_rewind(t, &err));
        assert_ok(read_rows(&rows, t, most, &err));
        assert_int_equal(rows.n, 3);
        assert_int_equal(rows.n_features, 3); // rooms, place=by, sea, place=inland
        assert_row(&rows, 0, (double[]){3, 1, 0}, 100.5);
        assert_row(&rows, 1, (double[]){4, 0, 1}, -200);
        assert_row(&rows, 2, (double[]){5, 0, 0}, 0);
        assert_true(rows.weights[0] == 2 && rows.weights[2] == 0.5);
    }
    char name[40];
    rung_schema *schema = rung_table_schema(t);
    assert_string_equal(rung_schema_name(schema, 0, name, sizeof name), "rooms");
    assert_string_equal(rung_schema_name(schema, 2, name, sizeof name), "place=inland");
    rung_table_close(t);
}

static void csv_quotes_within_cells_are_characters(void **state)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    const char *path = path_in(*state, "pipes.csv");
    rows_read rows;
    write_text(path, "kind,size,y\n"
                     "5\" pipe,1,10\n"
                     "\"a \"\"b\"\",\nand c\",2,20\r\n"
                     "\r\r\n"
                     "5\"\" pipe,3,30\n"
                     "5\" pipe,4,40\n"
                     "\"\",5,50\n");
    config.drop = "kind";
    rung_table *t = open_as(path, &config);
    assert_ok(read_rows(&rows, t, 10, &err));
    assert_int_equal(rows.n, 5);
    for (int i = 0; i < 5; i++) assert_row(&rows, i, (double[]){i + 1}, 10 * (i + 1));
    rung_table_close(t);
}

static void csv_without_header_takes_the_last_column_for_target(void **state)
{
    const rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    const char *path = path_in(*state, "bare.csv");
    rows_read rows;
    write_text(path, "1;2;3\n4;5;6");
    rung_table *t = open_as(path, &config);
    assert_string_equal(rung_table_words(t), "csv, 3 columns, no header, target 3");
    assert_ok(read_rows(&rows, t, 10, &err));
    assert_int_equal(rows.n, 2);
    assert_row(&rows, 0, (double[]){1, 2}, 3);
    assert_row(&rows, 1, (double[]){4, 5}, 6);
    rung_table_close(t);
}

static void first_line_of_scikit_learn_is_no_row(void **state)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    const char *path = path_in(*state, "iris.csv");
    rows_read rows;
    config.has_labels = true;
    write_text(path, "3,2,setosa,virginica\n5.1,3.5,0\n4.9,3.0,1\n4.7,3.2,0\n");
    rung_table *t = open_as(path, &config);
    assert_contains(rung_table_words(t), "scikit-learn's first line passed over");
    assert_ok(read_rows(&rows, t, 10, &err));
    assert_int_equal(rows.n, 3);
    assert_int_equal(rung_labels_count(rung_table_labels(t)), 2);
    assert_int_equal(rows.labels[1], 1);
    assert_near(rows.x[3], 3.0, 0);
    rung_table_close(t);
}

static void missing_cells_become_means_of_training_rows(void **state)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    const char *path = path_in(*state, "holes.csv"), *new = path_in(*state, "new.csv");
    rows_read rows;
    config.missing = RUNG_MISSING_MEAN;
    write_text(path, "a,kind,y\n1,u,0\n,v,1\n5,NA,2\n3,v,3\n");
    rung_table *t = open_as(path, &config);
    assert_ok(read_rows(&rows, t, 10, &err));
    assert_row(&rows, 1, (double[]){3, 1}, 1);
    assert_row(&rows, 2, (double[]){5, 2.0 / 3}, 2);
    // Another file by the same schema: other order of columns, an unseen word, no target.
    rung_table *other;
    config.has_targets = false;
    write_text(new, "kind,extra,a\nw,9,?\nv,9,7\n");
    assert_ok(rung_table_open(&other, new, &config, rung_table_schema(t), NULL, &err));
    assert_ok(read_rows(&rows, other, 10, &err));
    assert_int_equal(rows.n, 2);
    assert_row(&rows, 0, (double[]){3, 2.0 / 3}, 0);
    assert_row(&rows, 1, (double[]){7, 1}, 0);
    rung_table_close(other);
    rung_table_close(t);
}

static void wrong_csv_is_told_with_line_and_column(void **state)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    assert_refused(state, "a.csv", "x,y\n1,2\n,3\n", NULL,
                   ":3: column 1 'x': the cell is missing (''): put a value there, or "
                   "take --missing mean");
    assert_refused(state, "a.csv", "x,y\n1,2\n1,NaN\n", NULL,
                   ":3: column 2 'y': the cell is missing ('NaN')");
    assert_refused(state, "a.csv",
                   "x,y\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\n1,2\nabc,3\n", NULL,
                   ":12: column 1 'x': 'abc' is no number");
    const rung_table_config part = {.has_targets = true, .valid_share = 0.5, .seed = 2};
    assert_refused(state, "a.csv", "x,w,y\n1,,2\n1,,3\n1,,4\n1,,5\n1,red,6\n", &part,
                   "column 2 'w' has no value in any training row");
    assert_refused(state, "a.csv", "x,y\n1,2\n1\n1,2\n", NULL,
                   ":3: 1 column instead of 2");
    assert_refused(state, "a.csv", "x,y\n1,a\n1,b\n", NULL,
                   "the target, column 2 'y', holds words, but numbers are to be "
                   "predicted");
    config.target = "prise";
    assert_refused(
        state, "a.csv", "x,price\n1,2\n", &config,
        "--target 'prise': no such column: there are 2: did you mean 'price'?");
    config.target = "3";
    assert_refused(state, "a.csv", "x,y\n1,2\n", &config, "--target '3': no such column");
    config.target = NULL, config.drop = "x";
    assert_refused(state, "a.csv", "x,y\n1,2\n", &config,
                   "no column is left as a feature beside the target, column 2");
    config.drop = NULL, config.weight = "w";
    assert_refused(state, "a.csv", "x,w,y\n1,2,1\n3,-1,3\n", &config,
                   ":3: column 2 'w': '-1' is no weight: a number of at least 0");
    config.weight = NULL, config.has_labels = true;
    assert_refused(state, "a.csv", "x,y\n1,2\n3,2\n", &config,
                   "every row has the label '2', so there is nothing to learn");
    assert_refused(state, "a.csv", "", NULL, "there is no row");
}

/* ---- LIBSVM ---- */

static void libsvm_rows_with_labels_of_both_spellings(void **state)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    const char *path = path_in(*state, "a.libsvm"), *test = path_in(*state, "a.t");
    rows_read rows;
    config.has_labels = true;
    write_text(path, "# a comment\n0 1:1 3:-0.5\n+1 2:1e1 4:0 # another\n\n1\n");
    rung_table *t = open_as(path, &config);
    assert_ok(read_rows(&rows, t, 10, &err));
    assert_int_equal(rows.n, 3);
    assert_int_equal(rows.n_features, 4);
    assert_row(&rows, 0, (double[]){1, 0, -0.5, 0}, 0);
    assert_row(&rows, 1, (double[]){0, 10, 0, 0}, 1);
    assert_row(&rows, 2, (double[]){0, 0, 0, 0}, 1);
    assert_string_equal(rung_labels_name(rung_table_labels(t), 1), "1");
    // -1 stands for 0; a feature beyond those of training is left out; 7 is unknown.
    rung_table *other;
    write_text(test, "-1 qid:4 1:2\n1 4:1 9:3\n7 1:1\n");
    assert_ok(rung_table_open(&other, test, &config, rung_table_schema(t),
                              rung_table_labels(t), &err));
    assert_ok(read_rows(&rows, other, 10, &err));
    assert_int_equal(rows.n_features, 4);
    assert_int_equal(rows.labels[0], 0);
    assert_int_equal(rows.labels[1], 1);
    assert_int_equal(rows.labels[2], -1);
    assert_int_equal(rung_table_unknown(other), 1);
    rung_table_close(other);
    // The first and the last are unknown and left out: the one between moves up.
    config.known_labels = true;
    write_text(test, "7 1:1 2:4\n1 3:5\n8 2:1\n");
    assert_ok(rung_table_open(&other, test, &config, rung_table_schema(t),
                              rung_table_labels(t), &err));
    assert_ok(read_rows(&rows, other, 10, &err));
    assert_int_equal(rows.n, 1);
    assert_row(&rows, 0, (double[]){0, 0, 5, 0}, 1);
    assert_int_equal(rows.labels[0], 1);
    assert_int_equal(rung_table_unknown(other), 2);
    rung_table_close(other);
    rung_table_close(t);
}

static void wrong_libsvm_is_told_with_its_line(void **state)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    const struct {
        const char *text, *reason;
    } wrong[] = {
        {"1 1:1\n1 3:1 2:1\n", ":2: index 2 follows 3: indices must ascend"},
        {"1 1:1 1:2\n", ":1: index 1 follows 1: indices must ascend"},
        {"1 0:1\n", ":1: '0:1' is no pair: indices begin at 1"},
        {"1 1:1\nx 1:1\n", ":2: 'x' is no number: a line begins with one"},
        {"1 1:x\n", ":1: '1:x' is no pair INDEX:VALUE"},
        {"1 1:nan\n", ":1: '1:nan' is no pair INDEX:VALUE"},
        {"1 1\n", ":1: '1' is no pair INDEX:VALUE"},
        {"1 -1:1\n", ":1: '-1:1' is no pair INDEX:VALUE"},
        {"1 99999999999:1\n", ":1: '99999999999:1' is no pair"},
        {"1,2 1:1\n", ":1: '1,2' is a target of several labels: one is read"},
        {"1 1:1e39\n0 1:1", ":1: '1:1e39' is no pair: its value is beyond a float"},
    };
    config.has_labels = true;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refused(state, "a.libsvm", wrong[i].text, &config, wrong[i].reason);
    config.target = "1";
    assert_refused(state, "a.libsvm", "1 1:1\n", &config, "name columns");
}

/* ---- .npy ---- */

static const char *write_npy(const char *path, rung_stored_type type, int rank,
                             int64_t rows, int64_t columns, const void *data)
{
    const int64_t n = rank == 2 ? rows * columns : rows;
    const rung_stored t = {.name = "x",
                           .type = type,
                           .rank = rank,
                           .shape = {rows, columns},
                           .data = data,
                           .bytes = (size_t)n * rung_stored_type_bytes(type)};
    assert_ok(rung_npy_write(path, &t, &err));
    return path;
}

static void npy_rows_of_both_types_and_places_of_targets(void **state)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    const double d[] = {1, 2, 3, 4, 5, 6}, y[] = {7, 8};
    const float f[] = {1, 2, 3, 4, 5, 6};
    rows_read rows;
    const char *path = path_in(*state, "x.npy"), *targets = path_in(*state, "y.npy");
    write_npy(path, RUNG_STORED_F64, 2, 2, 3, d);
    rung_table *t = open_as(path, &config); // the last column
    assert_ok(read_rows(&rows, t, 1, &err));
    assert_int_equal(rows.n, 2);
    assert_row(&rows, 0, (double[]){1, 2}, 3);
    assert_row(&rows, 1, (double[]){4, 5}, 6);
    rung_table_close(t);
    config.target = "1"; // so rows are copied
    t = open_as(path, &config);
    assert_ok(read_rows(&rows, t, 5, &err));
    assert_row(&rows, 1, (double[]){5, 6}, 4);
    rung_table_close(t);
    write_npy(path, RUNG_STORED_F32, 2, 2, 3, f);
    write_npy(targets, RUNG_STORED_F64, 1, 2, 0, y);
    config.target = targets;
    t = open_as(path, &config);
    assert_ok(read_rows(&rows, t, 1, &err));
    assert_int_equal(rows.n_features, 3);
    assert_row(&rows, 1, (double[]){4, 5, 6}, 8);
    rung_table_close(t);
}

static void npy_of_wrong_type_or_shape_is_refused(void **state)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    const char *path = path_in(*state, "x.npy"), *targets = path_in(*state, "y.npy");
    const int32_t i[] = {1, 2, 3, 4, 5, 6};
    const double d[] = {1, 2, 3, 4, 5, 6};
    rung_table *t;
    write_npy(path, RUNG_STORED_I32, 2, 2, 3, i);
    assert_fails_saying(rung_table_open(&t, path, &config, NULL, NULL, &err), RUNG_INPUT,
                        "elements are I32: a table has float or double");
    write_npy(path, RUNG_STORED_F64, 1, 6, 0, d);
    assert_fails_saying(rung_table_open(&t, path, &config, NULL, NULL, &err), RUNG_INPUT,
                        "shape [6]: a table is [rows, columns]");
    write_npy(path, RUNG_STORED_F64, 2, 6, 1, d);
    assert_fails_saying(rung_table_open(&t, path, &config, NULL, NULL, &err), RUNG_INPUT,
                        "no column is left as a feature");
    write_npy(path, RUNG_STORED_F64, 2, 3, 2, d);
    write_npy(targets, RUNG_STORED_F64, 1, 2, 0, d);
    config.target = targets;
    assert_fails_saying(rung_table_open(&t, path, &config, NULL, NULL, &err), RUNG_INPUT,
                        "2 targets, but");
    config.target = "4";
    assert_fails_saying(rung_table_open(&t, path, &config, NULL, NULL, &err), RUNG_INPUT,
                        "--target 4: no such column: there are 2");
    assert_fails_saying(rung_table_open(&t, "tests/golden/formats/fortran.npy",
                                        &(rung_table_config)RUNG_TABLE_CONFIG_DEFAULT,
                                        NULL, NULL, &err),
                        RUNG_INPUT, "Fortran order");
}

/* Rows with labels are read at once, as floats. */
static void labelled_npy_of_no_number_is_told_with_its_row(void **state)
{
    static const struct {
        double x[4], y[2];
        const char *message;
    } bad[] = {
        {{1, 2, 3, NAN}, {0, 1}, "feature 2 of row 2 is nan: must be a finite float"},
        {{INFINITY, 2, 3, 4}, {0, 1}, "feature 1 of row 1 is inf: must be a finite"},
        {{1, 2, -1e300, 4}, {0, 1}, "feature 1 of row 2 is -1e+300: must be a finite"},
        {{1, 2, 3, 4}, {0, NAN}, "the target of row 2 is nan"},
        {{1, 2, 3, 4}, {1, 1}, "every row has the label '1', so there is nothing"},
    };
    rung_table *t;
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    const char *path = path_in(*state, "x.npy");
    config.target = path_in(*state, "y.npy");
    config.has_labels = true;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_npy(path, RUNG_STORED_F64, 2, 2, 2, bad[i].x);
        write_npy(config.target, RUNG_STORED_F64, 1, 2, 0, bad[i].y);
        assert_fails_saying(rung_table_open(&t, path, &config, NULL, NULL, &err),
                            RUNG_INPUT, bad[i].message);
    }
}

/* ---- Parts, kinds, memory ---- */

static void parts_are_disjoint_and_cover_all_rows(void **state)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    double x[2 * 60], seen[60] = {0};
    const char *path = path_in(*state, "x.npy");
    for (int i = 0; i < 60; i++) x[2 * i] = i, x[2 * i + 1] = -i;
    write_npy(path, RUNG_STORED_F64, 2, 60, 2, x);
    config.valid_share = config.test_share = 0.2;
    for (config.part = 0; config.part < 3; config.part++) {
        rows_read rows;
        rung_table *t = open_as(path, &config);
        assert_ok(read_rows(&rows, t, 7, &err));
        assert_true(rows.n > 5 && rows.n < 50);
        for (int64_t i = 0; i < rows.n; i++) {
            assert_true(rows.targets[i] == -rows.x[i]);
            seen[(int)rows.x[i]]++;
        }
        rung_table_close(t);
    }
    for (int i = 0; i < 60; i++) assert_true(seen[i] == 1);
}

static void tables_are_told_from_texts(void **state)
{
    const struct {
        const char *name, *text;
        bool is_table;
    } files[] = {
        {"a.libsvm", "", true},
        {"a", "1 1:0.5 7:2\n", true},
        {"a.csv", "x,y\n1,2\n3,4\n5,6\n", true},
        {"a.csv",
         "place,x,y\nsea,1,2\nsea,3,4\nbay,5,6\nsea,1,1\nbay,2,2\nbay,1,1\n"
         "sea,1,2\nsea,3,4\n",
         true},
        {"a.csv", "label,text\n1,a fine film\n0,a dull one\n", false},
        {"a.csv", "id,label,text\n1,1,a fine film\n2,0,a dull one\n3,1,another\n", false},
        {"a.tsv", "1\ta fine film\n0\ta dull one\n", false},
        {"a.jsonl", "{\"x\": 1, \"y\": 2}\n", false},
        {"a.txt", "Once, upon a time\nthere was, and was not,\n1, 2, 3\n", false},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        bool is_table;
        const char *path = path_in(*state, files[i].name);
        write_text(path, files[i].text);
        assert_ok(rung_table_detect(&is_table, path, &err));
        if (is_table != files[i].is_table) fail_msg("%s: %d", files[i].text, is_table);
    }
}

static rung_status open_and_read(void *path, rung_error *e)
{
    rung_table_config config = RUNG_TABLE_CONFIG_DEFAULT;
    rung_table *t;
    rows_read rows;
    config.missing = RUNG_MISSING_MEAN;
    config.has_labels = true;
    RUNG_TRY(rung_table_open(&t, path, &config, NULL, NULL, e));
    const rung_status status = read_rows(&rows, t, 2, e);
    rung_table_close(t);
    return status;
}

static void failed_allocations_leave_nothing(void **state)
{
    const char *csv = path_in(*state, "a.csv"), *libsvm = path_in(*state, "a.libsvm");
    write_text(csv, "a,kind,y\n1,u,no\n,v,yes\n5,NA,no\n3,v,yes\n");
    write_text(libsvm, "1 1:1 2:1\n0 3:1\n");
    assert_true(assert_survives_failed_allocations(open_and_read, (void *)csv) > 20);
    assert_true(assert_survives_failed_allocations(open_and_read, (void *)libsvm) > 8);
}

/* Whatever the length at which a file is cut, it is read or refused. */
static void cut_files_are_read_or_refused(void **state)
{
    static const char csv[] = "a,\"kind\",y\n1,\"u\",0\n2,\"v\"\"w\",1\n";
    static const char libsvm[] = "1 1:1 2:-1.5e1\n0 qid:3 3:1 # c\n";
    const char *const texts[] = {csv, libsvm}, *const names[] = {"a.csv", "a.svm"};
    for (int k = 0; k < 2; k++) {
        const char *path = path_in(*state, names[k]);
        for (size_t n = 0; n < strlen(texts[k]); n++) {
            write_bytes(path, texts[k], n);
            err = (rung_error){0};
            const rung_status status = open_and_read((void *)path, &err);
            assert_true(status == RUNG_OK || (status == RUNG_INPUT && err.message[0]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(csv_with_header_words_and_weights),
        test_in_folder(csv_quotes_within_cells_are_characters),
        test_in_folder(csv_without_header_takes_the_last_column_for_target),
        test_in_folder(first_line_of_scikit_learn_is_no_row),
        test_in_folder(missing_cells_become_means_of_training_rows),
        test_in_folder(wrong_csv_is_told_with_line_and_column),
        test_in_folder(libsvm_rows_with_labels_of_both_spellings),
        test_in_folder(wrong_libsvm_is_told_with_its_line),
        test_in_folder(npy_rows_of_both_types_and_places_of_targets),
        test_in_folder(npy_of_wrong_type_or_shape_is_refused),
        test_in_folder(labelled_npy_of_no_number_is_told_with_its_row),
        test_in_folder(parts_are_disjoint_and_cover_all_rows),
        test_in_folder(tables_are_told_from_texts),
        test_in_folder(failed_allocations_leave_nothing),
        test_in_folder(cut_files_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
