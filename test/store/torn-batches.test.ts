/**
 * A batch stands or falls as a whole: what was written of one that was never finished is as if it had never been, in
 * this life and in those that follow.
 */
import { expect, test } from 'vitest';
import { FILE_HEAD, RECORD_HEAD, RecordType, spanOf } from '../../dist/log/record-format.js';
import { BatchBuilder } from '../../dist/store/log/batch.js';
import { ack, endFile, openLogManager, openWriter, publish, recover } from './support/logs.js';
import { recoveredQueues, storedMessage } from './support/messages.js';
import { SimulatedDirectory, systemError } from './support/simulated.js';

const FIRST = 'w00-0000000000.log';
const SECOND = 'w00-0000000001.log';
const SECTOR = 512;

interface Written {
  readonly type: number;
  readonly offset: number;
  readonly span: number;
}

/** The records of a file, as far as they follow one another. */
function recordsOf(bytes: Uint8Array): Written[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const records: Written[] = [];
  for (let at = FILE_HEAD; at + RECORD_HEAD <= bytes.length && view.getUint8(at + 4) !== 0; ) {
    const span = spanOf(view.getUint32(at, true));
    records.push({ type: view.getUint8(at + 4), offset: at, span });
    at += span;
  }
  return records;
}

function blanked(directory: SimulatedDirectory, name: string, from: number, to: number): SimulatedDirectory {
  const files = directory.copy().files();
  const bytes = Uint8Array.from(files.get(name) ?? []);
  bytes.fill(0, from, to);
  return SimulatedDirectory.of(new Map(files).set(name, bytes));
}

/** Bodies by queue after a stop that was not in order. */
async function left(directory: SimulatedDirectory): Promise<Record<number, string[]>> {
  const queues = await recoveredQueues(await recover(directory, { clean: false }));
  return Object.fromEntries([...queues].map(([id, entries]) => [id, entries.map(({ body }) => body.slice(0, 8))]));
}

/**
 * A message of queue 1 goes to queue 2, as a dead letter does: copy, place and the end of the old place, written at
 * once.
 */
async function movedLetter(size: number): Promise<SimulatedDirectory> {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  await publish(writer, 1, 0, [`precious${'x'.repeat(size)}`]);
  const batch = new BatchBuilder();
  const id = writer.takeMessageIds(1);
  batch.message(id, storedMessage(`precious${'x'.repeat(size)}`));
  batch.enqueue(2, 0, 1000, [id]);
  batch.ack(1, [{ from: 0, count: 1 }]);
  await writer.append(batch);
  return directory;
}

test('a message that moves is in one of both queues, whatever of the last batch did not arrive', async () => {
  const directory = await movedLetter(5000);
  const bytes = directory.files().get(FIRST) as Uint8Array;
  const records = recordsOf(bytes);
  const begins = (records.filter(({ type }) => type === RecordType.BATCH)[1] as Written).offset;
  const ends = (records.at(-1) as Written).offset + (records.at(-1) as Written).span;
  for (let sector = begins - (begins % SECTOR); sector < ends; sector += SECTOR) {
    const from = Math.max(sector, begins);
    const torn = blanked(directory, FIRST, from, Math.min(sector + SECTOR, ends));
    expect(await left(torn), `without ${from}`).toEqual({ 1: ['precious'] });
    expect(await left(torn), `without ${from}, read again`).toEqual({ 1: ['precious'] });
  }
  for (const { offset, span } of records.filter(({ offset }) => offset >= begins)) {
    const torn = blanked(directory, FIRST, offset, offset + span);
    expect(await left(torn), `without the record at ${offset}`).toEqual({ 1: ['precious'] });
  }
  expect((await left(directory))[2]).toEqual(['precious']);
});

test('a torn batch is cut at its head, and nothing of it is read when the log goes on', async () => {
  const directory = await movedLetter(3000);
  const records = recordsOf(directory.files().get(FIRST) as Uint8Array);
  const copy = records.filter(({ type }) => type === RecordType.MESSAGE)[1] as Written;
  const torn = blanked(directory, FIRST, copy.offset, copy.offset + SECTOR);
  const recovered = await recover(torn, { clean: false });
  const head = (records.filter(({ type }) => type === RecordType.BATCH)[1] as Written).offset;
  expect(recovered.report.damaged).toMatchObject([
    { file: FIRST, offset: copy.offset, kind: 'torn', quarantine: null },
  ]);
  expect(torn.files().get(FIRST)?.length).toBe(head + spanOf(8));
  const writer = openWriter(torn, { start: recovered.start(0) });
  await publish(writer, 1, 1, ['the next']);
  await writer.close();
  expect(await left(torn)).toEqual({ 1: ['precious', 'the next'] });
});

