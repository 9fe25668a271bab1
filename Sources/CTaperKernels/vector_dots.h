// Products over packed panels whose groups are four bytes wide (i8 quads, bf16 pairs). Every SIMD tier
// compiles this file once for each precision (vector_dots_i8.h, vector_dots_bf16.h). The inner loop walks
// along the groups: a row of a gives one group, repeated in all lanes; a panel gives one line, the groups of
// 16 columns; a dot product adds them to one sum per column.
//
// Tiles of rows and panels, as equal as possible, keep all their sums in registers over the whole depth. With
// several row tiles, a tile's panels stay in L1 while the rows pass by. Meanwhile the next tile's panels are
// prefetched into L2, spread evenly over the rows. This goes on beyond the job's end, where the next job's
// weights lie. Without it, products of few rows wait for memory half of the time (16 rows of 384: 380 instead
// of 780 GOP/s, i8 on Zen 5 with cold weights).
//
// With one row tile (up to CK_DOT_TALL rows) memory bandwidth is the limit. Such a tile prefetches within its
// own streams at a fixed distance, and near its end switches to the next tile's streams. At short depths the
// epilogue takes a good part of the time; so that memory does not idle then, a few more lines are prefetched
// just before it.
//
// Before including this file a tier includes vector_math.h and defines ck_sums and values
// (vector_tile_store.h) and
//   ck_lines, ck_group                CK_WIDTH columns' groups; one row's group in every lane
//   ck_sums no_sums(void)
//   ck_lines load_lines(const char *p)
//   ck_group load_group(const char *p)
//   ck_sums add_dots(ck_sums, ck_group, ck_lines)
//   CK_DOT_GROUP                      elements of a group
//   CK_DOT_ROWS                       most rows of a tile when there are several row tiles
//   CK_DOT_TALL                       most rows that are a single tile (≤ 14); CK_DOT_ROWS when not defined
//   CK_DOT_PANELS(rows)               most panels (≤ 4) of a tile, as registers allow; never more for more
//   rows CK_DOTS                           the function's name
// Each sum is one chain over the groups in ascending order whatever the tile, so results do not depend on how
// rows and panels are cut.

#include "vector_tile_store.h"

#ifndef CK_DOT_TALL
#define CK_DOT_TALL CK_DOT_ROWS
#endif

enum {
  most_rows = 14,
  most_panels = 4,
  epilogue_lines = 8, // prefetched in each stream before the epilogue
};

/// rows × 16·panels elements of y.
CK_INLINE void tile(const ck_panel_job *job, const tile_place *place, const uint32_t rows,
                    const uint32_t panels) {
  const uint32_t vectors = panels * panel_vectors;
  ck_sums sums[most_rows][most_panels * panel_vectors];
  const char *a[most_rows];
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++) {
    a[r] = job->a[place->row + r];
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++)
      sums[r][v] = no_sums();
  }
  const char *line = place->panels, *prefetch = place->prefetch;
  const size_t panel_bytes = place->panel_bytes, row_bytes = (size_t)place->groups * group_bytes;
  const size_t stream = place->prefetch_stream, step = place->prefetch_step;
  const size_t switch_offset = place->switch_offset;
  for (size_t k = 0; k < row_bytes; k += group_bytes, line += line_bytes, prefetch += step) {
    ck_lines lines[most_panels * panel_vectors];
    if (k == switch_offset)
      prefetch = place->prefetch_next;
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++)
      if (place->into_l1)
        __builtin_prefetch(prefetch + p * stream, 0, 3);
      else
        __builtin_prefetch(prefetch + p * stream, 0, 2);
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
  if (place->into_l1)
    for (size_t i = 0; i < epilogue_lines; i++)
#pragma clang loop unroll(full)
      for (uint32_t p = 0; p < panels; p++)
        __builtin_prefetch(prefetch + p * stream + i * line_bytes, 0, 2);
  // a copy, so that the loop's sums may stay in registers
  ck_sums done[most_rows * most_panels * panel_vectors];
  float x[most_rows * most_panels * CK_PANEL];
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++)
      done[r * vectors + v] = sums[r][v];
  store_tile(job, done, place, rows, panels, x);
}

