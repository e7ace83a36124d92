#include "study/pareto.h"

#include <math.h>

static bool beats(const pb_outcome *a, const pb_outcome *b)
{
    return a->bytes <= b->bytes && a->accuracy >= b->accuracy &&
           (a->bytes < b->bytes || a->accuracy > b->accuracy);
}

void pb_pareto_front(const pb_outcome outcomes[], int count, bool on_front[])
{
    for (int i = 0; i < count; i++) {
        on_front[i] = !isnan(outcomes[i].accuracy);
        for (int k = 0; k < count && on_front[i]; k++)
            on_front[i] = !beats(&outcomes[k], &outcomes[i]);
    }
}

int pb_smallest_within(const pb_outcome outcomes[], int count, double accuracy, double loss)
{
    const double rounding = 1e-12; /* 0.985 - 0.005 is not 0.98 */
    int smallest = -1;
    for (int i = 0; i < count; i++) {
        const pb_outcome *o = &outcomes[i];
        if (!(o->accuracy >= accuracy - loss - rounding)) continue;
        if (smallest >= 0) {
            const pb_outcome *best = &outcomes[smallest];
            if (o->bytes > best->bytes ||
                (!(o->bytes < best->bytes) && o->accuracy <= best->accuracy))
                continue;
        }
        smallest = i;
    }
    return smallest;
}
