// Cutting work into parts.
#pragma once
#include <stdint.h>

static inline uint32_t divided_up(uint32_t count, uint32_t size) { return (count + size - 1) / size; }

/// Where part `part` begins when `count` items are cut into `parts` parts as equal as possible.
static inline uint32_t cut(uint32_t count, uint32_t part, uint32_t parts) {
  return (uint32_t)((uint64_t)count * part / parts);
}
