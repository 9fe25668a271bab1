// Attention, one head a task: both products run on strided views of the projected rows, softmax in between.
//
// Scores are computed for CK_ATTENTION_BLOCK queries at a time, so that a block (64 × 512 × 4 bytes = 128
// KiB) stays in the L2 cache between its two products. The block size is fixed: a product's shape, and with
// it the order in which it sums, never depends on the number of workers.
#include "../ck_table.h"
#include "ck_driver.h"
#include <string.h>

/// The relative-bias row of the query at `position`, to be read at a key's position; NULL without relative
/// bias. The table runs over key position − query position, from −(extent − 1).
static const float *bias_row(const ck_op *op, uint32_t head, uint32_t position) {
  if (!op->bias)
    return NULL;
  return op->bias + (size_t)head * (2 * op->extent - 1) + (op->extent - 1 - position);
}

/// Row numbers and original positions of the queries: query i is row `row` of the keys' sequence.
static uint32_t query_position(const ck_op *op, uint32_t i) {
  uint32_t row = op->index ? op->index[i] : i;
  return op->origin ? op->origin[row] : row;
}

/// p[count, inner_rows] = probabilities of queries first ..< first + count, which lie at q.
static void probabilities(const ck_op *op, uint32_t head, uint32_t first, uint32_t count, const float *q,
                          uint32_t ldq, float *p, uint32_t ldp) {
  op->sgemm(ck_row_major, ck_no_trans, ck_trans, (int)count, (int)op->inner_rows, (int)op->depth, 1, q,
            (int)ldq, op->b + head * op->depth, (int)op->ldb, 0, p, (int)ldp);
  for (uint32_t i = 0; i < count; i++) {
    float *row = p + (size_t)i * ldp;
    const float *bias = bias_row(op, head, op->bias ? query_position(op, first + i) : 0);
    op->table->softmax(row, row, bias, op->origin, op->scale, op->inner_rows);
  }
}

/// y's columns of this head, rows first ..< first + count = p · v.
static void context(const ck_op *op, uint32_t head, uint32_t first, uint32_t count, const float *p,
                    uint32_t ldp) {
  op->sgemm(ck_row_major, ck_no_trans, ck_no_trans, (int)count, (int)op->depth, (int)op->inner_rows, 1, p,
            (int)ldp, op->c + head * op->depth, (int)op->ldc, 0,
            op->y + (size_t)first * op->ldy + head * op->depth, (int)op->ldy);
}

static uint32_t block_count(const ck_op *op, uint32_t first) {
  return op->rows - first < CK_ATTENTION_BLOCK ? op->rows - first : CK_ATTENTION_BLOCK;
}

void ck_attention(const ck_op *op, uint32_t task, uint32_t worker) {
  float *p = worker_scratch(op, worker);
  uint32_t ldp = round_up16(op->inner_rows);
  for (uint32_t first = 0; first < op->rows; first += CK_ATTENTION_BLOCK) {
    uint32_t count = block_count(op, first);
    const float *q = op->a + (size_t)first * op->lda + task * op->depth;
    uint32_t ldq = op->lda;
    if (op->index) {
      // The product wants rows at one stride. Their place in y is free until the context is written there.
      float *rows = op->y + (size_t)first * op->ldy + task * op->depth;
      for (uint32_t i = 0; i < count; i++)
        memcpy(rows + (size_t)i * op->ldy, op->a + (size_t)op->index[first + i] * op->lda + task * op->depth,
               op->depth * sizeof(float));
      q = rows;
      ldq = op->ldy;
    }
    probabilities(op, task, first, count, q, ldq, p, ldp);
    context(op, task, first, count, p, ldp);
  }
}

void ck_attention_scores(const ck_op *op, uint32_t task, uint32_t worker) {
  uint32_t n = op->inner_rows;
  float *sums = op->y2 + (size_t)task * n;
  memset(sums, 0, n * sizeof(float));
  for (uint32_t first = 0; first < op->rows; first += CK_ATTENTION_BLOCK) {
    uint32_t count = block_count(op, first);
    float *p = op->y + ((size_t)task * n + first) * n;
    probabilities(op, task, first, count, op->a + (size_t)first * op->lda + task * op->depth, op->lda, p, n);
    for (uint32_t i = 0; i < count; i++)
      op->table->add(sums, sums, p + (size_t)i * n, n);
  }
}

void ck_attention_scored(const ck_op *op, uint32_t task, uint32_t worker) {
  uint32_t n = op->inner_rows, ldp = round_up16(n);
  float *p = worker_scratch(op, worker), *sums = op->y2 + (size_t)task * n;
  memset(sums, 0, n * sizeof(float));
  for (uint32_t first = 0; first < op->rows; first += CK_ATTENTION_BLOCK) {
    uint32_t count = block_count(op, first);
    probabilities(op, task, first, count, op->a + (size_t)first * op->lda + task * op->depth, op->lda, p,
                  ldp);
    for (uint32_t i = 0; i < count; i++)
      op->table->add(sums, sums, p + (size_t)i * ldp, n);
    context(op, task, first, count, p, ldp);
  }
}

void ck_attention_context(const ck_op *op, uint32_t task, uint32_t worker) {
  uint32_t n = op->inner_rows;
  const float *p = op->b + (size_t)task * n * n;
  if (op->index) {
    float *rows = worker_scratch(op, worker);
    for (uint32_t i = 0; i < op->rows; i++)
      memcpy(rows + (size_t)i * n, p + (size_t)op->index[i] * n, n * sizeof(float));
    p = rows;
  }
  context(op, task, 0, op->rows, p, n);
}
