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

/// 2^r for |r| ≤ 1/2, by a polynomial of degree 6 whose relative error is 1.6e-8 (coefficients:
/// tools/reference/fit_kernel_polynomials.py).
CK_OVERLOAD CK_V power_of_fraction(CK_V r) {
  CK_V p = multiply_add((CK_V)0.00015353152411989868f, r, 0.0013399133458733559f);
  p = multiply_add(p, r, 0.009618439711630344f);
  p = multiply_add(p, r, 0.05550331994891167f);
  p = multiply_add(p, r, 0.24022647738456726f);
  p = multiply_add(p, r, 0.6931471824645996f);
  return multiply_add(p, r, 1.0f);
}

/// 2^(d · factor) within 2 ulp, for d ≤ 0 and a factor above zero; zero where d is below −125.5 / factor,
/// which `low` is. NaN stays NaN.
CK_OVERLOAD CK_V power_below_one(CK_V d, CK_V factor, CK_V low) {
  const CK_V rounder = (CK_V)(0x1.8p23f + 127);
  // the sum has no fraction bits: its low bits are the integer nearest to d · factor, plus 127
  CK_V shifted = multiply_add(d, factor, rounder);
  CK_V r = multiply_add(d, factor, rounder - shifted);
  return choose(d < low, (CK_V)0.0f, power_of_fraction(r) * (CK_V)((CK_I)shifted << 23));
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

/// x times a sigmoid that is symmetric about zero, as max(x, 0) − t·s with t = |x|, at most `end`, and the
/// sigmoid's tail s = P(t)^(2^squarings). A root of the tail is close to a polynomial of low degree over the
/// whole range, so that there is neither a division nor a choice between cases. P is zero at the end. `p` has
/// its coefficients in ascending degree (tools/reference/fit_kernel_polynomials.py).
CK_OVERLOAD CK_V times_sigmoid(CK_V x, float end, const float *p, const int degree, const int squarings) {
  CK_V t = __builtin_elementwise_abs(x), s = (CK_V)p[degree];
  t = choose(t > (CK_V)end, (CK_V)end, t); // NaN stays NaN
#pragma clang loop unroll(full)
  for (int k = degree - 1; k >= 0; k--)
    s = multiply_add(s, t, p[k]);
#pragma clang loop unroll(full)
  for (int k = 0; k < squarings; k++)
    s *= s;
  return multiply_add(-t, s, __builtin_elementwise_max(x, (CK_V)0.0f));
}

/// x · Φ(x), with an absolute error below 1.4e-7 · max(1, |x|).
CK_OVERLOAD CK_V gelu(CK_V x) {
  const float p[] = {0.9170039296150208f,     -0.0914563238620758f,   -0.0319332480430603f,
                     -0.000660523830447346f,  0.0014908758457750082f, 4.3234831537120044e-05f,
                     -6.357352685881779e-05f, 8.117997822409961e-06f, -3.4529446679698594e-07f};
  return times_sigmoid(x, 7.100005626678467f, p, 8, 3);
}

/// x / (1 + e^−2y) with y = √(2/π) (x + 0.044715 x³), with an absolute error below 1.8e-7 · max(1, |x|).
CK_OVERLOAD CK_V gelu_tanh(CK_V x) {
  const float p[] = {0.9170032143592834f,      -0.09144170582294464f,   -0.032031457871198654f,
                     -0.00027213702560402453f, 0.0009982393821701407f,  0.0005814442993141711f,
                     -0.0004008839896414429f,  0.00010270058555761352f, -1.2285669981793035e-05f,
                     5.599513883680629e-07f};
  return times_sigmoid(x, 6.300002098083496f, p, 9, 3);
}

/// GELU where the result is rounded to bf16 or to 254 steps next: an absolute error below 3e-5 at 11
/// instructions instead of 15.
CK_OVERLOAD CK_V rough_gelu(CK_V x) {
  const float p[] = {0.840633749961853f,    -0.16571830213069916f, -0.054782282561063766f,
                     0.008680786937475204f, 0.00276246783323586f,  -0.00048000988317653537f};
  return times_sigmoid(x, 4.699999809265137f, p, 5, 2);
}

CK_OVERLOAD CK_V activate(CK_V x, ck_activation activation) {
  switch (activation) {
  case CK_ACTIVATION_GELU:
    return gelu(x);
  case CK_ACTIVATION_GELU_TANH:
    return gelu_tanh(x);
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
