/* Layers whose weights are thresholded coefficients, as `weights` of a run folder tells them
 * (train/weight_record.h). */
#ifndef PB_REPORT_WEIGHT_LAYERS_H
#define PB_REPORT_WEIGHT_LAYERS_H

#include "data/npy.h"
#include "report/record.h"

/** layers.json of a run, of its first fold where it has folds: an array with every key of the right
 * kind; NULL, and no error, where the run has none. PB_ERR_DATA names the file and the fault. New
 * reference. */
pb_status pb_weight_layers_load(pb_context *ctx, const pb_record *run, json_t **layers);

/** The arrays of a layer. */
typedef struct pb_weight_arrays {
    pb_npy coefficients; /* float32 [lines, count]                                     */
    pb_npy weights;      /* float32 [2, outputs, ...]: without thresholds, with them   */
} pb_weight_arrays;
/** PB_ERR_DATA where one is missing or does not belong to the layer. */
pb_status pb_weight_arrays_load(pb_context *ctx, const pb_record *run, const json_t *layer,
                                pb_weight_arrays *arrays);
void pb_weight_arrays_clear(pb_weight_arrays *arrays);

/** Share of all coefficients of these layers that are 0. */
double pb_weight_layers_zeros(const json_t *layers);
/** What the layers have, for legends and tables: their wavelets ("haar, mexh"), how often they are
 * transformed ("1", "2 to 5"; "deepest" where a run of an older version tells no more, "-" where none
 * is), their thresholds ("0.6 to 0.97"). */
void pb_weight_layers_wavelets(const json_t *layers, char *text, size_t size);
void pb_weight_layers_levels(const json_t *layers, char *text, size_t size);
void pb_weight_layers_thresholds(const json_t *layers, char *text, size_t size);
/** A text or a number of a layer, or of a part. */
const char *pb_weight_text(const json_t *layer, const char *key);
double pb_weight_number(const json_t *layer, const char *key);

#endif
