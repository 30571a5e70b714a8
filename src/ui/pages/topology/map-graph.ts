/** The map of a vhost, as the API tells it, as a graph. */
import { href } from '../../api/route.js';
import type { GraphEdge, GraphNode } from '../../graph/layout.js';
import { counted, rate } from '../../text/format.js';

type Kind = 'exchange' | 'queue';

export interface MapNode {
  readonly kind: Kind;
  readonly name: string;
  /** Of an exchange. */
  readonly type?: string;
  /** Of a queue. */
  readonly messages?: number;
  readonly rate_in: number;
  readonly rate_out: number;
  readonly is_paused?: boolean;
}

export interface MapEdge {
  readonly kind: 'binding' | 'dead letters' | 'alternate';
  readonly source: string;
  readonly source_kind: Kind;
  readonly destination: string;
  readonly destination_kind: Kind;
  readonly bindings: number;
  readonly routing_keys: readonly string[];
  /** Null: it does not follow from what is counted. */
  readonly rate: number | null;
  readonly rate_min: number;
  /** It can be no more; null: there is no bound. */
  readonly rate_max: number | null;
}

export interface TopologyMap {
  readonly vhost: string;
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** With those that are left out. */
  readonly found: number;
}

export function shownName(name: string): string {
  return name === '' ? '(default exchange)' : name;
}

export function pageOf(vhost: string, kind: Kind, name: string): string {
  return href(kind === 'queue' ? 'queues' : 'exchanges', vhost, name === '' ? 'amq.default' : name);
}

/** How fast messages go along it, or how fast it can be; empty: nothing is known. */
export function rateText({ rate: exact, rate_min: least, rate_max: most }: MapEdge): string {
  if (exact !== null) return rate(exact);
  if (least > 0) return most === null ? `≥ ${rate(least)}` : `${rate(least)} to ${rate(most)}`;
  return most === null ? '' : `≤ ${rate(most)}`;
}

/** In an order that does not follow the rates: what is busier a moment later stays where it is. */
export function graphOf({ vhost, nodes, edges }: TopologyMap): {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
} {
  const busiest = Math.max(0, ...edges.map((edge) => edge.rate ?? edge.rate_max ?? 0));
  const drawn = nodes.map((node) => ({
    id: idOf(node.kind, node.name),
    kind: node.kind,
    label: shownName(node.name),
    note: noteOf(node),
    href: pageOf(vhost, node.kind, node.name),
  }));
  const ways = edges.map((edge) => wayOf(edge, busiest));
  return {
    nodes: drawn.sort((one, other) => compare(one.id, other.id)),
    edges: together(ways).sort((one, other) => compare(one.from, other.from) || compare(one.to, other.to)),
  };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function idOf(kind: Kind, name: string): string {
  return `${kind} ${name}`;
}

function noteOf({ kind, type = '', messages = 0, is_paused: isPaused = false, rate_in: coming }: MapNode): string {
  if (kind === 'exchange') return coming > 0 ? `${type} · ${rate(coming)} in` : type;
  return `${counted(messages, 'message')}${isPaused ? ' · paused' : ''}`;
}

function wayOf(edge: MapEdge, busiest: number): GraphEdge {
  const { kind, source, source_kind: from, destination, destination_kind: to } = edge;
  const speed = edge.rate ?? edge.rate_max ?? 0;
  const label = kind === 'binding' ? (speed > 0 ? rateText(edge) : '') : kind;
  return {
    from: idOf(from, source),
    to: idOf(to, destination),
    ...(label === '' ? {} : { label }),
    // A way with a hundredth of the messages can still be told from one without any.
    share: speed > 0 ? Math.sqrt(speed / busiest) : 0,
    title: [kind, ...edge.routing_keys.filter((key) => key !== ''), rateText(edge)].filter(Boolean).join(', '),
  };
}

/** An exchange may be bound to what is its alternate exchange, too: one line, with both told. */
function together(ways: readonly GraphEdge[]): GraphEdge[] {
  const found = new Map<string, GraphEdge>();
  for (const way of ways) {
    const key = JSON.stringify([way.from, way.to]);
    const other = found.get(key);
    found.set(key, other === undefined ? way : { ...other, title: [other.title, way.title].join('; ') });
  }
  return [...found.values()];
}
