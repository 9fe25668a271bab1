#include "COpenBLAS.h"
#include "ck_kernels.h"
#include <stdio.h>
#include <stdlib.h>

// Keeps OpenBLAS from starting threads of its own, one for each CPU, when the program is loaded: Taper runs
// the parts of a product on its own workers. The library reads its environment in a constructor without
// priority; this one has a priority and so runs first.
__attribute__((constructor(101))) static void one_thread(void) { setenv("OPENBLAS_NUM_THREADS", "1", 1); }

ck_sgemm_fn ck_openblas_product(void) {
  // The serial build's buffer pool has no lock: now and then it hands the same buffer to two callers.
  if (!openblas_get_parallel()) {
    fputs("linked with the serial OpenBLAS, which several threads must not call at once\n", stderr);
    abort();
  }
  // The types differ only in that cblas.h names its enumerations where ck_op.h says int; the psABIs of x86-64
  // and AArch64 pass both as the same 32-bit integer.
  return (ck_sgemm_fn)cblas_sgemm;
}
