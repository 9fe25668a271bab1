// Times the kernels of the tier amx, or counts their tile instructions under the emulator. Run by
// tools/bench/amx.
//     amx timed|emulated MILLISECONDS
#include "../../Tests/CAMXEmulator/include/CAMXEmulator.h"
#include "timing.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>

enum { most_rows = 512, most_depth = 3072, most_samples = 20000, huge_page = 2 << 20 };
static const size_t ring_bytes = 96 << 20; // more than the last-level cache gives one core
static const uint32_t shapes[][2] = {{384, 1152}, {384, 384}, {384, 1536}, {1536, 384},
                                     {768, 2304}, {768, 768}, {768, 3072}, {3072, 768}}; // depth, columns
static const uint32_t row_counts[] = {16, 32, 64, 128, 256, 512};
#define count_of(array) (sizeof array / sizeof array[0])

/// GFLOP/s to reach at 384 → 1152 with cold weights.
static const struct {
  ck_weight_layout layout;
  uint32_t rows, rate;
} goals[] = {{CK_WEIGHT_PANEL_BF16, 128, 1000},
             {CK_WEIGHT_PANEL_BF16, 256, 1400},
             {CK_WEIGHT_PANEL_I8, 128, 2000},
             {CK_WEIGHT_PANEL_I8, 256, 2500}};

static void *allocate(size_t bytes) {
  bytes = (bytes + huge_page - 1) / huge_page * huge_page;
  void *memory = aligned_alloc(huge_page, bytes);
  if (!memory)
    abort();
  madvise(memory, bytes, MADV_HUGEPAGE);
  memset(memory, 0, bytes);
  return memory;
}

static uint64_t state = 88172645463325252u;
static uint32_t random_word(void) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return (uint32_t)(state >> 20);
}
static float random_float(void) { return (float)(random_word() % 20001) / 10000 - 1; }

static void fill_floats(float *memory, size_t n) {
  for (size_t i = 0; i < n; i++)
    memory[i] = random_float();
}

/// The least and the median of a series of times in seconds.
typedef struct summary {
  double least, middle;
} summary;

typedef struct series {
  double *times;
  size_t count;
} series;

static series new_series(void) { return (series){.times = malloc(most_samples * sizeof(double))}; }

static void add(series *series, double time) {
  if (series->count < most_samples)
    series->times[series->count++] = time;
}

static summary summarised(series *series) {
  double middle = median(series->times, series->count);
  summary result = {.least = series->times[0], .middle = middle};
  series->count = 0;
  return result;
}

// MARK: Tile instructions

#pragma clang attribute push(__attribute__((target("amx-tile,amx-int8,amx-bf16"), noinline)),                \
                             apply_to = function)

static void configure_tiles(const char *random) {
  struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } config __attribute__((aligned(64))) = {.palette = 1};
  for (int i = 0; i < 8; i++)
    config.rows[i] = 16, config.row_bytes[i] = 64;
  _tile_loadconfig(&config);
  _tile_loadd(4, random, 64);
  _tile_loadd(6, random + 1024, 64);
}

static double hundred_bf16(const char *random) {
  configure_tiles(random);
  double start = now();
  for (int i = 0; i < 25; i++) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 6);
    _tile_dpbf16ps(2, 4, 6);
    _tile_dpbf16ps(3, 4, 6);
  }
  double time = now() - start;
  _tile_release();
  return time;
}

static double hundred_i8(const char *random) {
  configure_tiles(random);
  double start = now();
  for (int i = 0; i < 25; i++) {
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 6);
    _tile_dpbusd(2, 4, 6);
    _tile_dpbusd(3, 4, 6);
  }
  double time = now() - start;
  _tile_release();
  return time;
}

#pragma clang attribute pop

