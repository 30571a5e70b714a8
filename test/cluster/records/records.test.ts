/** What goes into a record comes out of it, and whatever else stands in the stream is refused by a typed error. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHAIN_START, computeLink } from '../../../src/cluster/records/link.js';
import {
  batchBody,
  deletedBody,
  fenceBody,
  handOverBody,
  knownBody,
  type RecordBody,
  readBody,
} from '../../../src/cluster/records/record-bodies.js';
import { RecordEncoder } from '../../../src/cluster/records/record-encoder.js';
import { RecordError } from '../../../src/cluster/records/record-error.js';
import { GROUP_HEAD_OCTETS, groupBody, recordsOf } from '../../../src/cluster/records/record-group.js';
import { HEAD_OCTETS, HeadField, RecordKind } from '../../../src/cluster/records/record-layout.js';
import { RecordReader, type StreamRecord } from '../../../src/cluster/records/record-reader.js';

const MESSAGE_MAX = 4096;

interface Sample {
  readonly kind: RecordKind;
  readonly body: Uint8Array[];
  /** What is read. */
  readonly read: RecordBody;
}

const octets = (max: number) => fc.uint8Array({ minLength: 1, maxLength: max });
const position = fc.maxSafeNat();
const known = fc.array(fc.record({ queue: position, below: position }), { minLength: 1, maxLength: 20 });
const batches = fc
  .record({
    lane: fc.nat({ max: 255 }),
    parts: fc.array(octets(3000), { minLength: 1, maxLength: 5 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    nextMessage: fc.nat(),
  })
  .map(({ lane, parts, share, nextMessage }): Sample => {
    const payload = Buffer.concat(parts);
    const messageOctets = Math.floor(share * payload.length);
    const messages = Math.min(messageOctets, 1 + Math.floor(messageOctets / 100));
    const head = { lane: lane % 8, messages, messageOctets, nextMessage };
    const batch = { ...head, payload: new Uint8Array(payload) };
    return { kind: RecordKind.BATCH, body: batchBody(head, parts), read: { kind: 'batch', batch } };
  });
const samples: fc.Arbitrary<Sample> = fc.oneof(
  batches,
  octets(8000).map((definitions): Sample => {
    return { kind: RecordKind.DEFINITIONS, body: [definitions], read: { kind: 'definitions', octets: definitions } };
  }),
  fc.constant<Sample>({ kind: RecordKind.BEAT, body: [], read: { kind: 'beat' } }),
  known.map((queues): Sample => ({ kind: RecordKind.KNOWN, body: knownBody(queues), read: { kind: 'known', queues } })),
  fc.array(position, { minLength: 1, maxLength: 50 }).map((queues): Sample => {
    return { kind: RecordKind.DELETED, body: deletedBody(queues), read: { kind: 'deleted', queues } };
  }),
  fc.constantFrom(null, 'node', 'ü').map((to): Sample => {
    return { kind: RecordKind.HANDOVER, body: handOverBody(to), read: { kind: 'handover', to } };
  }),
);
const grouped = samples.filter(({ kind }) => kind !== RecordKind.BEAT && kind !== RecordKind.HANDOVER);

/** The messages of some records, behind a fence. */
function messagesOf(records: readonly Sample[], messageMax = MESSAGE_MAX): Uint8Array[] {
  const encoder = new RecordEncoder(CHAIN_START, messageMax);
  const fence = encoder.encode(RecordKind.FENCE, fenceBody('node'));
  return [...fence, ...records.flatMap(({ kind, body }) => encoder.encode(kind, body))];
}

function readAll(messages: readonly Uint8Array[], reader = new RecordReader()): StreamRecord[] {
  const first = reader.end.sequence + 1;
  return messages.flatMap((message, index) => {
    const reading = reader.read(first + index, message);
    return reading.kind === 'record' ? [reading.record] : [];
  });
}

/** Octets as text, be they a Buffer's or others. */
function plain(body: RecordBody): unknown {
  const entries = Object.entries(body.kind === 'batch' ? { ...body.batch, kind: body.kind } : body);
  return entries.map(([name, value]) => [
    name,
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  ]);
}

/** The error's code, or what else came. */
function codeOf(work: () => unknown): string {
  try {
    return `no error: ${JSON.stringify(work())}`;
  } catch (error) {
    return error instanceof RecordError ? error.code : `${error}`;
  }
}

/** The message with its hash made right again: as a newer or another program may write it. */
function linked(message: Uint8Array): Uint8Array {
  message.set(computeLink(message), HeadField.LINK);
  return message;
}

test('records of all kinds come out as they went in, in one message or many', () => {
  fc.assert(
    fc.property(
      fc.array(samples, { maxLength: 12 }),
      fc.integer({ min: HEAD_OCTETS + 50, max: 6000 }),
      (given, max) => {
        const messages = messagesOf(given, max);
        for (const { length } of messages) expect(length).toBeLessThanOrEqual(max);
        const [fence, ...records] = readAll(messages);
        expect(fence && readBody(fence)).toEqual({ kind: 'fence', node: 'node' });
        expect(records.map((record) => plain(readBody(record)))).toEqual(given.map(({ read }) => plain(read)));
      },
    ),
    { numRuns: 100 },
  );
});

test('records that went together come out as they went in, and in their order', () => {
  fc.assert(
    fc.property(
      fc.array(grouped, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 200, max: 6000 }),
      (given, max) => {
        const group: Sample = { kind: RecordKind.GROUP, body: groupBody(given), read: { kind: 'beat' } };
        const [, record] = readAll(messagesOf([group], max));
        if (record === undefined) throw new Error('it was not read');
        const records = recordsOf(record);
        expect(records.map((one) => plain(readBody(one)))).toEqual(given.map(({ read }) => plain(read)));
        expect(new Set(records.map(({ sequence }) => sequence))).toEqual(new Set([record.sequence]));
      },
    ),
    { numRuns: 100 },
  );
});

test('a group that is cut, lengthened, or has in it what stands alone is refused', () => {
  const definitions = { kind: RecordKind.DEFINITIONS, body: [new Uint8Array(8)] };
  const body = Buffer.concat(groupBody([definitions, definitions]));
  const read = (octets: Uint8Array) => recordsOf({ kind: RecordKind.GROUP, epoch: 1, sequence: 1, body: octets });
  expect(read(body)).toHaveLength(2);
  const second = body.length / 2;
  for (let length = 0; length < body.length; length++) {
    if (length !== second) expect(codeOf(() => read(body.subarray(0, length)))).toBe('body');
  }
  expect(codeOf(() => read(Buffer.concat([body, new Uint8Array(GROUP_HEAD_OCTETS - 1)])))).toBe('body');
  for (const kind of [0, RecordKind.FENCE, RecordKind.BEAT, RecordKind.GROUP, RecordKind.HANDOVER, 9]) {
    const other = Buffer.from(body);
    other[second] = kind;
    expect(codeOf(() => read(other))).toBe('body');
  }
  expect(() => groupBody([{ kind: RecordKind.BEAT, body: [] }])).toThrow('kind 4');
});

test('reading goes on between any two records, and comes out the same', () => {
  fc.assert(
    fc.property(fc.array(samples, { minLength: 1, maxLength: 8 }), fc.nat(), (given, at) => {
      const messages = messagesOf(given, 1000);
      const whole = readAll(messages);
      const first = new RecordReader();
      const before = readAll(messages.slice(0, 1 + (at % messages.length)), first);
      // What was read of an unfinished record is read again.
      const after = readAll(messages.slice(first.position.sequence), new RecordReader(first.position));
      expect([...before, ...after]).toEqual(whole);
    }),
    { numRuns: 100 },
  );
});

test('a message with any octet changed is refused, and nothing behind it is read', () => {
  fc.assert(
    fc.property(samples, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, at, flip) => {
      const messages = messagesOf([given]);
      const index = at % messages.length;
      const message = messages[index];
      if (message === undefined) return;
      const reader = new RecordReader();
      readAll(messages.slice(0, index), reader);
      const changed = message.slice();
      const octet = at % changed.length;
      changed[octet] = (changed[octet] ?? 0) ^ flip;
      expect(['damaged', 'format']).toContain(codeOf(() => reader.read(index + 1, changed)));
      expect(['damaged', 'format']).toContain(codeOf(() => reader.read(index + 1, message)));
    }),
    { numRuns: 300 },
  );
});

