// What attention in bf16 shares on AVX-512 BF16 and on AMX. Scores are computed transposed: the keys are
// rows, 16 queries the lanes of a vector. So a query's sum, its largest score and 1 / Σ are lane by lane, and
// two vectors of scores, of keys 2·j and 2·j + 1, become one line of pairs, which the product with the values
// reads as it lies.
//
// A weight is 2^t with t = log2 e · (score − shift), straight to bf16 (`weights_of`). f32 and bf16 have the
// same exponents, so the shift need not be the largest score. By Cauchy and Schwarz no |log2 e · score| of a
// query is above bound = log2 e · |scale| · ‖q‖ · max ‖k‖ (and the largest relative bias). Shifted by what
// that is above 100 (in f32 60, which leaves the context more room), no weight overflows. A query is computed
// again, with its largest score as the shift, when its bound is above 240 or not a number, or when its
// weights come to less than 2^−60 (in f32 2^−20). Each query decides for itself, so its bits do not depend on
// the others.
//
// Who includes this file sets the target, and includes ck_attention.h and immintrin.h before.
#pragma once

#define CK_INLINE static inline __attribute__((always_inline))

/// What is done after every 16 rows while they are packed.
#ifndef CK_EVERY_16_ROWS
#define CK_EVERY_16_ROWS
#endif

enum {
  lanes = 16,            // queries in a vector
  bf16_ones = 0x3F803F80 // a pair
};

/// The first n of 16 lanes, all of them from 16 on.
CK_INLINE __mmask16 first_lanes(uint32_t n) { return (__mmask16)((1u << smaller(n, lanes)) - 1); }

/// A pair of bf16 weights a lane, that of the even key below.
typedef __m512i weight_line;

/// Mantissas of 2^(i / 128), rounded to bf16's seven bits.
static const uint8_t mantissas[128] __attribute__((aligned(64))) = {
    0,   1,   1,   2,   3,   4,   4,   5,   6,   6,   7,   8,   9,   9,   10,  11,  12,  12,  13,
    14,  15,  15,  16,  17,  18,  19,  19,  20,  21,  22,  23,  23,  24,  25,  26,  27,  28,  28,
    29,  30,  31,  32,  33,  34,  34,  35,  36,  37,  38,  39,  40,  41,  42,  43,  43,  44,  45,
    46,  47,  48,  49,  50,  51,  52,  53,  54,  55,  56,  57,  58,  59,  60,  61,  62,  63,  64,
    65,  66,  67,  68,  69,  70,  72,  73,  74,  75,  76,  77,  78,  79,  80,  82,  83,  84,  85,
    86,  87,  88,  90,  91,  92,  93,  94,  96,  97,  98,  99,  100, 102, 103, 104, 105, 107, 108,
    109, 111, 112, 113, 115, 116, 117, 118, 120, 121, 123, 124, 125, 127,
};

/// x = factor · score + zero is 128 · (t + 127) in the last bits of a float.
typedef struct exponent {
  __m512 factor;
  __m512i low, high; // mantissas
} exponent;

static const float unshifted = 0x1.8p23f + 127 * 128;

/// `scale` is the scores'; log2 e is added.
CK_INLINE exponent exponent_of(float scale) {
  return (exponent){.factor = _mm512_set1_ps(scale * 0x1.715476p+0f * 128),
                    .low = _mm512_load_si512(mantissas),
                    .high = _mm512_load_si512(mantissas + 64)};
}

CK_INLINE __m512i power_of(exponent e, __m512 score, __m512 zero) {
  return (__m512i)_mm512_fmadd_ps(score, e.factor, zero);
}

/// At least what stands for 2^−383, so that the last 16 bits do not wrap round.
CK_INLINE __m512i bounded_power(__m512i power) {
  return _mm512_max_epi32(power, (__m512i)_mm512_set1_ps(0x1.8p23f - 0x1p15f));
}

/// Weights of an even and an odd key from their powers: bf16's exponent is the upper nine bits, its mantissa
/// the table's entry for the lower seven. Relative error at most 0.65%; weights below 2^−125 become 2^−125.
CK_INLINE weight_line weights_of_powers(exponent e, __m512i x) {
  x = _mm512_max_epi16(x, _mm512_set1_epi16(2 * 128));
  return _mm512_ternarylogic_epi32(_mm512_set1_epi16((short)0xFF80), x,
                                   _mm512_permutex2var_epi8(e.low, x, e.high), 0xCA);
}

