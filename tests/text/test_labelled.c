/* Labelled text: formats, several labels, bad lines, and what is refused. */
#include "support.h"

#include "engine.h"
#include "examples.h"

#include <sys/stat.h>

#include "packed.h"

/* ---- Formats ---- */

#define FILMS                                                                            \
    "good|a long film about ships\nbad|a very boring film\n"                             \
    "good|what a fine day at sea\n"

static void tsv_is_told_by_its_tabs(void **state)
{
    static const char text[] = "good\ta long film about ships\n"
                               "bad\ta very boring film\ngood\twhat a fine day at sea\n";
    assert_reads(state, "films", text, RUNG_FORMAT_TSV,
                 "text from column 2, label from column 1, no header", FILMS);
    assert_reads(state, "films.TSV", text, RUNG_FORMAT_TSV,
                 "text from column 2, label from column 1, no header", FILMS);
}

static void quotes_in_tsv_are_text(void **state)
{
    assert_reads(state, "a.tsv",
                 "ham\t\"Wen u miss someone\" gdeve..\nspam\t\"HEY HEY\"\n"
                 "ham\tshe said \"no\"\nham\t\"never closed\n",
                 RUNG_FORMAT_TSV, "text from column 2, label from column 1, no header",
                 "ham|\"Wen u miss someone\" gdeve..\nspam|\"HEY HEY\"\n"
                 "ham|she said \"no\"\nham|\"never closed\n");
    assert_reads(state, "a.tsv",
                 "ham\t\"all\"\nspam\t\"in quotes\"\nham\t\"by chance\"\n",
                 RUNG_FORMAT_TSV, "text from column 2, label from column 1, no header",
                 "ham|\"all\"\nspam|\"in quotes\"\nham|\"by chance\"\n");
}

static void tsv_that_needs_quotes_has_them(void **state)
{
    assert_reads(state, "a.tsv",
                 "label\ttext\nham\t\"with a\ttab\"\nspam\t\"two\nlines\"\n"
                 "ham\t\"\"\"so\"\", she said\"\nham\tplain \"text\"\n",
                 RUNG_FORMAT_TSV,
                 "text from column 2 'text', label from column 1 'label', with a header, "
                 "with quotes",
                 "ham|with a\ttab\nspam|two\nlines\nham|\"so\", she said\n"
                 "ham|plain \"text\"\n");
    assert_reads(state, "a.tsv", "\"text\"\t\"label\"\n\"one\"\t\"a\"\n\"two\"\t\"b\"\n",
                 RUNG_FORMAT_TSV,
                 "text from column 1 'text', label from column 2 'label', with a header, "
                 "with quotes",
                 "a|one\nb|two\n");
}

static void csv_follows_rfc_4180(void **state)
{
    assert_reads(state, "a.csv",
                 "id,text,label\r\n1,\"a, b\",x\r\n2,\"two\r\nlines\",\"y\"\r\n"
                 "3,\"he said \"\"no\"\"\",x\r\n4,5\" disk,y\r\n5,\"\",x\r\n",
                 RUNG_FORMAT_CSV,
                 "text from column 2 'text', label from column 3 'label', with a header",
                 "x|a, b\ny|two\r\nlines\nx|he said \"no\"\ny|5\" disk\nx|\n");
}

static void csv_may_be_cut_at_other_marks(void **state)
{
    assert_reads(state, "a.csv", "text;label\n1,5 stars, bad;0\n5,0, good, yes;1\n",
                 RUNG_FORMAT_CSV,
                 "text from column 1 'text', label from column 2 'label', with a header, "
                 "cut at ';'",
                 "0|1,5 stars, bad\n1|5,0, good, yes\n");
    assert_reads(state, "a.csv", "text\tlabel\none, two\t0\n\"three\"\t1\n",
                 RUNG_FORMAT_CSV,
                 "text from column 1 'text', label from column 2 'label', with a header, "
                 "cut at tabs",
                 "0|one, two\n1|three\n");
    rung_labelled_config config = USUAL;
    config.delimiter = "|";
    assert_config_reads(state, "a", "Label|Review\nx|one\ny|two, three\n", config,
                        RUNG_FORMAT_CSV,
                        "text from column 2 'Review', label from column 1 'Label', with "
                        "a header, cut at '|'",
                        "x|one\ny|two, three\n");
    config.format = RUNG_FORMAT_TSV;
    config.delimiter = "\\t";
    assert_config_reads(state, "a.csv", "label\ttext\nx\tone, \"two\"\n", config,
                        RUNG_FORMAT_TSV,
                        "text from column 2 'text', label from column 1 'label', with a "
                        "header",
                        "x|one, \"two\"\n");
}

