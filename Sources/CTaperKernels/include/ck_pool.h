// Fork-join pool: the caller is worker 0; the others spin briefly, then sleep on a futex.
#pragma once
#include "ck_op.h"

typedef struct ck_pool ck_pool;

/// A pool of `workers` workers (≥ 1), the caller included; only here is memory allocated and are threads made.
/// Returns NULL with errno set when threads cannot be made. Workers are placed on the CPUs of the caller's affinity mask.
ck_pool *ck_pool_create(uint32_t workers);
uint32_t ck_pool_workers(const ck_pool *pool);
/// Runs driver(op, t, worker) for t in 0..<tasks on at most `ck_pool_workers` workers; returns when all are done.
/// One caller at a time. Allocates nothing.
void ck_pool_run(ck_pool *pool, ck_driver driver, const ck_op *op, uint32_t tasks);
void ck_pool_destroy(ck_pool *pool);
/// CPUs this process may use (sched_getaffinity).
uint32_t ck_available_cpus(void);
/// Monotonic clock, nanoseconds.
uint64_t ck_now_ns(void);
