// Fork-join pool: the caller is worker 0; the others spin briefly, then sleep on a futex.
#pragma once
#include "ck_op.h"

typedef struct ck_pool ck_pool;

/// A pool of `workers` workers (1 … CK_POOL_MAXIMUM_WORKERS), the caller included. Memory is allocated and
/// threads are made only here. Returns NULL with errno set when threads cannot be made or the number is out
/// of bounds. Each worker is pinned to a CPU of the caller's affinity mask that no other pool of this process
/// uses, each on a core of its own while there are enough; when the mask has too few such CPUs, no worker is
/// pinned. The caller is never pinned. When the scheduler has moved it to a worker's CPU, the next run moves
/// that worker to the CPU that the caller came from.
ck_pool *ck_pool_create(uint32_t workers);
uint32_t ck_pool_workers(const ck_pool *pool);
/// Runs driver(op, t, worker) for t in 0..<tasks on at most `ck_pool_workers` workers; returns when all are
/// done. One caller at a time, never from within a task of the same pool. Allocates nothing. Each task runs
/// exactly once; what a task wrote is visible to the caller afterwards.
void ck_pool_run(ck_pool *pool, ck_driver driver, const ck_op *op, uint32_t tasks);
void ck_pool_destroy(ck_pool *pool);
/// CPUs this process may use (sched_getaffinity).
uint32_t ck_available_cpus(void);
/// Monotonic clock, nanoseconds.
uint64_t ck_now_ns(void);
