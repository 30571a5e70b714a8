/**
 * A map of a vhost: exchanges and queues, what leads from one to the other, and how fast messages go there. Of many, those
 * that are used most are told. What must hold: it takes turns, however much there is.
 */
import { DEFAULT_EXCHANGE } from '../../../broker/requests/names.js';
import type { Binding, ExchangeEntry, QueueEntry } from '../../../broker/topology/topology-entries.js';
import { NODES_DEFAULT, NODES_MAX } from '../../contract/topology-map.js';
import { badRequest } from '../../http/errors.js';
import type { JsonObject } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import { Turns } from '../../http/turns.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { namedVhost } from '../base/named.js';
import { type Flow, type FlowEnd, flowsAlong, type Way } from './flows.js';

type Entry = ExchangeEntry | QueueEntry;

/** An exchange or a queue with what was counted there. */
interface End extends FlowEnd {
  readonly entry: Entry;
}

/** All bindings between the same two. */
interface Bound extends Way<End> {
  readonly keys: readonly string[];
}

/** Keys that are told of one way. */
const KEYS_TOLD = 10;

export function topologyMapRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  route('/api/leveret/topology/:vhost', {
    GET: {
      tag: 'management',
      handle: ({ caller, params, query }) => {
        const vhost = namedVhost(broker, caller, params);
        const { name = '', limit } = query as { readonly name?: string; readonly limit?: string };
        return mapOf(broker, vhost, name, limitIn(limit));
      },
    },
  });
}

function limitIn(given: string | undefined): number {
  const limit = given === undefined ? NODES_DEFAULT : Number(given);
  if (limit >= 1 && limit <= NODES_MAX) return limit;
  throw badRequest(`limit must be from 1 to ${NODES_MAX}`);
}

async function mapOf(broker: ManagedBroker, vhost: string, name: string, limit: number): Promise<JsonObject> {
  const turns = new Turns();
  const ends = new Map<Entry, End>();
  // Dead letters and what went nowhere else come to these without having been published to them.
  const reached = new Set<string>();
  for (const entry of entriesIn(broker, vhost)) {
    const next = nextOf(entry);
    if (next !== null) reached.add(next);
    ends.set(entry, { entry, kind: entry.kind, ...broker.statistics.flow(entry), known: 'nothing', isFanout: false });
    if (turns.isOver) await turns.next();
  }
  const found = await foundBy(ends, name, turns);
  const shown = new Map(
    found.slice(0, limit).map((end): [Entry, End] => [end.entry, { ...end, ...traits(end.entry, reached) }]),
  );
  const endOf = (entry: Entry): End | undefined => shown.get(entry) ?? ends.get(entry);
  const ways = await waysTo(broker, vhost, shown, endOf, turns);
  const flows = flowsAlong(ways);
  const edges = ways.flatMap((way, at) => {
    const flow = flows[at];
    return flow !== undefined && isTold(way, flow, shown) ? [bindingEdge(way, flow)] : [];
  });
  const others = [...shown.keys()].flatMap((entry) => otherEdge(broker, entry, shown));
  return {
    vhost,
    nodes: [...shown.values()].map((end) => nodeJson(broker, end)),
    edges: [...edges, ...others],
    found: found.length,
  };
}

function* entriesIn({ view }: ManagedBroker, vhost: string): Iterable<Entry> {
  yield* view.exchangesIn(vhost);
  yield* view.queuesIn(vhost);
}

/** Those whose name has this in it, and their neighbours; the busiest first. */
async function foundBy(ends: ReadonlyMap<Entry, End>, name: string, turns: Turns): Promise<readonly End[]> {
  const part = name.toLowerCase();
  const named = new Set<End>();
  const near = new Set<End>();
  for (const [entry, end] of ends) {
    if (turns.isOver) await turns.next();
    if (part === '' ? isIdleBuiltIn(end) : !entry.name.toLowerCase().includes(part)) continue;
    named.add(end);
    if (part === '') continue;
    for (const other of neighboursOf(entry)) {
      const found = ends.get(other);
      if (found !== undefined) near.add(found);
    }
  }
  const busiestFirst = (one: End, other: End): number =>
    other.in + other.out - one.in - one.out || compare(one.entry, other.entry);
  const around = [...near].filter((end) => !named.has(end));
  return [...[...named].sort(busiestFirst), ...around.sort(busiestFirst)];
}

