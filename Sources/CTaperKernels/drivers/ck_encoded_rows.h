// Where the encoded rows of an op lie.
#pragma once
#include "../include/ck_op.h"

/// A row of y.
static inline ck_encoded_row ck_written_row(const ck_op *op, uint32_t row, size_t element_bytes) {
  return ck_encoded_row_at(op->y, op->y_layout, row, op->rows, op->columns * element_bytes,
                           op->ldy * element_bytes);
}

/// The row of a matrix of bf16 planes: its first plane, and the bytes from one plane to the next. In rows a
/// plane is one leading dimension long; in tiles each plane is whole lines, those of the second plane after
/// the first's.
typedef struct ck_plane_row {
  ck_encoded_row first;
  size_t plane;
} ck_plane_row;

static inline ck_plane_row ck_plane_row_at(const void *base, ck_encoded_layout layout, uint32_t row,
                                           uint32_t rows, uint32_t width, uint32_t leading, uint32_t planes) {
  const size_t bytes = sizeof(uint16_t);
  const size_t line = (size_t)ck_encoded_lines(width * bytes) * CK_ENCODED_LINE;
  return (ck_plane_row){
      .first = ck_encoded_row_at(base, layout, row, rows, planes * line, leading * planes * bytes),
      .plane = layout == CK_ENCODED_ROWS ? leading * bytes : CK_ENCODED_TILE * line,
  };
}

/// A row of a.
static inline ck_encoded_row ck_read_row(const ck_op *op, uint32_t row, size_t element_bytes) {
  return ck_encoded_row_at(op->a, op->a_layout, row, op->rows, op->depth * element_bytes,
                           op->lda * element_bytes);
}
