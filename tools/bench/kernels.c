// Times the packed f32 product against OpenBLAS, shape by shape, with cold weights: a ring of different
// matrices, as an encoder walks its layers. Both are compared with two limits of the machine that are
// measured here: fused multiply-adds on registers, and reading memory in several streams. Run by
// tools/bench/kernels.
#include "../../Sources/CTaperKernels/ck_table.h"
#include "../../Sources/CTaperKernels/include/CTaperKernels.h"
#include "../../Sources/CTaperKernels/include/ck_panel.h"
#include "timing.h"
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ring_bytes = 96 << 20, samples = 301, warm_from = 64 };

static const uint32_t shapes[][2] = {{1152, 384}, {384, 384}, {1536, 384}, {384, 1536},
                                     {2304, 768}, {768, 768}, {3072, 768}, {768, 3072}};
static const uint32_t row_counts[] = {1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512};

static double budget_ns; // of each contender, shape, row count and thread count
static ck_pool *pool;
static uint32_t threads;

static void *pages(size_t bytes) {
  void *p = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (!p)
    exit(70);
  return p;
}

// The machine's limits. Both run as tasks of the pool, one a thread.

#define FMA_LOOP(name, width, attribute)                                                                     \
  attribute static float name(void) {                                                                        \
    typedef float vector __attribute__((ext_vector_type(width)));                                            \
    vector sum[12], x = 0.5f, y = 0.25f;                                                                     \
    for (int i = 0; i < 12; i++)                                                                             \
      sum[i] = (vector)(float)i;                                                                             \
    for (int k = 0; k < 1000000; k++) {                                                                      \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) sum[i] =                               \
          __builtin_elementwise_fma(sum[i], x, y);                                                           \
      __asm__ volatile("");                                                                                  \
    }                                                                                                        \
    float all = 0;                                                                                           \
    for (int i = 0; i < 12; i++)                                                                             \
      all += sum[i][0];                                                                                      \
    return all;                                                                                              \
  }
#if defined(__x86_64__)
FMA_LOOP(fma_16, 16, __attribute__((target("avx512f"))))
FMA_LOOP(fma_8, 8, __attribute__((target("avx2,fma"))))
#endif
FMA_LOOP(fma_4, 4, )

static uint32_t lanes(ck_tier tier) {
  return tier >= CK_TIER_NEON || tier == CK_TIER_SCALAR ? 4 : tier >= CK_TIER_AVX512 ? 16 : 8;
}

/// What the target COpenBLAS provides, which is not part of this program.
ck_sgemm_fn ck_openblas_product(void) { return (ck_sgemm_fn)cblas_sgemm; }

static uint32_t blas_parts(void) { return threads == 1 ? 1 : 2 * threads; }

static volatile float sink;

static void multiply_add(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)task, (void)worker;
#if defined(__x86_64__)
  sink = op->columns == 16 ? fma_16() : op->columns == 8 ? fma_8() : fma_4();
#else
  sink = fma_4();
#endif
}

/// Reads the task's share of a in op->columns streams.
static void read_streams(const ck_op *op, uint32_t task, uint32_t worker) {
  (void)worker;
  typedef uint64_t line __attribute__((ext_vector_type(8)));
  size_t share = op->depth * (size_t)4096 / threads, stream = share / op->columns / 64;
  const line *a = (const line *)((const char *)op->a + share * task);
  line all = 0;
  for (size_t i = 0; i < stream; i++)
    for (size_t s = 0; s < op->columns; s++)
      all ^= a[s * stream + i];
  sink = (float)all[0];
}

static double best_ns(ck_driver driver, const ck_op *op) {
  double best = 1e18;
  for (int i = 0; i < 12; i++) {
    uint64_t start = ck_now_ns();
    ck_pool_run(pool, driver, op, threads);
    double ns = (double)(ck_now_ns() - start);
    best = ns < best ? ns : best;
  }
  return best;
}

static double fma_gflops(ck_tier tier) {
  ck_op op = {.columns = lanes(tier)};
  return 12e6 * 2 * lanes(tier) * threads / best_ns(multiply_add, &op);
}

static double read_gbs(const float *ring) {
  double best = 0;
  for (uint32_t streams = 1; streams <= 8; streams *= 2) {
    ck_op op = {.columns = streams, .depth = ring_bytes / 4096, .a = ring};
    double gbs = ring_bytes / best_ns(read_streams, &op);
    best = gbs > best ? gbs : best;
  }
  return best;
}

typedef struct product {
  uint32_t rows, columns, depth, ring, parts;
  const float *a, *bias, *weights; // `ring` matrices
  float *y;
} product;

