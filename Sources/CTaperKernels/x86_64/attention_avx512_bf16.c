// Attention in bf16 by VDPBF16PS (attention_lanes.h), 32 queries of a head at a time. A tile of 12 keys × 32
// queries becomes weights while its scores are in registers; the weights of all keys, 32 KB at 512 keys, then
// meet the values.
#if defined(__x86_64__)
#include "../ck_cut.h"
#include "../drivers/ck_attention.h"
#include "products.h"
#include <immintrin.h>

#pragma clang attribute push(                                                                                \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx512bf16,avx512vbmi"))),                 \
    apply_to = function)

#include "attention_lanes.h"

enum {
  block = 32,     // queries
  tile_keys = 12, // × 2 vectors of queries: 24 of 32 registers hold sums
  tile_rows = 12  // queries of a tile of the context, × 2 vectors of columns
};

/// A block of queries.
typedef struct query_block {
  const ck_op *op;
  const uint32_t *keys;    // [keys rounded up to 2][key_stride]
  const uint32_t *values;  // [panels][key pairs][16]
  uint32_t *weights;       // [key pairs][stride]
  const uint32_t *queries; // [pairs][block]
  uint32_t pairs, key_stride, keys_count;
  exponent exponent;
  int is_scaled; // scores are scaled, and biased, before the exponent
  lane_bias bias[2];
  uint32_t first, count, vectors, stride;                                // 16 · vectors
  __m512 zero[2];                                                        // of the exponent
  __m512 shift[2];                                                       // of scores in memory
  __m512 sums[2];                                                        // of weights
  float scores[tile_keys / 2][2][2][lanes] __attribute__((aligned(64))); // by key pair, vector and key
} query_block;

CK_INLINE __m512 add_pairs_of(__m512 sum, __m512i a, __m512i b) {
  return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}

/// y[panels][key pairs][16]: values rounded to bf16, pairs of keys side by side; a last single key's pair and
/// columns beyond the head are zero.
static void pack_values(const ck_op *op, uint32_t head, uint32_t *y) {
  const uint32_t n = op->inner_rows, steps = (n + 1) / 2;
  const float *row = op->c + (size_t)head * op->depth;
  for (uint32_t j = 0; j < n; j += 2, row += 2 * op->ldc, y += lanes)
    for (uint32_t column = 0; column < op->depth; column += lanes) {
      __builtin_prefetch(row + rows_ahead * op->ldc + column);
      __builtin_prefetch(row + (rows_ahead + 1) * op->ldc + column);
      _mm512_storeu_si512(y + (size_t)column * steps,
                          value_pairs(row, j + 1 < n ? row + op->ldc : NULL, column, op->depth));
    }
}

/// One step along the depth of a tile of scores.
CK_INLINE void score_step(const uint32_t *queries, const uint32_t *const keys[tile_keys], size_t k,
                          const uint32_t count, const uint32_t vectors, __m512 scores[tile_keys][2]) {
  __m512i query[2];
#pragma clang loop unroll(full)
  for (uint32_t v = 0; v < vectors; v++)
    query[v] = _mm512_loadu_si512(queries + k * block + v * lanes);
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < count; r++) {
    __m512i pair = _mm512_set1_epi32((int32_t)keys[r][k]);
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++)
      scores[r][v] = add_pairs_of(scores[r][v], query[v], pair);
  }
}

/// Weights of `count` keys (even) from `key` on; or, for the rest to be done in memory, their scores.
CK_INLINE void tile(query_block *b, uint32_t key, const uint32_t count, const uint32_t vectors,
                    const int is_direct) {
  const uint32_t *keys[tile_keys], *queries = b->queries;
  __m512 scores[tile_keys][2];
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < count; r++) {
    keys[r] = b->keys + (size_t)(key + r) * b->key_stride;
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++)
      scores[r][v] = _mm512_setzero_ps();
  }
  for (size_t k = 0; k < b->pairs; k++)
    score_step(queries, keys, k, count, vectors, scores);
  if (is_direct) {
    uint32_t *weights = b->weights + (size_t)key / 2 * vectors * lanes;
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++) {
      __m512 sum = b->sums[v];
#pragma clang loop unroll(full)
      for (uint32_t r = 0; r < count; r += 2) {
        weight_line line = weights_of(b->exponent, power_of(b->exponent, scores[r][v], b->zero[v]),
                                      power_of(b->exponent, scores[r + 1][v], b->zero[v]));
        _mm512_storeu_si512(weights + (r / 2 * vectors + v) * lanes, line);
        sum = add_pairs_of(sum, line, _mm512_set1_epi32(bf16_ones));
      }
      b->sums[v] = sum;
    }
  } else {
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < count; r++)
#pragma clang loop unroll(full)
      for (uint32_t v = 0; v < vectors; v++)
        _mm512_store_ps(b->scores[r / 2][v][r % 2], scores[r][v]);
  }
}

