// Packed products on AMX. 16 lines of a panel are a tile of B as they lie, and so is a step of a tile of
// encoded rows (ck_encoded.h): nothing is packed again. Two tiles of rows times two panels keep four tiles of
// sums.
//
// A pair of panels meets all rows before the next pair, so that weights come from memory once. What the loops
// are built around, as measured on Sapphire and Emerald Rapids:
//   - A tile instruction takes time by the rows of its A. So all tiles have R = ⌈M / ⌈M / 16⌉⌉ rows, and the
//   tiles are
//     configured once.
//   - Storing a tile does not overlap with tile instructions, vector work does, as long as it is at most
//   about 16 simple
//     operations a tile instruction. So the sums of a block (2 × 2 tiles) go to a buffer, and its epilogue
//     runs between the depth steps of the next block, a few rows after each.
//   - The operand that is not used again soon bypasses the first cache level (TILELOADDT1), so that the other
//   one stays:
//     the rows when several blocks meet a pair of panels, the weights when there is one.
//   - After each tile instruction lines of the next pair of panels are prefetched into the second level. This
//   goes on
//     beyond the job's end, where the next job's weights lie.
// With weights and rows in planes (ck_gemm_f32_x3, ck_gemm_f32_x6) a step takes each plane of the weights in
// turn, and with it the planes of the rows from the last it meets to the first, whose tiles stay for the
// weights' last. Each sum is one chain over the depth steps, so results do not depend on how rows and panels
// are cut.
//
// On CPUs without AMX the tests run this under Tests/CAMXEmulator. Before including it a tier includes
// vector_math.h and defines
//   CK_DOT_GROUP, CK_DOTS             as vector_dots.h does; without CK_DOTS it calls tile_products itself
//   CK_GELU(v)                        GELU as exactly as its products want it; rough_gelu when not defined
//   CK_TILE_DOTS(sums, a, b)          the tile instruction
//   ck_columns                        what its `values` needs to know of 16 columns
//   ck_columns columns_at(const ck_panel_job *, uint32_t column)
//   ck_rows, void prepare_rows(ck_rows *, const ck_panel_job *)
//                                     what it needs to know of the job's rows
//   ck_vf values(const char *sums, const ck_columns *, const ck_rows *, const ck_panel_job *, uint32_t row)
//                                     16 of the product's values, from 64 bytes of sums. The fewer vector
//                                     operations and the fewer of them on port 5 (shuffles, broadcasts from
//                                     registers) the better

#include "tile_config.h"
#include <stdbool.h>

#ifndef CK_GELU
#define CK_GELU rough_gelu
#endif

enum {
  tile_rows = CK_ENCODED_TILE,
  line_bytes = CK_ENCODED_LINE,
  tile_bytes = tile_rows * line_bytes,
  group_bytes = 4,
  block_row = 2 * line_bytes, // sums of two panels
  most_planes = 3,
};
// Tile registers: the sums of upper and lower rows by left and right panel; the rows; the panels.
#define CK_UPPER_LEFT 0
#define CK_UPPER_RIGHT 1
#define CK_LOWER_LEFT 2
#define CK_LOWER_RIGHT 3
#define CK_UPPER 4
#define CK_LOWER 5
#define CK_LEFT 6
#define CK_RIGHT 7

/// A tile in memory.
typedef struct tile_place {
  const char *at;
  size_t stride; // from one row of the tile to the next
} tile_place;

/// `count` rows of a tile, `bytes` bytes of each, copied to `copy` and padded with zeros to whole lines.
static __attribute__((noinline)) tile_place copied(char *copy, const void *const *rows, uint32_t count,
                                                   size_t at, size_t bytes) {
  memset(copy, 0, tile_bytes);
  for (uint32_t r = 0; r < count; r++)
    memcpy(copy + r * line_bytes, (const char *)rows[r] + at, bytes);
  return (tile_place){.at = copy, .stride = line_bytes};
}

