/**
 * Starts that are refused: a device that does not give all of a file, messages of queues that the definitions do not
 * know. What must hold: nothing is changed by one, the clean-shutdown marker neither; the owner is told what it is
 * about, and may go on without it.
 */
import { expect, test } from 'vitest';
import { BLOCK_OCTETS } from '../../dist/store/log/careful-file.js';
import type { LogManager } from '../../dist/store/log-manager.js';
import { readCleanShutdownMarker } from '../../dist/store/recovery/clean-shutdown.js';
import { inspectLogs } from '../../dist/store/recovery/inspect.js';
import {
  ack,
  type ManagerOptions,
  openLogManager,
  publish,
  readLog,
  recover,
  reportOf,
  scanner,
} from './support/logs.js';
import { recoveredQueues } from './support/messages.js';
import { SimulatedDirectory } from './support/simulated.js';

const FIRST = 'w00-0000000000.log';
const QUEUE = 256;

function reopen(log: SimulatedDirectory, options: ManagerOptions = {}): Promise<LogManager> {
  return readLog(log, { fileOctets: 64 << 10, ...options });
}

/** Three messages, each in a block of its own, one of them given out before; the log was ended in order. */
async function ended(): Promise<SimulatedDirectory> {
  const directory = new SimulatedDirectory();
  const logManager = await openLogManager(directory, { fileOctets: 64 << 10 });
  for (let i = 0; i < 3; i++) await publish(logManager.writer, QUEUE, i, [`${i}${'x'.repeat(2 * BLOCK_OCTETS)}`]);
  await logManager.close(new Map([[QUEUE, [{ from: 1, count: 1 }]]]));
  return directory;
}

async function seen(logManager: LogManager): Promise<[string | undefined, boolean][]> {
  const entries = (await recoveredQueues(logManager)).get(QUEUE) ?? [];
  return entries.map(({ body, delivered }) => [body[0], delivered]);
}

/** The files as they are, whatever objects hold them. */
function snapshot(directory: SimulatedDirectory): Map<string, string> {
  return new Map([...directory.files()].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]));
}

test('a block that cannot be read is named, and a start that it ends changes nothing', async () => {
  const directory = await ended();
  const at = 5 * BLOCK_OCTETS;
  const before = snapshot(directory);
  directory.lose(FIRST, at, at + BLOCK_OCTETS);
  await expect(reopen(directory)).rejects.toThrow(
    `log file ${FIRST} cannot be read at ${at} (EIO: simulated); --skip-unreadable starts without what lies there`,
  );
  expect(snapshot(directory)).toEqual(before);
  const healed = await reopen(SimulatedDirectory.of(directory.files()));
  expect(healed.clean).toBe(true);
  expect(await seen(healed)).toEqual([
    ['0', false],
    ['1', true],
    ['2', false],
  ]);
});

test('what cannot be read is found by an inspection, as damage', async () => {
  const directory = await ended();
  directory.lose(FIRST, 4 * BLOCK_OCTETS, 5 * BLOCK_OCTETS);
  const before = snapshot(directory);
  const { files, lost } = await inspectLogs(directory, () => true, scanner);
  expect(files[0]?.damages).toMatchObject([expect.stringMatching(/^damaged: \d+ octets at \d+$/)]);
  expect(lost).toBe(1);
  expect(snapshot(directory)).toEqual(before);
});

test('what cannot be read is stepped over where the owner says so, set aside and reported once', async () => {
  const directory = await ended();
  directory.lose(FIRST, 4 * BLOCK_OCTETS, 5 * BLOCK_OCTETS);
  const logManager = await reopen(directory, { skipUnreadable: true });
  expect(await seen(logManager)).toEqual([
    ['0', false],
    ['2', false],
  ]);
  expect(reportOf(logManager).damaged).toMatchObject([{ file: FIRST, kind: 'corrupt' }]);
  expect(reportOf(logManager).lost).toMatchObject([{ queue: QUEUE, position: 1 }]);
  const quarantine = reportOf(logManager).damaged[0]?.quarantine ?? '';
  expect(directory.files().get(quarantine)?.length).toBeGreaterThan(2 * BLOCK_OCTETS);
  expect(reportOf(await reopen(directory)).damaged).toEqual([]);
});

