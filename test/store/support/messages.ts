/**
 * Messages as they are stored, and what recovery makes of them, in a form that tests can compare.
 */
import type { StoredMessage } from '../../../src/store/batch.js';
import type { Recovered } from '../../../src/store/recovery.js';

/** Body octets in the largest frame. */
const FRAME_BODY_MAX = 131072 - 8;
/** When all stored messages arrived. */
export const ARRIVAL = 1_700_000_000_123.5;

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

export function bodyOf(message: StoredMessage): string {
  return Buffer.concat(message.frames.map((bytes) => bytes.subarray(7, bytes.length - 1))).toString();
}

export interface SeenEntry {
  readonly position: number;
  readonly body: string;
  readonly delivered: boolean;
}

/** The queues that recovery rebuilt, with the bodies of their messages. */
export async function recoveredQueues(recovered: Recovered): Promise<Map<number, SeenEntry[]>> {
  const bodies = new Map<number, string>();
  for await (const some of recovered.messages()) {
    for (const { index, message } of some) {
      if (bodies.has(index)) throw new Error('a message was streamed twice');
      bodies.set(index, bodyOf(message));
    }
  }
  return new Map(
    recovered.queues.map((queue) => [
      queue.id,
      Array.from(queue.positions, (position, i) => ({
        position,
        body: bodies.get(queue.messages[i] as number) ?? 'not streamed',
        delivered: queue.delivered[i] === 1,
      })),
    ]),
  );
}
