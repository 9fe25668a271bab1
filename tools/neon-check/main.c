// Compares the kernels of every NEON tier of this CPU with the scalar reference: row kernels at lengths
// around the vector width, attention and packed products at shapes around their tiles. tools/check-neon runs
// it under qemu, with and without SDOT. Prints the first difference of each kind and exits 1.
#include "../../Sources/CTaperKernels/ck_table.h"
#include "../../Sources/CTaperKernels/include/CTaperKernels.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const ck_table *vector, *scalar;
static int failures, comparisons;

static float random_float(float low, float high) {
  static uint64_t state = 0x9E3779B97F4A7C15u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return low + (high - low) * (float)(state >> 40) / (float)(1 << 24);
}

/// Allocates exactly n elements, so that a build with -fsanitize=address also finds reads beyond rows.
static float *vector_of(size_t n, float low, float high) {
  float *p = malloc(n * sizeof(float));
  for (size_t i = 0; i < n; i++)
    p[i] = random_float(low, high);
  return p;
}

static void compare(const char *what, size_t n, const float *got, const float *want, double tolerance) {
  comparisons++;
  for (size_t i = 0; i < n; i++) {
    double error = fabs((double)got[i] - want[i]) / fmax(1, fabs(want[i]));
    if (got[i] == want[i] || error <= tolerance || (isnan(got[i]) && isnan(want[i])))
      continue;
    printf("%s, n %zu: element %zu is %.9g, the scalar reference gives %.9g\n", what, n, i, got[i], want[i]);
    failures++;
    return;
  }
}

static void check_rows(size_t n) {
  float *a = vector_of(n, -8, 8), *b = vector_of(n, -2, 2), *bias = vector_of(n, -1, 1);
  float *gamma = vector_of(n, -2, 2), *beta = vector_of(n, -2, 2);
  float *got = vector_of(n, 0, 0), *want = vector_of(n, 0, 0);
  float *table = vector_of(2 * n + 5, -3, 3);
  uint32_t *position = malloc(n * sizeof(uint32_t));
  for (size_t i = 0; i < n; i++)
    position[i] = (uint32_t)(2 * i + i % 3);

  for (uint32_t activation = 0; activation < 6; activation++) {
    vector->gate(got, a, b, n, (ck_activation)activation);
    scalar->gate(want, a, b, n, (ck_activation)activation);
    compare("gate", n, got, want, 4e-6);
    vector->bias_activation(got, a, bias, n, (ck_activation)activation);
    scalar->bias_activation(want, a, bias, n, (ck_activation)activation);
    compare("bias_activation", n, got, want, 2e-6);
    vector->bias_activation(got, a, NULL, n, (ck_activation)activation);
    scalar->bias_activation(want, a, NULL, n, (ck_activation)activation);
    compare("activation", n, got, want, 2e-6);
  }
  vector->rotate(got, a, b, n);
  scalar->rotate(want, a, b, n);
  compare("rotate", n, got, want, 2e-6);
  vector->add(got, a, b, n);
  scalar->add(want, a, b, n);
  compare("add", n, got, want, 0);
  vector->scale(got, a, 0.3f, n);
  scalar->scale(want, a, 0.3f, n);
  compare("scale", n, got, want, 0);
  for (int operands = 0; operands < 4; operands++) {
    const float *with_bias = operands & 1 ? bias : NULL, *with_b = operands & 2 ? b : NULL;
    ck_norm_job norm = {.a = a,
                        .y = got,
                        .bias = with_bias,
                        .b = with_b ? &with_b : NULL,
                        .gamma = gamma,
                        .beta = beta,
                        .epsilon = 1e-5f,
                        .rows = 1,
                        .n = n};
    vector->layer_norm(&norm);
    norm.y = want;
    scalar->layer_norm(&norm);
    compare("layer_norm", n, got, want, n < 4 ? 3e-4 : 1e-5);
  }
  for (int way = 0; way < 3; way++) {
    const float *table_rows[] = {table};
    ck_softmax_job job = {.a = a, .y = got, .scale = 0.7f, .rows = 1, .n = (uint32_t)n};
    job.bias = way ? table_rows : NULL, job.position = way > 1 ? position : NULL;
    vector->softmax(&job);
    job.y = want;
    scalar->softmax(&job);
    compare("softmax", n, got, want, 2e-6);
  }
  got[0] = vector->sum_of_squares(a, n);
  want[0] = scalar->sum_of_squares(a, n);
  compare("sum_of_squares", 1, got, want, 1e-5);
  vector->sigmoid(got, a, n);
  scalar->sigmoid(want, a, n);
  compare("sigmoid", n, got, want, 2e-7);
  for (size_t i = 0; i < n; i++)
    a[i] *= 12;
  vector->exp(got, a, n);
  scalar->exp(want, a, n);
  compare("exp", n, got, want, 3e-7);

  float *all[] = {a, b, bias, gamma, beta, got, want, table};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    free(all[i]);
  free(position);
}

