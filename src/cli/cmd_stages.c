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

/* What "dwt" stands for. */
static const char *const wavelet_stages[] = {"dwt1", "dwt2"};

static bool print_wavelet_stages(const char *word)
{
    const bool both = strcmp(word, "dwt") == 0;
    bool known = both;
    for (int i = 0; i < 2; i++) {
        const bool named = strcmp(word, wavelet_stages[i]) == 0;
        if (both)
            printf("%s: %s\n", wavelet_stages[i], pb_stage_find(wavelet_stages[i])->summary);
        else if (named)
            print_one(pb_stage_find(wavelet_stages[i]));
        known |= named;
    }
    if (both) {
        printf("\noptions of both: name, type, default, range\n");
        pb_options_print_table(pb_stage_find(wavelet_stages[0])->options, 2, stdout);
    }
    if (known) pb_cli_print_wavelets(stdout);
    return known;
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
    if (print_wavelet_stages(cli->words[0])) return PB_OK;
    const pb_stage *stage = pb_stage_find(cli->words[0]);
    if (!stage) return unknown(cli, stages, count);
    print_one(stage);
    return PB_OK;
}
