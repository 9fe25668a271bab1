// The scalar reference of attention's products.
#include "product.h"
#include "../include/ck_panel.h"

void ck_multiply_scalar(const ck_product *product) {
  for (uint32_t i = 0; i < product->rows; i++)
    for (uint32_t n = 0; n < product->columns; n++) {
      const float *b = product->b + (size_t)(n / CK_PANEL) * product->panel_stride + n % CK_PANEL;
      float *y = product->y + (size_t)i * product->ldy + n;
      double sum = product->accumulate ? *y : 0;
      for (uint32_t k = 0; k < product->depth; k++)
        sum += (double)product->a[i][k] * b[(size_t)k * product->ldb];
      *y = (float)sum;
    }
}

void ck_pack_transposed_scalar(float *panel, const float *const *rows, uint32_t depth) {
  for (uint32_t k = 0; k < depth; k++)
    for (uint32_t i = 0; i < CK_PANEL; i++)
      panel[(size_t)k * CK_PANEL + i] = rows[i][k];
}
