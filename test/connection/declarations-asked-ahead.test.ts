/**
 * What is taken of a stream while something that was granted is not durable: more of its kind, up to a limit, and
 * nothing else.
 */
import { beforeEach, expect, test } from 'vitest';
import { encodeFrame, encodeMethod, FrameType, HEARTBEAT_FRAME, PROTOCOL_HEADER } from '../../src/amqp/frames.js';
import { AskedAhead, type Pending, type WaitingMethod } from '../../src/connection/session/asked-ahead.js';
import type { Host } from '../../src/connection/session/session.js';
import { ConnectionReader, type Receiver } from '../../src/connection/transport/reader.js';
import { Stop } from '../../src/engine/engine.js';
import { Rounds } from '../../src/event-loop/rounds.js';
import { build } from '../support/methods.js';

const READ = 64 * 1024;
const MOST = 256;

const declare = encodeMethod(1, build('queue.declare', { queue: 'q', durable: true }));
const bind = encodeMethod(7, build('queue.bind', { queue: 'q', exchange: 'x' }));
const remove = encodeMethod(1, build('queue.delete', { queue: 'q' }));
const close = encodeMethod(1, build('channel.close', { replyCode: 200, replyText: '' }));
const purge = encodeMethod(1, build('queue.purge', { queue: 'q' }));
const commit = encodeMethod(1, build('tx.commit', {}));
const get = encodeMethod(1, build('basic.get', { queue: 'q' }));
const leave = encodeMethod(0, build('connection.close', { replyCode: 200, replyText: '' }));
const consume = encodeMethod(1, build('basic.consume', { queue: 'q' }));
const publish = encodeMethod(1, build('basic.publish', { exchange: 'x', routingKey: 'k' }));
/** As long as a frame may be that no client's frame-max forbids, and an octet longer. */
const [longest, tooLong] = [0, 1].map((more) => sized(4096 + more)) as [Uint8Array, Uint8Array];
const badEnd = Uint8Array.from(declare, (octet, index) => (index === declare.length - 1 ? 0 : octet));
const body = encodeFrame(FrameType.BODY, 1, Buffer.from('body'));

/** A declaration with a name of such a length that the frame has this size; nobody looks at it here. */
function sized(size: number): Uint8Array {
  const payload = new Uint8Array(size - 8);
  payload.set([0, 50, 0, 10]);
  return encodeFrame(FrameType.METHOD, 1, payload);
}

/** A core that knows no frame, and keeps the beginning of one that is not whole. */
class FrameCore {
  readonly bytes = new Uint8Array(2 * READ);
  readonly readOffset = 16;
  readonly work = 0;
  consumed = 0;
  stopChannel = 0;
  frameOffset = READ;
  frameLength = 0;
  #begun = Buffer.alloc(0);

