/* Protocol buffers, the writing half: messages in memory, field by field.
 * Source: https://protobuf.dev/programming-guides/encoding. */
#ifndef PB_BASE_PROTOBUF_H
#define PB_BASE_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A message; zero-initialised it is empty. One that runs out of memory sets `failed`, and what is
 * put into it later is dropped. */
typedef struct pb_protobuf {
    uint8_t *bytes;
    size_t length, capacity;
    bool failed;
} pb_protobuf;
void pb_protobuf_clear(pb_protobuf *m);

void pb_protobuf_put_int(pb_protobuf *m, unsigned field,
                         int64_t number); /* int32, int64, enumerations */
void pb_protobuf_put_float(pb_protobuf *m, unsigned field, float number);
void pb_protobuf_put_double(pb_protobuf *m, unsigned field, double number);
void pb_protobuf_put_bytes(pb_protobuf *m, unsigned field, const void *data, size_t bytes);
void pb_protobuf_put_text(pb_protobuf *m, unsigned field, const char *text);
/** Puts a message into another and clears it. */
void pb_protobuf_put(pb_protobuf *m, unsigned field, pb_protobuf *inner);
/** Appends fields to fields, and clears where they came from. */
void pb_protobuf_join(pb_protobuf *m, pb_protobuf *fields);

#endif
