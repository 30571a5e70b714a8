/* Reads what a socket has and hands each whole frame to the producer's or consumer's side. */
#ifndef INPUT_H
#define INPUT_H

#include "connection.h"

void prepare_input(struct connection *connection);

/* One read, or as many as bring what TLS holds. A closed connection, channel or consumer ends the process: there is nothing to measure then. */
void take_input(struct connection *connection);

#endif
