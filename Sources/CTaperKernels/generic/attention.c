// The scalar reference of attention in bf16.
#include "attention.h"
#include <math.h>
#include <string.h>

static float widened(uint32_t half) {
  uint32_t bits = half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint16_t rounded(float value) {
  uint16_t half[2];
  ck_encoded_row row = {.at = (char *)half, .line_stride = CK_ENCODED_LINE};
  ck_table_scalar.encode_bf16(row, &value, 1);
  return half[0];
}

static void multiply(const ck_pairs_product *product) {
  for (uint32_t i = 0; i < product->rows; i++)
    for (uint32_t n = 0; n < product->columns; n++) {
      const uint32_t *a = product->a + (size_t)i * product->lda;
      const uint32_t *b = product->b + (size_t)(n / CK_PANEL) * product->groups * CK_PANEL + n % CK_PANEL;
      double sum = 0;
      for (uint32_t k = 0; k < product->groups; k++) {
        uint32_t pair = b[(size_t)k * CK_PANEL];
        sum += (double)widened(a[k] & 0xFFFF) * widened(pair & 0xFFFF);
        sum += (double)widened(a[k] >> 16) * widened(pair >> 16);
      }
      product->y[(size_t)i * product->ldy + n] = (float)sum * (product->factor ? product->factor[i] : 1);
    }
}

static void weigh(const ck_weights_job *job) {
  for (uint32_t row = 0; row < job->rows; row++) {
    float *a = job->a + row * job->lda, largest = -INFINITY;
    const float *bias = job->bias ? job->bias[row] : NULL;
    uint16_t *w = (uint16_t *)a; // writes never overtake reads
    for (uint32_t i = 0; i < job->n; i++) {
      a[i] = job->scale * a[i] + (bias ? bias[job->position ? job->position[i] : i] : 0);
      largest = a[i] > largest ? a[i] : largest;
    }
    double sum = 0;
    for (uint32_t i = 0; i < job->n; i++) {
      float e = expf(a[i] - largest);
      uint16_t half = rounded(e);
      sum += e;
      memcpy(w + i, &half, sizeof half);
    }
    if (job->n % 2)
      memset(w + job->n, 0, sizeof *w);
    job->inverse[row] = (float)(1 / sum);
    for (uint32_t i = 0; job->sums && i < job->n; i++) {
      uint16_t half;
      memcpy(&half, w + i, sizeof half);
      job->sums[i] += widened(half) * job->inverse[row];
    }
  }
}

static void round_rows(uint16_t *y, size_t ldy, const float *a, size_t lda, uint32_t rows, uint32_t n) {
  for (uint32_t row = 0; row < rows; row++)
    for (size_t i = 0; i < ldy; i++)
      y[row * ldy + i] = i < n ? rounded(a[row * lda + i]) : 0;
}

static void pack_pairs(uint32_t *y, size_t panel, const float *a, size_t lda, uint32_t rows, uint32_t n) {
  for (uint32_t row = 0; row < rows; row += 2)
    for (uint32_t i = 0; i < ck_panels(n) * CK_PANEL; i++) {
      uint32_t even = i < n ? rounded(a[row * lda + i]) : 0;
      uint32_t odd = i < n && row + 1 < rows ? rounded(a[(row + 1) * lda + i]) : 0;
      y[i / CK_PANEL * panel + row / 2 * CK_PANEL + i % CK_PANEL] = even | odd << 16;
    }
}

const ck_bf16_attention ck_attention_bf16_scalar = {
    .multiply = multiply, .weigh = weigh, .round_rows = round_rows, .pack_pairs = pack_pairs};
