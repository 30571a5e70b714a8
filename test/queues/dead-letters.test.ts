/**
 * How dead letters leave a worker: in portions, past a shortage of memory, and by the topology of the moment.
 */
import { afterEach, expect, test, vi } from 'vitest';
import { encodeHeader } from '../../src/amqp/properties.js';
import type { Change } from '../../src/broker/requests/requests.js';
import { TopologyView } from '../../src/broker/topology/topology-view.js';
import { DeadLetterReason, deathCounter, type Engine, Fate } from '../../src/engine/engine.js';
import { DeadLetters } from '../../src/queues/dead-letters/dead-letters.js';
import { Delays } from '../../src/queues/delayed/delayed-messages.js';

const QUEUE = 7;

afterEach(() => vi.useRealTimers());

/** A core with dead messages, as far as dead letters see it. */
class Core {
  readonly deadQueue = QUEUE;
  readonly deadReason = DeadLetterReason.EXPIRED;
  dead = 0;
  epoch = 1;
  hasMemory = true;
  work = 0;
  /** What a dead letter's way into its queues is worth. */
  worth = 1;
  /** Where each dead letter went. */
  readonly sent: number[][] = [];
  /** Queues that take nothing. */
  full: readonly number[] = [];
  readonly buriedKept: number[] = [];
  readonly counted = new Map<number, number>();

  nextDead(): number {
    return this.dead;
  }
  settleDead(): void {
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
    if (this.hasMemory) this.sent.push(queues.filter((queue) => !this.full.includes(queue)));
    return this.hasMemory ? queues.filter((queue) => this.full.includes(queue)) : null;
  }
  keepDead(): number {
    this.dead -= 1;
    return 1;
  }
  settleDeadKept(number: number): void {
    this.buriedKept.push(number);
  }
  keepMessage(): void {}
  count(counter: number, more: number): void {
    this.counted.set(counter, (this.counted.get(counter) ?? 0) + more);
  }
}

let lastId = 0;

function declared(queue: string, ref: number, deadLetterRoutingKey: string | null, keepsTo?: string): Change {
  const settings = {
    deadLetterExchange: keepsTo ?? (deadLetterRoutingKey === null ? null : ''),
    deadLetterRoutingKey,
    keepsDeadLetters: keepsTo !== undefined,
    consumerTimeout: null,
  };
  const rest = { durable: false, autoDelete: false, owner: null, arguments: new Map(), cacheMemory: null };
  lastId += 1;
  return { kind: 'queue.declared', vhost: '/', queue, id: lastId, ref, logId: 0, settings, ...rest };
}

function scenario(): { core: Core; view: TopologyView; deadLetters: DeadLetters } {
  const core = new Core();
  const view = new TopologyView();
  view.apply(declared('work', QUEUE, 'dead'));
  view.apply(declared('dead', 8, null));
  // The few calls that dead letters make.
  const engine = core as unknown as Engine;
  return {
    core,
    view,
    deadLetters: new DeadLetters(
      engine,
      view,
      new Delays(engine, view, () => {}),
      () => {},
      () => {},
    ),
  };
}

test('many are sent on in portions', () => {
  const { core, deadLetters } = scenario();
  core.dead = 300;
  expect(deadLetters.sendOn()).toBe('more');
  expect(core.sent.length).toBeLessThan(300);
  while (deadLetters.sendOn() === 'more');
  expect(core.sent).toEqual(Array.from({ length: 300 }, () => [8]));
  expect(core.counted).toEqual(new Map([[deathCounter(Fate.SENT, DeadLetterReason.EXPIRED), 300]]));
  expect(deadLetters.sendOn()).toBe('done');
});

test('few that lead to very many queues make a portion', () => {
  const { core, deadLetters } = scenario();
  core.dead = 10;
  core.worth = 6_000;
  expect(deadLetters.sendOn()).toBe('more');
  expect(core.sent.length).toBe(3);
  while (deadLetters.sendOn() === 'more');
  expect(core.sent.length).toBe(10);
});

test('one that finds no memory is tried again, before those that died later', () => {
  const { core, deadLetters } = scenario();
  core.dead = 2;
  core.hasMemory = false;
  expect(deadLetters.sendOn()).toBe('short');
  expect(deadLetters.sendOn()).toBe('short');
  expect(core.dead).toBe(2);
  core.hasMemory = true;
  expect(deadLetters.sendOn()).toBe('done');
  expect(core.sent).toEqual([[8], [8]]);
});

test('one that waits for memory goes where the topology leads when there is some', () => {
  const { core, view, deadLetters } = scenario();
  core.dead = 1;
  core.hasMemory = false;
  deadLetters.sendOn();
  view.apply({ kind: 'queue.deleted', vhost: '/', queue: 'dead', ref: 8 });
  view.apply(declared('dead', 9, null));
  core.epoch += 1;
  core.hasMemory = true;
  deadLetters.sendOn();
  expect(core.sent).toEqual([[9]]);
});

test('those of a queue that is gone, or wants them no more, are settled', () => {
  const { core, view, deadLetters } = scenario();
  const settings = {
    deadLetterExchange: null,
    deadLetterRoutingKey: null,
    keepsDeadLetters: false,
    consumerTimeout: null,
  };
  view.apply({ kind: 'queue.changed', vhost: '/', queue: 'work', settings });
  core.dead = 1;
  expect(deadLetters.sendOn()).toBe('done');
  view.apply({ kind: 'queue.deleted', vhost: '/', queue: 'work', ref: QUEUE });
  core.dead = 1;
  expect(deadLetters.sendOn()).toBe('done');
  expect(core.sent).toEqual([]);
  expect(core.dead).toBe(0);
});

test.each([
  ['in memory of its own', 10],
  ['in the memory of the one before it', 8],
])('a queue that is declared anew, %s, gets the dead letter that the one before it of its name had', (_, ref) => {
  const { core, view, deadLetters } = scenario();
  const bound = (destination: string): Change => {
    const ends = { source: 'amq.fanout', destination, destinationKind: 'queue' } as const;
    return { kind: 'bound', vhost: '/', ...ends, routingKey: '', arguments: new Map() };
  };
  view.apply({ kind: 'queue.deleted', vhost: '/', queue: 'work', ref: QUEUE });
  view.apply(declared('work', QUEUE, null, 'amq.fanout'));
  view.apply(declared('full', 9, null));
  view.apply(bound('dead'));
  view.apply(bound('full'));
  core.dead = 1;
  core.full = [9];
  vi.useFakeTimers();
  while (deadLetters.sendOn() !== 'done');
  expect(core.sent).toEqual([[8]]);
  view.apply({ kind: 'queue.deleted', vhost: '/', queue: 'dead', ref: 8 });
  view.apply(declared('dead', ref, null));
  view.apply(bound('dead'));
  core.epoch += 1;
  vi.advanceTimersByTime(1_000);
  while (deadLetters.sendOn() !== 'done');
  expect(core.sent).toEqual([[8], [ref]]);
  core.full = [];
  vi.advanceTimersByTime(4_000);
  while (deadLetters.sendOn() !== 'done');
  expect(core.sent).toEqual([[8], [ref], [9]]);
  expect(core.buriedKept).toEqual([1]);
});
