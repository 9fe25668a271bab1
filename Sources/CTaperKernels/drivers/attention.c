// Attention, one head a task: scores, softmax and context of CK_ATTENTION_BLOCK queries at a time.
//
// The block's probabilities (64 × 512 × 4 bytes = 128 KiB at most in common models) stay in the L2 cache.
// Keys and values are packed, so that they are read without gaps: once a head where they fit the packs, as
// they do up to 512 keys of width 32 and 256 of width 64, else again for every block. Every score is one sum
// over the head's columns and every context element one sum over the keys, in ascending order: neither blocks
// nor workers change a bit.
#include "../ck_table.h"
#include "../include/ck_panel.h"
#include "ck_attention.h"

enum {
  /// Keys or values packed at a time: 64 KiB on the stack.
  pack_elements = 16384,
  /// Depth of a packed panel at most.
  pack_depth = 128,
  /// Up to this many queries, values are read in place: packing would cost more than it saves.
  few_rows = 32,
  /// Rows of context at a time when the probabilities need no scratch; values are packed once for all of
  /// them.
  context_rows = 128,
};

/// A head's packed keys and values. Where all of them fit they are packed once for all blocks of queries.
typedef struct head_packs {
  float keys[pack_elements], values[pack_elements];
  bool has_keys, has_values; // whole
} head_packs;

/// pack[ceil(count / 16)][depth][16] = keys first ..< first + count, columns begin ..< begin + depth of the
/// head. The last panel is padded with the last key.
static void pack_keys(const ck_op *op, uint32_t head, uint32_t first, uint32_t count, uint32_t begin,
                      uint32_t depth, float *pack) {
  const float *keys = op->b + (size_t)first * op->ldb + (size_t)head * op->depth + begin;
  for (uint32_t panel = 0; panel < ck_panels(count); panel++) {
    const float *rows[CK_PANEL];
    for (uint32_t i = 0; i < CK_PANEL; i++)
      rows[i] = keys + (size_t)smaller(panel * CK_PANEL + i, count - 1) * op->ldb;
    op->table->pack_transposed(pack + (size_t)panel * depth * CK_PANEL, rows, depth);
  }
}

/// p[count, inner_rows] = q · kᵀ of queries first ..< first + count.
static void products(const ck_op *op, uint32_t head, uint32_t first, uint32_t count, float *p, uint32_t ldp,
                     head_packs *packs) {
  uint32_t keys_at_once = pack_elements / smaller(op->depth, pack_depth) / CK_PANEL * CK_PANEL;
  for (uint32_t key = 0; key < op->inner_rows; key += keys_at_once)
    for (uint32_t begin = 0; begin < op->depth; begin += pack_depth) {
      const float *queries[CK_ATTENTION_BLOCK];
      for (uint32_t i = 0; i < count; i++)
        queries[i] = op->a + (size_t)source_row(op, first + i) * op->lda + (size_t)head * op->depth + begin;
      ck_product product = {
          .a = queries,
          .b = packs->keys,
          .y = p + key,
          .rows = count,
          .columns = smaller(op->inner_rows - key, keys_at_once),
          .depth = smaller(op->depth - begin, pack_depth),
          .ldb = CK_PANEL,
          .ldy = ldp,
          .accumulate = begin > 0,
      };
      product.panel_stride = product.depth * CK_PANEL;
      if (!packs->has_keys)
        pack_keys(op, head, key, product.columns, begin, product.depth, packs->keys);
      op->table->multiply(&product);
    }
  packs->has_keys = op->inner_rows <= keys_at_once && op->depth <= pack_depth;
}

/// result[count, inner_rows] = the softmax of p with bias and scale, by way of p; p itself when result is
/// NULL. `sums`, unless NULL, gain its column sums in row order.
static void normalize(const ck_op *op, uint32_t head, uint32_t first, uint32_t count, float *p, uint32_t ldp,
                      float *result, float *sums) {
  const float *bias[CK_ATTENTION_BLOCK];
  for (uint32_t i = 0; i < count; i++)
    bias[i] = bias_row(op, head, first + i);
  ck_softmax_job job = {
      .a = p,
      .y = p,
      .result = result,
      .lda = ldp,
      .ldy = ldp,
      .ldr = op->inner_rows,
      .bias = op->bias ? bias : NULL,
      .position = op->origin,
      .sums = sums,
      .scale = op->scale,
      .rows = count,
      .n = op->inner_rows,
  };
  op->table->softmax(&job);
}

/// result[count, inner_rows] = probabilities of queries first ..< first + count, by way of p; p itself when
/// result is NULL. `sums`, unless NULL, gain their column sums in row order.
static void probabilities(const ck_op *op, uint32_t head, uint32_t first, uint32_t count, float *p,
                          uint32_t ldp, float *result, float *sums, head_packs *packs) {
  products(op, head, first, count, p, ldp, packs);
  normalize(op, head, first, count, p, ldp, result, sums);
}

