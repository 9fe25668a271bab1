// The registry: the kernel families of kernels.def, by id. The runtime, the profiler and the probe all run
// kernels through it, so what was timed is what runs.
#pragma once
#include "ck_op.h"
#include "ck_panel.h"
#include "ck_pool.h"

/// What each worker needs as scratch.
typedef enum ck_scratch_rule : uint32_t {
  CK_SCRATCH_NONE = 0,
  CK_SCRATCH_INDEXED_ROWS = 1,       // an op with an index: a copy of the rows it names; without: none
  CK_SCRATCH_ATTENTION = 2,          // ck_attention_scratch
  CK_SCRATCH_OPTIONAL_ATTENTION = 3, // the same or none: the driver looks at scratch_stride
  CK_SCRATCH_ATTENTION_BF16 = 4,     // ck_attention_bf16_scratch
  CK_SCRATCH_TOKEN_SCORES = 5,       // CK_SELECTION_SCRATCH for each of the inner rows
  CK_SCRATCH_ATTENTION_PLANES = 6,   // ck_attention_x6_scratch
  CK_SCRATCH_ATTENTION_ENCODED = 7,  // ck_attention_encoded_scratch
} ck_scratch_rule;

typedef struct ck_kernel {
  const char *name;
  ck_driver driver;
  ck_task_rule tasks;
  ck_scratch_rule scratch;
  ck_weight_layout weight;
} ck_kernel;

/// The family of that id; NULL for an id this build does not know, and for one that needs OpenBLAS in a
/// program without it.
const ck_kernel *ck_find_kernel(uint16_t id);

/// Runs an op to its end on the pool's workers.
static inline void ck_kernel_run(ck_pool *pool, const ck_kernel *kernel, const ck_op *op) {
  ck_pool_run(pool, kernel->driver, op, ck_task_count(kernel->tasks, op));
}

/// Elements of scratch that each worker uses under a rule.
static inline size_t ck_scratch_elements(ck_scratch_rule rule, uint32_t rows, uint32_t inner_rows,
                                         uint32_t depth) {
  switch (rule) {
  case CK_SCRATCH_INDEXED_ROWS:
    return (size_t)rows * depth;
  case CK_SCRATCH_ATTENTION:
  case CK_SCRATCH_OPTIONAL_ATTENTION:
    return ck_attention_scratch(inner_rows);
  case CK_SCRATCH_ATTENTION_BF16:
    return ck_attention_bf16_scratch(inner_rows, depth);
  case CK_SCRATCH_ATTENTION_PLANES:
    return ck_attention_x6_scratch(inner_rows, depth);
  case CK_SCRATCH_ATTENTION_ENCODED:
    return ck_attention_encoded_scratch(inner_rows, depth);
  case CK_SCRATCH_TOKEN_SCORES:
    return (size_t)CK_SELECTION_SCRATCH * inner_rows;
  default:
    return 0;
  }
}

/// cblas_sgemm, which any number of threads may call at once; NULL in a program without OpenBLAS.
ck_sgemm_fn ck_openblas(void);
/// What ck_openblas gives. The target COpenBLAS defines it, so only programs that link that target have it;
/// call ck_openblas.
ck_sgemm_fn ck_openblas_product(void);
