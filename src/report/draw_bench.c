/* Benchmarks of several machines: a line a row, a point a machine, at its speed relative to the
 * first machine's. */
#include <math.h>
#include <string.h>

#include "report/bench_result.h"
#include "report/plot.h"

enum { WIDTH = 1200, LINE = 24, AROUND = 250 };

typedef struct chart {
    const pb_bench_results *results;
    pb_plot plot;
    pb_text names; /* tics of the y axis */
    int lines, longest;
    double least, largest;
} chart;

static double speed_of(const chart *c, int machine, int part, const json_t *base)
{
    const pb_bench_machine *m = &c->results->machines[machine];
    return pb_bench_speed(pb_bench_find(m->parts[part], pb_bench_words(base, "name")), base);
}

/* Calls for each row of the first machine that another has too. */
typedef void visit(chart *c, int line, int part, const json_t *base, int machine);

static int each_line(chart *c, visit *what, int machine)
{
    int line = 0;
    for (int part = 0; part < 3; part++) {
        const json_t *rows = json_object_get(c->results->machines[0].parts[part], "rows");
        for (size_t k = 0; k < json_array_size(rows); k++) {
            const json_t *base = json_array_get(rows, k);
            bool shared = false;
            for (int i = 1; i < c->results->machine_count; i++)
                shared = shared || isfinite(speed_of(c, i, part, base));
            if (shared) what(c, line++, part, base, machine);
        }
    }
    return line;
}

static void name_line(chart *c, int line, int part, const json_t *base, int machine)
{
    (void)machine;
    const char *name = pb_bench_words(base, "name");
    const int width = pb_plot_text_width(name);
    if (width > c->longest) c->longest = width;
    pb_text_append(&c->names, "%s", line ? ", " : "");
    pb_plot_quote(&c->names, name);
    pb_text_append(&c->names, " %d", line);
    for (int i = 1; i < c->results->machine_count; i++) {
        const double speed = speed_of(c, i, part, base);
        if (!isfinite(speed) || speed <= 0) continue;
        c->least = fmin(c->least, speed);
        c->largest = fmax(c->largest, speed);
    }
}

static void put_point(chart *c, int line, int part, const json_t *base, int machine)
{
    const double speed = speed_of(c, machine, part, base);
    if (isfinite(speed) && speed > 0) pb_text_append(&c->plot.data, "%.9g %d\n", speed, line);
}

static void set_axes(chart *c)
{
    pb_text *s = &c->plot.script;
    const double margin = fmin(0.04 + (double)c->longest / WIDTH, 0.5);
    pb_text_append(s, "set lmargin at screen %.4g\nset rmargin at screen 0.96\n", margin);
    pb_text_append(s, "set bmargin at screen %.4g\n", 80.0 / c->plot.height);
    pb_text_append(s, "set yrange [%g:-0.8]\nset ytics scale 0 (%s)\n", c->lines - 0.2,
                   c->names.text);
    pb_text_append(s, "set logscale x\nset xrange [%g:%g]\nset grid xtics\n", c->least / 1.3,
                   c->largest * 1.3);
    pb_text_append(s, "set xtics (");
    const char *comma = "";
    const bool wide = c->largest > 300 * c->least; /* names of every step would touch */
    for (double power = pow(10, floor(log10(c->least / 1.3))); power < 1.3 * c->largest;
         power *= 10)
        for (int step = 1; step < 10; step = wide || step == 5 ? 10 : step == 1 ? 2 : 5) {
            pb_text_append(s, "%s'%g' %g", comma, step * power, step * power);
            comma = ", ";
        }
    pb_text_append(s, ")\nset xlabel ");
    pb_plot_quote(s, "times as fast");
    pb_text_append(s, "\nset arrow 1 from 1, graph 0 to 1, graph 1 nohead linewidth 1.4 linecolor "
                      "rgb '#555555' back\n");
}

static void plot_points(chart *c)
{
    const char *comma = "plot ";
    for (int i = 1; i < c->results->machine_count; i++) {
        const size_t before = c->plot.data.length;
        pb_text_append(&c->plot.data, "# times_as_fast line\n");
        const size_t heading = c->plot.data.length;
        each_line(c, put_point, i);
        if (c->plot.data.length == heading) { /* gnuplot does not count an empty block */
            if (c->plot.data.text) c->plot.data.text[before] = '\0';
            c->plot.data.length = before;
            continue;
        }
        pb_text_append(&c->plot.script,
                       "%s'%s.dat' index %d using 1:2 with points pointtype 7 pointsize 1.3 "
                       "linecolor rgb '%s'",
                       comma, c->plot.name, pb_plot_end_block(&c->plot), pb_plot_colour(i - 1));
        comma = ", \\\n     ";
    }
    pb_text_append(&c->plot.script, "\n");
}

static void set_title(chart *c)
{
    pb_plot_title(&c->plot, "Benchmarks");
    pb_plot_subtitle(&c->plot, "right of the line: faster than %s", c->results->machines[0].name);
    for (int i = 1; i < c->results->machine_count; i++)
        pb_plot_legend(&c->plot, pb_plot_colour(i - 1), true, c->results->machines[i].name);
    pb_plot_top_margin(&c->plot);
}

pb_status pb_draw_bench(pb_context *ctx, const pb_bench_results *results, const char *folder)
{
    chart c = {.results = results, .least = 1, .largest = 1};
    c.lines = each_line(&c, name_line, 0);
    if (c.lines == 0) {
        pb_text_free(&c.names);
        return pb_plot_discard(folder, "bench");
    }
    pb_plot_begin(&c.plot, "bench", WIDTH, AROUND + LINE * c.lines);
    set_title(&c);
    if (c.names.failed)
        c.plot.script.failed = 1;
    else
        set_axes(&c);
    plot_points(&c);
    pb_text_free(&c.names);
    return pb_plot_draw(ctx, &c.plot, folder);
}
