/** The scenarios: pairs and triples of operations that can meet. */
import { SLOTS } from '../../src/numbers/core.js';
import { OPERATIONS, type Operation } from './operations.js';
import type { Scenario } from './scenario.js';

const SINGLE: readonly Scenario[] = [
  {
    name: 'two publish to one queue at the end of a block',
    meets: ['publish', 'publish'],
    workers: 2,
    set: (stage) => {
      stage.queue('q');
      const [a, b] = [stage.publisher(0, 'q'), stage.publisher(1, 'q')];
      stage.moveTo('q', SLOTS - 2);
      return [
        { participant: 0, play: () => stage.publish(a, 0, 'q', 'a1', 'a2') },
        { participant: 1, play: () => stage.publish(b, 1, 'q', 'b1', 'b2') },
      ];
    },
  },
  {
    name: 'one publishes while another gets',
    meets: ['publish', 'claim'],
    workers: 2,
    set: (stage) => {
      const queue = stage.queue('q');
      const a = stage.publisher(0, 'q');
      const channel = stage.client(1).open(1);
      stage.fill('q', 'a1');
      return [
        { participant: 0, play: () => stage.publish(a, 0, 'q', 'a2', 'a3') },
        {
          participant: 1,
          *play() {
            yield* stage.get(channel, queue);
            yield* stage.get(channel, queue);
          },
        },
      ];
    },
  },
  {
    name: 'two get from one queue at the end of a block',
    meets: ['claim', 'claim', 'settle', 'settle', 'block hand-over'],
    workers: 2,
    set: (stage) => {
      const queue = stage.queue('q');
      stage.moveTo('q', SLOTS - 2);
      stage.fill('q', 'a1', 'a2', 'a3', 'a4');
      stage.unordered = true;
      return [0, 1].map((participant) => {
        const channel = stage.client(participant).open(1);
        return {
          participant,
          *play() {
            yield* stage.get(channel, queue);
            yield* stage.get(channel, queue);
          },
        };
      });
    },
  },
  {
    name: 'a consumer registers and sleeps while one publishes',
    meets: ['publish', 'waiter registration', 'grant', 'doorbell and sleep'],
    workers: 2,
    set: (stage) => {
      stage.queue('q');
      const a = stage.publisher(0, 'q');
      const consumer = stage.client(1);
      consumer.consume(1, 'q', { noAck: true });
      return [
        { participant: 0, play: () => stage.publish(a, 0, 'q', 'a1') },
        { participant: 1, play: () => stage.sleepAndServe(1, 2) },
      ];
    },
  },
];

/** Two or three operations at one queue whose head and tail stand at the end of a block. */
function meeting(...operations: readonly Operation[]): Scenario {
  const workers = 2;
  return {
    name: operations.map(({ name }) => name).join(' | '),
    meets: operations.map(({ name }) => name),
    workers,
    set: (stage) => {
      stage.queue('q');
      stage.unordered = true;
      for (let one = 0; one < workers; one++) stage.publisher(one, 'q');
      stage.moveTo('q', SLOTS - 3);
      const features = Object.assign({}, ...operations.map((operation) => operation.features ?? {}));
      if (Object.keys(features).length > 0) stage.bench.setFeatures('q', features);
      let worker = 0;
      const parts = operations.map((operation, i) => ({
        operation,
        participant: operation.by === 'worker' ? worker++ : workers,
        letter: 'abc'[i] ?? '?',
      }));
      const prepare = ({ operation, participant, letter }: (typeof parts)[number]) => ({
        participant,
        play: operation.prepare(stage, participant, letter),
      });
      const first = parts.filter(({ operation }) => !operation.last).map(prepare);
      stage.fill('q', 'z1', 'z2', 'z3');
      stage.bench.serve(0);
      stage.bench.serve(1);
      return [...first, ...parts.filter(({ operation }) => operation.last).map(prepare)];
    },
  };
}

/** The coordinator does one thing at a time; and what a consumer has taken does not come back. */
function canMeet(one: Operation, other: Operation): boolean {
  if (one.by === 'coordinator' && other.by === 'coordinator') return false;
  return !(one.takes && other.last) && !(one.last && other.takes);
}

function pairs(): Scenario[] {
  return OPERATIONS.flatMap((one, i) =>
    OPERATIONS.slice(i).flatMap((other) => (canMeet(one, other) ? [meeting(one, other)] : [])),
  );
}

export const SCENARIOS: readonly Scenario[] = [...SINGLE, ...pairs()];
