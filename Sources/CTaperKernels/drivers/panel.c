// Packed products: finds a task's panels in the weight and passes the tier its rows by pointer.
#include "../ck_table.h"
#include "../include/ck_panel.h"
#include "ck_encoded_rows.h"
#include <stdbool.h>
#include <string.h>

/// Most bytes of tiles handed to a tier at once: they and the panels should fit the second cache level.
enum { tiles_chunk = 1 << 20 };

/// Rows handed to a tier at once. Of tiles they are whole pairs, so that all blocks but the last are full, in
/// chunks as equal as possible.
static uint32_t chunk_rows(const ck_op *op, size_t element_bytes) {
  if (op->a_layout == CK_ENCODED_ROWS)
    return ck_most_job_rows;
  uint32_t pair = 2 * ck_encoded_tile_rows(op->rows), pairs = (op->rows + pair - 1) / pair;
  size_t by_rows = (op->rows + ck_most_job_rows - 1) / ck_most_job_rows;
  size_t by_bytes = (op->rows * (op->depth * element_bytes) + tiles_chunk - 1) / tiles_chunk;
  size_t chunks = by_rows > by_bytes ? by_rows : by_bytes;
  return chunks < pairs ? (uint32_t)((pairs + chunks - 1) / chunks) * pair : pair;
}

/// Where a row of a lies, f32 or encoded as the layout's product reads it.
static ck_plane_row read_row(const ck_op *op, uint32_t row, ck_weight_layout layout) {
  uint32_t planes = ck_layout_planes(layout);
  if (planes > 1)
    return ck_plane_row_at(op->a, op->a_layout, row, op->rows, op->depth, op->lda, planes);
  return (ck_plane_row){.first = ck_read_row(op, row, ck_element_bytes(layout))};
}

/// Zeros after the columns of an encoded row of bf16, to its whole groups or lines.
static void pad(ck_encoded_row row, uint32_t columns) {
  size_t size = (size_t)columns * 2, unit = row.line_stride == CK_ENCODED_LINE ? 4 : CK_ENCODED_LINE;
  if (size % unit)
    memset(row.at + size / CK_ENCODED_LINE * row.line_stride + size % CK_ENCODED_LINE, 0, unit - size % unit);
}

/// A task's share is a multiple of `span` panels. With `encodes` the result is bf16.
static void run(const ck_op *op, uint32_t task, ck_weight_layout layout, uint32_t span, bool encodes,
                void (*kernel)(const ck_panel_job *)) {
  uint32_t panels = ck_panels(op->columns);
  uint32_t spans = (panels + span - 1) / span;
  uint32_t first = (uint32_t)((uint64_t)spans * task / op->parts) * span;
  uint32_t last = (uint32_t)((uint64_t)spans * (task + 1) / op->parts) * span;
  if (first == last)
    return;
  if (last > panels)
    last = panels;
  bool has_scales = ck_layout_has_scales(layout);
  size_t panel_bytes = ck_panel_bytes(layout, op->depth);
  uint32_t column = first * CK_PANEL, end = last * CK_PANEL < op->columns ? last * CK_PANEL : op->columns;
  const char *weight = op->weight;
  const float *scale = (const float *)(weight + panels * panel_bytes);
  const int32_t *sum = (const int32_t *)(scale + (size_t)panels * CK_PANEL);

  const uint32_t tile_rows = ck_encoded_tile_rows(op->rows);
  const uint32_t chunk = chunk_rows(op, ck_element_bytes(layout));
  const void *rows[ck_most_job_rows];
  ck_row_scale row_scale[ck_most_job_rows];
  ck_encoded_row encoded[ck_most_job_rows];
  for (uint32_t start = 0; start < op->rows; start += chunk) {
    uint32_t count = op->rows - start < chunk ? op->rows - start : chunk;
    for (uint32_t i = 0, in_tile = 0; i < count; i++, in_tile++) {
      uint32_t row = op->index ? op->index[start + i] : start + i;
      in_tile = in_tile == tile_rows ? 0 : in_tile; // a chunk begins with a tile
      rows[i] = op->a_layout == CK_ENCODED_TILES && in_tile ? (const char *)rows[i - 1] + CK_ENCODED_LINE
                                                            : read_row(op, row, layout).first.at;
      if (encodes)
        encoded[i] = ck_written_row(op, start + i, 2);
      if (has_scales)
        row_scale[i] = (ck_row_scale){.scale = op->b[(size_t)2 * row], .zero = op->b[(size_t)2 * row + 1]};
    }
    ck_panel_job job = {
        .a = rows,
        .a_scale = row_scale,
        .line_stride = read_row(op, 0, layout).first.line_stride,
        .plane = read_row(op, 0, layout).plane,
        .rows = count,
        .tile_rows = tile_rows,
        .depth = op->depth,
        .panels = weight + first * panel_bytes,
        .scale = has_scales ? scale + column : NULL,
        .sum = has_scales ? sum + column : NULL,
        .columns = end - column,
        .bias = op->bias ? op->bias + column : NULL,
        .activation = op->activation,
        .y = encodes ? NULL : op->y + (size_t)start * op->ldy + column,
        .ldy = op->ldy,
        .encoded = encodes ? encoded : NULL,
        .encoded_offset = (size_t)column * 2,
    };
    kernel(&job);
    if (encodes && end == op->columns)
      for (uint32_t i = 0; i < count; i++)
        pad(encoded[i], op->columns);
  }
}

void ck_gemm_f32_panel(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  run(op, task, CK_WEIGHT_PANEL_F32, CK_PANEL_SPAN, false, op->table->gemm_f32);
}

void ck_gemm_bf16_panel(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  run(op, task, CK_WEIGHT_PANEL_BF16, 1, false, op->table->gemm_bf16);
}

void ck_gemm_encode_bf16(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  run(op, task, CK_WEIGHT_PANEL_BF16, 1, true, op->table->gemm_bf16);
}

void ck_gemm_f32_x3(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  run(op, task, CK_WEIGHT_PANEL_BF16X2, 1, false, op->table->planes->gemm_x3);
}

void ck_gemm_f32_x6(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  run(op, task, CK_WEIGHT_PANEL_BF16X3, 1, false, op->table->planes->gemm_x6);
}

void ck_gemm_i8_panel(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  run(op, task, CK_WEIGHT_PANEL_I8, 1, false, op->table->gemm_i8);
}

void ck_gemm_i8_pairs(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  run(op, task, CK_WEIGHT_PANEL_I8_PAIRS, 1, false, op->table->gemm_i8_pairs);
}
