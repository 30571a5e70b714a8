/*
 * A latency histogram: 32 buckets to each power of two, so a percentile is off by 3% at most, in 16 KiB.
 * Recording is one increment; nothing is stored per message.
 */
#ifndef LATENCY_H
#define LATENCY_H

#include "../wire.h"

enum { STEP_BITS = 5, STEPS = 1 << STEP_BITS, POWERS = 64, BUCKETS = POWERS * STEPS };

struct latencies {
  u64 histogram[BUCKETS];
  u64 max_ns;
};

/* From publish to delivery, and from publish to confirm. */
extern struct latencies delivery_latencies, confirm_latencies;

/* Latencies are recorded from now on. */
void start_recording_latency(void);

void record_latency(struct latencies *latencies, u64 ns);

/* The latency below which `share` (0 … 1) of the recorded ones lie; 0 when there are none. */
double latency_percentile_ns(const struct latencies *latencies, double share);

#endif
