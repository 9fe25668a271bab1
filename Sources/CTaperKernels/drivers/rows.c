// Drivers of the row-wise ops: task t covers rows [t·CK_ROW_BLOCK, (t+1)·CK_ROW_BLOCK).
#include "../ck_table.h"
#include "ck_encoded_rows.h"
#include <math.h>
#include <string.h>

typedef struct {
  uint32_t begin, end;
} row_range;

static row_range rows_of(const ck_op *op, uint32_t task) {
  uint32_t begin = task * CK_ROW_BLOCK;
  uint32_t end = op->rows - begin < CK_ROW_BLOCK ? op->rows : begin + CK_ROW_BLOCK;
  return (row_range){begin, end};
}

static const float *row(const float *base, uint32_t leading, uint32_t i) {
  return base ? base + (size_t)i * leading : NULL;
}

static float *out_row(const ck_op *op, uint32_t i) { return op->y + (size_t)i * op->ldy; }

static uint32_t source(const ck_op *op, uint32_t i) { return op->index ? op->index[i] : i; }

/// The sums of a task's embeddings, to y.
static void sum_embeddings(const ck_op *op, row_range range, float *y, size_t ldy) {
  y += range.begin * ldy;
  for (uint32_t i = range.begin; i < range.end; i++, y += ldy) {
    const float *word = row(op->table0, op->columns, op->ids[i]);
    if (op->table1)
      op->table->add(y, word, row(op->table1, op->columns, op->extent + i), op->columns);
    else
      memcpy(y, word, op->columns * sizeof(float));
    if (op->table2)
      op->table->add(y, y, row(op->table2, op->columns, op->type_ids ? op->type_ids[i] : 0), op->columns);
  }
}

/// The norm of a task's rows, from a to y, lda and ldy elements apart, without a residual.
static ck_norm_job plain_norm(const ck_op *op, row_range range, const float *a, size_t lda, float *y,
                              size_t ldy) {
  return (ck_norm_job){
      .a = a + range.begin * lda,
      .y = y + range.begin * ldy,
      .lda = lda,
      .ldy = ldy,
      .gamma = op->gamma,
      .beta = op->beta,
      .epsilon = op->epsilon,
      .rows = range.end - range.begin,
      .n = op->columns,
  };
}

void ck_embed(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  sum_embeddings(op, range, op->y, op->ldy);
  if (!op->gamma)
    return;
  ck_norm_job job = plain_norm(op, range, op->y, op->ldy, op->y, op->ldy);
  op->table->layer_norm(&job);
}

void ck_bias_activation(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  for (uint32_t i = range.begin; i < range.end; i++)
    op->table->bias_activation(out_row(op, i), row(op->a, op->lda, i), op->bias, op->columns, op->activation);
}

void ck_gate(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  for (uint32_t i = range.begin; i < range.end; i++)
    op->table->gate(out_row(op, i), row(op->a, op->lda, i), row(op->b, op->ldb, i), op->columns,
                    op->activation);
}

void ck_rotate(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  for (uint32_t i = range.begin; i < range.end; i++) {
    const float *a = row(op->a, op->lda, i);
    const float *angles = row(op->table0, op->depth, op->origin ? op->origin[i] : i);
    for (uint32_t head = 0; head < op->heads; head++)
      op->table->rotate(out_row(op, i) + (size_t)head * op->depth, a + (size_t)head * op->depth, angles,
                        op->depth);
  }
}

void ck_add(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  for (uint32_t i = range.begin; i < range.end; i++)
    op->table->add(out_row(op, i), row(op->a, op->lda, i), row(op->b, op->ldb, source(op, i)), op->columns);
}

/// The norm of a task's rows, to y; b has room for pointers to the residual's rows.
static ck_norm_job norm_of(const ck_op *op, row_range range, float *y, size_t ldy, const float **b) {
  for (uint32_t i = range.begin; op->b && i < range.end; i++)
    b[i - range.begin] = row(op->b, op->ldb, source(op, i));
  ck_norm_job job = plain_norm(op, range, op->a, op->lda, y, ldy);
  job.b = op->b ? b : NULL, job.bias = op->bias;
  return job;
}

