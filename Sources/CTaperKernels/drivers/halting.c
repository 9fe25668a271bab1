// Answers accumulated over layers, and the tests that may end a run before the last layer. One task each.
// They take a few hundred multiply-adds, so plain C serves every tier, and all tiers agree bit for bit.
#include "../include/ck_op.h"
#include <math.h>

/// Σ a·b in sixteen partial sums that are added in order, so that the order is fixed however it is compiled.
static float dot(const float *a, const float *b, uint32_t n) {
  float sums[16] = {0};
  uint32_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (uint32_t lane = 0; lane < 16; lane++)
      sums[lane] += a[i + lane] * b[i + lane];
  for (uint32_t lane = 0; i < n; i++, lane++)
    sums[lane] += a[i] * b[i];
  float sum = 0;
  for (uint32_t lane = 0; lane < 16; lane++)
    sum += sums[lane];
  return sum;
}

void ck_accumulate(const ck_op *op, uint32_t task, uint32_t worker) {
  float left = op->a ? op->a[op->columns] : 1;
  for (uint32_t i = 0; i < op->columns; i++)
    op->y[i] = op->a ? op->b[i] * left + op->a[i] * (1 - left) : op->b[i];
  if (op->weight)
    left /= 1 + expf(-(dot(op->c, op->weight, op->depth) + op->bias[0]));
  op->y[op->columns] = left;
}

/// The largest and the second largest of the answers.
typedef struct {
  double leader, runner;
} leading_two;

static leading_two leaders(const ck_op *op) {
  leading_two two = {op->a[0], -INFINITY};
  for (uint32_t i = 1; i < op->columns; i++)
    if (op->a[i] > two.leader)
      two = (leading_two){op->a[i], two.leader};
    else if (op->a[i] > two.runner)
      two.runner = op->a[i];
  return two;
}

/// Bound on rounding: per layer three roundings in each of two classes, each at most 2⁻²⁴ of a number up to
/// one.
static double slack(const ck_op *op) { return op->extent * 6 * 0x1p-24; }

void ck_halt_authors(const ck_op *op, uint32_t task, uint32_t worker) {
  leading_two two = leaders(op);
  double left = op->a[op->columns], layers = op->extent;
  op->y[0] = two.leader * pow(1 - left, layers) >= two.runner + left * layers + slack(op);
}

void ck_halt_tight(const ck_op *op, uint32_t task, uint32_t worker) {
  leading_two two = leaders(op);
  double left = op->a[op->columns], layers = op->extent;
  op->y[0] = (1 + two.leader - two.runner) * pow(1 - left, layers) >= 1 + slack(op);
}
