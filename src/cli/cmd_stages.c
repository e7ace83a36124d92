/* passband stages: printed from the table of stages and the tables of their options. */
#include <string.h>

#include <passband/stage.h>

#include "base/options.h"
#include "cli/cli.h"

enum { STAGES_MAX = 128 };

static void print_all(const pb_stage *const *stages, int count)
{
    int widest = 0;
    for (int i = 0; i < count; i++)
        if ((int)strlen(stages[i]->name) > widest) widest = (int)strlen(stages[i]->name);
    for (int i = 0; i < count; i++)
        printf("%-*s  %s\n", widest, stages[i]->name, stages[i]->summary);
}

static void print_one(const pb_stage *stage)
{
    printf("%s: %s\n", stage->name, stage->summary);
    if (!stage->options || !stage->options->name) {
        printf("It has no options.\n");
        return;
    }
    printf("\noptions: name, type, default, range\n");
    pb_options_print_table(stage->options, 2, stdout);
    if (!stage->has_weights) return;
    printf("\nweight_transform: a map of these, for weights that are coefficients of wavelets\n");
    pb_options_print_table(pb_weight_options, 2, stdout);
}

static const char *const discrete[] = {"dwt1", "dwt2"};

/* "dwt" stands for both of its stages, and lists all wavelets. */
static void print_discrete_stages(void)
{
    for (int i = 0; i < 2; i++)
        printf("%s: %s\n", discrete[i], pb_stage_find(discrete[i])->summary);
    printf("\noptions of both: name, type, default, range\n");
    pb_options_print_table(pb_stage_find(discrete[0])->options, 2, stdout);
    pb_cli_print_wavelets(stdout);
    pb_cli_print_continuous(stdout);
}

/* What the options `wavelet` of a stage may be. */
static void print_wavelets_of(const pb_stage *stage)
{
    if (strcmp(stage->name, "cwt") == 0) pb_cli_print_continuous(stdout);
    for (int i = 0; i < 2; i++)
        if (strcmp(stage->name, discrete[i]) == 0) pb_cli_print_wavelets(stdout);
}

static pb_status unknown(pb_cli *cli, const pb_stage *const *stages, int count)
{
    const char *names[STAGES_MAX];
    const int known = count < STAGES_MAX ? count : STAGES_MAX;
    for (int i = 0; i < known; i++) names[i] = stages[i]->name;
    const char *near = pb_nearest(cli->words[0], names, known);
    if (near)
        return pb_fail(cli->ctx, PB_ERR_USAGE, "stages: unknown stage %s (did you mean %s?)",
                       cli->words[0], near);
    return pb_fail(cli->ctx, PB_ERR_USAGE, "stages: unknown stage %s; passband stages lists them",
                   cli->words[0]);
}

pb_status pb_cli_stages(pb_cli *cli)
{
    int count = 0;
    const pb_stage *const *stages = pb_stages(&count);
    if (cli->word_count == 0) {
        print_all(stages, count);
        return PB_OK;
    }
    if (strcmp(cli->words[0], "dwt") == 0) {
        print_discrete_stages();
        return PB_OK;
    }
    const pb_stage *stage = pb_stage_find(cli->words[0]);
    if (!stage) return unknown(cli, stages, count);
    print_one(stage);
    print_wavelets_of(stage);
    return PB_OK;
}
