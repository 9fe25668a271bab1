// Packed products: cuts a task's panels out of the weight and hands the tier rows by pointer.
#include "../ck_table.h"
#include "../include/ck_panel.h"

/// Rows handed to a tier at once: their pointers live on the stack.
enum { row_chunk = 256 };

typedef struct element_sizes {
  uint32_t a, weight, group;
  uint32_t span; // a task's share is a multiple of this many panels
} element_sizes;

static void run(const ck_op *op, uint32_t task, element_sizes size, void (*kernel)(const ck_panel_job *)) {
  uint32_t panels = ck_panels(op->columns);
  uint32_t spans = (panels + size.span - 1) / size.span;
  uint32_t first = (uint32_t)((uint64_t)spans * task / op->parts) * size.span;
  uint32_t last = (uint32_t)((uint64_t)spans * (task + 1) / op->parts) * size.span;
  if (first == last)
    return;
  if (last > panels)
    last = panels;
  uint32_t depth = (op->depth + size.group - 1) / size.group * size.group;
  size_t panel_bytes = (size_t)CK_PANEL * depth * size.weight;
  uint32_t column = first * CK_PANEL, end = last * CK_PANEL < op->columns ? last * CK_PANEL : op->columns;
  const char *weight = op->weight;
  const float *scale = (const float *)(weight + panels * panel_bytes);
  const int32_t *sum = (const int32_t *)(scale + (size_t)panels * CK_PANEL);

  const void *rows[row_chunk];
  ck_row_scale row_scale[row_chunk];
  for (uint32_t start = 0; start < op->rows; start += row_chunk) {
    uint32_t count = op->rows - start < row_chunk ? op->rows - start : row_chunk;
    for (uint32_t i = 0; i < count; i++) {
      uint32_t row = op->index ? op->index[start + i] : start + i;
      rows[i] = (const char *)op->a + (size_t)row * op->lda * size.a;
      if (size.weight == 1)
        row_scale[i] = (ck_row_scale){.scale = op->b[(size_t)2 * row], .zero = op->b[(size_t)2 * row + 1]};
    }
    ck_panel_job job = {
        .a = rows,
        .a_scale = row_scale,
        .rows = count,
        .depth = op->depth,
        .panels = weight + first * panel_bytes,
        .scale = size.weight == 1 ? scale + column : NULL,
        .sum = size.weight == 1 ? sum + column : NULL,
        .columns = end - column,
        .bias = op->bias ? op->bias + column : NULL,
        .activation = op->activation,
        .y = op->y + (size_t)start * op->ldy + column,
        .ldy = op->ldy,
    };
    kernel(&job);
  }
}

void ck_gemm_f32_panel(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  run(op, task, (element_sizes){.a = 4, .weight = 4, .group = 1, .span = CK_PANEL_SPAN}, op->table->gemm_f32);
}

void ck_gemm_bf16_panel(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  run(op, task, (element_sizes){.a = 2, .weight = 2, .group = 2, .span = 1}, op->table->gemm_bf16);
}

void ck_gemm_i8_panel(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  run(op, task, (element_sizes){.a = 1, .weight = 1, .group = 4, .span = 1}, op->table->gemm_i8);
}
