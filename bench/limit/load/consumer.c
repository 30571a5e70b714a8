#include "consumer.h"

#include <stdlib.h>

#include "clock.h"
#include "counters.h"
#include "delivery_check.h"
#include "failure.h"
#include "latency.h"
#include "options.h"

enum { OUTPUT_BYTES = 1 << 16, ACK_ARGUMENTS = 9, ACK_FRAME = METHOD_FRAME_OVERHEAD + ACK_ARGUMENTS };

void prepare_consumer(struct connection *connection) {
  connection->out_capacity = OUTPUT_BYTES;
  connection->out = malloc(OUTPUT_BYTES);
  if (!connection->out) fail("out of memory");
}

static void append_ack(struct connection *connection, u64 tag, bool multiple) {
  reserve_output(connection, ACK_FRAME);
  u8 arguments[ACK_ARGUMENTS];
  put_u8(put_u64(arguments, tag), multiple);
  put_method(connection->out + connection->out_end, CHANNEL, BASIC_ACK, arguments, ACK_ARGUMENTS);
  connection->out_end += ACK_FRAME;
}

static void delivered(struct connection *connection) {
  struct subscriber *subscriber = &connection->subscriber;
  counters.consumed++;
  if (options.body_size >= STAMP_BYTES) {
    const struct stamp *stamp = &subscriber->stamp;
    u64 time_ns = now_ns();
    if (time_ns > stamp->time_ns) record_latency(&delivery_latencies, time_ns - stamp->time_ns);
    check_delivery(stamp->producer, stamp->sequence, subscriber->redelivered);
  }
  subscriber->unacked++;
  if (options.auto_ack || subscriber->unacked < options.acks_per_frame) return;
  append_ack(connection, subscriber->tag, options.acks_per_frame > 1);
  subscriber->unacked = 0;
}

void take_deliver(struct connection *connection, const u8 *arguments) {
  const u8 *after_consumer_tag = arguments + 1 + arguments[0];
  connection->subscriber.tag = get_u64(after_consumer_tag);
  connection->subscriber.redelivered = after_consumer_tag[8] & 1;
}

void take_header(struct connection *connection, const u8 *payload) {
  struct subscriber *subscriber = &connection->subscriber;
  subscriber->body_left = get_u64(payload + 4);
  subscriber->at_body_start = true;
  if (!subscriber->body_left) delivered(connection);
}

void take_body(struct connection *connection, const u8 *payload, u32 length) {
  struct subscriber *subscriber = &connection->subscriber;
  if (subscriber->at_body_start && length >= STAMP_BYTES) {
    subscriber->stamp =
        (struct stamp){.time_ns = get_u64(payload), .sequence = get_u64(payload + 8), .producer = get_u32(payload + 16)};
  }
  subscriber->at_body_start = false;
  subscriber->body_left -= length;
  if (!subscriber->body_left) delivered(connection);
}
