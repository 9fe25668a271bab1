#include "include/taper.h"
#include "include/taper_error.h"
#include <string.h>

static _Thread_local char last_error[1024];

void taper_keep_error(const char *text, size_t count) {
  if (count > sizeof last_error - 1) {
    count = sizeof last_error - 1;
    while (count > 0 && ((unsigned char)text[count] & 0xC0) == 0x80)
      count--;
  }
  memcpy(last_error, text, count);
  last_error[count] = 0;
}

const char *taper_last_error(void) { return last_error; }
