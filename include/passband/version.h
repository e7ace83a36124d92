/* The version of the library and of the program. */
#ifndef PASSBAND_VERSION_H
#define PASSBAND_VERSION_H
#define PB_VERSION "0.1.0"
#endif