static void csv_without_its_name_needs_a_header(void **state)
{
    assert_reads(state, "a.txt", "sentence,class\nbig ships,0\nsmall ships,1\n",
                 RUNG_FORMAT_CSV,
                 "text from column 1 'sentence', label from column 2 'class', with a "
                 "header",
                 "0|big ships\n1|small ships\n");
}

static void json_lines_are_told_by_their_braces(void **state)
{
    static const char text[] =
        "{\"id\": 7, \"review\": \"one \\\"two\\\"\\n\\u0451\\ud83d\\ude00\", \"label\": "
        "1}\n"
        "\n{\"label\": true, \"review\": \"three\"}\r\n"
        "{\"review\": \"four\", \"label\": \" pos \"}\n"
        "{\"review\": \"\", \"label\": 0.5, \"more\": [1, {\"a\": null}]}";
    static const char wanted[] = "1|one \"two\"\nё😀\ntrue|three\npos|four\n0.5|\n";
    assert_reads(state, "a", text, RUNG_FORMAT_JSONL,
                 "text from 'review', label from 'label'", wanted);
    assert_reads(state, "a.jsonl", text, RUNG_FORMAT_JSONL,
                 "text from 'review', label from 'label'", wanted);
    assert_reads(state, "a.jsonl",
                 "{\"q\": \"where is it\", \"kind\": \"place\"}\n"
                 "{\"q\": \"who are you\", \"kind\": \"man\"}\n"
                 "{\"q\": \"how far is it\", \"kind\": \"place\"}\n",
                 RUNG_FORMAT_JSONL, "text from 'q', label from 'kind'",
                 "place|where is it\nman|who are you\nplace|how far is it\n");
}

static void fasttext_lines_begin_with_their_label(void **state)
{
    assert_reads(state, "a.txt",
                 "__label__pos a fine film\n__label__neg  bad\n__label__pos\n"
                 "__label__neg\tsays __label__\n",
                 RUNG_FORMAT_FASTTEXT, "text behind __label__NAME, which is the label",
                 "pos|a fine film\nneg|bad\npos|\nneg|says __label__\n");
}

/* ---- Several labels ---- */

static void fasttext_lines_may_have_several_labels(void **state)
{
    assert_reads(state, "a.txt",
                 "__label__sea __label__war  ships\n__label__sea fish __label__war\n"
                 "__label__sea\t__label__war __label__sea x\n__label__a __label__b\n",
                 RUNG_FORMAT_FASTTEXT, "text behind __label__NAME, which is the label",
                 "sea,war|ships\nsea|fish __label__war\nsea,war|x\na,b|\n");
}

static void json_has_lists_of_labels(void **state)
{
    static const char columns[] = "text from 'text', label from 'labels'";
    assert_reads(
        state, "a.jsonl",
        "{\"text\": \"one\", \"labels\": [\"a\", \"b c\", \"a\", 7, true, \" \"]}\n"
        "{\"text\": \"two\", \"labels\": \"a\"}\n{\"text\": \"three\", \"labels\": []}\n",
        RUNG_FORMAT_JSONL, columns, "a,b c,7,true|one\na|two\n|three\n");
    rung_labelled_config config = USUAL;
    config.most_bad = 1;
    rung_labelled data = read_file(
        file_of(state, "a.jsonl",
                "{\"text\": \"one\", \"labels\": [\"a\", null]}\n{\"text\": \"two\"}\n"
                "{\"text\": \"x\", \"labels\": {}}\n{\"text\": \"y\", \"labels\": [[]]}\n"
                "{\"text\": \"three\", \"labels\": [\"b\"]}\n"),
        config);
    assert_examples(&data, "b|three\n");
    assert_non_null(data.first);
    assert_int_equal(data.n_bad, 4);
    assert_string_equal(data.bad,
                        "line 1: a label is null; line 2: no label; line 3: the "
                        "label is an object");
    rung_labelled_release(&data);
}

