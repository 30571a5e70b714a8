#!/usr/bin/env bash
# `leveret perf` and RabbitMQ's PerfTest, one at each end of a queue: each reads the other's time off the messages. PerfTest's jars
# are the first argument, what runs `leveret` the others.
set -euo pipefail

jars=$1
shift
leveret=("$@")
queue="perf-pair-$$"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

fail() {
  tail -n 30 "$log"
  printf 'FAILED %s\n' "$1"
  exit 1
}

perf_test() {
  timeout 60 java -cp "$jars" com.rabbitmq.perf.PerfTest -h "$AMQP_URL" -u "$queue" --predeclared -e '' -k "$queue" "$@"
}

leveret_perf() {
  timeout 60 "${leveret[@]}" perf --url "$AMQP_URL" -u "$queue" --predeclared --quiet "$@"
}

# Both ends are on one machine: what is a minute old at most was read from the right octets.
minute=60000000

# The queue goes by itself.
timeout 60 "${leveret[@]}" perf --url "$AMQP_URL" -u "$queue" --queue-arg x-expires=120000 --quiet -C 2000 -c 100 -s 100 -y 0 >"$log" 2>&1 ||
  fail 'leveret perf publishes'
# Microseconds in its summary: "min/median/75th/95th/99th consumer latency: 1/2/3/4/5 µs".
perf_test -x 0 -y 1 -D 2000 -q 100 >"$log" 2>&1 || fail 'PerfTest consumes'
latency=$(sed -n 's|.*consumer latency min/median/75th/95th/99th \([0-9]*\)/.*|\1|p;s|.*consumer latency: \([0-9]*\)/.*|\1|p' "$log" | tail -n 1)
[[ ${latency:-0} -gt 0 && $latency -lt $minute ]] || fail "PerfTest reads the time that leveret perf wrote: ${latency:-none}"
printf 'ok PerfTest reads the time that leveret perf wrote\n'

perf_test -x 1 -y 0 -C 2000 -c 100 -s 100 >"$log" 2>&1 || fail 'PerfTest publishes'
leveret_perf -x 0 -y 1 -D 2000 -q 100 -A 10 --json >"$log" 2>&1 || fail 'leveret perf consumes'
node -e "
  const { consumed, latency } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
  if (consumed.count !== 2000 || latency.count !== 2000) throw new Error('not all came with a time');
  if (!(latency.min > 0 && latency.max < $minute)) throw new Error('it is no time');
" <"$log" || fail 'leveret perf reads the time that PerfTest wrote'
printf 'ok leveret perf reads the time that PerfTest wrote\n'

leveret_perf -C 2000 -c 100 -s 100 --persistent --json >"$log" 2>&1 || fail 'leveret perf at both ends'
node -e "
  const { published, consumed, confirmed } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
  for (const { count } of [published, consumed, confirmed]) if (count !== 2000) throw new Error('not all came');
" <"$log" || fail 'all that leveret perf publishes is confirmed and consumed'
printf 'ok all that leveret perf publishes is confirmed and consumed\n'