test('a batch that lost its head is not taken for part of the one before it', async () => {
  const directory = await movedLetter(100);
  const records = recordsOf(directory.files().get(FIRST) as Uint8Array);
  const head = records.filter(({ type }) => type === RecordType.BATCH)[1] as Written;
  expect(await left(blanked(directory, FIRST, head.offset, head.offset + 8))).toEqual({ 1: ['precious'] });
});

test('of a damaged batch that others followed, all counts that is whole', async () => {
  const directory = await movedLetter(100);
  const second = openWriter(directory, { start: { file: 1, batch: 2, message: 2 } });
  await publish(second, 3, 0, ['later on']);
  const records = recordsOf(directory.files().get(FIRST) as Uint8Array);
  const copy = records.filter(({ type }) => type === RecordType.MESSAGE)[1] as Written;
  const recovered = await recover(blanked(directory, FIRST, copy.offset, copy.offset + 64), { clean: false });
  expect(recovered.report.damaged).toMatchObject([{ file: FIRST, offset: copy.offset, kind: 'corrupt' }]);
  expect(recovered.report.lost).toEqual([{ queue: 2, position: 0, id: 1 }]);
});

test('a message whose copying was cut short is there after every start that follows', async () => {
  const directory = new SimulatedDirectory();
  const logManager = await openLogManager(directory);
  await publish(logManager.writer, 256, 0, ['precious', ...Array.from({ length: 7 }, () => 'x'.repeat(900))]);
  await ack(logManager.writer, 256, 1, 7);
  await endFile(logManager);
  // The copies are written, the power goes before the places of the last of them are.
  const before = directory.copy();
  await logManager.reclaim();
  const copies = directory.files().get(SECOND) as Uint8Array;
  const records = recordsOf(copies);
  const place = records.find(({ type }) => type === RecordType.ENQUEUE) as Written;
  const torn = SimulatedDirectory.of(
    new Map(before.files()).set(SECOND, Uint8Array.from(copies).fill(0, place.offset)),
  );
  const bodies = async (): Promise<string[]> => {
    const again = await openLogManager(torn);
    const found = await recoveredQueues(again);
    for (let i = 0; i < 3; i++) await again.reclaim();
    expect(await again.close(new Map())).toBe(null);
    return found.get(256)?.map(({ body }) => body) ?? [];
  };
  for (let start = 0; start < 4; start++) expect(await bodies(), `start ${start}`).toEqual(['precious']);
});

test('a batch that the system shows and the disk does not have is written again before anything relies on it', async () => {
  const directory = new SimulatedDirectory();
  const logManager = await openLogManager(directory);
  await publish(logManager.writer, 256, 0, ['precious']);
  await endFile(logManager);
  const [setup] = logManager.setups(1);
  const writer = openWriter(directory, { writerNumber: 1, ...(setup && { start: setup.start }) });
  // Long ones, so that the file is not copied forward.
  await publish(writer, 512, 0, [`another.${'x'.repeat(5000)}`]);
  // Its sync fails, and the process is gone before it can write it elsewhere.
  let kept: SimulatedDirectory | null = null;
  let hasFailed = false;
  directory.onCall = (call) => {
    if (hasFailed) kept ??= directory.kill();
    if (call !== 'sync' || hasFailed) return;
    hasFailed = true;
    throw systemError('EIO');
  };
  const batch = new BatchBuilder();
  const id = writer.takeMessageIds(1);
  batch.message(id, storedMessage(`precious${'x'.repeat(5000)}`));
  batch.enqueue(512, 1, 1000, [id]);
  batch.ack(256, [{ from: 0, count: 1 }]);
  await writer.append(batch);
  if (kept === null) throw new Error('no sync has failed');
  const killed: SimulatedDirectory = kept;
  expect((await left(killed))[512]).toEqual(['another.', 'precious']);
  const again = await openLogManager(killed);
  for (let i = 0; i < 3; i++) await again.reclaim();
  // Nothing that was not synced is left.
  const lost = killed.powerLoss(() => 0);
  const found = Object.values(await left(lost)).flat();
  expect(found.filter((body) => body === 'precious')).toEqual(['precious']);
});
