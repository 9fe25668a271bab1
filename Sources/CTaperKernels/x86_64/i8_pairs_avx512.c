// Packed products of i8 pairs by VPMADDUBSW on 512 bits.
#if defined(__x86_64__)
#include <immintrin.h>
#define CK_WIDTH 16
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_i8_pairs_avx512
#define CK_DOT_ROWS 8
#define CK_DOT_PANELS(rows) ((rows) <= 4 ? 4 : (rows) <= 6 ? 3 : 2)

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))),              \
                             apply_to = function)

#include "lanes_avx512.h"

#include "../vector_math.h"

#define CK_QUADS
CK_INLINE ck_vi add_quads(ck_vi sums, ck_vi codes, ck_vi weights) {
  __m512i pairs = _mm512_maddubs_epi16((__m512i)codes, (__m512i)weights);
  return sums + (ck_vi)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
}

#include "../vector_dots_i8.h"

#pragma clang attribute pop
#endif
