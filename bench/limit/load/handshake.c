#define _GNU_SOURCE
#include "handshake.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "failure.h"
#include "options.h"
#include "tls.h"

enum { CONNECT_TRIES = 50, CONNECT_PAUSE_US = 100000, ARGUMENTS_BYTES = 1 << 14 };
enum { DURABLE_BIT = 2, NO_ACK_BIT = 2 };

/* The payload of the method that `expect` has just read. */
static u8 answer[FRAME_MAX];

static void write_all(struct connection *connection, const u8 *bytes, size_t length) {
  while (length) {
    ssize_t written = write_octets(connection, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_errno("write");
    bytes += written;
    length -= (size_t)written;
  }
}

static void read_all(struct connection *connection, u8 *bytes, size_t length) {
  while (length) {
    ssize_t got = read_octets(connection, bytes, length);
    if (got == 0) fail("connection closed by broker during setup");
    if (got < 0) fail_errno("read");
    bytes += got;
    length -= (size_t)got;
  }
}

/* Sends a method whose arguments lie between `arguments` and `end`. */
static void send_method(struct connection *connection, u16 channel, u32 method, const u8 *arguments, const u8 *end) {
  u8 frame[ARGUMENTS_BYTES + METHOD_FRAME_OVERHEAD];
  u8 *frame_end = put_method(frame, channel, method, arguments, (size_t)(end - arguments));
  write_all(connection, frame, (size_t)(frame_end - frame));
}

/* Reads up to the next method, which must be this one; its arguments are in `answer` behind METHOD_HEAD. */
static void expect(struct connection *connection, u32 method) {
  u8 head[FRAME_HEAD];
  do {
    read_all(connection, head, sizeof head);
    u32 length = get_u32(head + 3);
    if (length > sizeof answer - 1) fail("setup frame too large");
    read_all(connection, answer, length + 1);
  } while (head[0] == FRAME_HEARTBEAT);
  if (head[0] != FRAME_METHOD) fail("unexpected frame type in setup");

  u32 got = get_u32(answer);
  if (got == method) return;
  if (got == CONNECTION_CLOSE || got == CHANNEL_CLOSE) {
    fail("broker closed: %d %.*s", get_u16(answer + 4), answer[6], (const char *)answer + 7);
  }
  fail("expected %u.%u got %u.%u", method >> 16, method & 0xffff, got >> 16, got & 0xffff);
}

static int dial(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((u16)options.port)};
  if (inet_pton(AF_INET, options.host, &address.sin_addr) != 1) fail("--host wants an IPv4 address");
  for (int tries = 0; connect(fd, (struct sockaddr *)&address, sizeof address); tries++) {
    if (tries > CONNECT_TRIES) fail_errno("connect");
    usleep(CONNECT_PAUSE_US);
  }
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/* The client properties: a table whose one field, `capabilities`, is a table of true flags. */
static u8 *put_client_properties(u8 *at) {
  static const char *const capabilities[] = {"consumer_cancel_notify", "basic.nack", "publisher_confirms",
                                             "connection.blocked"};
  u8 flags[128], *flags_end = flags;
  for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++) {
    flags_end = put_short_string(flags_end, capabilities[i]);
    flags_end = put_u8(flags_end, 't');
    flags_end = put_u8(flags_end, 1);
  }
  u8 *table = at + 4;
  u8 *end = put_short_string(table, "capabilities");
  end = put_u8(end, 'F');
  end = put_u32(end, (u32)(flags_end - flags));
  end = put_bytes(end, flags, (size_t)(flags_end - flags));
  put_u32(at, (u32)(end - table));
  return end;
}

static void log_in(struct connection *connection) {
  u8 arguments[2048];
  u8 *end = put_client_properties(arguments);
  end = put_short_string(end, "PLAIN");
  size_t user_length = strlen(options.user), password_length = strlen(options.password);
  end = put_u32(end, (u32)(user_length + password_length + 2));
  end = put_bytes(put_u8(end, 0), options.user, user_length);
  end = put_bytes(put_u8(end, 0), options.password, password_length);
  end = put_short_string(end, "en_US");
  send_method(connection, 0, CONNECTION_START_OK, arguments, end);
}

/* Takes the broker's limits, at most ours, and no heartbeats. Returns frame-max. */
static u32 tune(struct connection *connection) {
  expect(connection, CONNECTION_TUNE);
  u16 channel_max = get_u16(answer + 4);
  u32 frame_max = get_u32(answer + 6);
  if (frame_max == 0 || frame_max > FRAME_MAX) frame_max = FRAME_MAX;
  u8 arguments[8];
  send_method(connection, 0, CONNECTION_TUNE_OK, arguments,
              put_u16(put_u32(put_u16(arguments, channel_max), frame_max), 0));
  return frame_max;
}

