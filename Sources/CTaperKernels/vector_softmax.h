// Softmax over vectors of CK_WIDTH floats. Every SIMD tier compiles this file.
#pragma once
#include "vector_rows.h"
#include "vector_softmax_passes.h"

/// y = e^(factor · (a − top)); returns the sum of y. The difference comes first, so that the largest a gives
/// 1 however large it is. One vector at a time: the loop's constants then fit 16 registers, and the core
/// overlaps as many iterations as it can hold.
CK_INLINE float exponentials_below(float *y, const float *a, float factor, float top, size_t n) {
  factor *= 0x1.715476p+0f; // 1 / ln 2
  const ck_vf by = splat(factor), low = splat(-125.5f / factor), most = splat(top);
  ck_vf sum = splat(0);
  size_t i = 0;
  for (; i + CK_WIDTH <= n; i += CK_WIDTH) {
    ck_vf v = power_below_one(load(a + i) - most, by, low);
    store(y + i, v);
    sum += v;
  }
  if (i < n) {
    ck_vf v = power_below_one(load_some(a + i, n - i) - most, by, low);
    store_some(y + i, v, n - i);
    sum += choose(lanes_below(n - i), v, splat(0));
  }
  return sum_lanes(sum);
}

/// y = factor · a; sums = sums + y.
CK_INLINE void scale_and_sum(float *y, const float *a, float factor, float *sums, size_t n) {
  size_t i = 0;
  for (; i + CK_WIDTH <= n; i += CK_WIDTH) {
    ck_vf v = load(a + i) * splat(factor);
    store(y + i, v);
    store(sums + i, load(sums + i) + v);
  }
  if (i < n) {
    ck_vf v = load_some(a + i, n - i) * splat(factor);
    store_some(y + i, v, n - i);
    store_some(sums + i, load_some(sums + i, n - i) + v, n - i);
  }
}

/// Most rows, and most elements, that a pass covers: many short rows, or one long row.
enum { softmax_rows = 64, softmax_elements = 4096 };

/// Some rows of a job: one pass over all of them, then the next. Within a row each pass depends on the one
/// before, so short rows done one by one would mostly wait for latencies.
CK_INLINE void softmax_of(const ck_softmax_job *job, uint32_t first, uint32_t count) {
  const size_t n = job->n;
  // A positive factor keeps the order, so it can be applied with the exponent, where it costs nothing.
  int early = job->bias || !(job->scale > 0 && job->scale < 0x1p127f);
  float *y = job->y + first * job->ldy, factor = early ? 1 : job->scale;
  const float *a = early ? y : job->a + first * job->lda;
  const size_t lda = early ? job->ldy : job->lda;
  float top[softmax_rows], sum[softmax_rows];
  if (early)
    for (uint32_t i = 0; i < count; i++)
      scale_and_bias(y + i * job->ldy, job->a + (first + i) * job->lda,
                     job->bias ? job->bias[first + i] : NULL, job->position, job->scale, n);
  for (uint32_t i = 0; i < count; i++)
    top[i] = largest_of(a + i * lda, n);
  for (uint32_t i = 0; i < count; i++)
    sum[i] = exponentials_below(y + i * job->ldy, a + i * lda, factor, top[i], n);
  float *result = job->result ? job->result + first * job->ldr : y;
  const size_t ldr = job->result ? job->ldr : job->ldy;
  for (uint32_t i = 0; i < count; i++)
    if (job->sums)
      scale_and_sum(result + i * ldr, y + i * job->ldy, 1 / sum[i], job->sums, n);
    else
      scale(result + i * ldr, y + i * job->ldy, 1 / sum[i], n);
}

static void softmax(const ck_softmax_job *job) {
  uint32_t count = softmax_elements / (job->n < softmax_elements ? job->n : softmax_elements);
  count = count < softmax_rows ? count : softmax_rows;
  for (uint32_t first = 0; first < job->rows; first += count)
    softmax_of(job, first, job->rows - first < count ? job->rows - first : count);
}
