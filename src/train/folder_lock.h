/* The lock of a folder that several processes work in. The kernel drops it when its holder ends. */
#ifndef PB_TRAIN_FOLDER_LOCK_H
#define PB_TRAIN_FOLDER_LOCK_H

#include <passband/status.h>

/** Waits until no other process has the folder locked; PB_INTERRUPTED once `*stop` is not zero
 * (`stop` may be NULL). */
pb_status pb_folder_lock(pb_context *ctx, const char *folder, const volatile int *stop, int *lock);
/** The same without waiting: `*lock` is -1 where another process has it. */
pb_status pb_folder_try_lock(pb_context *ctx, const char *folder, int *lock);
/** Takes -1 for no lock, and leaves that. */
void pb_folder_unlock(int *lock);
/** Sleeps for a fifth of a second. */
void pb_folder_nap(void);

#endif