void open_connection(struct connection *connection) {
  connection->fd = dial();
  if (options.tls_authority) start_tls(connection);
  write_all(connection, (const u8 *)"AMQP\0\0\11\1", 8);
  expect(connection, CONNECTION_START);
  log_in(connection);
  connection->frame_max = tune(connection);

  u8 arguments[NAME_MAX_BYTES + 2];
  u8 *end = put_short_string(arguments, options.vhost);
  send_method(connection, 0, CONNECTION_OPEN, arguments, put_u16(end, 0));
  expect(connection, CONNECTION_OPEN_OK);
  send_method(connection, CHANNEL, CHANNEL_OPEN, arguments, put_u8(arguments, 0));
  expect(connection, CHANNEL_OPEN_OK);
}

static void declare_exchange(struct connection *connection) {
  u8 arguments[ARGUMENTS_BYTES];
  u8 *end = put_short_string(put_u16(arguments, 0), options.exchange);
  end = put_short_string(end, options.exchange_type);
  end = put_u8(end, options.durable ? DURABLE_BIT : 0);
  send_method(connection, CHANNEL, EXCHANGE_DECLARE, arguments, put_u32(end, 0));
  expect(connection, EXCHANGE_DECLARE_OK);
}

/* One `key=value`: a number goes as a signed 64-bit, `true` as a boolean, anything else as a string. */
static u8 *put_queue_argument(u8 *at, const char *pair) {
  char key[NAME_MAX_BYTES];
  const char *value = strchr(pair, '=') + 1;
  snprintf(key, sizeof key, "%.*s", (int)(value - pair - 1), pair);
  at = put_short_string(at, key);

  char *number_end;
  long number = strtol(value, &number_end, 10);
  if (!*number_end) return put_u64(put_u8(at, 'l'), (u64)number);
  if (!strcmp(value, "true")) return put_u8(put_u8(at, 't'), 1);
  return put_long_string(put_u8(at, 'S'), value);
}

static void declare_queue(struct connection *connection, const char *name) {
  u8 arguments[ARGUMENTS_BYTES];
  u8 *flags = put_short_string(put_u16(arguments, 0), name);
  u8 *table_length = put_u8(flags, options.durable ? DURABLE_BIT : 0);
  u8 *end = table_length + 4;
  for (int i = 0; i < options.queue_argument_count; i++) end = put_queue_argument(end, options.queue_arguments[i]);
  put_u32(table_length, (u32)(end - table_length - 4));
  send_method(connection, CHANNEL, QUEUE_DECLARE, arguments, end);
  expect(connection, QUEUE_DECLARE_OK);
}

static void bind_queue(struct connection *connection, const char *name) {
  u8 arguments[ARGUMENTS_BYTES];
  u8 *end = put_short_string(put_u16(arguments, 0), name);
  end = put_short_string(end, options.exchange);
  end = put_short_string(end, options.routing_key ? options.routing_key : name);
  end = put_u8(end, 0);
  send_method(connection, CHANNEL, QUEUE_BIND, arguments, put_u32(end, 0));
  expect(connection, QUEUE_BIND_OK);
}

static void delete_queue(struct connection *connection, const char *name) {
  u8 arguments[ARGUMENTS_BYTES];
  u8 *end = put_short_string(put_u16(arguments, 0), name);
  send_method(connection, CHANNEL, QUEUE_DELETE, arguments, put_u8(end, 0));
  expect(connection, QUEUE_DELETE_OK);
}

void declare_topology(void) {
  struct connection connection = {0};
  open_connection(&connection);
  if (options.exchange_type) declare_exchange(&connection);
  bool start_empty = !options.keep && !options.consume_only;
  for (int i = 0; i < options.queues; i++) {
    char name[NAME_MAX_BYTES];
    queue_name(name, i);
    if (start_empty) delete_queue(&connection, name);
    declare_queue(&connection, name);
    if (options.exchange_type) bind_queue(&connection, name);
  }
  close(connection.fd);
}

void delete_queues(void) {
  struct connection connection = {0};
  open_connection(&connection);
  for (int i = 0; i < options.queues; i++) {
    char name[NAME_MAX_BYTES];
    queue_name(name, i);
    delete_queue(&connection, name);
  }
  close(connection.fd);
}

void start_consuming(struct connection *connection, int index) {
  u8 arguments[ARGUMENTS_BYTES];
  if (options.prefetch && !options.auto_ack) {
    u8 *end = put_u8(put_u16(put_u32(arguments, 0), (u16)options.prefetch), 0);
    send_method(connection, CHANNEL, BASIC_QOS, arguments, end);
    expect(connection, BASIC_QOS_OK);
  }
  char name[NAME_MAX_BYTES], tag[32];
  queue_name(name, connection->queue);
  snprintf(tag, sizeof tag, "c%d", index);
  u8 *end = put_short_string(put_u16(arguments, 0), name);
  end = put_short_string(end, tag);
  end = put_u8(end, options.auto_ack ? NO_ACK_BIT : 0);
  send_method(connection, CHANNEL, BASIC_CONSUME, arguments, put_u32(end, 0));
  expect(connection, BASIC_CONSUME_OK);
}

void start_confirming(struct connection *connection) {
  u8 arguments[1];
  send_method(connection, CHANNEL, CONFIRM_SELECT, arguments, put_u8(arguments, 0));
  expect(connection, CONFIRM_SELECT_OK);
}
