// Attention's products over vectors of CK_WIDTH floats. Every SIMD tier compiles this file. A tile of rows ×
// panels of 16 columns stays in registers over the whole depth; each vector of b that is loaded serves all
// the tile's rows, each element of a all its columns.
#pragma once
#include "vector_math.h"

#if CK_WIDTH == 16
#define CK_TILE_ROWS 12 // × 2 panels = 24 of 32 registers hold sums
#define CK_TILE_PANELS 2
#define CK_NARROW_ROWS 16 // × 1 panel
#else
#define CK_TILE_ROWS 6 // × 1 panel = 12 of 16 registers (AVX2), 24 of 32 (NEON)
#define CK_TILE_PANELS 1
#define CK_NARROW_ROWS CK_TILE_ROWS
#endif
#define CK_PANEL_VECTORS (CK_PANEL / CK_WIDTH)

/// One tile: rows and panels are constants where this is inlined.
CK_INLINE void multiply_tile(const ck_product *product, uint32_t first_row, uint32_t first_column,
                             uint32_t rows, uint32_t panels) {
  ck_vf sum[CK_NARROW_ROWS][CK_TILE_PANELS * CK_PANEL_VECTORS];
  const uint32_t vectors = panels * CK_PANEL_VECTORS;
  const uint32_t columns = product->columns - first_column;
  float *y = product->y + (size_t)first_row * product->ldy + first_column;
  const float *const *a = product->a + first_row;
  const float *b = product->b + (size_t)(first_column / CK_PANEL) * product->panel_stride;
#pragma clang loop unroll(full)
  for (uint32_t i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++) {
      sum[i][v] = splat(0);
      if (product->accumulate) {
        const float *old = y + (size_t)i * product->ldy + v * CK_WIDTH;
        if (columns >= (v + 1) * CK_WIDTH)
          sum[i][v] = load(old);
        else if (columns > v * CK_WIDTH)
          sum[i][v] = load_some(old, columns - v * CK_WIDTH);
      }
    }
  for (uint32_t k = 0; k < product->depth; k++) {
    ck_vf bk[CK_TILE_PANELS * CK_PANEL_VECTORS];
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++)
      bk[v] = load(b + v / CK_PANEL_VECTORS * product->panel_stride + v % CK_PANEL_VECTORS * CK_WIDTH);
    b += product->ldb;
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < rows; i++) {
      ck_vf aik = splat(a[i][k]);
#pragma clang loop unroll(full)
      for (uint32_t v = 0; v < vectors; v++)
        sum[i][v] = multiply_add(aik, bk[v], sum[i][v]);
    }
  }
#pragma clang loop unroll(full)
  for (uint32_t i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++) {
      float *new = y + (size_t)i * product->ldy + v *CK_WIDTH;
      if (columns >= (v + 1) * CK_WIDTH)
        store(new, sum[i][v]);
      else if (columns > v * CK_WIDTH)
        store_some(new, sum[i][v], columns - v * CK_WIDTH);
    }
}

#define CK_CASE(n)                                                                                           \
  case n:                                                                                                    \
    if (n <= most)                                                                                           \
      multiply_tile(product, row, column, n, panels);                                                        \
    break

/// All columns from `begin` to `end` in tiles of at most `most` rows. Rows are divided evenly: 16 as 8 and 8,
/// not as 12 and 4, because 4 rows have too few independent sums to hide the latency of multiply-adds.
CK_INLINE void multiply_columns(const ck_product *product, uint32_t begin, uint32_t end, uint32_t panels,
                                uint32_t most) {
  uint32_t tiles = (product->rows + most - 1) / most;
  for (uint32_t row = 0, rows; tiles > 0; tiles--, row += rows) {
    rows = (product->rows - row + tiles - 1) / tiles;
    for (uint32_t column = begin; column < end; column += panels * CK_PANEL)
      switch (rows) {
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
        CK_CASE(13);
        CK_CASE(14);
        CK_CASE(15);
        CK_CASE(16);
      }
  }
}
#undef CK_CASE

