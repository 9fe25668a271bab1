// Attention in f32 on AMX tiles (attention_stages.h). Queries, keys, weights and values are each the sum of
// three bf16, cut off one after the other: the upper 16 bits, those of the rest, and what is left, which is
// exact. A product takes the six pairs of planes that reach f32's last bits, the smallest first. Weights are
// 2^t as f32 has them, and their sum is one of f32.
#if defined(__x86_64__)
#include "../drivers/ck_attention.h"
#include "products.h"
#include <immintrin.h>
#include <string.h>

#define CK_WIDTH 16
#include "../vector_types.h"

#define CK_PLANES 3

#pragma clang attribute push(                                                                                \
    __attribute__((                                                                                          \
        target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx512bf16,avx512vbmi,amx-tile,amx-bf16"))),          \
    apply_to = function)

#include "lanes_avx512.h"

#include "../vector_math.h"

#include "attention_stages.h"

/// The planes of 16 floats, each in the upper half of its lane.
typedef struct lane_planes {
  __m512i of[CK_PLANES];
} lane_planes;

CK_INLINE lane_planes planes_of(__m512 x) {
  const __m512i upper = _mm512_set1_epi32((int32_t)0xFFFF0000);
  lane_planes planes;
  planes.of[0] = _mm512_and_si512((__m512i)x, upper);
  x = _mm512_sub_ps(x, (__m512)planes.of[0]);
  planes.of[1] = _mm512_and_si512((__m512i)x, upper);
  planes.of[2] = (__m512i)_mm512_sub_ps(x, (__m512)planes.of[1]);
  return planes;
}

/// The same where x may be infinite or NaN: then it is the last plane, and the others are zero.
CK_INLINE lane_planes planes_of_any(__m512 x) {
  const __mmask16 is_finite =
      _mm512_cmp_ps_mask(_mm512_abs_ps(x), _mm512_set1_ps(__builtin_inff()), _CMP_LT_OQ);
  lane_planes planes = planes_of(_mm512_maskz_mov_ps(is_finite, x));
  const __m512 other = _mm512_add_ps(x, x); // NaN becomes one whose upper half says so
  planes.of[2] = _mm512_mask_mov_epi32((__m512i)other, is_finite, planes.of[2]);
  return planes;
}

/// Pairs of bf16: the upper halves of two vectors' lanes, `even` below.
CK_INLINE __m512i zipped(__m512i even, __m512i odd) {
  return _mm512_mask_blend_epi16(0xAAAAAAAA, _mm512_srli_epi32(even, 16), odd);
}

/// The upper halves of the lanes of `first`, then those of `second`.
CK_INLINE __m512i joined(__m512i first, __m512i second) {
  static const uint16_t upper[32]
      __attribute__((aligned(64))) = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                                      33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
  return _mm512_permutex2var_epi16(first, _mm512_load_si512(upper), second);
}

/// Tile `plane` of the 16 rows `tile` and 32 columns `d`.
static uint32_t *key_tile(const head_job *h, uint32_t tile, uint32_t d, uint32_t plane) {
  return h->keys + (((size_t)tile * h->depth_tiles + d) * CK_PLANES + plane) * tile_words;
}

/// A row's 32 columns from `column` on as lines of planes, `distance` words apart; gives the squares of its
/// elements, added two by two.
CK_INLINE __m512 split_columns(const float *row, uint32_t column, uint32_t depth, uint32_t *to,
                               size_t distance) {
  const __m512 low = columns_of(row, column, depth), high = columns_of(row, column + lanes, depth);
  const lane_planes first = planes_of_any(low), second = planes_of_any(high);
#pragma clang loop unroll(full)
  for (uint32_t p = 0; p < CK_PLANES; p++)
    _mm512_storeu_si512(to + p * distance, joined(first.of[p], second.of[p]));
  return _mm512_fmadd_ps(high, high, _mm512_mul_ps(low, low));
}

/// Packs all keys, zeros beyond the last. Gives the largest squared norm of a key; NaN when there is a NaN.
static float pack_keys(const head_job *h) {
  const ck_op *op = h->op;
  const float *row = op->b + (size_t)h->head * op->depth;
  __m512i largest = _mm512_setzero_si512();
  for (uint32_t first = 0; first < h->n; first += lanes) {
    __m512 squares[lanes];
    const uint32_t count = smaller(h->n - first, lanes);
    for (uint32_t j = 0; j < lanes; j++)
      squares[j] = _mm512_setzero_ps();
    for (uint32_t d = 0; d < h->depth_tiles && count < lanes; d++)
      memset(key_tile(h, first / lanes, d, 0), 0, weight_words * sizeof(uint32_t));
    for (uint32_t j = 0; j < count; j++, row += op->ldb)
      for (uint32_t d = 0; d < h->depth_tiles; d++) {
        __builtin_prefetch(row + rows_ahead * op->ldb + d * 32);
        __builtin_prefetch(row + rows_ahead * op->ldb + d * 32 + lanes);
        __m512 some =
            split_columns(row, d * 32, op->depth, key_tile(h, first / lanes, d, 0) + j * lanes, tile_words);
        squares[j] = _mm512_add_ps(squares[j], some);
      }
    largest = _mm512_max_epi32(largest, squares_of(squares));
    CK_EVERY_16_ROWS
  }
  if (divided_up(h->n, lanes) % 2)
    memset(key_tile(h, divided_up(h->n, lanes), 0, 0), 0, h->depth_tiles * weight_words * sizeof(uint32_t));
  return largest_of_squares(largest);
}

/// values[chunk][column tile][plane]: 16 columns × 32 keys.
static void pack_values(const head_job *h) {
  const ck_op *op = h->op;
  for (uint32_t c = 0; c < h->chunks; c++)
    for (uint32_t t = 0; t < h->column_tiles; t++) {
      const float *row = op->c + (size_t)c * chunk * op->ldc + (size_t)h->head * op->depth;
      __m512i pairs[CK_PLANES][lanes];
      for (uint32_t i = 0; i < lanes; i++, row += 2 * op->ldc) {
        const uint32_t key = c * chunk + 2 * i;
        __builtin_prefetch(row + chunk * op->ldc + t * lanes);
        __builtin_prefetch(row + (chunk + 1) * op->ldc + t * lanes);
        __m512 even = key < h->n ? columns_of(row, t * lanes, op->depth) : _mm512_setzero_ps();
        __m512 odd = key + 1 < h->n ? columns_of(row + op->ldc, t * lanes, op->depth) : _mm512_setzero_ps();
        const lane_planes first = planes_of_any(even), second = planes_of_any(odd);
#pragma clang loop unroll(full)
        for (uint32_t p = 0; p < CK_PLANES; p++)
          pairs[p][i] = zipped(first.of[p], second.of[p]);
      }
      uint32_t *to = h->values + ((size_t)c * h->column_tiles + t) * weight_words;
      for (uint32_t p = 0; p < CK_PLANES; p++, to += tile_words) {
        transpose(pairs[p]);
#pragma clang loop unroll(full)
        for (uint32_t i = 0; i < lanes; i++)
          _mm512_storeu_si512(to + i * lanes, pairs[p][i]);
      }
      CK_EVERY_16_ROWS
    }
}

static __m512 pack_block_queries(const head_job *h, query_block *b) {
  const ck_op *op = h->op;
  const float *queries = op->a + (size_t)h->head * op->depth;
  __m512 squares[lanes];
  for (uint32_t i = 0; i < lanes; i++)
    squares[i] = _mm512_setzero_ps();
  for (uint32_t d = 0; d < h->depth_tiles; d++) {
    uint32_t *tiles = b->queries + d * weight_words;
    for (uint32_t i = 0; i < lanes; i++) {
      const float *row = queries + (size_t)source_row(op, b->first + smaller(i, b->count - 1)) * op->lda;
      squares[i] =
          _mm512_add_ps(squares[i], split_columns(row, d * 32, op->depth, tiles + i * lanes, tile_words));
    }
    for (uint32_t p = 0; p < CK_PLANES; p++, tiles += tile_words) {
      __m512i rows[lanes];
#pragma clang loop unroll(full)
      for (uint32_t i = 0; i < lanes; i++)
        rows[i] = _mm512_loadu_si512(tiles + i * lanes);
      transpose(rows);
#pragma clang loop unroll(full)
      for (uint32_t i = 0; i < lanes; i++)
        _mm512_storeu_si512(tiles + i * lanes, rows[i]);
    }
  }
  return sums_of(squares);
}

/// sums += a · b of three planes each, `a` and `b` the first planes' tiles: six products, the smallest first.
/// Uses tiles 5 to 7.
#define CK_SIX_PRODUCTS(sums, a, b)                                                                          \
  _tile_loadd(5, b, row_bytes);                                                                              \
  _tile_loadd(7, (a) + 2 * tile_words, row_bytes);                                                           \
  _tile_dpbf16ps(sums, 7, 5);                                                                                \
  _tile_loadd(7, (a) + tile_words, row_bytes);                                                               \
  _tile_loadd(6, (b) + tile_words, row_bytes);                                                               \
  _tile_dpbf16ps(sums, 7, 6);                                                                                \
  _tile_dpbf16ps(sums, 7, 5);                                                                                \
  _tile_loadd(7, a, row_bytes);                                                                              \
  _tile_dpbf16ps(sums, 7, 6);                                                                                \
  _tile_loadd(6, (b) + 2 * tile_words, row_bytes);                                                           \
  _tile_dpbf16ps(sums, 7, 6);                                                                                \
  _tile_dpbf16ps(sums, 7, 5);

CK_INLINE void score_chunk(const head_job *h, const query_block *b, uint32_t c, float *scores) {
  for (uint32_t tile = 2 * c; tile < 2 * c + 2; tile++, scores += tile_words) {
    _tile_zero(4);
    for (uint32_t d = 0; d < h->depth_tiles; d++) {
      const uint32_t *keys = key_tile(h, tile, d, 0), *queries = b->queries + d * weight_words;
      CK_SIX_PRODUCTS(4, keys, queries)
    }
    _tile_stored(4, scores, row_bytes);
  }
}

/// 2^t of 16 scores. `zero` is what rounds t to a whole number, less the shift of the exponent.
CK_INLINE __m512 weights_of_scores(__m512 score, __m512 factor, __m512 zero) {
  const __m512 power = _mm512_fmadd_ps(score, factor, zero);
  const __m512 fraction = _mm512_fmadd_ps(score, factor, _mm512_sub_ps(zero, power));
  // not the shift of the fraction: fraction + power − zero is t
  const __m512i exponent = _mm512_slli_epi32((__m512i)power, 23);
  return (__m512)_mm512_add_epi32((__m512i)power_of_fraction((ck_vf)fraction), exponent);
}

/// As attention_amx.c has it. Where weights may be below 2^−125 they become zero.
CK_INLINE void weigh(const head_job *h, query_block *b, uint32_t c, const float *scores, uint32_t *weights,
                     const int is_quick) {
  const __m512 factor = h->exponent.factor, rounder = _mm512_set1_ps(0x1.8p23f);
  // b->zero is for an exponent in 128ths
  const __m512 above =
      _mm512_mul_ps(_mm512_sub_ps(b->zero, _mm512_set1_ps(unshifted)), _mm512_set1_ps(1.f / 128));
  const __m512 zero = _mm512_add_ps(rounder, above);
  const __m512 least = _mm512_sub_ps(_mm512_set1_ps(-125), above);
  __m512 even_sum = _mm512_setzero_ps(), odd_sum = even_sum;
#pragma clang loop unroll_count(4)
  for (uint32_t i = 0; i < lanes; i++, scores += 2 * lanes, weights += lanes) {
    __m512 even, odd;
    if (is_quick) {
      even = weights_of_scores(_mm512_load_ps(scores), factor, zero);
      odd = weights_of_scores(_mm512_load_ps(scores + lanes), factor, zero);
    } else {
      const uint32_t key = c * chunk + 2 * i;
      even = _mm512_sub_ps(score_of(h, b, scores, key), b->shift);
      odd = _mm512_sub_ps(score_of(h, b, scores + lanes, key + 1), b->shift);
      const __mmask16 has_even =
          key < h->n ? _mm512_cmp_ps_mask(_mm512_mul_ps(even, factor), least, _CMP_NLT_UQ) : 0;
      const __mmask16 has_odd =
          key + 1 < h->n ? _mm512_cmp_ps_mask(_mm512_mul_ps(odd, factor), least, _CMP_NLT_UQ) : 0;
      even = _mm512_maskz_mov_ps(has_even, weights_of_scores(even, factor, zero));
      odd = _mm512_maskz_mov_ps(has_odd, weights_of_scores(odd, factor, zero));
    }
    even_sum = _mm512_add_ps(even_sum, even), odd_sum = _mm512_add_ps(odd_sum, odd);
    const lane_planes first = planes_of(even), second = planes_of(odd);
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < CK_PLANES; p++)
      _mm512_storeu_si512(weights + p * tile_words, zipped(first.of[p], second.of[p]));
  }
  b->sum = _mm512_add_ps(b->sum, _mm512_add_ps(even_sum, odd_sum));
}

static void weigh_chunk(const head_job *h, query_block *b, uint32_t c, const float *scores, uint32_t *weights,
                        int is_shifted) {
  if (is_shifted || h->is_scaled || (c + 1) * chunk > h->n || b->low)
    weigh(h, b, c, scores, weights, 0);
  else
    weigh(h, b, c, scores, weights, 1);
}

CK_INLINE void clear_sums(const head_job *h) { (void)h; }

#define CK_ADD(t)                                                                                            \
  if (t < count) {                                                                                           \
    CK_SIX_PRODUCTS(t, values + t * weight_words, weights)                                                   \
  }
CK_INLINE void add_context(const head_job *h, uint32_t c, const uint32_t *weights, uint32_t first,
                           const uint32_t count) {
  const uint32_t *values = h->values + ((size_t)c * h->column_tiles + first) * weight_words;
  CK_ADD(0)
  CK_ADD(1)
  CK_ADD(2)
  CK_ADD(3)
}
#undef CK_ADD

CK_INLINE void read_sums(const head_job *h, query_block *b) { (void)h, (void)b; }

static void write_rows(const head_job *h, const query_block *b, uint32_t first, uint32_t count,
                       const float *context, __m512 inverse) {
  write_f32_rows(h, b, first, count, context, inverse);
}

void ck_attend_planes_amx(const ck_op *op, uint32_t head, float *scratch, float *sums) {
  uint32_t few_weights[2 * weight_words] __attribute__((aligned(64)));
  head_job h = head_of(op, head, scratch, few_weights, sums);
  h.exponent.factor = _mm512_set1_ps((h.is_scaled ? 1 : op->scale) * 0x1.715476p+0f);
  start_tiles();
  h.key_square = pack_keys(&h);
  pack_values(&h);
  attend_head(&h);
  _tile_release();
}

#pragma clang attribute pop
#endif
