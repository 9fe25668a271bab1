// Vector maths over CK_WIDTH floats, for vector_rows.h and for the epilogues of the packed products. Before
// including it a tier includes vector_types.h and defines over its types (x86_64/lanes_*.h,
// aarch64/lanes_neon.h)
//   ck_vf load_some(const float *p, size_t n)            the first n < CK_WIDTH lanes from p, the others zero
//   void store_some(float *p, ck_vf v, size_t n)         the first n < CK_WIDTH lanes to p
//   ck_vf gather(const float *p, const uint32_t *at)     p[at[lane]]
// and may define CK_TIMES_POWER_OF_TWO with its own times_power_of_two.
// No reference to memory beyond n elements is ever made.
#pragma once

#define CK_INLINE static inline __attribute__((always_inline))

CK_INLINE ck_vf load(const float *p) {
  ck_vf v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

CK_INLINE void store(float *p, ck_vf v) { __builtin_memcpy(p, &v, sizeof v); }

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

CK_INLINE ck_vf choose(ck_vi condition, ck_vf yes, ck_vf no) {
  return (ck_vf)((condition & (ck_vi)yes) | (~condition & (ck_vi)no));
}

CK_INLINE ck_vf multiply_add(ck_vf a, ck_vf b, ck_vf c) { return __builtin_elementwise_fma(a, b, c); }

/// A NaN in v stays one.
CK_INLINE ck_vf clamp(ck_vf v, float low, float high) {
  v = choose(v < splat(low), splat(low), v);
  return choose(v > splat(high), splat(high), v);
}

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

/// Lane by lane the larger of largest and |v|; a NaN counts as nothing.
CK_INLINE ck_vf largest_magnitude(ck_vf largest, ck_vf v) {
  v = __builtin_elementwise_abs(v);
  return choose(v > largest, v, largest);
}

/// Rounded to bf16, to nearest even; a NaN stays one.
CK_INLINE ck_vh bf16_of(ck_vf v) {
  ck_vu bits = (ck_vu)v, rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  return __builtin_convertvector((ck_vu)choose(v == v, (ck_vf)rounded, (ck_vf)(bits >> 16 | 64)), ck_vh);
}

#ifndef CK_TIMES_POWER_OF_TWO
/// v · 2^n for n in −252 … 254, in two steps so that results may be subnormal. With n NaN v must be NaN.
CK_INLINE ck_vf times_power_of_two(ck_vf v, ck_vf n) {
  // a NaN has no integer; its power of two does not matter
  ck_vi power = __builtin_convertvector(choose(n == n, n, splat(0)), ck_vi), half = power >> 1;
  ck_vf first = (ck_vf)((half + 127) << 23), second = (ck_vf)((power - half + 127) << 23);
  return v * first * second;
}
#endif

/// e^x within 2 ulp. x = n·ln 2 + r with |r| ≤ ln 2 / 2 (ln 2 in two parts), e^r by a polynomial of degree 6
/// whose relative error is 4.8e-9 (coefficients: tools/reference/fit_kernel_polynomials.py).
CK_INLINE ck_vf exponential(ck_vf x) {
  x = clamp(x, -104.5f, 89.0f); // beyond: zero, infinity
  ck_vf n = __builtin_elementwise_roundeven(x * splat(0x1.715476p+0f));
  ck_vf r = multiply_add(n, splat(-0x1.62e400p-1f), x);
  r = multiply_add(n, splat(-0x1.7f7d1cp-20f), r);
  ck_vf p = splat(0.0013813142431899905f);
  p = multiply_add(p, r, splat(0.008369418792426586f));
  p = multiply_add(p, r, splat(0.04166845604777336f));
  p = multiply_add(p, r, splat(0.16666515171527863f));
  p = multiply_add(p, r, splat(0.4999999403953552f));
  p = multiply_add(p * r, r, r) + splat(1);
  return times_power_of_two(p, n);
}

/// erf(x), absolute error below 1.2e-7: for |x| < 1 an odd polynomial, elsewhere 1 − P(|x|)^−16 with P of
/// degree 6, where the error of the power is multiplied by the small erfc. From 4 on the result rounds to ±1,
/// which it is.
CK_INLINE ck_vf error_function(ck_vf x) {
  ck_vf z = x * x;
  ck_vf p = splat(-0.0005631563253700733f);
  p = multiply_add(p, z, splat(0.0049175904132425785f));
  p = multiply_add(p, z, splat(-0.026711350306868553f));
  p = multiply_add(p, z, splat(0.11280182003974915f));
  p = multiply_add(p, z, splat(-0.3761232793331146f));
  p = multiply_add(p, z, splat(0.12837913632392883f));
  ck_vf near = multiply_add(p, x, x);

  ck_vf u = __builtin_elementwise_abs(clamp(x, -4, 4));
  ck_vf q = splat(0.00010972491145366803f);
  q = multiply_add(q, u, splat(-0.0002742465876508504f));
  q = multiply_add(q, u, splat(0.00201536831445992f));
  q = multiply_add(q, u, splat(0.005951437167823315f));
  q = multiply_add(q, u, splat(0.04557878524065018f));
  q = multiply_add(q, u, splat(0.0687868669629097f));
  q = multiply_add(q, u, splat(1.000379204750061f));
  ck_vf q2 = q * q, q4 = q2 * q2, q8 = q4 * q4;
  ck_vf far = __builtin_elementwise_copysign(splat(1) - splat(1) / (q8 * q8), x);
  return choose(u < splat(1), near, far);
}

/// tanh: near zero an odd polynomial (relative error 6.8e-9), elsewhere through e^2x.
CK_INLINE ck_vf hyperbolic_tangent(ck_vf x) {
  ck_vf z = x * x;
  ck_vf p = splat(-0.005666980519890785f);
  p = multiply_add(p, z, splat(0.020606180652976036f));
  p = multiply_add(p, z, splat(-0.05373000726103783f));
  p = multiply_add(p, z, splat(0.13331331312656403f));
  p = multiply_add(p, z, splat(-0.33333277702331543f));
  ck_vf near = multiply_add(p * z, x, x);
  ck_vf far = splat(1) - splat(2) / (exponential(x + x) + splat(1));
  return choose((x < splat(0.625f)) & (x > splat(-0.625f)), near, far);
}

CK_INLINE ck_vf activate(ck_vf x, ck_activation activation) {
  switch (activation) {
  case CK_ACTIVATION_GELU: {
    // −∞ times zero would be NaN; from −20 on the factor is zero
    ck_vf half = splat(0.5f) * choose(x < splat(-20), splat(-20), x);
    return multiply_add(half, error_function(x * splat(0.70710678f)), half);
  }
  case CK_ACTIVATION_GELU_TANH: {
    ck_vf half = splat(0.5f) * choose(x < splat(-20), splat(-20), x);
    ck_vf inner = splat(0.79788456f) * multiply_add(splat(0.044715f) * x * x, x, x);
    return multiply_add(half, hyperbolic_tangent(inner), half);
  }
  case CK_ACTIVATION_RELU:
    return choose(x < splat(0), splat(0), x);
  case CK_ACTIVATION_TANH:
    return hyperbolic_tangent(x);
  case CK_ACTIVATION_NONE:
    break;
  }
  return x;
}

CK_INLINE void bias_activation_with(float *y, const float *a, const float *bias, size_t n,
                                    ck_activation activation) {
  size_t i = 0;
  for (; i + CK_WIDTH <= n; i += CK_WIDTH)
    store(y + i, activate(bias ? load(a + i) + load(bias + i) : load(a + i), activation));
  if (i < n) {
    ck_vf v = load_some(a + i, n - i);
    store_some(y + i, activate(bias ? v + load_some(bias + i, n - i) : v, activation), n - i);
  }
}

static void bias_activation(float *y, const float *a, const float *bias, size_t n, ck_activation activation) {
  switch (activation) {
  case CK_ACTIVATION_GELU:
    return bias_activation_with(y, a, bias, n, CK_ACTIVATION_GELU);
  case CK_ACTIVATION_GELU_TANH:
    return bias_activation_with(y, a, bias, n, CK_ACTIVATION_GELU_TANH);
  case CK_ACTIVATION_RELU:
    return bias_activation_with(y, a, bias, n, CK_ACTIVATION_RELU);
  case CK_ACTIVATION_TANH:
    return bias_activation_with(y, a, bias, n, CK_ACTIVATION_TANH);
  case CK_ACTIVATION_NONE:
    return bias_activation_with(y, a, bias, n, CK_ACTIVATION_NONE);
  }
}
