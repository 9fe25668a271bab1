// The packed f32 product over vectors of CK_WIDTH floats. Every SIMD tier compiles this file.
//
// Tile: R rows of a times P panels. Its R·P·16 sums stay in registers while k ascends. Each sum is one chain
// of fused multiply-adds whatever the tile, so how rows and panels are cut changes no bit. A tile reads
// several panels at once because with few rows memory bandwidth is the limit, and several distant streams
// reach more of it than one.
//
// Loop order: P panels at a time, cut into blocks of a depth that fits a cache level; all row tiles pass over
// a block before the next block begins. With one or two row tiles the product is bound by memory: blocks fit
// L1 and are prefetched into it. More row tiles compute long enough for blocks in L2, and then a block's sums
// are stored to y and loaded again less often.
//
// Prefetching: one row tile prefetches within its own streams, a fixed distance ahead, or not at all (see
// run_panels). Several row tiles share the prefetching of the next block, so that memory is read evenly while
// they compute. Up to 12 rows are one tile of two panels on wide vectors: there bandwidth is the limit, and a
// single pass prefetches best.
#pragma once
#include "include/ck_panel.h"
#include "vector_rows.h"
#include <stdbool.h>

enum {
  panel_vectors = CK_PANEL / CK_WIDTH,
  tile_rows = CK_WIDTH == 16 ? 12 : 6,
  /// Most rows of a tile when there are several row tiles; such tiles are three panels wide.
  shared_rows = CK_WIDTH == 16 ? 8 : 6,
  tile_panels = 6,
  /// Elements of a block. Two blocks, the current and the next, fit the smallest L1 (32 KiB), or fit well
  /// into the smallest L2 (512 KiB).
  l1_elements = 3 * 1024,
  l2_elements = 40 * 1024,
  /// Steps of k in an iteration of the inner loop.
  unrolled_steps = 4,
};

typedef struct tile {
  const float *const *a; // rows
  size_t k, depth;       // the block is a[…][k …< k + depth]
  const float *w;        // the block of the first panel
  size_t panel;          // elements from one panel to the next
  float *y;
  size_t ldy;
  // prefetches during the block, in the stream of each panel
  const char *prefetch, *prefetch_next; // where they start, and where they go on from step `switch_step` on
  size_t switch_step;                   // a multiple of unrolled_steps, or SIZE_MAX: never
  uint32_t prefetch_lines;              // cache lines per iteration
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
  const char *prefetch = t->prefetch;
  size_t k = 0, panel = t->panel, depth = t->depth;
  for (; k + unrolled_steps <= depth; k += unrolled_steps) {
    if (lines > 0 && k == t->switch_step)
      prefetch = t->prefetch_next;
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p++)
#pragma clang loop unroll(full)
      for (int line = 0; line < lines; line++)
        if (lines > 1)
          __builtin_prefetch(prefetch + (size_t)p * panel * sizeof(float) + 64 * line, 0, 3);
        else
          __builtin_prefetch(prefetch + (size_t)p * panel * sizeof(float) + 64 * line, 0, 2);
    prefetch += 64 * lines;
    sum_products(R, P, unrolled_steps, sum, a, w, panel, k);
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
  // the number of lines is a constant in each copy: an inner loop over it would spill the sums
  switch (t->prefetch_lines) {
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
    sum_block(R, P, unrolled_steps, sum, a, t);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p++)
#pragma clang loop unroll(full)
      for (int v = 0; v < panel_vectors; v++)
        store(t->y + r * t->ldy + p * CK_PANEL + v * CK_WIDTH, sum[r][p][v]);
}

// The tile shapes: as many sums as registers hold, and one-panel tiles for the rest.
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

/// Panels of a tile of `rows` rows when `left` panels remain.
CK_INLINE uint32_t panels_at_once(uint32_t rows, uint32_t left) {
  uint32_t panels = left < tile_panels ? left : tile_panels;
  while (!tile_kernels[rows][panels])
    panels--;
  return panels;
}

/// Prefetch distance within a panel, in steps of k (one cache line each), when there is one row tile. More
/// rows make a step longer, but also mean fewer panels at once, which leaves room in L1 to look farther
/// ahead.
CK_INLINE size_t prefetch_distance(uint32_t rows) { return rows <= 4 ? 32 : rows <= shared_rows ? 48 : 96; }

