// The kernel families of kernels.def, by id.
#pragma once
#include "ck_op.h"

typedef struct ck_kernel {
  const char *name;
  ck_driver driver;
  ck_task_rule tasks;
  ck_sgemm_fn sgemm; // the product this family brings along; NULL: ck_openblas's
} ck_kernel;

/// The family of that id; NULL for an id this build does not know.
const ck_kernel *ck_find_kernel(uint16_t id);
/// Its name in kernels.def; NULL for an id this build does not know.
const char *ck_kernel_name(uint16_t id);

/// cblas_sgemm, which any number of threads may call at once; NULL in a program without OpenBLAS.
ck_sgemm_fn ck_openblas(void);
/// What ck_openblas gives. Defined by the target COpenBLAS, so there or not as a program links it; call
/// ck_openblas.
ck_sgemm_fn ck_openblas_product(void);
