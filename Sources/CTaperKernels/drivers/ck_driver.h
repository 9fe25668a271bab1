// What the drivers with scratch share.
#pragma once
#include "../include/ck_op.h"

static inline float *worker_scratch(const ck_op *op, uint32_t worker) {
  return op->scratch + worker * op->scratch_stride;
}
