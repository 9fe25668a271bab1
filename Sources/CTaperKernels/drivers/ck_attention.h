// What the attention drivers share.
#pragma once
#include "ck_driver.h"
#include <string.h>

static inline uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/// Query i is row `source_row` of the keys' sequence.
static inline uint32_t source_row(const ck_op *op, uint32_t i) { return op->index ? op->index[i] : i; }

/// The relative biases of query i, indexed by a key's position; NULL without relative bias. A head's table is
/// indexed by key position − query position and begins at −(extent − 1).
static inline const float *bias_row(const ck_op *op, uint32_t head, uint32_t i) {
  if (!op->bias)
    return NULL;
  uint32_t row = source_row(op, i), position = op->origin ? op->origin[row] : row;
  return op->bias + (size_t)head * (2 * op->extent - 1) + (op->extent - 1 - position);
}

/// The head's column sums, set to zero.
static inline float *cleared_sums(const ck_op *op, uint32_t head) {
  float *sums = op->y2 + (size_t)head * op->inner_rows;
  memset(sums, 0, op->inner_rows * sizeof(float));
  return sums;
}
