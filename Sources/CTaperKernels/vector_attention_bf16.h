// Attention in bf16 over vectors of CK_WIDTH floats. Every SIMD tier compiles this file after
// vector_dots_bf16.h, whose dot products it uses. A tier may define CK_NARROW and ck_vh narrow(ck_vf), its
// own rounding to bf16.
#pragma once
#include "vector_softmax_passes.h"

#if defined(CK_PAIRS) && CK_WIDTH == 16
enum { attention_rows = 12, attention_panels = 2 }; // 24 of 32 registers hold sums
#elif CK_WIDTH == 16
enum { attention_rows = 8, attention_panels = 2 };
#else
enum { attention_rows = 4, attention_panels = 1 };
#endif

#ifndef CK_NARROW
CK_INLINE ck_vh narrow(ck_vf v) { return bf16_of(v); }
#endif

CK_INLINE void store_narrow(uint16_t *y, ck_vf v) {
  ck_vh narrowed = narrow(v);
  __builtin_memcpy(y, &narrowed, sizeof narrowed);
}

/// One tile: rows and panels are constants where this is inlined.
CK_INLINE void multiply_tile(const ck_pairs_product *product, uint32_t row, uint32_t column,
                             const uint32_t rows, const uint32_t panels) {
  const uint32_t vectors = panels * panel_vectors;
  const size_t panel_bytes = (size_t)product->groups * line_bytes;
  ck_sums sums[attention_rows][attention_panels * panel_vectors];
  const char *a[attention_rows], *line = (const char *)product->b + column / CK_PANEL * panel_bytes;
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++) {
    a[r] = (const char *)(product->a + (size_t)(row + r) * product->lda);
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++)
      sums[r][v] = no_sums();
  }
  for (size_t k = 0; k < product->groups * (size_t)group_bytes; k += group_bytes, line += line_bytes) {
    ck_lines lines[attention_panels * panel_vectors];
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++)
      lines[v] = load_lines(line + v / panel_vectors * panel_bytes + v % panel_vectors * sizeof(ck_vf));
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++) {
      ck_group group = load_group(a[r] + k);
#pragma clang loop unroll(full)
      for (uint32_t v = 0; v < vectors; v++)
        sums[r][v] = add_dots(sums[r][v], group, lines[v]);
    }
  }
  const uint32_t columns = product->columns - column;
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++) {
    float *y = product->y + (size_t)(row + r) * product->ldy + column;
    ck_vf factor = splat(product->factor ? product->factor[row + r] : 1);
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++)
      if (columns >= (v + 1) * CK_WIDTH)
        store(y + v * CK_WIDTH, sums[r][v] * factor);
      else if (columns > v * CK_WIDTH)
        store_some(y + v * CK_WIDTH, sums[r][v] * factor, columns - v * CK_WIDTH);
  }
}

#define CK_CASE(n)                                                                                           \
  case n:                                                                                                    \
    if (n <= attention_rows)                                                                                 \
      multiply_tile(product, row, column, n, panels);                                                        \
    break

/// All rows of columns begin ..< end. Rows are divided evenly among the tiles.
CK_INLINE void multiply_columns(const ck_pairs_product *product, uint32_t begin, uint32_t end,
                                const uint32_t panels) {
  uint32_t tiles = divided_up(product->rows, attention_rows);
  for (uint32_t number = 0, row = 0, next; number < tiles; number++, row = next) {
    next = cut(product->rows, number + 1, tiles);
    for (uint32_t column = begin; column < end; column += panels * CK_PANEL)
      switch (next - row) {
        CK_CASE(1);
        CK_CASE(2);
        CK_CASE(3);
        CK_CASE(4);
        CK_CASE(5);
        CK_CASE(6);
        CK_CASE(7);
        CK_CASE(8);
        CK_CASE(9);
        CK_CASE(10);
        CK_CASE(11);
        CK_CASE(12);
      }
  }
}
#undef CK_CASE

static void multiply(const ck_pairs_product *product) {
  uint32_t columns = product->columns, wide = 0;
  if (attention_panels == 2) {
    uint32_t rest = columns % (2 * CK_PANEL);
    wide = rest > CK_PANEL ? columns : columns - rest;
    multiply_columns(product, 0, wide, attention_panels);
  }
  if (wide < columns)
    multiply_columns(product, wide, columns, 1);
}

/// 2^t for t ≤ 0 with a relative error of 7.5e-5, which is small against the rounding to bf16. Results below
/// 2^−125 become 2^−125; NaN stays NaN.
#define CK_POWER(V, I)                                                                                       \
  static inline __attribute__((always_inline, overloadable)) V power_of_two(V t) {                           \
    t = choose(t < (V)-125.0f, (V)-125.0f, t);                                                               \
    /* the sum has no fraction bits: its low bits are the integer nearest to t */                            \
    V shifted = t + (V)0x1.8p23f, r = t - (shifted - (V)0x1.8p23f);                                          \
    V p = multiply_add((V)0.05517166530630707f, r, 0.24261112455702072f);                                    \
    p = multiply_add(p, r, 0.6932609863829677f);                                                             \
    p = multiply_add(p, r, 0.9999280734187477f);                                                             \
    return p * (V)(((I)shifted << 23) + 0x3F800000);                                                         \
  }
CK_POWER(ck_vf, ck_vi)
CK_POWER(ck_v4vf, ck_v4vi)
#undef CK_POWER

