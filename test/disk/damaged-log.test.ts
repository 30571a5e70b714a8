/**
 * Log files that were changed while no broker ran: octets flipped at every kind of place, files cut short or gone. Each
 * worker's file is damaged in another way, and one start has them all before it. What must hold: the broker starts,
 * says of every damage where it is, keeps what lay there, and has all else.
 */
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FILE_HEAD, FILE_HEAD_OCTETS, RECORD_HEAD, RecordType, spanOf } from '../../dist/log/record-format.js';
import { FILE_OCTETS } from '../../dist/store/log/log-writer.js';
import { type Exit, isReferee, runToExit, startBroker } from '../support/broker.js';
import { cleanUp, confirmed, directory, drain, open, PERSISTENT, start } from '../support/kept-data.js';

const { BATCH, MESSAGE, ENQUEUE, SEAL } = RecordType;
const MESSAGES = 12;
const ALL = [...Array(MESSAGES).keys()];

interface Place {
  readonly type: number;
  readonly offset: number;
  readonly span: number;
}

/** More than is written to any file here; they are given their whole size when they are made. */
const WRITTEN = 32 << 10;

/** The first octets of a file. */
function beginning(path: string): Buffer {
  const fd = openSync(path, 'r');
  const bytes = Buffer.alloc(WRITTEN);
  const octets = readSync(fd, bytes, 0, WRITTEN, 0);
  closeSync(fd);
  return bytes.subarray(0, octets);
}

/** A file that one worker wrote: a batch for each of its messages. */
class LogFile {
  readonly name: string;
  readonly places: Place[] = [];
  readonly #bytes: Buffer;