/* The column of lists is found by its values where no name tells it. */
static void a_column_of_lists_may_hold_labels(void **state)
{
    assert_reads(state, "a.jsonl",
                 "{\"q\": \"where is it\", \"kinds\": [\"place\", \"thing\"]}\n"
                 "{\"q\": \"who are you\", \"kinds\": [\"man\"]}\n"
                 "{\"q\": \"how far is it\", \"kinds\": [\"place\"]}\n",
                 RUNG_FORMAT_JSONL, "text from 'q', label from 'kinds'",
                 "place,thing|where is it\nman|who are you\nplace|how far is it\n");
}

static void cells_have_several_labels_between_separators(void **state)
{
    rung_labelled_config config = USUAL;
    config.separator = ",";
    assert_config_reads(state, "a.tsv",
                        "text\tlabels\none\tsea, war,,sea\ntwo\twar\nx\t\n", config,
                        RUNG_FORMAT_TSV,
                        "text from column 1 'text', label from column 2 'labels', with a "
                        "header",
                        "sea,war|one\nwar|two\n|x\n");
    assert_config_reads(state, "a.csv",
                        "text,label\none,\"say \"\"a\"\",b\"\n\"two, three\",c\n", config,
                        RUNG_FORMAT_CSV,
                        "text from column 1 'text', label from column 2 'label', with a "
                        "header",
                        "say \"a\",b|one\nc|two, three\n");
    config.separator = "ab";
    assert_config_refused_as(
        state, "a.tsv", "x\ty\n", config, RUNG_USAGE,
        "separator 'ab': must be one byte that is no quote and no end "
        "of a line; \\t is a tab");
}

static void ids_of_several_labels_ascend(void **state)
{
    rung_labelled data =
        read_file(file_of(state, "a",
                          "__label__c __label__x __label__a one\n__label__b two\n"
                          "__label__b __label__a three\n"),
                  USUAL);
    const rung_span names[] = {{"a", 1}, {"b", 1}, {"c", 1}};
    rung_labels *labels;
    int32_t *ids;
    size_t n_unknown;
    assert_ok(rung_labels_new(&labels, names, 3, &err));
    assert_ok(rung_labelled_ids(&ids, &n_unknown, &data, labels, &err));
    const int32_t wanted[] = {-1, 0, 2, 1, 0, 1};
    const int64_t first[] = {0, 3, 4, 6};
    assert_memory_equal(ids, wanted, sizeof wanted);
    assert_memory_equal(data.first, first, sizeof first);
    assert_int_equal(n_unknown, 1);
    rung_ids_free(ids);
    rung_labels_free(labels);
    rung_labelled_release(&data);
}

/* More labels than lines: the list grows. */
static void a_line_may_have_many_labels(void **state)
{
    char text[20000], *p = text;
    for (int i = 0; i < 1000; i++) p += sprintf(p, "__label__%d ", i);
    sprintf(p, "many\n");
    rung_labelled data = read_file(file_of(state, "a", text), USUAL);
    assert_int_equal(data.count, 1);
    assert_int_equal(data.first[1], 1000);
    assert_int_equal(data.labels[999].size, 3);
    rung_labelled_release(&data);
}

static void texts_alone_are_read_without_labels(void **state)
{
    rung_labelled_config config = USUAL;
    config.has_labels = false;
    assert_config_reads(state, "a.txt", "one, two\r\n\n three \"four\"\n", config,
                        RUNG_FORMAT_LINES, "a text a line",
                        "one, two\n\n three \"four\"\n");
    assert_config_reads(state, "a.tsv", "id\ttext\n1\tone\n2\ttwo\n", config,
                        RUNG_FORMAT_TSV, "text from column 2 'text', with a header",
                        "one\ntwo\n");
    assert_config_reads(state, "a.csv", "text\none\n\"two, three\"\n", config,
                        RUNG_FORMAT_CSV, "text from column 1 'text', with a header",
                        "one\ntwo, three\n");
    assert_config_reads(state, "a", "__label__x one\ntwo\n", config, RUNG_FORMAT_FASTTEXT,
                        "text behind __label__NAME", "one\ntwo\n");
    rung_labelled data = read_file(file_of(state, "a.txt", "one\n\ntwo"), config);
    assert_null(data.labels);
    assert_int_equal(data.count, 3);
    assert_int_equal(data.n_empty, 1);
    rung_labelled_release(&data);
}

