// The scalar packed products, for tiers without their own.
#pragma once
#include "../ck_table.h"

void ck_panel_f32_scalar(const ck_panel_job *job);
void ck_panel_bf16_scalar(const ck_panel_job *job);
void ck_panel_i8_scalar(const ck_panel_job *job);
void ck_encode_bf16_scalar(ck_encoded_row y, const float *a, size_t n);
ck_row_scale ck_encode_i8_scalar(ck_encoded_row y, const float *a, const float *multiplier, size_t n);
/// The values as they are: for tiers whose products of planes multiply f32.
void ck_encode_planes_as_f32(ck_encoded_row y, size_t plane, const float *a, size_t n, uint32_t planes);
extern const ck_plane_products ck_plane_products_scalar;