static void probe(void) {
  static uint16_t random[1024];
  for (size_t i = 0; i < count_of(random); i++) {
    float value = random_float();
    uint32_t bits;
    memcpy(&bits, &value, 4);
    random[i] = (uint16_t)(bits >> 16);
  }
  series bf16 = new_series(), i8 = new_series();
  for (int i = 0; i < most_samples; i++) {
    add(&bf16, hundred_bf16((const char *)random));
    add(&i8, hundred_i8((const char *)random));
  }
  summary times[] = {summarised(&bf16), summarised(&i8)};
  const double work[] = {2. * 16 * 16 * 32, 2. * 16 * 16 * 64};
  for (int p = 0; p < 2; p++)
    printf("%s, 16 rows, random data: least %.1f ns, median %.1f ns; peak %.0f GOP/s\n",
           p ? "TDPBUSD" : "TDPBF16PS", times[p].least * 1e7, times[p].middle * 1e7,
           work[p] / times[p].least * 1e-7);
  if (times[0].middle > 1.3 * times[0].least)
    puts("the median is far from the least: a neighbour uses the tile unit, look at the minima only");
  free(bf16.times), free(i8.times);
}

// MARK: Products

/// What is multiplied.
typedef struct family {
  const char *name, *unit;
  ck_weight_layout layout;
  ck_driver encode, product;
} family;

static const family families[] = {
    {"bf16", "GFLOP/s", CK_WEIGHT_PANEL_BF16, ck_encode_bf16, ck_gemm_bf16_panel},
    {"int8", "GOP/s", CK_WEIGHT_PANEL_I8, ck_encode_i8, ck_gemm_i8_panel},
    {"f32 by two planes", "GFLOP/s", CK_WEIGHT_PANEL_BF16X2, ck_encode_bf16x2, ck_gemm_f32_x3},
    {"f32 by three planes", "GFLOP/s", CK_WEIGHT_PANEL_BF16X3, ck_encode_bf16x3, ck_gemm_f32_x6},
};
enum { widest_element = 6 };

/// A product's operands: `a` encoded in a layout, and a ring of weights.
typedef struct operands {
  const family *family;
  char *ring;
  float *a, *y, *bias, *scales;
  char *tiles, *rows;
} operands;

static int is_i8(const family *family) { return family->layout == CK_WEIGHT_PANEL_I8; }

/// Random weights; of i8 with scales and sums behind each matrix.
static size_t fill_ring(const operands *o, uint32_t columns, uint32_t depth) {
  size_t bytes = ck_weight_bytes(o->family->layout, columns, depth), copies = ring_bytes / bytes;
  for (size_t copy = 0; is_i8(o->family) && copy < copies; copy++) {
    float *scale =
        (float *)(o->ring + copy * bytes + ck_panels(columns) * ck_panel_bytes(CK_WEIGHT_PANEL_I8, depth));
    int32_t *sum = (int32_t *)(scale + ck_panels(columns) * CK_PANEL);
    for (uint32_t n = 0; n < columns; n++)
      scale[n] = 0.001f, sum[n] = (int32_t)(random_word() % 8192) - 4096;
  }
  return bytes;
}

static ck_op encoded(const operands *o, const ck_table *table, uint32_t rows, uint32_t columns,
                     uint32_t depth, ck_encoded_layout layout) {
  ck_op op = {.rows = rows, .columns = depth, .a = o->a, .lda = depth, .y2 = o->scales, .table = table};
  op.y = (float *)(layout == CK_ENCODED_TILES ? o->tiles : o->rows), op.y_layout = layout, op.ldy = depth;
  for (uint32_t task = 0; task < ck_row_tasks(rows); task++)
    o->family->encode(&op, task, 0);
  return (ck_op){.rows = rows,
                 .columns = columns,
                 .depth = depth,
                 .parts = 1,
                 .a = op.y,
                 .a_layout = layout,
                 .lda = depth,
                 .b = o->scales,
                 .bias = o->bias,
                 .y = o->y,
                 .ldy = columns,
                 .table = table};
}

