/**
 * Files go when nothing in them counts, and what stays long does not keep them.
 */
import { expect, test } from 'vitest';
import type { PositionRange } from '../../dist/log/commit-log.js';
import { fileName, isSpare } from '../../dist/log/record-format.js';
import { BatchBuilder } from '../../dist/store/log/batch.js';
import type { LogManager } from '../../dist/store/log-manager.js';
import { ack, openLogManager, openWriter, publish, recover } from './support/logs.js';
import { readSource, recoveredQueues, storedMessage } from './support/messages.js';
import { type Call, SimulatedDirectory, systemError } from './support/simulated.js';

interface Log {
  readonly logManager: LogManager;
  /** A worker's, of which the log manager hears at once. */
  readonly writer: ReturnType<typeof openWriter>;
}

async function openLog(
  directory: SimulatedDirectory,
  options: Parameters<typeof openLogManager>[1] = {},
): Promise<Log> {
  const logManager = await openLogManager(directory, options);
  const [setup] = logManager.setups(1);
  if (setup === undefined) throw new Error('no log for the worker');
  const { start } = setup;
  const onEvent = (event: Parameters<LogManager['heard']>[1]) => logManager.heard(1, event);
  return { logManager, writer: openWriter(directory, { writerNumber: 1, start, onEvent, fileOctets: 16 << 10 }) };
}

async function publishMany({ writer }: Log, from: number, count: number, octets = 1000): Promise<void> {
  for (let position = from; position < from + count; position++) {
    await publish(writer, 1, position, [`${position}:${'x'.repeat(octets)}`]);
  }
}

/** Publishes a message to many queues. */
async function fanout({ writer }: Log, body: string, queues: readonly number[], position: number): Promise<void> {
  const batch = new BatchBuilder();
  const id = writer.takeMessageIds(1);
  batch.message(id, storedMessage(body));
  for (const queue of queues) batch.enqueue(queue, position, 0, [id]);
  await writer.append(batch);
}

async function close({ logManager, writer }: Log): Promise<void> {
  await writer.close();
  await logManager.close(null);
}

async function closeInOrder(
  { logManager, writer }: Log,
  delivered = new Map<number, readonly PositionRange[]>(),
): Promise<void> {
  await writer.close();
  expect(await logManager.close(delivered)).toBeNull();
}

function logFiles(directory: SimulatedDirectory): [string, Uint8Array][] {
  return [...directory.files()].filter(([name]) => name.endsWith('.log'));
}

function logOctets(directory: SimulatedDirectory): number {
  return logFiles(directory).reduce((sum, [, { length }]) => sum + length, 0);
}

function hasFile(directory: SimulatedDirectory, name: string | undefined): boolean {
  return logFiles(directory).some(([there]) => there === name);
}

test('nothing is cleared away while somebody has the files held', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  await publishMany(log, 0, 200);
  await ack(log.writer, 1, 0, 200);
  const before = logFiles(directory).map(([name]) => name);
  const clearing = log.logManager.reclaim();
  const [one, other] = [await log.logManager.hold(), await log.logManager.hold()];
  await clearing;
  const held = logFiles(directory).map(([name]) => name);
  // What was being cleared away when it was asked is, and nothing behind it.
  expect(held.length).toBeGreaterThan(before.length - 2);
  for (const [name, end] of one.ends) {
    expect(held).toContain(name);
    expect(end).toBeLessThanOrEqual(directory.files().get(name)?.length ?? 0);
  }
  await log.logManager.reclaim();
  one.release();
  one.release();
  await log.logManager.reclaim();
  expect(logFiles(directory).map(([name]) => name)).toEqual(held);
  other.release();
  await log.logManager.reclaim();
  expect(logFiles(directory).length).toBeLessThan(held.length / 2);
  await close(log);
});

