// Where the encoded rows of an op lie.
#pragma once
#include "../include/ck_op.h"

/// A row of y.
static inline ck_encoded_row ck_written_row(const ck_op *op, uint32_t row, size_t element_bytes) {
  return ck_encoded_row_at(op->y, op->y_layout, row, op->rows, op->columns * element_bytes,
                           op->ldy * element_bytes);
}

/// A row of a.
static inline ck_encoded_row ck_read_row(const ck_op *op, uint32_t row, size_t element_bytes) {
  return ck_encoded_row_at(op->a, op->a_layout, row, op->rows, op->depth * element_bytes,
                           op->lda * element_bytes);
}
