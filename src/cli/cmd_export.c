/* passband export: what a run learned, for other programs. */
#include <passband/export.h>

#include "cli/cli.h"

static void print_facts(const char *path, const pb_export_facts *f)
{
    printf("%s: %zu bytes, %d nodes and %d tensors of operator set %d\n", path, f->bytes, f->nodes,
           f->initializers, f->opset);
    printf("input samples, %s [batch", f->dtype == PB_U8 ? "uint8" : "float32");
    for (int i = 0; i < f->sample.axes; i++) printf(", %d", f->sample.dim[i]);
    printf("]; output logits, float32 [batch, %d]\n", f->classes);
}

pb_status pb_cli_export(pb_cli *cli)
{
    const char *path = pb_cli_value(cli, "onnx");
    int64_t seed = -1;
    pb_export_facts facts;
    if (!path) return pb_fail(cli->ctx, PB_ERR_USAGE, "export: --onnx FILE says where it goes");
    PB_TRY(pb_cli_seed(cli, &seed));
    PB_TRY(pb_cli_need_folder(cli, cli->words[0]));
    PB_TRY(pb_run_export(cli->ctx, cli->words[0], seed, path, &facts));
    if (!pb_cli_value(cli, "quiet")) print_facts(path, &facts);
    return PB_OK;
}
