/* CLBlast's own parameters as choices. */
#ifndef PB_PLAN_CLBLAST_H
#define PB_PLAN_CLBLAST_H

#include "plan/candidate.h"

/** The solver whose products they are for. */
#define PB_CLBLAST "clblast"

/** Key of the choice for one of CLBlast's kernels, 0 to PB_GEMM_KERNELS - 1. */
const char *pb_clblast_key(int kernel);
/** Sets the parameters that the build's choices have, and notes them in the build. */
void pb_clblast_apply(pb_build *b);
/** Searches parameters with which CLBlast takes the least time for all these products, and adds
 * them to the choices. */
pb_status pb_clblast_search(const pb_build *b, const pb_tuning *tuning, int count,
                            const pb_problem problems[], pb_choices *choices);

#endif
