/* TensorBoard event files: one folder a seed under events/.
 * Format: TFRecord frames (length, masked CRC-32C, bytes, masked CRC-32C) of protocol buffers
 * `Event`; see tensorflow/core/lib/io/record_writer.h and tensorflow/core/util/event.proto. */
#ifndef PB_REPORT_EVENTS_H
#define PB_REPORT_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "report/record.h"

/** CRC-32C (Castagnoli), as in RFC 3720; check value of "123456789" is e3069283. */
uint32_t pb_crc32c(const void *data, size_t bytes);
/** Writes `folder`/events/seed-<s>/events.out.tfevents.passband of every seed. */
pb_status pb_events_write(pb_context *ctx, const pb_record *run, const char *folder);

#endif
