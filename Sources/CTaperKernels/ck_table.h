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
  /// y = softmax(scale · a + bias[position]); y may be a. `bias` may be NULL; `position` NULL reads bias in
  /// order. A NaN makes the whole row NaN.
  void (*softmax)(float *y, const float *a, const float *bias, const uint32_t *position, float scale,
                  size_t n);
  /// Σ a²
  float (*sum_of_squares)(const float *a, size_t n);
  /// y = 1 / (1 + e^−a); y may be a.
  void (*sigmoid)(float *y, const float *a, size_t n);
  /// y = e^a; y may be a. Within 2 ulp.
  void (*exp)(float *y, const float *a, size_t n);
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
extern const ck_table ck_table_avx512;
#elif defined(__aarch64__)
extern const ck_table ck_table_neon;
#endif
