/* One client: its reads and the hot methods in them. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay.h"

enum { PROTOCOL_HEADER_BYTES = 8 };

/* All connections read here, one after the other: what an earlier read cut off goes first. */
static u8 input[CARRY_BYTES + READ_BYTES];

void accept_connection(int listener) {
  int fd = accept4(listener, 0, 0, SOCK_NONBLOCK), on = 1;
  if (fd < 0) return;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct connection *connection = calloc(1, sizeof *connection);
  connection->fd = fd;
  connection->out = malloc(OUTPUT_BYTES);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

/* The connection itself is not freed: events of the same turn may still name it. A relay lives for one measurement. */
static void close_connection(struct connection *connection) {
  close(connection->fd);
  remove_consumer(connection);
}

static void take_publish(struct connection *connection, const u8 *arguments) {
  const u8 *exchange = arguments + 2, *key = exchange + 1 + exchange[0];
  u32 route_length = 2u + exchange[0] + key[0];
  if (route_length == connection->route_length && !memcmp(exchange, connection->route, route_length)) return;
  memcpy(connection->route, exchange, route_length);
  connection->route_length = route_length;
  connection->target = find_queue(key + 1, key[0]);
}

static void enqueue_if_complete(const struct connection *connection) {
  if (connection->body_left) return;
  u32 frames_start = connection->message_start + connection->route_length;
  enqueue(connection->target, (struct message){.offset = connection->message_start,
                                               .route_length = connection->route_length,
                                               .frames_length = connection->message_end - frames_start});
}

static void take_method(struct connection *connection, const u8 *frame) {
  switch (get_u32(frame + FRAME_HEAD)) {
    case BASIC_PUBLISH: take_publish(connection, frame + FRAME_HEAD + METHOD_HEAD); break;
    case BASIC_ACK: connection->credit++; break;
    default: answer_method(connection, frame);
  }
}

static void take_frame(struct connection *connection, const u8 *frame, u32 frame_bytes) {
  switch (frame[0]) {
    case FRAME_METHOD: take_method(connection, frame); break;
    case FRAME_HEADER:
      log_header(connection, frame, frame_bytes);
      enqueue_if_complete(connection);
      break;
    case FRAME_BODY:
      log_body(connection, frame, frame_bytes);
      enqueue_if_complete(connection);
      break;
    default: break;
  }
}

void read_connection(struct connection *connection) {
  memcpy(input, connection->carry, connection->carry_length);
  ssize_t got = read(connection->fd, input + connection->carry_length, READ_BYTES);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    close_connection(connection);
    return;
  }

  const u8 *at = input, *end = input + connection->carry_length + got;
  if (!connection->greeted) {
    connection->greeted = true;
    at += PROTOCOL_HEADER_BYTES;
    send_start(connection);
  }
  while (end - at >= FRAME_OVERHEAD) {
    u64 frame_bytes = (u64)get_u32(at + 3) + FRAME_OVERHEAD;
    if ((u64)(end - at) < frame_bytes) break;
    take_frame(connection, at, (u32)frame_bytes);
    at += frame_bytes;
  }
  connection->carry_length = (u32)(end - at);
  memcpy(connection->carry, at, connection->carry_length);
  if (connection->out_end && !connection->write_armed) flush_connection(connection);
}
