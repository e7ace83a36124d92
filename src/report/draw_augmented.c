/* Training samples, each beside what augmentation makes of it in the first epochs, all on one
 * scale. */
#include <math.h>
#include <stdio.h>

#include "report/grid.h"
#include "report/pictures.h"

enum { MOST_EXTENT = 512 }; /* of a sample that is drawn */

static void find_scale(const pb_array *a, size_t count, pb_grid *grid)
{
    grid->low = INFINITY;
    grid->high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(a->data[i])) continue;
        grid->low = fmin(grid->low, a->data[i]);
        grid->high = fmax(grid->high, a->data[i]);
    }
}

static void head(pb_grid *grid)
{
    snprintf(grid->headings[0], sizeof grid->headings[0], "sample");
    for (int c = 1; c < grid->columns; c++)
        snprintf(grid->headings[c], sizeof grid->headings[c], "epoch %d", c);
}

pb_status pb_draw_augmented(pb_context *ctx, const pb_record *run, const char *folder)
{
    const pb_array *a = &run->augmented;
    if (!a->data) return PB_OK;
    const size_t width = a->dim[a->axes - 1], height = a->axes > 2 ? a->dim[a->axes - 2] : 1;
    const size_t planes = a->axes > 3 ? a->dim[1] : 1, each = planes * height * width;
    if (height > MOST_EXTENT || width > MOST_EXTENT) return PB_OK; /* not for a sheet */
    const int count = (int)a->dim[0];
    pb_grid grid;
    pb_status status =
        pb_grid_create(ctx, count / PB_AUGMENTED_ABREAST, PB_AUGMENTED_ABREAST, &grid);
    if (status == PB_OK) find_scale(a, (size_t)count * each, &grid);
    if (status == PB_OK) head(&grid);
    for (int i = 0; status == PB_OK && i < count; i++)
        status = pb_grid_put(ctx, &grid, i / PB_AUGMENTED_ABREAST, i % PB_AUGMENTED_ABREAST, planes,
                             height, width, a->data + (size_t)i * each, PB_GRID_PLAIN);
    if (status == PB_OK) status = pb_grid_draw(ctx, &grid, folder, "augmented");
    pb_grid_clear(&grid);
    return status;
}
