/* The wavelets that the stages dwt1 and dwt2 know, as a table. */
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