/// Sets what tile `number` of `tiles` prefetches while it passes over its block. `next` is the first panel of
/// the next block.
CK_INLINE void plan_prefetch(tile *t, uint32_t rows, uint32_t number, uint32_t tiles, const float *next) {
  if (tiles == 1) {
    size_t far = prefetch_distance(rows);
    size_t distance = t->depth < far ? t->depth / unrolled_steps * unrolled_steps : far;
    t->prefetch = (const char *)(t->w + distance * CK_PANEL);
    t->switch_step = (t->depth - distance) / unrolled_steps * unrolled_steps;
    t->prefetch_next = (const char *)next;
    t->prefetch_lines = unrolled_steps;
    return;
  }
  // each tile takes its share of the lines, so that together they cover the next block
  uint32_t from = unrolled_steps * number / tiles, to = unrolled_steps * (number + 1) / tiles;
  t->prefetch = (const char *)(next + t->depth / unrolled_steps * from * CK_PANEL);
  t->switch_step = SIZE_MAX;
  t->prefetch_lines = to - from;
}

/// `panels` panels from column `column` on: all rows, block by block.
static void run_panels(const ck_panel_job *job, uint32_t column, uint32_t panels, uint32_t tiles) {
  uint32_t columns = job->columns - column < panels * CK_PANEL ? job->columns - column : panels * CK_PANEL;
  bool cut = columns < panels * CK_PANEL; // at the matrix's right edge: sums go to `edge` first, in one block
  float edge[tile_rows * tile_panels * CK_PANEL];
  size_t depth = job->depth, most = (tiles > 2 ? l2_elements : l1_elements) / (panels * CK_PANEL);
  size_t blocks = cut || tiles == 1 ? 1 : (depth + most - 1) / most;
  size_t block = ((depth + blocks - 1) / blocks + unrolled_steps - 1) / unrolled_steps * unrolled_steps;
  // a single row of wide vectors: too little computation to hide prefetches, and the hardware prefetcher
  // follows
  bool prefetches = job->rows > 1 || CK_WIDTH < 16;
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
      if (prefetches)
        plan_prefetch(&t, job->rows, number, tiles, last ? first + panels * t.panel : t.w + block * CK_PANEL);
      tile_kernels[end - row][panels](&t);
      if (last && (cut || bias || job->activation))
        for (uint32_t r = 0; r < end - row; r++)
          bias_activation(y + (size_t)r * job->ldy, t.y + r * t.ldy, bias ? bias + column : NULL, columns,
                          job->activation);
    }
  }
}

/// How many tiles `rows` rows are cut into, and how many panels each has when `left` panels remain.
typedef struct tile_cut {
  uint32_t tiles, panels;
} tile_cut;

CK_INLINE tile_cut cut_into_tiles(uint32_t rows, uint32_t left) {
  // tall tiles are two panels wide; of an odd number of panels, three go first in lower tiles
  bool tall = rows <= tile_rows && (left % 2 == 0 || left == 1);
  uint32_t most = tall || rows <= shared_rows ? tile_rows : shared_rows;
  uint32_t tiles = (rows + most - 1) / most, tallest = (rows + tiles - 1) / tiles;
  return (tile_cut){.tiles = tiles, .panels = panels_at_once(tallest, left)};
}

static void gemm_f32(const ck_panel_job *job) {
  if (job->rows == 0)
    return;
  for (uint32_t column = 0; column < job->columns;) {
    tile_cut cut = cut_into_tiles(job->rows, ck_panels(job->columns - column));
    run_panels(job, column, cut.panels, cut.tiles);
    column += cut.panels * CK_PANEL;
  }
}

// Weights that are sums of bf16 planes (ck_gemm_f32_x3, ck_gemm_f32_x6) are restored to f32, a block that
// fits L1 at a time, and then multiplied as above: one pass over f32 costs a third of three over bf16, on
// wide vectors with VDPBF16PS still two thirds.

