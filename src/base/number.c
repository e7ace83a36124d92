/* Numbers as text. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static const char *skip_digits(const char *text)
{
    return text + strspn(text, "0123456789");
}

static const char *skip_sign(const char *text)
{
    return text + (*text == '+' || *text == '-');
}

pb_number_result pb_number_int(const char *text, int64_t *number)
{
    const char *digits = skip_sign(text), *end = skip_digits(digits);
    if (end == digits || *end) return PB_NUMBER_SYNTAX;
    errno = 0;
    const long long value = strtoll(text, NULL, 10);
    if (errno == ERANGE) return PB_NUMBER_OVERFLOW;
    *number = value;
    return PB_NUMBER_OK;
}

static pb_number_result scaled(const char *text, size_t digits, double factor, int64_t *bytes)
{
    char number[64];
    double value;
    if (digits >= sizeof number) return PB_NUMBER_OVERFLOW;
    memcpy(number, text, digits);
    number[digits] = '\0';
    const pb_number_result result = pb_number_float(number, &value);
    if (result != PB_NUMBER_OK) return result;
    if (value * factor >= 9223372036854775808.0) return PB_NUMBER_OVERFLOW;
    *bytes = (int64_t)(value * factor);
    return PB_NUMBER_OK;
}

pb_number_result pb_number_bytes(const char *text, int64_t *bytes)
{
    static const char letters[] = "kKmMgGtT";
    const size_t digits = strspn(text, "0123456789.");
    const char *letter = text[digits] ? strchr(letters, text[digits]) : NULL;
    if (!text[digits]) /* exact, where a double would round */
        return strchr(text, '.') ? PB_NUMBER_SYNTAX : pb_number_int(text, bytes);
    if (!letter || text[digits + 1]) return PB_NUMBER_SYNTAX;
    double factor = 1024;
    for (long i = (letter - letters) / 2; i > 0; i--) factor *= 1024;
    return scaled(text, digits, factor, bytes);
}

static bool is_decimal(const char *text)
{
    const char *whole = skip_sign(text), *at = skip_digits(whole);
    ptrdiff_t digits = at - whole;
    if (*at == '.') {
        const char *fraction = at + 1;
        at = skip_digits(fraction);
        digits += at - fraction;
    }
    if (digits == 0) return false;
    if (*at == 'e' || *at == 'E') {
        const char *exponent = skip_sign(at + 1);
        at = skip_digits(exponent);
        if (at == exponent) return false;
    }
    return *at == '\0';
}

/* A program that embeds us may run under a locale with a decimal comma; this thread steps out of it
 * for a while. */
static locale_t enter_plain_locale(locale_t *plain)
{
    *plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    return *plain ? uselocale(*plain) : (locale_t)0;
}

static void leave_plain_locale(locale_t plain, locale_t previous)
{
    if (!plain) return;
    uselocale(previous);
    freelocale(plain);
}

pb_number_result pb_number_float(const char *text, double *number)
{
    if (!is_decimal(text)) return PB_NUMBER_SYNTAX;
    locale_t plain;
    const locale_t previous = enter_plain_locale(&plain);
    const double value = strtod(text, NULL);
    leave_plain_locale(plain, previous);
    if (!isfinite(value)) return PB_NUMBER_OVERFLOW;
    *number = value;
    return PB_NUMBER_OK;
}

void pb_number_format(double number, char text[32])
{
    locale_t plain;
    const locale_t previous = enter_plain_locale(&plain);
    const bool whole = fabs(number) < 1e15 && floor(number) == number;
    if (whole) snprintf(text, 32, "%.0f", number); /* 1000 rather than 1e+03 */
    for (int digits = 1; !whole && digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, number);
        if (strtod(text, NULL) == number) break;
    }
    leave_plain_locale(plain, previous);
}