/// The rows of a, cut into tiles of `height` rows.
typedef struct row_tiles {
  const void *const *rows;
  uint32_t count, height, tiles;
  bool are_tiles;        // CK_ENCODED_TILES
  uint32_t direct_steps; // steps loaded from where they lie; others are copied first
  size_t row_stride, line_stride, plane;
} row_tiles;

static row_tiles cut_rows(const ck_panel_job *job, uint32_t whole_steps, uint32_t steps) {
  row_tiles result = {
      .rows = job->a, .count = job->rows, .line_stride = job->line_stride, .plane = job->plane};
  result.are_tiles = job->line_stride != CK_ENCODED_LINE;
  result.height = result.are_tiles ? job->tile_rows : ck_encoded_tile_rows(job->rows);
  result.tiles = divided_up(job->rows, result.height);
  result.row_stride = line_bytes;
  result.direct_steps = steps;
  if (result.are_tiles)
    return result;
  // Beyond the last whole step a row may end, and gathered rows have no stride.
  result.direct_steps = whole_steps;
  if (job->rows > 1)
    result.row_stride = (size_t)((const char *)job->a[1] - (const char *)job->a[0]);
  for (uint32_t r = 1; r < job->rows; r++)
    if ((size_t)((const char *)job->a[r] - (const char *)job->a[r - 1]) != result.row_stride)
      result.direct_steps = 0;
  return result;
}

/// The first row of tile `tile`. A tile has room for all its rows; otherwise the last one starts early enough
/// to be full, and computes rows twice.
CK_INLINE uint32_t first_row(const row_tiles *a, uint32_t tile) {
  uint32_t row = tile * a->height;
  return a->are_tiles || row + a->height <= a->count ? row : a->count - a->height;
}

CK_INLINE tile_place rows_at(const row_tiles *a, uint32_t first, uint32_t step, uint32_t plane,
                             size_t depth_bytes, char *copy) {
  size_t at = step * a->line_stride + plane * a->plane, left = depth_bytes - (size_t)step * line_bytes;
  if (step < a->direct_steps)
    return (tile_place){.at = (const char *)a->rows[first] + at, .stride = a->row_stride};
  return copied(copy, a->rows + first, a->height, at, left < line_bytes ? left : line_bytes);
}

/// Lines of memory that will be read soon.
typedef struct prefetch {
  const char *next;
  uint32_t lines; // after each tile instruction
} prefetch;

CK_INLINE void look_ahead(prefetch *ahead) {
#pragma clang loop unroll(disable)
  for (uint32_t i = 0; i < ahead->lines; i++, ahead->next += line_bytes)
    __builtin_prefetch(ahead->next, 0, 2);
}

/// Two panels, or the last one alone.
typedef struct panel_pair {
  uint32_t column;
  bool has_right;
  const char *panels;
  size_t panel_bytes;
  uint32_t planes; // of which a step has a line each where without planes it has one
  uint32_t whole_steps, steps;
  const char *rest[2]; // the step after the whole ones, padded with zeros to whole tiles
} panel_pair;

CK_INLINE const char *weights_at(const panel_pair *pair, uint32_t step, uint32_t plane, uint32_t side) {
  const char *from = step < pair->whole_steps
                         ? pair->panels + side * pair->panel_bytes + (size_t)step * pair->planes * tile_bytes
                         : pair->rest[side];
  return from + plane * line_bytes;
}

CK_INLINE void load_panels(const panel_pair *pair, uint32_t step, uint32_t plane, bool streams) {
  const char *left = weights_at(pair, step, plane, 0), *right = weights_at(pair, step, plane, 1);
  const size_t stride = pair->planes * line_bytes;
  if (streams)
    _tile_stream_loadd(CK_LEFT, left, stride);
  else
    _tile_loadd(CK_LEFT, left, stride);
  if (pair->has_right && streams)
    _tile_stream_loadd(CK_RIGHT, right, stride);
  else if (pair->has_right)
    _tile_loadd(CK_RIGHT, right, stride);
}

/// How a tile of rows comes into its register.
typedef enum row_load { load_kept, load_streamed, load_none } row_load;