/// w = bf16(2^(factor · (a − top))); returns the sum before rounding. w may be a.
CK_INLINE float weights_below(uint16_t *w, const float *a, float factor, float top, size_t n) {
  ck_v4vf sums = (ck_v4vf)0.0f;
  size_t i = 0;
  for (; i + 4 * CK_WIDTH <= n; i += 4 * CK_WIDTH) {
    ck_v4vf v = power_of_two((load_four(a + i) - top) * factor);
    sums += v;
    store_narrow(w + i, v.lo.lo);
    store_narrow(w + i + CK_WIDTH, v.lo.hi);
    store_narrow(w + i + 2 * CK_WIDTH, v.hi.lo);
    store_narrow(w + i + 3 * CK_WIDTH, v.hi.hi);
  }
  ck_v2vf halves = sums.lo + sums.hi;
  ck_vf sum = halves.lo + halves.hi;
  for (; i + CK_WIDTH <= n; i += CK_WIDTH) {
    ck_vf v = power_of_two((load(a + i) - splat(top)) * splat(factor));
    store_narrow(w + i, v);
    sum += v;
  }
  if (i < n) {
    ck_vf v = power_of_two((load_some(a + i, n - i) - splat(top)) * splat(factor));
    v = choose(lanes_below(n - i), v, splat(0));
    sum += v;
    ck_vh narrowed = narrow(v);
    __builtin_memcpy(w + i, &narrowed, (n - i + 1) / 2 * 4);
  }
  return sum_lanes(sum);
}

/// sums += Σ over rows of w · inverse, in row order.
CK_INLINE void add_weights(const ck_weights_job *job) {
  size_t n = job->n;
  for (size_t i = 0; i < n; i += CK_WIDTH) {
    size_t some = n - i < CK_WIDTH ? n - i : CK_WIDTH;
    ck_vf sum = some < CK_WIDTH ? load_some(job->sums + i, some) : load(job->sums + i);
    for (uint32_t row = 0; row < job->rows; row++) {
      ck_vh w;
      __builtin_memcpy(&w, (const uint16_t *)(job->a + row * job->lda) + i, sizeof w); // rows are 2·n long
      ck_vf v = (ck_vf)(__builtin_convertvector(w, ck_vu) << 16);
      sum = multiply_add(v, splat(job->inverse[row]), sum);
    }
    if (some < CK_WIDTH)
      store_some(job->sums + i, sum, some);
    else
      store(job->sums + i, sum);
  }
}

static void weigh(const ck_weights_job *job) {
  const size_t n = job->n;
  const int early = job->bias || !(job->scale > 0);
  const float factor = (early ? 1 : job->scale) * 0x1.715476p+0f; // of two's power
  if (early)
    for (uint32_t row = 0; row < job->rows; row++) {
      float *a = job->a + row * job->lda;
      scale_and_bias(a, a, job->bias ? job->bias[row] : NULL, job->position, job->scale, n);
    }
  // one pass over all rows, then the next: within a row each pass depends on the one before
  for (uint32_t row = 0; row < job->rows; row++)
    job->inverse[row] = largest_of(job->a + row * job->lda, n);
  for (uint32_t row = 0; row < job->rows; row++) {
    float *a = job->a + row * job->lda;
    job->inverse[row] = 1 / weights_below((uint16_t *)a, a, factor, job->inverse[row], n);
  }
  if (job->sums)
    add_weights(job);
}

/// Columns i … of a row, zeros from column n on.
CK_INLINE ck_vf load_within(const float *a, size_t i, size_t n) {
  return i + CK_WIDTH <= n ? load(a + i) : i < n ? load_some(a + i, n - i) : splat(0);
}

/// Prefetch distance in rows. Rows lie a whole row of queries, keys and values apart; hardware prefetchers do
/// not follow such strides.
enum { prefetch_rows = 16 };

static void round_rows(uint16_t *y, size_t ldy, const float *a, size_t lda, uint32_t rows, uint32_t n) {
  for (uint32_t row = 0; row < rows; row++, y += ldy, a += lda)
    for (size_t i = 0; i < ldy; i += CK_WIDTH) {
      __builtin_prefetch(a + prefetch_rows * lda + i);
      store_narrow(y + i, load_within(a, i, n));
    }
}

static void pack_pairs(uint32_t *y, size_t panel, const float *a, size_t lda, uint32_t rows, uint32_t n) {
  for (uint32_t row = 0; row < rows; row += 2, a += 2 * lda, y += CK_PANEL)
    for (size_t i = 0; i < (size_t)ck_panels(n) * CK_PANEL; i += CK_WIDTH) {
      __builtin_prefetch(a + prefetch_rows * lda + i);
      __builtin_prefetch(a + (prefetch_rows + 1) * lda + i);
      ck_vu even = __builtin_convertvector(narrow(load_within(a, i, n)), ck_vu);
      ck_vu odd = __builtin_convertvector(narrow(load_within(a + lda, i, row + 1 < rows ? n : 0)), ck_vu);
      ck_vu pairs = even | odd << 16;
      __builtin_memcpy(y + i / CK_PANEL * panel + i % CK_PANEL, &pairs, sizeof pairs);
    }
}

/// `its_head`, `its_encoded_head`: ck_bf16_attention.head and encoded_head, or NULL.
#define CK_ATTENTION_BF16(its_head, its_encoded_head)                                                        \
  {                                                                                                          \
    .head = its_head, .encoded_head = its_encoded_head, .multiply = multiply, .weigh = weigh,                \
    .round_rows = round_rows, .pack_pairs = pack_pairs                                                       \
  }
