/** The ring of the last messages, against a plain list of them. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type PlainObject, table } from '../../../src/amqp/table.js';
import { History, historyBytes, type Remembered } from '../../../src/broker/history/history.js';
import { outcome, Stage, VHOST } from '../support/stage.js';

function message(body: number, length: number): Remembered {
  const [key, header] = [Buffer.from(`key ${body}`), Buffer.from(`header ${body}`)];
  return { key: new Uint8Array(key), header: new Uint8Array(header), body: new Uint8Array(length).fill(body) };
}

const octets = ({ key, header, body }: Remembered): number => 12 + key.length + header.length + body.length;

test('a history holds the last messages for which there is room, oldest first', () => {
  const ROOM = 1000;
  const play = (most: number, lengths: readonly number[]): void => {
    const buffer = new SharedArrayBuffer(32 + ROOM);
    const histories = [new History(buffer, most), new History(buffer, most)];
    let expected: Remembered[] = [];
    for (const [index, length] of lengths.entries()) {
      const next = message(index % 256, length);
      histories[index % 2]?.add(next);
      if (octets(next) > ROOM) continue;
      expected.push(next);
      const isTooMuch = () => expected.length > most || expected.reduce((sum, one) => sum + octets(one), 0) > ROOM;
      while (isTooMuch()) expected = expected.slice(1);
    }
    for (const history of histories) expect(history.messages()).toEqual(expected);
  };
  fc.assert(fc.property(fc.integer({ min: 1, max: 12 }), fc.array(fc.integer({ min: 0, max: 1100 })), play));
});

test('workers that write at the same time leave whole messages', async () => {
  const most = 64;
  const buffer = new SharedArrayBuffer(historyBytes(most) ?? 0);
  const code = `
    const { workerData: { buffer, most, id }, parentPort } = require('node:worker_threads');
    import('${new URL('../../../dist/broker/history/history.js', import.meta.url).href}').then(({ History }) => {
      const history = new History(buffer, most);
      for (let i = 0; i < 5000; i++) {
        const body = new Uint8Array(i % 97).fill(id);
        history.add({ key: Uint8Array.of(id), header: Uint8Array.of(id, id), body });
      }
      parentPort.postMessage('done');
    });`;
  const workers = [1, 2].map((id) => new Worker(code, { eval: true, workerData: { buffer, most, id } }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  await Promise.all(workers.map((worker) => worker.terminate()));
  const messages = new History(buffer, most).messages();
  expect(messages).toHaveLength(most);
  for (const { key, header, body } of messages) {
    const [id = 0] = key;
    expect([...header]).toEqual([id, id]);
    expect(body.every((octet) => octet === id)).toBe(true);
  }
});

describe('an exchange with a history', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = new Stage();
  });
  const declare = (name: string, args: PlainObject = {}) =>
    outcome(stage.exchange(name, 'x-recent-history', { arguments: table(args) }));

  test('has its room set aside until it is deleted', () => {
    expect(declare('x')).toBe('ok');
    const each = stage.core.aside;
    expect(each).toBe(historyBytes(20));
    stage.core.asideMost = each;
    expect(declare('y')).toBe(
      "406 Invalid argument 20, there is no memory for a history of 'x-recent-history-length' messages",
    );
    expect(stage.view.exchange(VHOST, 'y')).toBeUndefined();
    stage.ask(1, { op: 'exchange.delete', vhost: VHOST, exchange: 'x', ifUnused: false });
    expect(stage.core.aside).toBe(0);
    expect(declare('y')).toBe('ok');
  });

  test('requeue what it took for duplicates when there is no room for its history', () => {
    const args = { 'x-message-deduplication': true };
    stage.exchange('plain', 'fanout', { arguments: table(args) });
    const duplicates = stage.core.aside;
    stage.core.asideMost = 2 * duplicates + 1000;
    expect(declare('x', args)).toContain('there is no memory for a history');
    expect(stage.core.aside).toBe(duplicates);
  });

  test('is told of by a binding that is new, and by no other', () => {
    declare('x');
    stage.exchange('plain', 'fanout');
    stage.queue('q');
    const bind = (exchange: string, routingKey: string) =>
      stage.ask(1, { op: 'queue.bind', vhost: VHOST, queue: 'q', exchange, routingKey, arguments: table({}) });
    expect(bind('x', '')).toEqual({ ok: true, replays: true });
    expect(bind('x', '')).toEqual({ ok: true });
    expect(bind('x', 'other')).toEqual({ ok: true, replays: true });
    expect(bind('plain', '')).toEqual({ ok: true });
  });
});
