/* rung inspect PATH: a model folder or a safetensors file, one line a part. */
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "rung/units.h"
#include "rung/weights.h"

static void print_tensor(const rung_stored *t)
{
    char shape[200] = "[", bytes[40];
    for (int i = 0; i < t->rank; i++)
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape),
                 i ? ",%lld" : "%lld", (long long)t->shape[i]);
    printf("%-48s %-5s %-18s %10s\n", t->name, rung_stored_type_name(t->type),
           strcat(shape, "]"), rung_format_bytes(bytes, (double)t->bytes));
}

static rung_status inspect_file(const char *path, rung_error *err)
{
    rung_safetensors *file;
    RUNG_TRY(rung_safetensors_open(&file, path, err));
    for (size_t i = 0; i < rung_safetensors_metadata_count(file); i++) {
        const char *key, *value;
        rung_safetensors_metadata_at(file, i, &key, &value);
        printf("metadata %s = %s\n", key, value);
    }
    double total = 0;
    for (size_t i = 0; i < rung_safetensors_count(file); i++) {
        print_tensor(rung_safetensors_at(file, i));
        total += (double)rung_safetensors_at(file, i)->bytes;
    }
    char bytes[40];
    printf("%zu tensors, %s\n", rung_safetensors_count(file),
           rung_format_bytes(bytes, total));
    rung_safetensors_close(file);
    return RUNG_OK;
}

/* The columns of numbers that a model takes beside each text. */
static void print_numbers(const rung_model *m)
{
    rung_number_weight c;
    for (size_t k = 0; rung_weights_number(&c, m, 0, k); k++)
        printf("number '%.*s': mean %.6g, deviation %.6g%s\n", (int)c.name.size,
               c.name.bytes, c.mean, c.deviation,
               c.deviation > 0 ? "" : ": always the same, it says nothing");
}

/* Where the features of a linear model can go. */
static rung_status print_features(const rung_model *m, rung_error *err)
{
    int64_t bits;
    if (!m->type->linear || m->kind != RUNG_LABELLED) return RUNG_OK;
    RUNG_TRY(rung_weights_hash_bits(&bits, m, err));
    if (bits)
        printf("features hashed into 2^%lld columns: they have no names, and rung alone "
               "can use them (--hash 0 keeps names)\n",
               (long long)bits);
    else
        printf("features with names: `rung weights --write` takes them anywhere\n");
    return RUNG_OK;
}

static rung_status inspect_folder(const char *dir, rung_error *err)
{
    rung_model *m;
    char path[4096], count[40];
    RUNG_TRY(rung_model_load(&m, dir, err));
    rung_option_set set = rung_model_options(m);
    char *options = rung_options_to_json(&set, 1);
    printf("%s: %s\n", m->type->name, m->type->summary);
    if (m->tokenizer)
        printf("tokenizer %s, %lld tokens\n", rung_tokenizer_kind(m->tokenizer),
               (long long)m->vocab);
    if (m->labels) printf("labels %lld\n", (long long)m->n_labels);
    printf("parameters %s\n",
           rung_format_count(count, (double)rung_params_size(m->params)));
    if (options && set.count) printf("options %s\n", options);
    rung_text_free(options);
    cli_print_words(m);
    print_numbers(m);
    const rung_status status = print_features(m, err);
    rung_model_free(m);
    RUNG_TRY(status);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    return inspect_file(path, err);
}

static int inspect_run(int argc, char **argv)
{
    rung_error err;
    struct stat info;
    if (cli_check_words(argc, argv, 1, 1, "PATH", &err)) return cli_fail(&err);
    bool is_dir = stat(argv[0], &info) == 0 && S_ISDIR(info.st_mode);
    rung_status status =
        is_dir ? inspect_folder(argv[0], &err) : inspect_file(argv[0], &err);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

const cli_command cli_inspect = {"inspect", "PATH",
                                 "shows what a model folder or a safetensors file holds",
                                 inspect_run, NULL};
