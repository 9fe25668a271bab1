// Configuring AMX tiles. Who includes this file sets the target before.
#pragma once
#include <stdint.h>

typedef struct tile_config {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_config;

/// Tiles 0 to 5 are `height` rows high, tiles 6 and 7 sixteen; a row has 64 bytes.
static inline void configure(uint32_t height) {
  tile_config config __attribute__((aligned(64))) = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    config.rows[i] = (uint8_t)(i < 6 ? height : 16);
    config.row_bytes[i] = 64;
  }
  _tile_loadconfig(&config);
}
