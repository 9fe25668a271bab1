// The epilogue's `values` of i8 products; ck_vi total(ck_sums) and CK_CENTRED_CODES as in vector_dots_i8.h.

/// Integer sums to floats. The job's `scale` and `sum` are padded to whole panels.
CK_INLINE ck_vf values(ck_sums sums, const ck_panel_job *job, uint32_t row, uint32_t column) {
  ck_vi sum = total(sums);
  int32_t zero = (int32_t)job->a_scale[row].zero;
#ifdef CK_CENTRED_CODES
  zero -= 128;
#endif
  sum -= load_words(job->sum + column) * zero;
  return __builtin_convertvector(sum, ck_vf) * splat(job->a_scale[row].scale) * load(job->scale + column);
}
