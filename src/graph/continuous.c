/* Continuous wavelets: by name, and by the formulas that PyWavelets has. */
#include <passband/cwt.h>

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "graph/wavelets.h"

static const double pi = 3.14159265358979323846;

static void put(double value[2], double complex z)
{
    value[0] = creal(z);
    value[1] = cimag(z);
}

/* ---- derivatives of Gaussians ---- */

/* d^n / dz^n exp(-z^2) = (-1)^n H_n(z) exp(-z^2), H_(n + 1) = 2 z H_n - 2 n H_(n - 1) */
static double complex gaussian_derivative(int n, double complex z)
{
    double complex before = 0, h = 1;
    for (int k = 0; k < n; k++) {
        const double complex next = 2 * z * h - 2 * k * before;
        before = h;
        h = next;
    }
    return (n % 2 ? -h : h) * cexp(-z * z);
}

/* (2 k - 1)!!, the 2 k-th moment of the normal distribution. */
static double moment(int k)
{
    return k > 0 ? (2 * k - 1) * moment(k - 1) : 1;
}

/* C_n d^n / dx^n exp(-x^2) of norm 1: by Parseval 1 / C_n^2 = sqrt(pi / 2) E[Z^2n], Z normal. */
static void gaus(const pb_continuous *w, double x, double value[2])
{
    const int n = w->order;
    const double norm = sqrt(sqrt(pi / 2) * moment(n)), sign = n % 4 < 2 ? 1 : -1;
    put(value, sign / norm * creal(gaussian_derivative(n, x)));
}

/* C_n d^n / dx^n exp(-i x - x^2) of norm 1: 1 / C_n^2 = sqrt(pi / 2) E[(1 - Z)^2n]. The exponent is
 * -(x + i / 2)^2 - 1 / 4. */
static void cgau(const pb_continuous *w, double x, double value[2])
{
    const int n = w->order;
    double choose = 1, sum = 0; /* choose = (2 n over 2 k) */
    for (int k = 0; k <= n; k++) {
        sum += choose * moment(k);
        choose *= (double)((2 * n - 2 * k) * (2 * n - 2 * k - 1)) / ((2 * k + 1) * (2 * k + 2));
    }
    put(value, exp(-0.25) / sqrt(sqrt(pi / 2) * sum) * gaussian_derivative(n, x + 0.5 * I));
}

/* 2 / (sqrt(3) pi^(1/4)) (1 - x^2) exp(-x^2 / 2) */
static void mexh(const pb_continuous *w, double x, double value[2])
{
    (void)w;
    put(value, 2 / (sqrt(3) * pow(pi, 0.25)) * (1 - x * x) * exp(-x * x / 2));
}

/* exp(-x^2 / 2) cos(5 x) */
static void morl(const pb_continuous *w, double x, double value[2])
{
    (void)w;
    put(value, exp(-x * x / 2) * cos(5 * x));
}

/* ---- complex waves in a window ---- */

static double complex wave(const pb_continuous *w, double x)
{
    return cexp(2 * pi * w->center * x * I);
}

/* sqrt(B) sinc(B x / M)^M exp(2 pi i C x); M = 1 is Shannon's */
static void fbsp(const pb_continuous *w, double x, double value[2])
{
    const double turn = pi * w->bandwidth * x / w->order;
    const double sinc = fabs(turn) > 0 ? sin(turn) / turn : 1;
    put(value, sqrt(w->bandwidth) * pow(sinc, w->order) * wave(w, x));
}

/* (pi B)^(-1/2) exp(-x^2 / B) exp(2 pi i C x) */
static void cmor(const pb_continuous *w, double x, double value[2])
{
    put(value, exp(-x * x / w->bandwidth) / sqrt(pi * w->bandwidth) * wave(w, x));
}

/* ---- names ---- */

/* A row: the wavelet under its bare name, how many numbers its name may have, and how it is then
 * written. */
typedef struct row {
    pb_continuous w;
    int numbers;
    const char *form;
} row;

