// The row kernels that a tier provides. The drivers (drivers/) cut ops into tasks and call these on whole
// rows. A tier is one table (docs/contributing.md: how to add one).
#pragma once
#include "include/ck_encoded.h"
#include "include/ck_isa.h"
#include "include/ck_op.h"

/// What a row's u8 codes stand for: (code − zero) · scale; zero is a whole number within 0 … 255.
typedef struct ck_row_scale {
  float scale, zero;
} ck_row_scale;

/// Drivers keep the rows' pointers on the stack.
enum { ck_most_job_rows = 256 };

/// One task's share of a packed product: `rows` rows of a, at most ck_most_job_rows, times whole panels. Rows
/// are given by pointer, so that an index costs no copy.
typedef struct ck_panel_job {
  const void *const *a;        // rows pointers: f32, or the first lines of encoded rows (ck_encoded.h)
  size_t line_stride;          // encoded: from one line of a row to the next
  size_t plane;                // planes: bytes from one plane of a row to the next
  const ck_row_scale *a_scale; // i8: one for each row of a, in the order of `a`
  uint32_t rows, depth;
  uint32_t tile_rows; // rows of a tile, when line_stride is not CK_ENCODED_LINE; the last tile has room for
                      // as many
  const void *panels; // the job's first panel
  const float *scale; // i8: by column of the job
  const int32_t *sum; // i8: by column of the job
  uint32_t columns;   // of the job: a multiple of CK_PANEL except at the matrix's right edge
  const float *bias;  // by column of the job; NULL: none
  ck_activation activation;
  // the result, one of two kinds
  float *y; // f32: y[0, 0] of the job
  uint32_t ldy;
  const ck_encoded_row *encoded; // bf16: the rows, of which the job's first column is `encoded_offset` bytes
                                 // into each; NULL for f32
  size_t encoded_offset;
} ck_panel_job;

/// y[rows, n] = layernorm(a + bias + b) · gamma + beta; bias and b may be NULL; y may be a. Two passes, the
/// mean and then the variance about it, so that a large common offset costs no accuracy.
typedef struct ck_norm_job {
  const float *a;
  float *y;
  size_t lda, ldy;
  const float *const *b; // rows pointers
  const float *bias, *gamma, *beta;
  float epsilon;
  uint32_t rows;
  size_t n;
  // y encoded besides, as encode_i8 does it or, without scales, encode_bf16
  const ck_encoded_row *encoded; // by row; NULL: not wanted
  const float *multiplier;       // i8
  ck_row_scale *scales;          // i8: by row
} ck_norm_job;

/// result[rows, n] = softmax(scale · a + bias) row by row; y holds intermediate values and may be a. A NaN
/// makes its whole row NaN.
typedef struct ck_softmax_job {
  const float *a;
  float *y;
  float *result; // NULL: y
  size_t lda, ldy, ldr;
  const float *const *bias; // rows pointers, read at position[column], in order when that is NULL; NULL: none
  const uint32_t *position;
  float *sums; // n elements to which y's columns are added in row order; NULL: not wanted
  float scale;
  uint32_t rows, n;
} ck_softmax_job;

/// A small product in attention: y[rows, columns] = (y +) a · b, every element one sum over depth in
/// ascending order. b lies in panels of CK_PANEL columns: element (k, n) is at b[n / 16 · panel_stride + k ·
/// ldb + n % 16], and the last panel may be read up to its full width.
typedef struct ck_product {
  const float *const *a; // rows pointers
  const float *b;
  float *y;
  uint32_t rows, columns, depth;
  uint32_t ldb, panel_stride, ldy;
  uint32_t accumulate; // whether sums continue from y's values
} ck_product;

/// Attention's product of bf16 by bf16, summed in f32: y[rows, 16·panels] = factor · a · b. Row i of a is
/// `groups` pairs from i · lda words on; b lies in panels of CK_PANEL columns, `groups` lines of 16 pairs
/// each (ck_panel.h). Every element is one sum over the groups in ascending order.
typedef struct ck_pairs_product {
  const uint32_t *a, *b;
  float *y;
  const float *factor; // by row; NULL: one
  uint32_t rows, columns, groups;
  uint32_t lda, ldy;
} ck_pairs_product;

/// Softmax without its division: w = bf16(e^x) with x = scale · a + bias − the row's largest, and
/// inverse[row] = 1 / Σ e^x. A row of w replaces its row of a, followed by a zero when n is odd. A NaN makes
/// `inverse` NaN.
typedef struct ck_weights_job {
  float *a; // becomes uint16_t w[rows, 2·lda]
  size_t lda;
  const float *const *bias; // as in ck_softmax_job
  const uint32_t *position; // as in ck_softmax_job
  float *inverse;           // by row
  float *sums;              // n elements to which w · inverse is added in row order; NULL: not wanted
  float scale;
  uint32_t rows, n;
} ck_weights_job;

/// Widest head of ck_bf16_attention.head.
#define CK_FUSED_WIDTH 128u

