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

/// Of 16 columns: their scales and the sums of their weights. Below 2²² a sum is 2⁷ · high + low in two
/// halves of 16 bits, and times a zero of 8 bits it is one VPMADDWD of these and (2⁷ · zero, zero), where
/// VPMULLD would take two steps of the same unit.
typedef struct ck_columns {
  ck_vf scale;
  ck_vi sum, halves;
} ck_columns;
enum { deepest_in_halves = (1 << 22) / 128 };

CK_INLINE ck_columns columns_at(const ck_panel_job *job, uint32_t column) {
  ck_vi sum = load_words(job->sum + column);
  return (ck_columns){.scale = load(job->scale + column),
                      .sum = sum,
                      .halves = (ck_vi)((ck_vu)(sum >> 7) << 16) | (sum & 127)};
}

/// As vector_values_i8.h gives them, bit for bit: the zero is taken off in integers.
CK_INLINE ck_vf values(const char *sums, const ck_columns *columns, const ck_panel_job *job, uint32_t row) {
  const ck_row_scale *row_scale = &job->a_scale[row];
  const int32_t zero = (int32_t)row_scale->zero;
  ck_vi offset;
  if (job->depth < deepest_in_halves)
    offset = (ck_vi)_mm512_madd_epi16((__m512i)columns->halves, _mm512_set1_epi32(zero << 23 | zero));
  else
    offset = columns->sum * zero;
  ck_vf v = __builtin_convertvector(load_words(sums) - offset, ck_vf);
  return v * splat(row_scale->scale) * columns->scale;
}

#include "amx_tiles.h"

#pragma clang attribute pop
#endif
