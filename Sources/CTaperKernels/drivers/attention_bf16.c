// Attention with products in bf16, one head a task: by the tier's kernel for a whole head where there is one
// (x86_64/attention_lanes.h). Else keys and values are rounded and packed once for a head; then
// CK_ATTENTION_BF16_BLOCK queries at a time go through scores, softmax and context.
#include "../ck_table.h"
#include "../include/ck_panel.h"
#include "ck_attention.h"
#include "ck_encoded_rows.h"

enum { block = CK_ATTENTION_BF16_BLOCK };

/// A worker's scratch, in words of two bf16 (or floats).
typedef struct head_scratch {
  uint32_t *keys;    // [ceil(keys / 16)][pairs][16]: pairs along the depth
  uint32_t *values;  // [ceil(depth / 16)][ceil(keys / 2)][16]: pairs along the keys
  uint32_t *queries; // [block][pairs]
  float *weights;    // [block][stride]
  uint32_t pairs, stride;
} head_scratch;

static head_scratch scratch_of(const ck_op *op, uint32_t worker) {
  uint32_t keys = ck_padded(op->inner_rows), depth = ck_padded(op->depth);
  head_scratch s = {.pairs = depth / 2, .stride = keys + CK_PANEL};
  s.weights = worker_scratch(op, worker);
  s.keys = (uint32_t *)(s.weights + (size_t)block * s.stride);
  s.values = s.keys + (size_t)keys * s.pairs;
  s.queries = s.values + (size_t)keys * s.pairs;
  return s;
}

/// Columns of the head that are rounded at a time, to be packed.
enum { most_columns = 128 };

static void pack_keys(const ck_op *op, uint32_t head, const head_scratch *s) {
  uint16_t rounded[CK_PANEL * most_columns];
  for (uint32_t first = 0; first < op->inner_rows; first += CK_PANEL)
    for (uint32_t begin = 0; begin < op->depth; begin += most_columns) {
      uint32_t count = smaller(op->inner_rows - first, CK_PANEL);
      uint32_t columns = smaller(op->depth - begin, most_columns), leading = ck_padded(columns);
      const float *keys = op->b + (size_t)first * op->ldb + (size_t)head * op->depth + begin;
      op->table->attention_bf16->round_rows(rounded, leading, keys, op->ldb, count, columns);
      const float *rows[CK_PANEL]; // of pairs, which are moved as they are
      for (uint32_t i = 0; i < CK_PANEL; i++)
        rows[i] = (const float *)(rounded + smaller(i, count - 1) * leading);
      op->table->pack_transposed((float *)(s->keys + (size_t)first * s->pairs + begin / 2 * CK_PANEL), rows,
                                 leading / 2);
    }
}

/// All blocks of one head; `sums`, unless NULL, gains the probabilities' column sums in row order.
static void attend(const ck_op *op, uint32_t head, uint32_t worker, float *sums) {
  const ck_bf16_attention *kernels = op->table->attention_bf16;
  if (kernels->head && op->depth <= CK_FUSED_WIDTH) {
    kernels->head(op, head, worker_scratch(op, worker), sums);
    return;
  }
  head_scratch s = scratch_of(op, worker);
  pack_keys(op, head, &s);
  kernels->pack_pairs(s.values, (op->inner_rows + 1) / 2 * CK_PANEL, op->c + (size_t)head * op->depth,
                      op->ldc, op->inner_rows, op->depth);
  for (uint32_t first = 0; first < op->rows; first += block) {
    uint32_t count = smaller(op->rows - first, block);
    const float *bias[block];
    float inverse[block];
    uint32_t together = op->index ? 1 : count; // rows that lie one after the other
    for (uint32_t i = 0; i < count; i += together)
      kernels->round_rows((uint16_t *)(s.queries + (size_t)i * s.pairs), 2 * s.pairs,
                          op->a + (size_t)source_row(op, first + i) * op->lda + (size_t)head * op->depth,
                          op->lda, together, op->depth);
    for (uint32_t i = 0; i < count; i++)
      bias[i] = bias_row(op, head, first + i);
    ck_pairs_product scores = {
        .a = s.queries,
        .b = s.keys,
        .y = s.weights,
        .rows = count,
        .columns = op->inner_rows,
        .groups = s.pairs,
        .lda = s.pairs,
        .ldy = s.stride,
    };
    kernels->multiply(&scores);
    ck_weights_job weights = {
        .a = s.weights,
        .lda = s.stride,
        .bias = op->bias ? bias : NULL,
        .position = op->origin,
        .inverse = inverse,
        .sums = sums,
        .scale = op->scale,
        .rows = count,
        .n = op->inner_rows,
    };
    kernels->weigh(&weights);
    ck_pairs_product context = {
        .a = (const uint32_t *)s.weights,
        .b = s.values,
        .y = op->y + (size_t)first * op->ldy + (size_t)head * op->depth,
        .factor = inverse,
        .rows = count,
        .columns = op->depth,
        .groups = (op->inner_rows + 1) / 2,
        .lda = s.stride,
        .ldy = op->ldy,
    };
    kernels->multiply(&context);
  }
}