static void line_ends_and_marks_do_not_matter(void **state)
{
    static const char *const columns =
        "text from column 2 'text', label from column 1 'label', with a header";
    static const char *const same[] = {
        "label\ttext\na\tone\nb\ttwo\n",
        "label\ttext\na\tone\nb\ttwo",
        "label\ttext\r\na\tone\r\nb\ttwo\r\n",
        "label\ttext\r\na\tone\r\nb\ttwo\r",
        "\xEF\xBB\xBFlabel\ttext\na\tone\nb\ttwo\n",
        "\n\nlabel\ttext\n\r\na\tone\n\nb\ttwo\n\n\n",
        " label \ttext\na \tone\n b\ttwo\n",
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_reads(state, "a", same[i], RUNG_FORMAT_TSV, columns, "a|one\nb|two\n");
}

static void packed_files_are_told_by_the_name_before(void **state)
{
    static const char text[] = "text,label\none,a\ntwo,b\n";
    for (size_t k = 0; k < N_PACKERS; k++) {
        static const char *const names[] = {"a.csv.gz", "a.csv.zst", "a.csv.xz"};
        unsigned char packed[1000];
        const size_t n = packers[k].pack(packed, sizeof packed, text, strlen(text));
        const char *path = path_in(*state, names[k]);
        write_bytes(path, packed, n);
        rung_labelled data = read_file(path, USUAL);
        assert_int_equal(data.format, RUNG_FORMAT_CSV);
        assert_examples(&data, "a|one\nb|two\n");
        assert_string_equal(data.name, path);
        assert_string_equal(
            data.sha256,
            "01cc4645b1d666358a42398921423bb3806049d75a5a6b3c4cf6b6564858263b");
        rung_labelled_release(&data);
    }
}

/* ---- Bad lines ---- */

static void bad_lines_are_counted_and_told(void **state)
{
    const char *path = file_of(state, "a.tsv",
                               "label\ttext\nx\tone\nno tab\ny\ttwo\textra\n\tthree\n"
                               "x\t\ny\tfour\nalone\nx\tfive\n");
    rung_labelled_config config = USUAL;
    config.most_bad = 0.5;
    rung_labelled data = read_file(path, config);
    assert_examples(&data, "x|one\nx|\ny|four\nx|five\n");
    assert_int_equal(data.n_bad, 4);
    assert_int_equal(data.n_empty, 1);
    assert_string_equal(data.bad, "line 3: 1 column instead of 2; line 4: 3 columns "
                                  "instead of 2; line 5: no label");
    rung_labelled_release(&data);
    config.most_bad = 0.49;
    char wanted[1000];
    snprintf(wanted, sizeof wanted,
             "%s: 4 of 8 lines are bad, and 49 %% may be (text from column 2 'text', "
             "label from column 1 'label', with a header; line 3: 1 column instead of 2; "
             "line 4: 3 columns instead of 2; line 5: no label): mend them, or check "
             "format and columns",
             path);
    assert_fails(rung_labelled_read(&data, path, &config, &err), RUNG_INPUT, wanted);
}

static void bad_json_is_told(void **state)
{
    const char *path = file_of(
        state, "a.jsonl",
        "[1]\n{\"text\": \"one\", \"label\": 1}\n{\"text\": \"two\", \"label\": }\n"
        "{\"text\": 3, \"label\": 1}\n{\"text\": \"four\", \"label\": {}}\n"
        "{\"text\": \"five\"}\n{\"label\": 1}\n{\"text\": null, \"label\": 1}\n"
        "{\"text\": \"six\", \"label\": null}\n{\"text\": \"\xFF\", \"label\": 1}\n"
        "{\"text\": \"seven\", \"text\": \"7\", \"label\": 1}\n");
    rung_labelled_config config = USUAL;
    config.most_bad = 1;
    rung_labelled data = read_file(path, config);
    assert_examples(&data, "1|one\n");
    assert_int_equal(data.n_bad, 10);
    assert_string_equal(data.bad, "line 1: a list, not an object; line 3: broken JSON: "
                                  "unexpected token near '}'; line 4: the text is an "
                                  "integer");
    rung_labelled_release(&data);
    static const struct {
        const char *line, *reason;
    } lines[] = {{"{\"text\": \"a\", \"label\": {}}", "the label is an object"},
                 {"{\"text\": \"a\", \"label\": [[1]]}", "a label is a list"},
                 {"{\"text\": \"a\", \"label\": null}", "the label is null"},
                 {"{\"text\": \"a\"}", "no label"},
                 {"{\"text\": \"a\", \"label\": \" \"}", "no label"},
                 {"{\"label\": 1}", "no text"},
                 {"{\"text\": null, \"label\": 1}", "the text is null"},
                 {"{\"text\": {}, \"label\": 1}", "the text is an object"},
                 {"{\"text\": \"a\", \"label\": 1} x", "broken JSON: end of file expected"
                                                       " near 'x'"}};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[200], wanted[200];
        snprintf(text, sizeof text, "{\"text\": \"one\", \"label\": 1}\n%s\n",
                 lines[i].line);
        snprintf(wanted, sizeof wanted, "line 2: %s", lines[i].reason);
        data = read_file(file_of(state, "a.jsonl", text), config);
        assert_string_equal(data.bad, wanted);
        rung_labelled_release(&data);
    }
    assert_refused(state, "a.json", "[\n]\n",
                   "%s:2: broken JSON: '[' or '{' expected near ']': JSON Lines has an "
                   "object a line");
}

