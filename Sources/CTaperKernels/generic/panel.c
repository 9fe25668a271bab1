// The scalar reference of the packed products and of their encodings, which every tier is tested against.
#include "panel.h"
#include "../include/ck_panel.h"
#include <math.h>
#include <string.h>

static uint16_t bf16_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return value != value ? (uint16_t)(bits >> 16 | 64) : (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

/// Where element i of a row lies.
static void *element(ck_encoded_row row, size_t i, size_t bytes) {
  return row.at + i * bytes / CK_ENCODED_LINE * row.line_stride + i * bytes % CK_ENCODED_LINE;
}

static void finish(const ck_panel_job *job, uint32_t row, uint32_t column, float value) {
  float result;
  ck_table_scalar.bias_activation(&result, &value, job->bias ? job->bias + column : NULL, 1, job->activation);
  if (job->encoded)
    *(uint16_t *)element(job->encoded[row], job->encoded_offset / 2 + column, 2) = bf16_of(result);
  else
    job->y[(size_t)row * job->ldy + column] = result;
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

/// a is f32, and each weight the sum of its planes.
static void multiply_planes(const ck_panel_job *job, uint32_t planes) {
  size_t panel = (size_t)(job->depth + 1) / 2 * 32 * planes;
  for (uint32_t i = 0; i < job->rows; i++)
    for (uint32_t n = 0; n < job->columns; n++) {
      const float *a = job->a[i];
      const uint16_t *w = (const uint16_t *)job->panels + n / 16 * panel + n % 16 * 2;
      double sum = 0;
      for (uint32_t k = 0; k < job->depth; k++) {
        float weight = 0;
        for (uint32_t p = planes; p-- > 0;)
          weight += from_bf16(w[((size_t)(k / 2) * planes + p) * 32 + k % 2]);
        sum += (double)a[k] * weight;
      }
      finish(job, i, n, (float)sum);
    }
}

static void multiply_x3(const ck_panel_job *job) { multiply_planes(job, 2); }
static void multiply_x6(const ck_panel_job *job) { multiply_planes(job, 3); }

void ck_encode_planes_as_f32(ck_encoded_row y, size_t plane, const float *a, size_t n, uint32_t planes) {
  (void)plane, (void)planes;
  memcpy(y.at, a, n * sizeof *a);
}

const ck_plane_products ck_plane_products_scalar = {
    .gemm_x3 = multiply_x3, .gemm_x6 = multiply_x6, .encode = ck_encode_planes_as_f32};

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
      sum -= (int32_t)job->a_scale[i].zero * job->sum[n];
      finish(job, i, n, (float)sum * job->a_scale[i].scale * job->scale[n]);
    }
}

/// n with the padding: a multiple of the group, or whole lines.
static size_t padded(ck_encoded_row row, size_t n, size_t bytes, size_t group) {
  size_t unit = row.line_stride == CK_ENCODED_LINE ? group : CK_ENCODED_LINE / bytes;
  return (n + unit - 1) / unit * unit;
}

void ck_encode_bf16_scalar(ck_encoded_row y, const float *a, size_t n) {
  for (size_t i = 0; i < padded(y, n, 2, CK_GROUP_BF16); i++)
    *(uint16_t *)element(y, i, 2) = i < n ? bf16_of(a[i]) : 0;
}

static float within_codes(float x) { return x > 255 ? 255 : x > 0 ? x : 0; }

ck_row_scale ck_encode_i8_scalar(ck_encoded_row y, const float *a, const float *multiplier, size_t n) {
  float least = 0, largest = 0;
  int has_nan = 0;
  for (size_t i = 0; i < n; i++) {
    float x = multiplier ? a[i] * multiplier[i] : a[i];
    has_nan |= x != x;
    least = x < least ? x : least;
    largest = x > largest ? x : largest;
  }
  float scale = largest / 254 - least / 254;
  if (scale == 0)
    scale = 1;
  float inverse = 1 / scale, zero = within_codes(rintf(-least * inverse));
  for (size_t i = 0; i < n; i++) {
    float x = multiplier ? a[i] * multiplier[i] : a[i];
    float code = rintf(x * inverse);
    *(uint8_t *)element(y, i, 1) = (uint8_t)(code == code ? within_codes(code + zero) : zero);
  }
  for (size_t i = n; i < padded(y, n, 1, CK_GROUP_I8); i++)
    *(uint8_t *)element(y, i, 1) = (uint8_t)zero;
  return (ck_row_scale){.scale = has_nan ? NAN : scale, .zero = zero};
}
