/* Features of a model in its folder. */
#include "models/featured.h"

#include "base/alloc.h"
#include "models/extra.h"

#define X(name, text) "|" text
const char rung__tf_names[] = RUNG_TF_LIST(X);
#undef X

void rung__featured_settle(rung_features_config *config, const rung_features *f)
{
    rung__free((char *)config->vocabulary); // a file of the training, not of the model
    config->vocabulary = NULL;
    config->bits = f->config.bits;
}

size_t rung__featured_extra(const rung_features *f, rung_stored *out)
{
    const int64_t D = f->n_columns;
    out[0] = f->config.bits ? rung__extra("hashes", RUNG_STORED_I32, D, 0, f->hashes)
                            : rung__extra("names", RUNG_STORED_U8, (int64_t)f->names.size,
                                          0, f->names.bytes);
    out[1] = rung__extra("idf", RUNG_STORED_F32, D, 0, f->idf);
    return 2;
}

rung_status rung__featured_load(rung_features *f, const rung_features_config *config,
                                const rung_safetensors *file, rung_error *err)
{
    int32_t *hashes = NULL;
    char *names = NULL;
    float *idf = NULL;
    int64_t D = -1, size = 0;
    rung_status status =
        config->bits
            ? rung__extra_load(&hashes, file, "hashes", RUNG_STORED_I32, -1, 0, &D, err)
            : rung__extra_load(&names, file, "names", RUNG_STORED_U8, -1, 0, &size, err);
    if (status == RUNG_OK)
        status = rung__extra_load(&idf, file, "idf", RUNG_STORED_F32, D, 0, &D, err);
    if (status == RUNG_OK)
        status = rung__features_restore(f, config, hashes,
                                        (rung_span){names, (size_t)size}, idf, D, err);
    rung__free(hashes), rung__free(names), rung__free(idf);
    return status;
}
