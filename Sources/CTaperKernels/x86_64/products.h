// Products of packed bf16 and i8 and attention in bf16 by tier, each in a file of its name.
#pragma once
#include "../ck_table.h"

void ck_gemm_i8_avx2(const ck_panel_job *job);
void ck_gemm_i8_pairs_avx2(const ck_panel_job *job);
void ck_gemm_i8_avx2_vnni(const ck_panel_job *job);
void ck_gemm_i8_avx512(const ck_panel_job *job);
void ck_gemm_i8_pairs_avx512(const ck_panel_job *job);
void ck_gemm_i8_avx512_vnni(const ck_panel_job *job);
void ck_gemm_i8_amx(const ck_panel_job *job);
void ck_gemm_bf16_avx2(const ck_panel_job *job);
void ck_gemm_bf16_avx512(const ck_panel_job *job);
void ck_gemm_bf16_avx512_bf16(const ck_panel_job *job);
void ck_gemm_bf16_amx(const ck_panel_job *job);
void ck_gemm_x3_amx(const ck_panel_job *job);
void ck_gemm_x6_amx(const ck_panel_job *job);

void ck_attend_avx512_bf16(const ck_op *op, uint32_t head, float *scratch, float *sums);
void ck_attend_amx(const ck_op *op, uint32_t head, float *scratch, float *sums);
void ck_attend_encoded_amx(const ck_op *op, uint32_t head, float *scratch, float *sums, bool encodes);
void ck_attend_planes_amx(const ck_op *op, uint32_t head, float *scratch, float *sums);

extern const ck_bf16_attention ck_attention_bf16_avx2;
extern const ck_bf16_attention ck_attention_bf16_avx512;
extern const ck_bf16_attention ck_attention_bf16_avx512_bf16;
extern const ck_bf16_attention ck_attention_bf16_amx;
