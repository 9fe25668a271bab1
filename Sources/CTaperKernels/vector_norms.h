// Layer norms over vectors of CK_WIDTH floats, and the encoding of their results. Every SIMD tier compiles
// this file. A row is three sweeps, each of which ends in a sum that the next one waits for; two rows at a
// time give the core something to do meanwhile. Neither that nor an encoding changes a bit of a row.
#pragma once
#include "vector_rows.h"

enum { rows_at_once = 2 };

/// What becomes of the results besides f32.
typedef enum ck_encoding { no_encoding, as_bf16, as_i8 } ck_encoding;

/// The first `count` lanes, of CK_WIDTH at most, from p[i] on, zeros beyond.
CK_INLINE ck_vf part(const float *p, size_t i, size_t count) {
  return count < CK_WIDTH ? load_some(p + i, count) : load(p + i);
}

CK_INLINE void store_part(float *p, size_t i, ck_vf v, size_t count) {
  if (count < CK_WIDTH)
    store_some(p + i, v, count);
  else
    store(p + i, v);
}

/// Rows of a norm that are computed together. Sums run in two accumulators, for even and odd vectors.
typedef struct norm_rows {
  const float *a[rows_at_once], *b[rows_at_once];
  float *y[rows_at_once];
  ck_vf even[rows_at_once], odd[rows_at_once];
} norm_rows;

/// The sums of the operands, added up and stored to y.
CK_INLINE void add_operands(const ck_norm_job *job, norm_rows *rows, const uint32_t R, ck_vf *sums, size_t i,
                            size_t count) {
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < R; r++) {
    ck_vf v = part(rows->a[r], i, count);
    if (job->bias)
      v += part(job->bias, i, count);
    if (job->b)
      v += part(rows->b[r], i, count);
    store_part(rows->y[r], i, v, count);
    sums[r] += v;
  }
}

CK_INLINE void add_squares(norm_rows *rows, const uint32_t R, const ck_vf *center, ck_vf *sums, size_t i,
                           size_t count) {
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < R; r++) {
    ck_vf square = squared_distance(part(rows->y[r], i, count), center[r]);
    sums[r] += count < CK_WIDTH ? choose(lanes_below(count), square, splat(0)) : square;
  }
}

/// What an encoding needs of a row.
typedef struct row_encoding {
  ck_encoded_row to;
  ck_vf least, largest; // i8: of the results times their multipliers
  ck_vi unordered;
} row_encoding;

CK_INLINE void finish_part(const ck_norm_job *job, float *y, ck_vf center, ck_vf inverse,
                           const ck_encoding encoding, row_encoding *row, size_t i, size_t count) {
  ck_vf v = multiply_add((part(y, i, count) - center) * inverse, part(job->gamma, i, count),
                         part(job->beta, i, count));
  store_part(y, i, v, count);
  if (count < CK_WIDTH) // of a row of NaNs those beyond it are NaNs too, and some of them are padding
    v = choose(lanes_below(count), v, splat(0));
  if (encoding == as_bf16)
    store_encoded(row->to, 2 * i, v, (count + 1) / 2 * 2);
  if (encoding == as_i8)
    widen_range(&row->least, &row->largest, &row->unordered,
                job->multiplier ? v * part(job->multiplier, i, count) : v);
}

/// The last sweep over a row. It waits for nothing, so rows take turns.
CK_INLINE void finish(const ck_norm_job *job, uint32_t r, ck_vf center, ck_vf inverse,
                      const ck_encoding encoding) {
  float *y = job->y + r * job->ldy;
  row_encoding row = {0};
  if (encoding != no_encoding)
    row.to = job->encoded[r];
  size_t i = 0, n = job->n;
  for (; i + CK_WIDTH <= n; i += CK_WIDTH)
    finish_part(job, y, center, inverse, encoding, &row, i, CK_WIDTH);
  if (i < n)
    finish_part(job, y, center, inverse, encoding, &row, i, n - i);
  if (encoding == as_bf16)
    pad_line(row.to, 2 * (n + n % 2), 0);
  if (encoding == as_i8)
    job->scales[r] = write_codes(row.to, y, job->multiplier, n, row.least, row.largest, row.unordered);
}

CK_INLINE void norm_together(const ck_norm_job *job, uint32_t first, const uint32_t R,
                             const ck_encoding encoding) {
  norm_rows rows;
  ck_vf center[rows_at_once], inverse[rows_at_once];
  const size_t n = job->n;
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < R; r++) {
    rows.a[r] = job->a + (first + r) * job->lda;
    rows.b[r] = job->b ? job->b[first + r] : NULL;
    rows.y[r] = job->y + (first + r) * job->ldy;
    rows.even[r] = rows.odd[r] = splat(0);
  }
  size_t i = 0;
  for (; i + 2 * CK_WIDTH <= n; i += 2 * CK_WIDTH) {
    add_operands(job, &rows, R, rows.even, i, CK_WIDTH);
    add_operands(job, &rows, R, rows.odd, i + CK_WIDTH, CK_WIDTH);
  }
  if (i + CK_WIDTH <= n) {
    add_operands(job, &rows, R, rows.even, i, CK_WIDTH);
    i += CK_WIDTH;
  }
  if (i < n)
    add_operands(job, &rows, R, rows.odd, i, n - i);
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < R; r++) {
    center[r] = splat(sum_lanes(rows.even[r] + rows.odd[r]) / (float)n);
    rows.even[r] = rows.odd[r] = splat(0);
  }
  for (i = 0; i + 2 * CK_WIDTH <= n; i += 2 * CK_WIDTH) {
    add_squares(&rows, R, center, rows.even, i, CK_WIDTH);
    add_squares(&rows, R, center, rows.odd, i + CK_WIDTH, CK_WIDTH);
  }
  if (i + CK_WIDTH <= n) {
    add_squares(&rows, R, center, rows.even, i, CK_WIDTH);
    i += CK_WIDTH;
  }
  if (i < n)
    add_squares(&rows, R, center, rows.odd, i, n - i);
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < R; r++) {
    float variance = sum_lanes(rows.even[r] + rows.odd[r]) / (float)n;
    // NaN where the squares overflow: the row would become beta, a wrong result that nobody notices
    variance += variance - variance;
    inverse[r] = splat(1) / __builtin_elementwise_sqrt(splat(variance + job->epsilon));
  }
  for (uint32_t r = 0; r < R; r++)
    finish(job, first + r, center[r], inverse[r], encoding);
}

CK_INLINE void norm_all(const ck_norm_job *job, const ck_encoding encoding) {
  uint32_t r = 0;
  for (; r + rows_at_once <= job->rows; r += rows_at_once)
    norm_together(job, r, rows_at_once, encoding);
  for (; r < job->rows; r++)
    norm_together(job, r, 1, encoding);
}

static void layer_norm(const ck_norm_job *job) {
  if (!job->encoded)
    norm_all(job, no_encoding);
  else if (job->scales)
    norm_all(job, as_i8);
  else
    norm_all(job, as_bf16);
}
