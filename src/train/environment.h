/* Where a run happens: device, driver, versions, system, command, date. */
#ifndef PB_TRAIN_ENVIRONMENT_H
#define PB_TRAIN_ENVIRONMENT_H

#include "base/json.h"
#include "device/device.h"

/** What env.json holds. `selector` is what chose the device, or NULL. New reference, NULL when memory is out. */
json_t *pb_environment_json(const pb_device *device, const char *selector);

#endif