#define CK_TILE(count)                                                                                       \
  case count:                                                                                                \
    tile(b, key, count, vectors, is_direct);                                                                 \
    break

CK_INLINE void tile_of(query_block *b, uint32_t key, uint32_t count, const uint32_t vectors,
                       const int is_direct) {
  switch (count) {
    CK_TILE(2);
    CK_TILE(4);
    CK_TILE(6);
    CK_TILE(8);
    CK_TILE(10);
    CK_TILE(12);
  }
}
#undef CK_TILE

static void weigh_narrow(query_block *b, uint32_t key, uint32_t count) { tile_of(b, key, count, 1, 1); }
static void weigh_wide(query_block *b, uint32_t key, uint32_t count) { tile_of(b, key, count, 2, 1); }
static void score_narrow(query_block *b, uint32_t key, uint32_t count) { tile_of(b, key, count, 1, 0); }
static void score_wide(query_block *b, uint32_t key, uint32_t count) { tile_of(b, key, count, 2, 0); }

/// Scores in memory of `count` keys from `key` on: scaled and biased if need be, less the shifts.
static void score(query_block *b, uint32_t key, uint32_t count) {
  (b->vectors == 1 ? score_narrow : score_wide)(b, key, count);
  for (uint32_t r = 0; r < count; r++)
    for (uint32_t v = 0; v < b->vectors; v++) {
      float *score = b->scores[r / 2][v][r % 2];
      __m512 value = _mm512_load_ps(score);
      if (b->is_scaled)
        value =
            _mm512_fmadd_ps(value, _mm512_set1_ps(b->op->scale),
                            b->op->bias ? biases_of(b->op, &b->bias[v], smaller(key + r, b->keys_count - 1))
                                        : _mm512_setzero_ps());
      _mm512_store_ps(score, _mm512_sub_ps(value, b->shift[v]));
    }
}

/// Weights of `count` keys from `key` on by way of memory.
static void weigh_in_memory(query_block *b, uint32_t key, uint32_t count) {
  score(b, key, count);
  for (uint32_t pair = 0; pair < count / 2; pair++)
    for (uint32_t v = 0; v < b->vectors; v++) {
      const float(*scores)[lanes] = b->scores[pair][v];
      __m512i even = power_of(b->exponent, _mm512_load_ps(scores[0]), b->zero[v]);
      __m512i odd = power_of(b->exponent, _mm512_load_ps(scores[1]), b->zero[v]);
      weight_line line = weights_of(b->exponent, bounded_power(even), bounded_power(odd));
      if (key + 2 * pair + 1 == b->keys_count)
        line = _mm512_and_si512(line, _mm512_set1_epi32(0xFFFF));
      _mm512_storeu_si512(b->weights + (size_t)(key / 2 + pair) * b->stride + v * lanes, line);
      b->sums[v] = add_pairs_of(b->sums[v], line, _mm512_set1_epi32(bf16_ones));
    }
}

/// Weights of all keys. Tiles are as equal as possible, and of an even number of keys.
static void weigh_keys(query_block *b, int is_direct) {
  const uint32_t pairs = (b->keys_count + 1) / 2, tiles = divided_up(b->keys_count, tile_keys);
  for (uint32_t v = 0; v < b->vectors; v++)
    b->sums[v] = _mm512_setzero_ps();
  for (uint32_t tile = 0, key = 0, next; tile < tiles; tile++, key = next) {
    next = 2 * cut(pairs, tile + 1, tiles);
    if (is_direct && next <= b->keys_count)
      (b->vectors == 1 ? weigh_narrow : weigh_wide)(b, key, next - key);
    else
      weigh_in_memory(b, key, next - key);
  }
}

