/**
 * Files that were changed behind the broker's back: bytes flipped at every kind of place, files cut short. What is
 * whole is recovered, what is not is reported with its place and kept aside.
 */
import { expect, test } from 'vitest';
import { FILE_HEAD, LOG_FORMAT, RecordType } from '../../dist/log/record-format.js';
import { BatchBuilder } from '../../dist/store/log/batch.js';
import { decodeHead } from '../../dist/store/log/file-head.js';
import type { Recovered } from '../../dist/store/recovery/recovery.js';
import { ack, openWriter, publish, recover, scanner } from './support/logs.js';
import { recoveredQueues, storedMessage } from './support/messages.js';
import { SimulatedDirectory, systemError } from './support/simulated.js';

const MESSAGES = 12;
const FIRST = 'w00-0000000000.log';

interface Place {
  readonly type: number;
  readonly offset: number;
  readonly span: number;
  readonly length: number;
}

/** A log of one message a batch in several files, and where its records lie. */
async function written(): Promise<{ files: Map<string, Uint8Array>; places: Map<string, Place[]> }> {
  const directory = new SimulatedDirectory();
  const writer = openWriter(directory, { fileOctets: 10 << 10 });
  for (let i = 0; i < MESSAGES; i++) await publish(writer, 1, i, [`${i}:${'x'.repeat(1000)}`]);
  await writer.close();
  const files = directory.files();
  const places = new Map<string, Place[]>();
  for (const [name, bytes] of files) places.set(name, await placesIn(directory, name, bytes));
  return { files, places };
}

async function placesIn(directory: SimulatedDirectory, name: string, bytes: Uint8Array): Promise<Place[]> {
  const head = decodeHead(bytes)?.head;
  if (head === undefined) throw new Error('no head');
  const places: Place[] = [];
  const file = await directory.open(name);
  const nothing = (): void => undefined;
  const take = ({ type, offset, span, length }: Place): void => {
    places.push({ type, offset, span, length });
  };
  await scanner.scan(file, head.seed, { take, commit: nothing, suspend: nothing, keep: nothing });
  return places;
}

function endOf(records: readonly Place[]): number {
  const { offset, span } = records.at(-1) as Place;
  return offset + span;
}

function changed(
  files: Map<string, Uint8Array>,
  name: string,
  change: (bytes: Uint8Array) => Uint8Array,
): SimulatedDirectory {
  const copy = Uint8Array.from(files.get(name) ?? []);
  return SimulatedDirectory.of(new Map(files).set(name, change(copy)));
}

function flipped(files: Map<string, Uint8Array>, name: string, ...offsets: number[]): SimulatedDirectory {
  return changed(files, name, (bytes) => {
    for (const offset of offsets) bytes[offset] = (bytes[offset] ?? 0) ^ 0x40;
    return bytes;
  });
}

async function numbers(recovered: Recovered): Promise<number[]> {
  return ((await recoveredQueues(recovered)).get(1) ?? []).map(({ body }) => Number.parseFloat(body));
}

test('a flipped byte costs the record that it is in, and nothing else', async () => {
  const { files, places } = await written();
  const ends = new Map([...places].map(([name, records]) => [name, endOf(records)]));
  let message = -1;
  for (const [name, records] of places) {
    for (const { type, offset, span, length } of records) {
      if (type === RecordType.MESSAGE) message += 1;
      const inRecord = [0, 1, 3, 4, 5, 6, 7, 8, 15, 16, 17, 40, 16 + (length >> 1), 16 + length - 1];
      for (const at of inRecord.filter((at) => at < 16 + length)) {
        const where = `${name}, ${at} octets into the record of type ${type} at ${offset}`;
        const recovered = await recover(flipped(files, name, offset + at), { ends });
        const costs = type === RecordType.MESSAGE || type === RecordType.ENQUEUE ? [message] : [];
        const expected = [...Array(MESSAGES).keys()].filter((i) => !costs.includes(i));
        expect(await numbers(recovered), where).toEqual(expected);
        expect(recovered.report.damaged, where).toMatchObject([{ file: name, offset, octets: span }]);
      }
    }
  }
});

test('damage in the middle is kept aside, reported once, and the message named', async () => {
  const { files, places } = await written();
  const place = places.get(FIRST)?.find(({ type }) => type === RecordType.MESSAGE) as Place;
  const directory = flipped(files, FIRST, place.offset + 200);
  const first = await recover(directory);
  const quarantine = `${FIRST}.${place.offset}.quarantine`;
  expect(first.report.damaged).toEqual([
    { file: FIRST, offset: place.offset, octets: place.span, kind: 'corrupt', quarantine },
  ]);
  expect(first.report.lost).toMatchObject([{ queue: 1, position: 0 }]);
  const kept = directory.files().get(quarantine);
  expect(kept).toEqual(
    flipped(files, FIRST, place.offset + 200)
      .files()
      .get(FIRST)
      ?.slice(place.offset, place.offset + place.span),
  );
  const second = await recover(directory);
  expect(second.report.damaged).toEqual([]);
  expect(await numbers(second)).toEqual(await numbers(first));
});