CK_INLINE weight_line weights_of(exponent e, __m512i even, __m512i odd) {
  return weights_of_powers(e, _mm512_mask_blend_epi16(0xAAAAAAAA, even, _mm512_slli_epi32(odd, 16)));
}

/// The same of 32 keys in order, whose powers come 16 at a time.
CK_INLINE weight_line weights_of_row(exponent e, __m512i first, __m512i second) {
  __m512i x = _mm512_castsi256_si512(_mm512_cvtepi32_epi16(first));
  return weights_of_powers(e, _mm512_inserti64x4(x, _mm512_cvtepi32_epi16(second), 1));
}

/// What 16 queries share of the way to their weights.
typedef struct lane_shift {
  __m512 zero;   // of the exponent
  __mmask16 far; // whose bounds are too large
  __mmask16 low; // whose weights may be below 2^−125
} lane_shift;

/// From bounds of |t| without a shift; no weight shall be above 2^most.
CK_INLINE lane_shift shift_of(__m512 bound, float most) {
  __m512 above = _mm512_max_ps(_mm512_sub_ps(bound, _mm512_set1_ps(most)), _mm512_setzero_ps());
  lane_shift shift = {.far = _mm512_cmp_ps_mask(bound, _mm512_set1_ps(240), _CMP_NLE_UQ)};
  shift.low = _mm512_cmp_ps_mask(_mm512_add_ps(bound, above), _mm512_set1_ps(124), _CMP_NLE_UQ);
  above = _mm512_mask_mov_ps(above, shift.far, _mm512_setzero_ps());
  shift.zero = _mm512_fnmadd_ps(above, _mm512_set1_ps(128), _mm512_set1_ps(unshifted)); // a whole number
  return shift;
}

/// What weights must come to in bf16.
static const float least_sum_bf16 = 0x1p-60f;

/// The lanes whose weights came to less than `least`, and so must be computed again; those of `done` already
/// were. Products of bf16 below 2^−126 are zero, so `least` leaves room for small values.
CK_INLINE __mmask16 too_low(__m512 sum, float least, __mmask16 done) {
  return _mm512_cmp_ps_mask(sum, _mm512_set1_ps(least), _CMP_LT_OQ) & (__mmask16)~done;
}

/// The sums of 16 vectors' lanes, in order.
CK_INLINE __m512 sums_of(__m512 v[lanes]) {
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++)
    v[i] =
        _mm512_add_ps(_mm512_unpacklo_ps(v[2 * i], v[2 * i + 1]), _mm512_unpackhi_ps(v[2 * i], v[2 * i + 1]));
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    __m512d first = (__m512d)v[2 * i], second = (__m512d)v[2 * i + 1];
    v[i] =
        _mm512_add_ps((__m512)_mm512_unpacklo_pd(first, second), (__m512)_mm512_unpackhi_pd(first, second));
  }
#pragma clang loop unroll(full)
  for (int count = 2; count > 0; count--)
#pragma clang loop unroll(full)
    for (int i = 0; i < count; i++)
      v[i] = _mm512_add_ps(_mm512_shuffle_f32x4(v[2 * i], v[2 * i + 1], 0x88),
                           _mm512_shuffle_f32x4(v[2 * i], v[2 * i + 1], 0xDD));
  return v[0];
}

/// sums[key] += Σ over queries of weight · factor, of `count` keys, at most 16. Lines of weights are `stride`
/// words apart; each is `vectors` vectors of queries.
CK_INLINE void add_weights_of_keys(float *sums, uint32_t count, const uint32_t *weights, size_t stride,
                                   uint32_t vectors, const __m512 *factor) {
  __m512 of_keys[lanes];
#pragma clang loop unroll(full)
  for (uint32_t i = 0; i < lanes / 2; i++, weights += stride) {
    __m512 even = _mm512_setzero_ps(), odd = even;
    for (uint32_t v = 0; 2 * i < count && v < vectors; v++) {
      __m512i line = _mm512_loadu_si512(weights + v * lanes);
      even = _mm512_fmadd_ps((__m512)_mm512_slli_epi32(line, 16), factor[v], even);
      odd = _mm512_fmadd_ps((__m512)_mm512_and_si512(line, _mm512_set1_epi32((int32_t)0xFFFF0000)), factor[v],
                            odd);
    }
    of_keys[2 * i] = even, of_keys[2 * i + 1] = odd;
  }
  const __mmask16 some = first_lanes(count);
  _mm512_mask_storeu_ps(sums, some, _mm512_add_ps(sums_of(of_keys), _mm512_maskz_loadu_ps(some, sums)));
}

