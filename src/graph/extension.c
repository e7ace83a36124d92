/* How lines go on beyond their ends. Source: the manual of PyWavelets, "Signal extension modes". */
#include <string.h>

#include "graph/filter_bank.h"

static const char *const names[] = {"symmetric",     "periodic",    "zero",
                                    "constant",      "smooth",      "reflect",
                                    "antisymmetric", "antireflect", "periodization"};

int pb_extension_find(const char *name)
{
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

const char *pb_extension_name(pb_extension extension)
{
    return names[extension];
}

/* floor(a / b) */
static int64_t quotient(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

static pb_beyond point(int64_t index, double weight)
{
    return (pb_beyond){.index = (int)index, .weight = weight};
}

/* x[-1 - i] = sign x[i], and so on about either end: lines of n points, every second one mirrored.
 */
static pb_beyond mirrored(int64_t at, int n, double sign)
{
    const int64_t line = quotient(at, n), within = at - line * n;
    return line % 2 ? point(n - 1 - within, sign) : point(within, 1);
}

/* The ends are not repeated. */
static pb_beyond reflected(int64_t at, int n)
{
    const int64_t line = quotient(at, n - 1), within = at - line * (n - 1);
    return point(line % 2 ? n - 1 - within : within, 1);
}

/* The line turned by half a circle about either end: x[-i] = 2 x[0] - x[i]. Two turns move it by 2
 * (n - 1) points and by twice the rise between its ends. */
static pb_beyond turned(int64_t at, int n)
{
    const int64_t turns = quotient(at + n - 1, 2 * (n - 1)), within = at - turns * 2 * (n - 1);
    const double rise = 2.0 * (double)turns;
    pb_beyond p = point(within < 0 ? -within : within, within < 0 ? -1 : 1);
    p.first = (within < 0 ? 2 : 0) - rise;
    p.last = rise;
    return p;
}

/* Straight on from the last two points. */
static pb_beyond straight(int64_t at, int n)
{
    const double steps = (double)(at < 0 ? -at : at - (n - 1));
    pb_beyond p = point(at < 0 ? 1 : n - 2, -steps);
    *(at < 0 ? &p.first : &p.last) = 1 + steps;
    return p;
}

static pb_beyond periodic(int64_t at, int n)
{
    return point(at - quotient(at, n) * n, 1);
}

/* Lines of odd length end with their last point twice. */
static pb_beyond periodized(int64_t at, int n)
{
    const pb_beyond p = periodic(at, n + n % 2);
    return point(p.index < n ? p.index : n - 1, 1);
}

pb_beyond pb_extension_at(pb_extension extension, int64_t at, int n)
{
    if (at >= 0 && at < n) return point(at, 1);
    switch (extension) {
    case PB_EXTEND_SYMMETRIC: return mirrored(at, n, 1);
    case PB_EXTEND_ANTISYMMETRIC: return mirrored(at, n, -1);
    case PB_EXTEND_PERIODIC: return periodic(at, n);
    case PB_EXTEND_PERIODIZATION: return periodized(at, n);
    case PB_EXTEND_ZERO: return point(0, 0);
    case PB_EXTEND_REFLECT:
        if (n > 1) return reflected(at, n);
        break;
    case PB_EXTEND_ANTIREFLECT:
        if (n > 1) return turned(at, n);
        break;
    case PB_EXTEND_SMOOTH:
        if (n > 1) return straight(at, n);
        break;
    case PB_EXTEND_CONSTANT: break;
    }
    return point(at < 0 ? 0 : n - 1, 1);
}
