#include "base/protobuf.h"

#include <stdlib.h>
#include <string.h>

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

void pb_protobuf_clear(pb_protobuf *m)
{
    free(m->bytes);
    *m = (pb_protobuf){0};
}

static bool reserve(pb_protobuf *m, size_t bytes)
{
    if (m->failed) return false;
    if (bytes <= m->capacity - m->length) return true;
    size_t capacity = m->capacity ? 2 * m->capacity : 256;
    if (capacity < m->length + bytes) capacity = m->length + bytes;
    uint8_t *larger = realloc(m->bytes, capacity);
    m->failed = !larger;
    if (m->failed) return false;
    m->bytes = larger;
    m->capacity = capacity;
    return true;
}

static void append(pb_protobuf *m, const void *data, size_t bytes)
{
    if (bytes == 0 || !reserve(m, bytes)) return;
    memcpy(m->bytes + m->length, data, bytes);
    m->length += bytes;
}

static void append_varint(pb_protobuf *m, uint64_t number)
{
    do {
        const uint8_t byte = (uint8_t)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
        append(m, &byte, 1);
        number >>= 7;
    } while (number);
}

static void append_key(pb_protobuf *m, unsigned field, unsigned wire)
{
    append_varint(m, field << 3 | wire);
}

static void append_little(pb_protobuf *m, uint64_t number, int bytes)
{
    uint8_t little[8];
    for (int i = 0; i < bytes; i++) little[i] = (uint8_t)(number >> 8 * i);
    append(m, little, (size_t)bytes);
}

void pb_protobuf_put_int(pb_protobuf *m, unsigned field, int64_t number)
{
    append_key(m, field, WIRE_VARINT);
    append_varint(m, (uint64_t)number);
}

void pb_protobuf_put_float(pb_protobuf *m, unsigned field, float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    append_key(m, field, WIRE_32);
    append_little(m, bits, 4);
}

void pb_protobuf_put_double(pb_protobuf *m, unsigned field, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    append_key(m, field, WIRE_64);
    append_little(m, bits, 8);
}

void pb_protobuf_put_bytes(pb_protobuf *m, unsigned field, const void *data, size_t bytes)
{
    append_key(m, field, WIRE_BYTES);
    append_varint(m, bytes);
    append(m, data, bytes);
}

void pb_protobuf_put_text(pb_protobuf *m, unsigned field, const char *text)
{
    pb_protobuf_put_bytes(m, field, text, strlen(text));
}

void pb_protobuf_put(pb_protobuf *m, unsigned field, pb_protobuf *inner)
{
    pb_protobuf_put_bytes(m, field, inner->bytes, inner->length);
    m->failed = m->failed || inner->failed;
    pb_protobuf_clear(inner);
}

void pb_protobuf_join(pb_protobuf *m, pb_protobuf *fields)
{
    append(m, fields->bytes, fields->length);
    m->failed = m->failed || fields->failed;
    pb_protobuf_clear(fields);
}
