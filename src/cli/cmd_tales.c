/* rung tales: writes the built-in stories, or labelled texts told like them. */
#include <stddef.h>
#include <string.h>

#include "cli/cli.h"

typedef struct tales_options {
    int task; /* 0: story, else a rung_tales_task + 1 */
    double size;
    int64_t examples, seed;
    const char *out;
} tales_options;

#define FIELD(name) offsetof(tales_options, name)
#define X(name, text) "|" text
#define TASKS "story" RUNG_TALES_TASK_LIST(X)

enum { TASK, SIZE, EXAMPLES };

static const rung_option options[] = {
    [TASK] = {"task", RUNG_OPTION_CHOICE, FIELD(task), "story", 0, 0, TASKS,
              "stories, or labelled texts and what decides the label", NULL},
    [SIZE] = {"size", RUNG_OPTION_BYTES, FIELD(size), "1M", 1, 1e12, NULL,
              "of stories: at least so many bytes, up to the end of one", NULL},
    [EXAMPLES] = {"examples", RUNG_OPTION_INT, FIELD(examples), "5000", 1, 1e9, NULL,
                  "of labelled texts: how many", NULL},
    {"seed", RUNG_OPTION_INT, FIELD(seed), "20260101", 0, 1e15, NULL,
     "of all random choices", NULL},
    {"out", RUNG_OPTION_TEXT, FIELD(out), NULL, 0, 0, NULL,
     "the file; else standard output", NULL},
};
#undef X

enum { N_OPTIONS = sizeof options / sizeof options[0] };

static rung_option_set make_set(tales_options *own, bool *given)
{
    return (rung_option_set){.title = "Tales",
                             .options = options,
                             .count = N_OPTIONS,
                             .values = own,
                             .given = given};
}

static rung_status check(const tales_options *own, const bool *given, rung_error *err)
{
    if (own->task == 0 && given[EXAMPLES])
        return rung_fail(err, RUNG_USAGE,
                         "--examples counts labelled texts: give --task, or --size");
    if (own->task != 0 && given[SIZE])
        return rung_fail(err, RUNG_USAGE,
                         "--size is of stories: labelled texts take --examples");
    return RUNG_OK;
}

static rung_status make(rung_text *text, const tales_options *own, rung_error *err)
{
    if (own->task == 0) {
        const rung_tales_config config = {(uint64_t)own->seed, (size_t)own->size};
        return rung_tales_make(text, &config, err);
    }
    const rung_tales_examples_config config = {
        (rung_tales_task)(own->task - 1), (uint64_t)own->seed, (size_t)own->examples};
    return rung_tales_examples(text, &config, err);
}

static rung_status write_text(const rung_text *text, const char *path, rung_error *err)
{
    FILE *f = path ? fopen(path, "wb") : stdout;
    if (!f) return rung_fail(err, RUNG_IO, "cannot write '%s'", path);
    bool failed = fwrite(text->bytes, 1, text->size, f) != text->size;
    if (path) failed |= fclose(f) != 0;
    if (failed && path) return rung_fail(err, RUNG_IO, "cannot write '%s'", path);
    return RUNG_OK; // the program looks at standard output when it ends
}

static rung_status tell(int argc, char **argv, tales_options *own, bool *given,
                        const rung_option_set *set, rung_error *err)
{
    rung_text text;
    int n_words;
    RUNG_TRY(cli_parse(set, 1, argc, argv, 0, 0, "no words", &n_words, err));
    RUNG_TRY(check(own, given, err));
    RUNG_TRY(make(&text, own, err));
    rung_status status = write_text(&text, own->out, err);
    rung_text_release(&text);
    return status;
}

static int tales_run(int argc, char **argv)
{
    tales_options own;
    bool given[N_OPTIONS] = {false};
    rung_option_set set = make_set(&own, given);
    rung_error err;
    rung_status status = tell(argc, argv, &own, given, &set, &err);
    cli_release(&set, 1);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status tales_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    tales_options own;
    rung_option_set set = make_set(&own, NULL);
    *text = rung_options_help(&set, 1);
    return RUNG_OK;
}

const cli_command cli_tales = {
    "tales", "[OPTIONS]", "writes the built-in stories, or labelled texts told like them",
    tales_run, tales_help};
