/** Which messages count, and what is noticed of a stream that has lost or changed something. */
import { describe, expect, test } from 'vitest';
import { CHAIN_START, type ChainPosition, computeLink } from '../../../src/cluster/records/link.js';
import { fenceBody } from '../../../src/cluster/records/record-bodies.js';
import { RecordEncoder } from '../../../src/cluster/records/record-encoder.js';
import { HeadField, RecordKind } from '../../../src/cluster/records/record-layout.js';
import { RecordReader } from '../../../src/cluster/records/record-reader.js';
import { standingOf } from '../../../src/cluster/records/standing.js';
import { textOf } from '../support/log-node.js';

const MESSAGE_MAX = 104;

/** A leader that has read up to somewhere. */
class Leader {
  readonly #encoder: RecordEncoder;
  readonly fence: Uint8Array;
  constructor(name: string, position: ChainPosition = CHAIN_START) {
    this.#encoder = new RecordEncoder(position, MESSAGE_MAX);
    this.fence = this.#encoder.encode(RecordKind.FENCE, fenceBody(name))[0] ?? new Uint8Array();
  }
  write(text: string): Uint8Array[] {
    return this.#encoder.encode(RecordKind.DEFINITIONS, [Buffer.from(text)]);
  }
  one(text: string): Uint8Array {
    return this.write(text)[0] ?? new Uint8Array();
  }
}

/** Reads; a word for each message. */
function readTo(reader: RecordReader, messages: readonly Uint8Array[]): string[] {
  const first = reader.end.sequence + 1;
  return messages.map((message, index) => {
    const reading = reader.read(first + index, message);
    return reading.kind === 'record' ? textOf(reading.record) : reading.kind;
  });
}
function read(messages: readonly Uint8Array[]): RecordReader {
  const reader = new RecordReader();
  readTo(reader, messages);
  return reader;
}

test('what a deposed leader had in flight does not count behind the fence', () => {
  const old = new Leader('a');
  const before = [old.fence, old.one('1')];
  const late = [old.one('2'), old.one('3')];
  const next = new Leader('b', read(before).end);
  const reader = new RecordReader();
  expect(readTo(reader, [...before, next.fence, ...late, next.one('4')])).toEqual([
    '1 fence a',
    '1 1',
    '2 fence b',
    'stray',
    'stray',
    '2 4',
  ]);
  expect(reader.position).toMatchObject({ sequence: 6, counted: 6, epoch: 2 });
});

test('what came out of order does not count until it comes again in order', () => {
  const leader = new Leader('a');
  const [one, two, three] = [leader.one('1'), leader.one('2'), leader.one('3')];
  const reader = new RecordReader();
  expect(readTo(reader, [leader.fence, two, one, one, two, three])).toEqual([
    '1 fence a',
    'stray',
    '1 1',
    'stray',
    '1 2',
    '1 3',
  ]);
});

test('a fence that is late, behind another of the same epoch, does not count', () => {
  const [one, other] = [new Leader('a'), new Leader('b')];
  const messages = [one.fence, other.fence, one.one('2')];
  expect(readTo(new RecordReader(), messages)).toEqual(['1 fence a', 'stray', '1 2']);
});

test('a record whose writer was deposed amid its parts does not count, nor does the rest of it', () => {
  const old = new Leader('a');
  const parts = old.write('x'.repeat(110));
  expect(parts).toHaveLength(3);
  const before = [old.fence, ...parts.slice(0, 2)];
  const reader = read(before);
  expect([reader.position.sequence, reader.end.sequence]).toEqual([1, 3]);
  const next = new Leader('b', reader.end);
  const [, , last = new Uint8Array()] = parts;
  expect(readTo(reader, [next.fence, last, next.one('1')])).toEqual(['2 fence b', 'stray', '2 1']);
});

test('strays may stand between the parts of a record', () => {
  const leader = new Leader('a');
  const parts = leader.write('x'.repeat(110));
  const late = leader.one('late');
  const messages = parts.flatMap((part) => [part, late]);
  expect(readTo(new RecordReader(), [leader.fence, ...messages.slice(0, -1)])).toEqual([
    '1 fence a',
    'part',
    'stray',
    'part',
    'stray',
    `1 ${'x'.repeat(110)}`,
  ]);
});

describe('a stream that has gone back is noticed', () => {
  const old = new Leader('a');
  const [one, two, three] = [old.one('1'), old.one('2'), old.one('3')];
  const lost = [old.fence, one];
  // Somebody who has not read what was lost leads from there on.
  const next = new Leader('b', read(lost).end);
  const others = [next.fence, next.one('4'), next.one('5')];
  const now = [...lost, ...others];

  test('by the next message, when it has as many as before', () => {
    const reader = read([...lost, two, three]);
    expect(() => reader.read(5, others[2] ?? new Uint8Array())).toThrow(
      /^message 5 of the stream: it is of epoch 2, and does not belong to the chain .* which ends in epoch 1/,
    );
    // And nothing is read any more.
    expect(() => reader.read(5, others[2] ?? new Uint8Array())).toThrow(/does not belong/);
  });

  test('by a leader of the same epoch, whose fence stood where another now stands', () => {
    const reader = read([...lost, two]);
    const rival = new Leader('c', reader.end);
    readTo(reader, [rival.fence]);
    // Its fence was taken at its number. The other one's may be late; what is written behind that is not.
    expect(readTo(reader, [next.fence])).toEqual(['stray']);
    expect(() => reader.read(6, next.one('6'))).toThrow(/it is of epoch 2, and does not belong to the chain/);
  });

  test('by the message that was read last, before anything more comes', () => {
    const { position } = read([...lost, two, three]);
    const at = (sequence: number) => now[sequence - 1] ?? null;
    expect(standingOf(position, { first: 1, last: 3 }, null)).toBe('behind');
    expect(() => standingOf(position, { first: 1, last: 5 }, at(position.counted))).toThrow(
      'message 4 of the stream: another message stands there than was read: the stream has gone back',
    );
  });

  test('and one that has not is not taken for it', () => {
    const messages = [...lost, two, one];
    const { position } = read(messages);
    // The last one is a stray.
    expect(position).toMatchObject({ sequence: 4, counted: 3 });
    expect(standingOf(position, { first: 1, last: 4 }, two)).toBe('same');
    expect(standingOf(position, { first: 5, last: 4 }, null)).toBe('same');
    expect(standingOf(position, { first: 6, last: 9 }, null)).toBe('purged');
    expect(standingOf(CHAIN_START, { first: 1, last: 0 }, null)).toBe('same');
    expect(standingOf(CHAIN_START, { first: 3, last: 5 }, null)).toBe('purged');
  });

  test('by whoever reads all of it again, if a message is missing or stands twice elsewhere', () => {
    expect(() => read([old.fence, two, ...others])).toThrow(/of the stream/);
  });
});

test('parts that do not fit together are refused', () => {
  const leader = new Leader('a');
  const whole = leader.write('x'.repeat(110));
  const reader = new RecordReader();
  readTo(reader, [leader.fence, ...whole.slice(0, 1)]);
  // A leader that begins a record amid another has a fault of its own: its links are right.
  const [begins = new Uint8Array()] = leader.write('1');
  begins.set(reader.end.link, HeadField.BEFORE);
  begins.set(computeLink(begins), HeadField.LINK);
  expect(() => reader.read(3, begins)).toThrow(/a record begins, but of the one before 70 octets are missing/);
});
