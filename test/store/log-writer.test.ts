/**
 * What a worker writes comes back: batches, files, numbers, whatever the form of the records.
 */
import { expect, test } from 'vitest';
import type { LogEvent } from '../../dist/log/commit-log.js';
import { fileName, messageId, WORKERS_MAX, WRITER_MESSAGES_MAX, WRITERS_MAX } from '../../dist/log/record-format.js';
import { BatchBuilder } from '../../dist/store/log/batch.js';
import { inFile } from '../../dist/store/log/file-location.js';
import { readCleanShutdownMarker, writeCleanShutdownMarker } from '../../dist/store/recovery/clean-shutdown.js';
import { ack, openLogManager, openWriter, publish, recover } from './support/logs.js';
import { ARRIVAL, recoveredQueues, storedMessage } from './support/messages.js';
import { SimulatedDirectory, systemError } from './support/simulated.js';

const bodies = (entries: { body: string }[] | undefined): string[] => (entries ?? []).map(({ body }) => body);

test('what was appended is recovered in order', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  await publish(writer, 7, 0, ['a', 'b', 'c']);
  await publish(writer, 9, 0, ['x']);
  await publish(writer, 7, 3, ['d']);
  await writer.close();
  const recovered = await recover(directory);
  const queues = await recoveredQueues(recovered);
  expect(bodies(queues.get(7))).toEqual(['a', 'b', 'c', 'd']);
  expect(bodies(queues.get(9))).toEqual(['x']);
  expect(recovered.report).toMatchObject({ messages: 5, damaged: [], missing: [], lost: [] });
  expect(recovered.start(0)).toMatchObject({ batch: 3, message: 5 });
});

test('a message says when it arrived', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  await publish(writer, 7, 0, ['a']);
  await writer.close();
  expect((await recoveredQueues(await recover(directory))).get(7)).toMatchObject([{ arrival: ARRIVAL }]);
});

test('what is done does not come back, and its positions are not given out again', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  await publish(writer, 7, 0, ['a', 'b', 'c']);
  await ack(writer, 7, 1, 2);
  await writer.close();
  const recovered = await recover(directory);
  expect(bodies((await recoveredQueues(recovered)).get(7))).toEqual(['a']);
  expect(recovered.queues[0]?.next).toBe(3);
});

test('a message in many queues is written once', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  const batch = new BatchBuilder();
  const id = writer.takeMessageIds(1);
  batch.message(id, storedMessage('for all'));
  for (let queue = 0; queue < 50; queue++) batch.enqueue(queue, 5, 0, [id]);
  await writer.append(batch);
  await ack(writer, 3, 5);
  await writer.close();
  const recovered = await recover(directory);
  const queues = await recoveredQueues(recovered);
  expect(bodies(queues.get(49))).toEqual(['for all']);
  expect(bodies(queues.get(3))).toEqual([]);
  expect(recovered.report.messages).toBe(1);
});

test('a body of many frames comes back whole', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  const body = 'leveret '.repeat(100_000);
  await publish(writer, 1, 0, ['before', body, 'after']);
  await writer.close();
  expect(bodies((await recoveredQueues(await recover(directory))).get(1))).toEqual(['before', body, 'after']);
});

test('a checkpoint says what is done and what was delivered', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  await publish(writer, 1, 0, ['a', 'b', 'c', 'd']);
  const batch = new BatchBuilder();
  batch.checkpoint({
    queue: 1,
    next: 40,
    done: [
      { from: 0, count: 1 },
      { from: 2, count: 1 },
    ],
    delivered: [{ from: 1, count: 1 }],
    requeues: new Map(),
  });
  await writer.append(batch);
  await writer.close();
  const recovered = await recover(directory);
  expect((await recoveredQueues(recovered)).get(1)).toMatchObject([
    { position: 1, body: 'b', delivered: true },
    { position: 3, body: 'd', delivered: false },
  ]);
  expect(recovered.queues[0]?.next).toBe(40);
});

test('queues that are not defined any more do not come back, nor do their priorities', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  await publish(writer, 256, 0, ['a']);
  await publish(writer, 512, 0, ['x']);
  await publish(writer, 515, 0, ['y']);
  await writer.close();
  const logManager = await openLogManager(directory, { exists: (queue) => queue === 512 });
  expect(logManager.queues.map(({ id }) => id)).toEqual([512, 515]);
  expect(logManager.setups(1)).toMatchObject([{ start: { file: 0, batch: 0, message: 0 } }]);
  await logManager.close(null);
});

