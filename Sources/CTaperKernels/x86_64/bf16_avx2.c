// Packed bf16 products in f32 on 256 bits.
#if defined(__x86_64__)
#include <immintrin.h>
#define CK_WIDTH 8
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_bf16_avx2
#define CK_DOT_ROWS 4
#define CK_DOT_PANELS(rows) ((rows) == 1 ? 2 : 1)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "lanes_avx2.h"

#include "../vector_math.h"

#include "../vector_dots_bf16.h"

#include "../vector_attention_bf16.h"

#pragma clang attribute pop

const ck_bf16_attention ck_attention_bf16_avx2 = CK_ATTENTION_BF16(NULL, NULL);
#endif
