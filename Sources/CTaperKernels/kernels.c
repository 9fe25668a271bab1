// The registry: kernel families by id, and the row-kernel table of each tier.
#include "ck_table.h"
#include "include/ck_kernels.h"

static const ck_kernel registry[] = {
#define CK_KERNEL(id, name, kind, driver, tasks, scratch, weight, precision)                                 \
  [id] = {#name, driver, CK_TASKS_##tasks, CK_SCRATCH_##scratch, CK_WEIGHT_##weight},
#include "kernels.def"
#undef CK_KERNEL
};

const ck_kernel *ck_find_kernel(uint16_t id) {
  if (id >= sizeof registry / sizeof registry[0] || !registry[id].driver)
    return NULL;
  const ck_kernel *kernel = &registry[id];
  return kernel->driver == ck_gemm_openblas && !ck_openblas() ? NULL : kernel;
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
bool ck_table_bounds_pairs(const ck_table *table) { return table->gemm_i8_pairs != table->gemm_i8; }
ck_encoded_layout ck_table_encoded_layout(const ck_table *table) { return table->encoded_layout; }
