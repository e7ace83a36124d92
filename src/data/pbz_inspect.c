/* What a compressed data set says about itself, as JSON. */
#include <stdlib.h>
#include <string.h>

#include "data/loader.h"
#include "data/pbz.h"

static json_int_t count_label(const pb_samples *part, int label)
{
    json_int_t count = 0;
    for (int i = 0; i < part->count; i++) count += part->labels[i] == label;
    return count;
}

static json_t *classes_json(const pb_dataset *d)
{
    json_t *list = json_array();
    for (int i = 0; i < d->classes; i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "name", d->class_names[i],
                                              "train_samples", count_label(&d->train, i),
                                              "test_samples", count_label(&d->test, i)));
    return list;
}

static int bits_of(const pb_dataset *d)
{
    if (d->compressed->packing.bits) return d->compressed->packing.bits;
    return d->dtype == PB_U8 ? 8 : PB_BITS_FLOAT;
}

static json_t *describe(const pb_dataset *d, json_t *damaged)
{
    const pb_compressed *c = d->compressed;
    return json_pack("{s:s, s:I, s:i, s:i, s:f, s:s, s:i, s:o, s:I, s:o, s:s, s:o, s:i, s:i, s:O, "
                     "s:o, s:s}",
                     "name", d->name, "file_bytes", (json_int_t)c->file_bytes, "train_samples",
                     c->train_count, "test_samples", c->test_count, "bytes_per_sample",
                     pb_compressed_bytes_per_sample(c), "values", pb_pbz_values(d), "bits",
                     bits_of(d), "shape", pb_pbz_shape_json(pb_pbz_values_shape(d)), "packed_bytes",
                     (json_int_t)pb_sample_bytes(d), "classes", classes_json(d), "chain",
                     c->chain ? c->chain : "", "arrays", pb_pbz_arrays_json(&c->fitted),
                     "chunk_samples", c->chunk_samples, "chunks", c->chunks, "damaged", damaged,
                     "source", pb_pbz_source_json(c), "fingerprint", c->fingerprint);
}

static pb_status as_text(pb_context *ctx, const pb_dataset *d, json_t *damaged, char **text)
{
    json_t *json = describe(d, damaged);
    *text = json ? json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(json);
    return *text ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory to tell of a data set");
}

pb_status pb_compressed_inspect(pb_context *ctx, const char *path, bool skip_damaged, char **json)
{
    pb_dataset *d = NULL;
    json_t *damaged = json_array();
    *json = NULL;
    if (!damaged) return pb_fail(ctx, PB_ERR_MEMORY, "no memory to tell of a data set");
    pb_status status = pb_pbz_read_all(ctx, path, skip_damaged ? damaged : NULL, &d);
    if (status == PB_OK) status = as_text(ctx, d, damaged, json);
    pb_dataset_free(&d);
    json_decref(damaged);
    return status;
}
