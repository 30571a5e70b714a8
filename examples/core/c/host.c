#include "host.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "frames.h"

/* The channel that publishes; those of the queues come behind it. */
#define PUBLISHER 1
/* As much as one call may do. */
#define WORK 100000
#define NO_OUTPUT UINT32_MAX
#define QUEUES_MAX 16
#define ROUTES_MAX 32
#define WORDS_MAX 16
#define NAME 16
#define TEXT (1 << 20)

struct queue {
  char name[NAME], dead_letters[NAME];
  uint32_t address, channel, consumer;
  unsigned number;
  /* What was delivered in this step. */
  char delivered[TEXT];
};

static struct queue queues[QUEUES_MAX];
static size_t queue_count;

static struct route {
  char key[NAME];
  uint32_t queues[QUEUES_MAX];
  size_t count;
} routes[ROUTES_MAX];
static size_t route_count;

static uint32_t connection;
static unsigned published;

void host_open(void) {
  connection = core_call("openConnection", 0, 0);
  core_call("setFrameMax", connection, core_number("FRAME_MAX"));
  core_call("openChannel", connection, PUBLISHER);
}

static struct queue *queue_of(const char *name) {
  for (size_t i = 0; i < queue_count; i++)
    if (!strcmp(queues[i].name, name)) return &queues[i];
  fail(name, "no such queue");
}

static double limit(const char *rule) {
  return strcmp(rule, "-") ? atof(rule) : INFINITY;
}

/* queue NAME TTL LENGTH REQUEUES DEAD */
static void declare(char **words) {
  if (queue_count == QUEUES_MAX) fail(words[1], "too many queues");
  struct queue *queue = &queues[queue_count];
  queue->number = PUBLISHER + 1 + (unsigned)queue_count++;
  snprintf(queue->name, NAME, "%s", words[1]);
  snprintf(queue->dead_letters, NAME, "%s", words[5]);
  queue->address = core_call("createQueue");
  queue->channel = core_call("openChannel", connection, queue->number);
  core_write_feature("FEATURES_TTL", limit(words[2]));
  core_write_feature("FEATURES_MAX_LENGTH", limit(words[3]));
  core_write_feature("FEATURES_MAX_BYTES", INFINITY);
  core_write_feature("FEATURES_DELIVERY_LIMIT", limit(words[4]));
  core_write_feature("FEATURES_OVERFLOW", core_number("OVERFLOW_DROP_HEAD"));
  core_write_feature("FEATURES_DEAD_LETTERS", strcmp(words[5], "-") ? 1 : 0);
  core_write_feature("FEATURES_DELIVERY_COUNT", 0);
  core_write_feature("FEATURES_MAX_PRIORITY", 0);
  core_call("setFeatures", queue->address);
  /* What keys lead to may have changed: every participant forgets the routes that it knew. */
  core_call("applyTopology", core_call("raiseTopology"));
}

/* route KEY QUEUE ... */
static void add_route(char **words, size_t count) {
  if (route_count == ROUTES_MAX) fail(words[1], "too many routes");
  struct route *route = &routes[route_count++];
  snprintf(route->key, NAME, "%s", words[1]);
  for (size_t i = 2; i < count; i++) route->queues[route->count++] = queue_of(words[i])->address;
}

static const struct route *route_of(const char *key) {
  static const struct route nowhere;
  for (size_t i = 0; i < route_count; i++)
    if (!strcmp(routes[i].key, key)) return &routes[i];
  return &nowhere;
}

/* Brings a message in as its client sends it. */
static void publish(const char *key, size_t size) {
  char digits[NAME];
  size_t count = (size_t)snprintf(digits, NAME, "%u", ++published);
  if (size < count) size = count;
  char *body = malloc(size);
  uint8_t *frames = malloc(publish_max(size));
  if (!body || !frames) fail(key, "no memory");
  memset(body, '.', size);
  memcpy(body, digits, count);
  size_t length = encode_publish(frames, PUBLISHER, key, body, size);
  uint32_t read_at = core_result("RESULT_READ_OFFSET"), most = core_result("RESULT_READ_LENGTH");
  for (size_t at = 0; at < length; at += core_result("RESULT_CONSUMED")) {
    size_t part = length - at < most ? length - at : most;
    memcpy(core_at(read_at), frames + at, part);
    uint32_t stop = core_call("ingest", connection, read_at, (uint32_t)part, WORK);
    if (stop == core_number("STOP_ROUTE")) {
      /* A key that the core does not know, or does not know any more. */
      const struct route *route = route_of(key);
      core_write_queues(route->queues, route->count);
      core_call("installRoute", connection, (uint32_t)route->count, 0, 0);
    } else if (stop != core_number("STOP_END")) fail(key, "a read stopped");
  }
  free(frames);
  free(body);
}

static void consume(const char *name, uint32_t prefetch) {
  struct queue *queue = queue_of(name);
  uint32_t length = (uint32_t)strlen(name);
  memcpy(core_at(core_result("RESULT_SCRATCH")), name, length);
  queue->consumer = core_call("addConsumer", queue->channel, queue->address, length, 0, prefetch, 0);
}

