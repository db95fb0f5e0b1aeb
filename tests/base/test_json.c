#include "support.h"

#include "base/json.h"

static json_t *parse(const char *text)
{
    rung_error err;
    json_t *value = NULL;
    assert_ok(rung_json_parse(&value, text, strlen(text), "t", &err));
    return value;
}

static void wrong_texts_are_named_with_file_and_line(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "c.json:1: "},
        {"{\"a\": 1,\n\n}", "c.json:3: "},
        {"{\"a\": 1", "c.json:1: '}' expected"},
        {"{\"a\": 1} x", "c.json:1: end of file expected"},
        {"{\"a\": 1, \"a\": 2}", "c.json:1: duplicate object key"},
        {"{\"a\":\n 99999999999999999999}", "c.json:2: too big integer"},
        {"[1e999]", "c.json:1: real number overflow"},
        {"3", "c.json:1: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i][0];
        rung_error err;
        json_t *value = NULL;
        assert_int_equal(rung_json_parse(&value, text, strlen(text), "c.json", &err),
                         RUNG_INPUT);
        assert_null(value);
        assert_ptr_equal(strstr(err.message, cases[i][1]), err.message); // begins so
    }
}

static void hostile_texts_are_refused(void **state)
{
    (void)state;
    rung_error err;
    json_t *value = NULL;
    char *deep = rung__alloc(1000000);
    memset(deep, '[', 1000000);
    assert_int_equal(rung_json_parse(&value, deep, 1000000, "deep", &err), RUNG_INPUT);
    assert_contains(err.message, "deep:1: ");
    rung__free(deep);
    assert_int_equal(rung_json_parse(&value, "[\"\xff\"]", 5, "bytes", &err), RUNG_INPUT);
    assert_int_equal(rung_json_parse(&value, "[\"a\0b\"]", 7, "nul", &err), RUNG_INPUT);
    assert_int_equal(rung_json_parse(&value, "[\"\\u0000\"]", 10, "nul", &err),
                     RUNG_INPUT);
    // Cut at every byte.
    const char *text = "{\"a\": [1, 2.5, \"x\\n\", null, true], \"b\": {}}";
    for (size_t n = 0; n < strlen(text); n++) {
        assert_int_equal(rung_json_parse(&value, text, n, "cut", &err), RUNG_INPUT);
    }
}

static void members_are_read_with_their_types(void **state)
{
    (void)state;
    rung_error err;
    json_t *object =
        parse("{\"i\": -7, \"r\": 0.5, \"w\": 3, \"t\": \"text\", \"b\": true, "
              "\"n\": null}");
    int64_t i = 1;
    double r = 1, w = 1;
    bool b = false;
    const char *t = "none";
    assert_ok(rung_json_get_int(object, "i", -10, 10, &i, "c", &err));
    assert_ok(rung_json_get_real(object, "r", 0, 1, &r, "c", &err));
    assert_ok(rung_json_get_real(object, "w", 0, 9, &w, "c", &err)); // whole is fine
    assert_ok(rung_json_get_bool(object, "b", &b, "c", &err));
    assert_ok(rung_json_get_text(object, "t", &t, "c", &err));
    assert_int_equal(i, -7);
    assert_true(r == 0.5 && w == 3 && b);
    assert_string_equal(t, "text");
    // Absent and null leave the default.
    assert_ok(rung_json_get_int(object, "none", 0, 1, &i, "c", &err));
    assert_ok(rung_json_get_real(object, "n", 0, 1, &r, "c", &err));
    assert_ok(rung_json_get_bool(object, "n", &b, "c", &err));
    assert_ok(rung_json_get_text(object, "none", &t, "c", &err));
    assert_int_equal(i, -7);
    assert_true(r == 0.5 && b);
    assert_string_equal(t, "text");
    json_decref(object);
}

static void wrong_members_are_named_with_value_and_range(void **state)
{
    (void)state;
    rung_error err;
    json_t *object =
        parse("{\"i\": 0, \"r\": 1.5, \"t\": \"text\", \"l\": [], \"o\": {}, "
              "\"n\": null}");
    int64_t i = 5;
    double r = 5;
    bool b = true;
    const char *t = "kept";
    assert_fails(rung_json_get_int(object, "i", 1, 1000, &i, "c.json", &err), RUNG_INPUT,
                 "c.json: i is 0: must be 1 to 1000");
    assert_fails(rung_json_get_int(object, "i", 1, INT64_MAX, &i, "c.json", &err),
                 RUNG_INPUT, "c.json: i is 0: must be at least 1");
    assert_fails(rung_json_get_int(object, "r", 0, 9, &i, "c.json", &err), RUNG_INPUT,
                 "c.json: r is a number: must be an integer");
    assert_fails(rung_json_get_real(object, "r", 0, 1, &r, "c.json", &err), RUNG_INPUT,
                 "c.json: r is 1.5: must be 0 to 1");
    assert_fails(rung_json_get_real(object, "t", 0, 1, &r, "c.json", &err), RUNG_INPUT,
                 "c.json: t is a text: must be a number");
    assert_fails(rung_json_get_bool(object, "l", &b, "c.json", &err), RUNG_INPUT,
                 "c.json: l is a list: must be true or false");
    assert_fails(rung_json_get_text(object, "o", &t, "c.json", &err), RUNG_INPUT,
                 "c.json: o is an object: must be a text");
    assert_fails(rung_json_require(object, "absent", "c.json", &err), RUNG_INPUT,
                 "c.json: absent is missing");
    assert_fails(rung_json_require(object, "n", "c.json", &err), RUNG_INPUT,
                 "c.json: n is missing");
    assert_ok(rung_json_require(object, "i", "c.json", &err));
    assert_fails(rung_json_require(json_object_get(object, "l"), "i", "c.json", &err),
                 RUNG_INPUT, "c.json: is a list: must be an object");
    assert_true(i == 5 && r == 5 && b); // untouched
    assert_string_equal(t, "kept");
    json_decref(object);
}

