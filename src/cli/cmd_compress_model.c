/* passband compress-model: what a run learned in one small file. */
#include <math.h>
#include <string.h>

#include <passband/model.h>

#include "base/number.h"
#include "cli/cli.h"

static pb_status read_loss(pb_cli *cli, double *loss)
{
    const char *text = pb_cli_value(cli, "loss");
    if (text && (pb_number_float(text, loss) != PB_NUMBER_OK || *loss < 0 || *loss > 1))
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "compress-model: --loss must be a number from 0 to 1, not %s", text);
    return PB_OK;
}

static void print_facts(const char *path, const pb_model_facts *f)
{
    const double floats = 4.0 * (double)f->parameters;
    printf("%s: %zu bytes, %.1f times fewer than the %.0f of %zu float32 numbers\n", path, f->bytes,
           floats / (double)f->bytes, floats, f->parameters);
    printf("%zu numbers are not 0, %d bits each before coding\n", f->kept, f->bits);
    if (isfinite(f->val_accuracy)) printf("validation accuracy %.2f %%, ", 100 * f->val_accuracy);
    printf("test accuracy %.2f %%\n", 100 * f->test_accuracy);
}

pb_status pb_cli_compress_model(pb_cli *cli)
{
    const char *output = pb_cli_value(cli, "output");
    pb_model_options options = {.device = pb_cli_value(cli, "device"),
                                .seed = -1,
                                .loss = PB_MODEL_LOSS,
                                .stop = cli->stop};
    pb_model_facts facts;
    if (!output)
        return pb_fail(cli->ctx, PB_ERR_USAGE, "compress-model: --output FILE says where it goes");
    PB_TRY(pb_cli_count_from(cli, "bits", 2, 16, &options.bits));
    PB_TRY(read_loss(cli, &options.loss));
    PB_TRY(pb_cli_seed(cli, &options.seed));
    PB_TRY(pb_cli_need_folder(cli, cli->words[0]));
    PB_TRY(pb_model_compress(cli->ctx, cli->words[0], &options, output, &facts));
    if (!pb_cli_value(cli, "quiet")) print_facts(output, &facts);
    return PB_OK;
}
