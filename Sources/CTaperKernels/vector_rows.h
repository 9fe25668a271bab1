// Row kernels over vectors of CK_WIDTH floats: the one text that every SIMD tier compiles (x86_64/avx2.c,
// avx512.c, aarch64/neon.c), after vector_math.h. No reference to memory beyond n elements is ever made.
#pragma once
#include "vector_math.h"

static void add(float *y, const float *a, const float *b, size_t n) {
  size_t i = 0;
  for (; i + CK_WIDTH <= n; i += CK_WIDTH)
    store(y + i, load(a + i) + load(b + i));
  if (i < n)
    store_some(y + i, load_some(a + i, n - i) + load_some(b + i, n - i), n - i);
}

static void scale(float *y, const float *a, float factor, size_t n) {
  size_t i = 0;
  for (; i + CK_WIDTH <= n; i += CK_WIDTH)
    store(y + i, load(a + i) * splat(factor));
  if (i < n)
    store_some(y + i, load_some(a + i, n - i) * splat(factor), n - i);
}

static void sigmoid(float *y, const float *a, size_t n) {
  size_t i = 0;
  for (; i + CK_WIDTH <= n; i += CK_WIDTH)
    store(y + i, splat(1) / (splat(1) + exponential(-load(a + i))));
  if (i < n)
    store_some(y + i, splat(1) / (splat(1) + exponential(-load_some(a + i, n - i))), n - i);
}

static void exponentials(float *y, const float *a, size_t n) {
  size_t i = 0;
  for (; i + 4 * CK_WIDTH <= n; i += 4 * CK_WIDTH)
    store_four(y + i, exponential(load_four(a + i)));
  for (; i + CK_WIDTH <= n; i += CK_WIDTH)
    store(y + i, exponential(load(a + i)));
  if (i < n)
    store_some(y + i, exponential(load_some(a + i, n - i)), n - i);
}

// Sums run in two accumulators of CK_WIDTH lanes each: fast, and closer to pairwise summation than one
// running sum.

CK_INLINE ck_vf squared_distance(ck_vf v, ck_vf center) {
  ck_vf d = v - center;
  return d * d;
}

/// Σ (a − center)²
CK_INLINE float sum_of_squares_about(const float *a, float center, size_t n) {
  ck_vf even = splat(0), odd = splat(0), c = splat(center);
  size_t i = 0;
  for (; i + 2 * CK_WIDTH <= n; i += 2 * CK_WIDTH) {
    even += squared_distance(load(a + i), c);
    odd += squared_distance(load(a + i + CK_WIDTH), c);
  }
  if (i + CK_WIDTH <= n) {
    even += squared_distance(load(a + i), c);
    i += CK_WIDTH;
  }
  if (i < n)
    odd += choose(lanes_below(n - i), squared_distance(load_some(a + i, n - i), c), splat(0));
  return sum_lanes(even + odd);
}

static float sum_of_squares(const float *a, size_t n) { return sum_of_squares_about(a, 0, n); }

CK_INLINE ck_vf sum_operands(const float *a, const float *bias, const float *b, size_t i) {
  ck_vf v = load(a + i);
  if (bias)
    v += load(bias + i);
  if (b)
    v += load(b + i);
  return v;
}

CK_INLINE ck_vf sum_operands_some(const float *a, const float *bias, const float *b, size_t i, size_t n) {
  ck_vf v = load_some(a + i, n);
  if (bias)
    v += load_some(bias + i, n);
  if (b)
    v += load_some(b + i, n);
  return v;
}

static void layer_norm(float *y, const float *a, const float *bias, const float *b, const float *gamma,
                       const float *beta, float epsilon, size_t n) {
  ck_vf even = splat(0), odd = splat(0);
  size_t i = 0;
  for (; i + 2 * CK_WIDTH <= n; i += 2 * CK_WIDTH) {
    ck_vf first = sum_operands(a, bias, b, i), second = sum_operands(a, bias, b, i + CK_WIDTH);
    store(y + i, first);
    store(y + i + CK_WIDTH, second);
    even += first;
    odd += second;
  }
  if (i + CK_WIDTH <= n) {
    ck_vf v = sum_operands(a, bias, b, i);
    store(y + i, v);
    even += v;
    i += CK_WIDTH;
  }
  if (i < n) {
    ck_vf v = sum_operands_some(a, bias, b, i, n - i);
    store_some(y + i, v, n - i);
    odd += v;
  }
  float mean = sum_lanes(even + odd) / (float)n;
  float variance = sum_of_squares_about(y, mean, n) / (float)n;
  ck_vf center = splat(mean), inverse = splat(1) / __builtin_elementwise_sqrt(splat(variance + epsilon));
  for (i = 0; i + CK_WIDTH <= n; i += CK_WIDTH)
    store(y + i, multiply_add((load(y + i) - center) * inverse, load(gamma + i), load(beta + i)));
  if (i < n) {
    ck_vf v = (load_some(y + i, n - i) - center) * inverse;
    store_some(y + i, multiply_add(v, load_some(gamma + i, n - i), load_some(beta + i, n - i)), n - i);
  }
}

