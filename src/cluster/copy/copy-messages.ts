/**
 * What a node that copies another one's files asks, and is answered. An answer is a hash, the length of its head, the
 * head as JSON, and octets of a file:
 *
 *   0 │ hash (16) of the question and all that follows │ 16 │ length of the head (4) │ 20 │ head │ octets
 *
 * What must hold: an answer is believed only if its hash is right, which belongs to one question alone.
 */
import { createHash } from 'node:crypto';
import type { ChainPosition } from '../records/link.js';

export interface CopiedFile {
  /** Below the directory, with / between. */
  readonly name: string;
  /** Its known end. */
  readonly octets: number;
  /** What is there of it stays as it is as long as the source runs: a copy that broke off goes on within it. */
  readonly grows: boolean;
}

export type CopyQuestion =
  /** `copier`: who asks; another copy of the same one is over. */
  | { readonly kind: 'begin'; readonly copier: string }
  | { readonly kind: 'list'; readonly copy: string; readonly from: number }
  | {
      readonly kind: 'read';
      readonly copy: string;
      readonly file: number;
      readonly at: number;
      readonly octets: number;
    }
  | { readonly kind: 'end'; readonly copy: string };

export interface Begun {
  readonly kind: 'begun';
  readonly copy: string;
  /** Another one each time that the source starts. */
  readonly run: string;
  readonly position: ChainPosition;
  readonly files: number;
}

export type CopyAnswer =
  | Begun
  /** In the order of their numbers, from the one asked for on. */
  | { readonly kind: 'files'; readonly files: readonly CopiedFile[] }
  | { readonly kind: 'octets' }
  /** The file is not there any more, or the copy is not known (any more): all begins again. */
  | { readonly kind: 'gone' }
  /** Others copy. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly reason: string };

const HASH_OCTETS = 16;
/** Hash, and the length of the head. */
const FIXED_OCTETS = HASH_OCTETS + 4;
/** Room for all of an answer that is not a file's octets. */
export const ANSWER_HEAD_OCTETS = 256;

export function encodeQuestion(question: CopyQuestion): Uint8Array {
  return Buffer.from(JSON.stringify(question));
}

/** Null: it is none. */
export function decodeQuestion(octets: Uint8Array): CopyQuestion | null {
  try {
    return JSON.parse(Buffer.from(octets).toString()) as CopyQuestion;
  } catch {
    return null;
  }
}

const NOTHING = new Uint8Array();

export function encodeAnswer(question: Uint8Array, answer: CopyAnswer, octets: Uint8Array = NOTHING): Uint8Array {
  const head = Buffer.from(toJson(answer));
  const message = Buffer.allocUnsafe(FIXED_OCTETS + head.length + octets.length);
  message.writeUInt32BE(head.length, HASH_OCTETS);
  head.copy(message, FIXED_OCTETS);
  message.set(octets, FIXED_OCTETS + head.length);
  message.set(hashOf(question, message), 0);
  return message;
}

export interface ReadAnswer {
  readonly answer: CopyAnswer;
  readonly octets: Uint8Array;
}

/** Null: it is not as it was written, or answers another question. */
export function decodeAnswer(question: Uint8Array, given: Uint8Array): ReadAnswer | null {
  const message = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  if (message.length < FIXED_OCTETS) return null;
  if (hashOf(question, message).compare(message, 0, HASH_OCTETS) !== 0) return null;
  const end = FIXED_OCTETS + message.readUInt32BE(HASH_OCTETS);
  return { answer: fromJson(message.toString('utf8', FIXED_OCTETS, end)) as CopyAnswer, octets: message.subarray(end) };
}

function hashOf(question: Uint8Array, message: Uint8Array): Buffer {
  const hash = createHash('sha256').update(question).update(message.subarray(HASH_OCTETS));
  return hash.digest().subarray(0, HASH_OCTETS);
}

/** Octets in it become hexadecimal digits. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, one) =>
    one instanceof Uint8Array ? { hex: Buffer.from(one).toString('hex') } : one,
  );
}

export function fromJson(text: string): unknown {
  return JSON.parse(text, (_, one) => {
    const isHex = typeof one === 'object' && one !== null && typeof one.hex === 'string';
    return isHex ? new Uint8Array(Buffer.from(one.hex, 'hex')) : one;
  });
}
