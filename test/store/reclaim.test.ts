/**
 * Files go when nothing in them counts, and what stays long does not keep them.
 */
import { expect, test } from 'vitest';
import { MessageLog } from '../../dist/store/message-log.js';
import { recover, scanner } from './support/logs.js';
import { recoveredQueues, storedMessage } from './support/messages.js';
import { SimulatedDirectory, systemError } from './support/simulated.js';

async function openLog(directory: SimulatedDirectory): Promise<MessageLog> {
  return new MessageLog(directory, await recover(directory), {
    fileOctets: 16 << 10,
    scanner,
    pause: async () => undefined,
  });
}

async function publish(log: MessageLog, from: number, count: number, octets = 1000): Promise<void> {
  for (let position = from; position < from + count; position++) {
    const message = storedMessage(`${position}:${'x'.repeat(octets)}`);
    await log.publish([{ message, places: [{ queue: 1, position }] }], 5000 + position);
  }
}

async function reclaimAll(log: MessageLog): Promise<number> {
  let cleared = 0;
  while ((await log.reclaim()) !== null) cleared += 1;
  return cleared;
}

function logOctets(directory: SimulatedDirectory): number {
  const logs = [...directory.files()].filter(([name]) => name.endsWith('.log'));
  return logs.reduce((sum, [, { length }]) => sum + length, 0);
}

test('a few messages that stay do not keep the files of those that went', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  await publish(log, 0, 200);
  const full = logOctets(directory);
  const stay = [7, 60, 61, 150];
  for (let from = 0; from < 200; from++) if (!stay.includes(from)) await log.ack(1, [{ from, count: 1 }]);
  await log.delivered(1, [{ from: 60, count: 1 }]);
  expect(await reclaimAll(log)).toBeGreaterThan(10);
  expect(logOctets(directory)).toBeLessThan(full / 4);
  const recovered = await recover(directory.powerLoss(() => 0.1));
  const entries = (await recoveredQueues(recovered)).get(1);
  expect(entries?.map(({ position, body, delivered }) => [position, Number.parseFloat(body), delivered])).toEqual([
    [7, 7, false],
    [60, 60, true],
    [61, 61, false],
    [150, 150, false],
  ]);
  expect([...(recovered.queues[0]?.times ?? [])]).toEqual([5007, 5060, 5061, 5150]);
  expect(recovered.queues[0]?.next).toBe(200);
  await log.close();
});

test('a dead file is written anew, and what it once held is not read again', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  await publish(log, 0, 30);
  await log.ack(1, [{ from: 0, count: 30 }]);
  await reclaimAll(log);
  const spare = [...directory.files().keys()].find((name) => name.startsWith('spare-'));
  expect(spare).toBeDefined();
  let created = 0;
  directory.onCall = (call) => {
    if (call === 'create') created += 1;
  };
  await publish(log, 30, 12);
  expect(created).toBe(0);
  expect(directory.files().has(spare as string)).toBe(false);
  const recovered = await recover(directory.powerLoss(() => 0.1));
  const entries = (await recoveredQueues(recovered)).get(1);
  expect(entries?.map(({ position }) => position)).toEqual([...Array(12).keys()].map((i) => i + 30));
  expect(recovered.report.damaged).toEqual([]);
  await log.close();
});

test('messages of many queues are copied once, with those places that still hold them', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  const places = Array.from({ length: 5 }, (_, i) => ({ queue: 10 + i, position: 3 }));
  await log.publish([{ message: storedMessage('for many'), places }], 0);
  await log.ack(12, [{ from: 3, count: 1 }]);
  await publish(log, 0, 40);
  await log.ack(1, [{ from: 0, count: 40 }]);
  await reclaimAll(log);
  const recovered = await recover(directory.powerLoss(() => 0.1));
  const queues = await recoveredQueues(recovered);
  const holders = [10, 11, 12, 13, 14].filter((id) => queues.get(id)?.[0]?.body === 'for many');
  expect(holders).toEqual([10, 11, 13, 14]);
  expect(recovered.report.messages).toBe(1);
  await log.close();
});

test('a deleted queue does not come back while older files still hold its messages', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  // Messages that stay and messages of a queue that goes lie in one file.
  for (let position = 0; position < 12; position++) {
    const places = [{ queue: position % 4 ? 2 : 3, position }];
    await log.publish([{ message: storedMessage('x'.repeat(1000)), places }], 0);
  }
  await publish(log, 0, 10);
  await log.deleted(3);
  await publish(log, 10, 30);
  await log.ack(1, [{ from: 0, count: 40 }]);
  expect(await reclaimAll(log)).toBeGreaterThan(1);
  const recovered = await recover(directory.powerLoss(() => 0.1));
  expect(recovered.queues.map(({ id, positions }) => [id, positions.length])).toContainEqual([2, 9]);
  expect(recovered.queues.map(({ id }) => id)).not.toContain(3);
  await log.close();
});

test('a sparse file whose messages cannot be read any more stays where it is', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  await publish(log, 0, 40);
  for (let from = 1; from < 40; from++) await log.ack(1, [{ from, count: 1 }]);
  const name = 'w00-0000000000.log';
  directory.flip(name, 4096 + 40 + 200);
  await reclaimAll(log);
  expect([...log.reclaimer.stuck.keys()]).toEqual([name]);
  expect(directory.files().has(name)).toBe(true);
  await log.close();
});

test.each(['EIO', 'ENOSPC'] as const)('%s at any call while files are cleared away loses nothing', async (code) => {
  for (let failing = 1; ; failing++) {
    const directory = new SimulatedDirectory();
    const log = await openLog(directory);
    await publish(log, 0, 40);
    for (let from = 0; from < 40; from++) if (from % 13) await log.ack(1, [{ from, count: 1 }]);
    const before = directory.calls;
    let failed = false;
    directory.onCall = () => {
      if (directory.calls - before !== failing) return;
      failed = true;
      throw systemError(code);
    };
    // A failure ends the attempt; the next one begins where things stand.
    await reclaimAll(log).catch((error: Error) => expect(error.message).toContain(code));
    directory.onCall = () => undefined;
    const held = (await recoveredQueues(await recover(directory.powerLoss(() => 0.1)))).get(1);
    expect(
      held?.map(({ position }) => position),
      `call ${failing}`,
    ).toEqual([0, 13, 26, 39]);
    await reclaimAll(log);
    await log.close();
    const later = (await recoveredQueues(await recover(directory))).get(1);
    expect(
      later?.map(({ position }) => position),
      `call ${failing}, later`,
    ).toEqual([0, 13, 26, 39]);
    if (!failed) break;
  }
});
