/* Dimensions as the fixtures of fixtures/make_sweep.py name them, and trials made by hand. */
#ifndef TESTS_TRAIN_SWEEP_FIXTURE_H
#define TESTS_TRAIN_SWEEP_FIXTURE_H

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/trial.h"

static inline FILE *open_fixture(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/train/fixtures/%s", TESTS_FOLDER, name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s is missing", path);
    return file;
}

static inline void read_numbers(FILE *file, int count, double numbers[])
{
    for (int i = 0; i < count; i++) ck_assert_int_eq(fscanf(file, "%lf", &numbers[i]), 1);
}

/* The rest of a line such as "log 0.0001 0.1", "linear 0 1 0.25", "categorical 4". */
static inline pb_dimension read_dimension(FILE *file)
{
    static const char *const choices[] = {"a", "b", "c", "d"};
    char kind[16], line[128];
    pb_dimension d = {.key = "x"};
    ck_assert_int_eq(fscanf(file, "%15s", kind), 1);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    if (strcmp(kind, "categorical") == 0) {
        d.kind = PB_DIMENSION_CATEGORICAL;
        d.choices = (const char **)choices;
        ck_assert_int_eq(sscanf(line, "%d", &d.choice_count), 1);
        return d;
    }
    d.kind = strncmp(kind, "int", 3) == 0 ? PB_DIMENSION_INT : PB_DIMENSION_FLOAT;
    d.log = strstr(kind, "log") != NULL;
    d.step = d.kind == PB_DIMENSION_INT ? 1 : 0;
    ck_assert_int_ge(sscanf(line, "%lf %lf %lf", &d.low, &d.high, &d.step), 2);
    return d;
}

/* ---- trials by hand ---- */

enum { HAND_TRIALS = 256, HAND_DIMENSIONS = 4, HAND_EPOCHS = 16 };

typedef struct hand {
    pb_trials trials;
    pb_trial trial[HAND_TRIALS];
    double points[HAND_TRIALS][HAND_DIMENSIONS];
    pb_trial_report reports[HAND_TRIALS][HAND_EPOCHS];
    double rungs[HAND_TRIALS][HAND_EPOCHS];
} hand;

/* The next trial, zero but for what points at its rows. */
static inline pb_trial *hand_add(hand *h, pb_trial_state state, double value)
{
    const int i = h->trials.count++;
    ck_assert_int_lt(i, HAND_TRIALS);
    h->trials.trial = h->trial;
    h->trial[i] = (pb_trial){.id = i + 1,
                             .number = i,
                             .state = state,
                             .value = value,
                             .point = h->points[i],
                             .reports = h->reports[i],
                             .rungs = h->rungs[i],
                             .grid = -1,
                             .seconds = NAN};
    return &h->trial[i];
}

#endif