test('files are held when all that was written before is heard of', async () => {
  const directory = new SimulatedDirectory();
  const asked: [number, number][] = [];
  const log = await openLog(directory, { askBarrier: (writer, barrier) => asked.push([writer, barrier]) });
  let held = 0;
  const holds = [1, 2].map(async () => {
    await log.logManager.hold();
    held += 1;
  });
  expect(asked.map(([writer]) => writer)).toEqual([0, 1, 0, 1]);
  const [, , [, last]] = asked as [[number, number], [number, number], [number, number]];
  // Who was asked twice passes the last one alone.
  log.logManager.heard(0, { type: 'passed', barrier: last });
  await new Promise((resolve) => setImmediate(resolve));
  expect(held).toBe(0);
  log.logManager.heard(1, { type: 'passed', barrier: last });
  await Promise.all(holds);
  await close(log);
});

test('a few messages that stay do not keep the files of those that went', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  await publishMany(log, 0, 200);
  const full = logOctets(directory);
  const files = logFiles(directory).length;
  const stay = [7, 60, 61, 150];
  for (let from = 0; from < 200; from++) if (!stay.includes(from)) await ack(log.writer, 1, from);
  await log.logManager.reclaim();
  expect(logFiles(directory).length).toBeLessThan(files / 2);
  expect(logOctets(directory)).toBeLessThan(full / 4);
  const recovered = await recover(directory.powerLoss(() => 0.1));
  const entries = (await recoveredQueues(recovered)).get(1);
  expect(entries?.map(({ position, body }) => [position, Number.parseFloat(body)])).toEqual(stay.map((at) => [at, at]));
  expect(recovered.queues[0]?.next).toBe(200);
  await close(log);
});

test('a file that empties by itself is not copied while less lies dead in the log than is borne', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory, { waste: { small: 0, dead: 200_000 } });
  await publishMany(log, 0, 300);
  const [oldest, , , later] = logFiles(directory).map(([name]) => name);
  // One or two messages stay in each file: heads of files and records lie dead, too.
  const staying = (position: number): boolean => position % 10 === 5;
  for (let at = 0; at < 150; at++) if (!staying(at)) await ack(log.writer, 1, at);
  await log.logManager.reclaim();
  expect(hasFile(directory, oldest)).toBe(true);
  for (let at = 0; at < 20; at++) if (staying(at)) await ack(log.writer, 1, at);
  await log.logManager.reclaim();
  expect(hasFile(directory, oldest)).toBe(false);
  expect(hasFile(directory, later)).toBe(true);
  for (let at = 150; at < 300; at++) if (!staying(at)) await ack(log.writer, 1, at);
  await log.logManager.reclaim();
  expect(hasFile(directory, later)).toBe(false);
  const recovered = await recover(directory.powerLoss(() => 0.1));
  const left = Array.from({ length: 300 }, (_, at) => at).filter((at) => at >= 20 && staying(at));
  expect((await recoveredQueues(recovered)).get(1)?.map(({ position }) => position)).toEqual(left);
  await close(log);
});

test('nothing is borne, and no dead file kept, while the disk has little space', async () => {
  const directory = new SimulatedDirectory();
  let isTight = false;
  const log = await openLog(directory, { waste: { small: 0, dead: 1 << 20 }, isTight: () => isTight });
  await publishMany(log, 0, 60);
  const [oldest] = logFiles(directory).map(([name]) => name);
  for (let at = 0; at < 59; at++) if (at !== 5) await ack(log.writer, 1, at);
  await log.logManager.reclaim();
  expect(hasFile(directory, oldest)).toBe(true);
  const spares = [...directory.files().keys()].filter(isSpare);
  isTight = true;
  await log.logManager.reclaim();
  expect(hasFile(directory, oldest)).toBe(false);
  expect(spares).toEqual(expect.arrayContaining([...directory.files().keys()].filter(isSpare)));
  await close(log);
});

test('a file that is short is copied at once: each start leaves one', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory, { waste: { small: 20 << 10, dead: 100_000 } });
  await publishMany(log, 0, 40);
  const [oldest] = logFiles(directory).map(([name]) => name);
  for (let at = 0; at < 39; at++) if (at !== 5) await ack(log.writer, 1, at);
  await log.logManager.reclaim();
  expect(hasFile(directory, oldest)).toBe(false);
  await close(log);
});

