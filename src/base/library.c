#include "base/library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

pb_status pb_library_load(pb_context *ctx, const char *name, int count,
                          const pb_library_function functions[])
{
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    bool complete = library != NULL;
    for (int i = 0; complete && i < count; i++) {
        void *found = dlsym(library, functions[i].name);
        memcpy(functions[i].pointer, &found,
               sizeof found); /* C has no cast from one to the other */
        complete = found != NULL;
    }
    const char *fault = complete ? NULL : dlerror();
    const pb_status status =
        complete ? PB_OK
                 : pb_fail(ctx, PB_ERR_RUN, "a library cannot be used: %s", fault ? fault : name);
    if (library) dlclose(library); /* it stays loaded */
    return status;
}
