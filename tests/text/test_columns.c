/* Which columns of labelled text hold text and label, and whether there is a header. */
#include "examples.h"

static void a_header_is_told_by_content(void **state)
{
    // Numbers below a name that is none.
    assert_reads(state, "a", "stars\twords\n1\tterrible film\n5\tlovely film\n",
                 RUNG_FORMAT_TSV,
                 "text from column 2 'words', label from column 1 'stars', with a header",
                 "1|terrible film\n5|lovely film\n");
    // A label of its own above labels that come again.
    assert_reads(state, "a",
                 "mood\twords\nsad\ta long and terrible film\nglad\ta lovely film\n"
                 "sad\twe all left early\nglad\twe stayed for the end\n",
                 RUNG_FORMAT_TSV,
                 "text from column 2 'words', label from column 1 'mood', with a header",
                 "sad|a long and terrible film\nglad|a lovely film\n"
                 "sad|we all left early\nglad|we stayed for the end\n");
    // The first label comes again; or others do not either; or the text is no name.
    static const char *const without[] = {
        "sad\twords\nsad\ta long and terrible film\nglad\ta lovely film\n"
        "sad\twe all left early\nglad\twe stayed for the end\n",
        "mood\twords\nsad\ta long and terrible film\nglad\ta lovely film\n"
        "sad\twe all left early\nmad\twe stayed for the end\n",
        "\tone long text\n1\tanother text\n2\ta third text\n1\ta fourth text\n"
        "2\tthe last text\n",
        "mood\tsuch words, they said\nsad\ta long and terrible film\nglad\ta film\n"
        "sad\twe all left early\nglad\twe stayed for the end\n",
    };
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        rung_labelled_config config = USUAL;
        config.most_bad = 0.5;
        rung_labelled data = read_file(file_of(state, "a", without[i]), config);
        assert_string_equal(data.columns,
                            "text from column 2, label from column 1, no header");
        assert_int_equal(data.count + data.n_bad, 5);
        rung_labelled_release(&data);
    }
}

#define FOUR_COLUMNS                                                                     \
    "id\tsource\tkind\twords\n1\tweb\ta\tone long text\n2\tweb\tb\tanother text\n"       \
    "3\tbook\ta\tthird text\n4\tbook\tb\ta fourth one\n"                                 \
    "5\tbook\ta\tthe fifth one\n6\tweb\ta\tthe last text\n"

static void columns_may_be_asked_for(void **state)
{
    static const char wanted[] = "web|one long text\nweb|another text\nbook|third text\n"
                                 "book|a fourth one\nbook|the fifth one\n"
                                 "web|the last text\n";
    static const char columns[] =
        "text from column 4 'words', label from column 2 'source', with a header";
    rung_labelled_config config = USUAL;
    config.text_column = "words", config.label_column = "source";
    assert_config_reads(state, "a", FOUR_COLUMNS, config, RUNG_FORMAT_TSV, columns,
                        wanted);
    config.text_column = "4", config.label_column = "2";
    assert_config_reads(state, "a", FOUR_COLUMNS, config, RUNG_FORMAT_TSV, columns,
                        wanted);
    config.text_column = NULL, config.label_column = "source"; // the text by content
    assert_config_reads(state, "a", FOUR_COLUMNS, config, RUNG_FORMAT_TSV, columns,
                        wanted);
    config = USUAL;
    config.text_column = "b", config.label_column = "a";
    assert_config_reads(state, "a", "{\"text\":\"x\",\"b\":\"one\",\"a\":2}", config,
                        RUNG_FORMAT_JSONL, "text from 'b', label from 'a'", "2|one\n");
}

static void unclear_columns_are_shown(void **state)
{
    assert_refused(state, "a", FOUR_COLUMNS,
                   "%s: cannot tell which column is the label; columns of its first "
                   "line: 1 'id', 2 'source', 3 'kind', 4 'words': say which with "
                   "--text-column and --label-column");
    assert_refused(state, "a", "text\ttitle\tBODY\tlabel\none\tx\ttwo\ty\n",
                   "%s: several columns may be the text; its columns: 1 'text', 2 "
                   "'title', 3 'BODY', 4 'label': say which with --text-column and "
                   "--label-column");
    assert_refused(state, "a", "text\tlabel\ttopic\none\tx\ty\n",
                   "%s: several columns may be the label; its columns: 1 'text', 2 "
                   "'label', 3 'topic': say which with --text-column and "
                   "--label-column");
    assert_refused(state, "a.tsv",
                   "a man walks far\tein Mann geht\nit rains\tes regnet\n"
                   "two dogs\tzwei Hunde\nno\tnein\nwe eat\twir essen\nyes\tja\n",
                   "%s: cannot tell which column is the text; columns of its first line: "
                   "1 'a man walks far', 2 'ein Mann geht': say which with --text-column "
                   "and --label-column");
    assert_refused(state, "a.tsv",
                   "1\ta man walks\n2\tit rains\n3\ttwo dogs bark\n4\tno dogs bark\n"
                   "5\twe eat early\n6\tthey eat late\n",
                   "%s: no column has few enough different values for a label; columns "
                   "of its first line: 1 '1', 2 'a man walks': say which with "
                   "--text-column and --label-column");
}