CK_INLINE void multiply_upper(tile_place rows, row_load how, bool has_right, prefetch *ahead) {
  if (how == load_streamed)
    _tile_stream_loadd(CK_UPPER, rows.at, rows.stride);
  else if (how == load_kept)
    _tile_loadd(CK_UPPER, rows.at, rows.stride);
  CK_TILE_DOTS(CK_UPPER_LEFT, CK_UPPER, CK_LEFT);
  look_ahead(ahead);
  if (has_right)
    CK_TILE_DOTS(CK_UPPER_RIGHT, CK_UPPER, CK_RIGHT);
  look_ahead(ahead);
}

CK_INLINE void multiply_lower(tile_place rows, row_load how, bool has_right, prefetch *ahead) {
  if (how == load_streamed)
    _tile_stream_loadd(CK_LOWER, rows.at, rows.stride);
  else if (how == load_kept)
    _tile_loadd(CK_LOWER, rows.at, rows.stride);
  CK_TILE_DOTS(CK_LOWER_LEFT, CK_LOWER, CK_LEFT);
  look_ahead(ahead);
  if (has_right)
    CK_TILE_DOTS(CK_LOWER_RIGHT, CK_LOWER, CK_RIGHT);
  look_ahead(ahead);
}

/// What the epilogue needs of a pair of panels.
typedef struct pair_columns {
  uint32_t column;
  ck_columns side[2];
  ck_vf bias[2];
  __mmask16 mask[2]; // columns there are
} pair_columns;

static pair_columns columns_of(const ck_panel_job *job, uint32_t column) {
  pair_columns result = {.column = column};
#pragma clang loop unroll(full)
  for (uint32_t side = 0; side < 2; side++, column += CK_PANEL) {
    uint32_t left = job->columns > column ? job->columns - column : 0;
    result.mask[side] = left >= CK_PANEL ? 0xFFFF : (__mmask16)((1u << left) - 1);
    result.bias[side] = splat(0);
    if (left == 0)
      continue;
    result.side[side] = columns_at(job, column);
    if (job->bias)
      result.bias[side] = (ck_vf)_mm512_maskz_loadu_ps(result.mask[side], job->bias + column);
  }
  return result;
}

/// A block of sums whose epilogue is due: rows of two panels, the upper tile's before the lower tile's.
typedef struct block {
  const char *sums;
  uint32_t next, end;    // sums' rows to be finished
  uint32_t height;       // rows of the upper tile
  uint32_t upper, lower; // the rows of the job that the tiles start with
} block;

/// Rounds a row's values of two panels to bf16. The instruction flushes subnormals, as the tile instructions
/// that read them do.
CK_INLINE void encode_pair(const ck_panel_job *job, const pair_columns *columns, uint32_t row,
                           const ck_vf *values, const bool is_full) {
  const ck_encoded_row to = job->encoded[row];
  const size_t offset = job->encoded_offset + 2 * (size_t)columns->column;
  ck_vh halves[2];
  __m512bh both = _mm512_cvtne2ps_pbh((__m512)values[1], (__m512)values[0]);
  memcpy(halves, &both, sizeof halves);
  if (is_full && offset % CK_ENCODED_LINE == 0) {
    memcpy(encoded_at(to, offset), halves, sizeof halves);
    return;
  }
  for (uint32_t side = 0; side < 2; side++)
    if (columns->mask[side])
      memcpy(encoded_at(to, offset + side * sizeof halves[0]), &halves[side],
             2 * (size_t)__builtin_popcount(columns->mask[side]));
}

