/**
 * What a graph shows of very many: nodes that nothing but one common neighbour is connected with stand for themselves up
 * to a number, and the rest of them as one. What must hold: which ones do does not follow from what changes by itself.
 */
import type { GraphEdge, GraphNode } from './layout.js';

/** As many of one kind beside one node can be told apart. */
export const BESIDE_MAX = 24;

interface Drawn {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export function grouped({ nodes, edges }: Drawn): Drawn {
  const groups = groupsOf(nodes, edges);
  const insteadOf = new Map<string, string>();
  const more: GraphNode[] = [];
  for (const [key, members] of groups) {
    if (members.length <= BESIDE_MAX) continue;
    const rest = members.slice(BESIDE_MAX - 1);
    const id = `more ${key}`;
    for (const member of rest) insteadOf.set(member.id, id);
    more.push({ id, label: `and ${rest.length} more`, kind: rest[0]?.kind ?? 'queue', note: 'listed in the table' });
  }
  if (more.length === 0) return { nodes, edges };
  return { nodes: [...nodes.filter(({ id }) => !insteadOf.has(id)), ...more], edges: joined(edges, insteadOf) };
}

/** By the only neighbour, on which side of it they are, and their kind: in the order in which they come. */
function groupsOf(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): ReadonlyMap<string, GraphNode[]> {
  const ways = new Map<string, GraphEdge[]>();
  for (const edge of edges) for (const id of [edge.from, edge.to]) ways.set(id, [...(ways.get(id) ?? []), edge]);
  const groups = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const [way, other] = ways.get(node.id) ?? [];
    if (way === undefined || other !== undefined || node.isMain || way.from === way.to) continue;
    const key = JSON.stringify(way.from === node.id ? ['to', way.to, node.kind] : ['from', way.from, node.kind]);
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  return groups;
}

/** One edge for all that would lead alike; as thick as its thickest. */
function joined(edges: readonly GraphEdge[], insteadOf: ReadonlyMap<string, string>): readonly GraphEdge[] {
  const found = new Map<string, GraphEdge>();
  for (const edge of edges) {
    const [from, to] = [insteadOf.get(edge.from) ?? edge.from, insteadOf.get(edge.to) ?? edge.to];
    if (from === edge.from && to === edge.to) found.set(JSON.stringify([from, to]), edge);
    else {
      const key = JSON.stringify([from, to]);
      found.set(key, { from, to, share: Math.max(edge.share ?? 0, found.get(key)?.share ?? 0) });
    }
  }
  return [...found.values()];
}
