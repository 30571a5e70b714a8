/* What happens before the measurement: blocking, one method and its answer at a time. */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include "connection.h"

/* Connects, logs in, opens the channel; sets `fd` and `frame_max`. Keeps trying for five seconds while the broker starts. */
void open_connection(struct connection *connection);

/* Declares the exchange (when one is asked for) and the queues, bound to it; empties the queues first, unless they are to be kept. */
void declare_topology(void);

/* Deletes the queues. */
void delete_queues(void);

void start_consuming(struct connection *connection, int index);
void start_confirming(struct connection *connection);

#endif
