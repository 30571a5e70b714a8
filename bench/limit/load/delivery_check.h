/*
 * Was every message delivered, once, in order? Each message carries its producer and its sequence number there.
 * Order is checked where it can be seen: when no queue has two consumers. Loss and doubles are counted exactly in runs of a fixed
 * count; in runs for a time a loss shows as a gap in the order.
 */
#ifndef DELIVERY_CHECK_H
#define DELIVERY_CHECK_H

#include <stdbool.h>

#include "../wire.h"

void start_delivery_check(void);
void check_delivery(u32 producer, u64 sequence, bool redelivered);

/* Counts what one producer has sent and nobody received. Does nothing in runs for a time, whose end cuts messages off, and
 * for bodies too short to carry a stamp. */
void count_lost(u32 producer, u64 sent);

#endif
