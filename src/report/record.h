/* A run as its folder tells it: read once, then drawn by every picture. */
#ifndef PB_REPORT_RECORD_H
#define PB_REPORT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <passband/status.h>

#define PB_ARRAY_AXES 4
#define PB_AUGMENTED_ABREAST 8 /* a sample and its versions in augmented.npy */

/** An .npy file as numbers; data is NULL when the folder has none. */
typedef struct pb_array {
    int axes;
    size_t dim[PB_ARRAY_AXES];
    double *data;
} pb_array;

/** A line of metrics.jsonl; what was not measured is NaN. */
typedef struct pb_epoch {
    int seed_index, epoch;
    int64_t step;
    double train_loss, train_accuracy, val_loss, val_accuracy, seconds;
    const json_t *json; /* the whole line, owned by the record */
} pb_epoch;

/** Mean and standard deviation over seeds as summary.json gives them; mean is NaN when it does not.
 */
typedef struct pb_score {
    double mean, std;
    size_t count;           /* of numbers that these are of: seeds, or folds times seeds */
    const json_t *per_seed; /* array, or NULL */
} pb_score;

typedef struct pb_record {
    char *folder;
    char *name;       /* of the run; pb_records_load makes names distinct      */
    char *config;     /* config.yaml, NULL when there is none                  */
    json_t *summary;  /* never NULL; empty for a run that has not finished     */
    json_t *env;      /* NULL when there is none                               */
    json_t *metrics;  /* array of the lines of metrics.jsonl                   */
    pb_epoch *epochs; /* [epoch_count], in the order of the file               */
    int epoch_count;
    int64_t *seeds; /* [seed_count], in the order they were trained          */
    int *folds;     /* [seed_count], of a cross-validation, where a seed counts once for each fold: from 1;
                       else 0                                                 */
    int seed_count;
    int64_t log_every;                   /* iterations between the points of train_loss           */
    pb_array train_loss;                 /* [seeds, points]        */
    pb_array band_weights;               /* [seeds, points, bands] */
    pb_array class_accuracies;           /* [seeds, classes]       */
    pb_array mask;                       /* [seeds, K, K]          */
    pb_array reconstructions;            /* [2, n, H, W]           */
    pb_array augmented;                  /* [8 n, ...]             */
    pb_array scalograms;                 /* [n, scales, points]; with "scalogram" of the summary  */
    pb_array saliency, saliency_spectra; /* [classes, ...]; both or none, as the next two */
    pb_array saliency_inputs, saliency_samples; /* [n, ...]                                      */
} pb_record;

/** Reads a run folder. PB_ERR_USAGE: it is not one; PB_ERR_DATA: a file in it is damaged. */
pb_status pb_record_load(pb_context *ctx, const char *folder, pb_record *record);
void pb_record_clear(pb_record *record);

/** Reads several; names that occur twice become the names of the folders. `*records` has `count`
 * rows. */
pb_status pb_records_load(pb_context *ctx, int count, const char *const folders[],
                          pb_record **records);
void pb_records_free(pb_record **records, int count);

/** "test_accuracy" or "val_accuracy" of the summary. */
pb_score pb_record_score(const pb_record *record, const char *key);
/** A number of the summary, NaN when it is absent. */
double pb_record_number(const pb_record *record, const char *key);
/** A text of the summary, "" when it is absent. */
const char *pb_record_text(const pb_record *record, const char *key);
/** What figures of a run are means over: "seeds", "folds", or "folds and seeds". */
const char *pb_record_repeats(const pb_record *record);
/** The same of several runs: "trainings" where they differ. */
const char *pb_records_repeats(int count, const pb_record records[]);
/** How many folds a cross-validation has, all repeats together; 0: the run is none. */
int pb_record_folds(const pb_record *record);
/** Name of the data set, or that the run has not finished. */
const char *pb_record_data_set(const pb_record *record);
/** Name of a class; writes its number into `buffer` when the summary names none. */
const char *pb_record_class(const pb_record *record, size_t index, char buffer[16]);
/** Whether the band weights were learned: they differ between two points of a seed. */
bool pb_record_learns_bands(const pb_record *record);

#endif
