/* What has happened so far, over the whole run; rates are differences between two moments. */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdbool.h>

#include "../wire.h"

struct counters {
  u64 published, consumed, confirmed;
  u64 lost, duplicated, reordered; /* each of these is the broker's fault */
  u64 redelivered, returned, nacked;
  int blocked_connections; /* told connection.blocked and not yet unblocked */
  u64 blocked_since_ns, blocked_ns;
};

extern struct counters counters;

#endif
