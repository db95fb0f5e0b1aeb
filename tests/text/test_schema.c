/* Schemas of tables as JSON: there and back, and what is refused. */
#include "support.h"

#include "base/json.h"
#include "rung/table.h"
#include "text/schema.h"

static rung_error err;

static rung_status parse(rung_schema **out, const char *text, rung_error *e)
{
    json_error_t where;
    json_t *json = rung__json_load(text, strlen(text), &where);
    assert_non_null(json);
    const rung_status status = rung__schema_from_json(out, json, "config.json", e);
    json_decref(json);
    return status;
}

static const char full[] =
    "{\"features\": 3, \"missing\": \"mean\", \"means\": [0.5, 0.25, 0.125],"
    " \"columns\": [{\"role\": \"number\", \"name\": \"age\"},"
    " {\"role\": \"target\", \"name\": \"y\", \"levels\": [\"b\", \"a\"]},"
    " {\"role\": \"dropped\", \"name\": \"id\"},"
    " {\"role\": \"words\", \"name\": \"place\", \"levels\": [\"no\", \"so\", \"up\"]}]}";

static void json_and_back_gives_the_same(void **state)
{
    (void)state;
    rung_schema *schema;
    char name[40];
    json_error_t where;
    assert_ok(parse(&schema, full, &err));
    json_t *written = rung__schema_to_json(schema);
    json_t *wanted = rung__json_load(full, strlen(full), &where);
    assert_true(json_equal(written, wanted));
    assert_int_equal(rung_schema_features(schema), 3);
    assert_string_equal(rung_schema_name(schema, 0, name, sizeof name), "age");
    assert_string_equal(rung_schema_name(schema, 2, name, sizeof name), "place=up");
    json_decref(written), json_decref(wanted);
    rung_schema_free(schema);
}

static void wrong_schemas_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *json, *reason;
    } cases[] = {
        {"{}", "features"},
        {"{\"features\": 0}", "features"},
        {"{\"features\": 1, \"missing\": \"guess\"}", "missing is 'guess'"},
        {"{\"features\": 1, \"columns\": []}", "no column is the target"},
        {"{\"features\": 1, \"columns\": [7]}", "a column is no object"},
        {"{\"features\": 1, \"columns\": [{\"role\": \"king\"}]}", "role is 'king'"},
        {"{\"features\": 1, \"columns\": [{\"role\": \"number\"}]}",
         "no column is the target"},
        {"{\"features\": 1, \"columns\": [{\"role\": \"number\", \"name\": \"a\"},"
         " {\"role\": \"target\"}]}",
         "some columns have names, some none"},
        {"{\"features\": 2, \"columns\": [{\"role\": \"number\"}, {\"role\": "
         "\"target\"}]}",
         "features is 2, but columns have 1"},
        {"{\"features\": 1, \"columns\": [{\"role\": \"words\"}, {\"role\": "
         "\"target\"}]}",
         "a column of words has none"},
        {"{\"features\": 1, \"columns\": [{\"role\": \"words\", \"levels\": [\"a\", "
         "1]}]}",
         "level 1 is no text"},
        {"{\"features\": 1, \"missing\": \"mean\", \"columns\": [{\"role\": \"number\"},"
         " {\"role\": \"target\"}]}",
         "there are no means"},
        {"{\"features\": 1, \"means\": [1, 2]}", "2 means of 1 features"},
        {"{\"features\": 1, \"means\": [null]}", "mean 0 is no number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rung_schema *schema = NULL;
        const rung_status status = parse(&schema, cases[i].json, &err);
        if (status != RUNG_INPUT) fail_msg("%s: status %d", cases[i].json, (int)status);
        assert_contains(err.message, cases[i].reason);
        assert_null(schema);
    }
}

static rung_status parse_and_forget(void *text, rung_error *e)
{
    rung_schema *schema = NULL;
    json_error_t where;
    json_t *json = rung__json_load(text, strlen(text), &where);
    if (!json) return rung_fail(e, RUNG_MEMORY, "out of memory");
    const rung_status status = rung__schema_from_json(&schema, json, "config.json", e);
    json_decref(json);
    if (status != RUNG_OK) return status;
    json_t *written = rung__schema_to_json(schema);
    rung_schema_free(schema);
    json_decref(written);
    return written ? RUNG_OK : rung_fail(e, RUNG_MEMORY, "out of memory");
}

static void failed_allocations_leave_nothing(void **state)
{
    (void)state;
    assert_true(assert_survives_failed_allocations(parse_and_forget, (void *)full) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_and_back_gives_the_same),
        cmocka_unit_test(wrong_schemas_are_refused),
        cmocka_unit_test(failed_allocations_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