static void check_extremes(void) {
  const float extremes[] = {INFINITY, -INFINITY, NAN, 1e30f, -1e30f, 0, -0.0f, 89, -105, -95, 1e-30f};
  enum { count = sizeof extremes / sizeof extremes[0] };
  float got[count], want[count];
  for (uint32_t activation = 1; activation < 6; activation++) {
    vector->bias_activation(got, extremes, NULL, count, (ck_activation)activation);
    scalar->bias_activation(want, extremes, NULL, count, (ck_activation)activation);
    compare("activation of extremes", count, got, want, 2e-7);
  }
  vector->exp(got, extremes, count);
  scalar->exp(want, extremes, count);
  compare("exp of extremes", count, got, want, 3e-7);
}

/// Attention with token scores, on a pool, with relative bias, at shapes around the tiles' edges.
static void check_attention(uint32_t tokens, uint32_t width) {
  enum { heads = 2 };
  uint32_t d = heads * width, reach = 2 * tokens;
  size_t stride = CK_ATTENTION_BLOCK * ((tokens + 15) & ~15u),
         rounded = ck_attention_bf16_scratch(tokens, width);
  if (stride < rounded)
    stride = rounded;
  float *q = vector_of(tokens * d, -2, 2), *k = vector_of(tokens * d, -2, 2),
        *v = vector_of(tokens * d, -2, 2);
  float *bias = vector_of(heads * (2 * reach - 1), -1, 1), *scratch = vector_of(2 * stride, 0, 0);
  float *got = vector_of(tokens * d, 0, 0), *want = vector_of(tokens * d, 0, 0);
  float *got_scores = vector_of(heads * tokens, 0, 0), *want_scores = vector_of(heads * tokens, 0, 0);
  uint32_t *origin = malloc(tokens * sizeof(uint32_t));
  for (uint32_t i = 0; i < tokens; i++)
    origin[i] = i + i / 10;
  ck_op op = {.rows = tokens,
              .inner_rows = tokens,
              .depth = width,
              .heads = heads,
              .extent = reach,
              .scale = 1 / sqrtf((float)width)};
  op.a = q, op.b = k, op.c = v, op.lda = op.ldb = op.ldc = op.ldy = d;
  op.bias = bias, op.origin = origin, op.scratch = scratch, op.scratch_stride = stride;
  ck_pool *pool = ck_pool_create(2);
  for (int rounds = 0; rounds < 2; rounds++) {
    ck_driver driver = rounds ? ck_attention_scored_bf16 : ck_attention_scored;
    op.table = vector, op.y = got, op.y2 = got_scores;
    ck_pool_run(pool, driver, &op, heads);
    op.table = scalar, op.y = want, op.y2 = want_scores;
    ck_pool_run(pool, driver, &op, heads);
    // a weight close to a rounding tie may be rounded the other way
    compare(rounds ? "attention in bf16" : "attention", tokens * d, got, want, rounds ? 8e-3 : 5e-6);
    compare(rounds ? "token scores in bf16" : "token scores", heads * tokens, got_scores, want_scores,
            rounds ? 4e-3 : 2e-5);
  }
  ck_pool_destroy(pool);
  float *all[] = {q, k, v, bias, scratch, got, want, got_scores, want_scores};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    free(all[i]);
  free(origin);
}

