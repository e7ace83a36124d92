/* The file of a compressed network; MODEL.md is the format. */
#ifndef PB_TRAIN_MODEL_FILE_H
#define PB_TRAIN_MODEL_FILE_H

#include <jansson.h>

#include <passband/fitted.h>

#include "train/code_grid.h"

/** What a file says before its codes. */
typedef struct pb_model_head {
    json_t *notes; /* config, seed, class_names, sample, accuracies */
    pb_fitted fitted;
    int count;    /* parameters               */
    float *steps; /* [count] of the quantiser */
} pb_model_head;

void pb_model_head_clear(pb_model_head *head);

/** Writes head and codes, as many grids as there are steps; `*bytes` is the size of the file. */
pb_status pb_model_save(pb_context *ctx, const char *path, const pb_model_head *head, const pb_code_grid grids[],
                        size_t *bytes);

/** A file in memory. */
typedef struct pb_model_data {
    char *data;
    size_t size;
    const unsigned char *codes; /* within data, behind the head */
    size_t code_size;
} pb_model_data;

/** Reads a file, its checksum and its head. PB_ERR_DATA names the file and the fault. */
pb_status pb_model_open(pb_context *ctx, const char *path, pb_model_data *file, pb_model_head *head);
void pb_model_close(pb_model_data *file);

#endif
