/* What loop nests of every shape share: the roots of a unit, what is stored of them and how a
 * reduction takes an element. `i` numbers the roots of the writer's unit. */
#ifndef PB_PLAN_NEST_H
#define PB_PLAN_NEST_H

#include "plan/expression.h"

/** Rows that are reduced at once: registers hold their lanes, and memory delivers as many streams. */
#define PB_ROWS_AT_ONCE 4

const pb_root *pb_nest_root(const pb_writer *w, int i);
const pb_record *pb_nest_record(const pb_writer *w, int i);
/** Whether root i is one number for each row of ROWS. */
bool pb_nest_is_row_value(const pb_writer *w, int i);
/** The element of root i with this linear index, and where it is stored; NULL where no index tells. */
pb_at pb_nest_at(pb_writer *w, int i, const pb_index *linear);
const pb_index *pb_nest_address(pb_writer *w, int i, pb_at at);
/** Appends the store of `x`, or notes that the unit is impossible. */
void pb_nest_store(pb_writer *w, int i, pb_at at, const char *x, pb_text *out);
/** Where the unit's assignments write in this turn of the loop: reads elsewhere in those regions are
 * refused. */
void pb_nest_note_assigned(pb_writer *w, const pb_index *element, const pb_index *row);

/** What a reduction begins with, and the C type it is accumulated in. */
const char *pb_nest_identity(const pb_record *r);
const char *pb_nest_accumulator_type(const pb_record *r);
/** Appends one turn of an accumulation. */
void pb_nest_accumulate(pb_text *out, const pb_record *r, const char *into,
                        const char *index_of_best, const char *x, const char *index);
/** Appends the temporaries of an element, then its stores. */
void pb_nest_append_turn(pb_writer *w, pb_text *out, const pb_text *stores);

#endif
