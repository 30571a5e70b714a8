/**
 * A queue of another kind than the classic one: a log that each consumer reads from its beginning with a cursor of its
 * own, and of which nothing goes when it is read. It stands here alone; what it uses of an engine is what every kind
 * may count on.
 */
import { expect, test } from 'vitest';
import { Counter } from '../../../src/engine/engine.js';
import { initJsCore, openJsEngine } from '../../../src/engine/js/engine.js';
import { Blocks } from '../../../src/engine/js/memory/blocks.js';
import { QueueCell } from '../../../src/engine/js/memory/layout.js';
import { Memory } from '../../../src/engine/js/memory/memory.js';
import type { Messages } from '../../../src/engine/js/memory/messages.js';
import { at32, word } from '../../../src/engine/js/memory/views.js';
import type { Claim, Claimant } from '../../../src/engine/js/queues/claim.js';
import { CLASSIC, type QueueKind } from '../../../src/engine/js/queues/queue-kind.js';
import type { Waiters } from '../../../src/engine/js/queues/waiters.js';
import { Bench } from '../support/bench.js';
import { ack, nack, publish } from '../support/frames.js';
import { text } from '../support/scenario.js';

const LOG = 1;
const MEBIBYTE = 2 ** 20;

/** One log is enough; one participant uses it. */
class LogQueue implements QueueKind {
  readonly #blocks: Blocks;
  readonly #slots: number[] = [];
  /** Where each consumer goes on, by its node. */
  readonly #cursors = new Map<number, number>();

  constructor(
    memory: Memory,
    readonly messages: Messages,
    readonly waiters: Waiters,
  ) {
    this.#blocks = new Blocks(memory);
  }

  admits(): boolean {
    return true;
  }

  enqueue(queue: number, messages: Uint32Array, count: number): void {
    for (let i = 0; i < count; i++) this.#slots.push(this.#blocks.append(queue, at32(messages, i)));
    // All who wait may read it.
    this.waiters.grant(queue, Number.POSITIVE_INFINITY);
  }

  claim(queue: number, max: number, room: number, claimant: Claimant, claim: Claim): void {
    let left = room;
    let at = this.#cursors.get(claimant.node) ?? 0;
    claim.end = 'enough';
    for (; claim.count < max && at < this.#slots.length; at++) {
      const slot = this.#slots[at] ?? 0;
      const message = this.#blocks.message(slot);
      left -= claimant.sizeOf(message, 0);
      if (left < 0) {
        claim.end = 'no room';
        break;
      }
      claim.slots[claim.count] = slot;
      claim.messages[claim.count] = message;
      claim.redelivered[claim.count] = 0;
      claim.requeues[claim.count] = 0;
      claim.count++;
    }
    this.#cursors.set(claimant.node, at);
    if (at < this.#slots.length) return;
    if (claim.count === 0) claim.end = 'empty';
    claimant.onEmpty(queue, claim.count);
  }

  // What was read stays, whatever becomes of the delivery.
  settle(): void {}
  reject(): void {}
  requeue(): void {}

  ready(): number {
    return this.#slots.length;
  }
  readyBytes(): number {
    return 0;
  }

  drop(_queue: number, most: number): number {
    const dropped = this.#slots.splice(0, most);
    for (const slot of dropped) this.messages.release(this.#blocks.message(slot));
    this.#cursors.clear();
    return dropped.length;
  }
}

function open() {
  const buffer = new SharedArrayBuffer(32 * MEBIBYTE);
  initJsCore(buffer, 1);
  const shared = { kind: 'js' as const, buffer, workers: 1 };
  const further: Parameters<typeof openJsEngine>[2] = ({ memory, messages, waiters }) => [
    new LogQueue(memory, messages, waiters),
  ];
  const engine = openJsEngine(shared, 0, further);
  const bench = Bench.of([engine], openJsEngine(shared, 1, further));
  const { u32 } = new Memory(shared);
  const [log, classic] = [bench.queue('log'), bench.queue('classic')];
  u32[word(log, QueueCell.KIND)] = LOG;
  expect(u32[word(classic, QueueCell.KIND)]).toBe(CLASSIC);
  const publisher = bench.client();
  publisher.open(1);
  bench.routes.set('both', ['log', 'classic']);
  return { bench, engine, publisher, log, classic };
}

test('a queue of another kind lives beside classic ones: each of its consumers reads all that was published', () => {
  const { bench, engine, publisher, log, classic } = open();
  const [one, two] = [bench.client(), bench.client()];
  one.consume(1, 'log', { prefetch: 2 });
  publisher.feed(Buffer.concat(['a', 'b', 'c'].map((body) => publish(1, 'both', text(body)))));
  bench.serve();
  expect(one.bodies()).toEqual(['a', 'b']);
  expect([engine.readyCount(log), engine.readyCount(classic)]).toEqual([3, 3]);

  // Credit is no matter of the kind; what is read stays, acknowledged or not.
  one.feed(Buffer.concat([ack(1, 1), nack(1, 2, false, true)]));
  two.consume(1, 'log', { noAck: true });
  bench.serve();
  expect([one.bodies(), two.bodies()]).toEqual([['c'], ['a', 'b', 'c']]);
  publisher.feed(publish(1, 'log', text('d')));
  bench.serve();
  expect([one.bodies(), two.bodies()]).toEqual([['d'], ['d']]);

  // What every kind has for nothing: its counters.
  const counts = [Counter.ENQUEUED, Counter.DELIVERED, Counter.ACKNOWLEDGED] as const;
  expect(counts.map((counter) => engine.countedAt(log, counter))).toEqual([4, 8, 1]);
  expect(counts.map((counter) => engine.countedAt(classic, counter))).toEqual([3, 0, 0]);

  expect(engine.purge(log)).toBe(4);
  expect([engine.readyCount(log), engine.readyCount(classic)]).toEqual([0, 3]);
  two.consume(2, 'classic', { noAck: true });
  bench.serve();
  expect(two.bodies()).toEqual(['a', 'b', 'c']);
});
