// Times the packed bf16 and i8 products with cold weights and activations encoded beforehand. Prints GOP/s by
// shape and row count (2·M·N·K operations per product), the time of the encoding relative to the product, and
// the peak of the instructions on registers. Run by tools/bench/kernels-lowp/run.
//     kernels-lowp [bf16|i8] [threads] [tier] [shape number]
#include "../../../Sources/CTaperKernels/ck_table.h"
#include "../../../Sources/CTaperKernels/include/CTaperKernels.h"
#include "../timing.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { cold_bytes = 160 << 20, most_rows = 512, most_depth = 3072, most_calls = 400 };
static const uint32_t shapes[][2] = {{1152, 384}, {384, 384}, {1536, 384}, {384, 1536},
                                     {2304, 768}, {768, 768}, {3072, 768}, {768, 3072}}; // columns, depth
static const uint32_t row_counts[] = {1, 2, 4, 8, 12, 16, 32, 64, 128, 256, 512};
#define count_of(array) (sizeof array / sizeof array[0])

/// Median seconds of calls over matrices that take turns, so that each finds its weights in memory, not in a
/// cache.
static double median_call(ck_pool *pool, ck_driver driver, ck_op *op, const char *weights,
                          size_t weight_bytes, size_t copies, uint32_t tasks, double budget) {
  static double times[most_calls];
  size_t calls = 0;
  for (double start = now(); calls < most_calls && (calls < 9 || now() - start < budget); calls++) {
    op->weight = weights + calls % copies * weight_bytes;
    double begin = now();
    ck_pool_run(pool, driver, op, tasks);
    times[calls] = now() - begin;
  }
  return median(times, calls);
}

#if defined(__x86_64__)
#include <immintrin.h>
enum { chains = 12, peak_steps = 1 << 20 }; // chains enough to hide the latency of each instruction

/// Billions of operations a second of one instruction from registers alone.
#define CK_PEAK(name, features, type, first, operand, instruction, operations)                               \
  __attribute__((target(features), noinline)) static double name(void) {                                     \
    type sums[chains], a = operand;                                                                          \
    for (int i = 0; i < chains; i++)                                                                         \
      sums[i] = first;                                                                                       \
    double begin = now();                                                                                    \
    for (int k = 0; k < peak_steps; k++)                                                                     \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < chains; i++) {                                  \
        sums[i] = instruction;                                                                               \
        __asm__ volatile("" : "+v"(sums[i]));                                                                \
      }                                                                                                      \
    return 1e-9 * chains * peak_steps * operations / (now() - begin);                                        \
  }
CK_PEAK(peak_i8, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512(), _mm512_set1_epi8(1),
        _mm512_dpbusd_epi32(sums[i], a, a), 128)
CK_PEAK(peak_bf16, "avx512f,avx512bf16", __m512, _mm512_setzero_ps(), _mm512_set1_ps(1),
        _mm512_dpbf16_ps(sums[i], (__m512bh)a, (__m512bh)a), 64)
CK_PEAK(peak_f32, "avx512f", __m512, _mm512_setzero_ps(), _mm512_set1_ps(1), _mm512_fmadd_ps(a, a, sums[i]),
        32)

static void print_peaks(void) {
  double best[3] = {0};
  for (int i = 0; i < 9; i++) {
    double got[] = {peak_i8(), peak_bf16(), peak_f32()};
    for (int p = 0; p < 3; p++)
      best[p] = got[p] > best[p] ? got[p] : best[p];
  }
  printf("registers only, one core: VPDPBUSD %.0f, VDPBF16PS %.0f, FMA %.0f GOP/s\n", best[0], best[1],
         best[2]);
}
#endif

int main(int count, char **arguments) {
  int is_i8 = count < 2 || strcmp(arguments[1], "i8") == 0;
  uint32_t threads = count > 2 ? (uint32_t)atoi(arguments[2]) : 1;
  if (count > 3)
    setenv("TAPER_MAX_TIER", arguments[3], 1);
  ck_op op = {.table = ck_kernels(ck_detect_tier()), .parts = threads};
  ck_driver product = is_i8 ? ck_gemm_i8_panel : ck_gemm_bf16_panel,
            encode = is_i8 ? ck_encode_i8 : ck_encode_bf16;
  uint32_t element = is_i8 ? 1 : 2;
  ck_pool *pool = ck_pool_create(threads);
  char *weights = aligned_alloc(4096, cold_bytes),
       *codes = aligned_alloc(64, most_rows * most_depth * element);
  float *a = aligned_alloc(64, most_rows * most_depth * sizeof(float)),
        *y = aligned_alloc(64, most_rows * most_depth * sizeof(float));
  float scales[2 * most_rows], *bias = calloc(most_depth, sizeof(float));
  memset(weights, 1, cold_bytes); // as floats: small normal numbers
  for (size_t i = 0; i < most_rows * most_depth; i++)
    a[i] = (float)(i % 251) / 125 - 1;

  printf(
      "%s, tier %s, %u thread%s: GOP/s with cold weights (the encoding's time, per cent of the product's)\n",
      is_i8 ? "i8" : "bf16", ck_tier_name(ck_table_tier(op.table)), threads, threads > 1 ? "s" : "");
#if defined(__x86_64__)
  if (ck_host_tier() >= CK_TIER_AVX512_BF16)
    print_peaks();
#endif
  printf("| N×K |");
  for (size_t m = 0; m < count_of(row_counts); m++)
    printf(" M=%u |", row_counts[m]);
  printf("\n|---|");
  for (size_t m = 0; m < count_of(row_counts); m++)
    printf("---|");
  puts("");
  for (size_t s = 0; s < count_of(shapes); s++) {
    if (count > 4 && (int)s != atoi(arguments[4]))
      continue;
    uint32_t columns = shapes[s][0], depth = shapes[s][1];
    size_t weight_bytes = (size_t)columns * depth * element + (is_i8 ? columns * 8 : 0);
    printf("| %u×%u |", columns, depth);
    for (size_t m = 0; m < count_of(row_counts); m++) {
      op.rows = row_counts[m], op.columns = depth, op.lda = depth, op.ldy = depth;
      op.a = a, op.y = (float *)codes, op.y2 = scales;
      double encoding = median_call(pool, encode, &op, weights, 0, 1, ck_row_tasks(op.rows), 0.002);
      op.columns = columns, op.depth = depth, op.ldy = columns;
      op.a = (const float *)codes, op.b = scales, op.y = y, op.bias = bias;
      double seconds =
          median_call(pool, product, &op, weights, weight_bytes, cold_bytes / weight_bytes, threads, 0.02);
      printf(" %.0f (%.0f) |", 2e-9 * op.rows * columns * depth / seconds, 100 * encoding / seconds);
      fflush(stdout);
    }
    puts("");
  }
  ck_pool_destroy(pool);
}
