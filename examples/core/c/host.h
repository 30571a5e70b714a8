/* A small host of the core: one connection, named queues with a channel each, and routes to them. */
#pragma once

/* Opens the connection. */
void host_open(void);

/* Does a step of a scenario, then all that follows of it. Returns what was delivered, and ready+unacknowledged of each
 * queue; it stands until the next step. The line is taken apart. */
const char *host_step(char *line);
