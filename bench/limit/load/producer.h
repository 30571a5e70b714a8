/* Publishing: copies of one pre-encoded message, in batches of one write. */
#ifndef PRODUCER_H
#define PRODUCER_H

#include <stdbool.h>

#include "connection.h"

/* Encodes the producer's message and makes its output buffer. */
void prepare_producer(struct connection *connection, u32 id);

/* Where the rate starts for producer `index`: spread over one interval, so that they do not publish in step. */
void schedule_producer(struct connection *connection, int index, u64 start_ns);

/* Whether there is something to publish now. */
bool may_publish(const struct connection *connection, u64 at_ns);

/* Publishes until the socket or a limit stops it; true when bytes went out. */
bool publish(struct connection *connection);

#endif