/// 16 × 16 words, transposed in place.
CK_INLINE void transpose(__m512i r[16]) {
  __m512i t[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++)
#pragma clang loop unroll(full)
    for (int half = 0; half < 2; half++) {
      r[4 * i + 2 * half] = _mm512_unpacklo_epi64(t[4 * i + half], t[4 * i + half + 2]);
      r[4 * i + 2 * half + 1] = _mm512_unpackhi_epi64(t[4 * i + half], t[4 * i + half + 2]);
    }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
    t[4 + i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xDD);
    t[8 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
    t[12 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xDD);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88);
    r[4 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88);
    r[8 + i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0xDD);
    r[12 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xDD);
  }
}

/// Columns i ..< i + 16 of a row of n, zeros beyond.
CK_INLINE __m512 columns_of(const float *row, uint32_t i, uint32_t n) {
  return n >= i + lanes ? _mm512_loadu_ps(row + i)
                        : _mm512_maskz_loadu_ps(first_lanes(n > i ? n - i : 0), row + i);
}

/// Columns i ..< i + 32 of a row of n, rounded to bf16 (to nearest even, subnormals to zero); zeros from n
/// on.
CK_INLINE __m512i rounded_columns(const float *row, uint32_t i, uint32_t n) {
  return (__m512i)_mm512_cvtne2ps_pbh(columns_of(row, i + lanes, n), columns_of(row, i, n));
}

/// y[width / 2][stride]: pairs along the depth of 16 queries from `first` on, transposed; lanes from `count`
/// on repeat the last query. Columns are padded with zeros to `width`, a multiple of 32 (16 pairs at a time).
/// Gives the queries' squared norms.
CK_INLINE __m512 pack_queries(const ck_op *op, uint32_t head, uint32_t first, uint32_t count, uint32_t width,
                              uint32_t *y, size_t stride) {
  const float *queries = op->a + (size_t)head * op->depth;
  __m512 squares = _mm512_setzero_ps();
  for (uint32_t column = 0; column < width; column += 2 * lanes) {
    __m512i rows[lanes];
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < lanes; i++) {
      const float *row = queries + (size_t)source_row(op, first + smaller(i, count - 1)) * op->lda;
      rows[i] = rounded_columns(row, column, op->depth);
    }
    transpose(rows);
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < lanes; i++) {
      _mm512_storeu_si512(y + (column / 2 + i) * stride, rows[i]);
      squares = _mm512_dpbf16_ps(squares, (__m512bh)rows[i], (__m512bh)rows[i]);
    }
  }
  return squares;
}

/// Prefetch distance in rows of keys and values, which lie a whole row of queries, keys and values apart:
/// hardware prefetchers do not follow such strides.
enum { rows_ahead = 16 };

/// The squared norms of 16 keys from the squares of their columns: positive floats as integers, of which NaN
/// is the largest.
CK_INLINE __m512i squares_of(__m512 squares[lanes]) {
  return _mm512_and_si512((__m512i)sums_of(squares), _mm512_set1_epi32(0x7FFFFFFF));
}

CK_INLINE float largest_of_squares(__m512i squares) {
  int32_t bits = _mm512_reduce_max_epi32(squares);
  float square;
  memcpy(&square, &bits, sizeof square);
  return square;
}

/// y[keys][width]: keys rounded to bf16, columns padded with zeros to a multiple of 32, keys to one of
/// `group`. Gives the largest squared norm of a key; NaN when there is a NaN.
CK_INLINE float round_keys(const ck_op *op, uint32_t head, uint32_t width, uint32_t group, uint32_t *y) {
  const float *row = op->b + (size_t)head * op->depth;
  const uint32_t n = op->inner_rows;
  __m512i largest = _mm512_setzero_si512();
  for (uint32_t first = 0; first < n; first += lanes) {
    __m512 squares[lanes];
    const uint32_t count = smaller(n - first, lanes);
    for (uint32_t j = count; j < lanes; j++)
      squares[j] = _mm512_setzero_ps();
    for (uint32_t j = 0; j < count; j++, row += op->ldb) {
      squares[j] = _mm512_setzero_ps();
      for (uint32_t column = 0; column < width; column += 32, y += lanes) {
        __builtin_prefetch(row + rows_ahead * op->ldb + column);
        __builtin_prefetch(row + rows_ahead * op->ldb + column + 16);
        __m512i key = rounded_columns(row, column, op->depth);
        _mm512_storeu_si512(y, key);
        squares[j] = _mm512_dpbf16_ps(squares[j], (__m512bh)key, (__m512bh)key);
      }
    }
    largest = _mm512_max_epi32(largest, squares_of(squares));
    CK_EVERY_16_ROWS
  }
  memset(y, 0, (size_t)((n + group - 1) / group * group - n) * width * 2);
  return largest_of_squares(largest);
}

