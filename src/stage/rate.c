/* The learning rate of an optimiser: its options, and the leaf it comes from. */
#include <stdio.h>
#include <string.h>

#include "stage/stages.h"

static bool is_one_of(const char *name, const char *const names[], int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static bool moves_by_step(const pb_options *options, const char *schedule)
{
    static const char *const fast[] = {"cyclic", "one_cycle"};
    const char *moves = pb_option_string(options, "moves");
    return strcmp(moves, "auto") == 0 ? is_one_of(schedule, fast, 2) : strcmp(moves, "step") == 0;
}

static pb_status read_milestones(pb_builder *b, const pb_options *options, pb_rate *rate)
{
    int count;
    const int64_t *epochs = pb_option_ints(options, "milestones", &count);
    if (count > PB_MILESTONES_MAX)
        return pb_fail(b->ctx, PB_ERR_CONFIG, "there are %d milestones; at most %d are allowed",
                       count, PB_MILESTONES_MAX);
    for (int i = 0; i < count; i++) {
        if (i > 0 && epochs[i] <= epochs[i - 1])
            return pb_fail(b->ctx, PB_ERR_CONFIG,
                           "milestone %d comes after %d; they must be in ascending order",
                           (int)epochs[i], (int)epochs[i - 1]);
        rate->milestones[rate->milestone_count++] = (int)epochs[i];
    }
    if (count == 0 && strcmp(rate->schedule, "multistep") == 0)
        return pb_fail(
            b->ctx, PB_ERR_CONFIG,
            "schedule multistep needs milestones, the epochs after which the rate drops");
    return PB_OK;
}

static pb_status check(pb_builder *b, const pb_rate *rate)
{
    static const char *const floored[] = {"polynomial", "cosine", "restarts", "cyclic", "plateau"};
    if (is_one_of(rate->schedule, floored, 5) && rate->floor > rate->base)
        return pb_fail(b->ctx, PB_ERR_CONFIG, "floor %g lies above lr %g; allowed is 0 to lr",
                       rate->floor, rate->base);
    if (strcmp(rate->schedule, "plateau") == 0 && rate->by_step)
        return pb_fail(
            b->ctx, PB_ERR_CONFIG,
            "schedule plateau looks at losses of epochs, so moves must be epoch or auto");
    return PB_OK;
}

/* The leaf, and the rate of the step at work: one number an epoch, or table[step]. */
static pb_value make_leaf(pb_builder *b, pb_rate *rate)
{
    char name[80];
    snprintf(name, sizeof name, "%s.rate", b->scope);
    const bool varies = b->steps > 0 && (rate->by_step || rate->warmup > 0);
    rate->leaf = pb_input(b->g, name, varies ? PB_SHAPE(b->steps) : PB_SCALAR);
    if (!varies) return rate->leaf;
    const pb_value step = pb_reshape(b->g, b->step, PB_SHAPE(1));
    return pb_reshape(b->g, pb_gather(b->g, rate->leaf, step), PB_SCALAR);
}

pb_status pb_rate_read(pb_builder *b, const pb_options *options, pb_rate *rate, pb_value *value)
{
    *rate = (pb_rate){
        .base = pb_option_float(options, "lr"),
        .warmup = pb_option_float(options, "warmup"),
        .warmup_from = pb_option_float(options, "warmup_from"),
        .step_size = (int)pb_option_int(options, "step_size"),
        .gamma = pb_option_float(options, "gamma"),
        .power = pb_option_float(options, "power"),
        .floor = pb_option_float(options, "floor"),
        .period = (int)pb_option_int(options, "period"),
        .growth = (int)pb_option_int(options, "growth"),
        .rise = pb_option_float(options, "rise"),
        .divisor = pb_option_float(options, "divisor"),
        .last_divisor = pb_option_float(options, "last_divisor"),
        .patience = (int)pb_option_int(options, "patience"),
        .threshold = pb_option_float(options, "threshold"),
        .cooldown = (int)pb_option_int(options, "cooldown"),
    };
    snprintf(rate->name, sizeof rate->name, "%s", b->scope);
    snprintf(rate->schedule, sizeof rate->schedule, "%s", pb_option_string(options, "schedule"));
    rate->by_step = moves_by_step(options, rate->schedule);
    PB_TRY(read_milestones(b, options, rate));
    PB_TRY(check(b, rate));
    *value = make_leaf(b, rate);
    return PB_OK;
}