/// Sets the shifts of `which` queries to their largest score, NaN when a score is NaN, and of others to none.
static void find_shifts(query_block *b, const __mmask16 which[2]) {
  __m512 most[2] = {_mm512_set1_ps(-__builtin_inff()), _mm512_set1_ps(-__builtin_inff())};
  __mmask16 nan[2] = {0};
  b->shift[0] = b->shift[1] = _mm512_setzero_ps();
  for (uint32_t key = 0; key < b->keys_count; key += tile_keys) {
    const uint32_t count = smaller(b->keys_count - key, tile_keys);
    score(b, key, (count + 1) / 2 * 2);
    for (uint32_t r = 0; r < count; r++)
      for (uint32_t v = 0; v < b->vectors; v++) {
        __m512 value = _mm512_load_ps(b->scores[r / 2][v][r % 2]);
        nan[v] |= _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
        most[v] = _mm512_max_ps(most[v], value);
      }
  }
  for (uint32_t v = 0; v < b->vectors; v++) {
    most[v] = _mm512_mask_mov_ps(most[v], nan[v], _mm512_set1_ps(__builtin_nanf("")));
    b->shift[v] = _mm512_maskz_mov_ps(which[v], most[v]);
    b->zero[v] = _mm512_mask_mov_ps(b->zero[v], which[v], _mm512_set1_ps(unshifted));
  }
}

/// Weights of all keys, and 1 / Σ by query, from bounds of the scores.
static void weigh(query_block *b, const __m512 bounds[2], float inverse[block]) {
  __mmask16 far[2] = {0}, low[2] = {0};
  for (uint32_t v = 0; v < b->vectors; v++) {
    lane_shift shift = shift_of(bounds[v], 100);
    b->shift[v] = _mm512_setzero_ps(), b->zero[v] = shift.zero, far[v] = shift.far;
  }
  do {
    if (far[0] | far[1])
      find_shifts(b, far);
    weigh_keys(b, !b->is_scaled && !(far[0] | far[1]));
    for (uint32_t v = 0; v < b->vectors; v++)
      low[v] = too_low(b->sums[v], least_sum_bf16, far[v]), far[v] |= low[v];
  } while (low[0] | low[1]);
  for (uint32_t v = 0; v < b->vectors; v++) {
    // a shift of infinity or NaN makes the result NaN
    __m512 sum = _mm512_add_ps(b->sums[v], _mm512_sub_ps(b->shift[v], b->shift[v]));
    _mm512_store_ps(inverse + v * lanes, _mm512_div_ps(_mm512_set1_ps(1), sum));
  }
}

/// y of `rows` queries from `row` on, `panels` · 16 columns from `column` on.
CK_INLINE void context_tile(const query_block *b, const float inverse[block], uint32_t head, uint32_t row,
                            uint32_t column, const uint32_t rows, const uint32_t panels) {
  const uint32_t steps = (b->keys_count + 1) / 2;
  const uint32_t *weights = b->weights + row, *values = b->values + (size_t)column * steps;
  __m512 sums[tile_rows][2];
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < panels; v++)
      sums[r][v] = _mm512_setzero_ps();
  for (uint32_t k = 0; k < steps; k++, weights += b->stride, values += lanes) {
    __m512i line[2];
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < panels; v++)
      line[v] = _mm512_loadu_si512(values + (size_t)v * steps * lanes);
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++) {
      __m512i pair = _mm512_set1_epi32((int32_t)weights[r]);
#pragma clang loop unroll(full)
      for (uint32_t v = 0; v < panels; v++)
        sums[r][v] = add_pairs_of(sums[r][v], line[v], pair);
    }
  }
  const ck_op *op = b->op;
  const uint32_t left = op->depth - column;
  float *y = op->y + (size_t)(b->first + row) * op->ldy + (size_t)head * op->depth + column;
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++, y += op->ldy)
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < panels; v++) {
      __m512 result = _mm512_mul_ps(sums[r][v], _mm512_set1_ps(inverse[row + r]));
      if (left >= (v + 1) * lanes)
        _mm512_storeu_ps(y + v * lanes, result);
      else
        _mm512_mask_storeu_ps(y + v * lanes, first_lanes(left - v * lanes), result);
    }
}

#define CK_ROWS(rows)                                                                                        \
  case rows:                                                                                                 \
    if (left > lanes)                                                                                        \
      context_tile(b, inverse, head, row, column, rows, 2);                                                  \
    else                                                                                                     \
      context_tile(b, inverse, head, row, column, rows, 1);                                                  \
    break

