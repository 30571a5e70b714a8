/**
 * Scenarios in which consumers of several workers wait: whom the messages go to was decided by the order in which they
 * became idle, whoever is quicker.
 */
import { SETTLE_DONE } from '../../../src/numbers/core.js';
import type { Client } from '../../engine/support/bench.js';
import { Fault } from '../search/fault.js';
import type { Scenario } from './scenario.js';
import type { Stage } from './stage.js';

/** Consumers that wait, in the order of their workers, with a prefetch of 1. */
function line(stage: Stage, workers: readonly number[]): Client[] {
  stage.unordered = true;
  return workers.map((worker) => {
    const client = stage.client(worker);
    client.consume(1, 'q', { prefetch: 1 });
    stage.bench.serve(worker);
    stage.acknowledging.add(client);
    return client;
  });
}

/** Of a line nobody is served but the first so many. */
function onlyFirst(count: number, clients: readonly Client[], served: ReadonlySet<Client>): void {
  if (clients.slice(count).some((client) => served.has(client)))
    throw new Fault('a consumer was served before one that stood before it');
}

export const IN_LINE: readonly Scenario[] = [
  {
    name: 'two messages come together to four that wait',
    meets: ['publish', 'grant', 'pass on', 'inbox'],
    workers: 3,
    set: (stage) => {
      stage.queue('q');
      const publisher = stage.publisher(0, 'q');
      const clients = line(stage, [1, 2, 1, 2]);
      stage.whenServed.push((served) => onlyFirst(2, clients, served));
      return [
        { participant: 0, play: () => stage.publish(publisher, 0, 'q', 'a1', 'a2') },
        { participant: 1, play: () => stage.sleepAndServe(1, 1) },
        { participant: 2, play: () => stage.sleepAndServe(2, 1) },
      ];
    },
  },
  {
    name: 'two publish to four that wait',
    meets: ['publish', 'publish', 'grant', 'pass on', 'inbox'],
    workers: 4,
    set: (stage) => {
      stage.queue('q');
      const publishers = [0, 1].map((worker) => stage.publisher(worker, 'q'));
      const clients = line(stage, [2, 3, 2, 3]);
      stage.whenServed.push((served) => onlyFirst(2, clients, served));
      return [
        { participant: 0, play: () => stage.publish(publishers[0] as Client, 0, 'q', 'a1') },
        { participant: 1, play: () => stage.publish(publishers[1] as Client, 1, 'q', 'b1') },
        { participant: 2, play: () => stage.sleepAndServe(2, 1) },
        { participant: 3, play: () => stage.sleepAndServe(3, 1) },
      ];
    },
  },
  {
    // It may take what others have turns for; nobody who has none does then get ahead of these. What comes behind that is
    // for them.
    name: 'one that is at work takes of what comes to four that wait',
    meets: ['publish', 'claim', 'grant', 'pass on', 'inbox'],
    workers: 4,
    set: (stage) => {
      stage.queue('q');
      const publisher = stage.publisher(0, 'q');
      const atWork = stage.client(1);
      atWork.consume(1, 'q', { prefetch: 1 });
      stage.acknowledging.add(atWork);
      stage.fill('q', 'z1');
      stage.bench.serve(1);
      const clients = line(stage, [2, 3, 2, 3]);
      stage.whenServed.push((served) => onlyFirst(served.has(atWork) ? 2 : 3, clients, served));
      const another = stage.publisher(1, 'q');
      return [
        { participant: 0, play: () => stage.publish(publisher, 0, 'q', 'a1', 'a2') },
        {
          participant: 1,
          *play() {
            yield ['settleDelivery', atWork.channels.get(1) ?? 0, 1, 0, SETTLE_DONE];
            stage.account.settled.push('z1');
            yield* stage.serve();
            yield* stage.publish(another, 1, 'q', 'b1');
            yield* stage.serve();
          },
        },
        { participant: 2, play: () => stage.sleepAndServe(2, 1) },
        { participant: 3, play: () => stage.sleepAndServe(3, 1) },
      ];
    },
  },
];
