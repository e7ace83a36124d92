/* Scripts for gnuplot and what all pictures share. */
#include "report/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LEFT = 24, LEGEND_ROW = 24, LINE_SAMPLE = 28, WORD_GAP = 8, ENTRY_GAP = 22 }; /* pixels */
enum { POINT_LABELS = 2000 }; /* above every label of an entry, and the title's */

static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#555555", "#b8a500"};
enum { COLOURS = sizeof colours / sizeof *colours };

const char *pb_plot_colour(int index)
{
    return colours[index % COLOURS];
}

int pb_plot_shape(int index, bool filled)
{
    static const int full[] = {7, 5, 9, 13}, hollow[] = {6, 4, 8, 12};
    return (filled ? full : hollow)[index / COLOURS % 4];
}

void pb_plot_band_colour(int index, int count, char colour[8])
{
    /* viridis at tenths, up to where it is still dark enough for white paper */
    static const double stops[][3] = {
        {68, 1, 84},    {72, 36, 117},  {65, 68, 135},  {53, 95, 141},  {42, 120, 142},
        {33, 145, 140}, {34, 168, 132}, {68, 191, 112}, {122, 209, 81}, {189, 198, 30}};
    const int last = (int)(sizeof stops / sizeof *stops) - 1;
    const double at = count > 1 ? (double)index / (count - 1) * last : 0;
    const int low = at >= last ? last - 1 : (int)at;
    unsigned rgb[3];
    for (int c = 0; c < 3; c++)
        rgb[c] =
            (unsigned)lround(stops[low][c] + (at - low) * (stops[low + 1][c] - stops[low][c])) &
            0xff;
    snprintf(colour, 8, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
}

/* Control characters become spaces: a script is a list of lines. */
void pb_plot_quote(pb_text *out, const char *text)
{
    pb_text_append(out, "'");
    for (const char *c = text; *c; c++) {
        if (*c == '\'')
            pb_text_append(out, "''");
        else
            pb_text_append(out, "%c", (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c);
    }
    pb_text_append(out, "'");
}

void pb_plot_begin(pb_plot *plot, const char *name, int width, int height)
{
    *plot = (pb_plot){
        .name = name, .width = width, .height = height, .legend_x = LEFT, .legend_y = 104};
    pb_text *s = &plot->script;
    pb_text_append(
        s,
        "# Drawn by passband. To draw it again: gnuplot %s.gp, or gnuplot -e \"format='svg'\" "
        "%s.gp\n"
        "if (!exists('format')) format = 'png'\n"
        "if (!exists('picture')) picture = '%s.' . format\n"
        "reset\n"
        "set encoding utf8\n"
        "if (format eq 'svg') set terminal svg noenhanced size %d,%d background '#ffffff' "
        "font 'DejaVu Sans,16'; else set terminal pngcairo noenhanced size %d,%d "
        "background '#ffffff' font 'DejaVu Sans,13' linewidth 1.4\n"
        "set output picture\n",
        name, name, name, width, height, width, height);
    pb_text_append(s, "large = format eq 'svg' ? 'DejaVu Sans:Bold,24' : 'DejaVu Sans:Bold,19'\n"
                      "small = format eq 'svg' ? 'DejaVu Sans,15' : 'DejaVu Sans,12'\n"
                      "tiny = format eq 'svg' ? 'DejaVu Sans,13' : 'DejaVu Sans,10'\n");
    pb_text_append(s, "set border 3 linecolor rgb '#555555' linewidth 1\n"
                      "set tics nomirror out textcolor rgb '#333333'\n"
                      "set grid ytics back linetype 1 linewidth 0.6 linecolor rgb '#dddddd'\n"
                      "set key noautotitle textcolor rgb '#222222'\n");
}

void pb_plot_palette(pb_plot *plot)
{
    pb_text_append(&plot->script,
                   "set palette defined (0 '#440154', 1 '#482475', 2 '#414487', 3 '#355f8d', "
                   "4 '#2a788e', 5 '#21918c', 6 '#22a884', 7 '#44bf70', 8 '#7ad151', 9 '#bddf26', "
                   "10 '#fde725')\n");
}

/* A line of text at a height of the picture. */
static void put_line(pb_plot *plot, int label, int from_top, const char *look, const char *format,
                     va_list args)
{
    pb_text line = {0};
    pb_text_append_va(&line, format, args);
    if (line.failed) plot->script.failed = 1;
    pb_text_append(&plot->script, "set label %d ", label);
    pb_plot_quote(&plot->script, line.length ? line.text : "");
    pb_text_append(&plot->script, " at screen %.5g, screen %.5g left %s\n",
                   (double)LEFT / plot->width, 1 - (double)from_top / plot->height, look);
    pb_text_free(&line);
}

void pb_plot_title(pb_plot *plot, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_line(plot, 1001, 34, "font large textcolor rgb '#222222'", format, args);
    va_end(args);
}

void pb_plot_subtitle(pb_plot *plot, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_line(plot, 1002, 68, "font small textcolor rgb '#555555'", format, args);
    va_end(args);
}

int pb_plot_text_width(const char *words)
{
    double width = 0; /* advances of DejaVu Sans at 13 points, 17.3 pixels an em */
    for (const char *c = words; *c; c++) {
        if (((unsigned char)*c & 0xc0) == 0x80) continue; /* not the first byte of a character */
        if (strchr("ijl.,:;'|! I", *c))
            width += 5.4;
        else if (strchr("tfr()[]/-", *c))
            width += 7;
        else if (strchr("mwMW@%", *c))
            width += 16;
        else
            width += *c >= 'A' && *c <= 'Z' ? 12 : 10.4;
    }
    return (int)ceil(width);
}

static void put_sample(pb_plot *plot, int object, int x, int y, int width, int height,
                       const char *colour)
{
    pb_text_append(
        &plot->script,
        "set object %d rectangle from screen %.5g, screen %.5g to screen %.5g, screen %.5g "
        "fillcolor rgb '%s' fillstyle solid noborder\n",
        object, (double)x / plot->width, 1 - (double)(y + height / 2) / plot->height,
        (double)(x + width) / plot->width, 1 - (double)(y - height / 2) / plot->height, colour);
}

void pb_plot_legend(pb_plot *plot, const char *colour, bool square, const char *words)
{
    const int sample = square ? 14 : LINE_SAMPLE;
    const int width = sample + WORD_GAP + pb_plot_text_width(words) + ENTRY_GAP;
    if (plot->entries && plot->legend_x + width > plot->width) {
        plot->legend_x = LEFT;
        plot->legend_y += LEGEND_ROW;
    }
    const int entry = ++plot->entries;
    put_sample(plot, entry, plot->legend_x, plot->legend_y, sample, square ? 14 : 4, colour);
    pb_text_append(&plot->script, "set label %d ", entry);
    pb_plot_quote(&plot->script, words);
    pb_text_append(&plot->script, " at screen %.5g, screen %.5g left textcolor rgb '#222222'\n",
                   (double)(plot->legend_x + sample + WORD_GAP) / plot->width,
                   1 - (double)plot->legend_y / plot->height);
    plot->legend_x += width;
}

void pb_plot_legend_of(pb_plot *plot, int index, const char *words)
{
    const char *colour = pb_plot_colour(index);
    pb_plot_legend(plot, colour, false, words);
    const int before = pb_plot_text_width(words) + ENTRY_GAP + WORD_GAP + LINE_SAMPLE / 2;
    pb_text_append(&plot->script,
                   "set label %d '' at screen %.5g, screen %.5g point pointtype %d pointsize 1.1 "
                   "linecolor rgb '%s'\n",
                   POINT_LABELS + plot->entries, (double)(plot->legend_x - before) / plot->width,
                   1 - (double)plot->legend_y / plot->height, pb_plot_shape(index, true), colour);
}

void pb_plot_top_margin(pb_plot *plot)
{
    const int top = plot->entries ? plot->legend_y + LEGEND_ROW : 100;
    pb_text_append(&plot->script, "set tmargin at screen %.5g\n", 1 - (double)top / plot->height);
}

int pb_plot_end_block(pb_plot *plot)
{
    pb_text_append(&plot->data, "\n\n");
    return plot->blocks++;
}

int pb_plot_curve(pb_plot *plot, const pb_curve *curve)
{
    if (!curve->count) return -1; /* gnuplot does not count an empty block */
    pb_text_append(&plot->data, "# iteration mean low high\n");
    for (size_t i = 0; i < curve->count; i++)
        pb_text_append(&plot->data, "%.9g %.9g %.9g %.9g\n", curve->x[i], curve->mean[i],
                       curve->low[i], curve->high[i]);
    return pb_plot_end_block(plot);
}

bool pb_plot_loss_axis(pb_plot *plot, double low, double high)
{
    pb_text *s = &plot->script;
    if (!(low > 0) || high / low < 5) {
        const double room = high > low ? 0.05 * (high - low) : 0.05 * (fabs(high) + 1e-9);
        pb_text_append(s, "unset logscale y\nset yrange [%.9g:%.9g]\n",
                       low >= 0 && low < room ? 0 : low - room, high + room);
        return false;
    }
    pb_text_append(s, "set logscale y\nset yrange [%.9g:%.9g]\nset ytics (", low / 1.12,
                   high * 1.12);
    const char *comma = "";
    for (int power = (int)floor(log10(low)) - 1; power <= (int)ceil(log10(high)); power++) {
        const double digits[] = {1, 2, 5};
        for (int d = 0; d < 3; d++) {
            const double at = digits[d] * pow(10, power);
            pb_text_append(s, "%s'%g' %g", comma, at, at);
            comma = ", ";
        }
    }
    pb_text_append(s, ")\n");
    return true;
}

void pb_plot_clear(pb_plot *plot)
{
    pb_text_free(&plot->script);
    pb_text_free(&plot->data);
    *plot = (pb_plot){0};
}