test('copies leave the disk too when nobody needs them any more, though their file is not full', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory, { fileOctets: 64 << 20 });
  const count = 1_200;
  const ackWhere = async (which: (position: number) => boolean): Promise<void> => {
    for (let at = 0; at < count; at++) if (which(at)) await ack(log.writer, 1, at);
  };
  await publishMany(log, 0, count, 4_000);
  await ackWhere((position) => position % 4 > 0);
  await log.logManager.reclaim();
  const copies = logFiles(directory).filter(([name]) => name.startsWith('w00'));
  expect(copies.length).toBe(1);
  await log.logManager.reclaim();
  expect(logFiles(directory)).toContainEqual(copies[0]);
  await ackWhere((position) => position % 4 === 0);
  await log.logManager.reclaim();
  expect(logFiles(directory).map(([name]) => name)).not.toContain(copies[0]?.[0]);
  await publishMany(log, count, 1);
  const recovered = await recover(directory.powerLoss(() => 0.1));
  expect((await recoveredQueues(recovered)).get(1)?.map(({ position }) => position)).toEqual([count]);
  await close(log);
});

test('a file’s name is gone for good before anything relies on it', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  await publishMany(log, 0, 120);
  await ack(log.writer, 1, 0, 120);
  let gone = 0;
  let unsynced = false;
  directory.onCall = (call: Call, name) => {
    if (unsynced) expect(call, `after ${gone} files went`).toBe('syncNames');
    unsynced = (call === 'remove' || call === 'rename') && !name.startsWith('spare-');
    if (unsynced) gone += 1;
  };
  await log.logManager.reclaim();
  directory.onCall = () => undefined;
  expect(unsynced).toBe(false);
  expect(gone).toBeGreaterThan(5);
  await close(log);
});

test('what is spilled is read where it was copied to, and no file goes while it is read', async () => {
  const directory = new SimulatedDirectory();
  const first = await openLog(directory);
  // Every file holds a little of one queue and much of another.
  for (let position = 0; position < 60; position++) {
    await fanout(first, `${position}`, [1], position);
    await fanout(first, 'x'.repeat(2000), [2], position);
  }
  await close(first);
  const log = await openLog(directory);
  const [small, large] = log.logManager.queues;
  if (small === undefined || large === undefined) throw new Error('the queues are not there');
  const target = Buffer.alloc(512 << 10);
  expect((await small.source.fill(3, target)).messages).toBe(3);
  large.source.drop();
  await ack(log.logManager.writer, large.id, 0, large.next);
  const before = logFiles(directory).map(([name]) => name);
  const calls: string[] = [];
  const begun = small.source.fill(20, target);
  let read = false;
  const reading = begun.then(({ messages }) => {
    read = true;
    return messages;
  });
  directory.onCall = (call, name) => {
    if ((call === 'rename' || call === 'remove') && !read && name === before[0]) calls.push(name);
  };
  await log.logManager.reclaim();
  expect(calls).toEqual([]);
  expect(await reading).toBe(20);
  const after = logFiles(directory).map(([name]) => name);
  expect(before.filter((name) => after.includes(name)).length).toBeLessThan(3);
  const rest = await readSource(small.source);
  expect(rest.map(({ position, body }) => [position, body])).toEqual(
    Array.from({ length: 37 }, (_, i) => [i + 23, `${i + 23}`]),
  );
  await close(log);
});