#define CK_TILE(rows, panels)                                                                                \
  static void tile_##rows##x##panels(const ck_panel_job *job, const tile_place *place) {                     \
    if (rows <= CK_DOT_TALL && panels <= CK_DOT_PANELS(rows))                                                \
      tile(job, place, rows, panels);                                                                        \
  }
#define CK_TILES(rows) CK_TILE(rows, 1) CK_TILE(rows, 2) CK_TILE(rows, 3) CK_TILE(rows, 4)
CK_TILES(1)
CK_TILES(2)
CK_TILES(3)
CK_TILES(4)
CK_TILES(5)
CK_TILES(6)
CK_TILES(7)
CK_TILES(8)
CK_TILES(9)
CK_TILES(10)
CK_TILES(11)
CK_TILES(12)
CK_TILES(13)
CK_TILES(14)

#define CK_TILES_OF(rows)                                                                                    \
  { NULL, tile_##rows##x1, tile_##rows##x2, tile_##rows##x3, tile_##rows##x4 }
/// By rows and panels.
static void (*const tiles[most_rows + 1][most_panels + 1])(const ck_panel_job *, const tile_place *) = {
    {NULL},          CK_TILES_OF(1),  CK_TILES_OF(2),  CK_TILES_OF(3),  CK_TILES_OF(4),
    CK_TILES_OF(5),  CK_TILES_OF(6),  CK_TILES_OF(7),  CK_TILES_OF(8),  CK_TILES_OF(9),
    CK_TILES_OF(10), CK_TILES_OF(11), CK_TILES_OF(12), CK_TILES_OF(13), CK_TILES_OF(14),
};

/// Prefetch distance in each stream, in lines, when there is one row tile. More rows make a group longer, but
/// also mean fewer panels at once, which leaves room in L1 to look farther ahead.
CK_INLINE uint32_t prefetch_distance(uint32_t rows) { return rows <= 4 ? 32 : rows <= 8 ? 48 : 96; }

/// Sets what the tiles at `place`, `wide` panels each, prefetch when the rows are `row_tiles` tiles.
CK_INLINE void plan_prefetch(tile_place *place, uint32_t wide, uint32_t rows, uint32_t row_tiles) {
  const char *next = place->panels + wide * place->panel_bytes;
  place->into_l1 = row_tiles == 1;
  if (place->into_l1) {
    uint32_t far = prefetch_distance(rows), distance = far < place->groups ? far : place->groups;
    place->prefetch = place->panels + distance * line_bytes, place->prefetch_next = next;
    place->switch_offset = (size_t)(place->groups - distance) * group_bytes;
    place->prefetch_stream = place->panel_bytes, place->prefetch_step = line_bytes;
  } else {
    place->prefetch = next, place->switch_offset = SIZE_MAX;
    place->prefetch_stream = line_bytes, place->prefetch_step = wide * line_bytes / row_tiles;
  }
}

void CK_DOTS(const ck_panel_job *job) {
  uint32_t panels = ck_panels(job->columns), groups = divided_up(job->depth, CK_DOT_GROUP);
  uint32_t row_tiles = job->rows <= CK_DOT_TALL ? 1 : divided_up(job->rows, CK_DOT_ROWS);
  uint32_t rows = divided_up(job->rows, row_tiles), panel_tiles = divided_up(panels, CK_DOT_PANELS(rows));
  tile_place place = {.panel_bytes = (size_t)groups * line_bytes, .groups = groups};
  for (uint32_t p = 0; p < panel_tiles; p++) {
    uint32_t first = cut(panels, p, panel_tiles), wide = cut(panels, p + 1, panel_tiles) - first;
    place.panels = (const char *)job->panels + first * place.panel_bytes;
    place.column = first * CK_PANEL;
    plan_prefetch(&place, wide, rows, row_tiles);
    for (uint32_t r = 0; r < row_tiles; r++, place.prefetch += place.prefetch_step * groups) {
      place.row = cut(job->rows, r, row_tiles);
      tiles[cut(job->rows, r + 1, row_tiles) - place.row][wide](job, &place);
    }
  }
}
