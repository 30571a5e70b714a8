/**
 * The operations that can meet at a queue, each as what must be there before and what is then done. Two or three of
 * them make a scenario (scenarios.ts): first each prepares, in their order, then there are two more messages, and then
 * all are done at a time.
 */

import type { QueueFeatures } from '../../../src/engine/queue-features.js';
import { SETTLE_DONE, SETTLE_REJECT, SETTLE_REQUEUE } from '../../../src/numbers/core.js';
import type { Client } from '../../engine/support/bench.js';
import { Fault } from '../search/fault.js';
import { MAY_END, type Program } from '../search/run.js';
import { NOW, type Stage } from './stage.js';

export interface Operation {
  readonly name: string;
  /** The sweeper is the first worker. */
  readonly by: 'worker' | 'sweeper' | 'coordinator';
  /** What the queue must do for it. */
  readonly features?: Partial<QueueFeatures>;
  /** It prepares when the messages that are there for all have come, and needs them. */
  readonly last?: boolean;
  /** A client of its holds two messages. */
  readonly holds?: boolean;
  /** A consumer of its waits: for what another one brings, or it has been granted a turn for what is there. */
  readonly waits?: boolean;
  /** Messages become ready by it. */
  readonly brings?: boolean;
  /** It works on what is ready, and has nothing to do if another one was quicker. */
  readonly needs?: boolean;
  /** What is ready may be gone by it, or is not to be had for a while. */
  readonly drains?: boolean;
  /** It goes without its work when others are in the midst of theirs. */
  readonly givesWay?: boolean;
  /** A turn of a consumer of its may be under way. */
  readonly turns?: boolean;
  /** It is put off while a turn is under way. */
  readonly putOff?: boolean;
  /** It needs messages in the block behind that of the head. */
  readonly behind?: boolean;
  /** `letter` tells its messages from those of others. A program tells when it has done its work (`stage.did`). */
  readonly prepare: (stage: Stage, participant: number, letter: string) => () => Program;
}

/** At once, whatever it is worth. */
const LEAST = 0;
const MOST = 1e6;
const AT_HEAD = -1;
const LATER = -1;
const ALL = 1000;
const SEGMENT = 1 << 20;

const PRIORITY_MAX = 2;
/** One of a higher priority, and two of the lowest. */
const GETS = 3;
/** Behind the priority in the names of messages that have one. */
const PRIORITIES = 7;

/** A client that holds two messages, and its channel. */
export function hold(stage: Stage, worker: number, letter: string): void {
  const bodies = [`${letter}1`, `${letter}2`];
  const client = stage.client(worker);
  const channel = client.open(1);
  stage.acknowledging.add(client);
  stage.fill('q', ...bodies);
  for (let i = 0; i < bodies.length; i++) {
    if (!client.engine.get(channel, stage.queueAt('q'), false)) throw new Error('there is nothing to hold');
  }
  stage.bench.serve(worker);
  stage.holders.set(worker, { client, channel, bodies });
}

/** What dies of this worker's messages is told to the host, which has no other queue for it. */
function* bury(stage: Stage): Program {
  while ((yield ['nextDead']) !== 0) {
    yield ['settleDead'];
    stage.account.dropped += 1;
  }
}

function settling(how: number, settles: boolean): Operation['prepare'] {
  return (stage, worker) => {
    const { channel, bodies } = stage.holderOf(worker);
    return function* () {
      for (const [i, body] of bodies.entries()) {
        if ((yield ['settleDelivery', channel, i + 1, 0, how]) === 0) throw new Fault(`${body} is not settled`);
        if (settles) stage.account.settled.push(body);
        stage.did(worker);
        yield MAY_END;
      }
      if (how === SETTLE_REJECT) yield* bury(stage);
    };
  };
}

/** A client whose consumer waits. */
function waiting(stage: Stage, worker: number): { client: Client; consumer: number } {
  const client = stage.client(worker);
  const consumer = client.consume(1, 'q', { noAck: true });
  stage.bench.serve(worker);
  if (stage.bench.coordinator.readyCount(stage.queueAt('q')) > 0) throw new Error('nobody waits beside what is ready');
  return { client, consumer };
}