/// Attention in bf16; differs between tiers of one vector width.
typedef struct ck_bf16_attention {
  /// A whole head of at most CK_FUSED_WIDTH columns, with the scratch of ck_attention_bf16; `sums`, unless
  /// NULL, gains the token scores. NULL where the row kernels below do it. Wider heads always go by them.
  void (*head)(const ck_op *op, uint32_t head, float *scratch, float *sums);
  /// The same of encoded rows (ck_attention_encoded_bf16), heads of whole lines; with `encodes` the result is
  /// encoded too. NULL: the driver goes by way of f32.
  void (*encoded_head)(const ck_op *op, uint32_t head, float *scratch, float *sums, bool encodes);
  void (*multiply)(const ck_pairs_product *product);
  void (*weigh)(const ck_weights_job *job);
  /// y[rows, ldy] = a[rows, n] rounded to bf16, to nearest even (subnormals may become zero); zeros from n
  /// on. ldy is n rounded up to a multiple of 16.
  void (*round_rows)(uint16_t *y, size_t ldy, const float *a, size_t lda, uint32_t rows, uint32_t n);
  /// a[rows, n], rounded likewise, in panels of 16 columns: line i of a panel, 16 words, holds rows 2·i and
  /// 2·i + 1. The panels are `panel` words apart; columns and a row beyond are zero.
  void (*pack_pairs)(uint32_t *y, size_t panel, const float *a, size_t lda, uint32_t rows, uint32_t n);
} ck_bf16_attention;

/// Products of f32 as planes of bf16 (ck_gemm_f32_x3, ck_gemm_f32_x6). What the encoding of a row holds is a
/// matter between a tier's `encode` and its products: planes where a unit multiplies bf16 fast enough, else
/// the f32 values, for which there is room.
typedef struct ck_plane_products {
  void (*gemm_x3)(const ck_panel_job *job);
  void (*gemm_x6)(const ck_panel_job *job);
  /// One row of n elements in 2 or 3 planes, `plane` bytes apart, each an encoded row like y.
  void (*encode)(ck_encoded_row y, size_t plane, const float *a, size_t n, uint32_t planes);
  /// A whole head of at most CK_FUSED_WIDTH columns, with the scratch of ck_attention_x6; `sums`, unless
  /// NULL, gain the weights' column sums. NULL: as ck_attention.
  void (*attend)(const ck_op *op, uint32_t head, float *scratch, float *sums);
} ck_plane_products;

struct ck_table {
  ck_tier tier;
  /// ck_table_encoded_layout
  ck_encoded_layout encoded_layout;
  /// y = act(a + bias); bias may be NULL; y may be a.
  void (*bias_activation)(float *y, const float *a, const float *bias, size_t n, ck_activation activation);
  /// y = act(a) · b; y may be a or b.
  void (*gate)(float *y, const float *a, const float *b, size_t n, ck_activation activation);
  /// One head of ck_rotate, n columns; y may be a.
  void (*rotate)(float *y, const float *a, const float *angles, size_t n);
  /// y = a + b; y may be a or b.
  void (*add)(float *y, const float *a, const float *b, size_t n);
  /// y = factor · a; y may be a.
  void (*scale)(float *y, const float *a, float factor, size_t n);
  void (*layer_norm)(const ck_norm_job *job);
  /// Rows of probabilities; y may be a.
  void (*softmax)(const ck_softmax_job *job);
  /// Σ a²
  float (*sum_of_squares)(const float *a, size_t n);
  /// y = 1 / (1 + e^−a); y may be a.
  void (*sigmoid)(float *y, const float *a, size_t n);
  /// y = e^a; y may be a. Within 2 ulp.
  void (*exp)(float *y, const float *a, size_t n);
  void (*multiply)(const ck_product *product);
  /// One panel of a transposed b: panel[depth][16] from 16 rows of depth elements.
  void (*pack_transposed)(float *panel, const float *const *rows, uint32_t depth);
  /// Products over packed panels, epilogue included.
  void (*gemm_f32)(const ck_panel_job *job);
  void (*gemm_bf16)(const ck_panel_job *job);
  void (*gemm_i8)(const ck_panel_job *job);
  void (*gemm_i8_pairs)(const ck_panel_job *job);
  const ck_plane_products *planes;
  const ck_bf16_attention *attention_bf16;
  /// One row of ck_encode_bf16. A contiguous y holds n rounded up to 2 elements, another whole lines.
  void (*encode_bf16)(ck_encoded_row y, const float *a, size_t n);
  /// One row of ck_encode_i8; multiplier may be NULL. A contiguous y holds n rounded up to 4 bytes, another
  /// whole lines.
  ck_row_scale (*encode_i8)(ck_encoded_row y, const float *a, const float *multiplier, size_t n);
};

extern const ck_table ck_table_scalar;
#if defined(__x86_64__)
extern const ck_table ck_table_avx2;
extern const ck_table ck_table_avx2_vnni;
extern const ck_table ck_table_avx512;
extern const ck_table ck_table_avx512_vnni;
extern const ck_table ck_table_avx512_bf16;
extern const ck_table ck_table_amx;
#elif defined(__aarch64__)
extern const ck_table ck_table_neon;
extern const ck_table ck_table_neon_dotprod;
#endif
