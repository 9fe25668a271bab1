// Vector maths over CK_WIDTH floats, for vector_rows.h and for the epilogues of the packed products. Before
// including it a tier includes vector_types.h and defines over its types (x86_64/lanes_*.h,
// aarch64/lanes_neon.h)
//   ck_vf load_some(const float *p, size_t n)            the first n < CK_WIDTH lanes from p, the others zero
//   void store_some(float *p, ck_vf v, size_t n)         the first n < CK_WIDTH lanes to p
//   ck_vf gather(const float *p, const uint32_t *at)     p[at[lane]]
// and may define CK_TIMES_POWER_OF_TWO with its own times_power_of_two, of ck_vf and of ck_v4vf.
// Nothing here reads or writes beyond n elements.
#pragma once
#include "ck_cut.h"

#define CK_INLINE static inline __attribute__((always_inline))

CK_INLINE ck_vf load(const float *p) {
  ck_vf v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

CK_INLINE void store(float *p, ck_vf v) { __builtin_memcpy(p, &v, sizeof v); }

CK_INLINE ck_v4vf load_four(const float *p) {
  ck_v4vf v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

CK_INLINE void store_four(float *p, ck_v4vf v) { __builtin_memcpy(p, &v, sizeof v); }

CK_INLINE ck_vi load_words(const void *p) {
  ck_vi v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

/// The word at p in every lane.
CK_INLINE ck_vi repeat_word(const void *p) {
  int32_t word;
  __builtin_memcpy(&word, p, sizeof word);
  return (ck_vi)word;
}

CK_INLINE ck_vf splat(float x) { return (ck_vf)x; }

#define CK_V ck_vf
#define CK_I ck_vi
#include "vector_functions.h"
#undef CK_V
#undef CK_I
#define CK_V ck_v4vf
#define CK_I ck_v4vi
#include "vector_functions.h"
#undef CK_V
#undef CK_I

CK_INLINE ck_vi lanes_below(size_t n) {
  ck_vi lane = {CK_LANES};
  return lane < (ck_vi)(int32_t)n;
}

/// Adds lanes by halves.
CK_INLINE float sum_lanes(ck_vf v) {
#if CK_WIDTH == 16
  ck_v8f eight = v.lo + v.hi;
  ck_v4f four = eight.lo + eight.hi;
#elif CK_WIDTH == 8
  ck_v4f four = v.lo + v.hi;
#else
  ck_v4f four = v;
#endif
  ck_v2f two = four.lo + four.hi;
  return two.x + two.y;
}

/// The largest lane of a vector without NaNs.
CK_INLINE float largest_lane(ck_vf v) {
#if CK_WIDTH == 16
  ck_v8f eight = __builtin_elementwise_max(v.lo, v.hi);
  ck_v4f four = __builtin_elementwise_max(eight.lo, eight.hi);
#elif CK_WIDTH == 8
  ck_v4f four = __builtin_elementwise_max(v.lo, v.hi);
#else
  ck_v4f four = v;
#endif
  ck_v2f two = __builtin_elementwise_max(four.lo, four.hi);
  return two.x > two.y ? two.x : two.y;
}

/// Lane by lane the larger of `largest` and |v|; NaNs are ignored.
CK_INLINE ck_vf largest_magnitude(ck_vf largest, ck_vf v) {
  v = __builtin_elementwise_abs(v);
  return choose(v > largest, v, largest);
}

/// Rounded to bf16, nearest even; NaN stays NaN.
CK_INLINE ck_vh bf16_of(ck_vf v) {
  ck_vu bits = (ck_vu)v, rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  return __builtin_convertvector((ck_vu)choose(v == v, (ck_vf)rounded, (ck_vf)(bits >> 16 | 64)), ck_vh);
}

/// Where byte `offset` of an encoded row lies.
CK_INLINE char *encoded_at(ck_encoded_row row, size_t offset) {
  return row.at + offset / CK_ENCODED_LINE * row.line_stride + offset % CK_ENCODED_LINE;
}

/// The first n lanes, n ≤ CK_WIDTH, rounded to bf16, to an encoded row from byte `offset` on.
CK_INLINE void store_encoded(ck_encoded_row row, size_t offset, ck_vf v, size_t n) {
  ck_vh half = bf16_of(v);
  if (n == CK_WIDTH)
    __builtin_memcpy(encoded_at(row, offset), &half, sizeof half);
  else
    __builtin_memcpy(encoded_at(row, offset), &half, n * sizeof half[0]);
}

CK_INLINE void bias_activation_with(float *y, const float *a, const float *bias, size_t n,
                                    ck_activation activation) {
  size_t i = 0;
  for (; i + 4 * CK_WIDTH <= n; i += 4 * CK_WIDTH)
    store_four(y + i, activate(bias ? load_four(a + i) + load_four(bias + i) : load_four(a + i), activation));
  for (; i + CK_WIDTH <= n; i += CK_WIDTH)
    store(y + i, activate(bias ? load(a + i) + load(bias + i) : load(a + i), activation));
  if (i < n) {
    ck_vf v = load_some(a + i, n - i);
    store_some(y + i, activate(bias ? v + load_some(bias + i, n - i) : v, activation), n - i);
  }
}

static __attribute__((unused)) void bias_activation(float *y, const float *a, const float *bias, size_t n,
                                                    ck_activation activation) {
  switch (activation) {
  case CK_ACTIVATION_GELU:
    return bias_activation_with(y, a, bias, n, CK_ACTIVATION_GELU);
  case CK_ACTIVATION_GELU_TANH:
    return bias_activation_with(y, a, bias, n, CK_ACTIVATION_GELU_TANH);
  case CK_ACTIVATION_RELU:
    return bias_activation_with(y, a, bias, n, CK_ACTIVATION_RELU);
  case CK_ACTIVATION_TANH:
    return bias_activation_with(y, a, bias, n, CK_ACTIVATION_TANH);
  case CK_ACTIVATION_SILU:
    return bias_activation_with(y, a, bias, n, CK_ACTIVATION_SILU);
  case CK_ACTIVATION_NONE:
    return bias_activation_with(y, a, bias, n, CK_ACTIVATION_NONE);
  }
}
