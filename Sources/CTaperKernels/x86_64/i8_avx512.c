// Packed i8 products by VPMADDWD on 512 bits.
#if defined(__x86_64__)
#include <immintrin.h>
#define CK_WIDTH 16
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_i8_avx512
#define CK_DOT_ROWS 8
#define CK_DOT_PANELS(rows) ((rows) <= 4 ? 4 : (rows) <= 6 ? 3 : 2)

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))),              \
                             apply_to = function)

#include "lanes_avx512.h"

#include "../vector_math.h"

#define CK_PAIRS
CK_INLINE ck_vi add_pairs(ck_vi sums, ck_vi a, ck_vi b) {
  return sums + (ck_vi)_mm512_madd_epi16((__m512i)a, (__m512i)b);
}

#include "../vector_dots_i8.h"

#pragma clang attribute pop
#endif
