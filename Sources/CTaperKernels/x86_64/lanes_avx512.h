// Parts of vectors, on AVX-512.

static inline ck_vf load_some(const float *p, size_t n) {
  return (ck_vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}

static inline void store_some(float *p, ck_vf v, size_t n) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
}

static inline ck_vf gather(const float *p, const uint32_t *at) {
  return (ck_vf)_mm512_i32gather_ps(_mm512_loadu_si512(at), p, 4);
}

#define CK_TIMES_POWER_OF_TWO
static inline __attribute__((always_inline, overloadable)) ck_vf times_power_of_two(ck_vf v, ck_vf n) {
  return (ck_vf)_mm512_scalef_ps((__m512)v, (__m512)n);
}
static inline __attribute__((always_inline, overloadable)) ck_v4vf times_power_of_two(ck_v4vf v, ck_v4vf n) {
  v.lo.lo = times_power_of_two(v.lo.lo, n.lo.lo);
  v.lo.hi = times_power_of_two(v.lo.hi, n.lo.hi);
  v.hi.lo = times_power_of_two(v.hi.lo, n.hi.lo);
  v.hi.hi = times_power_of_two(v.hi.hi, n.hi.hi);
  return v;
}
