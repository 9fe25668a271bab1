// Attention in bf16 on AMX (attention_lanes.h), 16 queries of a head at a time. Scores are Sᵀ = K · Qᵀ:
// rounded keys are tiles of a as they lie, a block's transposed queries a tile of b. 32 keys of scores become
// 16 lines of pairs of weights: a tile of b of Oᵀ = Vᵀ · Pᵀ. Vᵀ is packed once for a head.
//
// Tile and vector units work side by side: in one step go the scores of chunk g (32 keys of a block), the
// weights of chunk g − 1 and the context of chunk g − 2, on into the next block of queries without a pause.
#if defined(__x86_64__)
#include "../ck_cut.h"
#include "../drivers/ck_attention.h"
#include "products.h"
#include <immintrin.h>

#pragma clang attribute push(                                                                                \
    __attribute__((                                                                                          \
        target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx512bf16,avx512vbmi,amx-tile,amx-bf16"))),          \
    apply_to = function)

#include "attention_lanes.h"
#include "tile_config.h"

enum {
  chunk = 32,       // keys
  tile_words = 256, // 16 rows of 16
  row_bytes = 64,
  most_blocks = 4, // of queries that the stages work on at a time, and those packed ahead
  most_depth_tiles = CK_FUSED_WIDTH / 32,
};

/// What the stages know of a block of queries.
typedef struct query_block {
  uint32_t queries[most_depth_tiles * tile_words] __attribute__((aligned(64))); // [depth / 2][16]
  __m512 zero, shift, sum; // of the exponent; of scores; of weights
  __mmask16 far;
  lane_bias bias;
  uint32_t first, count;
} query_block;

/// One head.
typedef struct head_job {
  const ck_op *op;
  uint32_t head, n, chunks;
  uint32_t depth_tiles, column_tiles; // 32 columns of keys; 16 columns of values
  uint32_t *keys;                     // [n rounded up to 32][32 · depth_tiles] bf16
  uint32_t *values;                   // [chunks][column_tiles] tiles of 16 columns × 32 keys
  uint32_t *weights;                  // by chunk: a tile of 16 pairs of keys × 16 queries
  uint32_t kept;                      // chunks of weights that are kept: all or two
  exponent exponent;
  int is_scaled; // scores are scaled, and biased, before the exponent
  float key_square, bias;
  float *sums;
} head_job;

/// Whether tile 2 sums the weights, by tile 3 of ones: where the context needs neither.
CK_INLINE int has_sum_tile(const head_job *h) { return h->column_tiles <= 2; }

/// values[chunk][column tile]: 16 columns × 32 keys in bf16.
static void pack_values(const head_job *h) {
  const ck_op *op = h->op;
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
    }
}

static void pack_block(const head_job *h, query_block *b, uint32_t first) {
  b->first = first, b->count = smaller(h->op->rows - first, lanes);
  __m512 squares = pack_queries(h->op, h->head, first, b->count, h->depth_tiles * 32, b->queries, lanes);
  lane_shift shift = shift_of(bounds_of(h->op, squares, h->key_square, h->bias));
  b->zero = shift.zero, b->shift = b->sum = _mm512_setzero_ps(), b->far = shift.far;
  if (h->op->bias)
    b->bias = bias_of(h->op, h->head, first, b->count);
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

/// scores[32 keys][16 queries] of a chunk. Uses tiles 4 to 7.
CK_INLINE void score_chunk(const head_job *h, const query_block *b, uint32_t c, float *scores) {
  const size_t stride = (size_t)h->depth_tiles * row_bytes;
  const char *keys = (const char *)h->keys + (size_t)c * chunk * stride;
  CK_SCORES(6, keys, scores, 1)
  keys += lanes * stride;
  CK_SCORES(7, keys, scores + tile_words, h->depth_tiles > 1)
}
#undef CK_SCORES

/// Where the weights of a chunk lie; chunks are numbered from the first of the head, or of a block.
static uint32_t *weights_at(const head_job *h, uint32_t number) {
  return h->weights + (size_t)(number % h->kept) * tile_words;
}

/// A key's scores, scaled and biased if need be.
CK_INLINE __m512 score_of(const head_job *h, const query_block *b, const float *score, uint32_t key) {
  __m512 value = _mm512_load_ps(score);
  if (!h->is_scaled)
    return value;
  __m512 bias = h->op->bias ? biases_of(h->op, &b->bias, smaller(key, h->n - 1)) : _mm512_setzero_ps();
  return _mm512_fmadd_ps(value, _mm512_set1_ps(h->op->scale), bias);
}

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

#define CK_CLEAR(t)                                                                                          \
  if (t < count)                                                                                             \
    _tile_zero(t);

/// Context of `count` column tiles, at most four, in tiles 0 …; with few columns the sums of weights are in
/// tile 2.
CK_INLINE void clear_context(const head_job *h, const uint32_t count) {
  CK_CLEAR(0)
  CK_CLEAR(1)
  CK_CLEAR(2)
  CK_CLEAR(3)
  if (has_sum_tile(h))
    _tile_zero(2);
}
#undef CK_CLEAR

#define CK_ADD(t)                                                                                            \
  if (t < count) {                                                                                           \
    _tile_loadd(6 + t % 2, values + t * tile_words, row_bytes);                                              \
    _tile_dpbf16ps(t, 6 + t % 2, 5);                                                                         \
  }

/// Adds a chunk's part of column tiles `first` ..< `first` + `count`.
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

#define CK_STORE(t)                                                                                          \
  if (t < count)                                                                                             \
    _tile_stored(t, context + t * tile_words, row_bytes);

/// The context of `count` column tiles: [16 · count columns][16 queries].
CK_INLINE void store_context(const head_job *h, query_block *b, const uint32_t count, float *context) {
  CK_STORE(0)
  CK_STORE(1)
  CK_STORE(2)
  CK_STORE(3)
  if (has_sum_tile(h)) {
    float sums[tile_words] __attribute__((aligned(64))); // every row is the same
    _tile_stored(2, sums, row_bytes);
    b->sum = _mm512_load_ps(sums);
  }
}
#undef CK_STORE

/// y's columns of tiles `first` ..< `first` + `count`, from their context.
static void write_rows(const head_job *h, const query_block *b, uint32_t first, uint32_t count,
                       const float *context, __m512 inverse) {
  const ck_op *op = h->op;
  for (uint32_t t = 0; t < count; t++, context += tile_words) {
    const uint32_t column = (first + t) * lanes;
    float *y = op->y + (size_t)b->first * op->ldy + (size_t)h->head * op->depth + column;
    __m512i rows[lanes];
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < lanes; i++)
      rows[i] = (__m512i)_mm512_mul_ps(_mm512_load_ps(context + i * lanes), inverse);
    transpose(rows);
    const __mmask16 columns = first_lanes(op->depth - column);
    for (uint32_t i = 0; i < b->count; i++, y += op->ldy)
      _mm512_mask_storeu_ps(y, columns, (__m512)rows[i]);
  }
}

/// sums[key] += Σ over the block's queries of weight / Σ.
static void add_token_scores(const head_job *h, const query_block *b, __m512 inverse) {
  inverse = _mm512_maskz_mov_ps(first_lanes(b->count), inverse);
  for (uint32_t key = 0; key < h->n; key += lanes) {
    const uint32_t *weights = weights_at(h, key / chunk) + key % chunk / 2 * lanes;
    add_weights_of_keys(h->sums + key, smaller(h->n - key, lanes), weights, lanes, 1, &inverse);
  }
}

/// 1 / Σ; NaN where the shift is NaN or infinite.
static __m512 inverse_of(const query_block *b) {
  return _mm512_div_ps(_mm512_set1_ps(1), _mm512_add_ps(b->sum, _mm512_sub_ps(b->shift, b->shift)));
}

/// Sets the shifts of `far` queries to their largest score, NaN when a score is NaN.
static void find_shifts(const head_job *h, query_block *b) {
  float scores[2 * tile_words] __attribute__((aligned(64)));
  __m512 most = _mm512_set1_ps(-__builtin_inff());
  __mmask16 nan = 0;
  for (uint32_t c = 0; c < h->chunks; c++) {
    score_chunk(h, b, c, scores);
    for (uint32_t i = 0; i < chunk && c * chunk + i < h->n; i++) {
      __m512 value = score_of(h, b, scores + i * lanes, c * chunk + i);
      nan |= _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
      most = _mm512_max_ps(most, value);
    }
  }
  most = _mm512_mask_mov_ps(most, nan, _mm512_set1_ps(__builtin_nanf("")));
  b->shift = _mm512_maskz_mov_ps(b->far, most);
  b->zero = _mm512_mask_mov_ps(b->zero, b->far, _mm512_set1_ps(unshifted));
}

/// A block by itself, its far queries with their largest score as their shift. Needs the weights of all
/// chunks kept when the columns are more than four tiles.
static void attend_block(const head_job *h, query_block *b) {
  float scores[2 * tile_words] __attribute__((aligned(64))),
      context[4 * tile_words] __attribute__((aligned(64)));
  __mmask16 low;
  do {
    if (b->far)
      find_shifts(h, b);
    low = 0;
    for (uint32_t first = 0; first < h->column_tiles && !low; first += 4) {
      const uint32_t count = smaller(h->column_tiles - first, 4);
      clear_context(h, count);
      if (first == 0)
        b->sum = _mm512_setzero_ps();
      for (uint32_t c = 0; c < h->chunks; c++) {
        if (first == 0) {
          score_chunk(h, b, c, scores);
          weigh_chunk(h, b, c, scores, weights_at(h, c), b->far != 0);
        }
        add_context(h, c, weights_at(h, c), first, count);
      }
      store_context(h, b, count, context);
      low = too_low(b->sum, b->far);
      if (!low)
        write_rows(h, b, first, count, context, inverse_of(b));
    }
    b->far |= low;
  } while (low);
  if (h->sums)
    add_token_scores(h, b, inverse_of(b));
}

/// All blocks, in stages. `count`, the column tiles, is a constant where this is inlined.
CK_INLINE void attend_in_stages(const head_job *h, const uint32_t count) {
  float scores[2][2 * tile_words] __attribute__((aligned(64))),
      context[4 * tile_words] __attribute__((aligned(64)));
  query_block blocks[most_blocks];
  const uint32_t chunks = h->chunks, block_count = divided_up(h->op->rows, lanes),
                 total = block_count * chunks;
  uint32_t block[3] = {0}, c[3] = {0}; // of the stages: scores, weights, context
  pack_block(h, &blocks[0], 0);
  for (uint32_t g = 0; g < total + 2; g++) {
    if (g < total) {
      score_chunk(h, &blocks[block[0] % most_blocks], c[0], scores[g % 2]);
      if (++c[0] == chunks) {
        c[0] = 0;
        if (++block[0] < block_count)
          pack_block(h, &blocks[block[0] % most_blocks], block[0] * lanes);
      }
    }
    if (g >= 2) {
      query_block *b = &blocks[block[2] % most_blocks];
      if (c[2] == 0)
        clear_context(h, count);
      add_context(h, c[2], weights_at(h, g - 2), 0, count);
      if (++c[2] == chunks) {
        c[2] = 0, block[2]++;
        store_context(h, b, count, context);
        b->far |= too_low(b->sum, b->far);
        if (b->far) {
          attend_block(h, b);
        } else {
          __m512 inverse = inverse_of(b);
          write_rows(h, b, 0, count, context, inverse);
          if (h->sums)
            add_token_scores(h, b, inverse);
        }
      }
    }
    if (g >= 1 && g <= total) {
      query_block *b = &blocks[block[1] % most_blocks];
      weigh_chunk(h, b, c[1], scores[(g - 1) % 2], weights_at(h, g - 1), 0);
      if (++c[1] == chunks)
        c[1] = 0, block[1]++;
    }
  }
}

static void attend_one_tile(const head_job *h) { attend_in_stages(h, 1); }
static void attend_two_tiles(const head_job *h) { attend_in_stages(h, 2); }
static void attend_three_tiles(const head_job *h) { attend_in_stages(h, 3); }
static void attend_four_tiles(const head_job *h) { attend_in_stages(h, 4); }

void ck_attend_amx(const ck_op *op, uint32_t head, float *scratch, float *sums) {
  uint32_t ones[tile_words] __attribute__((aligned(64)));
  uint32_t few_weights[2 * tile_words] __attribute__((aligned(64)));
  head_job h = {
      .op = op,
      .head = head,
      .n = op->inner_rows,
      .chunks = divided_up(op->inner_rows, chunk),
      .depth_tiles = divided_up(op->depth, 32),
      .column_tiles = divided_up(op->depth, lanes),
      .keys = (uint32_t *)scratch,
      .weights = few_weights,
      .is_scaled = op->bias || !(op->scale > 0),
      .bias = op->bias ? largest_bias(op, head) : 0,
      .sums = sums,
  };
  h.exponent = exponent_of(h.is_scaled ? 1 : op->scale);
  h.values = h.keys + (size_t)h.chunks * h.depth_tiles * 2 * tile_words;
  h.kept = sums || h.column_tiles > 4 ? h.chunks : 2;
  if (h.kept > 2)
    h.weights = h.values + (size_t)h.chunks * h.column_tiles * tile_words;
  h.key_square = round_keys(op, head, h.depth_tiles * 32, chunk, h.keys);
  pack_values(&h);
  configure(lanes);
  for (uint32_t i = 0; i < tile_words; i++)
    ones[i] = bf16_ones;
  if (has_sum_tile(&h))
    _tile_loadd(3, ones, row_bytes);
  switch (h.column_tiles) {
  case 1:
    attend_one_tile(&h);
    break;
  case 2:
    attend_two_tiles(&h);
    break;
  case 3:
    attend_three_tiles(&h);
    break;
  case 4:
    attend_four_tiles(&h);
    break;
  default:
    for (uint32_t first = 0; first < op->rows; first += lanes) {
      query_block b;
      pack_block(&h, &b, first);
      attend_block(&h, &b);
    }
  }
  _tile_release();
}

#pragma clang attribute pop
#endif