/// Where 16 queries find their relative biases.
typedef struct lane_bias {
  const float *table;                                    // the head's, by key position − query position
  int32_t positions[lanes] __attribute__((aligned(64))); // of the queries
  int is_consecutive;                                    // those of the queries, and of all keys
} lane_bias;

/// Of `count` queries from `first` on; lanes beyond repeat the last one.
CK_INLINE lane_bias bias_of(const ck_op *op, uint32_t head, uint32_t first, uint32_t count) {
  lane_bias bias = {.table = op->bias + (size_t)head * (2 * op->extent - 1) + op->extent - 1,
                    .is_consecutive = !op->index && !op->origin && count == lanes};
  for (uint32_t i = 0; i < lanes; i++) {
    uint32_t row = source_row(op, first + smaller(i, count - 1));
    bias.positions[i] = (int32_t)(op->origin ? op->origin[row] : row);
  }
  return bias;
}

/// The biases of a key for 16 queries.
CK_INLINE __m512 biases_of(const ck_op *op, const lane_bias *bias, uint32_t key) {
  const float *at = bias->table + (op->origin ? op->origin[key] : key);
  if (!bias->is_consecutive)
    return _mm512_i32gather_ps(_mm512_sub_epi32(_mm512_setzero_si512(), _mm512_load_si512(bias->positions)),
                               at, 4);
  const __m512i backwards = _mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  return _mm512_permutexvar_ps(backwards, _mm512_loadu_ps(at - bias->positions[0] - (lanes - 1)));
}

/// The largest relative bias of a head, as a magnitude; NaN when there is a NaN.
CK_INLINE float largest_bias(const ck_op *op, uint32_t head) {
  const uint32_t n = 2 * op->extent - 1;
  const float *bias = op->bias + (size_t)head * n;
  __m512i largest = _mm512_setzero_si512();
  for (uint32_t i = 0; i < n; i += lanes)
    largest = _mm512_max_epi32(
        largest, _mm512_and_si512((__m512i)columns_of(bias, i, n), _mm512_set1_epi32(0x7FFFFFFF)));
  int32_t bits = _mm512_reduce_max_epi32(largest);
  float magnitude;
  memcpy(&magnitude, &bits, sizeof magnitude);
  return magnitude;
}

/// Bounds of |log2 e · score| of 16 queries, from the squares of their norms and of the longest key's. A
/// thousandth is for rounding.
CK_INLINE __m512 bounds_of(const ck_op *op, __m512 squares, float key_square, float bias) {
  __m512 norms = _mm512_sqrt_ps(_mm512_mul_ps(squares, _mm512_set1_ps(key_square)));
  const float log = 0x1.715476p+0f * 1.001f, scale = op->scale < 0 ? -op->scale : op->scale;
  return _mm512_fmadd_ps(norms, _mm512_set1_ps(scale * log), _mm512_set1_ps(bias * log));
}

/// Two vectors rounded to bf16, lane by lane a pair, that of `even` below.
CK_INLINE __m512i rounded_pairs(__m512 even, __m512 odd) {
  static const uint16_t zip[32]
      __attribute__((aligned(64))) = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  return _mm512_permutexvar_epi16(_mm512_load_si512(zip), (__m512i)_mm512_cvtne2ps_pbh(odd, even));
}

/// Pairs of a column's values of two keys, 16 columns from i on; `odd` may be NULL.
CK_INLINE __m512i value_pairs(const float *even, const float *odd, uint32_t i, uint32_t n) {
  return rounded_pairs(columns_of(even, i, n), odd ? columns_of(odd, i, n) : _mm512_setzero_ps());
}
