#include "delivery_check.h"

#include <stdlib.h>

#include "connection.h"
#include "counters.h"
#include "failure.h"
#include "options.h"

static u64 *next_sequence; /* by producer */
static u8 **received;      /* by producer, a bit for each sequence number; null in runs for a time */
static u64 received_limit;

static void *allocate(size_t count, size_t bytes) {
  void *memory = calloc(count ? count : 1, bytes);
  if (!memory) fail("out of memory");
  return memory;
}

void start_delivery_check(void) {
  size_t producers = (size_t)options.stamped_producers;
  next_sequence = allocate(producers, sizeof *next_sequence);
  if (!options.count || !producers || options.body_size < STAMP_BYTES) return;
  received_limit = (u64)options.count + 1;
  received = allocate(producers, sizeof *received);
  for (size_t i = 0; i < producers; i++) received[i] = allocate(received_limit / 8 + 1, 1);
}

static void check_order(u32 producer, u64 sequence, bool redelivered) {
  u64 *next = &next_sequence[producer];
  if (sequence < *next) {
    if (!redelivered) counters.duplicated++;
    return;
  }
  if (sequence > *next) counters.reordered++;
  *next = sequence + 1;
}

static void check_once(u32 producer, u64 sequence, bool redelivered) {
  u8 *octet = &received[producer][sequence >> 3];
  u8 bit = (u8)(1 << (sequence & 7));
  if (*octet & bit && !redelivered) counters.duplicated++;
  *octet |= bit;
}

void check_delivery(u32 producer, u64 sequence, bool redelivered) {
  if (producer >= (u32)options.stamped_producers) return; /* from another process */
  if (redelivered) counters.redelivered++;
  if (options.consumers <= options.queues) check_order(producer, sequence, redelivered);
  if (received && sequence < received_limit) check_once(producer, sequence, redelivered);
}

void count_lost(u32 producer, u64 sent) {
  if (!received) return;
  for (u64 sequence = 0; sequence < sent; sequence++) {
    if (!(received[producer][sequence >> 3] & 1 << (sequence & 7))) counters.lost++;
  }
}
