/* What networks of images look at: the mean map of each class beside its spectrum, and a few
 * samples beside theirs. */
#include "report/maps.h"
#include "report/pictures.h"
#include "report/sheet.h"

typedef struct side {
    const char *heading;
    const pb_array *array;
    pb_maps_look look;
} side;

/* Images of as many classes or samples side by side. An array of rows is no picture for a sheet;
 * draw_saliency.c has it. */
static pb_status draw_pairs(pb_context *ctx, const side sides[2], const char *folder,
                            const char *name)
{
    pb_maps maps[2] = {0};
    pb_sheet_side drawn[2] = {0};
    pb_status status = PB_OK;
    bool fits = true;
    for (int i = 0; !status && i < 2; i++) {
        if (pb_maps_are_rows(sides[i].array)) continue;
        status = pb_maps_make(ctx, sides[i].array, sides[i].look, &maps[i]);
        drawn[i] = (pb_sheet_side){sides[i].heading, maps[i].pixels, maps[i].height, maps[i].width};
        fits = fits && maps[i].height <= PB_SHEET_MAX && maps[i].width <= PB_SHEET_MAX;
    }
    if (!status && fits)
        status = pb_sheet_draw(ctx, maps[0].count, drawn[0], drawn[1], folder, name);
    for (int i = 0; i < 2; i++) pb_maps_clear(&maps[i]);
    return status;
}

pb_status pb_draw_saliency_images(pb_context *ctx, const pb_record *run, const char *folder)
{
    const side classes[] = {{"saliency", &run->saliency, PB_MAPS_PLAIN},
                            {"spectrum", &run->saliency_spectra, PB_MAPS_CENTRED}};
    const side samples[] = {{"input", &run->saliency_inputs, PB_MAPS_PLAIN},
                            {"saliency", &run->saliency_samples, PB_MAPS_ABSOLUTE}};
    if (run->saliency.data && !pb_maps_are_rows(&run->saliency))
        PB_TRY(draw_pairs(ctx, classes, folder, "saliency_maps"));
    if (!run->saliency_inputs.data || pb_maps_are_rows(&run->saliency_inputs)) return PB_OK;
    return draw_pairs(ctx, samples, folder, "salient_images");
}
