// Packed products of i8 pairs by VPMADDUBSW on 256 bits.
#if defined(__x86_64__)
#include <immintrin.h>
#define CK_WIDTH 8
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_i8_pairs_avx2
#define CK_DOT_ROWS 5
#define CK_DOT_PANELS(rows) ((rows) == 1 ? 4 : (rows) == 2 ? 2 : 1)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "lanes_avx2.h"

#include "../vector_math.h"

#define CK_QUADS
CK_INLINE ck_vi add_quads(ck_vi sums, ck_vi codes, ck_vi weights) {
  __m256i pairs = _mm256_maddubs_epi16((__m256i)codes, (__m256i)weights);
  return sums + (ck_vi)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

#include "../vector_dots_i8.h"

#pragma clang attribute pop
#endif
