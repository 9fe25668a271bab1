// Row kernels of one tier: what a tier must supply. The drivers (drivers/) cut ops into tasks and call these
// on whole rows. A tier is one file that fills one table; adding a tier touches kernels.c and nothing else.
#pragma once
#include "include/ck_isa.h"
#include "include/ck_op.h"

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
};

extern const ck_table ck_table_scalar;
#if defined(__x86_64__)
extern const ck_table ck_table_avx2;
extern const ck_table ck_table_avx512;
#elif defined(__aarch64__)
extern const ck_table ck_table_neon;
#endif