/// The epilogue of one row of two panels. Where this is inlined `is_full` (all columns are there), the
/// activation and whether the result is encoded are constants.
CK_INLINE void finish_row(const ck_panel_job *job, const pair_columns *columns, const ck_rows *rows,
                          const char *sums, uint32_t row, const bool is_full, const ck_activation activation,
                          const bool encodes) {
  ck_vf results[2] = {splat(0), splat(0)};
#pragma clang loop unroll(full)
  for (uint32_t side = 0; side < 2; side++) {
    if (!is_full && !columns->mask[side])
      continue;
    ck_vf v = values(sums + side * line_bytes, &columns->side[side], rows, job, row) + columns->bias[side];
    if (activation == CK_ACTIVATION_GELU) {
      v = CK_GELU(v);
    } else if (activation != CK_ACTIVATION_NONE) {
      float x[CK_PANEL];
      store(x, v);
      bias_activation(x, x, NULL, CK_PANEL, activation);
      v = load(x);
    }
    results[side] = v;
  }
  if (encodes) {
    encode_pair(job, columns, row, results, is_full);
    return;
  }
  float *y = job->y + (size_t)row * job->ldy + columns->column;
#pragma clang loop unroll(full)
  for (uint32_t side = 0; side < 2; side++, y += CK_PANEL)
    if (is_full)
      store(y, results[side]);
    else
      _mm512_mask_storeu_ps(y, columns->mask[side], (__m512)results[side]);
}

CK_INLINE void finish_some(const ck_panel_job *job, const pair_columns *columns, const ck_rows *rows,
                           block *block, uint32_t count, const bool is_full, const ck_activation activation,
                           const bool encodes) {
  const char *sums = block->sums + (size_t)block->next * block_row;
  while (count > 0 && block->next < block->end) {
    bool is_upper = block->next < block->height;
    uint32_t row = is_upper ? block->upper + block->next : block->lower + block->next - block->height;
    uint32_t end = is_upper && block->height < block->end ? block->height : block->end;
    uint32_t some = end - block->next < count ? end - block->next : count;
    for (uint32_t i = 0; i < some; i++, sums += block_row)
      finish_row(job, columns, rows, sums, row + i, is_full, activation, encodes);
    block->next += some, count -= some;
  }
}

/// Finishes up to `count` rows of a block.
static __attribute__((noinline)) void finish_rows(const ck_panel_job *job, const pair_columns *columns,
                                                  const ck_rows *rows, block *block, uint32_t count) {
  bool is_full = columns->mask[0] == 0xFFFF && columns->mask[1] == 0xFFFF;
  if (is_full && job->activation == CK_ACTIVATION_NONE && !job->encoded)
    finish_some(job, columns, rows, block, count, true, CK_ACTIVATION_NONE, false);
  else if (is_full && job->activation == CK_ACTIVATION_GELU && !job->encoded)
    finish_some(job, columns, rows, block, count, true, CK_ACTIVATION_GELU, false);
  else if (is_full && job->activation == CK_ACTIVATION_GELU)
    finish_some(job, columns, rows, block, count, true, CK_ACTIVATION_GELU, true);
  else if (!job->encoded)
    finish_some(job, columns, rows, block, count, false, job->activation, false);
  else
    finish_some(job, columns, rows, block, count, false, job->activation, true);
}

CK_INLINE void store_sums(char *sums, uint32_t height, bool has_lower, bool has_right) {
  char *lower = sums + (size_t)height * block_row;
  _tile_stored(CK_UPPER_LEFT, sums, block_row);
  if (has_right)
    _tile_stored(CK_UPPER_RIGHT, sums + line_bytes, block_row);
  if (has_lower)
    _tile_stored(CK_LOWER_LEFT, lower, block_row);
  if (has_lower && has_right)
    _tile_stored(CK_LOWER_RIGHT, lower + line_bytes, block_row);
}

/// The step after the whole ones of a panel: anything may follow its lines in memory, so they are padded.
CK_INLINE void pad_rest(panel_pair *pair, char (*copy)[most_planes * tile_bytes], size_t bytes) {
  for (uint32_t side = 0; side <= pair->has_right; side++) {
    memset(copy[side], 0, pair->planes * tile_bytes);
    memcpy(copy[side],
           pair->panels + side * pair->panel_bytes + (size_t)pair->whole_steps * pair->planes * tile_bytes,
           bytes);
    pair->rest[side] = copy[side];
  }
}

