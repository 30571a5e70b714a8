/*
 * An AMQP 0-9-1 load generator: one process, one epoll loop, pre-encoded frames. Its own cost per message is small
 * against any broker's, so that what it measures is the broker. Exits 3 when messages were lost, doubled or reordered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "confirms.h"
#include "connection.h"
#include "consumer.h"
#include "counters.h"
#include "delivery_check.h"
#include "failure.h"
#include "handshake.h"
#include "input.h"
#include "latency.h"
#include "options.h"
#include "producer.h"
#include "report.h"

enum { EVENTS_MAX = 256, WRONG_DELIVERIES = 3 };
#define STALLED_AFTER_NS (15 * NS_PER_S)

struct counters counters;

static struct connection *producers, *consumers;

static void open_consumer(int index) {
  struct connection *connection = &consumers[index];
  connection->queue = index % options.queues;
  prepare_input(connection);
  prepare_consumer(connection);
  open_connection(connection);
  start_consuming(connection, index);
}

static void open_producer(int index) {
  struct connection *connection = &producers[index];
  connection->is_producer = true;
  connection->queue = index % options.queues;
  prepare_input(connection);
  open_connection(connection);
  if (options.confirm_window) {
    start_confirming(connection);
    start_confirm_marks(&connection->publisher);
  }
  prepare_producer(connection, (u32)index);
}

/* Consumers first: a queue must not fill before anyone empties it. */
static void open_connections(void) {
  producers = calloc((size_t)options.producers + 1, sizeof *producers);
  consumers = calloc((size_t)options.consumers + 1, sizeof *consumers);
  if (!producers || !consumers) fail("out of memory");
  for (int i = 0; i < options.consumers; i++) open_consumer(i);
  for (int i = 0; i < options.producers; i++) open_producer(i);
  for (int i = 0; i < options.producers; i++) watch_connection(&producers[i]);
  for (int i = 0; i < options.consumers; i++) watch_connection(&consumers[i]);
}

static void close_connections(void) {
  for (int i = 0; i < options.producers; i++) close(producers[i].fd);
  for (int i = 0; i < options.consumers; i++) close(consumers[i].fd);
}

/* What the run is over with: the last thing that happens to a message in it. */
static u64 finished_messages(void) {
  if (options.consumers) return counters.consumed;
  return options.confirm_window ? counters.confirmed : counters.published;
}

/* Notices when nothing arrives any more although everything was sent. */
static bool stalled(u64 at_ns) {
  static u64 last_consumed, last_progress_ns;
  if (!last_progress_ns || counters.consumed != last_consumed) {
    last_consumed = counters.consumed;
    last_progress_ns = at_ns;
  }
  bool all_sent = options.consume_only || counters.published >= (u64)options.count;
  return options.consumers && all_sent && at_ns - last_progress_ns > STALLED_AFTER_NS;
}

static bool run_is_over(u64 at_ns, u64 start_ns) {
  if (!options.count) return at_ns - start_ns >= (u64)((options.warmup_s + options.duration_s) * NS_PER_S);
  if (finished_messages() >= (u64)options.count) return true;
  if (!stalled(at_ns)) return false;
  fprintf(stderr, "load: no progress for 15 s\n");
  return true;
}

/* Producers that wait for their socket are left to epoll. True when any of them got bytes out. */
static bool publish_all(u64 at_ns) {
  bool progress = false;
  for (int i = 0; i < options.producers; i++) {
    struct connection *producer = &producers[i];
    if (producer->write_armed) continue;
    if (output_waits(producer) || may_publish(producer, at_ns)) progress |= publish(producer);
  }
  return progress;
}

static void handle_event(struct connection *connection, u32 events) {
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
    take_input(connection);
    if (!connection->is_producer && output_waits(connection)) flush_output(connection);
  }
  if (events & EPOLLOUT) {
    if (connection->is_producer) publish(connection);
    else flush_output(connection);
  }
}

/* Returns the time at which the run was over. */
static u64 run(u64 start_ns) {
  struct epoll_event events[EVENTS_MAX];
  for (;;) {
    u64 at_ns = now_ns();
    if (!measurement_started() && at_ns - start_ns >= (u64)(options.warmup_s * NS_PER_S)) {
      start_measurement(at_ns);
      start_recording_latency();
    }
    tick(at_ns);
    if (run_is_over(at_ns, start_ns)) return at_ns;

    bool progress = publish_all(at_ns);
    /* With a rate the loop spins: the clock's granularity would show in the latencies. */
    int timeout_ms = progress || options.rate_per_producer ? 0 : 1;
    int count = epoll_wait(epoll_fd, events, EVENTS_MAX, timeout_ms);
    for (int i = 0; i < count; i++) handle_event(events[i].data.ptr, events[i].events);
  }
}

static void count_all_lost(void) {
  if (!options.consumers || !options.count) return;
  if (options.body_size < STAMP_BYTES) {
    if (counters.published > counters.consumed) counters.lost = counters.published - counters.consumed;
    return;
  }
  for (int i = 0; i < options.producers; i++) count_lost((u32)i, producers[i].publisher.sent);
  /* How an earlier run shared them out among several producers is not known here. */
  if (options.consume_only && options.stamped_producers == 1) count_lost(0, (u64)options.count);
}

int main(int argc, char **argv) {
  parse_options(argc, argv);
  epoll_fd = epoll_create1(0);
  start_delivery_check();
  declare_topology();
  open_connections();

  u64 start_ns = now_ns();
  for (int i = 0; i < options.producers; i++) schedule_producer(&producers[i], i, start_ns);
  start_run(start_ns);
  end_measurement(run(start_ns));
  count_all_lost();
  print_report();

  close_connections();
  if (!options.keep && !options.consume_only) delete_queues();
  bool reordered = counters.reordered && !counters.redelivered;
  return counters.lost || counters.duplicated || reordered ? WRONG_DELIVERIES : 0;
}