static void settle(char **words, uint32_t multiple, const char *how) {
  double tag = atof(words[2]);
  if (!core_call("settleDelivery", queue_of(words[1])->channel, tag, multiple, core_number(how)))
    fail(words[1], "no such delivery");
}

static void run(char **words, size_t count) {
  const char *step = words[0];
  if (!strcmp(step, "queue")) declare(words);
  else if (!strcmp(step, "route")) add_route(words, count);
  else if (!strcmp(step, "publish"))
    for (int i = atoi(words[2]); i > 0; i--) publish(words[1], (size_t)atoi(words[3]));
  else if (!strcmp(step, "consume")) consume(words[1], (uint32_t)atoi(words[2]));
  else if (!strcmp(step, "cancel")) core_call("cancelConsumer", queue_of(words[1])->consumer);
  else if (!strcmp(step, "get"))
    core_call("getMessage", queue_of(words[1])->channel, queue_of(words[1])->address, 0);
  else if (!strcmp(step, "ack")) settle(words, 0, "SETTLE_DONE");
  else if (!strcmp(step, "ack-all")) settle(words, 1, "SETTLE_DONE");
  else if (!strcmp(step, "requeue")) settle(words, 0, "SETTLE_REQUEUE");
  else if (!strcmp(step, "reject")) settle(words, 0, "SETTLE_REJECT");
  else if (!strcmp(step, "recover")) core_call("recover", queue_of(words[1])->channel);
  else if (!strcmp(step, "purge")) core_call("purge", queue_of(words[1])->address, UINT32_MAX);
  else if (!strcmp(step, "time")) {
    core_call("setTime", atof(words[1]), 0.0);
    while (core_call("sweep")) {}
  } else fail(step, "no such step");
}

static uint8_t *copy_of(uint32_t at, uint32_t length) {
  uint8_t *copy = malloc(length);
  if (!copy) fail("a dead letter", "no memory");
  return memcpy(copy, core_at(at), length);
}

/* Publishes a copy under the same key and with the same properties to another queue. */
static void republish(uint32_t message, uint32_t to) {
  uint32_t key_length = core_call("messageKeyLength", message);
  uint32_t header_length = core_call("messageHeaderLength", message);
  uint8_t *key = copy_of(core_call("messageKeyOffset", message), key_length);
  uint8_t *header = copy_of(core_call("messageHeaderOffset", message), header_length);
  uint32_t copy = core_call("beginCopy", message, key_length, header_length, 1);
  if (!copy) fail("a dead letter", "no memory");
  memcpy(core_at(core_call("messageKeyOffset", copy)), key, key_length);
  memcpy(core_at(core_call("messageHeaderOffset", copy)), header, header_length);
  core_call("endCopy", copy);
  core_write_queues(&to, 1);
  core_call("publishTo", copy, 1);
  core_call("releaseMessage", copy);
  free(key);
  free(header);
}

/* Sends on what died in a queue with dead letters. True: there were some. */
static bool pass_dead_letters(void) {
  bool passed = false;
  for (uint32_t message; (message = core_call("nextDead")); passed = true) {
    uint32_t from = core_result("RESULT_DEAD_QUEUE");
    size_t i = 0;
    while (queues[i].address != from) i++;
    republish(message, queue_of(queues[i].dead_letters)->address);
    core_call("settleDead");
  }
  return passed;
}

/* Notes a delivery: its tag, the number of its message, and whether it came before. */
static void note(struct message message) {
  char *delivered = queues[message.channel - PUBLISHER - 1].delivered;
  size_t at = strlen(delivered);
  const char *again = message.redelivered ? "r" : "";
  snprintf(delivered + at, TEXT - at, " %llu:%u%s", (unsigned long long)message.tag, message.number, again);
}

/* What a host does in each turn, until nothing is left to do. */
static void turn(void) {
  bool more = true;
  while (more) {
    bool passed = pass_dead_letters();
    more = core_call("serve") || passed;
    while (core_call("nextOutput") != NO_OUTPUT) {
      decode_messages(core_at(core_result("RESULT_OUTPUT_OFFSET")), core_result("RESULT_OUTPUT_LENGTH"), note);
      /* As soon as the octets are read the core may use their place again. */
      core_call("written", connection, core_result("RESULT_OUTPUT_BOX"));
      more = true;
    }
  }
}

static char outcome[TEXT];

static void say(const char *format, ...) {
  size_t at = strlen(outcome);
  va_list given;
  va_start(given, format);
  vsnprintf(outcome + at, TEXT - at, format, given);
  va_end(given);
}

const char *host_step(char *line) {
  char *words[WORDS_MAX];
  size_t count = 0;
  for (char *word = strtok(line, " "); word && count < WORDS_MAX; word = strtok(NULL, " ")) words[count++] = word;
  for (size_t i = 0; i < queue_count; i++) queues[i].delivered[0] = 0;
  outcome[0] = 0;
  run(words, count);
  turn();
  for (size_t i = 0; i < queue_count; i++)
    if (queues[i].delivered[0]) say("%s%s%s", outcome[0] ? ", " : "", queues[i].name, queues[i].delivered);
  say(" |");
  for (size_t i = 0; i < queue_count; i++)
    say(" %u+%u", core_call("readyCount", queues[i].address), core_call("unackedCount", queues[i].channel));
  return outcome;
}
