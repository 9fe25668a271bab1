// Attention in bf16 on AMX tiles (attention_stages.h).
#if defined(__x86_64__)
#include "../drivers/ck_attention.h"
#include "products.h"
#include <immintrin.h>

#define CK_PLANES 1

#pragma clang attribute push(                                                                                \
    __attribute__((                                                                                          \
        target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx512bf16,avx512vbmi,amx-tile,amx-bf16"))),          \
    apply_to = function)

#include "attention_stages.h"

#include "attention_encoded.h"

/// Whether tile 2 sums the weights, by tile 3 of ones: where the context needs neither.
CK_INLINE int has_sum_tile(const head_job *h) { return h->column_tiles <= 2; }

/// values[chunk][column tile]: 16 columns × 32 keys in bf16.
static void pack_values(const head_job *h) {
  const ck_op *op = h->op;
  if (h->source) {
    pack_encoded_values(h);
    return;
  }
  for (uint32_t c = 0; c < h->chunks; c++)
    for (uint32_t t = 0; t < h->column_tiles; t++) {
      const float *row = op->c + (size_t)c * chunk * op->ldc + (size_t)h->head * op->depth;
      __m512i pairs[lanes];
#pragma clang loop unroll(full)
      for (uint32_t i = 0; i < lanes; i++, row += 2 * op->ldc) {
        const uint32_t key = c * chunk + 2 * i;
        __builtin_prefetch(row + chunk * op->ldc + t * lanes);
        __builtin_prefetch(row + (chunk + 1) * op->ldc + t * lanes);
        pairs[i] = key < h->n ? value_pairs(row, key + 1 < h->n ? row + op->ldc : NULL, t * lanes, op->depth)
                              : _mm512_setzero_si512();
      }
      transpose(pairs);
      uint32_t *to = h->values + ((size_t)c * h->column_tiles + t) * tile_words;
#pragma clang loop unroll(full)
      for (uint32_t i = 0; i < lanes; i++)
        _mm512_storeu_si512(to + i * lanes, pairs[i]);
      CK_EVERY_16_ROWS
    }
}

static __m512 pack_block_queries(const head_job *h, query_block *b) {
  if (h->source)
    return pack_encoded_queries(h, b);
  return pack_queries(h->op, h->head, b->first, b->count, h->depth_tiles * 32, b->queries, lanes);
}

#define CK_SCORES(tile_of_keys, keys, scores, load_queries)                                                  \
  _tile_zero(4);                                                                                             \
  for (uint32_t d = 0; d < h->depth_tiles; d++) {                                                            \
    if (load_queries)                                                                                        \
      _tile_loadd(5, b->queries + d * tile_words, row_bytes);                                                \
    _tile_loadd(tile_of_keys, keys + d * row_bytes, stride);                                                 \
    _tile_dpbf16ps(4, tile_of_keys, 5);                                                                      \
  }                                                                                                          \
  _tile_stored(4, scores, row_bytes);

CK_INLINE void score_chunk(const head_job *h, const query_block *b, uint32_t c, float *scores) {
  const size_t stride = (size_t)h->depth_tiles * row_bytes;
  const char *keys = (const char *)h->keys + (size_t)c * chunk * stride;
  CK_SCORES(6, keys, scores, 1)
  keys += lanes * stride;
  CK_SCORES(7, keys, scores + tile_words, h->depth_tiles > 1)
}
#undef CK_SCORES

/// A chunk's tile of weights from its scores. The quick way is for 32 keys whose scores need no more than the
/// exponent; where both ways apply they give the same bits.
CK_INLINE void weigh(const head_job *h, query_block *b, uint32_t c, const float *scores, uint32_t *weights,
                     const int is_quick) {
  const int has_tile = has_sum_tile(h);
  const exponent e = h->exponent;
  const __m512 zero = b->zero;
  __m512 sum = b->sum;
#pragma clang loop unroll_count(8)
  for (uint32_t i = 0; i < lanes; i++, scores += 2 * lanes, weights += lanes) {
    const uint32_t key = c * chunk + 2 * i;
    weight_line line;
    if (is_quick) {
      line = weights_of(e, power_of(e, _mm512_load_ps(scores), zero),
                        power_of(e, _mm512_load_ps(scores + lanes), zero));
    } else {
      __m512 even = _mm512_sub_ps(score_of(h, b, scores, key), b->shift);
      __m512 odd = _mm512_sub_ps(score_of(h, b, scores + lanes, key + 1), b->shift);
      line = weights_of(e, bounded_power(power_of(e, even, zero)), bounded_power(power_of(e, odd, zero)));
      if (key + 1 >= h->n)
        line = key < h->n ? _mm512_and_si512(line, _mm512_set1_epi32(0xFFFF)) : _mm512_setzero_si512();
    }
    _mm512_storeu_si512(weights, line);
    if (!has_tile)
      sum = _mm512_dpbf16_ps(sum, (__m512bh)line, (__m512bh)_mm512_set1_epi32(bf16_ones));
  }
  b->sum = sum;
}

static void weigh_chunk(const head_job *h, query_block *b, uint32_t c, const float *scores, uint32_t *weights,
                        int is_shifted) {
  if (is_shifted || h->is_scaled || (c + 1) * chunk > h->n)
    weigh(h, b, c, scores, weights, 0);
  else
    weigh(h, b, c, scores, weights, 1);
}

/// With few columns the sums of weights are in tile 2.
CK_INLINE void clear_sums(const head_job *h) {
  if (has_sum_tile(h))
    _tile_zero(2);
}

#define CK_ADD(t)                                                                                            \
  if (t < count) {                                                                                           \
    _tile_loadd(6 + t % 2, values + t * tile_words, row_bytes);                                              \
    _tile_dpbf16ps(t, 6 + t % 2, 5);                                                                         \
  }

CK_INLINE void add_context(const head_job *h, uint32_t c, const uint32_t *weights, uint32_t first,
                           const uint32_t count) {
  const uint32_t *values = h->values + ((size_t)c * h->column_tiles + first) * tile_words;
  _tile_loadd(5, weights, row_bytes);
  CK_ADD(0)
  CK_ADD(1)
  CK_ADD(2)
  CK_ADD(3)
  if (has_sum_tile(h))
    _tile_dpbf16ps(2, 3, 5);
}
#undef CK_ADD

CK_INLINE void read_sums(const head_job *h, query_block *b) {
  if (has_sum_tile(h)) {
    float sums[tile_words] __attribute__((aligned(64))); // every row is the same
    _tile_stored(2, sums, row_bytes);
    b->sum = _mm512_load_ps(sums);
  }
}

static void write_rows(const head_job *h, const query_block *b, uint32_t first, uint32_t count,
                       const float *context, __m512 inverse) {
  if (h->result)
    write_encoded_rows(h, b, first, count, context, inverse);
  else
    write_f32_rows(h, b, first, count, context, inverse);
}

CK_INLINE void attend(const ck_op *op, uint32_t head, float *scratch, float *sums, const encoded_rows *source,
                      const encoded_rows *result) {
  uint32_t ones[tile_words] __attribute__((aligned(64)));
  uint32_t few_weights[2 * tile_words] __attribute__((aligned(64)));
  head_job h = head_of(op, head, scratch, few_weights, sums);
  h.source = source, h.result = result;
  h.exponent = exponent_of(h.is_scaled ? 1 : op->scale);
  start_tiles();
  h.key_square = source ? pack_encoded_keys(&h) : round_keys(op, head, h.depth_tiles * 32, chunk, h.keys);
  pack_values(&h);
  for (uint32_t i = 0; i < tile_words; i++)
    ones[i] = bf16_ones;
  if (has_sum_tile(&h))
    _tile_loadd(3, ones, row_bytes);
  attend_head(&h);
  _tile_release();
}

void ck_attend_amx(const ck_op *op, uint32_t head, float *scratch, float *sums) {
  attend(op, head, scratch, sums, NULL, NULL);
}

void ck_attend_encoded_amx(const ck_op *op, uint32_t head, float *scratch, float *sums, bool encodes) {
  const encoded_rows source =
      encoded_rows_at(op->a, op->a_layout, op->stored_rows, 3 * op->heads * op->depth, op->lda);
  const encoded_rows result = encoded_rows_at(op->y, op->y_layout, op->rows, op->heads * op->depth, op->ldy);
  attend(op, head, scratch, sums, &source, encodes ? &result : NULL);
}

#pragma clang attribute pop
#endif
