// The packed f32 product over vectors of CK_WIDTH floats: the one text that every SIMD tier compiles.
//
// A tile is R rows of a times P panels, its R·P·16 sums held in registers while k ascends; each sum is one
// chain of fused multiply-adds whatever the tile, so no cut of rows or panels changes a bit. P panels are
// read at once because at few rows memory is the limit, and several distant streams bring more of it than
// one.
//
// The order: P panels, cut into blocks of a depth that a cache level holds; all row tiles pass over a block
// before the next. One or two tiles leave memory the limit: their blocks fit the first level and are asked
// for into it. More tiles compute long enough for the second level, and there a block's sums go out to y and
// back less often. One tile asks within its own streams, a fixed distance ahead, or not at all (see
// run_panels); several share out the next block among them, so that memory is read evenly while the units
// compute. Up to 12 rows are one tile on wide vectors, two panels wide: memory limits there, and one pass
// asks for it best.
#pragma once
#include "include/ck_panel.h"
#include "vector_rows.h"
#include <stdbool.h>

enum {
  panel_vectors = CK_PANEL / CK_WIDTH,
  tile_rows = CK_WIDTH == 16 ? 12 : 6,
  /// Most rows of a tile where there are several; such tiles are three panels wide.
  shared_rows = CK_WIDTH == 16 ? 8 : 6,
  tile_panels = 6,
  /// Elements of a block: two of them, this one and the next, stay inside the smallest L1 (32 KiB), or well
  /// inside the smallest L2 (512 KiB).
  near_elements = 3 * 1024,
  far_elements = 40 * 1024,
  steps_a_turn = 4,
};

typedef struct tile {
  const float *const *a; // rows
  size_t k, depth;       // the block is a[…][k …< k + depth]
  const float *w;        // the block of the first panel
  size_t panel;          // elements from one panel to the next
  float *y;
  size_t ldy;
  // what to ask for meanwhile, in each panel
  const char *ahead, *next; // from here on, and from there on in the turns from `bend` on
  size_t bend;
  uint32_t lines; // cache lines a turn
} tile;

CK_INLINE void sum_products(const int R, const int P, const int steps,
                            ck_vf (*sum)[tile_panels][panel_vectors], const float *const *a, const float *w,
                            size_t panel, size_t k) {
#pragma clang loop unroll(full)
  for (int s = 0; s < steps; s++) {
    ck_vf column[tile_panels][panel_vectors];
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p++)
#pragma clang loop unroll(full)
      for (int v = 0; v < panel_vectors; v++)
        column[p][v] = load(w + (size_t)p * panel + (k + s) * CK_PANEL + v * CK_WIDTH);
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
      for (int p = 0; p < P; p++)
#pragma clang loop unroll(full)
        for (int v = 0; v < panel_vectors; v++)
          sum[r][p][v] = multiply_add(splat(a[r][k + s]), column[p][v], sum[r][p][v]);
  }
}

CK_INLINE void sum_block(const int R, const int P, const int lines, ck_vf (*sum)[tile_panels][panel_vectors],
                         const float *const *a, const tile *t) {
  const float *w = t->w;
  const char *ahead = t->ahead;
  size_t k = 0, panel = t->panel, depth = t->depth;
  for (; k + steps_a_turn <= depth; k += steps_a_turn) {
    if (lines > 0 && k == t->bend)
      ahead = t->next;
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p++)
#pragma clang loop unroll(full)
      for (int line = 0; line < lines; line++)
        if (lines > 1)
          __builtin_prefetch(ahead + (size_t)p * panel * sizeof(float) + 64 * line, 0, 3);
        else
          __builtin_prefetch(ahead + (size_t)p * panel * sizeof(float) + 64 * line, 0, 2);
    ahead += 64 * lines;
    sum_products(R, P, steps_a_turn, sum, a, w, panel, k);
  }
  for (; k < depth; k++)
    sum_products(R, P, 1, sum, a, w, panel, k);
}

/// y[R, 16·P] of the tile's block, on top of what y holds when the block is not the first.
CK_INLINE void run_tile(const int R, const int P, const tile *t) {
  ck_vf sum[tile_rows][tile_panels][panel_vectors];
  const float *a[tile_rows];
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++) {
    a[r] = t->a[r] + t->k;
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p++)
#pragma clang loop unroll(full)
      for (int v = 0; v < panel_vectors; v++)
        sum[r][p][v] = t->k ? load(t->y + r * t->ldy + p * CK_PANEL + v * CK_WIDTH) : splat(0);
  }
  // a loop in the loop would push the sums out of their registers
  switch (t->lines) {
  case 0:
    sum_block(R, P, 0, sum, a, t);
    break;
  case 1:
    sum_block(R, P, 1, sum, a, t);
    break;
  case 2:
    sum_block(R, P, 2, sum, a, t);
    break;
  default:
    sum_block(R, P, steps_a_turn, sum, a, t);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p++)
#pragma clang loop unroll(full)
      for (int v = 0; v < panel_vectors; v++)
        store(t->y + r * t->ldy + p * CK_PANEL + v * CK_WIDTH, sum[r][p][v]);
}