static ck_encoded_row contiguous(void *row) {
  return (ck_encoded_row){.at = row, .line_stride = CK_ENCODED_LINE};
}

static void check_encodings(size_t n) {
  float *a = vector_of(n, -8, 8), *multiplier = vector_of(n, 0.1f, 4);
  if (n % 3 == 0)
    a[n / 2] = NAN, a[n - 1] = INFINITY;
  uint16_t half[2][400] = {0};
  uint8_t code[2][400] = {0};
  ck_row_scale row[2];
  const ck_table *tables[] = {vector, scalar};
  for (int i = 0; i < 2; i++) {
    tables[i]->encode_bf16(contiguous(half[i]), a, n);
    row[i] = tables[i]->encode_i8(contiguous(code[i]), a, n % 2 ? multiplier : NULL, n);
  }
  compare("encode_i8's scale", 1, &row[0].scale, &row[1].scale, 0);
  compare("encode_i8's zero", 1, &row[0].zero, &row[1].zero, 0);
  comparisons++;
  if (memcmp(half[0], half[1], sizeof half[0]) || memcmp(code[0], code[1], sizeof code[0])) {
    printf("encodings, n %zu: other bits than the scalar reference's\n", n);
    failures++;
  }
  free(a);
  free(multiplier);
}

/// What a norm encodes are the rows that it writes; three, because two are computed at a time.
static void check_norm_encodings(size_t n) {
  enum { rows = 3, most = 400 };
  float *a = vector_of(rows * n, -8, 8), *gamma = vector_of(n, -2, 2), *y = vector_of(rows * n, 0, 0);
  uint16_t half[2][rows][most] = {0};
  uint8_t code[2][rows][most] = {0};
  ck_encoded_row halves[rows], codes[rows];
  ck_row_scale scales[rows];
  for (int r = 0; r < rows; r++)
    halves[r] = contiguous(half[0][r]), codes[r] = contiguous(code[0][r]);
  ck_norm_job job = {.a = a,
                     .y = y,
                     .lda = n,
                     .ldy = n,
                     .gamma = gamma,
                     .beta = gamma,
                     .epsilon = 1e-5f,
                     .rows = rows,
                     .n = n};
  job.encoded = halves;
  vector->layer_norm(&job);
  job.encoded = codes, job.scales = scales, job.multiplier = n % 2 ? gamma : NULL;
  vector->layer_norm(&job);
  int differ = 0;
  for (int r = 0; r < rows; r++) {
    vector->encode_bf16(contiguous(half[1][r]), y + r * n, n);
    ck_row_scale scale = vector->encode_i8(contiguous(code[1][r]), y + r * n, job.multiplier, n);
    differ |= scale.scale != scales[r].scale || scale.zero != scales[r].zero;
  }
  comparisons++;
  if (differ || memcmp(half[0], half[1], sizeof half[0]) || memcmp(code[0], code[1], sizeof code[0])) {
    printf("a norm's encodings, n %zu: not those of its rows\n", n);
    failures++;
  }
  float *all[] = {a, gamma, y};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    free(all[i]);
}

