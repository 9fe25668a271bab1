// Attention on AMX tiles (attention_lanes.h), 16 queries of a head at a time. Scores are Sᵀ = K · Qᵀ: keys
// are tiles of a, a block's transposed queries tiles of b. 32 keys of scores become 16 lines of pairs of
// weights: tiles of b of Oᵀ = Vᵀ · Pᵀ. Keys and Vᵀ are packed once for a head.
//
// Tile and vector units work side by side: in one step go the scores of chunk g (32 keys of a block), the
// weights of chunk g − 1 and the context of chunk g − 2, on into the next block of queries without a pause.
//
// Who includes this file sets the target, includes ck_attention.h and immintrin.h, defines CK_PLANES (the
// bf16 that an operand is the sum of), and defines the functions that are only declared here.
#pragma once
#include "../ck_cut.h"
#include "tile_config.h"

/// A tile unit that has had nothing to do for 0.3 µs sleeps, and its next product takes 0.27 µs longer
/// (Emerald Rapids). So while a head is packed it multiplies whatever is in its tiles.
#define CK_EVERY_16_ROWS _tile_dpbf16ps(4, 5, 6);
#include "attention_lanes.h"

enum {
  chunk = 32,       // keys
  tile_words = 256, // 16 rows of 16
  row_bytes = 64,
  most_blocks = 4, // of queries that the stages work on at a time, and those packed ahead
  most_depth_tiles = CK_FUSED_WIDTH / 32,
  weight_words = CK_PLANES * tile_words, // of a chunk
};

/// Of weights, below which they are computed again. The last planes of f32 are 2^−24 of its size.
static const float least_sum = CK_PLANES > 1 ? 0x1p-20f : least_sum_bf16;

/// What the stages know of a block of queries.
typedef struct query_block {
  uint32_t queries[CK_PLANES * most_depth_tiles * tile_words] __attribute__((aligned(64))); // transposed
  __m512 zero, shift, sum; // of the exponent; of scores; of weights
  __mmask16 far, low;      // whose bounds are too large; whose weights may be below 2^−125
  lane_bias bias;
  uint32_t first, count;
} query_block;

/// Encoded rows that queries, keys and values come from, and results go to; whoever has them defines them.
typedef struct encoded_rows encoded_rows;

/// One head.
typedef struct head_job {
  const ck_op *op;
  uint32_t head, n, chunks;
  uint32_t depth_tiles, column_tiles; // 32 columns of keys; 16 columns of values
  uint32_t *keys;                     // of n rounded up to 32
  uint32_t *values;                   // [chunks][column_tiles][planes] tiles of 16 columns × 32 keys
  uint32_t *weights;                  // by chunk and plane: a tile of 16 pairs of keys × 16 queries
  uint32_t kept;                      // chunks of weights that are kept: all or two
  exponent exponent;
  int is_scaled; // scores are scaled, and biased, before the exponent
  float key_square, bias;
  float *sums;
  const encoded_rows *source, *result; // NULL: f32
} head_job;

/// Packs a block's queries and gives the squares of their norms.
static __m512 pack_block_queries(const head_job *h, query_block *b);
/// scores[32 keys][16 queries] of a chunk. Uses tiles 4 to 7.
CK_INLINE void score_chunk(const head_job *h, const query_block *b, uint32_t c, float *scores);
/// A chunk's tiles of weights from its scores; `is_shifted` after find_shifts.
static void weigh_chunk(const head_job *h, query_block *b, uint32_t c, const float *scores, uint32_t *weights,
                        int is_shifted);
/// Adds a chunk to the context of `count` column tiles from `first` on, at most four, in tiles 0 …
CK_INLINE void add_context(const head_job *h, uint32_t c, const uint32_t *weights, uint32_t first,
                           const uint32_t count);
/// y's columns of tiles `first` ..< `first` + `count`, from their context; may be write_f32_rows.
static void write_rows(const head_job *h, const query_block *b, uint32_t first, uint32_t count,
                       const float *context, __m512 inverse);