test('messages that did not arrive one after the other keep their places', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  const batch = new BatchBuilder();
  const first = writer.takeMessageIds(4);
  for (let i = 0; i < 4; i++) batch.message(first + i, storedMessage(`m${i}`));
  batch.enqueue(1, 0, 0, [first, first + 2]);
  batch.enqueue(2, 0, 0, [first + 3, first + 1], true);
  await writer.append(batch);
  await writer.close();
  const queues = await recoveredQueues(await recover(directory));
  expect(bodies(queues.get(1))).toEqual(['m0', 'm2']);
  expect(queues.get(2)).toMatchObject([
    { position: 0, body: 'm3', delivered: true },
    { position: 1, body: 'm1', delivered: true },
  ]);
});

test('what is appended while a batch is written goes together by one sync', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  await publish(writer, 1, 0, ['first']);
  let syncs = 0;
  directory.onCall = (call) => {
    if (call === 'sync') syncs += 1;
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => publish(writer, 1, i + 1, [`m${i}`])));
  expect(syncs).toBeLessThanOrEqual(2);
  await writer.close();
});

test('logs of several workers are put together by position', async () => {
  const directory = new SimulatedDirectory();
  const one = openWriter(directory);
  const two = openWriter(directory, { writerNumber: 1 });
  for (let i = 0; i < 10; i++) await publish(i % 2 ? one : two, 1, i, [`m${i}`]);
  await ack(one, 1, 0);
  await ack(two, 1, 9);
  await Promise.all([one.close(), two.close()]);
  const queues = await recoveredQueues(await recover(directory));
  expect(bodies(queues.get(1))).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8']);
});

test('no two writers have a number in common', () => {
  const firsts = Array.from({ length: WRITERS_MAX }, (_, writer) => messageId(writer, 0)).sort((a, b) => a - b);
  const ends = firsts.map((first) => first + WRITER_MESSAGES_MAX);
  expect(firsts.slice(1).every((first, i) => first >= (ends[i] as number))).toBe(true);
  expect(ends.every((end) => Number.isSafeInteger(end - 1))).toBe(true);
  // As they always were.
  expect(Array.from({ length: 64 }, (_, writer) => messageId(writer, 5))).toEqual(
    Array.from({ length: 64 }, (_, writer) => writer * 2 ** 47 + 5),
  );
});

test('the last worker that a broker can have keeps a log', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory, { writerNumber: WORKERS_MAX });
  await publish(writer, 1, 0, ['a', 'b']);
  await writer.close();
  const recovered = await recover(directory);
  expect(bodies((await recoveredQueues(recovered)).get(1))).toEqual(['a', 'b']);
  expect(recovered.start(WORKERS_MAX)).toMatchObject({ batch: 1, message: 2 });
});

test('the clean-shutdown marker tells where the files of every writer end', async () => {
  const directory = new SimulatedDirectory();
  const ends = new Map([0, 1, 64, WORKERS_MAX].map((writer, i) => [fileName(writer, i), 4096 + i]));
  await writeCleanShutdownMarker(directory, ends);
  expect(await readCleanShutdownMarker(directory)).toEqual(ends);
});

test('files are begun anew at a size, and all of them are read', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  for (let i = 0; i < 50; i++) await publish(writer, 1, i, [`${i}:${'x'.repeat(4000)}`]);
  await writer.close();
  expect(directory.files().size).toBeGreaterThan(5);
  const recovered = await recover(directory);
  expect(bodies((await recoveredQueues(recovered)).get(1)).map(Number.parseFloat)).toEqual([...Array(50).keys()]);
  expect(recovered.report.damaged).toEqual([]);
});

test('a writer goes on where it stopped', async () => {
  const directory = new SimulatedDirectory();
  for (let run = 0; run < 5; run++) {
    const recovered = await recover(directory);
    const writer = openWriter(directory, { start: recovered.start(0) });
    await publish(writer, 1, run, [`run ${run}`]);
    await writer.close();
  }
  const recovered = await recover(directory);
  expect(bodies((await recoveredQueues(recovered)).get(1))).toEqual(['run 0', 'run 1', 'run 2', 'run 3', 'run 4']);
  expect(recovered.start(0)).toMatchObject({ batch: 5, message: 5 });
});