// clang-format off
#define GAUSSIAN(n, symmetry) \
    {{"gaus" #n, "Gaussian", symmetry, -5, 5, false, n, 0, 0, gaus}, 0, NULL}
#define COMPLEX_GAUSSIAN(n, symmetry) \
    {{"cgau" #n, "Complex Gaussian wavelets", symmetry, -5, 5, true, n, 0, 0, cgau}, 0, NULL}
static const row rows[] = {
    COMPLEX_GAUSSIAN(1, "anti-symmetric"), COMPLEX_GAUSSIAN(2, "symmetric"),
    COMPLEX_GAUSSIAN(3, "anti-symmetric"), COMPLEX_GAUSSIAN(4, "symmetric"),
    COMPLEX_GAUSSIAN(5, "anti-symmetric"), COMPLEX_GAUSSIAN(6, "symmetric"),
    COMPLEX_GAUSSIAN(7, "anti-symmetric"), COMPLEX_GAUSSIAN(8, "symmetric"),
    {{"cmor", "Complex Morlet wavelets", "asymmetric", -8, 8, true, 1, 1, 0.5, cmor}, 2, "cmorB-C"},
    {{"fbsp", "Frequency B-Spline wavelets", "asymmetric", -20, 20, true, 2, 1, 0.5, fbsp}, 3, "fbspM-B-C"},
    GAUSSIAN(1, "anti-symmetric"), GAUSSIAN(2, "symmetric"), GAUSSIAN(3, "anti-symmetric"),
    GAUSSIAN(4, "symmetric"), GAUSSIAN(5, "anti-symmetric"), GAUSSIAN(6, "symmetric"),
    GAUSSIAN(7, "anti-symmetric"), GAUSSIAN(8, "symmetric"),
    {{"mexh", "Mexican hat wavelet", "symmetric", -8, 8, false, 0, 0, 0, mexh}, 0, NULL},
    {{"morl", "Morlet wavelet", "symmetric", -8, 8, false, 0, 0, 0, morl}, 0, NULL},
    {{"shan", "Shannon wavelets", "asymmetric", -20, 20, true, 1, 0.5, 1, fbsp}, 2, "shanB-C"},
};
// clang-format on
enum { ROWS = sizeof rows / sizeof *rows, SPLINE_MAX = 100 };

const pb_continuous *pb_continuous_at(int i)
{
    return i < ROWS ? &rows[i].w : NULL;
}

/* "1.5-1.0" as so many positive numbers; false when it is something else. */
static bool read_numbers(const char *text, int count, double numbers[])
{
    char word[32];
    for (int i = 0; i < count; i++) {
        const size_t length = strcspn(text, "-");
        if (length == 0 || length >= sizeof word) return false;
        memcpy(word, text, length);
        word[length] = '\0';
        if (pb_number_float(word, &numbers[i]) != PB_NUMBER_OK) return false;
        if (!(numbers[i] > 0 && numbers[i] < 1e6)) return false;
        text += length;
        if (i + 1 < count && *text++ != '-') return false;
    }
    return *text == '\0';
}

/* The name of a wavelet with its numbers; false when it is not of that row. */
static bool read_name(const row *r, const char *name, pb_continuous *w)
{
    double numbers[3];
    const size_t length = strlen(r->w.name);
    if (strncmp(name, r->w.name, length) != 0 || strlen(name) >= sizeof w->name) return false;
    *w = r->w;
    if (name[length] == '\0') return true;
    if (r->numbers == 0 || !read_numbers(name + length, r->numbers, numbers)) return false;
    if (r->numbers == 3) {
        if (numbers[0] > SPLINE_MAX || numbers[0] < floor(numbers[0]) ||
            numbers[0] > floor(numbers[0]))
            return false;
        w->order = (int)numbers[0];
    }
    w->bandwidth = numbers[r->numbers - 2];
    w->center = numbers[r->numbers - 1];
    snprintf(w->name, sizeof w->name, "%s", name);
    return true;
}

bool pb_continuous_find(const char *name, pb_continuous *w)
{
    for (int i = 0; i < ROWS; i++)
        if (read_name(&rows[i], name, w)) return true;
    return false;
}

/* How names of that family are written, or NULL. */
const char *pb_continuous_form(const char *name)
{
    for (int i = 0; i < ROWS; i++)
        if (rows[i].form && strncmp(name, rows[i].w.name, strlen(rows[i].w.name)) == 0)
            return rows[i].form;
    return NULL;
}

pb_status pb_continuous_get(pb_context *ctx, const char *name, pb_continuous *w)
{
    if (pb_continuous_find(name, w)) return PB_OK;
    return pb_wavelet_unknown(ctx, name, PB_WAVELET_CONTINUOUS);
}
