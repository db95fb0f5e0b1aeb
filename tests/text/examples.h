/* Files of labelled text for tests, and what reading them must give. */
#ifndef RUNG_TESTS_TEXT_EXAMPLES_H
#define RUNG_TESTS_TEXT_EXAMPLES_H

#include "support.h"

#include "rung/labelled.h"

static rung_error err;

#define USUAL ((rung_labelled_config)RUNG_LABELLED_CONFIG_DEFAULT)

/* A file of the test's folder, written anew. */
static inline const char *file_of(void **state, const char *name, const char *text)
{
    const char *path = path_in(*state, name);
    write_bytes(path, text, strlen(text));
    return path;
}

static inline rung_labelled read_file(const char *path, rung_labelled_config config)
{
    rung_labelled data;
    assert_ok(rung_labelled_read(&data, path, &config, &err));
    return data;
}

/* `wanted`: label|text of each example in its own line, or label,label|text; text alone
 * without labels. */
static inline void assert_examples(const rung_labelled *data, const char *wanted)
{
    char *all = rung__alloc(strlen(wanted) + 100000), *p = all;
    for (size_t i = 0; i < data->count; i++) {
        const size_t begin = data->first ? (size_t)data->first[i] : i;
        const size_t end = data->first ? (size_t)data->first[i + 1] : i + 1;
        for (size_t k = begin; data->labels && k < end; k++)
            p += sprintf(p, "%s%.*s", k > begin ? "," : "", (int)data->labels[k].size,
                         data->labels[k].bytes);
        if (data->labels) p += sprintf(p, "|");
        p += sprintf(p, "%.*s\n", (int)data->texts[i].size, data->texts[i].bytes);
    }
    assert_string_equal(all, wanted);
    rung__free(all);
}

/* The file `name` of `text` gives these examples from these columns. */
static inline void assert_config_reads(void **state, const char *name, const char *text,
                                       rung_labelled_config config, int format,
                                       const char *columns, const char *wanted)
{
    rung_labelled data = read_file(file_of(state, name, text), config);
    assert_string_equal(data.columns, columns);
    assert_int_equal(data.format, format);
    assert_examples(&data, wanted);
    rung_labelled_release(&data);
}

static inline void assert_reads(void **state, const char *name, const char *text,
                                int format, const char *columns, const char *wanted)
{
    assert_config_reads(state, name, text, USUAL, format, columns, wanted);
}

/* It is refused with `message`, in which %s is the path. */
static inline void assert_config_refused(void **state, const char *name, const char *text,
                                         rung_labelled_config config, const char *message)
{
    const char *path = file_of(state, name, text);
    char wanted[1000];
    snprintf(wanted, sizeof wanted, message, path);
    rung_labelled data = {0};
    assert_fails(rung_labelled_read(&data, path, &config, &err), RUNG_INPUT, wanted);
    assert_null(data.texts);
    assert_null(data.storage);
}

static inline void assert_config_refused_as(void **state, const char *name,
                                            const char *text, rung_labelled_config config,
                                            rung_status status, const char *message)
{
    rung_labelled data = {0};
    assert_fails(rung_labelled_read(&data, file_of(state, name, text), &config, &err),
                 status, message);
}

static inline void assert_refused(void **state, const char *name, const char *text,
                                  const char *message)
{
    assert_config_refused(state, name, text, USUAL, message);
}

#endif