test.each([
  ['EIO', 'a busy'],
  ['ENOSPC', 'a busy'],
  ['EIO', 'a calm'],
  ['ENOSPC', 'a calm'],
] as const)('%s at any call of %s thread loses nothing, and nothing is promised too early', async (code, thread) => {
  for (let failing = 1; ; failing++) {
    const directory = new SimulatedDirectory();
    const told: string[] = [];
    const calm = (): boolean => thread === 'a calm';
    const writer = openWriter(directory, { calm, onHealth: ({ state }) => told.push(state) });
    let failed = false;
    directory.onCall = () => {
      if (directory.calls !== failing) return;
      failed = true;
      throw systemError(code);
    };
    for (let i = 0; i < 12; i++) {
      await publish(writer, 1, i, [`${i}:${'x'.repeat(4000)}`]);
      const promised = await recoveredQueues(await recover(directory.powerLoss(() => 0.1)));
      expect(bodies(promised.get(1)).map(Number.parseFloat), `call ${failing}`).toEqual([...Array(i + 1).keys()]);
    }
    await writer.close().catch(() => undefined);
    if (!failed) break;
    expect(told.every((state, i) => state === (i % 2 ? 'ok' : code === 'ENOSPC' ? 'full' : 'failing'))).toBe(true);
  }
});

test.each(['write', 'sync'] as const)('a file is not written to again after a failed %s', async (failing) => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  await publish(writer, 1, 0, ['a']);
  const first = [...directory.files().keys()][0];
  const later: string[] = [];
  let failed = false;
  directory.onCall = (call, name) => {
    if (failed && call === 'write' && name === first) later.push(name);
    if (failed || call !== failing || name !== first) return;
    failed = true;
    throw systemError('EIO');
  };
  for (let i = 1; i < 5; i++) await publish(writer, 1, i, [`${i}`]);
  expect(failed).toBe(true);
  expect(later).toEqual([]);
  await writer.close();
  expect(bodies((await recoveredQueues(await recover(directory))).get(1))).toEqual(['a', '1', '2', '3', '4']);
});

test('a calm thread waits itself for messages to be written, and not for acks', async () => {
  const directory = new SimulatedDirectory();
  let isCalm = false;
  const writer = openWriter(directory, { calm: () => isCalm });
  await publish(writer, 1, 0, ['a', 'b']);
  expect(directory.waits).toBe(0);
  isCalm = true;
  await publish(writer, 1, 2, ['c']);
  expect(directory.waits).toBe(1);
  await ack(writer, 1, 0);
  expect(directory.waits).toBe(1);
  await publish(writer, 1, 3, ['x'.repeat(20_000)]);
  expect(directory.waits, 'much takes long').toBe(1);
  isCalm = false;
  await publish(writer, 1, 4, ['e']);
  expect(directory.waits).toBe(1);
  await writer.close();
  const recovered = await recover(directory);
  expect(bodies((await recoveredQueues(recovered)).get(1)).map((body) => body[0])).toEqual(['b', 'c', 'x', 'e']);
});

test('a calm writer gives its file blocks ahead of what comes, now and then', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory, { calm: () => true, fileOctets: 4 << 20 });
  let writes = 0;
  directory.onCall = (call) => {
    if (call === 'write') writes += 1;
  };
  await publish(writer, 1, 0, ['a']);
  await writer.sync();
  expect(writes, 'the head of the file, the message, blocks').toBe(3);
  writes = 0;
  for (let i = 1; i <= 60; i++) await publish(writer, 1, i, ['x'.repeat(10_000)]);
  await writer.sync();
  expect(writes, 'the messages, and blocks once more').toBe(61);
  await writer.close();
  expect((await recoveredQueues(await recover(directory))).get(1)).toHaveLength(61);
});

test('a file goes on when there is no space for blocks ahead', async () => {
  const directory = new SimulatedDirectory();
  const told: string[] = [];
  const writer = openWriter(directory, {
    calm: () => true,
    fileOctets: 4 << 20,
    onHealth: ({ state }) => told.push(state),
  });
  let writes = 0;
  directory.onCall = (call) => {
    if (call === 'write' && ++writes === 3) throw systemError('ENOSPC');
  };
  for (let i = 0; i < 20; i++) {
    await publish(writer, 1, i, ['x'.repeat(10_000)]);
    await writer.sync();
  }
  expect(directory.files().size).toBe(1);
  expect(writes, 'the head of the file, the first message, the blocks, the others').toBe(22);
  expect(told).toEqual([]);
  await writer.close();
  expect((await recoveredQueues(await recover(directory))).get(1)).toHaveLength(20);
});

