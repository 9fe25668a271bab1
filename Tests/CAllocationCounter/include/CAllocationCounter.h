// Counts the process's heap allocations by standing in front of glibc's malloc family. Linked into test
// binaries only.
#pragma once
#include <stdint.h>

/// Starts counting from zero, over every thread of the process.
void ac_start(void);
/// Stops counting; returns the allocations (malloc, calloc, realloc, aligned forms) made since ac_start.
uint64_t ac_stop(void);