/* A number may be spelled longer than in the file, and still fits its line. */
static void json_numbers_keep_their_spelling_or_are_bad(void **state)
{
    assert_reads(
        state, "a.jsonl",
        "{\"text\": \"one\", \"label\": 1e14}\n{\"text\": \"two\", \"label\": -0}",
        RUNG_FORMAT_JSONL, "text from 'text', label from 'label'",
        "100000000000000.0|one\n0|two\n");
    rung_labelled_config config = USUAL;
    config.most_bad = 1;
    config.text_column = "", config.label_column = "a";
    rung_labelled data = {0};
    assert_fails_saying(
        rung_labelled_read(&data, file_of(state, "a.jsonl", "{\"\":\"\",\"a\":1e14}"),
                           &config, &err),
        RUNG_INPUT, "no example");
}

static void bad_fasttext_lines_are_told(void **state)
{
    rung_labelled_config config = USUAL;
    config.most_bad = 1;
    rung_labelled data = read_file(
        file_of(state, "a", "__label__a one\ntwo\n__label__b three\n__label__ four\n"),
        config);
    assert_examples(&data, "a|one\nb|three\n");
    assert_null(data.first);
    assert_string_equal(data.bad, "line 2: no label; line 4: no label");
    rung_labelled_release(&data);
}

static void quotes_must_close(void **state)
{
    assert_refused(state, "a.csv", "text,label\n\"a\nb\",x\nc,y\n\"d,x\ne,y\n",
                   "%s:5: a quote opens here and never closes: close it, or write \"\" "
                   "for a quote within quotes");
    assert_refused(state, "a.csv", "\"text,label\nc,y\n",
                   "%s:1: a quote opens here and never closes: close it, or write \"\" "
                   "for a quote within quotes");
    rung_labelled_config config = USUAL;
    config.most_bad = 0.5;
    rung_labelled data = read_file(
        file_of(state, "a.csv", "text,label\n\"a\" b,x\nc,y\n\"d\"\"\"e,y\nf,x\n"),
        config);
    assert_examples(&data, "y|c\nx|f\n");
    assert_string_equal(data.bad, "line 2: column 1 goes on after its closing quote; "
                                  "line 4: column 1 goes on after its closing quote");
    rung_labelled_release(&data);
}

static void files_without_examples_are_refused(void **state)
{
    assert_refused(state, "a.tsv", "", "'%s' is empty");
    assert_refused(state, "a.tsv", "text\tlabel\n",
                   "%s: no example (text from column 1 'text', label from column 2 "
                   "'label', with a header)");
    assert_refused(state, "a.tsv", "\n\r\n\n",
                   "%s:1: one column, but a text and a label are two: check the file and "
                   "--delimiter");
    assert_refused(state, "a.jsonl", "\n\n",
                   "%s:0: no object: JSON Lines has an object a line");
    assert_refused(state, "a.tsv", "one\ntwo\nthree\n",
                   "%s:1: one column, but a text and a label are two: check the file and "
                   "--delimiter");
    assert_refused(state, "a.txt", "one, two\nthree\n",
                   "'%s' is no labelled text that its name or first lines tell: neither "
                   "TSV, CSV, JSON Lines nor fastText's lines; if it is one, say which "
                   "with --format");
    rung_labelled_config config = USUAL;
    config.format = RUNG_FORMAT_LINES;
    assert_config_refused(state, "a.txt", "one\n", config,
                          "%s: plain lines have no labels");
    rung_labelled data;
    assert_fails_saying(rung_labelled_read(&data, *state, NULL, &err), RUNG_INPUT,
                        "is a folder: name one file");
}

