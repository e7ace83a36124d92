#include "stage/frequencies.h"

#include <math.h>
#include <stdlib.h>

#include "stage/bands.h"

/* ---- orders ---- */

typedef struct ranked {
    double first, second; /* what counts most, and then */
    int index;
} ranked;

static int compare(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->first < y->first || x->first > y->first) return x->first < y->first ? -1 : 1;
    if (x->second < y->second || x->second > y->second) return x->second < y->second ? -1 : 1;
    return x->index - y->index;
}

bool pb_frequencies_order(pb_selection selection, int height, int width, int count, int order[])
{
    ranked *all = malloc((size_t)height * (size_t)width * sizeof *all);
    if (!all) return false;
    for (int i = 0; i < height; i++)
        for (int j = 0; j < width; j++) {
            const bool upwards = (i + j) % 2 == 0; /* along this diagonal */
            const bool zigzag = selection == PB_SELECT_ZIGZAG;
            all[i * width + j] = (ranked){
                .first = zigzag ? i + j : (double)i * i + (double)j * j,
                .second = !zigzag   ? 0
                          : upwards ? -i
                                    : i,
                .index = i * width + j,
            };
        }
    qsort(all, (size_t)height * (size_t)width, sizeof *all, compare);
    for (int k = 0; k < count; k++) order[k] = all[k].index;
    free(all);
    return true;
}

bool pb_frequencies_by_energy(const double *energy, int number, int count, double order[])
{
    ranked *all = malloc((size_t)number * sizeof *all);
    if (!all) return false;
    for (int k = 0; k < number; k++) all[k] = (ranked){.first = -energy[k], .index = k};
    qsort(all, (size_t)number, sizeof *all, compare);
    for (int k = 0; k < count; k++) order[k] = all[k].index;
    free(all);
    return true;
}

/* all [number]: .index of a coefficient, .first the place of its band, .second its energy, negated.
 * Afterwards .first counts the coefficients of its band before it, and .second is its band's place.
 */
static void take_turns(ranked *all, int number)
{
    qsort(all, (size_t)number, sizeof *all, compare);
    for (int k = 0, begin = 0; k < number; k++) {
        const double band = all[k].first;
        if (k == 0 || band > all[begin].second) begin = k;
        all[k].first = k - begin;
        all[k].second = band;
    }
}

/* How many bands come before that one. */
static int place_of(int band, int bands, const double *weights)
{
    int place = 0;
    for (int k = 0; weights && k < bands; k++)
        place += weights[k] > weights[band] || (k < band && !(weights[k] < weights[band]));
    return weights ? place : band;
}

bool pb_frequencies_by_band(const double *energy, int height, int width, int bands,
                            const double *weights, int count, double order[])
{
    const int number = height * width;
    ranked *all = malloc((size_t)number * sizeof *all);
    if (!all) return false;
    for (int k = 0; k < number; k++) {
        const int band = pb_band_of(k / width, k % width, height, width, bands);
        all[k] = (ranked){place_of(band, bands, weights), -energy[k], k};
    }
    if (!weights) take_turns(all, number);
    qsort(all, (size_t)number, sizeof *all, compare);
    for (int k = 0; k < count; k++) order[k] = all[k].index;
    free(all);
    return true;
}

/* ---- bases ---- */

/* Element t of vector k of the orthonormal DCT-II of so many points. */
static double cosine(int k, int t, int points)
{
    const double pi = 3.14159265358979323846;
    return sqrt((k == 0 ? 1.0 : 2.0) / points) * cos(pi * k * (2 * t + 1) / (2.0 * points));
}

void pb_dct_blocks(double *matrix, int length, int block, int kept)
{
    for (int q = 0; q * block < length; q++)
        for (int k = 0; k < kept; k++) {
            double *row = matrix + (size_t)(q * kept + k) * (size_t)length;
            for (int t = 0; t < block; t++) {
                const int at = q * block + t < length ? q * block + t : length - 1;
                row[at] += cosine(k, t, block);
            }
        }
}

void pb_idct_blocks(double *matrix, int length, int block, int kept)
{
    const int columns = (length + block - 1) / block * kept;
    for (int i = 0; i < length; i++)
        for (int k = 0; k < kept; k++)
            matrix[(size_t)i * (size_t)columns + (size_t)(i / block * kept + k)] =
                cosine(k, i % block, block);
}