static void absent_columns_are_named(void **state)
{
    rung_labelled_config config = USUAL;
    config.text_column = "sentense";
    assert_config_refused(state, "a.csv", "sentence,label\none,x\n", config,
                          "%s: --text-column 'sentense': no such column: did you mean "
                          "'sentence'?; its columns: 1 'sentence', 2 'label': say which "
                          "with --text-column and --label-column");
    config.text_column = NULL, config.label_column = "mark";
    assert_config_refused(state, "a.jsonl", "{\"text\": \"one\", \"label\": 1}\n", config,
                          "%s: --label-column 'mark': no such column; its columns: 1 "
                          "'text', 2 'label': say which with --text-column and "
                          "--label-column");
    static const char *const wrong[] = {"3", "0", "99999999999999999999"};
    for (size_t i = 0; i < 3; i++) {
        char message[200];
        snprintf(message, sizeof message,
                 "%%s: --label-column %s: its columns are 1 to 2", wrong[i]);
        config.label_column = wrong[i];
        assert_config_refused(state, "a.csv", "text,label\none,x\n", config, message);
    }
    config.text_column = "text", config.label_column = "1";
    assert_config_refused(state, "a.csv", "text,label\none,x\n", config,
                          "%s: text and label are both column 1");
}

/* Columns of numbers are neither text nor label, whatever they are called and hold. */
static void numbers_stand_beside_the_text(void **state)
{
    static const char csv[] = "target,words,id,mood\n 1.5 ,a long text,1e3,sad\n"
                              "-2,another text,7,glad\n3,\"a, third\",8,sad\n"
                              "3,a fourth,9,glad\n";
    static const double wanted[] = {1.5, 1e3, -2, 7, 3, 8, 3, 9};
    rung_labelled_config config = USUAL;
    config.number_columns = "target,id";
    rung_labelled data = read_file(file_of(state, "a.csv", csv), config);
    assert_string_equal(data.columns,
                        "text from column 2 'words', label from column 4 'mood', numbers "
                        "from column 1 'target', column 3 'id', with a header");
    assert_int_equal(data.count, 4);
    assert_int_equal(data.n_numbers, 2);
    assert_memory_equal(data.numbers, wanted, sizeof wanted);
    rung_labelled_release(&data);
    // By number, beside a bad line, without a header and labels.
    config.number_columns = "3,1";
    config.has_labels = false;
    config.most_bad = 0.5;
    data = read_file(file_of(state, "a.csv", "4,a text,1\n5,more\n6,a longer text,2\n"),
                     config);
    assert_string_equal(data.columns, "text from column 2, numbers from column 3, column "
                                      "1, no header");
    assert_int_equal(data.count, 2);
    assert_memory_equal(data.numbers, ((double[]){1, 4, 2, 6}), 4 * sizeof(double));
    rung_labelled_release(&data);
    config = USUAL;
    config.number_columns = "n";
    data = read_file(file_of(state, "a.jsonl",
                             "{\"text\":\"x\",\"label\":\"a\",\"n\":3}\n"
                             "{\"text\":\"y\",\"label\":\"b\",\"n\":\"-0.5\"}\n"),
                     config);
    assert_memory_equal(data.numbers, ((double[]){3, -0.5}), 2 * sizeof(double));
    rung_labelled_release(&data);
}

static void what_is_no_number_is_refused_with_its_line(void **state)
{
    static const char *const cells[] = {"",      "NaN", "inf",     "-inf", "1e39",
                                        "-1e39", "n/a", "3 stars", "0x10"};
    rung_labelled_config config = USUAL;
    config.number_columns = "stars";
    config.most_bad = 1; // it stops the reading all the same
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        char text[100], message[200];
        snprintf(text, sizeof text, "text,label,stars\none,x,2\ntwo,y,%s\n", cells[i]);
        snprintf(message, sizeof message,
                 "%%s:3: number 1 of --number-columns, column 3, is '%s': must be a "
                 "finite number",
                 cells[i]);
        assert_config_refused(state, "a.csv", text, config, message);
    }
    config.number_columns = "n";
    assert_config_refused(
        state, "a.jsonl",
        "{\"text\":\"x\",\"label\":1,\"n\":2}\n"
        "{\"text\":\"y\",\"label\":2,\"n\":null}\n",
        config,
        "%s:2: number 1 of --number-columns, column 3, is '': must be a "
        "finite number");
    assert_config_refused(
        state, "a.jsonl",
        "{\"text\":\"x\",\"label\":1,\"n\":2}\n"
        "{\"text\":\"y\",\"label\":2}\n",
        config,
        "%s:2: number 1 of --number-columns, column 3, is '': must be a "
        "finite number");
}

