/**
 * How dead letters leave a worker: in portions, past a shortage of memory, and by the topology of the moment.
 */
import { expect, test } from 'vitest';
import { encodeHeader } from '../../src/amqp/properties.js';
import type { Change } from '../../src/broker/requests.js';
import { TopologyView } from '../../src/broker/topology-view.js';
import { Death, type Engine } from '../../src/engine/engine.js';
import { DeadLetters } from '../../src/server/dead-letters.js';
import { Delays } from '../../src/server/delays.js';

const QUEUE = 7;

/** A core with dead messages, as far as dead letters see it. */
class Core {
  readonly deadQueue = QUEUE;
  readonly deadReason = Death.EXPIRED;
  dead = 0;
  epoch = 1;
  hasMemory = true;
  work = 0;
  /** What a letter's way into its queues is worth. */
  worth = 1;
  /** Where each dead letter went. */
  readonly sent: number[][] = [];

  nextDead(): number {
    return this.dead;
  }
  bury(): void {
    this.dead -= 1;
  }
  topologyEpoch(): number {
    return this.epoch;
  }
  messageKey(): Uint8Array {
    return Uint8Array.of(0, 1, 0x6b);
  }
  messageHeader(): Uint8Array {
    return encodeHeader({ bodySize: 0, properties: {} });
  }
  republish(_message: number, _key: Uint8Array, _header: Uint8Array, queues: readonly number[]): number[] | null {
    this.work += this.worth;
    if (this.hasMemory) this.sent.push([...queues]);
    return this.hasMemory ? [] : null;
  }
}

function declared(queue: string, ref: number, deadLetterRoutingKey: string | null): Change {
  const settings = {
    deadLetterExchange: deadLetterRoutingKey === null ? null : '',
    deadLetterRoutingKey,
    keepsDeadLetters: false,
    consumerTimeout: null,
  };
  const rest = { durable: false, autoDelete: false, owner: null, arguments: new Map(), memory: null };
  return { kind: 'queue.declared', vhost: '/', queue, id: ref, ref, logId: 0, settings, ...rest };
}

function scenario(): { core: Core; view: TopologyView; letters: DeadLetters } {
  const core = new Core();
  const view = new TopologyView();
  view.apply(declared('work', QUEUE, 'dead'));
  view.apply(declared('dead', 8, null));
  // The few calls that dead letters make.
  const engine = core as unknown as Engine;
  return {
    core,
    view,
    letters: new DeadLetters(
      engine,
      view,
      new Delays(engine, view, () => {}),
      () => {},
      () => {},
    ),
  };
}

test('many are sent on in portions', () => {
  const { core, letters } = scenario();
  core.dead = 300;
  expect(letters.sendOn()).toBe('more');
  expect(core.sent.length).toBeLessThan(300);
  while (letters.sendOn() === 'more');
  expect(core.sent).toEqual(Array.from({ length: 300 }, () => [8]));
  expect(letters.sendOn()).toBe('done');
});

test('few that lead to very many queues make a portion', () => {
  const { core, letters } = scenario();
  core.dead = 10;
  core.worth = 6_000;
  expect(letters.sendOn()).toBe('more');
  expect(core.sent.length).toBe(3);
  while (letters.sendOn() === 'more');
  expect(core.sent.length).toBe(10);
});

test('one that finds no memory is tried again, before those that died later', () => {
  const { core, letters } = scenario();
  core.dead = 2;
  core.hasMemory = false;
  expect(letters.sendOn()).toBe('short');
  expect(letters.sendOn()).toBe('short');
  expect(core.dead).toBe(2);
  core.hasMemory = true;
  expect(letters.sendOn()).toBe('done');
  expect(core.sent).toEqual([[8], [8]]);
});

test('one that waits for memory goes where the topology leads when there is some', () => {
  const { core, view, letters } = scenario();
  core.dead = 1;
  core.hasMemory = false;
  letters.sendOn();
  view.apply({ kind: 'queue.deleted', vhost: '/', queue: 'dead', ref: 8 });
  view.apply(declared('dead', 9, null));
  core.epoch += 1;
  core.hasMemory = true;
  letters.sendOn();
  expect(core.sent).toEqual([[9]]);
});

test('those of a queue that is gone, or wants them no more, are buried', () => {
  const { core, view, letters } = scenario();
  const settings = {
    deadLetterExchange: null,
    deadLetterRoutingKey: null,
    keepsDeadLetters: false,
    consumerTimeout: null,
  };
  view.apply({ kind: 'queue.changed', vhost: '/', queue: 'work', settings });
  core.dead = 1;
  expect(letters.sendOn()).toBe('done');
  view.apply({ kind: 'queue.deleted', vhost: '/', queue: 'work', ref: QUEUE });
  core.dead = 1;
  expect(letters.sendOn()).toBe('done');
  expect(core.sent).toEqual([]);
  expect(core.dead).toBe(0);
});
