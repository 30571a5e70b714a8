/* What the command line asks for. Set once, before anything else runs; read by all. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

enum { QUEUE_ARGUMENTS_MAX = 32, NAME_MAX_BYTES = 256 };

struct options {
  const char *host, *user, *password, *vhost;
  int port;
  const char *tls_authority; /* speak TLS with brokers whose certificate is of this one (a PEM file); null: plain */
  const char *tls_version;   /* 1.2 or 1.3 */

  int producers, consumers, queues;
  const char *queue_prefix;
  const char *queue_arguments[QUEUE_ARGUMENTS_MAX]; /* "key=value" */
  int queue_argument_count;
  bool durable;
  bool keep; /* do not delete the queues, neither before nor after */

  const char *exchange, *exchange_type, *routing_key; /* a null key: the queue's name */
  int body_size;
  long rate_per_producer; /* messages a second; 0: as fast as it goes */
  long max_inflight;      /* published and not yet consumed; 0: no limit */
  long confirm_window;    /* unconfirmed messages of a producer; 0: no confirms */

  int prefetch;
  bool auto_ack;
  long acks_per_frame; /* above 1: one basic.ack with `multiple` for so many deliveries */
  bool consume_only;    /* what an earlier run has published, by as many producers */
  int stamped_producers; /* whose messages are checked: this run's, or the earlier one's */

  long count; /* publish so many, drain them, check each; 0: run for a time */
  double warmup_s, duration_s;

  int broker_pid; /* its CPU time and memory are reported too; 0: unknown */
  bool json, quiet;
};

extern struct options options;

/* Ends the process with code 2 when the command line makes no sense. */
void parse_options(int argc, char **argv);

/* Writes the name of queue `index` to `name` (NAME_MAX_BYTES). */
void queue_name(char *name, int index);

#endif