test('a dead file that gets the number that it had is not taken for what it was, whenever the power goes', async () => {
  const former = new SimulatedDirectory();
  const writer = openWriter(former, { writerNumber: 1 });
  await publish(writer, 1, 0, ['done']);
  await writer.close();
  const name = fileName(1, 0);
  const octets = former.files().get(name);
  if (octets === undefined) throw new Error('nothing was written');
  // Nothing else is left that speaks of its queue, nor of what its writer has numbered.
  const directory = SimulatedDirectory.of(new Map([[`spare-${name}.old`, octets]]));
  const log = await openLog(directory);
  const losses: [Call, SimulatedDirectory][] = [];
  // Names have reached the disk, and of the contents nothing that was not synced.
  directory.onCall = (call) => losses.push([call, directory.powerLoss(() => 0.99)]);
  await publish(log.writer, 2, 0, ['new']);
  directory.onCall = () => undefined;
  expect([...directory.files().keys()]).toContain(name);
  expect(losses.map(([call]) => call)).toContain('rename');
  for (const [call, loss] of losses) {
    const queues = await recoveredQueues(await recover(loss));
    expect(queues.get(1) ?? [], `what is back when the power goes before a ${call}`).toEqual([]);
  }
  await close(log);
});

test('a dead file is written anew, and what it once held is not read again', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  await publishMany(log, 0, 30);
  await ack(log.writer, 1, 0, 30);
  await log.logManager.reclaim();
  const spare = [...directory.files().keys()].find((name) => name.startsWith('spare-'));
  expect(spare).toBeDefined();
  let created = 0;
  directory.onCall = (call) => {
    if (call === 'create') created += 1;
  };
  await publishMany(log, 30, 12);
  expect(created).toBe(0);
  expect(directory.files().has(spare as string)).toBe(false);
  const recovered = await recover(directory.powerLoss(() => 0.1));
  const entries = (await recoveredQueues(recovered)).get(1);
  expect(entries?.map(({ position }) => position)).toEqual([...Array(12).keys()].map((i) => i + 30));
  expect(recovered.report.damaged).toEqual([]);
  await close(log);
});

test('messages of many queues are copied once, with those places that still hold them', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  await fanout(log, 'for many', [10, 11, 12, 13, 14], 3);
  await ack(log.writer, 12, 3, 1);
  await publishMany(log, 0, 40);
  await ack(log.writer, 1, 0, 40);
  await log.logManager.reclaim();
  const recovered = await recover(directory.powerLoss(() => 0.1));
  const queues = await recoveredQueues(recovered);
  const holders = [10, 11, 12, 13, 14].filter((id) => queues.get(id)?.[0]?.body === 'for many');
  expect(holders).toEqual([10, 11, 13, 14]);
  expect(recovered.report.messages).toBe(1);
  await close(log);
});

test('a deleted queue keeps no file, and facts of it that come late count for nothing', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  for (let position = 0; position < 40; position++)
    await fanout(log, 'x'.repeat(1000), [512 + (position % 2)], position);
  log.logManager.deleted(512);
  for (let position = 40; position < 80; position++) await fanout(log, 'x'.repeat(1000), [513], position);
  await ack(log.writer, 512, 0, 5);
  await log.logManager.reclaim();
  expect(logFiles(directory).length).toBeLessThanOrEqual(3);
  await close(log);
});

test('a sparse file whose messages cannot be read any more stays where it is', async () => {
  const directory = new SimulatedDirectory();
  const stuck: string[] = [];
  const log = await openLog(directory, { onStuck: (line) => stuck.push(line) });
  await publishMany(log, 0, 40);
  for (let from = 1; from < 40; from++) await ack(log.writer, 1, from);
  const name = 'w01-0000000000.log';
  directory.flip(name, 4096 + 40 + 200);
  await log.logManager.reclaim();
  await log.logManager.reclaim();
  expect(stuck).toMatchObject([expect.stringContaining(name)]);
  expect(directory.files().has(name)).toBe(true);
  await close(log);
});

test.each([
  TypeError,
  RangeError,
  ReferenceError,
])('a %o while a file is copied is a defect, not a file that stays', async (Mistake) => {
  const directory = new SimulatedDirectory();
  const stuck: string[] = [];
  const log = await openLog(directory, { onStuck: (name) => stuck.push(name) });
  await publishMany(log, 0, 40);
  for (let from = 1; from < 40; from++) await ack(log.writer, 1, from);
  directory.onCall = (call) => {
    if (call === 'read') throw new Mistake('planted');
  };
  await expect(log.logManager.reclaim()).rejects.toThrow(Mistake);
  expect(stuck).toEqual([]);
  directory.onCall = () => undefined;
  await close(log);
});

