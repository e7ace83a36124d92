/* Shapes and data types. */
#include "base/shape.h"

#include <assert.h>
#include <stdio.h>

size_t pb_dtype_bytes(pb_dtype dtype)
{
    return dtype == PB_U8 ? 1 : 4;
}

const char *pb_dtype_name(pb_dtype dtype)
{
    static const char *const names[] = {[PB_F32] = "f32", [PB_I32] = "i32", [PB_U8] = "u8"};
    return names[dtype];
}

size_t pb_shape_count(pb_shape shape)
{
    size_t count = 1;
    for (int i = 0; i < shape.axes; i++) count *= (size_t)shape.dim[i];
    return count;
}

bool pb_shape_equal(pb_shape a, pb_shape b)
{
    if (a.axes != b.axes) return false;
    for (int i = 0; i < a.axes; i++)
        if (a.dim[i] != b.dim[i]) return false;
    return true;
}

pb_shape pb_shape_batch(int count, pb_shape sample)
{
    assert(sample.axes < PB_MAX_AXES);
    pb_shape batch = {.axes = sample.axes + 1, .dim = {count}};
    for (int a = 0; a < sample.axes; a++) batch.dim[a + 1] = sample.dim[a];
    return batch;
}

pb_shape pb_shape_sample(pb_shape batch)
{
    pb_shape sample = {.axes = batch.axes > 0 ? batch.axes - 1 : 0};
    for (int a = 0; a < sample.axes; a++) sample.dim[a] = batch.dim[a + 1];
    return sample;
}

void pb_shape_strides(pb_shape shape, int strides[PB_MAX_AXES])
{
    int stride = 1;
    for (int i = PB_MAX_AXES - 1; i >= 0; i--) {
        strides[i] = i < shape.axes ? stride : 0;
        if (i < shape.axes) stride *= shape.dim[i];
    }
}

const char *pb_shape_text(pb_shape shape, char text[PB_SHAPE_TEXT])
{
    size_t used = (size_t)snprintf(text, PB_SHAPE_TEXT, "[");
    for (int i = 0; i < shape.axes && i < PB_MAX_AXES; i++)
        used += (size_t)snprintf(text + used, PB_SHAPE_TEXT - used, "%s%d", i ? ", " : "",
                                 shape.dim[i]);
    snprintf(text + used, PB_SHAPE_TEXT - used, "]");
    return text;
}