/// bf16 in a line of an encoded row.
enum { in_line = CK_ENCODED_LINE / sizeof(uint16_t) };

static uint16_t *column_of(ck_encoded_row row, uint32_t column) {
  return (uint16_t *)(row.at + column / in_line * row.line_stride) + column % in_line;
}

/// How many of the columns from `column` to `end` lie in its line.
static uint32_t run_of(uint32_t column, uint32_t end) {
  return smaller(in_line - column % in_line, end - column);
}

/// Columns first ..< first + count of an encoded row in f32.
static void decode(ck_encoded_row row, uint32_t first, uint32_t count, float *y) {
  for (uint32_t done = 0, run; done < count; done += run) {
    run = run_of(first + done, first + count);
    const uint16_t *from = column_of(row, first + done);
    uint32_t *to = (uint32_t *)y + done;
    for (uint32_t i = 0; i < run; i++)
      to[i] = (uint32_t)from[i] << 16;
  }
}

/// Puts bf16 at columns first ..< first + count of an encoded row.
static void put(ck_encoded_row row, uint32_t first, uint32_t count, const uint16_t *from) {
  for (uint32_t done = 0, run; done < count; done += run) {
    run = run_of(first + done, first + count);
    memcpy(column_of(row, first + done), from + done, run * sizeof(uint16_t));
  }
}

/// Encodes a row of a head's result. After the last head's columns there are zeros where ck_encode_bf16
/// writes them.
static void encode_head_row(const ck_op *op, uint32_t head, uint32_t row, const float *head_row) {
  uint16_t rounded[most_columns];
  const uint32_t columns = op->heads * op->depth;
  const ck_encoded_row y = ck_encoded_row_at(op->y, op->y_layout, row, op->rows, columns * sizeof(uint16_t),
                                             op->ldy * sizeof(uint16_t));
  for (uint32_t begin = 0; begin < op->depth; begin += most_columns) {
    const uint32_t count = smaller(op->depth - begin, most_columns);
    op->table->encode_bf16((ck_encoded_row){.at = (char *)rounded, .line_stride = CK_ENCODED_LINE},
                           head_row + begin, count);
    put(y, head * op->depth + begin, count, rounded);
  }
  const uint32_t group = op->y_layout == CK_ENCODED_ROWS ? 2 : in_line;
  if (head + 1 == op->heads && columns % group) {
    memset(rounded, 0, sizeof rounded);
    put(y, columns, group - columns % group, rounded);
  }
}

/// A head of encoded rows: by the tier's kernel where there is one, else by way of f32, in scratch.
static void attend_encoded(const ck_op *op, uint32_t head, uint32_t worker, float *sums, bool encodes) {
  const ck_bf16_attention *kernels = op->table->attention_bf16;
  if (kernels->encoded_head && op->depth % 32 == 0 && op->depth <= CK_FUSED_WIDTH) {
    kernels->encoded_head(op, head, worker_scratch(op, worker), sums, encodes);
    return;
  }
  const uint32_t count = op->stored_rows, depth = op->depth;
  float *parts = worker_scratch(op, worker) + ck_attention_bf16_scratch(count, depth);
  for (uint32_t row = 0; row < count; row++) {
    const ck_encoded_row a =
        ck_encoded_row_at(op->a, op->a_layout, row, count, (size_t)3 * op->heads * depth * sizeof(uint16_t),
                          op->lda * sizeof(uint16_t));
    for (uint32_t part = 0; part < 3; part++)
      decode(a, (part * op->heads + head) * depth, depth, parts + ((size_t)part * count + row) * depth);
  }
  ck_op plain = *op;
  plain.a = parts, plain.b = parts + (size_t)count * depth, plain.c = plain.b + (size_t)count * depth;
  plain.lda = plain.ldb = plain.ldc = depth;
  plain.heads = 1;
  if (op->bias)
    plain.bias = op->bias + (size_t)head * (2 * op->extent - 1);
  float *result = parts + (size_t)3 * count * depth;
  if (encodes)
    plain.y = result, plain.ldy = depth;
  else
    plain.y = op->y + (size_t)head * depth;
  attend(&plain, 0, worker, sums);
  for (uint32_t row = 0; encodes && row < op->rows; row++)
    encode_head_row(op, head, row, result + (size_t)row * depth);
}

void ck_attention_bf16(const ck_op *op, uint32_t task, uint32_t worker) { attend(op, task, worker, NULL); }

void ck_attention_scored_bf16(const ck_op *op, uint32_t task, uint32_t worker) {
  attend(op, task, worker, cleared_sums(op, task));
}

void ck_attention_encoded_bf16(const ck_op *op, uint32_t task, uint32_t worker) {
  attend_encoded(op, task, worker, NULL, false);
}

void ck_attention_scored_encoded_bf16(const ck_op *op, uint32_t task, uint32_t worker) {
  attend_encoded(op, task, worker, cleared_sums(op, task), false);
}

void ck_attention_encode_bf16(const ck_op *op, uint32_t task, uint32_t worker) {
  attend_encoded(op, task, worker, NULL, true);
}
