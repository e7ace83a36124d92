#include "train/student.h"

#include <math.h>

enum { MOST_TERMS = 10000 };

/* The continued fraction of I_x(a, b) by Lentz's method, for x < (a + 1) / (a + b + 2). */
static double fraction(double x, double a, double b)
{
    const double tiny = 1e-300;
    double f = 1, c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    f = d;
    for (int m = 1; m < MOST_TERMS; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        const double terms[] = {even, odd};
        double change = 1;
        for (int k = 0; k < 2; k++) {
            d = 1 + terms[k] * d;
            c = 1 + terms[k] / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            change = c * d;
            f *= change;
        }
        if (fabs(change - 1) < 1e-16) break;
    }
    return f;
}

double pb_incomplete_beta(double x, double a, double b)
{
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    /* x^a (1 - x)^b / B(a, b) */
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * fraction(x, a, b) / a;
    return 1 - front * fraction(1 - x, b, a) / b;
}

/* P(|T| >= |t|) = I_{v / (v + t^2)}(v / 2, 1 / 2) */
double pb_student_p(double t, double degrees)
{
    if (isnan(t) || !(degrees >= 1)) return NAN;
    if (isinf(t)) return 0;
    return pb_incomplete_beta(degrees / (degrees + t * t), degrees / 2, 0.5);
}

/* The t that |T| exceeds with probability p: the function falls, so halving finds it. */
static double quantile(double p, double degrees)
{
    double low = 0, high = 1;
    while (pb_student_p(high, degrees) > p) high *= 2;
    for (int i = 0; i < 200; i++) {
        const double middle = (low + high) / 2;
        if (pb_student_p(middle, degrees) > p)
            low = middle;
        else
            high = middle;
    }
    return high;
}

pb_paired_test pb_test_pairs(const double a[], const double b[], int count)
{
    pb_paired_test r = {.count = count, .t = NAN, .p = NAN, .low = NAN, .high = NAN};
    for (int i = 0; i < count; i++) r.mean += (b[i] - a[i]) / count;
    double squares = 0;
    for (int i = 0; i < count; i++) squares += (b[i] - a[i] - r.mean) * (b[i] - a[i] - r.mean);
    if (count < 2) return r;
    r.std = sqrt(squares / (count - 1));
    const double error = r.std / sqrt(count);
    r.t = r.mean == 0 && error == 0 ? 0 : r.mean / error; /* equal pairs differ by nothing */
    r.p = pb_student_p(r.t, count - 1);
    const double half = quantile(0.05, count - 1) * error;
    r.low = r.mean - half;
    r.high = r.mean + half;
    return r;
}
