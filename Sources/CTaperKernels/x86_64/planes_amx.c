// Products of f32 as sums of bf16 planes on AMX tiles.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>
#define CK_WIDTH 16
#include "../vector_types.h"
#include "products.h"

#define CK_DOT_GROUP 2
#define CK_TILE_DOTS _tile_dpbf16ps
#define CK_GELU(v) activate(v, CK_ACTIVATION_GELU)

#pragma clang attribute push(                                                                                \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,amx-tile,amx-bf16,avx512bf16,prfchw"))),   \
    apply_to = function)

#include "lanes_avx512.h"

#include "../vector_math.h"

#include "amx_bf16_values.h"

#include "amx_tiles.h"

CK_TILE_PRODUCTS(ck_gemm_x3_amx, 2)
CK_TILE_PRODUCTS(ck_gemm_x6_amx, 3)

#pragma clang attribute pop
#endif
