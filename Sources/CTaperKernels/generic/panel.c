// The scalar reference of the packed products and of their encodings: the definition every tier is tested
// against.
#include "panel.h"
#include "../include/ck_panel.h"
#include <math.h>
#include <string.h>

static void finish(const ck_panel_job *job, uint32_t row, uint32_t column, float value) {
  float *y = job->y + (size_t)row * job->ldy + column;
  ck_table_scalar.bias_activation(y, &value, job->bias ? job->bias + column : NULL, 1, job->activation);
}

static float from_bf16(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

void ck_panel_f32_scalar(const ck_panel_job *job) {
  const float *panels = job->panels;
  for (uint32_t i = 0; i < job->rows; i++)
    for (uint32_t n = 0; n < job->columns; n++) {
      const float *a = job->a[i], *w = panels + (size_t)(n / 16) * 16 * job->depth + n % 16;
      double sum = 0;
      for (uint32_t k = 0; k < job->depth; k++)
        sum += (double)a[k] * w[(size_t)k * 16];
      finish(job, i, n, (float)sum);
    }
}

void ck_panel_bf16_scalar(const ck_panel_job *job) {
  const uint16_t *panels = job->panels;
  uint32_t depth = (job->depth + 1) & ~1u;
  for (uint32_t i = 0; i < job->rows; i++)
    for (uint32_t n = 0; n < job->columns; n++) {
      const uint16_t *a = job->a[i], *w = panels + (size_t)(n / 16) * 16 * depth + n % 16 * 2;
      double sum = 0;
      for (uint32_t k = 0; k < job->depth; k++)
        sum += (double)from_bf16(a[k]) * from_bf16(w[(size_t)(k / 2) * 32 + k % 2]);
      finish(job, i, n, (float)sum);
    }
}

void ck_panel_i8_scalar(const ck_panel_job *job) {
  const int8_t *panels = job->panels;
  uint32_t depth = (job->depth + 3) & ~3u;
  for (uint32_t i = 0; i < job->rows; i++)
    for (uint32_t n = 0; n < job->columns; n++) {
      const uint8_t *a = job->a[i];
      const int8_t *w = panels + (size_t)(n / 16) * 16 * depth + n % 16 * 4;
      int32_t sum = 0;
      for (uint32_t k = 0; k < job->depth; k++)
        sum += a[k] * w[(size_t)(k / 4) * 64 + k % 4];
      // The codes are 128 too high; the vector units want them unsigned.
      finish(job, i, n, (float)(sum - 128 * job->sum[n]) * job->a_scale[i] * job->scale[n]);
    }
}

void ck_encode_bf16_scalar(uint16_t *y, const float *a, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, &a[i], sizeof bits);
    y[i] = a[i] != a[i] ? (uint16_t)(bits >> 16 | 64) : (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
  }
  if (n % 2)
    y[n] = 0;
}

float ck_encode_i8_scalar(uint8_t *y, const float *a, size_t n) {
  float largest = 0;
  for (size_t i = 0; i < n; i++)
    largest = fabsf(a[i]) > largest ? fabsf(a[i]) : largest;
  float scale = largest > 0 ? largest / 127 : 1, inverse = 1 / scale;
  for (size_t i = 0; i < n; i++) {
    float code = rintf(a[i] * inverse);
    code = code > 127 ? 127 : code < -127 ? -127 : code;
    y[i] = code == code ? (uint8_t)(code + 128) : 128;
  }
  for (size_t i = n; i % 4; i++)
    y[i] = 128;
  return scale;
}
