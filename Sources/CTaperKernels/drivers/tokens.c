// Drivers that keep track of which tokens remain, and pooling over them. One task each.
#include "../ck_table.h"
#include <math.h>
#include <string.h>

void ck_iota(const ck_op *op, uint32_t task, uint32_t worker) {
  for (uint32_t i = 0; i < op->rows; i++)
    op->index_out[i] = i;
}

/// Whether row i is kept in preference to row j: the larger score, or the lower row of equal scores. A total
/// order.
static int precedes(const float *score, uint32_t i, uint32_t j) {
  return score[i] != score[j] ? score[i] > score[j] : i < j;
}

/// Restores the heap below `hole`: every row comes after its children in the order above, so the top is the
/// last one.
static void sift_down(uint32_t *heap, uint32_t count, uint32_t hole, const float *score) {
  uint32_t row = heap[hole];
  for (uint32_t child = 2 * hole + 1; child < count; child = 2 * hole + 1) {
    if (child + 1 < count && precedes(score, heap[child], heap[child + 1]))
      child++;
    if (!precedes(score, row, heap[child]))
      break;
    heap[hole] = heap[child];
    hole = child;
  }
  heap[hole] = row;
}

/// The score of every row in the op's scratch: partial scores summed over the heads in order, NaN as −∞.
static float *token_scores(const ck_op *op) {
  uint32_t n = op->inner_rows;
  float *score = op->scratch;
  memset(score, 0, n * sizeof(float));
  for (uint32_t h = 0; h < op->heads; h++)
    op->table->add(score, score, op->a + (size_t)h * n, n);
  for (uint32_t j = 0; j < n; j++)
    if (isnan(score[j]))
      score[j] = -INFINITY;
  return score;
}

/// Top-k by a heap of the k best rows seen so far with the worst of them on top: O(n log k), in place, the
/// same on every machine. After all rows the top is the threshold, and a pass over the rows writes the kept
/// ones in order. `keep` ≥ 1 includes row 0, which is always kept.
static void keep_best(const ck_op *op, const float *score, uint32_t keep) {
  uint32_t n = op->inner_rows;
  uint32_t *heap = (uint32_t *)(op->scratch + n);
  op->index_out[0] = 0;
  uint32_t count = keep - 1; // without row 0
  if (count == 0)
    return;
  for (uint32_t i = 0; i < count; i++)
    heap[i] = i + 1;
  for (uint32_t i = count / 2; i-- > 0;)
    sift_down(heap, count, i, score);
  for (uint32_t j = keep; j < n; j++)
    if (precedes(score, j, heap[0])) {
      heap[0] = j;
      sift_down(heap, count, 0, score);
    }

  uint32_t last = heap[0], out = 1;
  for (uint32_t j = 1; j < n; j++)
    if (j == last || precedes(score, j, last))
      op->index_out[out++] = j;
}

void ck_select(const ck_op *op, uint32_t task, uint32_t worker) {
  uint32_t keep = op->rows < op->inner_rows ? op->rows : op->inner_rows;
  if (keep > 0)
    keep_best(op, token_scores(op), keep);
}

void ck_select_above(const ck_op *op, uint32_t task, uint32_t worker) {
  uint32_t most = op->rows < op->inner_rows ? op->rows : op->inner_rows, keep = 0;
  if (most > 0) {
    const float *score = token_scores(op);
    keep = 1;
    for (uint32_t j = 1; j < op->inner_rows && keep < most; j++)
      keep += score[j] >= op->scale;
    keep_best(op, score, keep);
  }
  *op->count_out = keep;
}

void ck_word_scores(const ck_op *op, uint32_t task, uint32_t worker) {
  uint32_t n = op->inner_rows;
  const uint32_t *ids = op->ids;
  for (uint32_t j = 0; j < n; j++) {
    uint32_t earlier = 0;
    for (uint32_t i = 0; i < j; i++)
      earlier += ids[i] == ids[j];
    uint32_t last = op->depth - 1;
    op->y[j] = op->table0[ids[j]] - op->table1[earlier < last ? earlier : last];
  }
}

/// The next row, from *row on, that the index does not name, or inner_rows; *kept is how many of its entries
/// are below. Both start at zero.
static uint32_t next_dropped(const ck_op *op, uint32_t *row, uint32_t *kept) {
  while (*kept < op->rows && *row < op->inner_rows && op->index[*kept] == *row)
    (*row)++, (*kept)++;
  return (*row)++;
}

