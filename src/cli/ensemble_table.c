/* What an ensemble came to, on standard output. */
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/finish.h"

static void print_row(const char *what, const json_t *scores)
{
    printf("%-24s  %8.2f %%  %23.4f  %17.2f %%\n", what,
           100 * json_number_value(json_object_get(scores, "accuracy")),
           json_number_value(json_object_get(scores, "negative_log_likelihood")),
           100 * json_number_value(json_object_get(scores, "calibration_error")));
}

pb_status pb_cli_print_ensemble(pb_cli *cli, const char *folder)
{
    json_t *json = NULL;
    char what[48], *path = pb_path_join(folder, "ensemble.json");
    if (!path) return pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory");
    const pb_status status = pb_json_load(cli->ctx, path, &json);
    free(path);
    PB_TRY(status);
    const size_t members = json_array_size(json_object_get(json, "members"));
    printf("%-24s  %10s  %23s  %19s\n", "", "accuracy", "negative log-likelihood",
           "calibration error");
    snprintf(what, sizeof what, "mean of %zu networks", members);
    print_row(what, json_object_get(json, "mean_of_members"));
    print_row("their ensemble", json_object_get(json, "ensemble"));
    if (json_object_get(json, "out_of_bag"))
        print_row("out of bag", json_object_get(json, "out_of_bag"));
    printf("%s/ensemble.json\n", folder);
    json_decref(json);
    return PB_OK;
}

pb_status pb_cli_print_any_ensemble(pb_cli *cli, const char *folder)
{
    char *path = pb_path_join(folder, "ensemble.json");
    if (!path) return pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory");
    const bool found = pb_file_exists(path);
    free(path);
    return found ? pb_cli_print_ensemble(cli, folder) : PB_OK;
}
