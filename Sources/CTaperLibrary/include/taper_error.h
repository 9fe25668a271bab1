// The text that taper_last_error gives.
#pragma once
#include <stddef.h>

/// Keeps `count` bytes of UTF-8 as this thread's last error; what is beyond 1,023 bytes is cut off between
/// characters.
void taper_keep_error(const char *text, size_t count);
