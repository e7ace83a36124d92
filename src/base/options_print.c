/* Option tables as help, and option values as YAML. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/options_internal.h"

/* ---- ranges and help ---- */

bool pb_option_has_range(const pb_option *row)
{
    return row->min < 0 || row->min > 0 || row->max < 0 || row->max > 0;
}

void pb_option_range(const pb_option *row, char text[PB_RANGE_TEXT])
{
    const double open_end = 9e18; /* what int64_t or no sensible setting reaches */
    const bool below = row->min > -open_end, above = row->max < open_end;
    char min[32], max[32];
    pb_number_format(row->min, min);
    pb_number_format(row->max, max);
    text[0] = '\0';
    if (!pb_option_has_range(row)) return;
    if (below && above) snprintf(text, PB_RANGE_TEXT, "%s to %s", min, max);
    if (below && !above) snprintf(text, PB_RANGE_TEXT, "at least %s", min);
    if (!below && above) snprintf(text, PB_RANGE_TEXT, "at most %s", max);
}

typedef struct help_line {
    const char *cells[4]; /* name, type, default, range or choices */
    char range[PB_RANGE_TEXT];
} help_line;

static void describe(const pb_option *row, help_line *line)
{
    static const char *const types[] = {
        [PB_OPTION_INT] = "int",       [PB_OPTION_FLOAT] = "float",   [PB_OPTION_BOOL] = "bool",
        [PB_OPTION_STRING] = "text",   [PB_OPTION_CHOICE] = "choice", [PB_OPTION_INTS] = "ints",
        [PB_OPTION_FLOATS] = "floats", [PB_OPTION_BYTES] = "bytes",   [PB_OPTION_TEXTS] = "texts",
        [PB_OPTION_NAMES] = "names",
    };
    pb_option_range(row, line->range);
    line->cells[0] = row->name;
    line->cells[1] = types[row->type];
    line->cells[2] = !row->fallback ? "required" : row->fallback[0] ? row->fallback : "\"\"";
    line->cells[3] = row->choices ? row->choices : line->range;
}

void pb_options_print_table(const pb_option table[], int indent, FILE *out)
{
    int widths[4] = {0};
    help_line line;
    for (const pb_option *row = table; row->name; row++) {
        describe(row, &line);
        for (int i = 0; i < 4; i++) {
            const int width = (int)strlen(line.cells[i]);
            if (width > widths[i]) widths[i] = width;
        }
    }
    for (const pb_option *row = table; row->name; row++) {
        describe(row, &line);
        fprintf(out, "%*s", indent, "");
        for (int i = 0; i < 4; i++)
            if (widths[i] > 0) fprintf(out, "%-*s  ", widths[i], line.cells[i]);
        fprintf(out, "%s\n", row->help ? row->help : "");
    }
}

/* ---- YAML ---- */

/* Whether the text reads back as itself without quotes, here and in other YAML readers. */
static bool is_plain(const char *text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no",
                                        "on",   "off",  "y",     "n"};
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/";
    if (!text[0] || !strchr(letters, text[0])) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0) return false;
    for (const char *c = text; *c; c++)
        if (!strchr(letters, *c) && !strchr("0123456789.-", *c)) return false;
    return true;
}

/* Takes one UTF-8 sequence; a byte that begins none counts as a character by itself. */
static int decode(const unsigned char *s, uint32_t *character)
{
    const int length = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : s[0] >= 0xC0 ? 2 : 1;
    *character = length == 1 ? s[0] : s[0] & (0xFFu >> (length + 1));
    for (int i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            *character = s[0];
            return 1;
        }
        *character = *character << 6 | (s[i] & 0x3Fu);
    }
    return length;
}

/* YAML takes these for line breaks, or refuses them raw. */
static bool needs_escape(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF ||
           (c >= 0xD800 && c < 0xE000) || c == 0xFFFE || c == 0xFFFF;
}

static void append_quoted(pb_text *out, const char *text)
{
    pb_text_append(out, "\"");
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        uint32_t c;
        const int length = decode(s, &c);
        if (c == '"' || c == '\\') {
            pb_text_append(out, "\\%c", (char)c);
        } else if (needs_escape(c) || (length == 1 && c >= 0x80)) {
            pb_text_append(out, c < 0x100 ? "\\x%02" PRIX32 : "\\u%04" PRIX32, c);
        } else {
            pb_text_append(out, "%.*s", length, (const char *)s);
        }
        s += length;
    }
    pb_text_append(out, "\"");
}

static void append_text(pb_text *out, const char *text)
{
    if (is_plain(text))
        pb_text_append(out, "%s", text);
    else
        append_quoted(out, text);
}

static void append_value(const pb_option *row, const option_value *value, pb_text *out)
{
    char number[32];
    switch (row->type) {
    case PB_OPTION_INT:
    case PB_OPTION_BYTES: pb_text_append(out, "%" PRId64, value->integer); break;
    case PB_OPTION_FLOAT:
        pb_number_format(value->number, number);
        pb_text_append(out, "%s", number);
        break;
    case PB_OPTION_BOOL: pb_text_append(out, value->truth ? "true" : "false"); break;
    case PB_OPTION_STRING:
    case PB_OPTION_CHOICE: append_text(out, value->text); break;
    case PB_OPTION_INTS:
        for (int i = 0; i < value->count; i++)
            pb_text_append(out, "%s%" PRId64, i ? ", " : "[", value->integers[i]);
        pb_text_append(out, value->count ? "]" : "[]");
        break;
    case PB_OPTION_FLOATS:
        for (int i = 0; i < value->count; i++) {
            pb_number_format(value->numbers[i], number);
            pb_text_append(out, "%s%s", i ? ", " : "[", number);
        }
        pb_text_append(out, value->count ? "]" : "[]");
        break;
    case PB_OPTION_TEXTS:
    case PB_OPTION_NAMES: {
        const bool is_map = row->type == PB_OPTION_NAMES;
        pb_text_append(out, is_map ? "{" : "[");
        for (int i = 0; i < value->count; i++) {
            pb_text_append(out, i ? ", " : "");
            if (is_map) append_quoted(out, value->keys[i]);
            if (is_map) pb_text_append(out, ": ");
            append_text(out, value->texts[i]);
        }
        pb_text_append(out, is_map ? "}" : "]");
        break;
    }
    }
}

void pb_options_yaml(const pb_options *values, int indent, pb_text *out)
{
    for (int i = 0; i < values->count; i++) {
        pb_text_append(out, "%*s%s: ", indent, "", values->table[i].name);
        append_value(&values->table[i], &values->values[i], out);
        pb_text_append(out, "\n");
    }
}
