// One executable op: operands bound to memory, row counts set for each run, and the drivers that compute it.
//
// An op is cut into tasks in a way that does not depend on the number of workers, so results are
// bit-identical for any thread count. A driver computes one task, `driver(op, task, worker)`; the tasks of an
// op may run at the same time on several workers.
#pragma once
#include "ck_encoded.h"
#include "ck_isa.h"
#include "ck_sizes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ck_activation : uint32_t {
  CK_ACTIVATION_NONE = 0,
  CK_ACTIVATION_GELU = 1,      // exact: x/2 (1 + erf(x/√2))
  CK_ACTIVATION_GELU_TANH = 2, // tanh approximation ("gelu_new")
  CK_ACTIVATION_RELU = 3,
  CK_ACTIVATION_TANH = 4,
  CK_ACTIVATION_SILU = 5, // x / (1 + e^−x)
} ck_activation;

/// cblas_sgemm's C signature with its enumerations as ints (row-major 101, no-trans 111, trans 112).
typedef void (*ck_sgemm_fn)(int order, int transA, int transB, int m, int n, int k, float alpha,
                            const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);

/// The row kernels of one tier; opaque to all but the drivers and the kernel tests.
typedef struct ck_table ck_table;
/// The table of `tier`, or of the best tier below it that this build and CPU have. Never NULL.
const ck_table *ck_kernels(ck_tier tier);
ck_tier ck_table_tier(const ck_table *table);
/// How encoded activations should lie for the products of `table`. All tables take CK_ENCODED_ROWS; only
/// those that give CK_ENCODED_TILES here take tiles.
ck_encoded_layout ck_table_encoded_layout(const ck_table *table);
/// Whether `table` has a faster product for i8 weights whose pairs are bounded (ck_panel.h).
bool ck_table_bounds_pairs(const ck_table *table);

/// Everything a driver reads. Leading dimensions are in elements. Unused operands are NULL. The drivers below
/// say what they read and what it means.
typedef struct ck_op {
  // set for each run
  uint32_t rows;        // output rows
  uint32_t inner_rows;  // keys (attention), input rows (select, gather, scatter, mean)
  uint32_t stored_rows; // attention of encoded rows: those of a, of which the first inner_rows are keys
  uint32_t first_row;   // poolings (mean, largest, sum, weighted mean) leave out the input rows before it
  // fixed at load
  uint32_t columns, depth, heads, parts;
  uint32_t extent; // relative bias: the table's reach (maximum length); rotate: rows of angles
  ck_activation activation;
  ck_encoded_layout a_layout, y_layout; // of encoded activations; tiles only without an index into them
  float epsilon, scale;
  uint32_t lda, ldb, ldc, ldy;
  const float *a, *b, *c;
  float *y, *y2;
  float *normed;          // norm or embed, and encode: the rows before they are encoded, ldc elements apart
  const uint32_t *index;  // row numbers into an input; NULL: row i is row i
  const uint32_t *origin; // original position of each current row; NULL: row i is position i
  uint32_t *index_out;
  uint32_t *count_out; // select_above: rows kept
  const void *weight;  // gemm: f32 rows, or panels (ck_panel.h)
  const float *bias, *gamma, *beta;
  const uint32_t *ids, *type_ids;        // embed; word scores (ids)
  const float *table0, *table1, *table2; // embed: word, position, token type (those two may be NULL);
                                         // rotate: angles; disentangled scores: rows by distance;
                                         // norm and encode: multipliers by column; word scores: by id,
                                         // and by earlier occurrences
  float *scratch;                        // scratch_stride elements for each worker
  size_t scratch_stride;                 // elements
  const ck_table *table;
} ck_op;

typedef void (*ck_driver)(const ck_op *op, uint32_t task, uint32_t worker);

/// n rounded up to whole panels.
static inline uint32_t ck_padded(uint32_t n) { return (n + CK_PANEL - 1) / CK_PANEL * CK_PANEL; }

/// How a driver's work is cut into tasks.
typedef enum ck_task_rule : uint32_t {
  CK_TASKS_ONE = 0,
  CK_TASKS_ROWS = 1, // blocks of CK_ROW_BLOCK rows
  CK_TASKS_HEADS = 2,
  CK_TASKS_PARTS = 3,
} ck_task_rule;

