/* What the files that read configurations share. */
#ifndef PB_TRAIN_CONFIG_INTERNAL_H
#define PB_TRAIN_CONFIG_INTERNAL_H

#include "base/options.h"
#include "base/yaml.h"
#include "train/config.h"

/** The schema: top-level keys, and the keys of `device`, `data` and `train`. */
extern const pb_option pb_config_top[], pb_config_device[], pb_config_data[], pb_config_train[];

/** Fails because nothing has the name `key` within `section` ("" for the top level). `where` is
 * "file:line: train.epoch". Suggests the nearest key of the section, else the nearest of the whole
 * schema. */
pb_status pb_config_fail_unknown(pb_context *ctx, const char *section, const char *key,
                                 const char *where);

/** Reads a configuration from a tree, which overrides change; `path` names it where it has no name. */
pb_status pb_config_from_yaml(pb_context *ctx, const char *path, pb_yaml *yaml, int override_count,
                              const char *const overrides[], pb_config **config);

/** The same of a configuration to compress with: the stages need no loss and no optimiser. */
pb_status pb_config_to_compress(pb_context *ctx, const char *path, pb_yaml *yaml,
                                int override_count, const char *const overrides[],
                                pb_config **config);

/** Carries out "path=value" on the tree that a file gave. */
pb_status pb_config_override(pb_context *ctx, pb_yaml *yaml, const char *override);

/** How a stage is written in the list: a name, or a map of one name. NULL where the entry is
 * neither. */
const char *pb_config_entry_name(const pb_node *entry);

/** The list of stages into config->stages, each checked against its table. */
pb_status pb_config_read_stages(pb_context *ctx, const pb_node *list, pb_config *config);

#endif
