// The scalar reference, which every tier is tested against. Complete and readable, never optimised; sums are
// in double.
#include "../ck_table.h"
#include "attention.h"
#include "panel.h"
#include "product.h"
#include <math.h>

static float activate(float x, ck_activation activation) {
  float half =
      0.5f * (x < -20 ? -20 : x); // below, GELU's other factor is zero, and −∞ times zero would be NaN
  switch (activation) {
  case CK_ACTIVATION_GELU:
    return half * erfcf(-x * 0.70710678f);
  case CK_ACTIVATION_GELU_TANH:
    return half * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
  case CK_ACTIVATION_RELU:
    return x < 0 ? 0 : x;
  case CK_ACTIVATION_TANH:
    return tanhf(x);
  case CK_ACTIVATION_SILU:
    return x < -100 ? 0 : x / (1 + expf(-x)); // below, −∞ / ∞ would be NaN
  case CK_ACTIVATION_NONE:
    break;
  }
  return x;
}

static void bias_activation(float *y, const float *a, const float *bias, size_t n, ck_activation activation) {
  for (size_t i = 0; i < n; i++)
    y[i] = activate(a[i] + (bias ? bias[i] : 0), activation);
}

static void gate(float *y, const float *a, const float *b, size_t n, ck_activation activation) {
  for (size_t i = 0; i < n; i++)
    y[i] = activate(a[i], activation) * b[i];
}

static void rotate(float *y, const float *a, const float *angles, size_t n) {
  size_t half = n / 2;
  for (size_t i = 0; i < half; i++) {
    double first = a[i], second = a[i + half], cosine = angles[i], sine = angles[i + half];
    y[i] = (float)(first * cosine - second * sine);
    y[i + half] = (float)(second * cosine + first * sine);
  }
  if (n % 2)
    y[n - 1] = a[n - 1];
}

static void add(float *y, const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = a[i] + b[i];
}

static void scale(float *y, const float *a, float factor, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = factor * a[i];
}

static void norm_row(const ck_norm_job *job, const float *a, const float *b, float *y) {
  const float *bias = job->bias, *gamma = job->gamma, *beta = job->beta;
  size_t n = job->n;
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    y[i] = a[i] + (bias ? bias[i] : 0) + (b ? b[i] : 0);
    sum += y[i];
  }
  double mean = sum / (double)n;
  double squares = 0;
  for (size_t i = 0; i < n; i++)
    squares += (y[i] - mean) * (y[i] - mean);
  double inverse = 1 / sqrt(squares / (double)n + (double)job->epsilon);
  for (size_t i = 0; i < n; i++)
    y[i] = (float)((y[i] - mean) * inverse) * gamma[i] + beta[i];
}

static void layer_norm(const ck_norm_job *job) {
  for (uint32_t r = 0; r < job->rows; r++) {
    float *y = job->y + r * job->ldy;
    norm_row(job, job->a + r * job->lda, job->b ? job->b[r] : NULL, y);
    if (job->scales)
      job->scales[r] = ck_encode_i8_scalar(job->encoded[r], y, job->multiplier, job->n);
    else if (job->encoded)
      ck_encode_bf16_scalar(job->encoded[r], y, job->n);
  }
}

static void softmax(const ck_softmax_job *job) {
  for (uint32_t row = 0; row < job->rows; row++) {
    const float *a = job->a + row * job->lda, *bias = job->bias ? job->bias[row] : NULL;
    float *y = job->y + row * job->ldy, largest = -INFINITY;
    for (uint32_t i = 0; i < job->n; i++) {
      y[i] = job->scale * a[i] + (bias ? bias[job->position ? job->position[i] : i] : 0);
      largest = y[i] > largest ? y[i] : largest;
    }
    double sum = 0;
    for (uint32_t i = 0; i < job->n; i++) {
      y[i] = expf(y[i] - largest);
      sum += y[i];
    }
    float *result = job->result ? job->result + row * job->ldr : y;
    for (uint32_t i = 0; i < job->n; i++) {
      result[i] = (float)(y[i] / sum);
      if (job->sums)
        job->sums[i] += result[i];
    }
  }
}

static float sum_of_squares(const float *a, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += (double)a[i] * a[i];
  return (float)sum;
}

static void sigmoid(float *y, const float *a, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = 1 / (1 + expf(-a[i]));
}

static void exponential(float *y, const float *a, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = expf(a[i]);
}

const ck_table ck_table_scalar = {
    .tier = CK_TIER_SCALAR,
    .bias_activation = bias_activation,
    .gate = gate,
    .rotate = rotate,
    .add = add,
    .scale = scale,
    .layer_norm = layer_norm,
    .softmax = softmax,
    .sum_of_squares = sum_of_squares,
    .sigmoid = sigmoid,
    .exp = exponential,
    .multiply = ck_multiply_scalar,
    .pack_transposed = ck_pack_transposed_scalar,
    .gemm_f32 = ck_panel_f32_scalar,
    .gemm_bf16 = ck_panel_bf16_scalar,
    .gemm_i8 = ck_panel_i8_scalar,
    .gemm_i8_pairs = ck_panel_i8_scalar,
    .encode_bf16 = ck_encode_bf16_scalar,
    .encode_i8 = ck_encode_i8_scalar,
    .planes = &ck_plane_products_scalar,
    .attention_bf16 = &ck_attention_bf16_scalar,
};
