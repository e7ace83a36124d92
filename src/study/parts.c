#include "study/parts.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "data/npy.h"

pb_status pb_measure_stopped(pb_context *ctx, const volatile int *stop)
{
    return stop && *stop ? pb_fail(ctx, PB_INTERRUPTED, "interrupted while measuring") : PB_OK;
}

pb_status pb_measure_save(const pb_stored *s, const char *folder, const char *name, size_t count,
                          pb_shape shape, const float *numbers)
{
    size_t dim[PB_MAX_AXES + 1];
    int axes = 0;
    if (count > 0) dim[axes++] = count;
    for (int i = 0; i < shape.axes; i++) dim[axes++] = (size_t)shape.dim[i];
    char *path = pb_path_join(folder, name);
    const pb_status status = path ? pb_npy_save(s->ctx, path, PB_NPY_F32, axes, dim, numbers)
                                  : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a path");
    free(path);
    return status;
}

json_t *pb_share_json(double hits, double trials)
{
    const double z = 1.959963985, p = hits / trials, z2 = z * z / trials;
    const double middle = (p + z2 / 2) / (1 + z2);
    const double half = z / (1 + z2) * sqrt(p * (1 - p) / trials + z2 / (4 * trials));
    return json_pack("{s:o, s:o, s:o}", "share", pb_json_real(p), "low",
                     pb_json_real(fmax(middle - half, 0)), "high",
                     pb_json_real(fmin(middle + half, 1)));
}

int32_t *pb_draw_samples(uint64_t seed, const char *purpose, int count)
{
    int32_t *samples = malloc(((size_t)count + 1) * sizeof *samples);
    if (!samples) return NULL;
    for (int i = 0; i < count; i++) samples[i] = i;
    pb_stream_shuffle(pb_stream_make(seed, purpose, 0), samples, count);
    return samples;
}