test('a block in the last batch that cannot be read does not make it one that was never finished', async () => {
  const directory = new SimulatedDirectory();
  const logManager = await openLogManager(directory, { fileOctets: 64 << 10 });
  await publish(logManager.writer, QUEUE, 0, ['kept', 'y'.repeat(3 * BLOCK_OCTETS)]);
  directory.lose(FIRST, 2 * BLOCK_OCTETS, 3 * BLOCK_OCTETS);
  const again = await reopen(directory, { skipUnreadable: true });
  expect(await seen(again)).toEqual([['k', true]]);
  expect(reportOf(again).lost).toMatchObject([{ queue: QUEUE, position: 1 }]);
});

test('a file whose head cannot be read is set aside, where the owner says so', async () => {
  const directory = await ended();
  directory.lose(FIRST, 0, BLOCK_OCTETS);
  await expect(reopen(directory)).rejects.toThrow(`log file ${FIRST} cannot be read at 0`);
  const logManager = await reopen(directory, { skipUnreadable: true });
  expect(reportOf(logManager).damaged).toMatchObject([
    { file: FIRST, kind: 'head', quarantine: `${FIRST}.quarantine` },
  ]);
});

test('what was set aside before is not overwritten', async () => {
  const directory = await ended();
  directory.flip(FIRST, 5000);
  directory.flip(FIRST, 25);
  directory.flip(FIRST, 2048 + 25);
  await recover(directory);
  const first = directory.files().get(`${FIRST}.quarantine`);
  const logManager = await openLogManager(directory);
  await publish(logManager.writer, QUEUE, 3, ['3']);
  directory.flip(FIRST, 25);
  directory.flip(FIRST, 2048 + 25);
  await recover(directory);
  expect(directory.files().get(`${FIRST}.quarantine`)).toEqual(first);
  expect(directory.files().has(`${FIRST}.2.quarantine`)).toBe(true);
});

test('messages of queues that the definitions never gave out keep the log from being opened, and from being changed', async () => {
  const directory = await ended();
  const before = snapshot(directory);
  const forgotten = { exists: () => false, isUnknown: (queue: number) => queue >= QUEUE };
  await expect(reopen(directory, forgotten)).rejects.toThrow(
    'the log holds 3 messages of 1 queues that the definitions do not know: put the definitions back that ' +
      'belong to it, or let these messages go with --drop-unknown-queues',
  );
  expect(snapshot(directory)).toEqual(before);
  const dropping = await reopen(directory, { ...forgotten, dropUnknown: true });
  expect(dropping.report.unknown).toEqual({ queues: 1, messages: 3 });
  expect(dropping.highestQueue).toBe(QUEUE);
  expect(dropping.queues).toEqual([]);
});

test('queues that were deleted, and unknown ones without messages, are no reason to refuse', async () => {
  const directory = new SimulatedDirectory();
  const logManager = await openLogManager(directory);
  await publish(logManager.writer, QUEUE, 0, ['deleted']);
  await publish(logManager.writer, 2 * QUEUE, 0, ['taken']);
  await ack(logManager.writer, 2 * QUEUE, 0);
  await logManager.close(new Map());
  const again = await reopen(directory, { exists: () => false, isUnknown: (queue) => queue >= 2 * QUEUE });
  expect(again.report.unknown).toEqual({ queues: 0, messages: 0 });
  expect(again.highestQueue).toBe(2 * QUEUE);
});

test('a start that fails after the log was read leaves it as it was found', async () => {
  const directory = await ended();
  const before = snapshot(directory);
  await (await reopen(directory)).abandon(true);
  expect(snapshot(directory)).toEqual(before);
  const begun = await reopen(directory, { reclaimMs: 1 });
  await begun.begin();
  // However long it takes.
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await readCleanShutdownMarker(directory)).toBe(null);
  await begun.abandon(true);
  expect(snapshot(directory)).toEqual(before);
});

test('a start that fails vouches for nothing that it could not write', async () => {
  const directory = await ended();
  const logManager = await reopen(directory);
  await logManager.begin();
  await publish(logManager.writer, QUEUE, 3, ['3']);
  await logManager.abandon(false);
  expect(await readCleanShutdownMarker(directory)).toBe(null);
  const again = await reopen(directory);
  expect((await seen(again)).map(([body]) => body)).toEqual(['0', '1', '2', '3']);
});
