// The kernel families of kernels.def, by id.
#pragma once
#include "ck_op.h"

typedef struct ck_kernel {
  const char *name;
  ck_driver driver;
  ck_task_rule tasks;
  ck_sgemm_fn sgemm; // the product this family brings along; NULL: the caller's provider (cblas_sgemm)
} ck_kernel;

/// The family of that id; NULL for an id this build does not know.
const ck_kernel *ck_find_kernel(uint16_t id);
/// Its name in kernels.def; NULL for an id this build does not know.
const char *ck_kernel_name(uint16_t id);
