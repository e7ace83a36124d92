/* Originals beside what comes back of them through the transforms and the mask, where there is one.
 * Each is scaled to its own range: a mask of softmax weights leaves an eighth of the contrast. */
#include "report/pictures.h"
#include "report/sheet.h"

pb_status pb_draw_reconstructions(pb_context *ctx, const pb_record *run, const char *folder)
{
    const pb_array *a = &run->reconstructions;
    if (!a->data) return PB_OK;
    const size_t pairs = a->dim[1], height = a->dim[2], width = a->dim[3];
    if (height > PB_SHEET_MAX || width > PB_SHEET_MAX) return PB_OK; /* not for a sheet */
    const pb_sheet_side original = {"original", a->data, height, width};
    const pb_sheet_side back = {run->mask.data ? "masked" : "restored",
                                a->data + pairs * height * width, height, width};
    return pb_sheet_draw(ctx, pairs, original, back, folder, "reconstructions");
}
