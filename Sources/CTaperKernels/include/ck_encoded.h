// Encoded activations: what encode ops write and packed products of low precision read.
//
// A row is a sequence of lines of CK_ENCODED_LINE bytes: 32 bf16 or 64 codes. Rows lie in one of two layouts:
//   CK_ENCODED_ROWS    one after the other, each padded to whole groups only: line k of row r is 64·k bytes
//   into
//                      the row, which begins r · leading dimension into the matrix
//   CK_ENCODED_TILES   in tiles of R ≤ CK_ENCODED_TILE rows, as a matrix unit loads them: line k of row r is
//   at
//                      ((r / R) · lines + k) · 1024 + (r mod R) · 64, lines = those of a row, each padded
//                      with zeros
// Row 0 of tiles is where it is for any R, so a product of the first row alone need not know how many there
// are. Who reads or writes encoded rows asks ck_encoded_row_at where they are, and knows no layout.
#pragma once
#include "ck_sizes.h"
#include <stddef.h>
#include <stdint.h>

typedef enum ck_encoded_layout : uint32_t {
  CK_ENCODED_ROWS = 0,
  CK_ENCODED_TILES = 1,
} ck_encoded_layout;

/// Where a row of encoded activations lies: its line k is at `at + k · line_stride`.
typedef struct ck_encoded_row {
  char *at;
  size_t line_stride; // CK_ENCODED_LINE: the row is contiguous
} ck_encoded_row;

/// Lines of a row of `width` bytes.
static inline uint32_t ck_encoded_lines(size_t width) {
  return (uint32_t)((width + CK_ENCODED_LINE - 1) / CK_ENCODED_LINE);
}

/// R: the rows of each of ⌈rows / 16⌉ tiles. They are equally high, so that a product configures its tiles
/// once; the last may reach beyond the rows.
static inline uint32_t ck_encoded_tile_rows(uint32_t rows) {
  uint32_t tiles = (rows + CK_ENCODED_TILE - 1) / CK_ENCODED_TILE;
  return tiles ? (rows + tiles - 1) / tiles : 1;
}

/// Bytes of `rows` rows in CK_ENCODED_TILES.
static inline size_t ck_encoded_tiles_bytes(uint32_t rows, size_t width) {
  size_t tiles = (rows + CK_ENCODED_TILE - 1) / CK_ENCODED_TILE;
  return tiles * CK_ENCODED_TILE * CK_ENCODED_LINE * ck_encoded_lines(width);
}

/// Row `row` of a matrix of `rows` rows of `width` bytes at `base`, which in CK_ENCODED_ROWS are `row_stride`
/// bytes apart.
static inline ck_encoded_row ck_encoded_row_at(const void *base, ck_encoded_layout layout, uint32_t row,
                                               uint32_t rows, size_t width, size_t row_stride) {
  char *start = (char *)(uintptr_t)base;
  if (layout == CK_ENCODED_ROWS)
    return (ck_encoded_row){.at = start + row * row_stride, .line_stride = CK_ENCODED_LINE};
  const size_t tile = CK_ENCODED_TILE * CK_ENCODED_LINE;
  const uint32_t height = ck_encoded_tile_rows(rows);
  return (ck_encoded_row){
      .at = start + row / height * ck_encoded_lines(width) * tile + row % height * CK_ENCODED_LINE,
      .line_stride = tile,
  };
}
