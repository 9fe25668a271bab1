// Packed bf16 products in f32 on 512 bits.
#if defined(__x86_64__)
#include <immintrin.h>
#define CK_WIDTH 16
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_bf16_avx512
#define CK_DOT_ROWS 8
#define CK_DOT_PANELS(rows) ((rows) <= 4 ? 4 : (rows) <= 6 ? 3 : 2)

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))),              \
                             apply_to = function)

#include "lanes_avx512.h"

#include "../vector_math.h"

#include "../vector_dots_bf16.h"

#include "../vector_attention_bf16.h"

#pragma clang attribute pop

const ck_bf16_attention ck_attention_bf16_avx512 = CK_ATTENTION_BF16(NULL, NULL);
const ck_bf16_attention ck_attention_bf16_amx = CK_ATTENTION_BF16(ck_attend_amx, ck_attend_encoded_amx);
#endif
