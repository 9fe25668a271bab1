// Runs AMX kernels on CPUs without AMX, for tests. Only test targets may depend on this.
//
// A CPU without AMX raises SIGILL at a tile instruction. The handler here decodes the instruction, computes
// what Intel's manual says it does (Software Developer's Manual, volume 2, the pseudo-code of each
// instruction), and goes on behind it. Every thread has tiles of its own. An instruction that the manual says
// faults ends the process with a message.
#pragma once
#include "CTaperKernels.h"
#include <stdint.h>

/// The kernels of the tier amx, which run by emulation in this process from now on. NULL where the CPU lacks
/// the AVX-512 that they need besides the tiles.
const ck_table *amx_emulated_table(void);

/// Tile instructions that a thread has run by emulation.
typedef struct amx_counts {
  uint64_t configurations, zeros, loads, streamed_loads, stores, products;
} amx_counts;

/// Those of this thread since it last asked.
amx_counts amx_take_counts(void);

/// A tile's shape: 1 to 16 rows of 4 to 64 bytes, a multiple of 4; both 0 for a tile that is not used.
typedef struct amx_shape {
  uint32_t rows, row_bytes;
} amx_shape;

/// What multiplies two tiles: c[m, n] += Σ a[m, k] · b[k, n]; of the names of bytes the first letter is for
/// a, s for signed and u for unsigned.
typedef enum amx_product : uint32_t {
  AMX_BF16, // TDPBF16PS
  AMX_SS,   // TDPBSSD
  AMX_SU,   // TDPBSUD
  AMX_US,   // TDPBUSD
  AMX_UU,   // TDPBUUD
} amx_product;

/// Configures tiles c, a and b, loads them (rows 64 bytes apart; a with TILELOADDT1), multiplies, stores c
/// and releases the tiles, by the instructions themselves. `config_back` gets what STTILECFG stores.
void amx_multiply(amx_product product, amx_shape c_shape, amx_shape a_shape, amx_shape b_shape, void *c,
                  const void *a, const void *b, void *config_back);

/// The same by the emulator's model of the product, on any CPU with AVX-512.
void amx_multiply_by_model(amx_product product, amx_shape c_shape, amx_shape a_shape, amx_shape b_shape,
                           void *c, const void *a, const void *b);
