/**
 * Messages as they are stored, and what recovery makes of them, in a form that tests can compare.
 */
import { UNIT_HEAD, UnitFlag } from '../../../dist/log/spill-source.js';
import type { SpilledSource } from '../../../src/log/spill-source.js';
import type { StoredMessage } from '../../../src/store/log/batch.js';

/** Body octets in the largest frame. */
const FRAME_BODY_MAX = 131072 - 8;
/** When all stored messages arrived. */
export const ARRIVAL = 1_700_000_000_123.5;
/** Of the fixed part of a message, and of a piece: as docs/log-format.md has it, without the id. */
const MESSAGE_HEAD = 32;
const PIECE_HEAD = 8;

function frame(type: number, payload: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(payload.length + 8);
  bytes[0] = type;
  bytes.writeUInt32BE(payload.length, 3);
  bytes.set(payload, 7);
  bytes[payload.length + 7] = 0xce;
  return bytes;
}

export function storedMessage(body: string | Uint8Array, routingKey = 'q'): StoredMessage {
  const octets = typeof body === 'string' ? Buffer.from(body) : body;
  const key = Buffer.concat([Buffer.of(0, routingKey.length), Buffer.from(routingKey)]);
  const header = Buffer.alloc(14);
  header.writeUInt16BE(60, 0);
  header.writeUInt32BE(octets.length, 8);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < octets.length; at += FRAME_BODY_MAX)
    frames.push(frame(3, octets.subarray(at, at + FRAME_BODY_MAX)));
  return { bodySize: octets.length, arrival: ARRIVAL, key, header: frame(2, header), frames };
}

export interface SeenEntry {
  readonly position: number;
  readonly body: string;
  readonly delivered: boolean;
  readonly arrival: number;
}

interface OpenEntry {
  position: number;
  delivered: boolean;
  arrival: number;
  bodySize: number;
  parts: Buffer[];
}

/** Buffers that nobody reads into, all zero: to make one takes longer than to read a short log. */
const targets: Buffer[] = [];

/** Everything that a source gives, some messages at a time. */
export async function readSource(source: SpilledSource, most = 7, room = 512 << 10): Promise<SeenEntry[]> {
  const found = targets.findIndex(({ length }) => length === room);
  const target = (found < 0 ? undefined : targets.splice(found, 1)[0]) ?? Buffer.alloc(room);
  const [entries, octets] = await readInto(target, source, most);
  targets.push(target.fill(0, 0, octets));
  return entries.map(({ position, delivered, arrival, bodySize, parts }) => {
    const body = Buffer.concat(parts);
    if (body.length !== bodySize) throw new Error('a body is not whole');
    return { position, delivered, arrival, body: body.toString() };
  });
}

/** What a source gives, and how much of the target it has filled at most. */
async function readInto(target: Buffer, source: SpilledSource, most: number): Promise<[OpenEntry[], number]> {
  const entries: OpenEntry[] = [];
  let filled = 0;
  for (;;) {
    const { remaining } = source;
    const { octets, messages } = await source.fill(most, target);
    if (messages > most) throw new Error('a source gives more than it was asked for');
    if (source.remaining !== remaining - messages) throw new Error('a source does not know how many are to come');
    if (octets === 0) break;
    filled = Math.max(filled, octets);
    const before = entries.length;
    for (let at = 0; at < octets; at += target.readUInt32LE(at)) takeUnit(entries, target.subarray(at, octets));
    if (entries.length !== before + messages) throw new Error('a source miscounts its messages');
  }
  if (source.remaining !== 0) throw new Error('a source ends too early');
  return [entries, filled];
}

function takeUnit(entries: OpenEntry[], unit: Buffer): void {
  const flags = unit.readUInt32LE(4);
  const struct = unit.subarray(UNIT_HEAD, unit.readUInt32LE(0));
  if (flags === UnitFlag.PIECE) {
    entries.at(-1)?.parts.push(bodyIn(struct.subarray(PIECE_HEAD)));
    return;
  }
  if ((flags & ~UnitFlag.REDELIVERED) !== UnitFlag.LOGGED) throw new Error(`a unit has the flags ${flags}`);
  const bodySize = struct.readUInt32LE(8);
  const body = MESSAGE_HEAD + struct.readUInt16LE(20) + struct.readUInt32LE(12);
  entries.push({
    position: Number(unit.readBigUInt64LE(8)),
    delivered: (flags & UnitFlag.REDELIVERED) !== 0,
    arrival: struct.readDoubleLE(24),
    bodySize,
    parts: bodySize === 0 ? [] : [bodyIn(struct.subarray(body))],
  });
}

function bodyIn(frame: Buffer): Buffer {
  const length = frame.readUInt32BE(3);
  if (frame[7 + length] !== 0xce) throw new Error('a body frame does not end where it should');
  return Buffer.from(frame.subarray(7, 7 + length));
}

/** The queues that recovery rebuilt, with the bodies of their messages. */
export async function recoveredQueues(recovered: {
  readonly queues: readonly { readonly id: number; readonly count: number; readonly source: SpilledSource }[];
}): Promise<Map<number, SeenEntry[]>> {
  const queues = new Map<number, SeenEntry[]>();
  for (const { id, count, source } of recovered.queues) {
    const entries = await readSource(source);
    if (entries.length !== count) throw new Error(`queue ${id} has ${count} messages and gives ${entries.length}`);
    queues.set(id, entries);
  }
  return queues;
}
