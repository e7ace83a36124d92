/* What to compress: a configuration, a folder that stands for one, or what has been compressed
 * before. */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "data/registry.h"
#include "train/config_internal.h"

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* A path within YAML's single quotes, where a quote is written twice. */
static void append_quoted(pb_text *text, const char *path)
{
    pb_text_append(text, "'");
    for (; *path; path++) pb_text_append(text, "%.*s%c", *path == '\'', "'", *path);
    pb_text_append(text, "'");
}

static pb_status folder_yaml(pb_context *ctx, const char *folder, pb_yaml **yaml)
{
    pb_text text = {0};
    pb_text_append(&text, "data: {name: %s, path: ", pb_data_kind(folder));
    append_quoted(&text, folder);
    pb_text_append(&text, "}\nstages: [load]\n");
    const pb_status status = text.failed
                                 ? pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a configuration")
                                 : pb_yaml_parse(ctx, folder, text.text, text.length, yaml);
    pb_text_free(&text);
    return status;
}

pb_status pb_config_load_compressing(pb_context *ctx, const char *path, int override_count,
                                     const char *const overrides[], pb_config **config)
{
    pb_yaml *yaml = NULL;
    *config = NULL;
    pb_status status =
        is_folder(path) ? folder_yaml(ctx, path, &yaml) : pb_yaml_load(ctx, path, &yaml);
    if (status == PB_OK)
        status = pb_config_to_compress(ctx, path, yaml, override_count, overrides, config);
    pb_yaml_free(&yaml);
    return status;
}

pb_status pb_config_of_chain(pb_context *ctx, const char *path, const char *chain,
                             int override_count, const char *const overrides[], pb_config **config)
{
    pb_text text = {0};
    pb_yaml *yaml = NULL;
    *config = NULL;
    pb_text_append(&text, "stages:\n%s", chain && *chain ? chain : "- load: {scale: none}\n");
    pb_status status = text.failed
                           ? pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a configuration")
                           : pb_yaml_parse(ctx, path, text.text, text.length, &yaml);
    if (status == PB_OK)
        status = pb_config_to_compress(ctx, path, yaml, override_count, overrides, config);
    pb_yaml_free(&yaml);
    pb_text_free(&text);
    return status;
}
