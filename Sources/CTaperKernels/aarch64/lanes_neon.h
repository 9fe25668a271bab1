// Parts of vectors, on NEON.

static inline ck_vf load_some(const float *p, size_t n) {
  ck_vf v = (ck_vf)0.0f;
  for (size_t i = 0; i < n; i++)
    v[i] = p[i];
  return v;
}

static inline void store_some(float *p, ck_vf v, size_t n) {
  for (size_t i = 0; i < n; i++)
    p[i] = v[i];
}

static inline ck_vf gather(const float *p, const uint32_t *at) {
  return (ck_vf){p[at[0]], p[at[1]], p[at[2]], p[at[3]]};
}