static void what_is_no_text_is_refused_as_raw_text_is(void **state)
{
    const char *path = path_in(*state, "a.tsv");
    rung_labelled data;
    write_bytes(path, "text\tlabel\na\0b\tx\n", 17);
    assert_fails_saying(rung_labelled_read(&data, path, NULL, &err), RUNG_INPUT,
                        "is not text: byte 12 is NUL");
    write_text(path, "\xFF\xFEt\xFF");
    assert_fails_saying(rung_labelled_read(&data, path, NULL, &err), RUNG_INPUT,
                        "is not text but UTF-16");
    assert_reads(state, "a.tsv", "text\tlabel\na text in \xFF Latin-1\tx\n",
                 RUNG_FORMAT_TSV,
                 "text from column 1 'text', label from column 2 'label', with a header",
                 "x|a text in \xFF Latin-1\n");
}

/* ---- Size ---- */

static void a_line_of_a_million_characters_is_read(void **state)
{
    static const char *const heads[] = {"x\t", "\"x\",\"", "{\"label\":\"x\",\"text\":\"",
                                        "__label__x "};
    static const char *const tails[] = {"\n", "\"\n", "\"}\n", "\n"};
    static const char *const firsts[] = {"label\ttext\n", "label,text\n", "", ""};
    enum { LONG = 1000000 };
    char *text = rung__alloc(2 * LONG);
    for (size_t k = 0; k < 4; k++) {
        char *p = stpcpy(stpcpy(text, firsts[k]), heads[k]);
        memset(p, 'a', LONG);
        strcpy(p + LONG, tails[k]);
        rung_labelled data = read_file(file_of(state, "long", text), USUAL);
        assert_int_equal(data.count, 1);
        assert_int_equal(data.texts[0].size, LONG);
        assert_int_equal(data.labels[0].size, 1);
        rung_labelled_release(&data);
    }
    rung__free(text);
}

/* Files cut off after any byte are read or refused with a message. */
static void files_cut_off_anywhere_are_harmless(void **state)
{
    static const char *const files[][2] = {
        {"a.tsv",
         "id\tlabel\ttext\n1\tx\t\"one\ttwo\"\n2\ty\t\"three\"\" \"\r\n3\tx\t\n"},
        {"a.csv", "\"text\";label\r\n\"a\nb\";x\r\n\"c \"\"d\"\"\";y\r\ne;x\r\n"},
        {"a.jsonl", "{\"text\": \"\\u0451\\n\", \"label\": 1.5}\n{\"a\": [null, {}]}\n"},
        {"a", "__label__x one\r\n__label__y __label__z\nthree\n"},
        {"b", "\xEF\xBB\xBF"
              "a\tone ё\nb\ttwo\n\na\tthree\nb\tfour\na\tfive\n"},
    };
    size_t n_read = 0, n_refused = 0;
    for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) {
        const char *path = path_in(*state, files[k][0]);
        for (size_t size = 0; size <= strlen(files[k][1]); size++) {
            for (int with = 0; with < 2; with++) {
                rung_labelled_config config = USUAL;
                config.has_labels = with;
                config.most_bad = 1;
                rung_labelled data = {0};
                write_bytes(path, files[k][1], size);
                err = (rung_error){0};
                if (rung_labelled_read(&data, path, &config, &err) == RUNG_OK) {
                    assert_true(data.count > 0);
                    n_read++;
                } else {
                    assert_int_equal(err.code, RUNG_INPUT);
                    assert_contains(err.message, path);
                    assert_null(data.storage);
                    n_refused++;
                }
                rung_labelled_release(&data);
            }
        }
    }
    assert_true(n_read > 100 && n_refused > 100);
}

/* ---- Detection ---- */

