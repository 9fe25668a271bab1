// Elementwise functions over CK_V, a vector of floats, and CK_I, as many integers. vector_math.h includes
// this file twice: for one register, and for four at once. With four the dependency chains interleave, which
// keeps the core's units busy: one chain is some fifty cycles of instructions that depend on one another.

#define CK_OVERLOAD static inline __attribute__((always_inline, overloadable))

CK_OVERLOAD CK_V choose(CK_I condition, CK_V yes, CK_V no) {
  return (CK_V)((condition & (CK_I)yes) | (~condition & (CK_I)no));
}

CK_OVERLOAD CK_V multiply_add(CK_V a, CK_V b, CK_V c) { return __builtin_elementwise_fma(a, b, c); }

/// a · b + c with constants b or c
CK_OVERLOAD CK_V multiply_add(CK_V a, CK_V b, float c) { return __builtin_elementwise_fma(a, b, (CK_V)c); }
CK_OVERLOAD CK_V multiply_add(CK_V a, float b, CK_V c) { return __builtin_elementwise_fma(a, (CK_V)b, c); }

/// NaN stays NaN.
CK_OVERLOAD CK_V clamp(CK_V v, float low, float high) {
  v = choose(v < (CK_V)low, (CK_V)low, v);
  return choose(v > (CK_V)high, (CK_V)high, v);
}

/// e^x / 2^n for n = x / ln 2 to the nearest integer: e^r with r = x − n·ln 2 (ln 2 in two parts), |r| ≤ ln 2
/// / 2, by a polynomial of degree 6 whose relative error is 4.8e-9 (coefficients:
/// tools/reference/fit_kernel_polynomials.py).
CK_OVERLOAD CK_V reduced_exponential(CK_V x, CK_V n) {
  CK_V r = multiply_add(n, -0x1.62e400p-1f, x);
  r = multiply_add(n, -0x1.7f7d1cp-20f, r);
  CK_V p = multiply_add((CK_V)0.0013813142431899905f, r, 0.008369418792426586f);
  p = multiply_add(p, r, 0.04166845604777336f);
  p = multiply_add(p, r, 0.16666515171527863f);
  p = multiply_add(p, r, 0.4999999403953552f);
  return multiply_add(p * r, r, r) + (CK_V)1.0f;
}

#ifndef CK_TIMES_POWER_OF_TWO
/// v · 2^n for n in −252 … 254, in two steps so that results may be subnormal. Where n is NaN, v must be too.
CK_OVERLOAD CK_V times_power_of_two(CK_V v, CK_V n) {
  // NaN cannot be converted; v is NaN there, so the power does not matter
  CK_I power = __builtin_convertvector(choose(n == n, n, (CK_V)0.0f), CK_I), half = power >> 1;
  return v * (CK_V)((half + 127) << 23) * (CK_V)((power - half + 127) << 23);
}
#endif

/// e^x within 2 ulp.
CK_OVERLOAD CK_V exponential(CK_V x) {
  x = clamp(x, -104.5f, 89.0f); // beyond: zero, infinity
  CK_V n = __builtin_elementwise_roundeven(x * (CK_V)0x1.715476p+0f);
  CK_V p = reduced_exponential(x, n);
  return times_power_of_two(p, n);
}

/// e^x for x ≤ 0 within 2 ulp where the result is a normal number, else zero. NaN stays NaN.
CK_OVERLOAD CK_V exponential_below_zero(CK_V x) {
#ifdef CK_TIMES_POWER_OF_TWO
  return exponential(x);
#else
  // the sum has no fraction bits: its low bits are the integer nearest to x / ln 2
  CK_V shifted = multiply_add(x, 0x1.715476p+0f, (CK_V)0x1.8p23f);
  CK_V p = reduced_exponential(x, shifted - (CK_V)0x1.8p23f);
  CK_V v = (CK_V)((CK_I)p + ((CK_I)shifted << 23));
  v = choose(x < (CK_V)-87.0f, (CK_V)0.0f, v);
  return choose(x == x, v, x);
#endif
}

