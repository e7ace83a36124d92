/* Frames of continuous wavelets on lines of points.
 *
 * Source: Daubechies, Ten Lectures on Wavelets, SIAM (1992), chapter 3. */
#include <passband/frame.h>

#include <math.h>
#include <string.h>

#include "graph/filter_bank.h"

static const double pi = 3.14159265358979323846;

/* ---- how wide the wavelet is in frequency ---- */

enum { POINTS = 1024, VOICES_MAX = 16 };

static double step_of(const pb_continuous *w)
{
    return (w->upper - w->lower) / (POINTS - 1);
}

/* The root of the mean square of its frequencies: |psi'| / (2 pi |psi|). */
static double mean_frequency(const pb_continuous *w)
{
    double before[2], slopes = 0, squares = 0;
    for (int i = 0; i < POINTS; i++) {
        double value[2];
        w->psi(w, w->lower + i * step_of(w), value);
        for (int part = 0; part < 2; part++) {
            squares += value[part] * value[part];
            if (i > 0) slopes += (value[part] - before[part]) * (value[part] - before[part]);
            before[part] = value[part];
        }
    }
    return sqrt(slopes / squares) / (2 * pi * step_of(w));
}

/* The square of its Fourier transform. */
static double power(const pb_continuous *w, double frequency)
{
    double re = 0, im = 0;
    for (int i = 0; i < POINTS; i++) {
        const double x = w->lower + i * step_of(w), angle = 2 * pi * frequency * x;
        double value[2];
        w->psi(w, x, value);
        re += value[0] * cos(angle) + value[1] * sin(angle);
        im += value[1] * cos(angle) - value[0] * sin(angle);
    }
    return re * re + im * im;
}

/* Scales an octave, so many that two neighbours together see what lies between them with a tenth of
 * the largest power at least. */
static int voices_of(const pb_continuous *w, double frequency)
{
    double most = 0;
    for (int i = 0; i <= 48; i++) most = fmax(most, power(w, frequency * pow(2, (i - 24) / 24.0)));
    int voices = 1;
    while (voices < VOICES_MAX) {
        const double half = pow(2, 0.5 / voices);
        if (power(w, frequency * half) + power(w, frequency / half) >= 0.1 * most) break;
        voices++;
    }
    return voices;
}

/* ---- what there is ---- */

/* Places of lines of `length` points that are `apart`, or a little less. */
static int places(int length, double apart)
{
    const int count = (int)ceil(length / apart - 1e-9);
    return count > 1 ? count : 1;
}

static int parts_of(const pb_frame *f)
{
    return f->wavelet.is_complex ? 2 : 1;
}

static int places_of_level(const pb_frame *f, int level)
{
    return places(f->length, ldexp(f->voices * parts_of(f), level - 1));
}

int pb_frame_level(const pb_frame *f, int part)
{
    return part == 0 ? 0 : f->levels + 1 - part;
}

pb_status pb_frame_measure(pb_context *ctx, const pb_continuous *w, pb_extension extension,
                           int levels, int length, pb_frame *f)
{
    *f = (pb_frame){.wavelet = *w, .extension = extension, .length = length};
    if (length < 1 || length > PB_FRAME_LENGTH)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "a frame of %s for lines of %d points; at most %d are possible", w->name,
                       length, PB_FRAME_LENGTH);
    while (f->levels < PB_FRAME_LEVELS && 2 << f->levels <= length) f->levels++;
    if (f->levels == 0) f->levels = 1;
    if (levels > 0 && levels < f->levels) f->levels = levels;
    f->frequency = mean_frequency(w);
    f->voices = voices_of(w, f->frequency);
    f->count = places(length, ldexp(1, f->levels - 1));
    for (int part = 1; part <= f->levels; part++) {
        f->offset[part] = f->count;
        f->count += places_of_level(f, pb_frame_level(f, part)) * f->voices * parts_of(f);
    }
    f->offset[f->levels + 1] = f->count;
    return PB_OK;
}

/* ---- atoms ---- */

/* A function of the line about a place, 0 further than `reach` points from it. */
typedef struct shape {
    const pb_continuous *wavelet; /* NULL: a Gaussian */
    double scale, place, reach;
    int part; /* real, imaginary */
} shape;

static double shape_at(const shape *s, int64_t t)
{
    const double x = ((double)t - s->place) / s->scale;
    double value[2] = {exp(-x * x / 2), 0};
    if (s->wavelet && (x < s->wavelet->lower || x > s->wavelet->upper)) return 0;
    if (s->wavelet) s->wavelet->psi(s->wavelet, x, value);
    return value[s->part];
}

/* Into one column of the matrix [length, count], which is 0. */
static void write_atom(const pb_frame *f, const shape *s, double *column)
{
    const int64_t first = (int64_t)ceil(s->place - s->reach),
                  last = (int64_t)floor(s->place + s->reach);
    const size_t stride = (size_t)f->count, end = (size_t)f->length - 1;
    double squares = 0;
    for (int64_t t = first; t <= last; t++) squares += shape_at(s, t) * shape_at(s, t);
    for (int64_t t = first; t <= last && squares > 0; t++) {
        const double value = shape_at(s, t) / sqrt(squares);
        const pb_beyond p = pb_extension_at(f->extension, t, f->length);
        column[(size_t)p.index * stride] += p.weight * value;
        column[0] += p.first * value;
        column[end * stride] += p.last * value;
    }
}

/* Place k of `count`, evenly over the line. */
static double place_of(const pb_frame *f, int k, int count)
{
    return (k + 0.5) * f->length / count - 0.5;
}

static double *write_approximation(const pb_frame *f, double *column)
{
    const double deviation = ldexp(1, f->levels - 1);
    shape s = {.scale = deviation, .reach = 5 * deviation};
    for (int k = 0; k < f->offset[1]; k++, column++) {
        s.place = place_of(f, k, f->offset[1]);
        write_atom(f, &s, column);
    }
    return column;
}

/* Voices of the finer scales first. An odd wavelet stands between points, where it sees the fastest
 * oscillation there is; an even one on them. */
static double *write_level(const pb_frame *f, int level, double *column)
{
    const int count = places_of_level(f, level);
    const bool is_odd =
        !f->wavelet.is_complex && strcmp(f->wavelet.symmetry, "anti-symmetric") == 0;
    shape s = {.wavelet = &f->wavelet};
    for (int voice = 0; voice < f->voices; voice++) {
        const double octaves = 1 - level - (voice - (f->voices - 1) / 2.0) / f->voices;
        s.scale = f->frequency / (0.375 * pow(2, octaves));
        s.reach = s.scale * fmax(f->wavelet.upper, -f->wavelet.lower);
        for (int k = 0; k < count; k++)
            for (s.part = 0; s.part < parts_of(f); s.part++, column++) {
                s.place = place_of(f, k, count) + (is_odd ? 0.5 : 0);
                write_atom(f, &s, column);
            }
    }
    return column;
}

void pb_frame_matrix(const pb_frame *f, double *matrix)
{
    memset(matrix, 0, (size_t)f->length * (size_t)f->count * sizeof *matrix);
    double *column = write_approximation(f, matrix);
    for (int part = 1; part <= f->levels; part++)
        column = write_level(f, pb_frame_level(f, part), column);
}