static void time_products(const ck_table *table, const family *family, double budget) {
  operands o = {.family = family,
                .ring = allocate(ring_bytes),
                .a = allocate(4ul * most_rows * most_depth),
                .y = allocate(4ul * most_rows * most_depth),
                .bias = allocate(4 * most_depth),
                .scales = allocate(8 * most_rows),
                .tiles = allocate((size_t)widest_element * most_rows * most_depth),
                .rows = allocate((size_t)widest_element * most_rows * most_depth)};
  fill_floats(o.a, most_rows * most_depth), fill_floats(o.bias, most_depth);
  for (size_t i = 0; i < ring_bytes / 2; i++) {
    float value = random_float();
    uint32_t bits;
    memcpy(&bits, &value, 4);
    ((uint16_t *)o.ring)[i] = is_i8(family) ? (uint16_t)random_word() : (uint16_t)(bits >> 16);
  }
  enum { tiles, gelu, rows, contenders };
  series times[contenders];
  for (int c = 0; c < contenders; c++)
    times[c] = new_series();
  for (int is_cold = 1; is_cold >= 0; is_cold--) {
    printf("\n%s, %s weights, %s\n", family->name, is_cold ? "cold" : "warm", family->unit);
    printf("%-12s %5s | %8s %8s | %8s %8s | %8s %8s\n", "depth>cols", "rows", "best", "median", "GELU best",
           "median", "rows best", "median");
    for (size_t s = 0; s < count_of(shapes); s++) {
      uint32_t depth = shapes[s][0], columns = shapes[s][1];
      size_t bytes = fill_ring(&o, columns, depth), copies = ring_bytes / bytes, copy = 0;
      for (size_t m = 0; m < count_of(row_counts); m++) {
        uint32_t count = row_counts[m];
        ck_op in_tiles = encoded(&o, table, count, columns, depth, CK_ENCODED_TILES),
              in_rows = encoded(&o, table, count, columns, depth, CK_ENCODED_ROWS);
        for (double begin = now(); now() - begin < budget || times[0].count < 5;)
          for (int c = 0; c < contenders; c++) {
            ck_op op = c == rows ? in_rows : in_tiles;
            op.activation = c == gelu ? CK_ACTIVATION_GELU : CK_ACTIVATION_NONE;
            if (is_cold)
              copy = (copy + 1) % copies;
            op.weight = o.ring + copy * bytes;
            if (!is_cold)
              family->product(&op, 0, 0);
            double start = now();
            family->product(&op, 0, 0);
            add(&times[c], now() - start);
          }
        double work = 2e-9 * count * columns * depth;
        printf("%5u>%-6u %5u", depth, columns, count);
        for (int c = 0; c < contenders; c++) {
          summary found = summarised(&times[c]);
          printf(" | %8.0f %8.0f", work / found.least, work / found.middle);
        }
        for (size_t g = 0; g < count_of(goals); g++)
          if (is_cold && s == 0 && goals[g].layout == family->layout && goals[g].rows == count)
            printf("   goal %u", goals[g].rate);
        puts("");
        fflush(stdout);
      }
    }
  }
  for (int c = 0; c < contenders; c++)
    free(times[c].times);
  free(o.ring), free(o.a), free(o.y), free(o.bias), free(o.scales), free(o.tiles), free(o.rows);
}

// MARK: Attention