test('damage over several records costs those records', async () => {
  const { files, places } = await written();
  const records = places.get(FIRST) as Place[];
  const messages = records.filter(({ type }) => type === RecordType.MESSAGE);
  const from = messages[1] as Place;
  const to = messages[3] as Place;
  const recovered = await recover(changed(files, FIRST, (bytes) => bytes.fill(0xa5, from.offset + 8, to.offset + 8)));
  expect(await numbers(recovered)).toEqual([0, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(recovered.report.damaged).toMatchObject([{ offset: from.offset, kind: 'corrupt' }]);
});

test('one copy of a file’s head is enough; without both the file is set aside and the others are read', async () => {
  const { files } = await written();
  const one = flipped(files, FIRST, 25);
  expect((await numbers(await recover(one))).length).toBe(MESSAGES);
  expect(decodeHead(one.files().get(FIRST) as Uint8Array)?.damaged).toBe(false);
  const none = flipped(files, FIRST, 25, 2048 + 25);
  const recovered = await recover(none);
  expect(recovered.report.damaged).toMatchObject([{ file: FIRST, kind: 'head', quarantine: `${FIRST}.quarantine` }]);
  expect((await numbers(recovered)).at(-1)).toBe(MESSAGES - 1);
  expect(none.files().get(`${FIRST}.quarantine`)?.length).toBe(files.get(FIRST)?.length);
});

test('a file that was cut short gives what is left, and says that something is missing', async () => {
  const { files, places } = await written();
  const records = places.get(FIRST) as Place[];
  const enqueues = records.filter(({ type }) => type === RecordType.ENQUEUE);
  const seal = records.at(-1) as Place;
  for (let octets = FILE_HEAD; octets < seal.offset; octets += 97) {
    const recovered = await recover(changed(files, FIRST, (bytes) => bytes.slice(0, octets)));
    const left = enqueues.filter(({ offset, span }) => offset + span <= octets).length;
    const seen = await numbers(recovered);
    expect(seen, `cut at ${octets}`).toEqual(
      [...Array(MESSAGES).keys()].filter((i) => i < left || i >= enqueues.length),
    );
    const { damaged, missing } = recovered.report;
    expect(damaged.some(({ kind }) => kind === 'corrupt') || missing.length > 0, `cut at ${octets}`).toBe(true);
  }
});

test('the torn tail of the last file is cut, and reported as such', async () => {
  const { files, places } = await written();
  const [name, records] = [...places].at(-1) as [string, Place[]];
  const last = records.filter(({ type }) => type === RecordType.ENQUEUE).at(-1) as Place;
  const directory = changed(files, name, (bytes) => bytes.slice(0, last.offset + 5));
  const recovered = await recover(directory);
  expect(recovered.report.damaged).toMatchObject([{ file: name, offset: last.offset, kind: 'torn', quarantine: null }]);
  expect((await numbers(recovered)).length).toBe(MESSAGES - 1);
  expect((await recover(directory)).report.damaged).toEqual([]);
});

test('records in the body of a damaged message are not taken for records', async () => {
  const inner = new SimulatedDirectory();
  const innerWriter = openWriter(inner);
  await publish(innerWriter, 1, 0, ['not for us']);
  await ack(innerWriter, 1, 0, 1000);
  await innerWriter.close();
  const log = (inner.files().get(FIRST) as Uint8Array).subarray(FILE_HEAD);

  const directory = new SimulatedDirectory();
  const writer = openWriter(directory);
  await publish(writer, 1, 0, ['0']);
  const batch = new BatchBuilder();
  const id = writer.takeMessageIds(1);
  batch.message(id, storedMessage(log));
  batch.enqueue(1, 1, 0, [id]);
  await writer.append(batch);
  await publish(writer, 1, 2, ['2']);
  await writer.close();
  const places = await placesIn(directory, FIRST, directory.files().get(FIRST) as Uint8Array);
  const outer = places.filter(({ type }) => type === RecordType.MESSAGE)[1] as Place;
  const recovered = await recover(flipped(directory.files(), FIRST, outer.offset + 60));
  expect(await numbers(recovered)).toEqual([0, 2]);
});

test('a newer format is refused by name', async () => {
  const { files } = await written();
  const { encodeHead } = await import('../../dist/store/log/file-head.js');
  const head = decodeHead(files.get(FIRST) as Uint8Array)?.head;
  if (head === undefined) throw new Error('no head');
  const newer = changed(files, FIRST, (bytes) => {
    bytes.set(encodeHead({ ...head, format: LOG_FORMAT + 1 }));
    return bytes;
  });
  await expect(recover(newer)).rejects.toThrow(
    `a log file has format ${LOG_FORMAT + 1}; this version of Leveret reads up to ${LOG_FORMAT}`,
  );
});

test('a read that fails ends recovery, whatever call it is, and changes nothing', async () => {
  const { files } = await written();
  for (let failing = 1; ; failing++) {
    const directory = SimulatedDirectory.of(files);
    let failed = false;
    directory.onCall = (call) => {
      if (call === 'close' || directory.calls < failing || failed) return;
      failed = true;
      throw systemError('EIO');
    };
    const result = await recover(directory)
      .then(numbers)
      .catch((error: Error) => error.message);
    if (!failed) break;
    // A read that goes well when it is tried again has not failed.
    if (typeof result === 'string') expect(result).toContain('EIO: simulated');
    else expect(result).toEqual([...Array(MESSAGES).keys()]);
    expect(await numbers(await recover(directory))).toEqual([...Array(MESSAGES).keys()]);
  }
});
