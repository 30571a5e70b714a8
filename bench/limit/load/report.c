#include "report.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "counters.h"
#include "latency.h"
#include "options.h"
#include "process.h"

enum { SECONDS_MAX = 100000 };

struct moment {
  u64 time_ns, published, consumed, confirmed;
  double own_cpu_s, broker_cpu_s;
};

static struct moment start, end, last_tick;
static u64 run_start_ns;
static bool started;
static double published_rates[SECONDS_MAX], consumed_rates[SECONDS_MAX], confirmed_rates[SECONDS_MAX];
static int seconds;

static struct moment take_counts(u64 at_ns) {
  return (struct moment){.time_ns = at_ns,
                         .published = counters.published,
                         .consumed = counters.consumed,
                         .confirmed = counters.confirmed};
}

static struct moment take_moment(u64 at_ns) {
  struct moment moment = take_counts(at_ns);
  moment.own_cpu_s = own_cpu_s();
  moment.broker_cpu_s = options.broker_pid ? process_cpu_s(options.broker_pid) : 0;
  return moment;
}

void start_run(u64 at_ns) {
  run_start_ns = at_ns;
  start = last_tick = take_moment(at_ns);
}

bool measurement_started(void) { return started; }

void start_measurement(u64 at_ns) {
  started = true;
  start = last_tick = take_moment(at_ns);
}

void end_measurement(u64 at_ns) { end = take_moment(at_ns); }

void tick(u64 at_ns) {
  if (at_ns - last_tick.time_ns < NS_PER_S) return;

  double elapsed_s = (double)(at_ns - last_tick.time_ns) / NS_PER_S;
  double published = (double)(counters.published - last_tick.published) / elapsed_s;
  double consumed = (double)(counters.consumed - last_tick.consumed) / elapsed_s;
  double confirmed = (double)(counters.confirmed - last_tick.confirmed) / elapsed_s;
  last_tick = take_counts(at_ns);
  if (started && seconds < SECONDS_MAX) {
    published_rates[seconds] = published;
    consumed_rates[seconds] = consumed;
    confirmed_rates[seconds] = confirmed;
    seconds++;
  }
  if (options.json || options.quiet) return;
  fprintf(stderr, "%.0fs published %.0f/s consumed %.0f/s confirmed %.0f/s backlog %ld%s\n",
          (double)(at_ns - run_start_ns) / NS_PER_S, published, consumed, confirmed,
          (long)(counters.published - counters.consumed), counters.blocked_connections ? " BLOCKED" : "");
}

static int compare_doubles(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return left < right ? -1 : left > right;
}