  constructor(readonly path: string) {
    this.name = basename(path);
    this.#bytes = beginning(path);
    for (let offset = FILE_HEAD; this.places.at(-1)?.type !== SEAL; ) {
      const span = spanOf(this.#bytes.readUInt32LE(offset));
      this.places.push({ type: this.#bytes.readUInt16LE(offset + 4), offset, span });
      offset += span;
    }
  }

  /** Behind its seal. */
  get end(): number {
    const { offset, span } = this.place(SEAL);
    return offset + span;
  }

  /** The record of this type that belongs to a message. */
  place(type: RecordType, message = 0): Place {
    const place = this.places.filter((one) => one.type === type)[message];
    if (place === undefined) throw new Error(`no record of type ${type} for message ${message}`);
    return place;
  }

  flip(...offsets: number[]): void {
    for (const offset of offsets) this.overwrite(offset, Buffer.of((this.#bytes[offset] ?? 0) ^ 0x40));
  }

  overwrite(offset: number, octets: Buffer): void {
    octets.copy(this.#bytes, offset);
    const fd = openSync(this.path, 'r+');
    writeSync(fd, octets, 0, octets.length, offset);
    closeSync(fd);
  }

  cut(octets: number): void {
    truncateSync(this.path, octets);
  }

  /** What lies there, as it was left. */
  slice(offset: number, octets: number): Buffer {
    return this.#bytes.subarray(offset, offset + octets);
  }
}

/** A damage as the operator is told of it. */
interface Told {
  readonly offset: number;
  readonly octets: number;
  /** What lay there is kept; else there is nothing to keep. */
  readonly kept: boolean;
}

interface Harm {
  readonly name: string;
  readonly harm: (file: LogFile) => void;
  /** Messages that it costs. */
  readonly costs: readonly number[];
  readonly told: (file: LogFile) => readonly Told[];
}

const whole = ({ offset, span }: Place): Told => ({ offset, octets: span, kept: true });
/** From some place to where the file once ended. */
const rest = (file: LogFile, offset: number, kept: boolean): Told => ({ offset, octets: file.end - offset, kept });
/** All of the file, with what was not written to yet. */
const everything: Told = { offset: 0, octets: FILE_OCTETS, kept: true };

const HARMS: readonly Harm[] = [
  { name: 'that nobody touched', harm: () => {}, costs: [], told: () => [] },
  {
    name: 'with octets changed in records of every kind, and in every part of them',
    harm: (file) =>
      file.flip(
        file.place(MESSAGE, 1).offset + 1,
        file.place(MESSAGE, 3).offset + 4,
        file.place(MESSAGE, 5).offset + 9,
        file.place(MESSAGE, 7).offset + RECORD_HEAD + 60,
        file.place(ENQUEUE, 9).offset + RECORD_HEAD + 8,
        file.place(BATCH, 11).offset + RECORD_HEAD,
      ),
    costs: [1, 3, 5, 7, 9],
    told: (file) => [
      ...[1, 3, 5, 7].map((message) => whole(file.place(MESSAGE, message))),
      whole(file.place(ENQUEUE, 9)),
      whole(file.place(BATCH, 11)),
    ],
  },
  {
    name: 'with an octet changed in its last record',
    harm: (file) => file.flip(file.place(ENQUEUE, 11).offset + RECORD_HEAD),
    costs: [11],
    told: (file) => [whole(file.place(ENQUEUE, 11))],
  },
  {
    name: 'with an octet changed in its seal',
    harm: (file) => file.flip(file.place(SEAL).offset + RECORD_HEAD),
    costs: [],
    told: (file) => [whole(file.place(SEAL))],
  },
  {
    name: 'with an octet changed in one copy of its head',
    harm: (file) => file.flip(24),
    costs: [],
    told: () => [{ offset: 0, octets: FILE_HEAD_OCTETS, kept: false }],
  },
  {
    name: 'with octets changed in both copies of its head',
    harm: (file) => file.flip(24, 2048 + 24),
    costs: ALL,
    told: () => [everything],
  },
  {
    name: 'whose beginning was overwritten by zeros',
    harm: (file) => file.overwrite(0, Buffer.alloc(FILE_HEAD)),
    costs: ALL,
    told: () => [everything],
  },
  {
    name: 'that was cut in the middle of a record',
    harm: (file) => file.cut(file.place(MESSAGE, 8).offset + 40),
    costs: [8, 9, 10, 11],
    told: (file) => [rest(file, file.place(MESSAGE, 8).offset, true)],
  },
  {
    name: 'that was cut between two batches',
    harm: (file) => file.cut(file.place(BATCH, 8).offset),
    costs: [8, 9, 10, 11],
    told: (file) => [rest(file, file.place(BATCH, 8).offset, false)],
  },
  {
    name: 'that was cut in its head',
    harm: (file) => file.cut(100),
    costs: ALL,
    told: (file) => [{ offset: 0, octets: FILE_HEAD_OCTETS, kept: false }, rest(file, FILE_HEAD, false)],
  },
  {
    name: 'that was cut to nothing',
    harm: (file) => file.cut(0),
    costs: ALL,
    told: (file) => [rest(file, 0, false)],
  },
  {
    name: 'that is gone',
    harm: (file) => rmSync(file.path),
    costs: ALL,
    told: (file) => [rest(file, 0, false)],
  },
];

describe.skipIf(isReferee)('after an orderly end a log file', () => {
  const data = mkdtempSync(join(tmpdir(), 'leveret-damage-'));
  const log = join(data, 'log');
  const files: LogFile[] = [];
  /** Numbers of the messages that each worker's queue had. */
  const left: number[][] = [];
  let report: string[] = [];
  let inspected: Exit;

  beforeAll(async () => {
    await write();
    const names = readdirSync(log);
    for (const [writer, { harm }] of HARMS.entries()) {
      const name = names.find((one) => beginning(join(log, one)).includes(`writer ${writer}, message 0;`)) ?? '';
      const file = new LogFile(join(log, name));
      files.push(file);
      harm(file);
    }
    inspected = await runToExit(['log', data]);
    const broker = await startBroker({ data });
    const channel = await open(broker);
    for (const [writer] of HARMS.entries()) {
      const bodies = await drain(channel, `${writer}`);
      left.push(bodies.map(([body]) => Number(/message (\d+)/.exec(body)?.[1])));
    }
    const exit = await broker.stop();
    report = (exit?.told ?? '').trimEnd().split('\n');
  });
  afterAll(() => rmSync(data, { recursive: true }));

  /** A file of each worker, since each connection goes to another one. */
  async function write(): Promise<void> {
    const broker = await startBroker({ data, workers: HARMS.length });
    for (const [writer] of HARMS.entries()) {
      const channel = await open(broker);
      await channel.call('queue.declare', { queue: `${writer}`, durable: true });
      await channel.call('confirm.select');
      for (const message of ALL) {
        // So long that the files are not worth being copied together.
        const body = `writer ${writer}, message ${message};`.padEnd(1_000, '.');
        channel.publish('', `${writer}`, body, { properties: PERSISTENT });
        await confirmed(channel, message + 1);
      }
    }
    await broker.stop();
  }

  function expectedLine({ name }: LogFile, { offset, octets, kept }: Told): RegExp {
    const what = kept
      ? `what lay there is kept in (${name}\\S*\\.quarantine)`
      : '(they are missing|it is mended from its copy)';
    return new RegExp(`^damage in log file ${name} at ${offset}, ${octets} octets; ${what}$`);
  }

  test.each(
    HARMS.map((harm, writer) => ({ ...harm, writer })),
  )('$name is told of, and costs only what is gone', (harm) => {
    const file = files[harm.writer] as LogFile;
    expect(left[harm.writer]).toEqual(ALL.filter((message) => !harm.costs.includes(message)));
    const lines = report.filter((line) => line.includes(file.name));
    expect(lines).toEqual(harm.told(file).map((told) => expect.stringMatching(expectedLine(file, told))));
    for (const [index, { offset, octets, kept }] of harm.told(file).entries()) {
      if (!kept) continue;
      const name = /kept in (\S+)$/.exec(lines[index] ?? '')?.[1] ?? '';
      const found = beginning(join(log, name));
      expect(found.equals(file.slice(offset, octets).subarray(0, found.length)), name).toBe(true);
    }
  });

  test('that is damaged is what `leveret log` finds, and that alone', () => {
    expect(inspected.code).toBe(1);
    const damaged = new Set([...inspected.stdout.matchAll(/^(\S+\.log): /gm)].map(([, name]) => name));
    const harmed = files.filter((file, writer) => HARMS[writer]?.told(file).length !== 0);
    expect([...damaged].sort()).toEqual(harmed.map(({ name }) => name).sort());
  });

  test('is told of once', async () => {
    const broker = await startBroker({ data });
    expect(await broker.stop()).toMatchObject({ told: '' });
  });
});

describe.skipIf(isReferee)('after a crash', () => {
  cleanUp();

  test('what was in the making is removed without a word', async () => {
    const data = directory();
    const first = await start(data, { workers: 1 });
    const channel = await open(first);
    await channel.call('queue.declare', { queue: 'kept', durable: true });
    await channel.call('confirm.select');
    for (const message of ALL) {
      channel.publish('', 'kept', `${message}`, { properties: PERSISTENT });
      await confirmed(channel, message + 1);
    }
    await first.stop('SIGKILL');
    const path = join(data, 'log', 'w01-0000000000.log');
    truncateSync(path, beginning(path).lastIndexOf(Buffer.of(BATCH, 0)) + 60);
    const second = await start(data);
    const bodies = (await drain(await open(second), 'kept')).map(([body]) => Number(body));
    expect(bodies).toEqual(ALL.slice(0, -1));
    expect(await second.stop()).toMatchObject({ told: '' });
  });
});
