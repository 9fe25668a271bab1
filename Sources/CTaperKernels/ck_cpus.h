// Which CPUs the pools of this process have taken.
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { CK_CPU_NONE = -1 };

/// Takes `count` CPUs of the affinity mask that no live pool holds and that the caller does not run on, cores
/// before hyper-threads. All or none: false when there are too few. `caller` is the CPU the caller runs on,
/// or CK_CPU_NONE.
bool ck_cpus_reserve(int32_t *cpus, uint32_t count, int32_t *caller);
/// Takes `wanted` for `held`, unless a live pool holds it.
bool ck_cpus_exchange(int32_t held, int32_t wanted);
void ck_cpus_release(int32_t cpu);
void ck_cpus_pin(pthread_t thread, int32_t cpu);