/// One product of matrix number `at` on the pool, in the panels' layout or by OpenBLAS; the latter
/// one-threaded in `blas_parts` column parts, as the engine calls it: its own threads spin between calls and
/// would disturb ours.
static void multiply(const product *p, uint32_t at, const ck_table *table, int by_blas) {
  ck_op op = {.rows = p->rows,
              .columns = p->columns,
              .depth = p->depth,
              .parts = by_blas ? blas_parts() : p->parts,
              .a = p->a,
              .lda = p->depth,
              .weight = p->weights + (size_t)at * p->columns * p->depth,
              .bias = p->bias,
              .y = p->y,
              .ldy = p->columns,
              .table = table};
  ck_pool_run(pool, by_blas ? ck_gemm_openblas : ck_gemm_f32_panel, &op, op.parts);
}

/// Medians of the two, interleaved: ours[0], OpenBLAS[1].
static void compare(const product *p, const ck_table *table, double result[2]) {
  static double ns[2][samples];
  double spent = 0;
  uint32_t at = 0;
  size_t n = 0;
  for (; n < samples && (n < 5 || spent < 2 * budget_ns); n++)
    for (int who = 0; who < 2; who++) {
      uint64_t start = ck_now_ns();
      multiply(p, at, table, who);
      ns[who][n] = (double)(ck_now_ns() - start);
      spent += ns[who][n];
      at = (at + 1) % p->ring;
    }
  for (int who = 0; who < 2; who++)
    result[who] = median(ns[who], n);
}

static void print_shape(product p, const ck_table *table, double peak, double bandwidth) {
  double bytes = 4.0 * p.columns * p.depth;
  p.ring = (uint32_t)(ring_bytes / bytes);
  printf("\n%u x %u, %u thread%s, %u parts, ring of %u\n", p.columns, p.depth, threads,
         threads > 1 ? "s" : "", p.parts, p.ring);
  printf("| M | ours µs | GFLOP/s | of peak | GB/s | of memory | OpenBLAS µs | GFLOP/s | ours faster | in "
         "cache: GFLOP/s "
         "| of peak |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (size_t m = 0; m < sizeof row_counts / sizeof *row_counts; m++) {
    p.rows = row_counts[m];
    double ns[2], flops = 2.0 * p.rows * p.columns * p.depth;
    compare(&p, table, ns);
    printf("| %u | %.1f | %.0f | %.0f%% | %.1f | %.0f%% | %.1f | %.0f | %.2fx |", p.rows, ns[0] / 1e3,
           flops / ns[0], flops / ns[0] / peak * 100, bytes / ns[0], bytes / ns[0] / bandwidth * 100,
           ns[1] / 1e3, flops / ns[1], ns[1] / ns[0]);
    if (p.rows >= warm_from) {
      product warm = p;
      warm.ring = 1;
      compare(&warm, table, ns);
      printf(" %.0f | %.0f%% |\n", flops / ns[0], flops / ns[0] / peak * 100);
    } else
      printf(" | |\n");
    fflush(stdout);
  }
}

/// usage: kernels THREADS BUDGET_MS [PARTS]
int main(int count, char **words) {
  if (count < 3)
    return 64;
  threads = (uint32_t)atoi(words[1]);
  budget_ns = atof(words[2]) * 1e6;
  uint32_t parts = count > 3 ? (uint32_t)atoi(words[3]) : 0;
  pool = ck_pool_create(threads);
  openblas_set_num_threads(1);
  const ck_table *table = ck_kernels(ck_detect_tier());
  float *ring = pages(ring_bytes), *a = pages(512 * 3072 * 4), *y = pages(512 * 3072 * 4),
        *bias = pages(3072 * 4);
  for (size_t i = 0; i < ring_bytes / 4; i++)
    ring[i] = (float)(i % 251) * 0.01f - 1;
  for (size_t i = 0; i < 512 * 3072; i++)
    a[i] = (float)(i % 127) * 0.01f - 0.5f, y[i] = 0;
  memset(bias, 0, 3072 * 4);
  char cpu[128];
  ck_cpu_name(cpu, sizeof cpu);
  double peak = fma_gflops(ck_table_tier(table)), bandwidth = read_gbs(ring);
  printf("%s, tier %s, OpenBLAS core %s, %u thread%s: FMA %.0f GFLOP/s, memory %.1f GB/s\n", cpu,
         ck_tier_name(ck_table_tier(table)), openblas_get_corename(), threads, threads > 1 ? "s" : "", peak,
         bandwidth);
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    print_shape((product){.columns = shapes[s][0],
                          .depth = shapes[s][1],
                          .parts = parts ? parts : ck_packed_parts(shapes[s][0], threads),
                          .a = a,
                          .bias = bias,
                          .weights = ring,
                          .y = y},
                table, peak, bandwidth);
  ck_pool_destroy(pool);
}