static void labelled_text_is_told_from_raw(void **state)
{
    static const struct {
        const char *name, *text;
        bool is_labelled;
    } files[] = {
        {"a.tsv", "one", true},
        {"a.csv", "one", true},
        {"a.csv.txt", "one, two\nthree, four\n", false},
        {"a.jsonl", "{", true},
        {"a", "{\"text\": 1}\n", true},
        {"a", "{ not JSON\n", false},
        {"a", "__label__x one\n", true},
        {"a", "a\tone\nb\ttwo\n", true},
        {"a", "a play\n\tin two acts\nwith more lines than tabs\n", false},
        {"a", "text,label\none,x\n", true},
        {"a", "Once upon a time\nthere was a text, a label and more.\n", false},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        bool is_labelled;
        const char *path = file_of(state, files[i].name, files[i].text);
        assert_ok(rung_labelled_detect(&is_labelled, path, &err));
        if (is_labelled != files[i].is_labelled)
            fail_msg("'%s' is%s labelled", files[i].text, is_labelled ? "" : " not");
    }
    bool is_labelled = true;
    assert_ok(rung_labelled_detect(&is_labelled, *state, &err));
    assert_false(is_labelled);
    is_labelled = true;
    assert_ok(rung_labelled_detect(&is_labelled, "-", &err)); // it cannot be read twice
    assert_false(is_labelled);
    assert_fails_saying(
        rung_labelled_detect(&is_labelled, path_in(*state, "absent"), &err), RUNG_INPUT,
        "No such file or directory");
}

/* Of a large file only the beginning is looked at, up to the end of a line. */
static void detection_reads_the_beginning(void **state)
{
    enum { SIZE = 1000000 };
    char *text = rung__alloc(SIZE + 1);
    for (size_t i = 0; i < SIZE; i++) text[i] = i % 100000 == 99999 ? '\n' : 'a';
    for (size_t i = 1; i < SIZE; i += 100000) text[i] = '\t';
    const char *path = file_of(state, "long", text);
    bool is_labelled;
    assert_ok(rung_labelled_detect(&is_labelled, path, &err));
    assert_true(is_labelled);
    rung__free(text);
}

/* ---- Ids and duplicates ---- */

static void labels_become_ids(void **state)
{
    rung_labelled data =
        read_file(file_of(state, "a.csv", "text,label\na,2\nb,10\nc,2\nd,x\n"), USUAL);
    const rung_span names[] = {{"10", 2}, {"2", 1}};
    rung_labels *labels;
    assert_ok(rung_labels_new(&labels, names, 2, &err));
    int32_t *ids;
    size_t n_unknown;
    assert_ok(rung_labelled_ids(&ids, &n_unknown, &data, labels, &err));
    const int32_t wanted[] = {0, 1, 0, -1};
    assert_memory_equal(ids, wanted, sizeof wanted);
    assert_int_equal(n_unknown, 1);
    rung_ids_free(ids);
    rung_labels_free(labels);
    rung_labelled_release(&data);
}

static void duplicates_are_counted(void **state)
{
    (void)state;
    const rung_span one[] = {{"a", 1}, {"b", 1}, {"a", 1}, {"", 0}, {"ab", 2}};
    const rung_span two[] = {{"a", 1}, {"a ", 2}, {NULL, 0}, {"a", 1}, {"B", 1}};
    const rung_examples a = {.texts = one, .count = 5}, b = {.texts = two, .count = 5},
                        none = {0};
    size_t n;
    rung_runtime *rt = new_runtime(2);
    assert_ok(rung_count_duplicates(&n, rt, &a, &b, &err));
    assert_int_equal(n, 3);
    assert_ok(rung_count_duplicates(&n, rt, &b, &a, &err));
    assert_int_equal(n, 3);
    assert_ok(rung_count_duplicates(&n, rt, &none, &a, &err));
    assert_int_equal(n, 0);
    assert_ok(rung_count_duplicates(&n, rt, &a, &none, &err));
    assert_int_equal(n, 0);
    rung__alloc_fail_at(1);
    assert_int_equal(rung_count_duplicates(&n, rt, &a, &b, &err), RUNG_MEMORY);
    rung__alloc_fail_at(0);
    rung_runtime_free(rt);
}

/* ---- Memory ---- */

