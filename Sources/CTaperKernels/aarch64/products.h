// Products of packed bf16 and i8 and attention in bf16 by tier, each in a file of its name.
#pragma once
#include "../ck_table.h"

void ck_gemm_i8_neon(const ck_panel_job *job);
void ck_gemm_i8_neon_dotprod(const ck_panel_job *job);
void ck_gemm_bf16_neon(const ck_panel_job *job);

extern const ck_bf16_attention ck_attention_bf16_neon;
