#!/usr/bin/env bash
# RabbitMQ's PerfTest, 20 producers and 20 consumers: that it runs and ends well, not how fast. Its jars are the first argument.
set -euo pipefail

jars=$1
queues="perf-$$-%d"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Says that a run of PerfTest ended well and consumed something, or ends: perf WHAT OPTION...
perf() {
  local what=$1 rate
  shift
  if timeout 60 java -cp "$jars" com.rabbitmq.perf.PerfTest -h "$AMQP_URL" -x 20 -y 20 -q 100 -c 100 -s 1000 "$@" >"$log" 2>&1; then
    rate=$(sed -n 's/.*receiving rate avg: \([0-9]*\).*/\1/p' "$log")
    if [[ ${rate:-0} -gt 0 ]] && ! grep -E 'nacked: [1-9]|exception' "$log"; then
      printf 'ok %s\n' "$what"
      return
    fi
  fi
  tail -n 30 "$log"
  printf 'FAILED %s\n' "$what"
  exit 1
}

perf '20 producers and 20 consumers share a queue' -u "perf-$$" -z 3
perf '20 pairs have a queue each, every consumer gets every message' \
  --queue-pattern "$queues" --queue-pattern-from 1 --queue-pattern-to 20 -C 500 -D 500 -f persistent