static void context(const query_block *b, const float inverse[block], uint32_t head) {
  uint32_t tiles = divided_up(b->count, tile_rows);
  for (uint32_t column = 0; column < b->op->depth; column += 2 * lanes)
    for (uint32_t t = 0, row = 0, next; t < tiles; t++, row = next) {
      const uint32_t left = b->op->depth - column;
      next = cut(b->count, t + 1, tiles);
      switch (next - row) {
        CK_ROWS(1);
        CK_ROWS(2);
        CK_ROWS(3);
        CK_ROWS(4);
        CK_ROWS(5);
        CK_ROWS(6);
        CK_ROWS(7);
        CK_ROWS(8);
        CK_ROWS(9);
        CK_ROWS(10);
        CK_ROWS(11);
        CK_ROWS(12);
      }
    }
}
#undef CK_ROWS

/// sums[key] += Σ over the block's queries of weight / Σ.
static void add_token_scores(const query_block *b, const float inverse[block], float *sums) {
  __m512 factor[2];
  for (uint32_t v = 0; v < b->vectors; v++)
    factor[v] = _mm512_maskz_loadu_ps(first_lanes(b->count - v * lanes), inverse + v * lanes);
  for (uint32_t key = 0; key < b->keys_count; key += lanes)
    add_weights_of_keys(sums + key, smaller(b->keys_count - key, lanes),
                        b->weights + (size_t)key / 2 * b->stride, b->stride, b->vectors, factor);
}

// MARK: Few queries
//
// A last layer often has one query. Then keys are the lanes, and keys and values are used as they are
// rounded, without being stored. Every sum has the order that it has above, so the bits are the same.

enum { few_rows = 4, few_panels = 4 };

typedef struct few_queries {
  const ck_op *op;
  uint32_t head, n, width, rows;
  uint32_t stride;                                                             // keys rounded up to 32
  uint32_t queries[few_rows][CK_FUSED_WIDTH / 2] __attribute__((aligned(64))); // pairs
  float *scores;                                                               // [few_rows][stride]
  uint32_t *weights;                                                           // [few_rows][stride / 2]
  exponent exponent;
  __m512 zero[few_rows], shift[few_rows], sums[few_rows];
  __mmask16 far[few_rows];
} few_queries;

/// Scores of all keys, scaled and biased if need be, and the shifts.
static void score_few(few_queries *f, int is_scaled) {
  const ck_op *op = f->op;
  const float *row = op->b + (size_t)f->head * op->depth;
  __m512 query_squares[few_rows];
  __m512i largest = _mm512_setzero_si512();
  for (uint32_t r = 0; r < few_rows; r++)
    query_squares[r] = _mm512_setzero_ps();
  for (uint32_t first = 0; first < f->n; first += lanes, row += lanes * op->ldb) {
    const uint32_t count = smaller(f->n - first, lanes);
    __m512 scores[few_rows], squares[lanes];
    for (uint32_t r = 0; r < few_rows; r++)
      scores[r] = _mm512_setzero_ps();
    for (uint32_t j = 0; j < lanes; j++)
      squares[j] = _mm512_setzero_ps();
    for (uint32_t column = 0; column < f->width; column += 32) {
      __m512i keys[lanes];
      for (uint32_t j = 0; j < lanes; j++) {
        __builtin_prefetch(row + (lanes + j) * op->ldb + column);
        __builtin_prefetch(row + (lanes + j) * op->ldb + column + 16);
        keys[j] = j < count ? rounded_columns(row + j * op->ldb, column, op->depth) : _mm512_setzero_si512();
        squares[j] = add_pairs_of(squares[j], keys[j], keys[j]);
      }
      transpose(keys);
      for (uint32_t r = 0; r < f->rows; r++)
#pragma clang loop unroll(full)
        for (uint32_t i = 0; i < lanes; i++) {
          __m512i pair = _mm512_set1_epi32((int32_t)f->queries[r][column / 2 + i]);
          scores[r] = add_pairs_of(scores[r], pair, keys[i]);
          if (first == 0)
            query_squares[r] = add_pairs_of(query_squares[r], pair, pair);
        }
    }
    largest = _mm512_max_epi32(largest, squares_of(squares));
    for (uint32_t r = 0; r < f->rows; r++) {
      if (is_scaled) {
        __m512 bias = _mm512_setzero_ps();
        if (op->bias) {
          const float *biases = bias_row(op, f->head, r);
          const __mmask16 some = first_lanes(count);
          bias = op->origin ? _mm512_mask_i32gather_ps(
                                  bias, some, _mm512_maskz_loadu_epi32(some, op->origin + first), biases, 4)
                            : _mm512_maskz_loadu_ps(some, biases + first);
        }
        scores[r] = _mm512_fmadd_ps(scores[r], _mm512_set1_ps(op->scale), bias);
      }
      _mm512_storeu_ps(f->scores + (size_t)r * f->stride + first, scores[r]);
    }
  }
  const float key_square = largest_of_squares(largest), bias = op->bias ? largest_bias(op, f->head) : 0;
  for (uint32_t r = 0; r < f->rows; r++) {
    lane_shift shift = shift_of(bounds_of(op, query_squares[r], key_square, bias), 100);
    f->zero[r] = shift.zero, f->shift[r] = _mm512_setzero_ps(), f->far[r] = shift.far;
  }
}

