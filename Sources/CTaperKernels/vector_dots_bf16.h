// Packed products of bf16 over vector_dots.h, summed in f32. A tier defines
//   CK_PAIRS   and ck_vf add_pairs(ck_vf sums, ck_vi a, ck_vi b)    adds both products of each lane's bf16
//   pair
// or nothing: then a pair is widened to two f32, which is exact, and the products are added one after the
// other.
#define CK_DOT_GROUP 2

typedef ck_vf ck_sums;
CK_INLINE ck_sums no_sums(void) { return splat(0); }

#ifdef CK_PAIRS

typedef ck_vi ck_lines, ck_group;

CK_INLINE ck_lines load_lines(const char *p) { return load_words(p); }
CK_INLINE ck_group load_group(const char *p) { return repeat_word(p); }
CK_INLINE ck_sums add_dots(ck_sums sums, ck_group a, ck_lines b) { return add_pairs(sums, a, b); }

#else

typedef struct ck_wide {
  ck_vf first, second;
} ck_wide;
typedef ck_wide ck_lines, ck_group;

CK_INLINE ck_wide widened(ck_vi pairs) {
  return (ck_wide){.first = (ck_vf)(pairs << 16), .second = (ck_vf)(pairs & (int32_t)0xFFFF0000)};
}
CK_INLINE ck_lines load_lines(const char *p) { return widened(load_words(p)); }
CK_INLINE ck_group load_group(const char *p) { return widened(repeat_word(p)); }
CK_INLINE ck_sums add_dots(ck_sums sums, ck_group a, ck_lines b) {
  return multiply_add(a.second, b.second, multiply_add(a.first, b.first, sums));
}

#endif

CK_INLINE ck_vf values(ck_sums sums, const ck_panel_job *job, uint32_t row, uint32_t column) {
  (void)job, (void)row, (void)column;
  return sums;
}

#include "vector_dots.h"
