#include "report/maps.h"

#include <math.h>
#include <stdlib.h>

/* Extents behind the first axis, without those of 1: how many channels, rows and columns. */
static void extents_of(const pb_array *array, size_t extents[3])
{
    extents[0] = extents[1] = extents[2] = 1;
    for (int a = 1; a < array->axes; a++) {
        if (array->dim[a] == 1) continue;
        extents[0] *= extents[1];
        extents[1] = extents[2];
        extents[2] = array->dim[a];
    }
}

bool pb_maps_are_rows(const pb_array *array)
{
    size_t extents[3];
    extents_of(array, extents);
    return extents[0] * extents[1] == 1;
}

pb_status pb_maps_make(pb_context *ctx, const pb_array *array, pb_maps_look look, pb_maps *maps)
{
    size_t extents[3];
    extents_of(array, extents);
    const size_t channels = extents[0], height = extents[1], width = extents[2];
    *maps = (pb_maps){.count = array->dim[0], .height = height, .width = width};
    maps->pixels = calloc(maps->count * height * width, sizeof *maps->pixels);
    if (!maps->pixels) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory drawing saliency");
    const double *from = array->data;
    for (size_t i = 0; i < maps->count; i++)
        for (size_t c = 0; c < channels; c++)
            for (size_t row = 0; row < height; row++) {
                const size_t to = look == PB_MAPS_CENTRED ? (row + height / 2) % height : row;
                double *pixels = maps->pixels + (i * height + to) * width;
                for (size_t k = 0; k < width; k++, from++)
                    pixels[k] +=
                        (look == PB_MAPS_ABSOLUTE ? fabs(*from) : *from) / (double)channels;
            }
    return PB_OK;
}

void pb_maps_clear(pb_maps *maps)
{
    free(maps->pixels);
    *maps = (pb_maps){0};
}