/// erf(x) with an absolute error below 1.2e-7: an odd polynomial for |x| < 1, else 1 − P(|x|)^−16 with P of
/// degree 6, where the power's relative error is multiplied by the small erfc. From |x| = 4 on erf rounds to
/// ±1.
CK_OVERLOAD CK_V error_function(CK_V x) {
  CK_V z = x * x;
  CK_V p = multiply_add((CK_V)-0.0005631563253700733f, z, 0.0049175904132425785f);
  p = multiply_add(p, z, -0.026711350306868553f);
  p = multiply_add(p, z, 0.11280182003974915f);
  p = multiply_add(p, z, -0.3761232793331146f);
  p = multiply_add(p, z, 0.12837913632392883f);
  CK_V near = multiply_add(p, x, x);

  CK_V u = __builtin_elementwise_abs(clamp(x, -4, 4));
  CK_V q = multiply_add((CK_V)0.00010972491145366803f, u, -0.0002742465876508504f);
  q = multiply_add(q, u, 0.00201536831445992f);
  q = multiply_add(q, u, 0.005951437167823315f);
  q = multiply_add(q, u, 0.04557878524065018f);
  q = multiply_add(q, u, 0.0687868669629097f);
  q = multiply_add(q, u, 1.000379204750061f);
  CK_V q2 = q * q, q4 = q2 * q2, q8 = q4 * q4;
  CK_V far = __builtin_elementwise_copysign((CK_V)1.0f - (CK_V)1.0f / (q8 * q8), x);
  return choose(u < (CK_V)1.0f, near, far);
}

/// tanh: near zero an odd polynomial (relative error 6.8e-9), elsewhere through e^2x.
CK_OVERLOAD CK_V hyperbolic_tangent(CK_V x) {
  CK_V z = x * x;
  CK_V p = multiply_add((CK_V)-0.005666980519890785f, z, 0.020606180652976036f);
  p = multiply_add(p, z, -0.05373000726103783f);
  p = multiply_add(p, z, 0.13331331312656403f);
  p = multiply_add(p, z, -0.33333277702331543f);
  CK_V near = multiply_add(p * z, x, x);
  CK_V far = (CK_V)1.0f - (CK_V)2.0f / (exponential(x + x) + (CK_V)1.0f);
  return choose((x < (CK_V)0.625f) & (x > (CK_V)-0.625f), near, far);
}

/// GELU where the result is rounded to bf16 or to 254 steps next: x · Φ(x), Φ's odd part a polynomial up to
/// |x| = 4.25 and constant beyond. Absolute error below 3e-5 for x < 4.25, relative error below 1e-5 above.
/// It takes a third of the instructions of the exact function.
CK_OVERLOAD CK_V rough_gelu(CK_V x) {
  CK_V low = choose(x < (CK_V)-4.25f, (CK_V)-4.25f, x), t = choose(low > (CK_V)4.25f, (CK_V)4.25f, low);
  CK_V z = t * t;
  CK_V p = multiply_add((CK_V)4.547047460778941e-11f, z, -4.515284146577869e-09f);
  p = multiply_add(p, z, 1.9861528244291549e-07f);
  p = multiply_add(p, z, -5.147503998159664e-06f);
  p = multiply_add(p, z, 8.84890541783534e-05f);
  p = multiply_add(p, z, -0.0010790774831548333f);
  p = multiply_add(p, z, 0.009718775749206543f);
  p = multiply_add(p, z, -0.06619026511907578f);
  p = multiply_add(p, z, 0.3988191783428192f);
  return low * multiply_add(p, t, 0.5f);
}

CK_OVERLOAD CK_V activate(CK_V x, ck_activation activation) {
  switch (activation) {
  case CK_ACTIVATION_GELU: {
    // below −20 the other factor is zero, and −∞ times zero would be NaN
    CK_V half = (CK_V)0.5f * choose(x < (CK_V)-20.0f, (CK_V)-20.0f, x);
    return multiply_add(half, error_function(x * (CK_V)0.70710678f), half);
  }
  case CK_ACTIVATION_GELU_TANH: {
    CK_V half = (CK_V)0.5f * choose(x < (CK_V)-20.0f, (CK_V)-20.0f, x);
    CK_V inner = (CK_V)0.79788456f * multiply_add((CK_V)0.044715f * x * x, x, x);
    return multiply_add(half, hyperbolic_tangent(inner), half);
  }
  case CK_ACTIVATION_RELU:
    return choose(x < (CK_V)0.0f, (CK_V)0.0f, x);
  case CK_ACTIVATION_TANH:
    return hyperbolic_tangent(x);
  case CK_ACTIVATION_SILU: {
    // below −100 the other factor is zero, and −∞ times zero would be NaN
    CK_V bounded = choose(x < (CK_V)-100.0f, (CK_V)-100.0f, x);
    return bounded / ((CK_V)1.0f + exponential(-bounded));
  }
  case CK_ACTIVATION_NONE:
    break;
  }
  return x;
}

#undef CK_OVERLOAD
