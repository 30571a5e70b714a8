/**
 * What is taken of a stream while something that was granted is not durable: more of its kind, up to a limit, and
 * nothing else.
 */
import { beforeEach, expect, test } from 'vitest';
import { encodeFrame, encodeMethod, FrameType, HEARTBEAT_FRAME, PROTOCOL_HEADER } from '../../src/amqp/frames.js';
import { AskedAhead } from '../../src/connection/session/asked-ahead.js';
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
let asked: 'queue.declare' | 'queue.purge';
/** Frames that were taken, by their octets behind the header. */
let taken: string[];
beforeEach(() => {
  core = new FrameCore();
  ahead = new AskedAhead();
  taken = [];
  asked = 'queue.declare';
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
      return Promise.resolve().then(() => ahead.add(asked));
    },
    beginAnswers: () => undefined,
    endAnswers: () => undefined,
    congestion: () => null,
    readOn: () => undefined,
  };
  reader = new ConnectionReader({ engine: core, eventLoop } as unknown as Host, 1 as never, receiver as Receiver);
  core.bytes.set(PROTOCOL_HEADER, core.readOffset);
  reader.read(PROTOCOL_HEADER.length);
});

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
  ahead.settle(asked);
  await happened();
  expect(taken).toHaveLength(2);
  ahead.settle(asked);
  await happened();
  expect(taken.slice(0, 3)).toEqual(payloads(declare, bind, other));
});

test('who waits for a purge is heard when it closes the connection, and its heartbeats', async () => {
  asked = 'queue.purge';
  await read(purge, HEARTBEAT_FRAME);
  await read(HEARTBEAT_FRAME, leave, publish);
  expect(taken).toEqual(payloads(purge, HEARTBEAT_FRAME, HEARTBEAT_FRAME, leave));
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
