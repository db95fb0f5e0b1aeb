/* What tests of classifiers that read texts themselves share. Include after support.h. */
#ifndef RUNG_TESTS_MODELS_CLASSIFIER_H
#define RUNG_TESTS_MODELS_CLASSIFIER_H

#include "engine.h"
#include "rung/classify.h"

/* A new model of a class with these names of labels (NULL-terminated, in order), of which
 * a text has one, or several. */
static inline rung_model *new_classifier_of(const char *name, const char *const *names,
                                            bool has_several)
{
    rung_error err = {0};
    rung_model *m = NULL;
    rung_labels *labels = NULL;
    rung_span spans[16];
    size_t n = 0;
    for (; names[n]; n++) spans[n] = (rung_span){names[n], strlen(names[n])};
    assert_ok(rung_labels_ordered(&labels, spans, n, &err));
    assert_ok(rung_model_new(&m, rung_class_find(name, &err), RUNG_LABELLED, &err));
    m->has_several = has_several;
    assert_ok(rung_model_build(m, NULL, labels, 1, &err));
    return m;
}

static inline rung_model *new_classifier(const char *name, const char *const *names)
{
    return new_classifier_of(name, names, false);
}

static inline void set_option(rung_model *m, const char *name, const char *value)
{
    rung_error err = {0};
    const rung_option_set set = rung_model_options(m);
    assert_ok(rung_option_set_text(&set, name, value, &err));
}

/* Writes the tensors of a folder's model.safetensors to `to`, one of them replaced: the
 * one of the same name as `other`, or, if there is none, added; data NULL: left out. */
static inline void replace_tensor(const char *from, const char *to,
                                  const rung_stored *other)
{
    rung_error err = {0};
    rung_safetensors *file;
    rung_stored tensors[RUNG_MAX_EXTRA + 1];
    size_t n = 0;
    assert_ok(rung_safetensors_open(&file, path_in(from, "model.safetensors"), &err));
    for (size_t i = 0; i < rung_safetensors_count(file); i++) {
        const rung_stored *t = rung_safetensors_at(file, i);
        if (strcmp(t->name, other->name) != 0) tensors[n++] = *t;
    }
    if (other->data) tensors[n++] = *other;
    assert_ok(
        rung_safetensors_write(path_in(to, "model.safetensors"), tensors, n, NULL, &err));
    rung_safetensors_close(file);
}

/* The folder `to` becomes a copy of `from`. */
static inline void copy_model(const char *from, const char *to)
{
    rung_error err = {0};
    rung_model *m = NULL;
    assert_ok(rung_model_load(&m, from, &err));
    assert_ok(rung_model_save(m, to, &err));
    rung_model_free(m);
}

#endif
