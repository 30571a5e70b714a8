#!/usr/bin/env bash
# rabbitmq-c, by the command line tools that come with it (Debian's amqp-tools). The server's URL is in AMQP_URL.
set -euo pipefail

queue="tools-$$-$(date +%s%N)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Says that a check holds, or ends the run: same WHAT ACTUAL EXPECTED
same() {
  if [[ $2 != "$3" ]]; then
    printf 'FAILED %s\nexpected: %s\n  actual: %s\n' "$1" "$3" "$2"
    exit 1
  fi
  printf 'ok %s\n' "$1"
}

# A command that must fail; prints what it said: refused COMMAND...
refused() {
  if "$@" >refused.out 2>&1; then echo "it went well: $*"; else cat refused.out; fi
}

tool() {
  local name=$1
  shift
  timeout 20 "amqp-$name" -u "$AMQP_URL" "$@"
}

same 'declares a durable queue' "$(tool declare-queue -d -q "$queue")" "$queue"
generated=$(tool declare-queue -q '' 2>/dev/null)
same 'gets a generated name for a queue without one' "${generated:0:8}" 'amq.gen-'
tool delete-queue -q "$generated" >/dev/null

tool publish -r "$queue" -p -C text/plain -H 'species: lepus' -b 'first'
printf 'second\nthird\n' | tool publish -r "$queue" -l
head -c 300000 /dev/zero | tr '\0' x | tool publish -r "$queue"
same 'publishes a body and gets it back' "$(tool get -q "$queue")" 'first'
same 'publishes line by line' "$(tool get -q "$queue"; tool get -q "$queue")" $'second\nthird'
same 'publishes a body of many frames' "$(tool get -q "$queue" | wc -c)" 300000
tool get -q "$queue" >empty.out && empty=found || empty=$?
same 'finds an empty queue empty' "$empty $(wc -c <empty.out)" '2 0'

for number in 1 2 3 4 5 6; do tool publish -r "$queue" -b "$number "; done
same 'consumes with a prefetch of 2, a process for each message, and acknowledges' \
  "$(tool consume -q "$queue" -p 2 -c 4 cat)" '1 2 3 4 '
same 'gives back what was not consumed' "$(tool get -q "$queue")$(tool get -q "$queue")" '5 6 '

tool consume -e amq.topic -r 'hutch.#' -x -c 1 cat >heard &
consumer=$!
# The tool does not tell when it has bound its queue: the door opens until it is heard.
for _ in $(seq 200); do
  kill -0 "$consumer" 2>/dev/null || break
  tool publish -e amq.topic -r hutch.door -b open
done
wait "$consumer"
same 'binds an exclusive queue and consumes from it' "$(cat heard)" open

same 'is told of what does not exist: 404' "$(refused tool get -q tools-nowhere | grep -o 'server channel error.*')" \
  "server channel error 404, message: NOT_FOUND - no queue 'tools-nowhere' in vhost '/'"
same 'is told of what does not match: 406' "$(refused tool declare-queue -q "$queue" | grep -o 'server channel error.*')" \
  "server channel error 406, message: PRECONDITION_FAILED - inequivalent arg 'durable' for queue '$queue' in vhost '/': received 'false' but current is 'true'"
tool publish -r "$queue" -b 'still here'
same 'does not delete a queue that holds messages: 406' "$(refused tool delete-queue -e -q "$queue" | grep -o 'server channel error.*')" \
  "server channel error 406, message: PRECONDITION_FAILED - queue '$queue' in vhost '/' not empty"
same 'is told of a wrong password: 403' \
  "$(refused timeout 20 amqp-get -u "${AMQP_URL/:guest@/:wrong@}" -q "$queue" | grep -o 'ACCESS_REFUSED.*')" \
  'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.'
same 'deletes a queue and says how many messages it held' "$(tool delete-queue -q "$queue")" '1'