test.each(['EIO', 'ENOSPC'] as const)('%s at any call while files are cleared away loses nothing', async (code) => {
  for (let failing = 1; ; failing++) {
    const directory = new SimulatedDirectory();
    const log = await openLog(directory);
    await publishMany(log, 0, 40);
    for (let from = 0; from < 40; from++) if (from % 13) await ack(log.writer, 1, from);
    const before = directory.calls;
    let failed = false;
    directory.onCall = () => {
      if (directory.calls - before !== failing) return;
      failed = true;
      throw systemError(code);
    };
    // A failure ends the attempt; the next one begins where things stand.
    await log.logManager.reclaim().catch((error: Error) => expect(error.message).toContain(code));
    directory.onCall = () => undefined;
    const held = (await recoveredQueues(await recover(directory.powerLoss(() => 0.1)))).get(1);
    expect(
      held?.map(({ position }) => position),
      `call ${failing}`,
    ).toEqual([0, 13, 26, 39]);
    await log.logManager.reclaim();
    await close(log);
    const later = (await recoveredQueues(await recover(directory))).get(1);
    expect(
      later?.map(({ position }) => position),
      `call ${failing}, later`,
    ).toEqual([0, 13, 26, 39]);
    if (!failed) break;
  }
});

test('an orderly end writes nothing of queues that stand as they did at the last', async () => {
  const directory = new SimulatedDirectory();
  const first = await openLog(directory);
  for (let queue = 1; queue <= 50; queue++) {
    await publish(first.writer, queue * 256, 0, ['x']);
    await ack(first.writer, queue * 256, 0);
  }
  await closeInOrder(first);
  let before = logFiles(directory).length;
  for (let life = 0; life < 4; life++) {
    const log = await openLog(directory);
    await log.logManager.reclaim();
    await closeInOrder(log);
    expect(logFiles(directory).length).toBeLessThanOrEqual(before);
    before = logFiles(directory).length;
  }
  expect(before).toBe(1);
  expect((await recover(directory)).queues.map(({ next }) => next)).toEqual(Array.from({ length: 50 }, () => 1));
});

test('a queue that changed has its checkpoint written anew, and files before it go for nothing', async () => {
  const directory = new SimulatedDirectory();
  for (let life = 0; life < 6; life++) {
    const log = await openLog(directory);
    await log.logManager.reclaim();
    const [queue] = log.logManager.queues.filter(({ id }) => id === 256);
    expect(queue?.next ?? 0).toBe(life);
    await publish(log.writer, 256, life, ['x']);
    await ack(log.writer, 256, life);
    if (life === 0) {
      for (let other = 2; other <= 50; other++) await publish(log.writer, other * 256, 0, ['stays']);
    }
    await closeInOrder(log);
  }
  const log = await openLog(directory);
  await log.logManager.reclaim();
  expect(logFiles(directory).length).toBeLessThan(5);
  expect(log.logManager.report.messages).toBe(49);
  await closeInOrder(log);
});

test('what was given out is still known when the checkpoint that said so was made anew', async () => {
  const directory = new SimulatedDirectory();
  const first = await openLog(directory);
  await publish(first.writer, 256, 0, ['a', 'b']);
  await closeInOrder(first, new Map([[256, [{ from: 0, count: 1 }]]]));
  const second = await openLog(directory, { waste: { small: 1 << 20, dead: 0 } });
  await publish(second.writer, 512, 0, ['x'.repeat(10_000)]);
  await second.writer.endFile();
  await ack(second.writer, 512, 0);
  await second.logManager.reclaim();
  await closeInOrder(second);
  for (let life = 0; life < 2; life++) {
    const log = await openLog(directory);
    const queue = log.logManager.queues.find(({ id }) => id === 256);
    expect(queue?.delivered).toEqual([{ from: 0, count: 1 }]);
    await closeInOrder(log);
  }
});

