// The executable's definitions win over libc's, for the Swift runtime and every other shared library too.
// They pass on to glibc's internal names instead of dlsym(RTLD_NEXT, …), because dlsym itself may allocate
// before the first lookup is done.
#include "CAllocationCounter.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static atomic_bool counting;
static atomic_uint_fast64_t count;

static inline void note(void) {
  if (atomic_load_explicit(&counting, memory_order_relaxed))
    atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

void ac_start(void) {
  atomic_store(&count, 0);
  atomic_store(&counting, true);
}

uint64_t ac_stop(void) {
  atomic_store(&counting, false);
  return atomic_load(&count);
}

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
  note();
  return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size) {
  note();
  return __libc_realloc(p, size);
}

void *memalign(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  note();
  void *p = __libc_memalign(alignment, size);
  if (!p)
    return ENOMEM;
  *result = p;
  return 0;
}

void free(void *p) { __libc_free(p); }