/// y[origin[j]] = the row of a `leading` · j elements on, for every dropped row j; with index NULL for the
/// first `rows`.
static void restore(const ck_op *op, size_t leading) {
  uint32_t row = 0, kept = 0, end = op->index ? op->inner_rows : op->rows;
  for (;;) {
    uint32_t j = op->index ? next_dropped(op, &row, &kept) : row++;
    if (j >= end)
      return;
    memcpy(op->y + (size_t)(op->origin ? op->origin[j] : j) * op->ldy, op->a + j * leading,
           op->columns * sizeof(float));
  }
}

void ck_scatter(const ck_op *op, uint32_t task, uint32_t worker) { restore(op, op->lda); }

void ck_spread(const ck_op *op, uint32_t task, uint32_t worker) { restore(op, 0); }

void ck_mean_dropped(const ck_op *op, uint32_t task, uint32_t worker) {
  memset(op->y, 0, op->columns * sizeof(float));
  if (!op->index || op->rows >= op->inner_rows)
    return;
  uint32_t row = 0, kept = 0;
  for (uint32_t j; (j = next_dropped(op, &row, &kept)) < op->inner_rows;)
    op->table->add(op->y, op->y, op->a + (size_t)j * op->lda, op->columns);
  op->table->scale(op->y, op->y, 1 / (float)(op->inner_rows - op->rows), op->columns);
}

void ck_compose(const ck_op *op, uint32_t task, uint32_t worker) {
  if (!op->index)
    return;
  // index is ascending, so index[i] ≥ i: no entry is read after it was overwritten
  for (uint32_t i = 0; i < op->rows; i++)
    op->index_out[i] = op->index_out[op->index[i]];
}

/// The rows of a that are pooled: from `first_row` on.
static uint32_t pooled_rows(const ck_op *op, const float **a) {
  uint32_t first = op->first_row < op->inner_rows ? op->first_row : op->inner_rows;
  *a = op->a + (size_t)first * op->lda;
  return op->inner_rows - first;
}

/// y = the sum of `rows` rows; zero of none.
static void sum_rows(const ck_op *op, const float *a, uint32_t rows) {
  if (rows == 0)
    memset(op->y, 0, op->columns * sizeof(float));
  else if (op->y != a)
    memcpy(op->y, a, op->columns * sizeof(float));
  for (uint32_t i = 1; i < rows; i++)
    op->table->add(op->y, op->y, a + (size_t)i * op->lda, op->columns);
}

void ck_mean(const ck_op *op, uint32_t task, uint32_t worker) {
  const float *a;
  uint32_t rows = pooled_rows(op, &a);
  sum_rows(op, a, rows);
  if (rows > 0)
    op->table->scale(op->y, op->y, 1 / (float)rows, op->columns);
}

void ck_largest(const ck_op *op, uint32_t task, uint32_t worker) {
  const float *a;
  uint32_t rows = pooled_rows(op, &a);
  float *restrict y = op->y;
  for (uint32_t c = 0; c < op->columns; c++)
    y[c] = -INFINITY;
  for (uint32_t i = 0; i < rows; i++) {
    const float *restrict x = a + (size_t)i * op->lda;
    // A NaN in y stays: no comparison with it holds.
    for (uint32_t c = 0; c < op->columns; c++)
      y[c] = x[c] > y[c] || x[c] != x[c] ? x[c] : y[c];
  }
}

void ck_sum(const ck_op *op, uint32_t task, uint32_t worker) {
  const float *a;
  uint32_t rows = pooled_rows(op, &a);
  sum_rows(op, a, rows);
  if (op->scale != 0 && rows > 0)
    op->table->scale(op->y, op->y, powf((float)rows, -op->scale), op->columns);
}

void ck_weighted_mean(const ck_op *op, uint32_t task, uint32_t worker) {
  const float *a;
  uint32_t rows = pooled_rows(op, &a), first = op->inner_rows - rows;
  float *restrict y = op->y;
  memset(y, 0, op->columns * sizeof(float));
  float total = 0;
  for (uint32_t i = 0; i < rows; i++) {
    const float *restrict x = a + (size_t)i * op->lda;
    float weight = (float)(op->origin ? op->origin[first + i] : first + i) + 1;
    total += weight;
    for (uint32_t c = 0; c < op->columns; c++)
      y[c] += weight * x[c];
  }
  if (rows > 0)
    op->table->scale(y, y, 1 / total, op->columns);
}

void ck_last_row(const ck_op *op, uint32_t task, uint32_t worker) {
  memcpy(op->y, op->a + (size_t)(op->inner_rows - 1) * op->lda, op->columns * sizeof(float));
}
