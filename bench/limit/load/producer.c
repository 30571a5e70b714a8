#include "producer.h"

#include <stdlib.h>

#include "clock.h"
#include "confirms.h"
#include "counters.h"
#include "failure.h"
#include "options.h"

enum { BATCH_MAX = 64, WRITES_PER_TURN = 4, OUTPUT_BYTES = 1 << 16 };
/* The content header's payload with one property, delivery-mode. */
enum { HEADER_PAYLOAD = 15, DELIVERY_MODE_FLAG = 0x1000, TRANSIENT = 1, PERSISTENT = 2 };
/* What frames of the method and the header take at most. */
enum { ENVELOPE_BYTES = 1024 };

static u8 *put_publish(u8 *at, const char *routing_key) {
  u8 arguments[2 + 2 * NAME_MAX_BYTES + 1];
  u8 *end = put_u16(arguments, 0);
  end = put_short_string(end, options.exchange);
  end = put_short_string(end, routing_key);
  end = put_u8(end, 0);
  return put_method(at, CHANNEL, BASIC_PUBLISH, arguments, (size_t)(end - arguments));
}

static u8 *put_header(u8 *at) {
  at = put_frame_head(at, FRAME_HEADER, CHANNEL, HEADER_PAYLOAD);
  at = put_u32(at, METHOD(60, 0)); /* class basic, weight 0 */
  at = put_u64(at, (u64)options.body_size);
  at = put_u16(at, DELIVERY_MODE_FLAG);
  at = put_u8(at, options.durable ? PERSISTENT : TRANSIENT);
  return put_u8(at, FRAME_END);
}

static u8 *put_body(u8 *at, size_t chunk_max) {
  for (size_t left = (size_t)options.body_size; left;) {
    size_t chunk = left < chunk_max ? left : chunk_max;
    at = put_frame_head(at, FRAME_BODY, CHANNEL, (u32)chunk);
    memset(at, 'x', chunk);
    at = put_u8(at + chunk, FRAME_END);
    left -= chunk;
  }
  return at;
}

void prepare_producer(struct connection *connection, u32 id) {
  struct publisher *publisher = &connection->publisher;
  size_t body_size = (size_t)options.body_size;
  size_t chunk_max = connection->frame_max - FRAME_OVERHEAD;
  size_t body_frames = (body_size + chunk_max - 1) / chunk_max;
  char name[NAME_MAX_BYTES];
  queue_name(name, connection->queue);

  publisher->id = id;
  publisher->frames = malloc(ENVELOPE_BYTES + body_size + body_frames * FRAME_OVERHEAD);
  if (!publisher->frames) fail("out of memory");
  u8 *body = put_header(put_publish(publisher->frames, options.routing_key ? options.routing_key : name));
  u8 *end = put_body(body, chunk_max);
  publisher->body_at = (size_t)(body - publisher->frames) + FRAME_HEAD;
  publisher->frames_length = (size_t)(end - publisher->frames);

  size_t length = publisher->frames_length;
  connection->out_capacity = length > OUTPUT_BYTES ? 2 * length : OUTPUT_BYTES + length;
  connection->out = malloc(connection->out_capacity);
  if (!connection->out) fail("out of memory");
}

void schedule_producer(struct connection *connection, int index, u64 start_ns) {
  u64 offset_ns = 0;
  if (options.rate_per_producer) {
    offset_ns = (u64)index * NS_PER_S / (u64)options.rate_per_producer / (u64)options.producers;
  }
  connection->publisher.next_due_ns = start_ns + offset_ns;
}

static bool within_limits(const struct connection *connection, long room) {
  const struct publisher *publisher = &connection->publisher;
  if (options.count && counters.published >= (u64)options.count) return false;
  if (options.max_inflight && (long)(counters.published - counters.consumed) + room > options.max_inflight) return false;
  return !options.confirm_window || publisher->sent - publisher->confirmed < (u64)options.confirm_window;
}

/* Free places under --max-inflight before a batch starts, so that small writes do not cost the generator its speed. */
static long batch_room(void) {
  long quarter = options.max_inflight / 4;
  return quarter < BATCH_MAX ? quarter + 1 : BATCH_MAX;
}

bool may_publish(const struct connection *connection, u64 at_ns) {
  if (counters.blocked_connections) return false;
  if (!within_limits(connection, batch_room())) return false;
  return !options.rate_per_producer || at_ns >= connection->publisher.next_due_ns;
}

static bool may_extend_batch(const struct connection *connection) {
  if (!within_limits(connection, 1)) return false;
  return !options.rate_per_producer || connection->publisher.next_due_ns <= now_ns();
}

static void append_message(struct connection *connection, u64 at_ns) {
  struct publisher *publisher = &connection->publisher;
  u8 *frames = connection->out + connection->out_end;
  memcpy(frames, publisher->frames, publisher->frames_length);
  if (options.body_size >= STAMP_BYTES) {
    u8 *stamp = frames + publisher->body_at;
    put_u32(put_u64(put_u64(stamp, at_ns), publisher->sent), publisher->id);
  }
  connection->out_end += publisher->frames_length;
  publisher->sent++;
  if (options.confirm_window) note_sent(publisher, at_ns);
  counters.published++;
  if (options.rate_per_producer) publisher->next_due_ns += NS_PER_S / (u64)options.rate_per_producer;
}

/* All messages of a batch carry the time of its start: they leave in the same write. */
static void fill_batch(struct connection *connection) {
  u64 at_ns = now_ns();
  if (!may_publish(connection, at_ns)) return;
  size_t length = connection->publisher.frames_length;
  int messages = 0;
  do {
    append_message(connection, at_ns);
    messages++;
  } while (messages < BATCH_MAX && connection->out_end + length <= connection->out_capacity &&
           may_extend_batch(connection));
}

bool publish(struct connection *connection) {
  bool progress = false;
  for (int writes = 0; writes < WRITES_PER_TURN; writes++) {
    if (!output_waits(connection)) fill_batch(connection);
    if (!output_waits(connection)) {
      arm_write(connection, false);
      return progress;
    }
    if (!write_output(connection)) break;
    progress = true;
    if (output_waits(connection)) break;
  }
  arm_write(connection, true);
  return progress;
}
