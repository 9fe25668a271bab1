// Products over packed panels whose groups are four bytes wide (i8 quads, bf16 pairs): the one text every
// SIMD tier compiles, once a precision (vector_dots_i8.h, vector_dots_bf16.h). A product walks along the
// groups: a row gives one group to all lanes, a panel one line of 16 columns' groups, and a dot product adds
// them to one sum a column.
//
// Tiles of rows and panels, as equal as can be, keep all their sums in registers over the whole depth. The
// panels of a tile stay in the first cache level while the rows pass by, and those of the next tile are
// fetched meanwhile, evenly over the rows: without that, few rows wait for memory half of the time (16 rows
// of 384: 380 against 780 GOP/s, i8 on Zen 5 with cold weights).
//
// Before including it a tier includes vector_math.h and defines ck_sums and values (vector_tile_store.h) and
//   ck_lines, ck_group                CK_WIDTH columns' groups; one row's group in every lane
//   ck_sums no_sums(void)
//   ck_lines load_lines(const char *p)
//   ck_group load_group(const char *p)
//   ck_sums add_dots(ck_sums, ck_group, ck_lines)
//   CK_DOT_GROUP                      elements of a group
//   CK_DOT_ROWS                       most rows of a tile (≤ 8)
//   CK_DOT_PANELS(rows)               most panels (≤ 6) of a tile, as registers allow; not more for more rows
//   CK_DOTS                           the function's name
// A sum is one chain over the groups in ascending order whatever the tile, so results do not depend on the
// cut.

#include "vector_tile_store.h"

enum { most_rows = 8, most_panels = 6 };

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
  const size_t panel_bytes = place->panel_bytes, ahead_step = place->ahead_step;
  const size_t row_bytes = (size_t)place->groups * group_bytes;
  for (size_t k = 0; k < row_bytes; k += group_bytes, line += line_bytes, ahead += ahead_step) {
    ck_lines lines[most_panels * panel_vectors];
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++)
      __builtin_prefetch(ahead + p * line_bytes, 0, 2); // to the second level: the first holds this tile
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
    if (rows <= CK_DOT_ROWS && panels <= CK_DOT_PANELS(rows))                                                \
      tile(job, place, rows, panels);                                                                        \
  }
#define CK_TILES(rows)                                                                                       \
  CK_TILE(rows, 1) CK_TILE(rows, 2) CK_TILE(rows, 3) CK_TILE(rows, 4) CK_TILE(rows, 5) CK_TILE(rows, 6)
CK_TILES(1)
CK_TILES(2)
CK_TILES(3)
CK_TILES(4)
CK_TILES(5)
CK_TILES(6)
CK_TILES(7)
CK_TILES(8)

#define CK_TILES_OF(rows)                                                                                    \
  {                                                                                                          \
    NULL, tile_##rows##x1, tile_##rows##x2, tile_##rows##x3, tile_##rows##x4, tile_##rows##x5,               \
        tile_##rows##x6                                                                                      \
  }
/// By rows and panels.
static void (*const tiles[most_rows + 1][most_panels + 1])(const ck_panel_job *, const tile_place *) = {
    {NULL},         CK_TILES_OF(1), CK_TILES_OF(2), CK_TILES_OF(3), CK_TILES_OF(4),
    CK_TILES_OF(5), CK_TILES_OF(6), CK_TILES_OF(7), CK_TILES_OF(8),
};

void CK_DOTS(const ck_panel_job *job) {
  uint32_t panels = ck_panels(job->columns), groups = divided_up(job->depth, CK_DOT_GROUP);
  uint32_t row_tiles = divided_up(job->rows, CK_DOT_ROWS), rows = divided_up(job->rows, row_tiles);
  uint32_t panel_tiles = divided_up(panels, CK_DOT_PANELS(rows));
  tile_place place = {.panel_bytes = (size_t)groups * line_bytes, .groups = groups};
  for (uint32_t p = 0; p < panel_tiles; p++) {
    uint32_t first = cut(panels, p, panel_tiles), wide = cut(panels, p + 1, panel_tiles) - first;
    place.panels = (const char *)job->panels + first * place.panel_bytes;
    place.column = first * CK_PANEL;
    place.ahead_step = wide * line_bytes / row_tiles;
    place.ahead = place.panels + (p + 1 < panel_tiles ? wide * place.panel_bytes : 0);
    for (uint32_t r = 0; r < row_tiles; r++, place.ahead += place.ahead_step * groups) {
      place.row = cut(job->rows, r, row_tiles);
      tiles[cut(job->rows, r + 1, row_tiles) - place.row][wide](job, &place);
    }
  }
}
