/**
 * Whether an answer says what RabbitMQ's says. What RabbitMQ tells must be there, with the same type, and the same value
 * where it is determined; more may be there. `OWN` and `INNER` say what is not compared, and why.
 */
import type { Answered } from './scenario.js';

/** Values that are each broker's own: names of nodes, versions, times, hashes, sizes of memory. */
const OWN = new Set([
  'node',
  'password_hash',
  'cluster_name',
  'rabbit_version',
  'rabbitmq_version',
  'product_version',
  'product_name',
  'management_version',
  'erlang_version',
  'erlang_full_version',
  'uptime',
  'os_pid',
  'timestamp',
  'internal_cluster_id',
  'ip',
  'ip_address',
  'port',
  'ports',
  'protocols',
]);

/** What only describes how RabbitMQ works inside, or comes with its statistics after some seconds. */
const INNER = new Set([
  'applications',
  'auth_mechanisms',
  'backing_queue_status',
  'cluster_state',
  'consumer_capacity',
  'consumer_utilisation',
  'contexts',
  'effective_policy_definition',
  'erlang_version',
  'erlang_full_version',
  'exclusive_consumer_tag',
  'garbage_collection',
  'head_message_timestamp',
  'idle_since',
  'listeners',
  'memory',
  'message_bytes',
  'message_bytes_paged_out',
  'message_bytes_persistent',
  'message_bytes_ram',
  'message_bytes_ready',
  'message_bytes_unacknowledged',
  'message_stats',
  'messages_details',
  'messages_paged_out',
  'messages_persistent',
  'messages_ram',
  'messages_ready_details',
  'messages_ready_ram',
  'messages_unacknowledged_details',
  'messages_unacknowledged_ram',
  'operator_policy',
  'policy',
  'recoverable_slaves',
  'reductions',
  'reductions_details',
  'single_active_consumer_tag',
  'state',
  'socket_opts',
  'user_who_performed_action',
]);

/** What differs, each difference in words; none: it is the same. */
export function differences(recorded: Answered, answered: Answered): string[] {
  const found: string[] = [];
  if (recorded.status !== answered.status) found.push(`status ${answered.status} instead of ${recorded.status}`);
  for (const [name, value] of Object.entries(recorded.headers)) {
    if (withoutDigest(answered.headers[name]) !== withoutDigest(value))
      found.push(`header ${name}: ${answered.headers[name]} instead of ${value}`);
  }
  compare('body', recorded.body, answered.body, found);
  return found;
}

function compare(path: string, recorded: unknown, answered: unknown, found: string[]): void {
  if (typeOf(recorded) !== typeOf(answered)) {
    found.push(`${path} is ${shown(answered)} instead of ${shown(recorded)}`);
  } else if (Array.isArray(recorded)) compareLists(path, recorded, answered as readonly unknown[], found);
  else if (typeof recorded === 'object' && recorded !== null) {
    for (const [name, value] of Object.entries(recorded)) {
      if (INNER.has(name)) continue;
      const own = (answered as Record<string, unknown>)[name];
      if (OWN.has(name) || isErlang(name, value)) {
        if (own === undefined || (own === '' && value !== '')) found.push(`${path}.${name} is not there`);
      } else if (name === 'properties_key') compare(`${path}.${name}`, withoutDigest(value), withoutDigest(own), found);
      else compare(`${path}.${name}`, value, own, found);
    }
  } else if (recorded !== answered) found.push(`${path} is ${shown(answered)} instead of ${shown(recorded)}`);
}

/**
 * Reasons that are terms of Erlang (`["not_boolean","yes"]`, `[{key_missing,read}]`), or say nothing at all, are told in
 * words here.
 */
function isErlang(name: string, value: unknown): boolean {
  if (name !== 'reason') return false;
  return typeof value !== 'string' || /[{]|&lt;|^Access refused\.$|^failed_to_parse_json$|"expected /.test(value);
}

/** The digest of a binding's arguments is each broker's own. */
function withoutDigest(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/(?<=.)~[\w-]{6}$/, '~') : value;
}

/** Each item that RabbitMQ lists is there, in whatever order; there may be others of names of its own. */
function compareLists(path: string, recorded: readonly unknown[], answered: readonly unknown[], found: string[]): void {
  for (const [index, item] of recorded.entries()) {
    const best = answered
      .map((candidate) => {
        const differing: string[] = [];
        compare(`${path}[${index}]`, item, candidate, differing);
        return differing;
      })
      .toSorted((one, other) => one.length - other.length)[0];
    if (best === undefined) found.push(`${path}[${index}] is not there: ${shown(item)}`);
    else found.push(...best);
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200);
}
