// Times attention, in f32 and in bf16, against the same computed by OpenBLAS head by head (scores, softmax,
// context), interleaved.
// Run by tools/bench/attention.
#include "../../Sources/CTaperKernels/ck_table.h"
#include "../../Sources/CTaperKernels/include/CTaperKernels.h"
#include "timing.h"
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { block = CK_ATTENTION_BLOCK, longest = 512, most_workers = 8 };

static void attention_by_blas(const ck_op *op, uint32_t head, uint32_t worker) {
  float *p = op->scratch + worker * op->scratch_stride;
  int n = (int)op->inner_rows, depth = (int)op->depth, ldp = (n + 15) & ~15;
  for (uint32_t first = 0; first < op->rows; first += block) {
    int count = op->rows - first < block ? (int)(op->rows - first) : block;
    const float *q = op->a + (size_t)first * op->lda + head * op->depth;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, count, n, depth, 1, q, (int)op->lda,
                op->b + head * op->depth, (int)op->ldb, 0, p, ldp);
    ck_softmax_job job = {.a = p,
                          .y = p,
                          .lda = (size_t)ldp,
                          .ldy = (size_t)ldp,
                          .scale = op->scale,
                          .rows = (uint32_t)count,
                          .n = op->inner_rows};
    op->table->softmax(&job);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, count, depth, n, 1, p, ldp,
                op->c + head * op->depth, (int)op->ldc, 0, op->y + (size_t)first * op->ldy + head * op->depth,
                (int)op->ldy);
  }
}

/// Seconds that an op takes: the mean over about a fifth of a millisecond.
static double time_of(ck_pool *pool, ck_driver driver, ck_op *op, double guess) {
  int repeats = guess > 0 ? (int)(2e-4 / guess) + 1 : 1;
  double start = now();
  for (int i = 0; i < repeats; i++)
    ck_pool_run(pool, driver, op, op->heads);
  return (now() - start) / repeats;
}

/// FLOP/s of one core's fused multiply-adds at `table`'s vector width: a product whose operands stay in L1.
static double peak(const ck_table *table) {
  static float a[12 * 256], b[256 * 32], y[12 * 32];
  const float *rows[12];
  for (int i = 0; i < 12; i++)
    rows[i] = a + 256 * i;
  ck_product product = {
      rows, b, y, .rows = 12, .columns = 32, .depth = 256, .ldb = 16, .panel_stride = 4096, .ldy = 32};
  double best = 1;
  for (int i = 0; i < 2000; i++) {
    double start = now();
    for (int j = 0; j < 10; j++)
      table->multiply(&product);
    best = fmin(best, (now() - start) / 10);
  }
  return 2.0 * 12 * 32 * 256 / best;
}

int main(void) {
  enum { heads = 12, samples = 41 };
  openblas_set_num_threads(1);
  const ck_table *table = ck_kernels(ck_detect_tier());
  double fastest = peak(table);
  printf("tier %s, OpenBLAS %s, fused multiply-adds %.0f GFLOP/s a core\n",
         ck_tier_name(ck_table_tier(table)), openblas_get_corename(), fastest * 1e-9);
  printf("%5s %5s %7s %12s %10s %10s %10s %12s %8s %8s\n", "width", "n", "threads", "OpenBLAS us", "f32 us",
         "scored us", "bf16 us", "scored us", "speedup", "of peak");
  for (uint32_t width = 32; width <= 64; width *= 2) {
    uint32_t hidden = heads * width;
    float *qkv = aligned_alloc(64, (size_t)longest * 3 * hidden * 4),
          *y = aligned_alloc(64, longest * hidden * 4);
    size_t stride = (size_t)block * longest, rounded = ck_attention_bf16_scratch(longest, width);
    stride = stride < rounded ? rounded : stride;
    float *scratch = aligned_alloc(64, most_workers * stride * 4),
          *y2 = aligned_alloc(64, heads * longest * 4);
    srand(1);
    for (size_t i = 0; i < (size_t)longest * 3 * hidden; i++)
      qkv[i] = (float)rand() / (float)RAND_MAX * 4 - 2;
    for (uint32_t workers = 1; workers <= 2; workers++) {
      ck_pool *pool = ck_pool_create(workers);
      for (uint32_t n = 16; n <= longest; n *= 2) {
        ck_op op = {.rows = n,
                    .inner_rows = n,
                    .depth = width,
                    .heads = heads,
                    .columns = hidden,
                    .scale = 1 / sqrtf((float)width)};
        op.a = qkv, op.b = qkv + hidden, op.c = qkv + 2 * hidden, op.lda = op.ldb = op.ldc = 3 * hidden;
        op.y = y, op.ldy = hidden, op.y2 = y2, op.scratch = scratch, op.scratch_stride = stride,
        op.table = table;
        ck_driver drivers[] = {attention_by_blas, ck_attention, ck_attention_scored, ck_attention_bf16,
                               ck_attention_scored_bf16};
        enum { contenders = sizeof drivers / sizeof drivers[0] };
        double times[contenders][samples], middle[contenders] = {0};
        for (int d = 0; d < contenders; d++)
          for (int warm = 0; warm < 3; warm++)
            middle[d] = time_of(pool, drivers[d], &op, middle[d]);
        for (int s = 0; s < samples; s++)
          for (int d = 0; d < contenders; d++)
            times[d][s] = time_of(pool, drivers[d], &op, middle[d]);
        for (int d = 0; d < contenders; d++)
          middle[d] = median(times[d], samples);
        double flops = 4.0 * n * n * hidden;
        printf("%5u %5u %7u %12.1f %10.1f %10.1f %10.1f %12.1f %7.2fx %7.0f%%\n", width, n, workers,
               middle[0] * 1e6, middle[1] * 1e6, middle[2] * 1e6, middle[3] * 1e6, middle[4] * 1e6,
               middle[0] / middle[1], 100 * flops / middle[1] / fastest / workers);
      }
      ck_pool_destroy(pool);
    }
    free(qkv), free(y), free(scratch), free(y2);
  }
}
