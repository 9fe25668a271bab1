// Row kernels over vectors of CK_WIDTH floats. Every SIMD tier (x86_64/avx2.c, avx512.c, aarch64/neon.c)
// compiles this file. Nothing here reads or writes beyond n elements.
#pragma once
#include "vector_math.h"

CK_INLINE void gate_with(float *y, const float *a, const float *b, size_t n, ck_activation activation) {
  size_t i = 0;
  for (; i + 4 * CK_WIDTH <= n; i += 4 * CK_WIDTH)
    store_four(y + i, activate(load_four(a + i), activation) * load_four(b + i));
  for (; i + CK_WIDTH <= n; i += CK_WIDTH)
    store(y + i, activate(load(a + i), activation) * load(b + i));
  if (i < n)
    store_some(y + i, activate(load_some(a + i, n - i), activation) * load_some(b + i, n - i), n - i);
}

static void gate(float *y, const float *a, const float *b, size_t n, ck_activation activation) {
  switch (activation) {
  case CK_ACTIVATION_GELU:
    return gate_with(y, a, b, n, CK_ACTIVATION_GELU);
  case CK_ACTIVATION_GELU_TANH:
    return gate_with(y, a, b, n, CK_ACTIVATION_GELU_TANH);
  case CK_ACTIVATION_RELU:
    return gate_with(y, a, b, n, CK_ACTIVATION_RELU);
  case CK_ACTIVATION_TANH:
    return gate_with(y, a, b, n, CK_ACTIVATION_TANH);
  case CK_ACTIVATION_SILU:
    return gate_with(y, a, b, n, CK_ACTIVATION_SILU);
  case CK_ACTIVATION_NONE:
    return gate_with(y, a, b, n, CK_ACTIVATION_NONE);
  }
}

static void rotate(float *y, const float *a, const float *angles, size_t n) {
  size_t half = n / 2, i = 0;
  for (; i + CK_WIDTH <= half; i += CK_WIDTH) {
    ck_vf first = load(a + i), second = load(a + half + i);
    ck_vf cosine = load(angles + i), sine = load(angles + half + i);
    store(y + i, multiply_add(first, cosine, -(second * sine)));
    store(y + half + i, multiply_add(second, cosine, first * sine));
  }
  if (i < half) {
    size_t left = half - i;
    ck_vf first = load_some(a + i, left), second = load_some(a + half + i, left);
    ck_vf cosine = load_some(angles + i, left), sine = load_some(angles + half + i, left);
    store_some(y + i, multiply_add(first, cosine, -(second * sine)), left);
    store_some(y + half + i, multiply_add(second, cosine, first * sine), left);
  }
  if (n % 2)
    y[n - 1] = a[n - 1];
}

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

/// Of a row in lines of their own, sets the bytes from `offset` to the line's end; a contiguous row has none
/// to set.
CK_INLINE void pad_line(ck_encoded_row row, size_t offset, int value) {
  if (row.line_stride != CK_ENCODED_LINE && offset % CK_ENCODED_LINE)
    __builtin_memset(encoded_at(row, offset), value, CK_ENCODED_LINE - offset % CK_ENCODED_LINE);
}

static void encode_bf16(ck_encoded_row y, const float *a, size_t n) {
  size_t i = 0;
  for (; i + CK_WIDTH <= n; i += CK_WIDTH)
    store_encoded(y, 2 * i, load(a + i), CK_WIDTH);
  if (i < n) // lanes beyond the row, and so the padding of the last pair, are zero
    store_encoded(y, 2 * i, load_some(a + i, n - i), (n - i + 1) / 2 * 2);
  pad_line(y, 2 * (n + n % 2), 0);
}