function compare(one: Entry, other: Entry): number {
  if (one.kind !== other.kind) return one.kind === 'exchange' ? -1 : 1;
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

/** Each vhost has these, whether somebody wants them or not. */
function isIdleBuiltIn({ entry, in: coming, out: going }: End): boolean {
  if (entry.kind === 'queue' || !(entry.name === DEFAULT_EXCHANGE || entry.name.startsWith('amq.'))) return false;
  return coming + going === 0 && entry.outgoing.size === 0 && entry.incoming.size === 0;
}

function* neighboursOf(entry: Entry): Iterable<Entry> {
  for (const { source } of entry.incoming) yield source;
  if (entry.kind === 'exchange') for (const { destination } of entry.outgoing.values()) yield destination;
}

/** Where messages of it go besides: dead letters, and what no binding takes. */
function nextOf(entry: Entry): string | null {
  return entry.kind === 'queue' ? entry.deadLetterExchange : entry.alternate;
}

function traits(entry: Entry, reached: ReadonlySet<string>): Pick<FlowEnd, 'known' | 'isFanout'> {
  if (entry.kind === 'queue') return { known: 'all', isFanout: false };
  const isReached = entry.incoming.size > 0 || reached.has(entry.name);
  // What was held back, or is remembered, goes on without being published at that moment.
  if (isReached || entry.delays || entry.history !== null) return { known: 'nothing', isFanout: false };
  return { known: entry.isLast ? 'all' : 'some', isFanout: entry.type === 'fanout' && entry.deduplication === null };
}

/** All ways into what is shown; several bindings between the same two are one. */
async function waysTo(
  { view }: ManagedBroker,
  vhost: string,
  shown: ReadonlyMap<Entry, End>,
  endOf: (entry: Entry) => End | undefined,
  turns: Turns,
): Promise<Bound[]> {
  const ways: Bound[] = [];
  const known = new Map<Entry, number>();
  const byDefault = view.exchange(vhost, DEFAULT_EXCHANGE);
  let queueCount = 0;
  for (const _queue of view.queuesIn(vhost)) queueCount += 1;
  for (const [entry, to] of shown) {
    const keys = new Map<ExchangeEntry, string[]>();
    for (const binding of entry.incoming) {
      const others = keys.get(binding.source);
      if (others === undefined) keys.set(binding.source, [keyOf(binding)]);
      else others.push(keyOf(binding));
      if (turns.isOver) await turns.next();
    }
    if (entry.kind === 'queue' && byDefault !== undefined) keys.set(byDefault, [entry.name]);
    for (const [source, those] of keys) {
      const from = endOf(source);
      if (from === undefined) continue;
      ways.push({ from, to, keys: those });
      known.set(source, (known.get(source) ?? 0) + those.length);
    }
  }
  // Of an exchange with a way to what is not shown, the count says only what the others cannot pass.
  const partial = new Map<End, End>();
  for (const { from } of ways) {
    if (from.known !== 'all' || from.entry.kind === 'queue') continue;
    const all = from.entry.isDefault ? queueCount : from.entry.outgoing.size;
    if (known.get(from.entry) !== all) partial.set(from, { ...from, known: 'some' });
  }
  return ways.map((way) => ({ ...way, from: partial.get(way.from) ?? way.from }));
}

function keyOf({ routingKey, arguments: args }: Binding): string {
  return routingKey === '' && args.size > 0 ? '(headers)' : routingKey;
}

/** Each queue has a way from the default exchange: those that are used are told. */
function isTold({ from, to }: Bound, { rate, atMost }: Flow, shown: ReadonlyMap<Entry, End>): boolean {
  if (!shown.has(from.entry) || !shown.has(to.entry)) return false;
  if (from.entry.name !== DEFAULT_EXCHANGE) return true;
  return from.in > 0 && (rate ?? atMost ?? 0) > 0;
}

function bindingEdge({ from, to, keys }: Bound, { rate, atLeast, atMost }: Flow): JsonObject {
  return {
    kind: 'binding',
    source: from.entry.name,
    source_kind: 'exchange',
    destination: to.entry.name,
    destination_kind: to.entry.kind,
    bindings: keys.length,
    routing_keys: keys.slice(0, KEYS_TOLD),
    rate,
    rate_min: atLeast,
    rate_max: atMost,
  };
}

function otherEdge({ view }: ManagedBroker, entry: Entry, shown: ReadonlyMap<Entry, End>): JsonObject[] {
  const next = nextOf(entry);
  const destination = next === null ? undefined : view.exchange(entry.vhost, next);
  if (destination === undefined || !shown.has(destination)) return [];
  return [
    {
      kind: entry.kind === 'queue' ? 'dead letters' : 'alternate',
      source: entry.name,
      source_kind: entry.kind,
      destination: destination.name,
      destination_kind: 'exchange',
      bindings: 0,
      routing_keys: [],
      rate: null,
      rate_min: 0,
      rate_max: null,
    },
  ];
}

function nodeJson({ statistics }: ManagedBroker, { entry, in: coming, out: going }: End): JsonObject {
  const common = { kind: entry.kind, name: entry.name, rate_in: coming, rate_out: going };
  return entry.kind === 'queue'
    ? { ...common, ...statistics.lengths(entry), is_paused: entry.isPaused }
    : { ...common, type: entry.type };
}
