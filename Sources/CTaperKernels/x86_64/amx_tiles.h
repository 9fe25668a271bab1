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
//   - The epilogue's loop touches little but vectors: activation, kind of result and loads' hints are
//   constants of an instance, and a block knows where its rows go. Written by row and looked up in the job it
//   took 7 to 40% of a product.
// With weights and rows in planes (ck_gemm_f32_x3, ck_gemm_f32_x6) a step takes each plane of the weights in
// turn, and with it the planes of the rows from the last it meets to the first, whose tiles stay for the
// weights' last. Each sum is one chain over the depth steps, so results do not depend on how rows and panels
// are cut.
//
// On CPUs without AMX the tests run this under Tests/CAMXEmulator. Before including it a tier includes
// vector_math.h and defines what follows; after it CK_TILE_PRODUCTS makes the tier's kernels.
//   CK_DOT_GROUP                      as vector_dots.h does
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

/// What is constant in an instance of the product.
typedef struct product_kind {
  uint32_t planes;
  ck_activation activation;
  bool encodes;
  bool streams_rows; // otherwise weights
  bool is_plain;     // as `is_plain` finds
} product_kind;

/// The rows of a, cut into tiles of `height` rows.
typedef struct row_tiles {
  const void *const *rows;
  uint32_t count, height, tiles;
  bool are_tiles;        // CK_ENCODED_TILES
  uint32_t direct_steps; // steps loaded from where they lie; others are copied first
  size_t row_stride, line_stride, plane;
} row_tiles;

static uint32_t tile_height(const ck_panel_job *job) {
  return job->line_stride != CK_ENCODED_LINE ? job->tile_rows : ck_encoded_tile_rows(job->rows);
}

/// Bytes from one row of a to the next; 0 where rows are gathered.
static size_t stride_of_rows(const ck_panel_job *job) {
  if (job->rows < 2)
    return line_bytes;
  const size_t stride = (size_t)((const char *)job->a[1] - (const char *)job->a[0]);
  for (uint32_t r = 2; r < job->rows; r++)
    if ((size_t)((const char *)job->a[r] - (const char *)job->a[r - 1]) != stride)
      return 0;
  return stride;
}

static row_tiles cut_rows(const ck_panel_job *job, uint32_t whole_steps, uint32_t steps) {
  row_tiles result = {.rows = job->a,
                      .count = job->rows,
                      .height = tile_height(job),
                      .are_tiles = job->line_stride != CK_ENCODED_LINE,
                      .direct_steps = steps,
                      .row_stride = line_bytes,
                      .line_stride = job->line_stride,
                      .plane = job->plane};
  result.tiles = divided_up(job->rows, result.height);
  if (!result.are_tiles) { // a row may end within its last step
    result.row_stride = stride_of_rows(job);
    result.direct_steps = result.row_stride ? whole_steps : 0;
  }
  return result;
}

/// The first row of tile `tile`. A tile has room for all its rows; otherwise the last one starts early enough
/// to be full, and computes rows twice.
CK_INLINE uint32_t first_row(const row_tiles *a, uint32_t tile) {
  uint32_t row = tile * a->height;
  return a->are_tiles || row + a->height <= a->count ? row : a->count - a->height;
}

/// The tiles of a depth step.
typedef struct step_tiles {
  const char *upper, *lower;    // rows
  size_t row_stride, row_plane; // bytes from one row of a tile to the next; from one plane to the next
  const char *left, *right;     // panels, whose planes are a line apart
} step_tiles;

/// Room for the tiles of a step that cannot be loaded from where they lie.
typedef struct step_copies {
  char upper[most_planes * tile_bytes] __attribute__((aligned(64)));
  char lower[most_planes * tile_bytes] __attribute__((aligned(64)));
  char left[most_planes * tile_bytes] __attribute__((aligned(64)));
  char right[most_planes * tile_bytes] __attribute__((aligned(64)));
} step_copies;

