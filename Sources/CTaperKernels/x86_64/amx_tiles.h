// Packed products on AMX: 16 lines of a panel are a tile of B as they lie, so nothing is packed again. Two
// tiles of rows times two panels keep four tiles of sums. On CPUs without AMX the tests run this under
// Tests/CAMXEmulator. Before including it a tier includes what vector_tile_store.h asks for and defines
//   CK_DOT_GROUP, CK_DOTS             as vector_dots.h does
//   CK_TILE_DOTS(sums, a, b)          the tile instruction
#include "../vector_tile_store.h"

enum { tile_rows = 16, tile_bytes = tile_rows * line_bytes };
// Tile registers: the sums of upper and lower rows by left and right panel; the rows; the panels.
#define CK_UPPER_LEFT 0
#define CK_UPPER_RIGHT 1
#define CK_LOWER_LEFT 2
#define CK_LOWER_RIGHT 3
#define CK_UPPER 4
#define CK_LOWER 5
#define CK_LEFT 6
#define CK_RIGHT 7

typedef struct tile_config {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_config;

static void configure(uint32_t upper, uint32_t lower) {
  const uint32_t rows[] = {upper, upper, lower, lower, upper, lower, tile_rows, tile_rows};
  tile_config config __attribute__((aligned(64))) = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    config.rows[i] = (uint8_t)rows[i];
    config.row_bytes[i] = rows[i] ? line_bytes : 0;
  }
  _tile_loadconfig(&config);
}

/// `count` rows of a tile, `bytes` bytes of each, copied to `copy` and padded with zeros to whole lines.
static const char *copied(char *copy, const void *const *rows, uint32_t count, size_t at, size_t bytes) {
  memset(copy, 0, tile_bytes);
  for (uint32_t r = 0; r < count; r++)
    memcpy(copy + r * line_bytes, (const char *)rows[r] + at, bytes);
  return copy;
}

/// Up to 16 rows of `a`. Evenly spaced rows are loaded as a tile directly, others are copied first.
typedef struct row_tile {
  const void *const *rows;
  uint32_t count;
  ptrdiff_t stride;
  int is_even;
} row_tile;

static row_tile row_tile_at(const void *const *rows, uint32_t count) {
  row_tile tile = {.rows = rows, .count = count, .stride = line_bytes, .is_even = 1};
  if (count > 1)
    tile.stride = (const char *)rows[1] - (const char *)rows[0];
  for (uint32_t r = 1; r < count; r++)
    tile.is_even &= (const char *)rows[r] - (const char *)rows[r - 1] == tile.stride;
  return tile;
}

#define CK_LOAD_ROWS(number, tile, copy, at, bytes)                                                          \
  if (tile.is_even && bytes == line_bytes)                                                                   \
    _tile_loadd(number, (const char *)tile.rows[0] + at, tile.stride);                                       \
  else                                                                                                       \
    _tile_loadd(number, copied(copy, tile.rows, tile.count, at, bytes), line_bytes);

CK_INLINE void tile(const ck_panel_job *job, const tile_place *place, uint32_t upper_rows,
                    uint32_t lower_rows, const int has_lower, const int has_right) {
  char copy[tile_bytes] __attribute__((aligned(64)));
  ck_sums sums[2 * tile_rows * 2];
  row_tile upper = row_tile_at(job->a + place->row, upper_rows);
  row_tile lower = row_tile_at(job->a + place->row + upper_rows, lower_rows);
  _tile_zero(CK_UPPER_LEFT);
  if (has_right)
    _tile_zero(CK_UPPER_RIGHT);
  if (has_lower)
    _tile_zero(CK_LOWER_LEFT);
  if (has_lower && has_right)
    _tile_zero(CK_LOWER_RIGHT);
  for (size_t g = 0; g < place->groups; g += tile_rows) {
    size_t lines = place->groups - g < tile_rows ? place->groups - g : tile_rows;
    const void *left = place->panels + g * line_bytes,
               *right = place->panels + place->panel_bytes + g * line_bytes;
    // the last lines are padded with zeros to a whole tile, for anything may follow them in memory
    if (lines < tile_rows)
      left = copied(copy, &left, 1, 0, lines * line_bytes);
    _tile_loadd(CK_LEFT, left, line_bytes);
    if (has_right) {
      if (lines < tile_rows)
        right = copied(copy, &right, 1, 0, lines * line_bytes);
      _tile_loadd(CK_RIGHT, right, line_bytes);
    }
    CK_LOAD_ROWS(CK_UPPER, upper, copy, g * group_bytes, lines * group_bytes)
    CK_TILE_DOTS(CK_UPPER_LEFT, CK_UPPER, CK_LEFT);
    if (has_right)
      CK_TILE_DOTS(CK_UPPER_RIGHT, CK_UPPER, CK_RIGHT);
    if (has_lower) {
      CK_LOAD_ROWS(CK_LOWER, lower, copy, g * group_bytes, lines * group_bytes)
      CK_TILE_DOTS(CK_LOWER_LEFT, CK_LOWER, CK_LEFT);
    }
    if (has_lower && has_right)
      CK_TILE_DOTS(CK_LOWER_RIGHT, CK_LOWER, CK_RIGHT);
  }
  const uint32_t panels = has_right ? 2 : 1;
  const size_t stride = panels * line_bytes;
  _tile_stored(CK_UPPER_LEFT, sums, stride);
  if (has_right)
    _tile_stored(CK_UPPER_RIGHT, sums + 1, stride);
  if (has_lower)
    _tile_stored(CK_LOWER_LEFT, sums + upper_rows * panels, stride);
  if (has_lower && has_right)
    _tile_stored(CK_LOWER_RIGHT, sums + upper_rows * panels + 1, stride);
  float x[2 * tile_rows * 2 * CK_PANEL];
  store_tile(job, sums, place, upper_rows + lower_rows, panels, x);
}

void CK_DOTS(const ck_panel_job *job) {
  uint32_t panels = ck_panels(job->columns), groups = divided_up(job->depth, CK_DOT_GROUP);
  uint32_t row_tiles = divided_up(job->rows, 2 * tile_rows), configured = 0;
  tile_place place = {.panel_bytes = (size_t)groups * line_bytes, .groups = groups};
  for (uint32_t first = 0; first < panels; first += 2) {
    place.panels = (const char *)job->panels + first * place.panel_bytes;
    place.column = first * CK_PANEL;
    int has_right = first + 1 < panels;
    for (uint32_t r = 0; r < row_tiles; r++) {
      place.row = cut(job->rows, r, row_tiles);
      uint32_t rows = cut(job->rows, r + 1, row_tiles) - place.row;
      uint32_t upper = rows > tile_rows ? (rows + 1) / 2 : rows, lower = rows - upper;
      if (rows != configured)
        configure(upper, lower);
      configured = rows;
      if (lower && has_right)
        tile(job, &place, upper, lower, 1, 1);
      else if (lower)
        tile(job, &place, upper, lower, 1, 0);
      else if (has_right)
        tile(job, &place, upper, lower, 0, 1);
      else
        tile(job, &place, upper, lower, 0, 0);
    }
  }
  _tile_release();
}
