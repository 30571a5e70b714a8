/**
 * Reads the messages of the stream one after the other and tells which of them count, and the records that they make.
 * What must hold, for everybody who reads the same stream from anywhere on:
 *
 * - A message counts only when it has in it the link of the last one that counts: it was written by who had read all
 *   that counts. A fence counts when its epoch is the next one; everything else when its epoch is the current one.
 * - What does not count, of this epoch or an earlier one, is a stray, and is passed over: a deposed writer's, that
 *   came in behind the fence since the number of its sequence fitted; one that came out of order, and comes again; a
 *   fence that came too late.
 * - A message of a later epoch that does not fit, or one of the current epoch behind another fence than the one that
 *   was read, cannot be there unless the stream has lost something that this reader has read: that is an error, and so
 *   is all else that is wrong.
 * - After an error nothing is read any more. Reading goes on from `position`, which stands between two records.
 */
import { CHAIN_START, type ChainPosition, fenceOf, isSameLink } from './link.js';
import { type MessageHead, readHead } from './message-head.js';
import { RecordError } from './record-error.js';
import { RecordKind } from './record-layout.js';

export interface StreamRecord {
  readonly kind: RecordKind;
  readonly epoch: number;
  /** Of its last message. */
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** stray: it does not count. part: more of the record is to come. */
export type Reading =
  | { readonly kind: 'record'; readonly record: StreamRecord }
  | { readonly kind: 'part' }
  | { readonly kind: 'stray' };

const PART: Reading = { kind: 'part' };
const STRAY: Reading = { kind: 'stray' };

/** A record of which parts are there. */
interface Unfinished {
  readonly kind: RecordKind;
  readonly body: Uint8Array;
  filled: number;
}

export class RecordReader {
  #position: ChainPosition;
  /** The last message that was read, and the link and epoch behind it: further on than `#position` amid a record. */
  #sequence: number;
  #counted: number;
  #link: Uint8Array;
  #epoch: number;
  #fence: Uint8Array;
  #unfinished: Unfinished | null = null;
  #failed: RecordError | null = null;

  constructor(position: ChainPosition = CHAIN_START) {
    this.#position = position;
    this.#sequence = position.sequence;
    this.#counted = position.counted;
    this.#link = position.link;
    this.#epoch = position.epoch;
    this.#fence = position.fence;
  }

  /** Where all records before are complete: from here somebody else, or a later start, can read on. */
  get position(): ChainPosition {
    return this.#position;
  }

  /** Where the chain stands, be it amid a record: behind this somebody may append. */
  get end(): ChainPosition {
    return {
      sequence: this.#sequence,
      counted: this.#counted,
      link: this.#link,
      epoch: this.#epoch,
      fence: this.#fence,
    };
  }

  /** Whether a message would count as the next one, or be a stray. Throws where reading it would. */
  judge(sequence: number, message: Uint8Array): 'counts' | 'stray' {
    return this.#counts(sequence, this.#headOf(sequence, message)) ? 'counts' : 'stray';
  }

  read(sequence: number, message: Uint8Array): Reading {
    try {
      return this.#read(sequence, message);
    } catch (error) {
      if (error instanceof RecordError) this.#failed ??= error;
      throw error;
    }
  }

  #read(sequence: number, message: Uint8Array): Reading {
    const head = this.#headOf(sequence, message);
    if (!this.#counts(sequence, head)) {
      this.#sequence = sequence;
      if (this.#unfinished === null) this.#position = this.end;
      return STRAY;
    }
    const body = this.#join(sequence, head);
    this.#sequence = sequence;
    this.#counted = sequence;
    // A copy: a view would keep the whole message.
    this.#link = head.link.slice();
    this.#epoch = head.epoch;
    if (head.kind === RecordKind.FENCE) this.#fence = fenceOf(head.link);
    if (body === null) return PART;
    this.#unfinished = null;
    this.#position = this.end;
    return { kind: 'record', record: { kind: head.kind, epoch: head.epoch, sequence, body } };
  }

  #headOf(sequence: number, message: Uint8Array): MessageHead {
    if (this.#failed !== null) throw this.#failed;
    const next = this.#sequence + 1;
    if (sequence !== next) throw new RecordError('gap', sequence, `${next} comes next`);
    return readHead(sequence, message);
  }

  #counts(sequence: number, { kind, epoch, fence, before, partAt }: MessageHead): boolean {
    const follows = isSameLink(before, this.#link);
    if (kind === RecordKind.FENCE && partAt === 0) {
      if (follows && epoch === this.#epoch + 1) return true;
      if (!follows && epoch <= this.#epoch) return false;
    } else {
      const isOfThisFence = epoch === this.#epoch && (kind === RecordKind.FENCE || isSameLink(fence, this.#fence));
      if (isOfThisFence) return follows;
      if (!follows && epoch < this.#epoch) return false;
    }
    const here = this.#epoch === 0 ? 'nothing' : `epoch ${this.#epoch}`;
    const text = `it is of epoch ${epoch}, and does not belong to the chain that was read, which ends in ${here}`;
    throw new RecordError('backward', sequence, `${text}: the stream has lost something, or another one stands here`);
  }

  /** The whole body, when this was the last part. */
  #join(sequence: number, { kind, bodyOctets, partAt, part }: MessageHead): Uint8Array | null {
    const unfinished = this.#unfinished;
    if (partAt === 0) {
      // Its writer is deposed: nobody will write the rest. Only a fence can tell.
      if (unfinished !== null && kind !== RecordKind.FENCE) {
        throw new RecordError('torn', sequence, `a record begins, but ${missing(unfinished)}`);
      }
      if (part.length === bodyOctets) return part;
      const body = new Uint8Array(bodyOctets);
      body.set(part);
      this.#unfinished = { kind, body, filled: part.length };
      return null;
    }
    if (unfinished === null) {
      throw new RecordError('torn', sequence, `it goes on with octet ${partAt} of a record that was not begun`);
    }
    const fits = unfinished.kind === kind && unfinished.body.length === bodyOctets && unfinished.filled === partAt;
    if (!fits) throw new RecordError('torn', sequence, `it is a part of another record, but ${missing(unfinished)}`);
    unfinished.body.set(part, partAt);
    unfinished.filled += part.length;
    return unfinished.filled === bodyOctets ? unfinished.body : null;
  }
}

function missing({ body, filled }: Unfinished): string {
  return `of the one before ${body.length - filled} octets are missing`;
}
