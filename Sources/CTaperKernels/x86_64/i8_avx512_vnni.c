// Packed i8 products by VPDPBUSD on 512 bits.
#if defined(__x86_64__)
#include <immintrin.h>
#define CK_WIDTH 16
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_i8_avx512_vnni
#define CK_DOT_ROWS 8
#define CK_DOT_TALL 14
#define CK_DOT_PANELS(rows) ((rows) <= 4 ? 4 : (rows) <= 8 ? 3 : 2)

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx512vnni"))),   \
                             apply_to = function)

#include "lanes_avx512.h"

#include "../vector_math.h"

#define CK_QUADS
CK_INLINE ck_vi add_quads(ck_vi sums, ck_vi codes, ck_vi weights) {
  return (ck_vi)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)codes, (__m512i)weights);
}

#include "../vector_dots_i8.h"

#pragma clang attribute pop
#endif
