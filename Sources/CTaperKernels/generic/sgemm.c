// The scalar reference product.
#include "../include/ck_op.h"

enum { row_major = 101, transposed = 112 };

void ck_sgemm_scalar(int order, int transA, int transB, int m, int n, int k, float alpha, const float *a,
                     int lda, const float *b, int ldb, float beta, float *c, int ldc) {
  if (order != row_major)
    __builtin_trap(); // a bug of ours: nothing in Taper uses column-major
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int p = 0; p < k; p++) {
        float left = transA == transposed ? a[(size_t)p * lda + i] : a[(size_t)i * lda + p];
        float right = transB == transposed ? b[(size_t)j * ldb + p] : b[(size_t)p * ldb + j];
        sum += (double)left * right;
      }
      float *out = &c[(size_t)i * ldc + j];
      // as in BLAS, beta zero does not read c, which may hold anything
      *out = (float)(alpha * sum + (beta == 0 ? 0 : (double)beta * *out));
    }
}
