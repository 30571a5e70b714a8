import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import type { ConnectionId, Notice } from '../../src/broker/requests/requests.js';
import type { Depth, Row } from '../../src/connection/inspection/rows.js';
import { type FromInspection, Inspection, type ToInspection } from '../../src/worker/inspection.js';

/** A connection that has so many channels; only what tells rows apart is in them. */
function connection(id: number, channels = 0) {
  const noticed: Notice[] = [];
  const name = `client ${id}`;
  const own = { kind: 'connection', id, name } as Row;
  return {
    name,
    noticed: (notice: Notice) => void noticed.push(notice),
    notices: noticed,
    *rows(depth: Depth): Generator<Row> {
      yield own;
      if (depth === 'connections') return;
      for (let number = 1; number <= channels; number++) yield { kind: 'channel', number } as Row;
    },
  };
}

function inspected(connections: Map<ConnectionId, ReturnType<typeof connection>>) {
  const { port1, port2 } = new MessageChannel();
  let turns = 0;
  const next = async (): Promise<void> => {
    turns += 1;
    await new Promise((resolve) => setImmediate(resolve));
  };
  const inspection = new Inspection(port1, connections, next);
  onTestFinished(() => inspection.close());
  const ask = async (question: ToInspection): Promise<FromInspection[]> => {
    port2.postMessage(question);
    const parts: FromInspection[] = [];
    while (parts.at(-1)?.isLast !== true) parts.push(...((await once(port2, 'message')) as [FromInspection]));
    return parts;
  };
  return { ask, turns: () => turns };
}

function manyConnections(count: number, channels = 0): Map<ConnectionId, ReturnType<typeof connection>> {
  return new Map(Array.from({ length: count }, (_, index) => [index + 1, connection(index + 1, channels)]));
}

test('many connections are told in portions, each in a turn of its own, and the last says so', async () => {
  const { ask, turns } = inspected(manyConnections(1_000));
  const parts = await ask({ kind: 'list', question: 7, depth: 'connections', only: null });
  expect(parts.flatMap(({ rows }) => rows)).toHaveLength(1_000);
  for (const { rows, question } of parts) {
    expect(rows.length).toBeLessThanOrEqual(200);
    expect(question).toBe(7);
  }
  expect(turns()).toBe(parts.length);
});

test('a connection of many channels is told in portions, too', async () => {
  const { ask } = inspected(manyConnections(1, 2_000));
  const parts = await ask({ kind: 'list', question: 1, depth: 'channels', only: null });
  expect(parts.length).toBeGreaterThan(10);
  expect(parts.flatMap(({ rows }) => rows)).toHaveLength(2_001);
});

test('one connection is found among many, without all of them in one turn', async () => {
  const { ask, turns } = inspected(manyConnections(1_000, 2));
  const parts = await ask({ kind: 'list', question: 1, depth: 'channels', only: 'client 900' });
  const rows = parts.flatMap((part) => part.rows);
  expect(rows.map(({ kind }) => kind)).toEqual(['connection', 'channel', 'channel']);
  expect(turns()).toBeGreaterThan(4);
});

test('nobody is no answer less', async () => {
  const { ask } = inspected(new Map());
  const parts = await ask({ kind: 'list', question: 1, depth: 'consumers', only: null });
  expect(parts).toEqual([{ question: 1, rows: [], isLast: true }]);
});

test('connections that come and go amid a listing do not spoil it', async () => {
  const connections = manyConnections(1_000);
  const { ask } = inspected(connections);
  const asked = ask({ kind: 'list', question: 1, depth: 'connections', only: null });
  await new Promise((resolve) => setImmediate(resolve));
  for (let id = 1; id <= 1_000; id += 2) connections.delete(id);
  connections.set(2_000, connection(2_000));
  const ids = (await asked).flatMap(({ rows }) => rows).map((row) => (row.kind === 'connection' ? row.id : 0));
  expect(new Set(ids).size).toBe(ids.length);
  for (let id = 2; id <= 1_000; id += 2) expect(ids).toContain(id);
});

test('the connection that is meant is closed, with the reason', async () => {
  const connections = manyConnections(3);
  const { ask } = inspected(connections);
  await ask({ kind: 'close', question: 1, connection: 2, text: 'enough' });
  await ask({ kind: 'close', question: 2, connection: 99, text: 'nobody' });
  expect([...connections.values()].map(({ notices }) => notices)).toEqual([
    [],
    [{ kind: 'close', connection: 2, text: 'enough' }],
    [],
  ]);
});
