/**
 * A log that goes into a stream first: nothing is done before it is certain, files have what the stream has, in its
 * order, and memory is bounded when they are slow. What every commit log promises: test/worker/durable-promises.
 */
import { expect, test } from 'vitest';
import type { LogEvent } from '../../dist/log/commit-log.js';
import { NO_SEED } from '../../dist/log/log-memory.js';
import { messageId } from '../../dist/log/record-format.js';
import { BatchBuilder } from '../../dist/store/log/batch.js';
import { ReceivedBatch } from '../../dist/store/log/received-batch.js';
import { UNWRITTEN_MAX } from '../../dist/store/replicated/replicated-log.js';
import { StreamedLog } from '../support/streamed-log.js';
import { storedMessage } from './support/messages.js';

const LANE = 3;
const QUEUE = 256;

function batchOf(first: number, count = 1, body = 'body'): BatchBuilder {
  const batch = new BatchBuilder();
  const ids = Array.from({ length: count }, (_, index) => messageId(LANE, first + index));
  for (const id of ids) batch.message(id, storedMessage(body));
  batch.enqueue(QUEUE, first, 1000, ids);
  return batch;
}

function open(options: Partial<ConstructorParameters<typeof StreamedLog>[1]> = {}) {
  const events: LogEvent[] = [];
  const states: string[] = [];
  const log = new StreamedLog(
    { onEvent: (event) => events.push(event), onHealth: ({ state }) => states.push(state) },
    { writerNumber: LANE, nextMessage: 10, ...options },
  );
  return { log, events, states };
}

const passed = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a batch is certain first, and then in the files as it was sent', async () => {
  const { log, events } = open();
  const batch = batchOf(10, 3);
  const octets = Buffer.concat(batch.stamp(NO_SEED));
  let isDone = false;
  log.append(batch)?.then(() => {
    isDone = true;
  });
  expect(log.underWay).toHaveLength(1);
  const [sent] = log.underWay;
  expect(sent).toMatchObject({ messages: 3, nextMessage: 13 });
  expect(Buffer.compare(Buffer.from(sent?.records ?? []), octets)).toBe(0);
  expect(() => ReceivedBatch.checked(Uint8Array.from(octets), batchOf(10, 3))).not.toThrow();
  await passed();
  expect([isDone, log.durable.length]).toEqual([false, 0]);
  await log.acknowledge(1, false);
  expect([isDone, log.local.underWay.length, log.written, events.length]).toEqual([true, 1, 0, 0]);
  await log.local.acknowledge();
  expect([log.written, events.map(({ type }) => type)]).toEqual([1, ['placed']]);
  expect(Buffer.compare(log.durable[0] ?? Buffer.alloc(0), octets)).toBe(0);
});

test('numbering goes on behind what a batch names of its own, in a row or not', async () => {
  const { log } = open();
  log.append(batchOf(40))?.catch(() => undefined);
  const others = new BatchBuilder();
  others.message(messageId(LANE, 60), storedMessage('x'));
  others.message(messageId(LANE, 50), storedMessage('y'));
  others.enqueue(QUEUE, 7, 1000, [messageId(LANE, 60), messageId(LANE, 50), messageId(9, 700)]);
  log.append(others)?.catch(() => undefined);
  const acks = new BatchBuilder();
  acks.ack(QUEUE, [{ from: 0, count: 1 }]);
  log.append(acks)?.catch(() => undefined);
  expect(log.underWay.map(({ nextMessage }) => nextMessage)).toEqual([41, 61, 61]);
});

test('what is empty is done with what is before it', async () => {
  const { log } = open();
  expect(log.append(new BatchBuilder())).toBe(null);
  const done: string[] = [];
  log.append(batchOf(10))?.then(() => done.push('full'));
  log.append(new BatchBuilder())?.then(() => done.push('empty'));
  expect(log.underWay).toHaveLength(1);
  await passed();
  expect(done).toEqual([]);
  await log.acknowledge();
  expect(done).toEqual(['full', 'empty']);
});

test('while files are far behind, what is certain waits for them, in order', async () => {
  const { log } = open();
  const body = '.'.repeat(1 << 20);
  const done: number[] = [];
  const count = UNWRITTEN_MAX / (1 << 20) + 3;
  for (let at = 0; at < count; at++) log.append(batchOf(10 + at, 1, body))?.then(() => done.push(at));
  await log.acknowledge(count, false);
  expect(done.length).toBeLessThan(count);
  expect(done.length).toBeGreaterThan(count - 6);
  await log.local.acknowledge();
  expect(done).toEqual(Array.from({ length: count }, (_, at) => at));
});

test('a barrier is passed when the files have told what was before it', async () => {
  const { log, events } = open();
  log.append(batchOf(10))?.catch(() => undefined);
  log.barrier(1);
  await log.acknowledge(1, false);
  expect(events).toEqual([]);
  log.barrier(2);
  await log.local.acknowledge();
  expect(events.map(({ type }) => type)).toEqual(['placed', 'passed', 'passed']);
});

test('a stream that does not answer is told of, and so is that it does again', async () => {
  const { log, states } = open();
  log.refuse('too few servers answer');
  expect(log.health).toEqual({ state: 'failing', error: new Error('too few servers answer') });
  await log.answer();
  expect([log.health.state, states]).toEqual(['ok', ['failing', 'ok']]);
});

test('a fence is for ever, and what is certain is written all the same', async () => {
  const { log, states } = open();
  const first = log.append(batchOf(10));
  const second = log.append(batchOf(11));
  await log.acknowledge(1, false);
  const rejected = expect(second).rejects.toThrow('a later epoch has begun');
  await log.fence();
  await first;
  await rejected;
  await expect(log.append(batchOf(12))).rejects.toThrow('a later epoch has begun');
  log.refuse('late');
  expect([log.health.state, states]).toEqual(['fenced', ['fenced']]);
  const closed = expect(log.close()).rejects.toThrow('a later epoch has begun');
  await log.local.acknowledge();
  await closed;
  expect(log.durable).toHaveLength(1);
});

test('a log that ends waits for what is not certain, and gives up in time', async () => {
  const { log } = open({ endMs: 10_000 });
  const appended = log.append(batchOf(10));
  const closed = log.close();
  await expect(log.append(batchOf(11))).rejects.toThrow('the log is closed');
  await log.acknowledge();
  await Promise.all([appended, closed]);
  const hasty = open({ endMs: 1 }).log;
  const lost = hasty.append(batchOf(10));
  await Promise.all([
    expect(lost).rejects.toThrow('did not say that all is certain'),
    expect(hasty.close()).rejects.toThrow('did not say that all is certain'),
  ]);
});
