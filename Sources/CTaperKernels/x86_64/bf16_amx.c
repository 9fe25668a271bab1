// Packed bf16 products on AMX tiles.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>
#define CK_WIDTH 16
#include "../vector_types.h"
#include "products.h"

#define CK_DOT_GROUP 2
#define CK_TILE_DOTS _tile_dpbf16ps

#pragma clang attribute push(                                                                                \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,amx-tile,amx-bf16,avx512bf16,prfchw"))),   \
    apply_to = function)

#include "lanes_avx512.h"

#include "../vector_math.h"

#include "amx_bf16_values.h"

#include "amx_tiles.h"

CK_TILE_PRODUCTS(ck_gemm_bf16_amx, 1)

#pragma clang attribute pop
#endif