/// A packed product of random bytes as weights and codes, or of random bf16; `columns` is a multiple of
/// CK_PANEL.
static void check_product(int is_i8, uint32_t rows, uint32_t columns, uint32_t depth,
                          ck_activation activation) {
  uint32_t group = is_i8 ? 4 : 2, words = (depth + group - 1) / group;
  size_t weight_words = (size_t)columns * words, a_words = (size_t)rows * words;
  uint32_t *weight = malloc((weight_words + 2 * columns) * 4), *a = malloc(a_words * 4);
  float *row_scale = vector_of((size_t)2 * rows, 0.001f, 0.01f), *bias = vector_of(columns, -1, 1);
  for (uint32_t i = 0; i < rows; i++)
    row_scale[2 * i + 1] = (float)(i * 101 % 256);
  for (size_t i = 0; i < weight_words + a_words; i++) {
    uint32_t *word = i < weight_words ? weight + i : a + i - weight_words;
    float pair[] = {random_float(-1, 1), random_float(-1, 1)};
    memcpy(word, pair, 4);
    if (is_i8)
      *word *= 2654435761u;
    else
      scalar->encode_bf16(contiguous(word), pair, 2);
  }
  // the padding of the last groups is zero
  if (depth % group)
    for (uint32_t n = 0; n < columns; n++)
      weight[(n / 16 * words + words - 1) * 16 + n % 16] &= (1u << 32 / group * (depth % group)) - 1;
  float *scale = (float *)(weight + weight_words);
  int32_t *sum = (int32_t *)(scale + columns);
  for (uint32_t n = 0; n < columns; n++) {
    scale[n] = random_float(0.001f, 0.01f);
    sum[n] = 0;
    for (uint32_t k = 0; is_i8 && k < words * 4; k++)
      sum[n] += ((int8_t *)weight)[n / 16 * words * 64 + k / 4 * 64 + n % 16 * 4 + k % 4];
  }
  ck_op op = {.rows = rows, .columns = columns, .depth = depth, .parts = 2, .activation = activation};
  op.a = (const float *)a, op.b = row_scale, op.weight = weight, op.bias = bias;
  op.lda = words * group, op.ldy = columns;
  float *got = vector_of(rows * columns, 0, 0), *want = vector_of(rows * columns, 0, 0);
  ck_driver driver = is_i8 ? ck_gemm_i8_panel : ck_gemm_bf16_panel;
  for (uint32_t part = 0; part < 2; part++) {
    op.table = vector, op.y = got;
    driver(&op, part, 0);
    op.table = scalar, op.y = want;
    driver(&op, part, 0);
  }
  // Integer sums are exact; without activation the rest rounds the same way. GELU is an approximation
  // (rough_gelu).
  double tolerance = is_i8 ? (activation ? 1e-6 : 0) : 2e-5;
  if (activation == CK_ACTIVATION_GELU)
    tolerance += 4e-5;
  compare(is_i8 ? "i8 product" : "bf16 product", rows * columns, got, want, tolerance);
  float *all[] = {(float *)weight, (float *)a, row_scale, bias, got, want};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    free(all[i]);
}

/// The packed f32 product in two parts, with gathered rows and every activation. Then each row alone: its
/// bits must not depend on the other rows.
static void check_panels(uint32_t rows, uint32_t columns, uint32_t depth) {
  size_t weights = (size_t)(columns + 15) / 16 * 16 * depth, ldy = columns + 1;
  float *a = vector_of((size_t)rows * depth, -1, 1), *weight = vector_of(weights, -1, 1);
  float *bias = vector_of(columns, -1, 1);
  float *got = vector_of(rows * ldy, 0, 0), *want = vector_of(rows * ldy, 0, 0);
  uint32_t *index = malloc(rows * sizeof(uint32_t));
  for (uint32_t i = 0; i < rows; i++)
    index[i] = rows - 1 - i;
  ck_op op = {.rows = rows, .columns = columns, .depth = depth, .parts = 2};
  op.a = a, op.lda = depth, op.weight = weight, op.bias = bias, op.index = index, op.ldy = (uint32_t)ldy;
  for (uint32_t activation = 0; activation < 5; activation++) {
    op.activation = (ck_activation)activation;
    for (uint32_t part = 0; part < 2; part++) {
      op.table = vector, op.y = got, ck_gemm_f32_panel(&op, part, 0);
      op.table = scalar, op.y = want, ck_gemm_f32_panel(&op, part, 0);
    }
    compare("packed product", rows * ldy, got, want, 2e-6 + 1e-6 * sqrt(depth));
  }
  op.table = vector, op.rows = 1, op.parts = 1, op.y = want;
  for (uint32_t i = 0; i < rows; i++) {
    op.index = index + i;
    ck_gemm_f32_panel(&op, 0, 0);
    compare("one row of a packed product", columns, got + i * ldy, want, 0);
  }
  float *all[] = {a, weight, bias, got, want};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    free(all[i]);
  free(index);
}