/// Steps k …< k + steps of a panel at restored[step][16]; k is even, and an odd `steps` writes one more.
CK_INLINE void restore(float *restored, const char *panel, size_t k, size_t steps, const uint32_t planes) {
  const size_t line = CK_PANEL * sizeof(uint32_t);
  const char *pairs = panel + k / CK_GROUP_BF16 * planes * line;
  for (size_t step = 0; step < steps; step += CK_GROUP_BF16, pairs += planes * line)
#pragma clang loop unroll(full)
    for (size_t v = 0; v < panel_vectors; v++) {
      ck_vf first = splat(0), second = splat(0);
#pragma clang loop unroll(full)
      for (uint32_t p = planes; p-- > 0;) {
        ck_vi pair = load_words(pairs + p * line + v * sizeof(ck_vf));
        first += (ck_vf)(pair << 16);
        second += (ck_vf)(pair & (int32_t)0xFFFF0000);
      }
      store(restored + step * CK_PANEL + v * CK_WIDTH, first);
      store(restored + (step + 1) * CK_PANEL + v * CK_WIDTH, second);
    }
}

/// Whole panels from column `column` on, all rows; y is of the first of these columns.
static void run_restored(const ck_panel_job *job, uint32_t column, tile_cut cut, const uint32_t planes,
                         float *y, size_t ldy) {
  float restored[l1_elements] __attribute__((aligned(64)));
  const size_t depth = job->depth, panel_bytes = (depth + 1) / CK_GROUP_BF16 * planes * CK_PANEL * 4;
  const size_t block = l1_elements / (cut.panels * CK_PANEL) / unrolled_steps * unrolled_steps;
  const char *panels = (const char *)job->panels + column / CK_PANEL * panel_bytes;
  tile t = {.w = restored, .panel = block * CK_PANEL, .ldy = ldy};
  for (t.k = 0; t.k < depth; t.k += block) {
    t.depth = depth - t.k < block ? depth - t.k : block;
    for (uint32_t p = 0; p < cut.panels; p++)
      restore(restored + p * t.panel, panels + p * panel_bytes, t.k, t.depth, planes);
    for (uint32_t number = 0, row = 0, end; number < cut.tiles; number++, row = end) {
      end = (uint32_t)((uint64_t)job->rows * (number + 1) / cut.tiles);
      t.a = (const float *const *)job->a + row;
      t.y = y + row * ldy;
      tile_kernels[end - row][cut.panels](&t);
    }
  }
}

CK_INLINE void finish_restored(const ck_panel_job *job, uint32_t row, uint32_t rows, uint32_t column,
                               uint32_t columns, const float *x, size_t ldx) {
  const float *bias = job->bias ? job->bias + column : NULL;
  for (uint32_t r = 0; r < rows; r++)
    bias_activation(job->y + (size_t)(row + r) * job->ldy + column, x + r * ldx, bias, columns,
                    job->activation);
}

CK_INLINE void gemm_planes(const ck_panel_job *job, const uint32_t planes) {
  const uint32_t whole = job->columns / CK_PANEL * CK_PANEL;
  for (uint32_t column = 0; column < whole && job->rows > 0;) {
    tile_cut cut = cut_into_tiles(job->rows, (whole - column) / CK_PANEL);
    uint32_t columns = cut.panels * CK_PANEL;
    float *y = job->y + column;
    run_restored(job, column, cut, planes, y, job->ldy);
    if (job->bias || job->activation)
      finish_restored(job, 0, job->rows, column, columns, y, job->ldy);
    column += columns;
  }
  // the sums of the last panel do not fit y
  for (uint32_t row = 0, rows; whole < job->columns && row < job->rows; row += rows) {
    rows = job->rows - row < tile_rows ? job->rows - row : tile_rows;
    float sums[tile_rows * CK_PANEL];
    ck_panel_job some = *job;
    some.a += row, some.rows = rows;
    run_restored(&some, whole, (tile_cut){.tiles = 1, .panels = 1}, planes, sums, CK_PANEL);
    finish_restored(job, row, rows, whole, job->columns - whole, sums, CK_PANEL);
  }
}

static void gemm_x3(const ck_panel_job *job) { gemm_planes(job, 2); }
static void gemm_x6(const ck_panel_job *job) { gemm_planes(job, 3); }
static const ck_plane_products restoring_products = {
    .gemm_x3 = gemm_x3, .gemm_x6 = gemm_x6, .encode = ck_encode_planes_as_f32};
