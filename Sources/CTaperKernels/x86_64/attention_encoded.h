// Attention on AMX tiles that reads queries, keys and values as a product wrote them in bf16, in one matrix
// (ck_attention_encoded_bf16), and writes its result as the next product reads it. Heads are whole lines: 32
// columns or a multiple. Nothing is rounded that is not already bf16; the transposed context becomes pairs of
// bf16 before it is turned back, so that one transposition does for two tiles.
#pragma once
#include "../include/ck_encoded.h"
#include "attention_stages.h"

/// Rows of bf16 in either layout (ck_encoded.h).
struct encoded_rows {
  char *at;
  size_t row, line, tile; // bytes from one row, line, tile of rows to the next
  uint32_t height;        // rows of a tile
};

static encoded_rows encoded_rows_at(const void *base, ck_encoded_layout layout, uint32_t rows, uint32_t width,
                                    uint32_t leading) {
  char *at = (char *)(uintptr_t)base;
  if (layout == CK_ENCODED_ROWS)
    return (encoded_rows){.at = at, .row = 2 * (size_t)leading, .line = CK_ENCODED_LINE, .height = rows};
  const size_t tile = CK_ENCODED_TILE * CK_ENCODED_LINE;
  return (encoded_rows){.at = at,
                        .row = CK_ENCODED_LINE,
                        .line = tile,
                        .tile = ck_encoded_lines(2 * (size_t)width) * tile,
                        .height = ck_encoded_tile_rows(rows)};
}

/// A place in one line of every row.
typedef struct cursor {
  char *at;
  uint32_t left; // rows of its tile from it on
} cursor;

CK_INLINE cursor cursor_at(const encoded_rows *rows, uint32_t row, uint32_t line) {
  const uint32_t within = row % rows->height;
  return (cursor){rows->at + row / rows->height * rows->tile + within * rows->row + line * rows->line,
                  rows->height - within};
}

CK_INLINE void advance(const encoded_rows *rows, cursor *c) {
  c->at += rows->row;
  if (--c->left == 0)
    c->left = rows->height, c->at += rows->tile - rows->height * rows->row;
}

/// The first line of a head's queries (0), keys (1) or values (2).
CK_INLINE uint32_t line_of(const head_job *h, uint32_t which) {
  return (which * h->op->heads + h->head) * h->depth_tiles;
}

/// As round_keys.
static float pack_encoded_keys(const head_job *h) {
  const encoded_rows *rows = h->source;
  cursor key = cursor_at(rows, 0, line_of(h, 1));
  uint32_t *to = h->keys;
  __m512i largest = _mm512_setzero_si512();
  for (uint32_t first = 0; first < h->n; first += lanes) {
    __m512 squares[lanes];
    const uint32_t count = smaller(h->n - first, lanes);
    for (uint32_t j = count; j < lanes; j++)
      squares[j] = _mm512_setzero_ps();
    for (uint32_t j = 0; j < count; j++, advance(rows, &key)) {
      squares[j] = _mm512_setzero_ps();
      for (uint32_t d = 0; d < h->depth_tiles; d++, to += lanes) {
        __builtin_prefetch(key.at + rows->tile + d * rows->line);
        const __m512i line = _mm512_loadu_si512(key.at + d * rows->line);
        _mm512_storeu_si512(to, line);
        squares[j] = _mm512_dpbf16_ps(squares[j], (__m512bh)line, (__m512bh)line);
      }
    }
    largest = _mm512_max_epi32(largest, squares_of(squares));
    CK_EVERY_16_ROWS
  }
  memset(to, 0, (size_t)(h->chunks * chunk - h->n) * h->depth_tiles * row_bytes);
  return largest_of_squares(largest);
}

/// A line of values of chunk c becomes two column tiles. Interleaving two rows within 128 bits takes columns
/// out of order: 8·l + i and 8·l + 4 + i for i < 4 are words 4·l + i of its lower and its upper half.
static void pack_encoded_values(const head_job *h) {
  const encoded_rows *rows = h->source;
  for (uint32_t d = 0; d < h->depth_tiles; d++) {
    cursor value = cursor_at(rows, 0, line_of(h, 2) + d);
    for (uint32_t c = 0; c < h->chunks; c++) {
      __m512i lower[lanes], upper[lanes];
      for (uint32_t i = 0, key = c * chunk; i < lanes; i++, key += 2) {
        __m512i even = _mm512_setzero_si512(), odd = even;
        if (key < h->n) {
          __builtin_prefetch(value.at + rows->tile);
          even = _mm512_loadu_si512(value.at);
          advance(rows, &value);
        }
        if (key + 1 < h->n) {
          __builtin_prefetch(value.at + rows->tile);
          odd = _mm512_loadu_si512(value.at);
          advance(rows, &value);
        }
        lower[i] = _mm512_unpacklo_epi16(even, odd);
        upper[i] = _mm512_unpackhi_epi16(even, odd);
      }
      uint32_t *to = h->values + ((size_t)c * h->column_tiles + 2 * d) * tile_words;
      transpose(lower);
#pragma clang loop unroll(full)
      for (uint32_t i = 0; i < lanes; i++)
        _mm512_storeu_si512(to + (i / 4 * 8 + i % 4) * lanes, lower[i]);
      transpose(upper);
#pragma clang loop unroll(full)
      for (uint32_t i = 0; i < lanes; i++)
        _mm512_storeu_si512(to + (i / 4 * 8 + 4 + i % 4) * lanes, upper[i]);
      CK_EVERY_16_ROWS
    }
  }
}

/// As pack_queries.
static __m512 pack_encoded_queries(const head_job *h, query_block *b) {
  const encoded_rows *source = h->source;
  __m512 squares = _mm512_setzero_ps();
  for (uint32_t d = 0; d < h->depth_tiles; d++) {
    __m512i rows[lanes];
    cursor query = cursor_at(source, b->first, line_of(h, 0) + d);
    for (uint32_t i = 0; i < lanes; i++) {
      rows[i] = _mm512_loadu_si512(query.at);
      if (i + 1 < b->count)
        advance(source, &query);
    }
    transpose(rows);
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < lanes; i++) {
      _mm512_storeu_si512(b->queries + d * tile_words + i * lanes, rows[i]);
      squares = _mm512_dpbf16_ps(squares, (__m512bh)rows[i], (__m512bh)rows[i]);
    }
  }
  return squares;
}

/// y's lines of two column tiles each.
static void write_encoded_rows(const head_job *h, const query_block *b, uint32_t first, uint32_t count,
                               const float *context, __m512 inverse) {
  for (uint32_t t = 0; t < count; t += 2, context += 2 * tile_words) {
    __m512i rows[lanes];
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < lanes; i++)
      rows[i] = rounded_pairs(_mm512_mul_ps(_mm512_load_ps(context + 2 * i * lanes), inverse),
                              _mm512_mul_ps(_mm512_load_ps(context + (2 * i + 1) * lanes), inverse));
    transpose(rows);
    cursor y = cursor_at(h->result, b->first, line_of(h, 0) + (first + t) / 2);
    for (uint32_t i = 0; i < b->count; i++, advance(h->result, &y))
      _mm512_storeu_si512(y.at, rows[i]);
  }
}
