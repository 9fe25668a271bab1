// Packed i8 products on AMX tiles.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>
#define CK_WIDTH 16
#include "../vector_types.h"
#include "products.h"

#define CK_DOT_GROUP 4
#define CK_TILE_DOTS _tile_dpbusd

#pragma clang attribute push(                                                                                \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,amx-tile,amx-int8,avx512bf16,prfchw"))),   \
    apply_to = function)

#include "lanes_avx512.h"

#include "../vector_math.h"

// Below 2²² a sum of weights is 2⁷ · high + low, in two halves of 16 bits. Times a zero of 8 bits it is one
// VPMADDWD of these and (2⁷ · zero, zero), where VPMULLD would take two steps of the same unit.
enum { deepest_in_halves = (1 << 22) / 128 };
static bool in_halves(const ck_panel_job *job) { return job->depth < deepest_in_halves; }

typedef struct ck_columns {
  ck_vf scale;
  ck_vi sum; // in halves
} ck_columns;
CK_INLINE ck_columns columns_at(const ck_panel_job *job, uint32_t column) {
  ck_vi sum = load_words(job->sum + column);
  if (in_halves(job))
    sum = (ck_vi)((ck_vu)(sum >> 7) << 16) | (sum & 127);
  return (ck_columns){.scale = load(job->scale + column), .sum = sum};
}

/// Zeros as factors of `sum`, in memory because a broadcast from there takes no vector unit.
typedef struct ck_rows {
  int32_t zero[ck_most_job_rows];
} ck_rows;
CK_INLINE void prepare_rows(ck_rows *rows, const ck_panel_job *job) {
  for (uint32_t r = 0; r < job->rows; r++) {
    int32_t zero = (int32_t)job->a_scale[r].zero;
    rows->zero[r] = in_halves(job) ? zero << 23 | zero : zero;
  }
}

/// As vector_values_i8.h gives them, bit for bit: the zero is taken off in integers.
CK_INLINE ck_vf values(const char *sums, const ck_columns *columns, const ck_rows *rows,
                       const ck_panel_job *job, uint32_t row) {
  ck_vi zero = (ck_vi)_mm512_set1_epi32(rows->zero[row]);
  ck_vi offset =
      in_halves(job) ? (ck_vi)_mm512_madd_epi16((__m512i)columns->sum, (__m512i)zero) : columns->sum * zero;
  ck_vf v = __builtin_convertvector(load_words(sums) - offset, ck_vf);
  return v * splat(job->a_scale[row].scale) * columns->scale;
}

#include "amx_tiles.h"

CK_TILE_PRODUCTS(ck_gemm_i8_amx, 1)

#pragma clang attribute pop
#endif
