#include "frames.h"

#include <stdlib.h>
#include <string.h>

#include "core.h"

/* More than method, header and the heads of all frames have. */
#define OVERHEAD 1024

size_t publish_max(size_t size) {
  return size + OVERHEAD;
}

static uint8_t *put(uint8_t *at, uint64_t value, int octets) {
  while (octets--) *at++ = (uint8_t)(value >> 8 * octets);
  return at;
}

static uint64_t get(const uint8_t *at, int octets) {
  uint64_t value = 0;
  while (octets--) value = value << 8 | *at++;
  return value;
}

static uint8_t *frame(uint8_t *at, const char *kind, unsigned channel, const void *payload, size_t length) {
  at = put(at, core_number(kind), 1);
  at = put(at, channel, 2);
  at = put(at, length, 4);
  memcpy(at, payload, length);
  return put(at + length, core_number("FRAME_END"), 1);
}

size_t encode_publish(uint8_t *frames, unsigned channel, const char *key, const char *body, size_t size) {
  size_t key_length = strlen(key);
  uint8_t method[300];
  uint8_t *end = put(method, core_number("METHOD_PUBLISH"), 4);
  /* Two octets that are not used, and no name of an exchange. */
  end = put(put(end, 0, 3), key_length, 1);
  memcpy(end, key, key_length);
  end = put(end + key_length, 0, 1);
  uint8_t *at = frame(frames, "FRAME_METHOD", channel, method, (size_t)(end - method));
  uint8_t header[14];
  put(put(put(header, core_number("HEADER_CLASS"), 4), size, 8), 0, 2);
  at = frame(at, "FRAME_HEADER", channel, header, sizeof header);
  size_t most = core_number("FRAME_BODY_MAX");
  while (size) {
    size_t part = size < most ? size : most;
    at = frame(at, "FRAME_BODY", channel, body, part);
    body += part;
    size -= part;
  }
  return (size_t)(at - frames);
}

void decode_messages(const uint8_t *octets, size_t length, void (*take)(struct message)) {
  const uint8_t *end = octets + length;
  struct message message = {0};
  uint64_t left = 0;
  bool first = true;
  while (octets < end) {
    unsigned kind = octets[0];
    size_t size = get(octets + 3, 4);
    const uint8_t *payload = octets + core_number("FRAME_HEAD");
    message.channel = (unsigned)get(octets + 1, 2);
    octets += size + core_number("FRAME_OVERHEAD");
    if (kind == core_number("FRAME_METHOD")) {
      /* A delivery names its consumer first. */
      const uint8_t *tag = payload + (get(payload, 4) == core_number("METHOD_DELIVER") ? 5 + payload[4] : 4);
      message.tag = get(tag, 8);
      message.redelivered = tag[8] == 1;
      continue;
    }
    if (kind == core_number("FRAME_HEADER")) {
      left = get(payload + 4, 8);
      first = true;
    } else {
      if (first) message.number = (unsigned)strtoul((const char *)payload, NULL, 10);
      first = false;
      left -= size;
    }
    if (!left) take(message);
  }
}
