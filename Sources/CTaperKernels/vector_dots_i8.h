// Packed products of u8 codes and s8 weights over vector_dots.h, in 32-bit integers; no step saturates. A
// tier defines one of
//   CK_QUADS   and ck_vi add_quads(ck_vi sums, ck_vi codes, ck_vi weights)    adds four products per lane
//   CK_PAIRS   and ck_vi add_pairs(ck_vi sums, ck_vi a, ck_vi b)              adds two 16-bit products per
//   lane neither, but the types and functions of vector_dots.h, and
//              ck_vi total(ck_sums)                                           one sum per column
// and CK_CENTRED_CODES if its instructions take signed codes: code − 128 then stands for the code. Everything
// up to the activation equals the scalar reference bit for bit.
#define CK_DOT_GROUP 4

#if defined(CK_QUADS)

typedef ck_vi ck_sums, ck_lines, ck_group;

CK_INLINE ck_lines load_lines(const char *p) { return load_words(p); }
CK_INLINE ck_group load_group(const char *p) {
#ifdef CK_CENTRED_CODES
  return repeat_word(p) ^ (int32_t)0x80808080;
#else
  return repeat_word(p);
#endif
}
CK_INLINE ck_sums no_sums(void) { return (ck_sums)0; }
CK_INLINE ck_sums add_dots(ck_sums sums, ck_group codes, ck_lines weights) {
  return add_quads(sums, codes, weights);
}
CK_INLINE ck_vi total(ck_sums sums) { return sums; }

#elif defined(CK_PAIRS)

/// The bytes of each word widened to 16 bits: the first and third, the second and fourth.
typedef struct ck_wide {
  ck_vi even, odd;
} ck_wide;
typedef ck_vi ck_sums;
typedef ck_wide ck_lines, ck_group;
typedef int16_t ck_vs __attribute__((ext_vector_type(2 * CK_WIDTH)));

CK_INLINE ck_lines load_lines(const char *p) {
  ck_vs v = (ck_vs)load_words(p);
  return (ck_lines){.even = (ck_vi)(v << 8 >> 8), .odd = (ck_vi)(v >> 8)};
}
CK_INLINE ck_group load_group(const char *p) {
  ck_vi v = repeat_word(p);
  return (ck_group){.even = v & 0x00FF00FF, .odd = v >> 8 & 0x00FF00FF};
}
CK_INLINE ck_sums no_sums(void) { return (ck_sums)0; }
CK_INLINE ck_sums add_dots(ck_sums sums, ck_group codes, ck_lines weights) {
  return add_pairs(add_pairs(sums, codes.even, weights.even), codes.odd, weights.odd);
}
CK_INLINE ck_vi total(ck_sums sums) { return sums; }

#endif

#include "vector_values_i8.h"

#include "vector_dots.h"
