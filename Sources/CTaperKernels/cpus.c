// Placement of pool workers.
#define _GNU_SOURCE
#include "ck_cpus.h"
#include "include/ck_pool.h"
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static cpu_set_t taken; // guarded by lock

/// The lowest-numbered hyper-thread of the CPU's core; the CPU itself when the system does not say.
static int core_of(int cpu) {
  char path[96], text[16];
  snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return cpu;
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  if (count <= 0 || text[0] < '0' || text[0] > '9')
    return cpu;
  text[count] = 0;
  return atoi(text);
}

static bool affinity(cpu_set_t *set) {
  CPU_ZERO(set);
  return sched_getaffinity(0, sizeof *set, set) == 0;
}

uint32_t ck_available_cpus(void) {
  cpu_set_t set;
  int count = affinity(&set) ? CPU_COUNT(&set) : 0;
  return count > 0 ? (uint32_t)count : 1;
}

bool ck_cpus_reserve(int32_t *cpus, uint32_t count, int32_t *caller) {
  cpu_set_t allowed, cores;
  int here = sched_getcpu();
  *caller = here;
  if (count == 0 || !affinity(&allowed) || here < 0)
    return false;
  pthread_mutex_lock(&lock);
  CPU_ZERO(&cores); // cores in use, by their first hyper-thread
  CPU_SET(core_of(here), &cores);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &taken)) {
      CPU_CLR(cpu, &allowed);
      CPU_SET(core_of(cpu), &cores);
    }
  CPU_CLR(here, &allowed);
  uint32_t found = 0;
  bool whole_cores = true;
  if ((uint32_t)CPU_COUNT(&allowed) >= count)
    for (int pass = 0; pass < 2 && found < count; pass++, whole_cores = false)
      for (int cpu = 0; cpu < CPU_SETSIZE && found < count; cpu++) {
        if (!CPU_ISSET(cpu, &allowed))
          continue;
        int core = core_of(cpu);
        if (whole_cores && core >= 0 && core < CPU_SETSIZE && CPU_ISSET(core, &cores))
          continue;
        if (core >= 0 && core < CPU_SETSIZE)
          CPU_SET(core, &cores);
        CPU_CLR(cpu, &allowed);
        cpus[found++] = cpu;
      }
  if (found == count && count > 0)
    for (uint32_t i = 0; i < count; i++)
      CPU_SET(cpus[i], &taken);
  pthread_mutex_unlock(&lock);
  return found == count;
}

bool ck_cpus_exchange(int32_t held, int32_t wanted) {
  if (wanted == CK_CPU_NONE)
    return false;
  pthread_mutex_lock(&lock);
  bool free = !CPU_ISSET(wanted, &taken);
  if (free) {
    CPU_CLR(held, &taken);
    CPU_SET(wanted, &taken);
  }
  pthread_mutex_unlock(&lock);
  return free;
}

void ck_cpus_release(int32_t cpu) {
  if (cpu == CK_CPU_NONE)
    return;
  pthread_mutex_lock(&lock);
  CPU_CLR(cpu, &taken);
  pthread_mutex_unlock(&lock);
}

void ck_cpus_pin(pthread_t thread, int32_t cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  pthread_setaffinity_np(thread, sizeof set, &set); // a refusal leaves the worker to the scheduler
}
