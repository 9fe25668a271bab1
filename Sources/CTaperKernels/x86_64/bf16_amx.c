// Packed bf16 products on AMX tiles.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>
#define CK_WIDTH 16
#include "../vector_types.h"
#include "products.h"

#define CK_DOTS ck_gemm_bf16_amx
#define CK_DOT_GROUP 2
#define CK_TILE_DOTS _tile_dpbf16ps

#pragma clang attribute push(                                                                                \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,amx-tile,amx-bf16"))),                     \
    apply_to = function)

#include "lanes_avx512.h"

#include "../vector_math.h"

/// The sums are the values: nothing is needed of their columns and rows.
typedef char ck_columns, ck_rows;
CK_INLINE ck_columns columns_at(const ck_panel_job *job, uint32_t column) {
  (void)job, (void)column;
  return 0;
}
CK_INLINE void prepare_rows(ck_rows *rows, const ck_panel_job *job) { (void)job, *rows = 0; }
CK_INLINE ck_vf values(const char *sums, const ck_columns *columns, const ck_rows *rows,
                       const ck_panel_job *job, uint32_t row) {
  (void)columns, (void)rows, (void)job, (void)row;
  return load((const float *)sums);
}

#include "amx_tiles.h"

#pragma clang attribute pop
#endif
