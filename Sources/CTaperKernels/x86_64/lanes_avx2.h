// Parts of vectors, on AVX2.

/// All ones in the first n lanes.
static inline __m256i mask_of(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(CK_LANES));
}

static inline ck_vf load_some(const float *p, size_t n) { return (ck_vf)_mm256_maskload_ps(p, mask_of(n)); }

static inline void store_some(float *p, ck_vf v, size_t n) { _mm256_maskstore_ps(p, mask_of(n), (__m256)v); }

static inline ck_vf gather(const float *p, const uint32_t *at) {
  return (ck_vf)_mm256_i32gather_ps(p, _mm256_loadu_si256((const __m256i *)at), 4);
}