static rung_status read_one(void *path, rung_error *error)
{
    rung_labelled data = {0};
    rung_labelled_config config = USUAL;
    bool is_labelled;
    RUNG_TRY(rung_labelled_detect(&is_labelled, path, error));
    const rung_status status = rung_labelled_read(&data, path, &config, error);
    rung_labelled_release(&data);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    static const char *const files[][2] = {
        {"a.tsv", "good\ta long film\nbad\ta boring film\ngood\twhat a day\n"},
        {"b.csv", "text,label\n\"a \"\"b\"\"\",1\n"},
        {"c.jsonl",
         "{\"q\": \"where is it\", \"kind\": 1}\n{\"q\": \"who\", \"kind\": 2}"},
        {"d", "__label__x one\n"},
    };
    for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) {
        char path[300];
        snprintf(path, sizeof path, "%s", file_of(state, files[k][0], files[k][1]));
        assert_true(assert_survives_failed_allocations(read_one, path) > 5);
    }
}

/* ---- Real files ---- */

static void real_files_are_read_with_defaults(void **state)
{
    (void)state;
    static const struct {
        const char *name, *columns, *first_label, *first_text;
        size_t count;
        int64_t n_labels;
    } files[] = {
        {"imdb.train.tsv.xz", "text from column 3, label from column 1, no header", "1",
         "This app is awesome.", 25000, 2},
        {"SMSSpamCollection.tsv", "text from column 2, label from column 1, no header",
         "ham", "Go until jurong point, crazy..", 5574, 2},
        {"sst2/train.tsv.gz",
         "text from column 2 'sentence', label from column 1 'label', with a header", "0",
         "hide new secretions from the parental units", 67349, 2},
        {"sst2/dev.tsv",
         "text from column 2 'content', label from column 1 'label', with a header", "0",
         "one long string of cliches .", 872, 2},
    };
    const char *folder = getenv("RUNG_DATA");
    char path[600];
    for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) {
        snprintf(path, sizeof path, "%s/textcls/%s", folder ? folder : "../shared/data",
                 files[k].name);
        if (!rung_path_exists(path)) skip();
        rung_labelled data = read_file(path, USUAL);
        assert_string_equal(data.columns, files[k].columns);
        assert_int_equal(data.count, files[k].count);
        assert_int_equal(data.n_bad + data.n_empty, 0);
        assert_int_equal(data.format, RUNG_FORMAT_TSV);
        assert_memory_equal(data.labels[0].bytes, files[k].first_label,
                            strlen(files[k].first_label));
        assert_memory_equal(data.texts[0].bytes, files[k].first_text,
                            strlen(files[k].first_text));
        rung_labels *labels;
        assert_ok(rung_labels_new(&labels, data.labels, data.count, &err));
        assert_int_equal(rung_labels_count(labels), files[k].n_labels);
        rung_labels_free(labels);
        rung_labelled_release(&data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(tsv_is_told_by_its_tabs),
        test_in_folder(quotes_in_tsv_are_text),
        test_in_folder(tsv_that_needs_quotes_has_them),
        test_in_folder(csv_follows_rfc_4180),
        test_in_folder(csv_may_be_cut_at_other_marks),
        test_in_folder(csv_without_its_name_needs_a_header),
        test_in_folder(json_lines_are_told_by_their_braces),
        test_in_folder(fasttext_lines_begin_with_their_label),
        test_in_folder(fasttext_lines_may_have_several_labels),
        test_in_folder(json_has_lists_of_labels),
        test_in_folder(a_column_of_lists_may_hold_labels),
        test_in_folder(cells_have_several_labels_between_separators),
        test_in_folder(ids_of_several_labels_ascend),
        test_in_folder(a_line_may_have_many_labels),
        test_in_folder(texts_alone_are_read_without_labels),
        test_in_folder(line_ends_and_marks_do_not_matter),
        test_in_folder(packed_files_are_told_by_the_name_before),
        test_in_folder(bad_lines_are_counted_and_told),
        test_in_folder(bad_json_is_told),
        test_in_folder(json_numbers_keep_their_spelling_or_are_bad),
        test_in_folder(bad_fasttext_lines_are_told),
        test_in_folder(quotes_must_close),
        test_in_folder(files_without_examples_are_refused),
        test_in_folder(what_is_no_text_is_refused_as_raw_text_is),
        test_in_folder(a_line_of_a_million_characters_is_read),
        test_in_folder(files_cut_off_anywhere_are_harmless),
        test_in_folder(labelled_text_is_told_from_raw),
        test_in_folder(detection_reads_the_beginning),
        test_in_folder(labels_become_ids),
        cmocka_unit_test(duplicates_are_counted),
        test_in_folder(failed_allocations_leave_no_trace),
        cmocka_unit_test(real_files_are_read_with_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