/// Clears sums of weights that are in tiles, and reads them.
CK_INLINE void clear_sums(const head_job *h);
CK_INLINE void read_sums(const head_job *h, query_block *b);

/// A head whose keys and values are not packed yet. `few_weights`: of two chunks.
static head_job head_of(const ck_op *op, uint32_t head, float *scratch, uint32_t *few_weights, float *sums) {
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
  h.values = h.keys + (size_t)h.chunks * h.depth_tiles * 2 * weight_words;
  h.kept = sums || h.column_tiles > 4 ? h.chunks : 2;
  if (h.kept > 2)
    h.weights = h.values + (size_t)h.chunks * h.column_tiles * weight_words;
  return h;
}

CK_INLINE void clear_context(const head_job *h, const uint32_t count) {
  if (count > 0)
    _tile_zero(0);
  if (count > 1)
    _tile_zero(1);
  if (count > 2)
    _tile_zero(2);
  if (count > 3)
    _tile_zero(3);
  clear_sums(h);
}

/// context[16 · count columns][16 queries]
CK_INLINE void store_context(const head_job *h, query_block *b, const uint32_t count, float *context) {
  if (count > 0)
    _tile_stored(0, context, row_bytes);
  if (count > 1)
    _tile_stored(1, context + tile_words, row_bytes);
  if (count > 2)
    _tile_stored(2, context + 2 * tile_words, row_bytes);
  if (count > 3)
    _tile_stored(3, context + 3 * tile_words, row_bytes);
  read_sums(h, b);
}

static void pack_block(const head_job *h, query_block *b, uint32_t first) {
  b->first = first, b->count = smaller(h->op->rows - first, lanes);
  __m512 squares = pack_block_queries(h, b);
  lane_shift shift = shift_of(bounds_of(h->op, squares, h->key_square, h->bias), CK_PLANES > 1 ? 60 : 100);
  b->zero = shift.zero, b->shift = b->sum = _mm512_setzero_ps(), b->far = shift.far, b->low = shift.low;
  if (h->op->bias)
    b->bias = bias_of(h->op, h->head, first, b->count);
}

/// Where the weights of a chunk lie; chunks are numbered from the first of the head, or of a block.
static uint32_t *weights_at(const head_job *h, uint32_t number) {
  return h->weights + (size_t)(number % h->kept) * weight_words;
}

/// A key's scores, scaled and biased if need be.
CK_INLINE __m512 score_of(const head_job *h, const query_block *b, const float *score, uint32_t key) {
  __m512 value = _mm512_load_ps(score);
  if (!h->is_scaled)
    return value;
  __m512 bias = h->op->bias ? biases_of(h->op, &b->bias, smaller(key, h->n - 1)) : _mm512_setzero_ps();
  return _mm512_fmadd_ps(value, _mm512_set1_ps(h->op->scale), bias);
}

static void write_f32_rows(const head_job *h, const query_block *b, uint32_t first, uint32_t count,
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
    for (uint32_t p = 0; p < CK_PLANES; p++)
      add_weights_of_keys(h->sums + key, smaller(h->n - key, lanes), weights + p * tile_words, lanes, 1,
                          &inverse);
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
      low = too_low(b->sum, least_sum, b->far);
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
        b->far |= too_low(b->sum, least_sum, b->far);
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

/// Before a head is packed.
CK_INLINE void start_tiles(void) {
  configure(lanes);
  CK_EVERY_16_ROWS
}

/// All blocks of a head whose keys and values are packed.
static void attend_head(const head_job *h) {
  switch (h->column_tiles) {
  case 1:
    attend_one_tile(h);
    break;
  case 2:
    attend_two_tiles(h);
    break;
  case 3:
    attend_three_tiles(h);
    break;
  case 4:
    attend_four_tiles(h);
    break;
  default:
    for (uint32_t first = 0; first < h->op->rows; first += lanes) {
      query_block b;
      pack_block(h, &b, first);
      attend_block(h, &b);
    }
  }
}
