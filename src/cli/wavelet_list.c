/* The wavelets that the stages dwt1, dwt2 and cwt know, as tables. */
#include <passband/cwt.h>
#include <passband/wavelet.h>

#include "cli/cli.h"

/* A number of vanishing moments; PyWavelets does not tell it of all wavelets. */
static const char *moments(int count, char text[12])
{
    if (count == 0) return "-";
    snprintf(text, 12, "%d", count);
    return text;
}

void pb_cli_print_wavelets(FILE *out)
{
    const pb_wavelet *w;
    char text[12];
    fprintf(out,
            "\nwavelets: taps of a filter, vanishing moments, symmetry, orthogonality, family\n");
    for (int i = 0; (w = pb_wavelet_at(i)); i++)
        fprintf(out, "  %-8s %4d %3s  %-14s %-13s %s\n", w->name, w->length,
                moments(w->vanishing_psi, text), w->symmetry,
                w->orthogonal ? "orthogonal" : "biorthogonal", w->family);
}

/* Continuous wavelets are told at the precision that the stage cwt has by default. */
enum { PRECISION = 10 };

void pb_cli_print_continuous(FILE *out)
{
    const pb_continuous *w;
    fprintf(out,
            "\ncontinuous wavelets: support, symmetry, orthogonality, real or complex, cycles a "
            "unit at scale 1, family\n");
    for (int i = 0; (w = pb_continuous_at(i)); i++)
        fprintf(out, "  %-8s %3g to %-2g  %-14s not orthogonal  %-7s  %6.4f  %s\n", w->name,
                w->lower, w->upper, w->symmetry, w->is_complex ? "complex" : "real",
                pb_continuous_frequency(w, PRECISION), w->family);
    fprintf(out,
            "shan, fbsp and cmor are shan0.5-1, fbsp2-1-0.5 and cmor1-0.5: any shanB-C, "
            "fbspM-B-C and cmorB-C are possible, B being\nthe bandwidth, C the centre frequency "
            "and M the order of the spline.\n");
}
