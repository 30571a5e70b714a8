#include "latency.h"

#include <stdbool.h>

struct latencies delivery_latencies, confirm_latencies;

static bool recording;

void start_recording_latency(void) { recording = true; }

/* Below STEPS a bucket is a nanosecond. Above, row `shift + 1` holds what has STEP_BITS + 1 significant bits after the shift. */
static int bucket_of(u64 ns) {
  if (ns < STEPS) return (int)ns;
  int shift = 63 - __builtin_clzll(ns) - STEP_BITS;
  return (shift + 1) * STEPS + (int)((ns >> shift) & (STEPS - 1));
}

/* The least latency that falls into the bucket. */
static double bucket_start_ns(int bucket) {
  if (bucket < STEPS) return bucket;
  int shift = bucket / STEPS - 1;
  return (double)((u64)(STEPS + bucket % STEPS) << shift);
}

void record_latency(struct latencies *latencies, u64 ns) {
  if (!recording) return;
  if (ns > latencies->max_ns) latencies->max_ns = ns;
  latencies->histogram[bucket_of(ns)]++;
}

double latency_percentile_ns(const struct latencies *latencies, double share) {
  u64 recorded = 0;
  for (int i = 0; i < BUCKETS; i++) recorded += latencies->histogram[i];
  if (!recorded) return 0;

  u64 rank = (u64)((double)recorded * share), below = 0;
  for (int i = 0; i < BUCKETS; i++) {
    below += latencies->histogram[i];
    if (below > rank) return bucket_start_ns(i);
  }
  return (double)latencies->max_ns;
}
