/* The clock that everything is timed by. */
#ifndef PB_BASE_CLOCK_H
#define PB_BASE_CLOCK_H

/** Seconds on a clock that only goes forward (CLOCK_MONOTONIC). */
double pb_seconds(void);

#endif
