/* passband explain: what a configuration turns into. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

pb_status pb_cli_explain(pb_cli *cli)
{
    const pb_run_options options = {.device = pb_cli_value(cli, "device"), .stop = cli->stop};
    const pb_explained what = pb_cli_value(cli, "dot")      ? PB_EXPLAIN_GRAPH
                              : pb_cli_value(cli, "source") ? PB_EXPLAIN_SOURCE
                                                            : PB_EXPLAIN_PLAN;
    pb_config *config = NULL;
    for (int i = 1; i < cli->word_count; i++)
        if (!strchr(cli->words[i], '='))
            return pb_fail(cli->ctx, PB_ERR_USAGE,
                           "explain: %s is not key=value; one configuration is explained at a time",
                           cli->words[i]);
    PB_TRY(pb_cli_need_source(cli, cli->words[0]));
    PB_TRY(pb_config_load(cli->ctx, cli->words[0], cli->word_count - 1, cli->words + 1, &config));
    const pb_status status = pb_run_explain(cli->ctx, config, &options, what, stdout);
    pb_config_free(&config);
    return status;
}