  ingest(_: number, offset: number, length: number): Stop {
    this.#begun = Buffer.concat([this.#begun, this.bytes.slice(offset, offset + length)]);
    const size = this.#begun.length < 7 ? Number.POSITIVE_INFINITY : 8 + this.#begun.readUInt32BE(3);
    if (this.#begun.length < size) {
      this.consumed = length;
      return Stop.END;
    }
    this.consumed = length - (this.#begun.length - size);
    this.bytes.set(this.#begun.subarray(0, size), this.frameOffset);
    this.frameLength = size;
    this.stopChannel = this.#begun.readUInt16BE(1);
    this.#begun = Buffer.alloc(0);
    return Stop.FRAME;
  }
}

let core: FrameCore;
let ahead: AskedAhead;
let reader: ConnectionReader;
/** What the frames ask for. */
let asked: WaitingMethod;
/** What was granted, in order. */
let pending: Pending[];
/** Frames that were taken, by their octets behind the header. */
let taken: string[];
beforeEach(() => {
  asked = 'queue.declare';
  ahead = new AskedAhead();
  begin();
});

/** A connection of which nothing was read. */
function begin(): void {
  core = new FrameCore();
  taken = [];
  pending = [];
  // Each round ends when what was begun in it has happened.
  const rounds = new Rounds(() =>
    setImmediate(() => {
      if (rounds.next()) rounds.goOn();
    }),
  );
  const eventLoop = {
    begin: () => undefined,
    beginRead: () => undefined,
    endRead: () => undefined,
    release: () => undefined,
    rounds,
  };
  const receiver: Partial<Receiver> = {
    ahead,
    onHeader: () => undefined,
    // The coordinator grants at once; nothing is durable before the test says so.
    onFrame: (_, __, payload) => {
      taken.push(Buffer.from(payload).toString('hex'));
      return Promise.resolve().then(() => {
        pending.push(ahead.add(1, asked));
      });
    },
    beginAnswers: () => undefined,
    endAnswers: () => undefined,
    congestion: () => null,
    readOn: () => undefined,
  };
  reader = new ConnectionReader({ engine: core, eventLoop } as unknown as Host, 1 as never, receiver as Receiver);
  core.bytes.set(PROTOCOL_HEADER, core.readOffset);
  reader.read(PROTOCOL_HEADER.length);
}

/** A frame that asks for this. */
function request(method: (typeof PATIENT)[number]): Uint8Array {
  if (method === 'queue.purge') return purge;
  return method === 'tx.commit' ? commit : get;
}

/** The socket reads these, and all that follows from it happens. */
async function read(...frames: Uint8Array[]): Promise<void> {
  const octets = Buffer.concat(frames);
  core.bytes.set(octets, core.readOffset);
  reader.read(octets.length);
  await happened();
}

async function happened(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function payloads(...frames: Uint8Array[]): string[] {
  return frames.map((frame) => Buffer.from(frame.subarray(7, -1)).toString('hex'));
}

function answerNext(): void {
  const next = pending.shift();
  if (next !== undefined) ahead.settle(next);
}

async function allDurable(): Promise<void> {
  ahead.forget();
  await happened();
}

test('declarations of all channels are taken one after the other, and the socket is read on', async () => {
  await read(declare, bind, longest);
  expect(taken).toEqual(payloads(declare, bind, longest));
  expect(reader.reading).toBe(true);
  await read(bind);
  expect(taken).toHaveLength(4);
});

test.each([
  ['a deletion', remove],
  ['a close', close],
  ['a consumer', consume],
  ['a publish', publish],
  ['a body', body],
  ['a heartbeat', HEARTBEAT_FRAME],
  ['a frame that may be too long', tooLong],
  ['a frame that does not end', badEnd],
])('%s waits until all is durable, and so does what is behind it', async (_, other) => {
  await read(declare, bind, other, declare);
  expect(taken).toEqual(payloads(declare, bind));
  expect(reader.reading).toBe(false);
  answerNext();
  await happened();
  expect(taken).toHaveLength(2);
  answerNext();
  await happened();
  expect(taken.slice(0, 3)).toEqual(payloads(declare, bind, other));
});

const PATIENT = ['queue.purge', 'tx.commit', 'basic.get'] as const;

test.each(PATIENT)('who has waited long for a %s is heard when it closes', async (method) => {
  for (const last of [close, leave]) {
    asked = method;
    ahead = new AskedAhead(0);
    begin();
    await read(request(method), HEARTBEAT_FRAME);
    await read(HEARTBEAT_FRAME, last, publish);
    expect(taken).toEqual(payloads(request(method), HEARTBEAT_FRAME, HEARTBEAT_FRAME, last));
  }
});

test.each(PATIENT)('who closes behind a %s gets its answer first, if the disk works', async (method) => {
  asked = method;
  await read(request(method), HEARTBEAT_FRAME, leave);
  expect(taken).toEqual(payloads(request(method), HEARTBEAT_FRAME));
  answerNext();
  answerNext();
  await happened();
  expect(taken).toEqual(payloads(request(method), HEARTBEAT_FRAME, leave));
});

test('who closes while it waits is heard as soon as it has waited long', async () => {
  asked = 'tx.commit';
  ahead = new AskedAhead(20);
  begin();
  await read(commit, leave);
  expect(taken).toEqual(payloads(commit));
  while (taken.length < 2) await happened();
  expect(taken).toEqual(payloads(commit, leave));
});

test('nothing is asked ahead behind a commit, whose answer comes first', async () => {
  asked = 'tx.commit';
  await read(commit, declare);
  expect(taken).toEqual(payloads(commit));
  answerNext();
  await happened();
  expect(taken).toEqual(payloads(commit, declare));
});

test('a channel that ends gives up what it waits for, and the stream goes on', async () => {
  asked = 'queue.purge';
  await read(purge, publish);
  expect(taken).toEqual(payloads(purge));
  expect(ahead.leave(2)).toBe(false);
  expect(ahead.leave(1)).toBe(true);
  await happened();
  expect(taken).toEqual(payloads(purge, publish));
});

test('a frame that is not whole waits, wherever it is cut', async () => {
  for (let cut = 1; cut < bind.length; cut++) {
    taken.length = 0;
    await read(declare, bind.subarray(0, cut));
    expect(taken).toEqual(payloads(declare));
    expect(reader.reading).toBe(false);
    await allDurable();
    expect(reader.reading).toBe(true);
    await read(bind.subarray(cut));
    expect(taken).toEqual(payloads(declare, bind));
    await allDurable();
  }
});

test('no more than a limit is granted and not durable', async () => {
  await read(...Array.from({ length: MOST + 3 }, () => declare));
  while (taken.length < MOST) await happened();
  await happened();
  expect(taken).toHaveLength(MOST);
  expect(reader.reading).toBe(false);
  await allDurable();
  while (taken.length < MOST + 3) await happened();
  await happened();
  expect(reader.reading).toBe(true);
});
