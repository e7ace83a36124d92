#include "base/median.h"

#include <math.h>
#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void pb_numbers_sort(double numbers[], size_t count)
{
    qsort(numbers, count, sizeof *numbers, by_size);
}

double pb_median(double numbers[], size_t count)
{
    pb_numbers_sort(numbers, count);
    return count ? (numbers[count / 2] + numbers[(count - 1) / 2]) / 2 : (double)NAN;
}
