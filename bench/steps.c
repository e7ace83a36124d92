/* steps: times training steps of one configuration, or of several against the first.
 *
 *   build/bench-steps [options] CONFIG... [key=value ...]
 *
 * Each configuration first trains whole epochs from seed 0 and must learn: its loss falls and it
 * scores better than guessing. Then the measurement goes round and round, a block of steps of each
 * configuration in turn, so that whatever else the machine does falls on all of them. A block is
 * what the trainer submits and waits for. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bench/bench.h"
#include "bench/contender.h"

typedef struct bench_options {
    int rounds, steps, epochs;
    double most;      /* largest ratio to the first that passes; 0: any */
    const char *json; /* file for the result, or NULL                   */
} bench_options;

typedef struct contender {
    pb_contender of;
    double *block_seconds; /* [rounds]: of a step */
    pb_timing timing;      /* of a step           */
} contender;

/* ---- one contender ---- */

static pb_status prepare(pb_context *ctx, contender *c, const char *path, int override_count,
                         const char *const overrides[], const bench_options *o)
{
    PB_TRY(pb_contender_open(ctx, path, override_count, overrides, NULL, false, NULL, &c->of));
    if (o->epochs > (int)pb_option_int(c->of.config->train, "epochs"))
        return pb_fail(ctx, PB_ERR_USAGE, "%s trains for fewer than %d epochs", path, o->epochs);
    if (o->steps > c->of.session.graph.steps)
        return pb_fail(ctx, PB_ERR_USAGE,
                       "a block of %d steps is longer than the %d steps of an epoch of %s",
                       o->steps, c->of.session.graph.steps, path);
    c->block_seconds = calloc((size_t)o->rounds, sizeof *c->block_seconds);
    if (!c->block_seconds) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    return pb_contender_check(&c->of, o->epochs);
}

static pb_status time_block(contender *c, int steps, double *seconds)
{
    const double start = pb_seconds();
    PB_TRY(pb_contender_steps(&c->of, steps));
    *seconds = (pb_seconds() - start) / steps;
    return PB_OK;
}

static void release(contender *c)
{
    free(c->block_seconds);
    pb_contender_close(&c->of);
}

/* ---- results ---- */

static void print_table(const contender *c, int count, const bench_options *o)
{
    printf("%d blocks of %d steps each, in turn, on %s\n\n", o->rounds, o->steps,
           pb_device_describe(c->of.session.device)->name);
    printf("%-16s  %9s  %19s  %9s  %9s  %8s\n", "configuration", "ms a step", "middle half",
           "s an epoch", "accuracy", "ratio");
    for (int i = 0; i < count; i++)
        printf("%-16s  %9.3f  %8.3f - %8.3f  %10.2f  %7.2f %%  %8.3f\n",
               pb_config_name(c[i].of.config), 1e3 * c[i].timing.median,
               1e3 * c[i].timing.quartile[0], 1e3 * c[i].timing.quartile[1],
               c[i].timing.median * c[i].of.session.graph.steps, 100 * c[i].of.accuracy,
               c[i].timing.median / c[0].timing.median);
}

static json_t *json_of(const contender *c, const contender *first)
{
    const pb_session *s = &c->of.session;
    return json_pack("{s:s, s:s, s:i, s:f, s:[ff], s:f, s:f, s:f, s:f, s:f}", "name",
                     pb_config_name(c->of.config), "device", pb_device_describe(s->device)->name,
                     "steps_per_epoch", s->graph.steps, "ms_per_step", 1e3 * c->timing.median,
                     "middle_half", 1e3 * c->timing.quartile[0], 1e3 * c->timing.quartile[1],
                     "seconds_per_epoch", c->timing.median * s->graph.steps, "first_loss",
                     c->of.first_loss, "last_loss", c->of.last_loss, "test_accuracy",
                     c->of.accuracy, "ratio_to_first", c->timing.median / first->timing.median);
}

