/* Thresholds of coefficients, as ops and of single numbers. */
#include <math.h>
#include <string.h>

#include <passband/weights.h>

pb_threshold_kind pb_threshold_find(const char *name)
{
    if (strcmp(name, "soft") == 0) return PB_THRESHOLD_SOFT;
    return strcmp(name, "hard") == 0 ? PB_THRESHOLD_HARD : PB_THRESHOLD_GARROTE;
}

/* c - max(min(c, t), -t) */
static pb_value soft(pb_graph *g, pb_value c, pb_value t)
{
    return pb_sub(g, c, pb_maximum(g, pb_minimum(g, c, t), pb_neg(g, t)));
}

static pb_value is_kept(pb_graph *g, pb_value c, pb_value t)
{
    return pb_less(g, pb_broadcast(g, t, pb_value_shape(g, c)), pb_abs(g, c));
}

static pb_value zeros_like(pb_graph *g, pb_value c)
{
    return pb_constant(g, 0, pb_value_shape(g, c));
}

static pb_value hard(pb_graph *g, pb_value c, pb_value t)
{
    return pb_select(g, is_kept(g, c, t), c, zeros_like(g, c));
}

/* c - t^2 / c; where c is not kept, 1 stands for it, which no result depends on. */
static pb_value garrote(pb_graph *g, pb_value c, pb_value t)
{
    const pb_value kept = is_kept(g, c, t);
    const pb_value safe = pb_select(g, kept, c, pb_constant(g, 1, pb_value_shape(g, c)));
    const pb_value shrunk = pb_sub(g, c, pb_div(g, pb_square(g, t), safe));
    return pb_select(g, kept, shrunk, zeros_like(g, c));
}

pb_value pb_threshold(pb_graph *g, pb_threshold_kind kind, bool straight, pb_value c, pb_value t)
{
    static pb_value (*const rules[])(pb_graph *, pb_value, pb_value) = {
        [PB_THRESHOLD_SOFT] = soft, [PB_THRESHOLD_HARD] = hard, [PB_THRESHOLD_GARROTE] = garrote};
    const pb_value y = rules[kind](g, c, t);
    if (!straight) return y;
    return pb_add(g, pb_detach(g, y), pb_sub(g, c, pb_detach(g, c))); /* y + 0, to the last bit */
}

float pb_threshold_number(pb_threshold_kind kind, float c, float t)
{
    if (!(fabsf(c) > t)) return 0;
    if (kind == PB_THRESHOLD_HARD) return c;
    if (kind == PB_THRESHOLD_SOFT) return c - fmaxf(fminf(c, t), -t);
    return c - t * t / c;
}