static void multiply(const ck_product *product) {
  uint32_t columns = product->columns, wide = 0;
#if CK_TILE_PANELS == 2
  uint32_t rest = columns % (2 * CK_PANEL);
  wide = rest > CK_PANEL ? columns : columns - rest;
  multiply_columns(product, 0, wide, 2, CK_TILE_ROWS);
#endif
  if (wide < columns)
    multiply_columns(product, wide, columns, 1, CK_NARROW_ROWS);
}

// Transposes of 4 × 4 blocks, one in each group of four lanes.
#define CK_LOW(g) 4 * (g), CK_WIDTH + 4 * (g), 4 * (g) + 1, CK_WIDTH + 4 * (g) + 1
#define CK_HIGH(g) 4 * (g) + 2, CK_WIDTH + 4 * (g) + 2, 4 * (g) + 3, CK_WIDTH + 4 * (g) + 3
#define CK_FRONT(g) 4 * (g), 4 * (g) + 1, CK_WIDTH + 4 * (g), CK_WIDTH + 4 * (g) + 1
#define CK_BACK(g) 4 * (g) + 2, 4 * (g) + 3, CK_WIDTH + 4 * (g) + 2, CK_WIDTH + 4 * (g) + 3
#if CK_WIDTH == 16
#define CK_GROUPS(lanes) lanes(0), lanes(1), lanes(2), lanes(3)
#elif CK_WIDTH == 8
#define CK_GROUPS(lanes) lanes(0), lanes(1)
#else
#define CK_GROUPS(lanes) lanes(0)
#endif

/// Four elements of each of the rows 0, 4, 8, … from `rows` on: CK_WIDTH / 4 groups of lanes.
CK_INLINE ck_vf load_groups(const float *const *rows, size_t at) {
  float v[CK_WIDTH];
#pragma clang loop unroll(full)
  for (size_t g = 0; g < CK_WIDTH / 4; g++)
    __builtin_memcpy(v + 4 * g, rows[4 * g] + at, 16);
  return load(v);
}

/// Columns k ..< k + 4 · steps of a panel. The row pointers are loaded once for all steps.
CK_INLINE void pack_columns(float *panel, const float *const *rows, uint32_t k, uint32_t steps) {
  for (uint32_t i = 0; i < CK_PANEL; i += CK_WIDTH) {
    ck_vf r[4][4];
#pragma clang loop unroll(full)
    for (uint32_t j = 0; j < 4; j++)
#pragma clang loop unroll(full)
      for (uint32_t s = 0; s < steps; s++)
        r[s][j] = load_groups(rows + i + j, k + 4 * s);
#pragma clang loop unroll(full)
    for (uint32_t s = 0; s < steps; s++) {
      ck_vf low01 = __builtin_shufflevector(r[s][0], r[s][1], CK_GROUPS(CK_LOW));
      ck_vf low23 = __builtin_shufflevector(r[s][2], r[s][3], CK_GROUPS(CK_LOW));
      ck_vf high01 = __builtin_shufflevector(r[s][0], r[s][1], CK_GROUPS(CK_HIGH));
      ck_vf high23 = __builtin_shufflevector(r[s][2], r[s][3], CK_GROUPS(CK_HIGH));
      float *out = panel + (size_t)(k + 4 * s) * CK_PANEL + i;
      store(out, __builtin_shufflevector(low01, low23, CK_GROUPS(CK_FRONT)));
      store(out + CK_PANEL, __builtin_shufflevector(low01, low23, CK_GROUPS(CK_BACK)));
      store(out + 2 * CK_PANEL, __builtin_shufflevector(high01, high23, CK_GROUPS(CK_FRONT)));
      store(out + 3 * CK_PANEL, __builtin_shufflevector(high01, high23, CK_GROUPS(CK_BACK)));
    }
  }
}

static void pack_transposed(float *panel, const float *const *rows, uint32_t depth) {
  uint32_t k = 0;
  for (; k + 16 <= depth; k += 16)
    pack_columns(panel, rows, k, 4);
  for (; k + 4 <= depth; k += 4)
    pack_columns(panel, rows, k, 1);
  for (; k < depth; k++)
    for (uint32_t i = 0; i < CK_PANEL; i++)
      panel[(size_t)k * CK_PANEL + i] = rows[i][k];
}
