// Packed i8 products by VPMADDWD on 256 bits.
#if defined(__x86_64__)
#include <immintrin.h>
#define CK_WIDTH 8
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_i8_avx2
#define CK_DOT_ROWS 4
#define CK_DOT_PANELS(rows) ((rows) == 1 ? 2 : 1)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "lanes_avx2.h"

#include "../vector_math.h"

#define CK_PAIRS
CK_INLINE ck_vi add_pairs(ck_vi sums, ck_vi a, ck_vi b) {
  return sums + (ck_vi)_mm256_madd_epi16((__m256i)a, (__m256i)b);
}

#include "../vector_dots_i8.h"

#pragma clang attribute pop
#endif
