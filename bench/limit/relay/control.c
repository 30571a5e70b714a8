/* The answers that a client needs before and after its messages. */
#include "relay.h"

enum { NO_ACK_BIT = 2 };
#define UNLIMITED_CREDIT (1l << 60)

static void send_method(struct connection *connection, u16 channel, u32 method, const void *arguments, size_t length) {
  u8 *at = connection->out + connection->out_end;
  connection->out_end += (u32)(put_method(at, channel, method, arguments, length) - at);
}

void send_start(struct connection *connection) {
  u8 arguments[32], *end = arguments;
  end = put_u8(put_u8(end, 0), 9); /* version 0-9 */
  end = put_u32(end, 0);           /* no server properties */
  end = put_long_string(end, "PLAIN");
  end = put_long_string(end, "en_US");
  send_method(connection, 0, CONNECTION_START, arguments, (size_t)(end - arguments));
}

static void send_tune(struct connection *connection) {
  enum { CHANNEL_MAX = 2047, HEARTBEAT_NONE = 0 };
  u8 arguments[8];
  put_u16(put_u32(put_u16(arguments, CHANNEL_MAX), FRAME_MAX), HEARTBEAT_NONE);
  send_method(connection, 0, CONNECTION_TUNE, arguments, sizeof arguments);
}

/* `name` is a short string, as it stands in the client's method. */
static void declare_queue(struct connection *connection, u16 channel, const u8 *name) {
  const struct queue *queue = find_queue(name + 1, name[0]);
  u8 arguments[SHORT_STRING_BYTES + 8];
  u8 *end = put_bytes(arguments, name, name[0] + 1u);
  end = put_u32(end, (u32)(queue->tail - queue->head));
  end = put_u32(end, 0);
  send_method(connection, channel, QUEUE_DECLARE_OK, arguments, (size_t)(end - arguments));
}

static void consume(struct connection *connection, u16 channel, const u8 *queue_name) {
  const u8 *tag = queue_name + 1 + queue_name[0];
  u32 tag_length = tag[0] + 1u;
  bool no_ack = tag[tag_length] & NO_ACK_BIT;
  memcpy(connection->consumer_tag, tag, tag_length);
  connection->consumer_tag_length = tag_length;
  connection->credit = no_ack || !connection->prefetch ? UNLIMITED_CREDIT : connection->prefetch;
  connection->next_delivery_tag = 1;
  send_method(connection, channel, BASIC_CONSUME_OK, tag, tag_length);
  add_consumer(find_queue(queue_name + 1, queue_name[0]), connection);
}

void answer_method(struct connection *connection, const u8 *frame) {
  u16 channel = get_u16(frame + 1);
  const u8 *arguments = frame + FRAME_HEAD + METHOD_HEAD;
  const u8 *after_ticket = arguments + 2;
  switch (get_u32(frame + FRAME_HEAD)) {
    case CONNECTION_START_OK: send_tune(connection); break;
    case CONNECTION_OPEN: send_method(connection, 0, CONNECTION_OPEN_OK, "", 1); break;
    case CONNECTION_CLOSE: send_method(connection, 0, CONNECTION_CLOSE_OK, "", 0); break;
    case CHANNEL_OPEN: send_method(connection, channel, CHANNEL_OPEN_OK, "\0\0\0", 4); break;
    case CHANNEL_CLOSE: send_method(connection, channel, CHANNEL_CLOSE_OK, "", 0); break;
    case QUEUE_DECLARE: declare_queue(connection, channel, after_ticket); break;
    case QUEUE_DELETE: send_method(connection, channel, QUEUE_DELETE_OK, "\0\0\0", 4); break;
    case BASIC_QOS:
      connection->prefetch = get_u16(arguments + 4);
      send_method(connection, channel, BASIC_QOS_OK, "", 0);
      break;
    case BASIC_CONSUME: consume(connection, channel, after_ticket); break;
    case CONFIRM_SELECT: send_method(connection, channel, CONFIRM_SELECT_OK, "", 0); break;
    default: break; /* tune-ok, and what the generator does not use */
  }
}
