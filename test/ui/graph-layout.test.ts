/** Where a graph's nodes stand, for graphs that are made up. */
import { expect, test } from 'vitest';
import { type Layout, layout, NODE_HEIGHT, NODE_WIDTH } from '../../src/ui/graph/layout.js';
import { randomNumbers } from '../support/fragments.js';

interface Made {
  readonly nodes: readonly string[];
  readonly edges: readonly (readonly [string, string])[];
}

function laidOut(graph: Made): Layout {
  const work = layout(graph);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

function madeUp(random: () => number): Made {
  const below = (n: number): number => Math.floor(random() * n);
  const nodes = Array.from({ length: 1 + below(60) }, (_, at) => `node ${at}`);
  const node = (): string => nodes[below(nodes.length)] ?? 'node 0';
  return { nodes, edges: Array.from({ length: below(120) }, () => [node(), node()] as const) };
}

test('each node has a place of its own within the whole, and the same graph is laid out alike', () => {
  const seed = Number(process.env.LEVERET_TEST_SEED ?? Date.now() % 2 ** 31);
  console.info(`seed ${seed}`);
  const random = randomNumbers(seed);
  for (let round = 0; round < 200; round++) {
    const graph = madeUp(random);
    const { places, width, height } = laidOut(graph);
    const all = [...places.values()];
    expect([...places.keys()].toSorted(), `seed ${seed}`).toEqual(graph.nodes.toSorted());
    for (const [at, one] of all.entries()) {
      const isWithin = one.x >= 0 && one.y >= 0 && one.x + NODE_WIDTH <= width && one.y + NODE_HEIGHT <= height;
      const meets = all
        .slice(at + 1)
        .some((other) => Math.abs(one.x - other.x) < NODE_WIDTH && Math.abs(one.y - other.y) < NODE_HEIGHT);
      if (!isWithin || meets) throw new Error(`seed ${seed}, round ${round}: ${JSON.stringify(one)}`);
    }
    expect(laidOut(graph), `seed ${seed}`).toEqual({ places, width, height });
  }
});

test('what leads on stands further to the right, also past what leads back', () => {
  const { places } = laidOut({
    nodes: ['a', 'b', 'c', 'd'],
    edges: [
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'c'],
      ['c', 'd'],
      ['d', 'a'],
    ],
  });
  const across = ['a', 'b', 'c', 'd'].map((node) => places.get(node)?.x ?? Number.NaN);
  expect(across).toEqual(across.toSorted((one, other) => one - other));
  expect(new Set(across).size).toBe(4);
});

test('a large graph is laid out in portions', () => {
  const nodes = Array.from({ length: 200 }, (_, at) => `node ${at}`);
  const edges = nodes.slice(1).map((node, at) => [nodes[Math.floor(at / 3)] ?? '', node] as const);
  let portions = 0;
  for (const work = layout({ nodes, edges }); !work.next().done; ) portions += 1;
  expect(portions).toBeGreaterThan(10);
});
