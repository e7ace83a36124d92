/* Numbers as text, read strictly and the same under every locale. */
#ifndef PB_BASE_NUMBER_H
#define PB_BASE_NUMBER_H

#include <stdint.h>

typedef enum pb_number_result {
    PB_NUMBER_OK,
    PB_NUMBER_SYNTAX,   /* not a number, or something behind it */
    PB_NUMBER_OVERFLOW, /* a number, but too large for the type */
} pb_number_result;

/** Decimal digits with a sign or none: no blanks, no hexadecimal, nothing behind. */
pb_number_result pb_number_int(const char *text, int64_t *number);
/** Decimal with a point and an exponent or none: finite, nothing behind. */
pb_number_result pb_number_float(const char *text, double *number);
/** A size: decimal digits, perhaps with a point, and perhaps one of the letters k, M, G, T (either case) for powers of
 *  1024: "64M", "0.5G". Rounded down to whole bytes. */
pb_number_result pb_number_bytes(const char *text, int64_t *bytes);
/** The shortest decimal that reads back as the same double. */
void pb_number_format(double number, char text[32]);

#endif
