/* Consuming: a delivery is timed, checked and acknowledged when its last body byte is there. */
#ifndef CONSUMER_H
#define CONSUMER_H

#include "connection.h"

void prepare_consumer(struct connection *connection);

/* The arguments of basic.deliver, the content header's payload, and the payload of a body frame. */
void take_deliver(struct connection *connection, const u8 *arguments);
void take_header(struct connection *connection, const u8 *payload);
void take_body(struct connection *connection, const u8 *payload, u32 length);

#endif
