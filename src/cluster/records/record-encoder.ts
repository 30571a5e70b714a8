/**
 * Makes messages of one leader's records, each with the link of the one before: its fence first. What must hold: a
 * message is made once, and sent as it is in each try; what was made by an encoder stands or falls in its order. A
 * body's octets are copied once, into the message: they lie in memory that others will write to, and a message goes to
 * the socket in one piece.
 */
import { set64 } from '../../log/record-format.js';
import { type ChainPosition, computeLink, fenceOf } from './link.js';
import { BODY_MAX, HEAD_OCTETS, HeadField, MAGIC, RECORD_FORMAT, RecordKind } from './record-layout.js';

export class RecordEncoder {
  readonly epoch: number;
  readonly #messageOctetsMax: number;
  #link: Uint8Array;
  /** Null: the fence is yet to be made. */
  #fence: Uint8Array | null = null;

  /** `position`: how far the chain goes that the fence is to follow. */
  constructor(position: Pick<ChainPosition, 'link' | 'epoch'>, messageOctetsMax: number) {
    if (messageOctetsMax <= HEAD_OCTETS) {
      throw new RangeError(
        `messages of ${messageOctetsMax} octets have no room for a record; more than ${HEAD_OCTETS}`,
      );
    }
    this.#link = position.link;
    this.epoch = position.epoch + 1;
    this.#messageOctetsMax = messageOctetsMax;
  }

  /** The messages of one record, to be appended in a row. `body`: its octets, in pieces. */
  encode(kind: RecordKind, body: readonly Uint8Array[]): Uint8Array[] {
    const begins = kind === RecordKind.FENCE;
    if (begins !== (this.#fence === null)) throw new Error('a leader begins with its fence, and makes no other one');
    const octets = body.reduce((sum, { length }) => sum + length, 0);
    if (octets > BODY_MAX) throw new RangeError(`a record of ${octets} octets is too long; at most ${BODY_MAX}`);
    const pieces = new Pieces(body);
    const messages: Uint8Array[] = [];
    let at = 0;
    do {
      const part = Math.min(octets - at, this.#messageOctetsMax - HEAD_OCTETS);
      // Not of the pool: it may be given to another thread.
      const message = Buffer.allocUnsafeSlow(HEAD_OCTETS + part);
      const view = new DataView(message.buffer, message.byteOffset, HEAD_OCTETS);
      view.setUint32(HeadField.MAGIC, MAGIC, true);
      view.setUint8(HeadField.FORMAT, RECORD_FORMAT);
      view.setUint8(HeadField.KIND, kind);
      view.setUint16(HeadField.ZERO, 0, true);
      set64(view, HeadField.EPOCH, this.epoch);
      view.setUint32(HeadField.BODY_OCTETS, octets, true);
      view.setUint32(HeadField.PART_AT, at, true);
      message.fill(0, HeadField.FENCE, HeadField.BEFORE);
      if (this.#fence !== null) message.set(this.#fence, HeadField.FENCE);
      message.set(this.#link, HeadField.BEFORE);
      pieces.take(message.subarray(HEAD_OCTETS));
      this.#link = computeLink(message);
      message.set(this.#link, HeadField.LINK);
      messages.push(message);
      at += part;
    } while (at < octets);
    if (begins) this.#fence = fenceOf(this.#link);
    return messages;
  }
}

/** Octets that lie in pieces, read in order. */
class Pieces {
  #index = 0;
  #at = 0;
  constructor(private readonly pieces: readonly Uint8Array[]) {}

  take(into: Uint8Array): void {
    for (let filled = 0; filled < into.length; ) {
      const piece = this.pieces[this.#index];
      if (piece === undefined) return;
      const taken = piece.subarray(this.#at, this.#at + into.length - filled);
      into.set(taken, filled);
      filled += taken.length;
      this.#at += taken.length;
      if (this.#at === piece.length) {
        this.#index += 1;
        this.#at = 0;
      }
    }
  }
}