/// Tasks of an op over `rows` rows that is cut into rows.
static inline uint32_t ck_row_tasks(uint32_t rows) { return (rows + CK_ROW_BLOCK - 1) / CK_ROW_BLOCK; }

/// Tasks of an op under a rule.
static inline uint32_t ck_task_count(ck_task_rule rule, const ck_op *op) {
  switch (rule) {
  case CK_TASKS_ROWS:
    return ck_row_tasks(op->rows);
  case CK_TASKS_HEADS:
    return op->heads;
  case CK_TASKS_PARTS:
    return op->parts;
  default:
    return 1;
  }
}

/// y[rows, columns] = word[ids] + position[extent + i] + type[type_ids]; then layer norm when gamma (and
/// beta) is given. `extent` is the position offset (0 for BERT, 2 for MPNet). Without table1 or table2 its
/// term is left out; type_ids NULL means all zero. Row tasks.
void ck_embed(const ck_op *op, uint32_t task, uint32_t worker);
/// y[rows, columns] = act(a[index] · weightᵀ + bias); weight [columns, depth] row-major. `parts` tasks: task
/// t computes columns [t·w, min((t+1)·w, columns)) with w = round_up(ceil(columns/parts), 16). bias may be
/// NULL. With `index`, rows of a are first copied into scratch (rows × depth elements for each worker).
/// The product itself is OpenBLAS's, or the scalar reference.
void ck_gemm_openblas(const ck_op *op, uint32_t task, uint32_t worker);
void ck_gemm_scalar(const ck_op *op, uint32_t task, uint32_t worker);
/// Columns of every part but the last.
static inline uint32_t ck_part_width(uint32_t columns, uint32_t parts) {
  uint32_t even = (columns + parts - 1) / parts;
  return (even + CK_PART_COLUMNS - 1) / CK_PART_COLUMNS * CK_PART_COLUMNS;
}
/// y[rows, columns] = act(a[index] · weightᵀ + bias) with weight in f32 panels (ck_panel.h). `parts` tasks:
/// task t computes spans [t·S/parts, (t+1)·S/parts) of the S = ceil(columns / (16·CK_PANEL_SPAN)) there are,
/// so that no task has fewer panels than a tile reads at once. Every element is one sum over k in ascending
/// order however the product is cut, so any `parts` gives the same bits.
void ck_gemm_f32_panel(const ck_op *op, uint32_t task, uint32_t worker);
/// As ck_gemm_f32_panel, with spans of one panel; a holds bf16 (ck_encode_bf16) in a_layout, weight bf16
/// panels; products are exact, sums f32.
void ck_gemm_bf16_panel(const ck_op *op, uint32_t task, uint32_t worker);
/// ck_gemm_bf16_panel whose result is encoded as ck_encode_bf16 does it.
void ck_gemm_encode_bf16(const ck_op *op, uint32_t task, uint32_t worker);
/// As ck_gemm_bf16_panel; a holds u8 codes and b a scale and a zero for every row (ck_encode_i8), weight i8
/// panels: y = act((Σ (a − b[2·row + 1])·w) · b[2·row] · scale[column] + bias), the sum an exact integer on
/// every tier. With `index`, a and b are read at index[i].
void ck_gemm_i8_panel(const ck_op *op, uint32_t task, uint32_t worker);
/// The same with a weight in i8 pairs. Tiers that multiply bytes but add them up in 16 bits are faster by
/// this bound; where a weight breaks it, their sums saturate.
void ck_gemm_i8_pairs(const ck_op *op, uint32_t task, uint32_t worker);
/// y = a[index] rounded to bf16 (nearest even; NaN stays NaN), encoded rows of y_layout (ck_encoded.h).
/// Columns are padded with zero to an even number, in tiles to whole lines. Row tasks.
void ck_encode_bf16(const ck_op *op, uint32_t task, uint32_t worker);
/// As ck_gemm_bf16_panel, for f32 operands that are sums of bf16 planes: a of ck_encode_bf16x2 or
/// ck_encode_bf16x3, weight in bf16x2 or bf16x3 panels. x3 has two planes, and adds at least the products
/// hi·hi, hi·lo and lo·hi; x6 has three, and adds at least the six products of planes i and j with i + j ≤ 4
/// (the first plane is 1). Tiers that multiply in f32 add all of them at once: they restore the weight, and
/// their x6 has the bits of ck_gemm_f32_panel. Sums are f32. Where a tier multiplies bf16, what is below
/// 2^−126 counts as zero, and an infinity times an infinity is NaN.
void ck_gemm_f32_x3(const ck_op *op, uint32_t task, uint32_t worker);
void ck_gemm_f32_x6(const ck_op *op, uint32_t task, uint32_t worker);
/// y = a[index] for ck_gemm_f32_x3 or ck_gemm_f32_x6 of the same tier, ldy elements of 4 or 6 bytes per row,
/// at least columns rounded up to 2. As planes: plane p of a row is ldy bf16; p_1 is x rounded to nearest
/// even but to no infinity, and p_i what remains, rounded likewise. An element that is not finite is zero but
/// for its last plane, which meets only the first plane of a weight: so an infinity becomes NaN only where it
/// does in f32. Row tasks.
void ck_encode_bf16x2(const ck_op *op, uint32_t task, uint32_t worker);
void ck_encode_bf16x3(const ck_op *op, uint32_t task, uint32_t worker);
/// Dynamic quantisation, row by row, of x = a[index[i]] · gamma (gamma, by column, may be NULL). [low, high]
/// is the row's range extended to include 0. scale y2[2·i] = (high − low) / 254 (1 when both are zero), zero
/// y2[2·i + 1] = round(−low / scale), y = round(x / scale) + zero as u8 (nearest even). A row with a NaN gets
/// its codes as if that were zero, and a scale of NaN, so that its products are NaN as they are in f32.
/// Columns are padded with zero to a multiple of 4, in tiles to whole lines; encoded rows of y_layout. Row
/// tasks.
void ck_encode_i8(const ck_op *op, uint32_t task, uint32_t worker);
/// Both results of a norm whose reader multiplies in low precision: normed = layernorm as ck_layer_norm, and
/// y = normed as ck_encode_bf16 or ck_encode_i8 encodes it, the multipliers in table0. a may be normed. Row
/// tasks.
void ck_norm_encode_bf16(const ck_op *op, uint32_t task, uint32_t worker);
void ck_norm_encode_i8(const ck_op *op, uint32_t task, uint32_t worker);
/// The same of embeddings: normed = ck_embed's rows, of which gamma and beta are given, and y = normed
/// encoded, the multipliers in bias. Row tasks.
void ck_embed_encode_bf16(const ck_op *op, uint32_t task, uint32_t worker);
void ck_embed_encode_i8(const ck_op *op, uint32_t task, uint32_t worker);
/// y = act(a + bias), rows × columns; a may be y; bias may be NULL. Row tasks.
void ck_bias_activation(const ck_op *op, uint32_t task, uint32_t worker);
/// y = act(a) · b, element by element, rows × columns; a may be y. Row tasks.
void ck_gate(const ck_op *op, uint32_t task, uint32_t worker);
/// Rotary positions (Su et al., 2021): y[rows, heads·dh] = a with the pairs of every head turned, dh = depth.
/// Pair i < dh / 2 of a head is its columns i and i + dh / 2; an odd last column is copied. Row r turns by
/// the angles of position p = origin[r], or r when origin is NULL: their cosines are table0[p, 0 …], their
/// sines table0[p, dh / 2 …], each row of it dh elements. p must be below extent. a may be y. Row tasks.
void ck_rotate(const ck_op *op, uint32_t task, uint32_t worker);
/// y = a + b[index]. Row tasks; a may be y.
void ck_add(const ck_op *op, uint32_t task, uint32_t worker);
/// y = layernorm(a + bias + b[index]) · gamma + beta; bias and b may be NULL; a may be y. Row tasks.
void ck_layer_norm(const ck_op *op, uint32_t task, uint32_t worker);
/// Fused attention. y[rows, heads·dh] with dh = depth; queries a (first `rows` rows, or those named by
/// index), keys b, values c (inner_rows rows), head h at column h·dh of each. score = scale·q·kᵀ (+ relative
/// bias), softmax over keys, times v. Relative bias (`bias` not NULL, [heads, 2·extent−1]):
/// bias[h·(2·extent−1) + p(j) − p(row of query i) + extent − 1], where p(j) = origin[j], or j when origin is
/// NULL, and the row of query i is index[i], or i when index is NULL. Every p must be below extent. y may be
/// a when index is NULL or ascending and the leading dimensions agree. `heads` tasks. scratch for each
/// worker: ck_attention_scratch elements. Every sum runs in one order (a score over the head's columns, an
/// element of y over the keys, ascending), so a query's result depends neither on the other queries nor on
/// which worker computes it.
void ck_attention(const ck_op *op, uint32_t task, uint32_t worker);
/// The scores of a block of queries.
static inline size_t ck_attention_scratch(uint32_t inner_rows) {
  return (size_t)CK_ATTENTION_BLOCK * ck_padded(inner_rows);
}
/// y[heads, inner_rows, inner_rows] = softmax probabilities of every row (leading dimension inner_rows);
/// y2[heads, inner_rows] = their column sums over the rows, in row order: the partial token scores.
/// `heads` tasks. Operands as ck_attention; rows == inner_rows, index NULL. scratch as ck_attention or none;
/// with it inner_rows that are no multiple of 16 are faster, with the same bits.
void ck_attention_scores(const ck_op *op, uint32_t task, uint32_t worker);
/// y[rows, heads·dh] = probabilities b[heads, inner_rows, inner_rows] at rows `index` (or the first `rows`)
/// times values c. `heads` tasks.
void ck_attention_context(const ck_op *op, uint32_t task, uint32_t worker);
/// ck_attention over all rows (rows == inner_rows, index NULL) that also gives the partial token scores of
/// ck_attention_scores: y2[heads, inner_rows] = column sums of the probabilities over the rows, in row order.
/// Both are bit for bit what ck_attention_scores and ck_attention_context give. Nothing of size rows × rows
/// is kept. `heads` tasks; scratch as ck_attention.
void ck_attention_scored(const ck_op *op, uint32_t task, uint32_t worker);
/// ck_attention_scores with disentangled positions (He et al., 2021):
///   score = scale · (q · k + q · table0[t] + table1[t] · k),   t = p(key) − p(query) + extent − 1,
/// with head h of both tables, [2·extent − 1, heads·dh], at column h·dh, and p as in ck_attention: origin,
/// which must ascend, or NULL. `heads` tasks. scratch as ck_attention.
void ck_disentangled_scores(const ck_op *op, uint32_t task, uint32_t worker);
/// ck_attention with products of bf16: queries, keys and values rounded to bf16 (nearest even), scores f32
/// sums of exact products. A weight w is e^(score − the query's shift) in bf16, within 0.65%; y = Σ w · v /
/// S, where S adds the weights or what they were rounded from (specs/kernels.md). `heads` tasks. scratch for
/// each worker: ck_attention_bf16_scratch elements. y may be a as in ck_attention.
void ck_attention_bf16(const ck_op *op, uint32_t task, uint32_t worker);
/// ck_attention_bf16 over all rows, with the same bits, that also gives partial token scores: y2[heads,
/// inner_rows] = column sums of w / S over the rows, in an order that depends on the number of rows alone.
void ck_attention_scored_bf16(const ck_op *op, uint32_t task, uint32_t worker);
/// A block's scores, the head's keys and values in bf16, and the block's queries. Kernels of whole heads
/// (ck_table.h) need no more.
static inline size_t ck_attention_bf16_scratch(uint32_t inner_rows, uint32_t depth) {
  size_t keys = ck_padded(inner_rows), width = ck_padded(depth);
  return CK_ATTENTION_BF16_BLOCK * (keys + CK_PANEL + width / 2) + keys * width;
}
/// ck_attention, where tiles multiply bf16 from three planes of bf16 each of queries, keys, weights and
/// values (x86_64/attention_planes_amx.c), whose errors are those of f32; elsewhere ck_attention itself. A
/// weight's exponent is not taken relative to the query's largest score, so that values above 2^60 may
/// overflow. `heads` tasks. scratch for each worker: ck_attention_x6_scratch elements. y may be a as in
/// ck_attention.
void ck_attention_x6(const ck_op *op, uint32_t task, uint32_t worker);
/// ck_attention_x6 over all rows, with the same bits, that also gives partial token scores as
/// ck_attention_scored_bf16 does.
void ck_attention_scored_x6(const ck_op *op, uint32_t task, uint32_t worker);
/// Planes of a head's keys and values and a block's weights; elsewhere a block's probabilities.
static inline size_t ck_attention_x6_scratch(uint32_t inner_rows, uint32_t depth) {
  size_t keys = ((size_t)inner_rows + 31) / 32 * 32, width = ((size_t)depth + 31) / 32 * 32;
  return keys * (3 * width + CK_ATTENTION_BLOCK);
}
/// ck_attention_bf16, and ck_attention_scored_bf16, of queries, keys and values that a product wrote in bf16
/// (ck_gemm_encode_bf16), side by side in one matrix: a, encoded rows of a_layout, 3·heads·dh columns, those
/// of the keys from heads·dh on, those of the values from 2·heads·dh on. The bits are those of
/// ck_attention_bf16 of the same values in f32. a has stored_rows rows; index is NULL. `heads` tasks. scratch
/// for each worker: ck_attention_encoded_scratch elements of stored_rows.
void ck_attention_encoded_bf16(const ck_op *op, uint32_t task, uint32_t worker);
void ck_attention_scored_encoded_bf16(const ck_op *op, uint32_t task, uint32_t worker);
/// ck_attention_encoded_bf16 whose y holds the result as ck_encode_bf16 encodes it.
void ck_attention_encode_bf16(const ck_op *op, uint32_t task, uint32_t worker);
/// That of ck_attention_bf16, and a head's queries, keys, values and result in f32.
static inline size_t ck_attention_encoded_scratch(uint32_t stored_rows, uint32_t depth) {
  return ck_attention_bf16_scratch(stored_rows, depth) + (size_t)4 * stored_rows * depth;
}
/// index_out[i] = i for i < rows. One task.
void ck_iota(const ck_op *op, uint32_t task, uint32_t worker);
/// Token elimination: token score j = Σ_h a[h, j] (partial scores, leading dimension inner_rows, heads summed
/// in order); index_out = the `rows` row numbers of largest score among inner_rows, ascending; row 0 is
/// always kept; ties keep the lower row; a NaN counts as −∞. rows ≤ inner_rows. One task. scratch:
/// 2·inner_rows elements.
void ck_select(const ck_op *op, uint32_t task, uint32_t worker);
/// Token selection by threshold: as ck_select, but apart from row 0 only rows whose score is at least
/// `scale`, and at most `rows` rows in all; *count_out = how many (at least 1). `index_out` beyond them is
/// left unchanged. One task. scratch: 2·inner_rows elements.
void ck_select_above(const ck_op *op, uint32_t task, uint32_t worker);
/// Restore, first half: y[origin[j]] = a[j] for every j < inner_rows that `index` (rows entries, ascending)
/// does not name. With index NULL: y[origin[j]] = a[j] for all j < rows. origin NULL: origin[j] is j. One
/// task. columns elements a row.
void ck_scatter(const ck_op *op, uint32_t task, uint32_t worker);
/// Scores of words: y[j] = table0[ids[j]] − table1[c] for j < inner_rows, where c = min(earlier, depth − 1)
/// and `earlier` counts the i < j with the same id. table0 has an element for each id, table1 `depth`
/// elements. One task.
void ck_word_scores(const ck_op *op, uint32_t task, uint32_t worker);
/// y[0] = mean of the rows j < inner_rows of a that `index` (rows entries, ascending) does not name; zero of
/// none, and with index NULL. One task. columns elements a row.
void ck_mean_dropped(const ck_op *op, uint32_t task, uint32_t worker);
/// Restore through a lens: y[origin[j]] = a[0] for every j < inner_rows that `index` (rows entries,
/// ascending) does not name. With index NULL: for all j < rows. origin NULL: origin[j] is j. One task.
/// columns elements a row.
void ck_spread(const ck_op *op, uint32_t task, uint32_t worker);
/// index_out[i] = index_out[index[i]] for i < rows, in place (index ascending): the positions of the kept
/// rows; unchanged when index is NULL. One task.
void ck_compose(const ck_op *op, uint32_t task, uint32_t worker);
/// y[i] = a[index[i]] for i < rows. Row tasks.
void ck_gather(const ck_op *op, uint32_t task, uint32_t worker);
/// y[0] = mean over a's first inner_rows rows, columns wide; accumulated in row order. One task. Of this and
/// the other poolings: rows before first_row do not count, neither in the sum nor in its divisor; of no rows
/// the result is zero (the largest: −∞).
void ck_mean(const ck_op *op, uint32_t task, uint32_t worker);
/// y[0] = the largest of every column of a's first inner_rows rows; NaN where the column has one. One task.
void ck_largest(const ck_op *op, uint32_t task, uint32_t worker);
/// y[0] = the sum of a's first inner_rows rows over inner_rows to the power of scale (0, the sum itself, to
/// 1, the mean); accumulated in row order. One task.
void ck_sum(const ck_op *op, uint32_t task, uint32_t worker);
/// y[0] = Σ w_i · a_i / Σ w_i over a's first inner_rows rows, with w_i = origin[i] + 1, or i + 1 when origin
/// is NULL: later tokens weigh more. One task.
void ck_weighted_mean(const ck_op *op, uint32_t task, uint32_t worker);
/// y[0] = row inner_rows − 1 of a. One task.
void ck_last_row(const ck_op *op, uint32_t task, uint32_t worker);
/// y = log(1 + max(a, 0)), NaN where a is. Row tasks; y may be a.
void ck_log1p(const ck_op *op, uint32_t task, uint32_t worker);
/// y = a / max(‖a‖₂, epsilon) row by row. Row tasks.
void ck_l2_normalize(const ck_op *op, uint32_t task, uint32_t worker);
/// y = softmax(a) row by row (scale applied first). Row tasks.
void ck_softmax(const ck_op *op, uint32_t task, uint32_t worker);
/// y = sigmoid(a). Row tasks.
void ck_sigmoid(const ck_op *op, uint32_t task, uint32_t worker);