static void time_attention(const ck_table *table, double budget) {
  enum { heads = 12 };
  static const char *const names[] = {"f32", "bf16", "bf16 with token scores"};
  const ck_driver drivers[] = {ck_attention, ck_attention_bf16, ck_attention_scored_bf16};
  printf("\nattention, %d heads, microseconds a layer\n%5s %6s", heads, "width", "tokens");
  for (size_t d = 0; d < count_of(drivers); d++)
    printf(" | %s: best, median", names[d]);
  puts("");
  series times[count_of(drivers)];
  for (size_t d = 0; d < count_of(drivers); d++)
    times[d] = new_series();
  for (uint32_t width = 32; width <= 64; width *= 2)
    for (uint32_t n = 32; n <= most_rows; n *= 2) {
      uint32_t hidden = heads * width;
      size_t scratch = ck_attention_bf16_scratch(n, width), plain = ck_attention_scratch(n);
      scratch = scratch > plain ? scratch : plain;
      float *qkv = allocate(4ul * n * 3 * hidden), *y = allocate(4ul * n * hidden),
            *sums = allocate(4ul * heads * n);
      ck_op op = {.rows = n,
                  .inner_rows = n,
                  .depth = width,
                  .heads = heads,
                  .columns = hidden,
                  .scale = 1 / sqrtf((float)width),
                  .lda = 3 * hidden,
                  .ldb = 3 * hidden,
                  .ldc = 3 * hidden,
                  .ldy = hidden,
                  .a = qkv,
                  .b = qkv + hidden,
                  .c = qkv + 2 * hidden,
                  .y = y,
                  .y2 = sums,
                  .scratch = allocate(4 * scratch),
                  .scratch_stride = scratch,
                  .table = table};
      fill_floats(qkv, (size_t)n * 3 * hidden);
      for (double begin = now(); now() - begin < budget || times[0].count < 5;)
        for (size_t d = 0; d < count_of(drivers); d++) {
          double start = now();
          for (uint32_t head = 0; head < heads; head++)
            drivers[d](&op, head, 0);
          add(&times[d], now() - start);
        }
      printf("%5u %6u", width, n);
      for (size_t d = 0; d < count_of(drivers); d++) {
        summary found = summarised(&times[d]);
        printf(" | %9.1f %9.1f", found.least * 1e6, found.middle * 1e6);
      }
      puts("");
      fflush(stdout);
      free(qkv), free(y), free(sums), free(op.scratch);
    }
  for (size_t d = 0; d < count_of(drivers); d++)
    free(times[d].times);
}

// MARK: Counting

static void count_instructions(const ck_table *table) {
  puts("Tile instructions of 384 > 1152 in tiles, one call, counted by the emulator, not timed");
  puts("| element | rows | products | loads | streamed loads | stores | configurations | loads a product |");
  puts("|---|---|---|---|---|---|---|---|");
  for (const family *family = families; family < families + count_of(families); family++)
    for (size_t m = 0; m < count_of(row_counts); m++) {
      uint32_t depth = 384, columns = 1152, count = row_counts[m];
      operands o = {.family = family,
                    .ring = allocate((size_t)widest_element * columns * depth),
                    .a = allocate(4ul * count * depth),
                    .y = allocate(4ul * count * columns),
                    .bias = allocate(4 * columns),
                    .scales = allocate(8 * count),
                    .tiles = allocate((size_t)widest_element * count * depth),
                    .rows = allocate((size_t)widest_element * count * depth)};
      ck_op op = encoded(&o, table, count, columns, depth, CK_ENCODED_TILES);
      op.weight = o.ring;
      amx_take_counts();
      family->product(&op, 0, 0);
      amx_counts found = amx_take_counts();
      printf("| %s | %u | %lu | %lu | %lu | %lu | %lu | %.2f |\n", family->name, count, found.products,
             found.loads, found.streamed_loads, found.stores, found.configurations,
             (double)(found.loads + found.streamed_loads) / (double)found.products);
      free(o.ring), free(o.a), free(o.y), free(o.bias), free(o.scales), free(o.tiles), free(o.rows);
    }
}

int main(int count, char **arguments) {
  int is_emulated = count > 1 && !strcmp(arguments[1], "emulated");
  double budget = count > 2 ? atof(arguments[2]) / 1000 : 0.1;
  if (ck_host_tier() == CK_TIER_AMX && !is_emulated) {
    const ck_table *table = ck_kernels(CK_TIER_AMX);
    probe();
    for (size_t f = 0; f < count_of(families); f++)
      time_products(table, families + f, budget);
    time_attention(table, budget);
    return 0;
  }
  if (!is_emulated) {
    puts("no AMX here: nothing to time (--emulated counts instructions)");
    return 0;
  }
  const ck_table *table = ck_host_tier() == CK_TIER_AMX ? NULL : amx_emulated_table();
  if (table)
    count_instructions(table);
  else
    puts("nothing to emulate: this CPU has AMX, or lacks AVX-512");
  return 0;
}

#else
int main(void) {
  puts("no AMX here: nothing to time");
  return 0;
}
#endif
