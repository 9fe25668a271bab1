// Row kernels of one tier: what a tier must supply. The drivers (drivers/) cut ops into tasks and call these
// on whole rows. A tier is one file that fills one table; adding a tier touches kernels.c and nothing else.
#pragma once
#include "include/ck_isa.h"
#include "include/ck_op.h"

/// A product's share of one task: `rows` rows of a, by pointer so that gathering them costs no copy, times
/// whole panels.
typedef struct ck_panel_job {
  const void *const *a; // rows pointers: f32, bf16 or u8 codes
  const float *a_scale; // i8: one a row of a, in the order of `a`
  uint32_t rows, depth;
  const void *panels; // the job's first panel
  const float *scale; // i8: by column of the job
  const int32_t *sum; // i8: by column of the job
  uint32_t columns;   // columns of the job: a multiple of CK_PANEL but at the matrix's right edge
  const float *bias;  // by column of the job; NULL: none
  ck_activation activation;
  float *y; // y[0, 0] of the job
  uint32_t ldy;
} ck_panel_job;

/// y[rows, n] = softmax(scale · a + bias) row by row. A NaN makes its whole row NaN.
typedef struct ck_softmax_job {
  const float *a;
  float *y;
  size_t lda, ldy;
  const float *const *bias; // rows pointers, read at position[column], in order when that is NULL; NULL: none
  const uint32_t *position;
  float *sums; // n elements, gain y's column sums in row order; NULL: not wanted
  float scale;
  uint32_t rows, n;
} ck_softmax_job;

/// A small product in attention: y[rows, columns] = (y +) a · b, every element one sum over depth in
/// ascending order. b lies in panels of CK_PANEL columns: element (k, n) is at b[n / 16 · panel_stride + k ·
/// ldb + n % 16], and the last panel may be read up to its full width.
typedef struct ck_product {
  const float *const *a; // rows pointers
  const float *b;
  float *y;
  uint32_t rows, columns, depth;
  uint32_t ldb, panel_stride, ldy;
  uint32_t accumulate; // whether sums go on from what y holds
} ck_product;

struct ck_table {
  ck_tier tier;
  /// y = act(a + bias); bias may be NULL; y may be a.
  void (*bias_activation)(float *y, const float *a, const float *bias, size_t n, ck_activation activation);
  /// y = a + b; y may be a or b.
  void (*add)(float *y, const float *a, const float *b, size_t n);
  /// y = factor · a; y may be a.
  void (*scale)(float *y, const float *a, float factor, size_t n);
  /// y = layernorm(a + bias + b) · gamma + beta over n elements; bias and b may be NULL; y may be a or b.
  /// Two passes, the mean and then the variance about it, so that a large common offset costs no accuracy.
  void (*layer_norm)(float *y, const float *a, const float *bias, const float *b, const float *gamma,
                     const float *beta, float epsilon, size_t n);
  /// Rows of probabilities; y may be a.
  void (*softmax)(const ck_softmax_job *job);
  /// Σ a²
  float (*sum_of_squares)(const float *a, size_t n);
  /// y = 1 / (1 + e^−a); y may be a.
  void (*sigmoid)(float *y, const float *a, size_t n);
  /// y = e^a; y may be a. Within 2 ulp.
  void (*exp)(float *y, const float *a, size_t n);
  void (*multiply)(const ck_product *product);
  /// One panel of a transposed b: panel[depth][16] from 16 rows of depth elements.
  void (*pack_transposed)(float *panel, const float *const *rows, uint32_t depth);
  /// Products over packed panels, epilogue included.
  void (*gemm_f32)(const ck_panel_job *job);
  void (*gemm_bf16)(const ck_panel_job *job);
  void (*gemm_i8)(const ck_panel_job *job);
  /// One row of ck_encode_bf16; y holds n rounded up to 2 elements.
  void (*encode_bf16)(uint16_t *y, const float *a, size_t n);
  /// One row of ck_encode_i8; y holds n rounded up to 4 bytes. Returns the row's scale.
  float (*encode_i8)(uint8_t *y, const float *a, size_t n);
};

extern const ck_table ck_table_scalar;
#if defined(__x86_64__)
extern const ck_table ck_table_avx2;
extern const ck_table ck_table_avx2_vnni;
extern const ck_table ck_table_avx512;
extern const ck_table ck_table_avx512_vnni;
extern const ck_table ck_table_avx512_bf16;
extern const ck_table ck_table_amx;
#elif defined(__aarch64__)
extern const ck_table ck_table_neon;
extern const ck_table ck_table_neon_dotprod;
#endif
