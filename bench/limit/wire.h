/*
 * AMQP 0-9-1 on the wire: numbers in network order, the frame's shape, the methods that the generator and the relay speak.
 *
 *   octet 0 │ type      1 method, 2 content header, 3 body, 8 heartbeat
 *   octet 1 │ channel   u16
 *   octet 3 │ length    u32, of the payload
 *   octet 7 │ payload   a method's starts with u16 class, u16 method
 *   last    │ 0xCE
 */
#ifndef WIRE_H
#define WIRE_H

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

enum { FRAME_METHOD = 1, FRAME_HEADER = 2, FRAME_BODY = 3, FRAME_HEARTBEAT = 8 };
enum { FRAME_HEAD = 7, FRAME_OVERHEAD = 8, FRAME_END = 0xce, FRAME_MAX = 131072 };
enum { METHOD_HEAD = 4, METHOD_FRAME_OVERHEAD = FRAME_OVERHEAD + METHOD_HEAD };

/* A method as one number, so that it can be compared and switched over at once: exactly what its first four octets hold. */
#define METHOD(class_id, method_id) ((u32)(class_id) << 16 | (method_id))

enum {
  CONNECTION_START = METHOD(10, 10),
  CONNECTION_START_OK = METHOD(10, 11),
  CONNECTION_TUNE = METHOD(10, 30),
  CONNECTION_TUNE_OK = METHOD(10, 31),
  CONNECTION_OPEN = METHOD(10, 40),
  CONNECTION_OPEN_OK = METHOD(10, 41),
  CONNECTION_CLOSE = METHOD(10, 50),
  CONNECTION_CLOSE_OK = METHOD(10, 51),
  CONNECTION_BLOCKED = METHOD(10, 60),
  CONNECTION_UNBLOCKED = METHOD(10, 61),
  CHANNEL_OPEN = METHOD(20, 10),
  CHANNEL_OPEN_OK = METHOD(20, 11),
  CHANNEL_FLOW = METHOD(20, 20),
  CHANNEL_CLOSE = METHOD(20, 40),
  CHANNEL_CLOSE_OK = METHOD(20, 41),
  EXCHANGE_DECLARE = METHOD(40, 10),
  EXCHANGE_DECLARE_OK = METHOD(40, 11),
  QUEUE_DECLARE = METHOD(50, 10),
  QUEUE_DECLARE_OK = METHOD(50, 11),
  QUEUE_BIND = METHOD(50, 20),
  QUEUE_BIND_OK = METHOD(50, 21),
  QUEUE_DELETE = METHOD(50, 40),
  QUEUE_DELETE_OK = METHOD(50, 41),
  BASIC_QOS = METHOD(60, 10),
  BASIC_QOS_OK = METHOD(60, 11),
  BASIC_CONSUME = METHOD(60, 20),
  BASIC_CONSUME_OK = METHOD(60, 21),
  BASIC_CANCEL = METHOD(60, 30),
  BASIC_PUBLISH = METHOD(60, 40),
  BASIC_RETURN = METHOD(60, 50),
  BASIC_DELIVER = METHOD(60, 60),
  BASIC_ACK = METHOD(60, 80),
  BASIC_NACK = METHOD(60, 120),
  CONFIRM_SELECT = METHOD(85, 10),
  CONFIRM_SELECT_OK = METHOD(85, 11),
};

static inline u16 get_u16(const u8 *at) { return (u16)(at[0] << 8 | at[1]); }

static inline u32 get_u32(const u8 *at) {
  u32 value;
  memcpy(&value, at, sizeof value);
  return ntohl(value);
}

static inline u64 get_u64(const u8 *at) {
  u64 value;
  memcpy(&value, at, sizeof value);
  return __builtin_bswap64(value);
}

/* Writers return where the next octet goes, so that a frame reads from top to bottom. */
static inline u8 *put_u8(u8 *at, u8 value) {
  *at = value;
  return at + 1;
}

static inline u8 *put_u16(u8 *at, u16 value) {
  at[0] = (u8)(value >> 8);
  at[1] = (u8)value;
  return at + 2;
}

static inline u8 *put_u32(u8 *at, u32 value) {
  value = htonl(value);
  memcpy(at, &value, sizeof value);
  return at + 4;
}

static inline u8 *put_u64(u8 *at, u64 value) {
  value = __builtin_bswap64(value);
  memcpy(at, &value, sizeof value);
  return at + 8;
}

static inline u8 *put_bytes(u8 *at, const void *bytes, size_t length) {
  memcpy(at, bytes, length);
  return at + length;
}

static inline u8 *put_short_string(u8 *at, const char *text) {
  size_t length = strlen(text);
  return put_bytes(put_u8(at, (u8)length), text, length);
}

static inline u8 *put_long_string(u8 *at, const char *text) {
  size_t length = strlen(text);
  return put_bytes(put_u32(at, (u32)length), text, length);
}

static inline u8 *put_frame_head(u8 *at, u8 type, u16 channel, u32 length) {
  return put_u32(put_u16(put_u8(at, type), channel), length);
}

/* A whole method frame. `arguments` follow the class and method. */
static inline u8 *put_method(u8 *at, u16 channel, u32 method, const void *arguments, size_t length) {
  at = put_frame_head(at, FRAME_METHOD, channel, (u32)(METHOD_HEAD + length));
  at = put_u32(at, method);
  at = put_bytes(at, arguments, length);
  return put_u8(at, FRAME_END);
}

#endif
