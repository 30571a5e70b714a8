/** The scenarios: pairs and triples of operations that can meet. */
import { SLOTS } from '../../src/numbers/core.js';
import type { Scenario } from './scenario.js';

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'two publish to one queue at the end of a block',
    meets: ['publish', 'publish'],
    workers: 2,
    set: (stage) => {
      stage.queue('q');
      const [a, b] = [stage.publisher(0, 'q'), stage.publisher(1, 'q')];
      stage.moveTo(a, 'q', SLOTS - 2);
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
      stage.fill(a, 'q', 'a1');
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
      const a = stage.publisher(0, 'q');
      stage.moveTo(a, 'q', SLOTS - 2);
      stage.fill(a, 'q', 'a1', 'a2', 'a3', 'a4');
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
