// The AVX2 tier: AVX2 and FMA.
#if defined(__x86_64__)
#include <immintrin.h>
#define CK_WIDTH 8
#include "../vector_types.h"
#include "products.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "lanes_avx2.h"

#include "../vector_norms.h"
#include "../vector_panels.h"
#include "../vector_products.h"
#include "../vector_rows.h"
#include "../vector_softmax.h"

#pragma clang attribute pop

const ck_table ck_table_avx2 =
    CK_VECTOR_TABLE(CK_TIER_AVX2, ck_gemm_bf16_avx2, ck_gemm_i8_avx2, ck_gemm_i8_pairs_avx2,
                    restoring_products, ck_attention_bf16_avx2);
const ck_table ck_table_avx2_vnni =
    CK_VECTOR_TABLE(CK_TIER_AVX2_VNNI, ck_gemm_bf16_avx2, ck_gemm_i8_avx2_vnni, ck_gemm_i8_avx2_vnni,
                    restoring_products, ck_attention_bf16_avx2);
#endif
