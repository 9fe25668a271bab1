// Packed i8 products on plain NEON: SMULL and SADALP, because a sum of two products does not fit 16 bits.
#if defined(__aarch64__)
#include <arm_neon.h>
#define CK_WIDTH 4
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_i8_neon
#define CK_DOT_ROWS 3
#define CK_DOT_PANELS(rows) ((rows) == 1 ? 2 : 1)

#include "lanes_neon.h"

#include "../vector_math.h"

#define CK_CENTRED_CODES

/// Two sums for each column: of the first and of the second half of its quads.
typedef struct ck_sums {
  int32x4_t low, high;
} ck_sums;
typedef int8x16_t ck_lines, ck_group;

CK_INLINE ck_lines load_lines(const char *p) { return (ck_lines)load_words(p); }
CK_INLINE ck_group load_group(const char *p) { return (ck_group)(repeat_word(p) ^ (int32_t)0x80808080); }
CK_INLINE ck_sums no_sums(void) { return (ck_sums){vdupq_n_s32(0), vdupq_n_s32(0)}; }
CK_INLINE ck_sums add_dots(ck_sums sums, ck_group codes, ck_lines weights) {
  return (ck_sums){
      .low = vpadalq_s16(sums.low, vmull_s8(vget_low_s8(codes), vget_low_s8(weights))),
      .high = vpadalq_s16(sums.high, vmull_high_s8(codes, weights)),
  };
}
CK_INLINE ck_vi total(ck_sums sums) { return (ck_vi)vpaddq_s32(sums.low, sums.high); }

#include "../vector_dots_i8.h"
#endif