/// Adds a layer's answer to those of the layers before (DACT-BERT), one row. With s = a (columns answers,
/// then the remainder p; NULL before the first layer: p = 1), class probabilities b, features c [depth]:
///   y[i] = b[i]·p + s[i]·(1 − p) for i < columns,   y[columns] = p · σ(weight·c + bias)
/// weight NULL (the last layer, and then c and bias too): y[columns] = p. y may be a. One task.
void ck_accumulate(const ck_op *op, uint32_t task, uint32_t worker);
/// Whether the answers a (as ck_accumulate leaves them, columns ≥ 2) keep their leading class over `extent` =
/// d more layers: y[0] = 1 when leader·(1 − p)^d ≥ runner-up + p·d, else 0 (the authors' rule). Both tests
/// allow for the rounding errors of the layers that are not run. The runtime ends a run whose test gives 1.
/// One task.
void ck_halt_authors(const ck_op *op, uint32_t task, uint32_t worker);
/// The same by the tighter rule: (1 + leader − runner-up)·(1 − p)^d ≥ 1.
void ck_halt_tight(const ck_op *op, uint32_t task, uint32_t worker);

/// y[i] = e^x[i] for i < n, as the table's softmax computes it (within 2 ulp); y may be x. For the accuracy
/// tests.
void ck_exp(const ck_table *table, float *y, const float *x, size_t n);

/// The scalar reference product with cblas_sgemm's signature; row-major only; readable, never optimised.
void ck_sgemm_scalar(int order, int transA, int transB, int m, int n, int k, float alpha, const float *a,
                     int lda, const float *b, int ldb, float beta, float *c, int ldc);

#ifdef __cplusplus
}
#endif
