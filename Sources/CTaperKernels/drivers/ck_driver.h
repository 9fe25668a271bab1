// What the product-based drivers share.
#pragma once
#include "../include/ck_op.h"

/// cblas's enumerations.
enum { ck_row_major = 101, ck_no_trans = 111, ck_trans = 112 };

static inline uint32_t round_up16(uint32_t n) { return (n + 15) & ~15u; }

static inline float *worker_scratch(const ck_op *op, uint32_t worker) {
  return op->scratch + worker * op->scratch_stride;
}