/// A product of f32 rows and weights in planes of random bf16.
static void check_planes(int is_x6, uint32_t rows, uint32_t columns, uint32_t depth) {
  size_t weights = (size_t)(columns + 15) / 16 * 16 * ((depth + 1) / 2) * (is_x6 ? 3 : 2);
  uint32_t leading = (depth + 1) / 2 * 2;
  float *a = vector_of((size_t)rows * leading * 3 / 2, -1, 1), *weight = vector_of(weights, 0, 0);
  float *got = vector_of(rows * columns, 0, 0), *want = vector_of(rows * columns, 0, 0);
  for (size_t i = 0; i < weights; i++) {
    float pair[] = {random_float(-1, 1), random_float(-1, 1)};
    scalar->encode_bf16(contiguous(weight + i), pair, 2);
  }
  ck_op op = {.rows = rows, .columns = columns, .depth = depth, .parts = 1, .a = a, .weight = weight};
  op.lda = leading, op.ldy = columns;
  ck_driver driver = is_x6 ? ck_gemm_f32_x6 : ck_gemm_f32_x3;
  op.table = vector, op.y = got, driver(&op, 0, 0);
  op.table = scalar, op.y = want, driver(&op, 0, 0);
  compare("product of planes", rows * columns, got, want, 3e-6 + 2e-6 * sqrt(depth));
  float *all[] = {a, weight, got, want};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    free(all[i]);
}

static void check_tier(void) {
  printf("tier %s\n", ck_tier_name(ck_table_tier(vector)));
  for (size_t n = 1; n <= 70; n++)
    check_rows(n);
  check_rows(384);
  check_rows(399);
  check_extremes();
  for (uint32_t tokens = 1; tokens <= 40; tokens += 3)
    for (uint32_t width = 1; width <= 36; width += 5)
      check_attention(tokens, width);
  for (uint32_t rows = 1; rows <= 14; rows++)
    check_panels(rows, 16 * (1 + rows % 7) - rows % 3, 5 + rows);
  for (uint32_t rows = 1; rows <= 14; rows++)
    check_planes(rows % 2, rows, 16 * (1 + rows % 7) - rows % 3, 5 + 60 * rows);
  check_panels(1, 97, 33);
  check_panels(9, 65, 2700);
  check_attention(130, 32);
  check_attention(70, 132);
  for (size_t n = 1; n <= 40; n++)
    check_encodings(n), check_norm_encodings(n);
  check_encodings(384), check_norm_encodings(384);
  static const uint32_t depths[] = {1, 3, 4, 33, 130};
  for (uint32_t rows = 1; rows <= 13; rows++)
    for (uint32_t columns = 16; columns <= 80; columns += 32)
      for (uint32_t i = 0; i < sizeof depths / sizeof depths[0]; i++)
        for (int is_i8 = 0; is_i8 < 2; is_i8++)
          check_product(is_i8, rows, columns, depths[i], (ck_activation)((rows + i) % 3 ? 0 : i));
}

int main(void) {
  char name[128];
  ck_cpu_name(name, sizeof name);
  scalar = ck_kernels(CK_TIER_SCALAR);
  puts(name);
  if (ck_host_tier() == CK_TIER_SCALAR) {
    puts("no vector tier to check");
    return 1;
  }
  for (uint32_t tier = CK_TIER_NEON; tier <= ck_host_tier(); tier++) {
    vector = ck_kernels((ck_tier)tier);
    if (ck_table_tier(vector) == tier)
      check_tier();
  }
  printf("%d comparisons, %d differ\n", comparisons, failures);
  return failures > 0;
}
