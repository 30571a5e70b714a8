#!/usr/bin/env bash
# rabbitmqadmin 2 (crates.io), unmodified: the program is the first argument, HTTP_URL says where the API is
# (http://HOST:PORT). Makes vhosts and a user of its own. Against RabbitMQ 3.10 what that does not know is not asked for.
set -euo pipefail

# shellcheck source=test/interop/rabbitmqadmin/checks.sh
source "$(dirname "$0")/checks.sh" admin2 "$1"

run() { HOME=$work timeout 60 "$program" -H "$host" -P "$port" -q --non-interactive "$@" 2>&1; }
in_vhost() { run -V "$vhost" "$@"; }
# Columns are apart by spaces; the first ones are told, of the lines that hold a text: row TEXT COUNT COMMAND...
row() { run "${@:3}" | grep -F -- "$1" | awk -v n="$2" '{ for (i = 1; i <= n; i++) printf "%s%s", $i, i < n ? " " : "\n" }' | sort; }
# What a command ends with.
code() { if "$@" >/dev/null 2>&1; then echo 0; else echo $?; fi; }

leave() {
  run delete vhost --name "$vhost" --idempotently || true
  run delete user --name "$user" --idempotently || true
}

# That a command does what it is told, without a word: well WHAT COMMAND...
well() { same "$1" "$("${@:2}" && echo done)" done; }

version=$(curl -s -u guest:guest "$HTTP_URL/api/overview" | sed 's/.*"product_name":"\([^"]*\)".*/\1/')
[[ $version == Leveret ]] && is_ours=true || is_ours=false
node=$(curl -s -u guest:guest "$HTTP_URL/api/overview" | sed 's/.*"node":"\([^"]*\)".*/\1/')

well 'declares a vhost' run declare vhost --name "$vhost" --description 'for a trial' --default-queue-type quorum
same 'lists vhosts' "$(row "$vhost" 1 vhosts list)" "$vhost"
well 'declares a user' run declare user --name "$user" --password carrot --tags monitoring
same 'lists users' "$(row "$user" 1 users list)" "$user"
for who in "$user" guest; do
  well "gives permissions to ${who/#$user/the user}" \
    in_vhost declare permissions --username "$who" --configure '.*' --write '.*' --read '.*'
done
same 'lists permissions' "$(row "$vhost" 5 permissions list | grep "^$user")" "$user $vhost .* .* .*"

well 'declares a classic queue' in_vhost declare queue --name q1 --type classic --durable true
well 'declares a quorum queue' in_vhost declare queue --name q2 --type quorum --arguments '{"x-delivery-limit": 3}'
same 'lists queues' "$(row q 2 -V "$vhost" queues list | tr '\n' ' ')" "q1 $vhost q2 $vhost "
same 'shows a queue' "$(row q1 3 -V "$vhost" queues show --name q1)" "q1 $vhost classic"
well 'declares an exchange' in_vhost declare exchange --name e1 --type topic
well 'declares a binding' in_vhost declare binding --source e1 --destination-type queue --destination q1 --routing-key 'a.#'
same 'lists bindings' "$(row 'a.#' 3 -V "$vhost" bindings list | grep "^$vhost")" "$vhost e1 q1"
well 'binds exchanges' in_vhost exchanges bind --source e1 --destination-type exchange --destination amq.fanout --routing-key z
well 'unbinds them' in_vhost exchanges unbind --source e1 --destination-type exchange --destination amq.fanout --routing-key z

well 'declares a policy' \
  in_vhost declare policy --name p1 --pattern '^q' --apply-to queues --definition '{"max-length": 5}' --priority 3
well 'declares another' \
  in_vhost declare policy --name p2 --pattern '^q' --apply-to queues --definition '{"max-length": 6}' --priority 3
same 'lists policies of a vhost' "$(row p1 2 -V "$vhost" policies list_in)" "p1 $vhost"
same 'lists those that fit a queue' "$(row '^q' 1 -V "$vhost" policies list_matching_object --name q1 --type queues | tr '\n' ' ')" 'p1 p2 '
same 'lists those that are in conflict' "$(row '^q' 1 -V "$vhost" policies list_conflicting_in | tr '\n' ' ')" 'p1 p2 '
well 'changes a policy' in_vhost policies patch --name p1 --definition '{"max-length": 7}'
well 'changes a key of a policy' in_vhost policies update_definition --name p1 --definition-key max-length --new-value 8
well 'changes a key of all' in_vhost policies update_definitions_of_all_in --definition-key max-length --new-value 9
same 'has changed them' "$(in_vhost policies list_in | grep -c 'max-length: 9')" 2
well 'declares one over another' \
  in_vhost policies declare_override --name p1 --override-name p3 --definition '{"expires": 100000}'
well 'takes a key from it' in_vhost policies delete_definition_keys --name p3 --definition-keys expires
well 'declares one for all else' \
  in_vhost policies declare_blanket --name p4 --apply-to queues --definition '{"max-length": 100}'
well 'declares an operator policy' \
  in_vhost declare operator_policy --name o1 --pattern '^q' --apply-to queues --definition '{"max-length": 50}'
well 'changes it' in_vhost operator_policies patch --name o1 --definition '{"max-length": 70}'
same 'lists operator policies' "$(row o1 2 -V "$vhost" operator_policies list_in)" "o1 $vhost"

