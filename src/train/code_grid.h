/* Whole numbers of quantised parameters as few bytes: which are not 0, how large they are, their signs. */
#ifndef PB_TRAIN_CODE_GRID_H
#define PB_TRAIN_CODE_GRID_H

#include <passband/status.h>
#include <passband/weights.h>

/** The codes of one parameter. */
typedef struct pb_code_grid {
    int lines, count;
    int part_count;
    pb_weight_part part[PB_WEIGHT_PARTS]; /* of each line */
    int32_t *codes;                       /* [lines, count], magnitudes at most PB_CODE_MOST */
} pb_code_grid;

#define PB_CODE_MOST 65535

/** One part that is all of each line. */
void pb_code_grid_plain(pb_code_grid *grid, int lines, int count);

/** Packs the codes of all grids into `*bytes` (free()). */
pb_status pb_codes_pack(pb_context *ctx, int count, const pb_code_grid grids[], unsigned char **bytes, size_t *size);
/** Fills the codes of grids of the same sizes. PB_ERR_DATA when the bytes are none that packing leaves, or others follow
 *  them; a change that leaves them readable is the checksum's to find. */
pb_status pb_codes_unpack(pb_context *ctx, const unsigned char *bytes, size_t size, int count, pb_code_grid grids[]);

#endif