/** Messages of the queue leave: from right behind the first one, or a block behind it. */
function* pageOut(stage: Stage, by: number, queue: number, margin: number, staging: number): Program {
  let octets = yield ['pageOut', queue, margin, LEAST, MOST];
  for (let i = 0; octets === LATER && i < 2; i++) octets = yield ['pageOut', queue, margin, LEAST, MOST];
  if (octets === 0) return;
  const image: Buffer[] = [];
  for (;;) {
    const length = yield ['pageOutFill', staging, SEGMENT];
    if (length === 0) break;
    image.push(Buffer.from(stage.machine.bytes.slice(staging, staging + length)));
  }
  if ((yield ['pageOutEnd', octets === LATER ? 0 : 1]) === 0) return;
  stage.images.push(Buffer.concat(image));
  stage.did(by);
}

function leaving(margin: number): Operation['prepare'] {
  return (stage, by) => {
    const queue = stage.queueAt('q');
    const staging = stage.bench.coordinator.takeStaging();
    return () => pageOut(stage, by, queue, margin, staging);
  };
}

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'publish',
    by: 'worker',
    brings: true,
    prepare: (stage, worker, letter) => {
      const client = stage.publisher(worker, 'q');
      return function* () {
        yield* stage.publish(client, worker, 'q', `${letter}8`, `${letter}9`);
        stage.did(worker);
      };
    },
  },
  {
    name: 'claim',
    by: 'worker',
    needs: true,
    drains: true,
    prepare: (stage, worker) => {
      const channel = stage.client(worker).open(1);
      const queue = stage.queueAt('q');
      return function* () {
        for (let i = 0; i < 2; i++) {
          if ((yield ['getMessage', channel, queue, 1]) !== 0) stage.did(worker);
          yield MAY_END;
        }
      };
    },
  },
  {
    name: 'publish with priorities',
    by: 'worker',
    brings: true,
    features: { maxPriority: PRIORITY_MAX },
    prepare: (stage, worker, letter) => {
      const client = stage.publisher(worker, 'q');
      return function* () {
        // Nobody has used the first of them yet.
        for (const priority of [PRIORITY_MAX, 1]) {
          yield* stage.publishAt(client, worker, 'q', priority, `${letter}${priority}${PRIORITIES}`);
          yield MAY_END;
        }
        stage.did(worker);
      };
    },
  },
  {
    name: 'claim by priority',
    by: 'worker',
    needs: true,
    drains: true,
    features: { maxPriority: PRIORITY_MAX },
    prepare: (stage, worker, letter) => {
      const channel = stage.client(worker).open(1);
      const queue = stage.queueAt('q');
      stage.fillAt('q', 1, `${letter}1${PRIORITIES}`);
      return function* () {
        for (let i = 0; i < GETS; i++) {
          if ((yield ['getMessage', channel, queue, 1]) !== 0) stage.did(worker);
          yield MAY_END;
        }
      };
    },
  },
  { name: 'settle', by: 'worker', holds: true, prepare: settling(SETTLE_DONE, true) },
  { name: 'requeue', by: 'worker', holds: true, brings: true, prepare: settling(SETTLE_REQUEUE, false) },
  {
    name: 'dead-letter',
    by: 'worker',
    holds: true,
    features: { deadLetters: true },
    prepare: settling(SETTLE_REJECT, false),
  },
  {
    name: 'expire',
    by: 'sweeper',
    needs: true,
    drains: true,
    features: { ttl: 1000, deadLetters: true },
    prepare: (stage, worker) =>
      function* () {
        yield ['setTime', NOW + 10_000, 0];
        yield ['sweep'];
        const before = stage.account.dropped;
        yield* bury(stage);
        if (stage.account.dropped > before) stage.did(worker);
      },
  },
  {
    name: 'drop by length',
    by: 'worker',
    brings: true,
    needs: true,
    drains: true,
    putOff: true,
    features: { maxLength: 3, deadLetters: true },
    prepare: (stage, worker, letter) => {
      const client = stage.publisher(worker, 'q');
      return function* () {
        yield* stage.publish(client, worker, 'q', `${letter}8`);
        yield ['serve'];
        const before = stage.account.dropped;
        yield* bury(stage);
        if (stage.account.dropped > before) stage.did(worker);
      };
    },
  },
  {
    name: 'register a waiter',
    by: 'worker',
    drains: true,
    prepare: (stage, worker) => {
      const client = stage.client(worker);
      const channel = client.open(1);
      const queue = stage.queueAt('q');
      return function* () {
        if ((yield ['addConsumer', channel, queue, 0, 1, 0, 0]) !== 0) stage.did(worker);
        yield* stage.sleepAndServe(worker, 1);
      };
    },
  },
  {
    name: 'pull a grant',
    by: 'worker',
    waits: true,
    turns: true,
    needs: true,
    drains: true,
    prepare: (stage, worker) => {
      stage.work.pulls(worker, waiting(stage, worker).client);
      return () => stage.sleepAndServe(worker, 2);
    },
  },
  {
    name: 'cancel a waiter',
    by: 'worker',
    waits: true,
    turns: true,
    prepare: (stage, worker) => {
      const { consumer } = waiting(stage, worker);
      return function* () {
        yield ['cancelConsumer', consumer];
        stage.did(worker);
        yield MAY_END;
        yield ['serve'];
      };
    },
  },
  {
    name: 'close a channel',
    by: 'worker',
    holds: true,
    brings: true,
    turns: true,
    prepare: (stage, worker) => {
      const { channel, client } = stage.holderOf(worker);
      client.consume(1, 'q', { noAck: false, prefetch: 1 });
      stage.bench.serve(worker);
      return function* () {
        yield ['closeChannel', channel];
        stage.did(worker);
      };
    },
  },
  {
    name: 'serve with a prefetch of 1',
    by: 'worker',
    needs: true,
    drains: true,
    prepare: (stage, worker) => {
      const client = stage.client(worker);
      stage.acknowledging.add(client);
      client.consume(1, 'q', { prefetch: 1 });
      stage.work.pulls(worker, client);
      const channel = client.channels.get(1) ?? 0;
      return function* () {
        yield* stage.serve();
        if ((yield ['settleDelivery', channel, 1, 0, SETTLE_DONE]) !== 0) stage.account.dropped += 1;
        yield* stage.serve();
      };
    },
  },
  {
    name: 'purge',
    by: 'coordinator',
    needs: true,
    drains: true,
    prepare: (stage, by) => {
      const queue = stage.queueAt('q');
      return function* () {
        const count = yield ['purge', queue, ALL];
        stage.account.dropped += count;
        if (count > 0) stage.did(by);
      };
    },
  },
  {
    name: 'delete',
    by: 'coordinator',
    drains: true,
    prepare: (stage, by) => {
      const queue = stage.queueAt('q');
      return function* () {
        stage.account.lossy = true;
        yield ['retireQueue', queue];
        stage.did(by);
      };
    },
  },
  {
    name: 'page out behind a margin',
    by: 'coordinator',
    behind: true,
    givesWay: true,
    drains: true,
    prepare: leaving(0),
  },
  { name: 'page out from the front', by: 'coordinator', givesWay: true, drains: true, prepare: leaving(AT_HEAD) },
  {
    name: 'page in',
    by: 'coordinator',
    last: true,
    givesWay: true,
    prepare: (stage, by) => {
      const queue = stage.queueAt('q');
      const staging = stage.bench.coordinator.takeStaging();
      const image = stage.pageOutNow(queue, staging);
      return function* () {
        stage.images.push(image);
        if ((yield ['pageIn', queue]) <= 0) return;
        stage.machine.write(staging, image);
        yield ['pageInTake', staging, image.length];
        if ((yield ['pageInEnd', 1]) === 0) return;
        stage.images.shift();
        stage.did(by);
      };
    },
  },
  {
    name: 'pause and go on',
    by: 'coordinator',
    drains: true,
    prepare: (stage, by) => {
      const queue = stage.queueAt('q');
      return function* () {
        yield ['setPaused', queue, 1];
        yield ['setPaused', queue, 0];
        stage.did(by);
      };
    },
  },
  {
    name: 'look at what is ready',
    by: 'coordinator',
    needs: true,
    prepare: (stage, by) => {
      const queue = stage.queueAt('q');
      const staging = stage.bench.coordinator.takeStaging();
      return function* () {
        yield ['browse', queue, 0, 1, ALL, ALL, staging, SEGMENT];
        yield ['oldestArrival', queue, 0];
        if ((yield ['readyCount', queue]) > 0) stage.did(by);
      };
    },
  },
];
