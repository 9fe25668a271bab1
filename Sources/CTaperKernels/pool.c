// The fork-join pool.
//
// One 64-bit word, the ticket, holds the generation of the current run and the number of its tasks not yet
// claimed. A worker claims a task by lowering the ticket with compare-and-swap, so a worker that wakes late
// can neither claim a task of a run it has not seen nor delay one that others have finished: nobody waits for
// workers, only for tasks. The other fields of a run are read only after a claim; the run cannot end, so they
// cannot change, until the claimed task is reported done.
//
// Workers spin on the ticket between runs (ops follow each other within microseconds) and then sleep on a
// futex. The order "announce sleep, look at the ticket again, sleep" against "publish ticket, look for
// sleepers, wake", all sequentially consistent, loses no wake-up.
#define _GNU_SOURCE
#include "ck_cpus.h"
#include "include/ck_pool.h"
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { cache_line = 64, spin_ns = 40000, looks_a_clock = 32 };

typedef struct {
  ck_pool *pool;
  uint32_t number;
  int32_t cpu; // where it is pinned; CK_CPU_NONE: the scheduler decides. Only the caller changes it
  pthread_t thread;
} worker_slot;

struct ck_pool {
  // a run: written by the caller before the ticket is published
  ck_driver driver;
  const ck_op *op;
  uint32_t tasks;
  // fixed after creation
  uint32_t workers;
  bool spins;
  int32_t caller_cpu;                          // where the caller ran last; only it reads and writes this
  alignas(cache_line) _Atomic uint64_t ticket; // generation << 32 | tasks not yet claimed
  alignas(cache_line) _Atomic uint32_t done;   // tasks finished by the others; the caller's futex
  _Atomic uint32_t caller_sleeps;
  alignas(cache_line) _Atomic uint32_t wakes; // the workers' futex
  _Atomic uint32_t sleepers;
  _Atomic bool stops;
  alignas(cache_line) worker_slot slots[];
};