test('a message that is cut, or longer, or any octets at all, is refused by a typed error', () => {
  fc.assert(
    fc.property(samples, fc.nat(), octets(200), (given, at, junk) => {
      const [message = new Uint8Array()] = messagesOf([given]);
      const cut = message.subarray(0, at % message.length);
      for (const wrong of [cut, Buffer.concat([message, junk]), junk]) {
        expect(['damaged', 'format']).toContain(codeOf(() => new RecordReader().read(1, wrong)));
      }
    }),
    { numRuns: 200 },
  );
});

test('heads and bodies of any octets under a right hash give a record or a typed error, never anything else', () => {
  fc.assert(
    fc.property(samples, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }), (given, changes) => {
      const [, message] = messagesOf([given]);
      if (message === undefined) return;
      for (const [at, octet] of changes) message[at % message.length] = octet;
      const reader = new RecordReader();
      readAll(messagesOf([]), reader);
      try {
        const reading = reader.read(2, linked(message));
        if (reading.kind === 'record') readBody(reading.record);
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});

describe('a message is refused', () => {
  const beat = () => {
    const [fence = new Uint8Array(), message = new Uint8Array()] = messagesOf([
      { kind: RecordKind.BEAT, body: [], read: { kind: 'beat' } },
    ]);
    const reader = new RecordReader();
    reader.read(1, fence);
    return { reader, message, view: new DataView(message.buffer, message.byteOffset, message.length) };
  };

  test.each([
    ['of a newer format', HeadField.FORMAT, 2, 'format', /format 2, this node knows 1: update this node/],
    ['of a kind that is not known', HeadField.KIND, 9, 'format', /kind 9 is not known: update this node/],
    ['with octets that mean nothing yet', HeadField.ZERO, 1, 'format', /octets 6 and 7 are not 0/],
    ['of no epoch', HeadField.EPOCH, 0, 'format', /epoch 0/],
    [
      'of a later epoch without a fence',
      HeadField.EPOCH,
      2,
      'backward',
      /it is of epoch 2, and does not belong to the chain/,
    ],
    ['of parts that are longer than the whole', HeadField.PART_AT, 5, 'torn', /octets 5 to 5 of a record that has 0/],
    ['that another program wrote', HeadField.MAGIC, 0, 'format', /another program wrote it/],
  ])('%s', (_, at, value, code, text) => {
    const { reader, message, view } = beat();
    view.setUint8(at, value);
    linked(message);
    expect(codeOf(() => reader.read(2, message))).toBe(code);
    expect(() => reader.read(2, message)).toThrow(text);
  });

  test('that does not come next', () => {
    const { reader, message } = beat();
    expect(() => reader.read(3, message)).toThrow('message 3 of the stream: 2 comes next');
  });

  test('of a kind whose body it does not have', () => {
    const of = (kind: RecordKind, body: Uint8Array): StreamRecord => ({ kind, epoch: 1, sequence: 9, body });
    const wrong: [RecordKind, number[]][] = [
      [RecordKind.FENCE, []],
      [RecordKind.FENCE, [0xff]],
      [RecordKind.FENCE, Array(256).fill(65)],
      [RecordKind.DEFINITIONS, []],
      [RecordKind.BEAT, [0]],
      [RecordKind.KNOWN, []],
      [RecordKind.KNOWN, Array(8).fill(0)],
      [RecordKind.DELETED, Array(9).fill(0)],
      [RecordKind.DELETED, Array(8).fill(255)],
      [RecordKind.BATCH, Array(23).fill(0)],
      [RecordKind.BATCH, Array(24).fill(0)],
      [RecordKind.BATCH, Array(30).fill(255)],
    ];
    for (const [kind, body] of wrong) expect(codeOf(() => readBody(of(kind, Uint8Array.from(body))))).toBe('body');
  });
});

test('what cannot be a record is not made', () => {
  const head = { lane: 0, messages: 1, messageOctets: 8, nextMessage: 1 };
  const records = [new Uint8Array(8)];
  expect(() => batchBody({ ...head, lane: 1000 }, records)).toThrow(/lane 1000, not one of 0 to/);
  expect(() => batchBody({ ...head, messageOctets: 9 }, records)).toThrow(/9 octets of messages in 8/);
  expect(() => batchBody({ ...head, messages: 9 }, records)).toThrow(/9 messages in 8 octets/);
  expect(() => batchBody({ ...head, messages: 0 }, records)).toThrow(/8 octets of messages, but no message/);
  expect(() => batchBody({ ...head, nextMessage: 2 ** 50 }, records)).toThrow(/next message/);
  expect(() => batchBody(head, [])).toThrow(/no records/);
  expect(() => fenceBody('')).toThrow(/1 to 255 octets/);
  expect(() => fenceBody('\ud800')).toThrow(/UTF-8/);
  expect(() => knownBody([])).toThrow(/names no queue/);
  expect(() => deletedBody([-1])).toThrow(/-1 is not a queue/);
  expect(() => new RecordEncoder(CHAIN_START, HEAD_OCTETS)).toThrow(/no room for a record/);
});