static void columns_of_numbers_must_be_there(void **state)
{
    static const char csv[] = "text,label,stars\none,x,2\ntwo,y,3\n";
    static const char taken[] =
        "%%s: --number-columns '%s': column %d is text, label or a number already";
    static const struct {
        const char *name;
        int column;
    } wrong[] = {{"text", 1}, {"2", 2}, {"stars,stars", 3}};
    char message[200];
    rung_labelled_config config = USUAL;
    config.text_column = "text", config.label_column = "label";
    for (int i = 0; i < 3; i++) {
        config.number_columns = wrong[i].name;
        snprintf(message, sizeof message, taken, i < 2 ? wrong[i].name : "stars",
                 wrong[i].column);
        assert_config_refused(state, "a.csv", csv, config, message);
    }
    config.number_columns = "star";
    assert_config_refused(state, "a.csv", csv, config,
                          "%s: --number-columns 'star': no such column: did you mean "
                          "'stars'?; its columns: 1 'text', 2 'label', 3 'stars': say "
                          "which with --text-column and --label-column");
    config.number_columns = "4";
    assert_config_refused(state, "a.csv", csv, config,
                          "%s: --number-columns 4: its columns are 1 to 3");
    config = USUAL;
    config.number_columns = "stars";
    assert_config_refused(state, "a.txt", "__label__x one\n__label__y two\n", config,
                          "%s: --number-columns stars: lines have no columns: if these "
                          "have, say so with --format");
    char many[600] = "1", *end = many + 1;
    for (int i = 2; i <= 100; i++) end += sprintf(end, ",%d", i);
    char row[600] = "", *p = row;
    for (int i = 0; i < 110; i++) p += sprintf(p, "%d\t", i);
    strcpy(p, "text\n");
    config.number_columns = many;
    config.has_labels = false;
    config.text_column = "111";
    assert_config_refused(state, "a.tsv", row, config,
                          "%s: --number-columns: more than 64");
}

static void bad_headers_are_refused(void **state)
{
    assert_refused(state, "a.csv", "text,label,text\none,x,two\n",
                   "%s:1: the header names columns 1 and 3 'text': rename one, or name "
                   "columns by number");
    rung_labelled_config config = USUAL;
    config.text_column = "3", config.label_column = "2";
    rung_labelled data =
        read_file(file_of(state, "a.csv", "text,label,text\none,x,two\n"), config);
    assert_examples(&data, "x|two\n");
    rung_labelled_release(&data);
    config.number_columns = "n"; // which of them?
    assert_config_refused(state, "a.csv", "n,label,text,n\n1,x,two,2\n", config,
                          "%s:1: the header names columns 1 and 4 'n': rename one, or "
                          "name columns by number");
    assert_refused(state, "a.tsv", "text\tlabel\n1\tone\tx\n2\ttwo\ty\n3\tthree\ty\n",
                   "%s:1: the header has 2 columns and the lines below it 3: give each "
                   "column one name");
    assert_refused(state, "a.tsv", "a\tb\ttext\tlabel\n1\tone\tx\n2\ttwo\ty\n",
                   "%s:1: the header has 4 columns and the lines below it 3: give each "
                   "column one name");
}

static void too_many_columns_are_refused(void **state)
{
    static char text[60000];
    memset(text, '\t', 5000);
    strcpy(text + 5000, "\n");
    assert_refused(state, "a.tsv", text,
                   "%s: 5001 columns are more than 4096: check the format");
    char *p = text + sprintf(text, "{\"text\":1");
    for (int i = 0; i < 5000; i++) p += sprintf(p, ",\"%x\":1", i);
    strcpy(p, "}");
    assert_refused(state, "a.jsonl", text,
                   "%s: 5001 columns are more than 4096: check the format");
}

static void a_delimiter_is_one_byte(void **state)
{
    static const char *const wrong[] = {"", "ab", "\"", "\n", "\\tx"};
    const char *path = file_of(state, "a.csv", "text,label\none,x\n");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rung_labelled_config config = USUAL;
        config.delimiter = wrong[i];
        rung_labelled data;
        assert_fails_saying(rung_labelled_read(&data, path, &config, &err), RUNG_USAGE,
                            "must be one byte that is no quote and no end of a line");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(a_header_is_told_by_content),
        test_in_folder(columns_may_be_asked_for),
        test_in_folder(unclear_columns_are_shown),
        test_in_folder(absent_columns_are_named),
        test_in_folder(numbers_stand_beside_the_text),
        test_in_folder(what_is_no_number_is_refused_with_its_line),
        test_in_folder(columns_of_numbers_must_be_there),
        test_in_folder(bad_headers_are_refused),
        test_in_folder(too_many_columns_are_refused),
        test_in_folder(a_delimiter_is_one_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
