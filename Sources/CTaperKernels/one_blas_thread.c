// Keeps OpenBLAS from starting threads of its own, one for each CPU, when the program is loaded.
//
// Taper needs OpenBLAS's threaded build, because only that build may be called from several threads at once
// (the serial build hands the same buffer to two callers), but runs products on its own workers. The library
// reads its environment in a constructor without priority; this one has a priority and so runs first.
#include <stdlib.h>

__attribute__((constructor(101))) static void ck_one_blas_thread(void) {
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
}
