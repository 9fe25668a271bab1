// Passes that softmax and attention in bf16 share, over vectors of CK_WIDTH floats.
#pragma once
#include "vector_math.h"

CK_INLINE ck_vf larger(ck_vf v, ck_vf largest) { return choose(v > largest, v, largest); }

/// The largest element that is not NaN; −∞ if there is none.
CK_INLINE float largest_of(const float *a, size_t n) {
  ck_vf even = splat(-__builtin_inff()), odd = even;
  size_t i = 0;
  for (; i + 2 * CK_WIDTH <= n; i += 2 * CK_WIDTH) {
    even = larger(load(a + i), even);
    odd = larger(load(a + i + CK_WIDTH), odd);
  }
  if (i + CK_WIDTH <= n) {
    even = larger(load(a + i), even);
    i += CK_WIDTH;
  }
  if (i < n)
    odd = larger(choose(lanes_below(n - i), load_some(a + i, n - i), odd), odd);
  return largest_lane(larger(even, odd));
}

CK_INLINE ck_vf biased(ck_vf v, const float *bias, const uint32_t *position, size_t i) {
  if (!bias)
    return v;
  return v + (position ? gather(bias, position + i) : load(bias + i));
}

CK_INLINE ck_vf biased_some(ck_vf v, const float *bias, const uint32_t *position, size_t i, size_t n) {
  if (!bias)
    return v;
  if (!position)
    return v + load_some(bias + i, n);
  float some[CK_WIDTH] = {0};
  for (size_t k = 0; k < n; k++)
    some[k] = bias[position[i + k]];
  return v + load(some);
}

/// y = factor · a + bias[position]
CK_INLINE void scale_and_bias(float *y, const float *a, const float *bias, const uint32_t *position,
                              float factor, size_t n) {
  size_t i = 0;
  for (; i + CK_WIDTH <= n; i += CK_WIDTH)
    store(y + i, biased(load(a + i) * splat(factor), bias, position, i));
  if (i < n)
    store_some(y + i, biased_some(load_some(a + i, n - i) * splat(factor), bias, position, i, n - i), n - i);
}