/// pack[ceil(columns / 16)][count][16] = values first ..< first + count at the `columns` columns from
/// `values` on; the last panel is padded with zeros.
static void pack_values(const ck_op *op, const float *values, uint32_t count, uint32_t columns, float *pack) {
  for (uint32_t column = 0; column < columns; column += CK_PANEL)
    for (uint32_t key = 0; key < count; key++, pack += CK_PANEL) {
      const float *from = values + (size_t)key * op->ldc + column;
      if (columns - column >= CK_PANEL) {
        memcpy(pack, from, CK_PANEL * sizeof(float));
      } else {
        memset(pack, 0, CK_PANEL * sizeof(float));
        memcpy(pack, from, (columns - column) * sizeof(float));
      }
    }
}

/// y's columns of this head, rows first ..< first + count = p · v, with p's rows by pointer; context_rows at
/// most.
static void context(const ck_op *op, uint32_t head, uint32_t first, uint32_t count, const float *const *p,
                    head_packs *packs) {
  bool in_place = op->depth % CK_PANEL == 0 && count <= few_rows && !packs->has_values;
  uint32_t columns_at_once = smaller(op->depth, 4 * CK_PANEL);
  uint32_t keys_at_once = pack_elements / (ck_panels(columns_at_once) * CK_PANEL);
  for (uint32_t begin = 0; begin < op->depth; begin += columns_at_once) {
    size_t column = (size_t)head * op->depth + begin;
    for (uint32_t key = 0; key < op->inner_rows; key += keys_at_once) {
      const float *rows[context_rows];
      for (uint32_t i = 0; i < count; i++)
        rows[i] = p[i] + key;
      ck_product product = {
          .a = rows,
          .y = op->y + (size_t)first * op->ldy + column,
          .rows = count,
          .columns = smaller(op->depth - begin, columns_at_once),
          .depth = smaller(op->inner_rows - key, keys_at_once),
          .ldy = op->ldy,
          .accumulate = key > 0,
      };
      const float *values = op->c + (size_t)key * op->ldc + column;
      if (in_place) {
        product.b = values;
        product.ldb = op->ldc;
        product.panel_stride = CK_PANEL;
      } else {
        if (!packs->has_values)
          pack_values(op, values, product.depth, product.columns, packs->values);
        product.b = packs->values;
        product.ldb = CK_PANEL;
        product.panel_stride = product.depth * CK_PANEL;
      }
      op->table->multiply(&product);
    }
  }
  packs->has_values = !in_place && op->inner_rows <= keys_at_once && op->depth <= columns_at_once;
}

static uint32_t block_count(const ck_op *op, uint32_t first) {
  return smaller(op->rows - first, CK_ATTENTION_BLOCK);
}

/// All blocks of one head; `sums`, unless NULL, gains the probabilities' column sums in row order.
static void attend(const ck_op *op, uint32_t head, uint32_t worker, float *sums) {
  float *p = worker_scratch(op, worker);
  uint32_t ldp = ck_padded(op->inner_rows);
  head_packs packs;
  packs.has_keys = packs.has_values = false;
  const float *rows[CK_ATTENTION_BLOCK];
  for (uint32_t i = 0; i < CK_ATTENTION_BLOCK; i++)
    rows[i] = p + (size_t)i * ldp;
  for (uint32_t first = 0; first < op->rows; first += CK_ATTENTION_BLOCK) {
    uint32_t count = block_count(op, first);
    probabilities(op, head, first, count, p, ldp, NULL, sums, &packs);
    context(op, head, first, count, rows, &packs);
  }
}

void ck_attention(const ck_op *op, uint32_t task, uint32_t worker) { attend(op, task, worker, NULL); }

void ck_attention_scored(const ck_op *op, uint32_t task, uint32_t worker) {
  attend(op, task, worker, cleared_sums(op, task));
}

static void attend_planes(const ck_op *op, uint32_t head, uint32_t worker, float *sums) {
  if (op->table->planes->attend && op->depth <= CK_FUSED_WIDTH)
    op->table->planes->attend(op, head, worker_scratch(op, worker), sums);
  else
    attend(op, head, worker, sums);
}

void ck_attention_x6(const ck_op *op, uint32_t task, uint32_t worker) {
  attend_planes(op, task, worker, NULL);
}

void ck_attention_scored_x6(const ck_op *op, uint32_t task, uint32_t worker) {
  attend_planes(op, task, worker, cleared_sums(op, task));
}

void ck_attention_scores(const ck_op *op, uint32_t task, uint32_t worker) {
  uint32_t n = op->inner_rows, ldp = ck_padded(n);
  // A pass over rows that do not begin on cache lines takes half as long again. So all passes but the last
  // work in scratch, whose rows are aligned.
  int apart = n != ldp && op->scratch && op->scratch_stride >= (size_t)CK_ATTENTION_BLOCK * ldp;
  float *sums = cleared_sums(op, task);
  head_packs packs;
  packs.has_keys = false;
  for (uint32_t first = 0; first < op->rows; first += CK_ATTENTION_BLOCK) {
    float *result = op->y + ((size_t)task * n + first) * n;
    float *p = apart ? worker_scratch(op, worker) : result;
    probabilities(op, task, first, block_count(op, first), p, apart ? ldp : n, result, sums, &packs);
  }
}