test('a checkpoint with many breaks is shared by the files that it lets go', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory, { fileOctets: 256 << 10, breaks: 1 << 20 });
  // Every second of many messages stays: the checkpoint is longer than a file.
  const stay = 6_000;
  const ids = log.writer.takeMessageIds(2 * stay);
  const batch = new BatchBuilder();
  for (let i = 0; i < 2 * stay; i++) batch.message(ids + i, storedMessage(''));
  batch.enqueue(
    256,
    0,
    0,
    Array.from({ length: 2 * stay }, (_, i) => ids + i),
  );
  await log.writer.append(batch);
  for (let i = 0; i < stay; i++) await ack(log.writer, 256, 2 * i);
  const sizes: number[] = [];
  for (let position = 2 * stay; sizes.length < 20; position += 20) {
    await publish(
      log.writer,
      256,
      position,
      Array.from({ length: 20 }, () => 'x'.repeat(800)),
    );
    await ack(log.writer, 256, position, 20);
    await log.logManager.reclaim();
    if (position % 400 === 0) sizes.push(logFiles(directory).length);
  }
  expect(sizes.at(-1)).toBeLessThanOrEqual((sizes[4] as number) + 4);
  await close(log);
});

test('how often a message was given back is known when the files that said so are gone', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  await publish(log.writer, 256, 0, ['stays', 'goes']);
  const batch = new BatchBuilder();
  batch.requeued(
    256,
    new Map([
      [0, 3],
      [1, 5],
    ]),
  );
  await log.writer.append(batch);
  await publishMany(log, 0, 100);
  await ack(log.writer, 1, 0, 100);
  await ack(log.writer, 256, 1);
  const [oldest] = logFiles(directory).map(([name]) => name);
  await log.logManager.reclaim();
  expect(hasFile(directory, oldest)).toBe(false);
  for (let life = 0; life < 3; life++) {
    const { queues } = await recover(directory.powerLoss(() => 0.1));
    const source = queues.find(({ id }) => id === 256)?.source;
    const target = Buffer.alloc(512 << 10);
    expect(await source?.fill(2, target)).toMatchObject({ messages: 1 });
    expect(target.readUInt32LE(4) >>> 8).toBe(3);
    if (life === 0) await closeInOrder(log);
    else await closeInOrder(await openLog(directory));
  }
});

test('a dead file that a long message has made long keeps no more blocks than others', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  await publish(log.writer, 1, 0, ['x'.repeat(100 << 10)]);
  await publishMany(log, 1, 30);
  const longest = Math.max(...logFiles(directory).map(([, { length }]) => length));
  expect(longest).toBeGreaterThan(100 << 10);
  await ack(log.writer, 1, 0, 31);
  const [oldest] = logFiles(directory).map(([name]) => name);
  await log.logManager.reclaim();
  expect(hasFile(directory, oldest)).toBe(false);
  const left = [...directory.files()].filter(([name]) => name.startsWith('spare-'));
  expect(left.map(([name]) => name)).toContain(`spare-${oldest}.old`);
  expect(left.every(([, { length }]) => length <= 16 << 10)).toBe(true);
  // What it once held is not there for whoever writes it anew.
  await publishMany(log, 31, 12);
  const entries = (await recoveredQueues(await recover(directory.powerLoss(() => 0.1)))).get(1);
  expect(entries?.map(({ position }) => position)).toEqual([...Array(12).keys()].map((i) => i + 31));
  await close(log);
});

test('an end does not wait until all that could be cleared away is', async () => {
  const directory = new SimulatedDirectory();
  const log = await openLog(directory);
  await publishMany(log, 0, 200);
  await ack(log.writer, 1, 0, 200);
  await log.writer.close();
  const files = logFiles(directory).length;
  const clearing = log.logManager.reclaim();
  expect(await log.logManager.close(new Map())).toBeNull();
  await clearing;
  expect(logFiles(directory).length).toBeGreaterThan(files / 2);
});