/// The next plane of values, and what remains of them for those after it: ck_encode_bf16x2.
CK_INLINE ck_vh next_plane(ck_vf *rest, int is_last) {
  const ck_vu bits = (ck_vu)*rest, magnitude = bits & 0x7FFFFFFF, largest = (ck_vu)0x7F7F;
  const ck_vi is_finite = magnitude < 0x7F800000;
  ck_vu plane = (magnitude + 0x7FFF + (magnitude >> 16 & 1)) >> 16;
  plane = __builtin_elementwise_min(plane, largest) | (bits >> 16 & 0x8000);
  ck_vf remains = *rest - (ck_vf)(plane << 16);
  *rest = choose(is_finite, remains, *rest);
  ck_vu other = is_last ? (ck_vu) __builtin_convertvector(bf16_of((ck_vf)bits), ck_vu) : (ck_vu)0;
  return __builtin_convertvector((ck_vu)choose(is_finite, (ck_vf)plane, (ck_vf)other), ck_vh);
}

/// The same where every value, rounded to bf16, is finite: `are_ordinary`.
CK_INLINE ck_vh next_ordinary_plane(ck_vf *rest) {
  const ck_vu bits = (ck_vu)*rest, plane = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  *rest -= (ck_vf)(plane << 16);
  return __builtin_convertvector(plane, ck_vh);
}
CK_INLINE int are_ordinary(ck_vf v) {
  return !__builtin_reduce_or((ck_vi)(((ck_vu)v & 0x7FFFFFFF) >= 0x7F7F8000));
}

/// One row of ck_encode_bf16x2 or ck_encode_bf16x3 as planes, `plane` bytes apart.
CK_INLINE void encode_planes(ck_encoded_row y, size_t plane, const float *a, size_t n,
                             const uint32_t planes) {
  size_t i = 0;
  for (; i + CK_WIDTH <= n; i += CK_WIDTH) {
    ck_vf rest = load(a + i);
    char *to = encoded_at(y, 2 * i);
    const int ordinary = are_ordinary(rest);
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < planes; p++, to += plane) {
      ck_vh v = ordinary ? next_ordinary_plane(&rest) : next_plane(&rest, p == planes - 1);
      __builtin_memcpy(to, &v, sizeof v);
    }
  }
  if (i < n) { // lanes beyond the row, and so the padding of the last pair, are zero
    ck_vf rest = load_some(a + i, n - i);
    for (uint32_t p = 0; p < planes; p++) {
      ck_vh v = next_plane(&rest, p == planes - 1);
      __builtin_memcpy(encoded_at(y, 2 * i) + p * plane, &v, (n - i + 1) / 2 * 4);
    }
  }
  for (uint32_t p = 0; p < planes; p++, y.at += plane)
    pad_line(y, 2 * (n + n % 2), 0);
}

/// `count` lanes of a row to be encoded, zeros beyond.
CK_INLINE ck_vf scaled(const float *a, const float *multiplier, size_t i, size_t count) {
  ck_vf v = count < CK_WIDTH ? load_some(a + i, count) : load(a + i);
  if (multiplier)
    v *= count < CK_WIDTH ? load_some(multiplier + i, count) : load(multiplier + i);
  return v;
}

CK_INLINE ck_vb code_of(ck_vf v, ck_vf inverse, ck_vf zero) {
  ck_vf code = __builtin_elementwise_roundeven(v * inverse);
  code = choose(code == code, clamp(code + zero, 0, 255), zero);
  return __builtin_convertvector(__builtin_convertvector(code, ck_vi), ck_vb);
}

/// As code_of, where nothing is infinite or NaN: the sum has no fraction bits, so its low byte is the nearest
/// code. The product must be rounded before the sum, as code_of's is; hence no contraction.
CK_INLINE ck_vb finite_code_of(ck_vf v, ck_vf inverse, ck_vi zero) {
#pragma clang fp contract(off)
  return __builtin_convertvector((ck_vi)(v * inverse + splat(0x1.8p23f)) + zero, ck_vb);
}

CK_INLINE void store_code(char *y, ck_vb code) { __builtin_memcpy(y, &code, sizeof code); }

/// Extends a row's range by v, lane by lane; NaNs are ignored but for `unordered`.
CK_INLINE void widen_range(ck_vf *least, ck_vf *largest, ck_vi *unordered, ck_vf v) {
  *least = choose(v < *least, v, *least);
  *largest = choose(v > *largest, v, *largest);
  *unordered |= v != v;
}

