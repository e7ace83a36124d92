/* Numbers in order, and the one in their middle. */
#ifndef PB_BASE_MEDIAN_H
#define PB_BASE_MEDIAN_H

#include <stddef.h>

/** Sorts numbers, the least first; none of them is NaN. */
void pb_numbers_sort(double numbers[], size_t count);
/** Sorts numbers and returns their median, of an even count the mean of the two in the middle; NaN of none. */
double pb_median(double numbers[], size_t count);

#endif