test('what a calm thread could not write goes to another file, and what comes at once after it', async () => {
  const directory = new SimulatedDirectory();
  const told: string[] = [];
  const writer = openWriter(directory, { calm: () => true, onHealth: ({ state }) => told.push(state) });
  await publish(writer, 1, 0, ['a']);
  await writer.sync();
  directory.onCall = (call) => {
    if (call !== 'sync') return;
    directory.onCall = () => undefined;
    throw systemError('EIO');
  };
  await Promise.all([publish(writer, 1, 1, ['b']), publish(writer, 1, 2, ['c'])]);
  expect(told).toEqual(['failing', 'ok']);
  await writer.close();
  expect(bodies((await recoveredQueues(await recover(directory.powerLoss(() => 0)))).get(1))).toEqual(['a', 'b', 'c']);
});

test('a thread does not wait again for a disk that was slow', async () => {
  const directory = new SimulatedDirectory();
  let time = 0;
  const writer = openWriter(directory, { calm: () => true, stopwatch: () => time });
  await publish(writer, 1, 0, ['a']);
  await writer.sync();
  await publish(writer, 1, 1, ['b']);
  expect(directory.waits).toBe(1);
  directory.onCall = (call) => {
    if (call === 'sync') time += 3;
  };
  await publish(writer, 1, 2, ['c']);
  expect(directory.waits).toBe(2);
  directory.onCall = () => undefined;
  await publish(writer, 1, 3, ['d']);
  expect(directory.waits).toBe(2);
  await writer.sync();
  await publish(writer, 1, 4, ['e']);
  expect(directory.waits, 'it is fast again').toBe(3);
  await writer.close();
});

test('a file is ended when that is asked for, and what comes meanwhile goes to the next one', async () => {
  const directory = new SimulatedDirectory();
  const events: LogEvent[] = [];
  const writer = openWriter(directory, { onEvent: (event) => events.push(event) });
  await writer.endFile();
  expect(directory.files().size).toBe(0);
  await publish(writer, 1, 0, ['before']);
  await writer.sync();
  const rotated = writer.endFile();
  const meanwhile = publish(writer, 1, 1, ['meanwhile']);
  await Promise.all([rotated, meanwhile, writer.endFile()]);
  await publish(writer, 1, 2, ['after']);
  const files = events.map((event) => (event.type === 'passed' ? '' : `${event.type} ${inFile(event.location).file}`));
  expect(files).toEqual(['placed 0', 'closed 0', 'placed 1', 'closed 1', 'placed 2']);
  const recovered = await recover(directory.powerLoss(() => 0.1));
  expect(bodies((await recoveredQueues(recovered)).get(1))).toEqual(['before', 'meanwhile', 'after']);
  expect(recovered.report.damaged).toEqual([]);
  await writer.close();
});

test('a file that cannot be ended is given up, and nothing of it is lost', async () => {
  const directory = new SimulatedDirectory();
  const events: LogEvent[] = [];
  const writer = openWriter(directory, { onEvent: (event) => events.push(event) });
  await publish(writer, 1, 0, ['before']);
  directory.onCall = (call) => {
    if (call !== 'write') return;
    directory.onCall = () => undefined;
    throw systemError('EIO');
  };
  await writer.endFile();
  await publish(writer, 1, 1, ['after']);
  const closed = expect.objectContaining({ file: 0 });
  expect(events).toContainEqual({ type: 'closed', location: closed, failed: true });
  const recovered = await recover(directory.powerLoss(() => 0.1));
  expect(bodies((await recoveredQueues(recovered)).get(1))).toEqual(['before', 'after']);
  await writer.close();
});

test('a full disk is told, and the log goes on when there is space', async () => {
  const directory = new SimulatedDirectory();
  const told: string[] = [];
  let full = true;
  let resume = (): void => undefined;
  const writer = openWriter(directory, {
    onHealth: ({ state }) => told.push(state),
    pause: () =>
      new Promise((resolve) => {
        resume = resolve;
      }),
  });
  await publish(writer, 1, 0, ['a']);
  const paused = new Promise<void>((resolve) => {
    directory.onCall = (call) => {
      if (full && (call === 'write' || call === 'create')) {
        queueMicrotask(resolve);
        throw systemError('ENOSPC');
      }
    };
  });
  let done = false;
  const waiting = publish(writer, 1, 1, ['b']).then(() => {
    done = true;
  });
  await paused;
  expect(done).toBe(false);
  full = false;
  await expect.poll(() => told).toEqual(['full']);
  resume();
  writer.retry();
  await waiting;
  expect(told).toEqual(['full', 'ok']);
  await writer.close();
  expect(bodies((await recoveredQueues(await recover(directory))).get(1))).toEqual(['a', 'b']);
});

