/* Which publishes of a producer the broker has confirmed, singly or up to a number, in any order. */
#ifndef CONFIRMS_H
#define CONFIRMS_H

#include <stdbool.h>

#include "connection.h"

/* A window must stay below this: beyond it, marks would meet. */
enum { CONFIRM_MARKS = 1 << 20 };

void start_confirm_marks(struct publisher *publisher);

/* Keeps when the message that was just counted in `sent` left. */
void note_sent(struct publisher *publisher, u64 at_ns);

/* basic.ack or basic.nack: both say that the broker is done with the message. */
void take_confirm(struct publisher *publisher, u64 tag, bool multiple, bool refused);

#endif
