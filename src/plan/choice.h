/* Which solver computes a product or convolution, and with which parameters.
 *
 * What is to be computed is named by a key, "product 1x128x256x256 Bt" (batch, m, n, k); what was
 * chosen for it by words, "product_tile rows=8 vectors=2". Choices come from a run's plan.json
 * or from the user's wisdom; where there is none, and for every parameter that the
 * words leave out, the solvers have rules. So a plan follows from graph, device and choices alone.
 */
#ifndef PB_PLAN_CHOICE_H
#define PB_PLAN_CHOICE_H

#include <passband/wisdom.h>

#include "plan/build.h"

#define PB_KEY_BYTES      96
#define PB_MAX_PARAMETERS 8

/** A parameter that a solver may be given, and the values that a search tries. */
typedef struct pb_parameter {
    const char *name;
    int values[10]; /* ascending, ended by 0 */
} pb_parameter;

/** One way to compute products or convolutions. */
typedef struct pb_solver {
    const char *name;
    /* whether it computes the value at all on this device */
    bool (*can)(const pb_build *b, const pb_record *r);
    /* whether it should, where nothing was chosen: of those that say so the first is taken */
    bool (*suits)(const pb_build *b, const pb_record *r);
    pb_status (*write)(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r);
    pb_parameter parameters[PB_MAX_PARAMETERS]; /* ended by one without a name */
} pb_solver;

/** The solvers of an op, in order of preference. */
const pb_solver *pb_solvers(pb_op op, int *count);

/** Names what a product or convolution of the lowered graph computes. */
void pb_choice_key(const pb_build *b, pb_value v, char key[PB_KEY_BYTES]);
/** The solver of a value, and the words that chose it: NULL where the rules did. NULL when no
 * solver can. */
const pb_solver *pb_choice_solver(const pb_build *b, pb_value v, const char **words);
/** Begins to note what a unit is computed with: `words` are what it shall be. */
void pb_choice_begin(pb_unit *u, const pb_solver *solver, const char *words);
/** A parameter of the unit's solver: as chosen where that lies in [1, most], else `rule`. It is
 * noted in the unit's choice. */
int pb_choice_pick(pb_build *b, pb_unit *u, const char *name, int rule, int most);
/** Reads " name=number" among words. */
bool pb_choice_number(const char *words, const char *name, long *number);

/** The register tiles that CPU kernels have by rule: their largest extents. */
typedef struct pb_tiles {
    int rows, vectors;         /* product_tile: rows of C, vectors of 16 columns               */
    int most_rows;             /* product_tile: of a C that is one tile of rows                */
    int depth;                 /* product_tile: rows of B in a panel, which the first cache holds */
    int copy_rows;             /* rows of A copied at a time, which the second holds           */
    double copied_from;        /* elements of A from which on it is copied as it lies           */
    int dot_rows, dot_columns; /* product_dot                                                  */
    int conv_outputs;          /* conv_tile: channels                                          */
    int conv_vectors;          /* and vectors of positions of all of them together, at least   */
    int conv_sums;             /* and at most                                                  */
    int taps, tap_outputs;     /* conv_dw: taps; taps times channels                           */
} pb_tiles;
const pb_tiles *pb_tiles_of(const pb_device_info *info);

#endif
