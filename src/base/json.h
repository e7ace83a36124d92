/* JSON by jansson: reading with a sentence on error, writing whole or not at all. */
#ifndef PB_BASE_JSON_H
#define PB_BASE_JSON_H

#include <jansson.h>

#include <passband/status.h>

pb_status pb_json_load(pb_context *ctx, const char *path, json_t **json);
/** Indented by 2, keys in the order of insertion, reals with 9 significant digits, a newline at the
 * end. */
pb_status pb_json_save(pb_context *ctx, const char *path, const json_t *json);
/** A real, or null where the number is not finite. New reference. */
json_t *pb_json_real(double number);

#endif
