#include "report/cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static bool has_room(pb_cells *cells)
{
    if (cells->count < cells->capacity) return true;
    const int capacity = cells->capacity ? 2 * cells->capacity : 256;
    char **text = realloc(cells->text, (size_t)capacity * sizeof *text);
    if (!text) return false;
    cells->text = text;
    cells->capacity = capacity;
    return true;
}

void pb_cells_add(pb_cells *cells, const char *format, ...)
{
    pb_text text = {0};
    va_list args;
    va_start(args, format);
    pb_text_append_va(&text, format, args);
    va_end(args);
    if (text.failed || !has_room(cells)) {
        cells->failed = true;
        pb_text_free(&text);
        return;
    }
    cells->text[cells->count++] = text.text;
}

/* Digits before the point are all shown: 2345.6 with three is 2346. */
void pb_cells_number(pb_cells *cells, double number, int digits)
{
    if (!isfinite(number)) {
        pb_cells_add(cells, "%s", "");
        return;
    }
    const int before = number == 0 ? 1 : (int)floor(log10(fabs(number))) + 1;
    const int after = digits - before;
    pb_cells_add(cells, "%.*f", after < 0 ? 0 : after > 9 ? 9 : after, number);
}

void pb_cells_clear(pb_cells *cells)
{
    for (int i = 0; i < cells->count; i++) free(cells->text[i]);
    free(cells->text);
    *cells = (pb_cells){0};
}

/* Characters of UTF-8 text. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* Whether every cell below the heading is a number or empty. */
static bool holds_numbers(const pb_cells *cells, int column)
{
    for (int i = cells->columns + column; i < cells->count; i += cells->columns) {
        char *end;
        strtod(cells->text[i], &end);
        if (*end) return false;
    }
    return true;
}

static void print_padding(int width, char c, FILE *out)
{
    for (int i = 0; i < width; i++) fputc(c, out);
}

static void print_markdown(const pb_cells *cells, const int widths[], const bool numbers[],
                           FILE *out)
{
    for (int i = 0; i < cells->count; i++) {
        const int c = i % cells->columns, padding = widths[c] - width_of(cells->text[i]);
        fputs(c ? " " : "| ", out);
        if (numbers[c]) print_padding(padding, ' ', out);
        fputs(cells->text[i], out);
        if (!numbers[c]) print_padding(padding, ' ', out);
        fputs(c == cells->columns - 1 ? " |\n" : " |", out);
        if (i != cells->columns - 1) continue;
        for (int k = 0; k < cells->columns; k++) {
            fputs(k ? "-" : "|-", out);
            print_padding(widths[k] - 1, '-', out);
            fputs(numbers[k] ? "-:|" : "--|", out);
        }
        fputc('\n', out);
    }
}

static void print_csv(const pb_cells *cells, FILE *out)
{
    for (int i = 0; i < cells->count; i++) {
        const char *text = cells->text[i];
        const bool quoted = strpbrk(text, ",\"\n") != NULL;
        if (quoted) fputc('"', out);
        for (; *text; text++) fputs(*text == '"' ? "\"\"" : (char[]){*text, '\0'}, out);
        if (quoted) fputc('"', out);
        fputc((i + 1) % cells->columns ? ',' : '\n', out);
    }
}

pb_status pb_cells_print(pb_context *ctx, const pb_cells *cells, pb_table_format format, FILE *out)
{
    int *widths = calloc((size_t)cells->columns, sizeof *widths);
    bool *numbers = calloc((size_t)cells->columns, sizeof *numbers);
    const bool ready = widths && numbers && !cells->failed;
    for (int i = 0; ready && i < cells->count; i++) {
        const int width = width_of(cells->text[i]), c = i % cells->columns;
        if (width > widths[c]) widths[c] = width;
    }
    for (int c = 0; ready && c < cells->columns; c++) numbers[c] = holds_numbers(cells, c);
    if (ready && format == PB_TABLE_CSV) print_csv(cells, out);
    if (ready && format == PB_TABLE_MARKDOWN) print_markdown(cells, widths, numbers, out);
    free(widths);
    free(numbers);
    if (!ready) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a table");
    return ferror(out) ? pb_fail(ctx, PB_ERR_IO, "the table cannot be written") : PB_OK;
}
