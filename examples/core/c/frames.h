/* AMQP frames that a host of the core meets: basic.publish on its way in, and deliveries on their way out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a client reads. Of its body only the number at the beginning is kept. */
struct message {
  unsigned channel;
  uint64_t tag;
  bool redelivered;
  unsigned number;
};

/* Writes basic.publish to the default exchange, without properties, to `frames`; how many octets it has. */
size_t encode_publish(uint8_t *frames, unsigned channel, const char *key, const char *body, size_t size);

/* The octets that are enough for that. */
size_t publish_max(size_t size);

/* Finds basic.deliver and basic.get-ok with their content, and hands over each. */
void decode_messages(const uint8_t *octets, size_t length, void (*take)(struct message));
