/** What a graph shows of very many nodes. */
import { expect, test } from 'vitest';
import { BESIDE_MAX, grouped } from '../../src/ui/graph/grouped.js';
import type { GraphEdge, GraphNode } from '../../src/ui/graph/layout.js';

function queues(count: number): readonly GraphNode[] {
  return Array.from({ length: count }, (_, at) => ({ id: `queue ${at}`, label: `q${at}`, kind: 'queue' }));
}

function boundTo(source: string, nodes: readonly GraphNode[], share = 0): readonly GraphEdge[] {
  return nodes.map(({ id }) => ({ from: source, to: id, share }));
}

const exchange: GraphNode = { id: 'exchange', label: 'shop', kind: 'exchange', isMain: true };

test('as many as can be told apart stand for themselves', () => {
  const many = queues(BESIDE_MAX);
  const graph = { nodes: [exchange, ...many], edges: boundTo('exchange', many) };
  expect(grouped(graph)).toEqual(graph);
});

test('of more, the rest is one node with one edge, as thick as the thickest of them', () => {
  const many = queues(BESIDE_MAX + 10);
  const edges = boundTo('exchange', many).map((edge, at) => ({ ...edge, share: at / 100 }));
  const drawn = grouped({ nodes: [exchange, ...many], edges });
  expect(drawn.nodes.map(({ label }) => label)).toEqual([
    'shop',
    ...many.slice(0, BESIDE_MAX - 1).map(({ label }) => label),
    'and 11 more',
  ]);
  expect(drawn.edges).toHaveLength(BESIDE_MAX);
  expect(drawn.edges.at(-1)).toMatchObject({ from: 'exchange', share: (BESIDE_MAX + 9) / 100 });
});

test('what leads on, or is led to from elsewhere too, is never among the rest', () => {
  const many = queues(BESIDE_MAX + 10);
  const last = many.at(-1)?.id ?? '';
  const other: GraphNode = { id: 'other', label: 'other', kind: 'exchange' };
  const edges = [...boundTo('exchange', many), { from: 'other', to: last }];
  const drawn = grouped({ nodes: [exchange, other, ...many], edges });
  expect(drawn.nodes.map(({ id }) => id)).toContain(last);
  expect(drawn.edges).toContainEqual({ from: 'other', to: last });
});

test('what the graph is about is never among the rest', () => {
  const sources: readonly GraphNode[] = Array.from({ length: 100 }, (_, at) => ({
    ...{ id: `exchange ${at}`, label: `e${at}`, kind: 'exchange' as const },
  }));
  const edges = sources.map(({ id }) => ({ from: id, to: 'exchange' }));
  const drawn = grouped({ nodes: [...sources, exchange], edges });
  expect(drawn.nodes.filter(({ isMain }) => isMain)).toEqual([exchange]);
  expect(drawn.nodes).toHaveLength(1 + BESIDE_MAX);
});