/// `bytes` bytes of a step of a tile's rows, padded with zeros to whole lines.
static void copy_rows(char *copy, const row_tiles *a, uint32_t first, uint32_t step, uint32_t planes,
                      size_t bytes) {
  memset(copy, 0, planes * tile_bytes);
  for (uint32_t p = 0; p < planes; p++)
    for (uint32_t r = 0; r < a->height; r++)
      memcpy(copy + p * tile_bytes + r * line_bytes,
             (const char *)a->rows[first + r] + step * a->line_stride + p * a->plane, bytes);
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

#define CK_LOAD(tile, at, stride, streams)                                                                   \
  do {                                                                                                       \
    if (streams)                                                                                             \
      _tile_stream_loadd(tile, at, stride);                                                                  \
    else                                                                                                     \
      _tile_loadd(tile, at, stride);                                                                         \
  } while (0)

/// Multiplies a tile of rows, in `tile`, by both panels.
#define CK_MULTIPLY_ROWS(tile, at, left_sums, right_sums)                                                    \
  do {                                                                                                       \
    if (loads)                                                                                               \
      CK_LOAD(tile, (at) + p * step->row_plane, step->row_stride, kind.streams_rows);                        \
    CK_TILE_DOTS(left_sums, tile, CK_LEFT);                                                                  \
    look_ahead(ahead);                                                                                       \
    if (has_right)                                                                                           \
      CK_TILE_DOTS(right_sums, tile, CK_RIGHT);                                                              \
    look_ahead(ahead);                                                                                       \
  } while (0)

/// One depth step of a block.
CK_INLINE void multiply_step(const step_tiles *step, const product_kind kind, bool has_lower, bool has_right,
                             prefetch *ahead) {
  const uint32_t planes = kind.planes;
#pragma clang loop unroll(full)
  for (uint32_t w = 0; w < planes; w++) {
    CK_LOAD(CK_LEFT, step->left + w * line_bytes, planes * line_bytes, !kind.streams_rows);
    if (has_right)
      CK_LOAD(CK_RIGHT, step->right + w * line_bytes, planes * line_bytes, !kind.streams_rows);
#pragma clang loop unroll(full)
    for (uint32_t p = planes - w; p-- > 0;) {
      const bool loads = w == 0 || w < planes - 1;
      CK_MULTIPLY_ROWS(CK_UPPER, step->upper, CK_UPPER_LEFT, CK_UPPER_RIGHT);
      if (has_lower)
        CK_MULTIPLY_ROWS(CK_LOWER, step->lower, CK_LOWER_LEFT, CK_LOWER_RIGHT);
    }
  }
}
#undef CK_MULTIPLY_ROWS
#undef CK_LOAD

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

/// Where row `row` of the job's result has its columns from `column` on. What is encoded has them side by
/// side only in a plain product.
CK_INLINE char *place_of(const ck_panel_job *job, uint32_t row, uint32_t column, const bool encodes) {
  if (encodes)
    return encoded_at(job->encoded[row], job->encoded_offset + 2 * (size_t)column);
  return (char *)(job->y + (size_t)row * job->ldy + column);
}

/// A block of sums whose epilogue is due: rows of two panels, the upper tile's before the lower tile's.
typedef struct block {
  const char *sums;
  uint32_t next, end;    // sums' rows to be finished
  uint32_t height;       // rows of the upper tile
  uint32_t upper, lower; // the rows of the job that the tiles start with
  char *y, *lower_y;     // where the next row and the lower tile's first go
  size_t y_stride;
  bool fetches_y; // asks for the lines of rows to come
} block;

/// f32 results of at least this many bytes do not stay in the second cache level, beside rows and panels,
/// from one pair of panels to the next. Their lines are asked for some rows ahead, or stores hold up the
/// tiles: 1,154 → 1,318 GFLOP/s for 256 rows of 384 → 1152; smaller results lose 2 to 4% by it.
enum { large_result = 3 << 18, y_rows_ahead = 4 };

/// Writes a row of 32 values as bf16 where some are not wanted or do not fill a line.
CK_INLINE void encode_some(const ck_panel_job *job, const pair_columns *columns, uint32_t row, __m512i both) {
  const ck_encoded_row to = job->encoded[row];
  const size_t offset = job->encoded_offset + 2 * (size_t)columns->column;
  ck_vh halves[2];
  memcpy(halves, &both, sizeof halves);
  for (uint32_t side = 0; side < 2; side++)
    if (columns->mask[side])
      memcpy(encoded_at(to, offset + side * sizeof halves[0]), &halves[side],
             2 * (size_t)__builtin_popcount(columns->mask[side]));
}

/// The epilogue of one row of two panels. bf16 is rounded by the instruction that flushes subnormals, as the
/// tile instructions that read it do.
CK_INLINE void finish_row(const ck_panel_job *job, const pair_columns *columns, const ck_rows *rows,
                          const char *sums, uint32_t row, char *y, const product_kind kind) {
  ck_vf results[2];
#pragma clang loop unroll(full)
  for (uint32_t side = 0; side < 2; side++) {
    ck_vf v = values(sums + side * line_bytes, &columns->side[side], rows, job, row) + columns->bias[side];
    if (kind.activation == CK_ACTIVATION_GELU) {
      v = CK_GELU(v);
    } else if (kind.activation != CK_ACTIVATION_NONE) {
      float x[CK_PANEL];
      store(x, v);
      bias_activation(x, x, NULL, CK_PANEL, kind.activation);
      v = load(x);
    }
    results[side] = v;
  }
  if (kind.encodes) {
    __m512i both = (__m512i)_mm512_cvtne2ps_pbh((__m512)results[1], (__m512)results[0]);
    if (kind.is_plain)
      _mm512_storeu_si512(y, both);
    else
      encode_some(job, columns, row, both);
    return;
  }
#pragma clang loop unroll(full)
  for (uint32_t side = 0; side < 2; side++, y += line_bytes)
    if (kind.is_plain)
      store((float *)y, results[side]);
    else
      _mm512_mask_storeu_ps(y, columns->mask[side], (__m512)results[side]);
}

/// Finishes up to `count` rows of a block.
CK_INLINE void finish_rows(const ck_panel_job *job, const pair_columns *columns, const ck_rows *rows,
                           block *block, uint32_t count, const product_kind kind) {
  const uint32_t end = block->end - block->next < count ? block->end : block->next + count;
  const char *sums = block->sums + (size_t)block->next * block_row;
  char *y = block->y;
  for (uint32_t i = block->next; i < end; i++, sums += block_row) {
    uint32_t row = i < block->height ? block->upper + i : block->lower + i - block->height;
    if (kind.is_plain && !kind.encodes && block->fetches_y) {
      _m_prefetchw(y + y_rows_ahead * block->y_stride);
      _m_prefetchw(y + y_rows_ahead * block->y_stride + line_bytes);
    }
    finish_row(job, columns, rows, sums, row, y, kind);
    y = i + 1 == block->height ? block->lower_y : y + block->y_stride;
  }
  block->y = y;
  block->next = end;
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

/// Whether all loads and stores are of whole tiles and lines: a whole number of steps, pairs of whole panels,
/// rows at equal distances, and rows of encoded results too, within a tile.
static bool is_plain(const ck_panel_job *job) {
  const uint32_t height = tile_height(job);
  if (job->columns % (2 * CK_PANEL) || divided_up(job->depth, CK_DOT_GROUP) % tile_rows)
    return false;
  if (job->line_stride == CK_ENCODED_LINE && !stride_of_rows(job))
    return false;
  if (!job->encoded)
    return true;
  // A last tile that starts early goes on where a tile of the result may end.
  const bool starts_early = job->line_stride == CK_ENCODED_LINE && job->rows % height;
  for (uint32_t r = 1; r < job->rows; r++)
    if ((r % height || starts_early) &&
        job->encoded[r].at - job->encoded[r - 1].at != job->encoded[1].at - job->encoded[0].at)
      return false;
  return job->encoded_offset % CK_ENCODED_LINE == 0;
}

CK_INLINE void tile_products(const ck_panel_job *job, const product_kind kind) {
  char sums[2][2 * tile_rows * block_row] __attribute__((aligned(4096)));
  step_copies copies;
  const uint32_t planes = kind.planes,
                 products = planes * (planes + 1) / 2; // of a plane of rows and one of weights
  const uint32_t groups = divided_up(job->depth, CK_DOT_GROUP), steps = divided_up(groups, tile_rows);
  const uint32_t whole_steps = groups / tile_rows;
  const size_t depth_bytes = (size_t)groups * group_bytes, panel_bytes = (size_t)groups * planes * line_bytes;
  const row_tiles a = cut_rows(job, whole_steps, steps);
  const uint32_t direct_steps = kind.is_plain                  ? steps
                                : a.direct_steps < whole_steps ? a.direct_steps
                                                               : whole_steps;
  const uint32_t panels = ck_panels(job->columns), blocks = divided_up(a.tiles, 2);
  const uint32_t rows_a_step = divided_up(2 * a.height, steps);
  const bool fetches_y = (size_t)job->rows * job->ldy * sizeof(float) >= large_result;
  ck_rows rows;
  prepare_rows(&rows, job);
  block due = {.height = a.height};
  pair_columns columns = {0};
  uint32_t buffer = 0;
  configure(a.height);
  for (uint32_t panel = 0; panel < panels; panel += 2) {
    const char *left = (const char *)job->panels + panel * panel_bytes, *right = left + panel_bytes;
    const bool has_right = kind.is_plain || panel + 1 < panels;
    prefetch ahead = {.next = right + panel_bytes,
                      .lines = divided_up(2 * tile_rows * planes, 4 * blocks * products)};
    if (!kind.is_plain &&
        steps > whole_steps) { // anything may follow a panel's last lines, so they are padded
      const size_t at = (size_t)whole_steps * planes * tile_bytes;
      memset(copies.left, 0, sizeof copies.left), memset(copies.right, 0, sizeof copies.right);
      memcpy(copies.left, left + at, panel_bytes - at);
      if (has_right)
        memcpy(copies.right, right + at, panel_bytes - at);
    }
    for (uint32_t b = 0; b < blocks; b++) {
      const bool has_lower = 2 * b + 1 < a.tiles;
      const uint32_t upper = first_row(&a, 2 * b), lower = has_lower ? first_row(&a, 2 * b + 1) : 0;
      _tile_zero(CK_UPPER_LEFT);
      _tile_zero(CK_UPPER_RIGHT);
      _tile_zero(CK_LOWER_LEFT);
      _tile_zero(CK_LOWER_RIGHT);
      step_tiles tiles = {.upper = a.rows[upper],
                          .lower = a.rows[lower],
                          .row_stride = a.row_stride,
                          .row_plane = a.plane,
                          .left = left,
                          .right = right};
      for (uint32_t step = 0; step < direct_steps; step++) {
        multiply_step(&tiles, kind, has_lower, has_right, &ahead);
        tiles.upper += a.line_stride, tiles.lower += a.line_stride;
        tiles.left += planes * tile_bytes, tiles.right += planes * tile_bytes;
        finish_rows(job, &columns, &rows, &due, rows_a_step, kind);
      }
      for (uint32_t step = direct_steps; step < steps && !kind.is_plain; step++) {
        if (step >= a.direct_steps) {
          const size_t rest = depth_bytes - (size_t)step * line_bytes,
                       bytes = rest < line_bytes ? rest : line_bytes;
          copy_rows(copies.upper, &a, upper, step, planes, bytes);
          if (has_lower)
            copy_rows(copies.lower, &a, lower, step, planes, bytes);
          tiles.upper = copies.upper, tiles.lower = copies.lower;
          tiles.row_stride = line_bytes, tiles.row_plane = tile_bytes;
        }
        if (step >= whole_steps)
          tiles.left = copies.left, tiles.right = copies.right;
        multiply_step(&tiles, kind, has_lower, has_right, &ahead);
        tiles.left += planes * tile_bytes, tiles.right += planes * tile_bytes;
        finish_rows(job, &columns, &rows, &due, rows_a_step, kind);
      }
      finish_rows(job, &columns, &rows, &due, 2 * tile_rows, kind);
      store_sums(sums[buffer], a.height, has_lower, has_right);
      if (b == 0) // not before: the block finished until now was the last pair's
        columns = columns_of(job, panel * CK_PANEL);
      uint32_t stored = has_lower ? 2 * a.height : a.height, below = has_lower ? lower : upper;
      uint32_t beyond = below + a.height > a.count ? below + a.height - a.count : 0;
      due = (block){.sums = sums[buffer],
                    .end = stored - beyond,
                    .height = a.height,
                    .upper = upper,
                    .lower = lower,
                    .y = place_of(job, upper, columns.column, kind.encodes),
                    .lower_y = place_of(job, lower, columns.column, kind.encodes),
                    .fetches_y = fetches_y};
      if (due.end > 1)
        due.y_stride = (size_t)(place_of(job, upper + 1, columns.column, kind.encodes) - due.y);
      buffer ^= 1;
    }
  }
  finish_rows(job, &columns, &rows, &due, 2 * tile_rows, kind);
  _tile_release();
}

#define CK_TILE_INSTANCE(name, ...)                                                                          \
  static __attribute__((noinline)) void name(const ck_panel_job *job) {                                      \
    tile_products(job, (product_kind){__VA_ARGS__});                                                         \
  }
#define CK_PLAIN_INSTANCES(name, of_planes, act, to_bf16)                                                    \
  CK_TILE_INSTANCE(name##_streaming_rows, .planes = of_planes, .activation = act, .encodes = to_bf16,        \
                   .streams_rows = true, .is_plain = true)                                                   \
  CK_TILE_INSTANCE(name##_streaming_panels, .planes = of_planes, .activation = act, .encodes = to_bf16,      \
                   .is_plain = true)

/// Defines the kernel `name` of operands of `of_planes` planes (1: none). Plain products whose activation is
/// GELU or none, so nearly all of them, have instances of their own; the rest share one.
#define CK_TILE_PRODUCTS(name, of_planes)                                                                    \
  CK_PLAIN_INSTANCES(name##_linear, of_planes, CK_ACTIVATION_NONE, false)                                    \
  CK_PLAIN_INSTANCES(name##_gelu, of_planes, CK_ACTIVATION_GELU, false)                                      \
  CK_PLAIN_INSTANCES(name##_linear_to_bf16, of_planes, CK_ACTIVATION_NONE, true)                             \
  CK_PLAIN_INSTANCES(name##_gelu_to_bf16, of_planes, CK_ACTIVATION_GELU, true)                               \
  static __attribute__((noinline)) void name##_general(const ck_panel_job *job, bool streams_rows) {         \
    if (job->encoded)                                                                                        \
      tile_products(job, (product_kind){of_planes, job->activation, true, streams_rows, false});             \
    else                                                                                                     \
      tile_products(job, (product_kind){of_planes, job->activation, false, streams_rows, false});            \
  }                                                                                                          \
  void name(const ck_panel_job *job) {                                                                       \
    const bool streams_rows = job->rows > 2 * tile_height(job),                                              \
               is_gelu = job->activation == CK_ACTIVATION_GELU;                                              \
    if ((!is_gelu && job->activation != CK_ACTIVATION_NONE) || !is_plain(job))                               \
      name##_general(job, streams_rows);                                                                     \
    else if (job->encoded && is_gelu)                                                                        \
      (streams_rows ? name##_gelu_to_bf16_streaming_rows : name##_gelu_to_bf16_streaming_panels)(job);       \
    else if (job->encoded)                                                                                   \
      (streams_rows ? name##_linear_to_bf16_streaming_rows : name##_linear_to_bf16_streaming_panels)(job);   \
    else if (is_gelu)                                                                                        \
      (streams_rows ? name##_gelu_streaming_rows : name##_gelu_streaming_panels)(job);                       \
    else                                                                                                     \
      (streams_rows ? name##_linear_streaming_rows : name##_linear_streaming_panels)(job);                   \
  }