test('os waits for the write and for no sync', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory, { durability: 'os' });
  await publish(writer, 1, 0, ['a']);
  const calls: string[] = [];
  directory.onCall = (call) => calls.push(call);
  await publish(writer, 1, 1, ['b']);
  expect(calls).toEqual(['write']);
  await writer.sync();
  expect(bodies((await recoveredQueues(await recover(directory.powerLoss(() => 0.1)))).get(1))).toEqual(['a', 'b']);
  await writer.close();
});

test('none waits for nothing, and writes all the same', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory, { durability: 'none', pause: () => new Promise(() => undefined) });
  directory.onCall = (call) => {
    if (call === 'create') throw systemError('ENOSPC');
  };
  await publish(writer, 1, 0, ['a']);
  await expect.poll(() => writer.health.state).toBe('full');
  directory.onCall = () => undefined;
  writer.retry();
  await writer.close();
  expect(bodies((await recoveredQueues(await recover(directory.powerLoss(() => 0.1)))).get(1))).toEqual(['a']);
});

test('what waits when the log is closed is written, and what comes later is refused', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  const appended = [0, 1, 2].map((i) => publish(writer, 1, i, [`m${i}`]));
  await writer.close();
  await Promise.all(appended);
  await expect(publish(writer, 1, 3, ['late'])).rejects.toThrow('the log is closed');
  expect(bodies((await recoveredQueues(await recover(directory))).get(1))).toEqual(['m0', 'm1', 'm2']);
});

test('a log that cannot be written when it is closed says so, and promised nothing', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  await publish(writer, 1, 0, ['a']);
  directory.onCall = (call) => {
    if (call === 'write') throw systemError('EIO');
  };
  const refused = expect(publish(writer, 1, 1, ['b'])).rejects.toThrow('EIO');
  await writer.close();
  await refused;
  directory.onCall = () => undefined;
  expect(bodies((await recoveredQueues(await recover(directory.powerLoss(() => 0.1)))).get(1))).toContain('a');
});

test('when a batch cannot be written at the end, none behind it is', async () => {
  const directory = new SimulatedDirectory();
  const events: string[] = [];
  const writer = openWriter(directory, { onEvent: ({ type }) => events.push(type) });
  let full = true;
  directory.onCall = (call) => {
    if (full && call === 'create') {
      full = false;
      throw systemError('ENOSPC');
    }
  };
  const appended = ['a', 'b', 'c'].map((body, i) => publish(writer, 1, i, [body.repeat(5 << 20)]));
  const outcomes = Promise.allSettled(appended);
  await writer.close().catch(() => undefined);
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(events).toEqual([]);
});

test('a barrier is passed when all that was appended before it has been told', async () => {
  const directory = new SimulatedDirectory();
  const told: string[] = [];
  const writer = openWriter(directory, {
    onEvent: (event) => told.push(event.type === 'passed' ? `barrier ${event.barrier}` : event.type),
  });
  writer.barrier(1);
  const one = publish(writer, 1, 0, ['a']);
  writer.barrier(2);
  const two = publish(writer, 1, 1, ['b']);
  writer.barrier(3);
  await Promise.all([one, two]);
  await writer.close();
  expect(told).toEqual(['barrier 1', 'placed', 'barrier 2', 'placed', 'barrier 3', 'closed']);
});

test('recovery says how far it is', async () => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  for (let i = 0; i < 30; i++) await publish(writer, 1, i, ['x'.repeat(4000)]);
  await writer.close();
  const told: { octets: number; messages: number; secondsLeft: number }[] = [];
  const recovered = await recover(directory, { onProgress: (progress) => told.push({ ...progress }) });
  expect(told.length).toBe(recovered.report.files);
  expect(told.at(-1)).toMatchObject({ messages: 30 });
  told.slice(1).forEach(({ octets, secondsLeft }, i) => {
    expect(octets).toBeGreaterThan(told[i]?.octets ?? 0);
    expect(secondsLeft).toBeGreaterThanOrEqual(0);
  });
});

test.each([
  'os',
  'none',
] as const)('with %s, a log of which an earlier file could not be synced does not end in order', async (durability) => {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory, { durability, fileOctets: 10 << 10 });
  let failed = false;
  await publish(writer, 1, 0, ['a']);
  await writer.sync();
  directory.onCall = (call, name) => {
    if (failed || call !== 'sync' || !name.endsWith('0000000000.log')) return;
    failed = true;
    throw systemError('EIO');
  };
  for (let i = 1; i < 15; i++) await publish(writer, 1, i, ['x'.repeat(1000)]);
  await expect(writer.close()).rejects.toThrow('EIO');
  expect(failed).toBe(true);
});
