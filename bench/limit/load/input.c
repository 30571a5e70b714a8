#include "input.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "confirms.h"
#include "consumer.h"
#include "counters.h"
#include "failure.h"

void prepare_input(struct connection *connection) {
  connection->in = malloc(INPUT_BYTES);
  if (!connection->in) fail("out of memory");
}

static void set_blocked(bool blocked) {
  if (blocked) {
    if (!counters.blocked_connections++) counters.blocked_since_ns = now_ns();
  } else if (counters.blocked_connections && !--counters.blocked_connections) {
    counters.blocked_ns += now_ns() - counters.blocked_since_ns;
  }
}

static _Noreturn void closed_by_broker(const char *what, const u8 *arguments) {
  fail("broker closed %s: %d %.*s", what, get_u16(arguments), arguments[2], (const char *)arguments + 3);
}

static void take_method(struct connection *connection, const u8 *payload) {
  u32 method = get_u32(payload);
  const u8 *arguments = payload + METHOD_HEAD;
  switch (method) {
    case BASIC_DELIVER: take_deliver(connection, arguments); break;
    case BASIC_ACK:
    case BASIC_NACK: {
      bool multiple = arguments[8] & 1;
      take_confirm(&connection->publisher, get_u64(arguments), multiple, method == BASIC_NACK);
      break;
    }
    case BASIC_RETURN: counters.returned++; break;
    case CONNECTION_BLOCKED: set_blocked(true); break;
    case CONNECTION_UNBLOCKED: set_blocked(false); break;
    case CHANNEL_FLOW: break; /* its limit is the broker's to keep, by not reading */
    case BASIC_CANCEL: fail("consumer cancelled by broker");
    case CONNECTION_CLOSE: closed_by_broker("connection", arguments);
    case CHANNEL_CLOSE: closed_by_broker("channel", arguments);
    default: fail("unexpected method %u.%u", method >> 16, method & 0xffff);
  }
}

static void take_frame(struct connection *connection, const u8 *frame, u32 length) {
  const u8 *payload = frame + FRAME_HEAD;
  if (payload[length] != FRAME_END) fail("bad frame end");
  switch (frame[0]) {
    case FRAME_METHOD: take_method(connection, payload); break;
    case FRAME_HEADER: take_header(connection, payload); break;
    case FRAME_BODY: take_body(connection, payload, length); break;
    default: break; /* heartbeats */
  }
}

/* False when there was nothing. */
static bool read_input(struct connection *connection) {
  ssize_t got = read_octets(connection, connection->in + connection->in_length, INPUT_BYTES - connection->in_length);
  if (got == 0) fail("connection closed by broker");
  if (got < 0 && errno == EAGAIN) return false;
  if (got < 0) fail_errno("read");
  connection->in_length += (size_t)got;
  return true;
}

static void take_frames(struct connection *connection) {
  const u8 *at = connection->in, *end = at + connection->in_length;
  while (end - at >= FRAME_OVERHEAD) {
    u32 length = get_u32(at + 3);
    size_t frame_bytes = (size_t)length + FRAME_OVERHEAD;
    if (frame_bytes > INPUT_BYTES) fail("frame larger than buffer");
    if ((size_t)(end - at) < frame_bytes) break;
    take_frame(connection, at, length);
    at += frame_bytes;
  }
  connection->in_length = (size_t)(end - at);
  if (connection->in_length && at != connection->in) memmove(connection->in, at, connection->in_length);
}

void take_input(struct connection *connection) {
  do {
    if (!read_input(connection)) return;
    take_frames(connection);
  } while (holds_input(connection));
}
