/* The inside of choices, for this room. */
#ifndef PB_PLAN_CHOICES_H
#define PB_PLAN_CHOICES_H

#include <jansson.h>

#include <passband/wisdom.h>

struct pb_choices {
    json_t *by_key; /* {key: {"choice": words, "effort": name, "seconds": number}} */
};

/** Adds what an object of this form holds, where it was made with no less effort than what is
 * there; entries of another form are passed over. False when memory is out. */
bool pb_choices_take(pb_choices *choices, const json_t *by_key);

#endif