well 'declares a limit of the vhost' in_vhost declare vhost_limit --name max-queues --value 50
well 'declares a limit of the user' run declare user_limit --username "$user" --name max-channels --value 60
same 'lists limits of vhosts' "$(row "$vhost" 3 -V "$vhost" vhost_limits list)" "$vhost max-queues: 50,"
same 'lists limits of users' "$(row "$user" 3 user_limits list)" "$user max-channels: 60,"
well 'sets a parameter of the broker' run global_parameters set --name "$user" --value '{"a": 1}'
same 'lists parameters of the broker' "$(row "$user" 1 global_parameters list)" "$user"
well 'clears it' run global_parameters clear --name "$user"
same 'is told that a component is not there' \
  "$(in_vhost declare parameter --component hares --name x --value '{}' | grep -c 'component hares not found')" 1
same 'lists parameters' "$(code run parameters list_all)" 0

same 'publishes' "$(in_vhost publish message -e e1 -k a.b -m hop)" 'Message published and routed successfully'
same 'gets, and gives back' "$(row hop 1 -V "$vhost" get messages -q q1 -a ack_requeue_true | wc -l)" 1
same 'gets, and keeps' "$(row hop 1 -V "$vhost" get messages -q q1 -a ack_requeue_false | wc -l)" 1
same 'finds it empty' "$(in_vhost get messages -q q1 -a ack_requeue_false)" ''
in_vhost publish message -k q1 -m more >/dev/null
well 'purges' in_vhost queues purge --name q1

for list in 'list connections' 'list channels' 'list consumers' 'list exchanges' 'list policies' 'list operator_policies' \
  'list feature_flags' 'users permissions' 'users limits' 'policies list_conflicting' 'show overview' 'show churn' \
  'show endpoint' 'rebalance queues' 'feature_flags list' 'feature_flags enable_all' "users connections -u $user"; do
  # shellcheck disable=SC2086
  same "$list" "$(code run $list)" 0
done
well 'enables a feature flag' run feature_flags enable --name quorum_queue
same 'hashes a password' "$(code run passwords salt_and_hash carrot)" 0

for check in local_alarms cluster_wide_alarms node_is_quorum_critical "port_listener --port $port" \
  'protocol_listener --protocol amqp'; do
  # shellcheck disable=SC2086
  same "health_check $check" "$(code run health_check $check)" 0
done
same 'is told of a port that nobody listens at' "$(code run health_check port_listener --port 1)" 69
same 'is told of a protocol that is not spoken' "$(code run health_check protocol_listener --protocol mqtt)" 69
# What RabbitMQ 3.10 answers in another way than this program reads, or does not know.
if $is_ours; then
  same 'lists nodes' "$(row "$node" 1 nodes list)" "$node"
  for list in 'nodes memory_breakdown_in_bytes' 'nodes memory_breakdown_in_percent' 'show memory_breakdown_in_bytes' \
    'plugins list_on_node'; do
    # shellcheck disable=SC2086
    same "$list" "$(code run $list --node "$node")" 0
  done
  for list in 'plugins list_all' 'deprecated_features list' 'deprecated_features list_used' \
    'list deprecated_features_in_use'; do
    # shellcheck disable=SC2086
    same "$list" "$(code run $list)" 0
  done
fi
same 'is told that there are no shovels' "$(run shovels list_all | grep -c '404 Not Found')" 1
same 'is told that there is no federation' "$(run federation list_all_links | grep -c '404 Not Found')" 1

well 'exports all' run definitions export --file all.json
well 'exports a vhost' in_vhost definitions export_from_vhost --file part.json
well 'deletes a queue' in_vhost delete queue --name q1
same 'is told of a queue that is not there' "$(in_vhost delete queue --name q1 | grep -c '404 Not Found')" 1
well 'does not mind one that is not there, if told so' in_vhost delete queue --name q1 --idempotently
well 'imports a vhost' in_vhost definitions import_into_vhost --file part.json
same 'has the queue again' "$(row q1 1 -V "$vhost" queues list)" q1
well 'imports all' run definitions import --file all.json
well 'deletes a binding' \
  in_vhost delete binding --source e1 --destination-type queue --destination q1 --routing-key 'a.#'
well 'deletes an exchange' in_vhost delete exchange --name e1
for policy in p1 p2 p3 p4; do well "deletes the policy $policy" in_vhost delete policy --name $policy; done
well 'deletes the operator policy' in_vhost delete operator_policy --name o1
well 'deletes the limit of the vhost' in_vhost delete vhost_limit --name max-queues
well 'deletes the limit of the user' run delete user_limit --username "$user" --name max-channels
same 'deletes several queues' "$(code in_vhost queues delete_multiple --name-pattern '^q' --approve)" 0
same 'has none any more' "$(in_vhost queues list)" ''
same 'is told of a connection that is not there' "$(run close connection --name nobody | grep -c '404 Not Found')" 1
well 'closes the connections of a user' run close user_connections --username "$user"
same 'is told of a wrong password' "$(code in_vhost -u "$user" -p potato list queues)" 65
same 'comes in as another user' "$(code in_vhost -u "$user" -p carrot list queues)" 0
well 'takes permissions' in_vhost delete permissions --username "$user"
well 'deletes the user' run delete user --name "$user"
well 'deletes the vhost' run delete vhost --name "$vhost"
