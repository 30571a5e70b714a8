/**
 * What is said of the ways of a topology, against what really went along them: topologies and messages are made up, and
 * only what a broker counts is told.
 */
import { expect, test } from 'vitest';
import { type FlowEnd, flowsAlong, type Way } from '../../src/management/api/topology/flows.js';
import { randomNumbers } from '../support/fragments.js';

type Known = FlowEnd['known'];

interface End {
  readonly kind: FlowEnd['kind'];
  in: number;
  out: number;
  readonly known: Known;
  readonly isFanout: boolean;
}

function exchange(known: Known, isFanout = false): End {
  return { kind: 'exchange', in: 0, out: 0, known, isFanout };
}

function queue(): End {
  return { kind: 'queue', in: 0, out: 0, known: 'all', isFanout: false };
}

test('what is told is what went there, and it was no less and no more than is told', () => {
  const seed = Number(process.env.LEVERET_TEST_SEED ?? Date.now() % 2 ** 31);
  console.info(`seed ${seed}`);
  const random = randomNumbers(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const kinds: readonly Known[] = ['all', 'all', 'some', 'nothing'];
  let settled = 0;
  for (let round = 0; round < 500; round++) {
    const exchanges = Array.from({ length: 1 + below(5) }, () => exchange(kinds[below(4)] ?? 'all', random() < 0.3));
    const queues = Array.from({ length: 1 + below(6) }, queue);
    const inner = exchange('nothing');
    const ways: Way<End>[] = exchanges.flatMap((from) => {
      const ends = from.known === 'some' ? [...queues, inner] : queues;
      return ends.filter(() => random() < 0.4).map((to) => ({ from, to }));
    });
    const went = new Map<Way, number>(ways.map((way) => [way, 0]));
    const pass = (way: Way<End>): void => {
      way.to.in += 1;
      went.set(way, (went.get(way) ?? 0) + 1);
    };
    for (const from of exchanges) {
      const own = ways.filter((way) => way.from === from);
      for (let message = below(6); message > 0; message--) {
        // Dead letters are published nowhere, and what leads elsewhere counts for who gave it there.
        if (from.known !== 'nothing' || random() < 0.5) from.in += 1;
        if (from.known === 'some') from.out += below(3);
        for (const way of own.filter(() => from.isFanout || random() < 0.5)) {
          from.out += 1;
          pass(way);
        }
      }
    }
    const flows = flowsAlong(ways);
    for (const [at, way] of ways.entries()) {
      const flow = flows[at];
      const truth = went.get(way);
      if (flow === undefined || truth === undefined) throw new Error('a way has no flow');
      const { rate, atLeast, atMost } = flow;
      if (rate !== null) {
        expect(Math.abs(rate - truth), `seed ${seed}, round ${round}`).toBeLessThanOrEqual(0.5 + 0.02 * truth);
        settled += 1;
      }
      expect(atLeast, `seed ${seed}, round ${round}`).toBeLessThanOrEqual(truth);
      expect(atMost ?? Number.POSITIVE_INFINITY, `seed ${seed}, round ${round}`).toBeGreaterThanOrEqual(truth);
    }
  }
  expect(settled).toBeGreaterThan(250);
});

test('what one way cannot take another has', () => {
  const byDefault = { ...exchange('all'), in: 5, out: 5 };
  const orders = { ...exchange('some'), in: 20, out: 20 };
  const [replies, paid] = [
    { ...queue(), in: 5 },
    { ...queue(), in: 20 },
  ];
  const ways = [
    { from: byDefault, to: replies },
    { from: byDefault, to: paid },
    { from: orders, to: paid },
  ];
  expect(flowsAlong(ways).map(({ rate }) => rate)).toEqual([5, 0, 20]);
});

test('where two exchanges lead to two queues each, the least and the most are told', () => {
  const [one, other] = [
    { ...exchange('all'), in: 7, out: 7 },
    { ...exchange('all'), in: 6, out: 5 },
  ];
  const [left, right] = [
    { ...queue(), in: 8 },
    { ...queue(), in: 4 },
  ];
  const ways = [one, other].flatMap((from) => [left, right].map((to) => ({ from, to })));
  expect(flowsAlong(ways)).toEqual([
    { rate: null, atLeast: 3, atMost: 7 },
    { rate: null, atLeast: 0, atMost: 4 },
    { rate: null, atLeast: 1, atMost: 5 },
    { rate: null, atLeast: 0, atMost: 4 },
  ]);
});
