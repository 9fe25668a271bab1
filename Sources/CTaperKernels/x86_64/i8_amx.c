// Packed i8 products on AMX tiles.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>
#define CK_WIDTH 16
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_i8_amx
#define CK_DOT_GROUP 4
#define CK_TILE_DOTS _tile_dpbusd

#pragma clang attribute push(                                                                                \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,amx-tile,amx-int8"))),                     \
    apply_to = function)

#include "lanes_avx512.h"

#include "../vector_math.h"

typedef ck_vi ck_sums;
CK_INLINE ck_vi total(ck_sums sums) { return sums; }

#include "../vector_values_i8.h"
#include "amx_tiles.h"

#pragma clang attribute pop
#endif
