/* passband compress: a data set in one small file. */
#include <stdlib.h>
#include <string.h>

#include <passband/compressed.h>

#include "cli/cli.h"
#include "cli/compressed_facts.h"

static pb_status check_words(pb_cli *cli, const char *output)
{
    for (int i = 1; i < cli->word_count; i++)
        if (!strchr(cli->words[i], '='))
            return pb_fail(cli->ctx, PB_ERR_USAGE,
                           "compress: %s is not key=value; one data set is compressed at a time",
                           cli->words[i]);
    if (!output)
        return pb_fail(cli->ctx, PB_ERR_USAGE, "compress: --output FILE%s says where it goes",
                       PB_COMPRESSED_ENDING);
    if (!pb_compressed_is_named(output))
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "compress: --output %s must end in %s, by which a data set is known", output,
                       PB_COMPRESSED_ENDING);
    return pb_cli_need_source(cli, cli->words[0]);
}

pb_status pb_cli_compress(pb_cli *cli)
{
    const char *output = pb_cli_value(cli, "output");
    pb_compressing options = {.device = pb_cli_value(cli, "device"),
                              .skip_damaged = pb_cli_value(cli, "skip-damaged") != NULL,
                              .stop = cli->stop};
    pb_config *config = NULL;
    PB_TRY(check_words(cli, output));
    PB_TRY(pb_cli_count(cli, "level", 19, &options.level));
    PB_TRY(pb_cli_count(cli, "chunk", 1 << 30, &options.chunk_samples));
    PB_TRY(pb_config_load_compressing(cli->ctx, cli->words[0], cli->word_count - 1, cli->words + 1,
                                      &config));
    const pb_status status = pb_run_compress(cli->ctx, config, &options, output);
    pb_config_free(&config);
    PB_TRY(status);
    if (pb_cli_value(cli, "quiet")) return PB_OK;
    return pb_cli_print_compressed(cli, output, false);
}
