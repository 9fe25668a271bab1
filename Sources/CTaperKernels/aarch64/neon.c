// The NEON tier (Advanced SIMD, which every AArch64 CPU has).
#if defined(__aarch64__)
#define CK_WIDTH 4
#include "../vector_types.h"
#include "products.h"

#include "lanes_neon.h"

#include "../vector_norms.h"
#include "../vector_panels.h"
#include "../vector_products.h"
#include "../vector_rows.h"
#include "../vector_softmax.h"

const ck_table ck_table_neon = CK_VECTOR_TABLE(CK_TIER_NEON, ck_gemm_bf16_neon, ck_gemm_i8_neon,
                                               ck_gemm_i8_neon, restoring_products, ck_attention_bf16_neon);
const ck_table ck_table_neon_dotprod =
    CK_VECTOR_TABLE(CK_TIER_NEON_DOTPROD, ck_gemm_bf16_neon, ck_gemm_i8_neon_dotprod, ck_gemm_i8_neon_dotprod,
                    restoring_products, ck_attention_bf16_neon);
#endif
