#!/usr/bin/env bash
# rabbitmqadmin, unmodified: the program is the first argument, HTTP_URL says where the API is (http://HOST:PORT). Makes a
# vhost and a user of its own.
set -euo pipefail

# shellcheck source=test/interop/rabbitmqadmin/checks.sh
source "$(dirname "$0")/checks.sh" admin "$1"

run() { timeout 60 python3 -B "$program" -H "$host" -P "$port" "$@"; }
in_vhost() { run -V "$vhost" "$@"; }
lines() { in_vhost -f tsv -q list "$@" | sort; }
all_lines() { run -f tsv -q list "$@" | sort; }

leave() {
  run delete vhost name="$vhost" || true
  run delete user name="$user" || true
}

refused() { if "$@" >refused.out 2>&1; then echo "it went well: $*"; else cat refused.out; fi; }

same 'declares a vhost' "$(run declare vhost name="$vhost" tracing=true)" 'vhost declared'
same 'lists vhosts' "$(all_lines vhosts name tracing | grep "^$vhost")" "$vhost"$'\tTrue'
same 'declares a user' "$(run declare user name="$user" password=carrot tags=management)" 'user declared'
same 'lists users' "$(all_lines users name tags hashing_algorithm | grep "^$user")" \
  "$user"$'\tmanagement\trabbit_password_hashing_sha256'
for who in "$user" guest; do
  same "gives permissions to ${who/#$user/the user}" \
    "$(run declare permission vhost="$vhost" user="$who" configure='.*' write='.*' read='.*')" 'permission declared'
done
same 'lists permissions' "$(all_lines permissions vhost user configure | grep "^$vhost"$'\t'"$user")" \
  "$vhost"$'\t'"$user"$'\t.*'

same 'declares a queue' "$(in_vhost declare queue name=jobs durable=true)" 'queue declared'
same 'declares one with a type and arguments' \
  "$(in_vhost declare queue name=safe queue_type=quorum arguments='{"x-delivery-limit": 3}')" 'queue declared'
same 'lists queues' "$(lines queues name durable type)" $'jobs\tTrue\tclassic\nsafe\tTrue\tquorum'
same 'declares an exchange' "$(in_vhost declare exchange name=events type=topic)" 'exchange declared'
same 'lists exchanges' "$(lines exchanges name type | grep events)" $'events\ttopic'
same 'declares a binding' "$(in_vhost declare binding source=events destination=jobs routing_key='a.#')" \
  'binding declared'
same 'lists bindings' "$(lines bindings source destination properties_key | grep '^events')" $'events\tjobs\ta.%23'
same 'declares a policy' \
  "$(in_vhost declare policy name=short pattern='^jobs' definition='{"max-length": 5}' priority=2 apply-to=queues)" \
  'policy declared'
same 'lists policies' "$(all_lines policies vhost name definition priority | grep "^$vhost")" \
  "$vhost"$'\tshort\t{"max-length": 5}\t2'
same 'declares an operator policy' \
  "$(in_vhost declare operator_policy name=guard pattern='.*' definition='{"max-length": 9}' apply-to=queues)" \
  'operator_policy declared'
same 'lists operator policies' "$(all_lines operator_policies vhost name definition | grep "^$vhost")" \
  "$vhost"$'\tguard\t{"max-length": 9}'
same 'declares a limit' "$(run declare vhost_limit vhost="$vhost" name=max-queues value=7)" 'vhost_limit declared'
same 'lists limits' "$(all_lines vhost_limits vhost value | grep "^$vhost")" "$vhost"$'\t{"max-queues": 7}'
same 'lists parameters' "$(all_lines parameters vhost component name | grep "^$vhost")" \
  "$vhost"$'\toperator_policy\tguard\n'"$vhost"$'\tvhost-limits\tlimits'
same 'is told why a parameter cannot be' \
  "$(refused in_vhost declare parameter component=hares name=x value='{}' | grep -c 'component hares not found')" 1

same 'publishes' "$(in_vhost publish exchange=events routing_key=a.b payload=hop)" 'Message published'
same 'is told of a message that goes nowhere' "$(in_vhost publish exchange=events routing_key=b payload=hop)" \
  'Message published but NOT routed'
same 'gets, and gives back' "$(in_vhost -f tsv -q get queue=jobs | cut -f 1-5)" \
  $'a.b\tevents\t0\thop\t3'
same 'gets, and keeps' \
  "$(in_vhost -f tsv -q get queue=jobs ackmode=ack_requeue_false | cut -f 4-6,8)" $'hop\t3\tstring\tTrue'
in_vhost publish routing_key=jobs payload=more >/dev/null
same 'purges' "$(in_vhost purge queue name=jobs)" 'queue purged'
same 'finds it empty' "$(in_vhost get queue=jobs)" 'No items'

same 'exports' "$(in_vhost export part.json)" "Exported definitions for $host to \"part.json\""
same 'exports all' "$(run export all.json)" "Exported definitions for $host to \"all.json\""
in_vhost delete binding source=events destination_type=queue destination=jobs properties_key='a.%23' >/dev/null
in_vhost delete queue name=jobs >/dev/null
in_vhost delete exchange name=events >/dev/null
in_vhost delete policy name=short >/dev/null
same 'deletes queues' "$(lines queues name)" 'safe'
same 'deletes exchanges and bindings' "$(lines bindings source destination | grep '^events' || echo none)" none
same 'deletes policies' "$(all_lines policies vhost name | grep "^$vhost" || echo none)" none
in_vhost import part.json >imported.out
same 'imports what it has exported' "$(grep -c '^Uploaded definitions' imported.out) $(lines queues name | tr '\n' ' ')" \
  '1 jobs safe '
printf '{"users": [{"name": "%s", "password": "carrot", "tags": "management,policymaker"}]}' "$user" >users.json
run import users.json >imported.out
same 'imports users' "$(all_lines users name tags | grep "^$user")" "$user"$'\tmanagement policymaker'
same 'has bindings again' "$(lines bindings source destination | grep '^events')" $'events\tjobs'

for clients in connections channels consumers; do
  same "lists $clients" "$(run list $clients >/dev/null && echo fine)" fine
done
same 'lists nodes' "$(run -f tsv -q list nodes type running)" $'disc\tTrue'
same 'shows the overview' "$(run -f tsv -q show overview rates_mode)" basic
same 'comes in as another user' "$(run -u "$user" -p carrot -f tsv -q list vhosts name)" "$vhost"
same 'is told that this user may not' \
  "$(refused run -u "$user" -p carrot list users | grep -c 'Access refused: /api/users')" 1
same 'is told of a wrong password' "$(refused run -u "$user" -p potato list queues | grep -ci 'access refused')" 1

same 'deletes an operator policy' "$(in_vhost delete operator_policy name=guard)" 'operator_policy deleted'
same 'deletes a limit' "$(run delete vhost_limit vhost="$vhost" name=max-queues)" 'vhost_limit deleted'
same 'deletes permissions' "$(run delete permission vhost="$vhost" user="$user")" 'permission deleted'
same 'deletes a user' "$(run delete user name="$user")" 'user deleted'
same 'deletes a vhost' "$(run delete vhost name="$vhost")" 'vhost deleted'
