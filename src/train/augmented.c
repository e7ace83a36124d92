#include "train/augmented.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "data/npy.h"

enum { EPOCHS = 7 };

static pb_status write_if_there(pb_session *s, pb_value leaf, const void *data)
{
    return pb_plan_has(s->plan, leaf) ? pb_session_write(s, leaf, data) : PB_OK;
}

/* The samples as that epoch sees them, into every `1 + EPOCHS`-th place from `first` on. */
static pb_status look(pb_session *s, pb_value leaf, int first, float *room, float *all)
{
    const int count = s->graph.sheet.count;
    const size_t each = pb_leaf_bytes(s->graph.g, leaf) / sizeof(float) / (size_t)count;
    PB_TRY(pb_session_read(s, leaf, room));
    for (int i = 0; i < count; i++)
        memcpy(all + (size_t)(i * (1 + EPOCHS) + first) * each, room + (size_t)i * each,
               each * sizeof *all);
    return PB_OK;
}

static pb_status look_at_all(pb_session *s, float *room, float *all)
{
    const pb_augmented_sheet *sheet = &s->graph.sheet;
    const pb_pass pass = pb_session_augmentation(s);
    int seeds;
    const int64_t seed = pb_option_ints(s->config->train, "seeds", &seeds)[0];
    const int32_t key = (int32_t)pb_stream_make((uint64_t)seed, "", 0).key[0];
    PB_TRY(write_if_there(s, s->graph.key, &key));
    PB_TRY(write_if_there(s, sheet->numbers, s->augmented));
    for (int32_t epoch = 0; epoch < EPOCHS; epoch++) {
        PB_TRY(write_if_there(s, sheet->epoch, &epoch));
        PB_TRY(pb_session_pass(s, &pass));
        if (epoch == 0) PB_TRY(look(s, sheet->before, 0, room, all));
        PB_TRY(look(s, sheet->after, 1 + epoch, room, all));
    }
    return PB_OK;
}

static pb_status save(pb_session *s, const char *folder, const float *all)
{
    const pb_shape shape = pb_value_shape(s->graph.g, s->graph.sheet.after);
    size_t dim[PB_MAX_AXES];
    for (int i = 0; i < shape.axes; i++) dim[i] = (size_t)shape.dim[i];
    dim[0] *= 1 + EPOCHS;
    char *path = pb_path_join(folder, "augmented.npy");
    if (!path) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a path");
    const pb_status status = pb_npy_save(s->ctx, path, PB_NPY_F32, shape.axes, dim, all);
    free(path);
    return status;
}

pb_status pb_augmented_write(pb_session *s, const char *folder)
{
    if (s->graph.sheet.count == 0) return PB_OK;
    const size_t bytes = pb_leaf_bytes(s->graph.g, s->graph.sheet.after);
    float *room = malloc(bytes), *all = malloc(bytes * (1 + EPOCHS));
    pb_status status =
        room && all ? PB_OK : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for augmented.npy");
    if (status == PB_OK) status = look_at_all(s, room, all);
    if (status == PB_OK) status = save(s, folder, all);
    free(room);
    free(all);
    return status;
}
