// Encodes activations, row by row, for a packed product of lower precision.
#include "../ck_table.h"
#include "ck_encoded_rows.h"

static uint32_t end_of(const ck_op *op, uint32_t task) {
  uint32_t end = (task + 1) * CK_ROW_BLOCK;
  return end < op->rows ? end : op->rows;
}

static const float *source(const ck_op *op, uint32_t i) {
  return op->a + (size_t)(op->index ? op->index[i] : i) * op->lda;
}

void ck_encode_bf16(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  for (uint32_t i = task * CK_ROW_BLOCK; i < end_of(op, task); i++)
    op->table->encode_bf16(ck_written_row(op, i, 2), source(op, i), op->columns);
}

static void encode_planes(const ck_op *op, uint32_t task, uint32_t planes) {
  for (uint32_t i = task * CK_ROW_BLOCK; i < end_of(op, task); i++) {
    ck_plane_row y = ck_plane_row_at(op->y, op->y_layout, i, op->rows, op->columns, op->ldy, planes);
    op->table->planes->encode(y.first, y.plane, source(op, i), op->columns, planes);
  }
}

void ck_encode_bf16x2(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  encode_planes(op, task, 2);
}

void ck_encode_bf16x3(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  encode_planes(op, task, 3);
}

void ck_encode_i8(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  for (uint32_t i = task * CK_ROW_BLOCK; i < end_of(op, task); i++) {
    ck_row_scale row = op->table->encode_i8(ck_written_row(op, i, 1), source(op, i), op->gamma, op->columns);
    op->y2[(size_t)2 * i] = row.scale;
    op->y2[(size_t)2 * i + 1] = row.zero;
  }
}
