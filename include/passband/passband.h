/* passband: train neural networks in the frequency domain on any OpenCL device. Everything public. */
#ifndef PASSBAND_PASSBAND_H
#define PASSBAND_PASSBAND_H

#include <passband/bench.h>
#include <passband/compressed.h>
#include <passband/cwt.h>
#include <passband/dataset.h>
#include <passband/device.h>
#include <passband/ensemble.h>
#include <passband/export.h>
#include <passband/fitted.h>
#include <passband/frame.h>
#include <passband/graph.h>
#include <passband/packing.h>
#include <passband/plan.h>
#include <passband/report.h>
#include <passband/run.h>
#include <passband/shape.h>
#include <passband/stage.h>
#include <passband/status.h>
#include <passband/study.h>
#include <passband/sweep.h>
#include <passband/version.h>
#include <passband/wavelet.h>

#endif
