// OpenBLAS: cblas.h, and the provider of CTaperKernels' row-major product (ck_openblas_product in
// ck_kernels.h). A program that links this target runs gemm_f32_openblas; one that does not, such as
// taper-run, does without.
#pragma once
#include <cblas.h>