static void pause_cpu(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void futex_wait(_Atomic uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, uint32_t count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

uint64_t ck_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/// Bounded spinning: counts its polls and reads the clock only now and then.
typedef struct {
  uint64_t end;
  uint32_t looks;
} spin;

static bool spin_once(spin *s, bool allowed) {
  if (!allowed)
    return false;
  pause_cpu();
  if (++s->looks % looks_a_clock)
    return true;
  uint64_t now = ck_now_ns();
  if (s->end == 0)
    s->end = now + spin_ns;
  return now < s->end;
}

/// Claims and runs tasks of `generation` until none is left; the number it ran.
static uint32_t run_tasks(ck_pool *pool, uint32_t generation, uint32_t worker) {
  uint32_t ran = 0;
  uint64_t ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
  while ((uint32_t)(ticket >> 32) == generation && (uint32_t)ticket > 0) {
    if (!atomic_compare_exchange_weak_explicit(&pool->ticket, &ticket, ticket - 1, memory_order_acq_rel,
                                               memory_order_acquire))
      continue;
    pool->driver(pool->op, pool->tasks - (uint32_t)ticket, worker);
    ran++;
    ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
  }
  return ran;
}

static void report_done(ck_pool *pool, uint32_t count) {
  atomic_fetch_add(&pool->done, count);
  if (atomic_load(&pool->caller_sleeps))
    futex_wake(&pool->done, 1);
}

static bool has_work(ck_pool *pool) {
  return (uint32_t)atomic_load(&pool->ticket) > 0 || atomic_load_explicit(&pool->stops, memory_order_acquire);
}

static void wait_for_work(ck_pool *pool) {
  spin s = {0};
  do
    if (has_work(pool))
      return;
  while (spin_once(&s, pool->spins));
  uint32_t wakes = atomic_load(&pool->wakes);
  atomic_fetch_add(&pool->sleepers, 1);
  if (!has_work(pool))
    futex_wait(&pool->wakes, wakes);
  atomic_fetch_sub(&pool->sleepers, 1);
}

static void *worker_main(void *argument) {
  worker_slot *slot = argument;
  ck_pool *pool = slot->pool;
  while (!atomic_load_explicit(&pool->stops, memory_order_acquire)) {
    wait_for_work(pool);
    uint64_t ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    uint32_t ran = run_tasks(pool, (uint32_t)(ticket >> 32), slot->number);
    if (ran > 0)
      report_done(pool, ran);
  }
  return NULL;
}

/// Waits until the others have finished `count` tasks.
static void join(ck_pool *pool, uint32_t count) {
  spin s = {0};
  do
    if (atomic_load_explicit(&pool->done, memory_order_acquire) == count)
      return;
  while (spin_once(&s, pool->spins));
  atomic_store(&pool->caller_sleeps, 1);
  for (uint32_t done = atomic_load(&pool->done); done != count; done = atomic_load(&pool->done))
    futex_wait(&pool->done, done);
  atomic_store(&pool->caller_sleeps, 0);
}

/// If the scheduler has moved the caller to a worker's CPU, moves that worker to the CPU that the caller
/// left: on one CPU they would take turns. The caller itself is never pinned; its affinity belongs to its
/// owner (decision 9).
static void make_way(ck_pool *pool) {
  int32_t here = sched_getcpu(), left = pool->caller_cpu;
  if (here == left || here < 0)
    return;
  pool->caller_cpu = here;
  for (uint32_t i = 1; i < pool->workers; i++)
    if (pool->slots[i].cpu == here && ck_cpus_exchange(here, left)) {
      pool->slots[i].cpu = left;
      ck_cpus_pin(pool->slots[i].thread, left);
    }
}

void ck_pool_run(ck_pool *pool, ck_driver driver, const ck_op *op, uint32_t tasks) {
  if (tasks <= 1 || pool->workers == 1) {
    for (uint32_t task = 0; task < tasks; task++)
      driver(op, task, 0);
    return;
  }
  make_way(pool);
  pool->driver = driver;
  pool->op = op;
  pool->tasks = tasks;
  atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
  uint32_t generation = (uint32_t)(atomic_load_explicit(&pool->ticket, memory_order_relaxed) >> 32) + 1;
  atomic_store(&pool->ticket, (uint64_t)generation << 32 | tasks);
  uint32_t sleepers = atomic_load(&pool->sleepers);
  if (sleepers > 0) {
    atomic_fetch_add(&pool->wakes, 1);
    futex_wake(&pool->wakes, sleepers < tasks - 1 ? sleepers : tasks - 1);
  }
  uint32_t ran = run_tasks(pool, generation, 0);
  join(pool, tasks - ran);
}

uint32_t ck_pool_workers(const ck_pool *pool) { return pool->workers; }

static void stop_threads(ck_pool *pool, uint32_t started) {
  atomic_store(&pool->stops, true);
  atomic_fetch_add(&pool->wakes, 1);
  futex_wake(&pool->wakes, pool->workers);
  for (uint32_t i = 1; i < started; i++)
    pthread_join(pool->slots[i].thread, NULL);
}

ck_pool *ck_pool_create(uint32_t workers) {
  if (workers == 0 || workers > CK_POOL_MAXIMUM_WORKERS) {
    errno = EINVAL;
    return NULL;
  }
  size_t size = sizeof(ck_pool) + workers * sizeof(worker_slot);
  ck_pool *pool = aligned_alloc(cache_line, (size + cache_line - 1) / cache_line * cache_line);
  if (!pool)
    return NULL;
  *pool = (ck_pool){.workers = workers, .spins = ck_available_cpus() >= workers, .caller_cpu = CK_CPU_NONE};

  // The process's signals belong to the threads it made itself; a worker's own faults reach their handlers.
  sigset_t others, before;
  sigfillset(&others);
  const int faults[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV};
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
    sigdelset(&others, faults[i]);
  pthread_sigmask(SIG_SETMASK, &others, &before);
  uint32_t started = 1;
  int failure = 0;
  for (; started < workers && failure == 0; started += failure == 0) {
    pool->slots[started] = (worker_slot){.pool = pool, .number = started};
    failure = pthread_create(&pool->slots[started].thread, NULL, worker_main, &pool->slots[started]);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failure) {
    stop_threads(pool, started);
    free(pool);
    errno = failure;
    return NULL;
  }

  int32_t cpus[CK_POOL_MAXIMUM_WORKERS];
  bool placed = ck_cpus_reserve(cpus, workers - 1, &pool->caller_cpu);
  for (uint32_t i = 1; i < workers; i++) {
    pool->slots[i].cpu = placed ? cpus[i - 1] : CK_CPU_NONE;
    if (placed)
      ck_cpus_pin(pool->slots[i].thread, cpus[i - 1]);
  }
  return pool;
}

void ck_pool_destroy(ck_pool *pool) {
  if (!pool)
    return;
  stop_threads(pool, pool->workers);
  for (uint32_t i = 1; i < pool->workers; i++)
    ck_cpus_release(pool->slots[i].cpu);
  free(pool);
}
