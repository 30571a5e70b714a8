/*
 * The latency histogram: 32 buckets to each power of two, so a percentile is off by 3% at most, in 16 KiB.
 * Recording is one increment; nothing is stored per message.
 */
#ifndef LATENCY_H
#define LATENCY_H

#include "../wire.h"

void record_latency(u64 ns);

/* The latency below which `share` (0 … 1) of the recorded ones lie; 0 when there are none. */
double latency_percentile_ns(double share);

u64 latency_max_ns(void);

#endif
