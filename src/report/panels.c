/* Panels in a grid. */
#include "report/panels.h"

#define HEAD 88 /* pixels of title and subtitle */

pb_panels pb_panels_arrange(int count, int width, int height)
{
    if (count == 1) return (pb_panels){1, 1, 1, 1200, 800 - HEAD};
    return (pb_panels){count, 2, (count + 1) / 2, width, height};
}

static int picture_width(const pb_panels *p)
{
    return p->columns * p->width;
}

static int picture_height(const pb_panels *p)
{
    return p->rows * p->height + HEAD;
}

void pb_panels_begin(pb_plot *plot, const pb_panels *panels, const char *name)
{
    pb_plot_begin(plot, name, picture_width(panels), picture_height(panels));
}

static double screen_x(const pb_panels *p, int index, double x)
{
    return (index % p->columns * p->width + x) / picture_width(p);
}

static double screen_y(const pb_panels *p, int index, double y)
{
    return 1 - (HEAD + index / p->columns * p->height + y) / picture_height(p);
}

void pb_panels_place(pb_plot *plot, const pb_panels *panels, int index, double x, double y)
{
    pb_text_append(&plot->script, "screen %.5g, screen %.5g", screen_x(panels, index, x),
                   screen_y(panels, index, y));
}

void pb_panels_next(pb_plot *plot, const pb_panels *panels, int index, pb_room room,
                    const char *name)
{
    const int name_height = panels->count > 1 ? 30 : 0;
    pb_text *s = &plot->script;
    if (index == 0 && panels->count > 1) pb_text_append(s, "set multiplot\n");
    if (index > 0) pb_text_append(s, "unset label\n");
    pb_text_append(s,
                   "set lmargin at screen %.5g\nset rmargin at screen %.5g\n"
                   "set tmargin at screen %.5g\nset bmargin at screen %.5g\n",
                   screen_x(panels, index, room.left),
                   screen_x(panels, index, panels->width - room.right),
                   screen_y(panels, index, room.top + name_height),
                   screen_y(panels, index, panels->height - room.bottom));
    if (panels->count == 1) return;
    pb_text_append(s, "set label 1003 ");
    pb_plot_quote(s, name);
    pb_text_append(s, " at ");
    pb_panels_place(plot, panels, index, room.left, room.top + name_height / 2.0 - 2);
    pb_text_append(s, " left textcolor rgb '#222222'\n");
}