static void encode_bf16(uint16_t *y, const float *a, size_t n) {
  size_t i = 0;
  for (; i + CK_WIDTH <= n; i += CK_WIDTH) {
    ck_vh v = bf16_of(load(a + i));
    __builtin_memcpy(y + i, &v, sizeof v);
  }
  if (i < n) {
    ck_vh v = bf16_of(load_some(a + i, n - i));
    __builtin_memcpy(y + i, &v, (n - i) * sizeof *y);
  }
  if (n % 2)
    y[n] = 0;
}

CK_INLINE ck_vb code_of(ck_vf v, ck_vf inverse) {
  ck_vf code = clamp(__builtin_elementwise_roundeven(v * inverse), -127, 127);
  return __builtin_convertvector(__builtin_convertvector(choose(code == code, code, splat(0)), ck_vi) + 128,
                                 ck_vb);
}

/// As code_of, where nothing is infinite or NaN: a number so large has no fraction bits left, its low byte is
/// the nearest code.
CK_INLINE ck_vb finite_code_of(ck_vf v, ck_vf inverse) {
  return __builtin_convertvector((ck_vi)(v * inverse + splat(0x1.8p23f + 128)), ck_vb);
}

CK_INLINE void store_code(uint8_t *y, ck_vb code) { __builtin_memcpy(y, &code, sizeof code); }

static float encode_i8(uint8_t *y, const float *a, size_t n) {
  // magnitudes as integers, which have the same order, with NaNs above infinity
  ck_vi even = (ck_vi)0, odd = (ck_vi)0;
  size_t i = 0;
  for (; i + 2 * CK_WIDTH <= n; i += 2 * CK_WIDTH) {
    even = __builtin_elementwise_max(even, load_words(a + i) & 0x7FFFFFFF);
    odd = __builtin_elementwise_max(odd, load_words(a + i + CK_WIDTH) & 0x7FFFFFFF);
  }
  for (; i < n; i += CK_WIDTH) {
    ck_vf v = i + CK_WIDTH <= n ? load(a + i) : load_some(a + i, n - i);
    even = __builtin_elementwise_max(even, (ck_vi)v & 0x7FFFFFFF);
  }
  int32_t bits = __builtin_reduce_max(__builtin_elementwise_max(even, odd));
  float largest;
  __builtin_memcpy(&largest, &bits, sizeof largest);
  if (largest != largest) { // a NaN counts as nothing
    ck_vf v = splat(0);
    for (i = 0; i < n; i += CK_WIDTH)
      v = largest_magnitude(v, i + CK_WIDTH <= n ? load(a + i) : load_some(a + i, n - i));
    largest = largest_lane(v);
  }
  float scale = largest > 0 ? largest / 127 : 1;
  ck_vf inverse = splat(1 / scale);
  int is_finite = bits < 0x7F800000 && 1 / scale < __builtin_inff();
  i = 0;
  if (is_finite)
    for (; i + CK_WIDTH <= n; i += CK_WIDTH)
      store_code(y + i, finite_code_of(load(a + i), inverse));
  for (; i + CK_WIDTH <= n; i += CK_WIDTH)
    store_code(y + i, code_of(load(a + i), inverse));
  if (i < n) {
    // lanes beyond the row are zero, and so is what fills up the last quad; an infinite inverse would make
    // them NaN, which is encoded as zero too
    ck_vb v = code_of(load_some(a + i, n - i), inverse);
    __builtin_memcpy(y + i, &v, (n - i + 3) / 4 * 4);
  }
  return scale;
}

/// A tier's table; its products of packed bf16 and i8 differ between tiers of one vector width.
#define CK_VECTOR_TABLE(its_tier, its_gemm_bf16, its_gemm_i8, its_attention_bf16)                            \
  {                                                                                                          \
    .tier = its_tier, .bias_activation = bias_activation, .add = add, .scale = scale,                        \
    .layer_norm = layer_norm, .softmax = softmax, .sum_of_squares = sum_of_squares, .sigmoid = sigmoid,      \
    .exp = exponentials, .multiply = multiply, .pack_transposed = pack_transposed, .gemm_f32 = gemm_f32,     \
    .gemm_bf16 = its_gemm_bf16, .gemm_i8 = its_gemm_i8, .encode_bf16 = encode_bf16, .encode_i8 = encode_i8,  \
    .attention_bf16 = &its_attention_bf16,                                                                   \
  }
