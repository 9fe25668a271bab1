// Packed bf16 products by VDPBF16PS.
#if defined(__x86_64__)
#include <immintrin.h>
#define CK_WIDTH 16
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_bf16_avx512_bf16
#define CK_DOT_ROWS 8
#define CK_DOT_TALL 14
#define CK_DOT_PANELS(rows) ((rows) <= 4 ? 4 : (rows) <= 8 ? 3 : 2)

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx512bf16"))),   \
                             apply_to = function)

#include "lanes_avx512.h"

#include "../vector_math.h"

#define CK_PAIRS
CK_INLINE ck_vf add_pairs(ck_vf sums, ck_vi a, ck_vi b) {
  return (ck_vf)_mm512_dpbf16_ps((__m512)sums, (__m512bh)a, (__m512bh)b);
}

#define CK_NARROW
CK_INLINE ck_vh narrow(ck_vf v) { return (ck_vh)_mm512_cvtneps_pbh((__m512)v); }

#include "../vector_dots_bf16.h"

#include "../vector_attention_bf16.h"

#pragma clang attribute pop

const ck_bf16_attention ck_attention_bf16_avx512_bf16 = CK_ATTENTION_BF16(ck_attend_avx512_bf16, NULL);
#endif
