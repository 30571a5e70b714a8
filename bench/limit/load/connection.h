/*
 * One AMQP connection of the generator: a producer's or a consumer's, with one channel. Single-threaded: no locks.
 * Input is parsed where it was read; output waits in `out` between `out_sent` and `out_end`.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "../wire.h"

enum { INPUT_BYTES = 1 << 20, CHANNEL = 1 };

/* What a body starts with when it is long enough: when and by whom it was published, and as which message of that producer. */
enum { STAMP_BYTES = 20 };
struct stamp {
  u64 time_ns, sequence;
  u32 producer;
};

/* A producer's publishes: the frames of one message, encoded once, copied for each. */
struct publisher {
  u32 id;
  u8 *frames;
  size_t frames_length, body_at;
  u64 sent, confirmed;
  u64 next_due_ns; /* with a rate */
  /* Confirms may come singly and out of order: everything up to `confirmed_below` is confirmed, what is beyond it is marked. */
  u8 *confirmed_marks;
  u64 *sent_ns; /* when each was sent, by its tag */
  u64 confirmed_below;
};

/* A consumer's delivery under way. */
struct subscriber {
  u64 tag, body_left;
  struct stamp stamp;
  bool redelivered, at_body_start;
  long unacked;
};

struct tls;

struct connection {
  int fd;
  struct tls *tls; /* null: plain */
  bool is_producer;
  bool write_armed; /* epoll tells when it can be written to */
  int queue;
  u32 frame_max;

  u8 *in;
  size_t in_length;

  u8 *out;
  size_t out_sent, out_end, out_capacity;

  struct publisher publisher;
  struct subscriber subscriber;
};

/* Whether TLS has taken what the socket has not; never without TLS. */
bool tls_output_waits(const struct connection *connection);

static inline bool output_waits(const struct connection *connection) {
  return connection->out_sent < connection->out_end || (connection->tls && tls_output_waits(connection));
}

/* As read(2) and write(2) on the socket, through TLS where the connection has it. */
ssize_t read_octets(struct connection *connection, u8 *into, size_t length);
ssize_t write_octets(struct connection *connection, const u8 *from, size_t length);

/* Whether there may be more to read of which the socket does not tell. */
bool holds_input(const struct connection *connection);

/* Registers the connection's socket, non-blocking from now on. */
void watch_connection(struct connection *connection);

/* Says whether the connection waits for room in its socket. */
void arm_write(struct connection *connection, bool wanted);

/* One write of what waits; false when the socket took nothing. */
bool write_output(struct connection *connection);

/* One write, and the rest when the socket has room again. */
void flush_output(struct connection *connection);

/* Makes room for `bytes` more behind `out_end`. */
void reserve_output(struct connection *connection, size_t bytes);

extern int epoll_fd;

#endif
