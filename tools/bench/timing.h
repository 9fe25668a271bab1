// What the timings in this folder share.
#pragma once
#include <stdlib.h>
#include <time.h>

/// Seconds, from some point on.
static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/// Sorts the values. By nearest rank, as all percentiles of ours.
static inline double median(double *values, size_t n) {
  qsort(values, n, sizeof *values, ascending);
  return values[(n - 1) / 2];
}
