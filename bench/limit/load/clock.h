/* The one clock of the generator: monotonic, the same for producers and consumers because they are one process. */
#ifndef CLOCK_H
#define CLOCK_H

#include <time.h>

#include "../wire.h"

#define NS_PER_S 1000000000ull

static inline u64 now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (u64)time.tv_sec * NS_PER_S + (u64)time.tv_nsec;
}

#endif
