// Packed i8 products by VPDPBUSD on 256 bits.
#if defined(__x86_64__)
#include <immintrin.h>
#define CK_WIDTH 8
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_i8_avx2_vnni
#define CK_DOT_ROWS 6
#define CK_DOT_PANELS(rows) ((rows) == 1 ? 4 : (rows) == 2 ? 2 : 1)

#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)

#include "lanes_avx2.h"

#include "../vector_math.h"

#define CK_QUADS
CK_INLINE ck_vi add_quads(ck_vi sums, ck_vi codes, ck_vi weights) {
  return (ck_vi)_mm256_dpbusd_avx_epi32((__m256i)sums, (__m256i)codes, (__m256i)weights);
}

#include "../vector_dots_i8.h"

#pragma clang attribute pop
#endif