CK_INLINE void tile_products(const ck_panel_job *job, const uint32_t planes) {
  char sums[2][2 * tile_rows * block_row] __attribute__((aligned(4096)));
  char rest[2][most_planes * tile_bytes] __attribute__((aligned(64))),
      copy[tile_bytes] __attribute__((aligned(64)));
  const uint32_t groups = divided_up(job->depth, CK_DOT_GROUP), steps = divided_up(groups, tile_rows);
  const size_t depth_bytes = (size_t)groups * group_bytes;
  panel_pair pair = {.planes = planes,
                     .panel_bytes = (size_t)groups * planes * line_bytes,
                     .whole_steps = groups / tile_rows};
  const row_tiles a = cut_rows(job, pair.whole_steps, steps);
  const uint32_t panels = ck_panels(job->columns), blocks = divided_up(a.tiles, 2);
  const uint32_t rows_a_step = divided_up(2 * a.height, steps);
  const bool streams_rows = blocks > 1;
  ck_rows rows;
  prepare_rows(&rows, job);
  const uint32_t products = planes * (planes + 1) / 2; // of a plane of rows and one of weights
  block due = {.height = a.height};
  pair_columns columns = {0};
  uint32_t buffer = 0;
  configure(a.height);
  for (uint32_t panel = 0; panel < panels; panel += 2) {
    pair.panels = (const char *)job->panels + panel * pair.panel_bytes;
    pair.column = panel * CK_PANEL;
    pair.has_right = panel + 1 < panels;
    if (steps > pair.whole_steps)
      pad_rest(&pair, rest, (groups - pair.whole_steps * tile_rows) * planes * line_bytes);
    prefetch ahead = {.next = pair.panels + 2 * pair.panel_bytes,
                      .lines = divided_up(2 * tile_rows * planes, 4 * blocks * products)};
    for (uint32_t b = 0; b < blocks; b++) {
      const bool has_lower = 2 * b + 1 < a.tiles;
      const uint32_t upper = first_row(&a, 2 * b), lower = has_lower ? first_row(&a, 2 * b + 1) : 0;
      _tile_zero(CK_UPPER_LEFT);
      _tile_zero(CK_UPPER_RIGHT);
      _tile_zero(CK_LOWER_LEFT);
      _tile_zero(CK_LOWER_RIGHT);
      for (uint32_t step = 0; step < steps; step++) {
#pragma clang loop unroll(full)
        for (uint32_t w = 0; w < planes; w++) {
          load_panels(&pair, step, w, !streams_rows);
#pragma clang loop unroll(full)
          for (uint32_t p = planes - w; p-- > 0;) {
            const row_load how = w > 0 && w == planes - 1 ? load_none
                                 : streams_rows           ? load_streamed
                                                          : load_kept;
            multiply_upper(rows_at(&a, upper, step, p, depth_bytes, copy), how, pair.has_right, &ahead);
            if (has_lower)
              multiply_lower(rows_at(&a, lower, step, p, depth_bytes, copy), how, pair.has_right, &ahead);
          }
        }
        finish_rows(job, &columns, &rows, &due, rows_a_step);
      }
      finish_rows(job, &columns, &rows, &due, 2 * tile_rows);
      store_sums(sums[buffer], a.height, has_lower, pair.has_right);
      if (b == 0) // not before: the block finished until now was the last pair's
        columns = columns_of(job, pair.column);
      uint32_t stored = has_lower ? 2 * a.height : a.height, below = has_lower ? lower : upper;
      uint32_t beyond = below + a.height > a.count ? below + a.height - a.count : 0;
      due = (block){
          .sums = sums[buffer], .end = stored - beyond, .height = a.height, .upper = upper, .lower = lower};
      buffer ^= 1;
    }
  }
  finish_rows(job, &columns, &rows, &due, 2 * tile_rows);
  _tile_release();
}

#ifdef CK_DOTS
void CK_DOTS(const ck_panel_job *job) { tile_products(job, 1); }
#endif
