// The AVX-512 tier: F, BW, DQ, VL.
#if defined(__x86_64__)
#include <immintrin.h>
#define CK_WIDTH 16
#include "../vector_types.h"
#include "products.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))),              \
                             apply_to = function)

#include "lanes_avx512.h"

#include "../vector_norms.h"
#include "../vector_panels.h"
#include "../vector_products.h"
#include "../vector_rows.h"
#include "../vector_softmax.h"

static void encode_planes_amx(ck_encoded_row y, size_t plane, const float *a, size_t n, uint32_t planes) {
  if (planes == 2)
    encode_planes(y, plane, a, n, 2);
  else
    encode_planes(y, plane, a, n, 3);
}

#pragma clang attribute pop

static const ck_plane_products planes_amx = {.gemm_x3 = ck_gemm_x3_amx,
                                             .gemm_x6 = ck_gemm_x6_amx,
                                             .encode = encode_planes_amx,
                                             .attend = ck_attend_planes_amx};

const ck_table ck_table_avx512 =
    CK_VECTOR_TABLE(CK_TIER_AVX512, ck_gemm_bf16_avx512, ck_gemm_i8_avx512, ck_gemm_i8_pairs_avx512,
                    restoring_products, ck_attention_bf16_avx512);
const ck_table ck_table_avx512_vnni =
    CK_VECTOR_TABLE(CK_TIER_AVX512_VNNI, ck_gemm_bf16_avx512, ck_gemm_i8_avx512_vnni, ck_gemm_i8_avx512_vnni,
                    restoring_products, ck_attention_bf16_avx512);
const ck_table ck_table_avx512_bf16 =
    CK_VECTOR_TABLE(CK_TIER_AVX512_BF16, ck_gemm_bf16_avx512_bf16, ck_gemm_i8_avx512_vnni,
                    ck_gemm_i8_avx512_vnni, restoring_products, ck_attention_bf16_avx512_bf16);
const ck_table ck_table_amx = CK_VECTOR_TABLE(CK_TIER_AMX, ck_gemm_bf16_amx, ck_gemm_i8_amx, ck_gemm_i8_amx,
                                              planes_amx, ck_attention_bf16_amx);
#endif