/// The codes of a row whose range is known. It has 254 steps, so that no code rounds out of a byte.
CK_INLINE ck_row_scale write_codes(ck_encoded_row y, const float *a, const float *multiplier, size_t n,
                                   ck_vf least, ck_vf largest, ck_vi unordered) {
  float low = -largest_lane(-least), high = largest_lane(largest);
  float scale = high / 254 - low / 254;
  if (scale == 0)
    scale = 1;
  ck_vf inverse = splat(1 / scale);
  ck_vf zero = clamp(__builtin_elementwise_roundeven(splat(-low) * inverse), 0, 255);
  zero = choose(zero == zero, zero, splat(0));
  ck_vi whole = __builtin_convertvector(zero, ck_vi);
  size_t i = 0;
  int has_nan = __builtin_reduce_or(unordered) != 0;
  if (!has_nan && scale < __builtin_inff() && 1 / scale < __builtin_inff())
    for (; i + CK_WIDTH <= n; i += CK_WIDTH)
      store_code(encoded_at(y, i), finite_code_of(scaled(a, multiplier, i, CK_WIDTH), inverse, whole));
  for (; i + CK_WIDTH <= n; i += CK_WIDTH)
    store_code(encoded_at(y, i), code_of(scaled(a, multiplier, i, CK_WIDTH), inverse, zero));
  if (i < n) {
    // lanes beyond the row, and so the padding of the last quad, are zero; an infinite inverse would make
    // them NaN, which is encoded as zero too
    ck_vb v = code_of(scaled(a, multiplier, i, n - i), inverse, zero);
    __builtin_memcpy(encoded_at(y, i), &v, (n - i + 3) / 4 * 4);
  }
  pad_line(y, (n + 3) / 4 * 4, (int)zero[0]);
  return (ck_row_scale){.scale = has_nan ? __builtin_nanf("") : scale, .zero = zero[0]};
}

/// One row of ck_encode_i8; whether there is a multiplier is a constant where this is inlined.
CK_INLINE ck_row_scale encode_row_i8(ck_encoded_row y, const float *a, const float *multiplier, size_t n) {
  ck_vf least = splat(0), largest = splat(0);
  ck_vi unordered = (ck_vi)0;
  for (size_t i = 0; i < n; i += CK_WIDTH)
    widen_range(&least, &largest, &unordered, scaled(a, multiplier, i, n - i));
  return write_codes(y, a, multiplier, n, least, largest, unordered);
}

static ck_row_scale encode_i8(ck_encoded_row y, const float *a, const float *multiplier, size_t n) {
  return multiplier ? encode_row_i8(y, a, multiplier, n) : encode_row_i8(y, a, NULL, n);
}

/// A tier's table; its products of packed bf16 and i8 differ between tiers of one vector width.
#define CK_VECTOR_TABLE(its_tier, its_gemm_bf16, its_gemm_i8, its_gemm_i8_pairs, its_planes,                 \
                        its_attention_bf16)                                                                  \
  {                                                                                                          \
    .tier = its_tier, .encoded_layout = its_tier == CK_TIER_AMX ? CK_ENCODED_TILES : CK_ENCODED_ROWS,        \
    .bias_activation = bias_activation, .gate = gate, .rotate = rotate, .add = add, .scale = scale,          \
    .layer_norm = layer_norm, .softmax = softmax, .sum_of_squares = sum_of_squares, .sigmoid = sigmoid,      \
    .exp = exponentials, .multiply = multiply, .pack_transposed = pack_transposed, .gemm_f32 = gemm_f32,     \
    .gemm_bf16 = its_gemm_bf16, .gemm_i8 = its_gemm_i8, .gemm_i8_pairs = its_gemm_i8_pairs,                  \
    .encode_bf16 = encode_bf16, .encode_i8 = encode_i8, .planes = &its_planes,                               \
    .attention_bf16 = &its_attention_bf16,                                                                   \
  }
