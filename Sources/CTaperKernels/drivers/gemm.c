// Row-major matrix products, cut into parts of columns. Bias and activation follow at once, while the part is
// in cache.
#include "../ck_table.h"
#include "../include/ck_kernels.h"
#include "ck_driver.h"
#include <string.h>

/// cblas's enumerations.
enum { row_major = 101, no_trans = 111, trans = 112 };

static void multiply(const ck_op *op, uint32_t task, uint32_t worker, ck_sgemm_fn sgemm) {
  uint32_t width = ck_part_width(op->columns, op->parts);
  uint32_t first = task * width;
  if (first >= op->columns)
    return; // widths are rounded up, which may leave nothing for the last parts
  uint32_t count = op->columns - first < width ? op->columns - first : width;

  const float *a = op->a;
  uint32_t lda = op->lda;
  if (op->index) {
    float *rows = worker_scratch(op, worker);
    for (uint32_t i = 0; i < op->rows; i++)
      memcpy(rows + (size_t)i * op->depth, a + (size_t)op->index[i] * lda, op->depth * sizeof(float));
    a = rows;
    lda = op->depth;
  }
  float *y = op->y + first;
  sgemm(row_major, no_trans, trans, (int)op->rows, (int)count, (int)op->depth, 1, a, (int)lda,
        (const float *)op->weight + (size_t)first * op->depth, (int)op->depth, 0, y, (int)op->ldy);

  if (!op->bias && op->activation == CK_ACTIVATION_NONE)
    return;
  const float *bias = op->bias ? op->bias + first : NULL;
  for (uint32_t i = 0; i < op->rows; i++, y += op->ldy)
    op->table->bias_activation(y, y, bias, count, op->activation);
}

void ck_gemm_openblas(const ck_op *op, uint32_t task, uint32_t worker) {
  multiply(op, task, worker, ck_openblas());
}

void ck_gemm_scalar(const ck_op *op, uint32_t task, uint32_t worker) {
  multiply(op, task, worker, ck_sgemm_scalar);
}
