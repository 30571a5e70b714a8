#define _GNU_SOURCE
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options options = {
    .host = "127.0.0.1",
    .user = "guest",
    .password = "guest",
    .vhost = "/",
    .port = 5672,
    .producers = 1,
    .consumers = 1,
    .queues = 1,
    .exchange = "",
    .body_size = 1024,
    .prefetch = 100,
    .acks_per_frame = 1,
    .warmup_s = 2,
    .duration_s = 10,
    .tls_version = "1.3",
};

/* Options without a short form get numbers above every character. */
enum {
  OPTION_USER = 256,
  OPTION_PASSWORD,
  OPTION_VHOST,
  OPTION_QUEUES,
  OPTION_SIZE,
  OPTION_PREFETCH,
  OPTION_AUTO_ACK,
  OPTION_CONFIRM,
  OPTION_DURABLE,
  OPTION_MULTI_ACK,
  OPTION_RATE,
  OPTION_DURATION,
  OPTION_WARMUP,
  OPTION_COUNT,
  OPTION_MAX_INFLIGHT,
  OPTION_EXCHANGE,
  OPTION_TYPE,
  OPTION_ROUTING_KEY,
  OPTION_QUEUE_ARGUMENT,
  OPTION_JSON,
  OPTION_PREFIX,
  OPTION_KEEP,
  OPTION_CONSUME_ONLY,
  OPTION_QUIET,
  OPTION_PID,
  OPTION_TLS_AUTHORITY,
  OPTION_TLS_VERSION,
};

static const struct option long_options[] = {
    {"host", required_argument, 0, 'h'},
    {"port", required_argument, 0, 'p'},
    {"user", required_argument, 0, OPTION_USER},
    {"pass", required_argument, 0, OPTION_PASSWORD},
    {"vhost", required_argument, 0, OPTION_VHOST},
    {"queues", required_argument, 0, OPTION_QUEUES},
    {"size", required_argument, 0, OPTION_SIZE},
    {"prefetch", required_argument, 0, OPTION_PREFETCH},
    {"autoack", no_argument, 0, OPTION_AUTO_ACK},
    {"confirm", required_argument, 0, OPTION_CONFIRM},
    {"durable", no_argument, 0, OPTION_DURABLE},
    {"multi-ack", required_argument, 0, OPTION_MULTI_ACK},
    {"rate", required_argument, 0, OPTION_RATE},
    {"duration", required_argument, 0, OPTION_DURATION},
    {"warmup", required_argument, 0, OPTION_WARMUP},
    {"count", required_argument, 0, OPTION_COUNT},
    {"max-inflight", required_argument, 0, OPTION_MAX_INFLIGHT},
    {"exchange", required_argument, 0, OPTION_EXCHANGE},
    {"type", required_argument, 0, OPTION_TYPE},
    {"routing-key", required_argument, 0, OPTION_ROUTING_KEY},
    {"queue-arg", required_argument, 0, OPTION_QUEUE_ARGUMENT},
    {"json", no_argument, 0, OPTION_JSON},
    {"prefix", required_argument, 0, OPTION_PREFIX},
    {"keep", no_argument, 0, OPTION_KEEP},
    {"consume-only", no_argument, 0, OPTION_CONSUME_ONLY},
    {"quiet", no_argument, 0, OPTION_QUIET},
    {"pid", required_argument, 0, OPTION_PID},
    {"tls-ca", required_argument, 0, OPTION_TLS_AUTHORITY},
    {"tls-version", required_argument, 0, OPTION_TLS_VERSION},
    {0},
};

static void usage_error(const char *what) {
  fprintf(stderr, "load: %s\n", what);
  exit(2);
}

static void add_queue_argument(const char *pair) {
  if (options.queue_argument_count == QUEUE_ARGUMENTS_MAX) usage_error("too many --queue-arg");
  if (!strchr(pair, '=') || strlen(pair) >= NAME_MAX_BYTES) usage_error("--queue-arg wants key=value");
  options.queue_arguments[options.queue_argument_count++] = pair;
}

static void set_option(int option, const char *value) {
  switch (option) {
    case 'x': options.producers = atoi(value); break;
    case 'y': options.consumers = atoi(value); break;
    case 'h': options.host = value; break;
    case 'p': options.port = atoi(value); break;
    case OPTION_USER: options.user = value; break;
    case OPTION_PASSWORD: options.password = value; break;
    case OPTION_VHOST: options.vhost = value; break;
    case OPTION_QUEUES: options.queues = atoi(value); break;
    case OPTION_SIZE: options.body_size = atoi(value); break;
    case OPTION_PREFETCH: options.prefetch = atoi(value); break;
    case OPTION_AUTO_ACK: options.auto_ack = true; break;
    case OPTION_CONFIRM: options.confirm_window = atol(value); break;
    case OPTION_DURABLE: options.durable = true; break;
    case OPTION_MULTI_ACK: options.acks_per_frame = atol(value); break;
    case OPTION_RATE: options.rate_per_producer = atol(value); break;
    case OPTION_DURATION: options.duration_s = atof(value); break;
    case OPTION_WARMUP: options.warmup_s = atof(value); break;
    case OPTION_COUNT: options.count = atol(value); break;
    case OPTION_MAX_INFLIGHT: options.max_inflight = atol(value); break;
    case OPTION_EXCHANGE: options.exchange = value; break;
    case OPTION_TYPE: options.exchange_type = value; break;
    case OPTION_ROUTING_KEY: options.routing_key = value; break;
    case OPTION_QUEUE_ARGUMENT: add_queue_argument(value); break;
    case OPTION_JSON: options.json = true; break;
    case OPTION_PREFIX: options.queue_prefix = value; break;
    case OPTION_KEEP: options.keep = true; break;
    case OPTION_CONSUME_ONLY: options.consume_only = true; break;
    case OPTION_QUIET: options.quiet = true; break;
    case OPTION_PID: options.broker_pid = atoi(value); break;
    case OPTION_TLS_AUTHORITY: options.tls_authority = value; break;
    case OPTION_TLS_VERSION: options.tls_version = value; break;
    default: exit(2); /* getopt has said what is wrong */
  }
}

void parse_options(int argc, char **argv) {
  int option;
  while ((option = getopt_long(argc, argv, "x:y:h:p:", long_options, 0)) != -1) set_option(option, optarg);
  if (!options.queue_prefix) {
    static char prefix[32];
    snprintf(prefix, sizeof prefix, "load-%d", getpid());
    options.queue_prefix = prefix;
  }
  options.stamped_producers = options.producers;
  if (options.consume_only) options.producers = 0;
  if (options.queues < 1) usage_error("--queues must be at least 1");
  if (options.body_size < 0 || options.producers < 0 || options.consumers < 0) usage_error("a count below zero");
  /* More acks than the prefetch allows to be outstanding would never come together. */
  if (options.prefetch && options.acks_per_frame > options.prefetch) options.acks_per_frame = options.prefetch;
}

void queue_name(char *name, int index) { snprintf(name, NAME_MAX_BYTES, "%s-%d", options.queue_prefix, index); }