// The tiles there are: as many sums as registers hold, and a column of single panels for what is left over.
#if CK_WIDTH == 16
#define CK_SINGLE_PANELS(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1) X(7, 1) X(8, 1)
#define CK_THREE_PANELS(X) X(1, 3) X(2, 3) X(3, 3) X(4, 3) X(5, 3) X(6, 3) X(7, 3) X(8, 3)
#define CK_TALL(X) X(9, 1) X(10, 1) X(11, 1) X(12, 1) X(9, 2) X(10, 2) X(11, 2) X(12, 2)
#define CK_TILES(X) CK_SINGLE_PANELS(X) CK_THREE_PANELS(X) CK_TALL(X) X(1, 6)
#else
#define CK_TILES(X) X(1, 1) X(2, 1) X(3, 1) X(4, 1) X(5, 1) X(6, 1) X(3, 2) X(1, 3) X(2, 3) X(1, 6)
#endif

#define CK_DEFINE(R, P)                                                                                      \
  static void tile_##R##x##P(const tile *t) { run_tile(R, P, t); }
CK_TILES(CK_DEFINE)
#undef CK_DEFINE

typedef void (*tile_kernel)(const tile *);
static const tile_kernel tile_kernels[tile_rows + 1][tile_panels + 1] = {
#define CK_ENTER(R, P) [R][P] = tile_##R##x##P,
    CK_TILES(CK_ENTER)
#undef CK_ENTER
};
#undef CK_TILES

/// The panels of a tile of `rows` rows when `left` are left.
CK_INLINE uint32_t panels_at_once(uint32_t rows, uint32_t left) {
  uint32_t panels = left < tile_panels ? left : tile_panels;
  while (!tile_kernels[rows][panels])
    panels--;
  return panels;
}

/// How far one tile asks ahead within each panel, in steps of k (one cache line each): the longer a step
/// computes, the fewer panels share the first cache level and the farther it has to look.
CK_INLINE size_t distance(uint32_t rows) { return rows <= 4 ? 32 : rows <= shared_rows ? 48 : 96; }

/// Sets what tile number `number` of `tiles` asks for while it passes over its block; `next` is the first
/// panel of the next block.
CK_INLINE void ask_ahead(tile *t, uint32_t rows, uint32_t number, uint32_t tiles, const float *next) {
  if (tiles == 1) {
    size_t far = distance(rows), near = t->depth < far ? t->depth / steps_a_turn * steps_a_turn : far;
    t->ahead = (const char *)(t->w + near * CK_PANEL);
    t->bend = (t->depth - near) / steps_a_turn * steps_a_turn;
    t->next = (const char *)next;
    t->lines = steps_a_turn;
    return;
  }
  uint32_t from = steps_a_turn * number / tiles, to = steps_a_turn * (number + 1) / tiles;
  t->ahead = (const char *)(next + t->depth / steps_a_turn * from * CK_PANEL);
  t->bend = SIZE_MAX;
  t->lines = to - from;
}

/// `panels` panels from column `column` on: all rows, block by block.
static void run_panels(const ck_panel_job *job, uint32_t column, uint32_t panels, uint32_t tiles) {
  uint32_t columns = job->columns - column < panels * CK_PANEL ? job->columns - column : panels * CK_PANEL;
  bool cut = columns < panels * CK_PANEL; // at the matrix's right edge: sums go through `edge`, in one block
  float edge[tile_rows * tile_panels * CK_PANEL];
  size_t depth = job->depth, most = (tiles > 2 ? far_elements : near_elements) / (panels * CK_PANEL);
  size_t blocks = cut || tiles == 1 ? 1 : (depth + most - 1) / most;
  size_t block = ((depth + blocks - 1) / blocks + steps_a_turn - 1) / steps_a_turn * steps_a_turn;
  // one row of wide vectors leaves nothing to compute meanwhile, and the CPU finds its streams by itself
  bool asks = job->rows > 1 || CK_WIDTH < 16;
  tile t = {.panel = depth * CK_PANEL};
  const float *first = (const float *)job->panels + (size_t)column * depth, *bias = job->bias;
  for (t.k = 0; t.k < depth; t.k += block) {
    t.depth = depth - t.k < block ? depth - t.k : block, t.w = first + t.k * CK_PANEL;
    bool last = t.k + t.depth == depth;
    for (uint32_t number = 0, row = 0, end; number < tiles; number++, row = end) {
      end = (uint32_t)((uint64_t)job->rows * (number + 1) / tiles);
      float *y = job->y + (size_t)row * job->ldy + column;
      t.a = (const float *const *)job->a + row;
      t.y = cut ? edge : y, t.ldy = cut ? panels * CK_PANEL : job->ldy;
      if (asks)
        ask_ahead(&t, job->rows, number, tiles, last ? first + panels * t.panel : t.w + block * CK_PANEL);
      tile_kernels[end - row][panels](&t);
      if (last && (cut || bias || job->activation))
        for (uint32_t r = 0; r < end - row; r++)
          bias_activation(y + (size_t)r * job->ldy, t.y + r * t.ldy, bias ? bias + column : NULL, columns,
                          job->activation);
    }
  }
}

static void gemm_f32(const ck_panel_job *job) {
  if (job->rows == 0)
    return;
  for (uint32_t column = 0; column < job->columns;) {
    uint32_t left = ck_panels(job->columns - column);
    // tall tiles take panels in twos; of an odd number, three go first in lower tiles
    bool tall = job->rows <= tile_rows && (left % 2 == 0 || left == 1);
    uint32_t most = tall || job->rows <= shared_rows ? tile_rows : shared_rows;
    uint32_t tiles = (job->rows + most - 1) / most, tallest = (job->rows + tiles - 1) / tiles;
    uint32_t panels = panels_at_once(tallest, left);
    run_panels(job, column, panels, tiles);
    column += panels * CK_PANEL;
  }
}
