// The registry: kernel families by id, and the row-kernel table of each tier.
#include "ck_table.h"
#include "include/ck_kernels.h"

// What kernels.def names, bound to the driver that computes it and its cut into tasks. A family that is added
// to the list and not here does not compile.
#define BIND_embed_f32 ck_embed, CK_TASKS_ROWS, 0
#define BIND_gemm_f32_openblas ck_gemm, CK_TASKS_PARTS, 0
#define BIND_gemm_f32_scalar ck_gemm, CK_TASKS_PARTS, ck_sgemm_scalar
#define BIND_bias_activation_f32 ck_bias_activation, CK_TASKS_ROWS, 0
#define BIND_add_f32 ck_add, CK_TASKS_ROWS, 0
#define BIND_layer_norm_f32 ck_layer_norm, CK_TASKS_ROWS, 0
#define BIND_attention_f32 ck_attention, CK_TASKS_HEADS, 0
#define BIND_attention_scores_f32 ck_attention_scores, CK_TASKS_HEADS, 0
#define BIND_attention_context_f32 ck_attention_context, CK_TASKS_HEADS, 0
#define BIND_iota_u32 ck_iota, CK_TASKS_ONE, 0
#define BIND_select_f32 ck_select, CK_TASKS_ONE, 0
#define BIND_scatter_f32 ck_scatter, CK_TASKS_ONE, 0
#define BIND_compose_u32 ck_compose, CK_TASKS_ONE, 0
#define BIND_gather_f32 ck_gather, CK_TASKS_ROWS, 0
#define BIND_mean_f32 ck_mean, CK_TASKS_ONE, 0
#define BIND_l2_normalize_f32 ck_l2_normalize, CK_TASKS_ROWS, 0
#define BIND_softmax_f32 ck_softmax, CK_TASKS_ROWS, 0
#define BIND_sigmoid_f32 ck_sigmoid, CK_TASKS_ROWS, 0
#define BIND_gemm_f32_panel ck_gemm_f32_panel, CK_TASKS_PARTS, 0
#define BIND_gemm_bf16_panel ck_gemm_bf16_panel, CK_TASKS_PARTS, 0
#define BIND_gemm_i8_panel ck_gemm_i8_panel, CK_TASKS_PARTS, 0
#define BIND_encode_bf16 ck_encode_bf16, CK_TASKS_ROWS, 0
#define BIND_encode_i8 ck_encode_i8, CK_TASKS_ROWS, 0
#define BIND_attention_scored_f32 ck_attention_scored, CK_TASKS_HEADS, 0
#define BIND_select_above_f32 ck_select_above, CK_TASKS_ONE, 0
#define BIND_accumulate_f32 ck_accumulate, CK_TASKS_ONE, 0
#define BIND_halt_authors_f32 ck_halt_authors, CK_TASKS_ONE, 0
#define BIND_halt_tight_f32 ck_halt_tight, CK_TASKS_ONE, 0
#define BIND_attention_bf16 ck_attention_bf16, CK_TASKS_HEADS, 0
#define BIND_attention_scored_bf16 ck_attention_scored_bf16, CK_TASKS_HEADS, 0

static const ck_kernel registry[] = {
#define CK_KERNEL(id, name) [id] = {#name, BIND_##name},
#include "kernels.def"
#undef CK_KERNEL
};

const ck_kernel *ck_find_kernel(uint16_t id) {
  if (id >= sizeof registry / sizeof registry[0] || !registry[id].name)
    return NULL;
  return &registry[id];
}

const char *ck_kernel_name(uint16_t id) {
  const ck_kernel *kernel = ck_find_kernel(id);
  return kernel ? kernel->name : NULL;
}

// Weak: NULL where nothing defines it.
#pragma weak ck_openblas_product
ck_sgemm_fn ck_openblas(void) { return ck_openblas_product ? ck_openblas_product() : NULL; }

const ck_table *ck_kernels(ck_tier tier) {
  switch (ck_tier_at_most(tier)) {
#if defined(__x86_64__)
  case CK_TIER_AVX2:
    return &ck_table_avx2;
  case CK_TIER_AVX2_VNNI:
    return &ck_table_avx2_vnni;
  case CK_TIER_AVX512:
    return &ck_table_avx512;
  case CK_TIER_AVX512_VNNI:
    return &ck_table_avx512_vnni;
  case CK_TIER_AVX512_BF16:
    return &ck_table_avx512_bf16;
  case CK_TIER_AMX:
    return &ck_table_amx;
#elif defined(__aarch64__)
  case CK_TIER_NEON:
    return &ck_table_neon;
  case CK_TIER_NEON_DOTPROD:
    return &ck_table_neon_dotprod;
#endif
  default:
    return &ck_table_scalar;
  }
}

ck_tier ck_table_tier(const ck_table *table) { return table->tier; }