static pb_status save_json(pb_context *ctx, const contender *c, int count, const bench_options *o)
{
    json_t *rows = json_array();
    int bad = !rows;
    for (int i = 0; i < count; i++) bad |= json_array_append_new(rows, json_of(&c[i], &c[0]));
    json_t *all = json_pack("{s:i, s:i, s:o}", "blocks", o->rounds, "steps_per_block", o->steps,
                            "configurations", rows);
    const pb_status status = all && !bad ? pb_json_save(ctx, o->json, all)
                                         : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    json_decref(all);
    return status;
}

static pb_status judge(pb_context *ctx, const contender *c, int count, const bench_options *o)
{
    for (int i = 1; i < count && o->most > 0; i++) {
        const double ratio = c[i].timing.median / c[0].timing.median;
        if (ratio > o->most)
            return pb_fail(
                ctx, PB_ERR_RUN, "a step of %s takes %.3f x a step of %s; at most %.3f is wanted",
                pb_config_name(c[i].of.config), ratio, pb_config_name(c[0].of.config), o->most);
    }
    return PB_OK;
}

static pb_status measure(pb_context *ctx, contender *c, int count, const bench_options *o)
{
    double warm_up;
    for (int i = 0; i < count; i++) PB_TRY(time_block(&c[i], o->steps, &warm_up));
    for (int round = 0; round < o->rounds; round++)
        for (int i = 0; i < count; i++)
            PB_TRY(time_block(&c[i], o->steps, &c[i].block_seconds[round]));
    for (int i = 0; i < count; i++) c[i].timing = pb_timing_of(c[i].block_seconds, o->rounds);
    print_table(c, count, o);
    if (o->json) PB_TRY(save_json(ctx, c, count, o));
    return judge(ctx, c, count, o);
}

static pb_status run(pb_context *ctx, int count, char **words, const bench_options *o)
{
    int configs = 0;
    while (configs < count && !strchr(words[configs], '=')) configs++;
    if (configs == 0) return pb_fail(ctx, PB_ERR_USAGE, "no configuration is given");
    contender *c = calloc((size_t)configs, sizeof *c);
    if (!c) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    pb_status status = PB_OK;
    for (int i = 0; i < configs && !status; i++)
        status =
            prepare(ctx, &c[i], words[i], count - configs, (const char *const *)words + configs, o);
    if (!status) status = measure(ctx, c, configs, o);
    for (int i = 0; i < configs; i++) release(&c[i]);
    free(c);
    return status;
}

/* ---- the command line ---- */

static const char usage[] =
    "usage: bench-steps [options] CONFIG... [key=value ...]\n"
    "  --rounds N   blocks timed of each configuration (default 40)\n"
    "  --steps N    training steps of a block (default 50)\n"
    "  --epochs N   epochs trained before, to see that it learns (default 1)\n"
    "  --most R     fail when a step takes longer than R times a step of the first configuration\n"
    "  --json FILE  write the result there as well\n";

static int parse_options(int count, char **arguments, bench_options *o)
{
    static const struct option known[] = {
        {"rounds", required_argument, NULL, 'r'}, {"steps", required_argument, NULL, 's'},
        {"epochs", required_argument, NULL, 'e'}, {"most", required_argument, NULL, 'm'},
        {"json", required_argument, NULL, 'j'},   {0},
    };
    for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) {
        if (option == 'r')
            o->rounds = atoi(optarg);
        else if (option == 's')
            o->steps = atoi(optarg);
        else if (option == 'e')
            o->epochs = atoi(optarg);
        else if (option == 'm')
            o->most = atof(optarg);
        else if (option == 'j')
            o->json = optarg;
        else
            return 0;
    }
    return o->rounds >= 1 && o->steps >= 1 && o->epochs >= 1 && o->most >= 0;
}

int main(int count, char **arguments)
{
    bench_options options = {.rounds = 40, .steps = 50, .epochs = 1};
    if (!parse_options(count, arguments, &options)) {
        fputs(usage, stderr);
        return 2;
    }
    pb_context *ctx = pb_context_create();
    if (!ctx) return 1;
    const pb_status status = run(ctx, count - optind, arguments + optind, &options);
    if (status) fprintf(stderr, "bench-steps: %s\n", pb_error(ctx));
    const int code = pb_status_exit_code(status);
    pb_context_free(&ctx);
    return code;
}
