// What amx_tiles.h asks of products of bf16.

/// The sums are the values: nothing is needed of their columns and rows.
typedef char ck_columns, ck_rows;
CK_INLINE ck_columns columns_at(const ck_panel_job *job, uint32_t column) {
  (void)job, (void)column;
  return 0;
}
CK_INLINE void prepare_rows(ck_rows *rows, const ck_panel_job *job) { (void)job, *rows = 0; }
CK_INLINE ck_vf values(const char *sums, const ck_columns *columns, const ck_rows *rows,
                       const ck_panel_job *job, uint32_t row) {
  (void)columns, (void)rows, (void)job, (void)row;
  return load((const float *)sums);
}