/// Distances whose terms are computed at a time.
enum { window = 128 };

/// y[count, distances] = rows · tableᵀ over the head's columns, of `distances` rows of the table from `first`
/// on.
static void multiply_by_distance(const ck_op *op, const float *const *rows, uint32_t count,
                                 const float *table, uint32_t first, uint32_t distances, float y[][window]) {
  float pack[pack_elements];
  uint32_t leading = op->heads * op->depth;
  uint32_t at_once = pack_elements / smaller(op->depth, pack_depth) / CK_PANEL * CK_PANEL;
  for (uint32_t start = 0; start < distances; start += at_once)
    for (uint32_t begin = 0; begin < op->depth; begin += pack_depth) {
      const float *left[CK_ATTENTION_BLOCK];
      for (uint32_t i = 0; i < count; i++)
        left[i] = rows[i] + begin;
      ck_product product = {
          .a = left,
          .b = pack,
          .y = &y[0][start],
          .rows = count,
          .columns = smaller(distances - start, at_once),
          .depth = smaller(op->depth - begin, pack_depth),
          .ldb = CK_PANEL,
          .ldy = window,
          .accumulate = begin > 0,
      };
      product.panel_stride = product.depth * CK_PANEL;
      for (uint32_t panel = 0; panel < ck_panels(product.columns); panel++) {
        const float *from[CK_PANEL];
        for (uint32_t i = 0; i < CK_PANEL; i++)
          from[i] = table +
                    (size_t)(first + start + smaller(panel * CK_PANEL + i, product.columns - 1)) * leading +
                    begin;
        op->table->pack_transposed(pack + (size_t)panel * product.panel_stride, from, product.depth);
      }
      op->table->multiply(&product);
    }
}

/// Adds the terms of positions to p's scores of `count` queries from `first` on and `keys` keys from `key`
/// on.
static void add_positions(const ck_op *op, uint32_t head, uint32_t first, uint32_t count, uint32_t key,
                          uint32_t keys, float *p, uint32_t ldp) {
  float of_queries[CK_ATTENTION_BLOCK][window], of_keys[CK_ATTENTION_BLOCK][window];
  const float *queries[CK_ATTENTION_BLOCK], *key_rows[CK_ATTENTION_BLOCK];
  uint32_t query_at[CK_ATTENTION_BLOCK], key_at[CK_ATTENTION_BLOCK];
  size_t column = (size_t)head * op->depth;
  for (uint32_t i = 0; i < count; i++) {
    queries[i] = op->a + (size_t)(first + i) * op->lda + column;
    query_at[i] = op->origin ? op->origin[first + i] : first + i;
  }
  for (uint32_t j = 0; j < keys; j++) {
    key_rows[j] = op->b + (size_t)(key + j) * op->ldb + column;
    key_at[j] = op->origin ? op->origin[key + j] : key + j;
  }
  // Rows of the tables: those of the least and the largest distance.
  uint32_t least = key_at[0] + op->extent - 1 - query_at[count - 1];
  uint32_t most = key_at[keys - 1] + op->extent - 1 - query_at[0];
  for (uint32_t start = least; start <= most; start += window) {
    uint32_t distances = smaller(most - start + 1, window);
    multiply_by_distance(op, queries, count, op->table0 + column, start, distances, of_queries);
    multiply_by_distance(op, key_rows, keys, op->table1 + column, start, distances, of_keys);
    for (uint32_t i = 0; i < count; i++)
      for (uint32_t j = 0; j < keys; j++) {
        // Wraps round, and so is too large, where the distance is before the window.
        uint32_t t = key_at[j] + op->extent - 1 - query_at[i] - start;
        if (t < distances)
          p[(size_t)i * ldp + key + j] += of_queries[i][t] + of_keys[j][t];
      }
  }
}

void ck_disentangled_scores(const ck_op *op, uint32_t task, uint32_t worker) {
  uint32_t n = op->inner_rows, ldp = ck_padded(n);
  float *sums = cleared_sums(op, task), *p = worker_scratch(op, worker);
  head_packs packs;
  packs.has_keys = false;
  for (uint32_t first = 0; first < op->rows; first += CK_ATTENTION_BLOCK) {
    uint32_t count = block_count(op, first);
    products(op, task, first, count, p, ldp, &packs);
    for (uint32_t key = 0; key < n; key += CK_ATTENTION_BLOCK)
      add_positions(op, task, first, count, key, smaller(n - key, CK_ATTENTION_BLOCK), p, ldp);
    normalize(op, task, first, count, p, ldp, op->y + ((size_t)task * n + first) * n, sums);
  }
}

void ck_attention_context(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  uint32_t n = op->inner_rows;
  head_packs packs;
  packs.has_values = false;
  for (uint32_t first = 0; first < op->rows; first += context_rows) {
    uint32_t count = smaller(op->rows - first, context_rows);
    const float *rows[context_rows];
    for (uint32_t i = 0; i < count; i++)
      rows[i] = op->b + ((size_t)task * n + source_row(op, first + i)) * n;
    context(op, task, first, count, rows, &packs);
  }
}