static void assert_text(const char *text, int indent, const char *wanted)
{
    json_t *value = parse(text);
    rung_str s = {0};
    rung_json_add_text(&s, value, indent);
    assert_string_equal(s.data, wanted);
    rung_str_release(&s);
    json_decref(value);
}

static void text_keeps_order_and_shows_structure(void **state)
{
    (void)state;
    const char *text = "{\"z\":1,\"a\":[1,2,[]],\"m\":{\"k\":\"v\"},\"e\":{},\"l\":[],"
                       "\"f\":[1.5,null,true,false,\"x\"]}";
    assert_text(
        text, 0,
        "{\"z\": 1, \"a\": [1, 2, []], \"m\": {\"k\": \"v\"}, \"e\": {}, \"l\": [], "
        "\"f\": [1.5, null, true, false, \"x\"]}");
    assert_text(text, 2,
                "{\n"
                "  \"z\": 1,\n"
                "  \"a\": [\n"
                "    1,\n"
                "    2,\n"
                "    []\n"
                "  ],\n"
                "  \"m\": {\n"
                "    \"k\": \"v\"\n"
                "  },\n"
                "  \"e\": {},\n"
                "  \"l\": [],\n"
                "  \"f\": [1.5, null, true, false, \"x\"]\n"
                "}");
}

static void strings_are_escaped_and_read_back(void **state)
{
    (void)state;
    assert_text("[\"a\\\"b\\\\c\\n\\t\\u0001Ж\\ud83d\\ude00/\"]", 0,
                "[\"a\\\"b\\\\c\\n\\t\\u0001Ж\xf0\x9f\x98\x80/\"]");
}

static void numbers_read_back_exactly(void **state)
{
    (void)state;
    static const double values[] = {0.1, 1.0 / 3, 1e-300, 12345678.9, -2, 1e15, 5e-324};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        json_array_append_new(list, json_real(values[i]));
    }
    json_array_append_new(list, json_integer(INT64_MIN));
    rung_str s = {0};
    rung_json_add_text(&s, list, 0);
    assert_string_equal(s.data, "[0.1, 0.3333333333333333, 1e-300, 12345678.9, -2.0, "
                                "1e+15, 4.94065645841247e-324, "
                                "-9223372036854775808]");
    json_t *again = parse(s.data);
    assert_true(json_equal(list, again));
    json_decref(again);
    json_decref(list);
    rung_str_release(&s);
}

static void files_are_written_and_read(void **state)
{
    rung_error err;
    const char *path = path_in(*state, "c.json");
    json_t *value = parse("{\"a\": [1, 2]}"), *again = NULL;
    assert_ok(rung_json_write(value, path, &err));
    char *text;
    size_t size;
    assert_ok(rung_file_read(path, &text, &size, &err));
    assert_string_equal(text, "{\n  \"a\": [1, 2]\n}\n");
    rung__free(text);
    assert_ok(rung_json_read(&again, path, &err));
    assert_true(json_equal(value, again));
    json_decref(again);
    json_decref(value);
    char message[600];
    write_text(path, "{\n\"a\"}");
    snprintf(message, sizeof message, "%s:2: ':' expected near '}'", path);
    assert_fails(rung_json_read(&again, path, &err), RUNG_INPUT, message);
}

static rung_status copy_file(void *folder, rung_error *err)
{
    char path[300];
    json_t *value = NULL;
    snprintf(path, sizeof path, "%s/c.json", (char *)folder);
    RUNG_TRY(rung_json_read(&value, path, err));
    const rung_status status = rung_json_write(value, path, err);
    json_decref(value);
    return status;
}

static void failed_allocations_are_reported(void **state)
{
    rung_error err;
    write_text(path_in(*state, "c.json"),
               "{\"name\": \"a text\", \"list\": [1, 2.5, true, {\"k\": \"v\"}],\n"
               "\"long\": [0.12345678901234567, 123456789012345678,\n"
               "0.1000000000000000055511151231257827, \"a longer text\"]}");
    assert_ok(copy_file(*state, &err));
    assert_true(assert_survives_failed_allocations(copy_file, *state) > 15);
    assert_ok(copy_file(*state, &err)); // still whole
}

int main(void)
{
    rung__json_use_alloc();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_texts_are_named_with_file_and_line),
        cmocka_unit_test(hostile_texts_are_refused),
        cmocka_unit_test(members_are_read_with_their_types),
        cmocka_unit_test(wrong_members_are_named_with_value_and_range),
        cmocka_unit_test(text_keeps_order_and_shows_structure),
        cmocka_unit_test(strings_are_escaped_and_read_back),
        cmocka_unit_test(numbers_read_back_exactly),
        test_in_folder(files_are_written_and_read),
        test_in_folder(failed_allocations_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
