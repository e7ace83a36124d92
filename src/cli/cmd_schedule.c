/* passband schedule: the learning rates a configuration plans, as a table and a picture. */
#include <string.h>

#include <passband/report.h>

#include "cli/cli.h"

/* "0.1", or "0.1 to 0.02" where the rate moves within the epoch. */
static void put_cell(const pb_rate_curves *rates, int curve, int epoch)
{
    char cell[64];
    const double *first = rates->curves[curve].rates + (size_t)epoch * (size_t)rates->steps;
    const double *last = first + rates->steps - 1;
    if (*first == *last)
        snprintf(cell, sizeof cell, "%.6g", *first);
    else
        snprintf(cell, sizeof cell, "%.6g to %.6g", *first, *last);
    printf("  %-26s", cell);
}

static void put_table(const pb_rate_curves *rates)
{
    printf("%5s", "epoch");
    for (int k = 0; k < rates->count; k++) printf("  %-26s", rates->curves[k].name);
    printf("\n");
    for (int epoch = 0; epoch < rates->epochs; epoch++) {
        printf("%5d", epoch + 1);
        for (int k = 0; k < rates->count; k++) put_cell(rates, k, epoch);
        printf("\n");
    }
    for (int k = 0; k < rates->count; k++)
        if (rates->curves[k].follows_loss)
            printf("%s drops when the loss does not; here it is as if the loss fell all the time\n",
                   rates->curves[k].name);
}

static pb_status show(pb_cli *cli, const pb_config *config)
{
    const char *folder = pb_cli_value(cli, "output");
    if (!folder) folder = ".";
    pb_rate_curves rates;
    PB_TRY(pb_run_rates(cli->ctx, config, &rates));
    if (!pb_cli_value(cli, "quiet")) put_table(&rates);
    pb_status status = rates.count > 0
                           ? pb_report_rates(cli->ctx, pb_config_name(config), &rates, folder)
                           : pb_fail(cli->ctx, PB_ERR_CONFIG,
                                     "%s: every parameter is frozen, so there is no rate to draw",
                                     pb_config_name(config));
    if (status == PB_OK && !pb_cli_value(cli, "quiet")) printf("%s/schedule.png\n", folder);
    pb_rate_curves_clear(&rates);
    return status;
}

pb_status pb_cli_schedule(pb_cli *cli)
{
    pb_config *config = NULL;
    for (int i = 1; i < cli->word_count; i++)
        if (!strchr(cli->words[i], '='))
            return pb_fail(cli->ctx, PB_ERR_USAGE,
                           "schedule: %s is not key=value; one configuration is drawn at a time",
                           cli->words[i]);
    PB_TRY(pb_cli_need_config(cli, cli->words[0]));
    PB_TRY(pb_config_load(cli->ctx, cli->words[0], cli->word_count - 1, cli->words + 1, &config));
    const pb_status status = show(cli, config);
    pb_config_free(&config);
    return status;
}
