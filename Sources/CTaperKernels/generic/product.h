// The scalar products of attention.
#pragma once
#include "../ck_table.h"

void ck_multiply_scalar(const ck_product *product);
void ck_pack_transposed_scalar(float *panel, const float *const *rows, uint32_t depth);
