/* What the files that read configurations share. */
#ifndef PB_TRAIN_CONFIG_INTERNAL_H
#define PB_TRAIN_CONFIG_INTERNAL_H

#include "base/options.h"
#include "base/yaml.h"
#include "train/config.h"

/** The schema: top-level keys, and the keys of `device`, `data`, `transfer`, `ensemble` and `train`. */
extern const pb_option pb_config_top[], pb_config_device[], pb_config_data[], pb_config_transfer[],
    pb_config_ensemble[], pb_config_train[];
/** Keys of the root that hold a map of options or the stages: "device", ..., "stages". */
enum { PB_CONFIG_SECTIONS = 7 };
extern const char *const pb_config_sections[PB_CONFIG_SECTIONS];
/** The section of options for the weights of every layer. */
#define PB_CONFIG_WEIGHTS "weight_transform"

/** Fails because nothing has the name `key` within `section` ("" for the top level). `where` is
 * "file:line: train.epoch". Suggests the nearest key of the section, else the nearest of the whole
 * schema. */
pb_status pb_config_fail_unknown(pb_context *ctx, const char *section, const char *key,
                                 const char *where);

/** Reads a configuration from a tree, which overrides change; `path` names it where it has no name.
 */
pb_status pb_config_from_yaml(pb_context *ctx, const char *path, pb_yaml *yaml, int override_count,
                              const char *const overrides[], pb_config **config);

/** The same from text, as of a file named `name`. */
pb_status pb_config_from_text(pb_context *ctx, const char *name, const char *text,
                              int override_count, const char *const overrides[],
                              pb_config **config);

/** The same of a configuration to compress with: the stages need no loss and no optimiser. */
pb_status pb_config_to_compress(pb_context *ctx, const char *path, pb_yaml *yaml,
                                int override_count, const char *const overrides[],
                                pb_config **config);

/** Carries out "path=value" on the tree that a file gave. */
pb_status pb_config_override(pb_context *ctx, pb_yaml *yaml, const char *override);

/** How a stage is written in the list: a name, or a map of one name. NULL where the entry is
 * neither. */
const char *pb_config_entry_name(const pb_node *entry);

/** Whether a key of the root holds a map of options or the stages. */
bool pb_config_is_section(const char *key);

/** Puts short keys of the root ("epochs") where they belong ("train.epochs"). */
pb_status pb_config_expand(pb_context *ctx, pb_yaml *yaml);
/** The place of a short key, as "train" and "epochs"; false: it is none. */
bool pb_config_short(const char *key, const char **section, const char **name);

/** The section `ensemble`: before it is read, `members` of bagging and boosting become as many seeds; then it is read;
 * with the stages there, it is checked against the rest. */
pb_status pb_config_number_members(pb_context *ctx, pb_yaml *yaml);
pb_status pb_config_read_ensemble(pb_context *ctx, const pb_node *root, pb_config *config);
pb_status pb_config_check_ensemble(pb_context *ctx, const pb_config *config);

/** The list of stages into config->stages, each checked against its table. `weights`: the section
 * of that name, or NULL. */
pb_status pb_config_read_stages(pb_context *ctx, const pb_node *list, const pb_node *weights,
                                pb_config *config);

#endif
