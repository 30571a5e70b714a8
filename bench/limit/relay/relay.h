/*
 * The limit: the least that an AMQP broker can do for a message on one core. Handshake, parse the publish, one copy into
 * a log, one copy out as basic.deliver, count the acks. One queue per name, default exchange, nothing on disk, one thread.
 * It trusts its peer, and the backlog must stay below LOG_BYTES and QUEUE_SLOTS: use the generator's --max-inflight.
 */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>

#include "../wire.h"

enum {
  LOG_BYTES = 64 << 20,
  QUEUES_MAX = 4096,
  QUEUE_SLOTS = 1 << 20, /* a power of two: positions are masked */
  QUEUE_CONSUMERS_MAX = 1024,
  QUEUE_NAME_BYTES = 128,
  READ_BYTES = 1 << 20,
  CARRY_BYTES = 1 << 18, /* a frame that a read cut off; more than a frame */
  OUTPUT_BYTES = 512 << 10,
  DELIVERY_BYTES_MAX = 200000, /* room that a delivery may need */
  SHORT_STRING_BYTES = 256,
  CHANNEL = 1, /* deliveries go there; the generator uses no other */
};

struct connection;

/* A message in the log: its route (exchange and routing key, two short strings), then its content frames as they came. */
struct message {
  u32 offset, route_length, frames_length;
};

struct queue {
  char name[QUEUE_NAME_BYTES];
  u64 head, tail;
  struct message *slots;
  struct connection *consumers[QUEUE_CONSUMERS_MAX];
  int consumer_count;
  unsigned next_consumer; /* round robin */
};

struct connection {
  int fd;
  bool greeted, write_armed;

  u8 carry[CARRY_BYTES];
  u32 carry_length;

  u8 *out;
  u32 out_sent, out_end;

  /* As a publisher: the route of the publish under way, kept for the next, since it is mostly the same. */
  struct queue *target;
  u8 route[2 * SHORT_STRING_BYTES];
  u32 route_length;
  u32 message_start, message_end;
  u64 body_left;

  /* As a consumer. */
  u8 consumer_tag[SHORT_STRING_BYTES]; /* a short string */
  u32 consumer_tag_length;
  u64 next_delivery_tag;
  long credit;
  int prefetch;
};

extern int epoll_fd;

/* connection.c */
void accept_connection(int listener);
void read_connection(struct connection *connection);

/* output.c */
void flush_connection(struct connection *connection);

/* control.c: the methods off the hot path, each answered at once. */
void send_start(struct connection *connection);
void answer_method(struct connection *connection, const u8 *frame);

/* message_log.c */
void open_log(void);
void log_header(struct connection *connection, const u8 *frame, u32 frame_bytes);
void log_body(struct connection *connection, const u8 *frame, u32 frame_bytes);
const u8 *logged(const struct message *message);

/* queue.c */
struct queue *find_queue(const u8 *name, u8 length);
void enqueue(struct queue *queue, struct message message);
void add_consumer(struct queue *queue, struct connection *consumer);
void remove_consumer(const struct connection *consumer);
void deliver_all(void);

#endif
