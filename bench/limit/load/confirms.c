#include "confirms.h"

#include <stdlib.h>

#include "counters.h"
#include "failure.h"

void start_confirm_marks(struct publisher *publisher) {
  publisher->confirmed_marks = calloc(CONFIRM_MARKS / 8, 1);
  if (!publisher->confirmed_marks) fail("out of memory");
}

static u8 *mark_octet(struct publisher *publisher, u64 tag) {
  return &publisher->confirmed_marks[tag % CONFIRM_MARKS >> 3];
}

static bool is_marked(struct publisher *publisher, u64 tag) { return *mark_octet(publisher, tag) >> (tag & 7) & 1; }
static void mark(struct publisher *publisher, u64 tag) { *mark_octet(publisher, tag) |= (u8)(1 << (tag & 7)); }
static void unmark(struct publisher *publisher, u64 tag) { *mark_octet(publisher, tag) &= (u8)~(1 << (tag & 7)); }

/* Confirms everything up to the tag; returns how many of them were not yet. */
static u64 confirm_up_to(struct publisher *publisher, u64 tag) {
  u64 fresh = 0;
  for (u64 at = publisher->confirmed_below + 1; at <= tag; at++) {
    if (is_marked(publisher, at)) unmark(publisher, at);
    else fresh++;
  }
  if (tag > publisher->confirmed_below) publisher->confirmed_below = tag;
  return fresh;
}

static void confirm_one(struct publisher *publisher, u64 tag) {
  mark(publisher, tag);
  while (is_marked(publisher, publisher->confirmed_below + 1)) unmark(publisher, ++publisher->confirmed_below);
}

void take_confirm(struct publisher *publisher, u64 tag, bool multiple, bool refused) {
  if (!publisher->confirmed_marks) fail("a confirm that was not asked for");
  u64 fresh = 1;
  if (multiple) fresh = confirm_up_to(publisher, tag);
  else confirm_one(publisher, tag);
  publisher->confirmed += fresh;
  counters.confirmed += fresh;
  if (refused) counters.nacked += fresh;
}
