#include "confirms.h"

#include <stdlib.h>

#include "clock.h"
#include "counters.h"
#include "failure.h"
#include "latency.h"

void start_confirm_marks(struct publisher *publisher) {
  publisher->confirmed_marks = calloc(CONFIRM_MARKS / 8, 1);
  publisher->sent_ns = malloc(CONFIRM_MARKS * sizeof *publisher->sent_ns);
  if (!publisher->confirmed_marks || !publisher->sent_ns) fail("out of memory");
}

void note_sent(struct publisher *publisher, u64 at_ns) { publisher->sent_ns[publisher->sent % CONFIRM_MARKS] = at_ns; }

static void record_confirm(const struct publisher *publisher, u64 tag, u64 time_ns) {
  record_latency(&confirm_latencies, time_ns - publisher->sent_ns[tag % CONFIRM_MARKS]);
}

static u8 *mark_octet(struct publisher *publisher, u64 tag) {
  return &publisher->confirmed_marks[tag % CONFIRM_MARKS >> 3];
}

static bool is_marked(struct publisher *publisher, u64 tag) { return *mark_octet(publisher, tag) >> (tag & 7) & 1; }
static void mark(struct publisher *publisher, u64 tag) { *mark_octet(publisher, tag) |= (u8)(1 << (tag & 7)); }
static void unmark(struct publisher *publisher, u64 tag) { *mark_octet(publisher, tag) &= (u8)~(1 << (tag & 7)); }

/* Confirms everything up to the tag; returns how many of them were not yet. */
static u64 confirm_up_to(struct publisher *publisher, u64 tag, u64 time_ns) {
  u64 fresh = 0;
  for (u64 at = publisher->confirmed_below + 1; at <= tag; at++) {
    if (is_marked(publisher, at)) {
      unmark(publisher, at);
    } else {
      record_confirm(publisher, at, time_ns);
      fresh++;
    }
  }
  if (tag > publisher->confirmed_below) publisher->confirmed_below = tag;
  return fresh;
}

static void confirm_one(struct publisher *publisher, u64 tag, u64 time_ns) {
  record_confirm(publisher, tag, time_ns);
  mark(publisher, tag);
  while (is_marked(publisher, publisher->confirmed_below + 1)) unmark(publisher, ++publisher->confirmed_below);
}

void take_confirm(struct publisher *publisher, u64 tag, bool multiple, bool refused) {
  if (!publisher->confirmed_marks) fail("a confirm that was not asked for");
  u64 fresh = 1, time_ns = now_ns();
  if (multiple) fresh = confirm_up_to(publisher, tag, time_ns);
  else confirm_one(publisher, tag, time_ns);
  publisher->confirmed += fresh;
  counters.confirmed += fresh;
  if (refused) counters.nacked += fresh;
}
