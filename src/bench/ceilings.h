/* Kernels that do nothing but copy, or nothing but arithmetic, in the variant that suits the device. */
#ifndef PB_BENCH_CEILINGS_H
#define PB_BENCH_CEILINGS_H

#include "bench/bench.h"

struct pb_ceiling {
    pb_device *device;
    pb_buffer *buffer[2];
    pb_module *module;
    pb_launch *launch;
    double work; /* of one run: bytes, or operations */
    int times;   /* runs that are long beside a wait for the device, once they have been measured */
    char variant[96];
};

/** Prepares the fastest copy, 64 MB read and as much written, checked; clear it whatever comes of it. */
pb_status pb_ceiling_copy(const pb_bench *b, pb_ceiling *c);
/** Prepares the fastest multiply-adds, checked; clear them likewise. */
pb_status pb_ceiling_fma(const pb_bench *b, pb_ceiling *c);
typedef pb_status pb_ceiling_open(const pb_bench *b, pb_ceiling *c);
/** Prepares one of them and times its runs; `rate` is the most work a second that one of them did, as whatever else goes
 *  on lowers it. Clear it likewise. */
pb_status pb_ceiling_measure(const pb_bench *b, pb_ceiling_open *open, pb_ceiling *c, pb_timing *timing, double *rate);
/** A pb_timed; `what` is the pb_ceiling. */
pb_status pb_ceiling_run(void *what, int times);
void pb_ceiling_clear(pb_ceiling *c);

#endif