/* Sorts the values. */
static double median(double *values, int count) {
  if (!count) return 0;
  qsort(values, (size_t)count, sizeof *values, compare_doubles);
  int middle = count / 2;
  return count % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

struct summary {
  double published, consumed, confirmed; /* a second */
  double published_median, consumed_median, confirmed_median;
  double p50_us, p95_us, p99_us, p999_us, max_us; /* from publish to delivery */
  double confirm_p50_us, confirm_p99_us;          /* from publish to confirm */
  double blocked_s, elapsed_s;
  double own_cpu_us, broker_cpu_us; /* a message, which is published and consumed */
  double broker_resident_mb;
};

static double percentile_us(const struct latencies *latencies, double share) {
  return latency_percentile_ns(latencies, share) / 1e3;
}

static struct summary summarize(void) {
  double elapsed_s = (double)(end.time_ns - start.time_ns) / NS_PER_S;
  double published = (double)(end.published - start.published);
  double consumed = (double)(end.consumed - start.consumed);
  double messages = (published + consumed) / 2;
  return (struct summary){
      .published = published / elapsed_s,
      .consumed = consumed / elapsed_s,
      .confirmed = (double)(end.confirmed - start.confirmed) / elapsed_s,
      .published_median = median(published_rates, seconds),
      .consumed_median = median(consumed_rates, seconds),
      .confirmed_median = median(confirmed_rates, seconds),
      .p50_us = percentile_us(&delivery_latencies, .5),
      .p95_us = percentile_us(&delivery_latencies, .95),
      .p99_us = percentile_us(&delivery_latencies, .99),
      .p999_us = percentile_us(&delivery_latencies, .999),
      .max_us = (double)delivery_latencies.max_ns / 1e3,
      .confirm_p50_us = percentile_us(&confirm_latencies, .5),
      .confirm_p99_us = percentile_us(&confirm_latencies, .99),
      .blocked_s = (double)counters.blocked_ns / NS_PER_S,
      .elapsed_s = elapsed_s,
      .own_cpu_us = messages ? (end.own_cpu_s - start.own_cpu_s) * 1e6 / messages : 0,
      .broker_cpu_us = messages ? (end.broker_cpu_s - start.broker_cpu_s) * 1e6 / messages : 0,
      .broker_resident_mb = options.broker_pid ? process_resident_mb(options.broker_pid) : 0,
  };
}

static void print_json(const struct summary *s) {
  printf("{\"published\":%.0f,\"consumed\":%.0f,\"confirmed\":%.0f,", s->published, s->consumed, s->confirmed);
  printf("\"published_med\":%.0f,\"consumed_med\":%.0f,\"confirmed_med\":%.0f,", s->published_median,
         s->consumed_median, s->confirmed_median);
  printf("\"p50_us\":%.1f,\"p95_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f,", s->p50_us, s->p95_us,
         s->p99_us, s->p999_us, s->max_us);
  printf("\"confirm_p50_us\":%.1f,\"confirm_p99_us\":%.1f,", s->confirm_p50_us, s->confirm_p99_us);
  printf("\"lost\":%lu,\"dup\":%lu,\"reorder\":%lu,", counters.lost, counters.duplicated, counters.reordered);
  printf("\"redelivered\":%lu,\"returned\":%lu,\"nacked\":%lu,\"blocked_s\":%.2f,", counters.redelivered,
         counters.returned, counters.nacked, s->blocked_s);
  printf("\"cpu_us_per_msg\":%.3f,\"broker_cpu_us_per_msg\":%.3f,\"broker_rss_mb\":%.1f,", s->own_cpu_us,
         s->broker_cpu_us, s->broker_resident_mb);
  printf("\"total_published\":%lu,\"total_consumed\":%lu,\"total_confirmed\":%lu,\"elapsed\":%.2f}\n", counters.published,
         counters.consumed, counters.confirmed, s->elapsed_s);
}

static void print_text(const struct summary *s) {
  printf("published %.0f/s (median %.0f)  consumed %.0f/s (median %.0f)  confirmed %.0f/s\n", s->published,
         s->published_median, s->consumed, s->consumed_median, s->confirmed);
  printf("latency us p50 %.1f p95 %.1f p99 %.1f p99.9 %.1f max %.1f\n", s->p50_us, s->p95_us, s->p99_us, s->p999_us,
         s->max_us);
  if (options.confirm_window) printf("confirm us p50 %.1f p99 %.1f\n", s->confirm_p50_us, s->confirm_p99_us);
  printf("lost %lu dup %lu out-of-order %lu redelivered %lu returned %lu nacked %lu blocked %.2fs", counters.lost,
         counters.duplicated, counters.reordered, counters.redelivered, counters.returned, counters.nacked,
         s->blocked_s);
  printf(" | total published %lu consumed %lu", counters.published, counters.consumed);
  printf(" | own cpu %.3f us/msg | broker cpu %.3f us/msg, %.1f MB resident\n", s->own_cpu_us, s->broker_cpu_us,
         s->broker_resident_mb);
}

void print_report(void) {
  struct summary summary = summarize();
  if (options.json) print_json(&summary);
  else print_text(&summary);
}