/// Weights of a query from its scores.
static void weigh_few(few_queries *f, uint32_t r) {
  const float *scores = f->scores + (size_t)r * f->stride;
  uint32_t *weights = f->weights + (size_t)r * f->stride / 2;
  if (f->far[r]) {
    __m512 most = _mm512_set1_ps(-__builtin_inff());
    __mmask16 nan = 0;
    for (uint32_t j = 0; j < f->n; j += lanes) {
      const __mmask16 some = first_lanes(f->n - j);
      __m512 value = _mm512_mask_loadu_ps(most, some, scores + j);
      nan |= _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
      most = _mm512_max_ps(most, value);
    }
    f->shift[r] = _mm512_set1_ps(nan ? __builtin_nanf("") : _mm512_reduce_max_ps(most));
    f->zero[r] = _mm512_set1_ps(unshifted);
  }
  for (uint32_t j = 0; j < f->n; j += 2 * lanes, weights += lanes) {
    __m512i powers[2];
    for (uint32_t half = 0; half < 2; half++) {
      __m512 score = _mm512_maskz_loadu_ps(first_lanes(f->n > j + half * lanes ? f->n - j - half * lanes : 0),
                                           scores + j + half * lanes);
      powers[half] = bounded_power(power_of(f->exponent, _mm512_sub_ps(score, f->shift[r]), f->zero[r]));
    }
    weight_line line = weights_of_row(f->exponent, powers[0], powers[1]);
    const uint32_t left = f->n - j;
    _mm512_storeu_si512(weights, _mm512_maskz_mov_epi16(left >= 32 ? ~0u : (1u << left) - 1, line));
  }
}

/// y's columns from `column` on, before the division, and the sums of weights.
CK_INLINE void context_of_few(few_queries *f, uint32_t column, const uint32_t rows, const uint32_t panels,
                              __m512 context[few_rows][few_panels]) {
  const ck_op *op = f->op;
  const float *row = op->c + (size_t)f->head * op->depth;
  __m512 sums[few_rows];
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++) {
    sums[r] = _mm512_setzero_ps();
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++)
      context[r][p] = _mm512_setzero_ps();
  }
  for (uint32_t j = 0; j < f->n; j += 2, row += 2 * op->ldc) {
    __m512i line[few_panels], pair[few_rows];
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++) {
      __builtin_prefetch(row + rows_ahead * op->ldc + column + p * lanes);
      __builtin_prefetch(row + (rows_ahead + 1) * op->ldc + column + p * lanes);
      line[p] = value_pairs(row, j + 1 < f->n ? row + op->ldc : NULL, column + p * lanes, op->depth);
    }
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++) {
      pair[r] = _mm512_set1_epi32((int32_t)f->weights[(size_t)r * f->stride / 2 + j / 2]);
      sums[r] = add_pairs_of(sums[r], pair[r], _mm512_set1_epi32(bf16_ones));
#pragma clang loop unroll(full)
      for (uint32_t p = 0; p < panels; p++)
        context[r][p] = add_pairs_of(context[r][p], line[p], pair[r]);
    }
  }
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++)
    f->sums[r] = sums[r];
}

