/* Where messages lie between in and out: one buffer, written round and round. */
#include <stdlib.h>

#include "relay.h"

static u8 *log_bytes;
static u32 log_end;

void open_log(void) { log_bytes = malloc(LOG_BYTES); }

const u8 *logged(const struct message *message) { return log_bytes + message->offset; }

/* Reserves the whole message at its header, so that its body frames, which may come mixed with others', lie together. */
void log_header(struct connection *connection, const u8 *frame, u32 frame_bytes) {
  u64 body_size = get_u64(frame + FRAME_HEAD + 4);
  u64 body_frames_max = body_size / (FRAME_MAX - FRAME_OVERHEAD) + 1;
  u64 message_bytes = connection->route_length + frame_bytes + body_size + body_frames_max * FRAME_OVERHEAD;
  if (log_end + message_bytes > LOG_BYTES) log_end = 0;

  u8 *end = put_bytes(log_bytes + log_end, connection->route, connection->route_length);
  end = put_bytes(end, frame, frame_bytes);
  connection->message_start = log_end;
  connection->message_end = (u32)(end - log_bytes);
  connection->body_left = body_size;
  log_end += (u32)message_bytes;
}

void log_body(struct connection *connection, const u8 *frame, u32 frame_bytes) {
  memcpy(log_bytes + connection->message_end, frame, frame_bytes);
  connection->message_end += frame_bytes;
  connection->body_left -= frame_bytes - FRAME_OVERHEAD;
}
