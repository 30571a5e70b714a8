/* Queues as rings of log references, and their consumers served in turn. */
#include <stdlib.h>

#include "relay.h"

enum { DELIVERIES_PER_TURN = 32 };

static struct queue *queues[QUEUES_MAX];
static int queue_count;

struct queue *find_queue(const u8 *name, u8 length) {
  for (int i = 0; i < queue_count; i++) {
    if (!strncmp(queues[i]->name, (const char *)name, length) && !queues[i]->name[length]) return queues[i];
  }
  struct queue *queue = calloc(1, sizeof *queue);
  memcpy(queue->name, name, length);
  queue->slots = malloc(QUEUE_SLOTS * sizeof *queue->slots);
  return queues[queue_count++] = queue;
}

void enqueue(struct queue *queue, struct message message) { queue->slots[queue->tail++ & (QUEUE_SLOTS - 1)] = message; }

void add_consumer(struct queue *queue, struct connection *consumer) {
  queue->consumers[queue->consumer_count++] = consumer;
}

void remove_consumer(const struct connection *consumer) {
  for (int i = 0; i < queue_count; i++) {
    struct queue *queue = queues[i];
    for (int j = queue->consumer_count - 1; j >= 0; j--) {
      if (queue->consumers[j] == consumer) queue->consumers[j] = queue->consumers[--queue->consumer_count];
    }
  }
}

static void append_delivery(struct connection *consumer, const struct message *message) {
  const u8 *route = logged(message);
  u32 tag_length = consumer->consumer_tag_length;
  u8 *at = consumer->out + consumer->out_end;
  at = put_frame_head(at, FRAME_METHOD, CHANNEL, METHOD_HEAD + tag_length + 9 + message->route_length);
  at = put_u32(at, BASIC_DELIVER);
  at = put_bytes(at, consumer->consumer_tag, tag_length);
  at = put_u64(at, consumer->next_delivery_tag++);
  at = put_u8(at, 0); /* never redelivered */
  at = put_bytes(at, route, message->route_length);
  at = put_u8(at, FRAME_END);
  at = put_bytes(at, route + message->route_length, message->frames_length);
  consumer->out_end = (u32)(at - consumer->out);
}

static bool has_room(const struct connection *consumer) {
  return consumer->credit > 0 && consumer->out_end < OUTPUT_BYTES - DELIVERY_BYTES_MAX;
}

static void deliver(struct queue *queue) {
  int skipped = 0;
  while (queue->head < queue->tail && skipped < queue->consumer_count) {
    struct connection *consumer = queue->consumers[queue->next_consumer++ % (unsigned)queue->consumer_count];
    if (!has_room(consumer) || consumer->write_armed) {
      skipped++;
      continue;
    }
    skipped = 0;
    for (int i = 0; i < DELIVERIES_PER_TURN && has_room(consumer) && queue->head < queue->tail; i++) {
      append_delivery(consumer, &queue->slots[queue->head++ & (QUEUE_SLOTS - 1)]);
      consumer->credit--;
    }
  }
  for (int i = 0; i < queue->consumer_count; i++) {
    struct connection *consumer = queue->consumers[i];
    if (consumer->out_end && !consumer->write_armed) flush_connection(consumer);
  }
}

void deliver_all(void) {
  for (int i = 0; i < queue_count; i++) deliver(queues[i]);
}
