#include "bench/made_up.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "data/npy.h"

enum { SIDE = 28, CLASSES = 10, TRAIN = 60000, TEST = 10000 };

static const char *const files[] = {"x.npy", "y.npy", "x_test.npy", "y_test.npy"};

/* A grating whose pitch and direction are the class's, at a random place and under noise. */
static void draw(uint8_t pixels[SIDE * SIDE], int label, uint32_t *state)
{
    const int pitch = 4 + 2 * (label / 2), shift = (int)(*state >> 8) % 3;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            *state = *state * 1664525u + 1013904223u;
            const int along = (label % 2 ? i : j) + shift;
            const int light = along % pitch < pitch / 2 ? 150 : 40;
            pixels[i * SIDE + j] = (uint8_t)(light + (int)(*state >> 26));
        }
}

static pb_status save(pb_context *ctx, const char *folder, const char *name, pb_npy_dtype type,
                      int axes, const size_t dim[], const void *data)
{
    char *path = pb_path_join(folder, name);
    const pb_status status = path ? pb_npy_save(ctx, path, type, axes, dim, data)
                                  : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    free(path);
    return status;
}

static pb_status write_part(pb_context *ctx, const char *folder, const char *const names[2],
                            size_t count, uint32_t seed)
{
    const size_t dim[] = {count, SIDE, SIDE};
    uint8_t *x = malloc(count * SIDE * SIDE);
    int32_t *y = malloc(count * sizeof *y);
    pb_status status = x && y ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory for images");
    for (size_t i = 0; status == PB_OK && i < count; i++) {
        y[i] = (int32_t)(i % CLASSES);
        draw(x + i * SIDE * SIDE, y[i], &seed);
    }
    if (status == PB_OK) status = save(ctx, folder, names[0], PB_NPY_U8, 3, dim, x);
    if (status == PB_OK) status = save(ctx, folder, names[1], PB_NPY_I32, 1, dim, y);
    free(x);
    free(y);
    return status;
}

static pb_status make_folder(pb_context *ctx, pb_made_up *data)
{
    const char *place = getenv("TMPDIR");
    pb_text path = {0}, override = {0};
    pb_text_append(&path, "%s/passband-XXXXXX", place && *place ? place : "/tmp");
    if (path.failed || !mkdtemp(path.text)) {
        pb_text_free(&path);
        return pb_fail(ctx, PB_ERR_IO, "no folder for temporary files can be made in %s",
                       place && *place ? place : "/tmp");
    }
    data->folder = path.text;
    pb_text_append(&override, "data.path=%s", data->folder);
    if (override.failed) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    data->override = override.text;
    return PB_OK;
}

pb_status pb_made_up_create(pb_context *ctx, pb_made_up *data)
{
    *data = (pb_made_up){0};
    PB_TRY(make_folder(ctx, data));
    PB_TRY(write_part(ctx, data->folder, files, TRAIN, 1));
    return write_part(ctx, data->folder, files + 2, TEST, 2);
}

void pb_made_up_remove(pb_made_up *data)
{
    for (size_t i = 0; data->folder && i < sizeof files / sizeof *files; i++) {
        char *path = pb_path_join(data->folder, files[i]);
        if (path) unlink(path);
        free(path);
    }
    if (data->folder) rmdir(data->folder);
    free(data->folder);
    free(data->override);
    *data = (pb_made_up){0};
}