void ck_layer_norm(const ck_op *op, uint32_t task, uint32_t worker) {
  const float *b[CK_ROW_BLOCK];
  ck_norm_job job = norm_of(op, rows_of(op, task), op->y, op->ldy, b);
  op->table->layer_norm(&job);
}

/// A norm whose results are also encoded, to the op's y.
static void encode_norm_bf16(const ck_op *op, row_range range, ck_norm_job job) {
  ck_encoded_row encoded[CK_ROW_BLOCK];
  for (uint32_t i = range.begin; i < range.end; i++)
    encoded[i - range.begin] = ck_written_row(op, i, 2);
  job.encoded = encoded;
  op->table->layer_norm(&job);
}

/// The same with the codes of the results times `multiplier`.
static void encode_norm_i8(const ck_op *op, row_range range, ck_norm_job job, const float *multiplier) {
  ck_encoded_row encoded[CK_ROW_BLOCK];
  ck_row_scale scales[CK_ROW_BLOCK];
  for (uint32_t i = range.begin; i < range.end; i++)
    encoded[i - range.begin] = ck_written_row(op, i, 1);
  job.encoded = encoded, job.scales = scales, job.multiplier = multiplier;
  op->table->layer_norm(&job);
  for (uint32_t i = range.begin; i < range.end; i++) {
    op->y2[(size_t)2 * i] = scales[i - range.begin].scale;
    op->y2[(size_t)2 * i + 1] = scales[i - range.begin].zero;
  }
}

void ck_norm_encode_bf16(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  const float *b[CK_ROW_BLOCK];
  encode_norm_bf16(op, range, norm_of(op, range, op->normed, op->ldc, b));
}

void ck_norm_encode_i8(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  const float *b[CK_ROW_BLOCK];
  encode_norm_i8(op, range, norm_of(op, range, op->normed, op->ldc, b), op->table0);
}

void ck_embed_encode_bf16(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  sum_embeddings(op, range, op->normed, op->ldc);
  encode_norm_bf16(op, range, plain_norm(op, range, op->normed, op->ldc, op->normed, op->ldc));
}

void ck_embed_encode_i8(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  sum_embeddings(op, range, op->normed, op->ldc);
  encode_norm_i8(op, range, plain_norm(op, range, op->normed, op->ldc, op->normed, op->ldc), op->bias);
}

void ck_gather(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  for (uint32_t i = range.begin; i < range.end; i++)
    memcpy(out_row(op, i), row(op->a, op->lda, source(op, i)), op->columns * sizeof(float));
}

void ck_l2_normalize(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  for (uint32_t i = range.begin; i < range.end; i++) {
    const float *a = row(op->a, op->lda, i);
    float norm = sqrtf(op->table->sum_of_squares(a, op->columns));
    op->table->scale(out_row(op, i), a, 1 / (norm > op->epsilon ? norm : op->epsilon), op->columns);
  }
}

void ck_softmax(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  ck_softmax_job job = {
      .a = row(op->a, op->lda, range.begin),
      .y = out_row(op, range.begin),
      .lda = op->lda,
      .ldy = op->ldy,
      .scale = op->scale,
      .rows = range.end - range.begin,
      .n = op->columns,
  };
  op->table->softmax(&job);
}

void ck_sigmoid(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  for (uint32_t i = range.begin; i < range.end; i++)
    op->table->sigmoid(out_row(op, i), row(op->a, op->lda, i), op->columns);
}

void ck_log1p(const ck_op *op, uint32_t task, uint32_t worker) {
  row_range range = rows_of(op, task);
  for (uint32_t i = range.begin; i < range.end; i++) {
    const float *a = row(op->a, op->lda, i);
    float *y = out_row(op, i);
    // Few elements of a row of logits are above zero.
    for (uint32_t c = 0; c < op->columns; c++)
      y[c] = a[c] <= 0 ? 0 : log1pf(a[c]);
  }
}

void ck_exp(const ck_table *table, float *y, const float *x, size_t n) { table->exp(y, x, n); }
