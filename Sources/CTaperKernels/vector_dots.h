// Products over packed panels whose groups are four bytes wide (i8 quads, bf16 pairs): the one text every
// SIMD tier compiles, once a precision (vector_dots_i8.h, vector_dots_bf16.h). A product walks along the
// groups: a row gives one group to all lanes, a panel one line of 16 columns' groups, and a dot product adds
// them to one sum a column.
//
// Tiles of rows and panels, as equal as can be, keep all their sums in registers over the whole depth. Where
// rows are several tiles, a tile's panels stay in the first cache level while the rows pass by, and those of
// the next tile are asked for meanwhile, evenly over the rows, beyond the job's own end too: there the next
// job's weights lie. Without that, few rows wait for memory half of the time (16 rows of 384: 380 against 780
// GOP/s, i8 on Zen 5 with cold weights).
//
// Rows that are one tile (up to CK_DOT_TALL) leave memory the limit. Such a tile asks within its own streams
// some way ahead and bends into the next tile's near its end; and as memory must not rest during the
// epilogue either, which at short depths takes a good part of the time, it asks for some lines more before.
//
// Before including it a tier includes vector_math.h and defines ck_sums and values (vector_tile_store.h) and
//   ck_lines, ck_group                CK_WIDTH columns' groups; one row's group in every lane
//   ck_sums no_sums(void)
//   ck_lines load_lines(const char *p)
//   ck_group load_group(const char *p)
//   ck_sums add_dots(ck_sums, ck_group, ck_lines)
//   CK_DOT_GROUP                      elements of a group
//   CK_DOT_ROWS                       most rows of a tile where there are several
//   CK_DOT_TALL                       most rows that are one tile (≤ 14); not given: CK_DOT_ROWS
//   CK_DOT_PANELS(rows)               most panels (≤ 4) of a tile, as registers allow; not more for more rows
//   CK_DOTS                           the function's name
// A sum is one chain over the groups in ascending order whatever the tile, so results do not depend on the
// cut.

#include "vector_tile_store.h"

#ifndef CK_DOT_TALL
#define CK_DOT_TALL CK_DOT_ROWS
#endif

enum {
  most_rows = 14,
  most_panels = 4,
  epilogue_lines = 8, // asked for in each stream before the epilogue
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
  const char *line = place->panels, *ahead = place->ahead;
  const size_t panel_bytes = place->panel_bytes, row_bytes = (size_t)place->groups * group_bytes;
  const size_t stream = place->ahead_stream, step = place->ahead_step, bend = place->bend;
  for (size_t k = 0; k < row_bytes; k += group_bytes, line += line_bytes, ahead += step) {
    ck_lines lines[most_panels * panel_vectors];
    if (k == bend)
      ahead = place->next;
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++)
      if (place->near)
        __builtin_prefetch(ahead + p * stream, 0, 3);
      else
        __builtin_prefetch(ahead + p * stream, 0, 2);
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
  if (place->near)
    for (size_t i = 0; i < epilogue_lines; i++)
#pragma clang loop unroll(full)
      for (uint32_t p = 0; p < panels; p++)
        __builtin_prefetch(ahead + p * stream + i * line_bytes, 0, 2);
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

/// How many lines ahead one tile asks in each of its streams: the longer a group computes, the fewer panels
/// share the first cache level and the farther it has to look.
CK_INLINE uint32_t distance(uint32_t rows) { return rows <= 4 ? 32 : rows <= 8 ? 48 : 96; }

/// Sets what the tiles at `place` ask for, `wide` panels each, when the rows are `row_tiles` tiles.
CK_INLINE void ask_ahead(tile_place *place, uint32_t wide, uint32_t rows, uint32_t row_tiles) {
  const char *next = place->panels + wide * place->panel_bytes;
  place->near = row_tiles == 1;
  if (place->near) {
    uint32_t far = distance(rows) < place->groups ? distance(rows) : place->groups;
    place->ahead = place->panels + far * line_bytes, place->next = next;
    place->bend = (size_t)(place->groups - far) * group_bytes;
    place->ahead_stream = place->panel_bytes, place->ahead_step = line_bytes;
  } else {
    place->ahead = next, place->bend = SIZE_MAX;
    place->ahead_stream = line_bytes, place->ahead_step = wide * line_bytes / row_tiles;
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
    ask_ahead(&place, wide, rows, row_tiles);
    for (uint32_t r = 0; r < row_tiles; r++, place.ahead += place.ahead_step * groups) {
      place.row = cut(job->rows, r, row_tiles);
      tiles[cut(job->rows, r + 1, row_tiles) - place.row][wide](job, &place);
    }
  }
}
