/* Where a configuration is expected, data alone will do: a folder of images or arrays, or a
 * compressed data set. To compress, their samples are taken as they are; to train, a network learns
 * from them that takes samples of any shape. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <passband/dataset.h>

#include "base/arena.h"
#include "data/registry.h"
#include "train/config.h"
#include "train/config_internal.h"

static const char usual_training[] = "train: {epochs: 20, batch_size: 16}\n";
static const char usual_network[] = "- linear: {features: 128}\n"
                                    "- relu\n"
                                    "- linear: {features: 128}\n"
                                    "- relu\n"
                                    "- linear: {features: 0}\n"
                                    "- cross_entropy\n"
                                    "- adamw: {lr: 0.001, weight_decay: 0.01, schedule: cosine}\n";

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* ---- the configuration that data stand for ---- */

static void append_data(pb_text *text, const char *path)
{
    pb_text_append(text, "data: {name: %s, path: '",
                   pb_compressed_is_named(path) ? "compressed" : pb_data_kind(path));
    for (; *path; path++) pb_text_append(text, "%.*s%c", *path == '\'', "'", *path);
    pb_text_append(text, "'}\n");
}

/* The stages that made a file's samples come first: they count as done, and their way back is
 * known. */
static pb_status append_first_stages(pb_context *ctx, const char *path, pb_text *text)
{
    pb_compressed_file *file;
    if (!pb_compressed_is_named(path)) {
        pb_text_append(text, "- load\n");
        return PB_OK;
    }
    PB_TRY(pb_compressed_open(ctx, path, &file));
    const char *chain = pb_compressed_describe(file)->compressed->chain;
    pb_text_append(text, "%s", *chain ? chain : "- load\n");
    pb_compressed_close(&file);
    return PB_OK;
}

static pb_status write_yaml(pb_context *ctx, const char *path, bool compresses, pb_text *text)
{
    append_data(text, path);
    if (!compresses) pb_text_append(text, "%s", usual_training);
    pb_text_append(text, "stages:\n");
    if (compresses)
        pb_text_append(text, "- load\n");
    else
        PB_TRY(append_first_stages(ctx, path, text));
    if (!compresses) pb_text_append(text, "%s", usual_network);
    return text->failed ? pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a configuration") : PB_OK;
}

static pb_status bare_yaml(pb_context *ctx, const char *path, bool compresses, pb_yaml **yaml)
{
    pb_text text = {0};
    *yaml = NULL;
    pb_status status = write_yaml(ctx, path, compresses, &text);
    if (status == PB_OK) status = pb_yaml_parse(ctx, path, text.text, text.length, yaml);
    pb_text_free(&text);
    return status;
}

/* ---- reading ---- */

static pb_status load(pb_context *ctx, const char *path, bool compresses, int override_count,
                      const char *const overrides[], pb_config **config)
{
    pb_yaml *yaml = NULL;
    *config = NULL;
    pb_status status = is_folder(path) || pb_compressed_is_named(path)
                           ? bare_yaml(ctx, path, compresses, &yaml)
                           : pb_yaml_load(ctx, path, &yaml);
    if (status == PB_OK && compresses)
        status = pb_config_to_compress(ctx, path, yaml, override_count, overrides, config);
    else if (status == PB_OK)
        status = pb_config_from_yaml(ctx, path, yaml, override_count, overrides, config);
    pb_yaml_free(&yaml);
    return status;
}

pb_status pb_config_load(pb_context *ctx, const char *path, int override_count,
                         const char *const overrides[], pb_config **config)
{
    return load(ctx, path, false, override_count, overrides, config);
}

pb_status pb_config_load_compressing(pb_context *ctx, const char *path, int override_count,
                                     const char *const overrides[], pb_config **config)
{
    return load(ctx, path, true, override_count, overrides, config);
}

/* ---- what has been compressed before ---- */

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