static void attend_few(const ck_op *op, uint32_t head, float *scratch) {
  few_queries f = {.op = op, .head = head, .n = op->inner_rows, .rows = op->rows};
  const int is_scaled = op->bias || !(op->scale > 0);
  f.width = divided_up(op->depth, 32) * 32, f.stride = divided_up(f.n, 32) * 32;
  f.scores = scratch, f.weights = (uint32_t *)(scratch + few_rows * f.stride);
  f.exponent = exponent_of(is_scaled ? 1 : op->scale);
  for (uint32_t r = 0; r < f.rows; r++)
    for (uint32_t column = 0; column < f.width; column += 32)
      _mm512_storeu_si512(
          f.queries[r] + column / 2,
          rounded_columns(op->a + (size_t)source_row(op, r) * op->lda + (size_t)head * op->depth, column,
                          op->depth));
  memset(f.weights, 0, few_rows * f.stride * 2);
  score_few(&f, is_scaled);
  __mmask16 low;
  do {
    low = 0;
    for (uint32_t r = 0; r < f.rows; r++)
      weigh_few(&f, r);
    for (uint32_t column = 0; column < op->depth && !low; column += few_panels * lanes) {
      __m512 context[few_rows][few_panels];
      const int is_narrow = op->depth - column <= 2 * lanes;
      if (f.rows == 1 && is_narrow)
        context_of_few(&f, column, 1, 2, context);
      else if (f.rows == 1)
        context_of_few(&f, column, 1, 4, context);
      else if (is_narrow)
        context_of_few(&f, column, few_rows, 2, context);
      else
        context_of_few(&f, column, few_rows, 4, context);
      for (uint32_t r = 0; r < f.rows; r++) {
        __mmask16 again = too_low(f.sums[r], least_sum_bf16, f.far[r]);
        f.far[r] |= again, low |= again;
      }
      for (uint32_t r = 0; r < f.rows && !low; r++) {
        __m512 sum = _mm512_add_ps(f.sums[r], _mm512_sub_ps(f.shift[r], f.shift[r]));
        __m512 inverse = _mm512_div_ps(_mm512_set1_ps(1), sum);
        float *y = op->y + (size_t)r * op->ldy + (size_t)head * op->depth + column;
        for (uint32_t p = 0; p < few_panels && column + p * lanes < op->depth; p++)
          _mm512_mask_storeu_ps(y + p * lanes, first_lanes(op->depth - column - p * lanes),
                                _mm512_mul_ps(context[r][p], inverse));
      }
    }
  } while (low);
}

// MARK: -

void ck_attend_avx512_bf16(const ck_op *op, uint32_t head, float *scratch, float *sums) {
  if (op->rows <= few_rows && !sums) {
    attend_few(op, head, scratch);
    return;
  }
  uint32_t queries[CK_FUSED_WIDTH / 2 * block] __attribute__((aligned(64)));
  const uint32_t steps = (op->inner_rows + 1) / 2, width = divided_up(op->depth, 32) * 32;
  query_block b = {
      .op = op,
      .pairs = ck_padded(op->depth) / 2,
      .key_stride = width / 2,
      .keys_count = op->inner_rows,
      .is_scaled = op->bias || !(op->scale > 0),
      .queries = queries,
      .weights = (uint32_t *)scratch,
  };
  b.exponent = exponent_of(b.is_scaled ? 1 : op->scale);
  uint32_t *keys = b.weights + (size_t)steps * block, *values = keys + (size_t)steps * width;
  const float key_square = round_keys(op, head, width, 2, keys), bias = op->bias ? largest_bias(op, head) : 0;
  pack_values(op, head, values);
  b.keys = keys, b.values = values;
  for (b.first = 0; b.first < op->rows; b.first += block) {
    float inverse[block] __attribute__((aligned(64)));
    __m512 bounds[2];
    b.count = smaller(op->rows - b.first, block);
    b.vectors = divided_up(b.count, lanes), b.stride = b.vectors * lanes;
    for (uint32_t v = 0; v < b.vectors; v++) {
      const uint32_t first = b.first + v * lanes, count = smaller(op->rows - first, lanes);
      __m512 squares = pack_queries(op, head, first, count, width, queries + v * lanes, block);
      bounds[v] = bounds_of(op, squares, key_square, bias);
      if (op->bias)
        b.bias[v] = bias_of(op, head, first, count);
    }
    weigh(&b, bounds, inverse);
    context(&b, inverse, head);
    if (sums)
      add_token_scores(&b, inverse, sums);
  }
}

#pragma clang attribute pop
#endif
