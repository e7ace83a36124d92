/* A study at work: what its files share. The public function is in passband/study.h. */
#ifndef PB_STUDY_STUDY_H
#define PB_STUDY_STUDY_H

#include <jansson.h>

#include <passband/dataset.h>
#include <passband/study.h>

#include "study/study_config.h"
#include "train/optuna_store.h"
#include "train/worker.h"

/** A method at a budget: one compressed file, and the training on it. */
typedef struct pb_point {
    const pb_method *method;
    int64_t budget;   /* bytes a sample at most; 0: the one size that the method has */
    const char *name; /* "zigzag-32", or "raw": of its file and its run              */
    double place[2];  /* coordinates of method and budget in the space of trials     */
} pb_point;

typedef struct pb_study {
    pb_context *ctx;
    pb_study_options options;
    pb_study_config *config;
    char *folder; /* absolute, as trainings name files in it */
    int lock;     /* descriptor of the folder, -1: none */
    pb_dataset *original;
    const int64_t *seeds; /* [seed_count] */
    int seed_count;
    pb_point *points; /* [point_count], of each method the smallest first */
    int point_count;
    pb_space space; /* of trials: method, budget, seed */
    pb_store *store;
    int64_t id; /* of the study in it */
    pb_worker worker;
    pb_arena *arena;
} pb_study;

/** A path in the folder, on the heap. */
pb_status pb_study_path(pb_study *s, const char *name, char **path);
bool pb_study_stopped(const pb_study *s);

/** Makes the points of all methods and the space of their trials. Without budgets, halves of what
 * the reference takes. */
pb_status pb_study_plan_points(pb_study *s);

/** Trains what methods learn from, in learned/<method>, unless that is done; methods know their
 * weights then. */
pb_status pb_study_learn(pb_study *s);

/** The file of a point, made unless it is there: the largest that its budget allows. `reason` is ""
 * or tells why there is none: no file is so small, or a smaller budget has the same. */
pb_status pb_study_make_file(pb_study *s, const pb_point *point, pb_text *reason);
/** What the value of the option that varies is in a point's file; 0 where none does. */
pb_status pb_study_value(pb_study *s, const pb_point *point, int64_t *value);
/** A smaller budget of the same method whose file has the same value; NULL: none. Two processes may
 * have trained on both at once. */
pb_status pb_study_find_same(pb_study *s, const pb_point *point, int64_t value,
                             const pb_point **same);
/** Appends why the point is left out then. */
void pb_study_tell_same(const pb_point *point, const pb_point *same, int64_t value, pb_text *reason);
/** Whether a file of so many bytes a sample leaves its budget open as the method's stages allow no
 * larger value. */
pb_status pb_study_is_exhausted(pb_study *s, const pb_point *point, int64_t value, double bytes,
                                bool *exhausted);
/** Path of a point's file, on the heap. */
pb_status pb_study_file(pb_study *s, const pb_point *point, char **path);
/** Size of a file over its samples, and its fingerprint unless that is NULL. */
pb_status pb_study_measure(pb_study *s, const char *path, double *bytes, char fingerprint[65]);

/** Trains on every point with every seed, until all are finished. */
pb_status pb_study_train(pb_study *s);

/** Writes study.json, study.csv, study.md and findings.md. */
pb_status pb_study_conclude(pb_study *s);
/** What became of every point: the content of study.json. */
pb_status pb_study_result(pb_study *s, json_t **result);

#endif
