// Times the products of tools/bench/kernels and kernels-lowp in oneDNN, with bias: weights in the layout that
// oneDNN prefers, packed beforehand and cold (a ring of matrices). Prints medians in GOP/s by shape and row
// count. Run by tools/bench/onednn/run.
//     onednn f32|bf16|i8        (threads: OMP_NUM_THREADS)
#include "../timing.h"
#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { cold_bytes = 160 << 20, most_rows = 512, most_depth = 3072, most_calls = 400, most_copies = 1200 };
static const dnnl_dim_t shapes[][2] = {{1152, 384}, {384, 384}, {1536, 384}, {384, 1536},
                                       {2304, 768}, {768, 768}, {3072, 768}, {768, 3072}}; // columns, depth
static const dnnl_dim_t row_counts[] = {1, 2, 4, 8, 12, 16, 32, 64, 128, 256, 512};
#define count_of(array) (sizeof array / sizeof array[0])

static dnnl_engine_t engine;
static dnnl_stream_t stream;

static void check(dnnl_status_t status) {
  if (status != dnnl_success) {
    fprintf(stderr, "oneDNN: status %d\n", (int)status);
    exit(70);
  }
}

static dnnl_memory_desc_t plain(dnnl_dim_t rows, dnnl_dim_t columns, dnnl_data_type_t type,
                                dnnl_format_tag_t tag) {
  dnnl_memory_desc_t desc;
  check(dnnl_memory_desc_create_with_tag(&desc, 2, (dnnl_dims_t){rows, columns}, type, tag));
  return desc;
}

static dnnl_memory_t memory(const_dnnl_memory_desc_t desc, void *bytes) {
  dnnl_memory_t result;
  check(dnnl_memory_create(&result, desc, engine, bytes));
  return result;
}

/// Median seconds of one product of `rows` rows over matrices that take turns.
static double median_call(dnnl_dim_t rows, dnnl_dim_t columns, dnnl_dim_t depth, dnnl_data_type_t a_type,
                          dnnl_data_type_t w_type, void *a, void *y, float *bias, char *ring) {
  static double times[most_calls];
  static dnnl_memory_t weights[most_copies];
  dnnl_primitive_attr_t attributes;
  check(dnnl_primitive_attr_create(&attributes));
  if (a_type == dnnl_u8) {
    check(dnnl_primitive_attr_set_scales_mask(attributes, DNNL_ARG_SRC, 0));
    check(dnnl_primitive_attr_set_scales_mask(attributes, DNNL_ARG_WEIGHTS, 2));
  }
  dnnl_memory_desc_t a_desc = plain(rows, depth, a_type, dnnl_ab);
  dnnl_memory_desc_t y_desc = plain(rows, columns, dnnl_f32, dnnl_ab);
  dnnl_memory_desc_t bias_desc = plain(1, columns, dnnl_f32, dnnl_ab);
  dnnl_memory_desc_t any = plain(depth, columns, w_type, dnnl_format_tag_any);
  dnnl_primitive_desc_t desc;
  check(dnnl_matmul_primitive_desc_create(&desc, engine, a_desc, any, bias_desc, y_desc, attributes));
  const_dnnl_memory_desc_t packed = dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0);
  size_t bytes = (dnnl_memory_desc_get_size(packed) + 4095) / 4096 * 4096, copies = cold_bytes / bytes;
  if (copies > most_copies)
    copies = most_copies;
  for (size_t i = 0; i < copies; i++)
    weights[i] = memory(packed, ring + i * bytes);
  dnnl_primitive_t product;
  check(dnnl_primitive_create(&product, desc));
  dnnl_memory_desc_t one = NULL, many = NULL;
  check(dnnl_memory_desc_create_with_tag(&one, 1, (dnnl_dims_t){1}, dnnl_f32, dnnl_a));
  check(dnnl_memory_desc_create_with_tag(&many, 1, (dnnl_dims_t){columns}, dnnl_f32, dnnl_a));
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, memory(a_desc, a)},
                                 {DNNL_ARG_DST, memory(y_desc, y)},
                                 {DNNL_ARG_BIAS, memory(bias_desc, bias)},
                                 {DNNL_ARG_WEIGHTS, NULL},
                                 {DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC, memory(one, bias)},
                                 {DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, memory(many, bias)}};
  size_t calls = 0;
  for (double start = now(); calls < most_calls && (calls < 9 || now() - start < 0.02); calls++) {
    arguments[3].memory = weights[calls % copies];
    double begin = now();
    check(dnnl_primitive_execute(product, stream, a_type == dnnl_u8 ? 6 : 4, arguments));
    check(dnnl_stream_wait(stream));
    times[calls] = now() - begin;
  }
  return median(times, calls); // what was made stays: the program ends soon
}

int main(int count, char **words) {
  const char *name = count > 1 ? words[1] : "f32", *threads = getenv("OMP_NUM_THREADS");
  int is_i8 = strcmp(name, "i8") == 0, is_bf16 = strcmp(name, "bf16") == 0;
  dnnl_data_type_t a_type = is_i8 ? dnnl_u8 : is_bf16 ? dnnl_bf16 : dnnl_f32;
  check(dnnl_engine_create(&engine, dnnl_cpu, 0));
  check(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
  char *ring = aligned_alloc(4096, cold_bytes), *a = aligned_alloc(4096, most_rows * most_depth * 4),
       *y = aligned_alloc(4096, most_rows * most_depth * 4);
  float *bias = aligned_alloc(4096, most_depth * 4);
  memset(ring, 1, cold_bytes); // as floats: small normal numbers
  memset(a, 1, most_rows * most_depth * 4);
  memset(y, 0, most_rows * most_depth * 4);
  for (int i = 0; i < most_depth; i++)
    bias[i] = 1;
  const dnnl_version_t *version = dnnl_version();
  printf("oneDNN %d.%d.%d, %s, %s threads: GOP/s with cold weights\n| N×K |", version->major, version->minor,
         version->patch, name, threads ? threads : "all");
  for (size_t m = 0; m < count_of(row_counts); m++)
    printf(" M=%d |", (int)row_counts[m]);
  printf("\n|---|");
  for (size_t m = 0; m < count_of(row_counts); m++)
    printf("---|");
  puts("");
  for (size_t s = 0; s < count_of(shapes); s++) {
    printf("| %d×%d |", (int)shapes[s][0], (int)shapes[s][1]);
    for (size_t m = 0; m < count_of(row_counts); m++) {
      double seconds = median_call(row_counts[m], shapes[s][0], shapes[s][1], a_type,
                                   is_i8 ? dnnl_s8 : a_type, a, y, bias, ring);
      printf(" %.0f |", 2e-9 * (double)(row_counts[m] * shapes[s][0] * shapes[s][1]) / seconds);
      fflush(stdout);
    }
    puts("");
  }
}
