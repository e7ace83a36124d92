/* What loop nests of every shape share: the roots of a unit and where they are stored. */
#include "plan/nest.h"

const pb_root *pb_nest_root(const pb_writer *w, int i)
{
    return &w->p->roots[w->unit->roots[i]];
}

const pb_record *pb_nest_record(const pb_writer *w, int i)
{
    return pb_build_record(w->b, pb_nest_root(w, i)->v);
}

bool pb_nest_is_row_value(const pb_writer *w, int i)
{
    const size_t count = pb_shape_count(pb_nest_record(w, i)->shape);
    return w->unit->kind == PB_UNIT_ROWS && count == (size_t)w->unit->rows && w->unit->columns != 1;
}

pb_at pb_nest_at(pb_writer *w, int i, const pb_index *linear)
{
    return pb_at_linear(w, pb_nest_record(w, i)->shape, linear);
}

const pb_index *pb_nest_address(pb_writer *w, int i, pb_at at)
{
    return pb_address(w, &pb_nest_root(w, i)->place, pb_nest_record(w, i)->shape, at);
}

void pb_nest_store(pb_writer *w, int i, pb_at at, const char *x, pb_text *out)
{
    const pb_index *address = pb_nest_address(w, i, at);
    if (!address) {
        w->impossible = true;
        return;
    }
    w->irregular += pb_index_irregular(address, LEVEL_ELEMENT);
    pb_text_append(out, "            %s[%s] = %s;\n",
                   pb_parameter(w, pb_nest_root(w, i)->place.region, true, address),
                   pb_index_text(w->pool, address), x);
}

void pb_nest_note_assigned(pb_writer *w, const pb_index *element, const pb_index *row)
{
    for (int i = 0; i < w->unit->root_count; ++i) {
        const pb_index *linear = pb_nest_is_row_value(w, i) ? row : element;
        w->assigned[i] = linear ? pb_nest_address(w, i, pb_nest_at(w, i, linear)) : NULL;
        w->assigned_in_loop[i] = !pb_nest_is_row_value(w, i) && !pb_nest_root(w, i)->reduction;
    }
}

const char *pb_nest_identity(const pb_record *r)
{
    if (r->op == PB_OP_MAX || r->op == PB_OP_ARGMAX)
        return r->dtype == PB_I32 && r->op == PB_OP_MAX ? "INT_MIN" : "(-INFINITY)";
    return r->dtype == PB_F32 ? "0.0f" : "0";
}

void pb_nest_accumulate(pb_text *out, const pb_record *r, const char *into,
                        const char *index_of_best, const char *x, const char *index)
{
    if (r->op == PB_OP_SUM)
        pb_text_append(out, "            %s += %s;\n", into, x);
    else if (r->op == PB_OP_MAX)
        pb_text_append(out, "            %s = %s < %s ? %s : %s;\n", into, into, x, x, into);
    else
        pb_text_append(out, "            if (%s > %s) { %s = %s; %s = %s; }\n", x, into, into, x,
                       index_of_best, index);
}

const char *pb_nest_accumulator_type(const pb_record *r)
{
    return r->op == PB_OP_ARGMAX ? "float" : pb_c_type(r->dtype);
}

void pb_nest_append_turn(pb_writer *w, pb_text *out, const pb_text *stores)
{
    pb_text_append(out, "%s%s", w->element_text.text ? w->element_text.text : "",
                   stores->text ? stores->text : "");
}
