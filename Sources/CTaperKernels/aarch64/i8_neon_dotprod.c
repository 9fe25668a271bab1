// Packed i8 products by SDOT.
#if defined(__aarch64__)
#include <arm_neon.h>
#define CK_WIDTH 4
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_i8_neon_dotprod
#define CK_DOT_ROWS 6
#define CK_DOT_PANELS(rows) ((rows) <= 2 ? 2 : 1)

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#include "lanes_neon.h"

#include "../vector_math.h"

#define CK_QUADS
#define CK_CENTRED_CODES
CK_INLINE ck_vi add_quads(ck_vi sums, ck_vi codes, ck_vi weights) {
  return (ck_vi)vdotq_s32((int32x4_t)sums, (int8x16_t)codes, (int8x16_t)weights);
}

#include "../vector_dots_i8.h"

#pragma clang attribute pop
#endif
