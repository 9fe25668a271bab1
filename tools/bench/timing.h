// Clock and median of the timings in this folder.
#pragma once
#include <stdlib.h>
#include <time.h>

/// Seconds since an arbitrary point in time.
static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/// By nearest rank, as in stats.py. Sorts the values.
static inline double median(double *values, size_t n) {
  qsort(values, n, sizeof *values, ascending);
  return values[(n - 1) / 2];
}
